//! Real logs of agents and decision points, asked about through the front door.

use crate::support::{Writ, shared};
use serde_json::{Value, json};

/// The one tool call of a trace: its event, agent, user, conversation.
struct Told {
    file: &'static str,
    records: u64,
    call: &'static str,
    conversation: &'static str,
}

const TRACES: [Told; 2] = [
    Told {
        file: "agentevals/helm.json",
        records: 96,
        call: "otel.span:3e289017fe03ffd7c4145316d2eb3d0d/75cdce51ad52a7c8",
        conversation: "conversation ctx-7ed9780f-3688-4fc0-b10b-2e4df2f83cf0",
    },
    Told {
        file: "agentevals/tempo_export_with_batches.json",
        records: 86,
        call: "otel.span:dd547580319ab0312cee07f1def50dad/def5801af66aaae7",
        conversation: "conversation ctx-eff35888-55ab-4eb0-b90d-7b21f711f91f",
    },
];

#[test]
fn a_tool_call_of_a_real_agent_shows_user_agent_and_conversation_by_the_agents_own_account() {
    for told in TRACES {
        let Some(file) = shared(told.file, told.file) else { return };
        let writ = Writ::new();
        let summary = writ.ingest(&[file.to_str().unwrap()]);
        assert_eq!((&summary["records"], &summary["rejects"]), (&json!(told.records), &json!(0)), "{}", told.file);
        let answer = writ.why(&[told.call]);
        let asked = &answer["asked_by"];
        assert_eq!(asked.as_array().unwrap().len(), 1);
        assert_eq!((&asked[0]["name"], &asked[0]["strength"]), (&json!("admin@kagent.dev"), &json!("asserted")));
        assert!(answer["sentence"].as_str().unwrap().contains("by the agent's own account, admin@kagent.dev asked"));
        assert_eq!(answer["verdict"]["roots"], "one");
        let nodes = answer["nodes"].as_array().unwrap();
        let has = |kind: &str, name: &str| nodes.iter().any(|node| node["kind"] == kind && node["name"] == name);
        assert!(has("session", told.conversation) && has("agent", "helm_agent"), "{nodes:#?}");
        let hops = answer["hops"].as_array().unwrap();
        assert!(hops.iter().all(|hop| hop["strength"] == "asserted"), "only agents speak here: {hops:#?}");
        let hop =
            |edge: &str| hops.iter().find(|hop| hop["edge"] == edge).unwrap_or_else(|| panic!("{edge}: {hops:#?}"));
        // Several instrumentations tell of the one model call, and it is one node.
        let proposed = hop("proposed");
        assert!(proposed["because"].to_string().contains("instrumentations tell of this one model call"), "{proposed}");
        assert_eq!(hops.iter().filter(|hop| hop["edge"] == "proposed").count(), 1);
        assert_eq!(proposed["alternatives"], json!([]));
        assert!(hop("called")["because"].to_string().contains("its arguments are captured, and empty"));
    }
}

#[test]
fn what_is_no_span_is_named_as_what_it_is() {
    let Some(metrics) = shared("metrics", "opentelemetry-proto/metrics.json") else { return };
    let Some(bags) = shared("attribute bags", "openinference/genai") else { return };
    let writ = Writ::new();
    let summary = writ.ingest(&[metrics.to_str().unwrap(), bags.to_str().unwrap()]);
    let causes: Vec<&str> =
        summary["rejected"].as_array().unwrap().iter().map(|reject| reject["cause"].as_str().unwrap()).collect();
    assert_eq!((summary["records"].as_u64(), causes.len()), (Some(0), 6), "{causes:#?}");
    assert_eq!(causes.iter().filter(|cause| cause.contains("metric")).count(), 1, "{causes:#?}");
    assert_eq!(causes.iter().filter(|cause| cause.contains("attribute")).count(), 5, "{causes:#?}");
}

#[test]
fn real_spans_logs_and_decisions_are_read() {
    for (file, source, records) in [
        ("opentelemetry-proto/trace.json", "otel.span", 1),
        ("opentelemetry-proto/logs.json", "otel.log", 1),
        ("opentelemetry-proto/events.json", "otel.log", 1),
        ("opa-decision-log/decision_log_batch.json", "opa.decision", 2),
    ] {
        let Some(path) = shared(file, file) else { return };
        let writ = Writ::new();
        let summary: Value = writ.ingest(&[path.to_str().unwrap()]);
        assert_eq!(summary["sources"][source]["records"], records, "{file}: {summary}");
        assert_eq!(summary["rejects"], 0, "{file}: {summary}");
    }
    let Some(path) = shared("decisions", "opa-decision-log/decision_log_batch.json") else { return };
    let writ = Writ::new();
    writ.ingest(&[path.to_str().unwrap()]);
    let answer = writ.why(&["opa.decision:4ca636c1-55e4-417a-b1d8-4aceb67960d1"]);
    assert_eq!((&answer["event"]["kind"], &answer["decisions"][0]["state"]), (&json!("decision"), &json!("permit")));
}
