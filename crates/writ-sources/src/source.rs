//! What a source is to the rest of Writ: declarations, and three pure functions.

use crate::redact::Withholds;
use writ_model::fact::Fact;
use writ_model::json::Node;
use writ_model::record::{Envelope, Identity, Redaction};
use writ_model::source::SourceInfo;
use writ_model::time::{EventTime, Time};

/// One log format.
///
/// All methods are pure. `facts` sees evidence after redaction only, so what it says at ingest is
/// what it says of the stored record for ever.
pub trait Source: Sync {
    /// What the format declares about itself.
    fn info(&self) -> &'static SourceInfo;

    /// Counts up whenever the adapter reads anything differently: it is part of the derivation that
    /// every answer cites.
    fn version(&self) -> u32;

    /// Which of its values are secrets and never stored.
    fn withholds(&self) -> &'static Withholds;

    /// Its tables as text, for the derivation: rules that are data change answers like code does.
    fn tables(&self) -> String {
        String::new()
    }

    /// Texts of which one stands in each of its records, by which a reject that may be one is told. A source
    /// that names none may be missed with every reject.
    fn marks(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether this looks like one of its records, by content and never by file name. Records that Writ
    /// writes itself are not: nobody else's bytes may pass for them.
    fn recognises(&self, node: &Node<'_>) -> bool;

    /// What the envelope needs. The error is the cause of a reject: place, what was expected, what
    /// stood there.
    fn read(&self, node: &Node<'_>) -> Result<Reading, String>;

    /// What the source itself says it took out of or changed in the evidence before it wrote it: places
    /// and kinds, without digests.
    fn already_withheld(&self, node: &Node<'_>) -> Vec<Redaction> {
        let _ = node;
        Vec::new()
    }

    /// The member with which that ends which many records begin with, likely word for word: what an emitter says of
    /// itself, or who called.
    fn shared_part<'n, 't>(&self, node: &'n Node<'t>) -> Option<&'n Node<'t>> {
        let _ = node;
        None
    }

    /// What the record says, read off redacted evidence.
    fn facts(&self, node: &Node<'_>, context: &Context<'_>) -> Vec<Fact>;
}

/// What an adapter reads for the envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Who wrote the record.
    pub recorder: String,
    /// The vendor's id; `None`: the digest of the evidence stands in.
    pub native_id: Option<String>,
    /// When it happened.
    pub event_time: Option<EventTime>,
    /// When the source made it available, if the record tells.
    pub available_time: Option<Time>,
}

/// What an adapter may know of a record besides its evidence: what is stored with it and in its
/// digest, nothing about how it arrived.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Who wrote down what.
    pub identity: &'a Identity,
    /// When it happened.
    pub event_time: Option<EventTime>,
}

impl<'a> Context<'a> {
    /// Of a stored record.
    pub fn of(envelope: &'a Envelope) -> Context<'a> {
        Context { identity: &envelope.identity, event_time: envelope.event_time }
    }
}
