//! A stretch of a segment in memory.

use crate::bytes::index;
use crate::error::Error;
use crate::log::entry;
use crate::log::read::Segment;
use std::borrow::Cow;

/// What is in memory of a segment, from some byte on.
#[derive(Debug, Default)]
pub(crate) struct Window {
    pub(crate) start: u64,
    pub(crate) bytes: Vec<u8>,
}

impl Window {
    /// The bytes of the entry that begins at this byte, if all of them are here.
    pub(crate) fn entry(&self, at: u64) -> Option<&[u8]> {
        let rest = self.bytes.get(index(at.checked_sub(self.start)?)..)?;
        let (len, _) = entry::len(rest)?;
        rest.get(..len)
    }

    /// The same, read if they are not; `None` if no entry can begin there.
    pub(crate) fn entry_of(&self, segment: &Segment<'_>, at: u32) -> Result<Option<Cow<'_, [u8]>>, Error> {
        match self.entry(u64::from(at)) {
            Some(here) => Ok(Some(Cow::Borrowed(here))),
            None => Ok(segment.entry(u64::from(at))?.map(Cow::Owned)),
        }
    }
}
