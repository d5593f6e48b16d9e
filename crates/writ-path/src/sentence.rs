//! Every sentence an answer says of itself. One file, so that the wording can be read as a whole; the
//! rules of wording are in docs/rfd/0007.
//!
//! Power first, then who asked, then what is not established. "With X's credential" is never
//! shortened to "X did": power is not the hand.

use crate::answer::{Approval, Decision, Event, Gap, Hop, PowerEntry, PrincipalEntry, Verdict};
use crate::rule::Chain;
use crate::walk::Walk;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// What the sentence is made from.
pub(crate) struct Said<'a> {
    pub(crate) event: &'a Event,
    pub(crate) verdict: &'a Verdict,
    pub(crate) performed_by: Option<&'a PrincipalEntry>,
    pub(crate) power: Option<&'a PowerEntry>,
    pub(crate) asked_by: &'a [PrincipalEntry],
    pub(crate) hops: &'a [Hop],
    pub(crate) gaps: &'a [Gap],
    pub(crate) approvals: &'a [Approval],
    pub(crate) decisions: &'a [Decision],
    /// Whether who asked rests on agents' own words alone.
    pub(crate) own_account: bool,
}

/// One line a person would say.
pub(crate) fn sentence(said: &Said<'_>) -> String {
    let opening = match said.verdict.word {
        "contradicted" => "Contradicted",
        "ambiguous" => "Ambiguous",
        "complete" => "Complete",
        _ => "Partial",
    };
    let mut parts: Vec<String> = Vec::new();
    parts.extend(power(said));
    if said.gaps.iter().any(|gap| gap.chain == Chain::Credential) {
        parts.push("where that credential came from is not fully known".to_string());
    }
    parts.push(asker(said));
    parts.extend(controls(said));
    format!("{opening}: {}.", parts.join("; "))
}

/// Whose power. An event that is no effect may show none, and then nothing is said of it.
fn power(said: &Said<'_>) -> Option<String> {
    let done = if said.event.outcome == "success" || said.event.kind != "effect" { "done" } else { "tried" };
    match (said.power, said.performed_by) {
        (Some(power), performed) => {
            let mut text = format!("{done} with a credential of {} ({})", called(&power.entry), power.entry.strength);
            if let Some(performed) = performed.filter(|by| by.principal != power.entry.principal) {
                text.push_str(", acting as ");
                text.push_str(called(performed));
            }
            if let Some(grantor) = &power.grantor {
                text = format!(
                    "{text}; that power was given with a credential of {} ({})",
                    called(grantor),
                    grantor.strength
                );
            }
            Some(text)
        }
        (None, Some(by)) => Some(format!("{done} by {}, which shows no credential", called(by))),
        (None, None) if said.event.kind == "effect" => Some("whose power it was is not known".to_string()),
        (None, None) => None,
    }
}

/// Who asked: by whose account, and how sure.
fn asker(said: &Said<'_>) -> String {
    let account = if said.own_account { "by the agent's own account, " } else { "" };
    let agent = said.hops.iter().any(|hop| hop.chain == Chain::Command && hop.edge.word() == "called");
    match said.asked_by {
        [] if agent => format!("{account}an agent made the call, and nobody is known to have asked it to"),
        [] => "nobody is known to have asked".to_string(),
        [one] if said.verdict.roots == "one" => format!("{account}{} asked ({})", called(one), one.strength),
        [one] if said.verdict.roots == "several" => {
            format!("{account}possibly {} asked; what is recorded leaves others open", called(one))
        }
        [one] => {
            let grade = one.grade.map_or_else(String::new, |grade| format!("{grade} "));
            format!(
                "{account}most likely {} asked ({grade}inference, no key carried); not excluded: any other holder of the key",
                called(one)
            )
        }
        several => {
            let names: Vec<&str> = several.iter().map(called).collect();
            format!("{account}possibly {} asked, and nothing recorded decides between them", names.join(" or "))
        }
    }
}

/// What approvals and decisions come to, in one clause each.
fn controls(said: &Said<'_>) -> Vec<String> {
    let approval = said.approvals.first().map_or("unknown", |approval| approval.state);
    let decision = decided(said.decisions);
    if approval == "unknown" && decision == "unknown" {
        return alloc::vec!["approval and policy decision are unknown".to_string()];
    }
    let approval = match approval {
        "bound" => "a person approved this call",
        "bound_weak" => "a person accepted it, and not all of what was shown is known",
        "mismatch" => "what was approved is not what was done",
        "expired" => "its approval had ended",
        "exhausted" => "its approval was used up",
        "withdrawn" => "its approval had been taken back",
        "denied" => "its approval was denied",
        "standing" => "a standing rule let it through, nobody was asked",
        "automatic" => "a setting let it through, nobody was asked",
        "override" => "the approval was passed over",
        "not_required" => "no approval was required on this route",
        "absent" => "no approval was given",
        _ => "approval is unknown",
    };
    let decision = match decision {
        "permit" => "a policy permitted it",
        "deny" => "a policy denied it",
        "mismatch" => "what a policy was asked about is not what was done",
        "unbound" => "a policy's decision is recorded and not shown to be about it",
        "not_applicable" => "no policy spoke about it",
        "indeterminate" => "a policy could not be evaluated",
        "none_recorded" => "no policy decided about it",
        "no_control" => "no policy stands on this route",
        _ => "the policy decision is unknown",
    };
    alloc::vec![approval.to_string(), decision.to_string()]
}

/// What decisions come to in one word: the gravest of several, and a decision by name only where it is
/// bound to what was done.
fn decided(decisions: &[Decision]) -> &'static str {
    let words: Vec<&str> = decisions
        .iter()
        .filter(|one| one.state != "implied")
        .map(|one| match (one.state, one.binding) {
            ("permit" | "deny" | "indeterminate" | "not_applicable", binding @ ("mismatch" | "unbound")) => binding,
            (state, _) => state,
        })
        .collect();
    let grave =
        ["deny", "indeterminate", "mismatch", "unknown", "permit"].into_iter().find(|word| words.contains(word));
    grave.or(words.first().copied()).unwrap_or("unknown")
}

/// What an answer does not establish.
pub(crate) fn limits(walk: &mut Walk<'_>, performed_by: Option<&PrincipalEntry>, grantor: Option<&PrincipalEntry>) {
    if performed_by.is_some_and(|by| by.kind != "service") {
        walk.limit(
            "A credential shows whose power was used, not whose hand used it: anyone who held a copy could have."
                .to_string(),
        );
    }
    if let Some(grantor) = grantor {
        walk.limit(format!(
            "The power was given with a credential of {}: giving power is not using it, and a credential is not the hand.",
            called(grantor)
        ));
    }
}

/// What an answer calls somebody: the name people know, or the id where there is none.
fn called(entry: &PrincipalEntry) -> &str {
    entry.name.as_deref().unwrap_or(&entry.principal)
}
