//! Backups: a log copied while it is written to, and a folder made from such a copy.
//!
//! A backup holds what cannot be made again: the segments, a list of them, the last checkpoint. The keys are not in
//! it, since a key that is in a backup is not erased; index and tree follow from the log. A restored folder goes
//! on in a new epoch, so that its segments are told from those that the other folder went on with.

use crate::checkpoint;
use crate::error::Error;
use crate::file::{self, File};
use crate::folder::{self, Folder};
use crate::index::header::Owner;
use crate::log::scan::{self, Scan};
use crate::log::view::View;
use crate::log::{open as log, segment};
use crate::look::Look;
use crate::manifest::{self, Active, Manifest, Noted, SegmentEntry};
use crate::storage::{self, Open, Os, Storage};
use crate::term::TermKey;
use crate::tree;
use crate::writer::rebuild;
use std::path::Path;
use std::sync::Arc;
use writ_model::canon::Digest;
use writ_tlog::tree::Head;

/// What a backup holds now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backup {
    /// How many records.
    pub n_records: u64,
    /// How many bytes were copied this time.
    pub copied: u64,
}

/// Copies what was acknowledged to a new folder, or adds to one that an earlier backup of this folder is in.
///
/// Takes no lock. Each copied segment is read back and checked. Fails with [`Kind::Corrupt`](crate::Kind::Corrupt)
/// if the log is damaged, so that a good backup is not followed by a bad one, and with
/// [`Kind::Invalid`](crate::Kind::Invalid) if the other folder holds anything but the beginning of this log.
pub fn backup(dir: &Path, to: &Path) -> Result<Backup, Error> {
    let storage: Arc<dyn Storage> = Arc::new(Os);
    let folder = Folder::open(dir)?;
    let keys = &folder.keys;
    // No adapters are asked, so no part of an index is of them.
    let owner = Owner { store: keys.store(), derivation: Digest([0; 32]) };
    let Look { manifest, log, .. } = Look::of(&storage, &folder, &owner)?;
    if let Some(damage) = log.damage().first() {
        return Err(damage.error());
    }
    let storage = storage.as_ref();
    let known = known(storage, to, keys)?;
    let size = log.next();
    let root = tree::Reader::new(storage, dir).root(size)?;
    let mut copy = Copy { storage, keys, to, copied: 0 };
    copy.check_beginning(known.as_ref(), &manifest, dir, size)?;
    for entry in &manifest.segments {
        if !known.as_ref().is_some_and(|known| known.segments.contains(entry)) {
            copy.finished(dir, entry)?;
        }
    }
    let chain = copy.active(&log, &manifest.active)?;
    let noted = Noted { tree: Head { size, root }, chain };
    let number = known.map_or(0, |known| known.number);
    let mut list = Manifest { number, segments: manifest.segments, active: manifest.active, noted, parts: Vec::new() };
    list.publish(storage, &manifest::folder(to), keys.store())?;
    checkpoint::write(storage, to, keys, noted.tree)?;
    folder::mark_whole(to)?;
    Ok(Backup { n_records: size, copied: copy.copied })
}

/// What an earlier backup left there; `None` if there is nothing.
fn known(storage: &dyn Storage, to: &Path, keys: &TermKey) -> Result<Option<Manifest>, Error> {
    folder::check_nothing_foreign(to)?;
    for name in ["manifest", "log"] {
        let path = to.join(name);
        storage.make_folder(&path).map_err(|e| Error::io("make the folder", &path, e))?;
    }
    if !to.join("FORMAT").exists() {
        return Ok(None);
    }
    if to.join("store.key").exists() {
        let place = to.display();
        return Err(Error::invalid(format!(
            "`{place}` is a folder that is written to, no backup: name another folder"
        )));
    }
    let (known, missed) = Manifest::newest(storage, &manifest::folder(to), keys.store(), Open::Write)?;
    match missed {
        Some(file) => Err(Error::corrupt(format!("`{}` is damaged or gone: make a new backup", file.display()))),
        None => Ok(Some(known)),
    }
}

struct Copy<'a> {
    storage: &'a dyn Storage,
    keys: &'a TermKey,
    to: &'a Path,
    copied: u64,
}

impl Copy<'_> {
    /// Refuses to add to what is no beginning of this log.
    fn check_beginning(&self, known: Option<&Manifest>, ours: &Manifest, dir: &Path, size: u64) -> Result<(), Error> {
        let Some(known) = known else { return Ok(()) };
        let Head { size: old, root } = known.noted.tree;
        let is_beginning = old <= size
            && known.segments.iter().all(|entry| ours.segments.contains(entry))
            && tree::Reader::new(self.storage, dir).root(old)? == root;
        if is_beginning {
            return Ok(());
        }
        let (place, dir) = (self.to.display(), dir.display());
        Err(Error::invalid(format!(
            "`{place}` holds {old} records that are not the first of `{dir}`: name another folder, and keep that one"
        )))
    }

    fn finished(&mut self, dir: &Path, entry: &SegmentEntry) -> Result<(), Error> {
        let (from, path) = (log::path_of(dir, entry), log::path_of(self.to, entry));
        let source = self.storage.open(&from, Open::Read).map_err(|e| Error::io("read", &from, e))?;
        let copy = self.copy(source.as_ref(), entry.bytes, &path)?;
        let trailer = log::trailer_of(copy.as_ref(), &from, self.keys, entry)?;
        let begin = Active { epoch: entry.epoch, first: entry.first, chain: trailer.chain };
        self.check(copy.as_ref(), &from, &begin, trailer.frames_end)
    }

    /// Copies the segment that is appended to, as far as was acknowledged; gives what the next frame follows.
    fn active(&mut self, view: &View, active: &Active) -> Result<crate::log::frame::Chain, Error> {
        let path = log::path_of_active(self.to, active);
        let (end, chain) = view.scan().spans.last().map_or((0, active.chain), |span| (span.end(), span.chain));
        match view.file() {
            Some(source) => self.copy(source, end, &path).map(drop)?,
            None => self.storage.open(&path, Open::Create).map(drop).map_err(|e| Error::io("make", &path, e))?,
        }
        Ok(chain)
    }

    /// Copies so many bytes for good, under another name until all are there.
    fn copy(&mut self, source: &dyn File, bytes: u64, path: &Path) -> Result<Box<dyn File>, Error> {
        let beside = path.with_added_extension("tmp");
        let write = || {
            let copy = self.storage.open(&beside, Open::Create)?;
            file::copy(source, 0..bytes, copy.as_ref())?;
            copy.sync()?;
            drop(copy);
            storage::name(self.storage, &beside, path)?;
            self.storage.open(path, Open::Read)
        };
        let copy = write().map_err(|e| Error::io("copy to", path, e))?;
        self.copied += bytes;
        Ok(copy)
    }

    /// Every frame of the copy, whose source is named if it is not what was written.
    fn check(&self, copy: &dyn File, source: &Path, begin: &Active, end: u64) -> Result<(), Error> {
        let Scan { damage, end: reached, .. } = scan::scan_to(copy, source, self.keys, begin, end)?;
        // Which frame the first one follows is not known here; restoring hashes every record, and shows it.
        let damage = damage.iter().find(|damage| damage.cause != crate::DamageCause::Chain || damage.offset > 0);
        match damage {
            Some(damage) => Err(damage.error()),
            None if reached != end => {
                let place = source.display();
                Err(Error::corrupt(format!(
                    "the frames of `{place}` end at byte {reached}, not {end}: run `writ fsck`"
                )))
            }
            None => Ok(()),
        }
    }
}

/// Makes a folder from a backup and the keys of its store, and gives how many records it has. Every record is hashed,
/// and must give the root that was signed. Its index is made by whoever opens it to write next.
///
/// Fails with [`Kind::Corrupt`](crate::Kind::Corrupt) if the backup is damaged or is of another store than the keys,
/// and with [`Kind::Invalid`](crate::Kind::Invalid) if the new folder is not empty.
pub fn restore(from: &Path, keys_file: &Path, dir: &Path) -> Result<u64, Error> {
    let storage: Arc<dyn Storage> = Arc::new(Os);
    folder::check_format_of(from)?;
    let secret = folder::read_keys(keys_file)?;
    let keys = &TermKey::new(&secret);
    folder::check_new(dir)?;
    let (list, missed) = Manifest::newest(storage.as_ref(), &manifest::folder(from), keys.store(), Open::Read)
        .map_err(|error| {
            error.recast(error.kind(), format!("{error} (or `{}` is of another store)", keys_file.display()))
        })?;
    if let Some(file) = missed {
        return Err(Error::corrupt(format!("`{}` is damaged or gone: use another backup", file.display())));
    }
    for name in ["manifest", "log", "quarantine"] {
        let path = dir.join(name);
        storage.make_folder(&path).map_err(|e| Error::io("make the folder", &path, e))?;
    }
    let mut copy = Copy { storage: storage.as_ref(), keys, to: dir, copied: 0 };
    list.segments.iter().try_for_each(|entry| copy.finished(from, entry))?;
    let mut segments = list.segments.clone();
    let active = copy.last(from, &list, &mut segments)?;
    let mut restored = Manifest { number: 0, segments, active, noted: list.noted, parts: Vec::new() };
    restored.publish(storage.as_ref(), &manifest::folder(dir), keys.store())?;
    let opened = log::open(storage.as_ref(), dir, keys, Open::Read)?;
    if let Some(damage) = opened.damage.first() {
        return Err(damage.error());
    }
    let noted = list.noted.tree;
    rebuild::make_tree(&View::new(Arc::clone(&storage), dir, keys, opened), noted)?;
    if checkpoint::read(storage.as_ref(), from, keys)?.is_some_and(|(signed, _)| signed != noted) {
        let place = checkpoint::path(from);
        return Err(Error::corrupt(format!("`{}` was signed for other records: use another backup", place.display())));
    }
    checkpoint::write(storage.as_ref(), dir, keys, noted)?;
    folder::write_keys(dir, &secret)?;
    folder::mark_whole(dir)?;
    Ok(noted.size)
}

impl Copy<'_> {
    /// Copies the segment that was appended to and finishes it, and begins one of the next epoch.
    fn last(&mut self, from: &Path, list: &Manifest, segments: &mut Vec<SegmentEntry>) -> Result<Active, Error> {
        let (source, path) = (log::path_of_active(from, &list.active), log::path_of_active(self.to, &list.active));
        let file = self.storage.open(&source, Open::Read).map_err(|e| Error::io("read", &source, e))?;
        let Scan { damage, begins, end, next, chain, .. } =
            scan::scan(file.as_ref(), &source, self.keys, &list.active)?;
        if let Some(damage) = damage.first() {
            return Err(damage.error());
        }
        if (next, chain) != (list.noted.tree.size, list.noted.chain) {
            let (place, noted) = (source.display(), list.noted.tree.size);
            return Err(Error::corrupt(format!("`{place}` ends at position {next}, not {noted}: use another backup")));
        }
        let next = Active { epoch: list.active.epoch + 1, first: next, chain };
        if !begins.is_empty() {
            drop(self.copy(file.as_ref(), end, &path)?);
            let copy = self.storage.open(&path, Open::Write).map_err(|e| Error::io("open", &path, e))?;
            let trailer = segment::finish(copy.as_ref(), self.keys, &list.active, (end, chain), &begins);
            segments.push(trailer.map_err(|e| Error::io("finish", &path, e))?.entry());
        }
        let (path, folder) = (log::path_of_active(self.to, &next), log::folder(self.to));
        let made = self.storage.open(&path, Open::Create).and_then(|file| file.sync());
        made.and_then(|()| self.storage.sync_folder(&folder)).map_err(|e| Error::io("make", &path, e))?;
        Ok(next)
    }
}
