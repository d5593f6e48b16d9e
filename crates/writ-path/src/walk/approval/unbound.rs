//! Approvals that name no call and fit this one by what they cover. Whether one was for this call is not
//! known; while it stands nobody may say that none was given.

use super::judge::{Case, Judged, REDEEMED_BEFORE_MS, before, ended, exceeded, separation, shown_by_agent};
use super::{Step, Walk, gives, step};
use crate::answer::Approval;
use crate::question::Stopped;
use crate::rule::{self, Chain};
use crate::walk::way::Act;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use writ_model::fact::{ApprovalStep, Covers};
use writ_model::key::{KeyKind, KeyName, KeyRole};
use writ_model::time::Time;

/// Things an act was done to whose approvals are looked for; acts on more name them in batches.
const THINGS_MAX: usize = 16;

/// Such approvals shown: any one of them forbids the claim, and more add nothing.
const SHOWN_MAX: usize = 8;

impl Walk<'_> {
    /// Approvals by the service declared for the route which may have been for this act.
    pub(super) fn unbound_approvals(
        &mut self,
        act: &Act,
        by: &str,
        hop: Option<usize>,
    ) -> Result<Vec<Approval>, Stopped> {
        let (from, to) = self.stretch(act);
        if from == Time::MIN {
            return Ok(Vec::new());
        }
        let window = (from.plus_millis(-stands_ms() - self.widest_skew()), to.plus_millis(self.widest_skew()));
        self.approvals_flooded |= act.fact.resources.len() > THINGS_MAX;
        let things = act.fact.resources.iter().take(THINGS_MAX).map(|resource| Some(resource.id.as_str()));
        let mut approvals: BTreeSet<KeyName> = BTreeSet::new();
        for name in things.chain([None]).filter_map(|thing| KeyName::of_unbound(by, thing)) {
            let found = self.all_keyed(&name, KeyRole::Names, window, Chain::Command)?;
            self.approvals_flooded |= found.more;
            approvals.extend(found.records.iter().flat_map(step).map(|step| step.says.approval));
        }
        let requests: Vec<String> =
            act.keys(KeyKind::Request, KeyRole::Carries).into_iter().map(|(name, _)| name.value).collect();
        let mut fitting: Vec<(Vec<Step>, Judged)> = Vec::new();
        for approval in approvals {
            let steps = self.steps_of(by, &approval, act)?.steps;
            let case = self.case(act, &steps, Some(by));
            fitting.extend(judge_unbound(&steps, &case, &requests).map(|judged| (steps, judged)));
        }
        // What somebody accepted for this very thing says more than what names nothing.
        if fitting.iter().any(|(_, judged)| judged.state == "bound_weak") {
            fitting.retain(|(_, judged)| judged.state == "bound_weak");
        }
        if fitting.len() > SHOWN_MAX {
            let n = fitting.len();
            self.limit(format!(
                "{n} approvals of {by} name no call and may have been for this one; the {SHOWN_MAX} last given are shown."
            ));
            fitting.sort_by_key(|(steps, _)| {
                core::cmp::Reverse(given(steps).and_then(|step| step.record.event_time).map(|time| time.start))
            });
            fitting.truncate(SHOWN_MAX);
        }
        Ok(fitting.into_iter().map(|(steps, judged)| self.approval_entry(&steps, judged, hop)).collect())
    }
}

/// The last step that gives.
fn given(steps: &[Step]) -> Option<&Step> {
    steps.iter().rev().find(|step| gives(step.says.step))
}

/// What an approval comes to that names no call; `None` where it was for something else, or over.
fn judge_unbound(all: &[Step], case: &Case, requests: &[String]) -> Option<Judged> {
    let steps: Vec<Step> = all.iter().filter(|step| before(step, case)).cloned().collect();
    let given = given(&steps)?;
    if for_another(all, case, requests) || !stands(&steps, given, case) {
        return None;
    }
    let named = steps.iter().any(|step| step.says.covers.action.is_some() || step.says.covers.resource.is_some());
    let (state, reason) = if given.says.step != ApprovalStep::Granted {
        ("unknown", "it names no call: whether it let this one through is not known")
    } else if named {
        (
            "bound_weak",
            "a person accepted it; not known: whether it was for this call, since it names none and only what it covers agrees",
        )
    } else {
        (
            "unknown",
            "a person accepted it; it names neither a call nor what it is for, so that it may have been for this",
        )
    };
    Some(Judged {
        state,
        reason: reason.to_string(),
        separation: separation(&steps),
        ratified: None,
        by_agent: shown_by_agent(&steps),
    })
}

/// Whether it was for another call, request, thing, action, arguments or amount.
fn for_another(steps: &[Step], case: &Case, requests: &[String]) -> bool {
    // That it was used for a call does not say that it was given for it.
    let given = || steps.iter().filter(|step| step.says.step != ApprovalStep::Redeemed);
    let keys = given().flat_map(|step| &step.record.facts).flat_map(|fact| &fact.keys);
    let mut named = keys.filter(|key| key.name.kind == KeyKind::Request && key.role == KeyRole::Names).peekable();
    // A person who copies an id may change its case.
    let is_own = |value: &str| requests.iter().any(|own| own.eq_ignore_ascii_case(value));
    let other_request = named.peek().is_some() && !named.any(|key| is_own(&key.name.value));
    let shown = given().flat_map(|step| step.says.covers.arguments.iter().chain(&step.says.shown_digest));
    let other_arguments = case.digest.as_ref().is_some_and(|own| shown.into_iter().any(|digest| digest != own));
    other_request || other_arguments || given().any(|step| step.says.call.is_some() || !fits(&step.says.covers, case))
}

/// Whether what is covered may be this act. Services name actions in words of their own: two names
/// differ where both are of one form (`ec2:DeleteVolume`), or where nothing else says what it is for.
fn fits(covers: &Covers, case: &Case) -> bool {
    let is_action = |action: &String| {
        action.eq_ignore_ascii_case(&case.action)
            || case.tool.as_ref().is_some_and(|tool| action.eq_ignore_ascii_case(tool))
    };
    let alike = |action: &String| is_action(action) || !(action.contains(':') && case.action.contains(':'));
    let fits = match (&covers.resource, &covers.action) {
        (Some(resource), action) => {
            case.resources.iter().any(|own| is_same(own, resource)) && action.as_ref().is_none_or(alike)
        }
        (None, Some(action)) => is_action(action),
        (None, None) => true,
    };
    fits && exceeded(covers, case).is_none()
}

/// Whether two names may be of one thing: the one may be the last part of the other (an id of its ARN).
fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    let ends = |whole: &str, part: &str| whole.strip_suffix(part).is_some_and(|lead| lead.ends_with(['/', ':']));
    one == other || ends(&one, &other) || ends(&other, &one)
}

/// Whether it had not ended, was not taken back and was not used up when the call was made.
fn stands(steps: &[Step], given: &Step, case: &Case) -> bool {
    let from = case.from.plus_millis(-case.skew_ms);
    let at = given.record.event_time.map(|time| time.start);
    let tells_end = steps.iter().any(|step| step.says.expires.is_some());
    let recent = at.is_none_or(|at| from.plus_millis(-stands_ms()) <= at);
    let used = steps.iter().filter(|step| {
        let at = step.record.event_time.map(|time| time.start);
        step.says.step == ApprovalStep::Redeemed && at.is_some_and(|at| at < from.plus_millis(-REDEEMED_BEFORE_MS))
    });
    let uses = steps.iter().find_map(|step| step.says.uses);
    let left = uses.is_none_or(|uses| (used.count() as u64) < uses);
    // What was refused at first may have been given afterwards.
    let taken_back = steps.iter().any(|step| {
        let ends = matches!(step.says.step, ApprovalStep::Denied | ApprovalStep::Withdrawn);
        ends && step.record.event_time.map(|time| time.start) >= at
    });
    ended(steps, case).is_none() && (tells_end || recent) && left && !taken_back
}

/// How long an approval stands that tells no end.
fn stands_ms() -> i64 {
    i64::try_from(rule::APPROVAL_OF_COVERS.within_ms.unwrap_or(0)).unwrap_or(0)
}
