//! How well things are known: strengths, grades, custody, and why a window is held to be complete.

use super::Text;

pub(super) const STRENGTHS: &[Text] = &[
    Text {
        code: "proven",
        means: "A key that names exactly one cause agrees at both ends, and a party with authority over the step chose or checked it.",
        is_not: "Not beyond forged evidence: it holds if the records are genuine, which `custody` is about.",
        todo: "Rely on it.",
    },
    Text {
        code: "asserted",
        means: "A party with reason to know says so, and nobody else checked it: a claim, an agent's own telemetry, an open record.",
        is_not: "Not a guess: some record states it.",
        todo: "Ask who could have said it falsely; look whether another recorder saw the same.",
    },
    Text {
        code: "inferred",
        means: "No key ties the ends together; resource, arguments and time fit. All candidates are listed.",
        is_not: "Not a probability, and never enough to name a root alone.",
        todo: "See `--alternatives`, and have the carrier set that the gap beside it names.",
    },
    Text {
        code: "gap",
        means: "A cause must exist, and none is known.",
        is_not: "Never read as absence: nobody asked, nobody approved are other claims, which need coverage.",
        todo: "See the gap's reason with `writ explain REASON`.",
    },
];

pub(super) const GRADES: &[Text] = &[
    Text {
        code: "strong",
        means: "Of an inference: at least two independent features besides time agree, it is the only candidate under coverage, and nothing speaks against it.",
        is_not: "Not proof.",
        todo: "Treat it as a lead worth following first.",
    },
    Text {
        code: "weak",
        means: "Of an inference: some features agree, and others may fit as well.",
        is_not: "Not a name to put into a report.",
        todo: "See `--alternatives`.",
    },
];

pub(super) const CUSTODIES: &[Text] = &[
    Text {
        code: "sealed",
        means: "The recorder's own signature or digest chain over the record was checked.",
        is_not: "",
        todo: "Rely on it being that recorder's.",
    },
    Text {
        code: "fetched",
        means: "Writ read the record from the vendor itself.",
        is_not: "",
        todo: "Rely on it as far as on the vendor's interface.",
    },
    Text {
        code: "pushed",
        means: "The sender was authenticated as that recorder.",
        is_not: "",
        todo: "Know who holds that recorder's key.",
    },
    Text {
        code: "handed_in",
        means: "Somebody handed in a file; who and from where is recorded.",
        is_not: "Not that it is what the vendor wrote: the file could have been edited on its way.",
        todo: "For what matters, fetch the record from the vendor and compare.",
    },
    Text {
        code: "open",
        means: "It came in without authentication, or stands where anybody may write. It supports nothing beyond `asserted`.",
        is_not: "",
        todo: "Authenticate whoever sends it.",
    },
];

pub(super) const BASES: &[Text] = &[
    Text {
        code: "sequence",
        means: "The recorder counts what it writes, and the count is unbroken over the window.",
        is_not: "",
        todo: "Rely on it as far as on the recorder's custody.",
    },
    Text {
        code: "manifest",
        means: "The recorder counted what it wrote in this window, and as many records are here.",
        is_not: "",
        todo: "Have recorders write such counts often, so that a hole costs little.",
    },
    Text {
        code: "digest_chain",
        means: "A chain of digests that the recorder signs covers the window.",
        is_not: "",
        todo: "Rely on it up to the end of the chain less the source's longest delay.",
    },
    Text {
        code: "query",
        means: "Writ itself read the window from the vendor to its end, after the longest delay.",
        is_not: "",
        todo: "Rely on it as far as on the vendor's interface.",
    },
    Text {
        code: "declaration",
        means: "Somebody who handed the evidence in said that it is complete; what was there is counted, so that later loss voids it.",
        is_not: "Not checked against anything but that count.",
        todo: "Know whose word it is: the answer names them.",
    },
];
