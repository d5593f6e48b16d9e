//! Approvals: which of them speak about this call, and what they come to. A state is judged at the
//! instant of the act, from every step of the approval that is known.

mod judge;
mod unbound;

use super::route::{Routes, Silence};
use super::way::Act;
use super::{Start, Walk, call::tool_call};
use crate::answer::Approval;
use crate::graph;
use crate::question::{Seen, Stopped};
use crate::rule::{self, Chain, Rule};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;
use judge::{Case, Judged, judge};
use writ_model::fact::{ApprovalStep, Control, Detail, Fact, FactKind};
use writ_model::key::{ANY, Attestation, KeyKind, KeyName, KeyRole};
use writ_model::record::RecordId;
use writ_model::time::Time;

/// A step of an approval, with the record it stands in.
#[derive(Clone)]
pub(super) struct Step {
    pub(super) record: Rc<Seen>,
    pub(super) says: writ_model::fact::Approval,
    /// How the service knows it: its own word, or an agent's.
    pub(super) class: Attestation,
}

/// Steps of one approval, and whether there are more than were looked at.
#[derive(Default)]
struct Steps {
    steps: Vec<Step>,
    more: bool,
}

/// Approvals by the service that wrote them and their id, and the rule that found them.
type FoundApprovals = BTreeMap<(String, KeyName), (Steps, &'static Rule)>;

/// The same, before their steps are known.
type Rules = BTreeMap<(String, KeyName), &'static Rule>;

/// How old a rule is when it is called old, in milliseconds: thirty days, after which access reviews ask
/// anew.
const OLD_MS: i64 = 30 * 24 * 3600 * 1000;

impl Walk<'_> {
    /// Every approval that speaks about the call, or what its absence comes to.
    pub(super) fn approvals_of(&mut self, start: &Start) -> Result<(), Stopped> {
        let judged_at = self.judged(start);
        let routes = self.routes(&judged_at, Control::Approval)?;
        self.approvals_flooded |= routes.flooded;
        let declared = routes.agreed().and_then(|(by, _)| by);
        let found = self.approvals_found(&judged_at, declared.as_deref())?;
        let hop = self.graph.command_number(0);
        let mut heard = false;
        let mut approvals: Vec<(bool, Approval)> = Vec::new();
        for (Steps { steps, more }, rule) in found.into_values() {
            let mut case = self.case(&judged_at, &steps, declared.as_deref());
            case.flooded |= more;
            case.by_request = rule.id == rule::APPROVAL_OF_REQUEST.id;
            case.by_id = self.names_call(&steps, &case, rule);
            let judged = judge(&steps, &case);
            self.approval_findings(start, &steps, &judged, &case);
            heard |= !case.not_on_route;
            // Whoever the route does not name is a witness: what he let through stands behind its own service.
            let beside = case.not_on_route && steps.iter().any(|step| gives(step.says.step));
            approvals.push((beside, self.approval_entry(&steps, judged, hop)));
        }
        if !heard {
            let unbound = match &declared {
                Some(by) => self.unbound_approvals(&judged_at, by, hop)?,
                None => Vec::new(),
            };
            let is_none = unbound.is_empty();
            approvals.extend(unbound.into_iter().map(|approval| (false, approval)));
            if is_none {
                approvals.push((false, self.no_approval(start, &judged_at, &routes, hop)?));
            }
        }
        approvals.sort_by_key(|(beside, approval)| (*beside, rank(approval.state), approval.records.clone()));
        self.approvals = approvals.into_iter().map(|(_, approval)| approval).collect();
        Ok(())
    }

    /// The act an approval is judged at: the call that set a service off, else the event.
    pub(super) fn judged(&self, start: &Start) -> Act {
        self.behind.act.clone().unwrap_or_else(|| Act { records: start.records.clone(), fact: start.fact.clone() })
    }

    /// Approvals by the service that wrote them and their id, with the rule that found each.
    fn approvals_found(&mut self, act: &Act, declared: Option<&str>) -> Result<FoundApprovals, Stopped> {
        let mut found = Rules::new();
        let call = self.behind.call.clone();
        let acts: Vec<Act> = call.iter().cloned().chain([act.clone()]).collect();
        for act in &acts {
            for (name, _) in act.keys(KeyKind::ToolCall, KeyRole::Carries) {
                self.approvals_flooded |= self.collect(&name, KeyRole::Names, &rule::APPROVAL_OF_CALL, &mut found)?;
            }
            for (name, _) in act.keys(KeyKind::Approval, KeyRole::Names) {
                self.collect_named(&name, declared, &mut found)?;
            }
            for (name, _) in act.keys(KeyKind::Request, KeyRole::Carries) {
                self.approvals_flooded |=
                    self.collect(&name, KeyRole::Names, &rule::APPROVAL_OF_REQUEST, &mut found)?;
            }
        }
        for name in self.credential_approvals.clone() {
            self.collect_named(&name, declared, &mut found)?;
        }
        if found.is_empty()
            && let Some(digest) = call.as_ref().and_then(|call| tool_call(&call.fact)?.arguments.digest.clone())
            && let Some(name) = KeyName::new(KeyKind::Arguments, "digest", &digest)
        {
            self.approvals_flooded |= self.collect(&name, KeyRole::Names, &rule::APPROVAL_OF_ARGUMENTS, &mut found)?;
        }
        let mut whole = BTreeMap::new();
        for ((recorder, approval), rule) in found {
            let mut known = self.steps_of(&recorder, &approval, act)?;
            let made = self.rule_made(&known.steps)?;
            known.steps.splice(0..0, made);
            // Of approvals for equal arguments only those that are for no other call are looked at.
            let of_another =
                rule.id == rule::APPROVAL_OF_ARGUMENTS.id && known.steps.iter().any(|step| step.says.call.is_some());
            if known.steps.is_empty() {
                self.approvals_flooded |= known.more;
            } else if !of_another {
                whole.insert((recorder, approval), (known, rule));
            }
        }
        Ok(whole)
    }

    /// Every step of an approval that a service wrote up to the act, and some of those after it. They are
    /// looked for under the service's own name first, since others may use the same id; what ended it is
    /// looked for by itself, so that no number of uses pushes it out.
    fn steps_of(&mut self, service: &str, approval: &KeyName, act: &Act) -> Result<Steps, Stopped> {
        let until = self.stretch(act).1.plus_millis(self.widest_skew());
        let own = KeyName { namespace: service.to_string().into(), ..approval.clone() };
        let mut records: BTreeMap<RecordId, Rc<Seen>> = BTreeMap::new();
        let mut more = false;
        for name in [&own, approval] {
            let found = self.all_keyed(name, KeyRole::Mints, (Time::MIN, until), Chain::Command)?;
            let ends = self.nearest(name, KeyRole::Revokes, until, Chain::Command)?;
            let later = self.nearest(name, KeyRole::Mints, Time::MAX, Chain::Command)?;
            let all = [found.records, ends.records, later.records].concat();
            records.extend(all.into_iter().filter(|record| record.identity.recorder == service).map(|r| (r.id, r)));
            more = found.more;
            if !records.is_empty() {
                break;
            }
        }
        let mut steps: Vec<Step> = records.values().flat_map(step).collect();
        steps.sort_by_key(|step| (step.record.event_time.map(|time| time.start), step.record.id));
        Ok(Steps { steps, more })
    }

    /// Approvals that the call, or its credential, names. Anybody may use the same id: where the service
    /// declared for the route has approvals of it, how many others have is no loss.
    fn collect_named(&mut self, name: &KeyName, declared: Option<&str>, found: &mut Rules) -> Result<(), Stopped> {
        let before = found.len();
        if let Some(by) = declared {
            let own = KeyName { namespace: by.to_string().into(), ..name.clone() };
            self.approvals_flooded |= self.collect(&own, KeyRole::Mints, &rule::APPROVAL_NAMED, found)?;
        }
        let is_known = found.len() > before;
        let more = self.collect(name, KeyRole::Mints, &rule::APPROVAL_NAMED, found)?;
        self.approvals_flooded |= more && !is_known;
        Ok(())
    }

    /// Approvals that a key leads to, and whether it leads to more than are looked at.
    fn collect(
        &mut self,
        name: &KeyName,
        role: KeyRole,
        rule: &'static Rule,
        found: &mut Rules,
    ) -> Result<bool, Stopped> {
        let looked = self.keyed(name, role, Time::MAX, Chain::Command)?;
        for record in looked.records {
            for step in step(&record).into_iter().filter(|step| self.may_tell(step)) {
                found.entry((record.identity.recorder.clone(), step.says.approval)).or_insert(rule);
            }
        }
        Ok(looked.more)
    }

    /// Whether a step counts: what telemetry says of an approval is the agent's own account, and only the
    /// recorder that made the call gives it. Anybody can log another's call id.
    fn may_tell(&self, step: &Step) -> bool {
        let made = self.behind.call.as_ref().and_then(|call| call.records.first());
        step.class != Attestation::SelfStated
            || made.is_some_and(|made| made.identity.recorder == step.record.identity.recorder)
    }

    fn case(&self, act: &Act, steps: &[Step], declared: Option<&str>) -> Case {
        let (from, to) = self.stretch(act);
        let call = self.behind.call.as_ref().and_then(|call| tool_call(&call.fact));
        let skew = steps.iter().map(|step| i64::from(self.skew(&step.record))).max().unwrap_or(0);
        Case {
            from,
            to,
            skew_ms: skew,
            calls: self
                .behind
                .call
                .iter()
                .flat_map(|call| call.keys(KeyKind::ToolCall, KeyRole::Carries))
                .map(|(name, _)| name)
                .collect(),
            digest: call.and_then(|call| call.arguments.digest.clone()),
            tool: call.map(|call| call.tool.clone()),
            action: act.fact.action.clone(),
            resources: act.fact.resources.iter().map(|resource| resource.id.clone()).collect(),
            by_id: false,
            by_request: false,
            of_agent: self.of_agent(steps),
            not_on_route: declared.is_some_and(|by| steps.iter().any(|step| step.record.identity.recorder != by)),
            flooded: self.approvals_flooded,
            quantities: act.fact.quantities.clone(),
        }
    }

    /// Whether an approval is known to be for this call: it names it; or it names none, and somebody who
    /// checked it says so. That the agent gives an approval's name to a call is the agent's word, until
    /// the approval was used at that moment for these arguments.
    fn names_call(&self, steps: &[Step], case: &Case, rule: &'static Rule) -> bool {
        // That it was used for a call does not say that it was given for it.
        let given = steps.iter().filter(|step| step.says.step != ApprovalStep::Redeemed);
        let mut named = given.filter_map(|step| step.says.call.as_ref()).peekable();
        if named.peek().is_some() {
            return named.any(|call| case.calls.contains(call));
        }
        let any = |step: &Step| KeyName::new(KeyKind::Approval, ANY, &step.says.approval.value);
        let issuer = steps.iter().any(|step| any(step).is_some_and(|name| self.credential_approvals.contains(&name)));
        let used = rule.id == rule::APPROVAL_NAMED.id && judge::redeemed(steps, case).is_some();
        issuer || used || rule.id == rule::APPROVAL_OF_REQUEST.id
    }

    /// Whether the service that wrote an approval is the agent that made the call, by its recorder or name.
    fn of_agent(&self, steps: &[Step]) -> bool {
        let agents = self.behind.call.iter().chain(&self.behind.turn).flat_map(|act| &act.records);
        let recorders: Vec<&str> = agents.map(|record| record.identity.recorder.as_str()).collect();
        steps.iter().any(|step| {
            let service = step.record.identity.recorder.as_str();
            let bare = |recorder: &str| recorder.split_once(':').map_or(recorder, |(_, rest)| rest).to_string();
            recorders.iter().any(|recorder| *recorder == service || bare(recorder) == bare(service))
        })
    }

    fn approval_entry(&mut self, steps: &[Step], judged: Judged, hop: Option<usize>) -> Approval {
        let records: Vec<Rc<Seen>> = steps.iter().map(|step| Rc::clone(&step.record)).collect();
        self.graph.cite(&records);
        let last = |take: fn(&writ_model::fact::Approval) -> Option<String>| {
            steps.iter().rev().find_map(|step| take(&step.says))
        };
        let approver = steps.iter().rev().find_map(|step| Some((step, step.says.approver.as_ref()?)));
        let approver_strength = approver.map(|(step, who)| {
            let class = if who.authenticated { step.class } else { Attestation::Claimed };
            self.stated(&rule::STATED, class, core::slice::from_ref(&step.record))
        });
        let granted = steps.iter().find(|step| gives(step.says.step));
        let time = |step: &Step| step.record.event_time.map(|time| time.start.to_string());
        let covers = steps.iter().rev().find_map(|step| covers_text(&step.says.covers));
        Approval {
            state: judged.state,
            reason: Some(judged.reason).filter(|reason| !reason.is_empty()),
            covers,
            uses: steps.iter().find_map(|step| step.says.uses),
            approver: approver.map(|(_, who)| who.principal.id.clone()),
            approver_strength,
            approver_entitled: approver.and_then(|(_, who)| who.entitled),
            separation: judged.separation,
            rendered_by: last(|says| says.rendered_by.clone()),
            shown_digest: last(|says| says.shown_digest.clone()),
            executed_digest: last(|says| says.executed_digest.clone())
                .or_else(|| tool_call(&self.behind.call.as_ref()?.fact)?.arguments.digest.clone()),
            granted_at: granted.and_then(time),
            expires_at: steps.iter().rev().find_map(|step| step.says.expires).map(|time| time.to_string()),
            ratified: judged.ratified,
            hop,
            coverage: Vec::new(),
            records: graph::references(&records),
        }
    }

    fn approval_findings(&mut self, start: &Start, steps: &[Step], judged: &Judged, case: &Case) {
        let records: Vec<Rc<Seen>> = steps.iter().map(|step| Rc::clone(&step.record)).collect();
        let done = start.fact.outcome != writ_model::fact::Outcome::Denied;
        let reason = judged.reason.clone();
        match judged.state {
            "mismatch" => {
                self.find("approval_mismatch", "high", format!("approved something else: {reason}"), &records);
            }
            "expired" => {
                self.find("approval_expired", "high", format!("done after the approval ended: {reason}"), &records);
            }
            "exhausted" => {
                self.find("approval_exhausted", "high", reason, &records);
            }
            "denied" | "withdrawn" if done => {
                self.find(
                    "approval_denied_but_done",
                    "high",
                    format!("done although the approval was {}", judged.state),
                    &records,
                );
            }
            "standing" => self.standing(steps, case, &records),
            "override" if judged.ratified != Some(true) => {
                let text = "the control was passed over, and nobody is known to have confirmed it afterwards";
                self.find_absence("override_not_ratified", text.to_string(), &records);
            }
            _ => {}
        }
        if steps.iter().any(|step| step.says.approver.as_ref().is_some_and(|who| who.entitled == Some(false))) {
            let text = "the service says that no rule entitles whoever decided about this approval";
            self.find("approver_not_entitled", "high", text.to_string(), &records);
        }
        if judged.by_agent {
            let text = "the agent itself put the approval before the person, so what was shown is its own account";
            self.find("self_approval", "medium", text.to_string(), &records);
        }
    }

    /// A standing approval whose rule is old, or nobody is known to have made.
    fn standing(&mut self, steps: &[Step], case: &Case, records: &[Rc<Seen>]) {
        let made = steps.iter().find(|step| step.says.step == ApprovalStep::RuleMade);
        let rule =
            steps.iter().rev().find_map(|step| step.says.rule.clone()).unwrap_or_else(|| "a setting".to_string());
        let at = made.and_then(|step| step.record.event_time).map(|time| time.start);
        if let Some(at) = at.filter(|at| case.from.millis_since(*at) > OLD_MS) {
            let text = format!(
                "{rule}, made at {at}, more than thirty days before, let the call through; nobody was asked about it"
            );
            self.find("standing_approval", "medium", text, records);
        }
    }

    /// The step in which the rule that gave an approval was made.
    fn rule_made(&mut self, steps: &[Step]) -> Result<Vec<Step>, Stopped> {
        let Some(rule) = steps.iter().rev().find_map(|step| step.says.rule.clone()) else { return Ok(Vec::new()) };
        let Some(name) = KeyName::new(KeyKind::Approval, ANY, &format!("rule:{rule}")) else { return Ok(Vec::new()) };
        let own = steps.first().map(|step| step.record.identity.recorder.clone());
        let mut made = Vec::new();
        for record in self.all_keyed(&name, KeyRole::Mints, (Time::MIN, Time::MAX), Chain::Command)?.records {
            let found = step(&record).into_iter().filter(|step| step.says.step == ApprovalStep::RuleMade);
            made.extend(found.filter(|step| Some(&step.record.identity.recorder) == own.as_ref()));
        }
        Ok(made)
    }

    /// No record of an approval: absent where a declared route and coverage say so, else unknown.
    fn no_approval(
        &mut self,
        start: &Start,
        act: &Act,
        routes: &Routes,
        hop: Option<usize>,
    ) -> Result<Approval, Stopped> {
        let said = |state, reason: String, routes: &[Rc<Seen>]| Approval {
            reason: Some(reason),
            records: graph::references(routes),
            ..blank(state, hop)
        };
        Ok(match self.silence(act, routes, FactKind::Approval)? {
            Silence::Undeclared => {
                let reason = "no source of approvals is here for this route, so there may or may not have been one";
                said("unknown", reason.to_string(), &[])
            }
            Silence::Uncontrolled { policy, routes } => {
                let reason =
                    policy.unwrap_or_else(|| "the inventory says that no approval stands on this route".to_string());
                said("not_required", reason, &routes)
            }
            Silence::Of { by, coverage, routes } if coverage.is_empty() => {
                let reason = format!(
                    "{by} is the only approval service on this route, and nothing says that its records are complete"
                );
                said("unknown", reason, &routes)
            }
            Silence::Of { by, routes, .. } if self.approvals_flooded => {
                let reason = format!(
                    "{by} is the only approval service on this route, and more approvals may be for this call than are looked at"
                );
                said("unknown", reason, &routes)
            }
            Silence::Of { by, coverage, routes } => {
                let text = format!(
                    "{by} is the only approval service on this route; its records are complete and hold none for this call"
                );
                let records = [start.records.clone(), routes.clone()].concat();
                self.find_absence_of("approval_absent", severity(start), text.clone(), &records);
                Approval { coverage, ..said("absent", text, &routes) }
            }
        })
    }
}

/// How much weaker than a permit an absence is taken by what it is about.
fn severity(start: &Start) -> &'static str {
    if matches!(start.fact.risk, writ_model::fact::Risk::High(_)) { "high" } else { "medium" }
}

/// Steps of approvals in a record.
pub(super) fn step(record: &Rc<Seen>) -> Vec<Step> {
    let steps = record.facts.iter().filter_map(|fact: &Fact| match &fact.detail {
        Detail::Approval(says) => {
            let key = fact.keys.iter().find(|key| key.name == says.approval);
            let class = key.map_or(Attestation::SelfStated, |key| key.class);
            Some(Step { record: Rc::clone(record), says: says.clone(), class })
        }
        _ => None,
    });
    steps.collect()
}

fn gives(step: ApprovalStep) -> bool {
    matches!(step, ApprovalStep::Granted | ApprovalStep::RuleUsed | ApprovalStep::Automatic | ApprovalStep::Overridden)
}

fn covers_text(covers: &writ_model::fact::Covers) -> Option<String> {
    let mut parts: Vec<String> = vec![];
    let named =
        [("", &covers.action), ("on ", &covers.resource), ("for ", &covers.purpose), ("arguments ", &covers.arguments)];
    parts.extend(named.into_iter().filter_map(|(lead, part)| Some(format!("{lead}{}", part.as_ref()?))));
    parts.extend(covers.limits.iter().map(writ_model::scope::Limit::text));
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The order in which states count where several approvals speak (model, section 5).
fn rank(state: &str) -> usize {
    const ORDER: [&str; 12] = [
        "denied",
        "withdrawn",
        "mismatch",
        "expired",
        "exhausted",
        "bound",
        "bound_weak",
        "standing",
        "automatic",
        "override",
        "not_required",
        "absent",
    ];
    ORDER.iter().position(|known| *known == state).unwrap_or(ORDER.len())
}

fn blank(state: &'static str, hop: Option<usize>) -> Approval {
    Approval {
        state,
        reason: None,
        covers: None,
        uses: None,
        approver: None,
        approver_strength: None,
        approver_entitled: None,
        separation: "unknown",
        rendered_by: None,
        shown_digest: None,
        executed_digest: None,
        granted_at: None,
        expires_at: None,
        ratified: None,
        hop,
        coverage: Vec::new(),
        records: Vec::new(),
    }
}
