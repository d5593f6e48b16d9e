//! Sealing: the costly work on a record, done by whoever brings it.
//!
//! A producer encodes, compresses and fingerprints in its own thread; the one writer only copies
//! the finished bytes into a frame.

use crate::error::{Error, Kind};
use crate::keys::row::Row;
use crate::limit;
use crate::log::entry::{Codec, Entry};
use crate::term::{Term, TermKey};
use std::fmt;
use writ_model::record::{Record, RecordId};
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
    /// Terms of its keys. Those of identity, native id and recorder are added by the store.
    pub terms: Vec<Term>,
}

/// What a producer keeps from record to record: the compressor and the store's term key.
pub struct Packer {
    keys: TermKey,
    compressor: Compressor<'static>,
    scratch: Vec<u8>,
}

impl fmt::Debug for Packer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Packer({:?})", self.keys)
    }
}

/// A record as it will stand in the log.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// The entry's bytes.
    pub(crate) bytes: Vec<u8>,
    pub(crate) terms: Vec<Term>,
    /// Its row of the key table; place and recorder are filled in by the writer.
    pub(crate) row: Row,
    /// Fingerprint of source and recorder.
    pub(crate) recorder: Term,
}

impl Packer {
    /// A packer for one thread.
    pub fn new(keys: &TermKey) -> Result<Packer, Error> {
        let compressor = Compressor::new(LEVEL)
            .map_err(|e| Error::new(Kind::Internal, format!("cannot start the compressor: {e}; please report this")))?;
        Ok(Packer { keys: keys.clone(), compressor, scratch: Vec::new() })
    }

    /// Packs evidence if that makes it smaller; the result lies in the scratch space.
    fn pack(&mut self, evidence: &[u8]) -> Codec {
        self.scratch.clear();
        self.scratch.reserve(zstd::zstd_safe::compress_bound(evidence.len()));
        match self.compressor.compress_to_buffer(evidence, &mut self.scratch) {
            Ok(packed) if packed < evidence.len() => Codec::Zstd,
            _ => Codec::Stored,
        }
    }
}

impl Draft {
    /// Encodes, compresses and fingerprints. Fails with [`Kind::Invalid`] for a record that is
    /// beyond a [limit](crate::limit) or whose id is not of its content; nothing is stored of it.
    pub fn seal(self, packer: &mut Packer) -> Result<Sealed, Error> {
        let Draft { record, terms } = self;
        let envelope = record.envelope.encode();
        check(&record, envelope.len(), terms.len())?;
        let facts = Described::of(&packer.keys, &record, terms);
        let codec = packer.pack(&record.evidence);
        let stored = if codec == Codec::Zstd { packer.scratch.as_slice() } else { record.evidence.as_slice() };
        let raw = crate::bytes::len32(record.evidence.len());
        let entry = Entry { id: record.id, content: record.content, envelope: &envelope, codec, raw, stored };
        let mut bytes = Vec::new();
        entry.encode(&mut bytes);
        if packer.scratch.capacity() > limit::SCRATCH_BYTES_KEPT {
            packer.scratch = Vec::new();
        }
        Ok(Sealed { bytes, terms: facts.terms, row: facts.row, recorder: facts.recorder })
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
        self.row.id()
    }

    /// How many bytes it takes in the log.
    pub fn stored_bytes(&self) -> usize {
        self.bytes.len()
    }
}

/// What the key table and the index need to know of a record.
pub(crate) struct Described {
    pub(crate) row: Row,
    pub(crate) recorder: Term,
    pub(crate) terms: Vec<Term>,
}

impl Described {
    pub(crate) fn of(keys: &TermKey, record: &Record, mut terms: Vec<Term>) -> Described {
        let identity = &record.envelope.identity;
        let name = keys.identity(identity);
        let recorder = keys.recorder(&identity.source, &identity.recorder);
        terms.extend([name, keys.native_id(&identity.native_id), recorder]);
        terms.sort_unstable();
        terms.dedup();
        Described { row: Row::of(record, name, keys.copy(record)), recorder, terms }
    }
}

#[cfg(test)]
mod tests;
