//! The tail: records that are newer than the last part, in memory.
//!
//! It is a list of sorted runs. What is committed together becomes a run, and a run is joined with the one
//! before as soon as that is less than twice as long: so there are few, a record is sorted about as often
//! as the logarithm of the tail's length, and a snapshot is a copy of a short list of pointers.

use crate::index::batch::Batch;
use crate::index::run::Run;
use std::sync::Arc;

/// The unsealed end of an index. Cloning it is making a snapshot of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail {
    runs: Vec<Arc<Run>>,
}

impl Tail {
    pub(crate) fn runs(&self) -> &[Arc<Run>] {
        &self.runs
    }

    /// Adds the batch that begins where the tail ends.
    pub(crate) fn push(&mut self, batch: Batch) {
        if batch.next == batch.first {
            return;
        }
        let mut run = Arc::new(Run::sort(batch));
        while let Some(last) = self.runs.last().filter(|last| last.rows.len() < 2 * run.rows.len().max(1)) {
            run = Arc::new(Run::join(&[last, &run]));
            self.runs.pop();
        }
        self.runs.push(run);
    }
}
