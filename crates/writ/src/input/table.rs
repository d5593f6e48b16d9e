//! Tables: a directory handed in as CSV becomes elements, told by the names in its header.

use super::feed::Rejected;
use std::io::{self, Cursor, Read};
use writ_model::reject::Reject;
use writ_sources::identity::csv;

/// Bytes looked at to tell a table: its header is one line of a dozen short names.
const HEAD_BYTES: u64 = 4 << 10;

/// Bytes of a table at most: a directory of a million entries. A longer one is to be cut up.
const TABLE_BYTES_MAX: u64 = 256 << 20;

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

/// Reads a table, within the bound.
pub(super) fn read(reader: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(TABLE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > TABLE_BYTES_MAX {
        return Err(io::Error::other(format!(
            "a table longer than {} MiB; cut it into several, each with the header",
            TABLE_BYTES_MAX >> 20
        )));
    }
    Ok(bytes)
}

/// The object a row stands for, and the byte and line it begins at.
type Row = (Vec<u8>, u64, u64);

/// The rows of a table, each as an object or a reject.
pub(super) fn rows(bytes: &[u8], each: &mut dyn FnMut(Result<Row, Rejected>)) {
    csv::rows(bytes, &mut |row| {
        each(match row.item {
            Ok(json) => Ok((json, row.byte, row.line)),
            Err(cause) => Err(Rejected {
                reject: Reject { line: row.line, byte: row.byte, cause },
                len: row.bytes.len() as u64,
                bytes: row.bytes.to_vec(),
            }),
        });
    });
}
