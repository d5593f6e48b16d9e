//! Decisions: what policies said about this request. The resource's own word comes first; beside it one
//! entry for every decision point that is known to have spoken, or an entry that says what its silence
//! comes to.

use super::call::tool_call;
use super::route::Silence;
use super::way::Act;
use super::{Start, Walk, effect_of};
use crate::answer::Decision;
use crate::graph;
use crate::question::{Seen, Stopped};
use crate::rule::{self, Chain, Proof, Rule};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;
use writ_model::fact::{Control, Decision as Said, DecisionEffect, Detail, Fact, FactKind, Outcome};
use writ_model::key::{ANY, Attestation, KeyKind, KeyName, KeyRole};
use writ_model::record::RecordId;
use writ_model::time::Time;

/// A decision that was found, and how.
struct Found {
    record: Rc<Seen>,
    fact: Fact,
    said: Said,
    rule: &'static Rule,
    /// Whether the party that acted on it says so itself, having checked it.
    echoed: bool,
}

impl Walk<'_> {
    pub(super) fn decisions_of(&mut self, start: &Start) -> Result<(), Stopped> {
        self.own_decision(start);
        let act = self.judged(start);
        let (mut found, flooded) = self.decisions_found(start, &act)?;
        found.sort_by_key(|found| (found.record.event_time.map(|time| time.start), found.record.id));
        let none = found.is_empty();
        for one in found {
            let entry = self.decision_entry(start, &act, &one);
            self.decisions.push(entry);
        }
        if flooded {
            // What was not looked at may be a refusal.
            self.decisions.push(Decision::new("unknown", "unbound", "unknown"));
        } else if none {
            let entry = self.no_decision(&act)?;
            self.decisions.push(entry);
        }
        Ok(())
    }

    /// Every decision that a key ties to the act, and whether more are tied to it than were looked at.
    fn decisions_found(&mut self, start: &Start, act: &Act) -> Result<(Vec<Found>, bool), Stopped> {
        let mut found: BTreeMap<RecordId, Found> = BTreeMap::new();
        let mut flooded = false;
        let acts: Vec<Act> = self.behind.call.iter().cloned().chain([act.clone()]).collect();
        for act in &acts {
            // A decision that is named is bound, however else it is found, so names come first.
            // That it acted on a decision is for its own recorder to say, not for whoever says it served it.
            let own = act.of_its_recorder();
            for (name, class) in own.keys(KeyKind::Decision, KeyRole::Names) {
                flooded |= self.gather(start, &name, KeyRole::Mints, &rule::DECISION_NAMED, class, &mut found)?;
            }
        }
        for (name, class) in self.credential_decisions.clone() {
            flooded |= self.gather(start, &name, KeyRole::Mints, &rule::DECISION_NAMED, class, &mut found)?;
        }
        for act in &acts {
            for (name, _) in act.keys(KeyKind::ToolCall, KeyRole::Carries) {
                let rule = &rule::DECISION_OF_CALL;
                flooded |= self.gather(start, &name, KeyRole::Names, rule, Attestation::Claimed, &mut found)?;
            }
            for (name, _) in act.keys(KeyKind::Request, KeyRole::Carries) {
                let names = [Some(name.clone()), KeyName::new(KeyKind::Request, ANY, &name.value)];
                for name in names.into_iter().flatten() {
                    let rule = &rule::DECISION_OF_REQUEST;
                    flooded |= self.gather(start, &name, KeyRole::Names, rule, Attestation::Claimed, &mut found)?;
                }
            }
            for (name, _) in act.keys(KeyKind::Span, KeyRole::Mints) {
                let rule = &rule::DECISION_IN_SPAN;
                flooded |= self.gather(start, &name, KeyRole::Names, rule, Attestation::Claimed, &mut found)?;
            }
        }
        Ok((found.into_values().collect(), flooded))
    }

    /// Decisions that show a key, and whether some may not have been looked at. Whoever may ask a decision
    /// point can ask it often, so it is gone back further than the nearest: of what lies there refusals are
    /// kept, which must not be pushed out.
    fn gather(
        &mut self,
        start: &Start,
        name: &KeyName,
        role: KeyRole,
        rule: &'static Rule,
        class: Attestation,
        found: &mut BTreeMap<RecordId, Found>,
    ) -> Result<bool, Stopped> {
        let mut until = Time::MAX;
        loop {
            let page = self.nearest(name, role, until, Chain::Command)?;
            let whole = !self.cut(&page);
            // All of any class that are nearer than this have been shown.
            let reached = page.records.iter().rev().nth(self.question.budget.per_key - 1);
            let reached = reached.and_then(|record| record.event_time).map(|time| time.start);
            let kept = |said: &Said| until == Time::MAX || said.effect != DecisionEffect::Permit;
            Self::keep_decisions(start, &page.records, (rule, role, class), kept, found);
            match reached.filter(|reached| *reached < until) {
                _ if whole => return Ok(false),
                Some(reached) => until = reached,
                None => {
                    self.budget_gap(Chain::Command, name);
                    return Ok(true);
                }
            }
        }
    }

    fn keep_decisions(
        start: &Start,
        records: &[Rc<Seen>],
        (rule, role, class): (&'static Rule, KeyRole, Attestation),
        kept: impl Fn(&Said) -> bool,
        found: &mut BTreeMap<RecordId, Found>,
    ) {
        for record in records {
            let own = start.records.iter().any(|known| known.id == record.id);
            let said = record.facts.iter().find_map(|fact| match &fact.detail {
                Detail::Decision(said) if fact.kind == FactKind::Decision && !own => Some((fact.clone(), said.clone())),
                _ => None,
            });
            if let Some((fact, said)) = said.filter(|(_, said)| kept(said)) {
                let echoed = role == KeyRole::Mints && class == Attestation::Verified;
                let record = Rc::clone(record);
                found.entry(record.id).or_insert(Found { record, fact, said, rule, echoed });
            }
        }
    }

    fn decision_entry(&mut self, start: &Start, act: &Act, found: &Found) -> Decision {
        let records = [Rc::clone(&found.record)];
        self.graph.cite(&records);
        let binding = self.binding(act, found);
        // Who acted on it after checking it let it count.
        let obeyed = found.echoed && found.said.enforced.is_none();
        let enforcement = if obeyed { "enforced" } else { enforcement(&found.said) };
        self.decision_findings(start, act, found, (binding, enforcement));
        let hop = self.credential_hop_of(&found.said).or_else(|| self.graph.command_number(0));
        Decision {
            hop: hop.or_else(|| self.graph.credential_number(0)),
            records: graph::references(&records),
            ..told(&found.said, &found.record, binding, enforcement)
        }
    }

    /// Whether a decision was about this request: where whoever acted on it names it, unless what it was
    /// asked about differs. That a question names this request is the word of whoever asked, and binds
    /// nothing: any client of a decision point may write any id.
    fn binding(&self, act: &Act, found: &Found) -> &'static str {
        let call = self.behind.call.as_ref().and_then(|call| tool_call(&call.fact));
        let digest = call.and_then(|call| call.arguments.digest.as_ref());
        let other_arguments = found.said.arguments.as_ref().zip(digest).is_some_and(|(asked, done)| asked != done);
        let other_tool =
            found.said.tool.as_deref().zip(call).is_some_and(|(asked, done)| !same_tool(asked, &done.tool));
        let about: Vec<&String> = found.fact.resources.iter().map(|resource| &resource.id).collect();
        let done: Vec<&String> = act.fact.resources.iter().map(|resource| &resource.id).collect();
        let other_resource =
            !about.is_empty() && !done.is_empty() && !about.iter().any(|id| done.contains(id)) && !found.echoed;
        if !self.in_time(act, found) {
            return "unbound";
        }
        if other_arguments || ((other_tool || other_resource) && found.rule.proof == Proof::OneToOne) {
            "mismatch"
        } else if found.rule.id == rule::DECISION_NAMED.id {
            "bound"
        } else {
            "unbound"
        }
    }

    /// What was decided after the act did not let it in, and a record in conflict says nothing.
    fn in_time(&self, act: &Act, found: &Found) -> bool {
        let slack = i64::from(self.skew(&found.record)) + self.widest_skew();
        let late = found.record.event_time.is_some_and(|time| time.start > self.stretch(act).1.plus_millis(slack));
        !late && !found.record.in_conflict
    }

    fn decision_findings(&mut self, start: &Start, act: &Act, found: &Found, (binding, enforcement): (&str, &str)) {
        let mut records = vec![Rc::clone(&found.record)];
        records.extend(start.records.iter().cloned());
        let engine = &found.record.identity.recorder;
        // A refusal is heard by the asker's word alone: a permit needs more.
        let about = binding != "mismatch" && found.rule.proof == Proof::OneToOne && self.in_time(act, found);
        match found.said.effect {
            DecisionEffect::Deny if about && start.fact.outcome == Outcome::Success => {
                let which = if binding == "bound" { "this request" } else { "a request that is said to be this one" };
                let text = format!("{engine} denied {which}, and it was done ({enforcement})");
                self.find("decision_denied_but_done", "high", text, &records);
            }
            DecisionEffect::Indeterminate => {
                let text = format!("{engine} could not evaluate this request, and that is not a permit");
                self.find("decision_indeterminate", "medium", text, &records);
            }
            _ => {}
        }
        if binding == "mismatch" {
            let text = format!("what {engine} was asked about is not what was done");
            self.find("decision_mismatch", "high", text, &records);
        }
    }

    /// No decision is recorded: `none_recorded` under coverage of the only decision point, `no_control`
    /// where the inventory says that there is none, else unknown.
    fn no_decision(&mut self, act: &Act) -> Result<Decision, Stopped> {
        let routes = self.routes(act, Control::Decision)?;
        Ok(match self.silence(act, &routes, FactKind::Decision)? {
            Silence::Undeclared => Decision::new("unknown", "unbound", "unknown"),
            Silence::Uncontrolled { policy, routes } => Decision {
                policies: policy.into_iter().collect(),
                records: graph::references(&routes),
                ..Decision::new("no_control", "unbound", "unknown")
            },
            Silence::Of { by, coverage, routes } => {
                let state = if coverage.is_empty() { "unknown" } else { "none_recorded" };
                let records = graph::references(&routes);
                Decision { engine: Some(by), coverage, records, ..Decision::new(state, "unbound", "unknown") }
            }
        })
    }

    /// What the system that did it decided itself: it refused, or, having done it, permitted it.
    fn own_decision(&mut self, start: &Start) {
        let Some(first) = start.records.first() else { return };
        let records = graph::references(&start.records);
        let hop = self.graph.credential_number(0);
        let recorded = start.records.iter().flat_map(|record| &record.facts).find_map(|fact| match &fact.detail {
            Detail::Decision(said) if fact.kind == FactKind::Decision => Some(said),
            _ => None,
        });
        if let Some(said) = recorded {
            self.decisions.push(Decision { hop, records, ..told(said, first, "bound", enforcement(said)) });
            return;
        }
        let authenticated = start.fact.actor.as_ref().is_some_and(|actor| actor.class == Attestation::Verified);
        let engine = effect_of(&start.fact).and_then(|effect| effect.enforced_by);
        if let Some(engine) = engine.filter(|_| authenticated && start.fact.outcome == Outcome::Success) {
            self.decisions.push(Decision {
                engine: Some(engine.to_string()),
                time: first.event_time.map(|time| time.start.to_string()),
                hop,
                records,
                ..Decision::new("implied", "bound", "enforced")
            });
            self.limit("That the call was allowed is implied by its having been done; which policy allowed it is not recorded.".to_string());
        }
    }

    /// The hop of the credential chain that was made under a decision.
    fn credential_hop_of(&self, said: &Said) -> Option<usize> {
        let id = said.id.as_ref()?;
        let at = self.decided_hops.iter().find(|(name, _)| name.value == *id).map(|(_, at)| *at)?;
        self.graph.credential_number(at)
    }
}

/// Whether two names may be of one tool: a host may put the server's name before the tool's own
/// (`mcp__github__create_issue`).
fn same_tool(one: &str, other: &str) -> bool {
    one.ends_with(other) || other.ends_with(one)
}

/// A decision as its own record tells it.
fn told(said: &Said, record: &Seen, binding: &'static str, enforcement: &'static str) -> Decision {
    Decision {
        engine: Some(said.engine.to_string()),
        id: said.id.clone(),
        policies: said.policies.clone(),
        revision: (!said.revisions.is_empty()).then(|| said.revisions.join(", ")),
        reused_from: said.reused_from.clone(),
        time: record.event_time.map(|time| time.start.to_string()),
        ..Decision::new(said.effect.word(), binding, enforcement)
    }
}

fn enforcement(said: &Said) -> &'static str {
    match said.enforced {
        Some(true) => "enforced",
        Some(false) => "advisory",
        None => "unknown",
    }
}
