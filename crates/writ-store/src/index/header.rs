//! The header of a part: whose it is, what it holds, and where. Opening a part reads nothing else.

use crate::bytes::Bytes;
use crate::index::bits::width;
use crate::index::block::Extent;
use crate::index::packed::Packed;
use crate::index::recorder::{put_time, take_time};
use crate::index::row::Row;
use crate::term::TermKey;
use writ_model::canon::Digest;
use writ_model::time::Time;
use writ_tlog::hash::Hash;

/// Length of a header, in bytes: one sector, so that it is written whole or not at all.
pub(crate) const HEADER: usize = 512;
const CHECKED: usize = HEADER - 4;
const MAGIC: [u8; 8] = *b"writpart";
const VERSION: u32 = 3;

/// Whose keys: a part of another store, of other adapters, or of terms that were made otherwise is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) store: [u8; 8],
    pub(crate) derivation: Digest,
}

impl Owner {
    /// Of the store with these keys, by these adapters, with terms as they are made today: when these change, so
    /// does the number here, and keys are derived anew.
    pub(crate) fn new(keys: &TermKey, adapters: Digest) -> Owner {
        Owner { store: keys.store(), derivation: Digest::of("writ keys 4", &adapters.0) }
    }
}

/// What is known of a part or a run without looking into it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Position of the first record.
    pub(crate) first: u64,
    /// The position after the last one, lost records included.
    pub(crate) next: u64,
    /// How many records can be found, copies included.
    pub(crate) n_rows: u32,
    /// How many of them are without an event time: they have the first ranks.
    pub(crate) n_timeless: u32,
    /// How many are copies of a record that stands at an earlier position.
    pub(crate) n_again: u32,
    /// The least and the greatest event time.
    pub(crate) events: Option<(Time, Time)>,
    /// When the first and the last of them were received.
    pub(crate) received: Option<(Time, Time)>,
}

/// The sections of a part. Columns and terms have no extent, since others lead to their blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sections {
    /// Where the blocks of columns end; they begin behind the header.
    pub(crate) columns_end: u64,
    /// Where the ranks of all positions begin.
    pub(crate) positions: u64,
    /// Where the ranks in the order of record ids begin.
    pub(crate) ids: u64,
    pub(crate) fences: Extent,
    pub(crate) directory: Extent,
    pub(crate) filter: Extent,
    pub(crate) recorders: Extent,
}

/// The header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) owner: Owner,
    pub(crate) facts: Facts,
    /// Root of the tree over the log up to the last record: of which log the keys are.
    pub(crate) root: Hash,
    pub(crate) n_recorders: u32,
    pub(crate) n_buckets: u32,
    /// How many distinct terms.
    pub(crate) n_terms: u64,
    pub(crate) n_postings: u64,
    pub(crate) sections: Sections,
    /// Length of the file, in bytes.
    pub(crate) size: u64,
}

/// Why a file is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The bytes are not a header of this layout.
    Malformed,
    /// Another version made it.
    Version(u32),
    /// It is whole, and not of this [`Owner`].
    Owner,
}

impl Facts {
    /// Bits of a rank.
    pub(crate) fn rank_width(&self) -> u32 {
        width(u64::from(self.n_rows.saturating_sub(1)))
    }

    /// Counts a row, apart from [`Facts::n_rows`].
    pub(crate) fn add(&mut self, row: &Row) {
        self.n_timeless += u32::from(row.time.is_none());
        self.n_again += u32::from(row.again);
        widen(&mut self.received, row.received);
        if let Some(time) = row.time {
            widen(&mut self.events, time);
        }
    }

    /// How many positions it spans.
    pub(crate) fn n_positions(&self) -> u64 {
        self.next.saturating_sub(self.first)
    }
}

fn widen(bounds: &mut Option<(Time, Time)>, time: Time) {
    *bounds = Some(bounds.map_or((time, time), |(first, last)| (first.min(time), last.max(time))));
}

impl Header {
    /// The rank of each position; `n_rows` stands for a lost record.
    pub(crate) fn positions(&self) -> Packed {
        let width = width(u64::from(self.facts.n_rows));
        Packed { offset: self.sections.positions, n: self.facts.n_positions(), width }
    }

    /// The ranks in the order of record ids.
    pub(crate) fn ids(&self) -> Packed {
        let n = u64::from(self.facts.n_rows);
        Packed { offset: self.sections.ids, n, width: self.facts.rank_width() }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let Header { owner, facts, sections, .. } = self;
        let mut out = Vec::with_capacity(HEADER);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&owner.store);
        out.extend_from_slice(&owner.derivation.0);
        out.extend_from_slice(&facts.first.to_le_bytes());
        out.extend_from_slice(&facts.next.to_le_bytes());
        for n in [facts.n_rows, facts.n_timeless, facts.n_again, self.n_recorders, self.n_buckets, 0] {
            out.extend_from_slice(&n.to_le_bytes());
        }
        let (first_event, last_event) = facts.events.unzip();
        let (first_received, last_received) = facts.received.unzip();
        for time in [first_event, last_event, first_received, last_received] {
            put_time(&mut out, time);
        }
        let Sections { columns_end, positions, ids, fences, directory, filter, recorders } = *sections;
        for n in [self.n_terms, self.n_postings, columns_end, positions, ids] {
            out.extend_from_slice(&n.to_le_bytes());
        }
        for extent in [fences, directory, filter, recorders] {
            out.extend_from_slice(&extent.offset.to_le_bytes());
            out.extend_from_slice(&extent.len.to_le_bytes());
        }
        out.extend_from_slice(&self.size.to_le_bytes());
        out.extend_from_slice(&self.root.0);
        out.resize(CHECKED, 0);
        out.extend_from_slice(&crc32c::crc32c(&out).to_le_bytes());
        out
    }

    /// Reads a header of this owner.
    pub(crate) fn decode(bytes: &[u8; HEADER], owner: &Owner) -> Result<Header, Refusal> {
        let mut rest = Bytes(bytes);
        let (body, crc) = bytes.split_at(CHECKED);
        if rest.array() != Some(MAGIC) {
            return Err(Refusal::Malformed);
        }
        let version = rest.u32().unwrap_or(0);
        if crc != crc32c::crc32c(body).to_le_bytes() {
            return Err(Refusal::Malformed);
        }
        if version != VERSION {
            return Err(Refusal::Version(version));
        }
        let header = Header::read(rest).ok_or(Refusal::Malformed)?;
        if header.owner == *owner { Ok(header) } else { Err(Refusal::Owner) }
    }

    fn read(mut rest: Bytes<'_>) -> Option<Header> {
        rest.u32()?;
        let owner = Owner { store: rest.array()?, derivation: Digest(rest.array()?) };
        let (first, next) = (rest.u64()?, rest.u64()?);
        let (n_rows, n_timeless, n_again) = (rest.u32()?, rest.u32()?, rest.u32()?);
        let (n_recorders, n_buckets, _) = (rest.u32()?, rest.u32()?, rest.u32()?);
        let mut pair = || Some(take_time(&mut rest).ok()?.zip(take_time(&mut rest).ok()?));
        let (events, received) = (pair()?, pair()?);
        let (n_terms, n_postings) = (rest.u64()?, rest.u64()?);
        let (columns_end, positions, ids) = (rest.u64()?, rest.u64()?, rest.u64()?);
        let mut extent = || Some(Extent { offset: rest.u64()?, len: rest.u64()? });
        let (fences, directory, filter, recorders) = (extent()?, extent()?, extent()?, extent()?);
        let sections = Sections { columns_end, positions, ids, fences, directory, filter, recorders };
        let facts = Facts { first, next, n_rows, n_timeless, n_again, events, received };
        let sound = u64::from(n_rows) <= facts.n_positions() && n_timeless <= n_rows && n_again <= n_rows;
        let size = rest.u64().filter(|_| sound)?;
        let root = Hash(rest.array()?);
        Some(Header { owner, facts, root, n_recorders, n_buckets, n_terms, n_postings, sections, size })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_reads_back_for_its_owner_alone() {
        let owner = Owner { store: [1; 8], derivation: Digest([2; 32]) };
        let at = |s| Time::new(s, 7);
        let facts = Facts {
            first: 9,
            next: 99,
            n_rows: 80,
            n_timeless: 3,
            n_again: 2,
            events: Some((at(1), at(2))),
            received: Some((at(3), at(4))),
        };
        let extent = |offset| Extent { offset, len: offset + 1 };
        let sections = Sections {
            columns_end: 600,
            positions: 700,
            ids: 800,
            fences: extent(900),
            directory: extent(1000),
            filter: extent(1100),
            recorders: extent(1200),
        };
        let header = Header {
            owner,
            facts,
            root: Hash([6; 32]),
            n_recorders: 4,
            n_buckets: 5,
            n_terms: 600,
            n_postings: 700,
            sections,
            size: 2401,
        };
        let bytes: [u8; HEADER] = header.encode().try_into().unwrap();
        assert_eq!(Header::decode(&bytes, &owner), Ok(header));
        assert_eq!(Header::decode(&bytes, &Owner { store: [3; 8], ..owner }), Err(Refusal::Owner));
        for at in 0..HEADER {
            let mut altered = bytes;
            altered[at] ^= 0x10;
            assert_eq!(Header::decode(&altered, &owner), Err(Refusal::Malformed), "byte {at}");
        }
        let mut newer = bytes;
        newer[8] = 4;
        let crc = crc32c::crc32c(&newer[..CHECKED]).to_le_bytes();
        newer[CHECKED..].copy_from_slice(&crc);
        assert_eq!(Header::decode(&newer, &owner), Err(Refusal::Version(4)));
    }
}
