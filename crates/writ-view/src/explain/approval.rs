//! States of an approval. Several may apply; the gravest is shown.

use super::Text;

pub(super) const STATES: &[Text] = &[
    Text {
        code: "bound",
        means: "An authenticated person saw exactly this in full, by something other than the agent, agreed, and that was checked when it was carried out.",
        is_not: "Not that it was a good idea.",
        todo: "Nothing.",
    },
    Text {
        code: "bound_weak",
        means: "A person agreed to this call, and something that `bound` needs is not known; the reason says what.",
        is_not: "Not that they saw what was carried out.",
        todo: "Read the reason: usually nobody but the agent knows what was shown.",
    },
    Text {
        code: "mismatch",
        means: "The approval covers something else than what was done.",
        is_not: "Not that the approver agreed to this.",
        todo: "Compare shown and executed; bind approvals to a digest of the arguments.",
    },
    Text {
        code: "expired",
        means: "The approval had ended before the call was carried out, by more than clocks can be wrong.",
        is_not: "",
        todo: "Have the executing party check the expiry at the moment of the call.",
    },
    Text {
        code: "exhausted",
        means: "The approval covers this, and its uses or its sum were spent already.",
        is_not: "",
        todo: "See what else it was used for; count uses where calls are carried out.",
    },
    Text {
        code: "withdrawn",
        means: "The approval was taken back before the call.",
        is_not: "",
        todo: "Find out why the call went on.",
    },
    Text {
        code: "standing",
        means: "A rule gave the approval; nobody looked at this call.",
        is_not: "Not an approval by whoever wrote the rule.",
        todo: "See whether the rule is meant to cover this, and when it ends.",
    },
    Text {
        code: "automatic",
        means: "Configuration lets such calls through without asking; there is neither a person nor a rule.",
        is_not: "",
        todo: "See which mode the agent ran in, and who set it.",
    },
    Text {
        code: "override",
        means: "The control was passed over on purpose (break-glass).",
        is_not: "Not wrong by itself.",
        todo: "See whether somebody entitled ratified it.",
    },
    Text {
        code: "denied",
        means: "Somebody said no.",
        is_not: "Not that it was not done: look at the outcome.",
        todo: "If it was done all the same, find the way around.",
    },
    Text {
        code: "not_required",
        means: "A policy, which the answer names, says that this needs no approval.",
        is_not: "",
        todo: "Look at the policy if you think it should.",
    },
    Text {
        code: "absent",
        means: "There was none: the only approval service on this route was complete over the time and holds nothing.",
        is_not: "Not merely that none was found.",
        todo: "Find out how the call got past the service.",
    },
    Text {
        code: "unknown",
        means: "There may or may not have been one; no complete source of approvals is here.",
        is_not: "Not that there was none.",
        todo: "Hand in the approval service's log, or declare which routes have one.",
    },
];
