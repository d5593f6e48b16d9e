//! Deriving: reading records of the log and asking the adapters for their keys.

use crate::bytes::index;
use crate::error::{Error, Kind};
use crate::index::batch::Batch;
use crate::index::row::{RecorderName, Row};
use crate::known::{Known, Mark, Unread};
use crate::limit;
use crate::log::Damage;
use crate::log::entry::Inflater;
use crate::log::view::View;
use crate::seal::Described;
use crate::term::{Term, TermKey};
use std::ops::Range;
use std::sync::Arc;
use std::thread::{self, Scope, ScopedJoinHandle};
use writ_model::record::{Identity, Record};

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
    row: Row,
    recorder: Term,
    identity: Term,
    /// How many of the lot's terms are its.
    n_terms: usize,
    named: Arc<RecorderName>,
}

/// What was derived, and where the log could not be read.
#[derive(Default)]
struct Lot {
    derived: Vec<Derived>,
    /// Terms of all of them, one record after the other.
    terms: Vec<Term>,
    damage: Vec<Damage>,
}

/// The lots of a chunk, on their way.
struct Lots<'scope>(Vec<ScopedJoinHandle<'scope, Result<Lot, Error>>>);

impl Lots<'_> {
    /// In the order of positions.
    fn wait(self) -> Result<Vec<Lot>, Error> {
        self.0.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(panicked()))).collect()
    }
}

/// Positions in stretches of at most so many.
fn chunks(positions: Range<u64>, most: u64) -> Vec<Range<u64>> {
    let Range { start, end } = positions;
    let starts = (start..end).step_by(index(most.max(1)));
    starts.map(|from| from..end.min(from + most.max(1))).collect()
}

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
        let chunks = chunks(positions, self.chunk_records as u64);
        thread::scope(|scope| {
            let mut ahead = chunks.first().map(|chunk| self.share(scope, chunk.clone()));
            for (n, chunk) in chunks.iter().enumerate() {
                let lots = ahead.take().map_or_else(|| Ok(Vec::new()), Lots::wait)?;
                // The next records are read while the keys of these are put away.
                ahead = chunks.get(n + 1).map(|next| self.share(scope, next.clone()));
                let mut batch = Batch::new(chunk.start);
                let seen = damage.len();
                for lot in lots {
                    damage.extend(lot.damage);
                    let mut terms = lot.terms.as_slice();
                    let identities: Vec<Term> = lot.derived.iter().map(|one| one.identity).collect();
                    for (one, in_parts) in lot.derived.into_iter().zip(known.in_parts(&identities)?) {
                        batch.skip_to(one.position);
                        let Derived { mut row, recorder, identity, ref named, .. } = one;
                        let mark = Mark { identity, id: row.id, copy: row.copy };
                        let named = || RecorderName::clone(named);
                        row.again = known.note(&mark, in_parts, || Some(named()), &mut Unread)?.is_again();
                        let (own, rest) = terms.split_at_checked(one.n_terms).unwrap_or_default();
                        batch.push(row, recorder, named, own);
                        terms = rest;
                    }
                }
                batch.skip_to(chunk.end);
                take(batch, known, damage.get(seen..).unwrap_or_default())?;
            }
            Ok(damage)
        })
    }

    /// Shares the positions of a chunk out to threads.
    fn share<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>, chunk: Range<u64>) -> Lots<'scope> {
        let n_threads = thread::available_parallelism().map_or(1, usize::from).clamp(1, limit::THREADS_MAX) as u64;
        let share = (chunk.end - chunk.start).div_ceil(n_threads).max(1);
        Lots(chunks(chunk, share).into_iter().map(|range| scope.spawn(move || self.read(range))).collect())
    }

    fn read(&self, positions: Range<u64>) -> Result<Lot, Error> {
        let mut inflater = Inflater::new()?;
        let mut lot = Lot::default();
        let mut named: Arc<RecorderName> = Arc::default();
        self.log.each(positions, &mut |position, found| {
            let record = match found {
                Ok((body, shared)) => {
                    body.unpack(shared, &mut inflater).map_err(|_| self.log.lost(position, position + 1))
                }
                Err(lost) => Err(lost),
            };
            match record {
                Ok(record) => {
                    let terms = terms((self.derive)(self.keys, &record));
                    let Described { row, recorder, identity, terms } = Described::of(self.keys, &record, terms);
                    let Identity { source, recorder: name, .. } = record.envelope.identity;
                    // Records of one recorder follow each other.
                    if (&named.0, &named.1) != (&source, &name) {
                        named = Arc::new((source, name));
                    }
                    let (n_terms, named) = (terms.len(), Arc::clone(&named));
                    lot.terms.extend(terms);
                    lot.derived.push(Derived { position, row, recorder, identity, n_terms, named });
                }
                Err(lost) => lot.damage.push(lost),
            }
            Ok(())
        })?;
        Ok(lot)
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
