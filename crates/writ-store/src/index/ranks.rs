//! Ranks of postings, read one after the other from either end, and no more of them than are asked for.

use crate::error::Error;
use crate::index::block::Extent;
use crate::index::part::Part;
use crate::index::postings::ListBlock;
use crate::snapshot::query::Order;
use std::ops::Range;
use std::sync::Arc;
use std::vec;

/// Ranks between two ranks, in an order.
#[derive(Debug)]
pub(crate) struct Ranks {
    order: Order,
    bounds: Range<u32>,
    held: Held,
    /// The part that more is read from.
    part: Option<Arc<Part>>,
    /// The blocks that are not read yet.
    blocks: vec::IntoIter<ListBlock>,
}

/// Ranks in memory.
#[derive(Debug)]
enum Held {
    All(Range<u32>),
    Some(vec::IntoIter<u32>),
}

impl Ranks {
    fn new(order: Order, bounds: Range<u32>, held: Held) -> Ranks {
        Ranks { order, bounds, held, part: None, blocks: Vec::new().into_iter() }
    }

    /// All ranks of a range.
    pub(crate) fn all(ranks: Range<u32>, order: Order) -> Ranks {
        Ranks::new(order, ranks.clone(), Held::All(ranks))
    }

    /// Those of these ranks, which ascend, that lie between two.
    pub(crate) fn few(ranks: Vec<u32>, bounds: Range<u32>, order: Order) -> Ranks {
        let held = Held::Some(within(ranks, &bounds).into_iter());
        Ranks::new(order, bounds, held)
    }

    /// Those of a long list that lie between two.
    pub(crate) fn many(
        part: Arc<Part>,
        count: u32,
        place: Extent,
        bounds: Range<u32>,
        order: Order,
    ) -> Result<Ranks, Error> {
        let mut blocks = part.list(count, place)?;
        let to = blocks.partition_point(|block| block.first < bounds.end);
        blocks.truncate(to);
        // The last block that begins at or before the first rank may reach behind it.
        let from = blocks.partition_point(|block| block.first <= bounds.start).saturating_sub(1);
        blocks.drain(..from);
        let ranks = Ranks::new(order, bounds, Held::All(0..0));
        Ok(Ranks { part: Some(part), blocks: blocks.into_iter(), ..ranks })
    }

    /// The next rank.
    pub(crate) fn next(&mut self) -> Result<Option<u32>, Error> {
        loop {
            let rank = match (self.order, &mut self.held) {
                (Order::OldestFirst, Held::All(ranks)) => ranks.next(),
                (Order::OldestFirst, Held::Some(ranks)) => ranks.next(),
                (Order::NewestFirst, Held::All(ranks)) => ranks.next_back(),
                (Order::NewestFirst, Held::Some(ranks)) => ranks.next_back(),
            };
            if rank.is_some() {
                return Ok(rank);
            }
            let block = match self.order {
                Order::OldestFirst => self.blocks.next(),
                Order::NewestFirst => self.blocks.next_back(),
            };
            let Some((block, part)) = block.zip(self.part.as_ref()) else { return Ok(None) };
            self.held = Held::Some(within(part.ranks(&block)?, &self.bounds).into_iter());
        }
    }
}

fn within(mut ranks: Vec<u32>, bounds: &Range<u32>) -> Vec<u32> {
    ranks.truncate(ranks.partition_point(|rank| *rank < bounds.end));
    ranks.drain(..ranks.partition_point(|rank| *rank < bounds.start));
    ranks
}
