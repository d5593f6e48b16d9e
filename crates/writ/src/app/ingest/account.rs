//! The account: every input ends as a record, a duplicate or a reject, per source and in all.

use super::Event;
use super::lowered::{LoweredCount, LoweredEntry};
use super::worker::ReadBatch;
use crate::error::Error;
use crate::input::{Input, Note, Problem};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Rejects listed one by one; the rest are counted. A wrong folder must not fill the memory.
const REJECTED_MAX: usize = 10_000;

/// Problems listed one by one; the rest are counted.
const PROBLEMS_MAX: usize = 10_000;

/// Inputs named of which nothing stood in; the rest are counted.
const EMPTY_MAX: usize = 1_000;

/// What became of inputs. `inputs` is the sum of `records`, `duplicates` and `rejects`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Tally {
    /// Elements that were found.
    pub(crate) inputs: u64,
    /// Of those, stored now.
    pub(crate) records: u64,
    /// Of those, in the store already.
    pub(crate) duplicates: u64,
    /// Of those, not read.
    pub(crate) rejects: u64,
    /// Of the records, those whose id names another content too.
    pub(crate) conflicts: u64,
    /// What the records say.
    pub(crate) facts: u64,
}

impl Tally {
    pub(super) fn add(&mut self, other: &Tally) {
        self.inputs += other.inputs;
        self.records += other.records;
        self.duplicates += other.duplicates;
        self.rejects += other.rejects;
        self.conflicts += other.conflicts;
        self.facts += other.facts;
    }
}

/// A reject, with its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct RejectedEntry {
    pub(crate) file: String,
    pub(crate) line: u64,
    pub(crate) byte: u64,
    pub(crate) cause: String,
}

/// A file that could not be read, or not wholly.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct ProblemEntry {
    pub(crate) file: String,
    pub(crate) byte: Option<u64>,
    pub(crate) cause: String,
    pub(crate) remedy: String,
}

/// `writ.ingest/1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Summary {
    pub(crate) schema: &'static str,
    pub(crate) files: u64,
    #[serde(flatten)]
    pub(crate) total: Tally,
    pub(crate) sources: BTreeMap<String, Tally>,
    pub(crate) rejected: Vec<RejectedEntry>,
    pub(crate) rejected_unlisted: u64,
    /// Records whose custody is `open`.
    pub(crate) open: Vec<LoweredEntry>,
    pub(crate) open_unlisted: u64,
    pub(crate) problems: Vec<ProblemEntry>,
    pub(crate) problems_unlisted: u64,
}

/// The account while it is kept.
#[derive(Debug, Default)]
pub(super) struct Account {
    /// How many inputs there were.
    inputs: u64,
    /// Those in which something stood, by their place in this run.
    filled: BTreeSet<u64>,
    /// Names of those in which nothing stood so far, [`EMPTY_MAX`] at most.
    unfilled: BTreeMap<u64, String>,
    total: Tally,
    sources: BTreeMap<String, Tally>,
    /// Per file that was handed in.
    pub(super) per_file: BTreeMap<usize, Tally>,
    /// Who wrote what was handed in.
    pub(super) recorders: BTreeSet<(&'static str, String)>,
    /// Of whom something came that anybody may have written.
    open: BTreeSet<(&'static str, String)>,
    lowered: LoweredCount,
    /// What was passed over and may hold records.
    passed: u64,
    rejected: Vec<RejectedEntry>,
    rejected_unlisted: u64,
    problems: Vec<ProblemEntry>,
    problems_unlisted: u64,
}

impl Account {
    pub(super) fn total(&self) -> &Tally {
        &self.total
    }

    pub(super) fn input(&mut self, input: &Input) {
        self.inputs += 1;
        if !self.filled.contains(&input.index) && self.unfilled.len() < EMPTY_MAX {
            self.unfilled.insert(input.index, input.name.clone());
        }
    }

    /// Why what was handed in cannot be called complete, if so.
    pub(super) fn incomplete(&self) -> Option<String> {
        let problems = self.problems.len() as u64 + self.problems_unlisted;
        let all = [
            (self.total.rejects, "rejects"),
            (problems, "files not read"),
            (self.passed, "notes of what was passed over"),
        ];
        let some: Vec<String> = all.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        (!some.is_empty()).then(|| some.join(", "))
    }

    /// Takes in what was passed over.
    pub(super) fn note(&mut self, note: &Note) {
        self.passed += u64::from(note.unread);
    }

    /// Recorders of which nothing came but what anybody may have written.
    pub(super) fn open_only(&self) -> impl Iterator<Item = &(&'static str, String)> {
        self.open.difference(&self.recorders)
    }

    /// Inputs in which nothing stood: said, so that nobody takes silence for an answer.
    pub(super) fn empty(&self) -> impl Iterator<Item = Note> {
        let note = |name: String, text: &str| Note { name, text: text.to_string(), unread: false };
        let named = self.unfilled.values().map(move |name| note(name.clone(), "holds nothing"));
        let more = self.inputs - (self.filled.len() + self.unfilled.len()) as u64;
        let more = (more > 0).then(|| note(format!("{more} more"), "hold nothing"));
        named.chain(more)
    }

    pub(super) fn batch(&mut self, batch: ReadBatch) {
        if self.filled.insert(batch.input) {
            self.unfilled.remove(&batch.input);
        }
        for (source, tally) in &batch.sources {
            self.sources.entry((*source).to_string()).or_default().add(tally);
            self.total.add(tally);
            self.per_file.entry(batch.file).or_default().add(tally);
        }
        self.recorders.extend(batch.recorders);
        self.open.extend(batch.open);
        for (why, n) in &batch.lowered {
            self.lowered.add(&batch.name, *why, *n);
        }
        for entry in batch.rejected {
            if self.rejected.len() < REJECTED_MAX {
                self.rejected.push(entry);
            } else {
                self.rejected_unlisted += 1;
            }
        }
    }

    pub(super) fn problem(
        &mut self,
        problem: Problem,
        tell: &mut dyn FnMut(Event<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        tell(Event::Problem(&problem))?;
        if self.problems.len() < PROBLEMS_MAX {
            let Problem { name: file, byte, cause, remedy } = problem;
            self.problems.push(ProblemEntry { file, byte, cause, remedy });
        } else {
            self.problems_unlisted += 1;
        }
        Ok(())
    }

    /// The summary, in an order that does not depend on which thread was quicker.
    pub(super) fn summary(mut self) -> Summary {
        self.rejected.sort();
        self.problems.sort();
        let (open, open_unlisted) = self.lowered.told();
        Summary {
            schema: "writ.ingest/1",
            files: self.inputs,
            total: self.total,
            sources: self.sources,
            rejected: self.rejected,
            rejected_unlisted: self.rejected_unlisted,
            open,
            open_unlisted,
            problems: self.problems,
            problems_unlisted: self.problems_unlisted,
        }
    }
}
