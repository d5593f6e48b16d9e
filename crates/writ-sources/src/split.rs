//! The splitter: a stream of bytes, fed in growing buffers, becomes elements.
//!
//! An element is a span of bytes that holds one log record or one envelope. The splitter builds no
//! tree and keeps nothing but positions, so that a `{"Records":[…]}` of any size needs no more
//! memory than its longest element. It knows JSON well enough never to lose its place silently and
//! is lenient inside an element (spelling of numbers and words, escapes, UTF-8), because the strict
//! reader, [`writ_model::json`], reads every element again.
//!
//! What it understands, told apart by the bytes and never by a name:
//! - objects and arrays one after another, with or without white space between them (NDJSON, one
//!   pretty-printed document, documents put behind each other, RFC 7464 sequences);
//! - an array at the top: its elements;
//! - an object at the top whose first member is `Records` or `records` and holds an array of objects,
//!   or an empty one: the elements of that array, its other members are passed over;
//! - every other object is one element, envelopes such as `logEvents` too: adapters open those.
//!
//! An input that shows itself binary before its first element is given up whole: a line in it may be a text
//! from inside of some record, which anybody may have chosen. Where that shows later, or lines of text show,
//! [`Splitter::doubt`] says so.
//!
//! What does not fit costs as little as can be told: a line, an element, or the rest of the input,
//! each as one reject that says where and why.
//!
//! Of an input that is in memory as a whole, [`Whole`] gives elements that were read already: what the strict
//! reader reads needs no scan.

mod cause;
mod doubt;
mod scan;
mod whole;

use core::ops::Range;
use doubt::Doubts;
use memchr::{memchr, memchr_iter};
use scan::{LineSeek, Scan, Stop};

pub use cause::Cause;
pub use doubt::Doubt;
pub use whole::{Found, Piece, Whole};

/// Bytes of one element at most; a longer one is a reject and is passed over without being kept.
/// Vendors stay under 1 MiB per record (CloudTrail: 256 KiB); agents' content dumps reach tens.
pub const ELEMENT_BYTES_MAX: u64 = 64 << 20;

/// Rejects from the beginning on without one element before the rest is given up as not JSON.
/// Enough to get past a banner, few enough that a wrong file does not drown the report.
pub const BAD_LINES_MAX: u32 = 100;

const UTF8_BOM: &[u8] = &[0xef, 0xbb, 0xbf];

/// What one call of [`Splitter::next`] found. Positions count bytes from the beginning of the
/// stream, lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// One element, wholly in the buffer.
    Element {
        /// Its bytes.
        span: Range<u64>,
        /// The line it begins on.
        line: u64,
    },
    /// A stretch that holds no element. Its first bytes may have left the buffer already: see
    /// [`Splitter::pending`]. It is empty where nothing is lost but something is missing.
    Reject {
        /// Its bytes.
        span: Range<u64>,
        /// The line it begins on.
        line: u64,
        /// Why.
        cause: Cause,
    },
    /// More bytes are needed. The buffer of the next call must begin at this position.
    More {
        /// The first byte that is still needed.
        keep: u64,
    },
    /// Everything has been said.
    End,
}

/// Turns a stream of bytes into elements and rejects.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one thing met on the way, and they do not exclude each other"
)]
pub struct Splitter {
    /// Position of the first byte of the buffer.
    base: u64,
    /// Where to go on, from the first byte of the buffer.
    at: usize,
    /// Position up to which line feeds were counted, and the line that is on.
    counted: u64,
    line: u64,
    place: Place,
    /// Blanks since the line began; `None` once anything else stood on it.
    blank: Option<u32>,
    /// A list lost its shape: stray commas and closing brackets at the top are expected.
    torn: bool,
    /// The value in progress.
    item: Item,
    outer: Scan,
    inner: Scan,
    /// The reject in progress.
    reject: Reject,
    seek: LineSeek,
    /// An element was found.
    found: bool,
    /// Rejects before that, and whether one was binary.
    bad: u32,
    binary: bool,
    doubts: Doubts,
    /// The last value, or the last in a list that is one, was an object.
    after_object: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before the first byte.
    Start,
    /// Between values at the top.
    Top,
    /// Inside an object at the top, which may turn out to be a list wrapper.
    Object,
    /// Between the elements of a list.
    List(Separator),
    /// Inside an element of a list.
    Element,
    /// Behind the list of a wrapper.
    Tail,
    /// In a run of NUL bytes.
    Nul,
    /// On a line that is no JSON, up to its end.
    Line,
    /// Behind a fault, up to a line where a value may begin.
    Seek,
    /// In a rest that is given up.
    Rest,
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Separator {
    /// Behind the opening bracket.
    First,
    /// Behind a comma.
    Next,
    /// Behind an element.
    After,
}

#[derive(Clone, Copy, Debug, Default)]
struct Item {
    start: u64,
    line: u64,
    /// It grew too long and its first bytes are no longer kept.
    dropped: bool,
}

#[derive(Clone, Copy, Debug)]
struct Reject {
    start: u64,
    line: u64,
    cause: Cause,
}

impl Default for Splitter {
    fn default() -> Splitter {
        Splitter::new()
    }
}

impl Splitter {
    /// A splitter at the beginning of a stream.
    pub fn new() -> Splitter {
        Splitter {
            base: 0,
            at: 0,
            counted: 0,
            line: 1,
            place: Place::Start,
            blank: Some(0),
            torn: false,
            item: Item::default(),
            outer: Scan::new(true, None),
            inner: Scan::new(false, None),
            reject: Reject { start: 0, line: 1, cause: Cause::Truncated },
            seek: LineSeek::new(None, None),
            found: false,
            bad: 0,
            binary: false,
            doubts: Doubts::default(),
            after_object: false,
        }
    }

    /// What was seen so far beside elements that puts their writer in doubt.
    pub fn doubt(&self) -> Option<Doubt> {
        self.doubts.told()
    }

    /// The next thing in the stream. `buffer` must begin where the last [`Step::More`] said (at the
    /// first byte in the beginning), may only be longer than last time, and `eof` says that nothing
    /// will follow it.
    pub fn next(&mut self, buffer: &[u8], eof: bool) -> Step {
        loop {
            if let Some(step) = self.step(buffer, eof) {
                return step;
            }
        }
    }

    /// Goes on up to the next place or thing.
    fn step(&mut self, buffer: &[u8], eof: bool) -> Option<Step> {
        match self.place {
            Place::Start => self.start(buffer, eof),
            Place::Top => self.top(buffer, eof),
            Place::Object | Place::Element | Place::Tail => self.value(buffer, eof),
            Place::List(separator) => self.list(buffer, eof, separator),
            Place::Nul => self.nul_run(buffer, eof),
            Place::Line => self.bad_line(buffer, eof),
            Place::Seek => self.seek(buffer, eof),
            Place::Rest => Some(self.rest(buffer, eof)),
            Place::End => Some(Step::End),
        }
    }

    /// Where an object begins of which nothing was scanned yet and which is one element, if one does here.
    fn object(&self, buffer: &[u8]) -> Option<usize> {
        let rest = buffer.get(self.at..)?;
        let is_element = match self.place {
            Place::Element => self.inner.is_new() && rest.first() == Some(&b'{'),
            Place::Object => self.outer.is_new() && !scan::may_be_wrapper(rest),
            _ => false,
        };
        is_element.then_some(self.at)
    }

    /// Says that the object that begins here was read, and ends there.
    fn passed(&mut self, buffer: &[u8], end: usize) -> Option<Step> {
        self.at = end;
        self.value_done(buffer, self.position(end))
    }

    /// Where the value or reject in progress began, if there is one. A driver that wants to keep
    /// the first bytes of rejects asks this before it drops bytes.
    pub fn pending(&self) -> Option<u64> {
        match self.place {
            Place::Start | Place::Top | Place::List(_) | Place::End => None,
            Place::Object | Place::Element | Place::Tail => Some(self.item.start),
            Place::Nul | Place::Line | Place::Seek | Place::Rest => Some(self.reject.start),
        }
    }

    fn start(&mut self, buffer: &[u8], eof: bool) -> Option<Step> {
        if buffer.len() < 2 && !eof {
            return Some(self.more(buffer, 0));
        }
        self.place = Place::Top;
        if matches!(buffer, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
            self.reject = Reject { start: 0, line: 1, cause: Cause::Utf16 };
            self.place = Place::Rest;
        }
        None
    }

    fn top(&mut self, buffer: &[u8], eof: bool) -> Option<Step> {
        loop {
            let Some(&byte) = buffer.get(self.at) else {
                return Some(if eof { self.end() } else { self.more(buffer, self.at) });
            };
            match byte {
                b' ' | b'\t' => self.blank = self.blank.map(|n| n.saturating_add(1)),
                b'\n' => self.blank = Some(0),
                // RFC 7464 puts a record separator before each value.
                b'\r' | 0x1e => {}
                b',' | b']' | b'}' if self.torn => self.blank = None,
                b'{' => {
                    self.begin(buffer);
                    self.outer = Scan::new(true, self.blank);
                    self.place = Place::Object;
                    return None;
                }
                b'[' => {
                    self.after_object = false;
                    self.place = Place::List(Separator::First);
                    self.outer = Scan::new(false, None);
                    self.blank = None;
                    self.at += 1;
                    return None;
                }
                0xef => {
                    let rest = buffer.get(self.at..).unwrap_or_default();
                    if rest.starts_with(UTF8_BOM) {
                        self.at += 2;
                    } else if UTF8_BOM.starts_with(rest) && !eof {
                        return Some(self.more(buffer, self.at));
                    } else {
                        self.begin_line(buffer, byte);
                        return None;
                    }
                }
                _ => {
                    self.begin_line(buffer, byte);
                    return None;
                }
            }
            self.at += 1;
        }
    }

    /// A log that was cut off while its writer had it open begins with a run of NUL bytes, one that
    /// was being written when the machine stopped ends with one; what is on either side counts.
    fn nul_run(&mut self, buffer: &[u8], eof: bool) -> Option<Step> {
        let rest = buffer.get(self.at..).unwrap_or_default();
        let len = rest.iter().take_while(|byte| **byte == 0).count();
        self.at += len;
        if len == rest.len() {
            return Some(self.skipped(buffer, eof));
        }
        self.blank = Some(0);
        self.place = Place::Top;
        self.finish_reject(self.position(self.at))
    }

    fn list(&mut self, buffer: &[u8], eof: bool, mut separator: Separator) -> Option<Step> {
        loop {
            let Some(&byte) = buffer.get(self.at) else {
                self.place = Place::List(separator);
                if !eof {
                    return Some(self.more(buffer, self.at));
                }
                self.begin(buffer);
                self.fault(buffer, Cause::Truncated);
                return None;
            };
            match (separator, byte) {
                (_, b' ' | b'\t') => self.blank = self.blank.map(|n| n.saturating_add(1)),
                (_, b'\n') => self.blank = Some(0),
                (_, b'\r') => {}
                (Separator::After, b',') => {
                    separator = Separator::Next;
                    self.blank = None;
                }
                (Separator::After | Separator::First, b']') => {
                    self.at += 1;
                    self.close_list(buffer);
                    return None;
                }
                (Separator::After, _) => return self.list_fault(buffer, byte, "`,` or `]`"),
                (_, b',' | b']' | b'}' | b':') => return self.list_fault(buffer, byte, "a value"),
                _ => {
                    self.begin(buffer);
                    self.inner = Scan::new(false, self.blank);
                    self.place = Place::Element;
                    return None;
                }
            }
            self.at += 1;
        }
    }

    fn close_list(&mut self, buffer: &[u8]) {
        self.blank = None;
        if self.outer.in_object() {
            self.begin(buffer);
            self.outer.after_value();
            self.place = Place::Tail;
        } else {
            self.place = Place::Top;
        }
    }

    /// What stands between two elements does not fit: nothing is lost yet, the list is left.
    fn list_fault(&mut self, buffer: &[u8], byte: u8, expected: &'static str) -> Option<Step> {
        let at = self.position(self.at);
        let cause = Cause::Unexpected { byte, at, expected };
        self.torn = true;
        self.reject = Reject { start: at, line: self.line_at(buffer, self.at), cause };
        if matches!(byte, b',' | b']' | b'}' | b'{' | b'[') {
            self.place = Place::Top;
            return self.finish_reject(at);
        }
        self.doubts.begin(self.after_object);
        self.place = Place::Line;
        None
    }

    /// Goes on inside the value in progress.
    fn value(&mut self, buffer: &[u8], eof: bool) -> Option<Step> {
        let scan = if self.place == Place::Element { &mut self.inner } else { &mut self.outer };
        let stop = scan.run(buffer, &mut self.at, eof);
        let at = self.position(self.at);
        let cause = match stop {
            Stop::Done => return self.value_done(buffer, at),
            Stop::List => {
                self.place = Place::List(Separator::First);
                self.blank = None;
                self.found = true;
                self.at += 1;
                return None;
            }
            Stop::More if !eof => {
                self.item.dropped |= at.saturating_sub(self.item.start) > ELEMENT_BYTES_MAX;
                let keep = if self.item.dropped { self.at } else { self.offset(self.item.start) };
                return Some(self.more(buffer, keep));
            }
            Stop::More => Cause::Truncated,
            Stop::LineBreak => Cause::LineBreak { at },
            Stop::TooDeep => Cause::TooDeep,
            Stop::Fault(expected) => match buffer.get(self.at) {
                Some(&byte) if byte != 0 => Cause::Unexpected { byte, at, expected },
                _ => Cause::Binary,
            },
        };
        self.fault(buffer, cause);
        None
    }

    fn value_done(&mut self, buffer: &[u8], end: u64) -> Option<Step> {
        let too_deep = if self.place == Place::Element { self.inner.too_deep() } else { self.outer.too_deep() };
        let tail = self.place == Place::Tail;
        let too_large = self.item.dropped || end.saturating_sub(self.item.start) > ELEMENT_BYTES_MAX;
        self.place = if self.place == Place::Element { Place::List(Separator::After) } else { Place::Top };
        self.blank = None;
        let Item { start, line, .. } = self.item;
        if tail {
            return None;
        }
        if too_deep || too_large {
            let cause = if too_large { Cause::TooLarge } else { Cause::TooDeep };
            self.reject = Reject { start, line, cause };
            return self.finish_reject(end);
        }
        self.after_object = buffer.get(self.offset(start)) == Some(&b'{');
        self.found |= self.after_object;
        if !self.after_object {
            // `[main]` is how lines of text begin.
            self.doubts.begin(false);
            self.doubts.look(buffer.get(self.offset(start)..self.offset(end)).unwrap_or_default());
        }
        Some(Step::Element { span: start..end, line })
    }

    /// The value in progress cannot go on: look for a line where another may begin. The first such
    /// line behind its own beginning is taken, because a bracket that is missing is noticed late.
    fn fault(&mut self, buffer: &[u8], cause: Cause) {
        let indent = match self.place {
            Place::Element => self.inner.indent(),
            Place::Object => self.outer.indent(),
            _ => None,
        };
        let mut blank = None;
        if self.item.dropped {
            let before = self.at.checked_sub(1).and_then(|before| buffer.get(before));
            blank = (before == Some(&b'\n')).then_some(0);
        } else {
            self.at = self.offset(self.item.start);
        }
        self.reject = Reject { start: self.item.start, line: self.item.line, cause };
        self.doubts.begin(self.item.dropped || (self.place == Place::Element && self.after_object));
        self.seek = LineSeek::new(indent, blank);
        self.torn = true;
        self.place = Place::Seek;
    }

    fn seek(&mut self, buffer: &[u8], eof: bool) -> Option<Step> {
        let from = self.at;
        let found = self.seek.run(buffer, &mut self.at);
        self.doubts.look(buffer.get(from..self.at).unwrap_or_default());
        if found {
            // The line feed before the new line belongs to neither.
            let blank = self.seek.blank();
            let end = self.position(self.at).saturating_sub(u64::from(blank) + 1).max(self.reject.start);
            self.blank = Some(blank);
            self.place = Place::Top;
            return self.finish_reject(end);
        }
        Some(self.skipped(buffer, eof))
    }

    fn begin_line(&mut self, buffer: &[u8], byte: u8) {
        let start = self.position(self.at);
        self.doubts.begin(self.blank.is_none() && self.after_object);
        let cause = if self.blank.is_none() {
            Cause::Trailing { byte }
        } else {
            Cause::Unexpected { byte, at: start, expected: "a JSON object or array" }
        };
        let (cause, place) = if byte == 0 { (Cause::Binary, Place::Nul) } else { (cause, Place::Line) };
        self.reject = Reject { start, line: self.line_at(buffer, self.at), cause };
        self.place = place;
    }

    fn bad_line(&mut self, buffer: &[u8], eof: bool) -> Option<Step> {
        let rest = buffer.get(self.at..).unwrap_or_default();
        let line = memchr(b'\n', rest).and_then(|len| rest.get(..len));
        self.doubts.look(line.unwrap_or(rest));
        if memchr(0, line.unwrap_or(rest)).is_some() {
            self.reject.cause = Cause::Binary;
        }
        let Some(line) = line else {
            self.at = buffer.len();
            return Some(self.skipped(buffer, eof));
        };
        self.at += line.len();
        self.place = Place::Top;
        let end = self.position(self.at);
        self.finish_reject(end)
    }

    fn rest(&mut self, buffer: &[u8], eof: bool) -> Step {
        self.at = buffer.len();
        self.skipped(buffer, eof)
    }

    /// The buffer was passed over up to its end: asks for more, or ends the reject with the input.
    fn skipped(&mut self, buffer: &[u8], eof: bool) -> Step {
        if !eof {
            return self.more(buffer, self.at);
        }
        self.place = Place::End;
        let Reject { start, line, cause } = self.reject;
        let cause = if !self.found && self.doubts.is_binary() && cause != Cause::Utf16 { Cause::Binary } else { cause };
        Step::Reject { span: start..self.position(buffer.len()), line, cause }
    }

    /// Hands out the reject in progress, or gives up the rest if nothing ever was JSON.
    fn finish_reject(&mut self, end: u64) -> Option<Step> {
        let Reject { start, line, cause } = self.reject;
        if !self.found {
            self.binary |= cause == Cause::Binary;
            self.binary |= self.doubts.is_binary();
            if self.bad >= BAD_LINES_MAX || self.doubts.is_binary() {
                self.reject.cause = if self.binary { Cause::Binary } else { Cause::NotJson };
                self.place = Place::Rest;
                return None;
            }
            self.bad += 1;
        }
        Some(Step::Reject { span: start..end, line, cause })
    }

    fn begin(&mut self, buffer: &[u8]) {
        let line = self.line_at(buffer, self.at);
        self.item = Item { start: self.position(self.at), line, dropped: false };
    }

    fn end(&mut self) -> Step {
        self.place = Place::End;
        Step::End
    }

    fn more(&mut self, buffer: &[u8], keep: usize) -> Step {
        self.line_at(buffer, keep);
        self.base = self.position(keep);
        self.at = self.at.saturating_sub(keep);
        Step::More { keep: self.base }
    }

    /// The line that stands at this place of the buffer. Places only grow.
    fn line_at(&mut self, buffer: &[u8], at: usize) -> u64 {
        let passed = buffer.get(self.offset(self.counted)..at).unwrap_or_default();
        self.line += memchr_iter(b'\n', passed).count() as u64;
        self.counted = self.position(at).max(self.counted);
        self.line
    }

    fn position(&self, at: usize) -> u64 {
        self.base + at as u64
    }

    fn offset(&self, position: u64) -> usize {
        usize::try_from(position.saturating_sub(self.base)).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests;
