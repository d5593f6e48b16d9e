//! Proofs against their definition, for every leaf and every pair of sizes of small trees, and what
//! altering any part of one does.

use crate::levels::{Levels, Numbers, flipped, leaf};
use crate::tree::{defined_root, defined_split};
use std::collections::{BTreeMap, BTreeSet};
use writ_tlog::hash::Hash;
use writ_tlog::proof::{Invalid, consistency, inclusion, verify_consistency, verify_inclusion};
use writ_tlog::tile::{LEVELS_MAX, Place, new_tiles};
use writ_tlog::tree::{Head, root_at};

const SIZE_MAX: u64 = 130;

/// PATH of RFC 9162, section 2.1.3.1.
fn defined_inclusion(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let split = defined_split(leaves.len());
    let (left, right) = leaves.split_at(split);
    let (mut path, beside) = if index < split {
        (defined_inclusion(index, left), right)
    } else {
        (defined_inclusion(index - split, right), left)
    };
    path.push(defined_root(beside));
    path
}

/// SUBPROOF of RFC 9162, section 2.1.4.1.
fn defined_consistency(old: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if whole { Vec::new() } else { vec![defined_root(leaves)] };
    }
    let split = defined_split(leaves.len());
    let (left, right) = leaves.split_at(split);
    let (mut path, beside) = if old <= split {
        (defined_consistency(old, left, whole), right)
    } else {
        (defined_consistency(old - split, right, false), left)
    };
    path.push(defined_root(beside));
    path
}

/// Every list that differs from the proof in one place: a hash with one bit turned, left out, said
/// twice, or a stranger put in.
fn altered(proof: &[Hash], numbers: &mut Numbers) -> Vec<Vec<Hash>> {
    let mut all = Vec::new();
    for place in 0..=proof.len() {
        let mut longer = proof.to_vec();
        longer.insert(place, Hash::leaf(b"stranger"));
        all.push(longer);
        let Some(hash) = proof.get(place) else { continue };
        let mut other = proof.to_vec();
        other[place] = flipped(hash, numbers.below(256));
        all.push(other);
        let mut shorter = proof.to_vec();
        shorter.remove(place);
        all.push(shorter);
        let mut twice = proof.to_vec();
        twice.insert(place, *hash);
        all.push(twice);
        if place > 0 && proof[place] != proof[place - 1] {
            let mut swapped = proof.to_vec();
            swapped.swap(place, place - 1);
            all.push(swapped);
        }
    }
    all
}

#[test]
fn every_leaf_of_every_small_tree_is_proved_and_nothing_else() {
    let levels = Levels::of_size(SIZE_MAX);
    let leaves: Vec<Hash> = (0..SIZE_MAX).map(leaf).collect();
    let heads: Vec<Head> = (0..=SIZE_MAX).map(|size| levels.head(size)).collect();
    let mut numbers = Numbers(1);
    for head in &heads[1..] {
        for index in 0..head.size {
            let at = || format!("leaf {index} of {}", head.size);
            let leaf = leaf(index);
            let proof = inclusion(index, head.size, |place| levels.read(place)).unwrap();
            let within = &leaves[..usize::try_from(head.size).unwrap()];
            assert_eq!(proof, defined_inclusion(usize::try_from(index).unwrap(), within), "{}", at());
            assert_eq!(verify_inclusion(&leaf, index, head, &proof), Ok(()), "{}", at());

            for other in altered(&proof, &mut numbers) {
                assert!(verify_inclusion(&leaf, index, head, &other).is_err(), "{}: {other:?}", at());
            }
            let bit = numbers.below(256);
            assert!(verify_inclusion(&flipped(&leaf, bit), index, head, &proof).is_err(), "{}", at());
            let root = flipped(&head.root, bit);
            assert_eq!(verify_inclusion(&leaf, index, &Head { root, ..*head }, &proof), Err(Invalid::Root));
            for other in (0..head.size + 3).filter(|other| *other != index) {
                assert!(verify_inclusion(&leaf, other, head, &proof).is_err(), "{} as {other}", at());
            }
            for other in heads.iter().filter(|other| other.size != head.size) {
                assert!(verify_inclusion(&leaf, index, other, &proof).is_err(), "{} in {}", at(), other.size);
            }
        }
    }
}

#[test]
fn every_small_tree_is_the_beginning_of_every_later_one_and_of_no_other() {
    let levels = Levels::of_size(SIZE_MAX);
    let leaves: Vec<Hash> = (0..SIZE_MAX).map(leaf).collect();
    let heads: Vec<Head> = (0..=SIZE_MAX).map(|size| levels.head(size)).collect();
    let mut numbers = Numbers(2);
    for new in &heads[1..] {
        for old in heads[1..].iter().take_while(|old| old.size <= new.size) {
            let at = || format!("{} in {}", old.size, new.size);
            let proof = consistency(old.size, new.size, |place| levels.read(place)).unwrap();
            let within = &leaves[..usize::try_from(new.size).unwrap()];
            assert_eq!(proof, defined_consistency(usize::try_from(old.size).unwrap(), within, true), "{}", at());
            assert_eq!(verify_consistency(old, new, &proof), Ok(()), "{}", at());

            for other in altered(&proof, &mut numbers) {
                assert!(verify_consistency(old, new, &other).is_err(), "{}: {other:?}", at());
            }
            let bit = numbers.below(256);
            let false_old = Head { root: flipped(&old.root, bit), ..*old };
            let false_new = Head { root: flipped(&new.root, bit), ..*new };
            assert!(verify_consistency(&false_old, new, &proof).is_err(), "{}", at());
            assert!(verify_consistency(old, &false_new, &proof).is_err(), "{}", at());
            if old.size < new.size {
                assert_eq!(verify_consistency(new, old, &proof), Err(Invalid::NoBeginning), "{}", at());
                assert!(verify_consistency(&Head { size: new.size, ..*old }, new, &proof).is_err(), "{}", at());
            }
            for other in heads.iter().filter(|other| other.size != old.size && other.size != new.size) {
                assert!(verify_consistency(other, new, &proof).is_err(), "{}, old as {}", at(), other.size);
                assert!(verify_consistency(old, other, &proof).is_err(), "{}, new as {}", at(), other.size);
            }
        }
    }
}

#[test]
fn every_single_bit_of_a_proof_counts() {
    let levels = Levels::of_size(1_000);
    let (old, new) = (levels.head(777), levels.head(1_000));
    let leaf = leaf(613);
    let included = inclusion(613, 1_000, |place| levels.read(place)).unwrap();
    let consistent = consistency(777, 1_000, |place| levels.read(place)).unwrap();
    assert_eq!(verify_inclusion(&leaf, 613, &new, &included), Ok(()));
    assert_eq!(verify_consistency(&old, &new, &consistent), Ok(()));
    for bit in 0..256 {
        for place in 0..included.len() {
            let mut other = included.clone();
            other[place] = flipped(&other[place], bit);
            assert_eq!(verify_inclusion(&leaf, 613, &new, &other), Err(Invalid::Root), "hash {place}, bit {bit}");
        }
        for place in 0..consistent.len() {
            let mut other = consistent.clone();
            other[place] = flipped(&other[place], bit);
            assert!(verify_consistency(&old, &new, &other).is_err(), "hash {place}, bit {bit}");
        }
    }
}

#[test]
fn a_proof_does_not_go_on_above_the_root() {
    // Somebody calls a node of a larger tree the root of a smaller one: the hashes fit, the sizes do not.
    let beside = Hash::leaf(b"beside");
    let single = Head { size: 1, root: Hash::node(&beside, &leaf(0)) };
    assert_eq!(verify_inclusion(&leaf(0), 0, &single, &[beside]), Err(Invalid::Length));

    let levels = Levels::of_size(3);
    let (old, new) = (levels.head(2), levels.head(3));
    let mut proof = consistency(2, 3, |place| levels.read(place)).unwrap();
    proof.push(beside);
    let above = |head: &Head| Head { root: Hash::node(&beside, &head.root), ..*head };
    assert_eq!(verify_consistency(&old, &above(&new), &proof), Err(Invalid::Length));
    assert_eq!(verify_consistency(&above(&old), &above(&new), &proof), Err(Invalid::Length));
}

#[test]
fn a_proof_reads_at_most_two_tiles_of_a_level() {
    let mut numbers = Numbers(6);
    for size in [1, 255, 256, 257, 65_535, 65_537, 99_999_999, 100_000_007, 1 << 40, (1 << 40) - 1, u64::MAX] {
        for _ in 0..40 {
            let leaf = numbers.below(size.min(1 << 31)) * (size >> 31).max(1);
            check_reads(size, |read| assert!(inclusion(leaf, size, read).is_ok()));
            check_reads(size, |read| assert!(consistency(leaf + 1, size, read).is_ok()));
        }
        check_reads(size, |read| assert!(root_at(size, read).is_ok()));
    }
}

/// Runs something that reads hashes, and looks at what it reads.
fn check_reads(size: u64, run: impl FnOnce(&mut dyn FnMut(Place) -> Result<Hash, ()>)) {
    let mut tiles = BTreeSet::new();
    let mut places = BTreeSet::new();
    run(&mut |place| {
        tiles.insert(place.tile(size).unwrap_or_else(|| panic!("a tree of {size} has no {place:?}")));
        assert!(places.insert(place), "{place:?} is read twice");
        Ok(Hash::EMPTY_ROOT)
    });
    for level in 0..LEVELS_MAX {
        assert!(tiles.iter().filter(|tile| tile.level() == level).count() <= 2, "size {size}, level {level}");
    }
}

#[test]
fn proofs_are_made_from_what_is_served() {
    let size = 66_000;
    let levels = Levels::of_size(size);
    let served: BTreeMap<String, &[u8]> = new_tiles(0, size)
        .map(|tile| {
            let range = usize::try_from(tile.bytes().start).unwrap()..usize::try_from(tile.bytes().end).unwrap();
            (tile.path(), &levels.files[usize::from(tile.level())][range])
        })
        .collect();
    let read = |place: Place| {
        let tile = place.tile(size).ok_or(place)?;
        let bytes = served.get(&tile.path()).ok_or(place)?;
        place.hash_in_tile(bytes).ok_or(place)
    };
    let head = levels.head(size);
    assert_eq!(root_at(size, read), Ok(head.root));
    for index in [0, 255, 256, 65_535, 65_536, 65_999] {
        let proof = inclusion(index, size, read).unwrap();
        assert_eq!(verify_inclusion(&leaf(index), index, &head, &proof), Ok(()));
        let proof = consistency(index + 1, size, read).unwrap();
        assert_eq!(verify_consistency(&levels.head(index + 1), &head, &proof), Ok(()));
    }
}

#[test]
fn a_log_that_was_rewritten_is_noticed() {
    // Both logs are sound by themselves; the second has another leaf 5.
    let levels = Levels::of_size(20);
    let mut leaves: Vec<Hash> = (0..20).map(leaf).collect();
    leaves[5] = Hash::leaf(b"something else");
    let rewritten = Head { size: 20, root: defined_root(&leaves) };
    let proof = defined_consistency(9, &leaves, true);
    let honest = Head { size: 9, root: defined_root(&leaves[..9]) };
    assert_eq!(verify_consistency(&honest, &rewritten, &proof), Ok(()));
    assert_eq!(verify_consistency(&levels.head(9), &rewritten, &proof), Err(Invalid::OldRoot));
}
