//! The table of rules: how two facts join into one hop.
//!
//! A rule says which facts, which key must agree, within what time, into which edge, how strong the
//! join can be at most, and what it means if no cause is found. `writ-path` holds no other way to
//! join. To add one: an entry here and in its family's walk, with a fixture and a near miss.

mod act;
mod agent;
mod control;
mod credential;
mod statement;

use serde::{Serialize, Serializer};
use writ_model::key::KeyKind;

/// How a cause leads to an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edge {
    /// A principal made a grant.
    Granted,
    /// A credential, or a grant, brought a credential into being.
    Issued,
    /// A credential of one principal was turned into one of another.
    Assumed,
    /// A credential was turned into another of the same principal.
    Exchanged,
    /// A credential was renewed.
    Refreshed,
    /// A credential's holder handed a role to a service.
    Passed,
    /// A credential let an act in.
    ExecutedWith,
    /// An earlier act set off a later one.
    Triggered,
    /// A person or system asked for a turn.
    Asked,
    /// A timer began a turn.
    Scheduled,
    /// A principal or agent handed work to an agent that stays visible.
    Delegated,
    /// The same, and only the one acted for is visible.
    Impersonated,
    /// A turn goes on with an earlier one.
    Resumed,
    /// A model's answer proposed a call.
    Proposed,
    /// A turn made a call, or a call made another or an effect.
    Called,
    /// An approval covers a call. Attached to a hop.
    Approved,
    /// A policy decided about a call. Attached to a hop.
    Decided,
}

impl Edge {
    /// The word used in answers.
    pub fn word(self) -> &'static str {
        match self {
            Edge::Granted => "granted",
            Edge::Issued => "issued",
            Edge::Assumed => "assumed",
            Edge::Exchanged => "exchanged",
            Edge::Refreshed => "refreshed",
            Edge::Passed => "passed",
            Edge::ExecutedWith => "executed_with",
            Edge::Triggered => "triggered",
            Edge::Asked => "asked",
            Edge::Scheduled => "scheduled",
            Edge::Delegated => "delegated",
            Edge::Impersonated => "impersonated",
            Edge::Resumed => "resumed",
            Edge::Proposed => "proposed",
            Edge::Called => "called",
            Edge::Approved => "approved",
            Edge::Decided => "decided",
        }
    }

    /// Whether the holder of the cause is the holder of the effect's power: the search for whose
    /// power it was goes on through these, and ends at every other edge.
    pub fn carries_power(self) -> bool {
        matches!(self, Edge::Assumed | Edge::Exchanged | Edge::Refreshed)
    }
}

impl Serialize for Edge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// Which question a hop helps to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Chain {
    /// Who asked.
    Command,
    /// Whose power.
    Credential,
}

impl Chain {
    /// The word used in answers.
    pub fn word(self) -> &'static str {
        match self {
            Chain::Command => "command",
            Chain::Credential => "credential",
        }
    }
}

/// What agreement on a rule's key proves: a property of the key's kind for this edge, never
/// measured from what happened to arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The recorder states both ends in one record.
    Statement,
    /// One act has this id and no other.
    OneToOne,
    /// This credential was issued exactly once.
    Issuance,
    /// The id names something that many acts share.
    OneToMany,
    /// Context that is copied freely: a trace, a session's name.
    Context,
    /// A name: it can be shared and re-assigned.
    Name,
    /// No key.
    Nothing,
}

/// The most a rule may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cap {
    /// No cap.
    Proven,
    /// At most `asserted`.
    Asserted,
    /// At most `inferred`.
    Inferred,
}

/// One way two facts join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable id: `family.name`.
    pub id: &'static str,
    /// The chain its hop belongs to.
    pub chain: Chain,
    /// The edge it makes.
    pub edge: Edge,
    /// Which fact stands at the effect's end.
    pub effect: &'static str,
    /// Which fact stands at the cause's end.
    pub cause: &'static str,
    /// The key that must agree; `None`: stated in one record, or features only.
    pub key: Option<KeyKind>,
    /// What agreement on that key proves for this edge.
    pub proof: Proof,
    /// How long before the effect the cause may lie, in milliseconds (both widened by precision and
    /// skew); `None`: any time before.
    pub within_ms: Option<u64>,
    /// The most it may reach.
    pub cap: Cap,
    /// Why no more than that.
    pub cap_reason: &'static str,
    /// What it means if no cause is found.
    pub absence: &'static str,
    /// One line for the reader of an answer.
    pub line: &'static str,
}

/// Every rule, by family.
pub const RULES: &[&Rule] = &[
    &credential::PRESENTED,
    &credential::ASSUMED,
    &credential::EXCHANGED,
    &credential::REFRESHED,
    &credential::ISSUED,
    &credential::SERVICE_SESSION,
    &credential::PASSED,
    &credential::ATTACHED,
    &credential::GRANT_MADE,
    &credential::NAMED_SESSION,
    &act::TRIGGERED_BY_ORDER,
    &act::TRIGGERED_BY_ROLE,
    &agent::REQUEST,
    &agent::CARRIED,
    &agent::LIKENED,
    &agent::PROPOSED,
    &agent::TURN,
    &agent::ENCLOSED,
    &agent::SESSION,
    &agent::DELEGATED,
    &agent::ACTS_FOR,
    &agent::RESUMED,
    &agent::ASKED,
    &agent::SCHEDULED,
];

/// Every rule by which a control is found for a call. They make no hop.
pub const CONTROLS: &[&Rule] = &[
    &control::APPROVAL_OF_CALL,
    &control::APPROVAL_NAMED,
    &control::APPROVAL_OF_REQUEST,
    &control::APPROVAL_OF_ARGUMENTS,
    &control::APPROVAL_OF_COVERS,
    &control::DECISION_NAMED,
    &control::DECISION_OF_CALL,
    &control::DECISION_OF_REQUEST,
    &control::DECISION_IN_SPAN,
];

/// Keys that name one act: two recorders that show the same value, and both checked it, saw the same
/// physical act. Nothing else merges records into one node.
pub(crate) const SAME_ACT: &[(KeyKind, &str)] = &[
    // One id for one call that concerns two accounts, written by the vendor into both their logs.
    (KeyKind::Request, "aws.shared_event"),
];

pub(crate) use act::{TRIGGERED_BY_ORDER, TRIGGERED_BY_ROLE};
pub(crate) use agent::{
    ACTS_FOR, ASKED, CARRIED, DELEGATED, ENCLOSED, LIKENED, PROPOSED, REQUEST, RESUMED, SCHEDULED, SESSION, TURN,
};
pub(crate) use control::{
    APPROVAL_NAMED, APPROVAL_OF_ARGUMENTS, APPROVAL_OF_CALL, APPROVAL_OF_COVERS, APPROVAL_OF_REQUEST, DECISION_IN_SPAN,
    DECISION_NAMED, DECISION_OF_CALL, DECISION_OF_REQUEST,
};
pub(crate) use credential::{
    ASSUMED, ATTACHED, EXCHANGED, GRANT_MADE, ISSUED, NAMED_SESSION, PASSED, PRESENTED, REFRESHED, SERVICE_SESSION,
};

pub(crate) use statement::{DIRECTORY, STATED};

/// The rule of that id.
pub fn by_id(id: &str) -> Option<&'static Rule> {
    RULES.iter().chain(CONTROLS).find(|rule| rule.id == id).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_whole_and_named_once() {
        let all = || RULES.iter().chain(CONTROLS);
        for (n, rule) in all().enumerate() {
            assert!(all().skip(n + 1).all(|other| other.id != rule.id), "{} stands twice", rule.id);
            for text in [rule.effect, rule.cause, rule.cap_reason, rule.absence, rule.line] {
                assert!(text.len() > 10, "{}: `{text}` says too little", rule.id);
            }
            // A key proves something, and only a key or a statement does.
            assert_eq!(rule.key.is_some(), !matches!(rule.proof, Proof::Statement | Proof::Nothing), "{}", rule.id);
            assert!(rule.cap == Cap::Inferred || rule.proof != Proof::Nothing, "{}", rule.id);
        }
    }
}
