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

#[test]
fn a_later_turn_of_the_session_by_another_recorder_is_a_rival_and_not_the_asker() {
    let turn = |instance, n, at, user| {
        let said = [("gen_ai.operation.name", "invoke_agent"), ("user.email", user), ("gen_ai.conversation.id", "c")];
        span(instance, n, (at, AT), &said)
    };
    let call = span(
        "",
        2,
        (AT - 1_000, AT + 1_000),
        &[
            ("gen_ai.operation.name", "execute_tool"),
            ("gen_ai.tool.name", "aws"),
            ("gen_ai.tool.call.id", "c1"),
            ("aws.request_id", REQUEST),
            ("gen_ai.conversation.id", "c"),
        ],
    );
    let asked = |others: Vec<Value>| {
        let writ = world(&["aws.cloudtrail"]);
        add(&writ, [turn("", 1, BEFORE, "mira@acme.example"), call.clone()].into_iter().chain(others));
        let answer = writ.why(&[EVENT]);
        let people = texts(&answer, "asked_by", "name").join(" ");
        (people, answer["verdict"]["word"].as_str().unwrap().to_string())
    };
    let later = |n: u64| turn("evil", 3 + n, BEFORE + 5_000 + n, "bob@acme.example");
    let both = "mira@acme.example bob@acme.example".to_string();
    assert_eq!(asked(vec![later(0)]), (both, "ambiguous".into()));
    // However many there are, bob is never alone.
    let (people, word) = asked((0..FLOOD).map(later).collect());
    assert!(people.is_empty() && word != "complete", "{people} {word}");
    // Near misses: an earlier turn, one that names the same person, and none.
    let mira = ("mira@acme.example".to_string(), "partial".to_string());
    assert_eq!(asked(vec![turn("evil", 3, BEFORE - 5_000, "bob@acme.example")]), mira);
    assert_eq!(asked(vec![turn("other", 3, BEFORE + 5_000, "mira@acme.example")]), mira);
    assert_eq!(asked(vec![]), mira);
}

#[test]
fn a_flood_of_turns_or_callers_names_nobody_for_certain() {
    let writ = whole();
    add(&writ, (0..FLOOD).map(|n| prompt("evil", n)));
    let answer = writ.why(&[EVENT]);
    assert_eq!(answer["verdict"]["word"], "contradicted");
    assert!(!answer.to_string().contains("bob@"), "{answer}");
    // One forged turn is told from the call's own.
    let writ = whole();
    add(&writ, [prompt("evil", 0)]);
    let answer = writ.why(&[EVENT]);
    assert_eq!(answer["verdict"]["word"], "contradicted");
    assert_eq!(texts(&answer, "asked_by", "name"), ["mira@acme.example"]);

    let caller = |n: u64| {
        let service = if n == 0 { String::new() } else { format!("evil{n}") };
        span(
            &service,
            100 + n,
            (AT - 1_000 + n, AT),
            &[
                ("gen_ai.operation.name", "execute_tool"),
                ("gen_ai.tool.name", "aws"),
                ("gen_ai.tool.call.id", &format!("c{n}")),
                ("aws.request_id", REQUEST),
                ("gen_ai.conversation.id", &format!("s{n}")),
            ],
        )
    };
    let turn = |n: u64, user: &str| {
        let service = if n == 0 { String::new() } else { format!("evil{n}") };
        let said = [
            ("gen_ai.operation.name", "invoke_agent"),
            ("user.email", user),
            ("gen_ai.conversation.id", &format!("s{n}")),
        ];
        span(&service, 200 + n, (BEFORE, AT), &said)
    };
    let writ = world(&["aws.cloudtrail"]);
    let people = |n: u64| if n == 0 { "mira@acme.example" } else { "bob@acme.example" };
    add(&writ, (0..FLOOD).flat_map(|n| [caller(n), turn(n, people(n))]));
    let answer = writ.why(&[EVENT]);
    assert_eq!(answer["verdict"]["word"], "ambiguous");
    assert!(!answer["findings"].to_string().contains("bob@"), "{answer}");
    let sentence = answer["sentence"].as_str().unwrap();
    assert!(sentence.contains("possibly") && sentence.contains("leaves others open"), "{sentence}");
}

#[test]
fn a_decision_whose_asker_names_the_request_permits_nothing_and_a_refusal_is_never_pushed_out() {
    let writ = whole();
    add(&writ, [decided("d-evil", true)]);
    assert_eq!(gate(&writ, "decision=permit"), 1);
    let answer = writ.why(&[EVENT]);
    assert_eq!(texts(&answer, "decisions", "binding"), ["bound", "unbound"], "{answer}");
    assert_eq!(texts(&answer, "decisions", "state"), ["implied", "permit"]);

    add(&writ, [decided("d-deny", false)]);
    add(
        &writ,
        (0..3 * FLOOD).map(|n| {
            let mut permit = decided(&format!("d-{n}"), true);
            permit["timestamp"] = json!(format!("2026-04-23T09:11:06.{n:03}Z"));
            permit
        }),
    );
    let answer = writ.why(&[EVENT]);
    assert!(texts(&answer, "decisions", "state").contains(&"deny"), "{answer}");
    assert!(texts(&answer, "findings", "code").contains(&"decision_denied_but_done"), "{answer}");
    // So many at one instant cannot be looked past: what they hide is not known.
    let writ = whole();
    add(&writ, (0..2 * FLOOD).map(|n| decided(&format!("d-{n}"), true)));
    assert!(texts(&writ.why(&[EVENT]), "decisions", "state").contains(&"unknown"));
    assert_eq!(gate(&writ, "decision=permit|unbound"), 1);
}

/// Near miss: where the record of what was done names the decision, it is bound.
#[test]
fn a_decision_that_the_call_itself_names_is_bound() {
    let call = |instance: &str, kind: u64| {
        let mut span = span(
            instance,
            2,
            (AT - 1_000, AT + 1_000),
            &[
                ("gen_ai.operation.name", "execute_tool"),
                ("gen_ai.tool.name", "aws"),
                ("gen_ai.tool.call.id", "c1"),
                ("aws.request_id", REQUEST),
                ("gen_ai.conversation.id", "c"),
                ("writ.decision.id", "d-own"),
            ],
        );
        span["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["kind"] = json!(kind);
        span
    };
    let writ = world(&["aws.cloudtrail"]);
    add(&writ, [call("", 1), decided("d-own", true)]);
    assert_eq!(texts(&writ.why(&[EVENT]), "decisions", "binding"), ["bound", "bound"]);
    assert_eq!(gate(&writ, "decision=permit"), 0);
}

#[test]
fn a_native_id_that_spells_a_reference_is_not_that_record() {
    let writ = whole();
    let forged = json!({"schema": "writ.approval/1", "id": EVENT, "service": "approvals:zz", "step": "requested",
        "time": "2026-04-23T09:10:30Z", "approval": "p", "requester": {"id": "email:bob@acme.example"}});
    add(&writ, [forged]);
    for command in ["why", "show"] {
        let told: Value = serde_json::from_str(&writ.ok(&[command, "--json", EVENT])).unwrap();
        assert!(told.to_string().contains("ec2:DeleteVolume"), "{command}: {told}");
    }
    // The forged one is called by its own source.
    let own = format!("approval:{EVENT}");
    assert_eq!(writ.why(&[&own])["event"]["source"], "approval");
    assert!(writ.ok(&["find", EVENT]).contains(&own));
    // A recorder that is named and one that an id spells are two records, and each is told.
    let told = |instance, sequence| {
        log(instance, "claude_code.user_prompt", BEFORE, &[("session.id", "s"), ("event.sequence", sequence)])
    };
    add(&writ, [told("", "1"), told("evil", "1@otel:claude-code")]);
    assert_eq!(writ.why(&["otel.log:s/1"])["event"]["recorder"], "otel:claude-code");
    let both = writ.run(&["why", "otel.log:s/1@otel:claude-code"]);
    let said = String::from_utf8(both.stderr).unwrap();
    assert_eq!((both.status.code(), said.matches("(otel.log of ").count()), (Some(4), 2), "{said}");
}

#[test]
fn no_name_becomes_another_by_its_lower_case() {
    let writ = whole();
    let step = |id: &str, step: &str| {
        json!({"schema": "writ.approval/1", "id": id, "service": "approvals:acme", "time": "2026-04-23T09:10:30Z",
            "step": step, "approval": "ap-k", "request": REQUEST, "namespace": "aws",
            "requester": {"id": "agent:coder/x"},
            "approver": {"id": "email:\u{212a}ate@Acme.example", "kind": "human", "authenticated": true}})
    };
    add(&writ, [step("k-2", "granted")]);
    let answer = writ.why(&[EVENT]);
    assert_eq!(answer["approvals"][0]["approver"], "email:\u{212a}ate@acme.example");
    assert!(writ.ok(&["why", EVENT]).contains(r"\u{212a}ate"));
    // Near miss: the case of an address that is ASCII makes no other.
    let writ = whole();
    add(&writ, [serde_json::from_str(&step("k-2", "granted").to_string().replace('\u{212a}', "K")).unwrap()]);
    assert_eq!(writ.why(&[EVENT])["approvals"][0]["approver"], "email:kate@acme.example");
}
