//! What was written once is read for ever: a folder of format 1 and the vectors of a record, as they are
//! kept in `testdata`. The writer of today makes the same bytes.
//!
//! `WRIT_BLESS=1 cargo test -p writ-store` writes them anew (run it again to see that they hold), which is right only before a format is
//! released.

use crate::leaf;
use crate::testing::{
    FIRST_SEGMENT, SECRET, assert_holds, beginning_alike, commit, derivation, derive_nothing, in_custody, open, record,
    set, temp, with_redaction,
};
use crate::{Snapshot, TermKey};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use writ_model::canon::hex;
use writ_model::custody::Custody;
use writ_model::record::Record;
use writ_model::time::{EventTime, Time};
use writ_tlog::hash::Hash;

pub(crate) fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

#[expect(clippy::disallowed_methods, reason = "a test has no configuration")]
pub(crate) fn is_blessing() -> bool {
    std::env::var_os("WRIT_BLESS").is_some()
}

/// Records with all there is: a UUID, an end, a time before 1970, no time, withheld values, conflicts,
/// copies in two custodies, evidence that is packed and such that is not, and such that begins alike.
fn records() -> Vec<Record> {
    let mut spanning = record("5b1d0002-1111-4222-8333-4444555566ab", Some(-1), "all one");
    spanning.envelope.event_time =
        Some(EventTime { end: Some(Time::new(7, 999_999_999)), ..EventTime::at(Time::new(-1, 5), 1) });
    spanning.envelope.available_time = Some(Time::new(8, 0));
    spanning.envelope.origin.byte = 1 << 40;
    vec![
        record("a", Some(1), "all two"),
        spanning,
        record("timeless", None, &"all and all again ".repeat(40)),
        with_redaction(record("b", Some(253_402_300_799), "all three"), 9),
        record("b", Some(2), "all four"),
        in_custody(record("a", Some(1), "all two"), Custody::Sealed),
        record("c", Some(3), &beginning_alike("five")),
        record("d", Some(4), &beginning_alike("six")),
        record("e", Some(5), &beginning_alike("seven")),
    ]
}

/// Every file below a folder but locks and the mark, which are of one process.
fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !["lock", "writing", "durable"].iter().any(|name| path.ends_with(name)) {
                found.push((path.strip_prefix(dir).unwrap().to_owned(), std::fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_golden_folder_of_format_1_is_read_and_written_the_same() {
    let fresh = temp();
    let records = records();
    for batch in records.chunks(4) {
        let (writer, _) = open(fresh.path());
        commit(&writer, batch).unwrap();
        writer.close().unwrap();
    }
    let golden = testdata().join("folder-v1");
    if is_blessing() {
        let _ = std::fs::remove_dir_all(&golden);
        for (path, bytes) in files(fresh.path()) {
            let path = golden.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            set(&path, &bytes);
        }
    }
    let found = Snapshot::open(&golden, derivation("words"), derive_nothing).unwrap();
    assert_eq!((found.damage(), found.n_derived()), ([].as_slice(), 0));
    for (position, record) in (0..).zip(&records) {
        assert_eq!(&found.record(crate::Position(position)).unwrap(), record);
    }
    let then = files(&golden);
    // How many lists of files there were depends on which thread was first.
    let lasting = |files: &[(PathBuf, Vec<u8>)]| {
        files.iter().filter(|(path, _)| !path.starts_with("manifest")).cloned().collect::<Vec<_>>()
    };
    let (now, before) = (lasting(&files(fresh.path())), lasting(&then));
    let names = |files: &[(PathBuf, Vec<u8>)]| files.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>();
    assert_eq!(names(&now), names(&before));
    for ((path, now), (_, before)) in now.iter().zip(&before) {
        assert_eq!(now, before, "{}", path.display());
    }
    // What is read is also gone on with.
    let copy = temp();
    for (path, bytes) in then {
        let path = copy.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        set(&path, &bytes);
    }
    let (writer, recovery) = open(copy.path());
    assert_eq!((recovery.n_records, recovery.n_derived), (9, 0));
    writer.close().unwrap();
    assert!(copy.path().join("log").join(FIRST_SEGMENT).exists());
    let first = [record("a", Some(1), "all two")];
    assert_holds(&crate::testing::snapshot(crate::testing::folder(&[first.to_vec()]).path()), &first);
}

#[test]
fn the_golden_vectors_of_records_hold() {
    let keys = TermKey::new(&SECRET);
    let mut text = String::new();
    for record in records() {
        let (shared, own) = (record.envelope.encode_shared(), record.envelope.encode_own());
        let leaf = leaf::bytes(&keys, &record.content, &record.envelope, (&shared, &own), &record.evidence);
        let evidence = String::from_utf8_lossy(&record.evidence);
        writeln!(text, "identity {}", hex(&record.envelope.identity.bytes())).unwrap();
        writeln!(text, "evidence {evidence}").unwrap();
        writeln!(text, "content {}", record.content.hex()).unwrap();
        writeln!(text, "id {}", record.id).unwrap();
        writeln!(text, "shared {}", hex(&shared)).unwrap();
        writeln!(text, "own {}", hex(&own)).unwrap();
        writeln!(text, "leaf {}", hex(&leaf)).unwrap();
        writeln!(text, "hash {}\n", hex(&Hash::leaf(&leaf).0)).unwrap();
    }
    let path = testdata().join("record-v1.txt");
    if is_blessing() {
        set(&path, text.as_bytes());
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), text);
}
