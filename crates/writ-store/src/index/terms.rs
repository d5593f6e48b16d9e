//! Term blocks: the terms of a part in ascending order, with their postings.
//!
//! Terms are keyed hashes, and so are uniform: they are put into buckets of about a hundred by their
//! first bits, and a bucket is a block. A directory of where each bucket lies finds the block of a term
//! without searching.

use crate::index::bits::{BitReader, BitWriter, width};
use crate::index::block::{Extent, Malformed};
use crate::term::Term;

/// Terms of a bucket, on average: a block of about 1 KiB, decoded in about a microsecond.
const BUCKET_TERMS: u64 = 128;

/// Postings of a term that stand in its block, at most. More have blocks of their own, so that looking
/// one term up does not read those of its neighbours.
pub(crate) const FEW: usize = 64;

/// Bits of the number of terms of a block.
const COUNT_BITS: u32 = 32;
/// Bits of a width from 0 to 64.
const WIDTH_BITS: u32 = 7;
/// Bits of a width from 0 to 32.
const RANK_WIDTH_BITS: u32 = 6;

/// The postings of one term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// One rank, as of nearly all terms.
    One(u32),
    /// The ranks, ascending: from 2 to [`FEW`].
    Few(Vec<u32>),
    /// More, at another place of the file: see [`crate::index::postings`].
    Many { count: u32, place: Extent },
}

impl Entry {
    /// The entry of so few ranks, which ascend.
    pub(crate) fn of(ranks: Vec<u32>) -> Entry {
        if let [rank] = ranks.as_slice() { Entry::One(*rank) } else { Entry::Few(ranks) }
    }

    pub(crate) fn count(&self) -> u64 {
        match self {
            Entry::One(_) => 1,
            Entry::Few(ranks) => ranks.len() as u64,
            Entry::Many { count, .. } => u64::from(*count),
        }
    }
}

/// How many buckets so many terms need.
pub(crate) fn buckets(n_terms: u64) -> u32 {
    u32::try_from(n_terms.div_ceil(BUCKET_TERMS).max(1)).unwrap_or(u32::MAX)
}

/// The bucket of a term: its first bits, scaled to the number of buckets.
pub(crate) fn bucket(term: Term, n_buckets: u32) -> u32 {
    u32::try_from((u128::from(term.0) * u128::from(n_buckets)) >> u64::BITS).unwrap_or(u32::MAX)
}

/// Encodes the terms of a bucket, which ascend, of a part whose ranks have this width.
pub(crate) fn encode(terms: &[(Term, Entry)], rank_width: u32) -> Vec<u8> {
    let mut out = BitWriter::default();
    out.put(terms.len() as u64, COUNT_BITS);
    let Some((first, _)) = terms.first() else { return out.finish() };
    out.put(first.0, u64::BITS);
    let pairs = || terms.iter().zip(terms.iter().skip(1));
    let step = |(one, next): (&(Term, Entry), &(Term, Entry))| next.0.0.wrapping_sub(one.0.0).wrapping_sub(1);
    let bits = width(pairs().map(step).max().unwrap_or(0));
    out.put(u64::from(bits), WIDTH_BITS);
    pairs().for_each(|pair| out.put(step(pair), bits));
    for (_, entry) in terms {
        put(&mut out, entry, rank_width);
    }
    out.finish()
}

fn put(out: &mut BitWriter, entry: &Entry, rank_width: u32) {
    match entry {
        Entry::One(rank) => {
            out.put(0, 1);
            out.put(u64::from(*rank), rank_width);
        }
        Entry::Few(ranks) => {
            put_count(out, entry.count());
            put_ranks(out, ranks, rank_width);
        }
        Entry::Many { place, .. } => {
            put_count(out, entry.count());
            // What is written is below 16 MiB; see `Output::small_block`.
            out.put(place.pack().unwrap_or(0), u64::BITS);
        }
    }
}

/// Writes that there are several ranks, and how many.
fn put_count(out: &mut BitWriter, count: u64) {
    out.put(1, 1);
    out.put(u64::from(width(count)), RANK_WIDTH_BITS);
    out.put(count, width(count));
}

/// Writes ascending ranks: the first, and how far each is from the one before.
pub(crate) fn put_ranks(out: &mut BitWriter, ranks: &[u32], rank_width: u32) {
    let Some(first) = ranks.first() else { return };
    let steps = || ranks.iter().zip(ranks.iter().skip(1)).map(|(one, next)| next.wrapping_sub(*one).wrapping_sub(1));
    let bits = width(u64::from(steps().max().unwrap_or(0)));
    out.put(u64::from(*first), rank_width);
    out.put(u64::from(bits), RANK_WIDTH_BITS);
    steps().for_each(|step| out.put(u64::from(step), bits));
}

/// Reads so many ascending ranks.
pub(crate) fn take_ranks(bits: &mut BitReader<'_>, n: usize, rank_width: u32) -> Option<Vec<u32>> {
    let mut rank = bits.take32(rank_width)?;
    let width = bits.take32(RANK_WIDTH_BITS).filter(|width| *width <= u32::BITS)?;
    let mut ranks = Vec::with_capacity(n.min(crate::index::postings::BLOCK_RANKS));
    ranks.push(rank);
    for _ in 1..n {
        rank = bits.take32(width)?.checked_add(1)?.checked_add(rank)?;
        ranks.push(rank);
    }
    Some(ranks)
}

/// Reads the terms of a block one after the other.
#[derive(Debug)]
pub(crate) struct Terms<'a> {
    steps: BitReader<'a>,
    entries: BitReader<'a>,
    /// Terms that are left, this one included; none before the first.
    left: u64,
    term: u64,
    step_width: u32,
    rank_width: u32,
}

impl<'a> Terms<'a> {
    pub(crate) fn new(bytes: &'a [u8], rank_width: u32) -> Option<Terms<'a>> {
        let mut steps = BitReader::at(bytes, 0);
        let left = steps.take(COUNT_BITS)?;
        let (mut term, mut step_width, mut entries) = (0, 0, steps);
        if left > 0 {
            term = steps.take(u64::BITS)?;
            step_width = steps.take32(WIDTH_BITS).filter(|width| *width <= u64::BITS)?;
            entries = steps;
            entries.skip(usize::try_from((left - 1).checked_mul(u64::from(step_width))?).ok()?)?;
        }
        Some(Terms { steps, entries, left, term, step_width, rank_width })
    }

    /// The postings of a term of this block; `None` if it has none.
    pub(crate) fn find(mut self, wanted: Term) -> Result<Option<Entry>, Malformed> {
        while self.left > 0 && self.term <= wanted.0 {
            let is_it = self.term == wanted.0;
            let entry = self.entry(is_it).ok_or(Malformed)?;
            if is_it {
                return Ok(Some(entry));
            }
            self.step().ok_or(Malformed)?;
        }
        Ok(None)
    }

    /// All terms of this block.
    pub(crate) fn all(mut self) -> Option<Vec<(Term, Entry)>> {
        let mut all = Vec::new();
        while self.left > 0 {
            let term = Term(self.term);
            all.push((term, self.entry(true)?));
            self.step()?;
        }
        Some(all)
    }

    fn step(&mut self) -> Option<()> {
        self.left -= 1;
        if self.left > 0 {
            self.term = self.steps.take(self.step_width)?.checked_add(1)?.checked_add(self.term)?;
        }
        Some(())
    }

    /// The postings of this term; ranks are passed over if they are not `wanted`.
    fn entry(&mut self, wanted: bool) -> Option<Entry> {
        let bits = &mut self.entries;
        if bits.take(1)? == 0 {
            return bits.take32(self.rank_width).map(Entry::One);
        }
        let width = bits.take32(RANK_WIDTH_BITS).filter(|width| *width <= u32::BITS)?;
        let count = bits.take32(width).filter(|count| *count > 1)?;
        if count as usize > FEW {
            return Some(Entry::Many { count, place: Extent::unpack(bits.take(u64::BITS)?) });
        }
        if wanted {
            return Some(Entry::Few(take_ranks(bits, count as usize, self.rank_width)?));
        }
        bits.skip(self.rank_width as usize)?;
        let width = bits.take32(RANK_WIDTH_BITS)?;
        bits.skip((count as usize - 1) * width as usize)?;
        Some(Entry::Few(Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Lcg;

    fn terms() -> Vec<(Term, Entry)> {
        let dice = &mut Lcg(8);
        let mut term = 1 << 60;
        (0..90_u32)
            .map(|n| {
                term += 1 + (dice.next() << (n % 20));
                let entry = match n % 5 {
                    0 => Entry::Many { count: 65 + n, place: Extent { offset: 512 + u64::from(n), len: 900 } },
                    1 => Entry::Few((0..FEW).map(|at| n + u32::try_from(at * at).unwrap()).collect()),
                    2 => Entry::Few(vec![n, n + 1]),
                    _ => Entry::One(n * 11),
                };
                (Term(term), entry)
            })
            .collect()
    }

    #[test]
    fn every_term_of_a_block_is_found_and_no_other() {
        let terms = terms();
        let bytes = encode(&terms, 17);
        assert_eq!(Terms::new(&bytes, 17).unwrap().all(), Some(terms.clone()));
        for (term, entry) in &terms {
            assert_eq!(Terms::new(&bytes, 17).unwrap().find(*term), Ok(Some(entry.clone())));
            assert_eq!(Terms::new(&bytes, 17).unwrap().find(Term(term.0 - 1)), Ok(None));
        }
        assert_eq!(Terms::new(&bytes, 17).unwrap().find(Term(u64::MAX)), Ok(None));
        assert_eq!(Terms::new(&encode(&[], 17), 17).unwrap().all(), Some(vec![]));
    }

    #[test]
    fn no_bytes_make_reading_panic() {
        let bytes = encode(&terms(), 17);
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 1 << (at % 8);
            let _ = Terms::new(&altered, 17).and_then(Terms::all);
            assert_eq!(Terms::new(&bytes[..at], 17).and_then(Terms::all), None);
        }
    }

    #[test]
    fn buckets_are_of_first_bits() {
        assert_eq!((buckets(0), buckets(128), buckets(129)), (1, 1, 2));
        assert_eq!([0, u64::MAX / 3, u64::MAX / 3 * 2 + 9, u64::MAX].map(|term| bucket(Term(term), 3)), [0, 0, 2, 2]);
    }
}
