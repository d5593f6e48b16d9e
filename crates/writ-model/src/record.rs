//! Records: what one recorder wrote down once.
//!
//! A record is immutable. Receive time and position are in neither digest nor id, so answers are
//! the same in every store.

use crate::canon::{self, Digest, Malformed, Reader, Writer};
use crate::custody::Custody;
use crate::time::{EventTime, Time};
use alloc::string::String;
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
    pub by: String,
    /// From where: the file, or `-`.
    pub from: String,
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

const ENVELOPE_VERSION: u64 = 0;

impl Envelope {
    /// Canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.array(9).uint(ENVELOPE_VERSION);
        writer.text(&self.identity.source).text(&self.identity.recorder).text(&self.identity.native_id);
        writer.uint(self.custody.code());
        match &self.event_time {
            None => {
                writer.null();
            }
            Some(time) => {
                writer.array(3);
                write_time(&mut writer, Some(time.start));
                write_time(&mut writer, time.end);
                writer.uint(u64::from(time.precision_ms));
            }
        }
        writer.array(2);
        write_time(&mut writer, self.available_time);
        write_time(&mut writer, Some(self.received_time));
        writer.array(3).text(&self.origin.by).text(&self.origin.from).uint(self.origin.byte);
        writer.array(self.redactions.len());
        for redaction in &self.redactions {
            writer.array(3).text(&redaction.pointer).text(&redaction.kind).bytes(&redaction.digest);
        }
        writer.finish()
    }

    /// Reads canonical bytes; anything else is refused.
    pub fn decode(bytes: &[u8]) -> Result<Envelope, Malformed> {
        let mut reader = Reader::new(bytes);
        expect_len(&mut reader, 9)?;
        if reader.uint()? != ENVELOPE_VERSION {
            return Err(Malformed);
        }
        let identity = Identity { source: reader.text()?, recorder: reader.text()?, native_id: reader.text()? };
        let custody = Custody::from_code(reader.uint()?).ok_or(Malformed)?;
        let event_time = if reader.null() {
            None
        } else {
            expect_len(&mut reader, 3)?;
            let start = read_time(&mut reader)?.ok_or(Malformed)?;
            let end = read_time(&mut reader)?;
            Some(EventTime { start, end, precision_ms: u32::try_from(reader.uint()?).map_err(|_| Malformed)? })
        };
        expect_len(&mut reader, 2)?;
        let available_time = read_time(&mut reader)?;
        let received_time = read_time(&mut reader)?.ok_or(Malformed)?;
        expect_len(&mut reader, 3)?;
        let origin = Origin { by: reader.text()?, from: reader.text()?, byte: reader.uint()? };
        let mut redactions = Vec::new();
        for _ in 0..reader.array()? {
            expect_len(&mut reader, 3)?;
            redactions.push(Redaction {
                pointer: reader.text()?,
                kind: reader.text()?,
                digest: reader.bytes()?.to_vec(),
            });
        }
        reader.end()?;
        Ok(Envelope { identity, custody, event_time, available_time, received_time, origin, redactions })
    }
}

fn expect_len(reader: &mut Reader<'_>, len: usize) -> Result<(), Malformed> {
    if reader.array()? == len { Ok(()) } else { Err(Malformed) }
}

fn write_time(writer: &mut Writer, time: Option<Time>) {
    match time {
        None => {
            writer.null();
        }
        Some(time) => {
            let (s, ns) = time.parts();
            writer.array(2).int(s).uint(u64::from(ns));
        }
    }
}

fn read_time(reader: &mut Reader<'_>) -> Result<Option<Time>, Malformed> {
    if reader.null() {
        return Ok(None);
    }
    expect_len(reader, 2)?;
    let s = reader.int()?;
    let ns = u32::try_from(reader.uint()?).map_err(|_| Malformed)?;
    if ns > 999_999_999 { Err(Malformed) } else { Ok(Some(Time::new(s, ns))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;
    use alloc::vec;

    fn envelope() -> Envelope {
        Envelope {
            identity: Identity {
                source: "aws.cloudtrail".to_string(),
                recorder: "aws:111122223333".to_string(),
                native_id: "e-1".to_string(),
            },
            custody: Custody::HandedIn,
            event_time: Some(EventTime::at(Time::parse("1969-12-31T23:59:59Z").unwrap(), 1000)),
            available_time: None,
            received_time: Time::parse("2026-11-24T00:00:00.5Z").unwrap(),
            origin: Origin { by: "ana".to_string(), from: "trail.json.gz".to_string(), byte: 12 },
            redactions: vec![Redaction { pointer: "/a".to_string(), kind: "secret".to_string(), digest: vec![1, 2] }],
        }
    }

    #[test]
    fn an_envelope_reads_back_and_a_damaged_one_does_not() {
        let bytes = envelope().encode();
        assert_eq!(Envelope::decode(&bytes), Ok(envelope()));
        assert_eq!(Envelope::decode(&bytes[..bytes.len() - 1]), Err(Malformed));
        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(Envelope::decode(&longer), Err(Malformed));
    }

    #[test]
    fn the_id_names_identity_and_content_and_nothing_else() {
        let one = content_digest(&envelope().identity, b"{}");
        assert_ne!(one, content_digest(&envelope().identity, b"{ }"));
        let other = Identity { native_id: "e-2".to_string(), ..envelope().identity };
        assert_ne!(one, content_digest(&other, b"{}"));
        assert!(one.hex().starts_with(RecordId::of(&one).to_string().trim_start_matches('#')));
    }
}
