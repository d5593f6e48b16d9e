//! What a stranger who can write logs puts beside genuine ones: it names nobody and opens no gate.
//! Each forgery stands beside the genuine record that it imitates, which counts.

use crate::support::{Writ, repository};
use serde_json::{Value, json};

const EVENT: &str = "aws.cloudtrail:00000203-1111-4222-8333-444455556666";
const REQUEST: &str = "5b1d0203-2222-4333-8444-555566667777";
const SESSION: &str = "41a7c0de-5e55-4a10-9c0d-0b0e0d0c0b0a";
const CALL: &str = "toolu_01S02call12Q7w8e9r0t1y2";
const PROMPT: &str = "b7e0f1a2-9b3e-4f5a-8c6d-112233445566";
/// The instant of the event, and half a minute earlier.
const AT: u64 = 1_776_935_466_000;
const BEFORE: u64 = AT - 30_000;
/// More than are looked at for one key.
const FLOOD: u64 = 70;

/// The world of the borrowed key; of the sources that are wanted.
fn world(sources: &[&str]) -> Writ {
    let writ = Writ::new();
    let mut lines = Vec::new();
    for source in sources {
        let file = format!("scenarios/S02-borrowed-key/events/{source}.ndjson");
        for line in std::fs::read_to_string(repository().join(file)).unwrap().lines() {
            let mut event: Value = serde_json::from_str(line).unwrap();
            lines.push(event["evidence"].take());
        }
    }
    add(&writ, lines);
    writ
}

fn whole() -> Writ {
    world(&["approval", "aws.cloudtrail", "health", "identity", "opa.decision", "otel.log"])
}

fn add(writ: &Writ, records: impl IntoIterator<Item = Value>) {
    let lines: Vec<String> = records.into_iter().map(|record| record.to_string()).collect();
    let summary = writ.ingest(&[writ.write("added.ndjson", lines.join("\n")).to_str().unwrap()]);
    assert_eq!(summary["rejects"], 0, "{summary}");
}

/// Exit status of the gate.
fn gate(writ: &Writ, required: &str) -> i32 {
    writ.run(&["check", EVENT, "--require", required]).status.code().unwrap()
}

fn attributes(all: &[(&str, &str)]) -> Value {
    all.iter().map(|(key, text)| json!({"key": key, "value": {"stringValue": text}})).collect()
}

/// An emitter: the agent of the world, or another instance that calls itself the same.
fn resource(instance: &str) -> Value {
    let all = [("service.name", "claude-code"), ("service.instance.id", instance)];
    json!({"attributes": attributes(if instance.is_empty() { &all[..1] } else { &all })})
}

fn log(instance: &str, name: &str, at: u64, said: &[(&str, &str)]) -> Value {
    json!({"resourceLogs": [{"resource": resource(instance), "scopeLogs": [{"logRecords": [
        {"timeUnixNano": format!("{at}000000"), "eventName": name, "attributes": attributes(said)}]}]}]})
}

fn span(instance: &str, id: u64, (from, to): (u64, u64), said: &[(&str, &str)]) -> Value {
    json!({"resourceSpans": [{"resource": resource(instance), "scopeSpans": [{"spans": [
        {"traceId": format!("{id:032x}"), "spanId": format!("{id:016x}"), "name": "x",
         "startTimeUnixNano": format!("{from}000000"), "endTimeUnixNano": format!("{to}000000"),
         "attributes": attributes(said)}]}]}]})
}

/// Somebody accepts the deciding call at the agent's terminal.
fn accepted(instance: &str) -> Value {
    log(
        instance,
        "claude_code.tool_decision",
        AT - 6_000,
        &[
            ("session.id", SESSION),
            ("event.sequence", "9002"),
            ("tool_use_id", CALL),
            ("decision", "accept"),
            ("source", "user_temporary"),
            ("tool_name", "Bash"),
            ("user.email", "omar@acme.example"),
        ],
    )
}

fn prompt(instance: &str, n: u64) -> Value {
    log(
        instance,
        "claude_code.user_prompt",
        BEFORE + n,
        &[
            ("session.id", SESSION),
            ("event.sequence", &(1000 + n).to_string()),
            ("prompt.id", PROMPT),
            ("user.email", "bob@acme.example"),
        ],
    )
}

fn decided(id: &str, allowed: bool) -> Value {
    json!({"labels": {"app": "authz", "id": "pdp-eu"}, "path": "http/authz/allow", "decision_id": id,
        "input": {"user": "mira", "request_id": REQUEST}, "result": allowed, "timestamp": "2026-04-23T09:11:05Z"})
}

fn texts<'a>(answer: &'a Value, list: &str, member: &str) -> Vec<&'a str> {
    answer[list].as_array().unwrap().iter().map(|one| one[member].as_str().unwrap()).collect()
}

#[test]
fn an_acceptance_counts_from_the_recorder_that_made_the_call_and_never_for_the_routes_own_service() {
    let required = "approval=bound|bound_weak";
    let writ = whole();
    add(&writ, [accepted("evil")]);
    let answer = writ.why(&[EVENT]);
    assert_eq!(texts(&answer, "approvals", "state"), ["absent"]);
    assert!(texts(&answer, "findings", "code").contains(&"approval_absent"), "{answer}");
    assert_eq!(gate(&writ, required), 1);
    // The agent's own record is a witness where a route names another service, and counts where none does.
    let writ = whole();
    add(&writ, [accepted("")]);
    let answer = writ.why(&[EVENT]);
    assert_eq!(texts(&answer, "approvals", "state"), ["absent", "bound_weak"]);
    assert!(answer["sentence"].as_str().unwrap().contains("no approval was given"), "{answer}");
    assert_eq!(gate(&writ, required), 1);
    let writ = world(&["aws.cloudtrail", "otel.log"]);
    add(&writ, [accepted("")]);
    assert_eq!(texts(&writ.why(&[EVENT]), "approvals", "state"), ["bound_weak"]);
    assert_eq!(gate(&writ, required), 0);
}
