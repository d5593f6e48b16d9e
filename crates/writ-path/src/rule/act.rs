//! Rules of the command chain between acts: which earlier act set off this one.

use super::{Cap, Chain, Edge, Proof, Rule};
use writ_model::key::KeyKind;

pub(crate) const TRIGGERED_BY_ORDER: Rule = Rule {
    id: "act.triggered_by_order",
    chain: Chain::Command,
    edge: Edge::Triggered,
    effect: "an effect by a service that carries the id of a standing order (a stack)",
    cause: "an earlier successful call that gave or changed that order",
    key: Some(KeyKind::Task),
    proof: Proof::OneToMany,
    within_ms: None,
    cap: Cap::Asserted,
    cap_reason: "the id names the order, which may be changed many times, not the request that set this off",
    absence: "who set the service off is not recorded here: the asker stays a gap",
    line: "the service did this while carrying out that order",
};

pub(crate) const TRIGGERED_BY_ROLE: Rule = Rule {
    id: "act.triggered_by_role",
    chain: Chain::Command,
    edge: Edge::Triggered,
    effect: "an effect by a service under a role it was handed, with no order id in the record",
    cause: "an earlier successful call that handed that role to that service",
    key: None,
    proof: Proof::Nothing,
    // The longest a role session that was handed to a service can last before it is renewed.
    within_ms: Some(12 * 3600 * 1000),
    cap: Cap::Inferred,
    cap_reason: "the service may act on many orders under one role",
    absence: "who set the service off is not recorded here: the asker stays a gap",
    line: "the service did this under a role that call had handed to it",
};
