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
use crate::log::{Damage, DamageCause, Position, mark, open as log};
use crate::manifest::Manifest;
use crate::shelf;
use crate::snapshot::Snapshot;
use crate::storage::{Open, Storage};
use crate::term::{Term, TermKey};
use std::path::Path;
use std::sync::{Arc, Mutex};
use writ_model::canon::Digest;
use writ_model::record::Record;

/// Times that the files are listed anew because some of them were merged away meanwhile.
const LOOKS_MAX: usize = 8;

pub(super) fn open<D>(storage: &Arc<dyn Storage>, dir: &Path, derivation: Digest, derive: &D) -> Result<Snapshot, Error>
where
    D: Fn(&TermKey, &Record) -> Vec<Term> + Sync,
{
    let folder = Folder::open(dir)?;
    let owner = Owner { store: folder.keys.store(), derivation };
    let mut look = look(storage, &folder, &owner)?;
    for _ in 1..LOOKS_MAX {
        // A writer that is just now cutting off a torn tail can look like damage, and one that merges
        // parts takes files away that were listed. What is really so shows again.
        if look.log.damage().is_empty() && look.parts.fault.is_none() {
            break;
        }
        look = self::look(storage, &folder, &owner)?;
    }
    let Look { log, parts, manifest, marked } = look;
    let mut damage = log.damage().to_vec();
    damage.extend(missing(&log, &manifest, &owner, marked));
    let handles: Vec<Arc<Part>> = parts.parts.iter().map(|(_, part)| Arc::clone(part)).collect();
    let covered = parts.next().min(log.next());
    let n_missing = log.next() - covered;
    if n_missing > limit::DERIVED_MAX {
        let place = dir.display();
        let cause = parts
            .fault
            .map_or_else(|| "other adapters made it, or it was deleted".to_owned(), |fault| fault.message().to_owned());
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

/// The files of a folder at one moment.
struct Look {
    manifest: Manifest,
    log: View,
    parts: shelf::Opened,
    /// How much some writer had acknowledged.
    marked: u64,
}

fn look(storage: &Arc<dyn Storage>, folder: &Folder, owner: &Owner) -> Result<Look, Error> {
    let (dir, keys) = (folder.dir(), &folder.keys);
    // In this order: whatever was acknowledged by the mark is in the segments that are then listed.
    let marked = mark::read(storage.as_ref(), &folder.mark(), keys.store());
    let durable = marked.filter(|_| folder.is_written());
    let opened = log::open(storage.as_ref(), dir, keys, Open::Read)?;
    let manifest = opened.manifest.clone();
    let mut parts = shelf::open(storage.as_ref(), dir, owner, &manifest);
    let mut log = View::new(Arc::clone(storage), dir, keys, opened);
    if let Some(durable) = durable {
        // What a part holds was acknowledged, maybe since the mark was read.
        log.hide_from(durable.max(parts.next()));
    }
    // Keys of records that the log has no more lead nowhere.
    parts.parts.retain(|(entry, _)| entry.next() <= log.next());
    Ok(Look { manifest, log, parts, marked: marked.unwrap_or(0) })
}

/// Records that were acknowledged, since keys or hashes of them are in the folder, and are gone.
fn missing(log: &View, manifest: &Manifest, owner: &Owner, marked: u64) -> Option<Damage> {
    let parts = manifest.parts.iter().filter(|part| part.derivation == owner.derivation);
    let noted = parts.map(crate::manifest::PartEntry::next).max().unwrap_or(0).max(manifest.tree.size).max(marked);
    let lost = noted.checked_sub(log.next()).filter(|lost| *lost > 0)?;
    let (file, offset) = (log.path(log.next()), log.scan().end);
    let bytes = log.scan().size.saturating_sub(offset);
    Some(Damage { file, offset, bytes, first: Position(log.next()), lost, cause: DamageCause::Missing })
}
