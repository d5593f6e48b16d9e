//! Checking a folder: everything is read and hashed again.
//!
//! Nothing is repaired. Whatever is not what was written is named by file and position, and the check goes on
//! behind it. It takes no lock, and checks what had been acknowledged when it began.

mod keys;
mod records;
mod segments;

use crate::checkpoint;
use crate::error::Error;
use crate::folder::Folder;
use crate::index::header::Owner;
use crate::log::view::View;
use crate::log::{Damage, Position};
use crate::look::Look;
use crate::manifest::Manifest;
use crate::shelf;
use crate::storage::{Os, Storage};
use crate::term::{Term, TermKey};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use writ_model::canon::Digest;
use writ_model::record::Record;
use writ_tlog::hash::Hash;
use writ_tlog::tree::Head;

/// Problems listed one by one; the rest are counted. A folder of rubbish must not fill the memory.
const LISTED_MAX: usize = 1_000;

/// Something that is not what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// The byte at which it begins, where that is known.
    pub byte: Option<u64>,
    /// The first record that it concerns, if it is of records.
    pub first: Option<Position>,
    /// How many records.
    pub records: u64,
    /// What is wrong, in one clause.
    pub cause: String,
}

impl Problem {
    fn of(damage: &Damage) -> Problem {
        let (byte, first) = (Some(damage.offset), Some(damage.first));
        Problem { file: damage.file.clone(), byte, first, records: damage.lost, cause: damage.cause.to_string() }
    }

    /// The position behind the records that it concerns.
    fn end(&self) -> Option<Position> {
        self.first.map(|first| Position(first.0 + self.records))
    }
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Records that are what was written.
    pub n_sound: u64,
    /// Finished segments, and the one that is appended to.
    pub n_segments: u64,
    /// Leaves of the tree that were compared.
    pub n_leaves: u64,
    /// The root over them.
    pub root: Option<Hash>,
    /// Parts of the index that were read whole.
    pub n_parts: u64,
    /// What is wrong, in the order in which it was found.
    pub problems: Vec<Problem>,
    /// How many more there are.
    pub unlisted: u64,
}

impl Report {
    /// Whether everything is what was written.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty() && self.unlisted == 0
    }

    fn push(&mut self, problem: Problem) {
        if self.problems.len() < LISTED_MAX {
            self.problems.push(problem);
        } else {
            self.unlisted += 1;
        }
    }

    /// Names records that cannot be read, those that follow each other together: a segment is read in stretches.
    fn lost(&mut self, lost: Damage) {
        let cause = "the record is not what was written";
        let before = self
            .problems
            .last_mut()
            .filter(|last| last.file == lost.file && last.cause == cause && last.end() == Some(lost.first));
        if let Some(before) = before {
            before.records += lost.lost;
        } else {
            let (first, cause) = (Some(lost.first), cause.to_owned());
            self.push(Problem { file: lost.file, byte: None, first, records: lost.lost, cause });
        }
    }

    fn of_file(&mut self, file: &Path, byte: Option<u64>, cause: impl Into<String>) {
        self.push(Problem { file: file.to_owned(), byte, first: None, records: 0, cause: cause.into() });
    }
}

struct Check<'a> {
    storage: &'a dyn Storage,
    dir: &'a Path,
    keys: &'a TermKey,
    manifest: &'a Manifest,
    log: &'a View,
    /// What the last checkpoint says.
    signed: Option<Head>,
    report: Report,
}

/// What a check asks of whoever knows what a record means: in several threads at the same time.
pub trait Adapter: Sync {
    /// Whether a record's digest is that of its content.
    fn is_own(&self, record: &Record) -> bool;
    /// The terms of a record.
    fn terms(&self, keys: &TermKey, record: &Record) -> Vec<Term>;
    /// Hears how many records were checked, and of how many.
    fn told(&self, checked: u64, all: u64);
}

/// Checks a folder. `derivation` names the adapters whose index is checked.
///
/// Fails as [`Snapshot::open`](crate::Snapshot::open) does where there is nothing to check.
pub fn fsck(dir: &Path, derivation: Digest, adapter: &dyn Adapter) -> Result<Report, Error> {
    let storage: Arc<dyn Storage> = Arc::new(Os);
    let folder = Folder::open(dir)?;
    let owner = Owner::new(&folder.keys, derivation);
    let Look { manifest, log, parts, marked } = Look::of(&storage, &folder, &owner)?;
    let mut report = Report::default();
    for damage in log.damage() {
        report.push(Problem::of(damage));
    }
    let signed = checkpoint::read(storage.as_ref(), dir, &folder.keys).unwrap_or_else(|error| {
        report.of_file(&checkpoint::path(dir), None, error.message());
        None
    });
    let signed = signed.map(|(head, _)| head);
    let mut check =
        Check { signed, storage: storage.as_ref(), dir, keys: &folder.keys, manifest: &manifest, log: &log, report };
    check.segments()?;
    let roots = check.records(&parts, manifest.n_noted().max(marked), adapter)?;
    check.parts(&parts, &roots);
    if let Some(fault) = parts.fault {
        check.report.of_file(&shelf::folder(dir, &owner), None, fault.message());
    }
    Ok(check.report)
}
