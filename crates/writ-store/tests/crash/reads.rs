//! Readers beside a writer, at any moment of both, and reads that fail.

use super::support::{check, noise, open_on, play, script, snapshot_on};
use super::testing::{Lcg, assert_holds, commit, derivation, derive, record, temp, term, try_open};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use writ_model::record::Record;
use writ_model::time::Time;
use writ_store::sim::{Call, SimStorage, Survival};
use writ_store::{Error, Kind, Position, Query, Snapshot};

#[test]
fn snapshots_of_a_log_that_is_being_written_hold_whole_batches() {
    let dir = temp();
    let (writer, _) = try_open(dir.path()).unwrap();
    let batch = |n: i64| (0..3).map(|m| record(&format!("b{n}-{m}"), Some(n), "all")).collect::<Vec<_>>();
    let done = Mutex::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..60 {
                commit(&writer, &batch(n)).unwrap();
                *done.lock().unwrap() = n + 1;
            }
        });
        loop {
            let acknowledged: i64 = *done.lock().unwrap();
            let snapshot = Snapshot::open(dir.path(), derivation("words"), derive).unwrap();
            assert_eq!((snapshot.len() % 3, snapshot.damage()), (0, [].as_slice()));
            assert!(snapshot.len() as i64 >= acknowledged * 3);
            let records: Vec<Record> = (0..snapshot.len() as i64 / 3).flat_map(batch).collect();
            assert_holds(&snapshot, &records);
            if acknowledged == 60 {
                break;
            }
        }
    });
}

/// Batches of several scripts, and how many different records there are once each of them is stored.
fn long_script(dice: &mut Lcg) -> (Vec<Vec<Record>>, Vec<Record>, Vec<usize>) {
    let batches: Vec<Vec<Record>> = ["a", "b", "c"].iter().flat_map(|name| script(dice, name)).collect();
    let (mut all, mut sums) = (Vec::new(), Vec::new());
    for record in batches.iter().flat_map(|batch| batch.iter().map(Some).chain([None])) {
        match record {
            Some(record) if !all.contains(record) => all.push(record.clone()),
            Some(_) => {}
            None => sums.push(all.len()),
        }
    }
    (batches, all, sums)
}

/// Opens a folder beside its writer; `None` if it is not made yet.
fn beside(dir: &Path, disk: &SimStorage) -> Option<Snapshot> {
    match snapshot_on(dir, disk) {
        Err(error) if error.kind() == Kind::Invalid && !dir.join("FORMAT").exists() => None,
        found => Some(found.unwrap()),
    }
}

/// A reader opens while the writer is in the middle of something: it finds what was acknowledged, nothing that
/// is not durable, and no damage.
pub fn at_any_moment_of_the_writer(seed: u64) {
    let dice = &mut Lcg(seed);
    let (dir, disk) = (temp(), SimStorage::new());
    let (batches, all, sums) = long_script(dice);
    let all = Arc::new(all);
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let seen: Arc<Mutex<Vec<(usize, SimStorage)>>> = Arc::default();
    let look = {
        let (dice, place, disk) = (Mutex::new(Lcg(dice.next())), dir.path().to_owned(), disk.clone());
        let (all, acknowledged, seen) = (Arc::clone(&all), Arc::clone(&acknowledged), Arc::clone(&seen));
        move |call| {
            if call == Call::Read || dice.lock().unwrap().below(8) > 0 {
                return Ok(());
            }
            let before = acknowledged.load(Ordering::SeqCst);
            let Some(found) = beside(&place, &disk) else { return Ok(()) };
            assert_eq!(found.damage(), []);
            assert!(found.len() >= before, "{before} records were acknowledged, and {} are found", found.len());
            assert_holds(&found, &all[..found.len()]);
            seen.lock().unwrap().push((found.len(), disk.after_crash(Survival::Nothing)));
            Ok(())
        }
    };
    let (writer, _) = open_on(dir.path(), &disk.watched(look)).unwrap();
    for (batch, sum) in batches.iter().zip(sums) {
        commit(&writer, batch).unwrap();
        acknowledged.store(sum, Ordering::SeqCst);
    }
    writer.close().unwrap();
    // Whatever somebody saw is there if power failed just then.
    for (n_seen, disk) in seen.lock().unwrap().iter() {
        let found = snapshot_on(dir.path(), disk).unwrap();
        assert!(found.len() >= *n_seen, "{n_seen} records were seen, and {} last", found.len());
    }
}

/// The writer goes on while a reader is in the middle of opening or reading: it finds one moment's records.
pub fn while_the_writer_goes_on(seed: u64) {
    let dice = &mut Lcg(seed);
    let (dir, disk) = (temp(), SimStorage::new());
    let (batches, all, sums) = long_script(dice);
    let (writer, _) = open_on(dir.path(), &disk).unwrap();
    let writer = Arc::new(writer);
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let reader = {
        let state = Mutex::new((Lcg(dice.next()), batches.into_iter().zip(sums).collect::<Vec<_>>().into_iter()));
        let (writer, acknowledged) = (Arc::clone(&writer), Arc::clone(&acknowledged));
        disk.watched(move |call| {
            let (dice, batches) = &mut *state.lock().unwrap();
            if call == Call::Read
                && dice.below(12) == 0
                && let Some((batch, sum)) = batches.next()
            {
                commit(&writer, &batch).unwrap();
                acknowledged.store(sum, Ordering::SeqCst);
            }
            Ok(())
        })
    };
    while acknowledged.load(Ordering::SeqCst) < all.len() {
        let before = acknowledged.load(Ordering::SeqCst);
        let Some(found) = beside(dir.path(), &reader) else { continue };
        assert_eq!(found.damage(), []);
        assert!(found.len() >= before, "{before} records were acknowledged, and {} are found", found.len());
        assert_holds(&found, &all[..found.len()]);
    }
    drop(reader);
    Arc::into_inner(writer).unwrap().close().unwrap();
    check(dir.path(), &disk.after_crash(Survival::Nothing), &all, &all);
}

/// A handle of a disk whose read of this number fails, and every later one if it `lasts`; and how many there were.
fn failing(disk: &SimStorage, number: u64, lasts: bool) -> (SimStorage, Arc<AtomicU64>) {
    let n_reads = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&n_reads);
    let handle = disk.watched(move |call| {
        let now = if call == Call::Read { counted.fetch_add(1, Ordering::SeqCst) } else { return Ok(()) };
        if now == number || (lasts && now > number) { Err(io::Error::other("input/output error")) } else { Ok(()) }
    });
    (handle, n_reads)
}

/// What could not be read is said to be so, with its place. It is no damage, and nothing is left out.
fn assert_unread(error: &Error, dir: &Path) {
    assert_eq!(error.kind(), Kind::Unavailable, "{error}");
    assert!(error.message().contains(&dir.display().to_string()), "{error}");
}

/// Opens a folder and reads all of it, where reads fail. Says whether all went well.
fn read_all(dir: &Path, disk: &SimStorage, records: &[Record]) -> bool {
    let found: Snapshot = match snapshot_on(dir, disk) {
        Ok(found) => found,
        Err(error) => {
            assert_unread(&error, dir);
            return false;
        }
    };
    assert_eq!((found.damage(), found.len()), ([].as_slice(), records.len()));
    let mut is_whole = true;
    for (position, expected) in (0..).zip(records) {
        match found.record(Position(position)) {
            Ok(record) => assert_eq!(&record, expected),
            Err(error) => {
                assert_unread(&error, dir);
                is_whole = false;
            }
        }
    }
    match found.lookup(term(found.term_key(), "all"), &Query::new(Time::MAX, usize::MAX)) {
        Ok(postings) => assert_eq!(postings.len(), records.len()),
        Err(error) => {
            assert_unread(&error, dir);
            is_whole = false;
        }
    }
    is_whole
}

/// Some read fails, of a reader and then of a writer.
pub fn failing_reads(seed: u64) {
    let dice = &mut Lcg(seed);
    let (dir, disk) = (temp(), SimStorage::new());
    let (batches, all, _) = long_script(dice);
    let (writer, _) = open_on(dir.path(), &disk).unwrap();
    let (old, new) = batches.split_at(batches.len() / 2);
    let (held, _, _) = play(&writer, old, &[]);
    writer.close().unwrap();
    let (reader, n_reads) = failing(&disk, u64::MAX, false);
    assert!(read_all(dir.path(), &reader, &held));
    let n_reads = n_reads.load(Ordering::SeqCst);
    for _ in 0..3 {
        let lasts = dice.below(2) == 0;
        let (reader, _) = failing(&disk, dice.below(n_reads), lasts);
        assert!(!read_all(dir.path(), &reader, &held) || !lasts, "reads that fail are not passed over");
    }
    let (own, _) = failing(&disk, dice.below(60), dice.below(2) == 0);
    let (mut stored, mut attempted) = (held.clone(), held.clone());
    match open_on(dir.path(), &own) {
        Ok((writer, recovery)) => {
            assert_eq!(recovery.n_records, held.len() as u64);
            let error;
            (stored, attempted, error) = play(&writer, new, &held);
            assert!(error.is_none_or(|error| error.kind() == Kind::Closed));
        }
        Err(error) => assert_unread(&error, dir.path()),
    }
    assert!(attempted.iter().all(|record| all.contains(record)));
    check(dir.path(), &disk.after_crash(Survival::Nothing), &stored, &attempted);
}

#[test]
fn a_writer_may_replace_the_list_of_files_at_any_read_of_a_reader() {
    for number in 0..30 {
        let (dir, disk) = (temp(), SimStorage::new());
        let (writer, _) = open_on(dir.path(), &disk).unwrap();
        let writer = Arc::new(writer);
        let long = |n: u64| record(&format!("r{n}"), Some(1), &format!("all {}", noise(&mut Lcg(n), 5000)));
        commit(&writer, &[long(0)]).unwrap();
        let (n_reads, own) = (AtomicU64::new(0), Arc::clone(&writer));
        let reader = disk.watched(move |call| {
            if call == Call::Read && n_reads.fetch_add(1, Ordering::SeqCst) == number {
                // Each fills a segment, so the list is replaced three times.
                (1..4).for_each(|n| drop(commit(&own, &[long(n)]).unwrap()));
            }
            Ok(())
        });
        let found = snapshot_on(dir.path(), &reader).unwrap();
        assert_eq!(found.damage(), []);
        assert_holds(&found, &(0..found.len() as u64).map(long).collect::<Vec<_>>());
    }
}

#[test]
fn a_writer_may_close_at_any_read_of_a_reader() {
    for number in 0..30 {
        let (dir, disk) = (temp(), SimStorage::new());
        // Its keys are not written, so the list alone tells how many records there are.
        let own = disk.watched(|call| {
            let is_of_keys = call == Call::Change && std::thread::current().name() == Some("writ-keys");
            if is_of_keys { Err(io::Error::other("no")) } else { Ok(()) }
        });
        let (writer, _) = open_on(dir.path(), &own).unwrap();
        let one = |n: u64| record(&format!("r{n}"), Some(1), "all");
        commit(&writer, &[one(0)]).unwrap();
        let (n_reads, writer) = (AtomicU64::new(0), Mutex::new(Some(writer)));
        let reader = disk.watched(move |call| {
            if call == Call::Read && n_reads.fetch_add(1, Ordering::SeqCst) == number {
                let writer = writer.lock().unwrap().take().unwrap();
                commit(&writer, &[one(1)]).unwrap();
                writer.close().unwrap_err();
            }
            Ok(())
        });
        let found = snapshot_on(dir.path(), &reader).unwrap();
        assert_eq!(found.damage(), [], "at read {number}");
        assert_holds(&found, &(0..found.len() as u64).map(one).collect::<Vec<_>>());
    }
}
