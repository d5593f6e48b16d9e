//! Secrets in protobuf that could not be read: attributes of OTLP, whose names stand in the clear.

use super::Withholds;
use super::pattern::{NAME_BYTES_MAX, is_name};
use super::text::{Found, Secret};
use memchr::memchr_iter;

/// Tag of the first member of a `KeyValue`, its key: field 1, bytes behind their length.
const KEY: u8 = 0x0a;

/// Tag of its second member, the value.
const VALUE: u8 = 0x12;

/// Finds the values of attributes whose key is a secret's name. One that breaks off ends with the bytes.
pub(super) fn find(bytes: &[u8], rules: &Withholds, out: &mut Found) {
    out.pass();
    for tag in memchr_iter(KEY, bytes) {
        if let Some(secret) = attribute(bytes.get(tag + 1..).unwrap_or_default(), tag + 1, rules) {
            out.push(secret);
        }
    }
}

/// The value of the attribute whose key's length begins these bytes, which stand at `base`.
fn attribute(bytes: &[u8], base: usize, rules: &Withholds) -> Option<Secret> {
    let len = usize::from(*bytes.first()?);
    let name = bytes.get(1..=len).filter(|name| len <= NAME_BYTES_MAX && name.iter().all(|byte| is_name(*byte)))?;
    let kind = rules.kind_of(std::str::from_utf8(name).ok()?)?;
    let rest = bytes.get(len + 1..)?.strip_prefix(&[VALUE])?;
    // A length goes on as long as the highest bit stands; whatever it says, no more is there than there is.
    let head = rest.iter().take_while(|byte| **byte >= 0x80).count() + 1;
    let number = rest.iter().take(head.min(4)).rev().fold(0, |sum, byte| sum << 7 | usize::from(byte & 0x7f));
    let from = base + len + 2 + head;
    let end = from + number.min(rest.len().saturating_sub(head));
    (from < end).then_some((from, end, kind))
}
