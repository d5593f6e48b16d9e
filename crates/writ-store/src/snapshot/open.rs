//! Opening: scan the log, load its keys, derive what is missing, merge.

use crate::error::{Error, Kind};
use crate::file::{Disk, File as _};
use crate::folder::Folder;
use crate::keys::batch::RecorderName;
use crate::keys::chunk::{Chunk, Owner};
use crate::keys::derive::Deriver;
use crate::keys::index::Index;
use crate::keys::row::Row;
use crate::keys::{self, Tie};
use crate::log::scan::{self, Scan};
use crate::log::{Damage, DamageCause, Position};
use crate::snapshot::Snapshot;
use crate::term::{Term, TermKey};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use writ_model::canon::Digest;
use writ_model::record::Record;

pub(crate) fn open<D>(folder: &Folder, derivation: Digest, derive: &D) -> Result<Snapshot, Error>
where
    D: Fn(&TermKey, &Record) -> Vec<Term> + Sync,
{
    let path = folder.log();
    let log = Disk::open(&path).map_err(|e| folder.no_log(e))?;
    let owner = Owner { store: folder.keys.store(), derivation };
    let sidecar = keys::file::path(&folder.keys_folder(), &owner);
    let looker = Looker { folder, log: &log, path: &path, sidecar, owner };
    let mut look = looker.look()?;
    if !look.scan.damage.is_empty() {
        // A writer that is just now cutting off a torn tail, or whose keys we read after its log, can
        // look like damage. Damage shows twice.
        look = looker.look()?;
    }
    let Look { scan, mut chunks } = look;
    let covered = chunks.last().map_or(0, Chunk::next);
    let missing = scan.spans.partition_point(|span| span.first < covered);
    let spans = scan.spans.get(missing..).unwrap_or_default();
    let deriver = Deriver { log: &log, path: &path, keys: &folder.keys, derive };
    let mut damage = scan.damage;
    damage.extend(deriver.run(spans, covered, |batch| {
        chunks.push(Chunk::sort(batch));
        Ok(())
    })?);
    let (rows, recorders) = collect(&mut chunks, &damage);
    let index = Index::merge(&chunks, &rows);
    let received = rows.iter().filter(|row| !row.is_lost()).map(Row::received);
    Ok(Snapshot {
        newest_received: received.max(),
        n_derived: spans.iter().map(|span| u64::from(span.records)).sum(),
        inflaters: Mutex::new(Vec::new()),
        keys: folder.keys.clone(),
        log,
        path,
        rows,
        index,
        recorders,
        damage,
    })
}

struct Looker<'a> {
    folder: &'a Folder,
    log: &'a Disk,
    path: &'a Path,
    sidecar: PathBuf,
    owner: Owner,
}

/// A log, and those of its keys that belong to it.
struct Look {
    scan: Scan,
    chunks: Vec<Chunk>,
}

impl Looker<'_> {
    fn look(&self) -> Result<Look, Error> {
        let (scan, mut chunks) = thread::scope(|scope| {
            let keys = scope.spawn(|| {
                let mut chunks = Vec::new();
                keys::file::load(&self.sidecar, &self.owner, |chunk, _| {
                    chunks.push(chunk);
                    true
                });
                chunks
            });
            let scan = scan::scan(self.log, self.path, &self.folder.keys);
            (scan, keys.join())
        });
        let mut scan = scan?;
        let chunks =
            chunks.as_mut().map_err(|_| Error::new(Kind::Internal, "loading keys panicked: please report this"))?;
        let ties: Vec<Tie> = chunks.iter().map(|chunk| keys::tie(chunk, &scan)).collect();
        let held = ties.iter().take_while(|tie| **tie == Tie::Holds).count();
        // Keys ahead of the log are a loss, unless the log has grown since we looked.
        let ahead = chunks.iter().zip(&ties).filter(|(_, tie)| **tie == Tie::Ahead).map(|(chunk, _)| chunk).next_back();
        if let Some(chunk) = ahead
            && self.log.size().map_err(|e| Error::io("read", self.path, e))? <= scan.size
        {
            scan.damage.push(missing(self.path, &scan, chunk));
        }
        chunks.truncate(held);
        Ok(Look { scan, chunks: std::mem::take(chunks) })
    }
}

/// Records that were acknowledged (their keys were written after their commit) and are gone.
pub(crate) fn missing(path: &Path, scan: &Scan, chunk: &Chunk) -> Damage {
    Damage {
        file: path.to_owned(),
        offset: scan.end,
        bytes: chunk.end.offset.saturating_sub(scan.end),
        first: Position(scan.next),
        lost: chunk.next() - scan.next,
        cause: DamageCause::Missing,
    }
}

/// Takes the rows out of the chunks, with recorders numbered throughout, and marks what is lost.
fn collect(chunks: &mut [Chunk], damage: &[Damage]) -> (Vec<Row>, Vec<RecorderName>) {
    let mut rows = Vec::with_capacity(chunks.iter().map(|chunk| chunk.rows.len()).sum());
    let mut numbers: HashMap<RecorderName, u32> = HashMap::new();
    for chunk in chunks {
        let mut number = |name: RecorderName| {
            let next = crate::bytes::len32(numbers.len());
            *numbers.entry(name).or_insert(next)
        };
        let names: Vec<u32> = chunk.recorders.drain(..).map(&mut number).collect();
        rows.extend(std::mem::take(&mut chunk.rows).into_iter().map(|mut row| {
            row.recorder = names.get(row.recorder as usize).copied().unwrap_or_default();
            row
        }));
    }
    for damage in damage {
        let from = crate::bytes::index(damage.first.0);
        let lost = rows.iter_mut().skip(from).take(crate::bytes::index(damage.lost));
        lost.for_each(|row| *row = Row::lost());
    }
    let mut names = vec![RecorderName::default(); numbers.len()];
    for (name, number) in numbers {
        if let Some(place) = names.get_mut(number as usize) {
            *place = name;
        }
    }
    (rows, names)
}
