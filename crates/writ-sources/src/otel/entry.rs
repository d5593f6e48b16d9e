//! One span or log record, whichever form it was delivered in.

use super::attributes::{Attributes, Held};
use writ_model::key::names_nothing;
use writ_model::time::{EventTime, Time};

/// Telemetry tells nanoseconds; what a host's clock is worth is a millisecond.
pub(super) const PRECISION_MS: u32 = 1;

/// Longest name of a service that is taken into a recorder's name.
const SERVICE_BYTES_MAX: usize = 256;

/// Which party wrote a span down, by its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SpanKind {
    /// Inside one process, or not told.
    Internal,
    /// It answered a request.
    Server,
    /// It made a request.
    Client,
    /// It sent a message.
    Producer,
    /// It took a message.
    Consumer,
}

/// How an operation ended, by its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// Nothing was set, which is how most successes look.
    Unset,
    /// Set to be good.
    Ok,
    /// Set to have failed.
    Error,
}

/// What an entry says of the span around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Around {
    /// That there is none.
    Nothing,
    /// That there is one, by what is no id: it was redacted or cut.
    Unreadable,
    /// Its id.
    Span(String),
}

/// Something that happened within a span.
#[derive(Clone, Debug)]
pub(super) struct Happening<'n> {
    pub(super) name: &'n str,
    pub(super) attributes: Attributes<'n>,
}

/// One span or log record.
#[derive(Clone, Debug)]
pub(super) struct Entry<'n> {
    /// Whether it is a span.
    pub(super) is_span: bool,
    /// The span's name or the event's; empty where there is none.
    pub(super) name: &'n str,
    pub(super) trace: Option<String>,
    pub(super) span: Option<String>,
    /// Of a span, the span it was begun in. Of a log record, whether it names one that cannot be read.
    pub(super) parent: Around,
    /// Links, as trace and span.
    pub(super) links: Vec<(String, String)>,
    pub(super) kind: SpanKind,
    pub(super) status: Status,
    pub(super) start: Option<Time>,
    pub(super) end: Option<Time>,
    pub(super) attributes: Attributes<'n>,
    pub(super) resource: Attributes<'n>,
    pub(super) events: Vec<Happening<'n>>,
    /// Of a log record.
    pub(super) body: Option<Held<'n>>,
}

impl<'n> Entry<'n> {
    /// One that tells nothing yet.
    pub(super) fn empty(is_span: bool) -> Entry<'n> {
        Entry {
            is_span,
            name: "",
            trace: None,
            span: None,
            parent: Around::Nothing,
            links: Vec::new(),
            kind: SpanKind::Internal,
            status: Status::Unset,
            start: None,
            end: None,
            attributes: Attributes::default(),
            resource: Attributes::default(),
            events: Vec::new(),
            body: None,
        }
    }

    /// What calls itself the emitter.
    pub(super) fn service(&self) -> Option<&'n str> {
        let name = self.resource.text("service.name");
        name.filter(|name| name.len() <= SERVICE_BYTES_MAX && !names_nothing(name))
    }

    /// Who wrote the record, as it names itself.
    pub(super) fn recorder(&self) -> String {
        let Some(service) = self.service() else { return "otel:unknown".to_string() };
        match self.resource.text("service.instance.id").filter(|id| id.len() <= SERVICE_BYTES_MAX) {
            Some(instance) => format!("otel:{service}/{instance}"),
            None => format!("otel:{service}"),
        }
    }

    /// When it happened.
    pub(super) fn event_time(&self) -> Option<EventTime> {
        let start = self.start?;
        // An end before the beginning says that one of the two is wrong, and not which.
        let end = self.end.filter(|end| *end >= start);
        Some(EventTime { start, end, precision_ms: PRECISION_MS })
    }

    /// Trace and span, as keys name a span.
    pub(super) fn span_name(&self) -> Option<String> {
        Some(format!("{}/{}", self.trace.as_deref()?, self.span.as_deref()?))
    }

    /// An attribute of the record, or of what emitted it.
    pub(super) fn attribute(&self, name: &str) -> Option<Held<'n>> {
        self.attributes.get(name).or_else(|| self.resource.get(name))
    }
}
