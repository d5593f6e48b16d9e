//! Sealing: the costly work on a record, done by whoever brings it.
//!
//! A producer encodes, compresses and fingerprints in its own thread; the one writer only copies
//! the finished bytes into a frame.

pub(crate) mod share;

use crate::bytes::len32;
use crate::dictionary;
use crate::error::{Error, Kind};
use crate::index::row::{RecorderName, Row};
use crate::leaf;
use crate::limit;
use crate::log::entry::{self, Body, Codec, HEAD, Part};
use crate::seal::share::{Shared, Told};
use crate::term::{Term, TermKey};
use std::fmt;
use std::sync::Arc;
use writ_model::record::{Record, RecordId};
use writ_tlog::hash::Hash;
use zstd::bulk::Compressor;
use zstd::zstd_safe::CParameter;

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
    /// With how many bytes its evidence begins that others are likely to begin with too. From the second that does
    /// on they are stored once, if they are from 64 bytes to 16 KiB.
    pub alike: usize,
}

/// What a producer keeps from record to record: compressors, the store's term key, and what records shared.
pub struct Packer {
    keys: TermKey,
    /// One for each dictionary, from number 1 on.
    compressors: Vec<Compressor<'static>>,
    scratch: Vec<u8>,
    told: Told,
    /// The last recorder: the next record is mostly of the same.
    recorder: LastRecorder,
}

impl fmt::Debug for Packer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Packer({:?})", self.keys)
    }
}

/// Records as they will stand in the log, in order. What there is room for is used again once they are committed.
#[derive(Debug, Default)]
pub struct Sealed {
    records: Vec<One>,
    /// The bodies of their entries, one behind the other.
    bodies: Vec<u8>,
    /// Their terms, likewise.
    terms: Vec<Term>,
}

/// A record as it will stand in the log.
#[derive(Debug)]
pub(crate) struct One {
    /// The checksum of the body of its entry.
    pub(crate) crc: u32,
    pub(crate) shared: Shared,
    /// Hash of its leaf.
    pub(crate) leaf: Hash,
    pub(crate) row: Row,
    /// Fingerprint of source and recorder.
    pub(crate) recorder: Term,
    /// Fingerprint of the identity.
    pub(crate) identity: Term,
    body_end: usize,
    terms_end: usize,
}

impl Sealed {
    /// How many records they are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// How many bytes they take in the log, apart from what they share.
    pub fn stored_bytes(&self) -> usize {
        self.records.len() * HEAD + self.bodies.len()
    }

    pub(crate) fn identities(&self) -> impl Iterator<Item = Term> {
        self.records.iter().map(|one| one.identity)
    }

    /// Each record, with the body of its entry and its terms.
    pub(crate) fn each(&self) -> impl Iterator<Item = (&One, &[u8], &[Term])> {
        let (mut body, mut terms) = (0, 0);
        self.records.iter().map(move |one| {
            let from = (std::mem::replace(&mut body, one.body_end), std::mem::replace(&mut terms, one.terms_end));
            let body = self.bodies.get(from.0..one.body_end).unwrap_or_default();
            (one, body, self.terms.get(from.1..one.terms_end).unwrap_or_default())
        })
    }

    /// Without the records, but with the room they took, unless that was much.
    pub(crate) fn emptied(mut self) -> Sealed {
        self.records.clear();
        self.bodies.clear();
        self.terms.clear();
        let lists = self.records.capacity() * size_of::<One>() + self.terms.capacity() * size_of::<Term>();
        if self.bodies.capacity() + lists > limit::SEALED_BYTES_KEPT { Sealed::default() } else { self }
    }
}

impl Packer {
    /// A packer for one thread.
    pub fn new(keys: &TermKey) -> Result<Packer, Error> {
        let compressors = dictionary::ALL.iter().skip(1).map(|dictionary| compressor(dictionary));
        let compressors = compressors
            .collect::<std::io::Result<_>>()
            .map_err(|e| Error::new(Kind::Internal, format!("cannot start the compressor: {e}; please report this")))?;
        let (scratch, told, recorder) = (Vec::new(), Told::default(), LastRecorder::default());
        Ok(Packer { keys: keys.clone(), compressors, scratch, told, recorder })
    }
}

/// Frames without their length and the id of their dictionary: both stand in the head of the part.
fn compressor(dictionary: &[u8]) -> std::io::Result<Compressor<'static>> {
    let mut compressor = Compressor::with_dictionary(LEVEL, dictionary)?;
    compressor.set_parameter(CParameter::ContentSizeFlag(false))?;
    compressor.set_parameter(CParameter::DictIdFlag(false))?;
    Ok(compressor)
}

/// A part of these bytes, packed in the scratch space with this dictionary if that makes it smaller.
fn part<'p>(
    compressors: &mut [Compressor<'static>],
    scratch: &'p mut Vec<u8>,
    kind: entry::Kind,
    bytes: &'p [u8],
    dictionary: u8,
) -> Part<'p> {
    scratch.clear();
    scratch.reserve(zstd::zstd_safe::compress_bound(bytes.len()));
    let compressor = usize::from(dictionary).checked_sub(1).and_then(|at| compressors.get_mut(at));
    let packed = compressor.and_then(|one| one.compress_to_buffer(bytes, scratch).ok());
    let (codec, dictionary, stored) = match packed {
        Some(packed) if packed < bytes.len() => (Codec::Zstd, dictionary, scratch.as_slice()),
        _ => (Codec::Stored, 0, bytes),
    };
    Part { kind, codec, dictionary, raw: len32(bytes.len()), stored }
}

impl Draft {
    /// Encodes, compresses, commits and fingerprints, and puts the record behind those that are `sealed` already.
    /// Fails with [`Kind::Invalid`] for a record that is beyond a [limit](crate::limit) or whose id is not of its
    /// content; nothing is stored of it.
    pub fn seal(self, packer: &mut Packer, sealed: &mut Sealed) -> Result<(), Error> {
        let Draft { record, terms, alike } = self;
        let (said, own) = (packer.told.said(&record.envelope), record.envelope.encode_own());
        check(&record, said.len() + own.len(), terms.len())?;
        let Described { row, recorder, identity, terms } =
            Described::of(&packer.keys, &mut packer.recorder, &record, terms);
        let leaf = leaf::hash(&packer.keys, &record, (&said, &own));
        let Record { content, evidence, .. } = &record;
        let dictionary = dictionary::of(&record.envelope.identity.source);
        let Packer { compressors, scratch, told, .. } = packer;
        let (begin, behind) = evidence.split_at_checked(alike).unwrap_or((&[], evidence));
        let begins =
            told.begins(begin, || part(compressors, scratch, entry::Kind::Alike, begin, dictionary).encode_alone());
        let rest = if begins.is_some() { behind } else { evidence };
        let shared = Shared { said, begins };
        let identifiers = Part {
            kind: entry::Kind::Identifiers,
            codec: Codec::Stored,
            dictionary: 0,
            raw: len32(own.len()),
            stored: &own,
        };
        let evidence = part(compressors, scratch, entry::Kind::Content, rest, dictionary);
        let at = sealed.bodies.len();
        Body { content: *content, identifiers, evidence }.encode(&mut sealed.bodies);
        if scratch.capacity() > limit::SCRATCH_BYTES_KEPT {
            *scratch = Vec::new();
        }
        let crc = crc32c::crc32c(sealed.bodies.get(at..).unwrap_or_default());
        sealed.terms.extend(terms);
        let (body_end, terms_end) = (sealed.bodies.len(), sealed.terms.len());
        sealed.records.push(One { crc, shared, leaf, row, recorder, identity, body_end, terms_end });
        Ok(())
    }
}

fn check(record: &Record, envelope: usize, terms: usize) -> Result<(), Error> {
    let bounds = [
        ("evidence", "bytes", record.evidence.len(), limit::EVIDENCE_BYTES_MAX),
        ("an envelope", "bytes", envelope, limit::ENVELOPE_BYTES_MAX),
        ("keys", "terms", terms, limit::TERMS_MAX),
    ];
    // A name may be what is too long, and this is read by people.
    let at = || record.envelope.identity.reference().chars().take(NAMED_CHARS_MAX).collect::<String>();
    for (what, unit, found, most) in bounds {
        if found > most {
            return Err(Error::invalid(format!(
                "record `{}` has {what} of {found} {unit}, and a record may have {most}: split it, or keep it as a reject",
                at()
            )));
        }
    }
    if record.id == RecordId::of(&record.content) {
        Ok(())
    } else {
        Err(Error::invalid(format!("the id of record `{}` is not of its content: take it from `RecordId::of`", at())))
    }
}

/// What the index needs to know of a record.
pub(crate) struct Described {
    pub(crate) row: Row,
    pub(crate) recorder: Term,
    pub(crate) identity: Term,
    pub(crate) terms: Vec<Term>,
}

/// The recorder of the last record, by its name and by its term.
#[derive(Debug, Default)]
pub(crate) struct LastRecorder(Option<(Arc<RecorderName>, Term)>);

impl LastRecorder {
    fn term(&mut self, keys: &TermKey, source: &str, recorder: &str) -> Term {
        if let Some((last, term)) = &self.0
            && (last.0.as_str(), last.1.as_str()) == (source, recorder)
        {
            return *term;
        }
        let term = keys.recorder(source, recorder);
        self.0 = Some((Arc::new((source.to_owned(), recorder.to_owned())), term));
        term
    }

    /// Its name; empty before the first record.
    pub(crate) fn name(&self) -> Arc<RecorderName> {
        self.0.as_ref().map_or_else(Arc::default, |(name, _)| Arc::clone(name))
    }
}

impl Described {
    pub(crate) fn of(keys: &TermKey, last: &mut LastRecorder, record: &Record, mut terms: Vec<Term>) -> Described {
        let identity = &record.envelope.identity;
        let recorder = last.term(keys, &identity.source, &identity.recorder);
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
