//! Runs: sorted keys in memory, of records that are in no part yet.

use crate::bytes::{index, len32};
use crate::index::batch::Batch;
use crate::index::header::Facts;
use crate::index::recorder::Summary;
use crate::index::row::{RecorderName, Row};
use crate::index::spread;
use crate::term::Term;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::OnceLock;
use writ_model::record::RecordId;

/// In the place of a rank: the record of this position is lost.
const LOST: u32 = u32::MAX;

/// A batch, sorted. It does not change any more, so snapshots share it.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) facts: Facts,
    /// In the order of ranks.
    pub(crate) rows: Vec<Row>,
    /// Term and rank, sorted.
    pub(crate) postings: Vec<(Term, u32)>,
    pub(crate) recorders: Vec<Summary>,
    /// The rank of each position.
    ranks: Vec<u32>,
    /// Ranks in the order of record ids, made when they are first needed.
    by_id: OnceLock<Vec<u32>>,
}

/// Postings in order.
fn by_term(postings: Vec<(Term, u32)>) -> Vec<(Term, u32)> {
    // One number compares without a branch.
    spread::sort(postings, |(term, _)| term.0, |(term, rank)| u128::from(term.0) << 32 | u128::from(*rank))
}

impl Run {
    /// Sorts a batch.
    pub(crate) fn sort(batch: Batch) -> Run {
        let Batch { first, next, mut rows, postings, recorders, .. } = batch;
        let locals: Vec<u32> = rows.iter().map(|row| row.local).collect();
        // Logs arrive nearly in order, and the stable sort profits from that.
        rows.sort_by(|one, other| one.place().cmp(&other.place()).then(one.local.cmp(&other.local)));
        let mut ranks = vec![LOST; index(next.saturating_sub(first))];
        for (rank, row) in (0_u32..).zip(&rows) {
            if let Some(place) = ranks.get_mut(row.local as usize) {
                *place = rank;
            }
        }
        let rank = |at: u32| ranks.get(*locals.get(at as usize)? as usize).copied();
        let mut postings = by_term(postings.into_iter().filter_map(|(term, at)| Some((term, rank(at)?))).collect());
        postings.dedup();
        let mut recorders: Vec<Summary> = recorders.into_iter().map(Summary::new).collect();
        let mut facts = Facts { first, next, n_rows: len32(rows.len()), ..Facts::default() };
        for row in &rows {
            facts.add(row);
            if let Some(recorder) = recorders.get_mut(row.recorder as usize) {
                recorder.add(row, !row.again);
            }
        }
        Run { facts, rows, postings, recorders, ranks, by_id: OnceLock::new() }
    }

    /// Joins runs of which each begins where the one before ends.
    pub(crate) fn join(runs: &[&Run]) -> Run {
        let first = runs.first().map_or(0, |run| run.facts.first);
        let mut batch = Batch::new(first);
        let mut known: BTreeMap<RecorderName, u32> = BTreeMap::new();
        for run in runs {
            let renamed: Vec<u32> = run
                .recorders
                .iter()
                .map(|recorder| {
                    *known.entry(recorder.name.clone()).or_insert_with(|| {
                        batch.recorders.push(recorder.name.clone());
                        len32(batch.recorders.len() - 1)
                    })
                })
                .collect();
            let shift = len32(index(run.facts.first - first));
            let before = len32(batch.rows.len());
            batch.rows.extend(run.rows.iter().map(|row| Row {
                recorder: renamed.get(row.recorder as usize).copied().unwrap_or_default(),
                local: row.local + shift,
                ..*row
            }));
            batch.postings.extend(run.postings.iter().map(|(term, rank)| (*term, rank + before)));
            batch.next = run.facts.next;
        }
        Run::sort(batch)
    }

    /// The ranks of a term's postings, ascending: those between these two.
    pub(crate) fn ranks_of(&self, term: Term, ranks: &Range<u32>) -> &[(Term, u32)] {
        let from = self.postings.partition_point(|posting| *posting < (term, ranks.start));
        let to = self.postings.partition_point(|posting| *posting < (term, ranks.end));
        self.postings.get(from..to).unwrap_or_default()
    }

    /// The rank of a position, counted from the first; `None` if the record is lost.
    pub(crate) fn rank_at(&self, local: u64) -> Option<u32> {
        self.ranks.get(index(local)).copied().filter(|rank| *rank != LOST)
    }

    /// Ranks in the order of record ids.
    pub(crate) fn by_id(&self) -> &[u32] {
        self.by_id.get_or_init(|| {
            let id = |rank: &u32| self.rows.get(*rank as usize).map_or(RecordId([0; 16]), |row| row.id);
            let mut ranks: Vec<u32> = (0..self.facts.n_rows).collect();
            ranks.sort_by_key(id);
            ranks
        })
    }

    /// How many distinct terms it has.
    pub(crate) fn n_terms(&self) -> u64 {
        self.postings.chunk_by(|one, other| one.0 == other.0).count() as u64
    }
}
