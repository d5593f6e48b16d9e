//! Packed arrays: numbers of one width in blocks of one length, so that any of them is found by
//! counting. They hold the rank of each position, and the ranks in the order of record ids.

use crate::error::Error;
use crate::index::bits::{BitReader, BitWriter};
use crate::index::block::{CRC, Extent, Output};

/// Numbers of a block: 2 KiB at 32 bits, read with one small read.
const BLOCK_NUMBERS: usize = 512;

/// A packed array in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packed {
    /// Where its first block begins.
    pub(crate) offset: u64,
    /// How many numbers it has.
    pub(crate) n: u64,
    /// How many bits each has, 32 at most.
    pub(crate) width: u32,
}

impl Packed {
    /// The number of the block that holds a number, and where it lies.
    pub(crate) fn block_of(&self, at: u64) -> Option<(u64, Extent)> {
        let block = at / BLOCK_NUMBERS as u64;
        let left = self.n.checked_sub(block * BLOCK_NUMBERS as u64).filter(|_| at < self.n)?;
        let len = |n: u64| (n * u64::from(self.width)).div_ceil(u64::from(u8::BITS)) + CRC as u64;
        let offset = self.offset.checked_add(block.checked_mul(len(BLOCK_NUMBERS as u64))?)?;
        Some((block, Extent { offset, len: len(left.min(BLOCK_NUMBERS as u64)) }))
    }

    /// A number, from its block.
    pub(crate) fn get(&self, block: &[u8], at: u64) -> Option<u32> {
        let within = usize::try_from(at % BLOCK_NUMBERS as u64).ok()?;
        BitReader::at(block, within * self.width as usize).take32(self.width)
    }
}

/// A packed array that is written number by number.
#[derive(Debug)]
pub(crate) struct PackedWriter {
    packed: Packed,
    bits: BitWriter,
}

impl PackedWriter {
    /// Begins an array of numbers of this width at the end of what is written.
    pub(crate) fn new(output: &Output, width: u32) -> PackedWriter {
        PackedWriter { packed: Packed { offset: output.offset(), n: 0, width }, bits: BitWriter::default() }
    }

    pub(crate) fn push(&mut self, n: u32, output: &mut Output) -> Result<(), Error> {
        self.bits.put(u64::from(n), self.packed.width);
        self.packed.n += 1;
        if self.packed.n.is_multiple_of(BLOCK_NUMBERS as u64) {
            output.block(&std::mem::take(&mut self.bits).finish())?;
        }
        Ok(())
    }

    /// Writes what is left.
    pub(crate) fn finish(self, output: &mut Output) -> Result<Packed, Error> {
        if !self.packed.n.is_multiple_of(BLOCK_NUMBERS as u64) {
            output.block(&self.bits.finish())?;
        }
        Ok(self.packed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::SimDisk;

    #[test]
    fn every_number_is_found_by_counting() {
        for (n, width) in [(0, 5), (1, 0), (511, 9), (512, 10), (513, 11), (3000, 32)] {
            let mut output = Output::new(Box::new(SimDisk::default()), "part".into(), 64);
            let number = |at: u64| u32::try_from((at * 0x9E37_79B9) & ((1 << width) - 1)).unwrap();
            let mut writer = PackedWriter::new(&output, width);
            (0..n).for_each(|at| writer.push(number(at), &mut output).unwrap());
            let packed = writer.finish(&mut output).unwrap();
            assert_eq!(packed, Packed { offset: 64, n, width });
            for at in 0..n {
                let (_, extent) = packed.block_of(at).unwrap();
                assert_eq!(packed.get(&output.read(extent).unwrap(), at), Some(number(at)));
            }
            assert_eq!(packed.block_of(n), None);
            let end = n.checked_sub(1).map_or(64, |last| packed.block_of(last).unwrap().1.end());
            assert_eq!(output.offset(), end);
        }
    }
}
