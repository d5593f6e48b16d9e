//! Roots against their definition, and growth in pieces.

use crate::levels::{Levels, Numbers, leaf};
use writ_tlog::hash::Hash;
use writ_tlog::tree::{Frontier, root_at};

/// The Merkle tree hash as RFC 6962, section 2.1, defines it.
pub fn defined_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::EMPTY_ROOT,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(defined_split(leaves.len()));
            Hash::node(&defined_root(left), &defined_root(right))
        }
    }
}

/// The largest power of two that is smaller than the length.
pub fn defined_split(len: usize) -> usize {
    let mut split = 1;
    while split * 2 < len {
        split *= 2;
    }
    split
}

#[test]
fn every_root_is_the_defined_one() {
    let levels = Levels::of_size(700);
    let leaves: Vec<Hash> = (0..700).map(leaf).collect();
    let mut frontier = Frontier::new();
    for size in 0..=700_u64 {
        let defined = defined_root(&leaves[..usize::try_from(size).unwrap()]);
        assert_eq!(frontier.root(), defined, "size {size}");
        assert_eq!(root_at(size, |place| levels.read(place)), Ok(defined), "size {size}");
        frontier.append(leaf(size), |_, _| ()).unwrap();
    }
}

#[test]
fn every_stored_hash_is_the_root_over_its_leaves() {
    let size = 66_000_usize;
    let levels = Levels::of_size(size as u64);
    let leaves: Vec<Hash> = (0..size as u64).map(leaf).collect();
    for (level, span) in [(0, 1), (1, 256), (2, 65_536)] {
        let complete: Vec<u8> = leaves.chunks_exact(span).flat_map(|leaves| defined_root(leaves).0).collect();
        assert_eq!(levels.files[level], complete, "level {level}");
    }
    assert!(levels.files[3..].iter().all(Vec::is_empty));
}

#[test]
fn growth_in_any_pieces_gives_the_same_files_and_the_same_root() {
    let whole = Levels::of_size(70_000);
    for seed in 0..8 {
        let mut numbers = Numbers(seed);
        let mut pieces = Levels::default();
        while pieces.frontier.size() < 70_000 {
            let size = (pieces.frontier.size() + 1 + numbers.below(9_000)).min(70_000);
            pieces.grow_to(size);
            // As after a restart: nothing is known but the files.
            let resumed = Frontier::resume(size, |place| pieces.read(place)).unwrap();
            assert_eq!(resumed, pieces.frontier, "seed {seed}, size {size}");
            pieces.frontier = resumed;
        }
        assert!(pieces.files == whole.files && pieces.frontier == whole.frontier, "seed {seed}");
    }
}

#[test]
fn a_file_that_is_too_short_is_noticed() {
    let mut levels = Levels::of_size(300);
    levels.files[0].truncate(299 * 32);
    assert_eq!(root_at(300, |place| levels.read(place)).unwrap_err().index, 299);
    assert_eq!(root_at(299, |place| levels.read(place)), Ok(Levels::of_size(299).frontier.root()));
}
