//! Records that count as anybody's word because of where they stood: which, why, and what to do about it.

use serde::Serialize;
use std::collections::BTreeMap;
use writ_sources::split::Doubt;

/// Files and reasons listed; records of more are counted. A folder of such logs must not fill the memory.
const LOWERED_MAX: usize = 1_000;

/// Why the custody of a record is `open`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lowered {
    /// For what stands beside it in its file.
    Doubt(Doubt),
    /// For the envelope it came out of.
    Envelope,
}

impl Lowered {
    fn cause(self) -> &'static str {
        match self {
            Lowered::Doubt(Doubt::Text) => "lines of text stand beside them, as in a log that prints what it was sent",
            Lowered::Doubt(Doubt::Binary) => {
                "damaged or binary bytes stand before them, as where a text lies inside another file"
            }
            Lowered::Envelope => {
                "the envelope does not say that a trail wrote them: a log group of another name, an event without sender"
            }
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Lowered::Doubt(_) => "take out what was rejected, or vouch for the file with --source",
            Lowered::Envelope => "vouch for it with --source",
        }
    }
}

/// Records of one file that count as anybody's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct LoweredEntry {
    pub(crate) file: String,
    pub(crate) records: u64,
    pub(crate) cause: &'static str,
    pub(crate) remedy: &'static str,
}

/// How many there are, by file and reason.
#[derive(Debug, Default)]
pub(super) struct LoweredCount {
    counted: BTreeMap<(String, Lowered), u64>,
    unlisted: u64,
}

impl LoweredCount {
    pub(super) fn add(&mut self, file: &str, why: Lowered, n: u64) {
        let key = (file.to_owned(), why);
        if self.counted.len() < LOWERED_MAX || self.counted.contains_key(&key) {
            *self.counted.entry(key).or_default() += n;
        } else {
            self.unlisted += n;
        }
    }

    /// Those that are listed, and how many are not.
    pub(super) fn told(self) -> (Vec<LoweredEntry>, u64) {
        let entry = |((file, why), records): ((String, Lowered), u64)| LoweredEntry {
            file,
            records,
            cause: why.cause(),
            remedy: why.remedy(),
        };
        (self.counted.into_iter().map(entry).collect(), self.unlisted)
    }
}
