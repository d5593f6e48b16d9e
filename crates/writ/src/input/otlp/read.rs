//! A message is read: its records one by one, and everything else in it is a reject with its place.
//!
//! A fault costs what stands behind it in the same message, because nothing tells where the next field
//! begins; messages beside that one have their own lengths, and are read.

use super::json::{self, AROUND_BYTES, Group};
use super::message::{LogRecord, Resource, Scope, Span};
use super::tell::Level;
use super::wire::{self, Broken, Field, Fields, Kind};
use super::{Each, Of, Piece, RECORD_BYTES_MAX, SHARED_BYTES_MAX};
use prost::Message;
use std::borrow::Cow;
use std::ops::ControlFlow;
use writ_sources::split::ELEMENT_BYTES_MAX;

const CUT: &str = "the input ends in the middle of it";

/// Reads one message of records of this sort, which begins at `base`. `cut`: it may end in the middle of
/// a field; `short`: it is known to be cut off.
pub(super) fn read(
    bytes: &[u8],
    base: u64,
    (cut, short): (bool, bool),
    of: &Of,
    each: &mut Each<'_>,
) -> ControlFlow<()> {
    let mut reader = Reader { of, each, cut_told: false };
    reader.walk(bytes, base, cut, Level::Message, &mut |reader, field, at| reader.group(field, at))?;
    if short { reader.cut(base + bytes.len() as u64, &[]) } else { ControlFlow::Continue(()) }
}

struct Reader<'o, 'e, 'f> {
    of: &'o Of,
    each: &'e mut Each<'f>,
    /// That the input is cut off was told, which is done once.
    cut_told: bool,
}

/// What is done with each field that a level lists.
type Listed<'l, R> = dyn FnMut(&mut R, Field<'_>, u64) -> ControlFlow<()> + 'l;

impl Reader<'_, '_, '_> {
    fn reject(&mut self, at: u64, bytes: &[u8], cause: String) -> ControlFlow<()> {
        (self.each)(Piece::Reject(at, bytes, self.of.source, cause))
    }

    fn cut(&mut self, at: u64, bytes: &[u8]) -> ControlFlow<()> {
        if self.cut_told {
            return ControlFlow::Continue(());
        }
        self.cut_told = true;
        self.reject(at, bytes, CUT.to_owned())
    }

    /// Goes through one level, and hands on what it lists.
    fn walk(
        &mut self,
        body: &[u8],
        base: u64,
        cut: bool,
        level: Level,
        listed: &mut Listed<'_, Self>,
    ) -> ControlFlow<()> {
        let mut unknown_told = false;
        for field in Fields::of(body, cut) {
            let field = match field {
                Ok(field) => field,
                Err(Broken { at }) => {
                    let rest = body.get(at..).unwrap_or_default();
                    let cause = format!("damaged: what stands from here to the end of {} was not read", level.word());
                    return self.reject(base + at as u64, rest, cause);
                }
            };
            let at = base + field.at as u64;
            if field.is_long && field.number == level.list() && (field.whole || level != Level::Scope) {
                listed(self, field, at)?;
            }
            if !field.whole {
                // Where something inside is cut that was told, and told nearer to the cut.
                let rest = if field.number == level.list() && level != Level::Scope { &[] } else { field.body };
                self.cut(at + (field.body.len() - rest.len()) as u64, rest)?;
            } else if level.knows(field.number) && !field.is_long {
                let cause =
                    format!("field {} of {} is a number where a message should stand", field.number, level.word());
                self.reject(at, &[], cause)?;
            } else if !level.knows(field.number) && field.is_long && !field.body.is_empty() && !unknown_told {
                // Once for all of them: whoever writes them chooses how many there are.
                unknown_told = true;
                let cause = format!(
                    "field {} of {} is not known here, and may hold records; export it in OTLP 1.0 or later",
                    field.number,
                    level.word()
                );
                self.reject(at, field.body, cause)?;
            }
        }
        ControlFlow::Continue(())
    }

    fn group(&mut self, field: Field<'_>, base: u64) -> ControlFlow<()> {
        let Field { body, whole, .. } = field;
        let resource = match shared::<Resource>(body, !whole, Kind::Resource) {
            Ok(resource) => resource,
            Err(cause) => return self.lost(field, base, format!("in the resource: {cause}")),
        };
        let mut group = Group::new(self.of.names, resource.as_ref(), &url(body, !whole));
        self.walk(body, base, !whole, Level::Group, &mut |reader, field, at| reader.scope(field, at, &mut group))?;
        self.put(group.end())
    }

    fn scope(&mut self, field: Field<'_>, base: u64, group: &mut Group) -> ControlFlow<()> {
        let Field { body, whole, .. } = field;
        match shared::<Scope>(body, !whole, Kind::Scope) {
            Ok(scope) => group.scope(scope.as_ref(), &url(body, !whole)),
            Err(cause) => return self.lost(field, base, format!("in the scope: {cause}")),
        }
        self.walk(body, base, !whole, Level::Scope, &mut |reader, record, at| {
            let json = match text(reader.of, record.body) {
                Ok(json) => json,
                Err(cause) => return reader.reject(at, record.body, cause),
            };
            let n = json.len() + group.shared_bytes() + AROUND_BYTES;
            if n as u64 > ELEMENT_BYTES_MAX {
                let max = ELEMENT_BYTES_MAX;
                let cause = format!("written out with what it shares it has {n} bytes, and it may have {max}");
                return reader.reject(at, record.body, cause);
            }
            let filled = group.record(at, &json);
            reader.put(filled)
        })
    }

    /// Something is rejected as a whole; where it is cut off too, that is part of it.
    fn lost(&mut self, field: Field<'_>, at: u64, cause: String) -> ControlFlow<()> {
        self.cut_told |= !field.whole;
        self.reject(at, field.body, cause)
    }

    fn put(&mut self, filled: Option<json::Filled>) -> ControlFlow<()> {
        filled.map_or(ControlFlow::Continue(()), |filled| (self.each)(Piece::Element(filled)))
    }
}

/// A record in the JSON form.
fn text(of: &Of, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let text = if of.kind == Kind::Span {
        built::<Span>(bytes, of.kind, RECORD_BYTES_MAX).map(|span| json::span_text(&span))
    } else {
        built::<LogRecord>(bytes, of.kind, RECORD_BYTES_MAX).map(|log| json::log_text(&log))
    };
    text.map_err(|cause| format!("not a {} in protobuf: {cause}", of.word))
}

fn built<T: Message + Default>(bytes: &[u8], kind: Kind, max: usize) -> Result<T, String> {
    if bytes.len() > max {
        return Err(format!("{} bytes, and it may have {max}", bytes.len()));
    }
    wire::check(kind, bytes)?;
    T::decode(bytes).map_err(|fault| {
        let text = fault.to_string();
        text.rsplit(": ").next().unwrap_or(&text).to_owned()
    })
}

/// What records share: field 1. Several messages by that number are one, put behind each other.
fn shared<T: Message + Default>(bytes: &[u8], cut: bool, kind: Kind) -> Result<Option<T>, String> {
    let mut all = long(bytes, cut, 1);
    let Some(first) = all.next() else { return Ok(None) };
    let mut all = all.peekable();
    if all.peek().is_none() {
        return built(first, kind, SHARED_BYTES_MAX).map(Some);
    }
    let mut joined = Cow::Borrowed(first);
    for more in all {
        joined.to_mut().extend_from_slice(more);
    }
    built(&joined, kind, SHARED_BYTES_MAX).map(Some)
}

/// The address of the schema: field 3.
fn url(bytes: &[u8], cut: bool) -> String {
    let last = long(bytes, cut, 3).last().filter(|url| url.len() <= SHARED_BYTES_MAX);
    last.map(|url| String::from_utf8_lossy(url).into_owned()).unwrap_or_default()
}

/// The whole fields by a number that have a length.
fn long(bytes: &[u8], cut: bool, number: u64) -> impl Iterator<Item = &[u8]> {
    let all = Fields::of(bytes, cut).filter_map(Result::ok);
    all.filter(move |field| field.number == number && field.whole && field.is_long).map(|field| field.body)
}
