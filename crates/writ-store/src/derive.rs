//! Deriving: reading records of the log and asking the adapters for their keys.

use crate::error::{Error, Kind};
use crate::index::batch::Batch;
use crate::known::{Known, Mark};
use crate::limit;
use crate::log::Damage;
use crate::log::entry::Inflater;
use crate::log::view::View;
use crate::seal::Described;
use crate::term::{Term, TermKey};
use std::ops::Range;
use std::thread;
use writ_model::record::Record;

/// Where records come from, and who knows their keys.
pub(crate) struct Deriver<'a, D> {
    pub(crate) log: &'a View,
    pub(crate) keys: &'a TermKey,
    pub(crate) derive: &'a D,
    /// How many records make a batch.
    pub(crate) chunk_records: usize,
}

/// One record's keys.
struct Derived {
    position: u64,
    described: Described,
    recorder: (String, String),
}

/// What was derived, and where the log could not be read.
type Lot = (Vec<Derived>, Vec<Damage>);

impl<D: Fn(&TermKey, &Record) -> Vec<Term> + Sync> Deriver<'_, D> {
    /// Derives the keys of these positions. Batches of about a chunk are handed over one after the
    /// other, each with the damage that was met in it;
    /// `known` is told of each record, and says which of them stand there again.
    pub(crate) fn run(
        &self,
        positions: Range<u64>,
        known: &mut Known,
        mut take: impl FnMut(Batch, &mut Known, &[Damage]) -> Result<(), Error>,
    ) -> Result<Vec<Damage>, Error> {
        let mut damage = Vec::new();
        let mut at = positions.start;
        while at < positions.end {
            let to = positions.end.min(at + self.chunk_records as u64);
            let mut batch = Batch::new(at);
            let seen = damage.len();
            for (lot, found) in self.share(at..to)? {
                damage.extend(found);
                for one in lot {
                    batch.skip_to(one.position);
                    let Described { mut row, recorder, identity, terms } = one.described;
                    let mark = Mark { identity, id: row.id, copy: row.copy };
                    row.again = known.note(&mark, || Some(one.recorder.clone()), |_| Ok(true))?.is_again();
                    batch.push(row, recorder, || one.recorder, &terms);
                }
            }
            batch.skip_to(to);
            take(batch, known, damage.get(seen..).unwrap_or_default())?;
            at = to;
        }
        Ok(damage)
    }

    /// Shares the positions out to threads.
    fn share(&self, positions: Range<u64>) -> Result<Vec<Lot>, Error> {
        let n_threads = thread::available_parallelism().map_or(1, usize::from).clamp(1, limit::THREADS_MAX) as u64;
        let share = (positions.end - positions.start).div_ceil(n_threads).max(1);
        let starts = (0..n_threads).map(|n| positions.start + n * share).filter(|from| *from < positions.end);
        let ranges: Vec<Range<u64>> = starts.map(|from| from..positions.end.min(from + share)).collect();
        thread::scope(|scope| {
            let threads: Vec<_> = ranges.into_iter().map(|range| scope.spawn(move || self.read(range))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(panicked()))).collect()
        })
    }

    fn read(&self, positions: Range<u64>) -> Result<Lot, Error> {
        let mut inflater = Inflater::new()?;
        let (mut lot, mut damage) = (Vec::new(), Vec::new());
        self.log.each(positions, &mut |position, found| {
            let record = match found {
                Ok((body, shared)) => {
                    body.unpack(shared, &mut inflater).map_err(|_| self.log.lost(position, position + 1))
                }
                Err(lost) => Err(lost),
            };
            match record {
                Ok(record) => {
                    let described = Described::of(self.keys, &record, terms((self.derive)(self.keys, &record)));
                    let identity = record.envelope.identity;
                    lot.push(Derived { position, described, recorder: (identity.source, identity.recorder) });
                }
                Err(lost) => damage.push(lost),
            }
            Ok(())
        })?;
        Ok((lot, damage))
    }
}

/// Of terms that adapters name, those that are kept: sealing refused more, and adapters may name more today.
pub(crate) fn terms(mut terms: Vec<Term>) -> Vec<Term> {
    terms.truncate(limit::TERMS_MAX);
    terms
}

fn panicked() -> Error {
    Error::new(Kind::Internal, "deriving keys stopped with a panic: please report this with the record that causes it")
}
