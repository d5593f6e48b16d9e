//! Records: what one recorder wrote down once.
//!
//! A record is immutable. Receive time and position are in neither digest nor id, so answers are
//! the same in every store.

mod encoding;

use crate::canon::{self, Digest, Writer};
use crate::custody::Custody;
use crate::time::{EventTime, Time};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

/// Who wrote down what under which id: two records of one identity tell the same thing, or are in
/// conflict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// The format: `aws.cloudtrail`.
    pub source: String,
    /// The party that wrote it: `aws:111122223333`.
    pub recorder: String,
    /// The vendor's id, or the digest of the evidence where it gives none.
    pub native_id: String,
}

impl Identity {
    /// Canonical bytes, which digests cover.
    pub fn bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.array(3).text(&self.source).text(&self.recorder).text(&self.native_id);
        writer.finish()
    }

    /// How answers refer to a record of this identity: `SOURCE:NATIVE_ID`.
    pub fn reference(&self) -> String {
        alloc::format!("{}:{}", self.source, self.native_id)
    }
}

/// Digest of identity and canonical evidence (values withheld on ingest are placeholders there, so
/// they do not enter it). Answers cite it.
pub fn content_digest(identity: &Identity, canonical_evidence: &[u8]) -> Digest {
    Digest::of_parts("writ content 0", &[&identity.bytes(), canonical_evidence])
}

/// 128 bits of the content digest: the same in every store. Printed as `#` and hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(pub [u8; 16]);

impl RecordId {
    /// The id of a record with that content.
    pub fn of(content: &Digest) -> RecordId {
        let mut id = [0; 16];
        id.iter_mut().zip(content.0).for_each(|(to, from)| *to = from);
        RecordId(id)
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", canon::hex(&self.0))
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A value that was withheld from evidence before it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redaction {
    /// Where it stood: an RFC 6901 pointer into the evidence.
    pub pointer: String,
    /// What it was: `session_token`, `secret`.
    pub kind: String,
    /// HMAC-SHA-256 of the value under the store's own key, so that equality can be told without
    /// the value. Empty where there is no key.
    pub digest: Vec<u8>,
}

/// What stands in evidence in the place of a withheld value: it carries the kind only.
pub fn placeholder(kind: &str) -> String {
    alloc::format!("writ:withheld:{kind}")
}

/// Who handed a record in and where in their input it stood. In no digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Who: the account on this machine that ran the command.
    pub by: Arc<str>,
    /// From where: the file, or `-`.
    pub from: Arc<str>,
    /// Byte in the decompressed input at which it began.
    pub byte: u64,
}

/// Everything about a record but its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Who wrote down what.
    pub identity: Identity,
    /// How we know it is that recorder's.
    pub custody: Custody,
    /// When it happened, as the recorder tells; `None` where it does not.
    pub event_time: Option<EventTime>,
    /// When the source made it available, if it tells.
    pub available_time: Option<Time>,
    /// When Writ got it.
    pub received_time: Time,
    /// Who handed it in.
    pub origin: Origin,
    /// What was withheld.
    pub redactions: Vec<Redaction>,
}

/// A record: id, digest, envelope and the evidence as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// 128 bits of `content`.
    pub id: RecordId,
    /// Digest of identity and canonical evidence.
    pub content: Digest,
    /// Everything but the evidence.
    pub envelope: Envelope,
    /// The bytes the recorder wrote, after redaction.
    pub evidence: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn the_id_names_identity_and_content_and_nothing_else() {
        let identity = |native_id: &str| Identity {
            source: "aws.cloudtrail".to_string(),
            recorder: "aws:111122223333".to_string(),
            native_id: native_id.to_string(),
        };
        let one = content_digest(&identity("e-1"), b"{}");
        assert_ne!(one, content_digest(&identity("e-1"), b"{ }"));
        assert_ne!(one, content_digest(&identity("e-2"), b"{}"));
        assert!(one.hex().starts_with(RecordId::of(&one).to_string().trim_start_matches('#')));
    }
}
