//! What governs acts and what recorders say of themselves: approvals, decisions, routes, manifests.

use crate::key::KeyName;
use crate::principal::Principal;
use crate::scope::Limit;
use crate::time::Time;
use alloc::string::String;
use alloc::vec::Vec;

/// A policy's word about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What it said.
    pub effect: DecisionEffect,
    /// Which engine.
    pub engine: &'static str,
    /// Why, as the recorder puts it.
    pub reason: Option<String>,
    /// Whether the decision bound the one who asked: `Some(true)` where the resource itself decided,
    /// `None` where the record does not tell.
    pub enforced: Option<bool>,
    /// The engine's id of this decision.
    pub id: Option<String>,
    /// Policies or rules that decided, as the engine names them.
    pub policies: Vec<String>,
    /// Revision of the policies in force, where told: `NAME@REVISION`.
    pub revisions: Vec<String>,
    /// The tool the decision was asked about, as the asker names it; `None`: not told.
    pub tool: Option<String>,
    /// Digest of the arguments it was asked about, if it saw them.
    pub arguments: Option<String>,
    /// The decision this one was taken over from, if it says that it is a cached one.
    pub reused_from: Option<String>,
}

/// What a policy said. "Could not be evaluated" is not "denied".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecisionEffect {
    /// The request may go on.
    Permit,
    /// It may not.
    Deny,
    /// No policy spoke about it.
    NotApplicable,
    /// It could not be evaluated, or its result cannot be read as one of the others.
    Indeterminate,
}

impl DecisionEffect {
    /// The word used in answers.
    pub fn word(self) -> &'static str {
        match self {
            DecisionEffect::Permit => "permit",
            DecisionEffect::Deny => "deny",
            DecisionEffect::NotApplicable => "not_applicable",
            DecisionEffect::Indeterminate => "indeterminate",
        }
    }
}

/// One step in the life of an approval. Who took the step is the fact's `actor`; on whose request,
/// its `on_behalf_of`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Which step.
    pub step: ApprovalStep,
    /// The approval all its steps share.
    pub approval: KeyName,
    /// The call it is for, if it is for one.
    pub call: Option<KeyName>,
    /// Who asked for it.
    pub requester: Option<Principal>,
    /// Who decided, with how well the service knew them.
    pub approver: Option<Approver>,
    /// Who showed it to the approver: `None` where not told, which counts as the agent.
    pub rendered_by: Option<String>,
    /// Digest of what was shown, computed by the renderer over what it displayed.
    pub shown_digest: Option<String>,
    /// Whether it was shown in full.
    pub shown_in_full: bool,
    /// Digest of what was executed, where the step says so (a redemption).
    pub executed_digest: Option<String>,
    /// What it covers.
    pub covers: Covers,
    /// How many times it may be used; `None`: not limited.
    pub uses: Option<u64>,
    /// When it ends.
    pub expires: Option<Time>,
    /// The rule that made or used it (a standing approval), with who wrote the rule where told.
    pub rule: Option<String>,
    /// The policy that asked for it, or says that none is needed.
    pub policy: Option<String>,
    /// How many different people are needed.
    pub needed: Option<u64>,
    /// What the service says beside that.
    pub reason: Option<String>,
}

/// Steps in the life of an approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApprovalStep {
    /// Somebody asked for it.
    Requested,
    /// It was put before a person.
    Shown,
    /// It was given.
    Granted,
    /// It was refused.
    Denied,
    /// It was taken back.
    Withdrawn,
    /// A rule that gives approvals by itself was made.
    RuleMade,
    /// Such a rule gave one, or a setting did, with nobody asked.
    RuleUsed,
    /// It was given by nobody and no rule: configuration lets such calls through.
    Automatic,
    /// The control was passed over (break-glass).
    Overridden,
    /// An override was confirmed afterwards.
    Ratified,
    /// The party that carries calls out checked it and used it for one call.
    Redeemed,
}

impl ApprovalStep {
    /// Every step with the word used in records and answers.
    pub const TABLE: [(&'static str, ApprovalStep); 11] = [
        ("requested", ApprovalStep::Requested),
        ("shown", ApprovalStep::Shown),
        ("granted", ApprovalStep::Granted),
        ("denied", ApprovalStep::Denied),
        ("withdrawn", ApprovalStep::Withdrawn),
        ("rule_made", ApprovalStep::RuleMade),
        ("rule_used", ApprovalStep::RuleUsed),
        ("automatic", ApprovalStep::Automatic),
        ("overridden", ApprovalStep::Overridden),
        ("ratified", ApprovalStep::Ratified),
        ("redeemed", ApprovalStep::Redeemed),
    ];
}

/// Who decided about an approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approver {
    /// Who.
    pub principal: Principal,
    /// Whether the service authenticated them as a person for this very decision.
    pub authenticated: bool,
    /// Whether a rule in force entitles them; `None`: not told.
    pub entitled: Option<bool>,
}

/// What an approval covers. What is `None` or empty is not limited by it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Covers {
    /// The tool or action.
    pub action: Option<String>,
    /// The target.
    pub resource: Option<String>,
    /// Digest of the arguments.
    pub arguments: Option<String>,
    /// What the credential used is for.
    pub purpose: Option<String>,
    /// Digest over the files the call runs.
    pub files: Option<String>,
    /// Numeric limits.
    pub limits: Vec<Limit>,
}

/// An inventory says which control stands on a route. The route is the fact's key of kind `resource`
/// in the namespace `route`: `RECORDER ACTION`, where `ACTION` may end in `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The recorder of the effects.
    pub recorder: String,
    /// The action, as that recorder spells it, or a beginning of it followed by `*`.
    pub action: String,
    /// Only for effects under this role or principal; `None`: for all.
    pub principal: Option<String>,
    /// Which control.
    pub control: Control,
    /// The recorder of the control's records, which is the only one on this route; `None`: there is
    /// no such control.
    pub by: Option<String>,
    /// The policy that says so.
    pub policy: Option<String>,
    /// From when.
    pub from: Option<Time>,
    /// To when.
    pub to: Option<Time>,
    /// Up to when the inventory confirms it: its own closing, or a later reading.
    pub confirmed_to: Option<Time>,
    /// By whose word.
    pub inventory: String,
}

/// Controls that may stand on a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Control {
    /// People approve.
    Approval,
    /// A policy decides.
    Decision,
}

/// A recorder counts what it wrote in a window, so that later loss shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Which source.
    pub source: String,
    /// Which recorder.
    pub recorder: String,
    /// From when, included.
    pub from: Time,
    /// To when, not included.
    pub to: Time,
    /// How many records it wrote with event times in the window.
    pub count: u64,
}
