//! Long lists of postings: ranks in blocks of their own, with a fence for each, so that a look-up in a
//! list of a million reads the fences and the few blocks it needs, from either end.

use crate::bytes::{Bytes, len32};
use crate::error::Error;
use crate::index::bits::{BitReader, BitWriter};
use crate::index::block::{CRC, Extent, Output};
use crate::index::terms::{put_ranks, take_ranks};

/// Ranks of a block: about 1 KiB. A list of a million has some thousand fences of 8 bytes.
pub(crate) const BLOCK_RANKS: usize = 1024;

/// A block of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListBlock {
    /// Its first rank.
    pub(crate) first: u32,
    /// How many ranks it has.
    pub(crate) n: usize,
    pub(crate) extent: Extent,
}

/// A list that is written rank by rank.
#[derive(Debug, Default)]
pub(crate) struct ListWriter {
    ranks: Vec<u32>,
    /// First rank and beginning of each block that is written.
    blocks: Vec<(u32, u64)>,
    last: Extent,
}

impl ListWriter {
    /// Adds a rank, greater than all before.
    pub(crate) fn push(&mut self, rank: u32, output: &mut Output) -> Result<(), Error> {
        self.ranks.push(rank);
        if self.ranks.len() == BLOCK_RANKS { self.flush(output) } else { Ok(()) }
    }

    fn flush(&mut self, output: &mut Output) -> Result<(), Error> {
        let Some(first) = self.ranks.first() else { return Ok(()) };
        let mut bits = BitWriter::default();
        put_ranks(&mut bits, &self.ranks, u32::BITS);
        self.last = output.block(&bits.finish())?;
        self.blocks.push((*first, self.last.offset));
        self.ranks.clear();
        Ok(())
    }

    /// Ends the list and says where it is found: its only block, or its fences, which follow the blocks.
    pub(crate) fn finish(mut self, output: &mut Output) -> Result<Extent, Error> {
        self.flush(output)?;
        if self.blocks.len() < 2 {
            return Ok(self.last);
        }
        let fences_at = output.offset();
        let mut fences = Vec::with_capacity(self.blocks.len() * FENCE);
        for (first, offset) in &self.blocks {
            fences.extend_from_slice(&first.to_le_bytes());
            fences.extend_from_slice(&len32(crate::bytes::index(fences_at - offset)).to_le_bytes());
        }
        output.small_block(&fences).map(Extent::unpack)
    }
}

/// Bytes of a fence: the first rank of a block, and how far before the fences it begins.
const FENCE: usize = 8;

/// Reads a block of so many ranks.
pub(crate) fn decode(bytes: &[u8], n: usize) -> Option<Vec<u32>> {
    take_ranks(&mut BitReader::at(bytes, 0), n, u32::BITS)
}

/// Whether the place of a list of so many ranks is that of its fences, not of its only block.
pub(crate) fn has_fences(count: u32) -> bool {
    count as usize > BLOCK_RANKS
}

/// The blocks of a list of so many ranks, from its fences.
pub(crate) fn blocks(fences: &[u8], count: u32, place: Extent) -> Option<Vec<ListBlock>> {
    let mut rest = Bytes(fences);
    let n_blocks = (count as usize).div_ceil(BLOCK_RANKS);
    if fences.len() != n_blocks * FENCE || place.len != (fences.len() + CRC) as u64 {
        return None;
    }
    let mut blocks: Vec<ListBlock> = Vec::with_capacity(n_blocks);
    let mut left = count as usize;
    while !rest.0.is_empty() {
        let (first, back) = (rest.u32()?, u64::from(rest.u32()?));
        let offset = place.offset.checked_sub(back)?;
        if let Some(last) = blocks.last_mut() {
            last.extent.len = offset.checked_sub(last.extent.offset)?;
        }
        blocks.push(ListBlock { first, n: left.min(BLOCK_RANKS), extent: Extent { offset, len: back } });
        left = left.saturating_sub(BLOCK_RANKS);
    }
    Some(blocks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::SimDisk;

    #[test]
    fn lists_of_every_length_read_back() {
        for count in [65, 1023, 1024, 1025, 5000_u32] {
            let mut output = Output::new(Box::new(SimDisk::default()), "part".into(), 512);
            let ranks: Vec<u32> = (0..count).map(|n| n * 3 + n % 3).collect();
            let mut list = ListWriter::default();
            for rank in &ranks {
                list.push(*rank, &mut output).unwrap();
            }
            let place = list.finish(&mut output).unwrap();
            let bytes = output.read(place).unwrap();
            if !has_fences(count) {
                assert_eq!(decode(&bytes, count as usize), Some(ranks));
                continue;
            }
            let blocks = blocks(&bytes, count, place).unwrap();
            assert_eq!(blocks.len(), (count as usize).div_ceil(BLOCK_RANKS));
            assert_eq!(super::blocks(&bytes, count + 2048, place), None);
            let mut found = Vec::new();
            for block in blocks {
                let ranks = decode(&output.read(block.extent).unwrap(), block.n).unwrap();
                assert_eq!(ranks[0], block.first);
                found.extend(ranks);
            }
            assert_eq!(found, ranks);
        }
    }
}
