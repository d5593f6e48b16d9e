//! Values that somebody took out of records before they were handed in: what is left names nobody else, and nothing
//! counts as missing that may stand behind such a value.

use crate::support::Writ;
use serde_json::{Value, json};

const TRACE: &str = "5b8efff798038103d269b633813fc60c";
const CALL: &str = "b1b1b1b1b1b1b1b1";
const TURN: &str = "a1a1a1a1a1a1a1a1";
const OUTER: &str = "00f067aa0ba902b7";

/// A span of a turn or a call in seconds, with further attributes.
fn span(trace: &str, id: &str, (from, to): (u64, u64), attributes: &[(&str, Value)]) -> Value {
    let nanos = |second: u64| format!("{}000000000", 1_778_661_000 + second);
    let is_call = attributes.iter().any(|(name, _)| *name == "gen_ai.tool.call.id");
    let sort = if is_call { "execute_tool" } else { "invoke_agent" };
    let mut all = vec![json!({"key": "gen_ai.operation.name", "value": {"stringValue": sort}})];
    all.extend(attributes.iter().map(|(name, value)| {
        let value = if value.is_string() { json!({"stringValue": value}) } else { value.clone() };
        json!({"key": name, "value": value})
    }));
    json!({"traceId": trace, "spanId": id, "name": sort, "kind": 1,
        "startTimeUnixNano": nanos(from), "endTimeUnixNano": nanos(to), "attributes": all})
}

fn within(mut span: Value, parent: &Value) -> Value {
    span["parentSpanId"] = parent.clone();
    span
}

fn emitter(service: &str, spans: &[Value]) -> Value {
    let resource = json!({"attributes": [{"key": "service.name", "value": {"stringValue": service}}]});
    json!({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]})
}

/// The answer about the call in what these emitters wrote.
fn answer(written: &[Value]) -> Value {
    let writ = Writ::new();
    let lines: Vec<String> = written.iter().map(Value::to_string).collect();
    writ.ingest(&[writ.write("spans.ndjson", lines.join("\n")).to_str().unwrap()]);
    writ.why(&[&format!("otel.span:{TRACE}/{CALL}")])
}

/// The one who is certain to have asked.
fn certain(answer: &Value) -> Option<&str> {
    (answer["verdict"]["roots"] == "one").then(|| answer["asked_by"][0]["principal"].as_str()).flatten()
}

fn talk(id: &str) -> (&str, Value) {
    ("gen_ai.conversation.id", json!(id))
}

fn user(name: &str) -> (&'static str, Value) {
    ("user.email", json!(format!("{name}@acme.example")))
}

fn call() -> Value {
    span(TRACE, CALL, (601, 602), &[("gen_ai.tool.call.id", json!("call_0")), talk("c1")])
}

/// An older turn of alice's in the same conversation, and a turn, made thus, with the call in it.
fn after_alice(turn: Value, more: Vec<Value>) -> Value {
    let older = span("0b8efff798038103d269b633813fc60c", "0101010101010101", (0, 10), &[user("alice"), talk("c1")]);
    let mut spans = vec![older, turn, within(call(), &json!(TURN))];
    spans.extend(more);
    answer(&[emitter("bot", &spans)])
}

#[test]
fn a_turn_whose_parent_was_taken_out_is_not_gone_on_with_an_older_one() {
    let turn = || span(TRACE, TURN, (600, 610), &[talk("c1")]);
    let bobs = || span(TRACE, OUTER, (599, 700), &[user("bob"), talk("c9")]);
    let named = after_alice(within(turn(), &json!(OUTER)), vec![bobs()]);
    assert_eq!(certain(&named), Some("email:bob@acme.example"));
    // Without a parent the conversation says who.
    for parent in [json!(null), json!(""), json!("0000000000000000"), json!("AAAAAAAAAAA="), json!("-")] {
        let begins = after_alice(within(turn(), &parent), vec![bobs()]);
        assert_eq!(certain(&begins), Some("email:alice@acme.example"), "{parent}");
    }
    for parent in
        [json!("<REDACTED>"), json!("00f067aa"), json!("00"), json!("A"), json!("="), json!("0x"), json!(7), json!({})]
    {
        let redacted = after_alice(within(turn(), &parent), vec![bobs()]);
        assert_eq!(certain(&redacted), None, "{parent}");
        assert!(redacted["gaps"].as_array().unwrap().iter().any(|gap| gap["reason"] == "redacted"), "{parent}");
    }
}

#[test]
fn a_turn_whose_user_was_taken_out_is_nobody_elses() {
    let turn = |user: (&'static str, Value)| span(TRACE, TURN, (600, 610), &[talk("c1"), user]);
    assert_eq!(certain(&after_alice(turn(user("bob")), vec![])), Some("email:bob@acme.example"));
    for gone in [
        "<REDACTED>",
        "***",
        "",
        "  ",
        "-",
        "xxxxx",
        "(redacted)",
        "{{redacted}}",
        "<EMAIL_ADDRESS>",
        "[EMAIL]",
        "**",
        "user-redacted",
        "null",
        "unknown",
    ] {
        let redacted = after_alice(turn(("user.email", json!(gone))), vec![]);
        assert_eq!((certain(&redacted), &redacted["asked_by"]), (None, &json!([])), "{gone}");
    }
    for gone in [json!({}), json!({"stringValue": null}), json!({"kvlistValue": {"values": []}})] {
        assert_eq!(certain(&after_alice(turn(("user.email", gone.clone())), vec![])), None, "{gone}");
    }
    // Names that only look like such text are names.
    for (name, id) in [("max", "user:max"), ("maskedsinger", "user:maskedsinger"), ("nullable", "user:nullable")] {
        assert_eq!(certain(&after_alice(turn(("user.id", json!(name))), vec![])), Some(id));
    }
    // A second name does not stand in for the first.
    let two = span(TRACE, TURN, (600, 610), &[talk("c1"), ("writ.on_behalf_of", json!("***")), user("bob")]);
    assert_eq!(certain(&after_alice(two, vec![])), None);
}

#[test]
fn others_are_less_certain_where_a_name_beside_theirs_was_taken_out() {
    // Another turn of the conversation, between alice's and the one that names nobody.
    let between = |who| span("1b8efff798038103d269b633813fc60c", "0202020202020202", (300, 310), &[who, talk("c1")]);
    let silent = || span(TRACE, TURN, (600, 610), &[talk("c1")]);
    for who in [user("bob"), ("user.email", json!("***"))] {
        assert_eq!(certain(&after_alice(silent(), vec![between(who)])), None);
    }
    // A turn around it.
    let inner = |who| {
        within(span(TRACE, TURN, (600, 610), &[talk("c1"), who, ("gen_ai.agent.name", json!("helper"))]), &json!(OUTER))
    };
    let outer = |who| span(TRACE, OUTER, (599, 700), &[who, talk("c9"), ("gen_ai.agent.name", json!("planner"))]);
    let gone = || ("user.email", json!("[REDACTED]"));
    assert_eq!(certain(&after_alice(inner(user("bob")), vec![outer(user("bob"))])), Some("email:bob@acme.example"));
    assert_eq!(certain(&after_alice(inner(gone()), vec![outer(user("bob"))])), None);
    assert_eq!(certain(&after_alice(inner(user("bob")), vec![outer(gone())])), None);
}

#[test]
fn a_call_whose_turn_was_taken_out_belongs_to_no_other_of_its_session_for_certain() {
    let turns = || {
        vec![
            span(TRACE, TURN, (500, 650), &[user("alice"), talk("c1")]),
            span("1b8efff798038103d269b633813fc60c", "0202020202020202", (550, 560), &[user("bob"), talk("c1")]),
        ]
    };
    let asked = |parent: &str| answer(&[emitter("bot", &[turns(), vec![within(call(), &json!(parent))]].concat())]);
    assert_eq!(certain(&asked(TURN)), Some("email:alice@acme.example"));
    assert_eq!(certain(&asked("REDACTED")), None);
    // Emitters that do not say who they are are not told apart.
    let [alices, bobs] = turns().try_into().unwrap();
    let apart = |one: &str, other: &str| {
        answer(&[emitter(one, &[alices.clone(), call()]), emitter(other, std::slice::from_ref(&bobs))])
    };
    assert_eq!(certain(&apart("bot", "other")), None);
    assert_eq!(certain(&apart("<REDACTED>", "<REDACTED>")), None);
}

#[test]
fn calls_of_two_conversations_that_were_taken_out_are_not_one() {
    let work = |trace: &str, turn: &str, id: &str, at: u64, who, talk: &str| {
        let conversation = ("gen_ai.conversation.id", json!(talk));
        let turn_of = span(trace, turn, (at, at + 100), &[who, conversation.clone()]);
        let call = span(trace, id, (at + 7, at + 9), &[("gen_ai.tool.call.id", json!("call_0")), conversation]);
        emitter("bot", &[turn_of, within(call, &json!(turn))])
    };
    for (alices, bobs) in [("cA", "cB"), ("<REDACTED>", "<REDACTED>")] {
        let both = [
            work(
                "0b8efff798038103d269b633813fc60c",
                "a2a2a2a2a2a2a2a2",
                "b2b2b2b2b2b2b2b2",
                600,
                user("alice"),
                alices,
            ),
            work(TRACE, TURN, CALL, 600, user("bob"), bobs),
        ];
        assert_eq!(certain(&answer(&both)), Some("email:bob@acme.example"));
    }
}

#[test]
fn printed_and_jaeger_spans_tell_a_parent_that_was_taken_out_from_none() {
    let nanos = |second: u64| json!([1_778_661_000 + second, 0]);
    let printed = |parent: Value| {
        let context = |trace: &str, id: &str| json!({"traceId": trace, "spanId": id});
        let span = |trace: &str, id: &str, from: u64, attributes: Value| {
            json!({"name": "x", "kind": 0, "spanContext": context(trace, id), "startTime": nanos(from),
                "endTime": nanos(from + 20), "attributes": attributes, "resource": {"attributes": {"service.name": "bot"}}})
        };
        let turn = json!({"gen_ai.operation.name": "invoke_agent", "gen_ai.conversation.id": "c1"});
        let mut alices = span("0b8efff798038103d269b633813fc60c", "0101010101010101", 0, turn.clone());
        alices["attributes"]["user.email"] = json!("alice@acme.example");
        let mut inner = span(TRACE, TURN, 600, turn);
        for (name, value) in parent.as_object().unwrap() {
            inner[name] = value.clone();
        }
        let tool = json!({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.call.id": "call_0", "gen_ai.conversation.id": "c1"});
        let mut call = span(TRACE, CALL, 601, tool);
        call["parentSpanContext"] = context(TRACE, TURN);
        answer(&[alices, inner, call])
    };
    assert_eq!(certain(&printed(json!({}))), Some("email:alice@acme.example"));
    for parent in [
        json!({"parentSpanContext": "<REDACTED>"}),
        json!({"parentSpanContext": {}}),
        json!({"parentSpanContext": {"traceId": TRACE, "spanId": ""}}),
        json!({"parentSpanId": "***"}),
    ] {
        assert_eq!(certain(&printed(parent.clone())), None, "{parent}");
    }
    let jaeger = |references: Value| {
        let tags = |all: &[(&str, &str)]| {
            all.iter().map(|(key, value)| json!({"key": key, "type": "string", "value": value})).collect::<Vec<_>>()
        };
        let span = |trace: &str, id: &str, at: u64, references: Value, all: &[(&str, &str)]| {
            json!({"traceID": trace, "spanID": id, "operationName": "x", "references": references,
                "startTime": (1_778_661_000 + at) * 1_000_000, "duration": 20_000_000, "tags": tags(all), "logs": [], "processID": "p1"})
        };
        let turn = [("gen_ai.operation.name", "invoke_agent"), ("gen_ai.conversation.id", "c1")];
        let alices = [turn[0], turn[1], ("user.email", "alice@acme.example")];
        let tool = [("gen_ai.operation.name", "execute_tool"), ("gen_ai.tool.call.id", "call_0"), turn[1]];
        let child = json!([{"refType": "CHILD_OF", "traceID": TRACE, "spanID": TURN}]);
        let trace = |id: &str, spans: Vec<Value>| json!({"traceID": id, "spans": spans, "processes": {"p1": {"serviceName": "bot", "tags": []}}});
        let older = "0b8efff798038103d269b633813fc60c";
        answer(&[json!({"data": [
            trace(older, vec![span(older, "0101010101010101", 0, json!([]), &alices)]),
            trace(TRACE, vec![span(TRACE, TURN, 600, references, &turn), span(TRACE, CALL, 601, child, &tool)]),
        ]})])
    };
    for none in [json!([]), json!(null), json!([{"refType": "FOLLOWS_FROM", "traceID": TRACE, "spanID": OUTER}])] {
        assert_eq!(certain(&jaeger(none.clone())), Some("email:alice@acme.example"), "{none}");
    }
    for gone in [
        json!("REDACTED"),
        json!(["REDACTED"]),
        json!([{"refType": "REDACTED", "traceID": TRACE, "spanID": OUTER}]),
        json!([{"refType": "CHILD_OF", "traceID": "5b8efff7", "spanID": OUTER}]),
        json!([{"refType": "CHILD_OF", "traceID": TRACE, "spanID": ""}]),
        json!([{"refType": "CHILD_OF", "traceID": TRACE}]),
    ] {
        assert_eq!(certain(&jaeger(gone.clone())), None, "{gone}");
    }
}
