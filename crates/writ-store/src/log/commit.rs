//! Committing: frame, one write, one sync, and only then the answer.
//!
//! A failed write or sync poisons the log. Nothing is tried again: after a failed sync the kernel may
//! hold pages for clean that never reached the disk, so a second sync would prove nothing.

use crate::error::{Error, Kind};
use crate::file::File;
use crate::keys::batch::{Batch, LogEnd, Mark};
use crate::limit;
use crate::log::Position;
use crate::log::entry::Entry;
use crate::log::frame::{self, HEADER, Header};
use crate::seal::Sealed;
use crate::seen::{Novelty, Seen};
use crate::term::TermKey;
use std::path::PathBuf;
use writ_model::record::Envelope;

/// What became of a record that was handed to [`Writer::commit`](crate::Writer::commit). The record
/// is durable in each case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is stored.
    Stored(Position),
    /// It is stored, and another record of the same identity with other content (or with other
    /// withheld values) is stored too.
    Conflict(Position),
    /// The same record is stored already, with the same values withheld, and every copy of it came in a
    /// weaker custody: this copy is stored beside them, and counts for all.
    Better(Position),
    /// The same record is stored already, with the same values withheld and in a custody as good. It is
    /// not stored again.
    Duplicate,
}

/// The end of the log, where frames are appended.
#[derive(Debug)]
pub(crate) struct Committer {
    file: Box<dyn File>,
    path: PathBuf,
    keys: TermKey,
    /// The frame in the making: room for the header, then entries.
    frame: Vec<u8>,
    records: u32,
    /// Position of the next record; counts those in the frame.
    next: u64,
    end: LogEnd,
    seen: Seen,
    /// Keys of what was stored.
    batch: Batch,
    /// How many rows of the batch the sidecar holds already.
    carried: usize,
    /// How much of the batch is durable.
    durable: Mark,
    poison: Option<Error>,
}

impl Committer {
    /// A committer at the end of a recovered log.
    pub(crate) fn new(
        file: Box<dyn File>,
        path: PathBuf,
        keys: TermKey,
        end: LogEnd,
        seen: Seen,
        batch: Batch,
    ) -> Committer {
        let (next, carried, durable) = (batch.next(), batch.rows.len(), batch.mark());
        let frame = Vec::new();
        Committer { file, path, keys, frame, records: 0, next, end, seen, batch, carried, durable, poison: None }
    }

    /// Stores a group of records. After an error nothing of it is acknowledged, and no later group is.
    pub(crate) fn commit(&mut self, group: &[Vec<Sealed>]) -> Result<Vec<Vec<Admission>>, Error> {
        if let Some(cause) = &self.poison {
            return Err(closed(cause));
        }
        let incoming: usize = group.iter().map(Vec::len).sum();
        if self.next + incoming as u64 > limit::POSITIONS_MAX {
            return Err(Error::new(
                Kind::Full,
                format!("the folder holds {} records, the most it can: start a new folder", self.next),
            ));
        }
        self.store(group).map_err(|cause| {
            self.batch.cut(self.durable);
            self.poison = Some(cause.clone());
            let kind = if cause.kind() == Kind::Full { Kind::Full } else { Kind::Closed };
            cause.recast(
                kind,
                format!("{cause}; nothing of this commit is acknowledged, and the writer stops: start again"),
            )
        })
    }

    /// Hands the batch over if it is full, or, at the end, if there is anything new in it.
    pub(crate) fn take_batch(&mut self, at_end: bool) -> Option<Batch> {
        let is_new = self.batch.rows.len() > self.carried;
        if !is_new || !(at_end || self.batch.is_full()) {
            return None;
        }
        let fresh = Batch::new(self.batch.next());
        (self.durable, self.carried) = (fresh.mark(), 0);
        Some(std::mem::replace(&mut self.batch, fresh))
    }

    fn store(&mut self, group: &[Vec<Sealed>]) -> Result<Vec<Vec<Admission>>, Error> {
        let mut answers = Vec::with_capacity(group.len());
        for records in group {
            let mut admissions = Vec::with_capacity(records.len());
            for sealed in records {
                admissions.push(self.admit(sealed)?);
            }
            answers.push(admissions);
        }
        self.flush()?;
        Ok(answers)
    }

    fn admit(&mut self, sealed: &Sealed) -> Result<Admission, Error> {
        let novelty = self.seen.note(sealed.row.identity, sealed.row.copy);
        if novelty == Novelty::None {
            return Ok(Admission::Duplicate);
        }
        if self.records > 0 && self.frame.len() - HEADER + sealed.bytes.len() > limit::FRAME_BYTES_MAX {
            self.flush()?;
        }
        if self.records == 0 {
            self.frame.clear();
            self.frame.resize(HEADER, 0);
        }
        let mut row = sealed.row;
        row.offset = self.end.offset + self.frame.len() as u64;
        row.len = crate::bytes::len32(sealed.bytes.len());
        self.batch.push(row, sealed.recorder, || envelope(&sealed.bytes), &sealed.terms);
        self.frame.extend_from_slice(&sealed.bytes);
        let position = Position(self.next);
        self.records += 1;
        self.next += 1;
        Ok(match novelty {
            Novelty::Identity => Admission::Stored(position),
            Novelty::Custody => Admission::Better(position),
            Novelty::Copy | Novelty::None => Admission::Conflict(position),
        })
    }

    fn flush(&mut self) -> Result<(), Error> {
        if self.records == 0 {
            return Ok(());
        }
        let payload = self.frame.get(HEADER..).unwrap_or_default();
        let header = Header::of(self.next - u64::from(self.records), self.records, self.end.chain, payload);
        let header = header.encode(&self.keys, self.end.offset);
        self.frame.iter_mut().zip(header).for_each(|(to, from)| *to = from);
        self.file.write_at(&self.frame, self.end.offset).map_err(|e| Error::io("append to the log", &self.path, e))?;
        self.file.sync().map_err(|e| Error::io("sync the log", &self.path, e))?;
        self.end = LogEnd { offset: self.end.offset + self.frame.len() as u64, chain: frame::chain_after(&header) };
        self.records = 0;
        // Every row of the batch is in a frame by now, and every frame is synced.
        (self.batch.end, self.durable) = (self.end, self.batch.mark());
        if self.frame.capacity() > 2 * limit::FRAME_BYTES_MAX {
            self.frame = Vec::new();
        }
        Ok(())
    }
}

fn envelope(entry: &[u8]) -> Option<Envelope> {
    Entry::decode(entry).ok()?.0.envelope().ok()
}

fn closed(cause: &Error) -> Error {
    cause.recast(
        Kind::Closed,
        format!(
            "the writer stopped after a failure and stored nothing since ({cause}): put that right and start again"
        ),
    )
}
