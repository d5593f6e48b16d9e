//! Rows: what is known of each record without reading it.

use crate::bytes::Bytes;
pub(crate) use crate::index::row::Place;
use crate::term::Term;
use std::cmp::Ordering;
use writ_model::canon::Digest;
use writ_model::record::{Record, RecordId};
use writ_model::time::Time;

/// Length of a row in a sidecar, in bytes.
pub(crate) const BYTES: usize = 92;
/// In the place of nanoseconds: there is no event time.
const NO_TIME: u32 = u32::MAX;

/// One record. Rows stand in the order of positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Where its entry begins in the log.
    pub(crate) offset: u64,
    /// How long its entry is; 0 if the record is lost.
    pub(crate) len: u32,
    time_s: i64,
    time_ns: u32,
    pub(crate) precision_ms: u32,
    received_s: i64,
    received_ns: u32,
    pub(crate) content: Digest,
    /// Term of the identity.
    pub(crate) identity: Term,
    /// Tells copies of one record apart that differ in what was withheld, or in their custody.
    pub(crate) copy: u64,
    /// Index into the list of recorders.
    pub(crate) recorder: u32,
}

impl Row {
    pub(crate) fn of(record: &Record, identity: Term, copy: u64) -> Row {
        let event = record.envelope.event_time;
        let time = event.map_or((0, NO_TIME), |event| event.start.parts());
        let received = record.envelope.received_time.parts();
        Row {
            offset: 0,
            len: 0,
            time_s: time.0,
            time_ns: time.1,
            precision_ms: event.map_or(0, |event| event.precision_ms),
            received_s: received.0,
            received_ns: received.1,
            content: record.content,
            identity,
            copy,
            recorder: 0,
        }
    }

    /// A place in the log that no record can be read from.
    pub(crate) fn lost() -> Row {
        Row {
            offset: 0,
            len: 0,
            time_s: 0,
            time_ns: NO_TIME,
            precision_ms: 0,
            received_s: 0,
            received_ns: 0,
            content: Digest([0; 32]),
            identity: Term(0),
            copy: 0,
            recorder: 0,
        }
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn id(&self) -> RecordId {
        RecordId::of(&self.content)
    }

    /// When it happened: the beginning.
    pub(crate) fn time(&self) -> Option<Time> {
        (self.time_ns != NO_TIME).then(|| Time::new(self.time_s, self.time_ns))
    }

    pub(crate) fn received(&self) -> Time {
        Time::new(self.received_s, self.received_ns)
    }

    /// The order of postings: event time, id, then which copy, best custody first. Arrival does not enter it.
    pub(crate) fn order(&self, other: &Row) -> Ordering {
        self.place().cmp(&other.place())
    }

    /// What the order compares.
    pub(crate) fn place(&self) -> Place {
        Place { time: self.time(), id: self.id(), copy: self.copy }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.offset.to_le_bytes());
        out.extend_from_slice(&self.len.to_le_bytes());
        out.extend_from_slice(&self.time_s.to_le_bytes());
        out.extend_from_slice(&self.time_ns.to_le_bytes());
        out.extend_from_slice(&self.precision_ms.to_le_bytes());
        out.extend_from_slice(&self.received_s.to_le_bytes());
        out.extend_from_slice(&self.received_ns.to_le_bytes());
        out.extend_from_slice(&self.content.0);
        out.extend_from_slice(&self.identity.0.to_le_bytes());
        out.extend_from_slice(&self.copy.to_le_bytes());
        out.extend_from_slice(&self.recorder.to_le_bytes());
    }

    pub(crate) fn decode(rest: &mut Bytes<'_>) -> Option<Row> {
        Some(Row {
            offset: rest.u64()?,
            len: rest.u32()?,
            time_s: rest.i64()?,
            time_ns: rest.u32()?,
            precision_ms: rest.u32()?,
            received_s: rest.i64()?,
            received_ns: rest.u32()?,
            content: Digest(rest.array()?),
            identity: Term(rest.u64()?),
            copy: rest.u64()?,
            recorder: rest.u32()?,
        })
    }
}
