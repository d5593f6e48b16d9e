//! Decoded messages in the JSON form of OTLP: ids in hexadecimal, 64-bit integers as texts, enums as
//! numbers, what is empty left out.

use super::message::{AnyValue, Event, KeyValue, Link, LogRecord, Resource, Scope, Span, Status, Value};
use writ_model::canon::hex;
use writ_model::json::quote;
use writ_sources::split::ELEMENT_BYTES_MAX;

/// Bytes of JSON around a record and what it shares, at most: the names of lists, and brackets.
pub(super) const AROUND_BYTES: usize = 256;

/// Bytes of records in one element, before another is begun: a batch's worth. Where what they share
/// is longer an element may be as long as that, so that repeating it at most doubles the whole; none is
/// longer than [`ELEMENT_BYTES_MAX`].
const ELEMENT_BYTES: usize = 1 << 20;

/// Some records of one resource in the JSON form.
pub(in crate::input) struct Filled {
    pub(in crate::input) json: Vec<u8>,
    /// Of each record the place where it begins there and the byte at which it stands in the input.
    pub(in crate::input) places: Vec<(usize, u64)>,
}

/// Names of the three lists.
pub(super) struct Names {
    groups: &'static str,
    scopes: &'static str,
    records: &'static str,
}

pub(super) const SPANS: Names = Names { groups: "resourceSpans", scopes: "scopeSpans", records: "spans" };
pub(super) const LOGS: Names = Names { groups: "resourceLogs", scopes: "scopeLogs", records: "logRecords" };

/// A span, written out.
pub(super) fn span_text(one: &Span) -> Vec<u8> {
    text(|out| span(one, out))
}

/// A log record, written out.
pub(super) fn log_text(one: &LogRecord) -> Vec<u8> {
    text(|out| log(one, out))
}

fn text(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}

/// Records of one resource, cut into elements.
pub(super) struct Group {
    names: &'static Names,
    resource: Vec<u8>,
    schema: Vec<u8>,
    scope: Vec<u8>,
    out: Vec<u8>,
    /// Bytes of records in the element, and whether a scope is open in it.
    own: usize,
    open: bool,
    places: Vec<(usize, u64)>,
}

impl Group {
    pub(super) fn new(names: &'static Names, resource: Option<&Resource>, schema_url: &str) -> Group {
        let resource = text(|out| {
            if let Some(resource) = resource {
                out.extend_from_slice(b"\"resource\":");
                let mut object = Object::new(out);
                object.list("attributes", &resource.attributes, pair);
                object.count("droppedAttributesCount", resource.dropped_attributes_count);
                object.end();
                out.push(b',');
            }
        });
        let schema = schema(schema_url);
        Group { names, resource, schema, scope: Vec::new(), out: Vec::new(), own: 0, open: false, places: Vec::new() }
    }

    pub(super) fn scope(&mut self, scope: Option<&Scope>, schema_url: &str) {
        self.close();
        self.scope = text(|out| {
            if let Some(scope) = scope {
                out.extend_from_slice(b"\"scope\":");
                let mut object = Object::new(out);
                object.text("name", &scope.name);
                object.text("version", &scope.version);
                object.list("attributes", &scope.attributes, pair);
                object.count("droppedAttributesCount", scope.dropped_attributes_count);
                object.end();
                out.push(b',');
            }
            if !schema_url.is_empty() {
                out.extend_from_slice(b"\"schemaUrl\":");
                quote(schema_url, out);
                out.push(b',');
            }
        });
    }

    /// Bytes that stand beside each record.
    pub(super) fn shared_bytes(&self) -> usize {
        self.resource.len() + self.schema.len() + self.scope.len()
    }

    /// Adds a record that stands at this byte; the element before it, if that is full.
    pub(super) fn record(&mut self, at: u64, record: &[u8]) -> Option<Filled> {
        let shared = self.shared_bytes();
        let long = (self.out.len() + shared + record.len() + AROUND_BYTES) as u64 > ELEMENT_BYTES_MAX;
        let filled = if long || self.own >= ELEMENT_BYTES.max(shared) { self.end() } else { None };
        if self.out.is_empty() {
            self.out.extend_from_slice(format!("{{\"{}\":[{{", self.names.groups).as_bytes());
            self.out.extend_from_slice(&self.resource);
            self.out.extend_from_slice(format!("\"{}\":[", self.names.scopes).as_bytes());
        }
        if self.open {
            self.out.push(b',');
        } else {
            if self.out.ends_with(b"}") {
                self.out.push(b',');
            }
            self.out.push(b'{');
            self.out.extend_from_slice(&self.scope);
            self.out.extend_from_slice(format!("\"{}\":[", self.names.records).as_bytes());
            self.open = true;
        }
        self.places.push((self.out.len(), at));
        self.out.extend_from_slice(record);
        self.own += record.len();
        filled
    }

    fn close(&mut self) {
        if self.open {
            self.out.extend_from_slice(b"]}");
            self.open = false;
        }
    }

    /// The element that is in the making.
    pub(super) fn end(&mut self) -> Option<Filled> {
        self.close();
        self.own = 0;
        if self.out.is_empty() {
            return None;
        }
        self.out.push(b']');
        self.out.extend_from_slice(&self.schema);
        self.out.extend_from_slice(b"}]}");
        Some(Filled { json: std::mem::take(&mut self.out), places: std::mem::take(&mut self.places) })
    }
}

fn schema(url: &str) -> Vec<u8> {
    text(|out| {
        if !url.is_empty() {
            out.extend_from_slice(b",\"schemaUrl\":");
            quote(url, out);
        }
    })
}

/// An object in the making.
struct Object<'o> {
    out: &'o mut Vec<u8>,
    begun: bool,
}

impl<'o> Object<'o> {
    fn new(out: &'o mut Vec<u8>) -> Object<'o> {
        out.push(b'{');
        Object { out, begun: false }
    }

    fn name(&mut self, name: &str) -> &mut Vec<u8> {
        if self.begun {
            self.out.push(b',');
        }
        self.begun = true;
        quote(name, self.out);
        self.out.push(b':');
        self.out
    }

    fn text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            quote(text, self.name(name));
        }
    }

    fn id(&mut self, name: &str, id: &[u8]) {
        if !id.is_empty() {
            quote(&hex(id), self.name(name));
        }
    }

    fn count(&mut self, name: &str, n: u32) {
        if n != 0 {
            self.name(name).extend_from_slice(n.to_string().as_bytes());
        }
    }

    fn number(&mut self, name: &str, n: i32) {
        if n != 0 {
            self.name(name).extend_from_slice(n.to_string().as_bytes());
        }
    }

    fn time(&mut self, name: &str, nanos: u64) {
        if nanos != 0 {
            quote(&nanos.to_string(), self.name(name));
        }
    }

    fn list<T>(&mut self, name: &str, all: &[T], write: fn(&T, &mut Vec<u8>)) {
        if !all.is_empty() {
            list(all, write, self.name(name));
        }
    }

    fn end(self) {
        self.out.push(b'}');
    }
}

fn list<T>(all: &[T], write: fn(&T, &mut Vec<u8>), out: &mut Vec<u8>) {
    out.push(b'[');
    for (n, one) in all.iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        write(one, out);
    }
    out.push(b']');
}

fn span(span: &Span, out: &mut Vec<u8>) {
    let mut object = Object::new(out);
    object.id("traceId", &span.trace_id);
    object.id("spanId", &span.span_id);
    object.text("traceState", &span.trace_state);
    object.id("parentSpanId", &span.parent_span_id);
    object.count("flags", span.flags);
    object.text("name", &span.name);
    object.number("kind", span.kind);
    object.time("startTimeUnixNano", span.start_time_unix_nano);
    object.time("endTimeUnixNano", span.end_time_unix_nano);
    object.list("attributes", &span.attributes, pair);
    object.count("droppedAttributesCount", span.dropped_attributes_count);
    object.list("events", &span.events, event);
    object.count("droppedEventsCount", span.dropped_events_count);
    object.list("links", &span.links, link);
    object.count("droppedLinksCount", span.dropped_links_count);
    if let Some(found) = &span.status {
        status(found, object.name("status"));
    }
    object.end();
}

fn status(status: &Status, out: &mut Vec<u8>) {
    let mut object = Object::new(out);
    object.text("message", &status.message);
    object.number("code", status.code);
    object.end();
}

fn event(event: &Event, out: &mut Vec<u8>) {
    let mut object = Object::new(out);
    object.time("timeUnixNano", event.time_unix_nano);
    object.text("name", &event.name);
    object.list("attributes", &event.attributes, pair);
    object.count("droppedAttributesCount", event.dropped_attributes_count);
    object.end();
}

fn link(link: &Link, out: &mut Vec<u8>) {
    let mut object = Object::new(out);
    object.id("traceId", &link.trace_id);
    object.id("spanId", &link.span_id);
    object.text("traceState", &link.trace_state);
    object.list("attributes", &link.attributes, pair);
    object.count("droppedAttributesCount", link.dropped_attributes_count);
    object.count("flags", link.flags);
    object.end();
}

fn log(log: &LogRecord, out: &mut Vec<u8>) {
    let mut object = Object::new(out);
    object.time("timeUnixNano", log.time_unix_nano);
    object.time("observedTimeUnixNano", log.observed_time_unix_nano);
    object.number("severityNumber", log.severity_number);
    object.text("severityText", &log.severity_text);
    if let Some(body) = &log.body {
        any(body, object.name("body"));
    }
    object.list("attributes", &log.attributes, pair);
    object.count("droppedAttributesCount", log.dropped_attributes_count);
    object.count("flags", log.flags);
    object.id("traceId", &log.trace_id);
    object.id("spanId", &log.span_id);
    object.text("eventName", &log.event_name);
    object.end();
}

fn pair(pair: &KeyValue, out: &mut Vec<u8>) {
    let mut object = Object::new(out);
    quote(&pair.key, object.name("key"));
    match &pair.value {
        Some(value) => any(value, object.name("value")),
        None => object.name("value").extend_from_slice(b"{}"),
    }
    object.end();
}

/// Depth is bounded by the decoder's own bound (100 messages inside one another).
fn any(value: &AnyValue, out: &mut Vec<u8>) {
    let mut object = Object::new(out);
    match &value.value {
        None => {}
        Some(Value::String(text)) => quote(text, object.name("stringValue")),
        Some(Value::Bool(value)) => object.name("boolValue").extend_from_slice(value.to_string().as_bytes()),
        Some(Value::Int(n)) => quote(&n.to_string(), object.name("intValue")),
        Some(Value::Double(n)) => double(*n, object.name("doubleValue")),
        Some(Value::Array(array)) => {
            let mut inner = Object::new(object.name("arrayValue"));
            list(&array.values, any, inner.name("values"));
            inner.end();
        }
        Some(Value::Map(map)) => {
            let mut inner = Object::new(object.name("kvlistValue"));
            list(&map.values, pair, inner.name("values"));
            inner.end();
        }
        Some(Value::Bytes(bytes)) => quote(&base64(bytes), object.name("bytesValue")),
    }
    object.end();
}

fn double(n: f64, out: &mut Vec<u8>) {
    match serde_json::Number::from_f64(n) {
        Some(number) => out.extend_from_slice(number.to_string().as_bytes()),
        // The mapping of protobuf names what JSON has no number for.
        None if n.is_nan() => quote("NaN", out),
        None => quote(if n > 0.0 { "Infinity" } else { "-Infinity" }, out),
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let part = |n: usize| chunk.get(n).copied().map_or(0, u32::from);
        let bits = part(0) << 16 | part(1) << 8 | part(2);
        for (n, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let digit = usize::try_from(bits >> shift & 63).unwrap_or(0);
            let digit = DIGITS.get(digit).copied().map_or('=', char::from);
            out.push(if n <= chunk.len() { digit } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_as_base64() {
        for (bytes, written) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
            assert_eq!(base64(bytes.as_bytes()), written);
        }
    }
}
