//! Keys: a follower of the log, by which records are found without reading them.
//!
//! The log is the truth. Keys are derived from it, kept in memory, and written to a sidecar so that
//! opening a folder is reading and merging, not parsing. The sidecar carries the digest of the
//! adapters that derived it; another digest means: derive again.

pub(crate) mod batch;
pub(crate) mod chunk;
pub(crate) mod derive;
pub(crate) mod file;
pub(crate) mod follow;
pub(crate) mod index;
pub(crate) mod row;

use crate::keys::chunk::Chunk;
use crate::log::scan::Scan;

/// How a chunk of keys stands to a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tie {
    /// It is of this log.
    Holds,
    /// It is of another history: an older log was restored, and went on differently.
    Broken,
    /// It is of records that the log has no more.
    Ahead,
}

/// Checks that a chunk ends where a frame of the log ends, and that this is the same frame.
pub(crate) fn tie(chunk: &Chunk, scan: &Scan) -> Tie {
    let end = chunk.end.offset;
    if chunk.next() > scan.next {
        return Tie::Ahead;
    }
    // A damaged frame cannot tell.
    let damaged = scan.damage.iter().any(|damage| damage.offset < end && end <= damage.offset + damage.bytes);
    let at = scan.spans.partition_point(|span| span.end() < end);
    let same = scan
        .spans
        .get(at)
        .is_some_and(|span| span.end() == end && span.chain == chunk.end.chain && span.next() == chunk.next());
    if same || damaged { Tie::Holds } else { Tie::Broken }
}

#[cfg(test)]
mod tests;
