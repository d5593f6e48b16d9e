//! Envelopes of OpenTelemetry: spans and log records under what emitted them, and Jaeger's answers.
//!
//! A record takes with it what it shares with its neighbours: resource and scope, or process. Both are
//! copied from the original bytes, so what is put together says what was delivered and no more.

use super::{Found, Item, Missed, Opening, Place};
use crate::admit::{kind_word, short};
use crate::field::unambiguous_here;
use writ_model::json::{self, Node, Value};

/// Bytes of shared parts that all records of one resource may repeat, for each byte of it with its
/// records. A span of some hundred bytes under a resource of some thousand needs ten; a small input must
/// not become a large one.
pub(super) const REPEATED_TIMES_MAX: usize = 32;

/// Bytes of shared parts that all records of one resource may repeat at most. Eight thousand spans, which
/// is a collector's batch, under a resource of eight thousand bytes repeat as much.
pub(super) const REPEATED_BYTES_MAX: usize = 64 << 20;

/// The source whose records are missed where a part cannot be read; logs count no more for complete.
pub(super) const SOURCE: &str = "otel.span";

/// Bytes that may be repeated in any case.
pub(super) const REPEATED_BYTES_FREE: usize = 1 << 20;

/// Lists at the top, each of groups of one resource.
pub(super) const GROUPS: [&str; 3] = ["resourceSpans", "resourceLogs", "batches"];

/// Lists in a group, each of groups of one scope; the names before 2022 too.
const SCOPES: [(&str, What); 4] = [
    ("scopeSpans", What::Span),
    ("instrumentationLibrarySpans", What::Span),
    ("scopeLogs", What::Log),
    ("instrumentationLibraryLogs", What::Log),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Span,
    Log,
}

impl What {
    /// The lists in a scope's group.
    fn lists(self) -> &'static [&'static str] {
        match self {
            What::Span => &["spans"],
            What::Log => &["logRecords", "logs"],
        }
    }

    /// The member a record's own part stands under.
    fn member(self) -> &'static str {
        match self {
            What::Span => "span",
            What::Log => "log",
        }
    }
}

/// Whether this is a list of groups, told by its first member.
pub(super) fn is_groups(node: &Node<'_>) -> bool {
    let Some((name, list)) = node.members().first() else { return false };
    let grouped = |group: &Node<'_>| is_group(group) || group.get("resource").is_some();
    match &**name {
        "resourceSpans" | "resourceLogs" => matches!(list.value, Value::Array(_)),
        "batches" => list.elements().first().is_some_and(grouped),
        _ => false,
    }
}

/// Whether this is one group: an element of such a list handed in by itself.
pub(super) fn is_group(node: &Node<'_>) -> bool {
    SCOPES.iter().any(|(name, _)| node.get(name).is_some_and(|list| matches!(list.value, Value::Array(_))))
}

/// Whether this is an answer of Jaeger's query service.
pub(super) fn is_answer(node: &Node<'_>) -> bool {
    let first = node.members().first().filter(|(name, _)| name == "data");
    first.is_some_and(|(_, data)| data.elements().first().is_some_and(is_trace))
}

/// Whether this is one trace of such an answer.
pub(super) fn is_trace(node: &Node<'_>) -> bool {
    let spans = node.get("spans").is_some_and(|spans| matches!(spans.value, Value::Array(_)));
    spans && node.text(&["traceID"]).is_some() && node.get("processes").is_some()
}

/// Puts records together from one element.
pub(super) struct Telemetry<'o, 'e> {
    opening: &'o mut Opening<'e>,
    place: Place,
    /// Bytes of shared parts that may still be repeated under this resource.
    left: usize,
}

/// Bytes that the records of one resource may repeat, which has so many with them. Each has its own: who
/// sends others must not use up what a neighbour needs.
pub(super) fn may_repeat(bytes: usize) -> usize {
    bytes.saturating_mul(REPEATED_TIMES_MAX).saturating_add(REPEATED_BYTES_FREE).min(REPEATED_BYTES_MAX)
}

impl<'o, 'e> Telemetry<'o, 'e> {
    pub(super) fn new(opening: &'o mut Opening<'e>, place: Place) -> Telemetry<'o, 'e> {
        Telemetry { opening, place, left: 0 }
    }

    fn reject(&mut self, text: &[u8], node: &Node<'_>, cause: String) {
        self.opening.reject_of(text, node, self.place, cause, Missed::Source(SOURCE));
    }

    /// A list of groups.
    pub(super) fn groups(&mut self, text: &[u8], node: &Node<'_>) {
        for (name, list) in node.members() {
            if !GROUPS.contains(&&**name) {
                self.unknown(text, name, list);
            } else if self.is(text, list, "a list of resources with their spans or logs", is_list) {
                list.elements().iter().for_each(|group| self.group(text, group));
            }
        }
    }

    /// One group.
    pub(super) fn group(&mut self, text: &[u8], group: &Node<'_>) {
        if !self.is(text, group, "a resource with its spans or logs", is_object)
            || self.is_doubtful(text, group, &["resource"])
        {
            return;
        }
        self.left = may_repeat(group.span().len());
        let resource = group.get("resource");
        for (name, list) in group.members() {
            let Some((_, what)) = SCOPES.iter().find(|(known, _)| name == known) else {
                self.unknown(text, name, list);
                continue;
            };
            if self.is(text, list, "a list of scopes with their spans or logs", is_list) {
                list.elements().iter().for_each(|scoped| self.scoped(text, resource, scoped, *what));
            }
        }
    }

    fn scoped(&mut self, text: &[u8], resource: Option<&Node<'_>>, scoped: &Node<'_>, what: What) {
        const NAMES: [&str; 2] = ["scope", "instrumentationLibrary"];
        if !self.is(text, scoped, "a scope with its spans or logs", is_object) || self.is_doubtful(text, scoped, &NAMES)
        {
            return;
        }
        let scope = NAMES.iter().find_map(|name| scoped.get(name));
        for (name, list) in scoped.members() {
            if !what.lists().contains(&&**name) {
                self.unknown(text, name, list);
            } else if self.is(text, list, "a list of spans or log records", is_list) {
                let all = list.elements();
                for (n, one) in all.iter().enumerate() {
                    if !self.put(text, &[("resource", resource), ("scope", scope)], (what.member(), one)) {
                        self.too_often(text, all.get(n..).unwrap_or_default());
                        break;
                    }
                }
            }
        }
    }

    /// An answer of Jaeger's query service.
    pub(super) fn answer(&mut self, text: &[u8], node: &Node<'_>) {
        for (_, list) in node.members().iter().filter(|(name, _)| name == "data") {
            if self.is(text, list, "a list of traces", is_list) {
                list.elements().iter().for_each(|trace| self.trace(text, trace));
            }
        }
    }

    /// One trace of such an answer.
    pub(super) fn trace(&mut self, text: &[u8], trace: &Node<'_>) {
        if !self.is(text, trace, "a trace with its spans and processes", is_object)
            || self.is_doubtful(text, trace, &["processes", "spans", "traceID"])
        {
            return;
        }
        if let Some(Err(cause)) = trace.get("processes").map(unambiguous_here) {
            return self.reject(text, trace, cause);
        }
        let Some(spans) = trace.get("spans") else {
            let cause = "a trace without `spans`".to_string();
            return self.reject(text, trace, cause);
        };
        if !self.is(text, spans, "a list of spans", is_list) {
            return;
        }
        self.left = may_repeat(trace.span().len());
        let all = spans.elements();
        for (n, span) in all.iter().enumerate() {
            let process = span.text(&["processID"]).and_then(|id| trace.get("processes")?.get(id));
            if !self.put(text, &[("process", process)], ("span", span)) {
                return self.too_often(text, all.get(n..).unwrap_or_default());
            }
        }
    }

    /// The rest of a list, whose records share more than may be repeated.
    fn too_often(&mut self, text: &[u8], rest: &[Node<'_>]) {
        let (Some(first), Some(last)) = (rest.first(), rest.last()) else { return };
        let cause = format!(
            "{} records from here on share so many bytes that repeating them would make the input more than \
             {REPEATED_TIMES_MAX} times as long, or {} MiB; hand them in apart from what they share",
            rest.len(),
            REPEATED_BYTES_MAX >> 20
        );
        let bytes = text.get(first.span().start..last.span().end).unwrap_or_default();
        let (byte, missed) = (self.place.of(first), Missed::Source(SOURCE));
        (self.opening.each)(Found::Reject { bytes, byte, cause, missed });
    }

    /// Puts one record together and hands it on, unless what it shares was repeated often enough.
    fn put(&mut self, text: &[u8], shared: &[(&str, Option<&Node<'_>>)], own: (&str, &Node<'_>)) -> bool {
        let (member, one) = own;
        if !self.is(text, one, "a span or log record", is_object) {
            return true;
        }
        let of = |node: &Node<'_>| text.get(node.span()).unwrap_or_default();
        let repeated: usize = shared.iter().filter_map(|(_, node)| *node).map(|node| node.span().len()).sum();
        if repeated > self.left {
            return false;
        }
        self.left -= repeated;
        let mut bytes = Vec::with_capacity(repeated + one.span().len() + 40);
        bytes.push(b'{');
        let shared = shared.iter().filter_map(|(name, node)| Some((*name, (*node)?)));
        for (n, (name, node)) in shared.chain([(member, one)]).enumerate() {
            if n > 0 {
                bytes.push(b',');
            }
            json::quote(name, &mut bytes);
            bytes.push(b':');
            bytes.extend_from_slice(of(node));
        }
        bytes.push(b'}');
        let byte = self.place.of(one);
        let Place { vendor, open, .. } = self.place;
        match json::parse(&bytes) {
            Ok(node) => (self.opening.each)(Found::Item(Item { text: &bytes, byte, node, vendor, open })),
            // Its parts were read already, so only a bound can be met here.
            Err(error) => self.reject(text, one, crate::admit::unreadable(&error, byte)),
        }
        true
    }

    /// Members that are not known say nothing to us, but a list of objects may hold records.
    fn unknown(&mut self, text: &[u8], name: &str, node: &Node<'_>) {
        if node.elements().iter().any(is_object) {
            let cause = format!("`{}` is no list of spans or logs that is known here", short(name));
            self.reject(text, node, cause);
        }
    }

    fn is(&mut self, text: &[u8], node: &Node<'_>, what: &str, fits: fn(&Node<'_>) -> bool) -> bool {
        let fits = fits(node);
        if !fits {
            let cause = format!("{what} should stand here; it is {}", kind_word(&node.value));
            self.reject(text, node, cause);
        }
        fits
    }

    /// Whether something that all records in it share stands twice.
    fn is_doubtful(&mut self, text: &[u8], node: &Node<'_>, names: &[&str]) -> bool {
        let n_named = |name: &str| node.members().iter().filter(|(member, _)| member == name).count();
        let Some(name) = names.iter().find(|name| n_named(name) > 1) else { return false };
        let cause = format!("`{}` stands twice in one object: which one counts is not known", short(name));
        self.reject(text, node, cause);
        true
    }
}

fn is_list(node: &Node<'_>) -> bool {
    matches!(node.value, Value::Array(_))
}

fn is_object(node: &Node<'_>) -> bool {
    matches!(node.value, Value::Object(_))
}
