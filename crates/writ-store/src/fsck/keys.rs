//! Keys against records: whether a part of the index holds the keys of its records, and no others.

use super::Check;
use crate::error::Error;
use crate::index::part::Part;
use crate::index::row::Row;
use crate::index::terms::Entry;
use crate::seal::Described;
use crate::shelf;
use crate::term::Term;
use std::hash::{DefaultHasher, Hash, Hasher};
use writ_model::record::Identity;

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

impl Expected {
    /// Takes in a record.
    pub(super) fn add(&mut self, position: u64, described: &Described, identity: &Identity) {
        self.tally.row(position, &described.row, (&identity.source, &identity.recorder));
        described.terms.iter().for_each(|term| self.tally.posting(position, *term));
    }
}

impl Tally {
    /// Whether a copy stands earlier depends on other parts, and is left out.
    pub(super) fn row(&mut self, position: u64, row: &Row, recorder: (&str, &str)) {
        let place = (row.time, row.id.0, row.copy);
        self.rows = self.rows.wrapping_add(hash((position, place, row.precision_ms, row.received, recorder)));
    }

    pub(super) fn posting(&mut self, position: u64, term: Term) {
        self.postings = self.postings.wrapping_add(hash((position, term.0)));
    }

    /// Of what a part holds: reads all its rows and postings.
    fn of(part: &Part) -> Result<Tally, Error> {
        let mut tally = Tally::default();
        let (first, recorders) = (part.facts().first, part.recorders()?);
        let mut positions = Vec::new();
        for block in 0..part.n_blocks() {
            for row in part.rows(block)? {
                let position = first + u64::from(row.local);
                let name = recorders.get(row.recorder as usize).map(|recorder| &recorder.name);
                tally.row(position, &row, name.map_or(("", ""), |(source, recorder)| (source, recorder)));
                positions.push(position);
            }
        }
        let mut post = |term: Term, ranks: &[u32]| {
            for position in ranks.iter().filter_map(|rank| positions.get(*rank as usize)) {
                tally.posting(*position, term);
            }
        };
        for bucket in 0..part.header().n_buckets {
            for (term, entry) in part.terms(bucket)? {
                match entry {
                    Entry::Few(ranks) => post(term, &ranks),
                    Entry::Many { count, place } => {
                        for block in part.list(count, place)? {
                            post(term, &part.ranks(&block)?);
                        }
                    }
                }
            }
        }
        Ok(tally)
    }
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
            match Tally::of(part).and_then(|tally| part.check_ways().map(|()| tally)) {
                Err(error) => self.report.of_file(part.path(), None, error.message()),
                Ok(_) if expected.has_holes => {}
                Ok(_) if expected.root.is_some_and(|root| root != entry.root) => {
                    self.report.of_file(
                        part.path(),
                        None,
                        "it is of another log: the root that it notes is not this one's",
                    );
                }
                Ok(tally) if tally != expected.tally => {
                    self.report.of_file(part.path(), None, "its keys are not those of its records");
                }
                Ok(_) => {}
            }
        }
    }
}
