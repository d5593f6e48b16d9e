//! The OpenTelemetry semantic conventions for generative AI, in the names of 2024 to 2026, and the
//! general ones of users and sessions.

use super::Meaning as M;
use super::{Act, Dialect, Row, Sign};

/// See the module.
pub(in crate::otel) static GENAI: Dialect = Dialect {
    name: "genai",
    rows: &[
        Row("gen_ai.agent.name", M::Agent),
        Row("gen_ai.main_agent.name", M::Agent),
        Row("gen_ai.agent.parent.name", M::ParentAgent),
        Row("gen_ai.conversation.id", M::Conversation),
        Row("gen_ai.thread.id", M::Conversation),
        Row("gen_ai.openai.thread.id", M::Conversation),
        Row("session.id", M::Session),
        Row("session.previous_id", M::PreviousSession),
        Row("gen_ai.task.id", M::Task),
        Row("a2a.task.id", M::Task),
        Row("gen_ai.tool.name", M::Tool),
        Row("gen_ai.tool.call.id", M::Call),
        Row("gen_ai.tool.call.arguments", M::Arguments),
        Row("gen_ai.tool.arguments", M::Arguments),
        Row("gen_ai.tool.call.result", M::Result),
        Row("gen_ai.tool.message", M::Result),
        Row("gen_ai.tool.status", M::ToolStatus),
        Row("error.type", M::Error),
        Row("gen_ai.request.model", M::Model),
        Row("gen_ai.response.model", M::Model),
        Row("gen_ai.input.messages", M::Input),
        Row("gen_ai.prompt", M::Input),
        Row("gen_ai.output.messages", M::Output),
        Row("gen_ai.completion", M::Output),
        Row("enduser.id", M::User),
        Row("user.email", M::Email),
        Row("user.id", M::User),
        Row("gen_ai.user.id", M::User),
        Row("gen_ai.user", M::User),
        Row("aws.request_id", M::AwsRequest),
        Row("aws.requestId", M::AwsRequest),
        Row("aws.request.id", M::AwsRequest),
        Row("http.response.header.x-amzn-requestid", M::AwsRequest),
        Row("http.response.header.x-amz-request-id", M::AwsRequest),
    ],
    acts: &[
        (Sign::Value("gen_ai.operation.name", "invoke_agent"), Act::Turn),
        (Sign::Value("gen_ai.operation.name", "invoke_workflow"), Act::Turn),
        (Sign::Value("gen_ai.operation.name", "execute_tool"), Act::Tool),
        (Sign::Value("gen_ai.operation.name", "chat"), Act::Model),
        (Sign::Value("gen_ai.operation.name", "generate_content"), Act::Model),
        (Sign::Value("gen_ai.operation.name", "text_completion"), Act::Model),
        (Sign::Value("gen_ai.operation.name", "embeddings"), Act::Model),
        // Agents made, plans, retrievals, memory: no turn, no tool the model asked for.
        (Sign::Present("gen_ai.operation.name"), Act::Other),
        (Sign::Name("gen_ai.choice"), Act::Model),
        (Sign::Name("gen_ai.client.inference.operation.details"), Act::Model),
    ],
};
