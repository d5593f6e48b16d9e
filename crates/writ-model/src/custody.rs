//! Custody: how we know that a record is its recorder's.

use core::fmt;

/// How a record came to us, strongest first. Strength says how records join *if they are genuine*;
/// custody says why we think they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Custody {
    /// The recorder's signature or digest chain was checked.
    Sealed,
    /// Writ read it from the vendor itself.
    Fetched,
    /// The sender was authenticated as that recorder.
    Pushed,
    /// A file somebody handed in; by whom and from where is recorded.
    HandedIn,
    /// Pushed without authentication: supports nothing above `asserted`.
    Open,
}

impl Custody {
    /// Every custody with its word and the small number it is stored as.
    const TABLE: [(Custody, &'static str, u64); 5] = [
        (Custody::Sealed, "sealed", 1),
        (Custody::Fetched, "fetched", 2),
        (Custody::Pushed, "pushed", 3),
        (Custody::HandedIn, "handed_in", 4),
        (Custody::Open, "open", 5),
    ];

    /// The word used in answers.
    pub fn word(self) -> &'static str {
        Self::TABLE.iter().find(|row| row.0 == self).map_or("open", |row| row.1)
    }

    /// The number it is stored as.
    pub fn code(self) -> u64 {
        Self::TABLE.iter().find(|row| row.0 == self).map_or(5, |row| row.2)
    }

    /// From the number it is stored as.
    pub fn from_code(code: u64) -> Option<Custody> {
        Self::TABLE.iter().find(|row| row.2 == code).map(|row| row.0)
    }
}

impl fmt::Display for Custody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
