//! Use cases: each joins the rooms for one command, and knows nothing of the terminal.

pub(crate) mod ask;
pub(crate) mod check;
pub(crate) mod event;
pub(crate) mod find;
pub(crate) mod ingest;
pub(crate) mod story;

use writ_model::canon::Digest;
use writ_model::fact::Fact;
use writ_model::json;
use writ_model::record::{Record, content_digest};
use writ_store::{Term, TermKey};

/// Digest of everything an answer depends on besides the records: adapters, rules, thresholds.
pub(crate) fn derivation() -> Digest {
    Digest::of_parts("writ derivation 0", &[&writ_sources::derivation().0, &writ_path::derivation().0])
}

/// The terms a record is found by: one per key, role and attestation class. Adapters bound how many
/// keys they read off a record, so none is left out here.
pub(crate) fn terms(keys: &TermKey, facts: &[Fact]) -> Vec<Term> {
    let n_keys: usize = facts.iter().map(|fact| fact.keys.len()).sum();
    // The store adds those of identity and recorder.
    let mut terms = Vec::with_capacity(n_keys + 2);
    terms.extend(facts.iter().flat_map(|fact| &fact.keys).map(|key| keys.term(key)));
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// The terms of a stored record, derived anew.
pub(crate) fn derive(keys: &TermKey, record: &Record) -> Vec<Term> {
    terms(keys, &facts(record))
}

/// Whether a record's digest is that of its content.
pub(crate) fn is_own(record: &Record) -> bool {
    let identity = &record.envelope.identity;
    if identity.source == writ_sources::raw::INFO.name {
        return content_digest(identity, &record.evidence) == record.content;
    }
    let Ok(node) = json::parse(&record.evidence) else { return false };
    let mut canonical = Vec::with_capacity(record.evidence.len());
    json::canonical_of(&record.evidence, &node, &mut canonical);
    content_digest(identity, &canonical) == record.content
}

/// What a stored record says, read by today's adapter. A record no adapter reads says nothing.
pub(crate) fn facts(record: &Record) -> Vec<Fact> {
    writ_sources::derive_facts(&record.envelope, &record.evidence).unwrap_or_default()
}
