//! Routes: which control stands before an action, by the word of an inventory.
//!
//! `{"directory","relation":"approval_by"|"decision_by","subject":{"kind":"route","namespace":RECORDER,
//! "value":ACTION},"object":RECORDER|"none",…}`. Only such an entry turns the silence of an approval
//! service into an absence, so that a slip in one is refused rather than read with good will.

use super::{confirmed, in_order};
use crate::admit::short;
use crate::field::{is_writ, needed, object, owned, text, time};
use writ_model::fact::{Control, Detail, Fact, FactKind, Outcome, Route};
use writ_model::json::Node;
use writ_model::key::{Attestation, Key, KeyKind, KeyName, KeyRole};

const CONTROLS: [(&str, Control); 2] = [("approval_by", Control::Approval), ("decision_by", Control::Decision)];

/// Namespace of the key by which routes are found.
const ROUTE: &str = "route";

/// What stands for a control that is not there.
const NONE: &str = "none";

/// Whether an entry is about a route, by its subject or by its relation.
pub(super) fn is_route(node: &Node<'_>) -> bool {
    let relation = node.text(&["relation"]).unwrap_or_default();
    node.text(&["subject", "kind"]) == Some("route") || CONTROLS.iter().any(|(word, _)| *word == relation)
}

/// A route; the inventory is named by whoever takes the record in.
pub(super) fn read(node: &Node<'_>) -> Result<Route, String> {
    let word = needed(node, "relation")?;
    let control = CONTROLS.iter().find(|(known, _)| *known == word).map(|row| row.1).ok_or_else(|| {
        format!("`relation` `{}` is not for routes; write `approval_by` or `decision_by`", short(word))
    })?;
    let subject = object(node, "subject")?.ok_or("`subject` is missing")?;
    let inside = |cause: String| format!("in `subject`: {cause}");
    let kind = needed(subject, "kind").map_err(inside)?;
    if kind != ROUTE {
        return Err(format!("in `subject`: `kind` `{}` has no controls; write `route` for `{word}`", short(kind)));
    }
    let recorder = needed(subject, "namespace").map_err(inside)?;
    let action = needed(subject, "value").map_err(inside)?;
    // The two stand in one key with a space between them.
    for (name, text) in [("namespace", recorder), ("value", action)] {
        if text.contains(char::is_whitespace) {
            return Err(format!(
                "in `subject`: `{name}` `{}` holds a space; write it as records spell it",
                short(text)
            ));
        }
    }
    // Only these are looked up: a pattern that is never found would leave another route in its place.
    let service = action.strip_suffix(":*").is_some_and(|service| !service.contains(['*', ':']));
    if action.contains('*') && action != "*" && !service {
        return Err(format!(
            "in `subject`: `value` `{}` is no action, service or `*`; write `ec2:DeleteVolume`, `ec2:*` or `*`",
            short(action)
        ));
    }
    let by = needed(node, "object")?.trim();
    if is_writ(by) {
        return Err(format!("`object` `{}` is Writ itself, which approves and decides nothing", short(by)));
    }
    let (from, to) = (time(node, "from")?, time(node, "to")?);
    in_order(from, to)?;
    text(node, "note")?;
    Ok(Route {
        recorder: recorder.to_string(),
        action: action.to_string(),
        principal: owned(node, "principal")?,
        control,
        by: (by != NONE).then(|| by.to_string()),
        policy: owned(node, "policy")?,
        from,
        to,
        confirmed_to: confirmed(to, time(node, "read_at")?),
        inventory: needed(node, "directory")?.to_string(),
    })
}

pub(super) fn fact(route: Route, inventory: &str) -> Fact {
    let word = CONTROLS.iter().find(|(_, control)| *control == route.control).map_or("", |row| row.0);
    let mut fact = Fact::new(FactKind::Identity, format!("identity:{word}"), Outcome::Success);
    let name = KeyName::new(KeyKind::Resource, ROUTE, &format!("{} {}", route.recorder, route.action));
    fact.keys.extend(name.map(|name| Key { name, role: KeyRole::Names, class: Attestation::Verified }));
    fact.detail = Detail::Route(Route { inventory: inventory.to_string(), ..route });
    fact
}
