//! The log: a row of files (segments) of frames, a frame per group commit.
//!
//! Everything else in the folder follows from it. At most the last frame of a log is not known to be
//! durable, because each frame is synced before the next one is written.

pub(crate) mod ahead;
pub(crate) mod commit;
pub(crate) mod entry;
pub(crate) mod frame;
pub(crate) mod mark;
pub(crate) mod open;
pub(crate) mod read;
pub(crate) mod readback;
pub(crate) mod recover;
pub(crate) mod scan;
pub(crate) mod segment;
pub(crate) mod shared;
pub(crate) mod view;
pub(crate) mod window;

use crate::error::Error;
use std::fmt;
use std::path::PathBuf;

/// A place in the log: the record's number, from 0. It is no id: the same record stands elsewhere in
/// another store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A stretch of the log that does not say what was written there, though whole frames follow it: not
/// the trace of a crash, but of a disk, a tool or a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub file: PathBuf,
    /// The byte at which it begins.
    pub offset: u64,
    /// How many bytes.
    pub bytes: u64,
    /// The first record that is lost.
    pub first: Position,
    /// How many records are lost.
    pub lost: u64,
    /// What is wrong there.
    pub cause: DamageCause,
}

/// What is wrong with a stretch of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DamageCause {
    /// No header of this store stands where a frame must begin.
    Header,
    /// The payload is not what its header's checksum covers.
    Payload,
    /// A whole frame stands there, but it does not follow the one before it.
    Chain,
    /// The checksum is right, but the payload is no list of entries.
    Entries,
    /// Keys were written for records that the log has no more.
    Missing,
    /// The newest list of files cannot be read or was taken away, and the one before it was used.
    List,
    /// The log is not the one whose end was noted, though it is of this store.
    Another,
}

impl fmt::Display for DamageCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DamageCause::Header => "no frame of this store begins there",
            DamageCause::Payload => "the checksum of the frame does not hold",
            DamageCause::Chain => "the frame does not follow the one before it",
            DamageCause::Entries => "the frame holds no readable records",
            DamageCause::Missing => "keys exist for records that the log has no more",
            DamageCause::List => "it was the newest list of files, and the one before it is used",
            DamageCause::Another => "it is the log of a copy of this folder, which went on in another way",
        })
    }
}

impl Damage {
    /// As the error of whoever needs what it took.
    pub(crate) fn error(&self) -> Error {
        let remedy = match self.cause {
            DamageCause::List => "restore the file from a backup, or make it again with `writ rebuild`",
            _ => "restore the file from a backup",
        };
        Error::corrupt(format!("{self}; {remedy}"))
    }

    /// Whether it took the record at this position.
    pub fn holds(&self, position: Position) -> bool {
        self.first <= position && position.0 < self.first.0 + self.lost
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Damage { file, offset, bytes, first, lost, cause } = self;
        let file = file.display();
        match cause {
            DamageCause::List => return write!(f, "`{file}` is damaged or gone: {cause}"),
            DamageCause::Another => return write!(f, "`{file}` is not what it was before position {first}: {cause}"),
            _ => {}
        }
        write!(f, "`{file}` is damaged at byte {offset} ({bytes} bytes, {lost} records from position {first}): {cause}")
    }
}
