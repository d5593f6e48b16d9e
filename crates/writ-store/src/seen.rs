//! What the writer has seen: which identities, and which copies of their records.
//!
//! One entry of 16 bytes for each identity, 17 with its control byte (about 35 MB for a million
//! records, 280 MB for ten). A record is taken for a duplicate only if two keyed 64-bit fingerprints
//! agree; one alone makes at most a conflict, which stores the record.

use crate::keys::row::Row;
use crate::term::{Term, last_custody};
use std::collections::HashMap;
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
    /// Its custody: the record is known, and every copy so far came in a weaker one.
    Custody,
    /// Nothing.
    None,
}

/// Identities and copies.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Of each identity the copy that came first, in the best custody it came in.
    first: HashMap<u64, u64, Build>,
    /// Further copies, of identities in conflict: few. By identity and copy, whatever its custody.
    more: HashMap<(u64, u64), u64, Build>,
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
        let best = match self.first.entry(identity.0) {
            Entry::Vacant(place) => {
                place.insert(copy);
                return Novelty::Identity;
            }
            Entry::Occupied(found) if last_custody(*found.get()) == last_custody(copy) => found.into_mut(),
            Entry::Occupied(_) => match self.more.entry((identity.0, last_custody(copy))) {
                Entry::Vacant(place) => {
                    place.insert(copy);
                    return Novelty::Copy;
                }
                Entry::Occupied(found) => found.into_mut(),
            },
        };
        if copy < *best {
            *best = copy;
            return Novelty::Custody;
        }
        Novelty::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicates_and_conflicts_are_told_apart_in_any_order() {
        let mut seen = Seen::default();
        let steps = [
            ((1, 0x15), Novelty::Identity),
            ((1, 0x15), Novelty::None),
            ((1, 0x25), Novelty::Copy),
            ((1, 0x15), Novelty::None),
            ((1, 0x25), Novelty::None),
            ((1, 0x35), Novelty::Copy),
            ((2, 0x15), Novelty::Identity),
            ((2, 0x25), Novelty::Copy),
            // A better custody is news, the same or a weaker one is not.
            ((1, 0x14), Novelty::Custody),
            ((1, 0x15), Novelty::None),
            ((1, 0x34), Novelty::Custody),
            ((1, 0x34), Novelty::None),
            ((1, 0x12), Novelty::Custody),
            ((1, 0x14), Novelty::None),
        ];
        for ((identity, copy), novelty) in steps {
            assert_eq!(seen.note(Term(identity), copy), novelty, "{identity} {copy}");
        }
    }
}
