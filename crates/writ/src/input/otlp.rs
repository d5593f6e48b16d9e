//! OpenTelemetry's protobuf files become elements: traces and logs as collectors and SDKs write them.
//!
//! Told by content: the bytes are one `TracesData` or `LogsData` message (the same on the wire as an
//! export request), or a run of them with their lengths before them as the collector's file exporter
//! writes it, and a record in them has the ids and times of one. They are written out in the JSON form of
//! OTLP, in the spelling the collector uses, so that one adapter reads both. What has the form of the
//! protocol and no such record is a reject: it is never looked through for text, which anybody may have
//! put there.
//!
//! Records are built one at a time, after [`wire`] has counted what would be built: a bad one costs
//! itself, an input that is cut off only what was cut, and memory is the input's own bytes.

mod json;
mod message;
mod read;
mod tell;
mod wire;

use super::layer::Fault;
use super::long;
use json::{Filled, LOGS, Names, SPANS};
use std::io::{self, Read};
use std::ops::ControlFlow;
use tell::{Told, tell};
use wire::Kind;
use writ_sources::split::ELEMENT_BYTES_MAX;

/// Bytes of one protobuf file at most: as much as one element of any other form may have. It is kept
/// whole while it is read.
pub(super) const FILE_BYTES_MAX: u64 = 64 << 20;

/// Bytes of one record at most. Written out as JSON a byte can take six, and an element may not be longer
/// than [`ELEMENT_BYTES_MAX`].
pub(super) const RECORD_BYTES_MAX: usize = 10 << 20;
const _: () = assert!(RECORD_BYTES_MAX as u64 * 6 <= ELEMENT_BYTES_MAX);

/// Bytes of a resource or a scope at most. Each of its records is put together with it, so it is read
/// as often as it has records; real ones have some thousand bytes.
pub(super) const SHARED_BYTES_MAX: usize = 1 << 20;

/// Bytes before a message in a run: its length, the most significant byte first.
const LENGTH_BYTES: usize = 4;

/// The most that the first byte of a length can be: a run is not looked at beyond [`FILE_BYTES_MAX`], and
/// no text begins with such a byte.
const LENGTH_BEGINS_MAX: u8 = 8;

/// Bytes of a trace id.
const TRACE_BYTES: usize = 16;
/// Bytes of a span id.
const SPAN_BYTES: usize = 8;

const CUT: &str = "the input ends in the middle of a message of protobuf";

/// What stands in a protobuf input.
pub(super) enum Piece<'b> {
    /// Records in the JSON form.
    Element(Filled),
    /// Bytes that hold none, where they stand, the source that would have read them, and why.
    Reject(u64, &'b [u8], &'static str, String),
}

/// Takes what is found, until it breaks off.
type Each<'e> = dyn FnMut(Piece<'_>) -> ControlFlow<()> + 'e;

/// What became of an input that might have been protobuf.
pub(super) enum Taken {
    /// It was; and what went wrong at its end.
    Read(ControlFlow<()>, Option<io::Error>),
    /// It is something else: what was read of it, and what went wrong behind that.
    Other(Vec<u8>, Option<io::Error>),
}

/// Whether an input that begins like this may be protobuf: the first field of a message, which holds a
/// message that begins with one of its fields or is empty; or a length before one.
pub(super) fn may_be(head: &[u8]) -> bool {
    match head {
        [0x0a, rest @ ..] => {
            // The length of the inner message: at most five bytes, all but the last of them marked.
            let more = rest.iter().take(5).take_while(|byte| **byte & 0x80 != 0).count();
            let begins = |byte: &u8| matches!(byte, 0x0a | 0x12 | 0x1a) || !byte.is_ascii();
            rest.first() == Some(&0) || rest.get(more + 1).is_some_and(begins)
        }
        [begins, ..] => *begins <= LENGTH_BEGINS_MAX,
        [] => false,
    }
}

/// Reads an input that may be protobuf.
pub(super) fn take(reader: &mut dyn Read, each: &mut Each<'_>) -> Taken {
    let (bytes, mut fault) = long::read(reader, FILE_BYTES_MAX + 1);
    let read = if bytes.first() == Some(&b'\n') { single(&bytes, each) } else { run(&bytes, each) };
    let Some(flow) = read else { return Taken::Other(bytes, fault) };
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let cause = format!("protobuf longer than {} MiB; what is behind was not read", FILE_BYTES_MAX >> 20);
        fault = Some(Fault::new(FILE_BYTES_MAX, cause, "export it in smaller files, or as JSON").into());
    }
    Taken::Read(flow, fault)
}

/// Reads one message, of which nothing tells how long it is; `None` where it is none.
fn single(bytes: &[u8], each: &mut Each<'_>) -> Option<ControlFlow<()>> {
    match tell(bytes, true) {
        Told::Of(of) => Some(read::read(bytes, 0, (true, false), of, each)),
        Told::Unread(cause) => Some(each(Piece::Reject(0, bytes, Of::SPANS.source, cause.to_owned()))),
        Told::Other => None,
    }
}

/// One message of a run.
struct Framed<'b> {
    at: u64,
    bytes: &'b [u8],
    whole: bool,
}

/// The messages of a run, but those in which nothing stands. A length that is cut off is one without
/// bytes.
fn framed(bytes: &[u8]) -> impl Iterator<Item = Framed<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let from = (at + LENGTH_BYTES).min(bytes.len());
            let length = bytes.get(at..at + LENGTH_BYTES);
            let length = length.map_or(usize::MAX, |four| four.iter().fold(0, |n, byte| n << 8 | usize::from(*byte)));
            at = from.saturating_add(length);
            let whole = bytes.get(from..at);
            if length > 0 {
                let bytes = whole.unwrap_or_else(|| bytes.get(from..).unwrap_or_default());
                return Some(Framed { at: from as u64, bytes, whole: whole.is_some() });
            }
        }
        None
    })
}

/// Reads a run of messages; `None` where none of them is one.
fn run(bytes: &[u8], each: &mut Each<'_>) -> Option<ControlFlow<()>> {
    let is_told = |one: Framed<'_>| !matches!(tell(one.bytes, !one.whole), Told::Other);
    if !framed(bytes).any(is_told) {
        return None;
    }
    for Framed { at, bytes, whole } in framed(bytes) {
        let unread =
            |each: &mut Each<'_>, cause: &str| each(Piece::Reject(at, bytes, Of::SPANS.source, cause.to_owned()));
        let flow = match tell(bytes, !whole) {
            Told::Of(of) => read::read(bytes, at, (!whole, !whole), of, each),
            _ if !whole => unread(each, CUT),
            Told::Unread(cause) => unread(each, cause),
            Told::Other => unread(each, "a message in a run of protobuf that is neither traces nor logs"),
        };
        if flow.is_break() {
            return Some(flow);
        }
    }
    Some(ControlFlow::Continue(()))
}

/// Which records a message holds.
struct Of {
    names: &'static Names,
    kind: Kind,
    word: &'static str,
    source: &'static str,
}

impl Of {
    const SPANS: Of = Of { names: &SPANS, kind: Kind::Span, word: "span", source: "otel.span" };
    const LOGS: Of = Of { names: &LOGS, kind: Kind::Log, word: "log record", source: "otel.log" };
}

#[cfg(test)]
mod tests;
