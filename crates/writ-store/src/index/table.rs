//! Tables: entries of one length in blocks, each read when it is first needed and then kept. So the first
//! look-up in a large part reads little, and many look-ups read nothing twice.

use crate::error::Error;
use crate::index::block::{CRC, Extent};
use std::sync::OnceLock;

/// Entries of a block: 4 KiB of 8 bytes each.
pub(crate) const BLOCK_ENTRIES: usize = 512;

/// A table in a file, as far as it was read.
#[derive(Debug)]
pub(crate) struct Table<T> {
    /// Where its first block begins.
    offset: u64,
    /// How many entries it has.
    n: usize,
    /// Bytes of an entry.
    entry: usize,
    blocks: Vec<OnceLock<Vec<T>>>,
}

impl<T> Table<T> {
    /// A table of so many entries of so many bytes; `None` if the section has not the length for it.
    pub(crate) fn new(section: Extent, n: usize, entry: usize) -> Option<Table<T>> {
        let n_blocks = n.div_ceil(BLOCK_ENTRIES);
        let len = (n as u64).checked_mul(entry as u64)?.checked_add((n_blocks * CRC) as u64)?;
        let blocks = || std::iter::repeat_with(OnceLock::new).take(n_blocks).collect();
        (section.len == len).then(|| Table { offset: section.offset, n, entry, blocks: blocks() })
    }

    /// How many entries it has.
    pub(crate) fn len(&self) -> usize {
        self.n
    }

    /// An entry; `None` if there are not so many. `read` reads the entries of a block.
    pub(crate) fn get(
        &self,
        at: usize,
        read: impl FnOnce(Extent, usize) -> Result<Vec<T>, Error>,
    ) -> Result<Option<&T>, Error> {
        let block = at / BLOCK_ENTRIES;
        let Some(cell) = self.blocks.get(block) else { return Ok(None) };
        let entries = once(cell, || {
            let n = self.n.saturating_sub(block * BLOCK_ENTRIES).min(BLOCK_ENTRIES);
            let offset = self.offset + (block * (BLOCK_ENTRIES * self.entry + CRC)) as u64;
            read(Extent { offset, len: (n * self.entry + CRC) as u64 }, n)
        })?;
        Ok(entries.get(at % BLOCK_ENTRIES))
    }
}

/// Makes a value when it is first needed. Two threads may make it at the same time; one value is kept.
pub(crate) fn once<T>(cell: &OnceLock<T>, make: impl FnOnce() -> Result<T, Error>) -> Result<&T, Error> {
    if let Some(made) = cell.get() {
        return Ok(made);
    }
    let made = make()?;
    Ok(cell.get_or_init(|| made))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn each_block_is_read_once_and_when_it_is_needed() {
        let n = 2 * BLOCK_ENTRIES + 3;
        let section = Extent { offset: 100, len: (n * 8 + 12) as u64 };
        let table: Table<usize> = Table::new(section, n, 8).unwrap();
        let reads = Cell::new(0);
        let get = |at: usize| {
            let read = |extent: Extent, n: usize| {
                reads.set(reads.get() + 1);
                assert_eq!(extent.offset, 100 + (at / BLOCK_ENTRIES * (BLOCK_ENTRIES * 8 + 4)) as u64);
                assert_eq!(extent.len, (n * 8 + 4) as u64);
                Ok((0..n).map(|within| at / BLOCK_ENTRIES * BLOCK_ENTRIES + within).collect())
            };
            table.get(at, read).unwrap().copied()
        };
        for at in [5, 1026, 0, 511, 1024] {
            assert_eq!(get(at), Some(at));
        }
        assert_eq!((get(n), get(9999), reads.get()), (None, None, 2));
        assert_eq!((get(700), reads.get(), table.len()), (Some(700), 3, n));
        assert!(Table::<usize>::new(section, n + 1, 8).is_none());
    }
}
