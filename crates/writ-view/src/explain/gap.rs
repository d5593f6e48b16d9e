//! Gap reasons: why a cause that must exist is not known.

use super::Text;

pub(super) const GAPS: &[Text] = &[
    Text {
        code: "actor_erased",
        means: "Whoever is at the other end was erased at their request; that the hop exists is still known.",
        is_not: "Not a sign that something is hidden.",
        todo: "Nothing technical. Whoever handled the erasure request may hold what the law lets them keep.",
    },
    Text {
        code: "budget",
        means: "A bound on the search (depth, records, records of one key) was reached, so not every candidate was looked at.",
        is_not: "Not that there is no cause: nothing is claimed about what was not looked at.",
        todo: "Ask about a later event of the same chain, or about the cause itself if you know its id.",
    },
    Text {
        code: "conflict",
        means: "The record that would tell is there twice with different contents, so neither is followed.",
        is_not: "",
        todo: "Fetch the record again from the vendor, and compare the copies with `writ show`.",
    },
    Text {
        code: "erased",
        means: "The record was here and was erased under a retention or erasure rule.",
        is_not: "",
        todo: "Ask the recorder's owner whether they still hold it.",
    },
    Text {
        code: "expired_retention",
        means: "The vendor keeps such records for less time than has passed.",
        is_not: "Not that the record never existed.",
        todo: "Look for an archive (a bucket, a SIEM); for next time, deliver the log somewhere that keeps it longer.",
    },
    Text {
        code: "identity_unresolved",
        means: "The other end names somebody in a way that no directory here turns into a person.",
        is_not: "",
        todo: "Hand in the directory that knows the name (source `identity`), with its interval.",
    },
    Text {
        code: "key_missing",
        means: "The record of the cause may well be here, but neither end carries a value that would tie the two together.",
        is_not: "Not that the likeliest candidate is the cause: beside an inferred hop it says what would have settled it.",
        todo: "Have the caller carry the named id; the gap says which.",
    },
    Text {
        code: "not_collected",
        means: "No log that would hold the cause is here for that place and time.",
        is_not: "Not that nothing was logged.",
        todo: "Hand in the log the gap names, for the time it names, and ask again.",
    },
    Text {
        code: "not_visible_to_reader",
        means: "The record is here, and whoever asks may not see it.",
        is_not: "",
        todo: "Ask somebody with that right.",
    },
    Text {
        code: "not_yet_delivered",
        means: "The source is still inside the time it may take to deliver.",
        is_not: "Not an absence: the answer is not settled.",
        todo: "Ingest again and ask again after the time the gap gives.",
    },
    Text {
        code: "outside_boundary",
        means: "Somebody else's recorder (another account, tenant, firm) would hold the record, and nothing of it is here.",
        is_not: "",
        todo: "Ask the holder the gap names.",
    },
    Text {
        code: "recorder_off",
        means: "The recorder that would have written it was stopped or narrowed at that time; the gap says by which record.",
        is_not: "Not that whoever stopped it is behind the event.",
        todo: "Look at the record that stopped it, and for another recorder that saw the same hours.",
    },
    Text {
        code: "redacted",
        means: "The value that would tie the ends together was withheld or masked before it came here.",
        is_not: "",
        todo: "Have the exporter keep a keyed digest or fingerprint in place of the value.",
    },
    Text {
        code: "sampled",
        means: "The recorder keeps only some of what it sees, and this one was not kept.",
        is_not: "",
        todo: "Keep everything for high-risk acts, or decide at the end of a run what to keep.",
    },
    Text {
        code: "shared_key",
        means: "Several use the same key, account or session, so it does not lead to one of them.",
        is_not: "",
        todo: "Give each a credential of their own; until then look for host, session and time.",
    },
    Text {
        code: "source_omits",
        means: "The source is known never to write this down; `writ sources` lists what each leaves out.",
        is_not: "Not that anybody removed it.",
        todo: "Follow the gap's line on how to close it; some omissions cannot be closed by configuration.",
    },
    Text {
        code: "summarised",
        means: "Only a summary of such low-risk records was kept.",
        is_not: "",
        todo: "Ask the recorder's owner for the full records if they still exist.",
    },
    Text {
        code: "truncated",
        means: "The record was cut off before the value that would tie the ends together.",
        is_not: "",
        todo: "Raise the exporter's limit on attribute or message length.",
    },
    Text {
        code: "unknown",
        means: "A cause must exist, and none of the other reasons is established.",
        is_not: "Not that there is no cause, nor that somebody hides it.",
        todo: "Follow the gap's own advice on whom to ask.",
    },
    Text {
        code: "unparsed",
        means: "A record that may tell came in and could not be read.",
        is_not: "",
        todo: "See the rejects that `writ ingest` listed; they are kept, so that a later adapter can read them.",
    },
];
