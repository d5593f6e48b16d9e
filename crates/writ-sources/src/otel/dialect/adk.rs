//! Google's Agent Development Kit, and kagent, which runs it.

use super::Meaning as M;
use super::{Act, Dialect, Row, Sign};

/// See the module.
pub(in crate::otel) static ADK: Dialect = Dialect {
    name: "adk",
    rows: &[
        Row("gcp.vertex.agent.invocation_id", M::Turn),
        Row("gcp.vertex.agent.session_id", M::Session),
        Row("gcp.vertex.agent.tool_call_args", M::Arguments),
        Row("gcp.vertex.agent.tool_response", M::Result),
        Row("gcp.vertex.agent.llm_request", M::Input),
        Row("gcp.vertex.agent.llm_response", M::Output),
        Row("kagent.user_id", M::User),
        Row("langfuse.user.id", M::User),
        Row("langfuse.session.id", M::Session),
    ],
    acts: &[
        (Sign::Name("invocation"), Act::Turn),
        (Sign::Name("call_llm"), Act::Model),
        (Sign::Begins("agent_run ["), Act::Turn),
    ],
};
