//! Deriving: reading records of the log and asking the adapters for their keys.

use crate::bytes::len32;
use crate::error::{Error, Kind};
use crate::file::{self, File};
use crate::keys::batch::{Batch, LogEnd};
use crate::limit;
use crate::log::entry::{Entry, Inflater};
use crate::log::scan::Span;
use crate::log::{Damage, DamageCause, Position};
use crate::seal::Described;
use crate::term::{Term, TermKey};
use std::path::Path;
use std::thread;
use writ_model::record::Record;

/// Where records come from, and who knows their keys.
pub(crate) struct Deriver<'a, D> {
    pub(crate) log: &'a dyn File,
    pub(crate) path: &'a Path,
    pub(crate) keys: &'a TermKey,
    pub(crate) derive: &'a D,
}

/// What was derived, and where the log could not be read.
type Derived = (Batch, Vec<Damage>);

impl<D: Fn(&TermKey, &Record) -> Vec<Term> + Sync> Deriver<'_, D> {
    /// Derives the keys of these frames, of which the first record should stand at `first`. Batches
    /// of about a chunk are handed over one after the other.
    pub(crate) fn run(
        &self,
        spans: &[Span],
        first: u64,
        mut take: impl FnMut(Batch) -> Result<(), Error>,
    ) -> Result<Vec<Damage>, Error> {
        let mut damage = Vec::new();
        let (mut rest, mut first) = (spans, first);
        while !rest.is_empty() {
            let (lot, after) = rest.split_at_checked(lot(rest)).unwrap_or((rest, &[]));
            let mut batch = Batch::new(first);
            for part in self.share(lot)? {
                let (derived, found) = part;
                batch.skip_to(derived.first);
                batch.append(derived, self.keys);
                damage.extend(found);
            }
            first = batch.next();
            rest = after;
            take(batch)?;
        }
        Ok(damage)
    }

    /// Shares the frames out to threads.
    fn share(&self, lot: &[Span]) -> Result<Vec<Derived>, Error> {
        let n_threads = thread::available_parallelism().map_or(1, usize::from).min(limit::THREADS_MAX).min(lot.len());
        if n_threads < 2 {
            return Ok(vec![self.read(lot)?]);
        }
        let share = lot.len().div_ceil(n_threads);
        thread::scope(|scope| {
            let threads: Vec<_> = lot.chunks(share).map(|spans| scope.spawn(|| self.read(spans))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(panicked()))).collect()
        })
    }

    fn read(&self, spans: &[Span]) -> Result<Derived, Error> {
        let io = |error| Error::io("read", self.path, error);
        let mut inflater = Inflater::new().map_err(io)?;
        let mut batch = Batch::new(spans.first().map_or(0, |span| span.first));
        let (mut damage, mut payload) = (Vec::new(), Vec::new());
        for span in spans {
            batch.skip_to(span.first);
            payload.resize(span.payload as usize, 0);
            file::read_exact_at(self.log, &mut payload, span.body()).map_err(io)?;
            damage.extend(self.read_frame(span, &payload, &mut inflater, &mut batch));
            batch.end = LogEnd { offset: span.end(), chain: span.chain };
        }
        Ok((batch, damage))
    }

    fn read_frame(&self, span: &Span, payload: &[u8], inflater: &mut Inflater, batch: &mut Batch) -> Option<Damage> {
        let (mut rest, mut offset) = (payload, span.body());
        while batch.next() < span.next() {
            let unpacked = Entry::decode(rest).and_then(|(entry, len)| Ok((entry.unpack(inflater)?, len)));
            let Ok((record, len)) = unpacked else {
                let (first, lost) = (Position(batch.next()), span.next() - batch.next());
                batch.skip_to(span.next());
                let (file, bytes) = (self.path.to_owned(), rest.len() as u64);
                return Some(Damage { file, offset, bytes, first, lost, cause: DamageCause::Entries });
            };
            let mut terms = (self.derive)(self.keys, &record);
            terms.truncate(limit::TERMS_MAX);
            let Described { mut row, recorder, terms } = Described::of(self.keys, &record, terms);
            (row.offset, row.len) = (offset, len32(len));
            batch.push(row, recorder, || Some(record.envelope), &terms);
            rest = rest.get(len..).unwrap_or_default();
            offset += len as u64;
        }
        None
    }
}

/// How many frames make about a chunk of records.
fn lot(spans: &[Span]) -> usize {
    let mut records = 0;
    let full = spans.iter().position(|span| {
        records += span.records as usize;
        records >= limit::CHUNK_RECORDS
    });
    full.map_or(spans.len(), |last| last + 1)
}

fn panicked() -> Error {
    Error::new(Kind::Internal, "deriving keys stopped with a panic: please report this with the record that causes it")
}
