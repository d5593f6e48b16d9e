//! What may be said of a folder that is not what was written: each record is what was written, or its loss is
//! named.

use super::support::snapshot_on;
use super::testing::{derivation, derive, naive, set, term, words};
use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::Path;
use writ_model::record::{Record, RecordId, content_digest};
use writ_model::time::Time;
use writ_store::sim::SimStorage;
use writ_store::{Error, Kind, Position, Query, Snapshot, Term, TermKey, fsck};

/// What a folder was written with, and what became of it.
#[derive(Clone, Debug)]
pub struct Expected<'a> {
    /// In the order of positions.
    pub records: &'a [Record],
    /// A record before this position is read, or its loss is named. Behind it nothing tells of it any more.
    pub noted: usize,
    /// What every complaint must name: the file that was harmed, or the folder if it may be any.
    pub blamed: &'a Path,
    /// The records that stood where it was harmed. Any other is read.
    pub harmed: Range<usize>,
}

impl Expected<'_> {
    /// A complaint is one of damage, and names what was damaged.
    pub fn assert_named(&self, error: &Error) {
        assert_eq!(error.kind(), Kind::Corrupt, "{error}");
        let place = self.blamed.display().to_string();
        assert!(error.message().contains(&place), "`{place}` in {error}");
    }

    /// Reads a folder by every way there is, if it can be opened.
    pub fn examine(&self, dir: &Path, disk: &SimStorage) {
        let found = match snapshot_on(dir, disk) {
            Ok(found) => found,
            Err(error) => return self.assert_named(&error),
        };
        for damage in found.damage() {
            assert!(damage.file.starts_with(self.blamed), "{damage}");
        }
        let (readable, end) = self.read(&found);
        assert!((readable.len()..=end).contains(&found.len()), "{} of {end}", found.len());
        let readable: Vec<Record> = readable.into_iter().map(|n| self.records[n].clone()).collect();
        self.look_up(&found, &readable, &self.records[..end]);
    }

    /// Reads each record by its position. Gives those that can be read, and where the log ends.
    fn read(&self, found: &Snapshot) -> (Vec<usize>, usize) {
        let (mut readable, mut end) = (Vec::new(), self.records.len());
        for (n, record) in self.records.iter().enumerate() {
            match found.record(Position(n as u64)) {
                Ok(read) => {
                    assert_eq!(&read, record, "position {n}");
                    assert_eq!(end, self.records.len(), "position {n} is behind the end of the log");
                    readable.push(n);
                }
                Err(error) if error.kind() == Kind::Corrupt => {
                    self.assert_named(&error);
                    // The index says which record stands there, so it may be what cannot be read.
                    let is_of_index = error.message().contains("the index part");
                    assert!(is_of_index || self.harmed.contains(&n), "position {n} was not harmed: {error}");
                }
                Err(error) => {
                    assert!(error.message().contains("there is no position"), "{error}");
                    assert!(n >= self.noted, "position {n} of {} is missing, and nothing says so", self.noted);
                    end = end.min(n);
                }
            }
        }
        let behind = found.record(Position(self.records.len() as u64));
        assert!(behind.is_err(), "a record that was never written: {behind:?}");
        (readable, end)
    }

    /// Looks records up by everything they are found by: what is found was written, and what can be read is found.
    fn look_up(&self, found: &Snapshot, readable: &[Record], written: &[Record]) {
        let query = Query::new(Time::MAX, usize::MAX);
        let mut all: BTreeSet<String> = written.iter().flat_map(words).collect();
        all.insert("nowhere".to_owned());
        for word in all.iter().map(Some).chain([None]) {
            let postings = match word {
                Some(word) => found.lookup(term(found.term_key(), word), &query),
                None => found.all(&query),
            };
            match postings {
                Ok(postings) => {
                    let ids: Vec<RecordId> = postings.iter().map(|posting| posting.id).collect();
                    let word = word.map(String::as_str);
                    assert!(is_within(&ids, &naive(written, word, &query)), "{word:?} finds what was not written");
                    assert!(is_within(&naive(readable, word, &query), &ids), "{word:?} does not find what is there");
                }
                Err(error) => self.assert_named(&error),
            }
        }
        for record in readable {
            match found.by_identity(&record.envelope.identity, usize::MAX) {
                Ok(copies) => assert!(copies.iter().any(|copy| copy.id == record.id), "its identity finds it not"),
                Err(error) => self.assert_named(&error),
            }
        }
    }
}

/// Whether all of these are among those, in the same order.
fn is_within(few: &[RecordId], many: &[RecordId]) -> bool {
    let mut rest = many.iter();
    few.iter().all(|one| rest.any(|other| one == other))
}

/// What `fsck` says of a disk. It reads real files, so the disk is laid out in its folder.
pub fn check_files(dir: &Path, disk: &SimStorage) -> Result<fsck::Report, Error> {
    for name in ["log", "manifest", "tree", "index", "quarantine"] {
        let _ = fs::remove_dir_all(dir.join(name));
        fs::create_dir(dir.join(name)).unwrap();
    }
    let _ = fs::remove_file(dir.join("durable"));
    for (path, bytes) in disk.seen() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        set(&path, &bytes);
    }
    fsck::fsck(dir, derivation("words"), &Words)
}

/// The adapter of the tests, as `fsck` asks it.
struct Words;

impl fsck::Adapter for Words {
    fn is_own(&self, record: &Record) -> bool {
        content_digest(&record.envelope.identity, &record.evidence) == record.content
    }

    fn terms(&self, keys: &TermKey, record: &Record) -> Vec<Term> {
        derive(keys, record)
    }

    fn told(&self, _: u64, _: u64) {}
}
