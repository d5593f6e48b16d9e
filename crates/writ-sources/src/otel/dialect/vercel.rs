//! The Vercel AI SDK.

use super::Meaning as M;
use super::{Act, Dialect, Row, Sign};

/// See the module.
pub(in crate::otel) static VERCEL: Dialect = Dialect {
    name: "vercel",
    rows: &[
        Row("ai.toolCall.name", M::Tool),
        Row("ai.toolCall.id", M::Call),
        Row("ai.toolCall.args", M::Arguments),
        Row("ai.toolCall.result", M::Result),
        Row("ai.response.toolCalls", M::Output),
        Row("ai.prompt.messages", M::Input),
        Row("ai.prompt", M::Input),
        Row("ai.model.id", M::Model),
        Row("ai.telemetry.metadata.userId", M::User),
        Row("ai.telemetry.metadata.sessionId", M::Session),
    ],
    acts: &[
        (Sign::Value("ai.operationId", "ai.toolCall"), Act::Tool),
        (Sign::Value("ai.operationId", "ai.generateText.doGenerate"), Act::Model),
        (Sign::Value("ai.operationId", "ai.streamText.doStream"), Act::Model),
        (Sign::Value("ai.operationId", "ai.generateObject.doGenerate"), Act::Model),
        (Sign::Value("ai.operationId", "ai.streamObject.doStream"), Act::Model),
        (Sign::Value("ai.operationId", "ai.embed.doEmbed"), Act::Model),
        (Sign::Present("ai.operationId"), Act::Other),
    ],
};
