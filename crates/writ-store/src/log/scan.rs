//! Scanning: reading the segment that is appended to from its beginning, and telling whole frames, bit
//! rot and a torn tail apart.
//!
//! A bad stretch with a sealed header of this store after it is damage: the log went on behind it,
//! so it had been whole once. A bad stretch with nothing after it is the torn tail of a crash (or of
//! a frame that is being written at this moment).

use crate::bytes::{index, len32};
use crate::error::Error;
use crate::file::{self, File};
use crate::limit;
use crate::log::entry;
use crate::log::frame::{self, Chain, HEADER, Header, MAGIC};
use crate::log::{Damage, DamageCause, Position};
use crate::manifest::Active;
use crate::term::TermKey;
use std::io;
use std::path::Path;

/// A whole frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Where its header begins.
    pub(crate) offset: u64,
    pub(crate) payload: u32,
    pub(crate) first: u64,
    pub(crate) records: u32,
    /// What the next frame follows.
    pub(crate) chain: Chain,
}

impl Span {
    pub(crate) fn end(&self) -> u64 {
        self.offset + HEADER as u64 + u64::from(self.payload)
    }

    pub(crate) fn next(&self) -> u64 {
        self.first + u64::from(self.records)
    }

    /// Where its payload begins.
    pub(crate) fn body(&self) -> u64 {
        self.offset + HEADER as u64
    }
}

/// What a segment holds.
#[derive(Clone, Debug)]
pub(crate) struct Scan {
    pub(crate) spans: Vec<Span>,
    /// Where each record begins, from the segment's first position on; [`LOST`] for one that is lost.
    pub(crate) begins: Vec<u32>,
    pub(crate) damage: Vec<Damage>,
    /// The end of the last whole frame: what lies between it and `size` is torn.
    pub(crate) end: u64,
    /// The position after the last record.
    pub(crate) next: u64,
    /// What the next frame follows.
    pub(crate) chain: Chain,
    /// How long the file was when the scan began.
    pub(crate) size: u64,
}

impl Scan {
    /// Of a segment in which nothing stands yet.
    pub(crate) fn empty(active: &Active) -> Scan {
        let (spans, begins, damage) = (Vec::new(), Vec::new(), Vec::new());
        Scan { spans, begins, damage, end: 0, next: active.first, chain: active.chain, size: 0 }
    }
}

/// In the place of a beginning: the record cannot be read.
pub(crate) const LOST: u32 = u32::MAX;

/// Reads a whole segment and checks every frame. `active` says at which position it begins, and what its
/// first frame follows.
pub(crate) fn scan(log: &dyn File, path: &Path, keys: &TermKey, active: &Active) -> Result<Scan, Error> {
    let size = log.size().map_err(|e| Error::io("read", path, e))?;
    scan_to(log, path, keys, active, size)
}

/// Like [`scan`], of the frames before this byte.
pub(crate) fn scan_to(log: &dyn File, path: &Path, keys: &TermKey, active: &Active, size: u64) -> Result<Scan, Error> {
    let window = Window { log, size, start: 0, buffer: Vec::new() };
    Scanner { keys, path, window }.run(active)
}

struct Scanner<'a> {
    keys: &'a TermKey,
    path: &'a Path,
    window: Window<'a>,
}

/// What stands at some place of the log.
enum Found {
    Whole(Span, Chain),
    /// Bad from here to there at least.
    Bad(DamageCause, u64),
}

impl Scanner<'_> {
    fn run(mut self, active: &Active) -> Result<Scan, Error> {
        let size = self.window.size;
        let mut scan = Scan { size, ..Scan::empty(active) };
        while scan.end < size {
            match self.look(scan.end, scan.next)? {
                Found::Whole(frame, previous) => {
                    if previous != scan.chain {
                        scan.damage.push(self.damage(frame.offset, 0, scan.next, 0, DamageCause::Chain));
                    }
                    self.entries(&frame, &mut scan)?;
                    (scan.end, scan.next, scan.chain) = (frame.end(), frame.next(), frame.chain);
                    scan.spans.push(frame);
                }
                Found::Bad(cause, to) => {
                    let Some((at, header)) = self.search(to, scan.next)? else { break };
                    let (bytes, lost) = (at - scan.end, header.first - scan.next);
                    scan.damage.push(self.damage(scan.end, bytes, scan.next, lost, cause));
                    scan.begins.extend(std::iter::repeat_n(LOST, index(lost)));
                    (scan.end, scan.next, scan.chain) = (at, header.first, header.previous);
                }
            }
        }
        Ok(scan)
    }

    /// Notes where the records of a frame begin: each says how long it is.
    fn entries(&mut self, frame: &Span, scan: &mut Scan) -> Result<(), Error> {
        let (body, len) = (frame.body(), frame.payload as usize);
        let payload = self.bytes(body, len)?.unwrap_or_default();
        let (mut at, mut n) = (0, 0);
        while n < frame.records || at < len {
            let rest = payload.get(at..).filter(|rest| !rest.is_empty());
            let Some((entry, is_record)) = rest.and_then(entry::len) else { break };
            if is_record && n < frame.records {
                scan.begins.push(len32(index(body) + at));
                n += 1;
            }
            at += entry;
        }
        if n < frame.records || at != len {
            let (first, lost) = (frame.first + u64::from(n), u64::from(frame.records - n));
            scan.damage.push(self.damage(
                body + at as u64,
                (len - at.min(len)) as u64,
                first,
                lost,
                DamageCause::Entries,
            ));
            scan.begins.extend(std::iter::repeat_n(LOST, index(lost)));
        }
        Ok(())
    }

    fn damage(&self, offset: u64, bytes: u64, first: u64, lost: u64, cause: DamageCause) -> Damage {
        Damage { file: self.path.to_owned(), offset, bytes, first: Position(first), lost, cause }
    }

    /// The frame that begins at this place and at this position.
    fn look(&mut self, at: u64, next: u64) -> Result<Found, Error> {
        let Some((bytes, header)) = self.header(at)? else { return Ok(Found::Bad(DamageCause::Header, at + 1)) };
        if header.first != next {
            // A later position is where the search goes on: records before it are lost.
            let to = if header.first > next { at } else { at + 1 };
            return Ok(Found::Bad(DamageCause::Header, to));
        }
        let body = at + HEADER as u64;
        let to = body + u64::from(header.payload);
        let payload = self.bytes(body, header.payload as usize)?;
        // The header is sealed, so its length can be trusted even where the payload cannot.
        if payload.is_none_or(|payload| crc32c::crc32c(payload) != header.payload_crc) {
            return Ok(Found::Bad(DamageCause::Payload, to));
        }
        let chain = frame::chain_after(&bytes);
        let span = Span { offset: at, payload: header.payload, first: next, records: header.records, chain };
        Ok(Found::Whole(span, header.previous))
    }

    /// The sealed header at this place, if one stands there.
    fn header(&mut self, at: u64) -> Result<Option<([u8; HEADER], Header)>, Error> {
        let Some(bytes) = self.bytes(at, HEADER)?.and_then(|bytes| <[u8; HEADER]>::try_from(bytes).ok()) else {
            return Ok(None);
        };
        let Some(header) = Header::decode(&bytes, self.keys, at) else { return Ok(None) };
        if header.is_newer() {
            let (place, version) = (self.path.display(), header.version);
            return Err(Error::invalid(format!(
                "`{place}` holds frames of version {version} at byte {at}, which this writ cannot read: use a newer writ"
            )));
        }
        Ok(header.is_bounded().then_some((bytes, header)))
    }

    /// The next sealed header at or after this place, of records at or after this position. The
    /// durable-through mark of such a header vouches for everything before it.
    fn search(&mut self, from: u64, next: u64) -> Result<Option<(u64, Header)>, Error> {
        let mut at = from;
        while let Some(found) = self.find_magic(at)? {
            if let Some((_, header)) = self.header(found)?
                && header.durable >= next
            {
                return Ok(Some((found, header)));
            }
            at = found + 1;
        }
        Ok(None)
    }

    fn find_magic(&mut self, from: u64) -> Result<Option<u64>, Error> {
        let mut at = from;
        loop {
            let io = |e| Error::io("read", self.path, e);
            // Searches what is in memory, however little: evidence may be full of magic, and each hit
            // must not read the file again.
            let Some(held) = self.window.held(at, MAGIC.len()).map_err(io)? else { return Ok(None) };
            if let Some(found) = held.windows(MAGIC.len()).position(|window| window == MAGIC) {
                return Ok(Some(at + found as u64));
            }
            // Stretches overlap, so that magic across their border is found.
            at += (held.len() - MAGIC.len() + 1) as u64;
        }
    }

    fn bytes(&mut self, at: u64, len: usize) -> Result<Option<&[u8]>, Error> {
        self.window.bytes(at, len).map_err(|e| Error::io("read", self.path, e))
    }
}

/// A stretch of the file in memory. It moves forward and keeps what overlaps.
struct Window<'a> {
    log: &'a dyn File,
    size: u64,
    start: u64,
    buffer: Vec<u8>,
}

impl Window<'_> {
    /// These bytes; `None` if the file ends before them.
    fn bytes(&mut self, at: u64, len: usize) -> io::Result<Option<&[u8]>> {
        Ok(self.held(at, len)?.and_then(|held| held.get(..len)))
    }

    /// What is in memory from here on: so many bytes at least; `None` if the file ends before them.
    fn held(&mut self, at: u64, least: usize) -> io::Result<Option<&[u8]>> {
        if at.checked_add(least as u64).is_none_or(|end| end > self.size) {
            return Ok(None);
        }
        if at < self.start || at + least as u64 > self.start + self.buffer.len() as u64 {
            self.fill(at, least)?;
        }
        Ok(self.buffer.get(index(at - self.start)..))
    }

    fn fill(&mut self, at: u64, len: usize) -> io::Result<()> {
        let want = len.max(limit::READ_AHEAD).min(index(self.size - at));
        let skip = if at >= self.start { index(at - self.start) } else { usize::MAX };
        let kept = self.buffer.len().saturating_sub(skip).min(want);
        if kept > 0 {
            self.buffer.copy_within(skip..skip + kept, 0);
        }
        self.buffer.resize(want, 0);
        self.start = at;
        let rest = self.buffer.get_mut(kept..).unwrap_or_default();
        file::read_exact_at(self.log, rest, at + kept as u64).inspect_err(|_| self.buffer.clear())
    }
}

#[cfg(test)]
mod tests;
