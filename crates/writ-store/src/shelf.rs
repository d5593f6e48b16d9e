//! The shelf: the parts of the index of a folder that is written to, and who changes them.
//!
//! One thread writes a part of each batch of keys, so that commits do not wait for it; another merges
//! parts, so that a large merge does not hold the first one up. A part counts once the list of files names
//! it; parts that were merged are then deleted, and readers that have them open keep them.

use crate::catalog::Catalog;
use crate::error::{Error, Kind};
use crate::index::batch::Batch;
use crate::index::header::Owner;
use crate::index::part::Part;
use crate::index::plan::{PartInfo, plan};
use crate::index::run::Run;
use crate::index::tail::Tail;
use crate::index::{Index, merge, write};
use crate::limit;
use crate::manifest::{Manifest, PartEntry};
use crate::storage::Storage;
use crate::tree;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use writ_tlog::hash::Hash;

/// Records of the largest merge that closing waits for: about a second's work. A larger one is given up and
/// made another time.
const MERGE_AT_CLOSE_MAX: u64 = 1 << 20;

/// Where parts of a derivation lie.
pub(crate) fn folder(dir: &Path, owner: &Owner) -> PathBuf {
    let name: String = owner.derivation.hex().chars().take(16).collect();
    dir.join("index").join(name)
}

fn path(dir: &Path, owner: &Owner, entry: &PartEntry) -> PathBuf {
    folder(dir, owner).join(format!("{:016x}-{:08x}-{:08x}.part", entry.first, entry.count, entry.generation))
}

/// The parts of a derivation that a manifest names and that can be used, from the first record on. A part of
/// another log than the one in this folder would lead to other records, so each is checked against the tree.
pub(crate) fn open(storage: &dyn Storage, dir: &Path, owner: &Owner, manifest: &Manifest) -> Opened {
    let mut opened = Opened::default();
    let mut tree = tree::Reader::new(storage, dir);
    // A tree that is damaged or gone says nothing against a part.
    let is_tree_sound = tree.root(manifest.noted.tree.size).is_ok_and(|root| root == manifest.noted.tree.root);
    for entry in manifest.parts.iter().filter(|entry| entry.derivation == owner.derivation) {
        let path = path(dir, owner, entry);
        let part = storage.open(&path, crate::storage::Open::Read).map_err(|e| Error::io("open", &path, e));
        match part.and_then(|file| Part::open_on(file, &path, owner)) {
            Ok(part) if entry.first == opened.next() && is_of(&part, entry) => {
                if is_tree_sound && tree.root(entry.next()).ok() != Some(entry.root) {
                    opened.fault = Some(other(&path, "it is of the log of a copy of this folder"));
                    break;
                }
                opened.parts.push((entry.clone(), Arc::new(part)));
            }
            Ok(_) => {
                opened.fault = Some(other(&path, "it is not the part that the list of files means"));
                break;
            }
            Err(error) => {
                opened.fault = Some(error);
                break;
            }
        }
    }
    opened
}

fn other(path: &Path, cause: &str) -> Error {
    let place = path.display();
    Error::corrupt(format!("the index part `{place}` is not used: {cause}; rebuild the index with `writ rebuild`"))
}

/// Whether this is the part that the manifest means.
fn is_of(part: &Part, entry: &PartEntry) -> bool {
    let (facts, header) = (part.facts(), part.header());
    // A record without keys would be found by nothing, and missed by nobody.
    let has_all = u64::from(facts.n_rows) == facts.n_positions();
    has_all
        && (facts.first, facts.next, header.size, header.root) == (entry.first, entry.next(), entry.bytes, entry.root)
}

/// Parts that were opened.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    pub(crate) parts: Vec<(PartEntry, Arc<Part>)>,
    /// Why the next one was not.
    pub(crate) fault: Option<Error>,
}

impl Opened {
    /// The position after the last record that they hold.
    pub(crate) fn next(&self) -> u64 {
        self.parts.last().map_or(0, |(entry, _)| entry.next())
    }
}

/// The parts of a folder, shared by the threads of a writer.
#[derive(Debug)]
pub(crate) struct Shelf {
    catalog: Arc<Catalog>,
    owner: Owner,
    parts: Mutex<Vec<(PartEntry, Arc<Part>)>>,
    /// Counts changes, so that whoever follows them need not look.
    version: AtomicU64,
    generation: AtomicU64,
}

impl Shelf {
    pub(crate) fn new(catalog: Arc<Catalog>, owner: Owner, parts: Vec<(PartEntry, Arc<Part>)>) -> Shelf {
        let newest = catalog.manifest().parts.iter().map(|part| u64::from(part.generation)).max().unwrap_or(0);
        let (version, generation) = (AtomicU64::new(0), AtomicU64::new(newest + 1));
        Shelf { catalog, owner, parts: Mutex::new(parts), version, generation }
    }

    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// What the parts hold.
    pub(crate) fn index(&self) -> Result<Index, Error> {
        let parts: Vec<Arc<Part>> = self.parts().iter().map(|(_, part)| Arc::clone(part)).collect();
        Index::new(&parts, &Tail::default())
    }

    fn parts(&self) -> std::sync::MutexGuard<'_, Vec<(PartEntry, Arc<Part>)>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn entry(&self, first: u64, next: u64) -> PartEntry {
        let generation = u32::try_from(self.generation.fetch_add(1, Ordering::Relaxed)).unwrap_or(u32::MAX);
        let count = crate::bytes::len32(crate::bytes::index(next - first));
        PartEntry { derivation: self.owner.derivation, first, count, generation, bytes: 0, root: Hash::EMPTY_ROOT }
    }

    /// Writes the part of a batch; `root` is that of the tree over the log up to its end.
    pub(crate) fn add(&self, batch: Batch, root: Hash) -> Result<(), Error> {
        let run = Run::sort(batch);
        let entry = self.entry(run.facts.first, run.facts.next);
        let path = path(self.catalog.dir(), &self.owner, &entry);
        let part = write::write(self.catalog.storage(), &path, &self.owner, &run, root)?;
        self.publish(&entry, part)
    }

    /// Names a part in place of those whose records it holds.
    fn publish(&self, entry: &PartEntry, part: Part) -> Result<(), Error> {
        let entry = PartEntry { bytes: part.header().size, root: part.header().root, ..entry.clone() };
        let mut parts = self.parts();
        // The other thread may have changed the list meanwhile, so places are looked for by position.
        let place = |position: u64| parts.partition_point(|(other, _)| other.first < position);
        let range = place(entry.first)..place(entry.next());
        let mut next = parts.clone();
        let old: Vec<_> = next.splice(range, [(entry, Arc::new(part))]).collect();
        let entries = next.iter().map(|(entry, _)| entry.clone());
        // Those of other adapters stay until these hold everything: somebody may be asking them.
        self.catalog.change(|manifest| {
            manifest.parts.retain(|part| part.derivation != self.owner.derivation);
            manifest.parts.extend(entries);
        })?;
        *parts = next;
        drop(parts);
        self.version.fetch_add(1, Ordering::Release);
        for (entry, _) in old {
            // A file more than needed is no harm; it goes when the folder is opened the next time.
            let _ = self.catalog.storage().remove(&path(self.catalog.dir(), &self.owner, &entry));
        }
        Ok(())
    }

    /// Makes the next merge, if one is due. Says whether it did.
    fn merge(&self, stop: &AtomicBool, records_max: u64) -> Result<bool, Error> {
        let parts = self.parts().clone();
        let info = |(entry, part): &(PartEntry, Arc<Part>)| PartInfo {
            first: entry.first,
            next: entry.next(),
            n_terms: part.header().n_terms,
        };
        let infos: Vec<PartInfo> = parts.iter().map(info).collect();
        let Some(range) = plan(&infos) else { return Ok(false) };
        let lot = parts.get(range).unwrap_or_default();
        let (Some((first, _)), Some((last, _))) = (lot.first(), lot.last()) else { return Ok(false) };
        if last.next() - first.first > records_max {
            return Ok(false);
        }
        let entry = self.entry(first.first, last.next());
        let lot: Vec<Arc<Part>> = lot.iter().map(|(_, part)| Arc::clone(part)).collect();
        let path = path(self.catalog.dir(), &self.owner, &entry);
        match merge::merge(self.catalog.storage(), &lot, &path, &self.owner, stop)? {
            Some(part) => self.publish(&entry, part).map(|()| true),
            None => Ok(false),
        }
    }

    /// Takes the parts of other adapters off the list, and deletes files that no list names: theirs, and those
    /// of merges that were given up.
    pub(crate) fn sweep(&self) -> Result<(), Error> {
        let is_ours = |part: &PartEntry| part.derivation == self.owner.derivation;
        if !self.catalog.manifest().parts.iter().all(is_ours) {
            self.catalog.change(|manifest| manifest.parts.retain(is_ours))?;
        }
        let storage = self.catalog.storage();
        let all = self.catalog.dir().join("index");
        let kept = folder(self.catalog.dir(), &self.owner);
        let named: Vec<PathBuf> =
            self.parts().iter().map(|(entry, _)| path(self.catalog.dir(), &self.owner, entry)).collect();
        for name in storage.list(&all).unwrap_or_default() {
            let folder = all.join(name);
            for name in storage.list(&folder).unwrap_or_default() {
                let path = folder.join(name);
                if folder != kept || !named.contains(&path) {
                    // Nobody reads it, so leaving it is no harm.
                    let _ = storage.remove(&path);
                }
            }
            if folder != kept {
                let _ = storage.remove_folder(&folder);
            }
        }
        Ok(())
    }
}

/// The threads that keep an index up to the log.
#[derive(Debug)]
pub(crate) struct Follower {
    batches: SyncSender<(Batch, Hash)>,
    writing: JoinHandle<Result<(), Error>>,
    merging: JoinHandle<Result<(), Error>>,
    closing: Arc<AtomicBool>,
    /// Records of the largest merge that is made at the end.
    merge_max: Arc<AtomicU64>,
}

impl Follower {
    pub(crate) fn start(shelf: &Arc<Shelf>) -> Result<Follower, Error> {
        Follower::spawn(shelf).map_err(|e| {
            Error::new(Kind::Unavailable, format!("cannot start a thread: {e}; close other programs and try again"))
        })
    }

    fn spawn(shelf: &Arc<Shelf>) -> io::Result<Follower> {
        let (batches, received) = mpsc::sync_channel(limit::CHUNKS_WAITING_MAX);
        let (wake, woken) = mpsc::sync_channel(1);
        let (closing, merge_max) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(MERGE_AT_CLOSE_MAX)));
        let own = Arc::clone(shelf);
        let writing = thread::Builder::new().name("writ-keys".to_owned());
        let writing = writing.spawn(move || write_parts(&own, &received, &wake))?;
        let (own, flag, most) = (Arc::clone(shelf), Arc::clone(&closing), Arc::clone(&merge_max));
        let merging = thread::Builder::new().name("writ-merge".to_owned());
        let merging = merging.spawn(move || merge_parts(&own, &woken, &flag, &most))?;
        Ok(Follower { batches, writing, merging, closing, merge_max })
    }

    /// Hands a batch over, with the root of the tree up to its end; waits only if the follower is several
    /// batches behind.
    pub(crate) fn send(&self, batch: (Batch, Hash)) {
        // A follower that is gone has reported why, or will: see `finish`.
        let _ = self.batches.send(batch);
    }

    /// Waits for the last part, and for merges that are nearly done.
    pub(crate) fn finish(self) -> Result<(), Error> {
        self.end(MERGE_AT_CLOSE_MAX)
    }

    /// Waits for the last part. Merges are left to whoever follows next.
    pub(crate) fn stop(self) -> Result<(), Error> {
        self.end(0)
    }

    fn end(self, merge_max: u64) -> Result<(), Error> {
        self.merge_max.store(merge_max, Ordering::Release);
        drop(self.batches);
        let gone = |_| Err(Error::new(Kind::Internal, "writing keys stopped with a panic: please report this"));
        let written = self.writing.join().unwrap_or_else(gone);
        self.closing.store(true, Ordering::Release);
        written.and(self.merging.join().unwrap_or_else(gone))
    }
}

fn write_parts(shelf: &Shelf, batches: &Receiver<(Batch, Hash)>, wake: &SyncSender<()>) -> Result<(), Error> {
    let mut result = Ok(());
    for (batch, root) in batches {
        // After a failure the rest is dropped: the next open derives it from the log.
        if result.is_ok() {
            result = shelf.add(batch, root);
        }
        // The other thread is awake already if there is no room.
        let _ = wake.try_send(());
    }
    result
}

fn merge_parts(shelf: &Shelf, woken: &Receiver<()>, closing: &AtomicBool, merge_max: &AtomicU64) -> Result<(), Error> {
    while woken.recv().is_ok() {
        while !closing.load(Ordering::Acquire) && shelf.merge(closing, u64::MAX)? {}
    }
    // Small ones are finished, so that many short runs leave few parts.
    while shelf.merge(&AtomicBool::new(false), merge_max.load(Ordering::Acquire))? {}
    Ok(())
}

#[cfg(test)]
mod tests;
