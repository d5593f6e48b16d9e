//! Envelopes: what vendors ship records in.
//!
//! One element of input is a record, or holds records: a list of them, an `EventBridge` event, a
//! `CloudWatch` Logs subscription message or export, an answer of `aws cloudtrail lookup-events`,
//! spans and logs under what emitted them.
//! Each item found is read in place; a bad one is a reject of its own and its siblings live.
//!
//! Bounds: nesting by [`NESTING_MAX`]. Nothing is decompressed here, and text inside a JSON string is
//! never longer than the string, so what comes out is at most [`NESTING_MAX`] times what went in; what
//! records of telemetry share is repeated within a bound of its own.

mod otel;
mod trail;
mod wide;

use crate::admit::{Admitted, Mac, admit_node, kind_word, short, unreadable};
use crate::source::Source;
use otel::Telemetry;
use trail::LOOKED_UP;
use wide::Part;
use writ_model::json::{self, Node, Value};

/// How many envelopes may lie inside one another. Real chains have three (a log subscription, an
/// event bus event, a list); each level reads its text once more.
pub const NESTING_MAX: usize = 8;

/// What was found in an element.
#[derive(Debug)]
pub enum Found<'t> {
    /// Something to admit.
    Item(Item<'t>),
    /// Bytes that hold no item.
    Reject {
        /// The bytes.
        bytes: &'t [u8],
        /// Where they stand in the input.
        byte: u64,
        /// Why, in one clause.
        cause: String,
        /// What may be missed with it.
        missed: Missed,
    },
    /// Something that holds no record by its nature; said, so that nobody wonders.
    Note {
        /// Where it stands in the input.
        byte: u64,
        /// What it is.
        text: String,
    },
}

/// Of whom a record may be missed with a reject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// Of nobody: it could not be read, and stood where anybody may write.
    Nothing,
    /// It was read, and taken for no record: of whom it holds one, if it does ([`crate::held_in`]).
    Held,
    /// Of this source, if of any.
    Source(&'static str),
    /// Of whichever source.
    Any,
}

/// One item, read already.
#[derive(Debug)]
pub struct Item<'t> {
    text: &'t [u8],
    node: Node<'t>,
    byte: u64,
    vendor: Option<&'static str>,
    open: bool,
}

impl<'t> Item<'t> {
    /// Whether anybody may have written it: its custody is then `open`, and nothing that rests on it is
    /// more than `asserted`.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Its bytes: a span of the element, or the text that a JSON string held.
    pub fn bytes(&self) -> &'t [u8] {
        self.text.get(self.node.span()).unwrap_or_default()
    }

    /// Where it stands in the input: the byte it begins at, or the byte at which the JSON string
    /// begins that holds it.
    pub fn byte(&self) -> u64 {
        self.byte
    }

    /// The vendor whose envelope it came out of.
    pub fn vendor(&self) -> Option<&'static str> {
        self.vendor
    }

    /// The item as it was read.
    pub fn node(&self) -> &Node<'t> {
        &self.node
    }

    /// As [`crate::admit`], without reading the bytes again. What came out of a vendor's envelope is
    /// only ever taken for a record of that vendor, unless `source` says otherwise.
    pub fn admit(
        self,
        source: Option<&'static dyn Source>,
        recorder: Option<&str>,
        mac: Mac<'_>,
    ) -> Result<Admitted, String> {
        admit_node(self.text, self.node, source, self.vendor, recorder, mac)
    }
}

/// Opens one element of input that begins at `byte`. `pointer` (RFC 6901) names the place in the
/// element at which the records are; the empty pointer or none is the element itself. `each` is
/// called for every item, reject and note, in the order they stand.
pub fn unwrap(element: &[u8], byte: u64, pointer: Option<&str>, each: &mut dyn FnMut(Found<'_>)) {
    let error = match json::parse(element) {
        Ok(node) => return open_at(element, byte, node, pointer, each),
        Err(error) => error,
    };
    let wide = error.cause == json::Cause::TooMany && pointer.is_none_or(str::is_empty);
    let Some(parts) = wide.then(|| wide::parts(element)).flatten() else {
        let cause = unreadable(&error, byte);
        return each(Found::Reject { bytes: element, byte, cause, missed: Missed::Any });
    };
    Opening { each }.parts(parts, Place::of_input(byte));
}

/// As [`unwrap`], for an element that was read from a place in `input`.
pub fn unwrap_read(input: &[u8], element: Node<'_>, pointer: Option<&str>, each: &mut dyn FnMut(Found<'_>)) {
    open_at(input, 0, element, pointer, each);
}

/// Opens an element that was read from a text which begins at `base`.
fn open_at(text: &[u8], base: u64, element: Node<'_>, pointer: Option<&str>, each: &mut dyn FnMut(Found<'_>)) {
    let mut opening = Opening { each };
    let place = Place::of_input(base);
    let Some(pointer) = pointer.filter(|pointer| !pointer.is_empty()) else {
        return opening.open(text, element, place, 0);
    };
    if let Some(found) = element.pointer(pointer) {
        opening.open(text, found.clone(), place, 0);
    } else {
        let cause = format!("nothing stands at `{}` in this element", short(pointer));
        opening.reject_of(text, &element, place, cause, Missed::Any);
    }
}

/// Where a tree's bytes are in the input.
#[derive(Clone, Copy)]
struct Place {
    /// The position of the tree's text, or of the JSON string that holds it.
    base: u64,
    /// Whether spans do not count, because the text stood inside a JSON string.
    fixed: bool,
    /// The vendor whose envelope this came out of.
    vendor: Option<&'static str>,
    /// Whether anybody may have written it.
    open: bool,
}

impl Place {
    /// Of a text that begins at this byte of the input, and is nobody's yet.
    fn of_input(base: u64) -> Place {
        Place { base, vendor: None, fixed: false, open: false }
    }

    /// Of whom a record may be missed that stands here: what came out of a vendor's envelope is never
    /// taken for another's, and what anybody may have written is nobody's.
    fn missed(self) -> Missed {
        match self.vendor {
            _ if self.open => Missed::Nothing,
            Some(_) => Missed::Source(TRAIL),
            None => Missed::Any,
        }
    }

    fn of(self, node: &Node<'_>) -> u64 {
        if self.fixed {
            self.base
        } else {
            self.base.saturating_add(u64::try_from(node.span().start).unwrap_or(u64::MAX))
        }
    }
}

/// What an object is.
enum Shape {
    /// A record, for all we know.
    Item,
    /// Holds elements in lists.
    Lists,
    /// An event bus event: the record is its `detail`.
    Event,
    /// Holds a list under the first name, whose elements hold a text under the second.
    Texts(&'static str, &'static str),
    /// Holds a text under this name.
    Text(&'static str),
    /// A log subscription's sign of life.
    Control,
    /// A digest file.
    DigestFile,
    /// Spans or logs under the resources that emitted them.
    Groups,
    /// Those of one resource.
    Group,
    /// An answer of Jaeger's query service.
    Answer,
    /// One trace of such an answer.
    Trace,
}

fn shape(node: &Node<'_>) -> Shape {
    let list = |name: &str| matches!(node.get(name).map(|found| &found.value), Some(Value::Array(_)));
    let text = |name: &str| node.get(name).is_some_and(|found| found.as_str().is_some());
    let first_has = |name: &str, member: &str| {
        node.get(name).and_then(|found| found.elements().first()).is_some_and(|first| first.text(&[member]).is_some())
    };
    // Records outnumber envelopes by far, and none of the shapes below has this member.
    if text("eventVersion") || text("eventTime") {
        return Shape::Item;
    }
    if node.get("digestStartTime").is_some() && node.get("logFiles").is_some() {
        Shape::DigestFile
    } else if node.members().first().is_some_and(|(name, _)| LISTS.contains(&&**name) && list(name)) {
        // Only where it comes first: in a log whose later members somebody else chooses, a list of
        // that name must not stand in for the record.
        Shape::Lists
    } else if otel::is_groups(node) {
        Shape::Groups
    } else if otel::is_group(node) {
        Shape::Group
    } else if otel::is_answer(node) {
        Shape::Answer
    } else if otel::is_trace(node) {
        Shape::Trace
    } else if text("detail-type") && node.get("detail").is_some_and(|detail| !detail.members().is_empty()) {
        Shape::Event
    } else if node.text(&["messageType"]) == Some("CONTROL_MESSAGE") {
        Shape::Control
    } else if list("logEvents") {
        Shape::Texts("logEvents", "message")
    } else if trail::is_answer(node) {
        Shape::Texts("Events", LOOKED_UP)
    } else if first_has("events", "message") {
        Shape::Texts("events", "message")
    } else if trail::is_event(node) {
        Shape::Text(LOOKED_UP)
    } else if text("message")
        && ["ingestionTime", "eventId", "logStreamName"].iter().any(|name| node.get(name).is_some())
    {
        Shape::Text("message")
    } else {
        Shape::Item
    }
}

/// Names under which records are listed.
const LISTS: [&str; 2] = ["Records", "records"];

/// The vendor of every envelope but a plain list.
const AWS: &str = "aws";

/// The source of that vendor's records.
const TRAIL: &str = "aws.cloudtrail";

/// Whether the log group a line came out of is a trail's, by its name. Whoever writes lines chooses the name
/// of the stream he writes them to, so that one says nothing.
fn trail_named(node: &Node<'_>) -> bool {
    ["logGroup", "logGroupName"]
        .iter()
        .filter_map(|member| node.text(&[member]))
        .any(|name| name.to_ascii_lowercase().contains("cloudtrail"))
}

struct Opening<'e> {
    each: &'e mut dyn FnMut(Found<'_>),
}

impl Opening<'_> {
    fn reject(&mut self, text: &[u8], node: &Node<'_>, place: Place, cause: String) {
        self.reject_of(text, node, place, cause, place.missed());
    }

    fn reject_of(&mut self, text: &[u8], node: &Node<'_>, place: Place, cause: String, missed: Missed) {
        let bytes = text.get(node.span()).unwrap_or_default();
        (self.each)(Found::Reject { bytes, byte: place.of(node), cause, missed });
    }

    /// Opens what one element was cut into.
    fn parts(&mut self, parts: Vec<Part>, place: Place) {
        for Part { at, bytes, is_cut, .. } in parts {
            let base = place.base.saturating_add(u64::try_from(at).unwrap_or(u64::MAX));
            let cause = match json::parse(&bytes) {
                Ok(node) if is_cut => {
                    self.open(&bytes, node, Place { base, fixed: true, ..place }, 0);
                    continue;
                }
                Ok(_) => "one of many resources or traces, which cannot be cut up to be read; hand it in by itself"
                    .to_string(),
                Err(error) => unreadable(&error, base),
            };
            (self.each)(Found::Reject { bytes: &bytes, byte: base, cause, missed: Missed::Source(otel::SOURCE) });
        }
    }

    fn open(&mut self, text: &[u8], node: Node<'_>, place: Place, depth: usize) {
        if depth > NESTING_MAX {
            let cause = format!("envelopes inside envelopes, more than {NESTING_MAX} deep");
            return self.reject(text, &node, place, cause);
        }
        match &node.value {
            Value::Object(_) => self.object(text, node, place, depth),
            Value::Array(_) => self.list(text, node, place, depth),
            other => {
                let cause = format!("a record is a JSON object; this is {}", kind_word(other));
                self.reject_of(text, &node, place, cause, Missed::Held);
            }
        }
    }

    fn object(&mut self, text: &[u8], node: Node<'_>, place: Place, depth: usize) {
        let vendors = Place { vendor: Some(AWS), ..place };
        // Anybody may write log lines that look like a trail's: what does not come out of a log group
        // that bears a trail's name is nobody's word until somebody says where it is from.
        let lines = |trail: bool| Place { open: place.open || !trail, ..vendors };
        match shape(&node) {
            Shape::Item => {
                let byte = place.of(&node);
                (self.each)(Found::Item(Item { text, byte, node, vendor: place.vendor, open: place.open }));
            }
            // A name may stand twice: what stands under the second is no less there.
            Shape::Lists => {
                for list in members(node, &LISTS) {
                    self.list(text, list, place, depth);
                }
            }
            Shape::Event => {
                let sender = node.text(&["source"]);
                if !trail::is_bus_event(sender, node.text(&["detail-type"])) {
                    let cause = "a bus event that by `source` and `detail-type` is none of CloudTrail's: \
                                 its sender may write anything";
                    return self.reject_of(text, &node, place, cause.to_string(), Missed::Held);
                }
                let vendors = lines(sender.is_some());
                for detail in members(node, &["detail"]) {
                    self.open(text, detail, vendors, depth + 1);
                }
            }
            Shape::Texts(list, name) => {
                let group = trail_named(&node);
                for list in members(node, &[list]) {
                    if !matches!(list.value, Value::Array(_)) {
                        let cause = format!("a list of log lines should stand here; it is {}", kind_word(&list.value));
                        self.reject(text, &list, place, cause);
                    }
                    for element in list.elements() {
                        let trail = name == LOOKED_UP || group || trail_named(element);
                        self.inner(text, element, name, lines(trail), depth);
                    }
                }
            }
            Shape::Text(name) => {
                let trail = name == LOOKED_UP || trail_named(&node);
                self.inner(text, &node, name, lines(trail), depth);
            }
            Shape::Control => {
                let text = "a log subscription's control message: it tests delivery and holds no records".to_string();
                (self.each)(Found::Note { byte: place.of(&node), text });
            }
            Shape::Groups => Telemetry::new(self, place).groups(text, &node),
            Shape::Group => Telemetry::new(self, place).group(text, &node),
            Shape::Answer => Telemetry::new(self, place).answer(text, &node),
            Shape::Trace => Telemetry::new(self, place).trace(text, &node),
            Shape::DigestFile => {
                let cause = "a CloudTrail digest file, not a log file: digest chains are not read yet; \
                             leave it out of the input";
                self.reject_of(text, &node, place, cause.to_string(), Missed::Held);
            }
        }
    }

    fn list(&mut self, text: &[u8], node: Node<'_>, place: Place, depth: usize) {
        match node.value {
            Value::Array(elements) => {
                for element in elements {
                    self.open(text, element, place, depth + 1);
                }
            }
            ref other => {
                let cause = format!("a list of records should stand here; it is {}", kind_word(other));
                self.reject(text, &node, place, cause);
            }
        }
    }

    /// Opens the text that a JSON string holds.
    fn inner(&mut self, text: &[u8], element: &Node<'_>, name: &str, place: Place, depth: usize) {
        if name == LOOKED_UP && !trail::is_event(element) {
            let cause = "not an event as a look-up gives it: the id, and nothing but what it has of its own";
            return self.reject_of(text, element, place, cause.to_string(), Missed::Held);
        }
        let Some(found) = element.get(name) else {
            let cause = format!("`{name}` is missing in an element of a log export");
            return self.reject(text, element, place, cause);
        };
        let Some(inner) = found.as_str() else {
            let cause = format!("`{name}` should hold the record as a text; it is {}", kind_word(&found.value));
            return self.reject(text, element, place, cause);
        };
        let byte = place.of(found);
        match json::parse(inner.as_bytes()) {
            Ok(node) if name == LOOKED_UP && !trail::names(element, &node) => {
                let cause =
                    format!("`EventId` is not the `eventID` of the event in `{LOOKED_UP}`, as it is in every look-up");
                self.reject_of(text, element, place, cause, Missed::Held);
            }
            Ok(node) => self.open(inner.as_bytes(), node, Place { base: byte, fixed: true, ..place }, depth + 1),
            Err(error) => {
                let cause = format!("the text in `{name}` is {}", unreadable(&error, 0));
                (self.each)(Found::Reject { bytes: inner.as_bytes(), byte, cause, missed: place.missed() });
            }
        }
    }
}

/// The members of these names, taken out of an object.
fn members<'t>(node: Node<'t>, names: &[&str]) -> Vec<Node<'t>> {
    match node.value {
        Value::Object(members) => {
            members.into_iter().filter(|(name, _)| names.contains(&&**name)).map(|(_, child)| child).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
