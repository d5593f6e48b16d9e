//! Batches: rows and postings in the order of arrival, on their way into a run or a part.

use crate::bytes::len32;
use crate::index::row::{RecorderName, Row};
use crate::term::Term;
use std::collections::HashMap;

/// Rows of consecutive positions and their postings, unsorted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    /// Position of the first record.
    pub(crate) first: u64,
    /// The position after the last one, lost records included.
    pub(crate) next: u64,
    /// By position; a record that is lost has no row.
    pub(crate) rows: Vec<Row>,
    /// Term, as the index keeps it, and index into `rows`.
    pub(crate) postings: Vec<(Term, u32)>,
    pub(crate) recorders: Vec<RecorderName>,
    by_term: HashMap<Term, u32>,
}

impl Batch {
    pub(crate) fn new(first: u64) -> Batch {
        Batch { first, next: first, ..Batch::default() }
    }

    /// What comes behind a full one, with room for as much and a little more: records have now more keys, now fewer.
    pub(crate) fn after(full: &Batch) -> Batch {
        let rows = Vec::with_capacity(full.rows.len());
        let n_postings = full.postings.len() + full.postings.len() / 8;
        Batch { rows, postings: Vec::with_capacity(n_postings), ..Batch::new(full.next) }
    }

    /// Adds the record at the next position. Its row needs neither `local` nor `recorder`; `recorder` is
    /// the term of its recorder, whose name is asked for only if it is new here.
    pub(crate) fn push(&mut self, row: Row, recorder: Term, name: impl FnOnce() -> RecorderName, terms: &[Term]) {
        let recorder = if let Some(known) = self.by_term.get(&recorder) {
            *known
        } else {
            let n = len32(self.recorders.len());
            self.recorders.push(name());
            self.by_term.insert(recorder, n);
            n
        };
        let at = len32(self.rows.len());
        self.rows.push(Row { local: len32(crate::bytes::index(self.next - self.first)), recorder, ..row });
        self.postings.extend(terms.iter().map(|term| (term.kept(), at)));
        self.next += 1;
    }

    /// Leaves places of lost records empty, up to this position.
    pub(crate) fn skip_to(&mut self, position: u64) {
        self.next = self.next.max(position);
    }
}
