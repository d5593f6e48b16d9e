//! Writing JSON in one form, so that two texts are the same evidence exactly when these bytes are equal.

use super::{MEMBERS_OPEN, Node, Value};
use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::ptr;

/// Writes a value canonically: members sorted by name (duplicates in the order they stood), no
/// white space, strings with the shortest escapes, numbers as spelt. Two texts are the same
/// evidence exactly when these bytes are equal.
pub fn canonical(node: &Node<'_>, out: &mut Vec<u8>) {
    canonical_of(&[], node, out);
}

/// The same, of a value that was read from this text: what stands there as it is to be written is copied at once.
pub fn canonical_of(text: &[u8], node: &Node<'_>, out: &mut Vec<u8>) {
    Canonical { text, out, open: Vec::with_capacity(MEMBERS_OPEN) }.value(node);
}

type Member<'a> = (Cow<'a, str>, Node<'a>);

struct Canonical<'o, 'n> {
    text: &'n [u8],
    out: &'o mut Vec<u8>,
    /// Members of the objects that are still open, innermost last, each list in order; with the beginning of
    /// each name, by which nearly all of them are told apart.
    open: Vec<(u64, &'n Member<'n>)>,
}

impl<'n> Canonical<'_, 'n> {
    fn value(&mut self, node: &'n Node<'n>) {
        match &node.value {
            Value::Null => self.out.extend_from_slice(b"null"),
            Value::Bool(true) => self.out.extend_from_slice(b"true"),
            Value::Bool(false) => self.out.extend_from_slice(b"false"),
            Value::Number(lexeme) => self.out.extend_from_slice(lexeme.as_bytes()),
            Value::String(text) => quote_read(text, self.out),
            Value::Array(nodes) => {
                self.out.push(b'[');
                for (n, element) in nodes.iter().enumerate() {
                    if n > 0 {
                        self.out.push(b',');
                    }
                    self.value(element);
                }
                self.out.push(b']');
            }
            Value::Object(members) => self.object(members),
        }
    }

    fn object(&mut self, members: &'n [Member<'n>]) {
        let own = self.open.len();
        self.open.extend(members.iter().map(|member| (beginning(&member.0), member)));
        let sorted = self.open.get_mut(own..).unwrap_or_default();
        sorted.sort_by(|(a, one), (b, other)| a.cmp(b).then_with(|| one.0.cmp(&other.0)));
        self.out.push(b'{');
        let mut at = own;
        while let Some((_, member)) = self.open.get(at) {
            if at > own {
                self.out.push(b',');
            }
            if let Some(written) = self.stands(member) {
                self.out.extend_from_slice(written);
            } else {
                let (name, value) = member;
                quote_read(name, self.out);
                self.out.push(b':');
                self.value(value);
            }
            at += 1;
        }
        self.out.push(b'}');
        self.open.truncate(own);
    }

    /// A member as it stands in the text, if that is how it is to be written: a value without members or elements,
    /// neither it nor its name has an escape or was replaced, and there is nothing around the colon between them.
    fn stands(&self, (name, value): &Member<'_>) -> Option<&'n [u8]> {
        let (Cow::Borrowed(name), Value::String(Cow::Borrowed(_)) | Value::Number(_) | Value::Bool(_) | Value::Null) =
            (name, &value.value)
        else {
            return None;
        };
        let colon = value.start.checked_sub(1)?;
        let begin = colon.checked_sub(name.len() + 2)?;
        let member = self.text.get(begin..value.end)?;
        let is_close = self.text.get(colon - 1..value.start) == Some(b"\":");
        // Whether it was read from this text, and here.
        let is_name = member.get(1).map(ptr::from_ref) == name.as_bytes().first().map(ptr::from_ref);
        (is_close && is_name).then_some(member)
    }
}

/// The first bytes of a name as a number that compares as they do.
fn beginning(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let first = bytes.first_chunk().copied().unwrap_or_else(|| {
        let mut short = [0; 8];
        short.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        short
    });
    u64::from_be_bytes(first)
}

/// Writes a string that was read. One that is borrowed stood in the text without escapes, so it
/// holds nothing that needs one and is copied whole.
#[expect(clippy::ptr_arg, reason = "whether it is borrowed is what counts")]
fn quote_read(text: &Cow<'_, str>, out: &mut Vec<u8>) {
    match text {
        Cow::Borrowed(text) => {
            out.push(b'"');
            out.extend_from_slice(text.as_bytes());
            out.push(b'"');
        }
        Cow::Owned(text) => quote(text, out),
    }
}

/// Writes a string as JSON with the shortest escapes.
pub fn quote(text: &str, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            byte if byte < 0x20 => {
                out.extend_from_slice(b"\\u00");
                let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
                out.extend_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
            }
            byte => out.push(byte),
        }
    }
    out.push(b'"');
}
