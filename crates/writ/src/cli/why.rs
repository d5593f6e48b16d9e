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
    let asker = Asker::open(&config.data, args.as_of, clock::now())?;
    warn_of_damage(&asker);
    let mut first = true;
    for_each_event(&args.events, args.json, output, |reference, output| {
        let answer = asker.why(event::find(&asker, reference)?)?;
        if args.json {
            return output.json(&answer);
        }
        if !first {
            output.line(&"-".repeat(config.style.columns))?;
        }
        first = false;
        output.text(&text::render(&View::of(&answer), config.style))
    })
}
