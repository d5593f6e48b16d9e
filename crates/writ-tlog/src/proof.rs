//! Proofs: that a leaf is in a tree, and that a tree is the beginning of a later one.
//!
//! Made as RFC 9162 defines them (sections 2.1.3.1 and 2.1.4.1) and verified by its algorithms (2.1.3.2 and
//! 2.1.4.2). A proof is a plain list of hashes from the leaves upwards; which hashes are needed follows
//! from the sizes alone.

use crate::hash::Hash;
use crate::tile::Place;
use crate::tree::{Head, root_of};
use alloc::vec::Vec;
use core::ops::Range;

/// Most hashes of an inclusion proof: sizes have 64 bits, and each level of a tree adds one.
pub const INCLUSION_HASHES_MAX: usize = 64;

/// Most hashes of a consistency proof: one for each level, and the one it begins with.
pub const CONSISTENCY_HASHES_MAX: usize = INCLUSION_HASHES_MAX + 1;

/// Why no proof was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unmade<E> {
    /// No such leaf.
    #[error("the tree has {size} leaves, so there is no leaf {index} in it")]
    NoLeaf {
        /// The leaf that was asked about.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// No such beginning.
    #[error("a tree of {new} leaves has no beginning of {old} leaves to prove")]
    NoBeginning {
        /// The size of the beginning.
        old: u64,
        /// The size of the tree.
        new: u64,
    },
    /// A stored hash could not be read.
    #[error("a stored hash cannot be read")]
    Unread(#[source] E),
}

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The leaf is not one of the tree's.
    #[error("the leaf's number is not below the size of the tree")]
    NoLeaf,
    /// The old tree has no leaves, or more than the new one.
    #[error("the sizes fit no proof; the old tree needs a leaf, and no more leaves than the new one")]
    NoBeginning,
    /// Too few hashes or too many for these sizes.
    #[error("the proof has not as many hashes as its sizes need")]
    Length,
    /// The hashes do not lead to the root of the tree.
    #[error("the hashes do not lead to the root; the proof, the leaf or the root is another tree's")]
    Root,
    /// The hashes do not lead to the root of the old tree.
    #[error("the hashes do not lead to the old root; the new tree does not go on from the old one")]
    OldRoot,
}

/// Proves that leaf `index` is in the tree over the first `size` leaves, from stored hashes.
pub fn inclusion<E>(
    index: u64,
    size: u64,
    mut read: impl FnMut(Place) -> Result<Hash, E>,
) -> Result<Vec<Hash>, Unmade<E>> {
    if index >= size {
        return Err(Unmade::NoLeaf { index, size });
    }
    // Downwards from the root; at each node the half without the leaf is left behind, and its root is in the proof.
    let mut beside = Vec::new();
    let mut node = 0..size;
    while let Some(middle) = middle(&node) {
        let (left, right) = (node.start..middle, middle..node.end);
        let (within, other) = if index < middle { (left, right) } else { (right, left) };
        beside.push(other);
        node = within;
    }
    roots(beside, &mut read)
}

/// Proves that the tree over the first `old` leaves is the beginning of the tree over the first `new`.
///
/// From a size to itself the proof has no hashes. From no leaves there is none: nothing would be said.
pub fn consistency<E>(
    old: u64,
    new: u64,
    mut read: impl FnMut(Place) -> Result<Hash, E>,
) -> Result<Vec<Hash>, Unmade<E>> {
    if old == 0 || old > new {
        return Err(Unmade::NoBeginning { old, new });
    }
    let mut beside = Vec::new();
    let mut node = 0..new;
    while old < node.end {
        // A node that the old size cuts has at least two leaves.
        let Some(middle) = middle(&node) else { break };
        let (left, right) = (node.start..middle, middle..node.end);
        let (within, other) = if old <= middle { (left, right) } else { (right, left) };
        beside.push(other);
        node = within;
    }
    // A node that begins at the first leaf is the old root itself, which the verifier has.
    if node.start > 0 {
        beside.push(node);
    }
    roots(beside, &mut read)
}

/// Where a node's right half begins: at the largest power of two below its length (RFC 9162, section 2.1.1).
fn middle(node: &Range<u64>) -> Option<u64> {
    let below = (node.end - node.start).checked_sub(1).filter(|below| *below > 0)?;
    Some(node.start + (1 << below.ilog2()))
}

/// The roots over these ranges, the last first.
fn roots<E>(ranges: Vec<Range<u64>>, read: &mut impl FnMut(Place) -> Result<Hash, E>) -> Result<Vec<Hash>, Unmade<E>> {
    ranges.into_iter().rev().map(|leaves| root_of(leaves, read).map_err(Unmade::Unread)).collect()
}

/// Verifies that the leaf with this hash is number `index` of the tree with that head.
///
/// Size and root must come together from a checkpoint: for some leaves the proof and root of one size also
/// fit the shape of another, so a root says nothing about a size that somebody else names.
pub fn verify_inclusion(leaf: &Hash, index: u64, head: &Head, proof: &[Hash]) -> Result<(), Invalid> {
    if index >= head.size {
        return Err(Invalid::NoLeaf);
    }
    let mut path = Path { node: index, last: head.size - 1 };
    let mut root = *leaf;
    for beside in proof {
        root = match path.climb()? {
            Side::Left => Hash::node(beside, &root),
            Side::Right => Hash::node(&root, beside),
        };
    }
    path.check_at_root()?;
    if root == head.root { Ok(()) } else { Err(Invalid::Root) }
}

/// Verifies that the tree with the head `old` is the beginning of the tree with the head `new`.
///
/// As for inclusion, each size must come with its root from a checkpoint.
pub fn verify_consistency(old: &Head, new: &Head, proof: &[Hash]) -> Result<(), Invalid> {
    if old.size == 0 || old.size > new.size {
        return Err(Invalid::NoBeginning);
    }
    if old.size == new.size {
        return match proof {
            [] if old.root == new.root => Ok(()),
            [] => Err(Invalid::Root),
            _ => Err(Invalid::Length),
        };
    }
    // The walk begins at the last node that is complete in the old tree. If that is the whole old
    // tree, the proof leaves it out.
    let (first, rest) = match proof.split_first() {
        Some((first, rest)) if !old.size.is_power_of_two() => (first, rest),
        Some(_) => (&old.root, proof),
        None => return Err(Invalid::Length),
    };
    let mut path = Path { node: old.size - 1, last: new.size - 1 };
    path.rise(path.node.trailing_ones());
    let (mut old_root, mut new_root) = (*first, *first);
    for beside in rest {
        match path.climb()? {
            Side::Left => {
                old_root = Hash::node(beside, &old_root);
                new_root = Hash::node(beside, &new_root);
            }
            Side::Right => new_root = Hash::node(&new_root, beside),
        }
    }
    path.check_at_root()?;
    if old_root != old.root {
        return Err(Invalid::OldRoot);
    }
    if new_root == new.root { Ok(()) } else { Err(Invalid::Root) }
}

/// On which side of a node the next hash of a proof stands.
enum Side {
    Left,
    Right,
}

/// A way up the tree: the number of a node in its level, and that of the level's last node.
struct Path {
    node: u64,
    last: u64,
}

impl Path {
    fn rise(&mut self, levels: u32) {
        self.node = self.node.checked_shr(levels).unwrap_or(0);
        self.last = self.last.checked_shr(levels).unwrap_or(0);
    }

    /// One step up, over the levels in which the node has nobody beside it. Fails at the root.
    fn climb(&mut self) -> Result<Side, Invalid> {
        if self.last == 0 {
            return Err(Invalid::Length);
        }
        let is_right_child = self.node & 1 == 1;
        if !is_right_child && self.node < self.last {
            self.rise(1);
            return Ok(Side::Right);
        }
        if !is_right_child {
            // The last node of its level stands alone until it is a right child.
            self.rise(self.node.trailing_zeros());
        }
        self.rise(1);
        Ok(Side::Left)
    }

    fn check_at_root(&self) -> Result<(), Invalid> {
        if self.last == 0 { Ok(()) } else { Err(Invalid::Length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn the_longest_proofs_are_as_long_as_the_bounds_say() {
        let any = |_: Place| Ok::<Hash, ()>(Hash::EMPTY_ROOT);
        assert_eq!(inclusion(0, u64::MAX, any).unwrap().len(), INCLUSION_HASHES_MAX);
        assert_eq!(consistency(1, u64::MAX, any).unwrap().len(), 64);
        assert_eq!(consistency(3, u64::MAX, any).unwrap().len(), CONSISTENCY_HASHES_MAX);
        assert_eq!(consistency(u64::MAX - 1, u64::MAX, any).unwrap().len(), 64);
        let head = Head { size: u64::MAX, root: Hash::EMPTY_ROOT };
        let proof = vec![Hash::EMPTY_ROOT; INCLUSION_HASHES_MAX];
        assert_eq!(verify_inclusion(&Hash::EMPTY_ROOT, 0, &head, &proof), Err(Invalid::Root));
        assert_eq!(verify_inclusion(&Hash::EMPTY_ROOT, u64::MAX, &head, &proof), Err(Invalid::NoLeaf));
    }

    #[test]
    fn no_proof_is_made_of_what_is_not_there() {
        let any = |_: Place| Ok::<Hash, ()>(Hash::EMPTY_ROOT);
        assert_eq!(inclusion(0, 0, any), Err(Unmade::NoLeaf { index: 0, size: 0 }));
        assert_eq!(inclusion(5, 5, any), Err(Unmade::NoLeaf { index: 5, size: 5 }));
        assert_eq!(consistency(0, 5, any), Err(Unmade::NoBeginning { old: 0, new: 5 }));
        assert_eq!(consistency(6, 5, any), Err(Unmade::NoBeginning { old: 6, new: 5 }));
        assert_eq!(consistency(5, 5, any), Ok(vec![]));
        assert_eq!(inclusion(0, 2, Err), Err(Unmade::Unread(Place { level: 0, index: 1 })));
    }
}
