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

    /// Adds a number in the Golomb-Rice code with this parameter, 63 at most: how often 2^`k` is in it, as so many
    /// zeros and a one, and the rest in `k` bits.
    pub(crate) fn put_rice(&mut self, n: u64, k: u32) {
        let zeros = n >> k;
        let few = u32::try_from(zeros).ok().filter(|zeros| zeros.saturating_add(k) < u64::BITS);
        if let Some(zeros) = few {
            return self.put((n & mask(k)) << zeros << 1 | 1 << zeros, zeros + 1 + k);
        }
        for _ in 0..zeros {
            self.put(0, 1);
        }
        self.put(1, 1);
        self.put(n, k);
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

    /// The next number in the Golomb-Rice code with this parameter, 63 at most.
    pub(crate) fn take_rice(&mut self, k: u32) -> Option<u64> {
        if let Some(chunk) = self.bytes.get(self.at / BYTE..).and_then(<[u8]>::first_chunk::<8>) {
            let word = u64::from_le_bytes(*chunk) >> (self.at % BYTE);
            let zeros = word.trailing_zeros();
            if zeros + k < SHORT {
                self.at += (zeros + 1 + k) as usize;
                return Some(u64::from(zeros) << k | (word >> zeros >> 1) & mask(k));
            }
        }
        let mut zeros = 0_u64;
        loop {
            let left = u32::try_from((self.bytes.len() * BYTE).checked_sub(self.at)?).unwrap_or(u32::MAX).min(SHORT);
            let mut ahead = *self;
            let word = ahead.take(left)?;
            let run = word.trailing_zeros().min(left);
            zeros += u64::from(run);
            if run < left {
                self.skip(run as usize + 1)?;
                let rest = self.take(k)?;
                return Some(zeros.checked_mul(1 << k)? | rest);
            }
            if left == 0 {
                return None;
            }
            self.skip(left as usize)?;
        }
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
    fn rice_codes_read_back_and_never_past_the_end() {
        let mut dice = Lcg(6);
        for k in [0, 1, 7, 31, 63] {
            let most = u64::MAX >> u32::saturating_sub(55, k);
            let mut numbers: Vec<u64> = (0..500).map(|_| (dice.next() << 33 ^ dice.next()) % most).collect();
            numbers.extend([0, 1, most]);
            let mut out = BitWriter::default();
            for n in &numbers {
                out.put_rice(*n, k);
            }
            let bytes = out.finish();
            let mut bits = BitReader::at(&bytes, 0);
            for n in &numbers {
                assert_eq!(bits.take_rice(k), Some(*n), "parameter {k}");
            }
            assert_eq!(bits.take_rice(k), None);
            assert_eq!(BitReader::at(&[0; 99], 0).take_rice(k), None);
        }
    }
}
