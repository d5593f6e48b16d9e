//! Claude Code: its log events, and the spans of its beta tracing.
//!
//! The vendor's account: the monitoring chapter of the Claude Code documentation.

use super::Meaning as M;
use super::{Act, Dialect, Row, Sign};

/// How its events and spans begin.
pub(in crate::otel) const PREFIX: &str = "claude_code.";
/// How it names itself as a service.
pub(in crate::otel) const SERVICE: &str = "claude-code";

/// Namespace of its sessions, and of what it numbers within one.
pub(in crate::otel) const NAMESPACE: &str = "claude.code";

/// See the module.
pub(in crate::otel) static CLAUDE: Dialect = Dialect {
    name: "claude",
    rows: &[
        Row("prompt.id", M::Turn),
        Row("agent_id", M::Agent),
        Row("agent.id", M::Agent),
        Row("parent_agent_id", M::ParentAgent),
        Row("parent_agent.id", M::ParentAgent),
        Row("user.account_uuid", M::Account),
        Row("tool_name", M::Tool),
        Row("tool_use_id", M::Call),
        Row("tool_input", M::Arguments),
        Row("tool_parameters", M::SomeArguments),
        Row("full_command", M::SomeArguments),
        Row("tool_result", M::Result),
        Row("tool_output", M::Result),
        Row("tool.output", M::Result),
        Row("success", M::Success),
        Row("error", M::Error),
        Row("error_type", M::Error),
        Row("model", M::Model),
        Row("prompt", M::Prompt),
        Row("user_prompt", M::Prompt),
        Row("request_id", M::ModelRequest),
    ],
    acts: &[
        (Sign::Name("claude_code.user_prompt"), Act::Turn),
        (Sign::Name("claude_code.tool_decision"), Act::Approval),
        (Sign::Name("claude_code.tool_result"), Act::Tool),
        (Sign::Name("claude_code.api_request"), Act::Model),
        (Sign::Name("claude_code.api_error"), Act::Model),
        (Sign::Name("claude_code.interaction"), Act::Turn),
        (Sign::Name("claude_code.llm_request"), Act::Model),
        (Sign::Name("claude_code.tool"), Act::Tool),
        (Sign::Name("claude_code.tool.blocked_on_user"), Act::Approval),
        (Sign::Begins(PREFIX), Act::Other),
    ],
};
