//! Answers that differ from a truth in one thing each, and what the comparison makes of it.

use super::*;
use crate::score::world::World;
use serde_json::json;

fn answer() -> Value {
    json!({
        "event": {"risk": {"tier": "high"}, "kind": "effect"},
        "verdict": {"roots": "one", "word": "complete", "settled": true, "contradicted": false},
        "wielder": "unknown",
        "nodes": [{"id": "e", "kind": "effect", "name": "x"}, {"id": "email:mira@acme.example", "kind": "human", "name": "mira"}],
        "hops": [{"n": 1, "chain": "command", "edge": "called", "from": "email:mira@acme.example", "to": "e",
            "strength": "asserted", "grade": null, "rule": "agent.turn", "scope": null}],
        "asked_by": [{"principal": "email:mira@acme.example", "strength": "asserted", "grade": null}],
        "powered_by": [{"principal": "aws:AIDA", "strength": "proven", "grantor": null}],
        "performed_by": {"principal": "aws:AIDA", "strength": "proven"},
        "gaps": [{"chain": "command", "expected": "the asker", "reason": "unknown"}],
        "approvals": [{"state": "bound", "approver": "email:lena@acme.example", "coverage": [], "hop": 1}],
        "decisions": [{"state": "implied", "coverage": []}, {"state": "unknown", "coverage": []}],
        "findings": [{"code": "scope_grew"}],
        "influences": []
    })
}

fn truth() -> Value {
    json!({
        "hops": [{"edge": "called", "from": "email:mira@acme.example", "to": "EVENT", "strength": "asserted"}],
        "asked_by": [{"principal": "email:mira@acme.example", "strength": "asserted"}],
        "powered_by": "aws:AIDA", "grantor": null, "performed_by": "aws:AIDA", "wielder": "unknown",
        "gaps": [{"chain": "command", "expected": "asker", "reason": "key_missing or unknown"}],
        "approvals": [{"state": "bound", "approver": "email:lena@acme.example", "covered": false,
            "hop": {"edge": "called", "from": "email:mira@acme.example", "to": "EVENT"}}],
        "decisions": [{"state": "unknown"}, {"state": "implied"}],
        "findings": ["scope_grew"], "influences": [], "roots": "one", "word": "complete", "risk": "high",
        "must_not_prove": ["email:mira@acme.example"]
    })
}

fn marks(answer: &Value, truth: &Value) -> Marks {
    let world = World::empty();
    compare(&Case { answer, truth, names: &Names::of(&world) })
}

#[test]
fn an_answer_that_is_the_truth_has_no_faults() {
    let marks = marks(&answer(), &truth());
    assert_eq!((marks.faults.clone(), marks.false_proven.clone()), (Vec::new(), Vec::new()));
    assert_eq!((marks.paths_exact, marks.roots_right, marks.gap_reasons_right), (1, 1, 1));
    assert!(marks.rules.contains("agent.turn"));
}

#[test]
fn every_difference_is_a_fault() {
    for (pointer, value) in [
        ("/hops/0/strength", json!("inferred")),
        ("/hops/0/edge", json!("asked")),
        ("/hops", json!([])),
        ("/asked_by", json!([])),
        ("/asked_by/0/strength", json!("inferred")),
        ("/asked_by/0/principal", json!("email:omar@acme.example")),
        ("/powered_by/0/principal", json!("aws:AIDB")),
        ("/powered_by/0/grantor", json!({"principal": "aws:AIDC"})),
        ("/performed_by", Value::Null),
        ("/gaps/0/reason", json!("sampled")),
        ("/gaps", json!([])),
        ("/approvals/0/state", json!("unknown")),
        ("/approvals/0/approver", Value::Null),
        ("/approvals/0/coverage", json!(["c1"])),
        ("/approvals/0/hop", Value::Null),
        ("/decisions", json!([{"state": "implied"}])),
        ("/findings", json!([{"code": "scope_grew"}, {"code": "other"}])),
        ("/findings", json!([])),
        ("/influences", json!([{"edge": "read", "from": "x"}])),
        ("/verdict/word", json!("partial")),
        ("/wielder", json!("agent")),
    ] {
        let mut other = answer();
        *other.pointer_mut(pointer).unwrap() = value;
        assert!(!marks(&other, &truth()).faults.is_empty(), "{pointer}");
    }
}

#[test]
fn what_is_said_to_be_proven_and_is_not_is_counted_apart() {
    for (pointer, value) in [
        ("/hops/0/strength", json!("proven")),
        ("/asked_by/0/strength", json!("proven")),
        ("/powered_by/0/principal", json!("aws:AIDB")),
        ("/performed_by/principal", json!("email:mira@acme.example")),
    ] {
        let mut other = answer();
        *other.pointer_mut(pointer).unwrap() = value;
        assert!(!marks(&other, &truth()).false_proven.is_empty(), "{pointer}");
    }
}

#[test]
fn what_may_stand_there_is_no_fault() {
    let mut truth = truth();
    truth["hops"] = json!([]);
    truth["hops_may"] =
        json!([{"edge": "called", "from": "email:mira@acme.example", "to": "EVENT", "strength": "asserted"}]);
    truth["findings"] = json!([]);
    truth["findings_may"] = json!(["scope_grew"]);
    assert_eq!(marks(&answer(), &truth).faults, Vec::<String>::new());
    truth["hops_may"][0]["strength"] = json!("inferred");
    assert_eq!(marks(&answer(), &truth).faults.len(), 1, "no stronger than it may be");
}
