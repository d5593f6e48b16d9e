//! The index: all postings in memory, sorted by term and, within a term, by event time and id.
//!
//! Each record has a *rank*, its number in the order of postings, so that a window of time is a
//! range of ranks, and a look-up is two binary searches whatever the term holds.

use crate::bytes::{index, len32};
use crate::keys::chunk::Chunk;
use crate::keys::row::{Place, Row};
use crate::limit;
use crate::term::Term;
use std::ops::Range;
use std::thread;
use writ_model::time::Time;

/// Terms are spread over buckets by their first bits (they are uniform, being keyed hashes), so that
/// merging works in the processor's cache and on all cores.
const BUCKET_BITS: u32 = 8;

/// The sorted keys of a log.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Positions in the order of postings; lost records are left out.
    order: Vec<u32>,
    buckets: Vec<Bucket>,
}

#[derive(Debug, Default)]
struct Bucket {
    terms: Vec<Term>,
    ranks: Vec<u32>,
}

impl Index {
    /// Merges sorted chunks. `rows` are all rows, in the order of positions.
    pub(crate) fn merge(chunks: &[Chunk], rows: &[Row]) -> Index {
        let row = |position: u32| rows.get(position as usize).filter(|row| !row.is_lost());
        let mut order: Vec<u32> = chunks
            .iter()
            .flat_map(|chunk| chunk.order.iter().map(|n| len32(index(chunk.first)) + n))
            .filter(|position| row(*position).is_some())
            .collect();
        // The chunks are sorted runs, which the stable sort finds and merges.
        order.sort_by(|a, b| match (row(*a), row(*b)) {
            (Some(one), Some(other)) => one.order(other).then(a.cmp(b)),
            _ => std::cmp::Ordering::Equal,
        });
        let mut ranks = vec![u32::MAX; rows.len()];
        for (rank, position) in (0_u32..).zip(&order) {
            if let Some(place) = ranks.get_mut(*position as usize) {
                *place = rank;
            }
        }
        Index { order, buckets: merge_buckets(chunks, &ranks) }
    }

    /// How many records can be found.
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// All positions in the order of postings, between these ranks.
    pub(crate) fn all(&self, ranks: Range<u32>) -> &[u32] {
        self.order.get(ranks.start as usize..ranks.end as usize).unwrap_or_default()
    }

    /// The ranks of a term's postings, ascending.
    pub(crate) fn postings(&self, term: Term) -> &[u32] {
        let Some(bucket) = self.buckets.get(bucket_of(term)) else { return &[] };
        let from = bucket.terms.partition_point(|other| *other < term);
        let rest = bucket.terms.get(from..).unwrap_or_default();
        let len = rest.partition_point(|other| *other == term);
        bucket.ranks.get(from..from + len).unwrap_or_default()
    }

    /// The ranks of a term's postings between these ranks, ascending.
    pub(crate) fn postings_within(&self, term: Term, ranks: Range<u32>) -> &[u32] {
        let postings = self.postings(term);
        let from = postings.partition_point(|rank| *rank < ranks.start);
        let to = postings.partition_point(|rank| *rank < ranks.end);
        postings.get(from..to).unwrap_or_default()
    }

    /// The position of a rank.
    pub(crate) fn position(&self, rank: u32) -> Option<u32> {
        self.order.get(rank as usize).copied()
    }

    /// The ranks of records that happened between two times, both included.
    pub(crate) fn within(&self, rows: &[Row], from: Time, to: Time) -> Range<u32> {
        // A record without an event time is not known to lie in any window; `None` sorts before all.
        self.rank(rows, |place| place.time < Some(from))..self.rank(rows, |place| place.time <= Some(to))
    }

    /// All ranks.
    pub(crate) fn everything(&self) -> Range<u32> {
        0..len32(self.order.len())
    }

    /// The first rank whose place is not `before` something.
    pub(crate) fn rank(&self, rows: &[Row], before: impl Fn(Place) -> bool) -> u32 {
        let place = |position: &u32| rows.get(*position as usize).is_some_and(|row| before(row.place()));
        len32(self.order.partition_point(place))
    }
}

fn bucket_of(term: Term) -> usize {
    index(term.0 >> (u64::BITS - BUCKET_BITS))
}

fn merge_buckets(chunks: &[Chunk], ranks: &[u32]) -> Vec<Bucket> {
    let numbers: Vec<usize> = (0..1 << BUCKET_BITS).collect();
    let n_threads = thread::available_parallelism().map_or(1, usize::from).clamp(1, limit::THREADS_MAX);
    let share = numbers.len().div_ceil(n_threads);
    let merge = |numbers: &[usize]| numbers.iter().map(|n| Bucket::merge(*n, chunks, ranks)).collect::<Vec<_>>();
    let small = chunks.iter().map(|chunk| chunk.terms.len()).sum::<usize>() < limit::CHUNK_RECORDS;
    if n_threads < 2 || small {
        return merge(&numbers);
    }
    thread::scope(|scope| {
        let threads: Vec<_> = numbers.chunks(share).map(|part| (part, scope.spawn(move || merge(part)))).collect();
        // Merging has nothing that could panic; if it did, it is done again here, where it shows.
        threads.into_iter().flat_map(|(part, thread)| thread.join().unwrap_or_else(|_| merge(part))).collect()
    })
}

impl Bucket {
    fn merge(number: usize, chunks: &[Chunk], ranks: &[u32]) -> Bucket {
        let mut merged: Vec<(Term, u32)> = Vec::new();
        for chunk in chunks {
            let from = chunk.terms.partition_point(|term| bucket_of(*term) < number);
            let rest = chunk.terms.get(from..).unwrap_or_default();
            let len = rest.partition_point(|term| bucket_of(*term) == number);
            let terms = rest.get(..len).unwrap_or_default();
            let locals = chunk.locals.get(from..from + len).unwrap_or_default();
            let rank =
                |local: &u32| ranks.get(index(chunk.first) + *local as usize).copied().filter(|r| *r != u32::MAX);
            merged.extend(terms.iter().zip(locals).filter_map(|(term, local)| Some((*term, rank(local)?))));
        }
        merged.sort();
        let (terms, ranks) = merged.into_iter().unzip();
        Bucket { terms, ranks }
    }
}
