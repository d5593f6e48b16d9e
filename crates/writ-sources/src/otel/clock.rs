//! Times as telemetry spells them. Zero means that nobody set it, not 1970.

use crate::admit::{kind_word, short};
use crate::stamp;
use writ_model::json::{Node, Value};
use writ_model::time::Time;

const NANOS: u64 = 1_000_000_000;

/// Nanoseconds since the epoch: a count as a text or a number (also in the shortest floating form,
/// which exporters in JavaScript write).
pub(super) fn nanos(node: Option<&Node<'_>>, name: &str) -> Result<Option<Time>, String> {
    match count(node, name, "nanoseconds since 1970")? {
        None => Ok(None),
        Some(n) => Ok(at(n / NANOS, n % NANOS)),
    }
}

/// Microseconds since the epoch.
pub(super) fn micros(node: Option<&Node<'_>>, name: &str) -> Result<Option<u64>, String> {
    count(node, name, "microseconds")
}

/// The instant so many microseconds after the epoch.
pub(super) fn at_micros(n: u64) -> Option<Time> {
    at(n / 1_000_000, n % 1_000_000 * 1_000)
}

/// Seconds and nanoseconds as a pair, a time as a text, or nanoseconds: what SDKs print.
pub(super) fn printed(node: Option<&Node<'_>>, name: &str) -> Result<Option<Time>, String> {
    let Some(node) = node.filter(|node| node.value != Value::Null) else { return Ok(None) };
    match &node.value {
        Value::Array(pair) => {
            let part = |n: usize| match pair.get(n).map(|part| &part.value) {
                Some(Value::Number(lexeme)) => lexeme.parse::<u64>().ok(),
                _ => None,
            };
            match (part(0), part(1), pair.len()) {
                (Some(s), Some(ns), 2) if ns < NANOS => Ok(at(s, ns)),
                _ => Err(format!("`{name}` is a list and not a pair of seconds and nanoseconds")),
            }
        }
        Value::String(text) if !text.bytes().all(|byte| byte.is_ascii_digit()) => {
            let time = stamp::read(text)
                .ok_or_else(|| format!("`{name}` `{}` is not a time such as 2026-01-31T08:00:00Z", short(text)))?;
            Ok((time.parts() != (0, 0)).then_some(time))
        }
        _ => nanos(Some(node), name),
    }
}

fn at(s: u64, ns: u64) -> Option<Time> {
    if s == 0 && ns == 0 {
        return None;
    }
    Some(Time::new(i64::try_from(s).ok()?, u32::try_from(ns).ok()?))
}

fn count(node: Option<&Node<'_>>, name: &str, unit: &str) -> Result<Option<u64>, String> {
    let Some(node) = node.filter(|node| node.value != Value::Null) else { return Ok(None) };
    let text = match &node.value {
        Value::String(text) => text,
        Value::Number(lexeme) => *lexeme,
        other => return Err(format!("`{name}` should be a count of {unit}; it is {}", kind_word(other))),
    };
    if text.is_empty() {
        return Ok(None);
    }
    let floating = || -> Option<u64> {
        let value: f64 = text.parse().ok()?;
        // Exact to a quarter of a microsecond for today's times; what a record declares is a millisecond.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the range just checked")]
        (0.0..1.8e19).contains(&value).then_some(value as u64)
    };
    let read = text.parse::<u64>().ok().or_else(floating);
    read.map(Some).ok_or_else(|| format!("`{name}` `{}` is not a count of {unit}", short(text)))
}
