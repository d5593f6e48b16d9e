//! Bits that rot, stretches that are gone, files that are cut or gone: each file of a folder, at any byte.

use super::named::{Expected, check_files};
use super::support::{assert_keeps, noise, open_on, play, script, snapshot_on};
use super::testing::{Lcg, assert_holds, beginning_alike, commit, record, temp};
use std::ops::Range;
use std::path::{Path, PathBuf};
use writ_model::record::Record;
use writ_store::sim::{SimStorage, Survival};
use writ_store::storage::Storage as _;
use writ_store::{Admission, Kind, Position, Writer};

/// Files of one folder that are harmed, each in a copy of it.
const HARMS: usize = 6;

/// Some lives of a writer, the last of which is closed or killed, and then one file is not what it was.
pub fn a_disk_that_rots(seed: u64) {
    let dice = &mut Lcg(seed);
    let (dir, disk) = (temp(), SimStorage::new());
    let (mut stored, mut whole) = (Vec::new(), disk.clone());
    let is_killed = dice.below(3) == 0;
    for life in ["a", "b"] {
        let (writer, _) = open_on(dir.path(), &disk).unwrap();
        (stored, _, _) = play(&writer, &script(dice, life), &stored);
        whole = disk.after_crash(Survival::Everything);
        if !(is_killed && life == "b") {
            writer.close().unwrap();
            whole = disk.after_crash(Survival::Everything);
        }
    }
    assert!(check_files(dir.path(), &whole).unwrap().is_sound());
    let files: Vec<(PathBuf, Vec<u8>)> = whole.seen().into_iter().collect();
    for _ in 0..HARMS {
        let (path, bytes) = &files[dice.below(files.len() as u64) as usize];
        let Some(harm) = Harm::any(dice, bytes) else { continue };
        let harmed = harm.records(dir.path(), path, bytes);
        let damaged = whole.after_crash(Survival::Everything);
        harm.inflict(&damaged, path, bytes);
        // A list that stands alone tells that one is gone, and a root that hashes are wrong, and not which.
        let folders = ["manifest", "tree"].map(|name| dir.path().join(name));
        let blamed = folders.iter().find(|folder| path.starts_with(folder)).unwrap_or(path);
        let expected = Expected { records: &stored, noted: stored.len(), blamed, harmed };
        expected.examine(dir.path(), &damaged);
        if is_told_by_fsck(dir.path(), path, &files, is_killed) && !is_undone(dir.path(), path, &files, &harm) {
            assert!(fsck_names(dir.path(), &damaged, path), "fsck passes over {harm:?} of {}", path.display());
        }
        // Whoever writes then says so too, or needs nothing of what was harmed.
        let before = damaged.seen();
        match open_on(dir.path(), &damaged) {
            Ok((writer, recovery)) => {
                assert_eq!((recovery.n_records, recovery.torn), (stored.len() as u64, None));
                bring_again(&expected, dir.path(), &damaged, writer);
            }
            Err(error) => expected.assert_named(&error),
        }
        assert_keeps(&before, &damaged);
    }
}

/// Everything is delivered once more: what is called stored can be read.
fn bring_again(expected: &Expected<'_>, dir: &Path, disk: &SimStorage, writer: Writer) {
    let records = expected.records;
    // A part of the index that cannot be read stops the writer: it cannot tell what is stored.
    if let Err(error) = commit(&writer, records) {
        return assert!(error.message().contains(&expected.blamed.display().to_string()), "{error}");
    }
    writer.close().unwrap();
    let found = snapshot_on(dir, disk).unwrap();
    for (n, record) in records.iter().enumerate() {
        match found.record(Position(n as u64)) {
            Ok(read) => assert_eq!(&read, record, "position {n}"),
            Err(error) => assert!(error.message().contains("the index part"), "position {n}: {error}"),
        }
    }
}

/// What happens to a file.
#[derive(Clone, Debug)]
enum Harm {
    Flip(usize, u8),
    Zero(Range<usize>),
    Cut(usize),
    Gone,
}

impl Harm {
    /// Some harm to a file; `None` if there is none to be done.
    fn any(dice: &mut Lcg, bytes: &[u8]) -> Option<Harm> {
        if bytes.is_empty() {
            return None;
        }
        let at = dice.below(bytes.len() as u64) as usize;
        let to = bytes.len().min(at + 1 + dice.below(600) as usize);
        match dice.below(8) {
            0..4 => Some(Harm::Flip(at, 1 << dice.below(8))),
            4 | 5 => Some(Harm::Zero(at..to)).filter(|_| bytes[at..to].iter().any(|byte| *byte != 0)),
            6 => Some(Harm::Cut(at)),
            _ => Some(Harm::Gone),
        }
    }

    fn inflict(&self, disk: &SimStorage, path: &Path, bytes: &[u8]) {
        let mut altered = bytes.to_vec();
        match self {
            Harm::Flip(at, bit) => altered[*at] ^= bit,
            Harm::Zero(stretch) => altered[stretch.clone()].fill(0),
            Harm::Cut(at) => altered.truncate(*at),
            Harm::Gone => return disk.remove(path).unwrap(),
        }
        disk.put(path, &altered);
    }

    /// The records that stood where a file is harmed: those of the frames that are touched. A segment that
    /// does not end as it did is not read at all.
    fn records(&self, dir: &Path, path: &Path, bytes: &[u8]) -> Range<usize> {
        if !path.starts_with(dir.join("log")) {
            return 0..0;
        }
        let frames = frames(bytes);
        let (Some(first), Some(last)) = (frames.first(), frames.last()) else { return 0..0 };
        let (harmed, is_finished) = (self.stretch(bytes), last.bytes.end < bytes.len());
        if is_finished && harmed.end > last.bytes.end {
            return first.records.start..last.records.end;
        }
        let touched = || frames.iter().filter(|frame| frame.bytes.start < harmed.end && harmed.start < frame.bytes.end);
        let (Some(from), Some(to)) = (touched().next(), touched().next_back()) else { return 0..0 };
        from.records.start..to.records.end
    }

    fn stretch(&self, bytes: &[u8]) -> Range<usize> {
        match self {
            Harm::Flip(at, _) => *at..at + 1,
            Harm::Zero(stretch) => stretch.clone(),
            Harm::Cut(at) => *at..bytes.len(),
            Harm::Gone => 0..bytes.len(),
        }
    }
}

/// A frame of a segment: see `docs/spec/log-v1.md`.
struct Frame {
    bytes: Range<usize>,
    records: Range<usize>,
}

const HEADER: usize = 72;

fn frames(segment: &[u8]) -> Vec<Frame> {
    let (mut frames, mut at) = (Vec::new(), 0);
    while let Some(header) = segment.get(at..at + HEADER).filter(|header| header.starts_with(b"\x9eWritFr\n")) {
        let first = u64::from_le_bytes(header[16..24].try_into().unwrap()) as usize;
        let count = u32::from_le_bytes(header[24..28].try_into().unwrap()) as usize;
        let payload = u32::from_le_bytes(header[28..32].try_into().unwrap()) as usize;
        let end = at + HEADER + payload;
        frames.push(Frame { bytes: at..end, records: first..first + count });
        at = end;
    }
    frames
}

/// Whether `fsck` must name harm to this file. It need not where nothing that counts stands in it: in a mark
/// or a list that another has followed, and, where a writer was killed, in what no list names yet.
fn is_told_by_fsck(dir: &Path, path: &Path, files: &[(PathBuf, Vec<u8>)], is_killed: bool) -> bool {
    let is_in = |name: &str| path.starts_with(dir.join(name));
    // What was being written when a writer was killed has no name of its own yet.
    let named = files.iter().map(|(path, _)| path).filter(|path| path.extension().is_none());
    let newest = named.filter(|path| path.starts_with(dir.join("manifest"))).max();
    is_in("log") || newest.is_some_and(|newest| newest == path) || (!is_killed && (is_in("tree") || is_in("index")))
}

/// Whether all is as if the newest list had never been written: it is gone, and the writer was killed before it took
/// away the one that stood two before it.
fn is_undone(dir: &Path, path: &Path, files: &[(PathBuf, Vec<u8>)], harm: &Harm) -> bool {
    let lists = || files.iter().map(|(path, _)| path).filter(|path| path.starts_with(dir.join("manifest")));
    let (newest, n_named) = (lists().max(), lists().filter(|path| path.extension().is_none()).count());
    matches!(harm, Harm::Gone) && newest.is_some_and(|newest| newest == path) && n_named > 2
}

fn fsck_names(dir: &Path, disk: &SimStorage, path: &Path) -> bool {
    let place = path.display().to_string();
    match check_files(dir, disk) {
        Ok(report) => report.problems.iter().any(|problem| {
            // Where a leaf and its record differ either may have been harmed.
            let is_leaf = path.starts_with(dir.join("tree")) && problem.cause.contains("the tree");
            problem.file == path || problem.cause.contains(&place) || is_leaf
        }),
        Err(error) => error.message().contains(&place),
    }
}

/// A folder of several finished segments, closed; its disk, and what it holds: a frame for each record.
fn finished() -> (tempfile::TempDir, SimStorage, Vec<Record>) {
    let (dir, disk) = (temp(), SimStorage::new());
    let text = |n: u64| format!("all {}", noise(&mut Lcg(n), 1500));
    let records: Vec<Record> = (0..14).map(|n| record(&format!("r{n}"), Some(1), &text(n))).collect();
    let (writer, _) = open_on(dir.path(), &disk).unwrap();
    for record in &records {
        commit(&writer, std::slice::from_ref(record)).unwrap();
    }
    writer.close().unwrap();
    (dir, disk.after_crash(Survival::Everything), records)
}

fn files(dir: &Path, disk: &SimStorage, folder: &str) -> Vec<(PathBuf, Vec<u8>)> {
    disk.seen().into_iter().filter(|(path, _)| path.starts_with(dir.join(folder))).collect()
}

#[test]
fn a_record_that_rotted_at_any_byte_is_no_duplicate() {
    let (dir, disk, records) = finished();
    let mut n_stored = 0;
    for (path, bytes) in files(dir.path(), &disk, "log") {
        for frame in frames(&bytes) {
            // Close together where what they share begins, and then as the dice of no seed would have it.
            for at in frame.bytes.clone().step_by(5).take(40).chain(frame.bytes.clone().step_by(331)) {
                let damaged = disk.after_crash(Survival::Everything);
                Harm::Flip(at, 1).inflict(&damaged, &path, &bytes);
                let n = frame.records.start;
                // One that is not opened to write is one that answers nothing wrong.
                let Ok((writer, _)) = open_on(dir.path(), &damaged) else { continue };
                let admission = commit(&writer, &records[frame.records.clone()]).unwrap()[0];
                writer.close().unwrap();
                let read = snapshot_on(dir.path(), &damaged).unwrap().record(Position(n as u64));
                assert!(read.is_ok_and(|read| read == records[n]), "byte {at} of {n}, which was {admission:?}");
                n_stored += usize::from(admission != Admission::Duplicate);
            }
        }
    }
    assert!(n_stored > 100, "only {n_stored} were stored again");
}

#[test]
fn a_newest_list_of_files_that_rotted_is_named() {
    let (dir, disk, records) = finished();
    let (path, bytes) = files(dir.path(), &disk, "manifest").pop().unwrap();
    Harm::Flip(bytes.len() / 2, 1).inflict(&disk, &path, &bytes);
    match snapshot_on(dir.path(), &disk) {
        Ok(found) => {
            assert!(found.damage().iter().any(|damage| damage.file == path));
            assert_holds(&found, &records);
        }
        Err(error) => assert!(error.message().contains(&path.display().to_string()), "{error}"),
    }
    assert!(fsck_names(dir.path(), &disk, &path));
    // Whoever writes would take the name of the damaged one.
    assert_eq!(open_on(dir.path(), &disk).unwrap_err().kind(), Kind::Corrupt);
}

#[test]
fn what_is_gone_is_damage_and_trying_again_is_not_the_advice() {
    let (dir, disk, records) = finished();
    let gone = disk.after_crash(Survival::Everything);
    let (path, bytes) = files(dir.path(), &disk, "log").swap_remove(1);
    gone.remove(&path).unwrap();
    let lost = Harm::Gone.records(dir.path(), &path, &bytes);
    let assert_told = || {
        let found = snapshot_on(dir.path(), &gone).unwrap();
        assert_eq!(found.len(), records.len() - lost.len());
        assert!(found.damage().iter().any(|damage| damage.file == path && damage.lost == lost.len() as u64));
        assert_eq!(open_on(dir.path(), &gone).unwrap_err().kind(), Kind::Corrupt);
    };
    assert_told();
    // Without an index everything is read to open the folder.
    for (path, _) in files(dir.path(), &gone, "index") {
        gone.remove(&path).unwrap();
    }
    assert_told();
    let tree = dir.path().join("tree/0");
    disk.remove(&tree).unwrap();
    let error = open_on(dir.path(), &disk).unwrap_err();
    assert_eq!(error.kind(), Kind::Corrupt);
    assert!(error.message().contains("it is gone; restore it from a backup"), "{error}");
}

/// Where the entries of a frame begin, and whether each is shared.
fn entries(segment: &[u8], frame: &Frame) -> Vec<(usize, bool)> {
    let (mut found, mut at) = (Vec::new(), frame.bytes.start + HEADER);
    while at < frame.bytes.end {
        let length = u32::from_le_bytes(segment[at..at + 4].try_into().unwrap());
        found.push((at, length >> 31 == 1));
        at += 12 + (length & !(1 << 31)) as usize;
    }
    found
}

/// Finished segments are read without their frames, and the checksum of an entry can be made by anybody.
#[test]
fn what_stands_behind_a_record_is_not_what_it_shares() {
    let (dir, disk) = (temp(), SimStorage::new());
    let alike = |n: u64| record(&format!("r{n}"), Some(1), &beginning_alike(&noise(&mut Lcg(n), 300)));
    let records: Vec<Record> = (0..24).map(alike).collect();
    let (writer, _) = open_on(dir.path(), &disk).unwrap();
    records.chunks(3).for_each(|batch| drop(commit(&writer, batch).unwrap()));
    writer.close().unwrap();
    let mut n_tried = 0;
    for (path, bytes) in files(dir.path(), &disk, "log").into_iter().rev().skip(1) {
        let all: Vec<(usize, bool)> = frames(&bytes).iter().flat_map(|frame| entries(&bytes, frame)).collect();
        let first = frames(&bytes)[0].records.start;
        let own: Vec<usize> = all.iter().filter(|(_, shared)| !shared).map(|(at, _)| *at).collect();
        for (n, begin) in own.iter().enumerate() {
            for (other, _) in all.iter().filter(|(at, shared)| *shared && at > begin) {
                let mut forged = bytes.clone();
                forged[begin + 8..begin + 12].copy_from_slice(&u32::try_from(*other).unwrap().to_le_bytes());
                let end = begin + 12 + u32::from_le_bytes(forged[*begin..begin + 4].try_into().unwrap()) as usize;
                let crc =
                    crc32c::crc32c_append(crc32c::crc32c(&forged[begin + 12..end]), &forged[begin + 8..begin + 12]);
                forged[begin + 4..begin + 8].copy_from_slice(&crc.to_le_bytes());
                let damaged = disk.after_crash(Survival::Everything);
                damaged.put(&path, &forged);
                let found = snapshot_on(dir.path(), &damaged).unwrap();
                let position = Position((first + n) as u64);
                assert_eq!(found.record(position).unwrap_err().kind(), Kind::Corrupt, "{position} with {other}");
                n_tried += 1;
            }
        }
    }
    assert!(n_tried > 20, "{n_tried}");
}
