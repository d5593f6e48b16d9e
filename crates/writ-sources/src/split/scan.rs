//! The scanner: finds the end of one JSON value, byte by byte, and can stop anywhere.

use memchr::{memchr, memchr3};
use writ_model::json::DEPTH_MAX;

/// Nesting is one bit per level in a `u128`.
const _: () = assert!(DEPTH_MAX <= 128, "a level needs a bit");

/// How the name of a member is spelt that makes an object a list wrapper. Of all wrappers only
/// those of CloudTrail (`Records`) and Azure (`records`) grow to sizes that must not be kept whole.
const LIST_NAMES: [&[u8]; 2] = [b"\"Records\"", b"\"records\""];
const LIST_NAME_LEN: usize = 9;

/// How far behind the bracket of such a list its first element is looked for. Longer white space
/// than any indentation is not worth keeping bytes for.
const LIST_PEEK_BYTES_MAX: usize = 4096;

/// Why [`Scan::run`] stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The buffer ended.
    More,
    /// The value ended before this place.
    Done,
    /// Here opens the list of a wrapper.
    List,
    /// This byte cannot stand here; what could.
    Fault(&'static str),
    /// A line break inside a string.
    LineBreak,
    /// Too deep, and another value seems to begin before this one ends.
    TooDeep,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A value, or the end of the array that just opened.
    FirstValue,
    Value,
    /// A name, or the end of the object that just opened.
    FirstName,
    Name,
    Colon,
    /// Behind a value.
    After,
    Text,
    /// Behind a backslash.
    TextEscape,
    NameText,
    NameEscape,
    /// In a number or a word.
    Word,
    /// Below [`DEPTH_MAX`] only brackets are counted, so that one such element costs only itself.
    Deep,
    DeepText,
    DeepEscape,
}

/// Which names may be those of a wrapper's list. The first name decides: in a log whose later members
/// somebody else chooses, a list of that name must not stand in for the record. Behind one list
/// another is no less there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lists {
    Nowhere,
    IfFirst,
    Anywhere,
}

/// A scanner of one value.
#[derive(Clone, Debug)]
pub(super) struct Scan {
    state: State,
    depth: usize,
    /// One bit per open level, the innermost lowest: set for an object.
    objects: u128,
    /// Open levels below [`DEPTH_MAX`].
    deep: u64,
    too_deep: bool,
    /// Where the list of a wrapper is looked for.
    lists: Lists,
    /// The name just read is that of such a list.
    list: bool,
    /// Finds the line on which another value may begin.
    seek: LineSeek,
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\t' | b'\r')
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')
}

/// Whether the array that opens here is a list of objects or empty; numbers and strings under such
/// a name are part of an ordinary record. `None`: more bytes are needed.
fn list_opens(buffer: &[u8], at: usize, eof: bool) -> Option<bool> {
    let inside = buffer.get(at + 1..).unwrap_or_default();
    match inside.iter().take(LIST_PEEK_BYTES_MAX).find(|byte| !is_space(**byte)) {
        Some(byte) => Some(matches!(byte, b'{' | b']')),
        None if inside.len() >= LIST_PEEK_BYTES_MAX => Some(false),
        None if eof => Some(true),
        None => None,
    }
}

/// Whether an object that begins here may be the wrapper of a list, by its first name.
pub(super) fn may_be_wrapper(object: &[u8]) -> bool {
    let inside = object.get(1..).unwrap_or_default();
    let name = inside.iter().position(|byte| !is_space(*byte)).and_then(|at| inside.get(at..)).unwrap_or_default();
    LIST_NAMES.iter().any(|list| name.starts_with(list))
}

impl Scan {
    /// Before a value that stands behind `indent` blanks on its line, if only blanks.
    pub(super) fn new(wrapper: bool, indent: Option<u32>) -> Scan {
        Scan {
            state: State::Value,
            depth: 0,
            objects: 0,
            deep: 0,
            too_deep: false,
            lists: if wrapper { Lists::IfFirst } else { Lists::Nowhere },
            list: false,
            seek: LineSeek::new(indent, None),
        }
    }

    /// Whether nothing was scanned yet.
    pub(super) fn is_new(&self) -> bool {
        self.state == State::Value && self.depth == 0
    }

    /// Whether an object is open.
    pub(super) fn in_object(&self) -> bool {
        self.depth > 0
    }

    /// Whether some level was too deep.
    pub(super) fn too_deep(&self) -> bool {
        self.too_deep
    }

    /// How far the value is indented.
    pub(super) fn indent(&self) -> Option<u32> {
        self.seek.indent
    }

    /// Says that the list that was stopped at has been passed.
    pub(super) fn after_value(&mut self) {
        self.list = false;
        self.lists = Lists::Anywhere;
        self.state = State::After;
    }

    /// Goes on at `at`, which stays at the byte that made it stop.
    pub(super) fn run(&mut self, buffer: &[u8], at: &mut usize, eof: bool) -> Stop {
        loop {
            let stop = match self.state {
                State::Text => self.text(buffer, at, State::TextEscape, State::After),
                State::NameText => self.text(buffer, at, State::NameEscape, State::Colon),
                State::DeepText => self.text(buffer, at, State::DeepEscape, State::Deep),
                State::TextEscape => self.escape(buffer, at, State::Text),
                State::NameEscape => self.escape(buffer, at, State::NameText),
                State::DeepEscape => self.escape(buffer, at, State::DeepText),
                State::Word => self.word(buffer, at),
                State::Deep => self.below(buffer, at),
                _ => self.structure(buffer, at, eof),
            };
            if let Some(stop) = stop {
                return stop;
            }
        }
    }

    /// Everything but strings and words. At most one value, name or bracket is consumed per call
    /// unless the next byte belongs here too.
    #[inline]
    fn structure(&mut self, buffer: &[u8], at: &mut usize, eof: bool) -> Option<Stop> {
        loop {
            let Some(&byte) = buffer.get(*at) else { return Some(Stop::More) };
            if is_space(byte) {
                *at += 1;
                continue;
            }
            match self.state {
                State::After => match byte {
                    b',' => self.state = if self.objects & 1 == 1 { State::Name } else { State::Value },
                    b'}' if self.objects & 1 == 1 => self.close(),
                    b']' if self.objects & 1 == 0 => self.close(),
                    _ if self.objects & 1 == 1 => return Some(Stop::Fault("`,` or `}`")),
                    _ => return Some(Stop::Fault("`,` or `]`")),
                },
                State::Colon if byte == b':' => self.state = State::Value,
                State::Colon => return Some(Stop::Fault("`:`")),
                State::FirstName | State::Name => match byte {
                    b'"' => {
                        let first = self.state == State::FirstName;
                        let here = self.lists == Lists::Anywhere || (self.lists == Lists::IfFirst && first);
                        if here && self.depth == 1 && !self.name(buffer, *at, eof) {
                            return Some(Stop::More);
                        }
                        self.state = State::NameText;
                    }
                    b'}' if self.state == State::FirstName => self.close(),
                    _ if self.state == State::FirstName => return Some(Stop::Fault("a name in `\"` or `}`")),
                    _ => return Some(Stop::Fault("a name in `\"`")),
                },
                _ => {
                    if self.list && byte == b'[' {
                        match list_opens(buffer, *at, eof) {
                            None => return Some(Stop::More),
                            Some(true) => return Some(Stop::List),
                            Some(false) => {}
                        }
                    }
                    match byte {
                        b'"' => self.state = State::Text,
                        b'{' => self.open(true),
                        b'[' => self.open(false),
                        b']' if self.state == State::FirstValue => self.close(),
                        _ if is_word(byte) => self.state = State::Word,
                        _ => return Some(Stop::Fault("a value")),
                    }
                    self.list = false;
                }
            }
            *at += 1;
            if self.depth == 0 && self.state == State::After {
                return Some(Stop::Done);
            }
            if matches!(self.state, State::Text | State::NameText | State::Word | State::Deep) {
                return None;
            }
        }
    }

    /// Compares the name that opens here with those of lists. `false`: more bytes are needed.
    fn name(&mut self, buffer: &[u8], at: usize, eof: bool) -> bool {
        let rest = buffer.get(at..).unwrap_or_default();
        self.list = LIST_NAMES.iter().any(|name| rest.starts_with(name));
        rest.len() >= LIST_NAME_LEN || eof
    }

    fn open(&mut self, object: bool) {
        if self.depth == DEPTH_MAX {
            self.too_deep = true;
            self.deep = 1;
            self.state = State::Deep;
            return;
        }
        self.depth += 1;
        self.objects = self.objects << 1 | u128::from(object);
        self.state = if object { State::FirstName } else { State::FirstValue };
    }

    fn close(&mut self) {
        self.depth -= 1;
        self.objects >>= 1;
        self.state = State::After;
    }

    /// Inside a string. At a backslash, `escape` is entered; behind the closing quote, `after`.
    #[inline]
    fn text(&mut self, buffer: &[u8], at: &mut usize, escape: State, after: State) -> Option<Stop> {
        let rest = buffer.get(*at..).unwrap_or_default();
        let Some(len) = memchr3(b'"', b'\\', b'\n', rest) else {
            *at = buffer.len();
            return Some(Stop::More);
        };
        *at += len;
        match rest.get(len) {
            Some(b'"') => self.state = after,
            Some(b'\\') => self.state = escape,
            _ => return Some(Stop::LineBreak),
        }
        *at += 1;
        if self.depth == 0 && after == State::After && self.state == State::After {
            return Some(Stop::Done);
        }
        None
    }

    #[inline]
    fn escape(&mut self, buffer: &[u8], at: &mut usize, text: State) -> Option<Stop> {
        match buffer.get(*at) {
            None => Some(Stop::More),
            // A backslash does not continue a line.
            Some(b'\n') => Some(Stop::LineBreak),
            Some(_) => {
                *at += 1;
                self.state = text;
                None
            }
        }
    }

    #[inline]
    fn word(&mut self, buffer: &[u8], at: &mut usize) -> Option<Stop> {
        loop {
            match buffer.get(*at) {
                None => return Some(Stop::More),
                Some(&byte) if is_word(byte) => *at += 1,
                Some(_) => {
                    self.state = State::After;
                    return (self.depth == 0).then_some(Stop::Done);
                }
            }
        }
    }

    /// Below the deepest level that is understood.
    fn below(&mut self, buffer: &[u8], at: &mut usize) -> Option<Stop> {
        loop {
            let Some(&byte) = buffer.get(*at) else { return Some(Stop::More) };
            if self.seek.step(byte) {
                return Some(Stop::TooDeep);
            }
            *at += 1;
            match byte {
                b'{' | b'[' => self.deep += 1,
                b'}' | b']' => {
                    self.deep -= 1;
                    if self.deep == 0 {
                        self.state = State::After;
                        return None;
                    }
                }
                b'"' => {
                    self.state = State::DeepText;
                    return None;
                }
                _ => {}
            }
        }
    }
}

/// Finds a line on which a value may begin: `{` or `[` in the first column or as far indented as
/// the value that went wrong.
#[derive(Clone, Debug)]
pub(super) struct LineSeek {
    indent: Option<u32>,
    /// Blanks since the line began; `None` once anything else stood on it.
    blank: Option<u32>,
}

impl LineSeek {
    pub(super) fn new(indent: Option<u32>, blank: Option<u32>) -> LineSeek {
        LineSeek { indent, blank }
    }

    /// Blanks before the place that was found.
    pub(super) fn blank(&self) -> u32 {
        self.blank.unwrap_or(0)
    }

    /// Whether a value may begin at this byte, the next of the stream.
    fn step(&mut self, byte: u8) -> bool {
        match byte {
            b'\n' => self.blank = Some(0),
            b' ' | b'\t' => self.blank = self.blank.map(|n| n.saturating_add(1)),
            b'{' | b'[' if self.blank.is_some() && (self.blank == Some(0) || self.blank == self.indent) => return true,
            _ => self.blank = None,
        }
        false
    }

    /// Moves `at` to such a place, or to the end of the buffer.
    pub(super) fn run(&mut self, buffer: &[u8], at: &mut usize) -> bool {
        while let Some(&byte) = buffer.get(*at) {
            if self.step(byte) {
                return true;
            }
            *at += 1;
            if self.blank.is_none() {
                let rest = buffer.get(*at..).unwrap_or_default();
                *at += memchr(b'\n', rest).unwrap_or(rest.len());
            }
        }
        false
    }
}
