//! Merges: stopped ones leave no trace, and merging gives the bytes that building at once gives.

use super::world::World;
use super::{Folder, OWNER, check};
use crate::Kind;
use crate::index::merge::merge;
use crate::index::part::Part;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

fn files(folder: &Folder) -> Vec<String> {
    let entries = std::fs::read_dir(folder.dir.path()).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_stopped_merge_leaves_no_trace() {
    let mut world = World::new(1);
    world.grow(100);
    let mut folder = Folder::new();
    folder.push(&world, 0, 50);
    folder.seal();
    folder.push(&world, 50, 100);
    folder.seal();
    assert_eq!(crate::index::plan::plan(&[folder.parts[0].info(), folder.parts[1].info()]), None);
    let before = files(&folder);
    let path = folder.dir.path().join("merged.part");
    assert!(merge(&super::os(), &folder.parts, &path, &OWNER, &AtomicBool::new(true)).unwrap().is_none());
    assert_eq!(files(&folder), before);
    // What a crash left under the name is no obstacle.
    std::fs::File::create(path.with_added_extension("tmp")).unwrap();
    merge(&super::os(), &folder.parts, &path, &OWNER, &AtomicBool::new(false)).unwrap().unwrap();
    assert_eq!(files(&folder).len(), before.len() + 1);
}

/// A merge checks every block that it reads, so it carries no damage on; what it does not read it makes anew.
#[test]
fn a_damaged_part_is_not_merged_into_another_answer() {
    let mut world = World::new(9);
    world.grow(60);
    let mut folder = Folder::new();
    for (from, to) in [(0, 30), (30, 60)] {
        folder.push(&world, from, to);
        folder.seal();
    }
    let whole = std::fs::read(folder.path(0, folder.parts[0].facts().next)).unwrap();
    let path = folder.dir.path().join("merged.part");
    let (mut refused, mut merged) = (0, 0);
    for at in (crate::index::header::HEADER..whole.len()).step_by(7) {
        let mut altered = whole.clone();
        altered[at] ^= 4;
        let name = std::path::Path::new("harmed.part");
        let harmed = Part::open_on(Box::new(crate::sim::SimDisk::new(altered)), name, &OWNER).unwrap();
        let parts = [Arc::new(harmed), Arc::clone(&folder.parts[1])];
        match merge(&super::os(), &parts, &path, &OWNER, &AtomicBool::new(false)) {
            Ok(part) => {
                let index = crate::index::Index::new(&[Arc::new(part.unwrap())], &folder.tail).unwrap();
                check(&index, &mut world, 2, &format!("byte {at}"));
                std::fs::remove_file(&path).unwrap();
                merged += 1;
            }
            Err(error) => {
                assert_eq!(error.kind(), Kind::Corrupt, "byte {at}: {error}");
                assert_eq!(files(&folder).len(), 2, "byte {at}");
                refused += 1;
            }
        }
    }
    assert!(merged > 0 && refused > merged, "{merged} merged, {refused} refused");
}

#[test]
fn only_adjacent_parts_are_merged() {
    let mut world = World::new(2);
    world.grow(90);
    let mut folder = Folder::new();
    for (from, to) in [(0, 30), (30, 60), (60, 90)] {
        folder.push(&world, from, to);
        folder.seal();
    }
    let path = folder.dir.path().join("merged.part");
    let apart = [Arc::clone(&folder.parts[0]), Arc::clone(&folder.parts[2])];
    for parts in [&[][..], &apart[..]] {
        let error = merge(&super::os(), parts, &path, &OWNER, &AtomicBool::new(false)).unwrap_err();
        assert_eq!(error.kind(), Kind::Invalid);
    }
    let holed = crate::index::Index::new(&apart, &folder.tail).unwrap_err();
    assert!(holed.message().contains("writ rebuild"), "{holed}");
}

#[test]
fn merging_and_building_at_once_give_the_same_part() {
    for seed in 0..5 {
        let mut world = World::new(seed);
        world.grow(300);
        let (mut merged, mut at_once) = (Folder::new(), Folder::new());
        for (from, to) in [(0, 10), (10, 170), (170, 171), (171, 300)] {
            merged.push(&world, from, to);
            merged.seal();
            at_once.push(&world, from, to);
        }
        merged.merge(1..3);
        merged.merge(0..3);
        at_once.seal();
        let facts = |folder: &Folder| *folder.parts[0].facts();
        assert_eq!(facts(&merged), facts(&at_once), "seed {seed}");
        let counts = |folder: &Folder| (folder.parts[0].header().n_terms, folder.parts[0].header().n_postings);
        assert_eq!(counts(&merged), counts(&at_once), "seed {seed}");
        let terms = |folder: &Folder| -> Vec<_> {
            let part = &folder.parts[0];
            (0..part.header().n_buckets).flat_map(|bucket| part.terms(bucket).unwrap()).map(|(term, _)| term).collect()
        };
        assert_eq!(terms(&merged), terms(&at_once), "seed {seed}");
        check(&merged.index(), &mut world, 10, &format!("seed {seed}"));
    }
}

#[test]
fn a_part_is_opened_by_its_owner_alone() {
    let mut world = World::new(3);
    world.grow(9);
    let mut folder = Folder::new();
    folder.push(&world, 0, 9);
    folder.seal();
    let path = folder.path(0, 9);
    let other = crate::index::header::Owner { store: [1; 8], ..OWNER };
    let error = Part::open_on(super::os().open(&path, crate::storage::Open::Read).unwrap(), &path, &other).unwrap_err();
    assert_eq!(error.kind(), Kind::Invalid);
    assert!(error.message().contains("another store"), "{error}");
}
