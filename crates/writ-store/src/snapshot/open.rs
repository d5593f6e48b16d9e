//! Opening: list the files, scan the segment that is appended to, derive what no part of the index holds.

use crate::derive::Deriver;
use crate::error::Error;
use crate::folder::Folder;
use crate::index::Index;
use crate::index::header::Owner;
use crate::index::part::Part;
use crate::index::tail::Tail;
use crate::known::Known;
use crate::limit;
use crate::log::view::View;
use crate::log::{Damage, DamageCause, Position};
use crate::look::Look;
use crate::snapshot::Snapshot;
use crate::storage::Storage;
use crate::term::{Term, TermKey};
use std::path::Path;
use std::sync::{Arc, Mutex};
use writ_model::canon::Digest;
use writ_model::record::Record;

pub(super) fn open<D>(storage: &Arc<dyn Storage>, dir: &Path, derivation: Digest, derive: &D) -> Result<Snapshot, Error>
where
    D: Fn(&TermKey, &Record) -> Vec<Term> + Sync,
{
    let folder = Folder::open(dir)?;
    let owner = Owner::new(&folder.keys, derivation);
    let Look { log, parts, manifest, marked } = Look::of(storage, &folder, &owner)?;
    let mut damage = log.damage().to_vec();
    damage.extend(missing(&log, manifest.n_noted().max(marked)));
    let handles: Vec<Arc<Part>> = parts.parts.iter().map(|(_, part)| Arc::clone(part)).collect();
    let covered = parts.next().min(log.next());
    let n_missing = log.next() - covered;
    if n_missing > limit::DERIVED_MAX {
        let place = dir.display();
        let cause = parts.fault.map_or_else(
            || "another version of writ made it, or it was deleted".to_owned(),
            |fault| fault.message().to_owned(),
        );
        return Err(Error::invalid(format!(
            "{n_missing} records of `{place}` are in no index that can be used ({cause}): run `writ rebuild`"
        )));
    }
    let mut tail = Tail::default();
    let chunk_records = limit::CHUNK_RECORDS;
    let deriver = Deriver { log: &log, keys: &folder.keys, derive, chunk_records };
    let mut known = Known::new(Index::new(&handles, &tail)?);
    let mut n_derived = 0;
    let derived = deriver.run(covered..log.next(), &mut known, |batch, known, _| {
        n_derived += batch.rows.len() as u64;
        known.end_batch(batch.next);
        tail.push(batch);
        Ok(())
    })?;
    // Of a stretch that is known to be damaged, each record turns out to be lost again.
    let is_known = |one: &Damage| damage.iter().any(|known| known.holds(one.first));
    let new: Vec<Damage> = derived.into_iter().filter(|one| !is_known(one)).collect();
    damage.extend(new);
    let lost = damage.iter().map(|one| one.first.0..one.first.0 + one.lost).collect();
    let index = Index::new(&handles, &tail)?.without(lost);
    Ok(Snapshot { keys: folder.keys, log, index, damage, n_derived, inflaters: Mutex::default() })
}

/// Records that were acknowledged, since keys, hashes or the mark tell of so many, and are gone.
fn missing(log: &View, noted: u64) -> Option<Damage> {
    let lost = noted.checked_sub(log.next()).filter(|lost| *lost > 0)?;
    let (file, offset) = (log.path(log.next()), log.scan().end);
    let bytes = log.scan().size.saturating_sub(offset);
    Some(Damage { file, offset, bytes, first: Position(log.next()), lost, cause: DamageCause::Missing })
}
