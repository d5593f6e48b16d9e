//! What the simulations share: folders on simulated disks, what is written to them, and the plain model.

use super::testing::{Lcg, SECRET, assert_holds, beginning_alike, commit, derivation, derive, record, with_redaction};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use writ_model::record::Record;
use writ_store::limit::Sizes;
use writ_store::sim::{SimStorage, Survival};
use writ_store::storage::Storage;
use writ_store::{Admission, Error, Kind, Recovery, Snapshot, Writer};

/// Small, so that segments and parts are finished all the time.
pub const SMALL: Sizes = Sizes { segment_bytes: 4_000, chunk_records: 5 };

pub fn open_on(dir: &Path, disk: &SimStorage) -> Result<(Writer, Recovery), Error> {
    Writer::create_or_open_on(Arc::new(disk.clone()), SMALL, dir, SECRET, derivation("words"), derive)
}

pub fn snapshot_on(dir: &Path, disk: &SimStorage) -> Result<Snapshot, Error> {
    let storage: Arc<dyn Storage> = Arc::new(disk.clone());
    Snapshot::open_on(&storage, dir, derivation("words"), derive)
}

/// Text of one long word, so that sizes vary.
pub fn noise(dice: &mut Lcg, len: u64) -> String {
    (0..len).map(|_| char::from(b'!' + (dice.below(90) as u8))).collect()
}

/// Some batches of records, of many sizes, with duplicates and conflicts among them.
pub fn script(dice: &mut Lcg, name: &str) -> Vec<Vec<Record>> {
    let mut batches: Vec<Vec<Record>> = Vec::new();
    for batch in 0..2 + dice.below(4) {
        let mut records = Vec::new();
        for n in 0..=dice.below(3) {
            let id = format!("{name}-{batch}-{n}");
            let len = dice.below(1500);
            // A word of noise alone may be one that names nothing, such as `-`.
            let text = format!("all w{} x{}", dice.below(5), noise(dice, len));
            let text = if dice.below(3) == 0 { beginning_alike(&text) } else { text };
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
pub fn play(writer: &Writer, batches: &[Vec<Record>], known: &[Record]) -> (Vec<Record>, Vec<Record>, Option<Error>) {
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

/// Checks that what stood in the log before still stands there, or was moved aside, and that nothing was taken
/// away of what had been.
pub fn assert_keeps(before: &BTreeMap<PathBuf, Vec<u8>>, disk: &SimStorage) {
    let after = disk.seen();
    let is_in = |path: &Path, name: &str| path.parent().is_some_and(|folder| folder.ends_with(name));
    for (path, bytes) in before.iter().filter(|(path, _)| is_in(path, "log")) {
        let now = after.get(path).map(Vec::as_slice).unwrap_or_default();
        let name = path.file_name().unwrap().to_str().unwrap();
        let is_aside = after.iter().filter(|(path, _)| is_in(path, "quarantine")).any(|(torn, cut)| {
            let rest = torn.file_name().unwrap().to_str().unwrap().strip_prefix(name);
            let at = rest.and_then(|rest| rest.strip_prefix(".at-")?.split('.').next()?.parse::<usize>().ok());
            at.is_some_and(|at| now.starts_with(&bytes[..at]) && bytes[at..] == *cut)
        });
        assert!(now.starts_with(bytes) || is_aside, "{name} lost bytes");
    }
    for (path, bytes) in before.iter().filter(|(path, _)| is_in(path, "quarantine")) {
        assert!(path.ends_with("copy.tmp") || after.get(path) == Some(bytes), "{} is gone", path.display());
    }
}

/// Checks a disk as a crash left it: what was acknowledged is there, in order, and nothing that was never
/// attempted. Returns what it holds, and the disk.
pub fn check(dir: &Path, disk: &SimStorage, acknowledged: &[Record], attempted: &[Record]) -> Vec<Record> {
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
    let seen = disk.seen();

    let (writer, recovery) = open_on(dir, disk).unwrap();
    writer.close().unwrap();
    let n = recovery.n_records as usize;
    assert_eq!(n, before.len());
    // No byte is destroyed: what was cut off lies in quarantine.
    assert_keeps(&seen, disk);
    let after = snapshot_on(dir, disk).unwrap();
    assert_eq!(after.n_derived(), 0, "the writer brought the keys up to date");
    assert_holds(&after, &attempted[..n]);
    attempted[..n].to_vec()
}

/// How a crash ends a life.
pub fn any_survival(dice: &mut Lcg) -> Survival {
    match dice.below(4) {
        0 => Survival::Nothing,
        1 => Survival::Everything,
        2 => Survival::Bytes(dice.below(4000) as usize),
        _ => Survival::Sectors(dice.next()),
    }
}
