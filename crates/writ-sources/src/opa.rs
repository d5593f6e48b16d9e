//! Source `opa.decision`: the decision log of Open Policy Agent, in the shapes OPA writes it: batches as
//! it uploads them, one event per line, and the lines of its console logger.
//!
//! The vendor's account of the format: the decision-log page of the OPA documentation.
//! `docs/reference/opa-decision.md` says what is read. OPA evaluates what a caller tells it: that a
//! decision was made, and what it was, is OPA's word; everything in `input` is the caller's.

mod effect;
mod input;

use crate::field;
use crate::redact::{EVERYWHERE, Names, SecretName, Withholds};
use crate::source::{Context, Reading, Source};
use input::Input;
use writ_model::fact::{Decision, DecisionEffect, Detail, Fact, FactKind, Outcome};
use writ_model::json::Node;
use writ_model::key::{ANY, Attestation, Key, KeyKind, KeyRole};
use writ_model::record::Redaction;
use writ_model::source::{Omission, SourceInfo};

/// Open Policy Agent.
#[derive(Clone, Copy, Debug)]
pub struct Decisions;

/// Members of an input under which policies get tokens and keys.
const SECRETS: Names = Names::of(&[
    SecretName { ends_with: "token", kind: "token" },
    SecretName { ends_with: "jwt", kind: "token" },
    SecretName { ends_with: "bearer", kind: "token" },
    SecretName { ends_with: "cookie", kind: "secret" },
    SecretName { ends_with: "apikey", kind: "secret" },
    SecretName { ends_with: "secret", kind: "secret" },
]);

static WITHHOLDS: Withholds = Withholds { also: SECRETS, tokens: true, ..EVERYWHERE };

static OMISSIONS: [Omission; 4] = [
    Omission {
        code: "dropped",
        text: "decisions are lost where a `drop` rule says so, the buffer overflows or uploads keep failing",
        fix: "set `decision_logs.reporting.buffer_type: event`, watch its dropped-event metrics, and keep `drop` rules narrow",
        ask: "whoever runs this OPA, for its metrics and its console log",
        reference: "https://www.openpolicyagent.org/docs/management-decision-logs",
    },
    Omission {
        code: "enforcement",
        text: "the log does not tell whether the caller did what the decision said",
        fix: "let the enforcement point echo `decision_id` in its own log, or declare it as `decision_by` for its routes",
        ask: "the owner of the service that asked",
        reference: "https://www.openpolicyagent.org/docs/management-decision-logs",
    },
    Omission {
        code: "policy_text",
        text: "the log names bundle revisions and never the policies themselves",
        fix: "put the commit of the policies into each bundle's `revision`",
        ask: "the owner of the bundle",
        reference: "https://www.openpolicyagent.org/docs/management-bundles",
    },
    Omission {
        code: "no_trace",
        text: "`trace_id` and `span_id` are there only with distributed tracing switched on",
        fix: "set `distributed_tracing` in OPA's configuration and pass `traceparent` on",
        ask: "whoever runs this OPA",
        reference: "https://www.openpolicyagent.org/docs/monitoring",
    },
];

static INFO: SourceInfo = SourceInfo {
    name: "opa.decision",
    title: "Open Policy Agent: decision log",
    namespace: "opa",
    // Uploads wait between five and ten minutes by default, and are tried again when they fail.
    delay_usual_ms: 600_000,
    delay_worst_ms: 3_600_000,
    // It tells nanoseconds; this is the finest that is compared.
    precision_ms: 1,
    skew_ms: 2_000,
    verifies: "that it decided so; nothing of the input it was asked about",
    retention_ms: None,
    contains: &[FactKind::Decision],
    omissions: &OMISSIONS,
    // On the vendor's published examples, not on a log of a running one.
    tested: false,
};

/// Members that OPA writes beside a decision's id and time.
const MARKS: [&str; 6] = ["labels", "bundles", "requested_by", "metrics", "req_id", "revision"];

/// What the console logger writes in every decision's line.
const CONSOLE: &str = "Decision Log";

impl Source for Decisions {
    fn info(&self) -> &'static SourceInfo {
        &INFO
    }

    fn version(&self) -> u32 {
        1
    }

    fn withholds(&self) -> &'static Withholds {
        &WITHHOLDS
    }

    fn marks(&self) -> &'static [&'static str] {
        &["\"decision_id\""]
    }

    fn recognises(&self, node: &Node<'_>) -> bool {
        let has = |name: &&str| node.get(name).is_some();
        let asked = ["path", "query", "input"].iter().any(&has);
        let own = MARKS.iter().any(has) || node.text(&["msg"]) == Some(CONSOLE);
        node.text(&["decision_id"]).is_some() && asked && own
    }

    fn read(&self, node: &Node<'_>) -> Result<Reading, String> {
        field::unambiguous(node)?;
        let labels = field::object(node, "labels")?;
        let id = labels.map_or(Ok(None), |labels| field::text(labels, "id"));
        let id = id.map_err(|cause| format!("in `labels`: {cause}"))?;
        field::reading(
            node,
            format!("opa:{}", id.unwrap_or("unknown")),
            ["decision_id", "timestamp"],
            INFO.precision_ms,
        )
    }

    fn already_withheld(&self, node: &Node<'_>) -> Vec<Redaction> {
        let kinds = [("erased", "erased_by_source"), ("masked", "masked_by_source")];
        kinds.iter().flat_map(|(name, kind)| pointers(node, name).map(|pointer| noted(pointer, kind))).collect()
    }

    fn facts(&self, node: &Node<'_>, context: &Context<'_>) -> Vec<Fact> {
        vec![decision(node, context)]
    }
}

/// Most pointers kept of what the source itself took out: real masks have a handful, and each costs
/// room in the envelope.
const POINTERS_MAX: usize = 64;

/// Longest of them.
const POINTER_BYTES_MAX: usize = 512;

fn pointers<'n>(node: &'n Node<'_>, name: &str) -> impl Iterator<Item = &'n str> + use<'n> {
    let all = node.get(name).map(Node::elements).unwrap_or_default().iter().filter_map(Node::as_str);
    all.filter(|pointer| pointer.len() <= POINTER_BYTES_MAX).take(POINTERS_MAX)
}

fn noted(pointer: &str, kind: &str) -> Redaction {
    Redaction { pointer: pointer.to_string(), kind: kind.to_string(), digest: Vec::new() }
}

/// Whether the source took out or changed something at this place or inside it.
fn touched(node: &Node<'_>, place: &str) -> bool {
    // All of them count here, however many: a decision must not look like one that it was not.
    let all = ["erased", "masked"].into_iter().filter_map(|name| node.get(name)).flat_map(Node::elements);
    all.filter_map(Node::as_str).any(|pointer| {
        let pointer = format!("/{}", pointer.trim_start_matches('/'));
        let inside = |whole: &str, part: &str| {
            part.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        inside(place, &pointer) || inside(&pointer, place)
    })
}

fn decision(node: &Node<'_>, context: &Context<'_>) -> Fact {
    let (effect, reason) = effect::of(node);
    let outcome = match effect {
        DecisionEffect::Permit => Outcome::Success,
        DecisionEffect::Deny => Outcome::Denied,
        DecisionEffect::NotApplicable | DecisionEffect::Indeterminate => Outcome::Unknown,
    };
    let rule = node.text(&["path"]).or_else(|| node.text(&["query"])).map(|rule| rule.trim_matches('/'));
    let rule = rule.filter(|rule| !rule.is_empty());
    let input = Input::read(node);
    let action =
        input.action.clone().or_else(|| rule.map(str::to_string)).unwrap_or_else(|| "opa:decision".to_string());
    let mut fact = Fact::new(FactKind::Decision, action, outcome);
    fact.actor.clone_from(&input.actor);
    fact.resources.extend(input.resource.clone());
    fact.keys = keys(node, context, &input);
    fact.detail = Detail::Decision(Decision {
        effect,
        engine: "opa",
        reason,
        // Whether the one who asked obeyed is not in this log.
        enforced: None,
        id: node.text(&["decision_id"]).map(str::to_string),
        policies: rule.map(str::to_string).into_iter().collect(),
        revisions: revisions(node),
        tool: input.tool,
        arguments: input.arguments,
        reused_from: None,
    });
    fact
}

/// `NAME@REVISION` of each bundle, by name; the one revision that old versions tell has no name.
fn revisions(node: &Node<'_>) -> Vec<String> {
    let bundles = node.get("bundles").map(Node::members).unwrap_or_default().iter();
    let mut all: Vec<String> = bundles
        .filter_map(|(name, bundle)| {
            Some(format!("{name}@{}", bundle.text(&["revision"]).filter(|text| !text.is_empty())?))
        })
        .collect();
    all.sort();
    if all.is_empty() {
        all.extend(node.text(&["revision"]).filter(|text| !text.is_empty()).map(|revision| format!("@{revision}")));
    }
    all
}

fn keys(node: &Node<'_>, context: &Context<'_>, input: &Input) -> Vec<Key> {
    let mut keys = Vec::new();
    if let Some(id) = node.text(&["decision_id"]) {
        for namespace in [context.identity.recorder.as_str(), ANY] {
            keys.extend(Key::new(KeyKind::Decision, namespace.to_string(), id, KeyRole::Mints, Attestation::Verified));
        }
    }
    let hex = |name: &str, len: usize| {
        let id = node.text(&[name])?.to_ascii_lowercase();
        let told =
            id.len() == len && id.bytes().all(|byte| byte.is_ascii_hexdigit()) && id.bytes().any(|byte| byte != b'0');
        told.then_some(id)
    };
    // Whoever asked chose the trace (W3C trace context).
    if let Some(trace) = hex("trace_id", 32) {
        keys.extend(Key::new(KeyKind::Trace, "otel", &trace, KeyRole::Carries, Attestation::Claimed));
        if let Some(span) = hex("span_id", 16) {
            let span = format!("{trace}/{span}");
            keys.extend(Key::new(KeyKind::Span, "otel", &span, KeyRole::Names, Attestation::Claimed));
        }
    }
    keys.extend(input.keys.iter().cloned());
    let digest = |digest| Key::new(KeyKind::Arguments, "digest", digest, KeyRole::Names, Attestation::Claimed);
    keys.extend(input.arguments.as_deref().and_then(digest));
    keys.extend(field::principal_key(input.actor.as_ref()));
    keys
}
