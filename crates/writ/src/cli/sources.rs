//! `writ sources`: what each adapter reads, what it leaves out, and what of it is here.

use super::output::{Output, remark};
use crate::app::ask::Asker;
use crate::clock;
use crate::config::Config;
use crate::error::{Error, Kind};
use clap::Args;
use serde_json::{Value, json};
use writ_model::source::SourceInfo;
use writ_model::time::Time;
use writ_store::RecorderSpan;
use writ_view::escape;
use writ_view::text::wrap;

/// List what Writ reads: delay, precision, what each source verifies and is known to leave out
#[derive(Args, Debug)]
pub(super) struct SourcesArgs {
    /// Tell all about one source, such as aws.cloudtrail
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Print `writ.sources/1`
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &SourcesArgs, config: &Config, output: &mut Output) -> Result<u8, Error> {
    let mut infos: Vec<&'static SourceInfo> = writ_sources::SOURCES.iter().map(|source| source.info()).collect();
    let known: Vec<&str> = infos.iter().map(|info| info.name).collect();
    if let Some(name) = &args.name {
        infos.retain(|info| info.name == name);
        if infos.is_empty() {
            return Err(Error::new(Kind::NotFound, format!("no source is called `{name}`"))
                .hint(format!("there are: {}", known.join(", "))));
        }
    }
    let here = here(config);
    let spans =
        |info: &SourceInfo| -> Vec<&RecorderSpan> { here.iter().filter(|span| span.source == info.name).collect() };
    if args.json {
        let sources: Vec<Value> = infos.iter().map(|info| describe(info, &spans(info))).collect();
        output.json(&json!({ "schema": "writ.sources/1", "sources": sources }))?;
        return Ok(0);
    }
    for (n, info) in infos.iter().enumerate() {
        if args.name.is_some() {
            whole(info, &spans(info), config, output)?;
        } else {
            if n > 0 {
                output.line("")?;
            }
            brief(info, &spans(info), config, output)?;
        }
    }
    if args.name.is_none() {
        output.line("")?;
        output.line("`writ sources NAME` tells all about one")?;
    }
    Ok(0)
}

/// What is in the folder. Without one, or with one that cannot be read, the rest is told all the same.
fn here(config: &Config) -> Vec<RecorderSpan> {
    if !config.data.exists() {
        return Vec::new();
    }
    let recorders = |asker: Asker| Ok(asker.snapshot.recorders(asker.as_of)?);
    match Asker::open(&config.data, None, clock::now()).and_then(recorders) {
        Ok(recorders) => recorders,
        Err(error) => {
            remark(&format!("note: what is in the folder is not told: {}", escape::terminal(&error.message)));
            Vec::new()
        }
    }
}

fn describe(info: &SourceInfo, here: &[&RecorderSpan]) -> Value {
    let time = |time: Option<Time>| time.map(|time| time.to_string());
    json!({
        "name": info.name, "title": info.title, "namespace": info.namespace, "tested": info.tested,
        "delay_usual_ms": info.delay_usual_ms, "delay_worst_ms": info.delay_worst_ms,
        "precision_ms": info.precision_ms, "skew_ms": info.skew_ms, "verifies": info.verifies,
        "retention_ms": info.retention_ms,
        "contains": info.contains.iter().map(|kind| kind.word()).collect::<Vec<_>>(),
        "omissions": info.omissions.iter().map(|omission| json!({
            "code": omission.code, "text": omission.text, "fix": omission.fix, "ask": omission.ask,
            "reference": omission.reference,
        })).collect::<Vec<_>>(),
        "here": here.iter().map(|span| json!({
            "recorder": span.recorder, "records": span.count, "first": time(span.first_event),
            "last": time(span.last_event), "received": span.last_received.to_string(),
        })).collect::<Vec<_>>(),
    })
}

fn brief(info: &SourceInfo, here: &[&RecorderSpan], config: &Config, output: &mut Output) -> Result<(), Error> {
    let records: u64 = here.iter().map(|span| span.count).sum();
    let tested = if info.tested { "" } else { "; written from documents, not tested on real records" };
    let text = format!(
        "{}; delay {}, at worst {}; {} known omissions; {records} records here{tested}",
        info.title,
        span(info.delay_usual_ms),
        span(info.delay_worst_ms),
        info.omissions.len()
    );
    output.text(&wrap(&format!("{:<18} ", info.name), &text, config.style))
}

fn whole(info: &SourceInfo, here: &[&RecorderSpan], config: &Config, output: &mut Output) -> Result<(), Error> {
    output.text(&wrap("", &format!("{}: {}", info.name, info.title), config.style))?;
    let mut row = |label: &str, text: &str| output.text(&wrap(&format!("{label:<11} "), text, config.style));
    let kinds: Vec<&str> = info.contains.iter().map(|kind| kind.word()).collect();
    let tells = kinds.join(", ");
    row("tells", if kinds.is_empty() { "nothing that joins" } else { &tells })?;
    row("verifies", info.verifies)?;
    row("delay", &format!("usually {}, at worst {}", span(info.delay_usual_ms), span(info.delay_worst_ms)))?;
    let skew = format!("; clocks up to {} apart", span(info.skew_ms.into()));
    row("time", &format!("told to {}{skew}", span(info.precision_ms.into())))?;
    row("kept", &info.retention_ms.map_or_else(|| "not told".to_string(), |ms| format!("{} by default", span(ms))))?;
    row(
        "tested",
        if info.tested {
            "on real records"
        } else {
            "no: written from documents alone, so it supports `asserted` at most"
        },
    )?;
    for span in here {
        let time = |time: Option<Time>| time.map_or_else(|| "?".to_string(), |time| time.to_string());
        let (from, to) = (time(span.first_event), time(span.last_event));
        row("here", &format!("{} records of {} from {from} to {to}", span.count, span.recorder))?;
    }
    if here.is_empty() {
        row("here", "nothing")?;
    }
    if info.omissions.is_empty() {
        row("leaves out", "nothing that is known")?;
    }
    for omission in info.omissions {
        row("leaves out", &format!("{} [{}]", omission.text, omission.code))?;
        row("  fix", omission.fix)?;
        row("  ask", omission.ask)?;
        row("  see", omission.reference)?;
    }
    Ok(())
}

const SECOND_MS: u64 = 1_000;
/// Units by which times are told, largest first.
const UNITS: [(u64, &str); 4] =
    [(24 * 60 * 60 * SECOND_MS, "d"), (60 * 60 * SECOND_MS, "h"), (60 * SECOND_MS, "min"), (SECOND_MS, "s")];

/// A span of time in the largest unit that gives a whole number.
fn span(ms: u64) -> String {
    let whole = |unit: &&(u64, &str)| ms >= unit.0 && ms.is_multiple_of(unit.0);
    UNITS.iter().find(whole).map_or_else(|| format!("{ms} ms"), |(unit, name)| format!("{} {name}", ms / unit))
}
