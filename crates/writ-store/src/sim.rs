//! A disk that fails and loses power on command, for tests.
//!
//! It knows two images: what reads see, and what is on the platter. A sync makes the second equal to the
//! first for one file, or for the names in one folder; a crash leaves on the platter as much of the
//! unsynced changes as the test says. After a failed sync of a file the changes are *forgotten*: reads still
//! see them, but no later sync writes them, which is how real kernels behave (Rebello et al., "Can
//! Applications Recover from fsync Failures?", USENIX ATC 2020). Names are in a journal, so a later sync of
//! the folder makes them durable.
//!
//! A disk may also lie: acknowledge a sync or a write, and do nothing. No program can survive that; what
//! one can do is to notice it the next time. What rots is put there by the test: see [`SimStorage::put`].
//!
//! Faults fall on operations by their number, so that a test that is played again meets them again. The
//! threads of a writer work side by side, though, and which of them an operation is of may differ.

mod files;
mod image;
mod state;

use image::Image;
use state::State;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use files::SimDisk;

/// What goes wrong at an operation (a write, a change of size or of a name, a sync, counted from 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done, an error is returned.
    Refused,
    /// The disk is full this once: so many bytes are written, then an error is returned.
    Full(usize),
    /// The operation fails as a sync does: what is unsynced of the file is forgotten.
    Forgotten,
    /// Power fails after this many bytes of the operation; every later operation fails.
    PowerLoss(usize),
    /// The operation is acknowledged. A sync does nothing; a change is seen until power fails, and never
    /// reaches the platter.
    Lied,
}

/// How much of the unsynced changes a crash leaves on the platter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survival {
    /// Nothing.
    Nothing,
    /// Everything.
    Everything,
    /// The first bytes of what was written, in the order it was written; names as far as that.
    Bytes(usize),
    /// Any sectors and any names, chosen by this seed: disks write in any order.
    Sectors(u64),
}

/// What a watcher is told of, before it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Something is read: a file is opened, asked for its size or for bytes, or a folder is listed.
    Read,
    /// Something is changed or synced.
    Change,
}

/// Who is told of each call that is made through a handle. An error is what the call gives then.
#[derive(Clone)]
struct Watcher(Arc<dyn Fn(Call) -> io::Result<()> + Send + Sync>);

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watcher")
    }
}

/// A simulated disk. Clones are handles of the same disk.
#[derive(Clone, Debug, Default)]
pub struct SimStorage {
    state: Arc<Mutex<State>>,
    watcher: Option<Watcher>,
}

impl SimStorage {
    /// A disk with nothing on it.
    pub fn new() -> SimStorage {
        SimStorage::default()
    }

    /// A handle of the same disk whose every call is told to somebody first. The disk is not locked
    /// meanwhile, so that he may look at it, or change it; an error is what the call gives.
    #[must_use]
    pub fn watched(&self, watcher: impl Fn(Call) -> io::Result<()> + Send + Sync + 'static) -> SimStorage {
        SimStorage { state: Arc::clone(&self.state), watcher: Some(Watcher(Arc::new(watcher))) }
    }

    /// Makes the operation of this number go wrong.
    pub fn fail_at(&self, operation: u64, fault: Fault) {
        self.state().faults.push((operation, fault));
    }

    /// The files and folders at which something went wrong.
    pub fn struck(&self) -> Vec<PathBuf> {
        self.state().struck.clone()
    }

    /// The same disk under the next process, where power did not fail: what was not synced is seen, and may
    /// yet be lost. Nothing goes wrong any more.
    #[must_use]
    pub fn after_exit(&self) -> SimStorage {
        let mut state = self.state();
        let next = State { platter: state.platter.clone(), unsynced: state.unsynced.clone(), ..State::of(&state.seen) };
        // Whatever still runs writes to nowhere.
        *state = State::default();
        SimStorage { state: Arc::new(Mutex::new(next)), watcher: None }
    }

    /// Whether power has failed.
    pub fn is_powerless(&self) -> bool {
        self.state().powerless
    }

    /// How many operations were asked for so far.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// From now on the files may have so many bytes more than now, all together: what does not fit is written
    /// as far as it fits, and refused.
    pub fn leave_room(&self, bytes: usize) {
        let mut state = self.state();
        state.room = Some(state.seen.used() + bytes);
    }

    /// From now on reads give less than was asked for, or nothing yet, as this seed says.
    pub fn read_short(&self, seed: u64) {
        self.state().short_reads = Some(seed | 1);
    }

    /// What reads see now, by name.
    pub fn seen(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        self.state().seen.by_name()
    }

    /// Puts a file there, all of it durable.
    pub fn put(&self, path: &Path, bytes: &[u8]) {
        let mut state = self.state();
        // A file has one number in both images.
        let State { seen, platter, .. } = &mut *state;
        platter.files.resize(seen.files.len(), Vec::new());
        for image in [seen, platter] {
            image.put(path, bytes);
        }
    }

    /// The disk as it is found after a crash at this moment.
    #[must_use]
    pub fn after_crash(&self, survival: Survival) -> SimStorage {
        let image: Image = self.state().after_crash(survival);
        SimStorage { state: Arc::new(Mutex::new(State::of(&image))), watcher: None }
    }

    /// Tells the watcher of a call, who must not find the disk locked.
    fn tell(&self, call: Call) -> io::Result<()> {
        self.watcher.as_ref().map_or(Ok(()), |watcher| (watcher.0)(call))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without dice: always. With dice: every second time or so (xorshift, Marsaglia 2003).
fn toss(dice: &mut Option<u64>) -> bool {
    let Some(state) = dice else { return true };
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state >> 63 == 1
}

#[cfg(test)]
mod tests;
