//! What an approval comes to for one call: a function of its steps and of what is known of the call.
//!
//! "Bound" is the only state that says a person approved this very call, so every one of its
//! conditions has to be told; what is missing is said in the reason of the weaker state.

use super::Step;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use writ_model::fact::{ApprovalStep, Covers};
use writ_model::key::{Attestation, KeyName};
use writ_model::principal::PrincipalKind;
use writ_model::scope::Limit;
use writ_model::time::Time;

/// What is known of the call an approval is judged for.
#[expect(clippy::struct_excessive_bools, reason = "each is one thing known or not, and they do not exclude each other")]
pub(super) struct Case {
    /// From when to when it may have been, by its recorder's precision and clock.
    pub(super) from: Time,
    pub(super) to: Time,
    /// How far the approval service's clock may be off.
    pub(super) skew_ms: i64,
    /// The ids by which it is known as a call.
    pub(super) calls: Vec<KeyName>,
    /// Digest of its arguments, by the caller's record.
    pub(super) digest: Option<String>,
    pub(super) tool: Option<String>,
    pub(super) action: String,
    pub(super) resources: Vec<String>,
    /// Whether the approval was found by an id that names this call and no other.
    pub(super) by_id: bool,
    /// Whether it names the request by the id the server gave to it.
    pub(super) by_request: bool,
    /// Amounts the call states.
    pub(super) quantities: Vec<Limit>,
    /// Whether the service is the agent itself.
    pub(super) of_agent: bool,
    /// Whether another service is declared to be the only one on this route.
    pub(super) not_on_route: bool,
    /// Whether more approvals speak about the call than were looked at.
    pub(super) flooded: bool,
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

/// How long before a call its approval may be checked, in milliseconds: what carries calls out checks and
/// then calls; a check of an hour ago was for another call.
pub(super) const REDEEMED_BEFORE_MS: i64 = 60_000;

/// Judges one approval from its steps, oldest first. Steps after the call say nothing of it, save that
/// an override was confirmed.
pub(super) fn judge(all: &[Step], case: &Case) -> Judged {
    let known: Vec<Step> = all.iter().filter(|step| before(step, case)).cloned().collect();
    let steps = known.as_slice();
    let by_agent = shown_by_agent(steps);
    let separation = separation(steps);
    let done = |state: &'static str, reason: String| Judged { state, reason, separation, ratified: None, by_agent };
    let has = |wanted: ApprovalStep| steps.iter().find(|step| step.says.step == wanted);
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
        let ratified = all.iter().any(|step| step.says.step == ApprovalStep::Ratified);
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
    let reason = if case.flooded {
        "more is said of it than is looked at, and what was decided is not among that"
    } else {
        "it was asked for, and no record here says what was decided"
    };
    done("unknown", reason.to_string())
}

/// Whether a step was taken before the call ended, as far as clocks tell. A step without a time counts.
pub(super) fn before(step: &Step, case: &Case) -> bool {
    step.record.event_time.is_none_or(|time| time.start <= case.to.plus_millis(case.skew_ms))
}

/// The check of this approval when this very call was carried out: at that moment, for this call, or,
/// where it names none, for these very arguments.
pub(super) fn redeemed<'s>(steps: &'s [Step], case: &Case) -> Option<&'s Step> {
    steps.iter().find(|step| {
        let ours = match &step.says.call {
            Some(call) => case.calls.contains(call),
            None => case.by_request || (case.digest.is_some() && step.says.executed_digest == case.digest),
        };
        let near = step.record.event_time.is_some_and(|time| {
            let from = case.from.plus_millis(-REDEEMED_BEFORE_MS - case.skew_ms);
            from <= time.start && time.start <= case.to.plus_millis(case.skew_ms)
        });
        step.says.step == ApprovalStep::Redeemed && step.class == Attestation::Verified && ours && near
    })
}

/// Why the call lies outside what was approved, where that is established by an id that names the call.
fn outside(steps: &[Step], case: &Case) -> Option<String> {
    if !case.by_id || !steps.iter().any(|step| step.says.step == ApprovalStep::Granted) {
        return None;
    }
    let covers: Vec<&Covers> = steps.iter().map(|step| &step.says.covers).collect();
    let approved: Vec<&String> = covers
        .iter()
        .filter_map(|covers| covers.arguments.as_ref())
        .chain(steps.iter().filter_map(|step| step.says.shown_digest.as_ref()))
        .collect();
    let executed = redeemed(steps, case).and_then(|step| step.says.executed_digest.as_ref());
    for approved in approved {
        if let Some(executed) = executed.filter(|executed| *executed != approved) {
            return Some(format!("what was shown ({approved}) is not what was executed ({executed})"));
        }
        if let Some(digest) = case.digest.as_ref().filter(|digest| *digest != approved) {
            return Some(format!("the arguments approved ({approved}) are not those of the call ({digest})"));
        }
    }
    covers.into_iter().find_map(|covers| uncovered(covers, case))
}

/// What of the call a cover does not cover.
fn uncovered(covers: &Covers, case: &Case) -> Option<String> {
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
    exceeded(covers, case)
}

/// How the call goes beyond a limit.
pub(super) fn exceeded(covers: &Covers, case: &Case) -> Option<String> {
    covers.limits.iter().find_map(|limit| {
        let over = case
            .quantities
            .iter()
            .find(|quantity| quantity.name == limit.name && quantity.unit == limit.unit && quantity.max > limit.max)?;
        Some(format!("it covered {}, and this was {} {}", limit.text(), over.max, over.unit))
    })
}

/// Why it had ended before the call, beyond what both clocks leave open.
pub(super) fn ended(steps: &[Step], case: &Case) -> Option<String> {
    let expires = steps.iter().rev().find_map(|step| step.says.expires)?;
    (expires.plus_millis(case.skew_ms) < case.from).then(|| format!("it ended at {expires}"))
}

/// Why no use of it was left: uses for other calls, or before this one.
fn spent(steps: &[Step], case: &Case) -> Option<String> {
    let uses = steps.iter().find_map(|step| step.says.uses)?;
    let own = redeemed(steps, case);
    let at = own.and_then(|step| step.record.event_time).map(|time| time.start);
    let earlier = steps
        .iter()
        .filter(|step| step.says.step == ApprovalStep::Redeemed)
        .filter(|step| own.is_none_or(|own| own.record.id != step.record.id))
        .filter(|step| at.zip(step.record.event_time).is_none_or(|(at, time)| time.start <= at))
        .count() as u64;
    (earlier + 1 > uses).then(|| format!("it allowed {uses} uses, and {earlier} others were made before"))
}

/// The first condition of a bound approval that is not met, in words.
fn weakness(steps: &[Step], granted: &Step, case: &Case) -> Option<String> {
    let told = |what: &str| Some(format!("a person accepted it; not known: {what}"));
    if granted.class != Attestation::Verified || case.of_agent {
        return told("what was shown, which is the agent's own account");
    }
    if case.not_on_route {
        return told("whether this service counts: another one is declared for this route");
    }
    if case.flooded {
        return told("what other approvals say: more of them speak about this call than can be looked at");
    }
    let Some(approver) = &granted.says.approver else { return told("who accepted it") };
    if approver.principal.kind != PrincipalKind::Human || !approver.authenticated {
        return told("whether that was an authenticated person");
    }
    if separation(steps) == "same" {
        return Some("the one who asked for it accepted it".to_string());
    }
    if let Some(reason) = display_weakness(steps) {
        return Some(reason);
    }
    if approver.entitled == Some(false) {
        return Some("a person accepted it whom no rule entitles to".to_string());
    }
    if !case.by_id {
        return told("whether it was for this call: only its arguments, or a name the agent gives, agree");
    }
    let Some(redeemed) = redeemed(steps, case) else {
        return told("whether it was checked when the call was carried out");
    };
    let shown = steps.iter().find_map(|step| step.says.shown_digest.as_ref());
    if redeemed.says.executed_digest.is_none() || redeemed.says.executed_digest.as_ref() != shown {
        return told("whether what was shown is what was executed");
    }
    if !precedes(granted, redeemed) {
        return told("whether it was accepted before the call was carried out");
    }
    let covers = || steps.iter().map(|step| &step.says.covers);
    if covers().any(|covers| covers.files.is_some()) {
        return told("which files the call ran");
    }
    let untold = |limit: &Limit| !case.quantities.iter().any(|told| told.name == limit.name && told.unit == limit.unit);
    if let Some(limit) = covers().flat_map(|covers| &covers.limits).find(|limit| untold(limit)) {
        return Some(format!("a person accepted it; not known: whether the call kept to {}", limit.text()));
    }
    let needed = steps.iter().find_map(|step| step.says.needed).unwrap_or(1);
    let people = approvers(steps, redeemed);
    if people < needed {
        return Some(format!("{needed} people were needed, and {people} are known to have accepted it"));
    }
    let near = steps.iter().rev().find_map(|step| step.says.expires);
    if near.is_some_and(|expires| expires < case.to.plus_millis(case.skew_ms)) {
        return told("whether it had ended by then: the clocks leave it open");
    }
    None
}

/// What is not known of how it was shown. Only the approval service itself counts as somebody else than
/// the agent.
fn display_weakness(steps: &[Step]) -> Option<String> {
    let told = |what: &str| Some(format!("a person accepted it; not known: {what}"));
    if shown_by_agent(steps) {
        return told("what was shown, since the agent itself showed it");
    }
    let mut renderers = steps.iter().filter_map(|step| Some((step, step.says.rendered_by.as_deref()?))).peekable();
    if renderers.peek().is_none() || renderers.any(|(step, by)| by != step.record.identity.recorder) {
        return told("who showed it, which then counts as the agent");
    }
    let Some(shown) = steps.iter().find(|step| step.says.shown_digest.is_some()) else {
        return told("what was shown");
    };
    if shown.says.shown_in_full { None } else { told("whether it was shown in full") }
}

/// Whether one step of a service came before another, by that service's own clock.
fn precedes(first: &Step, second: &Step) -> bool {
    let times = first.record.event_time.zip(second.record.event_time);
    times.is_some_and(|(first, second)| first.start <= second.start)
}

/// Different authenticated people who accepted before it was checked.
fn approvers(steps: &[Step], redeemed: &Step) -> u64 {
    let mut people: Vec<&str> = steps
        .iter()
        .filter(|step| step.says.step == ApprovalStep::Granted && precedes(step, redeemed))
        .filter_map(|step| step.says.approver.as_ref().filter(|who| who.authenticated))
        .map(|who| who.principal.id.as_str())
        .collect();
    people.sort_unstable();
    people.dedup();
    people.len() as u64
}

/// Whether the agent itself put it before the person. Who is not named counts as the agent, but is not
/// said to be it.
pub(super) fn shown_by_agent(steps: &[Step]) -> bool {
    let requester = steps.iter().find_map(|step| step.says.requester.as_ref());
    steps
        .iter()
        .filter_map(|step| step.says.rendered_by.as_deref())
        .any(|renderer| renderer.starts_with("agent") || requester.is_some_and(|requester| requester.id == renderer))
}

pub(super) fn separation(steps: &[Step]) -> &'static str {
    let requester = steps.iter().find_map(|step| step.says.requester.as_ref());
    let given = |step: &&Step| step.says.step != ApprovalStep::Ratified;
    let approver = steps.iter().rev().filter(given).find_map(|step| step.says.approver.as_ref());
    match (requester, approver) {
        (Some(requester), Some(approver)) if requester.id == approver.principal.id => "same",
        (Some(_), Some(_)) => "distinct",
        _ => "unknown",
    }
}
