//! Reading the log: one record by its position, or a stretch of them one after the other.

use crate::bytes::index;
use crate::error::Error;
use crate::file::File;
use crate::limit;
use crate::log::entry::{self, Alike, Body, Entry, HEAD, Inflater, Malformed, Part};
use crate::log::open::{self, Handles, Opened};
use crate::log::read::{Segment, Tail};
use crate::log::scan::{LOST, Scan, Span};
use crate::log::{Damage, DamageCause, Position};
use crate::manifest::{Active, SegmentEntry};
use crate::storage::Storage;
use crate::term::TermKey;
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What records share that is kept in memory, at most so many of them: each is mostly as long as the name of a
/// file or what an emitter says of itself, and whoever reads one record of a delivery reads others.
const SHARED_KEPT_MAX: usize = 1_024;

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
    shared: Mutex<Shared>,
}

/// What records share, by the first position of its segment and where it begins there, and what unpacks it.
#[derive(Debug, Default)]
struct Shared {
    kept: HashMap<(u64, u32), Arc<Alike>>,
    inflater: Option<Inflater>,
}

impl Shared {
    fn unpack(&mut self, begins: &Part<'_>) -> Result<Option<Vec<u8>>, Error> {
        let inflater = match &mut self.inflater {
            Some(inflater) => inflater,
            none => none.insert(Inflater::new()?),
        };
        Ok(begins.unpack(inflater).ok())
    }

    fn keep(&mut self, key: (u64, u32), shared: Alike) -> Arc<Alike> {
        if self.kept.len() >= SHARED_KEPT_MAX {
            self.kept.clear();
        }
        let shared = Arc::new(shared);
        self.kept.insert(key, Arc::clone(&shared));
        shared
    }
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
            shared: Mutex::default(),
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
        let bytes = segment.record(position.0)?.ok_or_else(|| self.altered(position))?;
        let Ok((Entry::Record(shared_at, _), _)) = Entry::decode(&bytes) else { return Err(self.altered(position)) };
        let shared = self.shared(&segment, shared_at)?.ok_or_else(|| self.altered(position))?;
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
        let mut window = (0_u64, Vec::new());
        for (position, begin) in (first..).zip(begins) {
            let begin = u64::from(*begin);
            let held = |(start, bytes): &(u64, Vec<u8>)| {
                let rest = bytes.get(index(begin.checked_sub(*start)?)..)?;
                let (len, _) = entry::len(rest)?;
                (len <= rest.len()).then_some(index(begin - start)..index(begin - start) + len)
            };
            if begin != u64::from(LOST) && held(&window).is_none() {
                let len = segment.entry_len(begin)?.unwrap_or(HEAD);
                window = (begin, segment.bytes(begin, len.max(limit::READ_AHEAD))?);
            }
            let range = if begin == u64::from(LOST) { None } else { held(&window) };
            let entry = range.and_then(|range| window.1.get(range)).and_then(|bytes| Entry::decode(bytes).ok());
            match entry {
                Some((Entry::Record(shared_at, body), _)) => match self.shared(segment, shared_at)? {
                    Some(shared) => take(position, Ok((body, &shared)))?,
                    None => take(position, Err(self.lost(position, position + 1)))?,
                },
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

    /// What records share that begins at this byte; `None` if nothing of the sort stands there.
    fn shared(&self, segment: &Segment<'_>, at: u32) -> Result<Option<Arc<Alike>>, Error> {
        let key = (segment.first(), at);
        let known = self.all_shared().kept.get(&key).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let Some(bytes) = segment.entry(u64::from(at))? else { return Ok(None) };
        match Entry::decode(&bytes) {
            Ok((Entry::Said(said), _)) => {
                let alike = Alike { said: Arc::from(said), begins: Vec::new() };
                Ok(Some(self.all_shared().keep(key, alike)))
            }
            Ok((Entry::Begins(said_at, begins), _)) => {
                let Some(said) = self.said(segment, said_at)? else { return Ok(None) };
                let mut all = self.all_shared();
                let Some(begins) = all.unpack(&begins)? else { return Ok(None) };
                Ok(Some(all.keep(key, Alike { said, begins })))
            }
            Ok((Entry::Record(..), _)) | Err(Malformed) => Ok(None),
        }
    }

    /// The map of envelopes that begins at this byte.
    fn said(&self, segment: &Segment<'_>, at: u32) -> Result<Option<Arc<[u8]>>, Error> {
        let key = (segment.first(), at);
        if let Some(known) = self.all_shared().kept.get(&key) {
            return Ok(known.begins.is_empty().then(|| Arc::clone(&known.said)));
        }
        let Some(bytes) = segment.entry(u64::from(at))? else { return Ok(None) };
        let Ok((Entry::Said(said), _)) = Entry::decode(&bytes) else { return Ok(None) };
        let alike = Alike { said: Arc::from(said), begins: Vec::new() };
        Ok(Some(Arc::clone(&self.all_shared().keep(key, alike).said)))
    }

    fn all_shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
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
