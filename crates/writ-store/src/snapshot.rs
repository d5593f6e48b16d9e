//! Reading a folder: without a lock, beside a running writer, on a read-only mount.
//!
//! A snapshot is what the log held when it was opened: whole frames only. It writes nothing, also
//! where the sidecar of keys is missing or of other adapters; then it derives the keys in memory.

pub(crate) mod open;
pub(crate) mod query;

use crate::error::{Error, Kind};
use crate::file::{self, Disk};
use crate::folder::Folder;
use crate::keys::batch::RecorderName;
use crate::keys::index::Index;
use crate::keys::row::Row;
use crate::log::entry::{self, Entry, Inflater, Malformed};
use crate::log::{Damage, Position};
use crate::snapshot::query::{Posting, Query, RecorderSpan};
use crate::term::{Term, TermKey};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use writ_model::canon::Digest;
use writ_model::record::{Identity, Record};
use writ_model::time::Time;

/// What a folder holds at one moment.
#[derive(Debug)]
pub struct Snapshot {
    keys: TermKey,
    log: Disk,
    path: PathBuf,
    rows: Vec<Row>,
    index: Index,
    recorders: Vec<RecorderName>,
    damage: Vec<Damage>,
    n_derived: u64,
    newest_received: Option<Time>,
    /// Decompressors that are not in use at this moment.
    inflaters: Mutex<Vec<Inflater>>,
}

impl Snapshot {
    /// Opens a folder. `derivation` names the adapters: a sidecar of keys that other adapters derived
    /// is not used, and `derive` is asked for the terms of each record instead.
    ///
    /// Fails with [`Kind::Invalid`] if there is no folder or a newer writ made it, and with
    /// [`Kind::Corrupt`] if its secret or its log is missing. A damaged log is read as far as it is
    /// whole; see [`Snapshot::damage`].
    pub fn open<D>(dir: &Path, derivation: Digest, derive: D) -> Result<Snapshot, Error>
    where
        D: Fn(&TermKey, &Record) -> Vec<Term> + Sync,
    {
        open::open(&Folder::open(dir)?, derivation, &derive)
    }

    /// The key that makes terms for [`Snapshot::lookup`].
    pub fn term_key(&self) -> &TermKey {
        &self.keys
    }

    /// How many records can be read, copies included.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether no record can be read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// When the newest record was received.
    pub fn newest_received(&self) -> Option<Time> {
        self.newest_received
    }

    /// Stretches of the log that could not be read, though the log goes on behind them.
    pub fn damage(&self) -> &[Damage] {
        &self.damage
    }

    /// How many records had no usable keys in the folder, so that they were derived in memory. If
    /// this is large, opening is slow until somebody writes to the folder again.
    pub fn n_derived(&self) -> u64 {
        self.n_derived
    }

    /// Reads one record. What is read is what was written: each record has a checksum. Whether its
    /// content digest is that of its evidence is for the caller to check, who can parse it.
    pub fn record(&self, position: Position) -> Result<Record, Error> {
        let bytes = self.entry(position)?;
        let mut inflater = self.inflater()?;
        let record = Entry::decode(&bytes).and_then(|(entry, _)| entry.unpack(&mut inflater));
        self.inflaters.lock().unwrap_or_else(PoisonError::into_inner).push(inflater);
        let row = self.row(position)?;
        record.ok().filter(|record| record.content == row.content).ok_or_else(|| self.altered(position))
    }

    /// A record's posting, without reading it.
    pub fn posting(&self, position: Position) -> Option<Posting> {
        let row = self.rows.get(crate::bytes::index(position.0)).filter(|row| !row.is_lost())?;
        Some(Posting::of(position, row))
    }

    /// The records that have a term, in the order and within the bounds of the query. Two names may
    /// share a term by chance, so the caller checks each on the record.
    pub fn lookup(&self, term: Term, query: &Query) -> Vec<Posting> {
        let found = self.index.postings_within(term, query.ranks(&self.index, &self.rows));
        query.pick(found.iter().filter_map(|rank| self.at_rank(*rank)))
    }

    /// All records, in the order and within the bounds of the query.
    pub fn all(&self, query: &Query) -> Vec<Posting> {
        let positions = self.index.all(query.ranks(&self.index, &self.rows));
        query.pick(positions.iter().filter_map(|position| self.posting(Position(u64::from(*position)))))
    }

    /// How many records have a term: a bound for what a look-up can find.
    pub fn count(&self, term: Term) -> usize {
        self.index.postings(term).len()
    }

    /// Every copy of the records of an identity, checked on the records: several are a conflict, copies
    /// with other values withheld, or copies that came in another custody (see
    /// [`Posting::is_copy_of`]). Reads at most `limit` records.
    pub fn by_identity(&self, identity: &Identity, limit: usize) -> Result<Vec<Posting>, Error> {
        let copies = self.index.postings(self.keys.identity(identity)).iter();
        let copies = copies.filter_map(|rank| self.at_rank(*rank)).take(limit).collect();
        self.checked(copies, |found| found == identity)
    }

    /// The records of a native id, whatever their source and recorder, checked on the records. Reads
    /// at most `limit` records.
    pub fn by_native_id(&self, native_id: &str, limit: usize) -> Result<Vec<Posting>, Error> {
        let found = self.lookup(self.keys.native_id(native_id), &Query::new(Time::MAX, limit));
        self.checked(found, |found| found.native_id == native_id)
    }

    fn checked(&self, mut found: Vec<Posting>, is_it: impl Fn(&Identity) -> bool) -> Result<Vec<Posting>, Error> {
        let mut wrong = Vec::new();
        for posting in &found {
            let bytes = self.entry(posting.position)?;
            let envelope = Entry::decode(&bytes).and_then(|(entry, _)| entry.envelope());
            let envelope = envelope.map_err(|Malformed| self.altered(posting.position))?;
            if !is_it(&envelope.identity) {
                wrong.push(posting.position);
            }
        }
        found.retain(|posting| !wrong.contains(&posting.position));
        Ok(found)
    }

    /// The records whose id begins with these hex digits (a leading `#` is allowed), at most `limit`.
    /// Nothing for text that is no hex, or empty. Looks at every row: some 10 ms for a million.
    pub fn by_id_prefix(&self, hex: &str, limit: usize) -> Vec<Posting> {
        let Some(prefix) = query::IdPrefix::parse(hex.strip_prefix('#').unwrap_or(hex)) else { return Vec::new() };
        let positions = self.index.all(self.index.everything()).iter();
        let postings = positions.filter_map(|position| self.posting(Position(u64::from(*position))));
        query::best_copies(postings.filter(|posting| prefix.matches(posting.id)), limit)
    }

    /// Who wrote what is here, as far as it was received by `as_of`, ordered by name; copies of a record
    /// count once. Looks at every row.
    pub fn recorders(&self, as_of: Time) -> Vec<RecorderSpan> {
        let mut spans: BTreeMap<u32, RecorderSpan> = BTreeMap::new();
        let mut last: Option<&Row> = None;
        for position in self.index.all(self.index.everything()) {
            let Some(row) = self.rows.get(*position as usize).filter(|row| row.received() <= as_of) else { continue };
            // Copies stand together, and are one record.
            if last.replace(row).is_some_and(|last| last.content == row.content) {
                continue;
            }
            let name = || self.recorders.get(row.recorder as usize).cloned().unwrap_or_default();
            spans.entry(row.recorder).or_insert_with(|| RecorderSpan::new(name())).add(row);
        }
        let mut spans: Vec<RecorderSpan> = spans.into_values().collect();
        spans.sort_by(|a, b| (&a.source, &a.recorder).cmp(&(&b.source, &b.recorder)));
        spans
    }

    /// Content digests of what a recorder wrote between two event times (both included), as far as it
    /// was received by `as_of`, ordered by event time and id, each once: what a declaration of coverage
    /// is over.
    pub fn window(
        &self,
        source: &str,
        recorder: &str,
        (from, to): (Time, Time),
        as_of: Time,
    ) -> impl Iterator<Item = (Digest, Position)> {
        let is_it = |name: &RecorderName| name.0 == source && name.1 == recorder;
        let number = self.recorders.iter().position(is_it).map(crate::bytes::len32);
        let ranks = self.index.within(&self.rows, from, to);
        let found = self.index.postings_within(self.keys.recorder(source, recorder), ranks);
        let mut last: Option<Digest> = None;
        found.iter().filter_map(move |rank| {
            let posting = self.at_rank(*rank)?;
            let row = self.rows.get(crate::bytes::index(posting.position.0))?;
            let ours = Some(row.recorder) == number && row.received() <= as_of;
            // Copies stand together, and are one record.
            let is_new = ours && last.replace(row.content) != Some(row.content);
            is_new.then_some((row.content, posting.position))
        })
    }

    fn at_rank(&self, rank: u32) -> Option<Posting> {
        self.posting(Position(u64::from(self.index.position(rank)?)))
    }

    fn row(&self, position: Position) -> Result<&Row, Error> {
        let holds = |damage: &&Damage| damage.first <= position && position.0 < damage.first.0 + damage.lost;
        if let Some(damage) = self.damage.iter().find(holds) {
            return Err(Error::corrupt(format!("{damage}; restore the file from a backup")));
        }
        let row = self.rows.get(crate::bytes::index(position.0)).ok_or_else(|| {
            let (path, n) = (self.path.display(), self.rows.len());
            Error::invalid(format!(
                "there is no position {position} in `{path}`, which has {n}: look the record up again"
            ))
        })?;
        if row.is_lost() { Err(self.altered(position)) } else { Ok(row) }
    }

    /// The bytes of one entry.
    fn entry(&self, position: Position) -> Result<Vec<u8>, Error> {
        let row = self.row(position)?;
        if row.len as usize > entry::BYTES_MAX {
            return Err(self.altered(position));
        }
        let mut bytes = vec![0; row.len as usize];
        file::read_exact_at(&self.log, &mut bytes, row.offset).map_err(|e| Error::io("read", &self.path, e))?;
        Ok(bytes)
    }

    fn inflater(&self) -> Result<Inflater, Error> {
        let idle = self.inflaters.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(Inflater::new, Ok)
            .map_err(|e| Error::new(Kind::Internal, format!("cannot start the decompressor: {e}; please report this")))
    }

    fn altered(&self, position: Position) -> Error {
        let path = self.path.display();
        Error::corrupt(format!(
            "the record at position {position} of `{path}` is not what was written: restore the file from a backup"
        ))
    }
}

#[cfg(test)]
mod tests;
