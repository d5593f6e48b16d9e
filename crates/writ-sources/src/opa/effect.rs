//! What a result says. Rego has no fixed word for yes: this reads the common ones, and whatever is not
//! plainly one of them is neither a permit nor a deny.

use super::touched;
use writ_model::fact::DecisionEffect;
use writ_model::json::{Node, Value};

/// Members of a result that say yes or no. Where two disagree it says neither.
const SAYING: [&str; 3] = ["allow", "allowed", "decision"];

const YES: [&str; 3] = ["allow", "permit", "true"];
const NO: [&str; 2] = ["deny", "false"];

/// The effect, and why as far as the log tells.
pub(super) fn of(node: &Node<'_>) -> (DecisionEffect, Option<String>) {
    if let Some(error) = node.get("error").filter(|error| error.value != Value::Null) {
        let text = error.as_str().or_else(|| error.text(&["message"])).or_else(|| error.text(&["code"]));
        return (DecisionEffect::Indeterminate, text.map(str::to_string));
    }
    if touched(node, "/result") {
        let reason = "the result was taken out or changed before the decision was logged".to_string();
        return (DecisionEffect::Indeterminate, Some(reason));
    }
    let Some(result) = node.get("result") else {
        // Undefined: no rule spoke. That is not "no".
        return (DecisionEffect::NotApplicable, None);
    };
    let reason = ["reason", "message"].iter().find_map(|name| result.text(&[name]));
    (read(result), reason.map(str::to_string))
}

fn read(result: &Node<'_>) -> DecisionEffect {
    let objected = result.get("deny").is_some_and(objects);
    let told: Vec<Option<bool>> = match &result.value {
        Value::Bool(_) | Value::String(_) => vec![yes_or_no(result, false)],
        Value::Object(_) => {
            SAYING.iter().filter_map(|name| Some(yes_or_no(result.get(name)?, *name == "decision"))).collect()
        }
        _ => Vec::new(),
    };
    match told.split_first() {
        Some((Some(first), rest)) if rest.iter().all(|other| *other == Some(*first)) => {
            match (*first, objected) {
                (true, false) => DecisionEffect::Permit,
                // "allow" and an objection in one result: which of them the asker followed is not told.
                (true, true) => DecisionEffect::Indeterminate,
                (false, _) => DecisionEffect::Deny,
            }
        }
        _ => DecisionEffect::Indeterminate,
    }
}

/// Whether a `deny` member, by custom a flag or the set of reasons against, says anything.
fn objects(deny: &Node<'_>) -> bool {
    match &deny.value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    }
}

/// `words`: whether `allow` and `deny` count beside `true` and `false`.
fn yes_or_no(node: &Node<'_>, words: bool) -> Option<bool> {
    match node.as_str().filter(|_| words) {
        Some(word) if YES.contains(&word) => Some(true),
        Some(word) if NO.contains(&word) => Some(false),
        _ => node.as_bool(),
    }
}
