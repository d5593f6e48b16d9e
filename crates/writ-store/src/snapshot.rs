//! Reading a folder: without a lock, beside a running writer, on a read-only mount.
//!
//! A snapshot is what had been acknowledged when it was opened. It writes nothing, also where the index
//! is missing or of other adapters; then it derives the keys in memory.

mod open;
pub(crate) mod query;

use crate::bytes::index;
use crate::checkpoint;
use crate::error::{Error, Kind};
use crate::index::{Index, Window};
use crate::log::entry::{Inflater, Malformed};
use crate::log::view::{Found, View};
use crate::log::{Damage, Position};
use crate::proof;
use crate::snapshot::query::{Posting, Query, RecorderSpan};
use crate::storage::{Os, Storage};
use crate::term::{Term, TermKey};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use writ_model::canon::Digest;
use writ_model::record::{Envelope, Identity, Record, RecordId};
use writ_model::time::Time;
use writ_tlog::bundle::Bundle;

/// A record, and what is known of it without reading others.
#[derive(Debug)]
pub struct WithCopies {
    /// The record.
    pub record: Record,
    /// Its posting.
    pub own: Option<Posting>,
    /// Every copy of the records of its identity, its own among them; the error of one that cannot be read.
    pub copies: Result<Vec<Posting>, Error>,
}

/// What a folder holds at one moment.
#[derive(Debug)]
pub struct Snapshot {
    keys: TermKey,
    log: View,
    index: Index,
    damage: Vec<Damage>,
    n_derived: u64,
    /// Decompressors that are not in use at this moment.
    inflaters: Mutex<Vec<Inflater>>,
}

impl Snapshot {
    /// Opens a folder. `derivation` names the adapters: an index that other adapters derived is not used,
    /// and `derive` is asked for the terms of each record instead.
    ///
    /// Fails with [`Kind::Invalid`](crate::Kind::Invalid) if there is no folder, if a newer writ made it, or if so many records
    /// have no usable index that they do not fit into memory; with [`Kind::Corrupt`](crate::Kind::Corrupt) if its secret, its
    /// list of files or its log is missing. A damaged log is read as far as it is whole; see
    /// [`Snapshot::damage`].
    pub fn open<D>(dir: &Path, derivation: Digest, derive: D) -> Result<Snapshot, Error>
    where
        D: Fn(&TermKey, &Record) -> Vec<Term> + Sync,
    {
        let storage: Arc<dyn Storage> = Arc::new(Os);
        Snapshot::open_on(&storage, dir, derivation, derive)
    }

    /// Like [`Snapshot::open`], with files on storage of the caller's choice: see [`crate::sim`].
    pub fn open_on<D>(storage: &Arc<dyn Storage>, dir: &Path, derivation: Digest, derive: D) -> Result<Snapshot, Error>
    where
        D: Fn(&TermKey, &Record) -> Vec<Term> + Sync,
    {
        open::open(storage, dir, derivation, &derive)
    }

    /// The key that makes terms for [`Snapshot::lookup`].
    pub fn term_key(&self) -> &TermKey {
        &self.keys
    }

    /// How many records can be read, copies included.
    pub fn len(&self) -> usize {
        index(self.index.len())
    }

    /// Whether no record can be read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// When the newest record was received.
    pub fn newest_received(&self) -> Option<Time> {
        self.index.newest_received()
    }

    /// Stretches of the log that could not be read, though the log goes on behind them: as far as is seen
    /// without reading finished segments. `writ fsck` reads everything.
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
        let (read, posting) = (self.read(position), self.posting(position)?);
        let is_it = |record: &Record| posting.is_some_and(|posting| posting.id == record.id);
        match (read, posting) {
            // A whole record of another folder is not what was written here.
            (Ok(record), _) if is_it(&record) => Ok(record),
            (Err(error), _) if error.kind() != Kind::Corrupt => Err(error),
            // What was damaged may have been delivered once more.
            (read, Some(posting)) => {
                let is_same = |other: &&Posting| other.cursor() == posting.cursor() && other.position != position;
                let others = self.index.copies(posting.id)?;
                let whole =
                    others.iter().filter(is_same).find_map(|other| self.read(other.position).ok().filter(is_it));
                whole.map_or_else(|| Err(read.err().unwrap_or_else(|| self.log.altered(position))), Ok)
            }
            (read, None) => Err(read.err().unwrap_or_else(|| self.log.altered(position))),
        }
    }

    /// Reads one record as [`Snapshot::record`] does, with every copy of the records of its identity, as
    /// [`Snapshot::by_identity`] finds them: cheaper than to ask for each by itself.
    pub fn record_with_copies(&self, position: Position, limit: usize) -> Result<WithCopies, Error> {
        if let Ok(record) = self.read(position) {
            // It was just read.
            let is_own = |copy: &Posting| copy.position == position && copy.id == record.id;
            let copies = self.copies(&record.envelope.identity, limit, is_own);
            let own = copies.as_ref().ok().and_then(|copies| copies.iter().copied().find(is_own));
            // Behind so many others, or one that cannot be read, it is not among them.
            let own = if own.is_some() { own } else { self.posting(position)?.filter(is_own) };
            if own.is_some() {
                return Ok(WithCopies { record, own, copies });
            }
        }
        let (record, own) = (self.record(position)?, self.posting(position)?);
        let copies = self.by_identity(&record.envelope.identity, limit);
        Ok(WithCopies { record, own, copies })
    }

    fn read(&self, position: Position) -> Result<Record, Error> {
        if let Some(damage) = self.damage.iter().find(|damage| damage.holds(position)) {
            return Err(damage.error());
        }
        let found = self.log.read(position)?;
        let mut inflater = self.inflater()?;
        let record = found.body().and_then(|body| body.unpack(&found.shared, &mut inflater));
        self.inflaters.lock().unwrap_or_else(PoisonError::into_inner).push(inflater);
        record.map_err(|Malformed| self.log.altered(position))
    }

    /// A record's posting, without reading it.
    pub fn posting(&self, position: Position) -> Result<Option<Posting>, Error> {
        self.index.posting(position)
    }

    /// The records that have a term, in the order and within the bounds of the query. Two names may
    /// share a term by chance, so the caller checks each on the record.
    pub fn lookup(&self, term: Term, query: &Query) -> Result<Vec<Posting>, Error> {
        self.index.lookup(term, query)
    }

    /// Says that these terms are looked up soon: what that reads first is fetched meanwhile, for all of them at once.
    pub fn expect(&self, terms: &[Term]) {
        self.index.expect(terms);
    }

    /// All records, in the order and within the bounds of the query.
    pub fn all(&self, query: &Query) -> Result<Vec<Posting>, Error> {
        self.index.all(query)
    }

    /// How many records have a term: a bound for what a look-up can find.
    pub fn count(&self, term: Term) -> Result<u64, Error> {
        self.index.count(term)
    }

    /// Every copy of the records of an identity, checked on the records: several are a conflict, copies
    /// with other values withheld, or copies that came in another custody (see
    /// [`Posting::is_copy_of`]). At most `limit` of them.
    pub fn by_identity(&self, identity: &Identity, limit: usize) -> Result<Vec<Posting>, Error> {
        self.copies(identity, limit, |_| false)
    }

    /// The same; `was_read` knows a copy that was just read.
    fn copies(
        &self,
        identity: &Identity,
        limit: usize,
        was_read: impl Fn(&Posting) -> bool,
    ) -> Result<Vec<Posting>, Error> {
        let recorder = (identity.source.as_str(), identity.recorder.as_str());
        let is_it = |copy: &Posting| Ok(was_read(copy) || self.is_of(copy, identity)?);
        self.index.by_identity(self.keys.identity(identity), recorder, limit, is_it)
    }

    /// The records of a native id, whatever their source and recorder, checked on the records. At most `limit` of them.
    pub fn by_native_id(&self, native_id: &str, limit: usize) -> Result<Vec<Posting>, Error> {
        let mut found = Vec::new();
        // The index knows identities, so that whoever forges records under a native id slows nobody down who
        // asks for another recorder's. Recorders are few.
        for span in self.index.recorders(Time::MAX)? {
            let (source, recorder) = (span.source, span.recorder);
            let identity = Identity { source, recorder, native_id: native_id.to_owned() };
            let recorder = (identity.source.as_str(), identity.recorder.as_str());
            let is_it = |posting: &Posting| match self.is_of(posting, &identity) {
                // It may be, and another copy of it may be whole. Whoever reads it is told.
                Err(error) if error.kind() == Kind::Corrupt => Ok(true),
                is_it => is_it,
            };
            found.extend(self.index.best_by_identity(self.keys.identity(&identity), recorder, limit, is_it)?);
        }
        found.sort_unstable_by_key(Posting::cursor);
        found.truncate(limit);
        Ok(found)
    }

    /// Whether the record of a posting is of this identity.
    fn is_of(&self, posting: &Posting, identity: &Identity) -> Result<bool, Error> {
        let read = self.log.read(posting.position)?;
        // Another record than the one that was found is damage, and no chance of two names.
        if !read.body().is_ok_and(|body| RecordId::of(&body.content) == posting.id) {
            return Err(self.log.altered(posting.position));
        }
        Ok(self.envelope(&read, posting.position)?.identity == *identity)
    }

    fn envelope(&self, found: &Found, position: Position) -> Result<Envelope, Error> {
        let envelope = found.body().and_then(|body| body.envelope(&found.shared));
        envelope.map_err(|Malformed| self.log.altered(position))
    }

    /// The records whose id begins with these hex digits (a leading `#` is allowed), at most `limit`.
    /// Nothing for text that is no hex, or empty.
    pub fn by_id_prefix(&self, hex: &str, limit: usize) -> Result<Vec<Posting>, Error> {
        self.index.by_id_prefix(hex, limit)
    }

    /// Who wrote what is here, as far as it was received by `as_of`, ordered by name; copies of a record
    /// count once.
    pub fn recorders(&self, as_of: Time) -> Result<Vec<RecorderSpan>, Error> {
        self.index.recorders(as_of)
    }

    /// Ids and positions of what a recorder wrote between two event times (both included), as far as it
    /// was received by `as_of`, ordered by event time and id, each record once: what a declaration of
    /// coverage is over. It is read as far as it is asked for, and ends at the first error.
    pub fn window(
        &self,
        source: &str,
        recorder: &str,
        times: (Time, Time),
        as_of: Time,
    ) -> Result<impl Iterator<Item = Result<(RecordId, Position), Error>>, Error> {
        let window: Window =
            self.index.window(self.keys.recorder(source, recorder), (source, recorder), times, as_of)?;
        Ok(window)
    }

    /// The last checkpoint that the store signed, a C2SP signed note; `None` if there is none yet.
    pub fn checkpoint(&self) -> Result<Option<String>, Error> {
        proof::checkpoint(&self.log)
    }

    /// The public key of its checkpoints, as C2SP writes one.
    pub fn checkpoint_key(&self) -> Result<String, Error> {
        checkpoint::verifier(&self.keys).map(|key| key.to_string())
    }

    /// The proof that a record is in the log that the last checkpoint is of, as a C2SP proof file with the record's
    /// leaf as extra data.
    pub fn prove(&self, position: Position) -> Result<Bundle, Error> {
        proof::inclusion(&self.log, position)
    }

    /// Checks that the log goes on from the one that an older checkpoint is of; gives how many records it had then,
    /// and how many the last checkpoint is of.
    pub fn goes_on_from(&self, checkpoint: &[u8]) -> Result<(u64, u64), Error> {
        proof::since(&self.log, checkpoint)
    }

    fn inflater(&self) -> Result<Inflater, Error> {
        let idle = self.inflaters.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(Inflater::new, Ok)
    }
}

#[cfg(test)]
mod tests;
