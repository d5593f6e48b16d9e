//! Numbers of any width in bits, one after the other without padding, the lowest bit first.

/// Bits of a byte.
const BYTE: usize = 8;

/// The widest number that eight bytes hold wherever in a byte it begins.
const SHORT: u32 = 57;

/// How many bits a number needs: none for zero.
pub(crate) fn width(n: u64) -> u32 {
    u64::BITS - n.leading_zeros()
}

/// All ones in the lowest bits.
fn mask(width: u32) -> u64 {
    u64::MAX.checked_shr(u64::BITS.saturating_sub(width)).unwrap_or(0)
}

/// Bits that are written.
#[derive(Debug, Default)]
pub(crate) struct BitWriter {
    bytes: Vec<u8>,
    /// Fewer than 64 bits that are not in `bytes` yet.
    pending: u128,
    n_pending: u32,
}

impl BitWriter {
    /// Adds the lowest `width` bits of a number, 64 at most.
    pub(crate) fn put(&mut self, n: u64, width: u32) {
        self.pending |= u128::from(n & mask(width)) << self.n_pending;
        self.n_pending += width;
        if self.n_pending >= u64::BITS {
            let word = u64::try_from(self.pending & u128::from(u64::MAX)).unwrap_or(0);
            self.bytes.extend_from_slice(&word.to_le_bytes());
            self.pending >>= u64::BITS;
            self.n_pending -= u64::BITS;
        }
    }

    /// Bits after these bytes.
    pub(crate) fn after(bytes: Vec<u8>) -> BitWriter {
        BitWriter { bytes, ..BitWriter::default() }
    }

    /// The bytes; the last one is filled with zeros.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let rest = self.n_pending.div_ceil(u8::BITS) as usize;
        self.bytes.extend(self.pending.to_le_bytes().into_iter().take(rest));
        self.bytes
    }
}

/// Bits that are read, never past the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BitReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> BitReader<'a> {
    /// Reads from a bit on.
    pub(crate) fn at(bytes: &'a [u8], at: usize) -> BitReader<'a> {
        BitReader { bytes, at }
    }

    /// The next number of this width, 64 at most.
    pub(crate) fn take(&mut self, width: u32) -> Option<u64> {
        let end = self.at.checked_add(width as usize).filter(|end| end.div_ceil(BYTE) <= self.bytes.len())?;
        let rest = self.bytes.get(self.at / BYTE..)?;
        let shift = self.at % BYTE;
        if width <= SHORT
            && let Some(chunk) = rest.first_chunk::<8>()
        {
            self.at = end;
            return Some((u64::from_le_bytes(*chunk) >> shift) & mask(width));
        }
        let word = if let Some(chunk) = rest.first_chunk::<16>() {
            u128::from_le_bytes(*chunk)
        } else {
            let mut chunk = [0; 16];
            chunk.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            u128::from_le_bytes(chunk)
        };
        let n = u64::try_from((word >> shift) & u128::from(mask(width))).ok()?;
        self.at = end;
        Some(n)
    }

    /// The next number, where the format says that it has 32 bits.
    pub(crate) fn take32(&mut self, width: u32) -> Option<u32> {
        self.take(width).and_then(|n| u32::try_from(n).ok())
    }

    /// Passes over bits.
    pub(crate) fn skip(&mut self, bits: usize) -> Option<()> {
        self.at = self.at.checked_add(bits).filter(|end| end.div_ceil(BYTE) <= self.bytes.len())?;
        Some(())
    }
}

/// Writes numbers of 32 bits: the least of them, a width, and how far each is above the least.
pub(crate) fn put_numbers(out: &mut BitWriter, numbers: impl Iterator<Item = u32> + Clone) {
    let least = numbers.clone().min().unwrap_or(0);
    let most = numbers.clone().max().unwrap_or(0);
    let bits = width(u64::from(most - least));
    out.put(u64::from(least), u32::BITS);
    out.put(u64::from(bits), NUMBER_WIDTH_BITS);
    numbers.for_each(|n| out.put(u64::from(n - least), bits));
}

/// Reads one of so many numbers, and passes over the others.
pub(crate) fn take_number_at(bits: &mut BitReader<'_>, n: usize, at: usize) -> Option<u32> {
    let least = bits.take32(u32::BITS)?;
    let width = bits.take32(NUMBER_WIDTH_BITS).filter(|width| *width <= u32::BITS)?;
    let behind = n.checked_sub(at)?.checked_sub(1)?;
    bits.skip(at.checked_mul(width as usize)?)?;
    let number = bits.take32(width)?.checked_add(least)?;
    bits.skip(behind.checked_mul(width as usize)?)?;
    Some(number)
}

/// Reads as many numbers as there are places for them.
pub(crate) fn take_numbers<'a>(bits: &mut BitReader<'_>, mut places: impl Iterator<Item = &'a mut u32>) -> Option<()> {
    let least = bits.take32(u32::BITS)?;
    let width = bits.take32(NUMBER_WIDTH_BITS).filter(|width| *width <= u32::BITS)?;
    places.try_for_each(|place| {
        *place = bits.take32(width)?.checked_add(least)?;
        Some(())
    })
}

/// Bits of a width from 0 to 32.
pub(crate) const NUMBER_WIDTH_BITS: u32 = 6;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Lcg;

    #[test]
    fn numbers_of_every_width_read_back_and_never_past_the_end() {
        let mut dice = Lcg(5);
        let numbers: Vec<(u64, u32)> =
            (0..2000).map(|n| (dice.next() ^ (dice.next() << 32), n % 65)).map(|(n, w)| (n & mask(w), w)).collect();
        let mut out = BitWriter::default();
        for (n, width) in &numbers {
            out.put(*n, *width);
        }
        let bytes = out.finish();
        let mut bits = BitReader::at(&bytes, 0);
        for (n, width) in &numbers {
            assert_eq!(bits.take(*width), Some(*n), "width {width}");
        }
        assert_eq!(bits.take(8), None);
        assert_eq!((width(0), width(1), width(255), width(u64::MAX)), (0, 1, 8, 64));
        assert_eq!((mask(0), mask(1), mask(64)), (0, 1, u64::MAX));
    }

    #[test]
    fn numbers_above_the_least_read_back() {
        for numbers in [vec![], vec![7; 9], vec![0, u32::MAX, 5], vec![1000, 1003, 1001]] {
            let mut out = BitWriter::default();
            put_numbers(&mut out, numbers.iter().copied());
            let bytes = out.finish();
            let mut found = vec![0; numbers.len()];
            take_numbers(&mut BitReader::at(&bytes, 0), found.iter_mut()).unwrap();
            assert_eq!(found, numbers);
            found.push(0);
            found.extend_from_slice(&[0; 300]);
            if !numbers.is_empty() && numbers[0] != 7 {
                assert_eq!(take_numbers(&mut BitReader::at(&bytes, 0), found.iter_mut()), None);
            }
        }
    }
}
