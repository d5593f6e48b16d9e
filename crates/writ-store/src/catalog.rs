//! The catalog: the one place through which a writer changes the list of files.
//!
//! The log, the follower that writes parts and the one that merges them all change it, each from its own
//! thread; a change is in the folder before it is seen here.

use crate::error::Error;
use crate::manifest::{self, Manifest};
use crate::storage::Storage;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The list of files of a folder that is written to.
#[derive(Debug)]
pub(crate) struct Catalog {
    storage: Arc<dyn Storage>,
    dir: PathBuf,
    store: [u8; 8],
    manifest: Mutex<Manifest>,
}

impl Catalog {
    pub(crate) fn new(storage: Arc<dyn Storage>, dir: &Path, store: [u8; 8], manifest: Manifest) -> Catalog {
        Catalog { storage, dir: dir.to_owned(), store, manifest: Mutex::new(manifest) }
    }

    pub(crate) fn storage(&self) -> &Arc<dyn Storage> {
        &self.storage
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The list as it is now.
    pub(crate) fn manifest(&self) -> Manifest {
        self.manifest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the list, for good. After an error it is as it was.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Manifest)) -> Result<(), Error> {
        let mut manifest = self.manifest.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = manifest.clone();
        change(&mut next);
        next.publish(self.storage.as_ref(), &manifest::folder(&self.dir), self.store)?;
        *manifest = next;
        Ok(())
    }
}
