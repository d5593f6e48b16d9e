//! Power that was given rather than presented: roles handed to services, roles bound to hosts, and
//! sessions whose issuance the source leaves out.

use super::Walk;
use super::credential::{Issuance, Link, against_rivals, unseen};
use crate::answer::Alternative;
use crate::graph::DraftHop;
use crate::question::{Seen, Stopped};
use crate::rule::{self, Chain, Edge};
use crate::strength::Strength;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;
use writ_model::fact::{Detail, Fact, FactKind, GrantKind, Outcome};
use writ_model::key::{Attestation, KeyName, KeyRole};

/// A grant that may stand behind a session: its record, its fact, the name both show.
type Given = (Rc<Seen>, Fact, KeyName);

/// A later change of what was given: its record, its fact.
type Changed = (Rc<Seen>, Fact);

impl Walk<'_> {
    /// A hop from the service that took on the role by itself, and from whoever handed the role over.
    pub(super) fn service_session(
        &mut self,
        link: &Link,
        act: &Issuance,
        rivals: &[Issuance],
        disagree: bool,
    ) -> Result<(), Stopped> {
        let service = act.minting.by_service.clone().unwrap_or_default();
        let node = match &act.fact.actor {
            Some(actor) => self.graph.principal(&actor.principal, &act.records),
            None => self.graph.node(service.clone(), "service", &service, &act.records),
        };
        let known = self.key_strength(&rule::SERVICE_SESSION, link, act, disagree);
        self.push_hop(&node, link, Edge::Assumed, known, &rule::SERVICE_SESSION, act, rivals);
        let session = Link {
            credential: None,
            node,
            presented: unseen(act.fact.actor.as_ref()),
            holder: act.fact.actor.clone(),
            used_in: act.records.clone(),
            time: act.records.first().and_then(|record| record.event_time),
        };
        self.handed_over(&session, &act.minting.traces, &service)
    }

    /// Who handed the service its role, or bound it to the host the session is for.
    fn handed_over(&mut self, session: &Link, traces: &[KeyName], service: &str) -> Result<(), Stopped> {
        let grants = self.grants(session, traces)?;
        let Some((given, rivals)) = grants.split_first() else {
            self.limit(format!("No record here shows who handed its role to {service}."));
            return Ok(());
        };
        let changes = self.changed_since(session, given)?;
        let (record, fact, trace) = given;
        let records = vec![Rc::clone(record)];
        let presented = fact.presented.clone().unwrap_or_else(|| unseen(fact.actor.as_ref()));
        let giver = self.link(&presented, fact.actor.as_ref(), &records);
        let ends = [records.clone(), session.used_in.clone()].concat();
        let known = self.name_strength(&rule::PASSED, Attestation::Verified, &ends);
        let alternatives = self.other_givers(rivals, &changes);
        self.graph.credential.push(DraftHop {
            keys: vec![trace.clone()],
            because: vec![format!("{} named the role the service then used", fact.action)],
            against: against(rivals, &changes),
            alternatives,
            ..DraftHop::new((giver.node, session.node.clone()), Edge::Passed, known, &rule::PASSED, ends)
        });
        self.grantor_of(fact, &records, known, rivals, &changes);
        Ok(())
    }

    /// A session the platform delivers to a host by itself: who bound the role to that host.
    pub(super) fn attached(&mut self, link: &Link) -> Result<bool, Stopped> {
        if link.presented.delivered_by.is_none() {
            return Ok(false);
        }
        let traces: Vec<KeyName> = link.presented.traces.iter().map(|trace| trace.name.clone()).collect();
        let mut grants = self.grants(link, &traces)?;
        grants.retain(|(_, fact, _)| grant_kind(fact) == Some(GrantKind::Attached));
        let Some((given, rivals)) = grants.split_first() else { return Ok(false) };
        let changes = self.changed_since(link, given)?;
        let (record, fact, trace) = given;
        let records = vec![Rc::clone(record)];
        let node = self.graph.node(format!("grant:{}", record.id), "grant", &grant_says(fact), &records);
        let ends = [records.clone(), link.used_in.clone()].concat();
        let known = self.name_strength(&rule::ATTACHED, link.presented.class, &ends);
        let alternatives = self.other_givers(rivals, &changes);
        self.graph.credential.push(DraftHop {
            keys: vec![trace.clone()],
            because: vec![format!(
                "{} bound a profile with a role to the host this session is delivered to",
                fact.action
            )],
            against: against(rivals, &changes),
            alternatives,
            ..DraftHop::new((node.clone(), link.node.clone()), Edge::Issued, known, &rule::ATTACHED, ends)
        });
        if let Some(actor) = fact.actor.clone().filter(|actor| actor.class == Attestation::Verified) {
            let from = self.graph.principal(&actor.principal, &records);
            let made = self.stated(&rule::GRANT_MADE, actor.class, &records);
            self.graph.credential.push(DraftHop {
                because: vec!["the recorder authenticated who made the grant".to_string()],
                ..DraftHop::new((from, node), Edge::Granted, made, &rule::GRANT_MADE, records.clone())
            });
            self.grantor_of(fact, &records, known, rivals, &changes);
        }
        Ok(true)
    }

    /// A session whose issuance the source leaves out: whoever asked for a session of that account
    /// and role at that moment may be its cause, with every other who did.
    pub(super) fn named_session(&mut self, link: &Link) -> Result<bool, Stopped> {
        let (Some(used), Some(issued_at)) = (link.used_in.first(), link.presented.issued_at) else { return Ok(false) };
        let until = self.until(used, &issued_at);
        let mut candidates: Vec<Given> = Vec::new();
        for trace in link.presented.traces.clone() {
            for record in self.keyed(&trace.name, KeyRole::Carries, until, Chain::Credential)?.records {
                let within = record.event_time.is_some_and(|time| {
                    let allowed = rule::NAMED_SESSION.within_ms.unwrap_or(0);
                    issued_at.start.millis_since(time.start).unsigned_abs() <= allowed
                });
                if let Some(fact) = leaves_key_out(&record, &trace.name).filter(|_| within) {
                    candidates.push((record, fact, trace.name.clone()));
                }
            }
        }
        candidates.sort_by_key(|(record, _, _)| {
            let distance = record.event_time.map_or(i64::MAX, |time| issued_at.start.millis_since(time.start).abs());
            (distance, record.id)
        });
        let Some(((record, fact, trace), rivals)) = candidates.split_first() else { return Ok(false) };
        let records = vec![Rc::clone(record)];
        let presented = fact.presented.clone().unwrap_or_else(|| unseen(fact.actor.as_ref()));
        let asker = self.link(&presented, fact.actor.as_ref(), &records);
        let ends = [records, link.used_in.clone()].concat();
        let known = self.likeness(&rule::NAMED_SESSION, &ends);
        let because = vec![
            format!("same account and role: {}", trace.value),
            format!("asked for within {} ms of the session's creation", rule::NAMED_SESSION.within_ms.unwrap_or(0)),
        ];
        let alternatives = rivals.iter().map(|(other, fact, _)| self.other_giver(other, fact)).collect();
        self.graph.credential.push(DraftHop {
            grade: Some("weak"),
            because,
            against: vec!["no key agrees: the record of the request leaves the new key out".to_string()],
            alternatives,
            ..DraftHop::new((asker.node, link.node.clone()), Edge::Assumed, known, &rule::NAMED_SESSION, ends)
        });
        self.issuance_gap(link)?;
        Ok(true)
    }

    /// Successful grants that show one of these names and came before, nearest first.
    fn grants(&mut self, link: &Link, traces: &[KeyName]) -> Result<Vec<Given>, Stopped> {
        let (Some(used), Some(time)) = (link.used_in.first(), link.presented.issued_at.or(link.time)) else {
            return Ok(Vec::new());
        };
        let until = self.until(used, &time);
        let mut grants: Vec<Given> = Vec::new();
        for trace in traces {
            for record in self.keyed(trace, KeyRole::Names, until, Chain::Credential)?.records {
                // Power over a role or a host is given where it lives.
                let home = link.presented.issuer.as_ref().unwrap_or(&used.identity.recorder);
                let here = [home, &used.identity.recorder].contains(&&record.identity.recorder);
                if !here || grants.iter().any(|(known, _, _)| known.id == record.id) {
                    continue;
                }
                let grant = record.facts.iter().find(|fact| hands_over(fact, trace)).cloned();
                if let Some(mut fact) = grant {
                    // Who made it and with what stands on the record's effect.
                    if let Some(effect) = record.facts.iter().find(|fact| fact.kind == FactKind::Effect) {
                        fact.actor.clone_from(&effect.actor);
                        fact.presented.clone_from(&effect.presented);
                        fact.action.clone_from(&effect.action);
                    }
                    grants.push((record, fact, trace.clone()));
                }
            }
        }
        grants.sort_by_key(|(record, _, _)| {
            let distance = record.event_time.map_or(i64::MAX, |at| time.start.millis_since(at.start).abs());
            (distance, record.id)
        });
        Ok(grants)
    }

    /// Changes of what was given that came after it and before the session: of the name both show, and
    /// of what it was given by way of. Who made them may be the one whose power it is.
    fn changed_since(&mut self, link: &Link, (record, fact, trace): &Given) -> Result<Vec<Changed>, Stopped> {
        let (Some(used), Some(time)) = (link.used_in.first(), link.presented.issued_at.or(link.time)) else {
            return Ok(Vec::new());
        };
        let (until, skew) = (self.until(used, &time), self.skew(record));
        let own = |name: &KeyName| matches!(&fact.detail, Detail::Grant(grant) if grant.traces.contains(name));
        let by_way = fact.keys.iter().filter(|key| key.role == KeyRole::Names && !own(&key.name));
        let names: Vec<KeyName> = by_way.map(|key| key.name.clone()).chain([trace.clone()]).collect();
        let mut changes: Vec<Changed> = Vec::new();
        for name in names {
            for change in self.keyed(&name, KeyRole::Revokes, until, Chain::Credential)?.records {
                let after = record.event_time.zip(change.event_time).is_none_or(|(a, b)| a.may_precede(&b, skew));
                let here = change.identity.recorder == record.identity.recorder;
                let known = changes.iter().any(|(known, _)| known.id == change.id);
                let said = change.facts.iter().find(|fact| {
                    fact.kind == FactKind::Grant
                        && fact.outcome == Outcome::Success
                        && fact.keys.iter().any(|key| key.name == name && key.role == KeyRole::Revokes)
                });
                if let Some(said) = said.filter(|_| after && here && !known) {
                    changes.push((Rc::clone(&change), said.clone()));
                }
            }
        }
        Ok(changes)
    }

    /// The grantor is named only where no rival grant and no later change names another.
    fn grantor_of(
        &mut self,
        fact: &Fact,
        records: &[Rc<Seen>],
        known: Strength,
        rivals: &[Given],
        changes: &[Changed],
    ) {
        let id = |fact: &Fact| fact.actor.as_ref().map(|actor| actor.principal.id.clone());
        let own = id(fact);
        if rivals.iter().any(|(_, rival, _)| id(rival) != own) {
            self.limit(
                "More than one grant could stand behind this power, by different people: none is named as grantor."
                    .to_string(),
            );
        } else if changes.iter().any(|(_, change)| id(change) != own) {
            self.limit(
                "What was given was changed afterwards, by somebody else: none is named as grantor of this power."
                    .to_string(),
            );
        } else {
            self.graph.cite(records);
            self.grantor =
                fact.actor.clone().filter(|actor| actor.class == Attestation::Verified).map(|actor| (actor, known));
        }
    }

    fn other_givers(&mut self, rivals: &[Given], changes: &[Changed]) -> Vec<Alternative> {
        let mut others: Vec<Alternative> =
            rivals.iter().map(|(record, fact, _)| self.other_giver(record, fact)).collect();
        for (record, fact) in changes {
            let because = format!("{}{} changed what was given", fact.action, told_at(record));
            others.push(Alternative { because: vec![because], against: Vec::new(), ..self.other_giver(record, fact) });
        }
        others
    }

    fn other_giver(&mut self, record: &Rc<Seen>, fact: &Fact) -> Alternative {
        let records = vec![Rc::clone(record)];
        let presented = fact.presented.clone().unwrap_or_else(|| unseen(fact.actor.as_ref()));
        let link = self.link(&presented, fact.actor.as_ref(), &records);
        Alternative {
            from: link.node,
            grade: None,
            because: vec![format!("{}{} fits as well", fact.action, told_at(record))],
            against: vec!["lies further from the use in time, or is told as late".to_string()],
        }
    }
}

fn told_at(record: &Seen) -> String {
    record.event_time.map_or_else(String::new, |time| format!(" at {}", time.start))
}

fn against(rivals: &[Given], changes: &[Changed]) -> Vec<String> {
    let mut against = against_rivals(rivals.len());
    if !changes.is_empty() {
        against.push("what was given was changed between then and the use".to_string());
    }
    against
}

fn hands_over(fact: &Fact, trace: &KeyName) -> bool {
    let Detail::Grant(grant) = &fact.detail else { return false };
    fact.outcome == Outcome::Success
        && matches!(grant.kind, GrantKind::Passed | GrantKind::Attached)
        && grant.traces.contains(trace)
}

fn grant_kind(fact: &Fact) -> Option<GrantKind> {
    match &fact.detail {
        Detail::Grant(grant) => Some(grant.kind),
        _ => None,
    }
}

fn grant_says(fact: &Fact) -> String {
    match &fact.detail {
        Detail::Grant(grant) => grant.says.clone(),
        _ => fact.action.clone(),
    }
}

/// A minting fact of this record that leaves the new key out and shows this name.
fn leaves_key_out(record: &Seen, trace: &KeyName) -> Option<Fact> {
    let minting = record.facts.iter().find(|fact| {
        matches!(&fact.detail, Detail::Credential(minting)
            if minting.minted.is_none() && minting.traces.contains(trace) && fact.outcome == Outcome::Success)
    })?;
    let effect = record.facts.iter().find(|fact| fact.kind == FactKind::Effect);
    Some(effect.unwrap_or(minting).clone())
}
