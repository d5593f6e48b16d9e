//! Sources: a part on disk or a run in memory, asked in the same way.

use crate::bytes::len32;
use crate::error::Error;
use crate::index::columns::BLOCK_ROWS;
use crate::index::filter;
use crate::index::header::Facts;
use crate::index::part::{Columns, Part};
use crate::index::ranks::Ranks;
use crate::index::recorder::Summary;
use crate::index::row::{Place, Row};
use crate::index::run::Run;
use crate::index::terms::Entry;
use crate::snapshot::query::Order;
use crate::term::Term;
use std::ops::Range;
use std::sync::Arc;
use writ_model::record::RecordId;
use writ_model::time::Time;

/// Keys of consecutive positions.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Part(Arc<Part>),
    Run(Arc<Run>),
}

impl Source {
    pub(crate) fn facts(&self) -> &Facts {
        match self {
            Source::Part(part) => part.facts(),
            Source::Run(run) => &run.facts,
        }
    }

    pub(crate) fn recorders(&self) -> Result<&[Summary], Error> {
        match self {
            Source::Part(part) => part.recorders(),
            Source::Run(run) => Ok(&run.recorders),
        }
    }

    /// The number of a recorder in this source.
    pub(crate) fn recorder(&self, (source, recorder): (&str, &str)) -> Result<Option<u32>, Error> {
        let is_it = |summary: &Summary| summary.name.0 == source && summary.name.1 == recorder;
        Ok(self.recorders()?.iter().position(is_it).map(len32))
    }

    /// The postings of a term; `None` if it has none here.
    pub(crate) fn posted(&self, term: Term) -> Result<Option<Posted>, Error> {
        if self.may_have(term)? { self.entry(term) } else { Ok(None) }
    }

    /// The same, where the filter was asked already.
    pub(crate) fn entry(&self, term: Term) -> Result<Option<Posted>, Error> {
        match self {
            Source::Part(part) => Ok(part.entry(term)?.map(|entry| Posted::Part(Arc::clone(part), entry))),
            Source::Run(run) => {
                let has_some = !run.ranks_of(term, &(0..u32::MAX)).is_empty();
                Ok(has_some.then(|| Posted::Run(Arc::clone(run), term)))
            }
        }
    }

    /// The first rank whose place is not `before` something. `time` is the event time of that something: what is
    /// earlier is before it, and what is later is not.
    pub(crate) fn first_rank(&self, time: Option<Time>, before: impl Fn(&Place) -> bool) -> Result<u32, Error> {
        let part = match self {
            Source::Run(run) => return Ok(len32(run.rows.partition_point(|row| before(&row.place())))),
            Source::Part(part) => part,
        };
        // Blocks that begin earlier begin before it, and blocks that begin later do not.
        let mut from = part.blocks_before(|other| other < time)?;
        let mut to = part.blocks_before(|other| other <= time)?;
        while from < to {
            let middle = from.midpoint(to);
            let rows = part.rows(middle)?;
            if rows.first().is_some_and(|row| before(&row.place())) { from = middle + 1 } else { to = middle }
        }
        let Some(block) = from.checked_sub(1) else { return Ok(0) };
        let within = part.rows(block)?.partition_point(|row| before(&row.place()));
        Ok(len32(block * BLOCK_ROWS + within))
    }

    /// Ranks among which are all events between two times (both included), and less than a block of others at
    /// either end: where exactly a window ends is told by the rows, and most look-ups read none near its ends.
    pub(crate) fn around(&self, from: Time, to: Time) -> Result<Range<u32>, Error> {
        let before = |time: Option<Time>| time < Some(from);
        let until = |time: Option<Time>| time <= Some(to);
        let (start, end) = match self {
            Source::Run(run) => {
                (run.rows.partition_point(|row| before(row.time)), run.rows.partition_point(|row| until(row.time)))
            }
            // The last block that begins before the window may reach into it.
            Source::Part(part) => {
                let (start, end) = (part.blocks_before(before)?.saturating_sub(1), part.blocks_before(until)?);
                (start * BLOCK_ROWS, (end * BLOCK_ROWS).min(part.facts().n_rows as usize))
            }
        };
        Ok(len32(start)..len32(end.max(start)))
    }

    /// The places, in the order of record ids, of the ids from one to another, both included.
    pub(crate) fn places_of_ids(&self, from: RecordId, to: RecordId) -> Result<Range<u64>, Error> {
        // Eight bytes are enough to ask the filter.
        if filter::id_key(from) == filter::id_key(to) && !self.may_hold(from)? {
            return Ok(0..0);
        }
        let mut reader = Reader::new(self.clone());
        let start = reader.first_place(from)?;
        Ok(start..reader.first_behind(start, to)?)
    }

    /// The rank of a position, counted from the first of this source; `None` if the record is lost.
    pub(crate) fn rank_at(&self, local: u64) -> Result<Option<u32>, Error> {
        match self {
            Source::Part(part) => part.rank_at(local, &mut None),
            Source::Run(run) => Ok(run.rank_at(local)),
        }
    }

    /// Whether a record may have this term.
    pub(crate) fn may_have(&self, term: Term) -> Result<bool, Error> {
        match self {
            Source::Part(part) => part.may_hold(filter::term_key(term)),
            Source::Run(run) => Ok(!run.ranks_of(term, &(0..u32::MAX)).is_empty()),
        }
    }

    /// The same of many terms, for each.
    pub(crate) fn may_have_each(&self, terms: &[Term], may: &mut [bool]) -> Result<(), Error> {
        match self {
            Source::Part(part) => part.may_hold_each(terms, may),
            Source::Run(_) => terms.iter().zip(may).try_for_each(|(term, may)| {
                *may = self.may_have(*term)?;
                Ok(())
            }),
        }
    }

    /// Has what [`Source::may_have`] would read be fetched, while others are asked.
    pub(crate) fn expect(&self, term: Term) {
        if let Source::Part(part) = self {
            part.expect(filter::term_key(term));
        }
    }

    /// Whether it may hold a record whose id has these first eight bytes.
    pub(crate) fn may_hold(&self, id: RecordId) -> Result<bool, Error> {
        match self {
            Source::Part(part) => part.may_hold(filter::id_key(id)),
            Source::Run(_) => Ok(true),
        }
    }
}

/// The postings of a term in one source, not read yet.
#[derive(Debug)]
pub(crate) enum Posted {
    Part(Arc<Part>, Entry),
    Run(Arc<Run>, Term),
}

impl Posted {
    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        match self {
            Posted::Part(_, entry) => entry.count(),
            Posted::Run(run, term) => run.ranks_of(*term, &(0..u32::MAX)).len() as u64,
        }
    }

    /// Their ranks, between these two.
    pub(crate) fn ranks(self, bounds: Range<u32>, order: Order) -> Result<Ranks, Error> {
        match self {
            Posted::Part(_, Entry::One(rank)) => Ok(Ranks::few(vec![rank], bounds, order)),
            Posted::Part(_, Entry::Few(ranks)) => Ok(Ranks::few(ranks, bounds, order)),
            Posted::Part(part, Entry::Many { count, place }) => Ranks::many(part, count, place, bounds, order),
            Posted::Run(run, term) => {
                let ranks = run.ranks_of(term, &bounds).iter().map(|(_, rank)| *rank).collect();
                Ok(Ranks::few(ranks, bounds, order))
            }
        }
    }
}

/// A block of rows that was read.
#[derive(Debug)]
enum Block {
    /// One row of it was wanted: most look-ups want no other.
    Stored(Columns),
    Decoded(Vec<Row>),
}

/// Reads rows of a source, and keeps the blocks it read last.
#[derive(Debug)]
pub(crate) struct Reader {
    source: Source,
    block: Option<(usize, Block)>,
    ids: Option<(u64, Vec<u8>)>,
}

impl Reader {
    pub(crate) fn new(source: Source) -> Reader {
        Reader { source, block: None, ids: None }
    }

    /// The row of a rank, which is one of this source.
    pub(crate) fn row(&mut self, rank: u32) -> Result<Row, Error> {
        match &self.source {
            Source::Run(run) => Ok(run.rows.get(rank as usize).copied().unwrap_or(Row::EMPTY)),
            Source::Part(part) => {
                let (block, within) = (rank as usize / BLOCK_ROWS, rank as usize % BLOCK_ROWS);
                let (row, known) = match self.block.take() {
                    // Ranks are checked where they are read.
                    Some((other, Block::Decoded(rows))) if other == block => {
                        (rows.get(within).copied().unwrap_or(Row::EMPTY), Block::Decoded(rows))
                    }
                    Some((other, Block::Stored(columns))) if other == block => {
                        let rows = part.rows_of(&columns)?;
                        (rows.get(within).copied().unwrap_or(Row::EMPTY), Block::Decoded(rows))
                    }
                    _ => {
                        let columns = part.columns(block)?;
                        (part.row_of(&columns, within)?, Block::Stored(columns))
                    }
                };
                self.block = Some((block, known));
                Ok(row)
            }
        }
    }

    /// Whether nothing near a rank was received by then, as far as is known without reading it.
    pub(crate) fn is_later(&self, rank: u32, as_of: Time) -> Result<bool, Error> {
        match &self.source {
            Source::Run(_) => Ok(false),
            Source::Part(part) => Ok(part.fence(rank as usize / BLOCK_ROWS)?.received_s > as_of.parts().0),
        }
    }

    /// The row at a place in the order of record ids.
    pub(crate) fn row_by_id(&mut self, at: u64) -> Result<Row, Error> {
        let rank = self.rank_by_id(at)?;
        self.row(rank)
    }

    fn rank_by_id(&mut self, at: u64) -> Result<u32, Error> {
        match &self.source {
            Source::Run(run) => Ok(run.by_id().get(crate::bytes::index(at)).copied().unwrap_or(u32::MAX)),
            Source::Part(part) => part.rank_by_id(at, &mut self.ids),
        }
    }

    fn id_at(&mut self, at: u64) -> Result<RecordId, Error> {
        let rank = self.rank_by_id(at)?;
        match &self.source {
            Source::Run(_) => self.row(rank).map(|row| row.id),
            Source::Part(part) => part.id(rank),
        }
    }

    /// The first place, in the order of record ids, whose id is not less than this. Ids are digests and so are
    /// uniform: where one stands is guessed from its value, and every second time the rest is halved, whatever
    /// ids somebody may have sought out.
    fn first_place(&mut self, target: RecordId) -> Result<u64, Error> {
        let value = filter::id_key(target);
        let (mut from, mut to) = (0, u64::from(self.source.facts().n_rows));
        let (mut least, mut most) = (0, u64::MAX);
        let mut halves = false;
        while from < to {
            let at = if halves { from.midpoint(to) } else { guess(from..to, least..most, value) };
            halves = !halves;
            let id = self.id_at(at)?;
            if id < target {
                (from, least) = (at + 1, filter::id_key(id));
            } else {
                (to, most) = (at, filter::id_key(id));
            }
        }
        Ok(from)
    }

    /// The first place, from a place on, whose id is greater than this: looked for in growing steps, since it
    /// is mostly near.
    fn first_behind(&mut self, start: u64, target: RecordId) -> Result<u64, Error> {
        let (mut from, mut to) = (start, u64::from(self.source.facts().n_rows));
        let (mut step, mut grows) = (1, true);
        while from < to {
            let at = if grows && step <= to - from { from + step - 1 } else { from.midpoint(to) };
            if self.id_at(at)? <= target {
                (from, step) = (at + 1, step * 2);
            } else {
                (to, grows) = (at, false);
            }
        }
        Ok(from)
    }
}

/// Where a value stands among so many places, if the values of the places are spread evenly.
fn guess(places: Range<u64>, values: Range<u64>, value: u64) -> u64 {
    let n = places.end.saturating_sub(places.start);
    let span = u128::from(values.end.saturating_sub(values.start)).max(1);
    let from_start = u128::from(value.saturating_sub(values.start));
    let guessed = u64::try_from(u128::from(n) * from_start / span).unwrap_or(u64::MAX);
    places.start + guessed.min(n.saturating_sub(1))
}
