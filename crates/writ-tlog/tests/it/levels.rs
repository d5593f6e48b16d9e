//! Trees for tests: leaves that are told apart, level files in memory, and a small generator of numbers.

use writ_tlog::hash::{HASH_BYTES, Hash};
use writ_tlog::tile::{LEVELS_MAX, Place};
use writ_tlog::tree::{Frontier, Head, root_at};

/// The leaf with that number.
pub fn leaf(index: u64) -> Hash {
    Hash::leaf(&index.to_be_bytes())
}

/// One file per level, as a store keeps them, and the edge that goes on from them.
#[derive(Default)]
pub struct Levels {
    pub files: Vec<Vec<u8>>,
    pub frontier: Frontier,
}

impl Levels {
    pub fn of_size(size: u64) -> Levels {
        let mut levels = Levels::default();
        levels.grow_to(size);
        levels
    }

    pub fn grow_to(&mut self, size: u64) {
        self.files.resize(usize::from(LEVELS_MAX), Vec::new());
        for index in self.frontier.size()..size {
            let files = &mut self.files;
            let store = |place: Place, hash: Hash| {
                let file = &mut files[usize::from(place.level)];
                assert_eq!(file.len() as u64, place.byte(), "{place:?} does not belong at the end of its file");
                file.extend_from_slice(&hash.0);
            };
            self.frontier.append(leaf(index), store).unwrap();
        }
    }

    /// Reads a stored hash; fails where a file is too short.
    pub fn read(&self, place: Place) -> Result<Hash, Place> {
        let start = usize::try_from(place.byte()).unwrap();
        let bytes = self.files.get(usize::from(place.level)).and_then(|file| file.get(start..start + HASH_BYTES));
        bytes.and_then(Hash::parse).ok_or(place)
    }

    pub fn head(&self, size: u64) -> Head {
        Head { size, root: root_at(size, |place| self.read(place)).unwrap() }
    }
}

/// Numbers that look random and are the same on every run (Knuth's linear congruential generator).
pub struct Numbers(pub u64);

impl Numbers {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// The hash with one bit turned.
pub fn flipped(hash: &Hash, bit: u64) -> Hash {
    let mut hash = *hash;
    hash.0[usize::try_from(bit / 8).unwrap()] ^= 1 << (bit % 8);
    hash
}
