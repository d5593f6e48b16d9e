//! What can go wrong with a folder, and what to do about it.

use std::io;
use std::path::Path;
use std::sync::Arc;

/// What the caller should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Try again later: another process writes, or the disk did not answer.
    Unavailable,
    /// There is no room left: free some, then try again.
    Full,
    /// The writer stopped and takes nothing any more: start again.
    Closed,
    /// The folder is damaged: stop, and look at the place that is named.
    Corrupt,
    /// The call was wrong: fix it.
    Invalid,
    /// A fault of this crate: report it.
    Internal,
}

/// An error of the store. Its text names place, cause and remedy; the words of the operating system
/// are its [`source`](std::error::Error::source).
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: Kind,
    message: String,
    // Shared, because one failed write fails every commit that was joined into it.
    source: Option<Arc<io::Error>>,
}

impl Error {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Error {
        Error { kind, message: message.into(), source: None }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Error {
        Error::new(Kind::Invalid, message)
    }

    pub(crate) fn corrupt(message: impl Into<String>) -> Error {
        Error::new(Kind::Corrupt, message)
    }

    /// From a failed operation on a file: `doing` completes the sentence "cannot …".
    pub(crate) fn io(doing: &str, path: &Path, error: io::Error) -> Error {
        use io::ErrorKind::{
            FileTooLarge, NotFound, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull, UnexpectedEof,
        };
        let place = path.display();
        let (kind, remedy) = match error.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => {
                (Kind::Full, "the disk is full; free space on it and try again")
            }
            UnexpectedEof => (Kind::Corrupt, "the file is shorter than it was; restore it from a backup"),
            // Where a file may be missing that is no error.
            NotFound => (Kind::Corrupt, "it is gone; restore it from a backup"),
            PermissionDenied | ReadOnlyFilesystem => {
                (Kind::Unavailable, "access is refused; check owner, mode and mount")
            }
            _ => (Kind::Unavailable, "the disk did not do it; check the disk and try again"),
        };
        Error { kind, message: format!("cannot {doing} `{place}`: {remedy}"), source: Some(Arc::new(error)) }
    }

    /// From a folder that could not be made.
    pub(crate) fn unmade(folder: &Path, error: io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Error {
                kind: Kind::Unavailable,
                message: format!(
                    "cannot make the folder `{}`: nothing can be made there; name another",
                    folder.display()
                ),
                source: Some(Arc::new(error)),
            },
            _ => Error::io("make the folder", folder, error),
        }
    }

    /// The same cause under another kind and text.
    pub(crate) fn recast(&self, kind: Kind, message: impl Into<String>) -> Error {
        Error { kind, message: message.into(), source: self.source.clone() }
    }

    /// What the caller should do.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Place, cause and remedy, in one line.
    pub fn message(&self) -> &str {
        &self.message
    }
}
