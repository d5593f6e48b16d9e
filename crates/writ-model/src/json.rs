//! A JSON reader for evidence.
//!
//! Evidence is somebody else's JSON and must stay what it was: number lexemes, duplicate keys and
//! byte positions all matter, and none of them survives a general-purpose value type. This reader
//! keeps all three, borrows what it can, is strict (RFC 8259, no lone surrogates) and bounded in
//! depth. See `docs/rfd/0002-reading-json.md`.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

mod canonical;

pub use canonical::{canonical, canonical_of, quote};

/// How deep arrays and objects may nest. Real logs stay under 20; each level costs stack.
pub const DEPTH_MAX: usize = 128;

/// How many values one text may hold. Real records have some hundred; each costs up to fifty times its
/// text in memory, so that a short text of small values could otherwise fill it.
pub const VALUES_MAX: usize = 500_000;

/// Members for which there is room from the beginning: as many as usual records have that are open at once.
const MEMBERS_OPEN: usize = 48;

/// A value with the bytes it was read from.
#[derive(Clone, Debug, PartialEq)]
pub struct Node<'a> {
    start: usize,
    end: usize,
    /// What it is.
    pub value: Value<'a>,
}

/// A JSON value. Numbers are kept as they were spelt.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as spelt: `1`, `1.0` and `1e0` differ.
    Number(&'a str),
    /// A string, unescaped.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Node<'a>>),
    /// An object: members in the order they stood, duplicates kept.
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

/// Where and why reading failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Byte position from 0.
    pub byte: usize,
    /// What was wrong, in one clause.
    pub cause: Cause,
}

/// What was wrong with a JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The text ended inside a value.
    Truncated,
    /// A byte that cannot stand here.
    Unexpected(u8),
    /// More text after the value.
    Trailing,
    /// Deeper than [`DEPTH_MAX`].
    TooDeep,
    /// More than [`VALUES_MAX`].
    TooMany,
    /// Not UTF-8.
    NotUtf8,
    /// A `\u` escape that is no character (half of a surrogate pair, or not four hex digits).
    BadEscape,
    /// Not a JSON number.
    BadNumber,
    /// A control character inside a string.
    ControlCharacter,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Truncated => f.write_str("the JSON text ends inside a value"),
            Cause::Unexpected(b) if b.is_ascii_graphic() => write!(f, "`{}` cannot stand here in JSON", char::from(*b)),
            Cause::Unexpected(b) => write!(f, "byte 0x{b:02x} cannot stand here in JSON"),
            Cause::Trailing => f.write_str("more text after the JSON value"),
            Cause::TooDeep => write!(f, "nested deeper than {DEPTH_MAX} levels"),
            Cause::TooMany => write!(f, "more than {VALUES_MAX} values in one text"),
            Cause::NotUtf8 => f.write_str("not UTF-8"),
            Cause::BadEscape => f.write_str("an escape in a string is no character"),
            Cause::BadNumber => f.write_str("not a JSON number"),
            Cause::ControlCharacter => f.write_str("a control character inside a string"),
        }
    }
}

impl<'a> Node<'a> {
    /// The bytes this value was read from.
    pub fn span(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The first member of that name, if this is an object that has one.
    pub fn get(&self, name: &str) -> Option<&Node<'a>> {
        match &self.value {
            Value::Object(members) => members.iter().find(|(key, _)| key == name).map(|(_, node)| node),
            _ => None,
        }
    }

    /// The value at a path of member names.
    pub fn at(&self, path: &[&str]) -> Option<&Node<'a>> {
        path.iter().try_fold(self, |node, name| node.get(name))
    }

    /// The string at a path, if a string stands there.
    pub fn text(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.as_str()
    }

    /// This string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(s) => Some(s),
            _ => None,
        }
    }

    /// This boolean; the strings `"true"` and `"false"`, which some vendors write, count.
    pub fn as_bool(&self) -> Option<bool> {
        match &self.value {
            Value::Bool(b) => Some(*b),
            Value::String(s) if s == "true" => Some(true),
            Value::String(s) if s == "false" => Some(false),
            _ => None,
        }
    }

    /// The elements, if this is an array.
    pub fn elements(&self) -> &[Node<'a>] {
        match &self.value {
            Value::Array(nodes) => nodes,
            _ => &[],
        }
    }

    /// The members, if this is an object.
    pub fn members(&self) -> &[(Cow<'a, str>, Node<'a>)] {
        match &self.value {
            Value::Object(members) => members,
            _ => &[],
        }
    }

    /// The value an RFC 6901 pointer names; the empty pointer names this value.
    pub fn pointer(&self, pointer: &str) -> Option<&Node<'a>> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, |node, token| {
            let token = token.replace("~1", "/").replace("~0", "~");
            match &node.value {
                Value::Object(_) => node.get(&token),
                Value::Array(nodes) => nodes.get(token.parse::<usize>().ok()?),
                _ => None,
            }
        })
    }
}

/// Reads one JSON value that fills the whole text.
pub fn parse(text: &[u8]) -> Result<Node<'_>, Error> {
    let mut reader = Reader::new(as_str(text)?, 0);
    let node = reader.value()?;
    reader.skip_space();
    if reader.at == text.len() { Ok(node) } else { Err(Error { byte: reader.at, cause: Cause::Trailing }) }
}

/// Reads values that stand in one text, wherever they do.
#[derive(Debug)]
pub struct Values<'a>(Reader<'a>);

impl<'a> Values<'a> {
    /// Of this text, which must be UTF-8 as a whole. A value that holds more than `n_values_max` values, itself
    /// included, is [`Cause::TooMany`].
    pub fn new(text: &'a [u8], n_values_max: usize) -> Result<Values<'a>, Error> {
        Ok(Values(Reader { n_values_max, ..Reader::new(as_str(text)?, 0) }))
    }

    /// Reads the value that begins at `from` (white space before it is skipped); its span says where it ends.
    /// Positions count from the beginning of the text.
    pub fn read(&mut self, from: usize) -> Result<Node<'a>, Error> {
        let Values(reader) = self;
        reader.go(from);
        reader.value()
    }
}

fn as_str(text: &[u8]) -> Result<&str, Error> {
    core::str::from_utf8(text).map_err(|e| Error { byte: e.valid_up_to(), cause: Cause::NotUtf8 })
}

#[derive(Debug)]
struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    n_values: usize,
    n_values_max: usize,
    /// Members and elements of the objects and arrays that are still open, innermost last: each list
    /// is allocated once, at its final length.
    members: Vec<(Cow<'a, str>, Node<'a>)>,
    elements: Vec<Node<'a>>,
}

impl<'a> Reader<'a> {
    /// A reader that stands before the first value from `at` on.
    fn new(text: &'a str, at: usize) -> Reader<'a> {
        let members = Vec::with_capacity(MEMBERS_OPEN);
        let (n_values_max, elements) = (VALUES_MAX, Vec::new());
        let mut reader = Reader { text, at, depth: 0, n_values: 0, n_values_max, members, elements };
        reader.skip_space();
        reader
    }

    /// Goes to before the first value from `at` on, and forgets what was read before.
    fn go(&mut self, at: usize) {
        (self.at, self.depth, self.n_values) = (at, 0, 0);
        self.members.clear();
        self.elements.clear();
        self.skip_space();
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    fn fail<T>(&self, cause: Cause) -> Result<T, Error> {
        Err(Error { byte: self.at, cause })
    }

    fn unexpected<T>(&self) -> Result<T, Error> {
        self.fail(self.peek().map_or(Cause::Truncated, Cause::Unexpected))
    }

    fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or("")
    }

    fn value(&mut self) -> Result<Node<'a>, Error> {
        let start = self.at;
        self.n_values += 1;
        if self.n_values > self.n_values_max {
            return self.fail(Cause::TooMany);
        }
        let value = match self.peek() {
            Some(b'{') => self.object()?,
            Some(b'[') => self.array()?,
            Some(b'"') => Value::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            _ => return self.unexpected(),
        };
        Ok(Node { start, end: self.at, value })
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, Error> {
        for expected in word.bytes() {
            if self.peek() != Some(expected) {
                return self.unexpected();
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn enter(&mut self) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > DEPTH_MAX { self.fail(Cause::TooDeep) } else { Ok(()) }
    }

    fn object(&mut self) -> Result<Value<'a>, Error> {
        self.enter()?;
        self.at += 1;
        let own = self.members.len();
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
        } else {
            loop {
                self.skip_space();
                if self.peek() != Some(b'"') {
                    return self.unexpected();
                }
                let key = self.string()?;
                self.skip_space();
                if self.peek() != Some(b':') {
                    return self.unexpected();
                }
                self.at += 1;
                self.skip_space();
                let value = self.value()?;
                self.members.push((key, value));
                if !self.more(b'}')? {
                    break;
                }
            }
        }
        self.depth -= 1;
        Ok(Value::Object(self.members.drain(own..).collect()))
    }

    fn array(&mut self) -> Result<Value<'a>, Error> {
        self.enter()?;
        self.at += 1;
        let own = self.elements.len();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
        } else {
            loop {
                self.skip_space();
                let value = self.value()?;
                self.elements.push(value);
                if !self.more(b']')? {
                    break;
                }
            }
        }
        self.depth -= 1;
        Ok(Value::Array(self.elements.drain(own..).collect()))
    }

    /// After an element: `true` past a comma, `false` past the closing byte.
    fn more(&mut self, close: u8) -> Result<bool, Error> {
        self.skip_space();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(false)
            }
            _ => self.unexpected(),
        }
    }

    fn digits(&mut self) -> bool {
        let from = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at > from
    }

    fn number(&mut self) -> Result<Value<'a>, Error> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let leading_zero = self.peek() == Some(b'0');
        let from = self.at;
        if !self.digits() || (leading_zero && self.at > from + 1) {
            return self.fail(Cause::BadNumber);
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !self.digits() {
                return self.fail(Cause::BadNumber);
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !self.digits() {
                return self.fail(Cause::BadNumber);
            }
        }
        Ok(Value::Number(self.slice(start, self.at)))
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Error> {
        self.at += 1;
        let from = self.at;
        self.pass_plain();
        if self.peek() != Some(b'"') {
            return self.rest_of_string(from);
        }
        let text = self.slice(from, self.at);
        self.at += 1;
        Ok(Cow::Borrowed(text))
    }

    /// Goes to the next byte that does not stand for itself in a string, or near to the end.
    fn pass_plain(&mut self) {
        self.at += plain(self.text.as_bytes().get(self.at..).unwrap_or_default());
    }

    /// Reads on in a string that began at `from`, of which nothing but plain bytes was seen.
    fn rest_of_string(&mut self, mut from: usize) -> Result<Cow<'a, str>, Error> {
        let mut unescaped: Option<String> = None;
        loop {
            match self.peek() {
                None => return self.fail(Cause::Truncated),
                Some(b'"') => {
                    let rest = self.slice(from, self.at);
                    self.at += 1;
                    return Ok(match unescaped {
                        None => Cow::Borrowed(rest),
                        Some(mut text) => {
                            text.push_str(rest);
                            Cow::Owned(text)
                        }
                    });
                }
                Some(b'\\') => {
                    let text = unescaped.get_or_insert_with(String::new);
                    text.push_str(self.text.get(from..self.at).unwrap_or(""));
                    let c = self.escape()?;
                    unescaped.get_or_insert_with(String::new).push(c);
                    from = self.at;
                }
                Some(byte) if byte < 0x20 => return self.fail(Cause::ControlCharacter),
                Some(_) => {
                    self.at += 1;
                    self.pass_plain();
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, Error> {
        self.at += 1;
        let Some(byte) = self.peek() else { return self.fail(Cause::Truncated) };
        self.at += 1;
        Ok(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.hex4()?;
                if (0xD800..0xDC00).contains(&high) {
                    if self.peek() != Some(b'\\') || self.text.as_bytes().get(self.at + 1) != Some(&b'u') {
                        return self.fail(Cause::BadEscape);
                    }
                    self.at += 2;
                    let low = self.hex4()?;
                    if !(0xDC00..0xE000).contains(&low) {
                        return self.fail(Cause::BadEscape);
                    }
                    char::from_u32(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
                } else {
                    char::from_u32(high)
                }
                .ok_or(Error { byte: self.at, cause: Cause::BadEscape })?
            }
            _ => return self.fail(Cause::BadEscape),
        })
    }

    fn hex4(&mut self) -> Result<u32, Error> {
        let digits = self.slice(self.at, self.at + 4);
        let valid = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        match u32::from_str_radix(digits, 16) {
            Ok(value) if valid => {
                self.at += 4;
                Ok(value)
            }
            _ => self.fail(Cause::BadEscape),
        }
    }
}

/// How many of the first bytes stand for themselves in a string, eight at a time: quotes, backslashes
/// and control characters are found by carries within a word (values of 128 and more never match).
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    let below = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word & TOPS;
    let (words, _) = bytes.as_chunks::<8>();
    for (n, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let (quotes, slashes) = (word ^ (ONES * u64::from(b'"')), word ^ (ONES * u64::from(b'\\')));
        let found = below(word, 0x20) | below(quotes, 1) | below(slashes, 1);
        if found != 0 {
            // Carries run upwards only, so the lowest mark is exact.
            return n * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    words.len() * 8
}

#[cfg(test)]
mod tests;
