//! Other people's traces and logs, where they are at hand, and what holds for every delivery.

use crate::shared::shared;
use crate::{Outcome, broken, read, records, testdata};
use std::collections::BTreeSet;
use writ_model::fact::{ArgumentsState, Detail, FactKind};
use writ_model::key::{KeyKind, KeyName, KeyRole};
use writ_sources::Admitted;
use writ_sources::unwrap::{Found, unwrap};

fn all(name: &str) -> Option<Vec<Admitted>> {
    let bytes = std::fs::read(shared(name)?).unwrap();
    Some(records(&bytes, None))
}

fn rejects(name: &str) -> Option<Vec<String>> {
    let bytes = std::fs::read(shared(name)?).unwrap();
    let cause = |outcome| match outcome {
        Outcome::Reject { cause, .. } => cause,
        Outcome::Record { admitted, .. } => panic!("{name}: {:?} is a record", admitted.identity),
        Outcome::Note { text, .. } => panic!("{name}: {text}"),
    };
    Some(read(&bytes, None).into_iter().map(cause).collect())
}

fn names(records: &[Admitted], kind: KeyKind, role: KeyRole) -> BTreeSet<KeyName> {
    let keys = records.iter().flat_map(|record| &record.facts).flat_map(|fact| &fact.keys);
    keys.filter(|key| key.name.kind == kind && key.role == role).map(|key| key.name.clone()).collect()
}

/// Each tool call joins the model call that proposed it, and every parent that was handed in is found.
fn hangs_together(records: &[Admitted]) {
    let minted = names(records, KeyKind::ToolCall, KeyRole::Mints);
    let carried = names(records, KeyKind::ToolCall, KeyRole::Carries);
    assert_eq!((minted.len(), &minted), (1, &carried));
    let spans = names(records, KeyKind::Span, KeyRole::Mints);
    assert_eq!(spans.len(), records.len());
    let found = names(records, KeyKind::Span, KeyRole::Parent).intersection(&spans).count();
    assert!(found >= 10, "{found} parents were found");
    let tools = records.iter().flat_map(|record| &record.facts).filter_map(|fact| match &fact.detail {
        Detail::ToolCall(call) => Some((call, fact)),
        _ => None,
    });
    let tools: Vec<_> = tools.collect();
    assert_eq!(tools.len(), 1);
    assert_eq!((tools[0].0.tool.as_str(), tools[0].0.arguments.state), ("helm_list_releases", ArgumentsState::Empty));
    assert_eq!(tools[0].1.on_behalf_of.as_ref().unwrap().principal.id, "email:admin@kagent.dev");
    let turns = records.iter().flat_map(|record| &record.facts).filter(|fact| fact.kind == FactKind::Intent);
    assert!(turns.clone().any(|fact| fact.actor.is_some()), "nobody asked");
}

#[test]
fn a_real_jaeger_export_is_read_without_loss() {
    let Some(records) = all("agentevals/helm.json") else { return };
    assert_eq!(records.len(), 96);
    hangs_together(&records);
    assert!(records.iter().all(|record| record.identity.recorder == "otel:helm_agent"));
}

#[test]
fn a_real_tempo_export_is_read_without_loss() {
    let Some(records) = all("agentevals/tempo_export_with_batches.json") else { return };
    assert_eq!(records.len(), 86);
    hangs_together(&records);
    let recorders: BTreeSet<&str> = records.iter().map(|record| record.identity.recorder.as_str()).collect();
    assert_eq!(recorders.len(), 2, "{recorders:?}");
}

#[test]
fn the_examples_of_the_protocol_are_records() {
    for (name, source) in [("trace", "otel.span"), ("logs", "otel.log"), ("events", "otel.log")] {
        let Some(records) = all(&format!("opentelemetry-proto/{name}.json")) else { return };
        assert_eq!(records.len(), 1, "{name}");
        assert_eq!(
            (records[0].identity.source.as_str(), records[0].identity.recorder.as_str()),
            (source, "otel:my.service")
        );
    }
    let trace = &all("opentelemetry-proto/trace.json").unwrap()[0];
    assert_eq!(trace.identity.native_id, "5b8efff798038103d269b633813fc60c/eee19b7ec3c1b174");
    assert_eq!(rejects("opentelemetry-proto/metrics.json").unwrap().len(), 1);
}

#[test]
fn spans_printed_by_an_sdk_are_records() {
    let Some(records) = all("openinference/vercel-v6-spans/all-spans.json") else { return };
    assert!(records.len() > 5 && records.iter().all(|record| record.event_time.is_some_and(|time| time.end.is_some())));
    assert!(records.iter().any(|record| record.facts[0].kind == FactKind::ModelCall));
}

#[test]
fn a_bag_of_attributes_is_one_reject_that_says_so() {
    for name in [
        "openinference_client_span_input_output_only",
        "openinference_client_span_tool_calls",
        "otel_genai_client_span_tool_calls",
        "otel_genai_deprecated_client_span_tool_calls",
        "otel_genai_tool_execution_span",
    ] {
        let Some(causes) = rejects(&format!("openinference/genai/{name}.json")) else { return };
        assert_eq!(causes, ["an attribute bag without span ids and times: hand in the span it belongs to"], "{name}");
    }
}

#[test]
fn what_records_share_is_repeated_within_a_bound() {
    let shared = "x".repeat(100_000);
    let spans: Vec<String> =
        (0..2_000).map(|n| format!(r#"{{"traceId":"{:032x}","spanId":"{:016x}"}}"#, n + 1, n + 1)).collect();
    let group = |name: &str, spans: &[String]| {
        format!(
            r#"{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"{name}"}}}}]}},"scopeSpans":[{{"spans":[{}]}}]}}"#,
            spans.join(",")
        )
    };
    let causes = |outcomes: &[Outcome]| {
        let cause =
            |outcome: &Outcome| if let Outcome::Reject { cause, .. } = outcome { Some(cause.clone()) } else { None };
        outcomes.iter().filter_map(cause).collect::<Vec<_>>()
    };
    let greedy = group(&shared, &spans);
    let text = format!(r#"{{"resourceSpans":[{greedy}]}}"#);
    let outcomes = read(text.as_bytes(), None);
    let kept = outcomes.len() - 1;
    assert!(kept > 10 && kept < 100, "{kept} records of {} bytes", text.len());
    let told = causes(&outcomes);
    assert!(told.len() == 1 && told[0].starts_with(&format!("{} records from here on", 2_000 - kept)), "{told:?}");
    // What one emitter repeats is not taken from another, nor where there are too many values for one text.
    let victim =
        group("victim", &[r#"{"traceId":"0000000000000000000000000000aaaa","spanId":"000000000000aaaa"}"#.to_string()]);
    let many = group(
        &"y".repeat(100),
        &vec![
            r#"{"traceId":"0000000000000000000000000000bbbb","spanId":"000000000000bbbb","links":[]}"#.to_string();
            130_000
        ],
    );
    for (groups, n) in [(vec![&greedy, &greedy, &victim], 2 * kept + 1), (vec![&many, &greedy, &victim], 0)] {
        let groups: Vec<&str> = groups.into_iter().map(String::as_str).collect();
        let outcomes = read(format!(r#"{{"resourceSpans":[{}]}}"#, groups.join(",")).as_bytes(), None);
        let records = outcomes.len() - causes(&outcomes).len();
        assert!(records == n || n == 0, "{records}");
        let last = outcomes.last().unwrap();
        assert!(matches!(last, Outcome::Record { .. }), "{:?}", causes(&outcomes));
    }
}

/// The records of a fixture.
fn admitted(name: &str) -> Vec<Admitted> {
    let outcomes = read(&std::fs::read(testdata().join(name)).unwrap(), None);
    outcomes
        .into_iter()
        .filter_map(|outcome| if let Outcome::Record { admitted, .. } = outcome { Some(*admitted) } else { None })
        .collect()
}

#[test]
fn what_an_emitter_says_of_itself_is_told_apart_from_what_its_records_say() {
    for (name, own) in [
        ("otel.span/genai.json", ",\"span\":"),
        ("otel.log/claude-code.json", ",\"log\":"),
        ("otel.span/traceloop.json", ",\"span\":"),
    ] {
        let records = admitted(name);
        for record in &records {
            let (alike, rest) = record.evidence.split_at(record.alike);
            assert!(alike.ends_with(b"}") && rest.starts_with(own.as_bytes()), "{name}: {}", record.identity.native_id);
        }
        let first = &records[0].evidence[..records[0].alike];
        assert!(records.len() > 1 && records.iter().all(|record| record.evidence.starts_with(first)), "{name}");
    }
    // A secret before it and one behind it: the place moves with what was cut out.
    let told = br#"{"resource":{"attributes":[{"key":"password","value":{"stringValue":"hunter2hunter2"}}]},"span":{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"x","attributes":[{"key":"api_key","value":{"stringValue":"hunter3"}}]}}"#;
    let record = &records(told, None)[0];
    let (alike, rest) = record.evidence.split_at(record.alike);
    assert!(
        alike.ends_with(b"}") && rest.starts_with(b",\"span\":{\"traceId\""),
        "{}",
        String::from_utf8_lossy(&record.evidence)
    );
    assert!(!String::from_utf8_lossy(&record.evidence).contains("hunter"));
    // Printed spans say it at their end, and other sources have no such part.
    for name in ["otel.span/console-python.json", "opa.decision/shapes.json"] {
        assert!(!admitted(name).is_empty() && admitted(name).iter().all(|record| record.alike == 0), "{name}");
    }
}

#[test]
fn a_span_is_the_same_record_in_every_envelope() {
    let text = std::fs::read_to_string(testdata().join("otel.span/genai.json")).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let ids = |records: Vec<Admitted>| records.into_iter().map(|record| record.id).collect::<Vec<_>>();
    let whole = ids(records(text.as_bytes(), None));
    let group = ids(records(value["resourceSpans"][0].to_string().as_bytes(), None));
    let lines = format!("[{},{}]", value["resourceSpans"][0], "{\"resourceSpans\":[]}");
    assert_eq!(whole.len(), 9);
    assert_eq!((&group, &ids(records(lines.as_bytes(), None))), (&whole, &whole));
}

#[test]
fn a_batch_of_many_spans_is_read_whole() {
    let attributes = r#"{"key":"a","value":{"intValue":"1"}},"#.repeat(30);
    let attributes = attributes.trim_end_matches(',');
    let one = |n: usize| format!(r#"{{"traceId":"{:032x}","spanId":"{n:016x}","attributes":[{attributes}]}}"#, 7);
    let spans: Vec<String> = (1..=8_192).map(one).collect();
    let text = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#, spans.join(","));
    let mut seen = BTreeSet::new();
    unwrap(text.as_bytes(), 10, None, &mut |found| match found {
        Found::Item(item) => assert!(seen.insert(item.node().text(&["span", "spanId"]).unwrap().to_string())),
        Found::Reject { cause, .. } => panic!("{cause}"),
        Found::Note { text, .. } => panic!("{text}"),
    });
    assert_eq!(seen.len(), 8_192);
}

/// Whatever is cut out of or put into telemetry, nothing panics and nothing is dropped silently.
#[test]
fn broken_telemetry_is_never_lost_silently() {
    for file in
        ["otel.span/hostile.json", "otel.span/traceloop.json", "otel.span/secrets.json", "otel.log/claude-code.json"]
    {
        let text = std::fs::read(testdata().join(file)).unwrap();
        for bytes in broken(&text, 7).take(400) {
            assert!(!read(&bytes, None).is_empty());
        }
    }
}
