//! Rows: what the index knows of each record without reading it, and where it stands in the order.

use crate::log::Position;
use crate::snapshot::query::Posting;
use writ_model::record::{Record, RecordId};
use writ_model::time::Time;

/// Source and recorder by name.
pub(crate) type RecorderName = (String, String);

/// How many bits of a copy hold its custody, and which; see [`crate::term`].
pub(crate) const CUSTODY_BITS: u32 = 3;
pub(crate) const CUSTODY: u32 = 0b111;

/// One record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// When it happened: the beginning.
    pub(crate) time: Option<Time>,
    /// How finely that is told, in milliseconds.
    pub(crate) precision_ms: u32,
    /// When it was received.
    pub(crate) received: Time,
    pub(crate) id: RecordId,
    /// Tells copies of one record apart: see [`short_copy`].
    pub(crate) copy: u32,
    /// Index into the list of recorders.
    pub(crate) recorder: u32,
    /// Position, counted from the first of the batch, run or part.
    pub(crate) local: u32,
    /// Whether a copy of the same record (of the same id) stands at an earlier position of the log.
    pub(crate) again: bool,
}

impl Row {
    /// In the place of a row that is yet to be filled in.
    pub(crate) const EMPTY: Row = Row {
        time: None,
        precision_ms: 0,
        received: Time::MIN,
        id: RecordId([0; 16]),
        copy: 0,
        recorder: 0,
        local: 0,
        again: false,
    };

    /// The row of a record; `copy` is what [`TermKey::copy`](crate::term::TermKey::copy) makes of it. Its place
    /// and recorder are filled in by the batch.
    pub(crate) fn of(record: &Record, copy: u64, again: bool) -> Row {
        let event = record.envelope.event_time;
        Row {
            time: event.map(|event| event.start),
            precision_ms: event.map_or(0, |event| event.precision_ms),
            received: record.envelope.received_time,
            id: record.id,
            copy: short_copy(copy),
            again,
            ..Row::EMPTY
        }
    }

    /// What the order of postings compares.
    pub(crate) fn place(&self) -> Place {
        Place { time: self.time, id: self.id, copy: u64::from(self.copy) }
    }

    /// The posting of this row in a part, run or batch that begins at `first`.
    pub(crate) fn posting(&self, first: u64) -> Posting {
        Posting::at(self.position(first), self.place(), self.precision_ms, self.received)
    }

    /// Where it stands in the log.
    pub(crate) fn position(&self, first: u64) -> Position {
        Position(first + u64::from(self.local))
    }
}

/// The fingerprint of a copy in 32 bits, 29 of them hash (0 where nothing is withheld) and 3 custody. Record ids
/// are compared beside it, so it only has to tell the few copies of one record apart.
pub(crate) fn short_copy(copy: u64) -> u32 {
    let half = |bytes: Option<&[u8; 4]>| bytes.map_or(0, |bytes| u32::from_be_bytes(*bytes));
    let bytes = copy.to_be_bytes();
    (half(bytes.first_chunk()) & !CUSTODY) | (half(bytes.last_chunk()) & CUSTODY)
}

/// Whether two fingerprints are of one copy, whatever its custody.
pub(crate) fn same_copy(one: u32, other: u32) -> bool {
    one | CUSTODY == other | CUSTODY
}

/// Where a record stands in the order of postings. A record without an event time stands before all
/// others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) time: Option<Time>,
    pub(crate) id: RecordId,
    pub(crate) copy: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::custody;

    #[test]
    fn a_short_copy_keeps_the_custody_and_the_first_bits() {
        assert_eq!(short_copy(0xabcd_ef0f_1234_5672), 0xabcd_ef0a);
        assert_eq!(custody(u64::from(short_copy(0xffff_ffff_0000_0004))), custody(4));
        assert_ne!(short_copy(8 << 32), short_copy(16 << 32));
    }
}
