//! The folder: its format number, its secret, its lock, and where things lie in it.
//!
//! ```text
//! FORMAT        "writ folder 1", written last, so a folder that has it is whole
//! store.key     32 secret bytes
//! lock, writing held by the one process that writes
//! durable       how far that process has acknowledged, for readers beside it
//! checkpoint    the head of the tree, signed
//! manifest/     numbered lists of the files that make up the folder
//! log/          segments, of which the last is appended to
//! tree/         the hashes over the log, a file for each level
//! index/        a follower of the log; may be deleted at any time
//! quarantine/   torn bytes that were cut off the log
//! ```

use crate::error::{Error, Kind};
use crate::file::{self, Access};
use crate::log::open;
use crate::manifest::{self, Manifest};
use crate::storage::{Open, Storage};
use crate::term::TermKey;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use writ_model::canon;

/// The newest folder format that this code reads and writes.
pub const FORMAT: u32 = 1;

const FORMAT_PREFIX: &str = "writ folder ";
const NAMES: [&str; 14] = [
    "FORMAT",
    "FORMAT.tmp",
    "store.key",
    "store.key.tmp",
    "lock",
    "writing",
    "durable",
    "checkpoint",
    "checkpoint.tmp",
    "manifest",
    "log",
    "tree",
    "index",
    "quarantine",
];

/// The first line of the file of keys; each line behind it is the number of a key epoch and 32 bytes in hex.
const KEYS_PREFIX: &str = "writ keys 1\n";

/// Bytes of such a file at most: a line has some seventy, and epochs are few.
const KEYS_BYTES_MAX: u64 = 64 << 10;

/// An opened folder.
#[derive(Debug)]
pub(crate) struct Folder {
    dir: PathBuf,
    pub(crate) keys: TermKey,
}

/// The right to write. Dropping it lets others write.
#[derive(Debug)]
pub(crate) struct Lock {
    held: Vec<fs::File>,
    /// Tells readers that somebody writes. They take a shared lock of it for a moment, which must not make a
    /// writer that starts just then believe in another; so it is a file of its own, and waited for.
    writing: PathBuf,
}

/// How long a writer waits for readers to let go of `writing`. They hold it for microseconds, so whoever holds it
/// longer is no reader of ours.
const READERS_WAIT: Duration = Duration::from_secs(5);

impl Lock {
    /// Tells readers that somebody writes: from now on they believe the mark.
    pub(crate) fn announce(&mut self) -> Result<(), Error> {
        let file = open_lock(&self.writing)?;
        let (done, waiting) = mpsc::sync_channel(1);
        // Should it get the lock after the wait was given up, it lets go of it at once: nobody takes the file.
        let locking = thread::Builder::new().spawn(move || done.send(file.lock().map(|()| file)));
        locking.map_err(|e| Error::io("lock", &self.writing, e))?;
        let locked = waiting.recv_timeout(READERS_WAIT).map_err(|_| {
            let place = self.writing.display();
            let cause = "which readers do for a moment only: stop it and try again";
            Error::new(Kind::Unavailable, format!("some process keeps `{place}` locked, {cause}"))
        })?;
        self.held.push(locked.map_err(|e| Error::io("lock", &self.writing, e))?);
        Ok(())
    }
}

fn open_lock(path: &Path) -> Result<fs::File, Error> {
    let mut options = fs::OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).open(path);
    file.map_err(|e| Error::io("open the lock", path, e))
}

impl Folder {
    /// Opens a folder to read. Takes no lock and writes nothing.
    pub(crate) fn open(dir: &Path) -> Result<Folder, Error> {
        check_format_of(dir)?;
        let keys = TermKey::new(&read_secret(dir)?);
        Ok(Folder { dir: dir.to_owned(), keys })
    }

    /// Takes the lock and opens the folder to write; makes it if there is none.
    pub(crate) fn create_or_open(
        storage: &dyn Storage,
        dir: &Path,
        secret_if_new: &[u8; 32],
    ) -> Result<(Folder, Lock, bool), Error> {
        let new = !dir.join("FORMAT").exists();
        if new {
            check_nothing_foreign(dir)?;
            fs::create_dir_all(dir).map_err(|e| Error::unmade(dir, e))?;
        }
        let lock = take_lock(dir)?;
        // Another process may have made it before we got the lock.
        let new = !dir.join("FORMAT").exists();
        if new {
            create(storage, dir, secret_if_new)?;
        }
        Ok((Folder::open(dir)?, lock, new))
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the running writer notes how far it has acknowledged.
    pub(crate) fn mark(&self) -> PathBuf {
        self.dir.join("durable")
    }

    /// Whether some process writes to this folder now. Where that cannot be told it may be so.
    pub(crate) fn is_written(&self) -> bool {
        let writing = fs::File::open(self.dir.join("writing"));
        writing.is_ok_and(|writing| matches!(writing.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
    }

    pub(crate) fn quarantine(&self) -> PathBuf {
        self.dir.join("quarantine")
    }
}

/// Whether this is a writ folder, of whatever format, whole or not: it holds a secret and is no log.
pub fn is_folder(dir: &Path) -> bool {
    let says = |text: Vec<u8>| text.starts_with(FORMAT_PREFIX.as_bytes());
    let format = read_small(&dir.join("FORMAT")).ok().flatten().is_some_and(says);
    format || (dir.join("store.key").is_file() && dir.join("log").is_dir())
}

/// Makes a folder for a store, unless there is one already.
pub(crate) fn check_new(dir: &Path) -> Result<(), Error> {
    check_nothing_foreign(dir)?;
    if dir.join("FORMAT").exists() {
        let place = dir.display();
        return Err(Error::invalid(format!("`{place}` is a writ folder already: name a new one")));
    }
    fs::create_dir_all(dir).map_err(|e| Error::unmade(dir, e))
}

/// Refuses to spread a store over a folder that holds something else.
pub(crate) fn check_nothing_foreign(dir: &Path) -> Result<(), Error> {
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
    let file = open_lock(&path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            let place = dir.display();
            return Err(Error::new(
                Kind::Unavailable,
                format!(
                    "another process writes to `{place}`: wait for it, or send records to it; commands that read need no lock"
                ),
            ));
        }
        Err(fs::TryLockError::Error(error)) => return Err(Error::io("lock", &path, error)),
    }
    Ok(Lock { held: vec![file], writing: dir.join("writing") })
}

/// Makes a new folder. `FORMAT` goes last: without it the folder is not there yet.
fn create(storage: &dyn Storage, dir: &Path, secret: &[u8; 32]) -> Result<(), Error> {
    let log = open::folder(dir);
    let written = |name: &String| fs::metadata(log.join(name)).is_ok_and(|found| found.len() > 0);
    if storage.list(&log).map_err(|e| Error::io("list", &log, e))?.iter().any(written) {
        let place = dir.display();
        return Err(Error::corrupt(format!(
            "`{place}` holds a log but no `FORMAT`: restore `FORMAT` and `store.key` from a backup"
        )));
    }
    for name in ["manifest", "log", "tree", "index", "quarantine"] {
        let path = dir.join(name);
        storage.make_folder(&path).map_err(|e| Error::io("make the folder", &path, e))?;
    }
    if !dir.join("store.key").exists() {
        write_keys(dir, secret)?;
    }
    // A creation that was interrupted had one, and a key is never written over: logs elsewhere may need it.
    let keys = TermKey::new(&read_secret(dir)?);
    let active = open::first(&keys);
    let path = open::path_of_active(dir, &active);
    let made = storage.open(&path, Open::Create).and_then(|file| file.sync()).and_then(|()| storage.sync_folder(&log));
    made.map_err(|e| Error::io("write", &path, e))?;
    Manifest::empty(active).publish(storage, &manifest::folder(dir), keys.store())?;
    mark_whole(dir)
}

/// Writes the file of keys.
pub(crate) fn write_keys(dir: &Path, secret: &[u8; 32]) -> Result<(), Error> {
    let key = dir.join("store.key");
    let text = format!("{KEYS_PREFIX}1 {}\n", canon::hex(secret));
    file::replace(&key, text.as_bytes(), Access::Owner).map_err(|e| Error::io("write", &key, e))
}

/// Writes `FORMAT`, by which a folder is there.
pub(crate) fn mark_whole(dir: &Path) -> Result<(), Error> {
    let format = dir.join("FORMAT");
    let text = format!("{FORMAT_PREFIX}{FORMAT}\n");
    file::replace(&format, text.as_bytes(), Access::Usual).map_err(|e| Error::io("write", &format, e))?;
    // The folder's own name has to last as well.
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    file::sync_folder(parent).map_err(|e| Error::io("sync the folder", parent, e))
}

/// Refuses a folder that is not there, or of another format.
pub(crate) fn check_format_of(dir: &Path) -> Result<(), Error> {
    let Some(format) = read_small(&dir.join("FORMAT"))? else {
        let place = dir.display();
        return Err(Error::invalid(format!("there is no writ folder at `{place}`: run `writ ingest` first")));
    };
    check_format(dir, &format)
}

fn check_format(dir: &Path, text: &[u8]) -> Result<(), Error> {
    let place = dir.display();
    let number = std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.strip_prefix(FORMAT_PREFIX)?.strip_suffix('\n')?.parse::<u32>().ok());
    match number {
        Some(FORMAT) => Ok(()),
        Some(0) => Err(Error::invalid(format!(
            "`{place}` is a writ folder of format 0, which promised nothing and is not read any more: ingest the logs again into a new folder"
        ))),
        Some(newer) => Err(Error::invalid(format!(
            "`{place}` is a writ folder of format {newer}, and this writ reads format {FORMAT}: use a newer writ"
        ))),
        None => Err(Error::corrupt(format!(
            "`{place}/FORMAT` does not say `{FORMAT_PREFIX}{FORMAT}`: restore it from a backup, or name another folder"
        ))),
    }
}

fn read_secret(dir: &Path) -> Result<[u8; 32], Error> {
    read_keys(&dir.join("store.key"))
}

/// Reads a file of keys.
pub(crate) fn read_keys(path: &Path) -> Result<[u8; 32], Error> {
    let found = read_at_most(path, KEYS_BYTES_MAX)?.unwrap_or_default();
    parse_keys(&found).ok_or_else(|| {
        let place = path.display();
        Error::corrupt(format!(
            "`{place}` does not hold a store's keys: restore it from where its backup is kept, without it nothing can be read"
        ))
    })
}

/// The key of the first epoch: there is one until parts are encrypted.
fn parse_keys(bytes: &[u8]) -> Option<[u8; 32]> {
    let line = std::str::from_utf8(bytes).ok()?.strip_prefix(KEYS_PREFIX)?.strip_suffix('\n')?;
    let digits = line.strip_prefix("1 ").filter(|hex| hex.len() == 64)?.as_bytes();
    let mut secret = [0; 32];
    for (byte, pair) in secret.iter_mut().zip(digits.as_chunks::<2>().0) {
        let is_lower = pair.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|_| is_lower)?, 16).ok()?;
    }
    Some(secret)
}

/// Reads a file of a few bytes; `None` if there is none. A longer file is cut, and then refused.
fn read_small(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    read_at_most(path, 64)
}

fn read_at_most(path: &Path, bytes_max: u64) -> Result<Option<Vec<u8>>, Error> {
    use std::io::Read as _;
    let read = |file: fs::File| {
        let mut bytes = Vec::new();
        file.take(bytes_max).read_to_end(&mut bytes).map(|_| Some(bytes))
    };
    match fs::File::open(path).and_then(read) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(None),
        other => other.map_err(|e| Error::io("read", path, e)),
    }
}

#[cfg(test)]
mod tests;
