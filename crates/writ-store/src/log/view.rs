//! Reading the log: one record by its position, or a stretch of them one after the other.

use crate::bytes::index;
use crate::error::Error;
use crate::file::File;
use crate::limit;
use crate::log::entry::{Alike, Body, Entry, HEAD, Malformed};
use crate::log::open::{self, Handles, Opened};
use crate::log::read::{Segment, Tail};
use crate::log::scan::{LOST, Scan, Span};
use crate::log::shared::Kept;
use crate::log::window::Window;
use crate::log::{Damage, DamageCause, Position};
use crate::manifest::{Active, SegmentEntry};
use crate::storage::Storage;
use crate::term::TermKey;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The log, as it stood when it was opened.
#[derive(Debug)]
pub(crate) struct View {
    storage: Arc<dyn Storage>,
    dir: PathBuf,
    keys: TermKey,
    segments: Vec<SegmentEntry>,
    active: Active,
    file: Option<Box<dyn File>>,
    path: PathBuf,
    scan: Scan,
    damage: Vec<Damage>,
    handles: Mutex<Handles>,
    shared: Kept,
}

/// Takes records one after the other: the body of each and what it shares, or the stretch that cannot be read.
pub(crate) type Take<'t> = dyn FnMut(u64, Result<(Body<'_>, &Alike), Damage>) -> Result<(), Error> + 't;

/// The bytes of a record's entry, and what it shares.
#[derive(Debug)]
pub(crate) struct Found {
    bytes: Vec<u8>,
    pub(crate) shared: Arc<Alike>,
}

impl Found {
    /// The body of the entry, which was checked when it was read.
    pub(crate) fn body(&self) -> Result<Body<'_>, Malformed> {
        match Entry::decode(&self.bytes)? {
            (Entry::Record(_, body), _) => Ok(body),
            (Entry::Said(_) | Entry::Begins(..), _) => Err(Malformed),
        }
    }
}

impl View {
    pub(crate) fn new(storage: Arc<dyn Storage>, dir: &Path, keys: &TermKey, opened: Opened) -> View {
        let Opened { manifest, file, path, scan, mut damage, .. } = opened;
        damage.extend(scan.damage.iter().cloned());
        View {
            storage,
            dir: dir.to_owned(),
            keys: keys.clone(),
            segments: manifest.segments,
            active: manifest.active,
            file,
            path,
            scan,
            damage,
            handles: Mutex::default(),
            shared: Kept::default(),
        }
    }

    /// Where it lies, and whose it is.
    pub(crate) fn place(&self) -> (&dyn Storage, &Path, &TermKey) {
        (self.storage.as_ref(), &self.dir, &self.keys)
    }

    /// The segment that is appended to.
    pub(crate) fn file(&self) -> Option<&dyn File> {
        self.file.as_deref()
    }

    /// The position after the last record.
    pub(crate) fn next(&self) -> u64 {
        self.scan.next
    }

    /// Hides what stands at and behind this position, which is one where a frame ends.
    pub(crate) fn hide_from(&mut self, position: u64) {
        let keep = self.scan.spans.partition_point(|span| span.next() <= position);
        self.scan.spans.truncate(keep);
        let end = self.scan.spans.last().map_or(self.active.first, Span::next);
        let end = self.scan.damage.iter().map(|damage| damage.first.0 + damage.lost).fold(end, u64::max);
        if end < self.scan.next {
            self.scan.next = end;
            self.scan.begins.truncate(index(end.saturating_sub(self.active.first)));
        }
    }

    /// Stretches that cannot be read, as far as was seen when the log was opened.
    pub(crate) fn damage(&self) -> &[Damage] {
        &self.damage
    }

    pub(crate) fn scan(&self) -> &Scan {
        &self.scan
    }

    /// The file in which a position lies, for messages.
    pub(crate) fn path(&self, position: u64) -> PathBuf {
        let finished = open::segment_of(&self.segments, position);
        finished.map_or_else(|| self.path.clone(), |entry| open::path_of(&self.dir, entry))
    }

    /// One record.
    pub(crate) fn read(&self, position: Position) -> Result<Found, Error> {
        let segment = self.segment(position.0)?;
        let (begin, bytes) = segment.record(position.0)?.ok_or_else(|| self.altered(position))?;
        let Ok((Entry::Record(shared_at, _), _)) = Entry::decode(&bytes) else { return Err(self.altered(position)) };
        let shared = self.shared.get(&segment, &Window::default(), (shared_at, begin))?;
        let shared = shared.ok_or_else(|| self.altered(position))?;
        Ok(Found { bytes, shared })
    }

    /// Reads records one after the other, and hands each over, or the stretch that cannot be read.
    pub(crate) fn each(&self, positions: Range<u64>, take: &mut Take<'_>) -> Result<(), Error> {
        let mut at = positions.start;
        while at < positions.end.min(self.next()) {
            let (first, next) = open::segment_of(&self.segments, at)
                .map_or((self.active.first, self.next()), |entry| (entry.first, entry.next()));
            let to = next.min(positions.end);
            match self.segment(at).and_then(|segment| Ok((segment.begins()?, segment))) {
                Ok((begins, segment)) => {
                    let begins = begins.get(index(at - first)..index(to - first)).unwrap_or_default();
                    self.each_of(&segment, at, begins, take)?;
                }
                // The other segments can still be read.
                Err(error) if error.kind() == crate::Kind::Corrupt => take(at, Err(self.lost(at, to)))?,
                Err(error) => return Err(error),
            }
            at = to;
        }
        Ok(())
    }

    fn each_of(&self, segment: &Segment<'_>, first: u64, begins: &[u32], take: &mut Take<'_>) -> Result<(), Error> {
        let mut window = Window::default();
        // Others read other stretches at the same time, and share nothing with this one.
        let kept = Kept::default();
        for (position, begin) in (first..).zip(begins) {
            let begin = u64::from(*begin);
            if begin != u64::from(LOST) && window.entry(begin).is_none() {
                let len = segment.entry_len(begin)?.unwrap_or(HEAD);
                window.start = begin;
                segment.read(begin, len.max(limit::READ_AHEAD), &mut window.bytes)?;
            }
            let found = if begin == u64::from(LOST) { None } else { window.entry(begin) };
            match found.map(Entry::decode) {
                Some(Ok((Entry::Record(shared_at, body), _))) => {
                    match kept.get(segment, &window, (shared_at, begin))? {
                        Some(shared) => take(position, Ok((body, &shared)))?,
                        None => take(position, Err(self.lost(position, position + 1)))?,
                    }
                }
                _ => take(position, Err(self.lost(position, position + 1)))?,
            }
        }
        Ok(())
    }

    /// A stretch that cannot be read.
    pub(crate) fn lost(&self, from: u64, to: u64) -> Damage {
        let file = self.path(from);
        Damage { file, offset: 0, bytes: 0, first: Position(from), lost: to - from, cause: DamageCause::Entries }
    }

    fn segment(&self, position: u64) -> Result<Segment<'_>, Error> {
        let Some(entry) = open::segment_of(&self.segments, position) else { return Ok(Segment::Active(self.tail())) };
        let path = open::path_of(&self.dir, entry);
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        let handle = handles.get(self.storage.as_ref(), &path, &self.keys, entry)?;
        Ok(Segment::Finished(handle, path))
    }

    fn tail(&self) -> Tail<'_> {
        let Scan { begins, end, .. } = &self.scan;
        Tail { file: self.file.as_deref(), path: &self.path, first: self.active.first, begins, end: *end }
    }

    /// The error of a record that is not what was written.
    pub(crate) fn altered(&self, position: Position) -> Error {
        if let Some(damage) = self.damage.iter().find(|damage| damage.holds(position)) {
            return damage.error();
        }
        let path = self.path(position.0);
        let path = path.display();
        if position.0 >= self.next() {
            let n = self.next();
            return Error::invalid(format!(
                "there is no position {position} in `{path}`, which ends at {n}: look the record up again"
            ));
        }
        Error::corrupt(format!(
            "the record at position {position} of `{path}` is not what was written: restore the file from a backup"
        ))
    }
}
