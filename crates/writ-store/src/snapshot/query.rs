//! What is asked of a snapshot, and what it answers.

use crate::index::row::Place;
use crate::limit;
use crate::log::Position;
use crate::term::{custody, last_custody};
use writ_model::custody::Custody;
use writ_model::record::RecordId;
use writ_model::time::Time;

/// A record that was found, without its content. Of copies of one record, which differ in their
/// custody alone, look-ups find the one of the best custody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// Where it stands.
    pub position: Position,
    /// When it happened (the beginning), as its recorder tells; `None` where it does not.
    pub time: Option<Time>,
    /// How finely that is told, in milliseconds.
    pub precision_ms: u32,
    /// When it was received: the first of the copies it stands for.
    pub received: Time,
    /// Its id.
    pub id: RecordId,
    copy: u64,
}

impl Posting {
    /// A posting of these facts; the custody is in the place.
    pub(crate) fn at(position: Position, place: Place, precision_ms: u32, received: Time) -> Posting {
        Posting { position, time: place.time, precision_ms, received, id: place.id, copy: place.copy }
    }

    /// The fingerprint of this copy, as rows hold it.
    pub(crate) fn short_copy(&self) -> u32 {
        u32::try_from(self.copy).unwrap_or(u32::MAX)
    }

    /// In what custody it came.
    pub fn custody(&self) -> Custody {
        custody(self.copy)
    }

    /// Whether both are the same record with the same values withheld, whatever their custody.
    pub fn is_copy_of(&self, other: &Posting) -> bool {
        self.id == other.id && last_custody(self.copy) == last_custody(other.copy)
    }

    /// From where a look-up can go on behind this posting.
    pub fn cursor(&self) -> Cursor {
        Cursor(Place { time: self.time, id: self.id, copy: self.copy })
    }
}

/// A place in the order of postings. It is good in later snapshots of the same folder too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor(Place);

impl Cursor {
    pub(crate) fn place(&self) -> Place {
        self.0
    }
}

/// From which end of the time line postings are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By event time and id, ascending; records without an event time first.
    #[default]
    OldestFirst,
    /// By event time and id, descending; records without an event time last.
    NewestFirst,
}

/// Event times that are looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// All, and records without an event time too.
    #[default]
    Any,
    /// Between these two, both included. A record without an event time is in no window. What a recorder's
    /// precision and skew allow is for the caller to add.
    Within(Time, Time),
    /// Up to this one, included, and records without an event time too.
    Until(Time),
}

impl When {
    /// Whether a record of this event time is looked for.
    pub fn includes(self, time: Option<Time>) -> bool {
        match self {
            When::Any => true,
            When::Within(from, to) => time.is_some_and(|time| from <= time && time <= to),
            When::Until(to) => time.is_none_or(|time| time <= to),
        }
    }
}

/// The bounds of a look-up. Postings are ordered by event time and id, never by arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query {
    /// Which event times.
    pub when: When,
    /// Only records that were received by then. They alone count against the limit, so later
    /// arrivals change nothing.
    pub as_of: Time,
    /// From which end.
    pub order: Order,
    /// Only what comes behind this place, in that order.
    pub after: Option<Cursor>,
    /// At most so many postings.
    pub limit: usize,
}

impl Query {
    /// At most `limit` of what was received by `as_of`, oldest first.
    pub fn new(as_of: Time, limit: usize) -> Query {
        Query { when: When::Any, as_of, order: Order::OldestFirst, after: None, limit }
    }

    /// Only event times between these two, both included.
    #[must_use]
    pub fn within(self, from: Time, to: Time) -> Query {
        Query { when: When::Within(from, to), ..self }
    }

    /// Only event times up to this one, included, and records without an event time.
    #[must_use]
    pub fn until(self, to: Time) -> Query {
        Query { when: When::Until(to), ..self }
    }

    /// From the newest backwards.
    #[must_use]
    pub fn newest_first(self) -> Query {
        Query { order: Order::NewestFirst, ..self }
    }

    /// Only what comes behind this place.
    #[must_use]
    pub fn after(self, cursor: Cursor) -> Query {
        Query { after: Some(cursor), ..self }
    }
}

/// Of the copies of each record, which stand together, the one of the best custody, received when the
/// first of them was.
pub(crate) fn best_copies(postings: impl Iterator<Item = Posting>, limit: usize) -> Vec<Posting> {
    let mut best: Vec<Posting> = Vec::new();
    for posting in postings {
        let is_full = best.len() == limit;
        match best.last_mut() {
            Some(last) if last.is_copy_of(&posting) => {
                let received = last.received.min(posting.received);
                let better = if posting.copy < last.copy { posting } else { *last };
                *last = Posting { received, ..better };
            }
            _ if is_full => break,
            _ => best.push(posting),
        }
    }
    best
}

/// What a folder holds of one recorder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecorderSpan {
    /// The format.
    pub source: String,
    /// The party that wrote it.
    pub recorder: String,
    /// How many records.
    pub count: u64,
    /// The earliest event time.
    pub first_event: Option<Time>,
    /// The latest event time.
    pub last_event: Option<Time>,
    /// When the last of them was received.
    pub last_received: Time,
}

/// The beginning of a record id.
pub(crate) struct IdPrefix {
    bits: u128,
    mask: u128,
}

impl IdPrefix {
    /// From 1 to 32 hex digits.
    pub(crate) fn parse(hex: &str) -> Option<IdPrefix> {
        let digits = hex.len();
        if digits == 0 || digits > limit::ID_DIGITS_MAX || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let shift = u32::try_from(limit::ID_DIGITS_MAX - digits).ok()? * 4;
        Some(IdPrefix { bits: u128::from_str_radix(hex, 16).ok()? << shift, mask: u128::MAX << shift })
    }

    /// The least and the greatest id that begins so.
    pub(crate) fn bounds(&self) -> (RecordId, RecordId) {
        (RecordId(self.bits.to_be_bytes()), RecordId((self.bits | !self.mask).to_be_bytes()))
    }

    pub(crate) fn matches(&self, id: RecordId) -> bool {
        u128::from_be_bytes(id.0) & self.mask == self.bits
    }
}
