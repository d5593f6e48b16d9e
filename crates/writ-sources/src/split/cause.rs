//! Why a stretch of input holds no element.

use super::{BAD_LINES_MAX, ELEMENT_BYTES_MAX};
use core::fmt;
use writ_model::json::DEPTH_MAX;

/// Why a stretch of input holds no element. Its text is one clause: what was expected, what stood
/// there and, where there is one, the remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A byte that cannot stand where it stands.
    Unexpected {
        /// The byte.
        byte: u8,
        /// Its position in the stream, from 0.
        at: u64,
        /// What could have stood there.
        expected: &'static str,
    },
    /// More text behind a value on the same line.
    Trailing {
        /// Its first byte.
        byte: u8,
    },
    /// A string that goes over a line break.
    LineBreak {
        /// Position of the line break in the stream, from 0.
        at: u64,
    },
    /// The input ends before the value does.
    Truncated,
    /// Deeper than [`DEPTH_MAX`].
    TooDeep,
    /// Longer than [`ELEMENT_BYTES_MAX`].
    TooLarge,
    /// UTF-16 text.
    Utf16,
    /// Bytes that stand in no text.
    Binary,
    /// No JSON in the first [`BAD_LINES_MAX`] attempts: the rest was given up.
    NotJson,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Unexpected { byte, at, expected } => {
                write!(f, "expected {expected} at byte {at}, found {}", Byte(*byte))
            }
            Cause::Trailing { byte } => write!(f, "more text after the JSON value, beginning with {}", Byte(*byte)),
            Cause::LineBreak { at } => write!(f, "a string is not closed before the line break at byte {at}"),
            Cause::Truncated => f.write_str("the input ends in the middle of a value"),
            Cause::TooDeep => write!(f, "nested deeper than {DEPTH_MAX} levels"),
            Cause::TooLarge => write!(f, "one element longer than {} MiB", ELEMENT_BYTES_MAX >> 20),
            Cause::Utf16 => {
                f.write_str("UTF-16 text; convert it to UTF-8, for example with `iconv -f UTF-16 -t UTF-8`")
            }
            Cause::Binary => f.write_str(
                "NUL bytes or binary data, not JSON in UTF-8; export binary formats as JSON, convert other text with `iconv`",
            ),
            Cause::NotJson => write!(
                f,
                "no JSON in the first {BAD_LINES_MAX} lines, so the rest was not read; expected one JSON object per \
                 line, an array, or an object with `Records`"
            ),
        }
    }
}

/// A byte as it is named in a message.
struct Byte(u8);

impl fmt::Display for Byte {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_ascii_graphic() {
            write!(f, "`{}`", char::from(self.0))
        } else {
            write!(f, "byte 0x{:02x}", self.0)
        }
    }
}
