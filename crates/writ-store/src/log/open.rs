//! Opening the log: which segments there are, and what stands in the one that is appended to.
//!
//! Finished segments are listed, not read. The last one is scanned, which its bound keeps short.

use crate::error::Error;
use crate::file::File;
use crate::log::frame;
use crate::log::scan::{self, Scan};
use crate::log::segment::{self, Trailer};
use crate::log::{Damage, DamageCause, Position};
use crate::manifest::{self, Active, Manifest, Noted, SegmentEntry};
use crate::storage::{Open, Storage};
use crate::term::TermKey;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// The log, opened.
#[derive(Debug)]
pub(crate) struct Opened {
    /// The list that counts, with segments added that were finished since.
    pub(crate) manifest: Manifest,
    /// How many segments were added to it.
    pub(crate) rolled: usize,
    /// The segment that is appended to, if it is there already.
    pub(crate) file: Option<Box<dyn File>>,
    pub(crate) path: PathBuf,
    pub(crate) scan: Scan,
    /// What is wrong beside the segment that is appended to, as far as can be told from lists alone.
    pub(crate) damage: Vec<Damage>,
}

/// Where segments lie.
pub(crate) fn folder(dir: &Path) -> PathBuf {
    dir.join("log")
}

/// The path of a finished segment.
pub(crate) fn path_of(dir: &Path, entry: &SegmentEntry) -> PathBuf {
    segment::path(&folder(dir), entry.epoch, entry.first, entry.class, entry.generation)
}

/// The path of the segment that is appended to.
pub(crate) fn path_of_active(dir: &Path, active: &Active) -> PathBuf {
    segment::path(&folder(dir), active.epoch, active.first, 0, 0)
}

/// Opens the log of a folder, to read it or to append to it.
pub(crate) fn open(storage: &dyn Storage, dir: &Path, keys: &TermKey, how: Open) -> Result<Opened, Error> {
    let manifests = manifest::folder(dir);
    let (mut manifest, missed) = Manifest::newest(storage, &manifests, keys.store(), how)?;
    let (noted, mut rolled) = (manifest.noted, 0);
    loop {
        let active = manifest.active;
        let path = path_of_active(dir, &active);
        let file = match storage.open(&path, how) {
            // A writer that finished a segment had no time to begin the next.
            Err(error) if error.kind() == io::ErrorKind::NotFound && rolled > 0 => None,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(gone(&path));
            }
            other => Some(other.map_err(|e| Error::io("open", &path, e))?),
        };
        let read = |e| Error::io("read", &path, e);
        let trailer = file.as_ref().map_or(Ok(None), |file| segment::trailer(file.as_ref(), keys)).map_err(read)?;
        let first = file.as_ref().map_or(Ok(None), |file| frame::first(file.as_ref(), keys)).map_err(read)?;
        // Where the first frame cannot be read the trailer is trusted, and reading the records tells.
        let follows = first.is_none_or(|header| header.previous == active.chain);
        let goes_on = |trailer: &Trailer| follows && trailer.epoch == active.epoch && trailer.first == active.first;
        if let Some(trailer) = trailer.filter(goes_on) {
            manifest.segments.push(trailer.entry());
            manifest.active = trailer.after();
            rolled += 1;
            continue;
        }
        let scan = match &file {
            Some(file) => scan::scan(file.as_ref(), &path, keys, &active)?,
            None => Scan::empty(&active),
        };
        let mut damage = missing(storage, dir, &manifest)?;
        let nothing_lost =
            |file, first, cause| Damage { file, offset: 0, bytes: 0, first: Position(first), lost: 0, cause };
        damage.extend(missed.map(|file| nothing_lost(file, 0, DamageCause::List)));
        if is_another(&noted, &active, &scan) {
            damage.push(nothing_lost(path.clone(), noted.tree.size, DamageCause::Another));
        }
        return Ok(Opened { manifest, rolled, file, path, scan, damage });
    }
}

/// What the first segment of a folder follows.
pub(crate) fn first(keys: &TermKey) -> Active {
    Active { epoch: 1, first: 0, chain: frame::chain_start(keys) }
}

fn gone(path: &Path) -> Error {
    Error::corrupt(format!("the log `{}` is gone: restore it from a backup", path.display()))
}

/// Whether the log went another way than the one that was noted: its file was replaced by one of a copy of
/// the folder.
fn is_another(noted: &Noted, active: &Active, scan: &Scan) -> bool {
    let size = noted.tree.size;
    // Finished segments are pinned by their digests; a log that is shorter or damaged is told apart from this.
    if size < active.first || size > scan.next || !scan.damage.is_empty() {
        return false;
    }
    let before = scan.spans.iter().find(|span| span.next() == size);
    let chain = if size == active.first { Some(active.chain) } else { before.map(|span| span.chain) };
    chain != Some(noted.chain)
}

/// Finished segments that are gone.
fn missing(storage: &dyn Storage, dir: &Path, manifest: &Manifest) -> Result<Vec<Damage>, Error> {
    let folder = folder(dir);
    let names = storage.list(&folder).map_err(|e| Error::io("list", &folder, e))?;
    let mut damage = Vec::new();
    for entry in &manifest.segments {
        let path = path_of(dir, entry);
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if names.binary_search_by(|other| other.as_str().cmp(name)).is_err() {
            damage.push(Damage {
                file: path,
                offset: 0,
                bytes: entry.bytes,
                first: Position(entry.first),
                lost: u64::from(entry.count),
                cause: DamageCause::Missing,
            });
        }
    }
    Ok(damage)
}

/// Finished segments, opened when something is read from them.
#[derive(Debug, Default)]
pub(crate) struct Handles(BTreeMap<u64, std::sync::Arc<Handle>>);

/// One of them.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(crate) file: Box<dyn File>,
    pub(crate) trailer: Trailer,
}

/// Finished segments that are open at once at most: each is a file handle, of which a process has some
/// thousand.
const HANDLES_MAX: usize = 256;

impl Handles {
    /// The segment, opened now or before.
    pub(crate) fn get(
        &mut self,
        storage: &dyn Storage,
        path: &Path,
        keys: &TermKey,
        entry: &SegmentEntry,
    ) -> Result<std::sync::Arc<Handle>, Error> {
        if let Some(known) = self.0.get(&entry.first) {
            return Ok(std::sync::Arc::clone(known));
        }
        let read = |e| Error::io("read", path, e);
        let file = match storage.open(path, Open::Read) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(gone(path)),
            other => other.map_err(read)?,
        };
        let trailer = trailer_of(file.as_ref(), path, keys, entry)?;
        if self.0.len() >= HANDLES_MAX {
            self.0.clear();
        }
        let handle = std::sync::Arc::new(Handle { file, trailer });
        self.0.insert(entry.first, std::sync::Arc::clone(&handle));
        Ok(handle)
    }
}

/// The trailer of a finished segment, which must be the one that the manifest pins. `path` is for messages.
pub(crate) fn trailer_of(file: &dyn File, path: &Path, keys: &TermKey, entry: &SegmentEntry) -> Result<Trailer, Error> {
    let trailer = segment::trailer(file, keys).map_err(|e| Error::io("read", path, e))?;
    trailer.filter(|trailer| trailer.digest == entry.digest).ok_or_else(|| {
        let place = path.display();
        Error::corrupt(format!("`{place}` does not end as it did when it was finished: restore the file from a backup"))
    })
}

/// The finished segment that holds a position.
pub(crate) fn segment_of(segments: &[SegmentEntry], position: u64) -> Option<&SegmentEntry> {
    let at = segments.partition_point(|one| one.next() <= position);
    segments.get(at).filter(|one| one.first <= position)
}
