//! Rules of the command chain inside and behind an agent: which call did it, which turn made the
//! call, who asked for the turn.
//!
//! Agents speak of themselves and copy context freely, so nothing here reaches `proven`: what an
//! agent's record says is by the agent's own account.

use super::{Cap, Chain, Edge, Proof, Rule};
use writ_model::key::KeyKind;

const BASE: Rule = Rule {
    id: "",
    chain: Chain::Command,
    edge: Edge::Called,
    effect: "a call that an agent made",
    cause: "the turn of the agent that made it",
    key: None,
    proof: Proof::Context,
    within_ms: None,
    cap: Cap::Asserted,
    cap_reason: "the agent's own record says so; nobody else checked it",
    absence: "which turn made the call is not known: a gap",
    line: "",
};

pub(crate) const REQUEST: Rule = Rule {
    id: "agent.request",
    effect: "an effect whose recorder gave the request an id",
    cause: "a call, or a step inside one, whose record shows that id",
    key: Some(KeyKind::Request),
    proof: Proof::OneToOne,
    cap_reason: "the id shows that the caller, or whoever read its log, knew the id the server gave",
    absence: "which call made the request is looked for by other means, then a gap",
    line: "the call's own record shows the id the server gave to this request",
    ..BASE
};

pub(crate) const CARRIED: Rule = Rule {
    id: "agent.carrier",
    effect: "an effect whose recorder wrote down a name the caller chose",
    cause: "an agent's session of that name, and its call at that moment",
    key: Some(KeyKind::Session),
    cap_reason: "the caller chose the name; whoever knew it could have used it",
    absence: "which call made the request is looked for by other means, then a gap",
    line: "the request carried the name of the agent's session",
    ..BASE
};

pub(crate) const LIKENED: Rule = Rule {
    id: "agent.features",
    effect: "an effect with no key that an agent's call shows",
    cause: "a call at the same moment that names the same things",
    proof: Proof::Nothing,
    // A command is dated when it starts or ends; both recorders' precision and skew come on top.
    within_ms: Some(2_000),
    cap: Cap::Inferred,
    cap_reason: "no key agrees; what the call names, and when, does",
    absence: "no call fits: the asker is a gap",
    line: "the call names what was acted upon, at the same moment",
    ..BASE
};

pub(crate) const PROPOSED: Rule = Rule {
    id: "agent.proposed",
    edge: Edge::Proposed,
    cause: "a model's answer that proposed a call of this id",
    key: Some(KeyKind::ToolCall),
    proof: Proof::OneToOne,
    absence: "which answer proposed the call is not known; the turn still says who asked",
    line: "the model proposed this call",
    ..BASE
};

pub(crate) const TURN: Rule =
    Rule { id: "agent.turn", key: Some(KeyKind::Turn), line: "the call says it belongs to this turn", ..BASE };

pub(crate) const ENCLOSED: Rule =
    Rule { id: "agent.enclosed", key: Some(KeyKind::Span), line: "the call's span lies inside this turn's", ..BASE };

pub(crate) const SESSION: Rule = Rule {
    id: "agent.session",
    cause: "the latest turn before it in the same session",
    key: Some(KeyKind::Session),
    cap: Cap::Inferred,
    cap_reason: "a session has many turns; that the latest one made the call is a guess",
    line: "the latest turn of the same session before this call",
    ..BASE
};

pub(crate) const DELEGATED: Rule = Rule {
    id: "agent.delegated",
    edge: Edge::Delegated,
    effect: "a turn of one agent",
    cause: "the turn of another agent around it",
    key: Some(KeyKind::Span),
    absence: "who handed the work over is not recorded; the turn itself may say who asked",
    line: "one agent handed the work to another",
    ..BASE
};

pub(crate) const ACTS_FOR: Rule = Rule {
    id: "agent.acts_for",
    edge: Edge::Delegated,
    effect: "a credential or turn that names an actor",
    cause: "the principal the actor acts for, as the same record states",
    proof: Proof::Statement,
    cap_reason: "whoever issued the credential says so; earlier actors are history it did not check",
    absence: "the actor is not named: said in the limits",
    line: "the record names who acts for whom",
    ..BASE
};

pub(crate) const RESUMED: Rule = Rule {
    id: "agent.resumed",
    edge: Edge::Resumed,
    effect: "a turn that does not tell who asked",
    cause: "the latest earlier turn of the same conversation",
    key: Some(KeyKind::Conversation),
    absence: "who asked for the turn is a gap",
    line: "the turn goes on with an earlier one of the same conversation",
    ..BASE
};

pub(crate) const ASKED: Rule = Rule {
    id: "agent.asked",
    edge: Edge::Asked,
    effect: "a turn whose record names who asked",
    cause: "that person or agent",
    proof: Proof::Statement,
    absence: "who asked for the turn is a gap",
    line: "the turn's record names who asked",
    ..BASE
};

pub(crate) const SCHEDULED: Rule = Rule {
    id: "agent.scheduled",
    edge: Edge::Scheduled,
    effect: "a turn that a timer began",
    cause: "that schedule",
    proof: Proof::Statement,
    absence: "what began the turn is a gap",
    line: "a schedule began the turn",
    ..BASE
};
