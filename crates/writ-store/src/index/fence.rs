//! Fences: what is known of each block of columns without reading it.

use crate::bytes::Bytes;
use crate::index::block::{CRC, Extent};
use writ_model::time::Time;

/// In the place of nanoseconds: there is no event time.
const NO_TIME: u32 = u32::MAX;

/// One fence for each block of columns, in their order: some 0.3 bytes a record in memory.
#[derive(Debug)]
pub(crate) struct Fences {
    fences: Vec<Fence>,
    /// Where the last block ends.
    end: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fence {
    /// The event time of the block's first row.
    pub(crate) time: Option<Time>,
    /// The second in which the first of its rows was received.
    pub(crate) received_s: i64,
    /// Where the block begins.
    pub(crate) offset: u64,
}

impl Fences {
    pub(crate) fn new(fences: Vec<Fence>, end: u64) -> Fences {
        Fences { fences, end }
    }

    /// How many blocks there are.
    pub(crate) fn len(&self) -> usize {
        self.fences.len()
    }

    pub(crate) fn get(&self, block: usize) -> Option<&Fence> {
        self.fences.get(block)
    }

    /// How many blocks begin with a row whose event time is so.
    pub(crate) fn partition_point(&self, is_before: impl Fn(Option<Time>) -> bool) -> usize {
        self.fences.partition_point(|fence| is_before(fence.time))
    }

    /// Where a block lies.
    pub(crate) fn extent(&self, block: usize) -> Option<Extent> {
        let offset = self.fences.get(block)?.offset;
        let end = self.fences.get(block + 1).map_or(self.end, |next| next.offset);
        Some(Extent { offset, len: end.checked_sub(offset)? })
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.fences.len() * 28 + CRC);
        for fence in &self.fences {
            let (s, ns) = fence.time.map_or((0, NO_TIME), Time::parts);
            out.extend_from_slice(&s.to_le_bytes());
            out.extend_from_slice(&ns.to_le_bytes());
            out.extend_from_slice(&fence.received_s.to_le_bytes());
            out.extend_from_slice(&fence.offset.to_le_bytes());
        }
        out
    }

    /// Reads the fences of this many blocks, of which the last ends at `end`.
    pub(crate) fn decode(bytes: &[u8], n: usize, end: u64) -> Option<Fences> {
        let mut rest = Bytes(bytes);
        let mut fences = Vec::with_capacity(n.min(bytes.len()));
        for _ in 0..n {
            let (s, ns) = (rest.i64()?, rest.u32()?);
            let time = (ns != NO_TIME).then(|| Time::new(s, ns));
            fences.push(Fence { time, received_s: rest.i64()?, offset: rest.u64()? });
        }
        rest.0.is_empty().then_some(Fences { fences, end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_read_back_and_say_where_blocks_lie() {
        let fence = |time, offset| Fence { time, received_s: -7, offset };
        let fences = Fences::new(vec![fence(None, 512), fence(Some(Time::new(-3, 9)), 600)], 650);
        let bytes = fences.encode();
        let found = Fences::decode(&bytes, 2, 650).unwrap();
        assert_eq!(found.fences, fences.fences);
        assert_eq!(found.extent(0), Some(Extent { offset: 512, len: 88 }));
        assert_eq!(found.extent(1), Some(Extent { offset: 600, len: 50 }));
        assert_eq!((found.extent(2), found.len()), (None, 2));
        assert_eq!(found.partition_point(|time| time.is_none()), 1);
        assert!(Fences::decode(&bytes, 1, 650).is_none() && Fences::decode(&bytes, 3, 650).is_none());
    }
}
