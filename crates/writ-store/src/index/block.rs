//! Blocks: stretches of a part's file, each with a checksum that also covers where it lies.
//!
//! A block that was altered, or that a disk or a tool put in the place of another, is an error and
//! never an answer.

use crate::error::{Error, Kind};
use crate::file::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Bytes of the checksum behind a block.
pub(crate) const CRC: usize = 4;

/// How much is gathered before it is written, in bytes (1 MiB): fewer, larger writes.
const WRITE_BYTES: usize = 1 << 20;

/// Bits of a packed extent that hold the offset: a part stays far below 1 TiB, since it holds at most
/// [`ROWS_MAX`](crate::index::plan::ROWS_MAX) rows. The other 24 hold the length.
const OFFSET_BITS: u32 = 40;

/// Where a block lies, its checksum included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) offset: u64,
    pub(crate) len: u64,
}

impl Extent {
    pub(crate) fn end(&self) -> u64 {
        self.offset.saturating_add(self.len)
    }

    /// In one number, for a block of less than 16 MiB; `None` for any other.
    pub(crate) fn pack(&self) -> Option<u64> {
        let fits = self.offset >> OFFSET_BITS == 0 && self.len >> (u64::BITS - OFFSET_BITS) == 0;
        fits.then_some(self.len << OFFSET_BITS | self.offset)
    }

    pub(crate) fn unpack(n: u64) -> Extent {
        Extent { offset: n & ((1 << OFFSET_BITS) - 1), len: n >> OFFSET_BITS }
    }
}

/// The bytes of a block are whole and yet not of its layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// The checksum of a block at an offset.
fn checksum(offset: u64, body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&offset.to_le_bytes()), body)
}

/// Reads a block and checks it; the checksum is taken off.
pub(crate) fn read(file: &dyn File, path: &Path, size: u64, extent: Extent) -> Result<Vec<u8>, Error> {
    let mut bytes = read_unchecked(file, path, size, extent)?;
    let len = checked(path, extent.offset, &bytes)?.len();
    bytes.truncate(len);
    Ok(bytes)
}

/// Reads blocks that follow each other.
pub(crate) fn read_unchecked(file: &dyn File, path: &Path, size: u64, extent: Extent) -> Result<Vec<u8>, Error> {
    let bad = || damaged(path, extent.offset, "a block ends outside of the file");
    // The file bounds what is allocated, whatever an offset says.
    if extent.end() > size || extent.len < CRC as u64 {
        return Err(bad());
    }
    let mut bytes = vec![0; usize::try_from(extent.len).map_err(|_| bad())?];
    file::read_exact_at(file, &mut bytes, extent.offset).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => bad(),
        _ => Error::io("read", path, error),
    })?;
    Ok(bytes)
}

/// Checks the bytes of a block that lies at this offset; the checksum is taken off.
pub(crate) fn checked<'b>(path: &Path, offset: u64, bytes: &'b [u8]) -> Result<&'b [u8], Error> {
    let body = bytes.split_last_chunk().filter(|(body, crc)| checksum(offset, body).to_le_bytes() == **crc);
    body.map(|(body, _)| body).ok_or_else(|| damaged(path, offset, "a block is not what was written"))
}

/// An error that names the file, the byte and the cause.
pub(crate) fn damaged(path: &Path, offset: u64, cause: &str) -> Error {
    let place = path.display();
    Error::corrupt(format!(
        "the index part `{place}` is damaged at byte {offset} ({cause}): rebuild the index with `writ rebuild`"
    ))
}

/// A file that is written block by block.
#[derive(Debug)]
pub(crate) struct Output {
    file: Box<dyn File>,
    path: PathBuf,
    /// Where the gathered bytes belong.
    at: u64,
    gathered: Vec<u8>,
}

impl Output {
    /// Begins to write at an offset; what is before it is written last, by [`Output::finish`].
    pub(crate) fn new(file: Box<dyn File>, path: PathBuf, at: u64) -> Output {
        Output { file, path, at, gathered: Vec::new() }
    }

    /// Where the next block will lie.
    pub(crate) fn offset(&self) -> u64 {
        self.at + self.gathered.len() as u64
    }

    /// Adds a block.
    pub(crate) fn block(&mut self, body: &[u8]) -> Result<Extent, Error> {
        let extent = Extent { offset: self.offset(), len: (body.len() + CRC) as u64 };
        self.gathered.extend_from_slice(body);
        self.gathered.extend_from_slice(&checksum(extent.offset, body).to_le_bytes());
        if self.gathered.len() >= WRITE_BYTES {
            self.flush()?;
        }
        Ok(extent)
    }

    /// Adds a block that one packed number has to name.
    pub(crate) fn small_block(&mut self, body: &[u8]) -> Result<u64, Error> {
        let extent = self.block(body)?;
        extent.pack().ok_or_else(|| {
            let (at, place) = (extent.offset, self.path.display());
            let cause = "its terms are not spread as keyed hashes are";
            Error::new(
                Kind::Internal,
                format!(
                    "cannot write `{place}`: the block at byte {at} is too long, because {cause}; please report this"
                ),
            )
        })
    }

    /// Reads back what was written.
    pub(crate) fn read(&mut self, extent: Extent) -> Result<Vec<u8>, Error> {
        if extent.end() > self.at {
            self.flush()?;
        }
        read(self.file.as_ref(), &self.path, self.at, extent)
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.file.write_at(&self.gathered, self.at).map_err(|e| Error::io("write", &self.path, e))?;
        self.at += self.gathered.len() as u64;
        self.gathered.clear();
        Ok(())
    }

    /// Writes the head of the file, and returns when all of it is on the disk.
    pub(crate) fn finish(mut self, head: &[u8]) -> Result<Box<dyn File>, Error> {
        self.flush()?;
        self.file.write_at(head, 0).map_err(|e| Error::io("write", &self.path, e))?;
        self.file.sync().map_err(|e| Error::io("sync", &self.path, e))?;
        Ok(self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::SimDisk;

    #[test]
    fn a_block_that_was_altered_moved_or_cut_is_an_error() {
        let disk = SimDisk::default();
        let path = Path::new("part");
        let mut output = Output::new(Box::new(disk.clone()), path.to_owned(), 8);
        let (one, other) = (output.block(b"equal").unwrap(), output.block(b"equal").unwrap());
        assert_eq!(output.read(one).unwrap(), b"equal");
        output.finish(b"head").unwrap();
        let whole = disk.seen();
        let size = whole.len() as u64;
        assert_eq!(read(&disk, path, size, other).unwrap(), b"equal");
        let mut moved = whole.clone();
        moved.copy_within(8..17, 17);
        let error = read(&SimDisk::new(moved), path, size, other).unwrap_err();
        assert_eq!(error.kind(), Kind::Corrupt);
        assert!(error.message().contains("`part`") && error.message().contains("byte 17"), "{error}");
        assert!(error.message().contains("writ rebuild"), "{error}");
        for len in 0..whole.len() {
            let cut = SimDisk::new(&whole[..len]);
            assert_eq!(read(&cut, path, size, other).unwrap_err().kind(), Kind::Corrupt);
        }
        for extent in [Extent { offset: 8, len: 3 }, Extent { offset: u64::MAX, len: 9 }, Extent { offset: 8, len: 99 }]
        {
            assert_eq!(read(&SimDisk::new(whole.clone()), path, size, extent).unwrap_err().kind(), Kind::Corrupt);
        }
    }

    #[test]
    fn extents_are_packed_where_they_fit() {
        let extent = Extent { offset: (1 << 40) - 1, len: (1 << 24) - 1 };
        assert_eq!(extent.pack().map(Extent::unpack), Some(extent));
        assert_eq!(Extent { len: 1 << 24, ..extent }.pack(), None);
        assert_eq!(Extent { offset: 1 << 40, ..extent }.pack(), None);
    }
}
