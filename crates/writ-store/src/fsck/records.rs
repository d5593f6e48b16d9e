//! Every record: its checksum, its digest, its leaf in the tree, and what keys it must have.

use super::keys::Expected;
use super::{Adapter, Check, Problem, Report};
use crate::derive;
use crate::error::{Error, Kind};
use crate::leaf;
use crate::log::Position;
use crate::log::entry::Inflater;
use crate::seal::Described;
use crate::shelf;
use crate::tree;
use std::path::PathBuf;
use writ_tlog::hash::Hash;
use writ_tlog::tile::{Place, n_entries};
use writ_tlog::tree::{Frontier, Head};

/// Records after which it is told how far the check is.
const TOLD_EVERY: u64 = 65_536;

impl Check<'_> {
    /// Checks each, and gives what each part of the index must hold. `noted` is how many there must be.
    pub(super) fn records(
        &mut self,
        parts: &shelf::Opened,
        noted: u64,
        adapter: &mut dyn Adapter,
    ) -> Result<Vec<Expected>, Error> {
        let (log, keys, report) = (self.log, self.keys, &mut self.report);
        let mut inflater = Inflater::new()?;
        let mut leaves = Leaves {
            stored: tree::Reader::new(self.storage, self.dir),
            folder: tree::folder(self.dir),
            noted: self.manifest.noted.tree,
            signed: self.signed,
            frontier: Some(Frontier::new()),
        };
        let mut expected = vec![Expected::default(); parts.parts.len()];
        let part_of = |position: u64| parts.parts.partition_point(|(entry, _)| entry.next() <= position);
        log.each(0..log.next(), &mut |position, found| {
            if position % TOLD_EVERY == 0 {
                adapter.told(position, log.next());
            }
            let whole = found.and_then(|(body, shared)| {
                let record = body.unpack(shared, &mut inflater).map_err(|_| log.lost(position, position + 1))?;
                let hash = leaf::hash(keys, &record, (&shared.said, body.identifiers.stored));
                Ok((record, hash))
            });
            let (record, hash) = match whole {
                Ok(whole) => whole,
                Err(lost) => {
                    let of_parts = part_of(position)..=part_of(position + lost.lost - 1);
                    expected.iter_mut().enumerate().filter(|(n, _)| of_parts.contains(n)).for_each(|(_, expected)| {
                        expected.has_holes = true;
                    });
                    // Those of a damaged frame were told with it.
                    if !is_told(report, lost.first) {
                        let (first, cause) = (Some(lost.first), "the record is not what was written".to_owned());
                        report.push(Problem { file: lost.file, byte: None, first, records: lost.lost, cause });
                    }
                    leaves.frontier = None;
                    return Ok(());
                }
            };
            let problem = if !adapter.is_own(&record) {
                Some("its digest is not that of its content")
            } else if leaves.differs(Place { level: 0, index: position }, hash)? {
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
            leaves.grow(hash, report)?;
            let part = part_of(position);
            if let (Some(expected), Some((entry, _))) = (expected.get_mut(part), parts.parts.get(part)) {
                let described = Described::of(keys, &record, derive::terms(adapter.terms(keys, &record)));
                expected.add(position, &described, &record.envelope.identity);
                if position + 1 == entry.next() {
                    expected.root = leaves.frontier.as_ref().map(Frontier::root);
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

fn is_told(report: &Report, position: Position) -> bool {
    let holds = |problem: &Problem| {
        problem.first.is_some_and(|first| first <= position && position.0 < first.0 + problem.records)
    };
    report.problems.iter().any(holds)
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
