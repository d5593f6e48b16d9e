//! `writ check`: the gating form of `writ why`.

use super::output::{ErrorLine, Output, complain};
use super::{events, parse_time, warn_of_damage};
use crate::app::ask::Asker;
use crate::app::check::{self, Checked, Count, NAMES, Require, Requirements};
use crate::app::event;
use crate::clock;
use crate::config::Config;
use crate::error::{Error, Kind};
use clap::Args;
use writ_model::time::Time;
use writ_view::escape;
use writ_view::text::wrap;

/// Check answers against what is required of them, for a script or a pipeline
///
/// Exits 0 if everything is met; else with the first that applies: 5 an event is not here, 1 a
/// requirement is not met, 4 several people may have asked, 3 more gaps than allowed. Of several
/// events the gravest gives the exit code. What is not known meets no requirement that does not name it.
#[derive(Args, Debug)]
#[command(after_help = require_help())]
#[expect(clippy::doc_markdown, reason = "these comments are the command's help")]
pub(super) struct CheckArgs {
    /// Events: SOURCE:NATIVE_ID[@RECORDER], a bare native id, #RECORD_ID, or - for one per line of
    /// standard input
    #[arg(value_name = "EVENT", required = true)]
    events: Vec<String>,
    /// Require something of each answer, such as 'approval=bound|bound_weak' (may be repeated)
    #[arg(long = "require", value_name = "NAME=VALUE|VALUE", value_parser = Require::parse,
        required_unless_present_any = ["max_gaps", "max_findings"])]
    requires: Vec<Require>,
    /// Allow at most so many gaps
    #[arg(long, value_name = "N")]
    max_gaps: Option<usize>,
    /// Allow at most so many findings of high severity
    #[arg(long, value_name = "N")]
    max_findings: Option<usize>,
    /// Check against what had been received by then (RFC 3339) [default: everything]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    as_of: Option<Time>,
    /// Print `writ.check/1`: one JSON object per line and event
    #[arg(long)]
    json: bool,
}

/// What can be required, for the help.
fn require_help() -> String {
    let mut help = String::from("What can be required:\n");
    for (name, says) in NAMES {
        help.push_str(&wrap(
            &format!("  {name:<11} "),
            &format!("{says}: {}", check::values_of(name).join(", ")),
            wide(),
        ));
    }
    help.push_str("`writ explain VALUE` says what each means. A list meets a requirement if it has an entry and every entry does.");
    help
}

/// Help is as wide as clap makes it at most.
fn wide() -> writ_view::text::Style {
    writ_view::text::Style { columns: 100, ..writ_view::text::Style::default() }
}

pub(super) fn run(args: &CheckArgs, config: &Config, output: &mut Output) -> Result<u8, Error> {
    let events = events(&args.events)?;
    if events.is_empty() {
        // A gate that was asked about nothing lets nothing through.
        return Err(
            Error::new(Kind::Usage, "no event was named on standard input").hint("pipe event ids in, one per line")
        );
    }
    let required =
        Requirements { requires: args.requires.clone(), gaps_max: args.max_gaps, findings_max: args.max_findings };
    let asker = Asker::open(&config.data, args.as_of, clock::now())?;
    warn_of_damage(&asker);
    let mut status = 0;
    for event in &events {
        match event::find(&asker, event).and_then(|position| asker.why(position)) {
            Ok(answer) => {
                let checked = check::check(&answer, &required);
                status = check::graver(status, checked.status);
                if args.json { output.json(&checked)? } else { print(&checked, config, output)? }
            }
            Err(error) => {
                status = check::graver(status, error.kind.status());
                if args.json { output.json(&ErrorLine::new(event, &error))? } else { complain(&error) }
            }
        }
    }
    Ok(status)
}

/// The same for people: one line for the event, one for each thing that was required.
fn print(checked: &Checked, config: &Config, output: &mut Output) -> Result<(), Error> {
    let safe = |text: &str| if config.style.unicode { escape::terminal(text) } else { escape::ascii(text) };
    let word = match checked.status {
        0 => "met",
        4 => "ambiguous",
        3 => "gaps",
        _ => "not met",
    };
    output.line(&format!("{word:<10} {}", safe(&checked.event)))?;
    for require in &checked.requirements {
        let text = format!("found {}; required {}", require.found.join(", "), require.accepts.join(" or "));
        item(require.met, require.name, &text, config, output)?;
    }
    if checked.roots == "several" {
        item(checked.status != 4, "roots", "several people or schedules may have asked", config, output)?;
    }
    for (name, count) in [("gaps", &checked.gaps), ("findings", &checked.findings)] {
        if let Count { max: Some(max), found, met, codes } = count {
            let codes = if codes.is_empty() { String::new() } else { format!(" ({})", codes.join(", ")) };
            item(*met, name, &format!("found {found}{codes}; allowed {max}"), config, output)?;
        }
    }
    Ok(())
}

fn item(met: bool, name: &str, text: &str, config: &Config, output: &mut Output) -> Result<(), Error> {
    output.text(&wrap(&format!("  {:<4} {name:<11} ", if met { "ok" } else { "NOT" }), text, config.style))
}
