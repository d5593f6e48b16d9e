//! Dialects: the same things said in other attribute names, as tables.
//!
//! One emitter may speak several at once, so each attribute is mapped by itself. Where two dialects
//! say the same thing differently, the one that stands first in [`DIALECTS`] counts; of ids, all do.

pub(super) mod adk;
pub(super) mod claude;
pub(super) mod genai;
pub(super) mod mcp;
pub(super) mod openinference;
pub(super) mod traceloop;
pub(super) mod vercel;
pub(super) mod writ;

use std::fmt::Write as _;

/// What an attribute says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Meaning {
    /// The name of the agent that acts.
    Agent,
    /// The agent that handed the work over.
    ParentAgent,
    /// A conversation or thread.
    Conversation,
    /// A session.
    Session,
    /// The session this one goes on from.
    PreviousSession,
    /// A task.
    Task,
    /// One run of an agent for one message.
    Turn,
    /// A business transaction.
    Transaction,
    /// Which tool.
    Tool,
    /// What the span stands for, whatever it is.
    Entity,
    /// The id of a call of a tool.
    Call,
    /// What a tool was called with.
    Arguments,
    /// Part of what a tool was called with.
    SomeArguments,
    /// Digest of what a tool was called with.
    ArgumentsDigest,
    /// What a tool gave back.
    Result,
    /// How a tool says it ended.
    ToolStatus,
    /// Whether it was done: `true` or `false`.
    Success,
    /// What sort of failure.
    Error,
    /// What was read.
    Read,
    /// Which model.
    Model,
    /// What somebody asked.
    Prompt,
    /// The messages a model was given.
    Input,
    /// The messages a model gave back.
    Output,
    /// The user's immutable account id at the agent's vendor.
    Account,
    /// The user's e-mail address.
    Email,
    /// The user's id, in whichever form.
    User,
    /// The service's id of a request, which the caller was told.
    AwsRequest,
    /// The same of the model's vendor.
    ModelRequest,
    /// Who acts, as the emitter was told to say.
    Principal,
    /// What sort the one who acts is.
    PrincipalKind,
    /// Who vouches for the one who acts.
    PrincipalIssuer,
    /// For whom.
    OnBehalfOf,
    /// Fingerprint of the credential in hand.
    Credential,
    /// An approval's id.
    Approval,
    /// A step of that approval.
    ApprovalStep,
    /// A decision's id.
    Decision,
    /// How much the act could harm.
    Risk,
}

/// What a span or event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Somebody asked an agent for something.
    Turn,
    /// The same, where nothing stands above it; else nothing of its own.
    RootTurn,
    /// A model was called.
    Model,
    /// A tool was called.
    Tool,
    /// A step of an approval inside the agent.
    Approval,
    /// Known, and none of these.
    Other,
}

/// An attribute and what it says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row(pub(super) &'static str, pub(super) Meaning);

/// How it is told what a span or event is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sign {
    /// An attribute has this value.
    Value(&'static str, &'static str),
    /// An attribute is there.
    Present(&'static str),
    /// The name is this.
    Name(&'static str),
    /// The name begins so.
    Begins(&'static str),
}

/// One dialect.
#[derive(Debug)]
pub(super) struct Dialect {
    /// Its name.
    pub(super) name: &'static str,
    /// What its attributes say.
    pub(super) rows: &'static [Row],
    /// What its spans and events are about; the first that fits.
    pub(super) acts: &'static [(Sign, Act)],
}

/// All dialects, the first of them winning.
pub(super) const DIALECTS: [&Dialect; 8] = [
    &genai::GENAI,
    &claude::CLAUDE,
    &mcp::MCP,
    &openinference::OPENINFERENCE,
    &writ::WRIT,
    &adk::ADK,
    &vercel::VERCEL,
    &traceloop::TRACELOOP,
];

/// All tables as text, for the derivation.
pub(super) fn tables() -> String {
    let mut text = String::new();
    for dialect in DIALECTS {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}: {:?} {:?}", dialect.name, dialect.rows, dialect.acts);
    }
    text
}

/// Attributes that show a bag of attributes to be a span's without its span.
pub(super) fn is_known(attribute: &str) -> bool {
    const BEGINNINGS: [&str; 6] = ["gen_ai.", "openinference.", "llm.", "traceloop.", "mcp.", "gcp.vertex.agent."];
    BEGINNINGS.iter().any(|beginning| attribute.starts_with(beginning))
}
