//! Batches: rows and postings in the order of arrival, on their way to become a chunk.

use crate::keys::row::Row;
use crate::limit;
use crate::log::frame::Chain;
use crate::term::{Term, TermKey};
use std::collections::HashMap;
use writ_model::record::Envelope;

pub(crate) use crate::index::row::RecorderName;

/// Rows of consecutive positions and their postings, unsorted.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// Position of the first row.
    pub(crate) first: u64,
    pub(crate) rows: Vec<Row>,
    /// Term, and index into `rows`.
    pub(crate) postings: Vec<(Term, u32)>,
    pub(crate) recorders: Vec<RecorderName>,
    by_term: HashMap<Term, u32>,
    /// Where the log stands after the last row.
    pub(crate) end: LogEnd,
}

/// The end of a frame: where, and what the next one follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogEnd {
    pub(crate) offset: u64,
    pub(crate) chain: Chain,
}

/// How far a batch had grown at some moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mark {
    rows: usize,
    postings: usize,
}

/// Whether so many rows and postings are enough for a chunk.
pub(crate) fn is_full(rows: usize, postings: usize) -> bool {
    rows >= limit::CHUNK_RECORDS || postings >= limit::CHUNK_POSTINGS
}

impl Batch {
    pub(crate) fn new(first: u64) -> Batch {
        Batch { first, ..Batch::default() }
    }

    /// A batch that goes on where a chunk ended.
    pub(crate) fn resume(
        first: u64,
        rows: Vec<Row>,
        postings: Vec<(Term, u32)>,
        recorders: Vec<RecorderName>,
        keys: &TermKey,
        end: LogEnd,
    ) -> Batch {
        let names = recorders.iter().zip(0_u32..);
        let by_term = names.map(|((source, recorder), n)| (keys.recorder(source, recorder), n)).collect();
        Batch { first, rows, postings, recorders, by_term, end }
    }

    /// The position after the last row.
    pub(crate) fn next(&self) -> u64 {
        self.first + self.rows.len() as u64
    }

    /// Whether it is large enough to become a chunk.
    pub(crate) fn is_full(&self) -> bool {
        is_full(self.rows.len(), self.postings.len())
    }

    /// Adds a record. `envelope` is read only if its recorder is new here.
    pub(crate) fn push(
        &mut self,
        mut row: Row,
        recorder: Term,
        envelope: impl FnOnce() -> Option<Envelope>,
        terms: &[Term],
    ) {
        row.recorder = if let Some(known) = self.by_term.get(&recorder) {
            *known
        } else {
            let name = envelope().map(|envelope| (envelope.identity.source, envelope.identity.recorder));
            self.add_recorder(recorder, name.unwrap_or_default())
        };
        let local = crate::bytes::len32(self.rows.len());
        self.rows.push(row);
        self.postings.extend(terms.iter().map(|term| (*term, local)));
    }

    /// Leaves places of lost records empty, up to this position.
    pub(crate) fn skip_to(&mut self, position: u64) {
        let missing = crate::bytes::index(position.saturating_sub(self.next()));
        self.rows.extend(std::iter::repeat_n(Row::lost(), missing));
    }

    /// Appends a batch that begins where this one ends.
    pub(crate) fn append(&mut self, other: Batch, keys: &TermKey) {
        let shift = crate::bytes::len32(self.rows.len());
        let renamed: Vec<u32> = other
            .recorders
            .into_iter()
            .map(|name| {
                let term = keys.recorder(&name.0, &name.1);
                self.by_term.get(&term).copied().unwrap_or_else(|| self.add_recorder(term, name))
            })
            .collect();
        self.rows.extend(other.rows.into_iter().map(|mut row| {
            row.recorder = renamed.get(row.recorder as usize).copied().unwrap_or_default();
            row
        }));
        self.postings.extend(other.postings.into_iter().map(|(term, local)| (term, shift + local)));
        self.end = other.end;
    }

    fn add_recorder(&mut self, term: Term, name: RecorderName) -> u32 {
        let n = crate::bytes::len32(self.recorders.len());
        self.recorders.push(name);
        self.by_term.insert(term, n);
        n
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark { rows: self.rows.len(), postings: self.postings.len() }
    }

    /// Forgets what was added after the mark: it did not become durable.
    pub(crate) fn cut(&mut self, mark: Mark) {
        self.rows.truncate(mark.rows);
        self.postings.truncate(mark.postings);
    }
}
