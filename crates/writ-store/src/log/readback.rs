//! Reading back: whether a record that keys lead to is in the log.
//!
//! A record is called stored already only after it was read: keys may outlive what they are of.

use crate::catalog::Catalog;
use crate::error::{Error, Kind};
use crate::log::Position;
use crate::log::entry::Entry;
use crate::log::open::{self, Handles};
use crate::log::read::{Segment, Tail};
use crate::manifest::SegmentEntry;
use crate::storage::Storage;
use crate::term::TermKey;
use std::path::PathBuf;
use std::sync::Arc;
use writ_model::record::RecordId;

/// The finished segments of a log that is appended to, opened as they are needed.
#[derive(Debug)]
pub(crate) struct Readback {
    storage: Arc<dyn Storage>,
    dir: PathBuf,
    keys: TermKey,
    segments: Vec<SegmentEntry>,
    handles: Handles,
}

impl Readback {
    pub(crate) fn new(catalog: &Catalog, keys: &TermKey) -> Readback {
        let (storage, dir) = (Arc::clone(catalog.storage()), catalog.dir().to_owned());
        let (segments, handles) = (catalog.manifest().segments, Handles::default());
        Readback { storage, dir, keys: keys.clone(), segments, handles }
    }

    /// A segment was finished.
    pub(crate) fn finished(&mut self, entry: SegmentEntry) {
        self.segments.push(entry);
    }

    /// Whether the record of this id stands whole at this position. `tail` is the segment that is appended to.
    pub(crate) fn holds(&mut self, tail: &Tail<'_>, position: Position, id: RecordId) -> Result<bool, Error> {
        match self.segment(tail, position).and_then(|segment| is_whole(&segment, position, id)) {
            Err(error) if error.kind() == Kind::Corrupt => Ok(false),
            other => other,
        }
    }

    fn segment<'t>(&mut self, tail: &Tail<'t>, position: Position) -> Result<Segment<'t>, Error> {
        let Some(entry) = open::segment_of(&self.segments, position.0) else { return Ok(Segment::Active(*tail)) };
        let path = open::path_of(&self.dir, entry);
        let handle = self.handles.get(self.storage.as_ref(), &path, &self.keys, entry)?;
        Ok(Segment::Finished(handle, path))
    }
}

fn is_whole(segment: &Segment<'_>, position: Position, id: RecordId) -> Result<bool, Error> {
    let Some((begin, bytes)) = segment.record(position.0)? else { return Ok(false) };
    let Ok((Entry::Record(shared_at, body), _)) = Entry::decode(&bytes) else { return Ok(false) };
    Ok(RecordId::of(&body.content) == id && u64::from(shared_at) < begin && is_shared(segment, shared_at)?)
}

/// Whether what a record shares with others stands there: without it the record cannot be read.
fn is_shared(segment: &Segment<'_>, at: u32) -> Result<bool, Error> {
    let entry = |at: u32| segment.entry(u64::from(at));
    let said_at = match entry(at)?.as_deref().map(Entry::decode) {
        Some(Ok((Entry::Said(_), _))) => return Ok(true),
        Some(Ok((Entry::Begins(said_at, _), _))) if said_at < at => said_at,
        _ => return Ok(false),
    };
    Ok(matches!(entry(said_at)?.as_deref().map(Entry::decode), Some(Ok((Entry::Said(_), _)))))
}
