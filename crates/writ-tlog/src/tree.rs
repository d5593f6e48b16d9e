//! The tree as it grows, and as it is read back from what was stored of it.
//!
//! A tree of *n* leaves is a row of complete subtrees, one per bit that is set in *n*, the largest
//! first: its peaks. They are all that appending needs ([`Frontier`]), and the root follows from them.

use crate::hash::Hash;
use crate::tile::{Place, TILE_HEIGHT};
use alloc::vec::Vec;
use core::ops::Range;

/// Bits in which sizes are counted.
const SIZE_BITS: u8 = 64;

/// A tree as others know it: how many leaves it has, and its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// The right edge of a tree: what is needed to append, in at most 64 hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

/// The tree has as many leaves as can be counted in 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tree has {} leaves and cannot take another; begin a new log", u64::MAX)]
pub struct Full;

impl Frontier {
    /// The tree without leaves.
    pub fn new() -> Frontier {
        Frontier::default()
    }

    /// The right edge of the tree over the first `size` leaves, from stored hashes.
    ///
    /// Reads the entries of the partial tiles of that size, at most 255 in each level.
    pub fn resume<E>(size: u64, mut read: impl FnMut(Place) -> Result<Hash, E>) -> Result<Frontier, E> {
        Ok(Frontier { size, peaks: peaks(0..size, &mut read)? })
    }

    /// Appends one leaf, and hands out each hash that is now to be stored: that of the leaf, then the
    /// roots of what became complete in the levels above. Within a level they come without gaps, so
    /// each belongs at the end of its level's file.
    pub fn append(&mut self, leaf: Hash, mut store: impl FnMut(Place, Hash)) -> Result<(), Full> {
        let index = self.size;
        let size = index.checked_add(1).ok_or(Full)?;
        let mut place = Place { level: 0, index };
        store(place, leaf);
        let mut hash = leaf;
        for height in 1..=index.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            hash = Hash::node(&left, &hash);
            if height % u32::from(TILE_HEIGHT) == 0 {
                place = Place { level: place.level + 1, index: index >> height };
                store(place, hash);
            }
        }
        self.peaks.push(hash);
        self.size = size;
        Ok(())
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root over all leaves.
    pub fn root(&self) -> Hash {
        join(&self.peaks)
    }

    /// Size and root.
    pub fn head(&self) -> Head {
        Head { size: self.size, root: self.root() }
    }
}

/// The root over the first `size` leaves, from stored hashes.
pub fn root_at<E>(size: u64, mut read: impl FnMut(Place) -> Result<Hash, E>) -> Result<Hash, E> {
    root_of(0..size, &mut read)
}

/// The root over a range of leaves that is a node of the tree: it begins at a multiple of a power of two
/// that is at least its length.
pub(crate) fn root_of<E>(leaves: Range<u64>, read: &mut impl FnMut(Place) -> Result<Hash, E>) -> Result<Hash, E> {
    Ok(join(&peaks(leaves, read)?))
}

fn peaks<E>(leaves: Range<u64>, read: &mut impl FnMut(Place) -> Result<Hash, E>) -> Result<Vec<Hash>, E> {
    let mut start = leaves.start;
    let size = leaves.end - start;
    let mut peaks = Vec::new();
    for height in (0..SIZE_BITS).rev().filter(|height| (size >> height) & 1 == 1) {
        peaks.push(subtree(height, start >> height, read)?);
        start += 1 << height;
    }
    Ok(peaks)
}

/// The root of the complete subtree of 2^`height` leaves with that number, from the stored level
/// below it, in which it spans at most 128 entries.
fn subtree<E>(height: u8, index: u64, read: &mut impl FnMut(Place) -> Result<Hash, E>) -> Result<Hash, E> {
    let (level, above) = (height / TILE_HEIGHT, height % TILE_HEIGHT);
    let mut peaks: Vec<Hash> = Vec::new();
    for n in 0..1_u64 << above {
        let mut hash = read(Place { level, index: (index << above) + n })?;
        for _ in 0..n.trailing_ones() {
            let Some(left) = peaks.pop() else { break };
            hash = Hash::node(&left, &hash);
        }
        peaks.push(hash);
    }
    Ok(join(&peaks))
}

/// The root over peaks: the smallest two are joined first.
fn join(peaks: &[Hash]) -> Hash {
    let Some((last, rest)) = peaks.split_last() else { return Hash::EMPTY_ROOT };
    rest.iter().rev().fold(*last, |right, left| Hash::node(left, &right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn a_full_tree_takes_no_leaf_and_stays_as_it_was() {
        let mut tree = Frontier::resume(u64::MAX, |_| Ok::<Hash, ()>(Hash::EMPTY_ROOT)).unwrap();
        assert_eq!(tree.peaks.len(), 64);
        let before = tree.clone();
        assert_eq!(tree.append(Hash::EMPTY_ROOT, |_, _| panic!("nothing is stored")), Err(Full));
        assert_eq!(tree, before);
    }

    #[test]
    fn what_is_stored_comes_in_order_and_level_by_level() {
        let mut tree = Frontier::new();
        let mut places = vec![];
        for _ in 0..65_536 {
            tree.append(Hash::EMPTY_ROOT, |place, _| places.push(place)).unwrap();
        }
        let last: Vec<(u8, u64)> = places.iter().rev().take(3).map(|place| (place.level, place.index)).collect();
        assert_eq!(last, [(2, 0), (1, 255), (0, 65_535)]);
        for level in 0..3 {
            let indexes = places.iter().filter(|place| place.level == level).map(|place| place.index);
            assert!(indexes.eq(0..65_536 >> (8 * level)), "level {level}");
        }
    }

    #[test]
    fn a_hash_that_cannot_be_read_is_the_callers_error() {
        assert_eq!(root_at(3, |place| if place.index == 2 { Err(place) } else { Ok(Hash::EMPTY_ROOT) }), {
            Err(Place { level: 0, index: 2 })
        });
        assert_eq!(Frontier::resume(0, Err), Ok(Frontier::new()));
    }
}
