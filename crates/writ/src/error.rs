//! The one place that maps what went wrong to a code, a hint and an exit status.

use std::fmt;
use writ_store::Kind as StoreKind;

/// What the caller can do about it; each kind has its exit status (product, section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Several events fit: say which.
    Ambiguous,
    /// No such event.
    NotFound,
    /// The call or the configuration is wrong.
    Usage,
    /// The folder is locked, full, or cannot be read or written.
    Unavailable,
    /// What is stored is damaged.
    Corrupt,
    /// A fault of Writ's own.
    Internal,
}

impl Kind {
    /// The exit status.
    pub(crate) fn status(self) -> u8 {
        match self {
            Kind::Usage => 2,
            Kind::Ambiguous => 4,
            Kind::NotFound => 5,
            Kind::Corrupt => 6,
            Kind::Unavailable => 7,
            Kind::Internal => 70,
        }
    }

    /// The word in `writ.error/1`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::Usage => "usage",
            Kind::Ambiguous => "ambiguous",
            Kind::NotFound => "not_found",
            Kind::Corrupt => "corrupt",
            Kind::Unavailable => "unavailable",
            Kind::Internal => "internal",
        }
    }
}

/// Something went wrong: what, and what to do.
#[derive(Clone, Debug)]
pub(crate) struct Error {
    pub(crate) kind: Kind,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Error {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Error {
        Error { kind, message: message.into(), hint: None }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Error {
        Error { hint: Some(hint.into()), ..self }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<writ_store::Error> for Error {
    fn from(error: writ_store::Error) -> Error {
        let kind = match error.kind() {
            StoreKind::Unavailable | StoreKind::Full | StoreKind::Closed => Kind::Unavailable,
            StoreKind::Corrupt => Kind::Corrupt,
            StoreKind::Invalid => Kind::Usage,
            // What is new to us is a fault of ours until it has a meaning here.
            _ => Kind::Internal,
        };
        Error::new(kind, error.to_string())
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Error {
        Error::new(Kind::Unavailable, error.to_string())
    }
}
