//! What is stated rather than joined: the strength of findings and of names in a directory is
//! granted like that of hops, so it needs a rule to grant it by. Neither makes a hop.

use super::{Cap, Chain, Edge, Proof, Rule};

/// A finding that rests on what records themselves state.
pub(crate) const STATED: Rule = Rule {
    id: "finding.stated",
    chain: Chain::Credential,
    edge: Edge::Granted,
    effect: "a finding",
    cause: "the records that state it",
    key: None,
    proof: Proof::Statement,
    within_ms: None,
    cap: Cap::Proven,
    cap_reason: "the records state it themselves",
    absence: "no such finding",
    line: "the records say so themselves",
};

/// A name or owner that a directory gives for an interval.
pub(crate) const DIRECTORY: Rule = Rule {
    id: "identity.directory",
    effect: "a principal or credential named in a record",
    cause: "a directory's entry that covers the instant",
    cap: Cap::Asserted,
    cap_reason: "nothing says that this directory is the one that gives these names",
    absence: "the name stays as the record gives it",
    line: "the directory says so",
    ..STATED
};
