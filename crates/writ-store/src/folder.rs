//! The folder: its format number, its secret, its lock, and where things lie in it.
//!
//! ```text
//! FORMAT        "writ folder 0", written last, so a folder that has it is whole
//! store.key     32 secret bytes
//! lock          held by the one process that writes
//! log/          00000000.log, frames one after the other
//! keys/         a follower of the log; may be deleted at any time
//! quarantine/   torn bytes that were cut off the log
//! ```

use crate::error::{Error, Kind};
use crate::file::{self, Access};
use crate::term::TermKey;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The newest folder format that this code reads and writes.
pub const FORMAT: u32 = 0;

const FORMAT_PREFIX: &str = "writ folder ";
const NAMES: [&str; 8] = ["FORMAT", "FORMAT.tmp", "store.key", "store.key.tmp", "lock", "log", "keys", "quarantine"];

/// An opened folder.
#[derive(Debug)]
pub(crate) struct Folder {
    dir: PathBuf,
    pub(crate) keys: TermKey,
}

/// The right to write. Dropping it lets others write.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: fs::File,
}

impl Folder {
    /// Opens a folder to read. Takes no lock and writes nothing.
    pub(crate) fn open(dir: &Path) -> Result<Folder, Error> {
        let Some(format) = read_small(&dir.join("FORMAT"))? else {
            let place = dir.display();
            return Err(Error::invalid(format!("there is no writ folder at `{place}`: run `writ ingest` first")));
        };
        check_format(dir, &format)?;
        let keys = TermKey::new(&read_secret(dir)?);
        Ok(Folder { dir: dir.to_owned(), keys })
    }

    /// Takes the lock and opens the folder to write; makes it if there is none.
    pub(crate) fn create_or_open(dir: &Path, secret_if_new: &[u8; 32]) -> Result<(Folder, Lock, bool), Error> {
        let new = !dir.join("FORMAT").exists();
        if new {
            check_nothing_foreign(dir)?;
            fs::create_dir_all(dir).map_err(|e| Error::io("make the folder", dir, e))?;
        }
        let lock = take_lock(dir)?;
        // Another process may have made it before we got the lock.
        let new = !dir.join("FORMAT").exists();
        if new {
            create(dir, secret_if_new)?;
        }
        Ok((Folder::open(dir)?, lock, new))
    }

    pub(crate) fn log(&self) -> PathBuf {
        log_path(&self.dir)
    }

    /// The error of a log that could not be opened.
    pub(crate) fn no_log(&self, error: io::Error) -> Error {
        let path = self.log();
        if error.kind() == io::ErrorKind::NotFound {
            let place = path.display();
            Error::corrupt(format!("the log `{place}` is gone: restore it from a backup"))
        } else {
            Error::io("open", &path, error)
        }
    }

    pub(crate) fn keys_folder(&self) -> PathBuf {
        self.dir.join("keys")
    }

    pub(crate) fn quarantine(&self) -> PathBuf {
        self.dir.join("quarantine")
    }
}

fn log_path(dir: &Path) -> PathBuf {
    dir.join("log").join("00000000.log")
}

/// Whether this is a writ folder, of whatever format, whole or not: it holds a secret and is no log.
pub fn is_folder(dir: &Path) -> bool {
    let says = |text: Vec<u8>| text.starts_with(FORMAT_PREFIX.as_bytes());
    let format = read_small(&dir.join("FORMAT")).ok().flatten().is_some_and(says);
    format || (dir.join("store.key").is_file() && log_path(dir).is_file())
}

/// Refuses to spread a store over a folder that holds something else.
fn check_nothing_foreign(dir: &Path) -> Result<(), Error> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::io("list the folder", dir, error)),
    };
    for entry in entries {
        let name = entry.map_err(|e| Error::io("list the folder", dir, e))?.file_name();
        if !NAMES.iter().any(|ours| name == *ours) {
            let (place, name) = (dir.display(), name.to_string_lossy().into_owned());
            return Err(Error::invalid(format!(
                "`{place}` is no writ folder, and it is not empty (it holds `{name}`): name an empty or a new folder"
            )));
        }
    }
    Ok(())
}

fn take_lock(dir: &Path) -> Result<Lock, Error> {
    let path = dir.join("lock");
    let file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|e| Error::io("open the lock", &path, e))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _file: file }),
        Err(fs::TryLockError::WouldBlock) => {
            let place = dir.display();
            Err(Error::new(
                Kind::Unavailable,
                format!(
                    "another process writes to `{place}`: wait for it, or send records to it; commands that read need no lock"
                ),
            ))
        }
        Err(fs::TryLockError::Error(error)) => Err(Error::io("lock", &path, error)),
    }
}

/// Makes a new folder. `FORMAT` goes last: without it the folder is not there yet.
fn create(dir: &Path, secret: &[u8; 32]) -> Result<(), Error> {
    let log = log_path(dir);
    if fs::metadata(&log).is_ok_and(|found| found.len() > 0) {
        let place = dir.display();
        return Err(Error::corrupt(format!(
            "`{place}` holds a log but no `FORMAT`: restore `FORMAT` and `store.key` from a backup"
        )));
    }
    for name in ["log", "keys", "quarantine"] {
        let path = dir.join(name);
        fs::create_dir_all(&path).map_err(|e| Error::io("make the folder", &path, e))?;
    }
    let key = dir.join("store.key");
    file::replace(&key, secret, Access::Owner).map_err(|e| Error::io("write", &key, e))?;
    file::replace(&log, b"", Access::Usual).map_err(|e| Error::io("write", &log, e))?;
    let format = dir.join("FORMAT");
    let text = format!("{FORMAT_PREFIX}{FORMAT}\n");
    file::replace(&format, text.as_bytes(), Access::Usual).map_err(|e| Error::io("write", &format, e))?;
    // The folder's own name has to last as well.
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    file::sync_folder(parent).map_err(|e| Error::io("sync the folder", parent, e))
}

fn check_format(dir: &Path, text: &[u8]) -> Result<(), Error> {
    let place = dir.display();
    let number = std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.strip_prefix(FORMAT_PREFIX)?.strip_suffix('\n')?.parse::<u32>().ok());
    match number {
        Some(FORMAT) => Ok(()),
        Some(newer) => Err(Error::invalid(format!(
            "`{place}` is a writ folder of format {newer}, and this writ reads format {FORMAT}: use a newer writ"
        ))),
        None => Err(Error::corrupt(format!(
            "`{place}/FORMAT` does not say `{FORMAT_PREFIX}{FORMAT}`: restore it from a backup, or name another folder"
        ))),
    }
}

fn read_secret(dir: &Path) -> Result<[u8; 32], Error> {
    let path = dir.join("store.key");
    let found = read_small(&path)?.unwrap_or_default();
    found.as_slice().try_into().map_err(|_| {
        let (place, n) = (path.display(), found.len());
        Error::corrupt(format!(
            "`{place}` has {n} bytes, not the 32 of this store's secret: restore it from a backup, without it nothing can be looked up"
        ))
    })
}

/// Reads a file of a few bytes; `None` if there is none. A longer file is cut, and then refused.
fn read_small(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    use std::io::Read as _;
    let read = |file: fs::File| {
        let mut bytes = Vec::new();
        file.take(64).read_to_end(&mut bytes).map(|_| Some(bytes))
    };
    match fs::File::open(path).and_then(read) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(None),
        other => other.map_err(|e| Error::io("read", path, e)),
    }
}

#[cfg(test)]
mod tests;
