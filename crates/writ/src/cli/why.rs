//! `writ why`: the answer.

use super::output::Output;
use super::{for_each_event, parse_time, warn_of_damage};
use crate::app::ask::Asker;
use crate::app::event;
use crate::clock;
use crate::config::Config;
use crate::error::Error;
use clap::Args;
use writ_model::time::Time;
use writ_path::answer::Answer;
use writ_view::model::View;
use writ_view::text::{self, Style};
use writ_view::{dot, html, markdown, plain};

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
    /// Show every alternative of every hop, with what speaks for and against it
    #[arg(long, conflicts_with = "format")]
    alternatives: bool,
    /// Show whole ids and digests, the records of each hop, and lines as long as they are
    #[arg(long, conflicts_with = "format")]
    wide: bool,
    #[command(flatten)]
    format: Format,
}

/// In which form; without any, text for people.
#[derive(Args, Debug)]
#[group(id = "format", multiple = false)]
#[expect(clippy::struct_excessive_bools, reason = "each is one flag of the command line, and one at most is set")]
struct Format {
    /// Print `writ.answer/1`: one JSON object per line and event
    #[arg(long)]
    json: bool,
    /// Print Markdown, for a ticket
    #[arg(long)]
    md: bool,
    /// Print a graph for Graphviz: `writ why EVENT --dot | dot -Tsvg`
    #[arg(long)]
    dot: bool,
    /// Print one hop, gap, control or finding per line, tab separated: event, what, number, word,
    /// edge, from, to, text
    #[arg(long)]
    plain: bool,
    /// Print one static page, complete and without scripts
    #[arg(long)]
    html: bool,
}

pub(super) fn run(args: &WhyArgs, config: &Config, output: &mut Output) -> Result<u8, Error> {
    let asker = Asker::open(&config.data, args.as_of, clock::now())?;
    warn_of_damage(&asker);
    let style = Style { wide: args.wide, alternatives: args.alternatives, ..config.style };
    let mut writer = Writer { format: &args.format, style, n_written: 0 };
    let status = for_each_event(&args.events, args.format.json, output, |reference, output| {
        let answer = asker.why(event::find(&asker, reference)?)?;
        writer.write(&answer, output)
    })?;
    if args.format.html && writer.n_written > 0 {
        output.text(&html::foot())?;
    }
    Ok(status)
}

/// Writes answers in one form, set apart from each other as that form does it.
struct Writer<'a> {
    format: &'a Format,
    style: Style,
    n_written: usize,
}

impl Writer<'_> {
    fn write(&mut self, answer: &Answer, output: &mut Output) -> Result<(), Error> {
        let first = self.n_written == 0;
        self.n_written += 1;
        if self.format.json {
            return output.json(answer);
        }
        let view = View::of(answer);
        let (between, text) = match self.format {
            Format { md: true, .. } => ("\n---\n\n".to_string(), markdown::render(&view)),
            Format { dot: true, .. } => (String::new(), dot::render(&view)),
            Format { plain: true, .. } => (String::new(), plain::render(&view)),
            Format { html: true, .. } => {
                let head = if first { html::head(&view) } else { String::new() };
                (String::new(), head + &html::article(&view, self.n_written))
            }
            _ => ("-".repeat(self.style.columns) + "\n", text::render(&view, self.style)),
        };
        if !first {
            output.text(&between)?;
        }
        output.text(&text)
    }
}
