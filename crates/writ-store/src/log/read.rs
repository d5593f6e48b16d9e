//! Reading within a segment: where a record begins, and its bytes.

use crate::bytes::index;
use crate::error::Error;
use crate::file::{self, File};
use crate::log::entry::{self, HEAD};
use crate::log::open::Handle;
use crate::log::scan::LOST;
use crate::log::segment;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes that are read of an entry before it is known how long it is: most are shorter.
const FIRST_READ: usize = 1 << 10;

/// One segment, open.
pub(crate) enum Segment<'a> {
    Finished(Arc<Handle>, PathBuf),
    Active(Tail<'a>),
}

/// The segment that is appended to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tail<'a> {
    /// None before its first frame.
    pub(crate) file: Option<&'a dyn File>,
    pub(crate) path: &'a Path,
    /// Position of its first record.
    pub(crate) first: u64,
    /// Where each of its records begins.
    pub(crate) begins: &'a [u32],
    /// Where its frames end.
    pub(crate) end: u64,
}

impl Segment<'_> {
    /// Position of its first record.
    pub(crate) fn first(&self) -> u64 {
        match self {
            Segment::Finished(handle, _) => handle.trailer.first,
            Segment::Active(tail) => tail.first,
        }
    }

    /// Where frames end.
    fn end(&self) -> u64 {
        match self {
            Segment::Finished(handle, _) => handle.trailer.frames_end,
            Segment::Active(tail) => tail.end,
        }
    }

    fn path(&self) -> &Path {
        match self {
            Segment::Finished(_, path) => path,
            Segment::Active(tail) => tail.path,
        }
    }

    fn begin(&self, position: u64) -> Result<Option<u64>, Error> {
        let begin = match self {
            Segment::Active(tail) => {
                let at = position.checked_sub(tail.first).and_then(|at| tail.begins.get(index(at)));
                at.map_or(u64::from(LOST), |begin| u64::from(*begin))
            }
            Segment::Finished(handle, path) => {
                let begin = segment::begin(handle.file.as_ref(), &handle.trailer, position);
                begin.map_err(|e| Error::io("read", path, e))?
            }
        };
        Ok((begin != u64::from(LOST)).then_some(begin))
    }

    /// Where each record begins.
    pub(crate) fn begins(&self) -> Result<Vec<u32>, Error> {
        match self {
            Segment::Active(tail) => Ok(tail.begins.to_vec()),
            Segment::Finished(handle, path) => segment::begins(handle.file.as_ref(), path, &handle.trailer),
        }
    }

    /// So many bytes from here on, or as many as there are before the frames end.
    pub(crate) fn bytes(&self, at: u64, len: usize) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        self.read(at, len, &mut bytes)?;
        Ok(bytes)
    }

    /// The same, in the place of what was in `bytes`.
    pub(crate) fn read(&self, at: u64, len: usize, bytes: &mut Vec<u8>) -> Result<(), Error> {
        let file = match self {
            Segment::Finished(handle, _) => handle.file.as_ref(),
            Segment::Active(Tail { file: Some(file), .. }) => *file,
            Segment::Active(_) => {
                bytes.clear();
                return Ok(());
            }
        };
        bytes.resize(index(self.end().saturating_sub(at)).min(len), 0);
        file::read_exact_at(file, bytes, at).map_err(|e| Error::io("read", self.path(), e))
    }

    /// How long the entry is that begins here; `None` if none can begin here.
    pub(crate) fn entry_len(&self, at: u64) -> Result<Option<usize>, Error> {
        Ok(entry::len(&self.bytes(at, HEAD)?).map(|(len, _)| len))
    }

    /// The bytes of the entry that begins here; `None` if none can begin here.
    pub(crate) fn entry(&self, at: u64) -> Result<Option<Vec<u8>>, Error> {
        let mut bytes = self.bytes(at, FIRST_READ)?;
        let Some((len, _)) = entry::len(&bytes) else { return Ok(None) };
        if len > bytes.len() {
            bytes = self.bytes(at, len)?;
        }
        bytes.truncate(len);
        Ok((bytes.len() == len).then_some(bytes))
    }

    /// Where a record's entry begins, and its bytes, unchecked; `None` if none can stand where it should.
    pub(crate) fn record(&self, position: u64) -> Result<Option<(u64, Vec<u8>)>, Error> {
        let Some(begin) = self.begin(position)? else { return Ok(None) };
        Ok(self.entry(begin)?.map(|bytes| (begin, bytes)))
    }
}
