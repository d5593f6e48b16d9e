//! What the caller told in `input`: whatever it likes, so that only known names are read, not deep, and
//! all of it is a claim.

use super::touched;
use crate::arguments::digest;
use crate::field;
use crate::redact::{is_placeholder, kept_fingerprint};
use std::collections::BTreeSet;
use writ_model::fact::{Party, Resource};
use writ_model::json::{Node, Value, parse};
use writ_model::key::{ANY, Attestation, Key, KeyKind, KeyRole};
use writ_model::principal::{Principal, PrincipalKind};

/// How deep in `input` names are looked for: callers wrap a request once or twice.
const DEPTH_MAX: usize = 3;

/// Most values taken of each name, and so at most 16 pairs of a session and a call.
const VALUES_MAX: usize = 4;

const CALLS: [&str; 3] = ["tool_use_id", "tool_call_id", "call_id"];
const SESSIONS: [&str; 2] = ["session_id", "conversation_id"];
const FINGERPRINTS: [&str; 3] = ["token_fingerprint", "credential_fingerprint", "fingerprint"];

/// What is read off an input.
#[derive(Default)]
pub(super) struct Input {
    pub(super) actor: Option<Party>,
    pub(super) action: Option<String>,
    pub(super) resource: Option<Resource>,
    pub(super) tool: Option<String>,
    pub(super) arguments: Option<String>,
    pub(super) keys: Vec<Key>,
}

impl Input {
    /// Off a decision's record.
    pub(super) fn read(record: &Node<'_>) -> Input {
        let Some(input) = record.get("input").filter(|input| !input.members().is_empty()) else {
            return Input::default();
        };
        let mut found = Found::default();
        found.walk(input, 1);
        let told = Told { record, input };
        Input {
            actor: actor(&told),
            action: word(&told, &["action", "tool", "method"]),
            resource: resource(&told),
            tool: word(&told, &["tool"]),
            arguments: arguments(&told),
            keys: found.keys(),
        }
    }
}

/// The input without what was taken out of it or changed in it.
struct Told<'n, 't> {
    record: &'n Node<'t>,
    input: &'n Node<'t>,
}

impl<'n, 't> Told<'n, 't> {
    /// The first of these members that is there.
    fn first(&self, names: &[&str]) -> Option<&'n Node<'t>> {
        let name = names.iter().find(|name| self.input.get(name).is_some())?;
        // Another member would be another answer than the caller's.
        if touched(self.record, &format!("/input/{name}")) { None } else { self.input.get(name) }
    }
}

/// Digest of the arguments a caller told of, by what it told.
fn arguments(input: &Told<'_, '_>) -> Option<String> {
    let Some(told) = input.first(&["arguments"]) else {
        let digest = input.first(&["arguments_digest"]).map(|_| field::digest(input.input, "arguments_digest"));
        return digest?.ok().flatten();
    };
    // Models write arguments as a text that holds JSON, and some callers pass it on as it is.
    match told.as_str().and_then(|text| parse(text.as_bytes()).ok()) {
        Some(inside) if !inside.members().is_empty() => digest(&inside).ok(),
        _ => digest(told).ok(),
    }
}

/// Values of known names, wherever they stood.
#[derive(Default)]
struct Found {
    calls: BTreeSet<String>,
    sessions: BTreeSet<String>,
    requests: BTreeSet<String>,
    fingerprints: BTreeSet<String>,
    /// Issuer and id of tokens.
    tokens: BTreeSet<(String, String)>,
}

impl Found {
    fn walk(&mut self, node: &Node<'_>, depth: usize) {
        for (name, child) in node.members() {
            match &child.value {
                Value::String(text) if !text.trim().is_empty() => self.take(node, name, text),
                Value::Object(_) if depth < DEPTH_MAX => self.walk(child, depth + 1),
                _ => {}
            }
        }
    }

    fn take(&mut self, node: &Node<'_>, name: &str, text: &str) {
        if CALLS.contains(&name) {
            put(&mut self.calls, text.to_string());
        } else if SESSIONS.contains(&name) {
            put(&mut self.sessions, text.to_string());
        } else if name == "request_id" {
            put(&mut self.requests, text.to_string());
        } else if name == "jti" {
            if let Some(iss) = node.text(&["iss"]) {
                put(&mut self.tokens, (iss.to_string(), text.to_string()));
            }
        } else if let Some(kept) = kept_fingerprint(text) {
            put(&mut self.fingerprints, kept.to_string());
        } else if FINGERPRINTS.contains(&name)
            && let Ok(Some(digest)) = field::digest(node, name)
        {
            put(&mut self.fingerprints, digest);
        }
    }

    fn keys(&self) -> Vec<Key> {
        let mut keys = Vec::new();
        let mut claim = |kind: KeyKind, namespace: &str, value: &str| {
            keys.extend(Key::new(kind, namespace.to_string(), value, KeyRole::Names, Attestation::Claimed));
        };
        // The caller does not say which agent made the call: both spellings of the session are tried.
        for (session, call) in self.sessions.iter().flat_map(|one| self.calls.iter().map(move |call| (one, call))) {
            for emitter in ["claude.code", "otel"] {
                claim(KeyKind::ToolCall, &format!("{emitter}/{session}"), call);
            }
        }
        for request in &self.requests {
            claim(KeyKind::Request, ANY, request);
        }
        for fingerprint in &self.fingerprints {
            claim(KeyKind::Credential, "oauth", fingerprint);
        }
        for (iss, jti) in &self.tokens {
            claim(KeyKind::Credential, iss, jti);
        }
        keys
    }
}

/// Keeps the first few in order of value: which those are does not depend on where they stood.
fn put<T: Ord>(set: &mut BTreeSet<T>, value: T) {
    set.insert(value);
    if set.len() > VALUES_MAX {
        set.pop_last();
    }
}

fn actor(input: &Told<'_, '_>) -> Option<Party> {
    let said = input.first(&["user", "subject", "principal"])?;
    let kind = said.text(&["kind"]).or_else(|| said.text(&["type"]));
    let principal = if let (Some(iss), Some(sub)) = (said.text(&["iss"]), said.text(&["sub"])) {
        Principal { id_is_name: false, ..named(&format!("{iss}|{sub}"), kind)? }
    } else {
        let within = || ["id", "sub", "email", "name"].iter().find_map(|name| said.text(&[name]));
        named(said.as_str().or_else(within)?, kind)?
    };
    Some(Party { principal, class: Attestation::Claimed })
}

/// A principal by the word a caller used for it.
fn named(id: &str, kind: Option<&str>) -> Option<Principal> {
    let id = id.trim();
    if id.is_empty() || is_placeholder(id) {
        return None;
    }
    let told = kind.map(|kind| if kind == "user" { "human" } else { kind }).and_then(PrincipalKind::from_word);
    let (id, id_is_name, kind) = if id.starts_with("spiffe://") {
        (id.to_string(), false, PrincipalKind::Workload)
    } else if id.contains(':') {
        (id.to_string(), true, PrincipalKind::Unknown)
    } else if id.contains('@') {
        (format!("email:{}", field::lower(id)), true, PrincipalKind::Human)
    } else {
        (format!("user:{id}"), true, PrincipalKind::Unknown)
    };
    Some(Principal { id, id_is_name, kind: told.unwrap_or(kind), name: None })
}

/// The word under the first of these names that is there.
fn word(input: &Told<'_, '_>, names: &[&str]) -> Option<String> {
    let said = input.first(names)?;
    let text = said.as_str().or_else(|| said.text(&["name"])).or_else(|| said.text(&["id"]))?;
    Some(text.to_string()).filter(|text| !text.trim().is_empty() && !is_placeholder(text))
}

fn resource(input: &Told<'_, '_>) -> Option<Resource> {
    let (kind, id) = if let Some(said) = input.first(&["resource"]) {
        let kind = said.text(&["kind"]).or_else(|| said.text(&["type"])).unwrap_or_default();
        let id = said.as_str().or_else(|| said.text(&["id"])).or_else(|| said.text(&["name"]))?;
        (kind, id.to_string())
    } else {
        let path = input.first(&["path"])?;
        // The vendor's own examples give the parts of a path in a list.
        let parts = || path.elements().iter().map(Node::as_str).collect::<Option<Vec<&str>>>();
        let listed = || parts().filter(|parts| !parts.is_empty()).map(|parts| format!("/{}", parts.join("/")));
        ("", path.as_str().map(str::to_string).or_else(listed)?)
    };
    (!id.trim().is_empty() && !is_placeholder(&id)).then(|| Resource { kind: kind.to_string(), id })
}
