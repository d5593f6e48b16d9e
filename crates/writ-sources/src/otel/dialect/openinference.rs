//! `OpenInference`: flattened, indexed names.

use super::Meaning as M;
use super::{Act, Dialect, Row, Sign};

/// See the module.
pub(in crate::otel) static OPENINFERENCE: Dialect = Dialect {
    name: "openinference",
    rows: &[
        Row("agent.name", M::Agent),
        Row("graph.node.parent_id", M::ParentAgent),
        Row("tool.name", M::Tool),
        Row("tool_call.function.name", M::Tool),
        Row("tool.id", M::Call),
        Row("tool_call.id", M::Call),
        Row("tool_call.function.arguments", M::Arguments),
        Row("tool.parameters", M::Arguments),
        Row("llm.model_name", M::Model),
    ],
    acts: &[
        (Sign::Value("openinference.span.kind", "LLM"), Act::Model),
        (Sign::Value("openinference.span.kind", "EMBEDDING"), Act::Model),
        (Sign::Value("openinference.span.kind", "TOOL"), Act::Tool),
        (Sign::Value("openinference.span.kind", "AGENT"), Act::Turn),
        (Sign::Value("openinference.span.kind", "CHAIN"), Act::RootTurn),
        (Sign::Present("openinference.span.kind"), Act::Other),
    ],
};
