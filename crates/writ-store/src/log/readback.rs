//! Reading back: whether a record that keys lead to is in the log, and of whom it is.
//!
//! A record is called stored already only after it was read: keys may outlive what they are of. Likewise a record is
//! called the conflict of another only after that was read: others may share what the index keeps of its identity.

use crate::catalog::Catalog;
use crate::error::{Error, Kind};
use crate::log::Position;
use crate::log::entry::{Body, Entry};
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
        let found = self.read(tail, position, |_, segment, shared, body| {
            // Without what it shares with others it cannot be read.
            let is_it = RecordId::of(&body.content) == id && Kept::is_there(segment, shared)?;
            Ok(is_it.then_some(()))
        })?;
        Ok(found.is_some())
    }

    /// Whose record stands at this position; `None` if it cannot be read.
    pub(crate) fn identity(&mut self, tail: &Tail<'_>, position: Position) -> Result<Option<Identity>, Error> {
        self.read(tail, position, |kept, segment, shared, body| {
            let shared = kept.get(segment, &Window::default(), shared)?;
            Ok(shared.and_then(|shared| body.envelope(&shared).ok()).map(|envelope| envelope.identity))
        })
    }

    /// What is told by the body of a record, and by where begins what it shares and where it begins itself; `None` where
    /// it is damaged.
    fn read<T>(
        &mut self,
        tail: &Tail<'_>,
        position: Position,
        tell: impl FnOnce(&Kept, &Segment<'_>, (u32, u64), &Body<'_>) -> Result<Option<T>, Error>,
    ) -> Result<Option<T>, Error> {
        let segment = self.segment(tail, position);
        let told = segment.and_then(|segment| {
            let Some((begin, bytes)) = segment.record(position.0)? else { return Ok(None) };
            let Ok((Entry::Record(shared_at, body), _)) = Entry::decode(&bytes) else { return Ok(None) };
            tell(&self.shared, &segment, (shared_at, begin), &body)
        });
        match told {
            Err(error) if error.kind() == Kind::Corrupt => Ok(None),
            told => told,
        }
    }

    fn segment<'t>(&mut self, tail: &Tail<'t>, position: Position) -> Result<Segment<'t>, Error> {
        let Some(entry) = open::segment_of(&self.segments, position.0) else { return Ok(Segment::Active(*tail)) };
        let path = open::path_of(&self.dir, entry);
        let handle = self.handles.get(self.storage.as_ref(), &path, &self.keys, entry)?;
        Ok(Segment::Finished(handle, path))
    }
}
