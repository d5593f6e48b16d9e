//! `writ why`: the answer.

use super::output::{ErrorLine, Output, complain};
use super::{events, parse_time};
use crate::app::ask::Asker;
use crate::app::event;
use crate::config::Config;
use crate::error::{Error, Kind};
use clap::Args;
use writ_model::time::Time;
use writ_view::model::View;
use writ_view::text;

/// Show whose authority was behind an event, what proves each hop, and what nobody recorded
///
/// Exits 0 when the question was answered, gaps included. Of several events that could not be
/// answered the gravest fault gives the exit code.
#[derive(Args, Debug)]
#[expect(clippy::doc_markdown, reason = "these comments are the command's help")]
pub(super) struct WhyArgs {
    /// Events: SOURCE:NATIVE_ID[@RECORDER], a bare native id, #RECORD_ID, or - for one per line of
    /// standard input
    #[arg(value_name = "EVENT", required = true)]
    events: Vec<String>,
    /// Answer with what had been received by then (RFC 3339) [default: everything]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    as_of: Option<Time>,
    /// Print `writ.answer/1`: one JSON object per line and event
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &WhyArgs, config: &Config, output: &mut Output) -> Result<u8, Error> {
    let asker = Asker::open(&config.data, args.as_of)?;
    warn_of_damage(&asker);
    let events = events(&args.events)?;
    let mut gravest: Option<Kind> = None;
    for (n, reference) in events.iter().enumerate() {
        match event::find(&asker, reference).and_then(|position| asker.why(position)) {
            Ok(answer) if args.json => output.json(&answer)?,
            Ok(answer) => {
                if n > 0 {
                    output.line(&"-".repeat(config.style.columns))?;
                }
                output.text(&text::render(&View::of(&answer), config.style))?;
            }
            Err(error) if events.len() == 1 => return Err(error),
            Err(error) => {
                gravest = gravest.max(Some(error.kind));
                if args.json {
                    output.json(&ErrorLine::new(reference, &error))?;
                } else {
                    complain(&error);
                }
            }
        }
    }
    Ok(gravest.map_or(0, Kind::status))
}

/// Damage does not stop an answer, but whoever reads it should know of it.
pub(super) fn warn_of_damage(asker: &Asker) {
    for damage in asker.snapshot.damage() {
        super::output::remark(&format!("warning: {damage}; records there are missing from this answer"));
    }
}
