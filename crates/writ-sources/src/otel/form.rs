//! The forms spans and log records are delivered in, and what stands where in each.

use super::attributes::{Attributes, Held, Spelling};
use super::entry::{Around, Entry, Happening, SpanKind, Status};
use super::{clock, id};
use crate::admit::{kind_word, short};
use writ_model::json::{Node, Value};

/// Links read of one span. Batch consumers link what they took together, some hundred at most; each
/// is a key.
const LINKS_MAX: usize = 64;

/// The forms of a record, told by its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `{"resource","scope","span"}`, put together from OTLP.
    Otlp,
    /// `{"process","span"}`, put together from a Jaeger answer.
    Jaeger,
    /// As the JavaScript SDK's spans are printed.
    JavaScript,
    /// As the Python SDK's spans are printed.
    Python,
    /// `{"resource","scope","log"}`.
    Log,
}

/// The form of this, if it is one.
pub(super) fn form(node: &Node<'_>) -> Option<Form> {
    let object = |name: &str| node.get(name).is_some_and(|found| matches!(found.value, Value::Object(_)));
    let has = |path: &[&str]| node.at(path).is_some();
    // Nothing else stands in what is put together.
    let only =
        |own: &str| node.members().iter().all(|(name, _)| [own, "resource", "scope", "process"].contains(&&**name));
    if object("span") && only("span") && (object("process") || has(&["span", "traceID"])) {
        Some(Form::Jaeger)
    } else if object("span") && only("span") {
        Some(Form::Otlp)
    } else if object("log") && only("log") {
        Some(Form::Log)
    } else if has(&["spanContext", "traceId"]) {
        Some(Form::JavaScript)
    } else if has(&["context", "trace_id"]) && has(&["context", "span_id"]) {
        Some(Form::Python)
    } else {
        None
    }
}

/// The last of resource and scope, or process, where the record was put together with them first.
pub(super) fn shared_part<'n, 't>(node: &'n Node<'t>) -> Option<&'n Node<'t>> {
    let form = form(node)?;
    let [.., (_, shared), (name, _)] = node.members() else { return None };
    let is_own = match form {
        Form::Otlp | Form::Jaeger => name == "span",
        Form::Log => name == "log",
        Form::JavaScript | Form::Python => false,
    };
    is_own.then_some(shared)
}

/// Reads a record. The error is the cause of a reject.
pub(super) fn read<'n>(node: &'n Node<'n>) -> Result<Entry<'n>, String> {
    let part = |name: &str| node.get(name).unwrap_or(node);
    let entry = match form(node).ok_or("this is no span and no log record in a form that is read")? {
        Form::Otlp => otlp(node, part("span"))?,
        Form::Jaeger => jaeger(node, part("span"))?,
        Form::JavaScript => printed(node, &JAVASCRIPT)?,
        Form::Python => printed(node, &PYTHON)?,
        Form::Log => log(node, part("log"))?,
    };
    Ok(entry)
}

fn needed(id: Option<String>, node: &Node<'_>, name: &str, digits: usize) -> Result<Option<String>, String> {
    if id.is_some() {
        return Ok(id);
    }
    Err(match node.get(name) {
        None => format!("`{name}` is missing: a span is known by its trace and its span id"),
        Some(found) => {
            let stands =
                found.as_str().map_or_else(|| kind_word(&found.value).to_string(), |t| format!("`{}`", short(t)));
            format!("`{name}` should be {digits} hexadecimal digits, not all zero; it is {stands}")
        }
    })
}

fn text<'n>(node: &'n Node<'n>, name: &str) -> &'n str {
    node.text(&[name]).unwrap_or_default()
}

fn kind(node: Option<&Node<'_>>, first: u64) -> SpanKind {
    let order = [SpanKind::Internal, SpanKind::Server, SpanKind::Client, SpanKind::Producer, SpanKind::Consumer];
    match node.map(|node| &node.value) {
        // The numbers of OTLP begin at 1 (0 is "not told"), those of the SDKs at 0.
        Some(Value::Number(lexeme)) => {
            let n = lexeme.parse::<u64>().ok().and_then(|n| n.checked_sub(first));
            let n = n.and_then(|n| usize::try_from(n).ok());
            n.and_then(|n| order.get(n)).copied().unwrap_or(SpanKind::Internal)
        }
        Some(Value::String(word)) => {
            let word = word.rsplit(['_', '.']).next().unwrap_or_default().to_ascii_lowercase();
            let words = ["internal", "server", "client", "producer", "consumer"];
            let found = words.iter().position(|known| *known == word);
            found.and_then(|n| order.get(n)).copied().unwrap_or(SpanKind::Internal)
        }
        _ => SpanKind::Internal,
    }
}

fn status(node: Option<&Node<'_>>) -> Status {
    match node.map(|node| &node.value) {
        Some(Value::Number("1")) => Status::Ok,
        Some(Value::Number("2")) => Status::Error,
        Some(Value::String(word)) => match word.rsplit('_').next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "ok" | "1" => Status::Ok,
            "error" | "2" => Status::Error,
            _ => Status::Unset,
        },
        _ => Status::Unset,
    }
}

fn events<'n>(node: Option<&'n Node<'n>>, fields: &str, spelling: Spelling) -> Vec<Happening<'n>> {
    let one = |event: &'n Node<'n>| {
        let attributes = Attributes::of(event.get(fields), spelling);
        // Jaeger keeps the name among the fields.
        let name = event.text(&["name"]).or_else(|| attributes.text("event")).unwrap_or_default();
        Happening { name, attributes }
    };
    node.map(Node::elements).unwrap_or_default().iter().map(one).collect()
}

fn otlp<'n>(node: &'n Node<'n>, span: &'n Node<'n>) -> Result<Entry<'n>, String> {
    let links = span.get("links").map(Node::elements).unwrap_or_default().iter().take(LINKS_MAX);
    Ok(Entry {
        name: text(span, "name"),
        trace: needed(id::trace(text(span, "traceId")), span, "traceId", 32)?,
        span: needed(id::span(text(span, "spanId")), span, "spanId", 16)?,
        parent: id::around(span.get("parentSpanId"), id::span),
        links: links
            .filter_map(|link| Some((id::trace(text(link, "traceId"))?, id::span(text(link, "spanId"))?)))
            .collect(),
        kind: kind(span.get("kind"), 1),
        status: status(span.at(&["status", "code"])),
        start: clock::nanos(span.get("startTimeUnixNano"), "startTimeUnixNano")?,
        end: clock::nanos(span.get("endTimeUnixNano"), "endTimeUnixNano")?,
        attributes: Attributes::of(span.get("attributes"), Spelling::Typed),
        resource: Attributes::of(node.at(&["resource", "attributes"]), Spelling::Typed),
        events: events(span.get("events"), "attributes", Spelling::Typed),
        ..Entry::empty(true)
    })
}

fn log<'n>(node: &'n Node<'n>, log: &'n Node<'n>) -> Result<Entry<'n>, String> {
    let attributes = Attributes::of(log.get("attributes"), Spelling::Typed);
    let body = log.get("body").map(Held::typed);
    // The name of an event stood in an attribute before it had a field, and some emitters still say it in the body.
    let name = log.text(&["eventName"]).filter(|name| !name.is_empty()).or_else(|| attributes.text("event.name"));
    let time = clock::nanos(log.get("timeUnixNano"), "timeUnixNano")?;
    Ok(Entry {
        name: name.or_else(|| body.and_then(Held::text).filter(|text| is_name(text))).unwrap_or_default(),
        trace: id::trace(text(log, "traceId")),
        span: id::span(text(log, "spanId")),
        parent: match (id::around(log.get("traceId"), id::trace), id::around(log.get("spanId"), id::span)) {
            (Around::Unreadable, _) | (_, Around::Unreadable) => Around::Unreadable,
            _ => Around::Nothing,
        },
        start: time.map_or_else(
            || clock::nanos(log.get("observedTimeUnixNano"), "observedTimeUnixNano"),
            |time| Ok(Some(time)),
        )?,
        attributes,
        resource: Attributes::of(node.at(&["resource", "attributes"]), Spelling::Typed),
        body,
        ..Entry::empty(false)
    })
}

/// Whether a body is the name of an event rather than text.
fn is_name(text: &str) -> bool {
    text.contains('.')
        && text.len() <= 100
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

fn jaeger<'n>(node: &'n Node<'n>, span: &'n Node<'n>) -> Result<Entry<'n>, String> {
    let trace = needed(id::jaeger_trace(text(span, "traceID")), span, "traceID", 32)?;
    let attributes = Attributes::of(span.get("tags"), Spelling::Tags);
    let reference =
        |found: &Node<'_>| Some((id::jaeger_trace(text(found, "traceID"))?, id::jaeger_span(text(found, "spanID"))?));
    let (mut parent, mut links) = (id::around(span.get("parentSpanID"), id::jaeger_span), Vec::new());
    let references = span.get("references").filter(|found| found.value != Value::Null);
    // What cannot be read of a reference may be what it was begun in; a child of another trace is no beginning.
    let mut is_unreadable = references.is_some_and(|found| !matches!(found.value, Value::Array(_)));
    for found in references.map(Node::elements).unwrap_or_default().iter().take(LINKS_MAX) {
        let (sort, linked) = (found.text(&["refType"]), reference(found));
        match (sort, linked) {
            (Some("CHILD_OF"), Some((of, id))) if parent == Around::Nothing && Some(&of) == trace.as_ref() => {
                parent = Around::Span(id);
            }
            (Some("FOLLOWS_FROM"), link) => links.extend(link),
            (_, link) => {
                is_unreadable = true;
                links.extend(link);
            }
        }
    }
    if is_unreadable && parent == Around::Nothing {
        parent = Around::Unreadable;
    }
    let start = clock::micros(span.get("startTime"), "startTime")?;
    let length = clock::micros(span.get("duration"), "duration")?;
    let error = attributes.get("error").and_then(Held::shown) == Some("true");
    let told = attributes.text("otel.status_code").unwrap_or_default();
    let status = if error || told == "ERROR" {
        Status::Error
    } else if told == "OK" {
        Status::Ok
    } else {
        Status::Unset
    };
    let span_kind = attributes.text("span.kind").unwrap_or_default();
    let kinds = [
        ("server", SpanKind::Server),
        ("client", SpanKind::Client),
        ("producer", SpanKind::Producer),
        ("consumer", SpanKind::Consumer),
    ];
    Ok(Entry {
        name: text(span, "operationName"),
        span: needed(id::jaeger_span(text(span, "spanID")), span, "spanID", 16)?,
        trace,
        parent,
        links,
        kind: kinds.iter().find(|(name, _)| *name == span_kind).map_or(SpanKind::Internal, |row| row.1),
        status,
        start: start.and_then(clock::at_micros),
        end: start.zip(length).and_then(|(start, length)| clock::at_micros(start.checked_add(length)?)),
        attributes,
        resource: process(node.get("process")),
        events: events(span.get("logs"), "fields", Spelling::Tags),
        ..Entry::empty(true)
    })
}

/// What Jaeger calls a process: its name beside its tags.
fn process<'n>(node: Option<&'n Node<'n>>) -> Attributes<'n> {
    let mut process = Attributes::of(node.and_then(|node| node.get("tags")), Spelling::Tags);
    if let Some(name) = node.and_then(|node| node.get("serviceName")) {
        process.put("service.name", name);
    }
    process
}

/// What an SDK calls the members of a span it prints, beside those that all of them call alike.
struct Printed {
    context: &'static str,
    trace: &'static str,
    span: &'static str,
    /// Paths to the parent's span id; the first that is there counts.
    parents: &'static [&'static [&'static str]],
    status: &'static str,
    start: &'static str,
    end: &'static str,
}

const JAVASCRIPT: Printed = Printed {
    context: "spanContext",
    trace: "traceId",
    span: "spanId",
    parents: &[&["parentSpanContext", "spanId"], &["parentSpanId"]],
    status: "code",
    start: "startTime",
    end: "endTime",
};

const PYTHON: Printed = Printed {
    context: "context",
    trace: "trace_id",
    span: "span_id",
    parents: &[&["parent_id"]],
    status: "status_code",
    start: "start_time",
    end: "end_time",
};

/// The first that is there counts; where its context is there and not the id, it was taken out.
fn printed_parent(node: &Node<'_>, paths: &[&[&str]]) -> Around {
    let mut is_named = false;
    for path in paths {
        match id::around(node.at(path), id::span) {
            Around::Nothing => {
                let context = path.first().filter(|_| path.len() > 1).and_then(|name| node.get(name));
                is_named |= context.is_some_and(|context| context.value != Value::Null);
            }
            found => return found,
        }
    }
    if is_named { Around::Unreadable } else { Around::Nothing }
}

fn printed<'n>(node: &'n Node<'n>, names: &Printed) -> Result<Entry<'n>, String> {
    let context = node.get(names.context).unwrap_or(node);
    let links = node.get("links").map(Node::elements).unwrap_or_default().iter().take(LINKS_MAX);
    let linked = |link: &Node<'_>| {
        let context = link.get("context")?;
        Some((id::trace(text(context, names.trace))?, id::span(text(context, names.span))?))
    };
    Ok(Entry {
        name: text(node, "name"),
        trace: needed(id::trace(text(context, names.trace)), context, names.trace, 32)?,
        span: needed(id::span(text(context, names.span)), context, names.span, 16)?,
        parent: printed_parent(node, names.parents),
        links: links.filter_map(linked).collect(),
        kind: kind(node.get("kind"), 0),
        status: status(node.at(&["status", names.status])),
        start: clock::printed(node.get(names.start), names.start)?,
        end: clock::printed(node.get(names.end), names.end)?,
        attributes: Attributes::of(node.get("attributes"), Spelling::Members),
        resource: Attributes::of(node.at(&["resource", "attributes"]), Spelling::Members),
        events: events(node.get("events"), "attributes", Spelling::Members),
        ..Entry::empty(true)
    })
}
