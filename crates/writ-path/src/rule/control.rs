//! How approvals and decisions are found for a call. They attach to a hop and make none, so what they
//! reach is said by their state and binding rather than by a strength.

use super::{Cap, Chain, Edge, Proof, Rule};
use writ_model::key::KeyKind;

const BASE: Rule = Rule {
    id: "",
    chain: Chain::Command,
    edge: Edge::Approved,
    effect: "a call, or an effect",
    cause: "a record of an approval",
    key: Some(KeyKind::ToolCall),
    proof: Proof::OneToOne,
    within_ms: None,
    cap: Cap::Proven,
    cap_reason: "the service speaks for its own approvals",
    absence: "absent only where a declared route and coverage say so, else unknown",
    line: "",
};

pub(crate) const APPROVAL_OF_CALL: Rule = Rule { id: "approval.call", line: "the approval names this call", ..BASE };

pub(crate) const APPROVAL_NAMED: Rule = Rule {
    id: "approval.named",
    key: Some(KeyKind::Approval),
    line: "the call, or the credential it was made with, names the approval",
    ..BASE
};

pub(crate) const APPROVAL_OF_REQUEST: Rule = Rule {
    id: "approval.request",
    key: Some(KeyKind::Request),
    line: "the approval names the request the server gave this id to",
    ..BASE
};

pub(crate) const APPROVAL_OF_ARGUMENTS: Rule = Rule {
    id: "approval.arguments",
    key: Some(KeyKind::Arguments),
    proof: Proof::Name,
    cap: Cap::Asserted,
    cap_reason: "equal arguments may belong to another call",
    line: "the approval was for these arguments",
    ..BASE
};

pub(crate) const APPROVAL_OF_COVERS: Rule = Rule {
    id: "approval.covers",
    key: Some(KeyKind::Resource),
    proof: Proof::Name,
    // An approval that tells no end: a day is the longest for which services lend out power by default.
    within_ms: Some(24 * 3600 * 1000),
    cap: Cap::Asserted,
    cap_reason: "many calls may be made of what it covers",
    line: "the approval names no call and covers what was done",
    ..BASE
};

pub(crate) const DECISION_NAMED: Rule = Rule {
    id: "decision.named",
    edge: Edge::Decided,
    cause: "a record of a policy decision",
    key: Some(KeyKind::Decision),
    cap_reason: "the engine speaks for its own decisions",
    absence: "none recorded only where a declared route and coverage say so, else unknown",
    line: "the request's own record names the decision",
    ..BASE
};

pub(crate) const DECISION_OF_CALL: Rule = Rule {
    id: "decision.call",
    key: Some(KeyKind::ToolCall),
    line: "the decision was about this call",
    ..DECISION_NAMED
};

pub(crate) const DECISION_OF_REQUEST: Rule = Rule {
    id: "decision.request",
    key: Some(KeyKind::Request),
    line: "the decision was about this request",
    ..DECISION_NAMED
};

pub(crate) const DECISION_IN_SPAN: Rule = Rule {
    id: "decision.span",
    key: Some(KeyKind::Span),
    proof: Proof::Context,
    cap: Cap::Asserted,
    cap_reason: "trace context is copied freely by anybody",
    line: "the decision was taken inside this call's span",
    ..DECISION_NAMED
};
