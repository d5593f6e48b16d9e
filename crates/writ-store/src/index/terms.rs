//! Term blocks: the terms of a part in ascending order, with their postings.
//!
//! Terms are keyed hashes, and so are uniform: they are put into buckets of about a hundred by their
//! first bits, and a bucket is a block. A directory of where each bucket lies finds the block of a term
//! without searching.

use crate::index::bits::{BitReader, BitWriter, width};
use crate::index::block::{Extent, Malformed};
use crate::term::{KEPT_BITS, LEFT_OUT_BITS, Term};

/// Terms of a bucket, on average: a block of some 700 bytes, decoded in about a microsecond.
const BUCKET_TERMS: u64 = 128;

/// Postings of a term that stand in its block, at most. More have blocks of their own, so that looking
/// one term up does not read those of its neighbours.
pub(crate) const FEW: usize = 64;

/// Bits of the number of terms of a block.
const COUNT_BITS: u32 = 32;
/// Bits of a width from 0 to 32.
const WIDTH_BITS: u32 = 6;
/// Bits of the parameter of a Golomb-Rice code, from 0 to 63.
const PARAMETER_BITS: u32 = 6;

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
    out.put(first.0 >> LEFT_OUT_BITS, KEPT_BITS);
    let step = |((one, _), (next, _)): (&(Term, Entry), &(Term, Entry))| {
        (next.0.wrapping_sub(one.0) >> LEFT_OUT_BITS).wrapping_sub(1)
    };
    let steps = || terms.iter().zip(terms.iter().skip(1)).map(step);
    let k = parameter(steps);
    out.put(u64::from(k), PARAMETER_BITS);
    let steps = std::iter::once(None).chain(steps().map(Some));
    for ((_, entry), step) in terms.iter().zip(steps) {
        if let Some(step) = step {
            out.put_rice(step, k);
        }
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
    out.put(u64::from(width(count)), WIDTH_BITS);
    out.put(count, width(count));
}

/// Writes ascending ranks: the first, and how far each is from the one before. Most are near and some are far, as
/// people work in spells, so each takes as many bits as it needs.
pub(crate) fn put_ranks(out: &mut BitWriter, ranks: &[u32], rank_width: u32) {
    let Some(first) = ranks.first() else { return };
    let step = |(one, next): (&u32, &u32)| u64::from(next.wrapping_sub(*one).wrapping_sub(1));
    let steps = || ranks.iter().zip(ranks.iter().skip(1)).map(step);
    let k = parameter(steps);
    out.put(u64::from(*first), rank_width);
    out.put(u64::from(k), PARAMETER_BITS);
    steps().for_each(|step| out.put_rice(step, k));
}

/// The parameter of the Golomb-Rice code in which these numbers are shortest, or nearly so: that of their mean if they
/// were spread like the gaps of chance, and less if they gather.
fn parameter<I: Iterator<Item = u64>>(numbers: impl Fn() -> I) -> u32 {
    let (n, sum) = numbers().fold((0_u64, 0_u64), |(n, sum), number| (n + 1, sum + number));
    let bits = |k: u32| n * u64::from(k) + numbers().map(|number| number >> k).sum::<u64>();
    let mut k = width(sum.checked_div(n).unwrap_or(0));
    let mut least = bits(k);
    while let Some(less) = k.checked_sub(1) {
        let shorter = bits(less);
        if shorter > least {
            break;
        }
        (k, least) = (less, shorter);
    }
    k
}

/// Reads so many ascending ranks.
pub(crate) fn take_ranks(bits: &mut BitReader<'_>, n: usize, rank_width: u32) -> Option<Vec<u32>> {
    let mut rank = bits.take32(rank_width)?;
    let k = bits.take32(PARAMETER_BITS)?;
    let mut ranks = Vec::with_capacity(n.min(crate::index::postings::BLOCK_RANKS));
    ranks.push(rank);
    for _ in 1..n {
        let step = u32::try_from(bits.take_rice(k)?).ok()?;
        rank = step.checked_add(1)?.checked_add(rank)?;
        ranks.push(rank);
    }
    Some(ranks)
}

/// Reads the terms of a block one after the other.
#[derive(Debug)]
pub(crate) struct Terms<'a> {
    bits: BitReader<'a>,
    /// Terms that are left, this one included; none before the first.
    left: u64,
    /// The bits that are kept of it.
    term: u64,
    /// The parameter of how far terms are from each other.
    k: u32,
    rank_width: u32,
}

impl<'a> Terms<'a> {
    pub(crate) fn new(bytes: &'a [u8], rank_width: u32) -> Option<Terms<'a>> {
        let mut bits = BitReader::at(bytes, 0);
        let left = bits.take(COUNT_BITS)?;
        let (term, k) = if left > 0 { (bits.take(KEPT_BITS)?, bits.take32(PARAMETER_BITS)?) } else { (0, 0) };
        Some(Terms { bits, left, term, k, rank_width })
    }

    /// How many terms it says it has.
    pub(crate) fn len(&self) -> u64 {
        self.left
    }

    /// The postings of a term of this block; `None` if it has none.
    pub(crate) fn find(mut self, wanted: Term) -> Result<Option<Entry>, Malformed> {
        let wanted = wanted.0 >> LEFT_OUT_BITS;
        while self.left > 0 && self.term < wanted {
            self.pass().and_then(|()| self.step()).ok_or(Malformed)?;
        }
        let is_it = self.left > 0 && self.term == wanted;
        is_it.then(|| self.entry().ok_or(Malformed)).transpose()
    }

    /// All terms of this block.
    pub(crate) fn all(mut self) -> Option<Vec<(Term, Entry)>> {
        let mut all = Vec::new();
        while self.left > 0 {
            let term = Term(self.term << LEFT_OUT_BITS);
            all.push((term, self.entry()?));
            self.step()?;
        }
        Some(all)
    }

    fn step(&mut self) -> Option<()> {
        self.left -= 1;
        if self.left > 0 {
            let term = self.bits.take_rice(self.k)?.checked_add(1)?.checked_add(self.term)?;
            self.term = Some(term).filter(|term| *term >> KEPT_BITS == 0)?;
        }
        Some(())
    }

    /// The postings of this term.
    fn entry(&mut self) -> Option<Entry> {
        match self.head()? {
            Head::One(rank) => Some(Entry::One(rank)),
            Head::Few(n) => take_ranks(&mut self.bits, n, self.rank_width).map(Entry::Few),
            Head::Many(count) => Some(Entry::Many { count, place: Extent::unpack(self.bits.take(u64::BITS)?) }),
        }
    }

    /// Passes over the postings of this term.
    fn pass(&mut self) -> Option<()> {
        match self.head()? {
            Head::One(_) => Some(()),
            Head::Few(n) => {
                self.bits.skip(self.rank_width as usize)?;
                let k = self.bits.take32(PARAMETER_BITS)?;
                (1..n).try_for_each(|_| self.bits.take_rice(k).map(drop))
            }
            Head::Many(_) => self.bits.skip(u64::BITS as usize),
        }
    }

    fn head(&mut self) -> Option<Head> {
        if self.bits.take(1)? == 0 {
            return self.bits.take32(self.rank_width).map(Head::One);
        }
        let width = self.bits.take32(WIDTH_BITS).filter(|width| *width <= u32::BITS)?;
        let count = self.bits.take32(width).filter(|count| *count > 1)?;
        Some(if count as usize > FEW { Head::Many(count) } else { Head::Few(count as usize) })
    }
}

/// How many postings a term has, and the only one.
enum Head {
    One(u32),
    Few(usize),
    Many(u32),
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
                term += (1 + (dice.below(1 << 10) << (n % 20))) << LEFT_OUT_BITS;
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
            assert_eq!(Terms::new(&bytes, 17).unwrap().find(Term(term.0 - (1 << LEFT_OUT_BITS))), Ok(None));
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
