//! Parts: immutable files of sorted keys, read block by block.
//!
//! Opening a part reads its header. Fences, directory and filter (block by block) and recorders are read when
//! they are first needed and kept; everything else is read anew each time, by one small read for each block, since the
//! operating system keeps what is read often.

use crate::error::{Error, Kind};
use crate::file::{self, File};
use crate::index::block::{self, Extent, Malformed};
use crate::index::columns::{self, BLOCK_ROWS};
use crate::index::fence::{self, FENCE, Fence};
use crate::index::filter::{self, BLOCKS_READ, Filter};
use crate::index::header::{Facts, HEADER, Header, Owner, Refusal, Sections};
use crate::index::packed::Packed;
use crate::index::plan::PartInfo;
use crate::index::postings::{self, ListBlock};
use crate::index::recorder::{self, Summary};
use crate::index::row::Row;
use crate::index::table::{Table, once};
use crate::index::terms::{self, Entry, Terms};
use crate::term::Term;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use writ_model::record::RecordId;
use writ_model::time::Time;

/// Once so many blocks of a filter were read one by one, more than one answer asks for …
const FILTER_READS: usize = 256;

/// … so many are read together (256 KiB): whoever asks that often asks for the others too, and one by one they take
/// longer. All at once would take so long that the one who happens to ask would notice.
const FILTER_TOGETHER: usize = 64;

/// Terms whose blocks of a filter are fetched at once (2 KiB).
const FILTER_ASKED: usize = 64;

/// Bytes of an entry of the directory: a packed extent.
const DIRECTORY_ENTRY: usize = 8;

/// An open part. It can be shared between threads.
#[derive(Debug)]
pub(crate) struct Part {
    file: Box<dyn File>,
    path: PathBuf,
    header: Header,
    fences: Table<Fence>,
    directory: Table<u64>,
    filter: Table<filter::Block, BLOCKS_READ>,
    recorders: OnceLock<Vec<Summary>>,
    /// Blocks of the filter that were read one by one.
    n_filter_reads: AtomicUsize,
}

/// A block of columns, as it is stored.
#[derive(Debug)]
pub(crate) struct Columns {
    /// Where it lies.
    extent: Extent,
    bytes: Vec<u8>,
    /// Of how many rows it is.
    n: usize,
}

impl Part {
    /// Opens a part of this owner.
    ///
    /// Fails with [`Kind::Corrupt`] if it is damaged or cut, and with [`Kind::Invalid`] if it is of a newer
    /// version or of another owner.
    pub(crate) fn open_on(file: Box<dyn File>, path: &Path, owner: &Owner) -> Result<Part, Error> {
        let mut bytes = [0; HEADER];
        file::read_exact_at(file.as_ref(), &mut bytes, 0).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => block::damaged(path, 0, "it has no header"),
            _ => Error::io("read", path, error),
        })?;
        let place = path.display();
        let header = Header::decode(&bytes, owner).map_err(|refusal| match refusal {
            Refusal::Malformed => block::damaged(path, 0, "the header is not what was written"),
            Refusal::Version(version) => Error::new(
                Kind::Invalid,
                format!(
                    "the index part `{place}` has version {version}, which this writ does not read: use the one that \
                     made it, or rebuild the index with `writ rebuild`"
                ),
            ),
            Refusal::Owner => Error::new(
                Kind::Invalid,
                format!(
                    "the index part `{place}` is of another store or of another version of writ: \
                     rebuild the index with `writ rebuild`"
                ),
            ),
        })?;
        let size = file.size().map_err(|e| Error::io("read", path, e))?;
        if size != header.size {
            return Err(block::damaged(path, size.min(header.size), "the file does not end where it did"));
        }
        let malformed =
            |section: Extent| block::damaged(path, section.offset, "a section has not the length it must have");
        let Sections { fences, directory, filter, recorders, .. } = header.sections;
        // How long the filter is decides which of its blocks is asked, and nothing but its place tells how long it is.
        let follows = [(directory, filter.offset), (filter, recorders.offset), (recorders, size)];
        let apart = follows.into_iter().find(|(section, next)| section.end() != *next).map(|(section, _)| section);
        if let Some(section) = apart.or(Some(fences).filter(|fences| fences.end() > directory.offset)) {
            return Err(malformed(section));
        }
        let n_fences = (header.facts.n_rows as usize).div_ceil(BLOCK_ROWS);
        let fences = Table::new(fences, n_fences, FENCE).ok_or_else(|| malformed(fences))?;
        let n_buckets = header.n_buckets as usize;
        let directory = Table::new(directory, n_buckets, DIRECTORY_ENTRY).ok_or_else(|| malformed(directory))?;
        let n_filter = Table::<filter::Block, BLOCKS_READ>::n_entries(filter, filter::BLOCK);
        let filter = Table::new(filter, n_filter, filter::BLOCK)
            .filter(|table| table.len() > 0)
            .ok_or_else(|| malformed(filter))?;
        Ok(Part {
            file,
            path: path.to_owned(),
            header,
            fences,
            directory,
            filter,
            recorders: OnceLock::new(),
            n_filter_reads: AtomicUsize::new(0),
        })
    }

    /// With its whole filter, where that is in memory: in one piece it takes less to look at than in blocks, and
    /// nothing is read.
    pub(crate) fn with_filter(mut self, filter: Filter) -> Part {
        self.filter = self.filter.with(filter.into_blocks());
        self
    }

    /// The file, for messages.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How many blocks of columns it has.
    pub(crate) fn n_blocks(&self) -> usize {
        (self.header.facts.n_rows as usize).div_ceil(BLOCK_ROWS)
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.header.facts
    }

    /// What the planner of merges needs to know.
    pub(crate) fn info(&self) -> PartInfo {
        let Header { facts: Facts { first, next, .. }, n_terms, .. } = self.header;
        PartInfo { first, next, n_terms }
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// An error at a block whose checksum is right and whose content is not.
    fn malformed(&self, offset: u64) -> Error {
        block::damaged(&self.path, offset, "a block is not of this layout")
    }

    /// An error at a posting that leads nowhere.
    pub(crate) fn no_such_row(&self) -> Error {
        block::damaged(&self.path, self.header.sections.fences.end(), "a term has a posting of a row that is not there")
    }

    fn read(&self, extent: Extent) -> Result<Vec<u8>, Error> {
        block::read(self.file.as_ref(), &self.path, self.header.size, extent)
    }

    /// The fence of a block of columns, which is one of this part.
    pub(crate) fn fence(&self, block: usize) -> Result<&Fence, Error> {
        let found = self.fences.get(block, |extent, n| {
            let fences = fence::decode(&self.read(extent)?).filter(|fences| fences.len() == n);
            fences.ok_or_else(|| self.malformed(extent.offset))
        })?;
        found.ok_or_else(|| self.malformed(self.header.sections.fences.offset))
    }

    /// How many blocks of columns begin with a row whose event time is so.
    pub(crate) fn blocks_before(&self, is_before: impl Fn(Option<Time>) -> bool) -> Result<usize, Error> {
        let (mut from, mut to) = (0, self.fences.len());
        while from < to {
            let middle = from.midpoint(to);
            if is_before(self.fence(middle)?.time) { from = middle + 1 } else { to = middle }
        }
        Ok(from)
    }

    /// The rows of a block of columns.
    pub(crate) fn rows(&self, block: usize) -> Result<Vec<Row>, Error> {
        self.rows_of(&self.columns(block)?)
    }

    /// One row of a block of columns.
    pub(crate) fn row_of(&self, columns: &Columns, within: usize) -> Result<Row, Error> {
        columns::decode_one(&columns.bytes, columns.n, within).ok_or_else(|| self.malformed(columns.extent.offset))
    }

    /// All rows of a block of columns.
    pub(crate) fn rows_of(&self, columns: &Columns) -> Result<Vec<Row>, Error> {
        columns::decode(&columns.bytes, columns.n).ok_or_else(|| self.malformed(columns.extent.offset))
    }

    /// The record id of a rank.
    pub(crate) fn id(&self, rank: u32) -> Result<RecordId, Error> {
        let (block, within) = (rank as usize / BLOCK_ROWS, rank as usize % BLOCK_ROWS);
        let Columns { extent, bytes, n } = self.columns(block)?;
        let id = columns::ids(&bytes, n).and_then(|ids| ids.get(within));
        id.map(|id| RecordId(*id)).ok_or_else(|| self.malformed(extent.offset))
    }

    /// A block of columns, as it is stored.
    pub(crate) fn columns(&self, block: usize) -> Result<Columns, Error> {
        let extent = self.fence(block)?.extent;
        let n = (self.header.facts.n_rows as usize).saturating_sub(block * BLOCK_ROWS).min(BLOCK_ROWS);
        Ok(Columns { extent, bytes: self.read(extent)?, n })
    }

    /// The rank of a position, counted from the first; `None` if the record is lost. `last` keeps the block that was
    /// read last.
    pub(crate) fn rank_at(&self, local: u64, last: &mut Option<(u64, Vec<u8>)>) -> Result<Option<u32>, Error> {
        let rank = self.packed(&self.header.positions(), local, last)?;
        Ok(Some(rank).filter(|rank| *rank < self.header.facts.n_rows))
    }

    /// The rank that stands at a place in the order of record ids; `last` likewise.
    pub(crate) fn rank_by_id(&self, at: u64, last: &mut Option<(u64, Vec<u8>)>) -> Result<u32, Error> {
        let ids = self.header.ids();
        let rank = self.packed(&ids, at, last)?;
        if rank < self.header.facts.n_rows { Ok(rank) } else { Err(self.malformed(ids.offset)) }
    }

    fn packed(&self, packed: &Packed, at: u64, last: &mut Option<(u64, Vec<u8>)>) -> Result<u32, Error> {
        let (number, extent) = packed.block_of(at).ok_or_else(|| self.malformed(packed.offset))?;
        let bytes = match last.take() {
            Some((other, bytes)) if other == number => bytes,
            _ => self.read(extent)?,
        };
        let (_, bytes) = last.insert((number, bytes));
        packed.get(bytes, at).ok_or_else(|| self.malformed(extent.offset))
    }

    /// Whether it may hold a term or a record id: see [`crate::index::filter`].
    pub(crate) fn may_hold(&self, key: u64) -> Result<bool, Error> {
        let block = self.filter_block(filter::place(key, self.filter.len()))?;
        Ok(filter::may_hold(block, key))
    }

    /// The same of many terms, for each.
    ///
    /// Blocks of a filter lie far apart in memory. They are fetched for several terms before the first is looked at, so
    /// that it is not waited for one after the other.
    pub(crate) fn may_hold_each(&self, terms: &[Term], may: &mut [bool]) -> Result<(), Error> {
        let mut blocks = [filter::Block::default(); FILTER_ASKED];
        for (terms, may) in terms.chunks(FILTER_ASKED).zip(may.chunks_mut(FILTER_ASKED)) {
            let keys = || terms.iter().map(|term| filter::term_key(*term));
            if let Some(whole) = self.filter.whole() {
                // Little is done for each, so that more are under way at the same time.
                for (block, key) in blocks.iter_mut().zip(keys()) {
                    *block = whole.get(filter::place(key, whole.len())).copied().unwrap_or_default();
                }
            } else {
                for (block, key) in blocks.iter_mut().zip(keys()) {
                    *block = *self.filter_block(filter::place(key, self.filter.len()))?;
                }
            }
            for ((may, block), key) in may.iter_mut().zip(&blocks).zip(keys()) {
                *may = filter::may_hold(block, key);
            }
        }
        Ok(())
    }

    fn filter_block(&self, at: usize) -> Result<&filter::Block, Error> {
        if let Some(block) = self.filter.known(at) {
            return Ok(block);
        }
        let decode = |extent: Extent, n: usize, body: &[u8]| {
            let blocks = filter::decode(body).filter(|blocks| blocks.len() == n);
            blocks.ok_or_else(|| self.malformed(extent.offset))
        };
        if self.n_filter_reads.fetch_add(1, Ordering::Relaxed) >= FILTER_READS {
            let read = |all| block::read_unchecked(self.file.as_ref(), &self.path, self.header.size, all);
            let checked =
                |one: Extent, n: usize, stored: &[u8]| decode(one, n, block::checked(&self.path, one.offset, stored)?);
            self.filter.read_beside(at, FILTER_TOGETHER, read, checked)?;
        }
        let found = self.filter.get(at, |extent, n| decode(extent, n, &self.read(extent)?))?;
        found.ok_or_else(|| self.malformed(self.header.sections.filter.offset))
    }

    /// Has what [`Part::may_hold`] would read be fetched, while others are asked.
    pub(crate) fn expect(&self, key: u64) {
        if let Some(extent) = self.filter.unread(filter::place(key, self.filter.len())) {
            self.file.will_read(extent.offset, extent.len);
        }
    }

    /// The postings of a term.
    pub(crate) fn entry(&self, term: Term) -> Result<Option<Entry>, Error> {
        let Some(extent) = self.bucket(terms::bucket(term, self.header.n_buckets))? else { return Ok(None) };
        let bytes = self.read(extent)?;
        let terms = Terms::new(&bytes, self.header.facts.rank_width()).ok_or(Malformed);
        terms.and_then(|terms| terms.find(term)).map_err(|Malformed| self.malformed(extent.offset))
    }

    /// All terms of a bucket, ascending; none of them is another's.
    pub(crate) fn terms(&self, bucket: u32) -> Result<Vec<(Term, Entry)>, Error> {
        let Some(extent) = self.bucket(bucket)? else { return Ok(Vec::new()) };
        let bytes = self.read(extent)?;
        let terms = Terms::new(&bytes, self.header.facts.rank_width());
        let all = terms.filter(|terms| terms.len() <= self.header.n_terms).and_then(Terms::all);
        let is_here = |term: Option<&(Term, Entry)>| {
            term.is_none_or(|(term, _)| terms::bucket(*term, self.header.n_buckets) == bucket)
        };
        let own = all.filter(|all| is_here(all.first()) && is_here(all.last()));
        own.ok_or_else(|| self.malformed(extent.offset))
    }

    /// Where the block of a bucket lies; `None` if it has no terms.
    fn bucket(&self, bucket: u32) -> Result<Option<Extent>, Error> {
        let packed = self.directory.get(bucket as usize, |extent, n| {
            let bytes = self.read(extent)?;
            let numbers = bytes.as_chunks::<DIRECTORY_ENTRY>().0;
            if numbers.len() != n {
                return Err(self.malformed(extent.offset));
            }
            Ok(numbers.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect())
        })?;
        let packed = packed.ok_or_else(|| self.malformed(self.header.sections.directory.offset))?;
        Ok(Some(Extent::unpack(*packed)).filter(|extent| extent.len > 0))
    }

    /// The blocks of a long list.
    pub(crate) fn list(&self, count: u32, place: Extent) -> Result<Vec<ListBlock>, Error> {
        if !postings::has_fences(count) {
            // Nothing is known of it before it is read, and it has to be read whatever is asked for.
            return Ok(vec![ListBlock { first: 0, n: count as usize, extent: place }]);
        }
        let blocks = postings::blocks(&self.read(place)?, count, place);
        blocks.ok_or_else(|| self.malformed(place.offset))
    }

    /// The ranks of a block of a long list.
    pub(crate) fn ranks(&self, block: &ListBlock) -> Result<Vec<u32>, Error> {
        let ranks = postings::decode(&self.read(block.extent)?, block.n);
        let sound = ranks.filter(|ranks| ranks.last().is_none_or(|last| *last < self.header.facts.n_rows));
        sound.ok_or_else(|| self.malformed(block.extent.offset))
    }

    pub(crate) fn recorders(&self) -> Result<&[Summary], Error> {
        let extent = self.header.sections.recorders;
        let recorders = once(&self.recorders, || {
            let recorders = recorder::decode(&self.read(extent)?, self.header.n_recorders as usize);
            recorders.ok_or_else(|| self.malformed(extent.offset))
        })?;
        Ok(recorders)
    }
}
