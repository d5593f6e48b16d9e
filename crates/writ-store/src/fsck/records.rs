//! Every record: its checksum, its digest, its leaf in the tree, and what keys it must have.
//!
//! What is told by a record alone is found out in as many threads as there are cores; what depends on those before it,
//! tree and report, follows in order.

use super::keys::{Expected, Tally};
use super::{Adapter, Check, Problem, Report};
use crate::derive;
use crate::error::{Error, Kind};
use crate::leaf;
use crate::limit;
use crate::log::entry::Inflater;
use crate::log::view::View;
use crate::log::{Damage, Position, ahead};
use crate::seal::{Described, LastRecorder};
use crate::shelf;
use crate::term::TermKey;
use crate::tree;
use std::ops::Range;
use std::path::PathBuf;
use writ_tlog::hash::Hash;
use writ_tlog::tile::{Place, n_entries};
use writ_tlog::tree::{Frontier, Head};

/// What a record tells by itself.
struct Told {
    /// Hash of its leaf.
    leaf: Hash,
    /// Whether its digest is that of its content.
    is_own: bool,
    /// What the index must hold of it.
    tally: Tally,
}

/// Of records one after the other, the position and what each tells, or what cannot be read from there on.
type Lot = Vec<(u64, Result<Told, Damage>)>;

fn read(log: &View, keys: &TermKey, adapter: &dyn Adapter, positions: Range<u64>) -> Result<Lot, Error> {
    let (mut inflater, mut last) = (Inflater::new()?, LastRecorder::default());
    let mut all = Vec::new();
    log.each(positions, &mut |position, found| {
        let told = found.and_then(|(body, shared)| {
            let record = body.unpack(shared, &mut inflater).map_err(|_| log.lost(position, position + 1))?;
            let described = Described::of(keys, &mut last, &record, derive::terms(adapter.terms(keys, &record)));
            Ok(Told {
                leaf: leaf::hash(keys, &record, (&shared.said, body.identifiers.stored)),
                is_own: adapter.is_own(&record),
                tally: Tally::of_record(position, &described, &record.envelope.identity),
            })
        });
        all.push((position, told));
        Ok(())
    })?;
    Ok(all)
}

impl Check<'_> {
    /// Checks each, and gives what each part of the index must hold. `noted` is how many there must be.
    pub(super) fn records(
        &mut self,
        parts: &shelf::Opened,
        noted: u64,
        adapter: &dyn Adapter,
    ) -> Result<Vec<Expected>, Error> {
        let (log, keys, report) = (self.log, self.keys, &mut self.report);
        let mut leaves = Leaves {
            stored: tree::Reader::new(self.storage, self.dir),
            folder: tree::folder(self.dir),
            noted: self.manifest.noted.tree,
            signed: self.signed,
            frontier: Some(Frontier::new()),
        };
        let mut expected = vec![Expected::default(); parts.parts.len()];
        let part_of = |position: u64| parts.parts.partition_point(|(entry, _)| entry.next() <= position);
        let read = |positions| read(log, keys, adapter, positions);
        ahead::in_order(0..log.next(), limit::CHUNK_RECORDS, read, |chunk, lots| {
            adapter.told(chunk.start, log.next());
            for (position, told) in lots.into_iter().flatten() {
                let Told { leaf, is_own, tally } = match told {
                    Ok(told) => told,
                    Err(lost) => {
                        let of_parts = part_of(position)..=part_of(position + lost.lost - 1);
                        let expected = expected.iter_mut().enumerate().filter(|(n, _)| of_parts.contains(n));
                        expected.for_each(|(_, expected)| expected.has_holes = true);
                        // Those of a damaged frame were told with it.
                        if !is_told(report, lost.first.0..lost.first.0 + lost.lost) {
                            report.lost(lost);
                        }
                        leaves.frontier = None;
                        continue;
                    }
                };
                let problem = if !is_own {
                    Some("its digest is not that of its content")
                } else if leaves.differs(Place { level: 0, index: position }, leaf)? {
                    Some("the tree holds another leaf for it")
                } else {
                    None
                };
                match problem {
                    None => report.n_sound += 1,
                    Some(cause) => {
                        let (file, first) = (log.path(position), Some(Position(position)));
                        report.push(Problem { file, byte: None, first, records: 1, cause: cause.to_owned() });
                    }
                }
                report.n_leaves += 1;
                leaves.grow(leaf, report)?;
                let part = part_of(position);
                if let (Some(expected), Some((entry, _))) = (expected.get_mut(part), parts.parts.get(part)) {
                    expected.tally = expected.tally.and(tally);
                    if position + 1 == entry.next() {
                        expected.root = leaves.frontier.as_ref().map(Frontier::root);
                    }
                }
            }
            Ok(())
        })?;
        self.report.root = leaves.frontier.map(|frontier| frontier.root());
        if log.next() < noted {
            let (first, records) = (Some(Position(log.next())), noted - log.next());
            let cause = "records were acknowledged that the log has no more".to_owned();
            self.report.push(Problem { file: log.path(log.next()), byte: None, first, records, cause });
        }
        Ok(expected)
    }
}

/// Whether each of these positions was named.
fn is_told(report: &Report, mut positions: Range<u64>) -> bool {
    while positions.start < positions.end {
        let mut told = report.problems.iter().filter_map(|problem| Some(problem.first?.0..problem.end()?.0));
        let Some(told) = told.find(|told| told.contains(&positions.start)) else { return false };
        positions.start = told.end;
    }
    true
}

/// Hashes as they are stored, and as they must be.
struct Leaves<'s> {
    stored: tree::Reader<'s>,
    folder: PathBuf,
    /// How far they were noted to be durable.
    noted: Head,
    /// What the last checkpoint says.
    signed: Option<Head>,
    /// The tree over the records so far; none behind one that is lost.
    frontier: Option<Frontier>,
}

impl Leaves<'_> {
    /// Whether another hash is stored there.
    fn differs(&mut self, place: Place, hash: Hash) -> Result<bool, Error> {
        if place.index >= n_entries(place.level, self.noted.size) {
            return Ok(false);
        }
        match self.stored.hash(place) {
            Ok(stored) => Ok(stored != hash),
            // A file that is gone or cut holds another hash, or none.
            Err(error) if matches!(error.kind(), Kind::Corrupt | Kind::Unavailable) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Takes in a leaf, and compares what becomes complete above it.
    fn grow(&mut self, leaf: Hash, report: &mut Report) -> Result<(), Error> {
        let Some(frontier) = &mut self.frontier else { return Ok(()) };
        let mut above = Vec::new();
        let _ = frontier.append(leaf, |place, hash| above.push((place, hash)));
        let is_noted = frontier.size() == self.noted.size;
        if is_noted && frontier.root() != self.noted.root {
            report.of_file(&self.folder, None, "its root is not the one that was noted");
        }
        let is_other = |head: Head| frontier.size() == head.size && frontier.root() != head.root;
        if self.signed.is_some_and(is_other) {
            report.of_file(&self.folder, None, "its root is not the one that the checkpoint was signed for");
        }
        for (place, hash) in above.into_iter().filter(|(place, _)| place.level > 0) {
            if self.differs(place, hash)? {
                let file = self.folder.join(place.level.to_string());
                report.of_file(&file, Some(place.byte()), "the hash is not that of the leaves below it");
            }
        }
        Ok(())
    }
}
