//! Keys against records: whether a part of the index holds the keys of its records, and no others.

use super::Check;
use crate::error::Error;
use crate::index::filter;
use crate::index::header::Facts;
use crate::index::part::Part;
use crate::index::postings;
use crate::index::recorder::Summary;
use crate::index::row::Row;
use crate::index::terms::Entry;
use crate::seal::Described;
use crate::shelf;
use crate::term::Term;
use std::hash::{DefaultHasher, Hash, Hasher};
use writ_model::record::{Identity, RecordId};

/// Sums over rows and postings, which do not depend on their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    rows: u64,
    postings: u64,
}

/// What the log says of the records of a part.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Expected {
    pub(super) tally: Tally,
    /// Whether some record could not be read, so that nothing can be said.
    pub(super) has_holes: bool,
    /// Root of the tree up to the end of the part, where it is known.
    pub(super) root: Option<writ_tlog::hash::Hash>,
}

impl Tally {
    /// Of one record.
    pub(super) fn of_record(position: u64, described: &Described, identity: &Identity) -> Tally {
        let mut tally = Tally::default();
        tally.row(position, &described.row, (&identity.source, &identity.recorder));
        // They are in order, so what is kept of them is, too.
        let mut terms: Vec<Term> = described.terms.iter().map(|term| term.kept()).collect();
        terms.dedup();
        for term in terms {
            tally.posting(position, term);
        }
        tally
    }

    /// Of both.
    pub(super) fn and(self, other: Tally) -> Tally {
        let (rows, postings) = (self.rows.wrapping_add(other.rows), self.postings.wrapping_add(other.postings));
        Tally { rows, postings }
    }

    /// Whether a copy stands earlier depends on other parts, and is left out.
    fn row(&mut self, position: u64, row: &Row, recorder: (&str, &str)) {
        let place = (row.time, row.id.0, row.copy);
        self.rows = self.rows.wrapping_add(hash((position, place, row.precision_ms, row.received, recorder)));
    }

    fn posting(&mut self, position: u64, term: Term) {
        self.postings = self.postings.wrapping_add(hash((position, term.0)));
    }

    /// Of what a part holds: reads all its rows and postings. Says also whether what leads to them does.
    fn of(part: &Part) -> Result<(Tally, bool), Error> {
        let mut tally = Tally::default();
        let (facts, recorders) = (part.facts(), part.recorders()?);
        let mut found = Facts { first: facts.first, next: facts.next, n_rows: facts.n_rows, ..Facts::default() };
        let mut found_recorders: Vec<Summary> =
            recorders.iter().map(|recorder| Summary::new(recorder.name.clone())).collect();
        let mut rows = Vec::new();
        let mut leads = true;
        for block in 0..part.n_blocks() {
            let (of_block, fence) = (part.rows(block)?, part.fence(block)?);
            let received_s = of_block.iter().map(|row| row.received.parts().0).min();
            leads &= of_block.first().is_some_and(|first| first.time == fence.time);
            leads &= received_s == Some(fence.received_s);
            for row in of_block {
                let recorder = found_recorders.get_mut(row.recorder as usize);
                let name = recorder.map(|recorder| {
                    recorder.add(&row, !row.again);
                    &recorder.name
                });
                let position = facts.first + u64::from(row.local);
                tally.row(position, &row, name.map_or(("", ""), |(source, recorder)| (source, recorder)));
                found.add(&row);
                leads &= part.may_hold(filter::id_key(row.id))?;
                rows.push((row.id, row.local));
            }
        }
        leads &= found == *facts && found_recorders == recorders && orders_lead(part, &rows)?;
        let mut is_of_row = true;
        let mut post = |term: Term, ranks: &[u32]| {
            for rank in ranks {
                match rows.get(*rank as usize) {
                    Some((_, local)) => tally.posting(facts.first + u64::from(*local), term),
                    None => is_of_row = false,
                }
            }
        };
        let (mut n_terms, mut n_postings) = (0, 0);
        for bucket in 0..part.header().n_buckets {
            for (term, entry) in part.terms(bucket)? {
                leads &= part.may_hold(filter::term_key(term))?;
                n_terms += 1;
                n_postings += entry.count();
                match entry {
                    Entry::One(rank) => post(term, &[rank]),
                    Entry::Few(ranks) => post(term, &ranks),
                    Entry::Many { count, place } => {
                        for block in part.list(count, place)? {
                            let ranks = part.ranks(&block)?;
                            // The only block of a list has no fence.
                            leads &= !postings::has_fences(count) || ranks.first() == Some(&block.first);
                            post(term, &ranks);
                        }
                    }
                }
            }
        }
        leads &= is_of_row && (n_terms, n_postings) == (part.header().n_terms, part.header().n_postings);
        Ok((tally, leads))
    }
}

/// Whether the two orders of a part lead to its rows: each position to the rank of its row, and ids to ranks in
/// ascending order. `rows`: id and local position by rank.
fn orders_lead(part: &Part, rows: &[(RecordId, u32)]) -> Result<bool, Error> {
    let mut by_position: Vec<(u32, u32)> = rows.iter().map(|(_, local)| *local).zip(0..).collect();
    by_position.sort_unstable();
    let mut last_block = None;
    for (local, rank) in by_position {
        if part.rank_at(u64::from(local), &mut last_block)? != Some(rank) {
            return Ok(false);
        }
    }
    let (mut last_block, mut last) = (None, None);
    for place in 0..rows.len() {
        let by_id = part.rank_by_id(place as u64, &mut last_block)?;
        let found = rows.get(by_id as usize).map(|(id, _)| (*id, by_id));
        if found <= last {
            return Ok(false);
        }
        last = found;
    }
    Ok(true)
}

fn hash(what: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

impl Check<'_> {
    /// Every block of every part, against what the log says.
    pub(super) fn parts(&mut self, parts: &shelf::Opened, expected: &[Expected]) {
        for ((entry, part), expected) in parts.parts.iter().zip(expected) {
            self.report.n_parts += 1;
            match Tally::of(part) {
                Err(error) => self.report.of_file(part.path(), None, error.message()),
                Ok((_, false)) => {
                    self.report.of_file(part.path(), None, "its keys are there and what leads to them does not");
                }
                Ok(_) if expected.has_holes => {}
                Ok(_) if expected.root.is_some_and(|root| root != entry.root) => {
                    self.report.of_file(
                        part.path(),
                        None,
                        "it is of another log: the root that it notes is not this one's",
                    );
                }
                Ok((tally, true)) if tally != expected.tally => {
                    self.report.of_file(part.path(), None, "its keys are not those of its records");
                }
                Ok(_) => {}
            }
        }
    }
}
