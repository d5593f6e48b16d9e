//! What is accepted, and what is not.

use super::*;

fn decision(state: &'static str, binding: &'static str) -> Decision {
    Decision::new(state, binding, "enforced")
}

#[test]
fn names_and_values_are_those_that_are_explained() {
    assert_eq!(Require::parse("approval=bound|bound_weak").unwrap().accepts, ["bound", "bound_weak"]);
    assert_eq!(Require::parse(" settled = yes ").unwrap().name, "settled");
    for (name, _) in NAMES {
        assert!(values_of(name).len() >= 2, "{name}");
    }
    for (text, said) in [
        ("approval", "NAME=VALUE"),
        ("aproval=bound", "names: approval, decision"),
        ("approval=bonud", "values: bound, bound_weak"),
        ("approval=", "values: bound"),
        ("decision=permit|", "values: permit"),
    ] {
        let fault = Require::parse(text).unwrap_err();
        assert!(fault.contains(said), "{text}: {fault}");
    }
}

#[test]
fn a_permit_of_something_else_permits_nothing_and_an_implied_one_stands_beside() {
    let permit = Require::parse("decision=permit").unwrap();
    let found = |decisions: &[Decision]| permit.decisions(decisions);
    assert_eq!(found(&[decision("permit", "bound")]), ["permit"]);
    assert_eq!(found(&[decision("permit", "mismatch"), decision("permit", "unbound")]), ["mismatch", "unbound"]);
    assert_eq!(found(&[decision("implied", "bound"), decision("unknown", "unbound")]), ["unknown"]);
    let implied = Require::parse("decision=implied|unknown").unwrap();
    assert_eq!(
        implied.decisions(&[decision("implied", "bound"), decision("unknown", "unbound")]),
        ["implied", "unknown"]
    );
}
