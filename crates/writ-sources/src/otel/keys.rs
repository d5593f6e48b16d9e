//! Keys that any span or log record carries, whatever it is about.

use super::dialect::Meaning as M;
use super::dialect::claude;
use super::entry::{Around, SpanKind};
use super::told::{Told, own_class};
use crate::feature::is_access_key;
use writ_model::key::{ANY, Attestation, CARRIER, Key, KeyKind, KeyName, KeyRole};

/// Namespace of what OpenTelemetry names.
pub(super) const OTEL: &str = "otel";

/// Keys of this entry that do not depend on what it is about.
pub(super) fn of(told: &Told<'_, '_>) -> Vec<Key> {
    let mut keys = place(told);
    let own = Attestation::SelfStated;
    let mut add = |kind, namespace: &'static str, id: &str, role| keys.extend(Key::new(kind, namespace, id, role, own));
    for id in told.ids(M::Conversation) {
        add(KeyKind::Conversation, OTEL, id, KeyRole::Carries);
        add(KeyKind::Session, CARRIER, id, KeyRole::Carries);
    }
    for id in told.ids(M::Session) {
        add(KeyKind::Session, OTEL, id, KeyRole::Carries);
        add(KeyKind::Session, CARRIER, id, KeyRole::Carries);
        if told.claude {
            add(KeyKind::Session, claude::NAMESPACE, id, KeyRole::Carries);
        }
    }
    for id in told.ids(M::Task) {
        add(KeyKind::Task, OTEL, id, KeyRole::Carries);
    }
    for id in told.ids(M::Transaction) {
        add(KeyKind::Transaction, "txn", id, KeyRole::Carries);
    }
    for id in told.ids(M::AwsRequest) {
        add(KeyKind::Request, "aws", id, KeyRole::Names);
    }
    for id in told.ids(M::ModelRequest).into_iter().filter(|_| told.claude) {
        add(KeyKind::Request, "anthropic", id, KeyRole::Names);
    }
    for id in told.ids(M::Approval) {
        add(KeyKind::Approval, ANY, id, KeyRole::Names);
    }
    for id in told.ids(M::Decision) {
        add(KeyKind::Decision, ANY, id, KeyRole::Names);
    }
    keys.extend(turn(told, KeyRole::Carries));
    let withheld = [
        (M::Conversation, KeyKind::Conversation),
        (M::Session, KeyKind::Session),
        (M::Task, KeyKind::Task),
        (M::Turn, KeyKind::Turn),
        (M::Call, KeyKind::ToolCall),
        (M::Approval, KeyKind::Approval),
        (M::Decision, KeyKind::Decision),
        (M::AwsRequest, KeyKind::Request),
    ];
    for (_, kind) in withheld.into_iter().filter(|(meaning, _)| told.is_withheld(*meaning)) {
        keys.extend(Key::unreadable(kind, KeyRole::Carries));
    }
    if told.user_withheld() {
        keys.extend(Key::unreadable(KeyKind::Principal, KeyRole::Names));
    }
    let mut seen = Vec::with_capacity(keys.len());
    for key in keys {
        if !seen.contains(&key) {
            seen.push(key);
        }
    }
    seen
}

/// Where in its trace the entry stands.
fn place(told: &Told<'_, '_>) -> Vec<Key> {
    let entry = told.entry;
    let own = own_class(entry);
    let claimed = Attestation::Claimed;
    let mut keys = Vec::with_capacity(12);
    let mut add = |kind, id: &str, role, class| keys.extend(Key::new(kind, OTEL, id, role, class));
    if let Some(trace) = &entry.trace {
        add(KeyKind::Trace, trace, KeyRole::Carries, claimed);
    }
    if let Some(span) = entry.span_name() {
        // A log record stands inside the span it names.
        let role = if entry.is_span { KeyRole::Mints } else { KeyRole::Parent };
        add(KeyKind::Span, &span, role, own);
    }
    if let (Some(trace), Around::Span(parent)) = (&entry.trace, &entry.parent) {
        // What came in with a request is the caller's word.
        let wired = matches!(entry.kind, SpanKind::Server | SpanKind::Consumer);
        add(KeyKind::Span, &format!("{trace}/{parent}"), KeyRole::Parent, if wired { claimed } else { own });
    }
    for (trace, span) in &entry.links {
        add(KeyKind::Span, &format!("{trace}/{span}"), KeyRole::Carries, claimed);
    }
    if entry.parent == Around::Unreadable {
        keys.extend(Key::unreadable(KeyKind::Span, KeyRole::Parent));
    }
    keys
}

/// The turn this entry belongs to.
pub(super) fn turn(told: &Told<'_, '_>, role: KeyRole) -> Option<Key> {
    let id = told.text(M::Turn)?;
    let namespace = told.claude_session().unwrap_or_else(|| OTEL.to_string());
    Key::new(KeyKind::Turn, namespace, id, role, Attestation::SelfStated)
}

/// A tool call in a role.
pub(super) fn call(name: &KeyName, role: KeyRole) -> Key {
    Key { name: name.clone(), role, class: Attestation::SelfStated }
}

/// A credential by its fingerprint, as the emitter tells it.
pub(super) fn credential(fingerprint: &str) -> Option<KeyName> {
    if is_access_key(fingerprint) {
        return KeyName::new(KeyKind::Credential, "aws", fingerprint);
    }
    // Anything else might be the credential itself.
    let hex = fingerprint.strip_prefix("sha256:").filter(|hex| hex.len() == 64);
    let hex = hex.filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    KeyName::new(KeyKind::Credential, "oauth", &format!("sha256:{}", hex.to_ascii_lowercase()))
}
