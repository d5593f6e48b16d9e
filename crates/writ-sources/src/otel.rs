//! Sources `otel.span` and `otel.log`: what agents, tools and services say of themselves in
//! OpenTelemetry traces and logs, in every form people hand them in.
//!
//! `docs/reference/otel.md` says what is read, by dialect, and what is known to be left out. Here:
//! declarations, recognition and the envelope.

mod approval;
mod arguments;
mod attributes;
mod claude;
mod clock;
mod dialect;
mod entry;
mod facts;
mod form;
mod id;
mod keys;
mod propose;
mod serve;
mod told;

use crate::field;
use crate::redact::{EVERYWHERE_AND_IN_TEXT, Withholds};
use crate::source::{Context, Reading, Source};
use attributes::Held;
use form::Form;
use writ_model::fact::{Fact, FactKind};
use writ_model::json::{Node, Value};
use writ_model::key::names_nothing;
use writ_model::source::{Omission, SourceInfo};

/// Counts up with every change to what is read off a record.
const VERSION: u32 = 2;

/// Spans of agents, tools and services.
#[derive(Clone, Copy, Debug)]
pub struct Span;

/// Log records and events of agents.
#[derive(Clone, Copy, Debug)]
pub struct Log;

const CONTENT: Omission = Omission {
    code: "content_not_captured",
    text: "prompts, arguments and results are not captured unless the emitter is told to",
    fix: "set OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=span_and_event; for Claude Code OTEL_LOG_USER_PROMPTS=1 and OTEL_LOG_TOOL_DETAILS=1",
    ask: "whoever runs the agent, for its own transcript",
    reference: "https://opentelemetry.io/docs/specs/semconv/gen-ai/",
};

const SAMPLED: Omission = Omission {
    code: "sampling",
    text: "spans and logs may be sampled or shed by the emitter or a collector; a hole looks like work that never ran",
    fix: "fork the telemetry before the sampler and hand in the unsampled branch",
    ask: "whoever runs the collector, for its sampling configuration and its own metrics of dropped items",
    reference: "https://opentelemetry.io/docs/concepts/sampling/",
};

const REFUSED: Omission = Omission {
    code: "refused_calls",
    text: "a tool call refused before it is executed may leave no record",
    fix: "record decisions at a gateway in front of the tools",
    ask: "whoever configured which tools the agent may use",
    reference: "https://github.com/anthropics/claude-code-action/issues/357",
};

static SPAN_OMISSIONS: [Omission; 3] = [CONTENT, SAMPLED, REFUSED];

static LOG_OMISSIONS: [Omission; 4] = [
    CONTENT,
    SAMPLED,
    REFUSED,
    Omission {
        code: "tool_result_gated",
        text: "where content is not logged, Claude Code may leave out `tool_result` altogether",
        fix: "set OTEL_LOG_TOOL_DETAILS=1 and collect traces beside logs",
        ask: "whoever runs the agent, for its session transcript",
        reference: "https://github.com/anthropics/claude-code/issues/68610",
    },
];

static SPAN: SourceInfo = SourceInfo {
    name: "otel.span",
    title: "OpenTelemetry traces of agents, models, tools and services",
    namespace: "otel",
    delay_usual_ms: 10_000,
    delay_worst_ms: 5 * 60_000,
    precision_ms: entry::PRECISION_MS,
    // Laptops and pods drift; each host stamps with its own clock.
    skew_ms: 2_000,
    verifies: "nothing: an emitter speaks of itself; a server's span tells what reached it",
    retention_ms: None,
    contains: &[
        FactKind::Intent,
        FactKind::Delegation,
        FactKind::ModelCall,
        FactKind::ToolCall,
        FactKind::Effect,
        FactKind::Approval,
        FactKind::Session,
    ],
    omissions: &SPAN_OMISSIONS,
    tested: true,
};

static LOG: SourceInfo = SourceInfo {
    name: "otel.log",
    title: "OpenTelemetry logs: events of agents such as Claude Code",
    omissions: &LOG_OMISSIONS,
    contains: &[
        FactKind::Intent,
        FactKind::Delegation,
        FactKind::ModelCall,
        FactKind::ToolCall,
        FactKind::Approval,
        FactKind::Session,
    ],
    // Written from the vendor's documents; no real log of it was at hand.
    tested: false,
    ..SPAN
};

/// A bag of attributes that belonged to a span, handed in without it.
fn is_bag(node: &Node<'_>) -> bool {
    let members = node.members();
    !members.is_empty()
        && members.iter().any(|(name, _)| dialect::is_known(name))
        && !["traceId", "trace_id", "context", "spanContext", "attributes"].iter().any(|name| node.get(name).is_some())
}

fn is_metrics(node: &Node<'_>) -> bool {
    node.members()
        .first()
        .is_some_and(|(name, value)| name == "resourceMetrics" && matches!(value.value, Value::Array(_)))
}

fn not_a_record(node: &Node<'_>) -> Result<(), String> {
    if is_metrics(node) {
        return Err("OpenTelemetry metrics: Writ reads spans and logs; leave metrics out of the input".to_string());
    }
    if form::form(node).is_none() && is_bag(node) {
        return Err("an attribute bag without span ids and times: hand in the span it belongs to".to_string());
    }
    Ok(())
}

impl Source for Span {
    fn info(&self) -> &'static SourceInfo {
        &SPAN
    }

    fn version(&self) -> u32 {
        VERSION
    }

    fn withholds(&self) -> &'static Withholds {
        &EVERYWHERE_AND_IN_TEXT
    }

    fn tables(&self) -> String {
        dialect::tables()
    }

    fn marks(&self) -> &'static [&'static str] {
        &["\"resourceSpans\"", "\"spanId\""]
    }

    fn recognises(&self, node: &Node<'_>) -> bool {
        form::form(node).map_or_else(|| is_metrics(node) || is_bag(node), |form| form != Form::Log)
    }

    fn read(&self, node: &Node<'_>) -> Result<Reading, String> {
        not_a_record(node)?;
        field::unambiguous(node)?;
        let entry = form::read(node)?;
        if !entry.is_span {
            return Err("this is a log record; its source is `otel.log`".to_string());
        }
        Ok(Reading {
            recorder: entry.recorder(),
            native_id: entry.span_name(),
            event_time: entry.event_time(),
            available_time: None,
        })
    }

    fn shared_part<'n, 't>(&self, node: &'n Node<'t>) -> Option<&'n Node<'t>> {
        form::shared_part(node)
    }

    fn facts(&self, node: &Node<'_>, _: &Context<'_>) -> Vec<Fact> {
        form::read(node).map(|entry| facts::of(&entry)).unwrap_or_default()
    }
}

impl Source for Log {
    fn info(&self) -> &'static SourceInfo {
        &LOG
    }

    fn version(&self) -> u32 {
        VERSION
    }

    fn withholds(&self) -> &'static Withholds {
        &EVERYWHERE_AND_IN_TEXT
    }

    fn marks(&self) -> &'static [&'static str] {
        &["\"resourceLogs\"", "\"timeUnixNano\""]
    }

    fn recognises(&self, node: &Node<'_>) -> bool {
        form::form(node) == Some(Form::Log)
    }

    fn read(&self, node: &Node<'_>) -> Result<Reading, String> {
        not_a_record(node)?;
        field::unambiguous(node)?;
        let entry = form::read(node)?;
        if entry.is_span {
            return Err("this is a span; its source is `otel.span`".to_string());
        }
        let sequence = entry.attributes.get("event.sequence").and_then(Held::shown);
        let session = entry.attribute("session.id").and_then(Held::shown).filter(|session| !names_nothing(session));
        Ok(Reading {
            recorder: entry.recorder(),
            native_id: session.zip(sequence).map(|(session, n)| format!("{session}/{n}")),
            event_time: entry.event_time(),
            available_time: None,
        })
    }

    fn shared_part<'n, 't>(&self, node: &'n Node<'t>) -> Option<&'n Node<'t>> {
        form::shared_part(node)
    }

    fn facts(&self, node: &Node<'_>, _: &Context<'_>) -> Vec<Fact> {
        form::read(node).map(|entry| facts::of(&entry)).unwrap_or_default()
    }
}
