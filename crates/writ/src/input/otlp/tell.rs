//! What a message is, told by how it is built and by the records in it.
//!
//! Resources hold scopes and scopes hold records, in spans, logs and metrics alike; what is in a record
//! tells them apart. One record that fits is enough: whoever sends the others chooses what is in them,
//! and must not decide how his neighbours are read.

use super::wire::Fields;
use super::{Of, SPAN_BYTES, TRACE_BYTES};

/// What a message holds.
pub(super) enum Told {
    /// Records of this sort.
    Of(&'static Of),
    /// Something of the protocol that holds no record Writ reads, in words.
    Unread(&'static str),
    /// Another format.
    Other,
}

pub(super) const METRICS: &str = "OpenTelemetry metrics: Writ reads spans and logs; leave metrics out of the input";

pub(super) const NO_RECORD: &str = "OpenTelemetry protobuf in which nothing is a span with its ids and time, or a log \
     record with its time; export it again as spans or logs, or leave it out of the input";

/// What this message is, which may be cut off at its end.
pub(super) fn tell(bytes: &[u8], cut: bool) -> Told {
    let mut tally = Tally { sound: !bytes.is_empty(), ..Tally::default() };
    tally.message(bytes, cut, Level::Message);
    match tally {
        Tally { spans, logs, .. } if spans > 0 && spans >= logs => Told::Of(&Of::SPANS),
        Tally { logs, .. } if logs > 0 => Told::Of(&Of::LOGS),
        Tally { metrics, .. } if metrics > 0 => Told::Unread(METRICS),
        // Half a message that shows no record may as well be another format.
        Tally { sound: true, .. } => Told::Unread(NO_RECORD),
        Tally { .. } => Told::Other,
    }
}

/// What one lies in, from the outside.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Message,
    Group,
    Scope,
}

impl Level {
    /// The field that holds the next.
    pub(super) fn list(self) -> u64 {
        if self == Level::Message { 1 } else { 2 }
    }

    /// Whether a field by this number is known: resource or scope and the address of a schema.
    pub(super) fn knows(self, number: u64) -> bool {
        number == self.list() || (self != Level::Message && matches!(number, 1 | 3))
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Level::Message => "a message",
            Level::Group => "a resource with its scopes",
            Level::Scope => "a scope with its records",
        }
    }
}

#[derive(Default)]
struct Tally {
    spans: usize,
    logs: usize,
    metrics: usize,
    /// All of it is there and has the fields of the protocol and no others.
    sound: bool,
}

impl Tally {
    fn message(&mut self, bytes: &[u8], cut: bool, level: Level) {
        for field in Fields::of(bytes, cut) {
            let field = field.ok().filter(|field| field.is_long && level.knows(field.number));
            let Some(field) = field else {
                self.sound = false;
                continue;
            };
            self.sound &= field.whole;
            match level {
                _ if field.number != level.list() => {}
                Level::Message => self.message(field.body, !field.whole, Level::Group),
                Level::Group => self.message(field.body, !field.whole, Level::Scope),
                Level::Scope if field.whole => self.record(field.body),
                Level::Scope => {}
            }
        }
    }

    fn record(&mut self, record: &[u8]) {
        self.spans += usize::from(is_span(record));
        self.logs += usize::from(is_log(record));
        self.metrics += usize::from(is_metric(record));
    }
}

/// Whether a record has the ids and the time of a span.
fn is_span(record: &[u8]) -> bool {
    let (mut trace, mut span, mut timed) = (0, 0, false);
    for field in Fields::of(record, false) {
        let Ok(field) = field else { return false };
        match field.number {
            1 => trace = field.body.len(),
            2 => span = field.body.len(),
            7 => timed = field.value != 0,
            _ => {}
        }
    }
    timed && trace == TRACE_BYTES && span == SPAN_BYTES
}

/// Whether a record has a time, and ids or none, where a log record has them.
fn is_log(record: &[u8]) -> bool {
    let (mut trace, mut span, mut timed) = (0, 0, false);
    for field in Fields::of(record, false) {
        let Ok(field) = field else { return false };
        match field.number {
            9 => trace = field.body.len(),
            10 => span = field.body.len(),
            1 | 11 => timed |= field.value != 0,
            _ => {}
        }
    }
    timed && matches!(trace, 0 | TRACE_BYTES) && matches!(span, 0 | SPAN_BYTES)
}

/// Whether a record has the name and the points of a metric.
fn is_metric(record: &[u8]) -> bool {
    let (mut named, mut points) = (false, false);
    for field in Fields::of(record, false) {
        // No field of a metric is a number, as times of spans and logs are.
        let Some(field) = field.ok().filter(|field| field.is_long) else { return false };
        match field.number {
            1 => named = !field.body.is_empty() && std::str::from_utf8(field.body).is_ok(),
            // Gauge, sum, histogram, exponential histogram, summary.
            5 | 7 | 9..=11 => points = true,
            _ => {}
        }
    }
    named && points
}
