//! Keys as a follower: deleted, cut, of other adapters, of another log; answers stay the same.

use crate::keys::chunk::{Chunk, Owner};
use crate::testing::{
    Lcg, SECRET, assert_holds, commit, delete_keys, derivation, derive, derive_better, derive_nothing, folder,
    log_path, open, record, set, set_log, sidecar, snapshot, temp, term,
};
use crate::{DamageCause, Position, Query, Snapshot, TermKey, Writer, keys};
use std::path::Path;
use writ_model::record::Record;
use writ_model::time::Time;

fn records(from: i64, to: i64) -> Vec<Record> {
    (from..to)
        .map(|n| record(&format!("n{n}"), (n % 5 != 0).then_some(n * 7 % 11), &format!("all w{} UPPER", n % 3)))
        .collect()
}

fn owner() -> Owner {
    Owner { store: TermKey::new(&SECRET).store(), derivation: derivation("words") }
}

fn load(dir: &Path) -> Vec<Chunk> {
    load_of(dir, &owner())
}

fn load_of(dir: &Path, owner: &Owner) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    keys::file::load(&sidecar(dir), owner, |chunk, _| {
        chunks.push(chunk);
        true
    });
    chunks
}

#[test]
fn a_sidecar_cut_at_any_byte_or_altered_gives_the_same_answers() {
    let records = records(0, 12);
    let dir = folder(&[records[..8].to_vec(), records[8..].to_vec()]);
    let whole = std::fs::read(sidecar(dir.path())).unwrap();
    let path = sidecar(dir.path());
    for len in 0..whole.len() {
        set(&path, &whole[..len]);
        let found = snapshot(dir.path());
        assert_eq!((found.n_derived(), found.damage()), (12, [].as_slice()), "{len} bytes");
        if len % 16 == 0 {
            assert_holds(&found, &records);
        }
        let mut altered = whole.clone();
        altered[len] ^= 1;
        set(&path, &altered);
        assert_eq!(snapshot(dir.path()).n_derived(), 12, "byte {len} altered");
    }
    set(&path, &whole);
    let found = Snapshot::open(dir.path(), derivation("words"), derive_nothing).unwrap();
    assert_holds(&found, &records);
}

#[test]
fn only_the_part_of_the_log_that_has_no_keys_is_derived() {
    let dir = folder(&[records(0, 4)]);
    let first = std::fs::read(sidecar(dir.path())).unwrap();
    let (writer, _) = open(dir.path());
    commit(&writer, &records(4, 10)).unwrap();
    writer.close().unwrap();
    // The sidecar as it was before: it follows the log, but not to its end.
    set(&sidecar(dir.path()), &first);
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
fn a_better_adapter_finds_more_in_old_records() {
    let dir = folder(&[records(0, 6)]);
    let old = sidecar(dir.path());
    let query = Query::new(Time::MAX, usize::MAX);
    let count = |found: &Snapshot| found.lookup(term(found.term_key(), "upper"), &query).len();
    assert_eq!(count(&snapshot(dir.path())), 0);
    // A reader derives in memory and leaves the old keys alone.
    let better = || Snapshot::open(dir.path(), derivation("better"), derive_better).unwrap();
    assert_eq!((count(&better()), better().n_derived()), (6, 6));
    assert_eq!(sidecar(dir.path()), old);
    // A writer derives, swaps and deletes the old ones.
    let (writer, recovery) = Writer::create_or_open(dir.path(), SECRET, derivation("better"), derive_better).unwrap();
    assert_eq!(recovery.n_derived, 6);
    writer.close().unwrap();
    assert_ne!(sidecar(dir.path()), old);
    let found = Snapshot::open(dir.path(), derivation("better"), derive_nothing).unwrap();
    assert_eq!(count(&found), 6);
    // And back: the answers of the old adapters are the old ones.
    open(dir.path()).0.close().unwrap();
    assert_eq!(sidecar(dir.path()), old);
    assert_eq!(count(&snapshot(dir.path())), 0);
    assert_holds(&snapshot(dir.path()), &records(0, 6));
}

#[test]
fn keys_of_another_store_or_history_are_not_used() {
    let dir = folder(&[records(0, 6)]);
    let other = temp();
    let (writer, _) = Writer::create_or_open(other.path(), [1; 32], derivation("words"), derive).unwrap();
    commit(&writer, &records(0, 6)).unwrap();
    writer.close().unwrap();
    std::fs::copy(sidecar(other.path()), sidecar(dir.path())).unwrap();
    let found = snapshot(dir.path());
    assert_eq!((found.n_derived(), found.damage()), (6, [].as_slice()));

    // The same store, put back to an earlier state, went on with other records of the same length.
    let dir = folder(&[records(0, 3)]);
    let earlier = std::fs::read(log_path(dir.path())).unwrap();
    let (writer, _) = open(dir.path());
    commit(&writer, &[record("x1", Some(1), "all one")]).unwrap();
    writer.close().unwrap();
    let keys = std::fs::read(sidecar(dir.path())).unwrap();
    set_log(dir.path(), &earlier);
    delete_keys(dir.path());
    let (writer, _) = open(dir.path());
    commit(&writer, &[record("x2", Some(1), "all two")]).unwrap();
    writer.close().unwrap();
    set(&sidecar(dir.path()), &keys);
    let found = snapshot(dir.path());
    assert_eq!(found.n_derived(), 4);
    assert_eq!(found.record(Position(3)).unwrap().envelope.identity.native_id, "x2");
    assert_eq!(found.count(term(found.term_key(), "two")), 1);
    assert_eq!(found.count(term(found.term_key(), "one")), 0);
    let (_, recovery) = open(dir.path());
    assert_eq!(recovery.n_derived, 4);
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
        crate::testing::assert_finds(&found, &rest);
        assert_eq!(found.by_identity(&records[4].envelope.identity, 9).unwrap(), []);
        assert_eq!(found.by_identity(&records[7].envelope.identity, 9).unwrap().len(), 1);
        assert!(found.posting(Position(4)).is_none() && found.posting(Position(6)).is_some());
        delete_keys(dir.path());
    }
}

#[test]
fn a_chunk_reads_back_and_unsorts() {
    let dir = folder(&[records(0, 30)]);
    let keys = TermKey::new(&SECRET);
    let [chunk] = &load(dir.path())[..] else { panic!("one chunk") };
    assert_eq!((chunk.first, chunk.rows.len(), chunk.order.len()), (0, 30, 30));
    assert!(chunk.terms.is_sorted());
    // Whatever the file is called, each chunk says whose it is.
    assert_eq!(load_of(dir.path(), &Owner { derivation: derivation("better"), ..owner() }), []);
    assert_eq!(load_of(dir.path(), &Owner { store: [0; 8], ..owner() }), []);
    assert_eq!(&Chunk::sort(chunk.clone().unsort(&keys)), chunk);
    let mut names = chunk.recorders.clone();
    names.sort();
    let name = |recorder: &str| ("test.log".to_owned(), recorder.to_owned());
    assert_eq!(names, [name("recorder:even"), name("recorder:odd")]);
}

#[test]
fn keys_gathered_over_many_lives_are_those_derived_at_once() {
    for seed in 0..10 {
        let mut dice = Lcg(seed);
        let (dir, mut from) = (temp(), 0);
        while from < 40 {
            let (writer, recovery) =
                Writer::create_or_open(dir.path(), SECRET, derivation("words"), derive_nothing).unwrap();
            assert_eq!(recovery.n_derived, 0);
            for _ in 0..dice.below(3) {
                let to = from + 1 + i64::try_from(dice.below(5)).unwrap();
                commit(&writer, &records(from, to)).unwrap();
                from = to;
            }
            writer.close().unwrap();
        }
        let gathered = load(dir.path());
        delete_keys(dir.path());
        open(dir.path()).0.close().unwrap();
        assert_eq!(load(dir.path()), gathered, "seed {seed}");
        assert_eq!(gathered.len(), 1, "small chunks become one");
    }
}
