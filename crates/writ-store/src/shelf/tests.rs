//! The index as a follower: deleted, of other adapters, behind the log; answers stay the same.

use crate::testing::{
    Lcg, SECRET, assert_finds, assert_holds, commit, delete_keys, derivation, derive_better, derive_nothing, folder,
    log_path, n_parts, open, record, set, set_log, snapshot, temp, term,
};
use crate::{DamageCause, Position, Query, Snapshot, Writer};
use std::path::PathBuf;
use writ_model::record::Record;
use writ_model::time::Time;

fn records(from: i64, to: i64) -> Vec<Record> {
    (from..to)
        .map(|n| record(&format!("n{n}"), (n % 5 != 0).then_some(n * 7 % 11), &format!("all w{} UPPER", n % 3)))
        .collect()
}

/// The files of parts.
fn parts(dir: &std::path::Path) -> Vec<PathBuf> {
    let folders = std::fs::read_dir(dir.join("index")).unwrap().map(|folder| folder.unwrap().path());
    let mut files: Vec<PathBuf> =
        folders.flat_map(|folder| std::fs::read_dir(folder).unwrap()).map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn only_the_part_of_the_log_that_has_no_keys_is_derived() {
    let dir = folder(&[records(0, 4)]);
    let (writer, _) = open(dir.path());
    commit(&writer, &records(4, 10)).unwrap();
    writer.close().unwrap();
    std::fs::remove_file(&parts(dir.path())[1]).unwrap();
    let found = snapshot(dir.path());
    assert_eq!(found.n_derived(), 6);
    assert_holds(&found, &records(0, 10));
    let (writer, recovery) = open(dir.path());
    assert_eq!((recovery.n_records, recovery.n_derived), (10, 6));
    writer.close().unwrap();
    let found = Snapshot::open(dir.path(), derivation("words"), derive_nothing).unwrap();
    assert_holds(&found, &records(0, 10));
}

#[test]
fn a_part_that_is_cut_or_of_another_length_is_derived_again() {
    let dir = folder(&[records(0, 8)]);
    let [path] = &parts(dir.path())[..] else { panic!("one part") };
    let whole = std::fs::read(path).unwrap();
    for bytes in [&whole[..0], &whole[..100], &whole[..whole.len() - 1], &[whole.as_slice(), b"x"].concat()] {
        set(path, bytes);
        let found = snapshot(dir.path());
        assert_eq!((found.n_derived(), found.damage()), (8, [].as_slice()), "{} bytes", bytes.len());
        assert_holds(&found, &records(0, 8));
    }
}

#[test]
fn a_better_adapter_finds_more_in_old_records() {
    let dir = folder(&[records(0, 6)]);
    let old = parts(dir.path());
    let query = Query::new(Time::MAX, usize::MAX);
    let count = |found: &Snapshot| found.lookup(term(found.term_key(), "upper"), &query).unwrap().len();
    assert_eq!(count(&snapshot(dir.path())), 0);
    // A reader derives in memory and leaves the old keys alone.
    let better = || Snapshot::open(dir.path(), derivation("better"), derive_better).unwrap();
    assert_eq!((count(&better()), better().n_derived()), (6, 6));
    assert_eq!(parts(dir.path()), old);
    // A writer derives, swaps and deletes the old ones.
    let (writer, recovery) = Writer::create_or_open(dir.path(), SECRET, derivation("better"), derive_better).unwrap();
    assert_eq!(recovery.n_derived, 6);
    writer.close().unwrap();
    assert_ne!(parts(dir.path()), old);
    let found = Snapshot::open(dir.path(), derivation("better"), derive_nothing).unwrap();
    assert_eq!(count(&found), 6);
    // And back: the answers of the old adapters are the old ones.
    open(dir.path()).0.close().unwrap();
    assert_eq!(count(&snapshot(dir.path())), 0);
    assert_holds(&snapshot(dir.path()), &records(0, 6));
}

#[test]
fn keys_of_a_damaged_frame_are_left_out() {
    let records = records(0, 9);
    let dir = folder(&records.chunks(3).map(<[Record]>::to_vec).collect::<Vec<_>>());
    let mut log = std::fs::read(log_path(dir.path())).unwrap();
    let middle = log.len() / 2;
    log[middle] ^= 1;
    set_log(dir.path(), &log);
    for derived in [0, 6] {
        let found = snapshot(dir.path());
        assert_eq!((found.len(), found.n_derived(), found.damage().len()), (6, derived, 1));
        assert_eq!(found.damage()[0].cause, DamageCause::Payload);
        let rest = [&records[..3], &records[6..]].concat();
        assert_finds(&found, &rest);
        assert_eq!(found.by_identity(&records[4].envelope.identity, 9).unwrap(), []);
        assert_eq!(found.by_identity(&records[7].envelope.identity, 9).unwrap().len(), 1);
        assert!(found.posting(Position(4)).unwrap().is_none() && found.posting(Position(6)).unwrap().is_some());
        delete_keys(dir.path());
    }
}

#[test]
fn keys_gathered_over_many_lives_answer_as_those_derived_at_once() {
    for seed in 0..10 {
        let mut dice = Lcg(seed);
        let (dir, mut from, mut n_lives) = (temp(), 0, 0);
        while from < 150 {
            let (writer, recovery) =
                Writer::create_or_open(dir.path(), SECRET, derivation("words"), derive_nothing).unwrap();
            assert_eq!(recovery.n_derived, 0);
            n_lives += 1;
            for _ in 0..=dice.below(2) {
                let to = from + 1 + i64::try_from(dice.below(5)).unwrap();
                commit(&writer, &records(from, to)).unwrap();
                from = to;
            }
            writer.close().unwrap();
        }
        // Parts of a few records each were merged.
        assert!(n_parts(dir.path()) < n_lives, "seed {seed}: {} parts of {n_lives}", n_parts(dir.path()));
        let found = Snapshot::open(dir.path(), derivation("words"), derive_nothing).unwrap();
        assert_holds(&found, &records(0, from));
        delete_keys(dir.path());
        open(dir.path()).0.close().unwrap();
        assert_eq!(n_parts(dir.path()), 1);
        assert_holds(&snapshot(dir.path()), &records(0, from));
    }
}
