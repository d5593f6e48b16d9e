//! How commands end: exit statuses, and the kinds of error in `writ.error/1`.

use super::Text;

pub(super) const STATUSES: &[Text] = &[
    Text {
        code: "0",
        means: "Answered, gaps included; for `writ check`, everything that was required is met.",
        is_not: "",
        todo: "Nothing.",
    },
    Text {
        code: "1",
        means: "`writ check`: a requirement is not met.",
        is_not: "",
        todo: "The output says which, and what was found in its place.",
    },
    Text {
        code: "2",
        means: "The call or the configuration is wrong.",
        is_not: "",
        todo: "Read the hint; `writ help COMMAND` tells what is known.",
    },
    Text {
        code: "3",
        means: "`writ check`: there are more gaps than allowed.",
        is_not: "",
        todo: "Read the gaps with `writ why`.",
    },
    Text {
        code: "4",
        means: "Ambiguous: several records fit what was typed, or, for `writ check`, several people may have asked.",
        is_not: "",
        todo: "Say which record with one of the ids listed; or see `writ why --alternatives`.",
    },
    Text {
        code: "5",
        means: "No record here has that id, or nothing has that name.",
        is_not: "Not that it did not happen.",
        todo: "The hint says what is here and of what time.",
    },
    Text {
        code: "6",
        means: "What is stored is damaged, or a verification failed.",
        is_not: "",
        todo: "Restore the named file from a backup; other records are still readable.",
    },
    Text {
        code: "7",
        means: "Unavailable: the folder is locked, full, or cannot be read or written.",
        is_not: "",
        todo: "Read the message; nothing that was acknowledged is lost.",
    },
    Text { code: "70", means: "A fault of Writ's own.", is_not: "", todo: "Report it with the message." },
];

pub(super) const ERRORS: &[Text] = &[
    Text {
        code: "ambiguous",
        means: "Several records fit what was typed (exit status 4).",
        is_not: "",
        todo: "Ask for one of those listed.",
    },
    Text {
        code: "corrupt",
        means: "What is stored is damaged (exit status 6).",
        is_not: "",
        todo: "Restore the named file from a backup.",
    },
    Text {
        code: "internal",
        means: "A fault of Writ's own (exit status 70).",
        is_not: "",
        todo: "Report it with the message.",
    },
    Text {
        code: "not_found",
        means: "No record here has that id, or nothing has that name (exit status 5).",
        is_not: "Not that it did not happen.",
        todo: "The hint says what is here.",
    },
    Text {
        code: "unavailable",
        means: "The folder is locked, full, or cannot be read or written (exit status 7).",
        is_not: "",
        todo: "Read the message.",
    },
    Text {
        code: "usage",
        means: "The call or the configuration is wrong (exit status 2).",
        is_not: "",
        todo: "Read the hint.",
    },
];
