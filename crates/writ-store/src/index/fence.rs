//! Fences: what is known of each block of columns without reading it.

use crate::bytes::Bytes;
use crate::index::block::Extent;
use crate::index::recorder::{put_time, take_time};
use writ_model::time::Time;

/// Bytes of a fence in a file: with one for 128 records, some 0.2 a record there and 0.4 in memory.
pub(crate) const FENCE: usize = 28;

/// The fence of a block of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fence {
    /// The event time of the block's first row.
    pub(crate) time: Option<Time>,
    /// The second in which the first of its rows was received.
    pub(crate) received_s: i64,
    /// Where the block lies.
    pub(crate) extent: Extent,
}

pub(crate) fn encode(fences: &[Fence]) -> Vec<u8> {
    let mut out = Vec::with_capacity(fences.len() * FENCE);
    for fence in fences {
        put_time(&mut out, fence.time);
        out.extend_from_slice(&fence.received_s.to_le_bytes());
        // Blocks of columns are far below 16 MiB; see `Output::small_block`.
        out.extend_from_slice(&fence.extent.pack().unwrap_or(0).to_le_bytes());
    }
    out
}

pub(crate) fn decode(bytes: &[u8]) -> Option<Vec<Fence>> {
    let mut rest = Bytes(bytes);
    let mut fences = Vec::with_capacity(bytes.len() / FENCE);
    while !rest.0.is_empty() {
        let time = take_time(&mut rest).ok()?;
        fences.push(Fence { time, received_s: rest.i64()?, extent: Extent::unpack(rest.u64()?) });
    }
    Some(fences)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_read_back() {
        let fence = |time, offset| Fence { time, received_s: -7, extent: Extent { offset, len: 88 } };
        let fences = vec![fence(None, 512), fence(Some(Time::new(-3, 9)), 600)];
        let bytes = encode(&fences);
        assert_eq!((decode(&bytes), bytes.len()), (Some(fences), 2 * FENCE));
        assert_eq!(decode(&bytes[1..]), None);
    }
}
