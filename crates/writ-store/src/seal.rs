//! Sealing: the costly work on a record, done by whoever brings it.
//!
//! A producer encodes, compresses and fingerprints in its own thread; the one writer only copies
//! the finished bytes into a frame.

use crate::bytes::len32;
use crate::dictionary;
use crate::error::{Error, Kind};
use crate::index::row::Row;
use crate::leaf;
use crate::limit;
use crate::log::entry::{self, Alike, Body, Codec, HEAD, Part, Shared};
use crate::term::{Term, TermKey};
use std::fmt;
use std::sync::Arc;
use writ_model::record::{Record, RecordId};
use writ_tlog::hash::Hash;
use zstd::bulk::Compressor;

/// zstd level 1: prototypes measured that higher levels do not pay below 1 MiB.
const LEVEL: i32 = 1;

/// Characters of a record's name that stand in a message.
const NAMED_CHARS_MAX: usize = 120;

/// A record that is to be stored, with the terms it is to be found by.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The record.
    pub record: Record,
    /// Terms of its keys. Those of identity and recorder are added by the store.
    pub terms: Vec<Term>,
    /// With how many bytes its evidence begins that others of its delivery begin with too: they are stored once.
    pub alike: usize,
}

/// What a producer keeps from record to record: the compressor, the store's term key, and what the last
/// record shared.
pub struct Packer {
    keys: TermKey,
    compressor: Compressor<'static>,
    scratch: Vec<u8>,
    alike: Alike,
    /// The body of the entry that says so.
    shared: Arc<[u8]>,
}

impl fmt::Debug for Packer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Packer({:?})", self.keys)
    }
}

/// A record as it will stand in the log.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// The body of its entry, and the checksum of that.
    pub(crate) body: Vec<u8>,
    pub(crate) crc: u32,
    /// What it says like others of its delivery: the body of an entry.
    pub(crate) shared: Arc<[u8]>,
    /// Hash of its leaf.
    pub(crate) leaf: Hash,
    pub(crate) terms: Vec<Term>,
    pub(crate) row: Row,
    /// Fingerprint of source and recorder.
    pub(crate) recorder: Term,
    /// Fingerprint of the identity.
    pub(crate) identity: Term,
}

impl Packer {
    /// A packer for one thread.
    pub fn new(keys: &TermKey) -> Result<Packer, Error> {
        let compressor = Compressor::with_dictionary(LEVEL, dictionary::bytes(dictionary::NEWEST))
            .map_err(|e| Error::new(Kind::Internal, format!("cannot start the compressor: {e}; please report this")))?;
        Ok(Packer {
            keys: keys.clone(),
            compressor,
            scratch: Vec::new(),
            alike: Alike::default(),
            shared: Arc::from([]),
        })
    }

    /// A part of these bytes, packed in the scratch space if that makes it smaller.
    fn part<'p>(&'p mut self, kind: entry::Kind, bytes: &'p [u8]) -> Part<'p> {
        self.scratch.clear();
        self.scratch.reserve(zstd::zstd_safe::compress_bound(bytes.len()));
        let (codec, dictionary, stored) = match self.compressor.compress_to_buffer(bytes, &mut self.scratch) {
            Ok(packed) if packed < bytes.len() => (Codec::Zstd, dictionary::NEWEST, self.scratch.as_slice()),
            _ => (Codec::Stored, 0, bytes),
        };
        Part { kind, codec, dictionary, raw: len32(bytes.len()), stored }
    }

    /// What records of one delivery share is packed and kept once.
    fn share(&mut self, said: &[u8], begins: &[u8]) -> Arc<[u8]> {
        if self.alike.said != said || self.alike.begins != begins || self.shared.is_empty() {
            let part = (!begins.is_empty()).then(|| self.part(entry::Kind::Alike, begins));
            self.shared = Arc::from(Shared { said, begins: part }.encode());
            self.alike = Alike { said: said.to_vec(), begins: begins.to_vec() };
        }
        Arc::clone(&self.shared)
    }
}

impl Draft {
    /// Encodes, compresses, commits and fingerprints. Fails with [`Kind::Invalid`] for a record that is
    /// beyond a [limit](crate::limit) or whose id is not of its content; nothing is stored of it.
    pub fn seal(self, packer: &mut Packer) -> Result<Sealed, Error> {
        let Draft { record, terms, alike } = self;
        let (said, own) = (record.envelope.encode_shared(), record.envelope.encode_own());
        check(&record, said.len() + own.len(), terms.len())?;
        let described = Described::of(&packer.keys, &record, terms);
        let leaf = leaf::hash(&packer.keys, &record, (&said, &own));
        let Record { content, evidence, .. } = &record;
        let is_worth = (limit::ALIKE_BYTES_MIN..=limit::ALIKE_BYTES_MAX).contains(&alike);
        let (begins, rest) = evidence.split_at_checked(if is_worth { alike } else { 0 }).unwrap_or((&[], evidence));
        let shared = packer.share(&said, begins);
        let identifiers = Part {
            kind: entry::Kind::Identifiers,
            codec: Codec::Stored,
            dictionary: 0,
            raw: len32(own.len()),
            stored: &own,
        };
        let body = Body { content: *content, identifiers, evidence: packer.part(entry::Kind::Content, rest) }.encode();
        if packer.scratch.capacity() > limit::SCRATCH_BYTES_KEPT {
            packer.scratch = Vec::new();
        }
        let Described { row, recorder, identity, terms } = described;
        let crc = crc32c::crc32c(&body);
        Ok(Sealed { body, crc, shared, leaf, terms, row, recorder, identity })
    }
}

fn check(record: &Record, envelope: usize, terms: usize) -> Result<(), Error> {
    let bounds = [
        ("evidence", "bytes", record.evidence.len(), limit::EVIDENCE_BYTES_MAX),
        ("an envelope", "bytes", envelope, limit::ENVELOPE_BYTES_MAX),
        ("keys", "terms", terms, limit::TERMS_MAX),
    ];
    // A name may be what is too long, and this is read by people.
    let at: String = record.envelope.identity.reference().chars().take(NAMED_CHARS_MAX).collect();
    for (what, unit, found, most) in bounds {
        if found > most {
            return Err(Error::invalid(format!(
                "record `{at}` has {what} of {found} {unit}, and a record may have {most}: split it, or keep it as a reject"
            )));
        }
    }
    if record.id == RecordId::of(&record.content) {
        Ok(())
    } else {
        Err(Error::invalid(format!("the id of record `{at}` is not of its content: take it from `RecordId::of`")))
    }
}

impl Sealed {
    /// The record's id.
    pub fn id(&self) -> RecordId {
        self.row.id
    }

    /// How many bytes it takes in the log, apart from what it shares.
    pub fn stored_bytes(&self) -> usize {
        HEAD + self.body.len()
    }
}

/// What the index needs to know of a record.
pub(crate) struct Described {
    pub(crate) row: Row,
    pub(crate) recorder: Term,
    pub(crate) identity: Term,
    pub(crate) terms: Vec<Term>,
}

impl Described {
    pub(crate) fn of(keys: &TermKey, record: &Record, mut terms: Vec<Term>) -> Described {
        let identity = &record.envelope.identity;
        let recorder = keys.recorder(&identity.source, &identity.recorder);
        let identity = keys.identity(identity);
        terms.extend([identity, recorder]);
        terms.sort_unstable();
        terms.dedup();
        let row = Row::of(record, keys.copy(record), false);
        Described { row, recorder, identity, terms }
    }
}

#[cfg(test)]
mod tests;
