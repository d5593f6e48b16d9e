//! What agents and those who run them say: who asked, what a model proposed, what a tool was called with.

use crate::key::KeyName;
use crate::principal::Principal;
use alloc::string::String;
use alloc::vec::Vec;

/// Somebody, or something, asked an agent for something: one turn. Who asked is the fact's `actor`
/// (`None` where the record does not tell), which agent was asked stands here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// In what way.
    pub mode: IntentMode,
    /// The agent that was asked, as its own record calls it.
    pub agent: Option<Principal>,
    /// The beginning of what was asked, where the record holds it (at most [`SAYS_CHARS_MAX`]).
    pub says: Option<String>,
    /// Names of other turns or sessions this one says it goes on from.
    pub resumes: Vec<KeyName>,
}

/// Most of a prompt that a fact keeps: enough to recognise it by; the rest is in the evidence.
pub const SAYS_CHARS_MAX: usize = 200;

/// In what way somebody asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntentMode {
    /// A prompt that somebody typed or sent.
    Prompt,
    /// Another agent handed the work over, inside the same recorder.
    Handoff,
    /// A timer.
    Schedule,
    /// A turn began; the record does not tell in what way it was asked for.
    Unknown,
}

/// A model was called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelCall {
    /// Which model, as the caller names it.
    pub model: Option<String>,
    /// The tool calls it proposed. Each also stands among the fact's keys (kind `tool_call`, role `mints`).
    pub proposed: Vec<Proposal>,
}

/// A tool call that a model proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Its id, in the namespace of the session that made it.
    pub call: KeyName,
    /// Which tool.
    pub tool: String,
    /// With what.
    pub arguments: Arguments,
}

/// A tool was executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCall {
    /// Which tool, as the agent names it.
    pub tool: String,
    /// With what.
    pub arguments: Arguments,
    /// Who saw it.
    pub side: Side,
    /// Words of the command or arguments that name operations (`delete-volume`), lower case: a
    /// matching feature, never a key.
    pub operations: Vec<String>,
    /// How long it took, in milliseconds, where its record is dated at its end.
    pub took_ms: Option<u64>,
    /// What the call read, where it is a read (a file path, a URL, an issue): the name of what then
    /// was in the agent's context.
    pub read: Option<String>,
}

/// Which party wrote a tool call down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The agent that made it.
    Agent,
    /// The tool, or a gateway before it, that served it.
    Server,
}

/// What a record tells of a call's arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arguments {
    /// How much it tells.
    pub state: ArgumentsState,
    /// `sha256:` and hex over their RFC 8785 form. Only for I-JSON (RFC 7493), so that two argument
    /// sets never share a digest.
    pub digest: Option<String>,
}

impl Arguments {
    /// The record says nothing of them.
    pub const NOT_CAPTURED: Arguments = Arguments { state: ArgumentsState::NotCaptured, digest: None };
}

/// How much a record tells of a call's arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentsState {
    /// All of them.
    Captured,
    /// That there were none.
    Empty,
    /// Something was withheld from them.
    Redacted,
    /// They were cut.
    Truncated,
    /// Nothing: the emitter does not capture them.
    NotCaptured,
    /// They are there and are no I-JSON, so they have no digest.
    Unreadable,
}

impl ArgumentsState {
    /// The word used in answers.
    pub fn word(self) -> &'static str {
        match self {
            ArgumentsState::Captured => "captured",
            ArgumentsState::Empty => "captured, and empty",
            ArgumentsState::Redacted => "redacted",
            ArgumentsState::Truncated => "truncated",
            ArgumentsState::NotCaptured => "not captured",
            ArgumentsState::Unreadable => "unreadable",
        }
    }
}

/// One agent or workload acts for another principal. The one who acts is the fact's `actor`, the one
/// acted for its `on_behalf_of`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegation {
    /// Whether the actor stays visible downstream.
    pub mode: DelegationMode,
    /// Earlier actors, the nearest first, as the issuer of the credential states them (RFC 8693 `act`).
    pub through: Vec<Principal>,
    /// Whether the record itself says that earlier actors were cut off.
    pub truncated: bool,
}

/// How one acts for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DelegationMode {
    /// The actor is named beside the principal acted for.
    Delegated,
    /// Only the principal acted for is visible.
    Impersonated,
}
