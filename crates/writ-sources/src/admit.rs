//! From bytes to a record: read once, secrets withheld, digest, id, facts.

use crate::detect::{by_name, detect, detect_of};
use crate::redact;
use crate::source::{Context, Source};
use crate::{field, health};
use std::borrow::Cow;
use writ_model::canon::Digest;
use writ_model::custody::Custody;
use writ_model::fact::Fact;
use writ_model::json::{self, Node, Value};
use writ_model::key::Attestation;
use writ_model::record::{Envelope, Identity, Origin, Record, RecordId, Redaction, content_digest};
use writ_model::time::{EventTime, Time};

/// A keyed digest of a withheld value (HMAC-SHA-256 under the store's own key).
pub type Mac<'a> = &'a dyn Fn(&[u8]) -> [u8; 32];

/// Longest native id or name of a recorder, in bytes. Vendors' ids stay under 500. What is longer could
/// not be typed or put into a line of a report, and would stand in every answer about the record.
pub(crate) const ID_BYTES_MAX: usize = 4096;

/// A record before it is known how it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// The name of its source, which its identity has too.
    pub source: &'static str,
    /// 128 bits of `content`.
    pub id: RecordId,
    /// Digest of identity and canonical evidence.
    pub content: Digest,
    /// Who wrote down what.
    pub identity: Identity,
    /// When it happened, as the recorder tells.
    pub event_time: Option<EventTime>,
    /// When the source made it available, if it tells.
    pub available_time: Option<Time>,
    /// What was withheld from the evidence.
    pub redactions: Vec<Redaction>,
    /// The bytes the recorder wrote, after redaction.
    pub evidence: Vec<u8>,
    /// With how many of them other records are likely to begin too; 0 where nothing is known of that.
    pub alike: usize,
    /// What it says.
    pub facts: Vec<Fact>,
}

impl Admitted {
    /// The record, once it is known how, when and from whom it came, and its facts.
    pub fn into_record(self, custody: Custody, received_time: Time, origin: Origin) -> (Record, Vec<Fact>) {
        let envelope = Envelope {
            identity: self.identity,
            custody,
            event_time: self.event_time,
            available_time: self.available_time,
            received_time,
            origin,
            redactions: self.redactions,
        };
        let facts = as_handed_over(self.facts, custody);
        (Record { id: self.id, content: self.content, envelope, evidence: self.evidence }, facts)
    }
}

/// Reads the bytes of one record. `source` and `recorder` override what the content tells.
///
/// The error is the cause of a reject, in one clause; the bytes are then for [`crate::raw::keep`].
pub fn admit(
    raw: &[u8],
    source: Option<&'static dyn Source>,
    recorder: Option<&str>,
    mac: Mac<'_>,
) -> Result<Admitted, String> {
    let node = json::parse(raw).map_err(|error| unreadable(&error, 0))?;
    admit_node(raw, node, source, None, recorder, mac)
}

/// As [`admit`], for a tree that was read from a place in `text`. `vendor`: only sources of that
/// namespace may be told by content.
pub(crate) fn admit_node(
    text: &[u8],
    mut node: Node<'_>,
    source: Option<&'static dyn Source>,
    vendor: Option<&str>,
    recorder: Option<&str>,
    mac: Mac<'_>,
) -> Result<Admitted, String> {
    let told = || vendor.map_or_else(|| detect(&node), |namespace| detect_of(namespace, &node));
    let source = source.or_else(told).ok_or_else(|| unrecognised(&node))?;
    let reading = source.read(&node)?;
    let whole = node.span();
    // Behind a value, so that no name is cut from what is its: names are withheld too.
    let own = source.shared_part(&node).map_or(whole.start, |shared| shared.span().end);
    let (rules, mut list) = (source.withholds(), redact::List::new(mac));
    let withheld = redact::withhold(&mut node, text.get(whole.clone()).unwrap_or_default(), rules, &mut list);
    let mut evidence = Vec::with_capacity(whole.len());
    let (before, behind) = redact::split_at(withheld, own);
    redact::splice(text, whole.start..own, before, &mut evidence);
    let alike = evidence.len();
    redact::splice(text, own..whole.end, behind, &mut evidence);
    list.already(source.already_withheld(&node));
    let mut canonical = Vec::with_capacity(evidence.len());
    json::canonical_of(text, &node, &mut canonical);
    let native_id = reading.native_id.unwrap_or_else(|| evidence_id(&canonical));
    // Both were read before anything was withheld, and stand beside the evidence.
    let without_secrets = |id: String| match redact::id_without_secrets(&id, rules, mac) {
        Cow::Owned(shown) => shown,
        Cow::Borrowed(_) => id,
    };
    let native_id = without_secrets(native_id);
    let recorder = recorder.map_or_else(|| without_secrets(reading.recorder), str::to_string);
    if field::is_writ(&recorder) && !health::is_own(source, &node) {
        return Err(format!("the recorder `{}` is Writ itself, which is never handed in", short(&recorder)));
    }
    for (what, id) in [("id", &native_id), ("recorder", &recorder)] {
        if id.len() > ID_BYTES_MAX {
            let (n, begins) = (id.len(), short(id));
            return Err(format!("the {what} of this record has {n} bytes and may have {ID_BYTES_MAX}: `{begins}`"));
        }
    }
    let name = source.info().name;
    let identity = Identity { source: name.to_string(), recorder, native_id };
    let content = content_digest(&identity, &canonical);
    let facts = source.facts(&node, &Context { identity: &identity, event_time: reading.event_time });
    Ok(Admitted {
        source: name,
        id: RecordId::of(&content),
        content,
        identity,
        event_time: reading.event_time,
        available_time: reading.available_time,
        redactions: list.finish(),
        evidence,
        alike,
        facts,
    })
}

/// What a stored record says, by today's adapters: exactly what they would have said when it came in.
///
/// The error names an unknown source, or says that the evidence cannot be read, which means that the
/// store is damaged.
pub fn derive_facts(envelope: &Envelope, evidence: &[u8]) -> Result<Vec<Fact>, String> {
    let name = &envelope.identity.source;
    let source = by_name(name).ok_or_else(|| format!("no adapter reads `{name}`; this store needs a newer writ"))?;
    if source.info().contains.is_empty() {
        return Ok(Vec::new());
    }
    let node = json::parse(evidence).map_err(|error| unreadable(&error, 0))?;
    Ok(as_handed_over(source.facts(&node, &Context::of(envelope)), envelope.custody))
}

/// Facts of a record that anybody may have written: nobody checked its keys, so they are claims. They
/// are then found behind every key that somebody did check, however many of them there are.
fn as_handed_over(mut facts: Vec<Fact>, custody: Custody) -> Vec<Fact> {
    if custody == Custody::Open {
        for key in facts.iter_mut().flat_map(|fact| &mut fact.keys) {
            key.class = key.class.max(Attestation::Claimed);
        }
    }
    facts
}

/// The native id of a record whose vendor gives none: digest of its canonical evidence, or of the
/// bytes where they are not JSON.
pub(crate) fn evidence_id(bytes: &[u8]) -> String {
    Digest::of("writ evidence 0", bytes).to_string()
}

/// Why a JSON text could not be read; positions count from `base`.
pub(crate) fn unreadable(error: &json::Error, base: u64) -> String {
    let place = base.saturating_add(u64::try_from(error.byte).unwrap_or(u64::MAX));
    format!("not JSON: {} (byte {place})", error.cause)
}

fn unrecognised(node: &Node<'_>) -> String {
    match &node.value {
        Value::Object(members) => {
            /// Enough names to recognise a log by, few enough for one line.
            const NAMES_SHOWN: usize = 4;
            let names: Vec<String> =
                members.iter().take(NAMES_SHOWN).map(|(name, _)| format!("`{}`", short(name))).collect();
            let more = if members.len() > NAMES_SHOWN { ", …" } else { "" };
            format!(
                "no source knows an object with the members {}{more}; name its source if it has one",
                names.join(", ")
            )
        }
        other => format!("a record is a JSON object; this is {}", kind_word(other)),
    }
}

/// What sort of value this is, for a cause.
pub(crate) fn kind_word(value: &Value<'_>) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// The beginning of a value that is shown in a cause, without the secrets in it.
pub(crate) fn short(text: &str) -> String {
    /// Long enough for ids, times and names.
    const CHARS_SHOWN: usize = 60;
    /// Of what is longer the beginning is searched: a token must be seen as a whole to be known for one.
    const BYTES_SEARCHED: usize = 64 << 10;
    let text = &redact::without_secrets(text.get(..text.floor_char_boundary(BYTES_SEARCHED)).unwrap_or_default());
    let mut shown: String = text.chars().take(CHARS_SHOWN).collect();
    if text.chars().nth(CHARS_SHOWN).is_some() {
        shown.push('…');
    }
    shown
}
