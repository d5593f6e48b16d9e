//! Sidecar files: chunks one after the other, one file per derivation.

use crate::error::Error;
use crate::file::{self, Disk, File as _};
use crate::keys::chunk::{Chunk, HEADER, Header, Owner};
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

const EXTENSION: &str = "keys";

/// Where the keys of a derivation lie. The name is a hint; each chunk says whose it is.
pub(crate) fn path(folder: &Path, owner: &Owner) -> PathBuf {
    let name: String = owner.derivation.hex().chars().take(16).collect();
    folder.join(name).with_added_extension(EXTENSION)
}

/// Hands over each whole chunk of a sidecar with the bytes it lies at, until one is not whole, does
/// not go on where the last one ended, or `more` says `false`. A sidecar that cannot be read has no
/// chunks: it is a follower, and can be derived again.
pub(crate) fn load(path: &Path, owner: &Owner, mut more: impl FnMut(Chunk, Range<u64>) -> bool) {
    let Ok(file) = Disk::open(path) else { return };
    let Ok(size) = file.size() else { return };
    let (mut at, mut next) = (0, 0);
    while let Some((chunk, end)) = read(&file, at, size, owner) {
        if chunk.first != next {
            return;
        }
        next = chunk.next();
        if !more(chunk, at..end) {
            return;
        }
        at = end;
    }
}

fn read(file: &Disk, at: u64, size: u64, owner: &Owner) -> Option<(Chunk, u64)> {
    let mut header = [0; HEADER];
    file::read_exact_at(file, &mut header, at).ok()?;
    let header = Header::decode(&header, owner)?;
    let body = at + HEADER as u64;
    // The file bounds what is allocated, whatever the header says.
    let end = body.checked_add(header.payload() as u64).filter(|end| *end <= size)?;
    let mut payload = vec![0; header.payload()];
    file::read_exact_at(file, &mut payload, body).ok()?;
    Some((header.chunk(&payload)?, end))
}

/// A sidecar that is written.
#[derive(Debug)]
pub(crate) struct Sidecar {
    file: Disk,
    path: PathBuf,
    owner: Owner,
    at: u64,
}

impl Sidecar {
    /// Opens a sidecar to go on at this byte; what follows is cut off when the next chunk is written.
    pub(crate) fn resume(path: &Path, owner: Owner, at: u64) -> Result<Sidecar, Error> {
        let file = Disk::open_to_write(path).map_err(|e| Error::io("open", path, e))?;
        Ok(Sidecar { file, path: path.to_owned(), owner, at })
    }

    /// Begins a new sidecar.
    pub(crate) fn create(path: &Path, owner: Owner) -> Result<Sidecar, Error> {
        fs::File::create(path).map_err(|e| Error::io("write", path, e))?;
        Sidecar::resume(path, owner, 0)
    }

    /// Appends a chunk.
    pub(crate) fn append(&mut self, chunk: &Chunk) -> Result<(), Error> {
        let bytes = chunk.encode(&self.owner);
        self.write(&bytes).map_err(|e| Error::io("write keys to", &self.path, e))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_at(bytes, self.at)?;
        self.at += bytes.len() as u64;
        self.file.set_size(self.at)
    }

    /// Gives the finished sidecar its name, and deletes those of other derivations.
    pub(crate) fn publish(self, path: &Path) -> Result<Sidecar, Error> {
        fs::rename(&self.path, path).map_err(|e| Error::io("rename", &self.path, e))?;
        Ok(Sidecar { path: path.to_owned(), ..self })
    }
}

/// Deletes sidecars other than this one. Failing to is no harm: they are not used.
pub(crate) fn delete_others(folder: &Path, keep: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let sidecar = path.extension().is_some_and(|extension| extension == EXTENSION || extension == "tmp");
        if sidecar && path != keep {
            let _ = fs::remove_file(path);
        }
    }
}
