//! Crashes, torn writes, failed writes and syncs, flipped bits. The model is a plain list of records:
//! what was acknowledged is found again, in the order it was stored; what is found was attempted; no
//! byte of the log is destroyed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

#[path = "../src/testing.rs"]
mod testing;

use std::path::Path;
use std::sync::Mutex;
use testing::{
    Lcg, SECRET, assert_finds, assert_holds, commit, delete_keys, derivation, derive, folder, log_path, random, record,
    set_log, snapshot, temp, try_open, with_evidence, with_redaction,
};
use writ_model::record::Record;
use writ_store::file::File;
use writ_store::sim::{Fault, SimDisk, Survival};
use writ_store::{Admission, DamageCause, Error, Kind, Position, Recovery, Snapshot, Writer};

fn open_on(dir: &Path, disk: &SimDisk) -> Result<(Writer, Recovery), Error> {
    let disk = disk.clone();
    Writer::create_or_open_on(dir, SECRET, derivation("words"), derive, |_| Ok(Box::new(disk) as Box<dyn File>))
}

/// Text of one long word, so that sizes vary.
fn noise(dice: &mut Lcg, len: u64) -> String {
    (0..len).map(|_| char::from(b'!' + (dice.below(90) as u8))).collect()
}

/// Some batches of records, of many sizes, with duplicates and conflicts among them.
fn script(dice: &mut Lcg, name: &str) -> Vec<Vec<Record>> {
    let mut batches: Vec<Vec<Record>> = Vec::new();
    for batch in 0..2 + dice.below(4) {
        let mut records = Vec::new();
        for n in 0..=dice.below(3) {
            let id = format!("{name}-{batch}-{n}");
            let len = dice.below(1500);
            let text = format!("all w{} {}", dice.below(5), noise(dice, len));
            records.push(record(&id, Some(dice.below(100) as i64), &text));
        }
        if let Some(earlier) = batches.last().and_then(|batch| batch.first()) {
            match dice.below(4) {
                0 => records.push(earlier.clone()),
                1 => records.push(with_redaction(earlier.clone(), 1)),
                _ => {}
            }
        }
        batches.push(records);
    }
    batches
}

/// Commits batch by batch until one fails. Gives what was acknowledged and what was attempted, each
/// without duplicates, in the order of positions.
fn play(writer: &Writer, batches: &[Vec<Record>], known: &[Record]) -> (Vec<Record>, Vec<Record>, Option<Error>) {
    let (mut stored, mut attempted) = (known.to_vec(), known.to_vec());
    for batch in batches {
        for record in batch {
            if !attempted.contains(record) {
                attempted.push(record.clone());
            }
        }
        match commit(writer, batch) {
            Ok(admissions) => {
                assert_eq!(admissions.len(), batch.len());
                for (admission, record) in admissions.iter().zip(batch) {
                    match admission {
                        Admission::Duplicate => assert!(stored.contains(record)),
                        Admission::Stored(at) | Admission::Conflict(at) | Admission::Better(at) => {
                            assert_eq!(at.0, stored.len() as u64);
                            stored.push(record.clone());
                        }
                    }
                }
            }
            Err(error) => return (stored, attempted, Some(error)),
        }
    }
    (stored, attempted, None)
}

/// Checks a log that a crash left behind, and returns what it holds.
fn check(dir: &Path, image: &[u8], acknowledged: &[Record], attempted: &[Record]) -> Vec<Record> {
    // A reader that comes before any writer sees whole records only.
    set_log(dir, image);
    let before = snapshot(dir);
    assert_eq!(before.damage(), []);
    assert!(before.len() >= acknowledged.len() && before.len() <= attempted.len());
    assert_holds(&before, &attempted[..before.len()]);

    let (writer, recovery) = try_open(dir).unwrap();
    writer.close().unwrap();
    let n = recovery.n_records as usize;
    assert_eq!(n, before.len());
    // No byte is destroyed: what was cut off lies in quarantine.
    let log = std::fs::read(log_path(dir)).unwrap();
    let kept = recovery.torn.as_ref().map_or(Vec::new(), |torn| {
        assert_eq!((torn.offset, torn.first.0), (log.len() as u64, n as u64));
        std::fs::read(&torn.moved_to).unwrap()
    });
    assert_eq!([log, kept].concat(), image);
    let after = snapshot(dir);
    assert_eq!(after.n_derived(), 0, "the writer brought the keys up to date");
    assert_holds(&after, &attempted[..n]);
    attempted[..n].to_vec()
}

#[test]
fn a_power_loss_at_any_operation_loses_nothing_acknowledged() {
    let batches = script(&mut Lcg(7), "op");
    let longest = 8000;
    let survivals = |op: u64| {
        let some = [Survival::Nothing, Survival::Everything, Survival::Bytes(73)];
        some.into_iter().chain((1..4).map(move |seed| Survival::Sectors(op * 100 + seed)))
    };
    let operations = batches.len() as u64 * 2;
    for op in 0..=operations {
        for part in [0, 72, 500, longest] {
            for survival in survivals(op) {
                let dir = temp();
                let disk = SimDisk::default();
                disk.fail_at(op, Fault::PowerLoss(part));
                let (writer, _) = open_on(dir.path(), &disk).unwrap();
                let (stored, attempted, error) = play(&writer, &batches, &[]);
                assert_eq!(error.is_some(), op < operations);
                drop(writer);
                check(dir.path(), &disk.after_crash(survival), &stored, &attempted);
            }
        }
    }
}

#[test]
fn random_faults_over_several_lives_lose_nothing_acknowledged() {
    for seed in 1..=200 {
        let outcome = std::panic::catch_unwind(|| {
            let dice = &mut Lcg(seed);
            let dir = temp();
            let (mut image, mut held) = (Vec::new(), Vec::new());
            for life in 0..4 {
                let disk = SimDisk::new(image);
                let fault = match dice.below(5) {
                    0 => Fault::Refused,
                    1 => Fault::Full(dice.below(3000) as usize),
                    2 => Fault::Forgotten,
                    _ => Fault::PowerLoss(dice.below(3000) as usize),
                };
                disk.fail_at(dice.below(12), fault);
                let batches = script(dice, &format!("life{life}"));
                let (mut stored, mut attempted) = (held.clone(), held.clone());
                // Recovery itself may meet the fault.
                if let Ok((writer, recovery)) = open_on(dir.path(), &disk) {
                    assert_eq!(recovery.n_records, held.len() as u64);
                    let error;
                    (stored, attempted, error) = play(&writer, &batches, &held);
                    // Some batch is brought again: it must not be taken for stored if it is not.
                    match commit(&writer, &batches[0]) {
                        Ok(again) => assert!(error.is_none() && again.iter().all(|a| *a == Admission::Duplicate)),
                        Err(again) => assert!(error.is_some() && again.kind() == Kind::Closed),
                    }
                }
                let survival = match dice.below(4) {
                    0 => Survival::Nothing,
                    1 => Survival::Everything,
                    2 => Survival::Bytes(dice.below(4000) as usize),
                    _ => Survival::Sectors(dice.next()),
                };
                let crashed = disk.after_crash(survival);
                held = check(dir.path(), &crashed, &stored, &attempted);
                image = std::fs::read(log_path(dir.path())).unwrap();
            }
        });
        assert!(outcome.is_ok(), "seed {seed} of `random_faults_over_several_lives_lose_nothing_acknowledged`");
    }
}

#[test]
fn a_tear_at_any_byte_of_the_last_frame_is_moved_to_quarantine_and_the_log_goes_on() {
    let dir = temp();
    let disk = SimDisk::default();
    disk.fail_at(5, Fault::PowerLoss(0));
    let (writer, _) = open_on(dir.path(), &disk).unwrap();
    let first = [record("a", Some(1), "all one"), record("b", Some(2), "all two")];
    let second = [record("c", Some(3), "all three")];
    let last = [record("d", Some(4), &format!("all four {}", noise(&mut Lcg(1), 300))), record("e", None, "all five")];
    commit(&writer, &first).unwrap();
    commit(&writer, &second).unwrap();
    assert_eq!(commit(&writer, &last).unwrap_err().kind(), Kind::Closed);
    drop(writer);
    let whole = disk.after_crash(Survival::Everything);
    let start = disk.after_crash(Survival::Nothing).len();
    let durable = [first.as_slice(), &second].concat();
    let attempted = [durable.as_slice(), &last].concat();
    for len in start..=whole.len() {
        let held = check(dir.path(), &whole[..len], &durable, &attempted);
        assert_eq!(held.len(), if len == whole.len() { 5 } else { 3 }, "{len} bytes");
        // The next record takes the place of the torn one.
        let (writer, _) = try_open(dir.path()).unwrap();
        let next = record("f", Some(5), "all six");
        let expected = Admission::Stored(Position(held.len() as u64));
        assert_eq!(commit(&writer, std::slice::from_ref(&next)).unwrap(), [expected]);
        writer.close().unwrap();
        assert_holds(&snapshot(dir.path()), &[held, vec![next]].concat());
        delete_keys(dir.path());
    }
}

#[test]
fn a_power_loss_during_recovery_is_recovered_from() {
    let dir = folder(&[vec![record("a", Some(1), "all")], vec![record("b", Some(2), "all")]]);
    let torn = [std::fs::read(log_path(dir.path())).unwrap(), b"half a frame".to_vec()].concat();
    for op in 0..4 {
        for survival in [Survival::Nothing, Survival::Everything, Survival::Sectors(op + 1)] {
            let disk = SimDisk::new(torn.clone());
            disk.fail_at(op, Fault::PowerLoss(30));
            assert_eq!(open_on(dir.path(), &disk).unwrap_err().kind(), Kind::Unavailable, "operation {op}");
            let left = disk.after_crash(survival);
            let disk = SimDisk::new(left.clone());
            let (writer, recovery) = open_on(dir.path(), &disk).unwrap();
            assert_eq!((recovery.n_records, recovery.torn.is_some()), (2, left.len() == torn.len()));
            drop(writer);
            // However often it was tried, one copy of the torn bytes was kept.
            let copies: Vec<_> = std::fs::read_dir(dir.path().join("quarantine")).unwrap().collect();
            assert_eq!(copies.len(), 1);
            assert_eq!(std::fs::read(copies[0].as_ref().unwrap().path()).unwrap(), b"half a frame");
        }
    }
}

#[test]
fn a_failed_sync_or_write_poisons_the_writer_and_says_so() {
    for (fault, kind) in
        [(Fault::Forgotten, Kind::Closed), (Fault::Refused, Kind::Closed), (Fault::Full(10), Kind::Full)]
    {
        for op in [2, 3] {
            if op == 3 && kind == Kind::Full {
                continue;
            }
            let dir = temp();
            let disk = SimDisk::default();
            disk.fail_at(op, fault);
            let (writer, _) = open_on(dir.path(), &disk).unwrap();
            let first = vec![record("a", Some(1), "all")];
            let second = vec![record("b", Some(2), "all")];
            commit(&writer, &first).unwrap();
            let error = commit(&writer, &second).unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.message().contains("00000000.log"), "{error}");
            let operations = disk.operations();
            for batch in [&first, &second] {
                let error = commit(&writer, batch).unwrap_err();
                assert_eq!(error.kind(), Kind::Closed);
                assert!(error.message().contains("start again"), "{error}");
            }
            assert_eq!(disk.operations(), operations, "nothing is tried again");
            drop(writer);
            check(dir.path(), &disk.after_crash(Survival::Nothing), &first, &[first.clone(), second].concat());
        }
    }
}

#[test]
fn a_failure_in_the_second_frame_of_a_commit_acknowledges_nothing_of_it() {
    let dir = temp();
    let disk = SimDisk::default();
    disk.fail_at(3, Fault::Forgotten);
    let (writer, _) = open_on(dir.path(), &disk).unwrap();
    let dice = &mut Lcg(2);
    // 18 MiB that do not shrink: 15 records in one frame, 3 in the next.
    let long = |n| with_evidence(record(&format!("n{n}"), Some(n), ""), random(dice, 1 << 20));
    let records: Vec<Record> = (0..18).map(long).collect();
    assert_eq!(commit(&writer, &records).unwrap_err().kind(), Kind::Closed);
    drop(writer);
    let held = check(dir.path(), &disk.after_crash(Survival::Everything), &[], &records);
    assert_eq!(held.len(), 15, "the first frame was synced, and may stay");
}

#[test]
fn a_frame_that_the_kernel_forgot_is_written_again_before_its_records_count() {
    let dir = temp();
    let disk = SimDisk::default();
    disk.fail_at(3, Fault::Forgotten);
    let (writer, _) = open_on(dir.path(), &disk).unwrap();
    let records = [record("a", Some(1), "all"), record("b", Some(2), "all")];
    commit(&writer, &records[..1]).unwrap();
    commit(&writer, &records[1..]).unwrap_err();
    drop(writer);
    assert!(disk.after_crash(Survival::Everything).len() < disk.seen().len(), "the last frame is in the cache only");
    // The next process reads the frame from the cache, whole.
    let (writer, recovery) = open_on(dir.path(), &disk).unwrap();
    assert_eq!(recovery.n_records, 2);
    assert_eq!(commit(&writer, &records[1..]).unwrap(), [Admission::Duplicate]);
    drop(writer);
    check(dir.path(), &disk.after_crash(Survival::Nothing), &records, &records);
}

#[test]
fn many_producers_share_commits_and_all_hear_of_a_failure() {
    for op in [40, 41] {
        let dir = temp();
        let disk = SimDisk::default();
        disk.fail_at(op, if op == 40 { Fault::Refused } else { Fault::Forgotten });
        let (writer, _) = open_on(dir.path(), &disk).unwrap();
        let acknowledged = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for producer in 0..8 {
                let (writer, acknowledged) = (&writer, &acknowledged);
                scope.spawn(move || {
                    let mut failed = false;
                    for n in 0..200 {
                        // Every producer brings `shared` records too: one of them stores each.
                        let mine = record(&format!("p{producer}-{n}"), Some(n), "all mine");
                        let batch = [mine, record(&format!("shared-{n}"), Some(n), "all shared")];
                        match commit(writer, &batch) {
                            Ok(_) => {
                                assert!(!failed, "a commit succeeded after one had failed");
                                acknowledged.lock().unwrap().extend(batch);
                            }
                            Err(error) => {
                                assert_eq!(error.kind(), Kind::Closed);
                                failed = true;
                            }
                        }
                    }
                    assert!(failed);
                });
            }
        });
        drop(writer);
        set_log(dir.path(), &disk.after_crash(Survival::Nothing));
        let snapshot = snapshot(dir.path());
        let found: Vec<Record> = (0..snapshot.len() as u64).map(|n| snapshot.record(Position(n)).unwrap()).collect();
        for record in acknowledged.into_inner().unwrap() {
            assert!(found.contains(&record));
        }
        let mut ids: Vec<_> = found.iter().map(|record| record.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), found.len(), "no record was stored twice");
        assert_finds(&snapshot, &found);
    }
}

/// Records of three frames, two in each.
fn three_frames() -> (tempfile::TempDir, Vec<Record>) {
    let records: Vec<Record> = (0..6).map(|n| record(&format!("r{n}"), Some(n), &format!("all w{n}"))).collect();
    (folder(&records.chunks(2).map(<[Record]>::to_vec).collect::<Vec<_>>()), records)
}

#[test]
fn a_flipped_bit_anywhere_is_named_and_the_rest_is_read() {
    let (dir, records) = three_frames();
    let log = std::fs::read(log_path(dir.path())).unwrap();
    let disk = SimDisk::new(log.clone());
    let per_frame = log.len() / 3;
    assert_eq!(per_frame * 3, log.len(), "frames of equal length");
    for byte in 0..log.len() {
        let mut altered = log.clone();
        altered[byte] ^= 0x10;
        set_log(dir.path(), &altered);
        let frame = byte / per_frame;
        let found = snapshot(dir.path());
        let [damage] = found.damage() else { panic!("byte {byte}: {:?}", found.damage()) };
        assert_eq!((damage.first, damage.lost), (Position(frame as u64 * 2), 2), "byte {byte}");
        assert_eq!((damage.offset, damage.bytes), ((frame * per_frame) as u64, per_frame as u64));
        assert_eq!(damage.file, log_path(dir.path()));
        let rest: Vec<Record> =
            records.iter().enumerate().filter(|(n, _)| n / 2 != frame).map(|(_, r)| r.clone()).collect();
        assert_eq!(found.len(), 4);
        assert_finds(&found, &rest);
        for n in 0..6 {
            let read = found.record(Position(n));
            if n as usize / 2 == frame {
                assert_eq!(read.unwrap_err().kind(), Kind::Corrupt);
            } else {
                assert_eq!(read.unwrap(), records[n as usize]);
            }
        }
        let error = try_open(dir.path()).unwrap_err();
        assert_eq!(error.kind(), Kind::Corrupt);
        for part in
            [&format!("byte {}", frame * per_frame), &format!("position {}", frame * 2), "00000000.log", "backup"]
        {
            assert!(error.message().contains(part), "`{part}` in {error}");
        }
    }
    assert_eq!(disk.operations(), 0);
}

#[test]
fn without_keys_a_bad_last_frame_looks_torn_and_an_earlier_one_does_not() {
    let (dir, records) = three_frames();
    let log = std::fs::read(log_path(dir.path())).unwrap();
    for byte in (0..log.len()).step_by(5) {
        delete_keys(dir.path());
        let mut altered = log.clone();
        altered[byte] ^= 0x10;
        set_log(dir.path(), &altered);
        let found = snapshot(dir.path());
        if byte < log.len() / 3 * 2 {
            let causes: Vec<_> = found.damage().iter().map(|damage| damage.cause).collect();
            assert!(matches!(causes[..], [DamageCause::Header | DamageCause::Payload]), "{causes:?}");
            assert_eq!((found.len(), found.n_derived()), (4, 4));
            assert_eq!(try_open(dir.path()).unwrap_err().kind(), Kind::Corrupt);
        } else {
            assert_eq!(found.damage(), []);
            let (_, recovery) = try_open(dir.path()).unwrap();
            assert_eq!(recovery.torn.unwrap().first, Position(4));
            assert_holds(&snapshot(dir.path()), &records[..4]);
        }
    }
}

#[test]
fn a_log_that_lost_its_end_is_not_appended_to() {
    let (dir, records) = three_frames();
    let log = std::fs::read(log_path(dir.path())).unwrap();
    set_log(dir.path(), &log[..log.len() / 3 * 2]);
    let found = snapshot(dir.path());
    assert_eq!(found.damage().iter().map(|damage| damage.cause).collect::<Vec<_>>(), [DamageCause::Missing]);
    assert_eq!((found.damage()[0].first, found.damage()[0].lost, found.len()), (Position(4), 2, 4));
    let error = try_open(dir.path()).unwrap_err();
    assert_eq!(error.kind(), Kind::Corrupt);
    assert!(error.message().contains("keys"), "{error}");
    // Who accepts the loss says so by deleting the keys.
    delete_keys(dir.path());
    let (writer, recovery) = try_open(dir.path()).unwrap();
    assert_eq!((recovery.n_records, recovery.n_derived), (4, 4));
    drop(writer);
    assert_holds(&snapshot(dir.path()), &records[..4]);
}

#[test]
fn bytes_inside_evidence_never_pass_for_a_frame() {
    // The evidence of the second record is a whole frame of this very store, header and all, at the
    // very position that comes next.
    let victim = folder(&[vec![record("a", Some(1), "all")], vec![record("b", Some(2), "all forged")]]);
    let log = std::fs::read(log_path(victim.path())).unwrap();
    let first = folder_log_len(&[vec![record("a", Some(1), "all")]]);
    let forged = log[first..].to_vec();
    let evidence = [random(&mut Lcg(3), 2000), forged.clone(), random(&mut Lcg(4), 2000)].concat();
    let bait = with_evidence(record("c", Some(3), ""), evidence);
    let dir = folder(&[vec![record("a", Some(1), "all")], vec![bait]]);
    let log = std::fs::read(log_path(dir.path())).unwrap();
    assert!(log.windows(forged.len()).any(|window| window == forged), "it stands in the log as it is");
    delete_keys(dir.path());
    for cut in [1, 500, 1900] {
        // The header did not reach the disk, nor did the end: the search for a frame goes through the
        // evidence.
        let mut torn = log[..log.len() - cut].to_vec();
        torn[first..first + 100].fill(0);
        set_log(dir.path(), &torn);
        let found = snapshot(dir.path());
        assert_eq!((found.len(), found.damage()), (1, [].as_slice()), "a torn tail, not damage");
    }
}

fn folder_log_len(batches: &[Vec<Record>]) -> usize {
    std::fs::read(log_path(folder(batches).path())).unwrap().len()
}

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
