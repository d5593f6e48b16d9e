//! Words of the verdict, and what stands around it: risk, roots, sources, the hand.

use super::Text;

pub(super) const RISKS: &[Text] = &[
    Text { code: "approval_override", means: "It passes over an approval.", is_not: "", todo: "See who ratified it." },
    Text {
        code: "data_export",
        means: "It lets data out: a share, a public link, a copy to another account.",
        is_not: "Not that data left: see the outcome.",
        todo: "See who can reach the data now.",
    },
    Text {
        code: "destructive",
        means: "It destroys something, or the means to bring it back.",
        is_not: "",
        todo: "See whether it can be brought back, and until when.",
    },
    Text {
        code: "external_tool",
        means: "It calls a tool outside the boundary.",
        is_not: "",
        todo: "See what was sent with it.",
    },
    Text {
        code: "privilege_escalation",
        means: "It gives somebody more power, or a way to get it.",
        is_not: "Not that the power was used.",
        todo: "See who has the power now, and what they did since.",
    },
    Text {
        code: "secret_access",
        means: "It reads a secret.",
        is_not: "",
        todo: "Rotate the secret if the reader should not have it.",
    },
];

pub(super) const WORDS: &[Text] = &[
    Text {
        code: "complete",
        means: "Both chains are known to their ends at `asserted` or better, and so are the controls of a high-risk act.",
        is_not: "Not that the act was right.",
        todo: "Nothing.",
    },
    Text {
        code: "partial",
        means: "Something is missing: a gap, no root, a hop that is only inferred, or a control of a high-risk act that is unknown.",
        is_not: "Not that what is shown is doubtful: each hop has its own strength.",
        todo: "Read the gaps; each says how to close it.",
    },
    Text {
        code: "ambiguous",
        means: "Two or more different people or schedules may have asked, about equally well supported. (Of an error: several records fit what was typed.)",
        is_not: "Not that they acted together.",
        todo: "See `--alternatives`; print no name without the word possible.",
    },
    Text {
        code: "contradicted",
        means: "Verified records disagree, or a claim on this path disagrees with a verified value.",
        is_not: "",
        todo: "Read the findings that say who disagrees with whom, before relying on any of it.",
    },
];

pub(super) const ROOTS: &[Text] = &[
    Text {
        code: "one",
        means: "The command chain ends in one person or schedule, at `asserted` or better throughout.",
        is_not: "",
        todo: "Nothing.",
    },
    Text {
        code: "several",
        means: "It may end in more than one, and the evidence does not choose.",
        is_not: "Not that all of them asked.",
        todo: "See `--alternatives`.",
    },
    Text {
        code: "none",
        means: "Nobody is known to have asked.",
        is_not: "Not that nobody did.",
        todo: "Read the gap of the command chain.",
    },
];

pub(super) const SOURCES: &[Text] = &[
    Text {
        code: "settled",
        means: "The source has had its longest delay: what it tells of that time is here, if it was handed in.",
        is_not: "",
        todo: "Nothing.",
    },
    Text {
        code: "late",
        means: "Records of that time may still arrive.",
        is_not: "",
        todo: "Ask again after the time the note gives.",
    },
    Text {
        code: "blind",
        means: "The recorder was off, its collector could not read it, or it has been silent for longer than its delay.",
        is_not: "",
        todo: "Get the recorder to work again, and look for another one that saw the same hours.",
    },
    Text {
        code: "unknown",
        means: "Whether it has told all cannot be said.",
        is_not: "",
        todo: "Hand in records from after the event.",
    },
];

pub(super) const WIELDERS: &[Text] = &[
    Text {
        code: "human_present",
        means: "A person proved to be there for this very request, in a way that cannot be replayed.",
        is_not: "",
        todo: "Nothing.",
    },
    Text { code: "agent", means: "An agent used a key that cannot be copied.", is_not: "", todo: "Nothing." },
    Text {
        code: "automation",
        means: "A workload or a vendor's own service that proved what it is.",
        is_not: "",
        todo: "Nothing.",
    },
    Text {
        code: "unknown",
        means: "The credential can be copied, so its use does not tell whose hand used it.",
        is_not: "Not that its holder did it, nor that they did not.",
        todo: "Use credentials bound to a key or workload (DPoP, mTLS, SPIFFE).",
    },
];
