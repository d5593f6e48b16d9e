//! Chunks: the keys of some 65,536 records, sorted, in memory and in a sidecar file.
//!
//! ```text
//!   0  magic, 8 bytes
//!   8  version u32
//!  12  rows u32, postings u32, length of the names u32
//!  24  first position u64
//!  32  where the log stands after the last row: offset u64, chain 16 bytes
//!  56  store 8 bytes, derivation 32 bytes
//!  96  payload CRC-32C u32
//! 100  CRC-32C of bytes 0..100, u32
//! 104  rows, 92 bytes each, in the order of positions
//!      row numbers u32 in the order of postings
//!      terms u64, sorted by term and then by the order of postings
//!      row number u32 of each posting
//!      names: for each recorder, source and recorder, each with its length u32
//! ```
//! Row numbers count from the first row of the chunk. A sidecar is not synced: a chunk that is not
//! whole is not used, and its keys are derived from the log again.

use crate::bytes::{Bytes, len32};
use crate::keys::batch::{Batch, LogEnd, RecorderName};
use crate::keys::row::{self, Row};
use crate::term::{Term, TermKey};

/// Length of a chunk's header, in bytes.
pub(crate) const HEADER: usize = 104;
const CHECKED: usize = 100;
const MAGIC: [u8; 8] = *b"writkeys";
const VERSION: u32 = 1;

pub(crate) use crate::index::header::Owner;

/// Keys of consecutive positions, sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) first: u64,
    pub(crate) rows: Vec<Row>,
    /// Row numbers in the order of postings; lost rows are left out.
    pub(crate) order: Vec<u32>,
    /// The terms of the postings, sorted.
    pub(crate) terms: Vec<Term>,
    /// The row number of each posting; those of one term are in the order of postings.
    pub(crate) locals: Vec<u32>,
    pub(crate) recorders: Vec<RecorderName>,
    pub(crate) end: LogEnd,
}

impl Chunk {
    /// Sorts a batch.
    pub(crate) fn sort(batch: Batch) -> Chunk {
        let Batch { first, rows, postings, recorders, end, .. } = batch;
        let count = len32(rows.len());
        let row = |n: &u32| rows.get(*n as usize);
        let mut order: Vec<u32> = (0..count).filter(|n| row(n).is_some_and(|row| !row.is_lost())).collect();
        // Logs arrive nearly in order, and the stable sort profits from that.
        order.sort_by(|a, b| match (row(a), row(b)) {
            (Some(a), Some(b)) => a.order(b),
            _ => std::cmp::Ordering::Equal,
        });
        let mut rank = vec![u32::MAX; rows.len()];
        for (at, n) in (0_u32..).zip(&order) {
            if let Some(place) = rank.get_mut(*n as usize) {
                *place = at;
            }
        }
        let ranked = |local: u32| rank.get(local as usize).copied().unwrap_or(u32::MAX);
        let mut ranks: Vec<(Term, u32)> = postings.into_iter().map(|(term, local)| (term, ranked(local))).collect();
        ranks.sort_unstable();
        let local = |(term, rank): (Term, u32)| Some((term, *order.get(rank as usize)?));
        let (terms, locals) = ranks.into_iter().filter_map(local).unzip();
        Chunk { first, rows, order, terms, locals, recorders, end }
    }

    /// Back to a batch, so that more can be added.
    pub(crate) fn unsort(self, keys: &TermKey) -> Batch {
        let postings = self.terms.into_iter().zip(self.locals).collect();
        Batch::resume(self.first, self.rows, postings, self.recorders, keys, self.end)
    }

    /// The position after the last row.
    pub(crate) fn next(&self) -> u64 {
        self.first + self.rows.len() as u64
    }

    pub(crate) fn encode(&self, owner: &Owner) -> Vec<u8> {
        let names: Vec<u8> = self.recorders.iter().flat_map(|(source, recorder)| [source, recorder]).fold(
            Vec::new(),
            |mut out, name| {
                out.extend_from_slice(&len32(name.len()).to_le_bytes());
                out.extend_from_slice(name.as_bytes());
                out
            },
        );
        let counts = Counts { rows: self.rows.len(), postings: self.terms.len(), names: names.len() };
        let mut out = Vec::with_capacity(HEADER + counts.payload(self.order.len()));
        out.resize(HEADER, 0);
        self.rows.iter().for_each(|row| row.encode(&mut out));
        // Lost rows have no place in the order; the list is filled up, so that its length is known.
        let filler = std::iter::repeat_n(&u32::MAX, self.rows.len() - self.order.len());
        self.order.iter().chain(filler).for_each(|n| out.extend_from_slice(&n.to_le_bytes()));
        self.terms.iter().for_each(|term| out.extend_from_slice(&term.0.to_le_bytes()));
        self.locals.iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes()));
        out.extend_from_slice(&names);
        let crc = crc32c::crc32c(out.get(HEADER..).unwrap_or_default());
        let header = self.header(owner, &counts, crc);
        out.iter_mut().zip(header).for_each(|(to, from)| *to = from);
        out
    }

    fn header(&self, owner: &Owner, counts: &Counts, payload_crc: u32) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        for count in [counts.rows, counts.postings, counts.names] {
            out.extend_from_slice(&len32(count).to_le_bytes());
        }
        out.extend_from_slice(&self.first.to_le_bytes());
        out.extend_from_slice(&self.end.offset.to_le_bytes());
        out.extend_from_slice(&self.end.chain);
        out.extend_from_slice(&owner.store);
        out.extend_from_slice(&owner.derivation.0);
        out.extend_from_slice(&payload_crc.to_le_bytes());
        out.extend_from_slice(&crc32c::crc32c(&out).to_le_bytes());
        out
    }
}

/// A chunk's header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    first: u64,
    counts: Counts,
    end: LogEnd,
    payload_crc: u32,
}

#[derive(Clone, Copy, Debug)]
struct Counts {
    rows: usize,
    postings: usize,
    names: usize,
}

impl Counts {
    fn payload(&self, order: usize) -> usize {
        self.rows * row::BYTES + order * 4 + self.postings * 12 + self.names
    }
}

impl Header {
    /// Reads the header of a chunk of this owner; `None` for any other bytes.
    pub(crate) fn decode(bytes: &[u8; HEADER], owner: &Owner) -> Option<Header> {
        let mut rest = Bytes(bytes);
        let known = rest.array::<8>()? == MAGIC && rest.u32()? == VERSION;
        let counts = Counts { rows: rest.u32()? as usize, postings: rest.u32()? as usize, names: rest.u32()? as usize };
        let first = rest.u64()?;
        let end = LogEnd { offset: rest.u64()?, chain: rest.array()? };
        let ours = rest.array()? == owner.store && rest.array()? == owner.derivation.0;
        let payload_crc = rest.u32()?;
        let sound = rest.u32()? == crc32c::crc32c(bytes.get(..CHECKED)?);
        (known && ours && sound).then_some(Header { first, counts, end, payload_crc })
    }

    /// Length of the payload, in bytes.
    pub(crate) fn payload(&self) -> usize {
        self.counts.payload(self.counts.rows)
    }

    /// The chunk, if the payload is the one that was written.
    pub(crate) fn chunk(&self, payload: &[u8]) -> Option<Chunk> {
        if payload.len() != self.payload() || crc32c::crc32c(payload) != self.payload_crc {
            return None;
        }
        let Counts { rows, postings, .. } = self.counts;
        let mut rest = Bytes(payload);
        let row_bytes = rest.take(rows * row::BYTES)?;
        let (order, terms, locals) = (rest.take(rows * 4)?, rest.take(postings * 8)?, rest.take(postings * 4)?);
        let rows = row_bytes.chunks_exact(row::BYTES).map(|row| Row::decode(&mut Bytes(row))).collect::<Option<_>>()?;
        let mut recorders = Vec::new();
        while !rest.0.is_empty() {
            recorders.push((text(rest.sized()?)?, text(rest.sized()?)?));
        }
        Some(Chunk {
            first: self.first,
            rows,
            order: numbers(order).filter(|n| *n != u32::MAX).collect(),
            terms: terms.as_chunks::<8>().0.iter().map(|bytes| Term(u64::from_le_bytes(*bytes))).collect(),
            locals: numbers(locals).collect(),
            recorders,
            end: self.end,
        })
    }
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes))
}

fn text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}
