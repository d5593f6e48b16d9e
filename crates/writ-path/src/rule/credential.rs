//! Rules of the credential chain: whose power.

use super::{Cap, Chain, Edge, Proof, Rule};
use writ_model::key::KeyKind;

const BASE: Rule = Rule {
    id: "",
    chain: Chain::Credential,
    edge: Edge::Assumed,
    effect: "a fact made with a credential",
    cause: "the fact of that credential's issuance",
    key: Some(KeyKind::Credential),
    proof: Proof::Issuance,
    within_ms: None,
    cap: Cap::Proven,
    cap_reason: "the issuer minted the id and checks it at every use",
    absence: "a temporary credential was issued by someone: a gap",
    line: "",
};

pub(crate) const PRESENTED: Rule = Rule {
    id: "credential.presented",
    edge: Edge::ExecutedWith,
    effect: "an effect whose recorder authenticated the caller",
    cause: "the credential that record says was presented",
    key: None,
    proof: Proof::Statement,
    cap_reason: "the recorder let the act in on this credential and says so",
    absence: "the record shows no credential: the caller is all that is known",
    line: "the system that did it authenticated the caller with this credential",
    ..BASE
};

pub(crate) const ASSUMED: Rule = Rule {
    id: "credential.assumed",
    edge: Edge::Assumed,
    line: "the holder of the first credential took on a role and got the second",
    ..BASE
};

pub(crate) const EXCHANGED: Rule = Rule {
    id: "credential.exchanged",
    edge: Edge::Exchanged,
    line: "the holder turned the first credential into the second",
    ..BASE
};

pub(crate) const REFRESHED: Rule = Rule {
    id: "credential.refreshed",
    edge: Edge::Refreshed,
    cap: Cap::Asserted,
    cap_reason: "no real record of a renewal has been read yet, only the vendor's description",
    line: "the holder renewed the first credential and got the second",
    ..BASE
};

pub(crate) const ISSUED: Rule = Rule {
    id: "credential.issued",
    edge: Edge::Issued,
    effect: "a fact made with a lasting credential",
    absence: "lasting credentials are often older than the logs: said in the limits, not a gap",
    line: "the holder of the first credential made the second for somebody",
    ..BASE
};

pub(crate) const SERVICE_SESSION: Rule = Rule {
    id: "credential.service_session",
    edge: Edge::Assumed,
    cause: "a service that took on a role by itself",
    line: "the service took on the role it had been handed",
    ..BASE
};

pub(crate) const PASSED: Rule = Rule {
    id: "credential.passed",
    edge: Edge::Passed,
    effect: "a session a service holds under a role",
    cause: "an earlier successful call that handed that role to that service",
    key: Some(KeyKind::Principal),
    proof: Proof::Name,
    cap: Cap::Asserted,
    cap_reason: "the role may have been handed to the service more than once; the name does not say which time counts",
    absence: "who handed the role over is not recorded here: said in the limits, not a gap",
    line: "the holder of this credential handed the role to the service",
    ..BASE
};

pub(crate) const ATTACHED: Rule = Rule {
    id: "credential.attached",
    edge: Edge::Issued,
    effect: "a session whose credential the platform delivers to a host by itself",
    cause: "an earlier successful call that bound a role to that host",
    key: Some(KeyKind::Principal),
    proof: Proof::Name,
    cap: Cap::Asserted,
    cap_reason: "the host's binding may have been changed since by a call that is not here",
    absence: "the session's issuance is a gap; who bound the role is said in the limits",
    line: "the platform issues this host's sessions because the role is bound to it",
    ..BASE
};

pub(crate) const GRANT_MADE: Rule = Rule {
    id: "grant.made",
    edge: Edge::Granted,
    effect: "a grant that has a record of its own",
    cause: "the caller the recorder authenticated when it was made",
    key: None,
    proof: Proof::Statement,
    cap_reason: "the recorder authenticated who made the grant and says so",
    absence: "a grant whose maker is not recorded: said in the limits",
    line: "this principal made the grant",
    ..BASE
};

pub(crate) const NAMED_SESSION: Rule = Rule {
    id: "credential.named_session",
    edge: Edge::Assumed,
    cause: "a call that asked for a session of that account and role and whose record leaves the new key out",
    key: None,
    proof: Proof::Nothing,
    // Both recorders tell time to the second; a session is created while the call is answered.
    within_ms: Some(2_000),
    cap: Cap::Inferred,
    cap_reason: "the source leaves the new key out, so only account, role and time agree",
    line: "a session of this account and role was asked for at the moment this one was created",
    ..BASE
};
