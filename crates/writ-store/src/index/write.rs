//! Writing a part: rows in the order of ranks, then terms in ascending order, in one pass over both.
//!
//! The file is written under another name, synced and then renamed: there is a whole part or none.

use crate::bytes::{index, len32};
use crate::error::{Error, Kind};
use crate::index::block::{Extent, Output};
use crate::index::columns::{self, BLOCK_ROWS};
use crate::index::fence::{self, Fence};
use crate::index::filter::{self, Filter};
use crate::index::header::{Facts, HEADER, Header, Owner, Sections};
use crate::index::packed::PackedWriter;
use crate::index::part::Part;
use crate::index::postings::ListWriter;
use crate::index::recorder::{self, Summary};
use crate::index::row::{RecorderName, Row};
use crate::index::run::Run;
use crate::index::spread;
use crate::index::table::BLOCK_ENTRIES;
use crate::index::terms::{self, Entry, FEW};
use crate::storage::{self, Open, Storage};
use crate::term::Term;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use writ_model::record::RecordId;
use writ_tlog::hash::Hash;

/// Record ids that are sorted at a time (1 Mi, twice 20 MiB): what bounds the memory of a merge besides four
/// bytes for each row, four for each position, and the filter.
const IDS_SORTED_MAX: u64 = 1 << 20;

/// In the place of a rank: the record of this position is lost.
const LOST: u32 = u32::MAX;

/// What is known of a part before it is written.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) first: u64,
    pub(crate) next: u64,
    pub(crate) n_rows: u32,
    /// Root of the tree over the log up to `next`.
    pub(crate) root: Hash,
    /// How many distinct terms, at most: a larger number makes the filter larger than it need be.
    pub(crate) n_terms_max: u64,
    pub(crate) recorders: Vec<RecorderName>,
}

/// Writes a run to a part; `root` is that of the tree over the log up to its end.
pub(crate) fn write(
    storage: &Arc<dyn Storage>,
    path: &Path,
    owner: &Owner,
    run: &Run,
    root: Hash,
) -> Result<Part, Error> {
    let go_on = AtomicBool::new(false);
    let mut writer = PartWriter::create(storage, path, owner, plan(run, root), &go_on)?;
    fill(&mut writer, run)?;
    writer.finish()
}

fn plan(run: &Run, root: Hash) -> Plan {
    Plan {
        first: run.facts.first,
        next: run.facts.next,
        n_rows: run.facts.n_rows,
        root,
        n_terms_max: run.n_terms(),
        recorders: run.recorders.iter().map(|recorder| recorder.name.clone()).collect(),
    }
}

fn fill(writer: &mut PartWriter<'_>, run: &Run) -> Result<(), Error> {
    run.rows.iter().try_for_each(|row| writer.row(*row))?;
    writer.end_rows()?;
    for postings in run.postings.chunk_by(|one, other| one.0 == other.0) {
        if let [(term, rank)] = postings {
            writer.entry(*term, Entry::One(*rank), 1)?;
            continue;
        }
        let Some((term, _)) = postings.first() else { continue };
        let mut ranks = postings.iter().map(|(_, rank)| *rank);
        writer.term(*term, postings.len() as u64, || Ok(ranks.next()))?;
    }
    Ok(())
}

/// A part that is being written. If it is not finished it leaves no file.
#[derive(Debug)]
pub(crate) struct PartWriter<'a> {
    stop: &'a AtomicBool,
    output: Output,
    left_over: LeftOver,
    path: PathBuf,
    owner: Owner,
    facts: Facts,
    root: Hash,
    sections: Sections,
    /// The rows of the block in the making.
    rows: Vec<Row>,
    n_rows: u32,
    fences: Vec<Fence>,
    /// The rank of each position.
    positions: Vec<u32>,
    recorders: Vec<Summary>,
    filter: Filter,
    /// The terms of the bucket in the making.
    terms: Vec<(Term, Entry)>,
    n_buckets: u32,
    /// Where each finished bucket lies.
    directory: Vec<u64>,
    n_terms: u64,
    n_postings: u64,
}

/// A file that goes unless it got its name.
#[derive(Debug)]
struct LeftOver(Arc<dyn Storage>, Option<PathBuf>);

impl Drop for LeftOver {
    fn drop(&mut self) {
        if let Some(path) = &self.1 {
            // What cannot be removed now is removed when a part of this name is written again.
            let _ = self.0.remove(path);
        }
    }
}

impl<'a> PartWriter<'a> {
    pub(crate) fn create(
        storage: &Arc<dyn Storage>,
        path: &Path,
        owner: &Owner,
        plan: Plan,
        stop: &'a AtomicBool,
    ) -> Result<PartWriter<'a>, Error> {
        let beside = path.with_added_extension("tmp");
        let file = storage.open(&beside, Open::Create).map_err(|e| Error::io("write", &beside, e))?;
        let Plan { first, next, n_rows, root, n_terms_max, recorders } = plan;
        Ok(PartWriter {
            stop,
            output: Output::new(file, beside.clone(), HEADER as u64),
            left_over: LeftOver(Arc::clone(storage), Some(beside)),
            path: path.to_owned(),
            owner: *owner,
            facts: Facts { first, next, n_rows, ..Facts::default() },
            root,
            sections: Sections::default(),
            rows: Vec::with_capacity(BLOCK_ROWS),
            n_rows: 0,
            fences: Vec::new(),
            positions: vec![LOST; index(next.saturating_sub(first))],
            recorders: recorders.into_iter().map(Summary::new).collect(),
            filter: Filter::new(n_terms_max + u64::from(n_rows)),
            terms: Vec::new(),
            n_buckets: terms::buckets(n_terms_max),
            directory: Vec::new(),
            n_terms: 0,
            n_postings: 0,
        })
    }

    /// Whether somebody wants this to end.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Adds the row of the next rank.
    pub(crate) fn row(&mut self, row: Row) -> Result<(), Error> {
        if let Some(rank) = self.positions.get_mut(row.local as usize) {
            *rank = self.n_rows;
        }
        self.n_rows += 1;
        self.facts.add(&row);
        if let Some(recorder) = self.recorders.get_mut(row.recorder as usize) {
            recorder.add(&row, !row.again);
        }
        self.rows.push(row);
        if self.rows.len() == BLOCK_ROWS { self.end_block() } else { Ok(()) }
    }

    fn end_block(&mut self) -> Result<(), Error> {
        let Some(first) = self.rows.first() else { return Ok(()) };
        let received_s = self.rows.iter().map(|row| row.received.parts().0).min().unwrap_or(i64::MIN);
        let time = first.time;
        let extent = Extent::unpack(self.output.small_block(&columns::encode(&self.rows))?);
        self.fences.push(Fence { time, received_s, extent });
        self.rows.clear();
        Ok(())
    }

    /// Ends the rows; terms follow.
    pub(crate) fn end_rows(&mut self) -> Result<(), Error> {
        self.end_block()?;
        if self.n_rows != self.facts.n_rows {
            let (path, n, expected) = (self.path.display(), self.n_rows, self.facts.n_rows);
            let message = format!("`{path}` got {n} rows instead of {expected}: please report this");
            return Err(Error::new(Kind::Internal, message));
        }
        self.sections.columns_end = self.output.offset();
        let lost = self.n_rows;
        let width = crate::index::bits::width(u64::from(self.n_rows));
        let mut positions = PackedWriter::new(&self.output, width);
        for rank in std::mem::take(&mut self.positions) {
            positions.push(if rank == LOST { lost } else { rank }, &mut self.output)?;
        }
        self.sections.positions = positions.finish(&mut self.output)?.offset;
        self.write_ids()
    }

    /// Sorts the ranks by record id. Ids are read back from the columns, as many at a time as may be sorted
    /// in memory: those of a slice of all ids, which are digests and so are uniform.
    fn write_ids(&mut self) -> Result<(), Error> {
        let fences = std::mem::take(&mut self.fences);
        let n_slices = u64::from(self.n_rows).div_ceil(IDS_SORTED_MAX);
        let mut ids = PackedWriter::new(&self.output, self.facts.rank_width());
        for slice in 0..n_slices {
            let expected = index(u64::from(self.n_rows) / n_slices);
            let mut sorted: Vec<(RecordId, u32)> = Vec::with_capacity(expected + expected / 16 + BLOCK_ROWS);
            let mut rank = 0;
            for (block, fence) in fences.iter().enumerate() {
                if self.is_stopped() {
                    return Ok(());
                }
                for id in self.ids_of(block, fence.extent)? {
                    if slice_of(id, n_slices) == slice {
                        sorted.push((id, rank));
                    }
                    rank += 1;
                }
            }
            // Of ids of one slice the first bits are alike, and those behind them are not.
            let bits = |(id, _): &(RecordId, u32)| filter::id_key(*id).wrapping_mul(n_slices);
            let key = |(id, rank): &(RecordId, u32)| (u128::from_be_bytes(id.0), *rank);
            if sorted.len() > 2 * expected + BLOCK_ROWS {
                // Somebody sought out ids that fall together: they take no second room.
                sorted.sort_unstable_by_key(key);
            } else {
                sorted = spread::sort(sorted, bits, key);
            }
            for (id, rank) in sorted {
                ids.push(rank, &mut self.output)?;
                // In this order, since what the filter says of one stands beside what it says of the next.
                self.filter.insert(filter::id_key(id));
            }
        }
        self.sections.ids = ids.finish(&mut self.output)?.offset;
        self.sections.fences = self.table(fences.chunks(BLOCK_ENTRIES).map(fence::encode))?;
        Ok(())
    }

    /// Writes a table: see [`crate::index::table`].
    fn table(&mut self, mut blocks: impl Iterator<Item = Vec<u8>>) -> Result<Extent, Error> {
        let offset = self.output.offset();
        blocks.try_for_each(|block| self.output.block(&block).map(drop))?;
        Ok(Extent { offset, len: self.output.offset() - offset })
    }

    /// The record ids of a block of columns that is written.
    fn ids_of(&mut self, block: usize, extent: Extent) -> Result<Vec<RecordId>, Error> {
        let n = (self.n_rows as usize).saturating_sub(block * BLOCK_ROWS).min(BLOCK_ROWS);
        let bytes = self.output.read(extent)?;
        let ids = columns::ids(&bytes, n).map(|ids| ids.iter().map(|id| RecordId(*id)).collect());
        ids.ok_or_else(|| {
            let path = self.path.display();
            Error::new(Kind::Internal, format!("rows of `{path}` do not read back as written: please report this"))
        })
    }

    /// How many buckets it will have.
    pub(crate) fn n_buckets(&self) -> u32 {
        self.n_buckets
    }

    /// The bucket of a term.
    pub(crate) fn bucket(&self, term: Term) -> u32 {
        terms::bucket(term, self.n_buckets)
    }

    /// Adds a term, greater than all before, with `count` ranks, which ascend.
    pub(crate) fn term(
        &mut self,
        term: Term,
        count: u64,
        mut next: impl FnMut() -> Result<Option<u32>, Error>,
    ) -> Result<(), Error> {
        if let Ok(1..=FEW) = usize::try_from(count) {
            let mut ranks = Vec::with_capacity(index(count));
            while let Some(rank) = next()? {
                ranks.push(rank);
            }
            return self.entry(term, Entry::of(ranks), count);
        }
        let mut list = ListWriter::default();
        let mut found = 0;
        while let Some(rank) = next()? {
            list.push(rank, &mut self.output)?;
            found += 1;
        }
        let place = list.finish(&mut self.output)?;
        self.entry(term, Entry::Many { count: found, place }, count)
    }

    /// The same of one whose entry is known: of few ranks.
    pub(crate) fn entry(&mut self, term: Term, entry: Entry, count: u64) -> Result<(), Error> {
        if entry.count() != count || count == 0 {
            let (path, found) = (self.path.display(), entry.count());
            let message = format!("a term of `{path}` got {found} postings instead of {count}: please report this");
            return Err(Error::new(Kind::Internal, message));
        }
        let bucket = self.bucket(term) as usize;
        if bucket > self.directory.len() {
            self.end_buckets(bucket)?;
        }
        self.filter.insert(filter::term_key(term));
        self.n_terms += 1;
        self.n_postings += count;
        self.terms.push((term, entry));
        Ok(())
    }

    /// Ends the bucket in the making, and leaves those between it and this one empty.
    fn end_buckets(&mut self, next: usize) -> Result<(), Error> {
        if !self.terms.is_empty() {
            let block = terms::encode(&self.terms, self.facts.rank_width());
            self.directory.push(self.output.small_block(&block)?);
            self.terms.clear();
        }
        self.directory.resize(next, 0);
        Ok(())
    }

    /// Ends the part and gives it its name.
    pub(crate) fn finish(mut self) -> Result<Part, Error> {
        self.end_buckets(self.n_buckets as usize)?;
        let directory = std::mem::take(&mut self.directory);
        let block = |block: &[u64]| block.iter().flat_map(|n| n.to_le_bytes()).collect();
        self.sections.directory = self.table(directory.chunks(BLOCK_ENTRIES).map(block))?;
        let filter = std::mem::replace(&mut self.filter, Filter::new(0));
        self.sections.filter = self.table(filter.blocks().chunks(filter::BLOCKS_READ).map(filter::encode))?;
        self.sections.recorders = self.output.block(&recorder::encode(&self.recorders))?;
        let header = Header {
            owner: self.owner,
            facts: self.facts,
            root: self.root,
            n_recorders: len32(self.recorders.len()),
            n_buckets: self.n_buckets,
            n_terms: self.n_terms,
            n_postings: self.n_postings,
            sections: self.sections,
            size: self.output.offset(),
        };
        let file = self.output.finish(&header.encode())?;
        let LeftOver(storage, beside) = &self.left_over;
        if let Some(beside) = beside {
            storage::name(storage.as_ref(), beside, &self.path).map_err(|e| Error::io("rename", beside, e))?;
        }
        self.left_over.1 = None;
        Ok(Part::open_on(file, &self.path, &self.owner)?.with_filter(filter))
    }
}

/// Which of so many slices an id is in.
fn slice_of(id: RecordId, n_slices: u64) -> u64 {
    let scaled = (u128::from(filter::id_key(id)) * u128::from(n_slices)) >> u64::BITS;
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::batch::Batch;
    use crate::sim::{Fault, SimStorage};
    use writ_model::canon::Digest;

    #[test]
    fn a_failed_write_or_sync_leaves_no_part_and_no_left_over() {
        let path = Path::new("index/a.part");
        let owner = Owner { store: [1; 8], derivation: Digest([2; 32]) };
        let mut batch = Batch::new(0);
        for n in 0..300 {
            batch.push(Row { copy: n, ..Row::EMPTY }, Term(1), RecorderName::default, &[Term(u64::from(n) << 50)]);
        }
        let run = Run::sort(batch);
        let written = |disk: &SimStorage| {
            write(&(Arc::new(disk.clone()) as Arc<dyn Storage>), path, &owner, &run, Hash::EMPTY_ROOT)
        };
        let disk = SimStorage::new();
        written(&disk).unwrap();
        assert!(disk.operations() >= 6);
        // The last operation makes the name last; by then it is there.
        for operation in 0..disk.operations() - 1 {
            let disk = SimStorage::new();
            disk.fail_at(operation, Fault::Refused);
            written(&disk).unwrap_err();
            assert_eq!(disk.seen().keys().collect::<Vec<_>>(), Vec::<&PathBuf>::new(), "operation {operation}");
        }
    }
}
