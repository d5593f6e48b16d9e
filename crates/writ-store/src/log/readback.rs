//! Reading back: whether a record that keys lead to is in the log, and of whom it is.
//!
//! A record is called stored already only after it was read: keys may outlive what they are of. Likewise two records
//! are called one's only after the one that is stored was read: others may share its keys by chance.

use crate::catalog::Catalog;
use crate::error::{Error, Kind};
use crate::log::Position;
use crate::log::entry::Entry;
use crate::log::open::{self, Handles};
use crate::log::read::{Segment, Tail};
use crate::log::shared::Kept;
use crate::log::window::Window;
use crate::manifest::SegmentEntry;
use crate::storage::Storage;
use crate::term::TermKey;
use std::path::PathBuf;
use std::sync::Arc;
use writ_model::record::{Identity, RecordId};

/// The finished segments of a log that is appended to, opened as they are needed.
#[derive(Debug)]
pub(crate) struct Readback {
    storage: Arc<dyn Storage>,
    dir: PathBuf,
    keys: TermKey,
    segments: Vec<SegmentEntry>,
    handles: Handles,
    shared: Kept,
}

impl Readback {
    pub(crate) fn new(catalog: &Catalog, keys: &TermKey) -> Readback {
        let (storage, dir) = (Arc::clone(catalog.storage()), catalog.dir().to_owned());
        let (segments, handles, shared) = (catalog.manifest().segments, Handles::default(), Kept::default());
        Readback { storage, dir, keys: keys.clone(), segments, handles, shared }
    }

    /// A segment was finished.
    pub(crate) fn finished(&mut self, entry: SegmentEntry) {
        self.segments.push(entry);
    }

    /// Whether the record of this id stands whole at this position. `tail` is the segment that is appended to.
    pub(crate) fn holds(&mut self, tail: &Tail<'_>, position: Position, id: RecordId) -> Result<bool, Error> {
        let segment = self.segment(tail, position);
        let is_there = segment.and_then(|segment| {
            let Some((begin, bytes)) = segment.record(position.0)? else { return Ok(false) };
            let Ok((Entry::Record(shared_at, body), _)) = Entry::decode(&bytes) else { return Ok(false) };
            // Without what it shares with others it cannot be read.
            Ok(RecordId::of(&body.content) == id && Kept::is_there(&segment, (shared_at, begin))?)
        });
        if_whole(is_there.map(Some)).map(|is_there| is_there == Some(true))
    }

    /// Whose record stands at this position; `None` if it cannot be read.
    pub(crate) fn identity(&mut self, tail: &Tail<'_>, position: Position) -> Result<Option<Identity>, Error> {
        let segment = self.segment(tail, position);
        if_whole(segment.and_then(|segment| {
            let Some((begin, bytes)) = segment.record(position.0)? else { return Ok(None) };
            let Ok((Entry::Record(shared_at, body), _)) = Entry::decode(&bytes) else { return Ok(None) };
            let shared = self.shared.get(&segment, &Window::default(), (shared_at, begin))?;
            Ok(shared.and_then(|shared| body.envelope(&shared).ok()).map(|envelope| envelope.identity))
        }))
    }

    fn segment<'t>(&mut self, tail: &Tail<'t>, position: Position) -> Result<Segment<'t>, Error> {
        let Some(entry) = open::segment_of(&self.segments, position.0) else { return Ok(Segment::Active(*tail)) };
        let path = open::path_of(&self.dir, entry);
        let handle = self.handles.get(self.storage.as_ref(), &path, &self.keys, entry)?;
        Ok(Segment::Finished(handle, path))
    }
}

/// What was read, or nothing where it is damaged.
fn if_whole<T>(read: Result<Option<T>, Error>) -> Result<Option<T>, Error> {
    match read {
        Err(error) if error.kind() == Kind::Corrupt => Ok(None),
        other => other,
    }
}
