//! Crashes, torn and reordered writes, failed writes and syncs, a full disk, lying disks, flipped bits. The
//! model is a plain list of records: what was acknowledged is found again, in the order it was stored; what
//! is found was attempted; no byte of the log is destroyed.
//!
//! `WRIT_SEEDS=FROM..TO` chooses which seeds the simulation runs; without it a short form runs.
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

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use testing::{
    FIRST_SEGMENT, Lcg, SECRET, assert_finds, assert_holds, commit, delete_keys, derivation, derive, folder, log_path,
    random, record, set_log, snapshot, temp, try_open, with_evidence, with_redaction,
};
use writ_model::record::Record;
use writ_store::limit::Sizes;
use writ_store::sim::{Fault, SimStorage, Survival};
use writ_store::storage::{Os, Storage};
use writ_store::{Admission, DamageCause, Error, Kind, Position, Recovery, Snapshot, Writer};

/// Small, so that segments and parts are finished all the time.
const SMALL: Sizes = Sizes { segment_bytes: 4_000, chunk_records: 5 };

fn open_on(dir: &Path, disk: &SimStorage) -> Result<(Writer, Recovery), Error> {
    Writer::create_or_open_on(Arc::new(disk.clone()), SMALL, dir, SECRET, derivation("words"), derive)
}

fn snapshot_on(dir: &Path, disk: &SimStorage) -> Result<Snapshot, Error> {
    let storage: Arc<dyn Storage> = Arc::new(disk.clone());
    Snapshot::open_on(&storage, dir, derivation("words"), derive)
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

/// The bytes of every segment, and of what was cut off one, by where they stood.
fn log_bytes(disk: &SimStorage) -> BTreeMap<String, Vec<u8>> {
    let mut segments: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut torn: Vec<(String, u64, Vec<u8>)> = Vec::new();
    for (path, bytes) in disk.seen() {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.parent().is_some_and(|folder| folder.ends_with("log")) {
            segments.insert(name, bytes);
        } else if let Some((segment, rest)) = name.split_once(".log.at-") {
            let at = rest.split('.').next().unwrap().parse().unwrap();
            torn.push((format!("{segment}.log"), at, bytes));
        }
    }
    for (segment, at, bytes) in torn {
        let log = segments.entry(segment).or_default();
        // Bytes that were cut off and then written over stand there no more; those are checked when cut.
        if log.len() as u64 == at {
            log.extend(bytes);
        }
    }
    segments
}

/// Checks a disk as a crash left it: what was acknowledged is there, in order, and nothing that was never
/// attempted. Returns what it holds, and the disk.
fn check(dir: &Path, disk: &SimStorage, acknowledged: &[Record], attempted: &[Record]) -> Vec<Record> {
    // A reader that comes before any writer sees whole records only.
    let before = match snapshot_on(dir, disk) {
        Err(error) if error.kind() == Kind::Invalid && !dir.join("FORMAT").exists() => {
            assert_eq!(acknowledged, [], "the folder was not made yet");
            let (writer, recovery) = open_on(dir, disk).unwrap();
            assert_eq!(recovery.n_records, 0);
            writer.close().unwrap();
            // The next disk that is checked has not seen it either.
            std::fs::remove_file(dir.join("FORMAT")).unwrap();
            return Vec::new();
        }
        other => other.unwrap(),
    };
    assert_eq!(before.damage(), []);
    assert!(before.len() >= acknowledged.len() && before.len() <= attempted.len());
    assert_holds(&before, &attempted[..before.len()]);
    let bytes = log_bytes(disk);

    let (writer, recovery) = open_on(dir, disk).unwrap();
    writer.close().unwrap();
    let n = recovery.n_records as usize;
    assert_eq!(n, before.len());
    // No byte is destroyed: what was cut off lies in quarantine.
    for (segment, before) in bytes {
        let after = log_bytes(disk).remove(&segment).unwrap_or_default();
        assert!(after.starts_with(&before), "{segment} lost bytes");
    }
    let after = snapshot_on(dir, disk).unwrap();
    assert_eq!(after.n_derived(), 0, "the writer brought the keys up to date");
    assert_holds(&after, &attempted[..n]);
    attempted[..n].to_vec()
}

const SURVIVALS: [Survival; 6] = [
    Survival::Nothing,
    Survival::Everything,
    Survival::Bytes(73),
    Survival::Sectors(1),
    Survival::Sectors(22),
    Survival::Sectors(333),
];

#[test]
fn a_power_loss_at_any_operation_loses_nothing_acknowledged() {
    let batches = script(&mut Lcg(7), "op");
    for part in [0, 72, 500, 8000] {
        for op in 0.. {
            let dir = temp();
            let disk = SimStorage::new();
            disk.fail_at(op, Fault::PowerLoss(part));
            let (mut stored, mut attempted) = (Vec::new(), Vec::new());
            let error = match open_on(dir.path(), &disk) {
                Ok((writer, _)) => {
                    let error;
                    (stored, attempted, error) = play(&writer, &batches, &[]);
                    // Closing writes too.
                    error.or(writer.close().err())
                }
                Err(fault) => Some(fault),
            };
            if error.is_none() && disk.operations() <= op {
                break;
            }
            for survival in SURVIVALS {
                check(dir.path(), &disk.after_crash(survival), &stored, &attempted);
            }
        }
    }
}

/// Seeds to run: those that are asked for, or a few.
#[expect(clippy::disallowed_methods, reason = "a test has no configuration")]
fn seeds(short: std::ops::RangeInclusive<u64>) -> std::ops::RangeInclusive<u64> {
    let Ok(text) = std::env::var("WRIT_SEEDS") else { return short };
    let (from, to) = text.split_once("..").expect("WRIT_SEEDS is FROM..TO");
    from.parse().expect("FROM is a number")..=to.parse().expect("TO is a number")
}

#[test]
fn random_faults_over_several_lives_lose_nothing_acknowledged() {
    for seed in seeds(1..=200) {
        let outcome = std::panic::catch_unwind(|| lives(seed));
        assert!(
            outcome.is_ok(),
            "seed {seed}; again: WRIT_SEEDS={seed}..{seed} cargo test -p writ-store --test crash random_faults"
        );
    }
}

/// Several lives of a writer, each ended by a fault and a crash.
fn lives(seed: u64) {
    let dice = &mut Lcg(seed);
    let dir = temp();
    let (mut disk, mut held) = (SimStorage::new(), Vec::new());
    for life in 0..4 {
        let fault = match dice.below(5) {
            0 => Fault::Refused,
            1 => Fault::Full(dice.below(3000) as usize),
            2 => Fault::Forgotten,
            _ => Fault::PowerLoss(dice.below(3000) as usize),
        };
        disk.fail_at(dice.below(60), fault);
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
                Err(again) => assert!(matches!(again.kind(), Kind::Closed | Kind::Full), "{again}"),
            }
        }
        let survival = match dice.below(4) {
            0 => Survival::Nothing,
            1 => Survival::Everything,
            2 => Survival::Bytes(dice.below(4000) as usize),
            _ => Survival::Sectors(dice.next()),
        };
        disk = disk.after_crash(survival);
        held = check(dir.path(), &disk, &stored, &attempted);
        // What the check did lasts.
        disk = disk.after_crash(Survival::Everything);
    }
}

/// Deletes what a folder notes of how much was acknowledged, as if nobody had had the time to: the mark, the
/// keys and every list of files but the first, which is the same in every folder of this secret.
fn forget(dir: &Path) {
    let fresh = temp();
    try_open(fresh.path()).unwrap().0.close().unwrap();
    let _ = std::fs::remove_dir_all(dir.join("index"));
    let _ = std::fs::remove_file(dir.join("durable"));
    std::fs::remove_dir_all(dir.join("manifest")).unwrap();
    std::fs::create_dir(dir.join("manifest")).unwrap();
    let first = "manifest/0000000000000001";
    std::fs::copy(fresh.path().join(first), dir.join(first)).unwrap();
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
            [&format!("byte {}", frame * per_frame), &format!("position {}", frame * 2), FIRST_SEGMENT, "backup"]
        {
            assert!(error.message().contains(part), "`{part}` in {error}");
        }
    }
}

#[test]
fn without_keys_a_bad_last_frame_looks_torn_and_an_earlier_one_does_not() {
    let (dir, records) = three_frames();
    let log = std::fs::read(log_path(dir.path())).unwrap();
    for byte in (0..log.len()).step_by(5) {
        forget(dir.path());
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
    for part in ["position 4", "6 records had been acknowledged", "restore the log from a backup"] {
        assert!(error.message().contains(part), "`{part}` in {error}");
    }
    // The list of files knows it too, so deleting the keys hides nothing.
    delete_keys(dir.path());
    assert_eq!(try_open(dir.path()).unwrap_err().kind(), Kind::Corrupt);
    assert_eq!(snapshot(dir.path()).damage().len(), 1);
    set_log(dir.path(), &log);
    let (writer, recovery) = try_open(dir.path()).unwrap();
    assert_eq!((recovery.n_records, recovery.n_derived), (6, 6));
    drop(writer);
    assert_holds(&snapshot(dir.path()), &records);
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
    forget(dir.path());
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

#[test]
fn an_index_is_never_made_over_damage() {
    let dir = temp();
    let open_small = || Writer::create_or_open_on(Arc::new(Os), SMALL, dir.path(), SECRET, derivation("words"), derive);
    let records: Vec<Record> = (0..40)
        .map(|n| record(&format!("r{n}"), Some(n), &format!("all {}", noise(&mut Lcg(n.cast_unsigned()), 200))))
        .collect();
    let (writer, _) = open_small().unwrap();
    for batch in records.chunks(4) {
        commit(&writer, batch).unwrap();
    }
    writer.close().unwrap();
    // The first segment is finished: nothing reads it to open the folder.
    let whole = std::fs::read(log_path(dir.path())).unwrap();
    let mut altered = whole.clone();
    altered[400] ^= 1;
    set_log(dir.path(), &altered);
    delete_keys(dir.path());
    for _ in 0..3 {
        assert_eq!(open_small().unwrap_err().kind(), Kind::Corrupt, "also once it was tried");
        assert!(!snapshot(dir.path()).damage().is_empty());
    }
    assert_eq!(Writer::rebuild(dir.path(), derivation("words"), derive).unwrap_err().kind(), Kind::Corrupt);
    set_log(dir.path(), &whole);
    open_small().unwrap().0.close().unwrap();
    assert_holds(&snapshot(dir.path()), &records);
}

#[test]
fn a_log_that_is_shorter_than_its_mark_lost_its_end() {
    let (dir, _) = three_frames();
    let (log, mark) =
        (std::fs::read(log_path(dir.path())).unwrap(), std::fs::read(dir.path().join("durable")).unwrap());
    forget(dir.path());
    set_log(dir.path(), &log[..log.len() / 3]);
    testing::set(&dir.path().join("durable"), &mark);
    // Whoever writes does not take the mark away before somebody has looked.
    for _ in 0..2 {
        assert_eq!(snapshot(dir.path()).damage().iter().map(|one| one.lost).sum::<u64>(), 4);
        assert!(try_open(dir.path()).unwrap_err().message().contains("6 records had been acknowledged"));
    }
    // Near miss: the mark of a log that is whole.
    set_log(dir.path(), &log);
    assert_eq!(snapshot(dir.path()).damage(), []);
    try_open(dir.path()).unwrap().0.close().unwrap();
}
