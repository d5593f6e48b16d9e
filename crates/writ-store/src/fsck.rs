//! Checking a folder: everything is read and hashed again.
//!
//! Nothing is repaired. Whatever is not what was written is named by file and position, and the check goes on
//! behind it. It takes no lock, and checks what had been acknowledged when it began.

use crate::error::{Error, Kind};
use crate::file::File;
use crate::folder::Folder;
use crate::index::header::Owner;
use crate::leaf;
use crate::log::entry::Inflater;
use crate::log::scan::{self, Scan};
use crate::log::view::View;
use crate::log::{Damage, Position, mark, open as log, segment};
use crate::manifest::{Active, Manifest, PartEntry, SegmentEntry};
use crate::shelf;
use crate::storage::{Open, Os, Storage};
use crate::term::TermKey;
use crate::tree;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use writ_model::canon::Digest;
use writ_model::record::Record;
use writ_tlog::hash::Hash;
use writ_tlog::tile::{Place, n_entries};
use writ_tlog::tree::Frontier;

/// Problems listed one by one; the rest are counted. A folder of rubbish must not fill the memory.
const LISTED_MAX: usize = 1_000;

/// Records after which it is told how far the check is.
const TOLD_EVERY: u64 = 65_536;

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

    fn of_file(&mut self, file: &Path, byte: Option<u64>, cause: impl Into<String>) {
        self.push(Problem { file: file.to_owned(), byte, first: None, records: 0, cause: cause.into() });
    }
}

/// Checks a folder. `derivation` names the adapters whose index is checked; `is_own` says whether a record's
/// digest is that of its content, which only they can tell; `told` hears how many records were checked, and of
/// how many.
///
/// Fails as [`Snapshot::open`](crate::Snapshot::open) does where there is nothing to check.
pub fn fsck(
    dir: &Path,
    derivation: Digest,
    is_own: &dyn Fn(&Record) -> bool,
    told: &mut dyn FnMut(u64, u64),
) -> Result<Report, Error> {
    let storage: Arc<dyn Storage> = Arc::new(Os);
    let folder = Folder::open(dir)?;
    let opened = log::open(storage.as_ref(), dir, &folder.keys, Open::Read)?;
    let mut check = Check { storage: storage.as_ref(), dir, keys: &folder.keys, report: Report::default() };
    for damage in opened.damage.iter().chain(&opened.scan.damage) {
        check.report.push(Problem::of(damage));
    }
    let manifest = opened.manifest.clone();
    let parts = manifest.parts.iter().map(PartEntry::next).max().unwrap_or(0);
    let marked = mark::read(storage.as_ref(), &folder.mark(), folder.keys.store()).unwrap_or(0);
    let noted = manifest.tree.size.max(parts).max(marked);
    check.segments(&manifest)?;
    let view = View::new(Arc::clone(&storage), dir, &folder.keys, opened);
    check.records(&view, &manifest, noted, is_own, told)?;
    check.parts(&manifest, &Owner { store: folder.keys.store(), derivation });
    Ok(check.report)
}

struct Check<'a> {
    storage: &'a dyn Storage,
    dir: &'a Path,
    keys: &'a TermKey,
    report: Report,
}

impl Check<'_> {
    /// Frames, chain and footer of every finished segment.
    fn segments(&mut self, manifest: &Manifest) -> Result<(), Error> {
        self.report.n_segments = manifest.segments.len() as u64 + 1;
        let mut follows = log::first(self.keys);
        for entry in &manifest.segments {
            let path = log::path_of(self.dir, entry);
            let active = Active { epoch: entry.epoch, first: entry.first, chain: follows.chain };
            // One that is gone is among the damage that was seen when the log was opened.
            if let Ok(file) = self.storage.open(&path, Open::Read) {
                self.segment(file.as_ref(), &path, entry, &active, &mut follows)?;
            }
        }
        Ok(())
    }

    fn segment(
        &mut self,
        file: &dyn File,
        path: &Path,
        entry: &SegmentEntry,
        active: &Active,
        follows: &mut Active,
    ) -> Result<(), Error> {
        let trailer = segment::trailer(file, self.keys).map_err(|e| Error::io("read", path, e))?;
        let Some(trailer) = trailer.filter(|trailer| trailer.digest == entry.digest) else {
            self.report.of_file(path, None, "it does not end as it did when it was finished");
            return Ok(());
        };
        let Scan { damage, begins, next, chain, end, .. } =
            scan::scan_to(file, path, self.keys, active, trailer.frames_end)?;
        for damage in &damage {
            self.report.push(Problem::of(damage));
        }
        if (next, chain, end) != (trailer.next(), trailer.chain, trailer.frames_end) {
            self.report.of_file(path, Some(end), "its frames do not end where its trailer says");
        }
        match segment::begins(file, path, &trailer) {
            Err(error) if error.kind() == Kind::Corrupt => {
                self.report.of_file(path, Some(trailer.frames_end), "the checksum of its footer does not hold");
            }
            Err(error) => return Err(error),
            Ok(known) if known != begins && begins.iter().all(|begin| *begin != scan::LOST) => {
                self.report.of_file(path, Some(trailer.frames_end), "its footer tells other places than its frames");
            }
            Ok(_) => {}
        }
        *follows = trailer.after();
        Ok(())
    }

    /// Every record, and its leaf in the tree.
    fn records(
        &mut self,
        view: &View,
        manifest: &Manifest,
        noted: u64,
        is_own: &dyn Fn(&Record) -> bool,
        told: &mut dyn FnMut(u64, u64),
    ) -> Result<(), Error> {
        let mut inflater = Inflater::new()?;
        let mut leaves = Leaves { stored: tree::Reader::new(self.storage, self.dir), size: manifest.tree.size };
        let (mut frontier, mut is_whole) = (Frontier::new(), true);
        let (report, keys) = (&mut self.report, self.keys);
        view.each(0..view.next(), &mut |position, found| {
            if position % TOLD_EVERY == 0 {
                told(position, view.next());
            }
            let whole = found.and_then(|(body, shared)| {
                let record = body.unpack(shared, &mut inflater).map_err(|_| view.lost(position, position + 1))?;
                let parts = (shared, body.identifiers.stored);
                let hash = leaf::hash(keys, &record, parts);
                Ok((record, hash))
            });
            let (record, hash) = match whole {
                Ok(whole) => whole,
                Err(lost) => {
                    // Those of a damaged frame were told with it.
                    let (first, known) = (Some(lost.first), is_told(report, lost.first));
                    if !known {
                        let cause = "the record is not what was written".to_owned();
                        report.push(Problem { file: lost.file, byte: None, first, records: lost.lost, cause });
                    }
                    is_whole = false;
                    return Ok(());
                }
            };
            let wrong = |report: &mut Report, cause: &str| {
                let (file, first) = (view.path(position), Some(Position(position)));
                report.push(Problem { file, byte: None, first, records: 1, cause: cause.to_owned() });
            };
            if !is_own(&record) {
                wrong(report, "its digest is not that of its content");
            } else if leaves.differs(Place { level: 0, index: position }, hash)? {
                wrong(report, "the tree holds another leaf for it");
            } else {
                report.n_sound += 1;
            }
            report.n_leaves += 1;
            if is_whole {
                let mut above = Vec::new();
                let _ = frontier.append(hash, |place, hash| above.push((place, hash)));
                for (place, hash) in above.into_iter().filter(|(place, _)| place.level > 0) {
                    if leaves.differs(place, hash)? {
                        let file = tree::folder(self.dir).join(place.level.to_string());
                        report.of_file(&file, Some(place.byte()), "the hash is not that of the leaves below it");
                    }
                }
                if frontier.size() == manifest.tree.size && frontier.root() != manifest.tree.root {
                    report.of_file(&tree::folder(self.dir), None, "its root is not the one that was noted");
                }
            }
            Ok(())
        })?;
        self.report.root = is_whole.then(|| frontier.root());
        if view.next() < noted {
            let (first, records) = (Some(Position(view.next())), noted - view.next());
            let cause = "records were acknowledged that the log has no more".to_owned();
            self.report.push(Problem { file: view.path(view.next()), byte: None, first, records, cause });
        }
        Ok(())
    }

    /// Every block of every part.
    fn parts(&mut self, manifest: &Manifest, owner: &Owner) {
        let opened = shelf::open(self.storage, self.dir, owner, manifest);
        for (_, part) in &opened.parts {
            self.report.n_parts += 1;
            if let Err(error) = part.check() {
                self.report.of_file(part.path(), None, error.message());
            }
        }
        if let Some(fault) = opened.fault {
            self.report.of_file(&shelf::folder(self.dir, owner), None, fault.message());
        }
    }
}

fn is_told(report: &Report, position: Position) -> bool {
    let holds = |problem: &Problem| {
        problem.first.is_some_and(|first| first <= position && position.0 < first.0 + problem.records)
    };
    report.problems.iter().any(holds)
}

/// Hashes as they are stored, as far as they were noted to be durable.
struct Leaves<'s> {
    stored: tree::Reader<'s>,
    size: u64,
}

impl Leaves<'_> {
    fn differs(&mut self, place: Place, hash: Hash) -> Result<bool, Error> {
        if place.index >= n_entries(place.level, self.size) {
            return Ok(false);
        }
        match self.stored.hash(place) {
            Ok(stored) => Ok(stored != hash),
            // A file that is gone or cut holds another hash, or none.
            Err(error) if matches!(error.kind(), Kind::Corrupt | Kind::Unavailable) => Ok(true),
            Err(error) => Err(error),
        }
    }
}
