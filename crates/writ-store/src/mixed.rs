//! Folders whose files do not belong together, or are not all there: what does not fit is refused, told, or made
//! again, and never believed.

use crate::bytes::index;
use crate::fsck::{Adapter, Report, fsck};
use crate::index::block::{CRC, Extent};
use crate::index::filter::{BLOCK, BLOCKS_READ};
use crate::index::header::{HEADER, Header, Owner};
use crate::index::part::Part;
use crate::index::terms::Entry;
use crate::limit::Sizes;
use crate::sim::SimDisk;
use crate::storage::Os;
use crate::testing::{
    SECRET, assert_finds, assert_holds, commit, derivation, derive, derive_better, folder, in_custody, open, record,
    set, snapshot, temp, term, try_open,
};
use crate::{Admission, DamageCause, Kind, Position, Recovery, Snapshot, Term, TermKey, Writer};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use writ_model::custody::Custody;
use writ_model::record::Record;
use writ_model::time::Time;

/// Small, so that segments are finished all the time.
const SMALL: Sizes = Sizes { segment_bytes: 1_000, chunk_records: 4 };

fn open_small(dir: &Path) -> (Writer, Recovery) {
    Writer::create_or_open_on(Arc::new(Os), SMALL, dir, SECRET, derivation("words"), derive).unwrap()
}

fn records(name: &str, n: i64) -> Vec<Record> {
    (0..n).map(|n| record(&format!("{name}{n}"), Some(n), &format!("all {name} w{}", n % 3))).collect()
}

/// A folder of several segments, a frame for each record.
fn segments(records: &[Record]) -> tempfile::TempDir {
    let dir = temp();
    let (writer, _) = open_small(dir.path());
    for record in records {
        commit(&writer, std::slice::from_ref(record)).unwrap();
    }
    writer.close().unwrap();
    dir
}

/// The files below a folder, by name.
fn files(dir: &Path, name: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir.join(name)).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path, "")) } else { found.push(path) }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path, name: &str) {
    let _ = std::fs::remove_dir_all(to.join(name));
    for path in files(from, name) {
        let to = to.join(path.strip_prefix(from).unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(path, to).unwrap();
    }
}

/// A copy of a folder.
fn copied(dir: &Path) -> tempfile::TempDir {
    let copy = temp();
    self::copy(dir, copy.path(), "");
    copy
}

struct Words(fn(&TermKey, &Record) -> Vec<Term>);

impl Adapter for Words {
    fn is_own(&self, record: &Record) -> bool {
        writ_model::record::content_digest(&record.envelope.identity, &record.evidence) == record.content
    }

    fn terms(&self, keys: &TermKey, record: &Record) -> Vec<Term> {
        (self.0)(keys, record)
    }

    fn told(&self, _: u64, _: u64) {}
}

fn check(dir: &Path) -> Report {
    fsck(dir, derivation("words"), &Words(derive)).unwrap()
}

/// Whether the check names a file for this cause.
fn names(report: &Report, file: &Path, cause: &str) -> bool {
    report.problems.iter().any(|problem| problem.file == file && problem.cause.contains(cause))
}

/// Two folders that were one, and went on with different records in each.
fn two_ways() -> (tempfile::TempDir, tempfile::TempDir) {
    let one = folder(&[records("both", 3)]);
    let other = copied(one.path());
    for (dir, name) in [(&one, "one"), (&other, "other")] {
        let (writer, _) = open(dir.path());
        commit(&writer, &records(name, 5)).unwrap();
        writer.close().unwrap();
    }
    (one, other)
}

#[test]
fn keys_of_a_copy_of_the_folder_make_no_record_stored() {
    let (one, other) = two_ways();
    copy(other.path(), one.path(), "index");
    let all = [records("both", 3), records("one", 5)].concat();
    let report = check(one.path());
    assert!(report.problems.iter().any(|problem| problem.cause.contains("not the part that the list")), "{report:?}");
    let found = snapshot(one.path());
    assert_eq!(found.n_derived(), 5);
    assert_holds(&found, &all);
    let (writer, recovery) = open(one.path());
    assert_eq!(recovery.n_derived, 5);
    let answers = commit(&writer, &records("other", 5)).unwrap();
    assert_eq!(answers[0], Admission::Stored(Position(8)));
    writer.close().unwrap();
    assert_holds(&snapshot(one.path()), &[all, records("other", 5)].concat());
}

#[test]
fn a_list_of_a_copy_of_the_folder_is_no_list_of_this_log() {
    let (one, other) = two_ways();
    for name in ["index", "manifest", "tree"] {
        copy(other.path(), one.path(), name);
    }
    let error = try_open(one.path()).unwrap_err();
    assert!(error.kind() == Kind::Corrupt && error.message().contains("the log of a copy of this folder"), "{error}");
    let found = snapshot(one.path());
    assert_eq!(found.damage().iter().map(|one| one.cause).collect::<Vec<_>>(), [DamageCause::Another]);
    // Keys of the one lead to records of the other, which are not what was looked up.
    for position in 3..8 {
        assert!(found.record(Position(position)).is_err(), "{position}");
    }
    assert!(!check(one.path()).is_sound());
}

#[test]
fn a_record_that_can_be_read_no_more_is_stored_again_and_found() {
    let records = records("all", 30);
    let dir = segments(&records);
    let first = files(dir.path(), "log").remove(0);
    let mut bytes = std::fs::read(&first).unwrap();
    // Within the evidence of the first record, behind header and shared entry.
    let at = bytes.windows(4).position(|four| four == b"all0").unwrap();
    bytes[at] ^= 1;
    set(&first, &bytes);
    assert!(snapshot(dir.path()).record(Position(0)).is_err());
    let (writer, _) = open_small(dir.path());
    let answers = commit(&writer, &records).unwrap();
    assert_eq!(answers[0], Admission::Stored(Position(30)));
    assert!(answers[1..].iter().all(|answer| *answer == Admission::Duplicate), "{answers:?}");
    assert_eq!(commit(&writer, &records[..1]).unwrap(), [Admission::Duplicate]);
    writer.close().unwrap();
    let found = snapshot(dir.path());
    assert_finds(&found, &records);
    for (position, record) in (0..).zip(records.iter().chain(&records[..1])) {
        assert_eq!(&found.record(Position(position)).unwrap(), record, "{position}");
    }
    assert_eq!(check(dir.path()).problems.iter().filter_map(|one| one.first).collect::<Vec<_>>(), [Position(0)]);
}

#[test]
fn a_record_whose_delivery_can_be_read_no_more_is_stored_again() {
    let records = records("all", 20);
    let dir = folder(std::slice::from_ref(&records));
    let (writer, _) = open(dir.path());
    assert_eq!(commit(&writer, &records[..1]).unwrap(), [Admission::Duplicate]);
    // Within what all of them share, the first entry of the first frame; the writer has read it before.
    let first = files(dir.path(), "log").remove(0);
    let at = std::fs::read(&first).unwrap().windows(8).position(|some| some == b"test.log").unwrap();
    // In place, since the writer has the file open.
    let mut file = std::fs::OpenOptions::new().write(true).open(&first).unwrap();
    file.seek(SeekFrom::Start(at as u64)).unwrap();
    file.write_all(b"T").unwrap();
    assert_eq!(commit(&writer, &records[..1]).unwrap(), [Admission::Stored(Position(20))]);
    writer.close().unwrap();
}

#[test]
fn a_copy_that_can_be_read_no_more_hides_no_better_one() {
    let open_copy = in_custody(record("a", Some(1), "all copies"), Custody::Open);
    let fetched = in_custody(open_copy.clone(), Custody::Fetched);
    let dir = segments(&[&[open_copy][..], &records("all", 9), std::slice::from_ref(&fetched)].concat());
    let first = files(dir.path(), "log").remove(0);
    let mut bytes = std::fs::read(&first).unwrap();
    let at = bytes.windows(10).position(|some| some == b"all copies").unwrap();
    bytes[at] ^= 1;
    set(&first, &bytes);
    let found = snapshot(dir.path());
    assert!(found.record(Position(0)).is_err());
    let copies = found.by_native_id("a", 1).unwrap();
    assert_eq!(copies.iter().map(|copy| (copy.position, copy.id)).collect::<Vec<_>>(), [(Position(10), fetched.id)]);
    assert_eq!(found.record(Position(10)).unwrap(), fetched);
}

#[test]
fn a_newest_list_that_is_gone_or_damaged_is_told_and_made_again_on_demand() {
    let records = records("all", 30);
    for is_gone in [true, false] {
        let dir = segments(&records);
        let newest = files(dir.path(), "manifest").pop().unwrap();
        set(&newest, b"rubbish");
        if is_gone {
            std::fs::remove_file(&newest).unwrap();
        }
        let error = try_open(dir.path()).unwrap_err();
        assert!(error.kind() == Kind::Corrupt && error.message().contains("`writ rebuild`"), "{error}");
        let found = snapshot(dir.path());
        assert_eq!(found.damage().iter().map(|one| one.cause).collect::<Vec<_>>(), [DamageCause::List]);
        assert_holds(&found, &records);
        assert!(names(&check(dir.path()), &newest, "newest list of files"));
        let (writer, recovery) = Writer::rebuild(dir.path(), derivation("words"), derive).unwrap();
        assert_eq!(recovery.n_records, 30);
        writer.close().unwrap();
        assert!(check(dir.path()).is_sound());
        assert_holds(&snapshot(dir.path()), &records);
    }
}

#[test]
fn a_tree_that_is_gone_or_damaged_is_made_again_from_the_log_it_is_of() {
    for damage in ["gone", "flipped"] {
        let dir = folder(&[records("all", 9)]);
        let root = check(dir.path()).root;
        let leaves = dir.path().join("tree/0");
        if damage == "gone" {
            std::fs::remove_dir_all(dir.path().join("tree")).unwrap();
        } else {
            let mut bytes = std::fs::read(&leaves).unwrap();
            bytes[40] ^= 1;
            set(&leaves, &bytes);
        }
        // The index is not to blame.
        assert_eq!(snapshot(dir.path()).n_derived(), 0, "{damage}");
        assert!(!check(dir.path()).is_sound() && try_open(dir.path()).is_err(), "{damage}");
        Writer::rebuild(dir.path(), derivation("words"), derive).unwrap().0.close().unwrap();
        let report = check(dir.path());
        assert!(report.is_sound() && report.root == root, "{damage}: {report:?}");
    }
}

#[test]
fn keys_that_records_do_not_have_are_named() {
    let dir = folder(&[records("UPPER", 9)]);
    let report = fsck(dir.path(), derivation("words"), &Words(derive_better)).unwrap();
    let part = files(dir.path(), "index").remove(0);
    assert!(names(&report, &part, "its keys are not those of its records"), "{report:?}");
    assert_eq!((report.n_sound, report.problems.len()), (9, 1));
}

#[test]
fn what_no_list_names_and_what_is_behind_the_last_frame_is_named() {
    let dir = segments(&records("all", 30));
    let log = files(dir.path(), "log");
    let stray = dir.path().join("log/00000001-0000000000000001-00-00000000.log");
    std::fs::copy(&log[1], &stray).unwrap();
    let last = log.last().unwrap();
    let bytes = [std::fs::read(last).unwrap(), b"more".to_vec()].concat();
    set(last, &bytes);
    let report = check(dir.path());
    assert!(names(&report, &stray, "no list of files names it"), "{report:?}");
    assert!(names(&report, last, "4 bytes are of no whole frame"), "{report:?}");
    assert_eq!((report.n_sound, report.problems.len()), (30, 2));
}

#[test]
fn a_finished_segment_that_is_gone_takes_its_own_records_only() {
    let records = records("all", 30);
    let dir = segments(&records);
    let gone = files(dir.path(), "log").remove(1);
    std::fs::remove_file(&gone).unwrap();
    let report = check(dir.path());
    assert!(names(&report, &gone, "log has no more"), "{report:?}");
    let lost = report.problems.iter().map(|problem| problem.records).sum::<u64>();
    assert!(lost > 0 && report.n_sound == 30 - lost, "{report:?}");
    let found: Snapshot = snapshot(dir.path());
    let readable = (0..30).filter(|position| found.record(Position(*position)).is_ok()).count() as u64;
    assert_eq!(readable, 30 - lost);
}

#[test]
fn records_of_a_segment_that_cannot_be_read_are_named_together() {
    // Somewhere among these a segment is read by two threads, each a part of it.
    for n in 24..32 {
        let dir = segments(&records("all", n));
        let log = files(dir.path(), "log");
        for damaged in &log[..log.len() - 1] {
            let whole = std::fs::read(damaged).unwrap();
            let mut bytes = whole.clone();
            *bytes.last_mut().unwrap() ^= 1;
            set(damaged, &bytes);
            let report = check(dir.path());
            let lost: Vec<u64> = report.problems.iter().map(|one| one.records).filter(|records| *records > 0).collect();
            assert!(lost.len() == 1 && lost[0] > 1, "{report:?}");
            assert_eq!(report.n_sound, u64::try_from(n).unwrap() - lost[0]);
            set(damaged, &whole);
        }
    }
}

#[test]
fn what_no_longer_leads_to_its_keys_is_named_though_every_checksum_is_right() {
    let dir = folder(&[records("all", 1_100)]);
    assert!(check(dir.path()).problems.is_empty());
    let path = files(dir.path(), "index").remove(0);
    let whole = std::fs::read(&path).unwrap();
    let owner = Owner::new(&TermKey::new(&SECRET), derivation("words"));
    let header = Header::decode(whole.first_chunk().unwrap(), &owner).unwrap();

    let mut later = header;
    later.facts.events = header.facts.events.map(|(first, last)| (Time::new(first.parts().0 + 3, 0), last));
    let mut counted = header;
    counted.facts.n_timeless += 1;
    let (mut terms, mut postings) = (header, header);
    terms.n_terms -= 1;
    postings.n_postings -= 1;
    let with_header = |header: Header| [header.encode().as_slice(), &whole[HEADER..]].concat();

    // A block with another body, and the checksum that is right for it.
    let with_block = |Extent { offset, len }: Extent, change: fn(&mut [u8])| {
        let mut bytes = whole.clone();
        let (body, crc) = bytes[index(offset)..index(offset + len)].split_last_chunk_mut::<CRC>().unwrap();
        change(body);
        *crc = crc32c::crc32c_append(crc32c::crc32c(&offset.to_le_bytes()), body).to_le_bytes();
        bytes
    };
    let part = Part::open_on(Box::new(SimDisk::new(whole.clone())), &path, &owner).unwrap();
    let everywhere = term(&TermKey::new(&SECRET), "all").kept();
    let Some(Entry::Many { place: fences, .. }) = part.entry(everywhere).unwrap() else { unreachable!() };
    let mut filter = header.sections.filter;
    // The first block of the table.
    filter.len = filter.len.min(BLOCKS_READ as u64 * BLOCK as u64 + CRC as u64);

    for (what, bytes) in [
        ("times", with_header(later)),
        ("counts", with_header(counted)),
        ("terms", with_header(terms)),
        ("postings", with_header(postings)),
        ("filter", with_block(filter, |body| body.fill(0))),
        // The last byte of when the last row of the last recorder was received: its nanoseconds.
        ("recorders", with_block(header.sections.recorders, |body| *body.last_mut().unwrap() = 1)),
        // The first rank of the second block.
        ("list", with_block(fences, |body| body[8] += 1)),
    ] {
        set(&path, &bytes);
        let report = check(dir.path());
        assert!(names(&report, &path, "what leads to them does not"), "{what}: {report:?}");
    }
    set(&path, &whole);
    assert!(check(dir.path()).problems.is_empty());
}
