//! Telemetry that holds more values than one text may: a collector's batch of eight thousand spans on
//! one line, a long trace. It is cut, without building a tree, into texts of the same shape that hold
//! some spans each, and those are read like any.
//!
//! Only positions are looked at here; whether what is cut is JSON is told when it is read.

use super::otel::{GROUPS, may_repeat};
use core::ops::Range;
use std::fmt::Write as _;
use writ_model::json::VALUES_MAX;

/// Bytes of spans in one part. A value takes two bytes at least (a digit and a comma), so that no part
/// of this length can hold too many.
const PART_BYTES: usize = VALUES_MAX;

/// Lists of records by scope, and what they are called within one.
const SCOPES: [(&str, &[&str]); 4] = [
    ("scopeSpans", &["spans"]),
    ("instrumentationLibrarySpans", &["spans"]),
    ("scopeLogs", &["logRecords", "logs"]),
    ("instrumentationLibraryLogs", &["logRecords", "logs"]),
];

/// A part of such a text.
pub(super) struct Part {
    /// Where its first record stands, or where it does itself.
    pub(super) at: usize,
    /// Where its last record ends.
    end: usize,
    /// A text of the same shape, or bytes of this one.
    pub(super) bytes: Vec<u8>,
    /// Whether it could be cut; else it is what stands there.
    pub(super) is_cut: bool,
}

/// The parts of a text; `None` where the text is not of a shape that can be cut. A resource or a trace that
/// cannot be cut, or repeats too much, is a part by itself, and its neighbours are cut.
pub(super) fn parts(text: &[u8]) -> Option<Vec<Part>> {
    let mut cut = Cut { text, out: Vec::new(), left: 0 };
    let top = members(text, 0)?;
    let (first, list) = top.first()?;
    if GROUPS.contains(first) {
        for (name, list) in &top {
            for group in elements(text, list.start).filter(|_| GROUPS.contains(name)).unwrap_or_default() {
                cut.or_whole(group, |cut, group| cut.group(first, group));
            }
        }
    } else if *first == "data" {
        for trace in elements(text, list.start)? {
            cut.or_whole(trace, Cut::trace);
        }
    } else {
        return None;
    }
    Some(cut.out)
}

struct Cut<'t> {
    text: &'t [u8],
    out: Vec<Part>,
    /// Bytes that all parts of this resource or trace may still have together.
    left: usize,
}

impl Cut<'_> {
    /// Cuts one resource or trace; what of it cannot be cut is a part by itself.
    fn or_whole(&mut self, span: Range<usize>, cut: impl FnOnce(&mut Self, Range<usize>) -> Option<()>) {
        let before = self.out.len();
        self.left = may_repeat(span.len());
        if cut(self, span.clone()).is_some() {
            return;
        }
        // What was cut stays; only what comes behind it is not.
        let from = self.out.get(before..).unwrap_or_default().last().map_or(span.start, |part| part.end);
        let bytes = self.text.get(from..span.end).unwrap_or_default().to_vec();
        self.out.push(Part { at: from, end: span.end, bytes, is_cut: false });
    }

    fn group(&mut self, list: &str, group: Range<usize>) -> Option<()> {
        let group = members(self.text, group.start)?;
        for (name, scopes) in &group {
            let Some((_, lists)) = SCOPES.iter().find(|(known, _)| known == name) else { continue };
            // What stands beside the scopes is kept as it is: which of it counts is told later.
            let shared = self.others(&group, |name| SCOPES.iter().any(|(known, _)| *known == name));
            for scoped in elements(self.text, scopes.start)? {
                let scoped = members(self.text, scoped.start)?;
                let scope = self.others(&scoped, |name| lists.contains(&name));
                for (record, records) in scoped.iter().filter(|(name, _)| lists.contains(name)) {
                    let head = format!("{{\"{list}\":[{{{shared}\"{name}\":[{{{scope}\"{record}\":[");
                    self.records(&head, "]}]}]}", records)?;
                }
            }
        }
        Some(())
    }

    fn trace(&mut self, trace: Range<usize>) -> Option<()> {
        let trace = members(self.text, trace.start)?;
        let shared = self.others(&trace, |name| name == "spans");
        for (_, spans) in trace.iter().filter(|(name, _)| *name == "spans") {
            self.records(&format!("{{{shared}\"spans\":["), "]}", spans)?;
        }
        Some(())
    }

    /// The members that hold no records, as text with a comma behind each.
    fn others(&self, members: &[(&str, Range<usize>)], holds: impl Fn(&str) -> bool) -> String {
        let mut out = String::new();
        for (name, value) in members.iter().filter(|(name, _)| !holds(name)) {
            let value = self.text.get(value.clone()).unwrap_or_default();
            // Writing to a String cannot fail.
            let _ = write!(out, "\"{name}\":{},", String::from_utf8_lossy(value));
        }
        out
    }

    /// Cuts one list of records.
    fn records(&mut self, head: &str, tail: &str, list: &Range<usize>) -> Option<()> {
        let mut from: Option<usize> = None;
        let all = elements(self.text, list.start)?;
        for (n, record) in all.iter().enumerate() {
            let begin = *from.get_or_insert(record.start);
            let next = all.get(n + 1);
            if next.is_some_and(|next| next.end - begin <= PART_BYTES) {
                continue;
            }
            let body = self.text.get(begin..record.end)?;
            let part = [head.as_bytes(), body, tail.as_bytes()].concat();
            self.left = self.left.checked_sub(part.len())?;
            self.out.push(Part { at: begin, end: record.end, bytes: part, is_cut: true });
            from = None;
        }
        Some(())
    }
}

fn skip_space(text: &[u8], from: usize) -> usize {
    from + text.get(from..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// Where the value ends that begins here.
fn end(text: &[u8], from: usize) -> Option<usize> {
    match text.get(from)? {
        b'"' => string_end(text, from),
        b'{' | b'[' => {
            let (mut depth, mut at) = (0_usize, from);
            loop {
                match text.get(at)? {
                    b'"' => at = string_end(text, at)?,
                    byte => {
                        depth += usize::from(matches!(byte, b'{' | b'['));
                        depth -= usize::from(matches!(byte, b'}' | b']'));
                        at += 1;
                    }
                }
                if depth == 0 {
                    return Some(at);
                }
            }
        }
        _ => {
            let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b':') || byte.is_ascii_whitespace();
            let rest = text.get(from..)?;
            let len = rest.iter().position(ends)?;
            (len > 0).then_some(from + len)
        }
    }
}

fn string_end(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text.get(at) == Some(&b'"') {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// The elements of the array that begins here.
fn elements(text: &[u8], from: usize) -> Option<Vec<Range<usize>>> {
    let mut out = Vec::new();
    list(text, from, (b'[', b']'), &mut |at| {
        let end = end(text, at)?;
        out.push(at..end);
        Some(end)
    })?;
    Some(out)
}

/// The members of the object that begins here, their names as they stand.
fn members(text: &[u8], from: usize) -> Option<Vec<(&str, Range<usize>)>> {
    let mut out = Vec::new();
    list(text, from, (b'{', b'}'), &mut |at| {
        let name_end = text.get(at).filter(|byte| **byte == b'"').and_then(|_| string_end(text, at))?;
        let name = core::str::from_utf8(text.get(at + 1..name_end - 1)?).ok()?;
        let colon = skip_space(text, name_end);
        text.get(colon).filter(|byte| **byte == b':')?;
        let from = skip_space(text, colon + 1);
        let end = end(text, from)?;
        out.push((name, from..end));
        Some(end)
    })?;
    Some(out)
}

fn list(text: &[u8], from: usize, (open, close): (u8, u8), one: &mut dyn FnMut(usize) -> Option<usize>) -> Option<()> {
    let begin = skip_space(text, from);
    text.get(begin).filter(|byte| **byte == open)?;
    let mut at = skip_space(text, begin + 1);
    if text.get(at) == Some(&close) {
        return Some(());
    }
    loop {
        at = skip_space(text, one(at)?);
        match text.get(at)? {
            b',' => at = skip_space(text, at + 1),
            byte if *byte == close => return Some(()),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_record_is_in_one_part_with_what_it_shares() {
        let long = "x".repeat(PART_BYTES / 3);
        let spans: Vec<String> = (0..5).map(|n| format!(r#"{{"n":{n},"s":"{long}"}}"#)).collect();
        let text = format!(
            r#" {{"resourceSpans": [ {{"resource":{{"a":"]}}"}},"scopeSpans":[{{"scope":{{}},"spans":[{}],"schemaUrl":"u"}}],"v":1}} ]}} "#,
            spans.join(" , ")
        );
        let parts = parts(text.as_bytes()).unwrap();
        assert!(parts.len() > 1);
        let mut n = 0;
        for Part { at, bytes: part, .. } in parts {
            assert!(text.as_bytes()[at..].starts_with(format!("{{\"n\":{n}").as_bytes()));
            let value: serde_json::Value = serde_json::from_slice(&part).unwrap();
            let group = &value["resourceSpans"][0];
            assert_eq!((&group["resource"]["a"], &group["v"]), (&"]}".into(), &1.into()));
            n += group["scopeSpans"][0]["spans"].as_array().unwrap().len();
        }
        assert_eq!(n, 5);
    }

    #[test]
    fn what_cannot_be_cut_is_left() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"a":[]}"#,
            r#"{"resourceSpans":[{"scopeSpans":[{"spans":["#,
            r#"{"data":[7]}"#,
            r#"{"resourceSpans":[}]"#,
        ] {
            assert!(parts(text.as_bytes()).is_none_or(|parts| parts.iter().all(|part| !part.is_cut)), "{text}");
        }
    }

    /// Whoever sends one resource must not have others' spans rejected with it.
    #[test]
    fn a_resource_that_cannot_be_cut_costs_itself() {
        let good = r#"{"resource":{"a":1},"scopeSpans":[{"spans":[{"n":1}]}]}"#;
        for bad in [r#"{"scopeSpans":7}"#, "7"] {
            let text = format!(r#"{{"resourceSpans":[{good},{bad},{good}]}}"#);
            let parts = parts(text.as_bytes()).unwrap();
            let good = parts.iter().filter(|part| part.is_cut && part.bytes.ends_with(br#"[{"n":1}]}]}]}"#)).count();
            let whole: Vec<&Part> = parts.iter().filter(|part| !part.is_cut).collect();
            assert_eq!((good, whole.len()), (2, 1), "{}", parts.len());
            assert!(whole.iter().all(|part| text.as_bytes()[part.at..].starts_with(&part.bytes)));
        }
    }
}
