//! Whether a record matches, and what is said of it when it does.

use super::query::{Query, Value};
use serde::Serialize;
use writ_model::fact::{Detail, Fact, FactKind, Risk};
use writ_model::key::KeyKind;
use writ_model::principal::Principal;
use writ_model::record::Record;

/// Hex digits of a record id that are enough to find it by.
const PREFIX_MIN: usize = 8;
/// Hex digits of a whole record id.
const ID_LEN: usize = 32;
/// Matches told per record; a record may show a value in many places.
const MATCHED_MAX: usize = 8;

/// A record that matches: `writ.find/1`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Hit {
    schema: &'static str,
    #[serde(rename = "ref")]
    pub(crate) reference: String,
    record: String,
    source: String,
    native_id: String,
    recorder: String,
    pub(crate) time: Option<String>,
    received: String,
    pub(crate) kind: Option<&'static str>,
    pub(crate) action: Option<String>,
    pub(crate) outcome: Option<&'static str>,
    pub(crate) risk: &'static str,
    /// Who did it, as far as its recorder tells: the name people know, or the id.
    pub(crate) actor: Option<String>,
    pub(crate) resources: Vec<String>,
    /// Where each value that was asked for stands in the record.
    pub(crate) matched: Vec<String>,
}

/// The record as a hit, if it matches everything.
pub(super) fn describe(record: &Record, facts: &[Fact], query: &Query) -> Option<Hit> {
    let identity = &record.envelope.identity;
    let named = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|wanted| glob(wanted, is));
    if !named(&query.source, &identity.source) || !named(&query.recorder, &identity.recorder) {
        return None;
    }
    let mut fitting = facts.iter().filter(|fact| fits(fact, query)).peekable();
    let limited = query.kind.is_some() || query.action.is_some() || query.outcome.is_some() || query.risk.is_some();
    if limited && fitting.peek().is_none() {
        return None;
    }
    let mut matched: Vec<String> = Vec::new();
    for value in &query.values {
        let shown = places(record, facts, value);
        if shown.is_empty() {
            return None;
        }
        matched.extend(shown);
    }
    let fact = fitting.min_by_key(|fact| rank(fact.kind));
    let actor = fact.and_then(|fact| fact.actor.as_ref()).map(|party| &party.principal);
    Some(Hit {
        schema: "writ.find/1",
        reference: format!("{}:{}", identity.source, identity.native_id),
        record: record.id.to_string(),
        source: identity.source.clone(),
        native_id: identity.native_id.clone(),
        recorder: identity.recorder.clone(),
        time: record.envelope.event_time.map(|time| time.start.to_string()),
        received: record.envelope.received_time.to_string(),
        kind: fact.map(|fact| fact.kind.word()),
        action: fact.map(|fact| fact.action.clone()),
        outcome: fact.map(|fact| fact.outcome.word()),
        risk: fact.map_or(Risk::Normal.tier(), |fact| fact.risk.tier()),
        actor: actor.map(|actor| actor.called().to_string()),
        resources: fact.map_or_else(Vec::new, |fact| fact.resources.iter().map(|one| one.id.clone()).collect()),
        matched,
    })
}

/// A record is shown by what an answer about it would start from (model, section 5).
fn rank(kind: FactKind) -> usize {
    let order = [FactKind::Effect, FactKind::ToolCall, FactKind::Decision, FactKind::Credential, FactKind::Approval];
    order.iter().position(|known| *known == kind).unwrap_or(order.len())
}

fn fits(fact: &Fact, query: &Query) -> bool {
    let risky = |wanted: &String| {
        wanted == fact.risk.tier() || fact.risk.reasons().iter().any(|reason| reason.word() == wanted)
    };
    query.kind.is_none_or(|kind| kind == fact.kind)
        && query.action.as_ref().is_none_or(|action| glob(action, &fact.action))
        && query.outcome.as_ref().is_none_or(|outcome| outcome == fact.outcome.word())
        && query.risk.as_ref().is_none_or(risky)
}

/// Where a record shows a value.
fn places(record: &Record, facts: &[Fact], value: &Value) -> Vec<String> {
    let mut places: Vec<String> = Vec::new();
    let text = value.text.as_deref();
    let is = |shown: &str| text.is_some_and(|text| same(text, shown));
    let identity = &record.envelope.identity;
    if value.kind.is_none() {
        if is(&identity.native_id) || is(&format!("{}:{}", identity.source, identity.native_id)) {
            places.push("native id".to_string());
        }
        let id = record.id.to_string();
        if text.is_some_and(|text| is_id_prefix(text) && id.trim_start_matches('#').starts_with(&bare(text))) {
            places.push("record id".to_string());
        }
    }
    for fact in facts {
        for key in &fact.keys {
            let name = &key.name;
            let wanted = value.kind.is_none_or(|kind| kind == name.kind);
            if value.names.contains(name)
                || (wanted && (is(&name.value) || is(&format!("{}:{}", name.namespace, name.value))))
            {
                places.push(format!("{} {}", key.role.word(), name));
            }
        }
        if value.kind.is_none_or(|kind| kind == KeyKind::Principal) {
            if let Detail::Identity(said) = &fact.detail
                && (is(&said.object) || said.name.as_deref().is_some_and(is))
            {
                places.push(format!("identity {}", said.object));
            }
            let parties = [("actor", &fact.actor), ("on behalf of", &fact.on_behalf_of)];
            for (role, party) in parties.into_iter().filter_map(|(role, party)| Some((role, party.as_ref()?))) {
                if is_called(&party.principal, text) {
                    places.push(format!("{role} {}", party.principal.id));
                }
            }
        }
        if value.kind.is_none_or(|kind| kind == KeyKind::Resource) {
            let resources = fact.resources.iter().filter(|one| text.is_some_and(|text| ends(text, &one.id)));
            places.extend(resources.map(|one| format!("resource {}", one.id)));
        }
    }
    places.sort_unstable();
    places.dedup();
    places.truncate(MATCHED_MAX);
    places
}

fn is_called(principal: &Principal, text: Option<&str>) -> bool {
    let Some(text) = text else { return false };
    let id = &principal.id;
    same(text, id)
        || id.strip_prefix("email:").is_some_and(|email| same(text, email))
        || principal.name.as_ref().is_some_and(|name| ends(text, name))
}

/// Equal but for case: e-mail addresses and hex come in both.
fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

/// Whether a path-like name is this, or ends in it behind `/` or `:`.
fn ends(text: &str, name: &str) -> bool {
    let head = name.len().checked_sub(text.len()).and_then(|at| name.split_at_checked(at));
    head.is_some_and(|(head, tail)| same(text, tail) && (head.is_empty() || head.ends_with(['/', ':'])))
}

/// Whether a text may be the beginning of a record id: hex behind `#`, or enough hex digits without.
pub(super) fn is_id_prefix(text: &str) -> bool {
    let digits = bare(text);
    let enough = if text.starts_with('#') { 4 } else { PREFIX_MIN };
    (enough..=ID_LEN).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn bare(text: &str) -> String {
    text.trim_start_matches('#').to_lowercase()
}

/// Whether a text fits a pattern in which `*` stands for anything; case does not matter.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    if !pattern.contains('*') {
        return rest.is_empty();
    }
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, fits) in [
            ("ec2:*", "ec2:DeleteVolume", true),
            ("EC2:Delete*", "ec2:DeleteVolume", true),
            ("*:delete*", "ec2:DeleteVolume", true),
            ("ec2:*volume", "ec2:DeleteVolume", true),
            ("ec2:*snap*", "ec2:DeleteVolume", false),
            ("ec2:delete", "ec2:DeleteVolume", false),
            ("*", "", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn names_are_met_whole_or_from_a_slash_on() {
        let arn = "arn:aws:iam::111122223333:user/Omar";
        assert!(ends("omar", arn) && ends("user/omar", arn) && ends(arn, arn));
        assert!(!ends("mar", arn) && !ends("user", arn) && !ends(&format!("x{arn}"), arn) && !ends("é", "xé"));
    }

    #[test]
    fn the_beginning_of_a_record_id_is_hex_and_long_enough() {
        assert!(is_id_prefix("#1f3e") && is_id_prefix("1f3e5a7b") && !is_id_prefix("1f3e") && !is_id_prefix("#1f3"));
        assert!(!is_id_prefix("#xyzxyzxyz") && !is_id_prefix(&"1".repeat(33)));
    }
}
