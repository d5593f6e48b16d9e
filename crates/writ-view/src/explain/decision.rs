//! Decisions: what a policy said, whether it was about this request, whether it had to be obeyed.

use super::Text;

pub(super) const STATES: &[Text] = &[
    Text {
        code: "permit",
        means: "A policy let this through.",
        is_not: "Not that it should have: see revision and freshness.",
        todo: "Check that its binding is `bound`.",
    },
    Text {
        code: "deny",
        means: "A policy refused it.",
        is_not: "Not that it was not done: look at enforcement and outcome.",
        todo: "If it was done all the same, find the way around.",
    },
    Text {
        code: "not_applicable",
        means: "A decision point was asked, and no policy spoke about this.",
        is_not: "Neither a permit nor a deny.",
        todo: "Write the policy, and make the enforcement point refuse by default.",
    },
    Text {
        code: "indeterminate",
        means: "The policy could not be evaluated, or its result cannot be read as a permit or a deny.",
        is_not: "Not denied, and not unasked.",
        todo: "Look at the engine's error; refuse when there is no clear answer.",
    },
    Text {
        code: "implied",
        means: "The system that did it checks callers itself, and did it: so something allowed it. Which policy is not recorded.",
        is_not: "Not a decision about the agent's task; it stands beside other entries, never in their place.",
        todo: "Look at the system's own policies as they were at that time.",
    },
    Text {
        code: "none_recorded",
        means: "A decision point stands on this route, was complete over the time, and recorded nothing about this.",
        is_not: "Not merely that nothing was found.",
        todo: "Find out how the request got past it.",
    },
    Text {
        code: "no_control",
        means: "An inventory says that no decision point stands on this route.",
        is_not: "",
        todo: "Put one there, if such acts should be decided about.",
    },
    Text {
        code: "unknown",
        means: "No decision point is known on this route, and none is ruled out.",
        is_not: "Not that nothing decided.",
        todo: "Hand in decision logs, or declare which routes have which control.",
    },
];

pub(super) const BINDINGS: &[Text] = &[
    Text {
        code: "bound",
        means: "Whoever acted on the decision names it in its own record.",
        is_not: "",
        todo: "Nothing.",
    },
    Text {
        code: "mismatch",
        means: "The decision is about other arguments, another tool, another target or another caller than this request.",
        is_not: "Not a permit for this.",
        todo: "Find out why another decision was used: a cache, or a replay.",
    },
    Text {
        code: "unbound",
        means: "Nothing ties the decision to this request but, at most, the word of whoever asked for it.",
        is_not: "Not that it was about something else.",
        todo: "Have the enforcement point write the decision's id into its own record.",
    },
];

pub(super) const ENFORCEMENTS: &[Text] = &[
    Text {
        code: "enforced",
        means: "Whoever asked had to obey: the resource or a point in front of it acts on the decision.",
        is_not: "",
        todo: "Nothing.",
    },
    Text {
        code: "advisory",
        means: "The decision was asked for and could be ignored.",
        is_not: "",
        todo: "Enforce it where calls are carried out.",
    },
    Text {
        code: "unknown",
        means: "The record does not tell whether the decision had to be obeyed.",
        is_not: "",
        todo: "Declare the route's enforcement point.",
    },
];
