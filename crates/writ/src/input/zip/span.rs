//! Which bytes of an archive its directory accounts for: what lies between its entries would be passed over
//! in silence.

use std::ops::Range;

/// Bytes that may follow an entry and belong to it: its checksum and lengths once more, with 64 bits and a
/// mark in front at most.
const DESCRIPTOR_BYTES_MAX: u64 = 24;

/// Where the entries of an archive lie.
#[derive(Default)]
pub(crate) struct Spans(Vec<Range<u64>>);

impl Spans {
    /// Adds where an entry lies; one that is not where the directory says lies nowhere.
    pub(crate) fn add(&mut self, span: Option<Range<u64>>) {
        self.0.extend(span);
    }

    /// What to say of bytes before the directory, which begins at `end`, that belong to no entry.
    pub(crate) fn unlisted(&mut self, end: u64) -> Option<String> {
        self.0.sort_unstable_by_key(|span| span.start);
        let (mut n, mut at) = (0, 0);
        for span in self.0.iter().chain([&(end..end)]) {
            let gap = span.start.saturating_sub(at);
            n += if gap > DESCRIPTOR_BYTES_MAX { gap } else { 0 };
            at = at.max(span.end);
        }
        (n > 0).then(|| format!("{n} bytes that belong to no entry by the directory of the zip were not read"))
    }
}
