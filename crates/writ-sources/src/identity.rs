//! Source `identity`: what a directory says of principals, credentials and recorders.
//!
//! Our own small format, written down in `docs/reference/identity.md`: people and their logins,
//! agents and their owners, keys and their purpose, recorders and who runs them, routes and what stands
//! on them, each over an interval. A directory speaks for its own namespaces; it is handed in by somebody who knows it.

pub mod csv;
mod route;

use crate::admit::short;
use crate::field::{needed, text, time, unambiguous};
use crate::redact::{EVERYWHERE, Withholds};
use crate::source::{Context, Reading, Source};
use writ_model::fact::{Detail, Fact, FactKind, IdentityFact, Outcome, Relation};
use writ_model::json::Node;
use writ_model::key::{Attestation, Key, KeyKind, KeyName, KeyRole};
use writ_model::principal::PrincipalKind;
use writ_model::source::SourceInfo;
use writ_model::time::{EventTime, Time};

/// Facts of a directory.
#[derive(Clone, Copy, Debug)]
pub struct Directory;

static INFO: SourceInfo = SourceInfo {
    name: "identity",
    title: "directory facts: who is who, who owns what, over which interval",
    namespace: "identity",
    delay_usual_ms: 0,
    delay_worst_ms: 0,
    precision_ms: 1_000,
    skew_ms: 0,
    verifies: "nothing beyond the directory itself: it speaks for its own namespaces",
    retention_ms: None,
    contains: &[FactKind::Identity],
    omissions: &[],
    tested: true,
};

const RELATIONS: [(&str, Relation); 4] = [
    ("same", Relation::Same),
    ("owned_by", Relation::OwnedBy),
    ("purpose", Relation::Purpose),
    ("administered_by", Relation::AdministeredBy),
];

const SUBJECT_KINDS: &str = "`principal`, `credential`, `recorder` or `route`";
const OBJECT_KINDS: &str = "`human`, `agent`, `workload`, `service`, `schedule` or `unknown`";

impl Source for Directory {
    fn info(&self) -> &'static SourceInfo {
        &INFO
    }

    fn version(&self) -> u32 {
        2
    }

    fn withholds(&self) -> &'static Withholds {
        &EVERYWHERE
    }

    fn marks(&self) -> &'static [&'static str] {
        &["\"relation\""]
    }

    fn recognises(&self, node: &Node<'_>) -> bool {
        let subject = node.get("subject").is_some_and(|subject| !subject.members().is_empty());
        subject && node.get("relation").is_some() && node.get("object").is_some()
    }

    fn read(&self, node: &Node<'_>) -> Result<Reading, String> {
        unambiguous(node)?;
        if route::is_route(node) {
            route::read(node)?;
        } else {
            Entry::read(node)?;
        }
        let time = time(node, "read_at")?.or(time(node, "from")?);
        Ok(Reading {
            recorder: needed(node, "directory")?.to_string(),
            native_id: text(node, "id")?.map(str::to_string),
            event_time: time.map(|time| EventTime::at(time, INFO.precision_ms)),
            available_time: None,
        })
    }

    fn facts(&self, node: &Node<'_>, context: &Context<'_>) -> Vec<Fact> {
        let directory = &context.identity.recorder;
        let fact = if route::is_route(node) {
            route::read(node).map(|route| route::fact(route, directory))
        } else {
            Entry::read(node).map(|entry| entry.fact(directory))
        };
        fact.into_iter().collect()
    }
}

/// One entry, its fields checked.
struct Entry<'n> {
    subject: KeyName,
    relation: Relation,
    object: &'n str,
    kind: PrincipalKind,
    name: Option<&'n str>,
    from: Option<Time>,
    to: Option<Time>,
    read_at: Option<Time>,
}

impl<'n> Entry<'n> {
    fn read(node: &'n Node<'_>) -> Result<Entry<'n>, String> {
        let word = needed(node, "relation")?;
        let relation = RELATIONS.iter().find(|(known, _)| *known == word).map(|row| row.1).ok_or_else(|| {
            format!(
                "`relation` `{}` is not known; write `same`, `owned_by`, `purpose` or `administered_by`, or for a route `approval_by` or `decision_by`",
                short(word)
            )
        })?;
        let kind = match text(node, "object_kind")? {
            None => PrincipalKind::Unknown,
            Some(word) => PrincipalKind::from_word(word)
                .ok_or_else(|| format!("`object_kind` `{}` is not known; write {OBJECT_KINDS}", short(word)))?,
        };
        needed(node, "directory")?;
        let entry = Entry {
            subject: subject(node)?,
            relation,
            object: needed(node, "object")?,
            kind,
            name: text(node, "name")?,
            from: time(node, "from")?,
            to: time(node, "to")?,
            read_at: time(node, "read_at")?,
        };
        text(node, "note")?;
        in_order(entry.from, entry.to)?;
        Ok(entry)
    }

    fn fact(self, directory: &str) -> Fact {
        let confirmed_to = confirmed(self.to, self.read_at);
        let word = RELATIONS.iter().find(|(_, relation)| *relation == self.relation).map_or("", |row| row.0);
        let mut fact = Fact::new(FactKind::Identity, format!("identity:{word}"), Outcome::Success);
        // A directory speaks about the name, and for it: the second role finds directories alone, where
        // the first finds every record that names the principal.
        for role in [KeyRole::Names, KeyRole::Mints] {
            fact.keys.push(Key { name: self.subject.clone(), role, class: Attestation::Verified });
        }
        if self.relation != Relation::Purpose {
            let object = KeyName::of_principal(self.object);
            fact.keys.extend(object.map(|name| Key { name, role: KeyRole::Parent, class: Attestation::Verified }));
        }
        fact.detail = Detail::Identity(IdentityFact {
            subject: self.subject,
            relation: self.relation,
            name: self.name.map(str::to_string),
            object: self.object.to_string(),
            kind: self.kind,
            from: self.from,
            to: self.to,
            confirmed_to,
            directory: directory.to_string(),
        });
        fact
    }
}

fn in_order(from: Option<Time>, to: Option<Time>) -> Result<(), String> {
    match (from, to) {
        (Some(from), Some(to)) if to < from => Err(format!("`to` {to} lies before `from` {from}")),
        _ => Ok(()),
    }
}

/// Up to when a directory confirms an interval. An end that lay ahead when it was read was a plan, not
/// something it had seen.
fn confirmed(to: Option<Time>, read_at: Option<Time>) -> Option<Time> {
    match (to, read_at) {
        (Some(to), Some(read_at)) => Some(to.min(read_at)),
        (to, read_at) => to.or(read_at),
    }
}

fn subject(node: &Node<'_>) -> Result<KeyName, String> {
    let subject = node.get("subject").ok_or("`subject` is missing")?;
    if subject.members().is_empty() {
        return Err("`subject` should be an object with `kind`, `namespace` and `value`".to_string());
    }
    let inside = |cause: String| format!("in `subject`: {cause}");
    let kind = needed(subject, "kind").map_err(inside)?;
    let namespace = text(subject, "namespace").map_err(inside)?.unwrap_or_default();
    let value = needed(subject, "value").map_err(inside)?;
    let name = match kind {
        "principal" => KeyName::new(KeyKind::Principal, namespace.to_string(), value),
        "credential" => KeyName::new(KeyKind::Credential, namespace.to_string(), value),
        "recorder" if namespace.is_empty() => KeyName::of_recorder(value),
        "recorder" => KeyName::of_recorder(&format!("{namespace}:{value}")),
        other => return Err(format!("in `subject`: `kind` `{}` is not known; write {SUBJECT_KINDS}", short(other))),
    };
    if namespace.is_empty() && kind != "recorder" {
        return Err("in `subject`: `namespace` is missing: say whose id this is, such as `aws`".to_string());
    }
    name.ok_or_else(|| format!("in `subject`: `value` `{}` names nothing; write the id itself", short(value)))
}

#[cfg(test)]
mod tests;
