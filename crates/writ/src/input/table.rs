//! Tables: a directory handed in as CSV becomes elements, told by the names in its header.

use super::layer::Fault;
use super::long;
use std::borrow::Cow;
use std::io::{self, Cursor, Read};
use std::ops::ControlFlow;
use writ_sources::identity::csv::{self, Row};

/// Bytes looked at to tell a table: its header is one line of a dozen short names.
const HEAD_BYTES: u64 = 4 << 10;

/// Bytes of a table at most: a directory of half a million entries. A longer one is to be cut up.
const TABLE_BYTES_MAX: u64 = 128 << 20;

/// The source that reads a table.
pub(super) const SOURCE: &str = "identity";

/// A reader whose first bytes were looked at.
pub(super) struct Peeked<'a> {
    head: Cursor<Vec<u8>>,
    /// What went wrong while looking; met again after the head.
    fault: Option<io::Error>,
    rest: &'a mut dyn Read,
}

impl Read for Peeked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.head.read(buffer)?;
        if n > 0 || buffer.is_empty() {
            return Ok(n);
        }
        self.fault.take().map_or_else(|| self.rest.read(buffer), Err)
    }
}

/// The first bytes of an input, and a reader of all of it.
pub(super) fn peek(reader: &mut dyn Read) -> (Vec<u8>, Peeked<'_>) {
    let mut head = Vec::new();
    let fault = (&mut *reader).take(HEAD_BYTES).read_to_end(&mut head).err();
    (head.clone(), Peeked { head: Cursor::new(head), fault, rest: reader })
}

/// Whether an input that begins like this is a table we read.
pub(super) fn is_table(head: &[u8]) -> bool {
    csv::recognises(head)
}

/// Reads a table, within the bound: its bytes, and what went wrong behind them.
pub(super) fn read(reader: &mut dyn Read) -> (Vec<u8>, Option<io::Error>) {
    let (bytes, mut fault) = long::read(reader, TABLE_BYTES_MAX);
    if fault.is_none() && !matches!(reader.read(&mut [0]), Ok(0)) {
        let cause = format!("a table longer than {} MiB; what is behind was not read", TABLE_BYTES_MAX >> 20);
        fault = Some(Fault::new(TABLE_BYTES_MAX, cause, "cut it into several, each with the header").into());
    }
    (bytes, fault)
}

/// Where the last whole line of a table ends that was cut off.
pub(super) fn whole(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)
}

/// What is kept of the rest of a table that breaks off inside a row.
pub(super) fn broken_off<'t>(table: &[u8], rest: &'t [u8]) -> Cow<'t, [u8]> {
    csv::broken_off(table, rest)
}

/// The rows of a table, each as an object or a reject.
pub(super) fn rows(bytes: &[u8], each: &mut dyn FnMut(Row<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
    csv::rows(bytes, each)
}
