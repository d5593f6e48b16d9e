//! What a service did by itself: the call that set it off, by the id of a standing order or by the role
//! it was handed.

use super::{Start, Walk, effect_of, principal_fact};
use crate::answer::Alternative;
use crate::graph::DraftHop;
use crate::question::{Seen, Stopped};
use crate::rule::{self, Chain, Edge, Rule};
use crate::strength::Strength;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;
use writ_model::fact::{Detail, GrantKind, Outcome};
use writ_model::key::{Attestation, KeyKind, KeyName, KeyRole};
use writ_model::time::EventTime;

/// A call that may have set a service off, and what both records show.
struct Trigger {
    record: Rc<Seen>,
    name: KeyName,
}

impl Walk<'_> {
    /// The call that set a service off, with the hop to it; `None` where the effect has a caller of its
    /// own, or nothing here shows what set it off.
    pub(super) fn set_off_by(&mut self, start: &Start) -> Result<Option<(Rc<Seen>, String)>, Stopped> {
        let Some(time) = start.records.first().and_then(|record| record.event_time) else { return Ok(None) };
        let by_order = self.orders(start, &time)?;
        let by_role = if by_order.is_empty() { self.roles(start, &time)? } else { Vec::new() };
        if let Some((first, rivals)) = by_order.split_first() {
            let known = self.name_strength(&rule::TRIGGERED_BY_ORDER, Attestation::Verified, &ends(start, first));
            let node = self.triggered(start, first, rivals, &rule::TRIGGERED_BY_ORDER, known);
            return Ok(Some((Rc::clone(&first.record), node)));
        }
        if let Some((first, rivals)) = by_role.split_first() {
            let known = self.likeness(&rule::TRIGGERED_BY_ROLE, &ends(start, first));
            let node = self.triggered(start, first, rivals, &rule::TRIGGERED_BY_ROLE, known);
            self.order_gap(&start.node);
            return Ok(Some((Rc::clone(&first.record), node)));
        }
        Ok(None)
    }

    /// Calls that gave or changed the standing order this effect says it is part of.
    fn orders(&mut self, start: &Start, time: &EventTime) -> Result<Vec<Trigger>, Stopped> {
        let Some(effect) = effect_of(&start.fact).filter(|effect| effect.via_service.is_some()) else {
            return Ok(Vec::new());
        };
        let mut found: Vec<Trigger> = Vec::new();
        for order in effect.orders.clone() {
            for role in [KeyRole::Mints, KeyRole::Names] {
                found.extend(self.triggers(start, time, &order, role, None, |record| sets_off(record, &order))?);
            }
        }
        nearest_first(&mut found, time);
        Ok(found)
    }

    /// Calls that handed the service the role it acts under.
    fn roles(&mut self, start: &Start, time: &EventTime) -> Result<Vec<Trigger>, Stopped> {
        let via_service = effect_of(&start.fact).is_some_and(|effect| effect.via_service.is_some());
        let Some(presented) = start.fact.presented.as_ref().filter(|_| via_service) else { return Ok(Vec::new()) };
        let mut found: Vec<Trigger> = Vec::new();
        for trace in presented.traces.clone() {
            let within = rule::TRIGGERED_BY_ROLE.within_ms;
            found.extend(self.triggers(start, time, &trace.name, KeyRole::Names, within, |record| {
                record.facts.iter().any(|fact| {
                    matches!(&fact.detail, Detail::Grant(grant)
                        if grant.kind == GrantKind::Passed && grant.traces.contains(&trace.name))
                        && fact.outcome == Outcome::Success
                })
            })?);
        }
        nearest_first(&mut found, time);
        Ok(found)
    }

    fn triggers(
        &mut self,
        start: &Start,
        time: &EventTime,
        name: &KeyName,
        role: KeyRole,
        within_ms: Option<u64>,
        fits: impl Fn(&Seen) -> bool,
    ) -> Result<Vec<Trigger>, Stopped> {
        let Some(first) = start.records.first() else { return Ok(Vec::new()) };
        let until = self.until(first, time);
        let own = |record: &Rc<Seen>| start.records.iter().any(|known| known.id == record.id);
        let near = |record: &Rc<Seen>| {
            let Some(at) = record.event_time else { return false };
            within_ms.is_none_or(|within| time.start.millis_since(at.start).unsigned_abs() <= within)
        };
        let mut found = self.keyed(name, role, until, Chain::Command)?.records;
        found.retain(|record| !own(record) && near(record) && fits(record));
        Ok(found.into_iter().map(|record| Trigger { record, name: name.clone() }).collect())
    }

    /// The hop from the call to what it set off; the call's node.
    fn triggered(
        &mut self,
        start: &Start,
        first: &Trigger,
        rivals: &[Trigger],
        rule: &'static Rule,
        known: Strength,
    ) -> String {
        let records = vec![Rc::clone(&first.record)];
        let call = principal_fact(&first.record);
        let node = self.act_node(&records, &call);
        if let Some(actor) = &call.actor {
            self.graph.principal(&actor.principal, &records);
        }
        let keyed = rule.key == Some(KeyKind::Task);
        let because = if keyed {
            format!("the record carries the id of the order that {} gave or changed", call.action)
        } else {
            format!("{} handed the service the role it acted under, within 12 h before", call.action)
        };
        let alternatives: Vec<Alternative> = rivals.iter().map(|rival| self.other_call(rival, !keyed)).collect();
        self.graph.command.push(DraftHop {
            grade: (!keyed).then_some("weak"),
            keys: if keyed { vec![first.name.clone()] } else { Vec::new() },
            because: vec![because],
            against: if alternatives.is_empty() { Vec::new() } else { vec!["other calls fit as well".to_string()] },
            alternatives,
            ..DraftHop::new((node.clone(), start.node.clone()), Edge::Triggered, known, rule, ends(start, first))
        });
        node
    }

    fn other_call(&mut self, rival: &Trigger, graded: bool) -> Alternative {
        let records = vec![Rc::clone(&rival.record)];
        let call = principal_fact(&rival.record);
        let from = self.act_node(&records, &call);
        let when = rival.record.event_time.map_or_else(String::new, |time| format!(" at {}", time.start));
        Alternative {
            from,
            grade: graded.then_some("weak"),
            because: vec![format!("{}{when} fits as well", call.action)],
            against: vec!["lies further from the effect in time, or is told as late".to_string()],
        }
    }
}

/// Whether this record gave or changed the order, successfully and under its own caller.
fn sets_off(record: &Seen, order: &KeyName) -> bool {
    record.facts.iter().any(|fact| {
        fact.outcome == Outcome::Success
            && fact.keys.iter().any(|key| {
                key.name == *order
                    && matches!(key.role, KeyRole::Mints | KeyRole::Names)
                    && key.class == Attestation::Verified
            })
    })
}

fn ends(start: &Start, trigger: &Trigger) -> Vec<Rc<Seen>> {
    let mut records = vec![Rc::clone(&trigger.record)];
    records.extend(start.records.iter().cloned());
    records
}

fn nearest_first(found: &mut Vec<Trigger>, time: &EventTime) {
    found.sort_by_key(|trigger| {
        let distance = trigger.record.event_time.map_or(i64::MAX, |at| time.start.millis_since(at.start).abs());
        (distance, trigger.record.id)
    });
    found.dedup_by_key(|trigger| trigger.record.id);
}
