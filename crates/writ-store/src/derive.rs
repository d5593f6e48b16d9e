//! Deriving: reading records of the log and asking the adapters for their keys.

use crate::error::Error;
use crate::index::batch::Batch;
use crate::index::row::{RecorderName, Row};
use crate::known::{Known, Mark, Unread};
use crate::limit;
use crate::log::Damage;
use crate::log::ahead;
use crate::log::entry::Inflater;
use crate::log::view::View;
use crate::seal::{Described, LastRecorder};
use crate::term::{Term, TermKey};
use std::ops::Range;
use std::sync::Arc;
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
        let read = |stretch| self.read(stretch);
        ahead::in_order(positions, self.chunk_records, read, |chunk, lots| {
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
            take(batch, known, damage.get(seen..).unwrap_or_default())
        })?;
        Ok(damage)
    }

    fn read(&self, positions: Range<u64>) -> Result<Lot, Error> {
        let mut inflater = Inflater::new()?;
        let mut lot = Lot::default();
        let mut last = LastRecorder::default();
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
                    let Described { row, recorder, identity, terms } =
                        Described::of(self.keys, &mut last, &record, terms);
                    let (n_terms, named) = (terms.len(), last.name());
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
