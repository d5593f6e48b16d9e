//! The mark: how far the running writer has acknowledged, for readers that look while it writes.
//!
//! A frame stands in the file before it is synced, and until then it may yet be lost. So the writer notes
//! after each sync how far the log is durable, and a reader goes no further while that writer runs. Where
//! none runs every whole frame counts: it is durable, or the next writer makes it so before it answers.
//!
//! The mark is not synced, since a machine that stopped runs no writer; and it is not needed: without it
//! every whole frame counts.
//!
//! ```text
//!  0  magic, 8 bytes
//!  8  store, 8 bytes
//! 16  position u64: every record before it is durable
//! 24  CRC-32C of bytes 0..24, u32
//! ```

use crate::bytes::Bytes;
use crate::file::{self, File};
use crate::storage::{Open, Storage};
use std::io;
use std::path::Path;

const MAGIC: [u8; 8] = *b"writmark";
const BYTES: usize = 28;
const CHECKED: usize = 24;

/// Reading while it is written may find half of it; looking again helps. Each look takes a microsecond.
const LOOKS_MAX: usize = 16;

/// The mark of a writer that runs.
#[derive(Debug)]
pub(crate) struct Mark {
    file: Box<dyn File>,
    store: [u8; 8],
}

impl Mark {
    /// Begins to mark, in place of an earlier writer.
    pub(crate) fn begin(storage: &dyn Storage, path: &Path, store: [u8; 8], durable: u64) -> io::Result<Mark> {
        let mark = Mark { file: storage.open(path, Open::Create)?, store };
        mark.set(durable)?;
        Ok(mark)
    }

    /// Every record before this position is durable.
    pub(crate) fn set(&self, durable: u64) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&self.store);
        bytes.extend_from_slice(&durable.to_le_bytes());
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        self.file.write_at(&bytes, 0)
    }
}

/// How far the last writer that marked had acknowledged; `None` where that cannot be told.
pub(crate) fn read(storage: &dyn Storage, path: &Path, store: [u8; 8]) -> Option<u64> {
    let file = storage.open(path, Open::Read).ok()?;
    (0..LOOKS_MAX).find_map(|_| {
        let mut bytes = [0; BYTES];
        file::read_exact_at(file.as_ref(), &mut bytes, 0).ok()?;
        let mut rest = Bytes(&bytes);
        let ours = rest.array::<8>()? == MAGIC && rest.array()? == store;
        let durable = rest.u64()?;
        (ours && rest.u32()? == crc32c::crc32c(bytes.get(..CHECKED)?)).then_some(durable)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Os;

    #[test]
    fn a_mark_is_read_by_its_own_store_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("durable");
        assert_eq!(read(&Os, &path, [1; 8]), None);
        let mark = Mark::begin(&Os, &path, [1; 8], 7).unwrap();
        assert_eq!(read(&Os, &path, [1; 8]), Some(7));
        mark.set(1 << 40).unwrap();
        assert_eq!((read(&Os, &path, [1; 8]), read(&Os, &path, [2; 8])), (Some(1 << 40), None));
        crate::testing::set(&path, b"writmark");
        assert_eq!(read(&Os, &path, [1; 8]), None);
    }
}
