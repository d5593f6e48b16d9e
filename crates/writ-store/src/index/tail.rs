//! The tail: records that are newer than the last part, in memory.
//!
//! It is a list of sorted runs. What is committed together becomes a run, and a run is joined with the one
//! before as soon as that is less than twice as long: so there are few, a record is sorted about as often
//! as the logarithm of the tail's length, and a snapshot is a copy of a short list of pointers.

use crate::index::batch::Batch;
use crate::index::run::Run;
use crate::limit;
use std::sync::Arc;

/// The unsealed end of an index. Cloning it is making a snapshot of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail {
    first: u64,
    runs: Vec<Arc<Run>>,
    /// How many runs, from the first, are on their way into a part: they stay as they are.
    n_sealed: usize,
}

impl Tail {
    /// An empty tail that begins at a position.
    pub(crate) fn new(first: u64) -> Tail {
        Tail { first, runs: Vec::new(), n_sealed: 0 }
    }

    /// Position of the first record.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// The position after the last record.
    pub(crate) fn next(&self) -> u64 {
        self.runs.last().map_or(self.first, |run| run.facts.next)
    }

    /// How many records it holds that are not sealed yet.
    pub(crate) fn n_rows(&self) -> usize {
        self.runs.iter().skip(self.n_sealed).map(|run| run.rows.len()).sum()
    }

    /// How many postings these have: what bounds the memory besides the rows.
    pub(crate) fn n_postings(&self) -> usize {
        self.runs.iter().skip(self.n_sealed).map(|run| run.postings.len()).sum()
    }

    /// Whether it is large enough to be sealed.
    pub(crate) fn is_full(&self) -> bool {
        self.n_rows() >= limit::CHUNK_RECORDS || self.n_postings() >= limit::CHUNK_POSTINGS
    }

    pub(crate) fn runs(&self) -> &[Arc<Run>] {
        &self.runs
    }

    /// Adds the batch that begins where the tail ends.
    pub(crate) fn push(&mut self, batch: Batch) {
        if batch.next == batch.first {
            return;
        }
        let mut run = Arc::new(Run::sort(batch));
        while let Some(last) = self.last_open().filter(|last| last.rows.len() < 2 * run.rows.len().max(1)) {
            run = Arc::new(Run::join(&[last, &run]));
            self.runs.pop();
        }
        self.runs.push(run);
    }

    /// The last run, unless it is sealed.
    fn last_open(&self) -> Option<&Run> {
        self.runs.get(self.n_sealed..).and_then(|open| open.last()).map(AsRef::as_ref)
    }

    /// Seals what is there and hands it over, to be joined and written to a part by another thread. Look-ups
    /// find it here until [`Tail::release`].
    pub(crate) fn seal(&mut self) -> Vec<Arc<Run>> {
        let sealed = self.runs.get(self.n_sealed..).unwrap_or_default().to_vec();
        self.n_sealed = self.runs.len();
        sealed
    }

    /// Forgets sealed runs up to a position: there is a part that holds them.
    pub(crate) fn release(&mut self, position: u64) {
        let sealed = self.runs.get(..self.n_sealed).unwrap_or_default();
        let n = sealed.iter().take_while(|run| run.facts.next <= position).count();
        self.first = n.checked_sub(1).and_then(|last| self.runs.get(last)).map_or(self.first, |run| run.facts.next);
        self.runs.drain(..n);
        self.n_sealed -= n;
    }
}
