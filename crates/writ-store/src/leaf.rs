//! Leaves: what the tree holds of a record.
//!
//! A leaf names source and recorder, says when the record was received, and commits to each of its parts
//! without showing it. So a bundle that leaves parts out still proves that the record is in the log, and
//! a part that was erased stays proven while nobody can tell what it was. The layout is normative in
//! `docs/spec/record-v1.md`.

use crate::error::Error;
use crate::log::Position;
use crate::log::entry::{Inflater, Kind};
use crate::log::view::View;
use crate::term::TermKey;
use std::ops::Range;
use writ_model::canon::{Digest, Malformed, Reader, Writer};
use writ_model::record::{Envelope, Record};
use writ_model::time::Time;
use writ_tlog::hash::Hash;

const VERSION: u64 = 1;

/// What a leaf says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The format of the record.
    pub source: String,
    /// Who wrote it.
    pub recorder: String,
    /// When it was received.
    pub received: Time,
    /// The kind of each part, and the commitment to it.
    pub commitments: Vec<(u64, [u8; 32])>,
}

impl Leaf {
    /// Reads the bytes of a leaf; `None` for anything else.
    pub fn decode(bytes: &[u8]) -> Option<Leaf> {
        Leaf::read(bytes).ok()
    }

    fn read(bytes: &[u8]) -> Result<Leaf, Malformed> {
        let mut reader = Reader::new(bytes);
        let known = (reader.array()?, reader.uint()?) == (5, VERSION);
        let (source, recorder) = (reader.text()?, reader.text()?);
        let pair = reader.array()? == 2;
        let (seconds, nanos) = (reader.int()?, u32::try_from(reader.uint()?).map_err(|_| Malformed)?);
        let mut commitments = Vec::new();
        for _ in 0..reader.array()? {
            let is_pair = reader.array()? == 2;
            let (kind, bytes) = (reader.uint()?, reader.bytes()?.try_into().map_err(|_| Malformed)?);
            commitments.push(if is_pair { (kind, bytes) } else { return Err(Malformed) });
        }
        reader.end()?;
        if !(known && pair) {
            return Err(Malformed);
        }
        Ok(Leaf { source, recorder, received: Time::new(seconds, nanos), commitments })
    }
}

/// Bytes of a leaf at most: names of sources and recorders have at most a few hundred, and an entry of
/// a C2SP log may have 65,535.
#[cfg(test)]
const LEAF_BYTES_MAX: usize = 16 << 10;

/// The bytes of a record's leaf. `shared` and `own` are the canonical bytes of its envelope.
pub(crate) fn bytes(
    keys: &TermKey,
    content: &Digest,
    envelope: &Envelope,
    (shared, own): (&[u8], &[u8]),
    evidence: &[u8],
) -> Vec<u8> {
    let identifiers = keys.commitment(content, Kind::Identifiers as u8, &[shared, own]);
    let evidence = keys.commitment(content, Kind::Content as u8, &[evidence]);
    let (seconds, nanos) = envelope.received_time.parts();
    let mut writer = Writer::new();
    writer.array(5).uint(VERSION).text(&envelope.identity.source).text(&envelope.identity.recorder);
    writer.array(2).int(seconds).uint(u64::from(nanos));
    writer.array(2);
    for (kind, commitment) in [(Kind::Identifiers, identifiers), (Kind::Content, evidence)] {
        writer.array(2).uint(kind as u64).bytes(&commitment);
    }
    writer.finish()
}

/// The hash of a record's leaf, which is what the tree holds.
pub(crate) fn hash(keys: &TermKey, record: &Record, parts: (&[u8], &[u8])) -> Hash {
    Hash::leaf(&bytes(keys, &record.content, &record.envelope, parts, &record.evidence))
}

/// The hashes of the leaves of these positions, one after the other. Ends at the first record that cannot be
/// read: behind a hole every hash would be another one's.
pub(crate) fn each(
    keys: &TermKey,
    view: &View,
    positions: Range<u64>,
    take: &mut dyn FnMut(Hash) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut inflater = Inflater::new()?;
    view.each(positions, &mut |position, found| {
        let (body, shared) = found.map_err(|damage| damage.error())?;
        let record = body.unpack(shared, &mut inflater).map_err(|_| view.altered(Position(position)))?;
        take(hash(keys, &record, (&shared.said, body.identifiers.stored)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::record;

    fn leaf(keys: &TermKey, change: impl FnOnce(&mut writ_model::record::Record)) -> Vec<u8> {
        let mut record = record("e-1", Some(5), "words");
        change(&mut record);
        let parts = (record.envelope.encode_shared(), record.envelope.encode_own());
        bytes(keys, &record.content, &record.envelope, (&parts.0, &parts.1), &record.evidence)
    }

    #[test]
    fn a_leaf_depends_on_every_part_and_shows_none() {
        let keys = TermKey::new(&[7; 32]);
        let one = leaf(&keys, |_| ());
        assert_eq!(one, leaf(&keys, |_| ()));
        assert!(one.len() < LEAF_BYTES_MAX && !one.windows(5).any(|window| window == b"words"));
        let others = [
            leaf(&keys, |record| record.evidence.push(b'!')),
            leaf(&keys, |record| record.envelope.origin.from = "other".into()),
            leaf(&keys, |record| record.envelope.origin.byte += 1),
            leaf(&keys, |record| record.content.0[0] ^= 1),
            leaf(&TermKey::new(&[8; 32]), |_| ()),
        ];
        assert!(others.iter().all(|other| *other != one));
        let read = Leaf::decode(&one).unwrap();
        assert_eq!(
            (read.source.as_str(), read.recorder.as_str(), read.received),
            ("test.log", "recorder:odd", Time::new(6, 0))
        );
        assert_eq!(read.commitments.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [1, 2]);
        assert!((0..one.len()).all(|cut| Leaf::decode(&one[..cut]).is_none()));
    }
}
