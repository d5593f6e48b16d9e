//! The filter: whether a part may hold a term or a record id, without reading it.
//!
//! This is the split block Bloom filter of Apache Parquet (`BloomFilter.md` of parquet-format 2.10,
//! after Putze, Sanders and Singler, "Cache-, Hash- and Space-Efficient Bloom Filters", 2007), with the
//! key itself for the hash, since keys are uniform: terms are keyed hashes and record ids are digests.
//! A fuse filter would be a sixth smaller, but is built from all keys at once, which takes some 20 bytes
//! a key: a merge of four million records could not bound its memory.

use crate::term::{LEFT_OUT_BITS, Term};
use writ_model::record::RecordId;

/// Bits for each key: Parquet's specification gives 1 % false positives at 10.5 …
const BITS_PER_KEY: u64 = 11;

/// … and 0.1 % at 16.9. For few keys they cost little: such parts are soon merged, and there are many of them, each
/// of which is asked about every record.
const BITS_PER_KEY_OF_FEW: u64 = 16;

/// So many keys are few (4 MiB of filter): those of eight batches.
const FEW_KEYS: u64 = 2 << 20;

/// Bits for each of so many keys.
fn bits_per_key(n_keys: u64) -> u64 {
    if n_keys < FEW_KEYS { BITS_PER_KEY_OF_FEW } else { BITS_PER_KEY }
}

/// Bits of a block: eight words of 32.
const BLOCK_BITS: u64 = 256;
const WORDS: usize = 8;
/// Blocks that are read at once: those of 4 KiB.
pub(crate) const BLOCKS_READ: usize = 128;
/// Bytes of a block.
pub(crate) const BLOCK: usize = 32;

/// An odd number whose bits are those of the golden ratio (Knuth, "The Art of Computer Programming", volume 3, 6.4):
/// multiplied by it, numbers that differ in few bits differ in many.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// The multipliers of the specification: one bit of each word of a block is set.
const SALTS: [u32; WORDS] =
    [0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31];

/// What a record id is in the filter: its first eight bytes.
pub(crate) fn id_key(id: RecordId) -> u64 {
    id.0.first_chunk::<8>().map_or(0, |first| u64::from_be_bytes(*first))
}

/// What a term is in the filter: its first bits choose the block, so that terms in order fill blocks in order, and all
/// that is kept of it chooses the bits there.
pub(crate) fn term_key(term: Term) -> u64 {
    let spread = (term.0 >> LEFT_OUT_BITS).wrapping_mul(SPREAD) >> u32::BITS;
    term.0 >> u32::BITS << u32::BITS | spread & u64::from(u32::MAX)
}

/// A block of the filter.
pub(crate) type Block = [u32; WORDS];

/// A filter in the making.
#[derive(Debug)]
pub(crate) struct Filter {
    blocks: Vec<Block>,
}

impl Filter {
    /// An empty filter for this many keys at most.
    pub(crate) fn new(n_keys: u64) -> Filter {
        Filter::with(n_keys, bits_per_key(n_keys))
    }

    fn with(n_keys: u64, bits_per_key: u64) -> Filter {
        let n = n_keys.saturating_mul(bits_per_key).div_ceil(BLOCK_BITS).max(1);
        Filter { blocks: vec![[0; WORDS]; crate::bytes::index(n)] }
    }

    pub(crate) fn insert(&mut self, key: u64) {
        let at = place(key, self.blocks.len());
        let Some(block) = self.blocks.get_mut(at) else { return };
        block.iter_mut().zip(bits(key)).for_each(|(word, bit)| *word |= bit);
    }

    pub(crate) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    pub(crate) fn into_blocks(self) -> Vec<Block> {
        self.blocks
    }
}

/// Whether a key may be there, by its block. Some keys that are not there may be, too: fewer than one in a hundred.
pub(crate) fn may_hold(block: &Block, key: u64) -> bool {
    // Without a branch for each word: whether its bit is set cannot be foreseen.
    block.iter().zip(bits(key)).fold(0, |missing, (word, bit)| missing | (bit & !word)) == 0
}

pub(crate) fn encode(blocks: &[Block]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(blocks.len() * BLOCK);
    blocks.iter().flatten().for_each(|word| bytes.extend_from_slice(&word.to_le_bytes()));
    bytes
}

pub(crate) fn decode(bytes: &[u8]) -> Option<Vec<Block>> {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let words = |block: &[u8; BLOCK]| {
        let mut words = [0; WORDS];
        words.iter_mut().zip(block.as_chunks::<4>().0).for_each(|(word, four)| *word = u32::from_le_bytes(*four));
        words
    };
    rest.is_empty().then(|| blocks.iter().map(words).collect())
}

/// The block of a key: its upper half, scaled to the number of blocks.
pub(crate) fn place(key: u64, n_blocks: usize) -> usize {
    crate::bytes::index(((key >> 32) * n_blocks as u64) >> 32)
}

/// One bit for each word of the block, from the lower half of the key.
fn bits(key: u64) -> [u32; WORDS] {
    let low = u32::try_from(key & u64::from(u32::MAX)).unwrap_or(0);
    SALTS.map(|salt| 1 << (low.wrapping_mul(salt) >> 27))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Lcg;

    fn spread(term: u64) -> u64 {
        let product = u128::from(term) * 0x9e37_79b9_7f4a_7c15;
        u64::try_from((product >> 32) & 0xffff_ffff).unwrap()
    }

    #[test]
    fn what_is_there_may_be_there_and_little_else() {
        for (bits_per_key, expected) in [(BITS_PER_KEY, 300..1000), (BITS_PER_KEY_OF_FEW, 30..300)] {
            let mut dice = Lcg(1);
            let mut number = || (dice.next() << 33) ^ (dice.next() << 11) ^ (dice.next() >> 9);
            let mut key = || if number() % 4 == 0 { number() } else { term_key(Term(number()).kept()) };
            let keys: Vec<u64> = (0..20_000).map(|_| key()).collect();
            let mut filter = Filter::with(keys.len() as u64, bits_per_key);
            for key in &keys {
                filter.insert(*key);
            }
            let blocks = decode(&encode(filter.blocks())).unwrap();
            let may_hold = |key| may_hold(&blocks[place(key, blocks.len())], key);
            assert!(keys.iter().all(|key| may_hold(*key)));
            let wrong = (0..100_000).filter(|_| may_hold(key())).count();
            assert!(expected.contains(&wrong), "{wrong} false positives in 100,000 with {bits_per_key} bits");
        }
        // What docs/spec/index-v3.md says.
        assert_eq!(term_key(Term(0x0123_4567_89ff_ffff).kept()), 0x0123_4567_0000_0000 | spread(0x01_2345_6789));
        assert!(decode(&[0; 33]).is_none());
        assert!(!super::may_hold(&Filter::new(0).blocks()[0], 7));
        assert_eq!((bits_per_key(FEW_KEYS - 1), bits_per_key(FEW_KEYS)), (16, 11));
    }
}
