//! OpenTelemetry's protobuf files become elements: traces and logs as collectors and SDKs write them.
//!
//! Told by content: the bytes are one `TracesData` or `LogsData` message (the same on the wire as an
//! export request), or a run of them with their lengths before them as the collector's file exporter
//! writes it, and most of what would be a record has ids of the right length. They are written out in
//! the JSON form of OTLP, in the spelling the collector uses, so that one adapter reads both.
//!
//! Records are built one at a time, after [`wire`] has counted what would be built: a bad one costs
//! itself, an input that is cut off only what was cut, and memory is the input's own bytes.

mod json;
mod message;
mod wire;

use super::layer::Fault;
use json::{Group, LOGS, Names, SPANS};
use message::{LogRecord, Resource, Scope, Span};
use prost::Message;
use std::borrow::Cow;
use std::io::{self, Read};
use std::ops::ControlFlow;
use wire::{Broken, Field, Fields, Kind};
use writ_sources::split::ELEMENT_BYTES_MAX;

/// Bytes of one protobuf file at most: as much as one element of any other form may have. It is kept
/// whole while it is read.
pub(super) const FILE_BYTES_MAX: u64 = 64 << 20;

/// Bytes of one record, or of what records share, at most. Written out as JSON a byte can take six, and
/// an element may not be longer than [`ELEMENT_BYTES_MAX`].
pub(super) const RECORD_BYTES_MAX: usize = 10 << 20;
const _: () = assert!(RECORD_BYTES_MAX as u64 * 6 <= ELEMENT_BYTES_MAX);

/// Bytes before a message in a run: its length, the most significant byte first.
const LENGTH_BYTES: usize = 4;

/// Bytes of a trace id.
const TRACE_BYTES: usize = 16;
/// Bytes of a span id.
const SPAN_BYTES: usize = 8;

const CUT: &str = "the input ends in the middle of it";

/// What stands in a protobuf input.
pub(super) enum Piece<'b> {
    /// Records in the JSON form, and the byte of the first of them.
    Element(u64, Vec<u8>),
    /// Bytes that hold none, where they stand, and why.
    Reject(u64, &'b [u8], String),
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
/// message that begins with one of its fields; perhaps behind a length.
pub(super) fn may_be(head: &[u8]) -> bool {
    let begins = |head: &[u8]| {
        let [0x0a, rest @ ..] = head else { return false };
        // The length of the inner message: at most five bytes, all but the last of them marked.
        let more = rest.iter().take(5).take_while(|byte| **byte & 0x80 != 0).count();
        matches!(rest.get(more + 1), Some(0x0a | 0x12 | 0x1a))
    };
    begins(head) || (head.first() == Some(&0) && head.get(LENGTH_BYTES..).is_some_and(begins))
}

/// Reads an input that may be protobuf.
pub(super) fn take(reader: &mut dyn Read, each: &mut Each<'_>) -> Taken {
    let mut bytes = Vec::new();
    let mut fault = reader.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).err();
    let read = if bytes.first() == Some(&0) { run(&bytes, each) } else { message(&bytes, 0, true, each) };
    let Some(flow) = read else { return Taken::Other(bytes, fault) };
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let cause = format!("protobuf longer than {} MiB; what is behind was not read", FILE_BYTES_MAX >> 20);
        fault = Some(Fault::new(FILE_BYTES_MAX, cause, "export it in smaller files, or as JSON").into());
    }
    Taken::Read(flow, fault)
}

/// Reads a run of messages; `None` where the first is neither traces nor logs.
fn run(bytes: &[u8], each: &mut Each<'_>) -> Option<ControlFlow<()>> {
    let mut at = 0;
    let mut told = false;
    while at < bytes.len() {
        let length = bytes.get(at..at + LENGTH_BYTES);
        let from = (at + LENGTH_BYTES).min(bytes.len());
        let length = length.map_or(usize::MAX, |four| four.iter().fold(0, |n, byte| n << 8 | usize::from(*byte)));
        let end = from.saturating_add(length);
        let whole = bytes.get(from..end);
        let one = whole.unwrap_or_else(|| bytes.get(from..).unwrap_or_default());
        let flow = match message(one, from as u64, whole.is_none(), each) {
            Some(flow) => flow,
            None if !told => return None,
            None if whole.is_none() => each(Piece::Reject(from as u64, one, CUT.to_owned())),
            None => {
                let cause = "a message in a run of protobuf that is neither traces nor logs".to_owned();
                each(Piece::Reject(from as u64, one, cause))
            }
        };
        if flow.is_break() {
            return Some(flow);
        }
        told = true;
        at = end;
    }
    told.then_some(ControlFlow::Continue(()))
}

/// Reads one message, which may be cut off at its end; `None` where it is neither traces nor logs.
fn message(bytes: &[u8], base: u64, cut: bool, each: &mut Each<'_>) -> Option<ControlFlow<()>> {
    let is = |of: &Of| is_plausible(bytes, cut, of).unwrap_or(false);
    let of = [&Of::SPANS, &Of::LOGS].into_iter().find(|of| is(of))?;
    Some(groups(bytes, base, cut, of, each))
}

/// Which records a message holds.
struct Of {
    names: &'static Names,
    kind: Kind,
    word: &'static str,
}

impl Of {
    const SPANS: Of = Of { names: &SPANS, kind: Kind::Span, word: "span" };
    const LOGS: Of = Of { names: &LOGS, kind: Kind::Log, word: "log record" };

    fn fits(&self, record: &[u8]) -> bool {
        let (mut trace, mut span, mut timed) = (0, 0, false);
        for field in Fields::of(record, false) {
            let Ok(field) = field else { return false };
            match (self.kind, field.number) {
                (Kind::Span, 1) | (Kind::Log, 9) => trace = field.body.len(),
                (Kind::Span, 2) | (Kind::Log, 10) => span = field.body.len(),
                (Kind::Log, 1 | 11) => timed |= field.value != 0,
                _ => {}
            }
        }
        match self.kind {
            Kind::Span => trace == TRACE_BYTES && span == SPAN_BYTES,
            _ => timed && matches!(trace, 0 | TRACE_BYTES) && matches!(span, 0 | SPAN_BYTES),
        }
    }
}

/// Whether this is what it would be read as: there are records, and more than half of them fit (one
/// with a broken id is a reject, not another format).
fn is_plausible(bytes: &[u8], cut: bool, of: &Of) -> Result<bool, Broken> {
    let (mut good, mut all) = (0_usize, 0_usize);
    for group in Fields::of(bytes, cut) {
        let group = group?;
        for scoped in Fields::of(group.body, !group.whole).filter(|_| group.number == 1) {
            let scoped = scoped?;
            for record in Fields::of(scoped.body, !scoped.whole).filter(|_| scoped.number == 2) {
                let record = record?;
                if record.number == 2 && record.whole {
                    all += 1;
                    good += usize::from(of.fits(record.body));
                }
            }
        }
    }
    Ok(good * 2 > all)
}

/// The fields of a message that was walked before.
fn fields(bytes: &[u8], cut: bool) -> impl Iterator<Item = Field<'_>> {
    Fields::of(bytes, cut).filter_map(Result::ok)
}

fn groups(bytes: &[u8], base: u64, cut: bool, of: &Of, each: &mut Each<'_>) -> ControlFlow<()> {
    for field in fields(bytes, cut) {
        let at = base + field.at as u64;
        if field.number == 1 {
            group(field, at, of, each)?;
        } else if !field.whole {
            each(Piece::Reject(at, field.body, CUT.to_owned()))?;
        }
    }
    ControlFlow::Continue(())
}

fn group(field: Field<'_>, base: u64, of: &Of, each: &mut Each<'_>) -> ControlFlow<()> {
    let Field { body, whole, .. } = field;
    let resource = match shared::<Resource>(body, !whole, 1, Kind::Resource) {
        Ok(resource) => resource,
        Err(cause) => return each(Piece::Reject(base, body, format!("in the resource: {cause}"))),
    };
    let mut group = Group::new(of.names, resource.as_ref(), &url(body, !whole));
    let mut told = false;
    for scoped in fields(body, !whole) {
        let at = base + scoped.at as u64;
        if scoped.number == 2 {
            told = true;
            scope(scoped, at, of, &mut group, each)?;
        }
    }
    if let Some((at, json)) = group.end() {
        each(Piece::Element(at, json))?;
    }
    // Whatever is cut is told where the cut is, unless that is before everything.
    if whole || told { ControlFlow::Continue(()) } else { each(Piece::Reject(base, body, CUT.to_owned())) }
}

fn scope(field: Field<'_>, base: u64, of: &Of, group: &mut Group, each: &mut Each<'_>) -> ControlFlow<()> {
    let Field { body, whole, .. } = field;
    match shared::<Scope>(body, !whole, 1, Kind::Scope) {
        Ok(scope) => group.scope(scope.as_ref(), &url(body, !whole)),
        Err(cause) => return each(Piece::Reject(base, body, format!("in the scope: {cause}"))),
    }
    for record in fields(body, !whole) {
        let at = base + record.at as u64;
        if record.number == 2 && record.whole {
            match text(of, record.body) {
                Ok(json) => {
                    if let Some((at, json)) = group.record(at, &json) {
                        each(Piece::Element(at, json))?;
                    }
                }
                Err(cause) => each(Piece::Reject(at, record.body, cause))?,
            }
        } else if !record.whole {
            each(Piece::Reject(at, record.body, CUT.to_owned()))?;
        }
    }
    ControlFlow::Continue(())
}

/// A record in the JSON form.
fn text(of: &Of, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let text = if of.kind == Kind::Span {
        built::<Span>(bytes, of.kind).map(|span| json::span_text(&span))
    } else {
        built::<LogRecord>(bytes, of.kind).map(|log| json::log_text(&log))
    };
    text.map_err(|cause| format!("not a {} in protobuf: {cause}", of.word))
}

fn built<T: Message + Default>(bytes: &[u8], kind: Kind) -> Result<T, String> {
    if bytes.len() > RECORD_BYTES_MAX {
        return Err(format!("{} bytes, and it may have {RECORD_BYTES_MAX}", bytes.len()));
    }
    wire::check(kind, bytes)?;
    T::decode(bytes).map_err(|fault| {
        let text = fault.to_string();
        text.rsplit(": ").next().unwrap_or(&text).to_owned()
    })
}

/// What records share. Several messages by that number are one, put behind each other.
fn shared<T: Message + Default>(bytes: &[u8], cut: bool, number: u64, kind: Kind) -> Result<Option<T>, String> {
    let mut all = fields(bytes, cut).filter(|field| field.number == number && field.whole).map(|field| field.body);
    let Some(first) = all.next() else { return Ok(None) };
    let all = all.fold(Cow::Borrowed(first), |before, more| Cow::Owned([&before, more].concat()));
    built(&all, kind).map(Some)
}

fn url(bytes: &[u8], cut: bool) -> String {
    let last = fields(bytes, cut).filter(|field| field.number == 3 && field.whole).last();
    last.map(|field| String::from_utf8_lossy(field.body).into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
