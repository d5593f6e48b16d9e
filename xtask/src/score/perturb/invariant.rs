//! What an answer may never do when evidence was lost or disturbed (product, section 5).

use std::collections::BTreeSet;

use serde_json::Value;

use super::operation::Kind;
use crate::score::compare::{self, Case, list, rank, text};
use crate::score::name::Names;

/// States that claim something: each needs evidence that losing evidence cannot give.
const CLAIMS: [&str; 7] = ["bound", "absent", "not_required", "permit", "none_recorded", "no_control", "override"];

/// An answer before and after, and what the truth forbids.
pub(super) struct Kept<'a> {
    pub(super) before: &'a Value,
    pub(super) after: &'a Value,
    pub(super) truth: &'a Value,
    pub(super) names: &'a Names,
}

impl Kept<'_> {
    /// What is broken, in words.
    pub(super) fn broken(&self, kind: Kind) -> Vec<String> {
        let mut broken = self.false_names();
        match kind {
            Kind::Neutral => {
                if settled(self.before) != settled(self.after) {
                    broken.push(format!("nothing was lost and the answer differs: {}", self.difference()));
                }
            }
            Kind::Skewed => {
                let (before, after) = (proven(self.before), proven(self.after));
                for hop in before.symmetric_difference(&after) {
                    let how = if after.contains(hop) { "became proven" } else { "is no longer proven" };
                    broken.push(format!("a clock was off within its bound and a hop {how}: {}", hop.join(" ")));
                }
            }
            Kind::Lost => {
                broken.extend(self.stronger_hops());
                broken.extend(self.other_roots());
                broken.extend(self.new_claims());
            }
            Kind::Altered => {}
        }
        broken
    }

    /// Names and hops at `proven` that the truth forbids, whatever was done.
    fn false_names(&self) -> Vec<String> {
        let only = serde_json::json!({ "must_not_prove": self.truth.get("must_not_prove") });
        let marks = compare::compare(&Case { answer: self.after, truth: &only, names: self.names });
        let mut found = marks.false_proven;
        found.extend(
            list(self.after, "asked_by")
                .iter()
                .filter(|asker| text(asker, "strength") == "proven")
                .map(|asker| format!("`{}` asked, at proven", text(asker, "principal"))),
        );
        found
    }

    fn stronger_hops(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for hop in list(self.after, "hops") {
            let ends = compare::ends(self.after, hop);
            // A credential that is no longer shown is the same credential, less known.
            let unshown = text(hop, "from").starts_with("credential:unshown:");
            let same = |other: &&Value| {
                let theirs = compare::ends(self.before, other);
                theirs == ends || (unshown && theirs.iter().skip(1).eq(ends.iter().skip(1)))
            };
            let earlier = list(self.before, "hops").iter().find(same);
            let (was, is) = (earlier.map_or(0, level), level(hop));
            if (earlier.is_some() && is > was) || (earlier.is_none() && text(hop, "strength") == "proven") {
                broken.push(format!(
                    "a hop is known better: {} was {}, is {} {}",
                    ends.join(" "),
                    earlier.map_or("not there", |earlier| text(earlier, "strength")),
                    text(hop, "strength"),
                    text(hop, "grade")
                ));
            }
        }
        broken
    }

    fn other_roots(&self) -> Vec<String> {
        let roots = |answer: &Value| answer.pointer("/verdict/roots").and_then(Value::as_str).map(str::to_owned);
        let who = |answer: &Value| -> BTreeSet<String> {
            list(answer, "asked_by").iter().map(|asker| text(asker, "principal").to_owned()).collect()
        };
        let mut broken = Vec::new();
        let one = Some("one".to_owned());
        if roots(self.after) == one && (roots(self.before) != one || who(self.before) != who(self.after)) {
            broken.push(format!("one root is certain, {:?}; before: {:?}", who(self.after), who(self.before)));
        }
        for asker in list(self.after, "asked_by") {
            let same = |other: &&Value| other.get("principal") == asker.get("principal");
            if let Some(earlier) = list(self.before, "asked_by").iter().find(same)
                && level(asker) > level(earlier)
            {
                broken.push(format!("`{}` is known better to have asked: {asker}", text(asker, "principal")));
            }
        }
        let word = |answer: &Value| answer.pointer("/verdict/word").and_then(Value::as_str).map(str::to_owned);
        if word(self.after).as_deref() == Some("complete") && word(self.before).as_deref() != Some("complete") {
            broken.push(format!("the answer is complete, and was {:?}", word(self.before)));
        }
        broken
    }

    /// Approvals and decisions that are claimed only since evidence was lost.
    fn new_claims(&self) -> Vec<String> {
        let states = |answer: &Value, name: &str| -> BTreeSet<String> {
            list(answer, name).iter().map(|entry| text(entry, "state").to_owned()).collect()
        };
        let mut broken = Vec::new();
        for name in ["approvals", "decisions"] {
            let before = states(self.before, name);
            for state in states(self.after, name).difference(&before).filter(|state| CLAIMS.contains(&state.as_str())) {
                broken.push(format!("{name}: `{state}` is claimed only since evidence was lost"));
            }
        }
        broken
    }

    /// The first member in which two answers differ.
    fn difference(&self) -> String {
        let (before, after) = (settled(self.before), settled(self.after));
        let members = before.as_object().into_iter().flatten();
        let mut differing = members.filter(|(name, value)| after.get(name.as_str()) != Some(value));
        differing.next().map_or_else(String::new, |(name, value)| {
            format!("`{name}` was {value}, is {}", after.get(name).unwrap_or(&Value::Null))
        })
    }
}

/// Strength and grade as one number.
fn level(hop: &Value) -> u8 {
    2 * rank(text(hop, "strength")) + u8::from(text(hop, "grade") == "strong")
}

fn proven(answer: &Value) -> BTreeSet<[String; 3]> {
    let hops = list(answer, "hops").iter().filter(|hop| text(hop, "strength") == "proven");
    hops.map(|hop| compare::ends(answer, hop)).collect()
}

/// What two answers must share to be the same (model, section 5): all but when evidence was received,
/// how much there is, and as of when it was asked. Writ's own records are named anew in every folder.
fn settled(answer: &Value) -> Value {
    let mut answer = answer.clone();
    for pointer in ["/event/received", "/as_of", "/evidence/log_size"] {
        if let Some(value) = answer.pointer_mut(pointer) {
            *value = Value::Null;
        }
    }
    for source in answer.get_mut("sources").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(through) = source.get_mut("through") {
            *through = Value::Null;
        }
    }
    unnamed(&mut answer);
    answer
}

fn unnamed(value: &mut Value) {
    match value {
        Value::String(text) if text.starts_with("health:") => "health:".clone_into(text),
        Value::Array(elements) => elements.iter_mut().for_each(unnamed),
        Value::Object(members) => members.values_mut().for_each(unnamed),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::world::World;
    use serde_json::json;

    fn answer() -> Value {
        json!({
            "event": {"received": "1"}, "as_of": "2", "evidence": {"log_size": 3, "path_digest": "d"},
            "verdict": {"roots": "one", "word": "partial"},
            "sources": [{"through": "4", "state": "settled"}],
            "nodes": [],
            "hops": [{"from": "a", "edge": "called", "to": "b", "chain": "command", "strength": "inferred", "grade": "weak", "records": ["health:1"]},
                {"from": "k", "edge": "executed_with", "to": "b", "chain": "credential", "strength": "proven", "grade": null}],
            "asked_by": [{"principal": "mira", "strength": "asserted", "grade": null}],
            "approvals": [{"state": "unknown"}], "decisions": [{"state": "implied"}]
        })
    }

    fn broken(after: &Value, kind: Kind) -> usize {
        let truth = json!({"must_not_prove": ["mira"]});
        let names = Names::of(&World::empty());
        Kept { before: &answer(), after, truth: &truth, names: &names }.broken(kind).len()
    }

    #[test]
    fn an_answer_that_stays_the_same_breaks_nothing() {
        let mut same = answer();
        for (pointer, value) in [("/event/received", "9"), ("/as_of", "9"), ("/hops/0/records/0", "health:2")] {
            *same.pointer_mut(pointer).unwrap() = json!(value);
        }
        for kind in [Kind::Neutral, Kind::Skewed, Kind::Lost, Kind::Altered] {
            assert_eq!(broken(&same, kind), 0, "{kind:?}");
        }
    }

    #[test]
    fn what_losing_evidence_may_never_do_is_told() {
        for (pointer, value) in [
            ("/hops/0/strength", json!("asserted")),
            ("/hops/0/grade", json!("strong")),
            ("/hops/1/from", json!("other")),
            ("/asked_by/0/principal", json!("omar")),
            ("/asked_by/0/strength", json!("proven")),
            ("/approvals/0/state", json!("absent")),
            ("/approvals/0/state", json!("bound")),
            ("/decisions/0/state", json!("none_recorded")),
            ("/verdict/word", json!("complete")),
        ] {
            let mut after = answer();
            *after.pointer_mut(pointer).unwrap() = value.clone();
            assert!(broken(&after, Kind::Lost) > 0, "{pointer} {value}");
        }
    }

    #[test]
    fn losing_may_weaken() {
        for (pointer, value) in [
            ("/hops", json!([])),
            ("/hops/1/strength", json!("asserted")),
            ("/asked_by", json!([])),
            ("/approvals/0/state", json!("bound_weak")),
            ("/decisions", json!([])),
        ] {
            let mut after = answer();
            *after.pointer_mut(pointer).unwrap() = value.clone();
            if pointer == "/asked_by" {
                after["verdict"]["roots"] = json!("none");
            }
            assert_eq!(broken(&after, Kind::Lost), 0, "{pointer} {value}");
            assert!(broken(&after, Kind::Neutral) > 0, "{pointer} {value}");
        }
    }

    #[test]
    fn a_forbidden_name_at_proven_is_told_whatever_was_done() {
        let mut after = answer();
        after["hops"][0] =
            json!({"from": "mira", "edge": "asked", "to": "b", "chain": "command", "strength": "proven"});
        assert!(broken(&after, Kind::Altered) > 0);
    }
}
