//! Rejects: input that could not be read as a record, and why.

use alloc::string::String;

/// A stretch of input that no adapter could read. It is kept as a record of source `raw`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Line it begins on, from 1.
    pub line: u64,
    /// Byte it begins at in the decompressed input, from 0.
    pub byte: u64,
    /// Why, in one clause: what was expected and what stood there.
    pub cause: String,
}
