//! Facts: what an adapter reads off one record. Thirteen kinds, a closed set.
//!
//! Facts are derived, never stored as truth: a better adapter gives better facts for old records.

mod agent;
mod control;

pub use agent::{
    Arguments, ArgumentsState, Delegation, DelegationMode, Intent, IntentMode, ModelCall, Proposal, SAYS_CHARS_MAX,
    Side, ToolCall,
};
pub use control::{Approval, ApprovalStep, Approver, Control, Covers, Decision, DecisionEffect, Manifest, Route};

use crate::key::{Attestation, Key, KeyName};
use crate::principal::Principal;
use crate::scope::{Limit, Scope};
use crate::time::{EventTime, Time};
use alloc::string::String;
use alloc::vec::Vec;

/// The kinds of fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactKind {
    /// A person or system asked for something.
    Intent,
    /// An approval was requested, shown, granted, denied, withdrawn; a standing rule, an override.
    Approval,
    /// Lasting power given or removed.
    Grant,
    /// A credential was issued, refreshed, exchanged, refused, revoked, expired.
    Credential,
    /// One agent or workload acts for another principal.
    Delegation,
    /// A policy was evaluated, or could not be.
    Decision,
    /// A model was called and proposed tool calls.
    ModelCall,
    /// An agent executed a tool.
    ToolCall,
    /// A system did something for a caller.
    Effect,
    /// A session began, ended, resumed, changed mode.
    Session,
    /// What governs later acts was changed.
    Change,
    /// Two names are one principal, or something is owned by someone, from when to when.
    Identity,
    /// What a recorder did to itself or to evidence.
    Health,
}

impl FactKind {
    /// The word used in answers.
    pub fn word(self) -> &'static str {
        match self {
            FactKind::Intent => "intent",
            FactKind::Approval => "approval",
            FactKind::Grant => "grant",
            FactKind::Credential => "credential",
            FactKind::Delegation => "delegation",
            FactKind::Decision => "decision",
            FactKind::ModelCall => "model_call",
            FactKind::ToolCall => "tool_call",
            FactKind::Effect => "effect",
            FactKind::Session => "session",
            FactKind::Change => "change",
            FactKind::Identity => "identity",
            FactKind::Health => "health",
        }
    }
}

/// What came of an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was tried and failed.
    Failure,
    /// It was refused by a policy.
    Denied,
    /// The record does not say.
    Unknown,
}

impl Outcome {
    /// The word used in answers.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Success => "success",
            Outcome::Failure => "failure",
            Outcome::Denied => "denied",
            Outcome::Unknown => "unknown",
        }
    }
}

/// Why an act is high risk. Rules that say which acts are so are data beside each adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RiskReason {
    /// It gives somebody more power.
    PrivilegeEscalation,
    /// It lets data out.
    DataExport,
    /// It calls a tool outside the boundary.
    ExternalTool,
    /// It overrides an approval.
    ApprovalOverride,
    /// It destroys something.
    Destructive,
    /// It reads a secret.
    SecretAccess,
}

impl RiskReason {
    /// The word used in answers.
    pub fn word(self) -> &'static str {
        match self {
            RiskReason::PrivilegeEscalation => "privilege_escalation",
            RiskReason::DataExport => "data_export",
            RiskReason::ExternalTool => "external_tool",
            RiskReason::ApprovalOverride => "approval_override",
            RiskReason::Destructive => "destructive",
            RiskReason::SecretAccess => "secret_access",
        }
    }
}

/// How much an act could harm.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Risk {
    /// Reads that reveal little.
    Low,
    /// Neither.
    #[default]
    Normal,
    /// For these reasons.
    High(Vec<RiskReason>),
}

impl Risk {
    /// The word used in answers.
    pub fn tier(&self) -> &'static str {
        match self {
            Risk::Low => "low",
            Risk::Normal => "normal",
            Risk::High(_) => "high",
        }
    }

    /// Why it is high; nothing where it is not.
    pub fn reasons(&self) -> &[RiskReason] {
        match self {
            Risk::Low | Risk::Normal => &[],
            Risk::High(reasons) => reasons,
        }
    }
}

/// A principal in a role of a fact, and how the recorder knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Who.
    pub principal: Principal,
    /// How the recorder knows.
    pub class: Attestation,
}

/// Something acted upon.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resource {
    /// The vendor's type, or `""` where it gives none.
    pub kind: String,
    /// The vendor's id.
    pub id: String,
}

/// How long a credential lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// Until somebody ends it: an API key.
    Lasting,
    /// It ends by itself: a session key. Somebody or something issued it.
    Temporary,
    /// The record does not say.
    Unknown,
}

/// The credential an act was made with, as the recorder of the act knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// Its fingerprint; `None` where the record does not show one (a console session).
    pub credential: Option<KeyName>,
    /// How the recorder knows: `Verified` if it authenticated the caller with it.
    pub class: Attestation,
    /// How long it lives.
    pub lifetime: Lifetime,
    /// When it was issued, if the recorder of the act tells.
    pub issued_at: Option<EventTime>,
    /// What it is a session of: the role, with its immutable id where known.
    pub session_of: Option<Principal>,
    /// The service that delivers it to a host by itself (instance credentials): nobody asks for them.
    pub delivered_by: Option<String>,
    /// The recorder that would hold the record of its issuance, where the record of the use tells
    /// (for a cloud: the account the credential belongs to, which may not be the account that
    /// recorded the use). `None`: not told.
    pub issuer: Option<String>,
    /// Code of a declared omission of the source that keeps its issuance from being recorded.
    pub omission: Option<&'static str>,
    /// Names by which an issuance could be looked for where no key agrees; each joins at most as
    /// its kind allows.
    pub traces: Vec<Trace>,
}

impl Presented {
    /// A credential of which nothing but this is told.
    pub fn new(credential: Option<KeyName>, class: Attestation, lifetime: Lifetime) -> Presented {
        Presented {
            credential,
            class,
            lifetime,
            issued_at: None,
            session_of: None,
            delivered_by: None,
            issuer: None,
            omission: None,
            traces: Vec::new(),
        }
    }
}

/// A way to look for the issuance of a credential other than by the credential itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// What both records would name.
    pub name: KeyName,
    /// How the recorder of the use knows it.
    pub class: Attestation,
    /// What this agreement would mean, in one clause for the reader.
    pub says: &'static str,
}

/// What happened to a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialChange {
    /// New power was made for somebody: an API key, a service's session.
    Issued,
    /// The holder of one credential took on another principal.
    Assumed,
    /// The holder of one credential got another for the same principal.
    Exchanged,
    /// A renewal of the same grant.
    Refreshed,
    /// It was ended.
    Revoked,
    /// It was asked for and not given.
    Refused,
}

/// What a fact says beyond the fields all facts share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Nothing more.
    None,
    /// An effect.
    Effect(Effect),
    /// A credential.
    Credential(Minting),
    /// A decision.
    Decision(Decision),
    /// A grant.
    Grant(Grant),
    /// An identity.
    Identity(IdentityFact),
    /// A declaration that evidence is complete.
    Coverage(Declaration),
    /// Somebody asked.
    Intent(Intent),
    /// A model was called.
    ModelCall(ModelCall),
    /// A tool was called.
    ToolCall(ToolCall),
    /// One acts for another.
    Delegation(Delegation),
    /// A step of an approval.
    Approval(Approval),
    /// Which control stands on a route.
    Route(Route),
    /// A recorder counts what it wrote. The fact carries the recorder's key as below.
    Manifest(Manifest),
    /// What a recorder, or somebody with power over it, did to what it writes down. The fact carries
    /// `Key(Principal, "recorder", <recorder>, Names, Verified)`, as declarations do.
    Recorder(RecorderChange),
}

/// What happened to a recorder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecorderChange {
    /// It stopped writing, or what it wrote was removed.
    Stopped,
    /// It writes again.
    Resumed,
    /// It writes something else than before.
    Altered,
    /// It reported something about the acts it saw; its writing did not change.
    Observed,
    /// Evidence of it was handed in.
    HandedIn,
    /// It keeps only some of what it sees.
    Sampled,
    /// It lost some of what it saw.
    Dropped,
}

/// An effect's particulars.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Effect {
    /// The service that made the call for the caller, if the recorder says so.
    pub via_service: Option<String>,
    /// The engine whose permit the effect implies: the resource checks callers itself.
    pub enforced_by: Option<&'static str>,
    /// Ids of a standing order this effect says it is part of (a stack, a pipeline): ids minted by
    /// that service, so they name one order but not one request.
    pub orders: Vec<KeyName>,
    /// A schedule or service event with no caller at all.
    pub no_caller: bool,
    /// The recorder that would hold what was asked (a model's prompts), where this record does not.
    pub content_in: Option<String>,
}

/// A credential came into being, or did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minting {
    /// What happened.
    pub change: CredentialChange,
    /// The new credential's fingerprint; `None` where the source leaves it out.
    pub minted: Option<KeyName>,
    /// How long it lives.
    pub lifetime: Lifetime,
    /// Who holds it: the principal it authenticates as.
    pub holder: Option<Principal>,
    /// The service that asked for it with no credential of its own that we see.
    pub by_service: Option<String>,
    /// When it ends, if told.
    pub expires: Option<Time>,
    /// What it allows, if told.
    pub scope: Option<Scope>,
    /// What the credential it was made from allows, if the issuer tells in the same record.
    pub scope_before: Option<Scope>,
    /// The decision the issuer says it made this under.
    pub decision: Option<KeyName>,
    /// Names by which uses may be joined where no key agrees (see [`Presented::traces`]).
    pub traces: Vec<KeyName>,
}

/// Lasting power given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What sort.
    pub kind: GrantKind,
    /// Names a later use of this power would show.
    pub traces: Vec<KeyName>,
    /// What was granted, in one clause for the reader.
    pub says: String,
}

/// Sorts of grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantKind {
    /// A role handed to a service that will act with it.
    Passed,
    /// A role bound to a host, whose sessions the platform issues by itself.
    Attached,
    /// Permissions given or taken.
    Permission,
    /// Trust given or taken: who may take on a role.
    Trust,
}

/// Two names are one, or one is owned by another, over an interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityFact {
    /// The name this fact is about.
    pub subject: KeyName,
    /// What is said of it.
    pub relation: Relation,
    /// What people call the other party.
    pub name: Option<String>,
    /// The other party's id.
    pub object: String,
    /// What sort the other party is.
    pub kind: crate::principal::PrincipalKind,
    /// From when.
    pub from: Option<Time>,
    /// To when; `None`: open, so it confirms nothing after the directory was read.
    pub to: Option<Time>,
    /// Up to when the directory itself says the interval holds: its own closing or a later reading.
    pub confirmed_to: Option<Time>,
    /// By whose word: the directory.
    pub directory: String,
}

/// What an identity fact says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The subject is another name of the object.
    Same,
    /// The subject belongs to the object.
    OwnedBy,
    /// The subject is meant for this.
    Purpose,
    /// The subject (a recorder) is administered by the object.
    AdministeredBy,
}

/// Somebody says that what they handed in of a recorder is complete over a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// Which source.
    pub source: String,
    /// Which recorder.
    pub recorder: String,
    /// From when.
    pub from: Time,
    /// To when.
    pub to: Time,
    /// How many records it covers.
    pub count: u64,
    /// Digest of the sorted content digests of those records: later loss voids the declaration.
    pub digest: String,
    /// Who says so.
    pub declared_by: String,
}

/// What a record says, in the words of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Which of the thirteen kinds.
    pub kind: FactKind,
    /// What was done, in the vendor's word: `s3:GetObject`.
    pub action: String,
    /// What came of it.
    pub outcome: Outcome,
    /// Who did it, as far as the recorder tells.
    pub actor: Option<Party>,
    /// For whom, as far as the recorder tells.
    pub on_behalf_of: Option<Party>,
    /// With which credential.
    pub presented: Option<Presented>,
    /// Place in an unbroken count its recorder keeps: epoch and number. A hole in it is a loss.
    pub sequence: Option<(String, u64)>,
    /// On what.
    pub resources: Vec<Resource>,
    /// How much of something the act states (an amount of money, a number of rows): `max` is the value.
    pub quantities: Vec<Limit>,
    /// Keys it can be joined by.
    pub keys: Vec<Key>,
    /// How much it could harm.
    pub risk: Risk,
    /// What this kind says beyond that.
    pub detail: Detail,
}

impl Fact {
    /// A fact that says only what and what came of it.
    pub fn new(kind: FactKind, action: impl Into<String>, outcome: Outcome) -> Fact {
        Fact {
            kind,
            action: action.into(),
            outcome,
            actor: None,
            on_behalf_of: None,
            presented: None,
            sequence: None,
            resources: Vec::new(),
            quantities: Vec::new(),
            keys: Vec::new(),
            risk: Risk::Normal,
            detail: Detail::None,
        }
    }
}
