//! Hashers of maps whose keys nobody outside can choose, so that they need not resist anybody.

use std::hash::Hasher;

/// Of fingerprints, which are keyed hashes already.
#[derive(Default)]
pub(crate) struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Only numbers are hashed; anything else is folded in.
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, n: u64) {
        self.0 ^= n;
    }
}

/// Of places in memory and in files, whose lowest bits are often the same.
#[derive(Default)]
pub(crate) struct Spread(u64);

/// Two to the power of 64, divided by the golden ratio (Knuth, "The Art of Computer Programming", volume 3, 6.4).
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for Spread {
    /// The upper half depends on all bits of all numbers.
    fn finish(&self) -> u64 {
        self.0.rotate_left(u64::BITS / 2)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, n: u32) {
        self.write_u64(u64::from(n));
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = (self.0.rotate_left(u64::BITS / 2) ^ n).wrapping_mul(GOLDEN);
    }

    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::hash::{BuildHasher, BuildHasherDefault};

    #[test]
    fn places_are_spread_over_low_and_high_bits() {
        let hash = |key: (usize, u32)| BuildHasherDefault::<Spread>::default().hash_one(key);
        let keys = (0..64_u32).flat_map(|n| (0..64_u32).map(move |m| (0x7f00_0000_0000 + n as usize * 4096, m * 1024)));
        let hashes: Vec<u64> = keys.map(hash).collect();
        assert_eq!(hashes.iter().collect::<BTreeSet<_>>().len(), 64 * 64);
        // What maps take to find a bucket, and to tell what is in it apart.
        for bits in [|hash: u64| hash & 0xfff, |hash: u64| hash >> 52] {
            let n = hashes.iter().map(|hash| bits(*hash)).collect::<BTreeSet<_>>().len();
            assert!(n > 2_000, "{n} of 4,096 places");
        }
    }
}
