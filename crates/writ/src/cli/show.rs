//! `writ show`: the evidence, what was read off it, and where it stands.

use super::output::Output;
use super::{for_each_event, warn_of_damage};
use crate::app;
use crate::app::ask::Asker;
use crate::app::event;
use crate::clock;
use crate::config::Config;
use crate::error::Error;
use clap::Args;
use serde_json::{Value, json};
use writ_model::fact::Fact;
use writ_model::record::Record;
use writ_store::Position;
use writ_view::escape;

/// Show a record: its evidence, what was read off it, its keys, its digest and when it came
#[derive(Args, Debug)]
#[expect(clippy::doc_markdown, reason = "these comments are the command's help")]
pub(super) struct ShowArgs {
    /// Events: SOURCE:NATIVE_ID[@RECORDER], a bare native id, #RECORD_ID, or - for one per line of
    /// standard input
    #[arg(value_name = "EVENT", required = true)]
    events: Vec<String>,
    /// Print `writ.show/1`: one JSON object per line and event
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &ShowArgs, config: &Config, output: &mut Output) -> Result<u8, Error> {
    let asker = Asker::open(&config.data, None, clock::now())?;
    warn_of_damage(&asker);
    for_each_event(&args.events, args.json, output, |reference, output| {
        let position = event::find(&asker, reference)?;
        let shown = describe(position, &asker.snapshot.record(position)?);
        if args.json { output.json(&shown) } else { print(&shown, config, output) }
    })
}

/// `writ.show/1`.
fn describe(position: Position, record: &Record) -> Value {
    let envelope = &record.envelope;
    let facts: Vec<Value> = app::facts(record).iter().map(fact).collect();
    json!({
        "schema": "writ.show/1",
        "record": record.id.to_string(),
        "content": record.content.to_string(),
        "position": position.0,
        "source": envelope.identity.source,
        "native_id": envelope.identity.native_id,
        "recorder": envelope.identity.recorder,
        "custody": envelope.custody.word(),
        "time": envelope.event_time.map(|time| time.start.to_string()),
        "time_precision_ms": envelope.event_time.map(|time| time.precision_ms),
        "available": envelope.available_time.map(|time| time.to_string()),
        "received": envelope.received_time.to_string(),
        "handed_in": { "by": &*envelope.origin.by, "from": &*envelope.origin.from, "byte": envelope.origin.byte },
        "withheld": envelope.redactions.iter()
            .map(|redaction| json!({ "pointer": redaction.pointer, "kind": redaction.kind })).collect::<Vec<_>>(),
        "facts": facts,
        "evidence": String::from_utf8_lossy(&record.evidence),
    })
}

fn fact(fact: &Fact) -> Value {
    let keys: Vec<Value> = fact
        .keys
        .iter()
        .map(|key| {
            json!({
                "role": key.role.word(), "kind": key.name.kind.word(), "namespace": key.name.namespace,
                "value": key.name.value, "class": key.class.word(),
            })
        })
        .collect();
    let reasons: Vec<&str> = fact.risk.reasons().iter().map(|reason| reason.word()).collect();
    let party = |party: &Option<writ_model::fact::Party>| {
        party.as_ref().map(|party| {
            json!({
                "principal": party.principal.id, "kind": party.principal.kind.word(),
                "name": party.principal.name, "class": party.class.word(),
            })
        })
    };
    json!({
        "kind": fact.kind.word(), "action": fact.action, "outcome": fact.outcome.word(),
        "actor": party(&fact.actor), "on_behalf_of": party(&fact.on_behalf_of),
        "resources": fact.resources.iter()
            .map(|resource| json!({ "type": resource.kind, "id": resource.id })).collect::<Vec<_>>(),
        "risk": { "tier": fact.risk.tier(), "reasons": reasons }, "keys": keys,
    })
}

/// The same for people: what identifies it, what was read off it, and the evidence as it is kept.
fn print(shown: &Value, config: &Config, output: &mut Output) -> Result<(), Error> {
    let safe = |text: &str| if config.style.unicode { escape::terminal(text) } else { escape::ascii(text) };
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToString::to_string);
    for member in ["record", "source", "native_id", "recorder", "time", "received", "custody", "content", "position"] {
        output.line(&format!("{member:<10} {}", safe(&plain(&shown[member]))))?;
    }
    let from = &shown["handed_in"];
    let handed = format!("by {} from {} at byte {}", plain(&from["by"]), plain(&from["from"]), from["byte"]);
    output.line(&format!("{:<10} {}", "handed in", safe(&handed)))?;
    for withheld in shown["withheld"].as_array().into_iter().flatten() {
        output.line(&format!(
            "{:<10} {} ({})",
            "withheld",
            safe(&plain(&withheld["pointer"])),
            safe(&plain(&withheld["kind"]))
        ))?;
    }
    for fact in shown["facts"].as_array().into_iter().flatten() {
        output.line("")?;
        let actor = ["/actor/name", "/actor/principal"].iter().find_map(|place| fact.pointer(place)?.as_str());
        let actor = actor.unwrap_or("nobody named");
        let line =
            format!("{} {} by {actor}: {}", plain(&fact["kind"]), plain(&fact["action"]), plain(&fact["outcome"]));
        output.line(&safe(&line))?;
        for key in fact["keys"].as_array().into_iter().flatten() {
            let text = format!(
                "  {:<9} {:<11} {}:{}  {}",
                plain(&key["role"]),
                plain(&key["kind"]),
                plain(&key["namespace"]),
                plain(&key["value"]),
                plain(&key["class"])
            );
            output.line(&safe(&text))?;
        }
    }
    output.line("")?;
    output.line("evidence, as it is kept")?;
    for line in plain(&shown["evidence"]).lines() {
        output.line(&format!("  {}", safe(line)))?;
    }
    Ok(())
}
