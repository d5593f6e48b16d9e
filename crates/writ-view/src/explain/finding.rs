//! Findings: something in an answer that is worth a reader's attention. None of them accuses anybody.

use super::Text;

pub(super) const FINDINGS: &[Text] = &[
    Text {
        code: "approval_absent",
        means: "A high-risk act has no approval, though the only approval service on its route was complete over that time.",
        is_not: "Not merely that none was found: without coverage the state would be `unknown`.",
        todo: "Treat it as done without approval. Find out how the call got past the service, then whether it was wanted.",
    },
    Text {
        code: "approval_denied_but_done",
        means: "An approval of this call was denied or taken back, and the call was made all the same.",
        is_not: "Not that the denial was seen by whoever made the call: what carries calls out may never have asked.",
        todo: "Find out what carries such calls out and have it check the approval before it does.",
    },
    Text {
        code: "approval_exhausted",
        means: "An approval that allowed so many uses had been used as often before this call.",
        is_not: "Not that the earlier uses were wrong; a retry of one call may be counted as another.",
        todo: "Look at the redemptions in the answer. Count retries of one call as one use.",
    },
    Text {
        code: "approval_expired",
        means: "There was an approval for this call, and it had ended before the call was carried out.",
        is_not: "Not that the approver objected, and not a matter of clocks: both clocks' error is allowed for.",
        todo: "Ask the approver whether they would still have agreed, and have whoever executes check the expiry.",
    },
    Text {
        code: "approval_mismatch",
        means: "The approval that was used covers something else: another tool, target, argument or amount than what was done.",
        is_not: "Not that the approver agreed to what was done, nor that they were careless: they saw something else.",
        todo: "Compare `shown` with `executed` in the answer. Bind approvals to a digest of the arguments, checked at execution.",
    },
    Text {
        code: "approver_not_entitled",
        means: "The approval service says that no rule in force entitles the person who decided about this approval.",
        is_not: "Not that the person knew it, nor that the call was wrong: the service let them decide.",
        todo: "Ask who is entitled, and have the service refuse decisions of anybody else.",
    },
    Text {
        code: "asker_and_power_differ",
        means: "One principal asked, the power was another's, and no delegation that covers this act is recorded between them.",
        is_not: "Not a contradiction and not proof of abuse: shared keys and service accounts look like this every day.",
        todo: "Ask the credential's owner whether this task was meant to use it; give the agent a credential of its own.",
    },
    Text {
        code: "conflicting_duplicate",
        means: "Two records of one identity (source, recorder, native id) say different things. Both are kept; neither supports more than `asserted`.",
        is_not: "Not that one of them is forged: exports that lose or re-spell fields do this too.",
        todo: "Compare the two with `writ show`, and fetch the record again from the vendor itself.",
    },
    Text {
        code: "contradicting_context",
        means: "One context value (a trace id, a session name) was presented by two callers that were verified as different.",
        is_not: "Not that either of them lies: context is copied freely, by proxies and by people.",
        todo: "Do not follow that value to a person. Look which of the two the credential chain proves.",
    },
    Text {
        code: "contradicting_halves",
        means: "Two recorders wrote down the same physical act, under one id, and disagree about who did it, with what, or how it ended.",
        is_not: "Not that the act did not happen: both saw it.",
        todo: "Look at both records; find out which recorder's copy was altered, cut or re-written on its way here.",
    },
    Text {
        code: "contradicting_issuance",
        means: "Two verified records say that this credential was issued in different ways, to different holders or at different times.",
        is_not: "Not that the credential is false: its use was still checked by whoever let it in.",
        todo: "Fetch both issuing records from the vendor. Until then name nobody beyond this credential.",
    },
    Text {
        code: "credential_not_issued_to_task",
        means: "A directory or the issuer says what this credential is for, and this act is outside it.",
        is_not: "Not that it was stolen: keys are found lying about and used by whoever needs one.",
        todo: "Rotate the credential, find where the caller got it, and give that task one of its own with less power.",
    },
    Text {
        code: "credential_without_issuance",
        means: "The issuer was complete over the time at which this credential must have been issued, and holds no record of issuing it.",
        is_not: "Not a missing log: absence is claimed here only under coverage, which the answer names.",
        todo: "Treat the credential as forged or issued by a way around the issuer; revoke it and all sessions of its holder.",
    },
    Text {
        code: "decision_denied_but_done",
        means: "A decision point whose word is binding denied this very request, and the effect happened all the same.",
        is_not: "Not that the policy was wrong: it was passed over, or what enforces it failed open.",
        todo: "Find the route that goes round the enforcement point, close it, then undo the effect if it can be undone.",
    },
    Text {
        code: "decision_indeterminate",
        means: "A policy could not be evaluated for this request, and the request went on.",
        is_not: "Neither a permit nor a deny, and not that no policy exists.",
        todo: "Make the enforcement point refuse when it gets no clear answer; look up why the evaluation failed.",
    },
    Text {
        code: "decision_mismatch",
        means: "A decision names this call, and what the policy was asked about is not what was done: other arguments, another tool or another resource.",
        is_not: "Not that the policy was wrong: it was asked about something else.",
        todo: "Have the enforcement point ask about exactly what it then carries out, by a digest of the arguments.",
    },
    Text {
        code: "delegation_chain_truncated",
        means: "A token or message names an acting party but not the whole line of those it acts for; earlier links were cut off.",
        is_not: "Not that the named party acted for itself.",
        todo: "Keep nested `act` claims whole at every exchange, and raise the token service's limit on their depth.",
    },
    Text {
        code: "impersonation_hides_actor",
        means: "A token was exchanged for one of the user's own, so that everything after it looks like the user; the agent no longer shows.",
        is_not: "Not that the user acted: from here on, records cannot tell the two apart.",
        todo: "Use delegation (an `act` claim) in place of impersonation, so that the acting party stays visible.",
    },
    Text {
        code: "override_not_ratified",
        means: "A control was passed over (break-glass), and nobody entitled confirmed it within the time that was set.",
        is_not: "Not that the override was wrong: emergencies are what it is for.",
        todo: "Have the owner of the control ratify or reject it now, and close what it opened.",
    },
    Text {
        code: "recorder_switched_off",
        means: "The recorder that would have seen part of this was stopped or narrowed at that time; the text says with whose credential.",
        is_not: "Not that whoever stopped it did the rest, nor that anything was hidden: maintenance does this too.",
        todo: "Look at the record that stopped it, ask why, and get the same hours from another recorder (the resource's own access log).",
    },
    Text {
        code: "scope_grew",
        means: "A credential got from another one allows more than that one did; the hop says what was added.",
        is_not: "Not that the addition was used in this event.",
        todo: "Find out why the token service gave more than it was shown; revoke the new token and what came of it.",
    },
    Text {
        code: "secret_in_record",
        means: "A record this answer rests on held a secret where one is known to stand; it was withheld before anything was stored.",
        is_not: "Not that Writ holds the secret: a keyed digest is all that is left of it.",
        todo: "The vendor's own copy still holds it: rotate the secret if others can read that log.",
    },
    Text {
        code: "self_approval",
        means: "Whoever asked for the approval also gave it, or the agent answered its own question, where another person was needed.",
        is_not: "Not that the act was unwanted.",
        todo: "Have somebody else review it now; make the approval service refuse the requester as approver.",
    },
    Text {
        code: "standing_approval",
        means: "A rule, not a person, approved this: nobody looked at this call. The text says whose rule it is and how old.",
        is_not: "Not an approval of this call by whoever wrote the rule.",
        todo: "See whether the rule was meant to cover this, narrow it, and give it an end.",
    },
    Text {
        code: "used_after_revocation",
        means: "The credential was used after a record says that it, or what it came from, was revoked.",
        is_not: "Not that the revocation failed: issued sessions often live on until they expire.",
        todo: "See whether it still works (`writ show` on the revoking record says what it ended), and end the sessions too.",
    },
];
