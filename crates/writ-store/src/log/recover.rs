//! Recovery: what a writer does with a log before it appends.
//!
//! 1. Refuse a log with damage in its middle: appending would bury it.
//! 2. Copy a torn tail into `quarantine/`, sync the copy, and only then cut the tail off.
//! 3. Write the last frame once more and sync. It may be in the page cache only: if the process
//!    before us failed to sync it, the kernel holds it for clean and would never write it, yet we
//!    would answer `Duplicate` for its records.

use crate::bytes::index;
use crate::error::Error;
use crate::file::{self, File};
use crate::log::Position;
use crate::log::scan::{Scan, Span};
use crate::storage::{self, Open, Storage};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// What a crash left behind at the end of the log. It had never been acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The byte at which it began.
    pub offset: u64,
    /// How many bytes.
    pub bytes: u64,
    /// The position its first record would have had.
    pub first: Position,
    /// Where the bytes are now.
    pub moved_to: PathBuf,
}

/// Makes the log ready to be appended to.
pub(crate) fn recover(
    storage: &dyn Storage,
    (log, path): (&dyn File, &Path),
    quarantine: &Path,
    scan: &Scan,
) -> Result<Option<TornTail>, Error> {
    if let Some(damage) = scan.damage.first() {
        return Err(Error::corrupt(format!(
            "{damage}; nothing is appended behind damage: restore the file from a backup, or keep it and start a new folder; \
             commands that read still answer from the rest"
        )));
    }
    let torn = if scan.size > scan.end { Some(cut(storage, (log, path), quarantine, scan)?) } else { None };
    if let Some(last) = scan.spans.last() {
        rewrite(log, last).map_err(|e| Error::io("write again the last frame of", path, e))?;
    }
    if torn.is_some() || !scan.spans.is_empty() {
        log.sync().map_err(|e| Error::io("sync", path, e))?;
    }
    Ok(torn)
}

fn cut(
    storage: &dyn Storage,
    (log, path): (&dyn File, &Path),
    quarantine: &Path,
    scan: &Scan,
) -> Result<TornTail, Error> {
    storage.make_folder(quarantine).map_err(|e| Error::io("make the folder", quarantine, e))?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("log");
    let moved_to = keep(storage, log, name, scan.end..scan.size, quarantine)
        .map_err(|e| Error::io("copy the torn tail to", quarantine, e))?;
    log.set_size(scan.end).map_err(|e| Error::io("cut the torn tail of", path, e))?;
    log.sync().map_err(|e| Error::io("sync", path, e))?;
    Ok(TornTail { offset: scan.end, bytes: scan.size - scan.end, first: Position(scan.next), moved_to })
}

/// Copies a stretch for good. The name tells place and checksum, so that a crash before the cut does
/// not make a second copy.
fn keep(
    storage: &dyn Storage,
    log: &dyn File,
    name: &str,
    stretch: Range<u64>,
    quarantine: &Path,
) -> io::Result<PathBuf> {
    let beside = quarantine.join("copy.tmp");
    let copy = storage.open(&beside, Open::Create)?;
    let start = stretch.start;
    let crc = file::copy(log, stretch, copy.as_ref())?;
    copy.sync()?;
    drop(copy);
    let name = quarantine.join(format!("{name}.at-{start}.{crc:08x}.torn"));
    storage::name(storage, &beside, &name)?;
    Ok(name)
}

fn rewrite(log: &dyn File, last: &Span) -> io::Result<()> {
    let mut frame = vec![0; index(last.end() - last.offset)];
    file::read_exact_at(log, &mut frame, last.offset)?;
    log.write_at(&frame, last.offset)
}
