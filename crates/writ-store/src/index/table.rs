//! Tables: entries of one length in blocks, each read when it is first needed and then kept. So the first
//! look-up in a large part reads little, and many look-ups read nothing twice.

use crate::bytes::index;
use crate::error::Error;
use crate::index::block::{CRC, Extent};
use std::sync::OnceLock;

/// Entries of a block, where nothing else is said.
pub(crate) const BLOCK_ENTRIES: usize = 512;

/// A table in a file, as far as it was read; a block has `N` entries.
#[derive(Debug)]
pub(crate) struct Table<T, const N: usize = BLOCK_ENTRIES> {
    /// Where its first block begins.
    offset: u64,
    /// How many entries it has.
    n: usize,
    /// Bytes of an entry.
    entry: usize,
    blocks: Vec<OnceLock<Vec<T>>>,
    /// All entries, where they are known without reading.
    whole: Option<Vec<T>>,
}

impl<T, const N: usize> Table<T, N> {
    /// A table of so many entries of so many bytes; `None` if the section has not the length for it.
    pub(crate) fn new(section: Extent, n: usize, entry: usize) -> Option<Table<T, N>> {
        let n_blocks = n.div_ceil(N);
        let len = (n as u64).checked_mul(entry as u64)?.checked_add((n_blocks * CRC) as u64)?;
        let blocks = || std::iter::repeat_with(OnceLock::new).take(n_blocks).collect();
        (section.len == len).then(|| Table { offset: section.offset, n, entry, blocks: blocks(), whole: None })
    }

    /// The same, of which all entries are known, if they are as many.
    pub(crate) fn with(self, whole: Vec<T>) -> Table<T, N> {
        if whole.len() == self.n { Table { whole: Some(whole), blocks: Vec::new(), ..self } } else { self }
    }

    /// All entries, if they are known without reading.
    pub(crate) fn whole(&self) -> Option<&[T]> {
        self.whole.as_deref()
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
        if let Some(whole) = &self.whole {
            return Ok(whole.get(at));
        }
        let block = at / N;
        let Some(cell) = self.blocks.get(block) else { return Ok(None) };
        let entries = once(cell, || {
            let (extent, n) = self.place(block);
            read(extent, n)
        })?;
        Ok(entries.get(at % N))
    }

    /// An entry, if the block that it is in was read.
    pub(crate) fn known(&self, at: usize) -> Option<&T> {
        if let Some(whole) = &self.whole {
            return whole.get(at);
        }
        self.blocks.get(at / N)?.get()?.get(at % N)
    }

    /// The block that an entry is in, if it has yet to be read.
    pub(crate) fn unread(&self, at: usize) -> Option<Extent> {
        let block = at / N;
        self.blocks.get(block).filter(|cell| cell.get().is_none()).map(|_| self.place(block).0)
    }

    /// Reads the block that an entry is in and those beside it, `together` at once. `read` reads so many bytes, and
    /// `decode` makes the entries of a block of its bytes.
    pub(crate) fn read_beside(
        &self,
        at: usize,
        together: usize,
        read: impl FnOnce(Extent) -> Result<Vec<u8>, Error>,
        decode: impl Fn(Extent, usize, &[u8]) -> Result<Vec<T>, Error>,
    ) -> Result<(), Error> {
        let from = at / N / together * together;
        let cells = self.blocks.iter().enumerate().skip(from).take(together);
        let (first, last) =
            (self.place(from).0, self.place((from + together).min(self.blocks.len()).saturating_sub(1)).0);
        let bytes = read(Extent { offset: first.offset, len: last.end().saturating_sub(first.offset) })?;
        for (block, cell) in cells {
            let (extent, n) = self.place(block);
            let at = index(extent.offset - first.offset);
            let stored = bytes.get(at..at + index(extent.len)).unwrap_or_default();
            once(cell, || decode(extent, n, stored))?;
        }
        Ok(())
    }

    /// Where a block lies, and how many entries it has.
    fn place(&self, block: usize) -> (Extent, usize) {
        let n = self.n.saturating_sub(block * N).min(N);
        let offset = self.offset + (block * (N * self.entry + CRC)) as u64;
        (Extent { offset, len: (n * self.entry + CRC) as u64 }, n)
    }

    /// Of how many entries a section of this length is a table; `Table::new` tells whether it can be one.
    pub(crate) fn n_entries(section: Extent, entry: usize) -> usize {
        let n_blocks = section.len.div_ceil((N * entry + CRC) as u64);
        index(section.len.saturating_sub(n_blocks * CRC as u64)) / entry
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

    #[test]
    fn blocks_beside_each_other_are_read_together_and_each_is_kept() {
        const PER_BLOCK: usize = 4;
        for n in [1, 4, 5, 31, 32, 33] {
            let n_blocks = n / PER_BLOCK + usize::from(n % PER_BLOCK > 0);
            let section = Extent { offset: 70, len: (n * 8 + n_blocks * CRC) as u64 };
            assert_eq!(Table::<u64, PER_BLOCK>::n_entries(section, 8), n);
            let bytes: Vec<u8> = (0..n_blocks)
                .flat_map(|block| {
                    let all = block * PER_BLOCK..((block + 1) * PER_BLOCK).min(n);
                    all.flat_map(usize::to_le_bytes).chain([0; CRC]).collect::<Vec<_>>()
                })
                .collect();
            let read = |extent: Extent| Ok(bytes[index(extent.offset - 70)..index(extent.end() - 70)].to_vec());
            let decode = |_: Extent, n: usize, stored: &[u8]| {
                let numbers: Vec<u64> = stored[..stored.len() - CRC]
                    .as_chunks::<8>()
                    .0
                    .iter()
                    .map(|eight| u64::from_le_bytes(*eight))
                    .collect();
                assert_eq!(numbers.len(), n);
                Ok(numbers)
            };
            for at in 0..n {
                let table: Table<u64, PER_BLOCK> = Table::new(section, n, 8).unwrap();
                assert!((0..n).all(|other| table.unread(other).is_some()));
                assert_eq!(table.known(at), None);
                table.read_beside(at, 3, read, decode).unwrap();
                assert_eq!(table.known(at), Some(&(at as u64)));
                let beside = at / PER_BLOCK / 3 * 3 * PER_BLOCK..((at / PER_BLOCK / 3 + 1) * 3 * PER_BLOCK).min(n);
                for other in 0..n {
                    assert_eq!(table.unread(other).is_none(), beside.contains(&other), "{other} beside {at} of {n}");
                }
                let unreachable = |_: Extent, _: usize| panic!("read again");
                assert!(beside.clone().all(|other| table.get(other, unreachable).unwrap() == Some(&(other as u64))));
            }
        }
    }
}
