//! What the writer has seen: which identities, and which copies of their records.
//!
//! One entry of 16 bytes for each identity, 17 with its control byte (about 35 MB for a million
//! records, 280 MB for ten). A record is taken for a duplicate only if two keyed 64-bit fingerprints
//! agree; one alone makes at most a conflict, which stores the record.

use crate::keys::row::Row;
use crate::term::Term;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// Fingerprints are keyed hashes already.
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

type Build = BuildHasherDefault<AsIs>;

/// What is new about a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Novelty {
    /// Its identity.
    Identity,
    /// The identity is known with other content or other withheld values.
    Copy,
    /// Nothing.
    None,
}

/// Identities and copies.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    first: HashMap<u64, u64, Build>,
    /// Further copies, of identities in conflict: few.
    more: HashSet<(u64, u64), Build>,
}

impl Seen {
    pub(crate) fn reserve(&mut self, records: usize) {
        self.first.reserve(records);
    }

    pub(crate) fn note_rows(&mut self, rows: &[Row]) {
        for row in rows.iter().filter(|row| !row.is_lost()) {
            self.note(row.identity, row.copy);
        }
    }

    /// Notes a record and says what is new about it.
    pub(crate) fn note(&mut self, identity: Term, copy: u64) -> Novelty {
        use std::collections::hash_map::Entry;
        match self.first.entry(identity.0) {
            Entry::Vacant(place) => {
                place.insert(copy);
                Novelty::Identity
            }
            Entry::Occupied(found) if *found.get() == copy => Novelty::None,
            Entry::Occupied(_) if self.more.insert((identity.0, copy)) => Novelty::Copy,
            Entry::Occupied(_) => Novelty::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicates_and_conflicts_are_told_apart_in_any_order() {
        let mut seen = Seen::default();
        let steps = [
            ((1, 10), Novelty::Identity),
            ((1, 10), Novelty::None),
            ((1, 11), Novelty::Copy),
            ((1, 10), Novelty::None),
            ((1, 11), Novelty::None),
            ((1, 12), Novelty::Copy),
            ((2, 10), Novelty::Identity),
            ((2, 11), Novelty::Copy),
        ];
        for ((identity, copy), novelty) in steps {
            assert_eq!(seen.note(Term(identity), copy), novelty, "{identity} {copy}");
        }
    }
}
