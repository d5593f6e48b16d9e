//! `OpenLLMetry` (Traceloop), and the oldest names of the generative AI conventions, which it keeps.

use super::Meaning as M;
use super::{Act, Dialect, Row, Sign};

/// See the module. The signs at the end are the weakest of all dialects, so this one stands last.
pub(in crate::otel) static TRACELOOP: Dialect = Dialect {
    name: "traceloop",
    rows: &[
        Row("traceloop.entity.name", M::Entity),
        Row("traceloop.workflow.name", M::Agent),
        Row("traceloop.entity.input", M::SomeArguments),
        Row("traceloop.entity.output", M::Result),
        Row("traceloop.association.properties.user_id", M::User),
        Row("traceloop.association.properties.session_id", M::Session),
        Row("traceloop.association.properties.thread_id", M::Conversation),
        Row("traceloop.association.properties.conversation_id", M::Conversation),
        Row("llm.user", M::User),
        Row("llm.request.model", M::Model),
    ],
    acts: &[
        (Sign::Value("traceloop.span.kind", "workflow"), Act::Turn),
        (Sign::Value("traceloop.span.kind", "agent"), Act::Turn),
        (Sign::Value("traceloop.span.kind", "tool"), Act::Tool),
        (Sign::Present("traceloop.span.kind"), Act::Other),
        (Sign::Present("llm.request.type"), Act::Model),
        (Sign::Present("gen_ai.tool.call.id"), Act::Tool),
        (Sign::Present("gen_ai.request.model"), Act::Model),
    ],
};
