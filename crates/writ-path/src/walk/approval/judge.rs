//! What an approval comes to for one call: a function of its steps and of what is known of the call.
//!
//! "Bound" is the only state that says a person approved this very call, so every one of its
//! conditions has to be told; what is missing is said in the reason of the weaker state.

use super::Step;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use writ_model::fact::{ApprovalStep, Covers};
use writ_model::key::Attestation;
use writ_model::principal::PrincipalKind;
use writ_model::scope::Limit;
use writ_model::time::Time;

/// What is known of the call an approval is judged for.
pub(super) struct Case {
    /// From when to when it may have been, by its recorder's precision and clock.
    pub(super) from: Time,
    pub(super) to: Time,
    /// How far the approval service's clock may be off.
    pub(super) skew_ms: i64,
    /// Digest of its arguments, by the caller's record.
    pub(super) digest: Option<String>,
    pub(super) tool: Option<String>,
    pub(super) action: String,
    pub(super) resources: Vec<String>,
    /// Whether the approval was found by an id that names this call and no other.
    pub(super) by_id: bool,
    /// Amounts the call states.
    pub(super) quantities: Vec<Limit>,
}

/// The state of an approval for a call.
pub(super) struct Judged {
    pub(super) state: &'static str,
    pub(super) reason: String,
    pub(super) separation: &'static str,
    pub(super) ratified: Option<bool>,
    /// Whether the agent itself showed it.
    pub(super) by_agent: bool,
}

/// Judges one approval from its steps, oldest first.
pub(super) fn judge(steps: &[Step], case: &Case) -> Judged {
    let by_agent = shown_by_agent(steps);
    let separation = separation(steps);
    let done = |state: &'static str, reason: String| Judged { state, reason, separation, ratified: None, by_agent };
    let has = |wanted: ApprovalStep| steps.iter().find(|step| step.says.step == wanted && before(step, case));
    if let Some(step) = has(ApprovalStep::Denied) {
        return done("denied", step.says.reason.clone().unwrap_or_default());
    }
    if has(ApprovalStep::Withdrawn).is_some() {
        return done("withdrawn", "it was taken back before the call".to_string());
    }
    if let Some(reason) = outside(steps, case) {
        return done("mismatch", reason);
    }
    if let Some(reason) = ended(steps, case) {
        return done("expired", reason);
    }
    if let Some(reason) = spent(steps, case) {
        return done("exhausted", reason);
    }
    if has(ApprovalStep::Overridden).is_some() {
        let ratified = steps.iter().any(|step| step.says.step == ApprovalStep::Ratified);
        let reason = if ratified {
            "the control was passed over and confirmed afterwards"
        } else {
            "the control was passed over"
        };
        return Judged { ratified: Some(ratified), ..done("override", reason.to_string()) };
    }
    if let Some(granted) = has(ApprovalStep::Granted) {
        return match weakness(steps, granted, case) {
            None => done("bound", String::new()),
            Some(reason) => done("bound_weak", reason),
        };
    }
    if let Some(step) = has(ApprovalStep::RuleUsed) {
        let rule = step.says.rule.as_deref().unwrap_or("a standing setting");
        return done("standing", format!("{rule} let it through; nobody was asked about this call"));
    }
    if has(ApprovalStep::Automatic).is_some() {
        return done("automatic", "configuration let it through; nobody was asked about this call".to_string());
    }
    done("unknown", "it was asked for, and no record here says what was decided".to_string())
}

/// Whether a step was taken before the call ended, as far as clocks tell. A step without a time counts.
fn before(step: &Step, case: &Case) -> bool {
    step.record.event_time.is_none_or(|time| time.start <= case.to.plus_millis(case.skew_ms))
}

/// Why the call lies outside what was approved, where that is established by an id that names the call.
fn outside(steps: &[Step], case: &Case) -> Option<String> {
    if !case.by_id {
        return None;
    }
    let granted = steps.iter().any(|step| step.says.step == ApprovalStep::Granted);
    let covers: Vec<&Covers> = steps.iter().map(|step| &step.says.covers).collect();
    let shown: Option<&String> = covers.iter().find_map(|covers| covers.arguments.as_ref());
    let displayed = steps.iter().find_map(|step| step.says.shown_digest.as_ref());
    let executed = steps.iter().find_map(|step| step.says.executed_digest.as_ref());
    if !granted {
        return None;
    }
    for approved in shown.into_iter().chain(displayed) {
        if let Some(executed) = executed.filter(|executed| *executed != approved) {
            return Some(format!("what was shown ({approved}) is not what was executed ({executed})"));
        }
    }
    if let (Some(approved), Some(digest)) = (shown, &case.digest)
        && approved != digest
    {
        return Some(format!("the arguments approved ({approved}) are not those of the call ({digest})"));
    }
    for covers in covers {
        if let Some(resource) = &covers.resource
            && !case.resources.is_empty()
            && !case.resources.contains(resource)
        {
            return Some(format!("it was for {resource}, and this was done to {}", case.resources.join(", ")));
        }
        if let Some(action) = &covers.action
            && *action != case.action
            && case.tool.as_ref() != Some(action)
            && case.tool.is_some()
        {
            return Some(format!("it was for {action}, and this was {}", case.action));
        }
        for limit in &covers.limits {
            let over = case.quantities.iter().find(|quantity| {
                quantity.name == limit.name && quantity.unit == limit.unit && quantity.max > limit.max
            });
            if let Some(quantity) = over {
                return Some(format!("it covered {}, and this was {} {}", limit.text(), quantity.max, quantity.unit));
            }
        }
    }
    None
}

/// Why it had ended before the call, beyond what both clocks leave open.
fn ended(steps: &[Step], case: &Case) -> Option<String> {
    let expires = steps.iter().rev().find_map(|step| step.says.expires)?;
    (expires.plus_millis(case.skew_ms) < case.from).then(|| format!("it ended at {expires}"))
}

/// Why no use of it was left.
fn spent(steps: &[Step], case: &Case) -> Option<String> {
    let uses = steps.iter().find_map(|step| step.says.uses)?;
    let earlier = steps.iter().filter(|step| step.says.step == ApprovalStep::Redeemed && before(step, case)).count();
    (earlier as u64 > uses).then(|| format!("it allowed {uses} uses, and {earlier} were made"))
}

/// The first condition of a bound approval that is not met, in words.
fn weakness(steps: &[Step], granted: &Step, case: &Case) -> Option<String> {
    let told = |what: &str| Some(format!("a person accepted it; not known: {what}"));
    if granted.class != Attestation::Verified {
        return told("what was shown, which is the agent's own account");
    }
    let Some(approver) = &granted.says.approver else { return told("who accepted it") };
    if approver.principal.kind != PrincipalKind::Human || !approver.authenticated {
        return told("whether that was an authenticated person");
    }
    if separation(steps) == "same" {
        return Some("the one who asked for it accepted it".to_string());
    }
    if shown_by_agent(steps) {
        return told("what was shown, since the agent itself showed it");
    }
    let shown = steps.iter().find(|step| step.says.shown_digest.is_some());
    let Some(shown) = shown else { return told("what was shown") };
    if !shown.says.shown_in_full {
        return told("whether it was shown in full");
    }
    if !case.by_id {
        return told("whether it was for this call: only its arguments agree");
    }
    let redeemed =
        steps.iter().find(|step| step.says.step == ApprovalStep::Redeemed && step.class == Attestation::Verified);
    let Some(redeemed) = redeemed else { return told("whether it was checked when the call was carried out") };
    if redeemed.says.executed_digest.is_none() || redeemed.says.executed_digest != shown.says.shown_digest {
        return told("whether what was shown is what was executed");
    }
    let needed = steps.iter().find_map(|step| step.says.needed).unwrap_or(1);
    let people = approvers(steps);
    if people < needed {
        return Some(format!("{needed} people were needed, and {people} accepted it"));
    }
    let near = steps.iter().rev().find_map(|step| step.says.expires);
    if near.is_some_and(|expires| expires < case.to.plus_millis(case.skew_ms)) {
        return told("whether it had ended by then: the clocks leave it open");
    }
    None
}

/// Different people who accepted.
fn approvers(steps: &[Step]) -> u64 {
    let mut people: Vec<&str> = steps
        .iter()
        .filter(|step| step.says.step == ApprovalStep::Granted)
        .filter_map(|step| Some(step.says.approver.as_ref()?.principal.id.as_str()))
        .collect();
    people.sort_unstable();
    people.dedup();
    people.len() as u64
}

/// Whether the agent itself put it before the person. Who is not named counts as the agent, but is not
/// said to be it.
fn shown_by_agent(steps: &[Step]) -> bool {
    let renderer = steps.iter().rev().find_map(|step| step.says.rendered_by.as_deref());
    let requester = steps.iter().find_map(|step| step.says.requester.as_ref());
    renderer.is_some_and(|renderer| {
        renderer.starts_with("agent") || requester.is_some_and(|requester| requester.id == renderer)
    })
}

fn separation(steps: &[Step]) -> &'static str {
    let requester = steps.iter().find_map(|step| step.says.requester.as_ref());
    let approver = steps.iter().rev().find_map(|step| step.says.approver.as_ref());
    match (requester, approver) {
        (Some(requester), Some(approver)) if requester.id == approver.principal.id => "same",
        (Some(_), Some(_)) => "distinct",
        _ => "unknown",
    }
}
