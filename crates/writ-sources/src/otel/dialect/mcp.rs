//! The OpenTelemetry semantic conventions for the Model Context Protocol.

use super::Meaning as M;
use super::{Act, Dialect, Row, Sign};

/// See the module. The protocol's session and request ids are made by its ends for one connection and
/// join nothing beyond it, so they are no keys.
pub(in crate::otel) static MCP: Dialect = Dialect {
    name: "mcp",
    rows: &[Row("mcp.tool.name", M::Tool), Row("mcp.resource.uri", M::Read)],
    acts: &[
        (Sign::Value("mcp.method.name", "tools/call"), Act::Tool),
        (Sign::Value("mcp.method.name", "resources/read"), Act::Tool),
        (Sign::Present("mcp.method.name"), Act::Other),
    ],
};
