//! Edges: how a cause leads to an effect.

use super::Text;

const fn edge(code: &'static str, means: &'static str, is_not: &'static str) -> Text {
    Text { code, means, is_not, todo: "The hop's own text says which records and which key it rests on." }
}

pub(super) const EDGES: &[Text] = &[
    edge(
        "approved",
        "An approval stands at this hop.",
        "Not that what was shown is what was done: see the approval's state.",
    ),
    edge(
        "asked",
        "A person or schedule asked for a turn of an agent.",
        "Not that they asked for everything the agent then did.",
    ),
    edge(
        "assumed",
        "The holder of one credential took on another principal and got a credential for it.",
        "Not that somebody else did: power carries on from one to the other.",
    ),
    edge("called", "A turn made a tool call, a tool call made another, or a tool call made an effect happen.", ""),
    edge("decided", "A decision stands at this hop.", ""),
    edge(
        "delegated",
        "A principal had an agent or session act for it, and the acting party stays visible.",
        "Not that the principal saw what was done.",
    ),
    edge("exchanged", "A credential was turned into another one of the same principal.", ""),
    edge(
        "executed_with",
        "The act was let in with this credential.",
        "Not that the credential's holder did it: anyone with a copy could have.",
    ),
    edge(
        "granted",
        "A principal gave the power that this credential or session lives on.",
        "Giving power is not using it.",
    ),
    edge(
        "impersonated",
        "An agent acts as the principal itself, and no longer shows.",
        "Not that the principal acted.",
    ),
    edge(
        "issued",
        "A credential or a grant brought this credential into being.",
        "Whoever made a key is not therefore who used it.",
    ),
    edge(
        "passed",
        "The holder of a credential handed a role to a service, which acts with it from then on.",
        "The service acts later, on whatever order it gets.",
    ),
    edge(
        "persisted",
        "Something was stored that a later act read. Influence, not authority.",
        "Not that whoever wrote it asked for the act.",
    ),
    edge("proposed", "A model proposed a tool call.", "A model has no authority: the turn that called it has."),
    edge(
        "read",
        "Something was in the agent's context before the act. Influence, not authority.",
        "Not that it made the agent do it.",
    ),
    edge("refreshed", "A credential was renewed from the same grant.", ""),
    edge("resumed", "An earlier act was paused and taken up again.", ""),
    edge("scheduled", "A schedule set this off.", "Whoever last changed the schedule did not ask for this run."),
    edge("triggered", "An earlier act set off a later one: a queue, a stack, a pipeline.", ""),
];
