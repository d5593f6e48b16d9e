//! The layer between the store and the disk: files, and the folders that name them.
//!
//! There are two implementations: [`Os`] on the operating system, and [`crate::sim`], which fails and
//! loses power on command. Everything that has to survive a crash goes through here, so that all of it
//! is tried.

use crate::file::{self, Disk, File};
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// It is there, and is read only.
    Read,
    /// It is there, and is read and written.
    Write,
    /// It is made anew, empty; what stood there is gone.
    Create,
}

/// Files by name. Neither a new name nor a changed one is durable before [`Storage::sync_folder`] of its
/// folder returned.
pub trait Storage: Send + Sync + fmt::Debug {
    /// Opens a file.
    fn open(&self, path: &Path, how: Open) -> io::Result<Box<dyn File>>;
    /// Gives a file another name, in place of what has it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Takes a file away.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Takes an empty folder away.
    fn remove_folder(&self, folder: &Path) -> io::Result<()>;
    /// The names in a folder, sorted; none if there is no such folder.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;
    /// Makes a folder and those above it.
    fn make_folder(&self, folder: &Path) -> io::Result<()>;
    /// Makes the names in a folder durable.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
}

/// The files of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Os;

impl Storage for Os {
    fn open(&self, path: &Path, how: Open) -> io::Result<Box<dyn File>> {
        Ok(Box::new(match how {
            Open::Read => Disk::open(path)?,
            Open::Write => Disk::open_to_write(path)?,
            Open::Create => Disk::create(path)?,
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        fs::remove_dir(folder)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let mut names = Vec::new();
        for entry in entries {
            // A name that is no text is none of ours.
            names.extend(entry?.file_name().into_string());
        }
        names.sort_unstable();
        Ok(names)
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        file::sync_folder(folder)
    }
}

/// Writes a small file for good: the old content or the new is found after a crash, never a mixture.
pub(crate) fn replace(storage: &dyn Storage, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_added_extension("tmp");
    let file = storage.open(&beside, Open::Create)?;
    file.write_at(bytes, 0)?;
    file.sync()?;
    drop(file);
    name(storage, &beside, path)
}

/// Gives a file that is finished and synced its name, for good.
pub(crate) fn name(storage: &dyn Storage, beside: &Path, path: &Path) -> io::Result<()> {
    storage.rename(beside, path)?;
    path.parent().map_or(Ok(()), |folder| storage.sync_folder(folder))
}

/// Reads a file whole, of at most so many bytes.
pub(crate) fn read(storage: &dyn Storage, path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let file = storage.open(path, Open::Read)?;
    let size = file.size()?;
    if size > bytes_max {
        return Err(io::Error::other(format!("it has {size} bytes, and may have {bytes_max}")));
    }
    let mut bytes = vec![0; crate::bytes::index(size)];
    file::read_exact_at(file.as_ref(), &mut bytes, 0)?;
    Ok(bytes)
}
