//! The walk: from one event backwards along two chains, which meet in the event and nowhere else.
//!
//! Who asked: `command.rs` joins what `trigger.rs` (a service set off), `call.rs` (which call did it),
//! `way.rs` (which turn, who asked) and `span.rs` (what lies around) find; `place.rs` names its nodes.
//! Whose power: `credential.rs`, `holder.rs` and `grant.rs`.
//! Controls: `approval.rs`, `decision.rs`, judged with `route.rs` (declared routes) and `cover.rs`
//! (what is complete), by look-ups of which all counts (`pages.rs`). `influence.rs` is kept beside.
//! `gap.rs` and `missing.rs` say why a cause that must exist is not known; `naming.rs` what a directory
//! says of the principals found; `compare.rs` what the two chains say of each other; `voucher.rs` who may
//! vouch for what is complete.

mod approval;
mod call;
mod command;
mod compare;
mod cover;
mod credential;
mod decision;
mod gap;
mod grant;
mod holder;
mod influence;
mod missing;
mod naming;
mod pages;
mod place;
mod route;
mod span;
mod trigger;
mod voucher;
mod way;

pub(crate) use command::AskedBy;

use crate::answer::{Answer, Coverage, Finding, Gap, SourceState};
use crate::graph::{self, Graph};
use crate::question::{Ask, Evidence, Question, Seen, Stopped};
use crate::rule::{self, Chain, Rule};
use crate::strength::{Agreement, End, Strength, Witness, strength};
use crate::verdict;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;
use writ_model::fact::{Detail, Effect, Fact, FactKind, Outcome, Party, RecorderChange};
use writ_model::key::{Attestation, Key, KeyName, KeyRole};
use writ_model::principal::PrincipalKind;
use writ_model::record::RecordId;
use writ_model::time::{EventTime, Time};

/// Walks to the end, or until something cannot be fetched.
pub(crate) fn walk(question: &Question<'_>, evidence: &Evidence<'_>) -> Result<Answer, Stopped> {
    let mut walk = Walk::new(question, evidence);
    let start = walk.start()?;
    // Who is named decides whose word counts for what follows, so it is asked as soon as it may be.
    walk.credential_chain(&start)?;
    walk.name_principals()?;
    walk.command_chain(&start)?;
    walk.delegation_hops();
    walk.name_principals()?;
    walk.approvals_of(&start)?;
    walk.decisions_of(&start)?;
    walk.influences_of()?;
    walk.compare(&start)?;
    walk.source_states()?;
    Ok(verdict::close(walk, &start))
}

/// Where the walk begins.
pub(crate) struct Start {
    /// The records of the one act that was asked about; the first is the one named in the question.
    pub(crate) records: Vec<Rc<Seen>>,
    /// The fact it begins with.
    pub(crate) fact: Fact,
    /// The event's node.
    pub(crate) node: String,
}

/// What a look-up found.
pub(crate) struct Found {
    /// In order of event time and id.
    pub(crate) records: Vec<Rc<Seen>>,
    /// Whether there is more than the budget allows, so that nothing follows from what is missing.
    pub(crate) more: bool,
}

/// Whose power it was, as far as the walk has come.
#[derive(Clone)]
pub(crate) struct Power {
    pub(crate) party: Party,
    pub(crate) strength: Strength,
    pub(crate) credential: Option<KeyName>,
}

/// A walk under way.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one thing met on the way, and they do not exclude each other"
)]
pub(crate) struct Walk<'a> {
    pub(crate) question: &'a Question<'a>,
    pub(crate) evidence: &'a Evidence<'a>,
    pub(crate) graph: Graph,
    pub(crate) performed_by: Option<(Party, Strength)>,
    pub(crate) power: Option<Power>,
    /// What the event's own record says of it, before any join.
    pub(crate) own_power: Option<Power>,
    pub(crate) grantor: Option<(Party, Strength)>,
    pub(crate) kinds: BTreeMap<String, PrincipalKind>,
    pub(crate) owner: Option<crate::answer::PrincipalEntry>,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) limits: Vec<String>,
    pub(crate) decisions: Vec<crate::answer::Decision>,
    pub(crate) approvals: Vec<crate::answer::Approval>,
    pub(crate) influences: Vec<crate::answer::Influence>,
    pub(crate) asked_by: Vec<AskedBy>,
    /// Whether more than one root is left.
    pub(crate) several: bool,
    /// Whether a call of that moment names the same key and something else than was acted upon.
    aimed_elsewhere: bool,
    /// The call and turn behind the event, for controls.
    behind: command::Behind,
    /// Approvals and decisions that credentials of the chain were issued under.
    credential_approvals: Vec<KeyName>,
    credential_decisions: Vec<(KeyName, Attestation)>,
    /// Whether more approvals speak about the call than were looked at.
    approvals_flooded: bool,
    /// Who acts for whom, as issuers of tokens state it.
    delegations: Vec<holder::Delegated>,
    /// A hop whose scope is known at its effect's end alone, so far.
    scope_after: Option<(usize, writ_model::scope::Scope, Vec<Rc<Seen>>)>,
    /// People that directories say stand behind a name.
    people: BTreeMap<String, String>,
    /// Hops of the credential chain, counted from the event, with the decision each was made under.
    decided_hops: Vec<(KeyName, usize)>,
    pub(crate) coverage: Vec<Coverage>,
    pub(crate) sources: Vec<SourceState>,
    pub(crate) contradicted: bool,
    looked_at: BTreeSet<RecordId>,
}

impl<'a> Walk<'a> {
    fn new(question: &'a Question<'a>, evidence: &'a Evidence<'a>) -> Walk<'a> {
        Walk {
            question,
            evidence,
            graph: Graph::default(),
            performed_by: None,
            power: None,
            own_power: None,
            grantor: None,
            kinds: BTreeMap::new(),
            owner: None,
            gaps: Vec::new(),
            findings: Vec::new(),
            limits: Vec::new(),
            decisions: Vec::new(),
            approvals: Vec::new(),
            influences: Vec::new(),
            asked_by: Vec::new(),
            several: false,
            aimed_elsewhere: false,
            behind: command::Behind::default(),
            credential_approvals: Vec::new(),
            credential_decisions: Vec::new(),
            decided_hops: Vec::new(),
            approvals_flooded: false,
            delegations: Vec::new(),
            scope_after: None,
            people: BTreeMap::new(),
            coverage: Vec::new(),
            sources: Vec::new(),
            contradicted: false,
            looked_at: BTreeSet::new(),
        }
    }

    /// The event, the records that saw the same act, and who the last verifier authenticated.
    fn start(&mut self) -> Result<Start, Stopped> {
        let event = Rc::clone(&self.question.event);
        let fact = principal_fact(&event);
        let records = self.same_act(&event)?;
        let node = self.act_node(&records, &fact);
        let merged = most_telling(&records).unwrap_or_else(|| fact.clone());
        if let Some(actor) = merged.actor.as_ref().or(fact.actor.as_ref()) {
            self.graph.principal(&actor.principal, &records);
            if matches!(actor.class, Attestation::Verified | Attestation::Observed) {
                let known = self.stated(&rule::PRESENTED, actor.class, &records);
                self.performed_by = Some((actor.clone(), known));
            }
        }
        if let Some(party) = &fact.on_behalf_of {
            self.graph.principal(&party.principal, &records);
        }
        self.own_findings(&records);
        if let Some(lost) = self.question.damaged {
            self.limit(format!(
                "The stored log is damaged: at least {lost} of its records cannot be read, and what they said is missing from this answer."
            ));
        }
        Ok(Start { fact: if fact.kind == FactKind::Effect { merged } else { fact }, records, node })
    }

    /// The records of one physical act: this one and those that show the same one-act key, checked
    /// by both recorders, for the same action at the same instant. One of two halves is written by the
    /// caller's own recorder, and both name one caller; halves that do not are no halves, and are said
    /// to contradict.
    pub(crate) fn same_act(&mut self, record: &Rc<Seen>) -> Result<Vec<Rc<Seen>>, Stopped> {
        let mut act = vec![Rc::clone(record)];
        let own = principal_fact(record);
        let Some(time) = record.event_time else { return Ok(act) };
        for key in one_act_keys(record) {
            let until = self.until(record, &time);
            for other in self.keyed(key, KeyRole::Carries, until, Chain::Credential)?.records {
                let theirs = principal_fact(&other);
                let same_time = other.event_time.is_some_and(|t| t.agrees(&time, self.skew(record)));
                let same = other.identity.recorder != record.identity.recorder
                    && theirs.action == own.action
                    && same_time
                    && one_act_keys(&other).contains(&key);
                if !same || act.iter().any(|known| known.id == other.id) {
                    continue;
                }
                let callers_half = |fact: &Fact, by: &Seen| {
                    fact.presented.as_ref().and_then(|shown| shown.issuer.as_ref()) == Some(&by.identity.recorder)
                };
                let who = |fact: &Fact| fact.actor.as_ref().map(|actor| actor.principal.id.clone());
                let one_caller = who(&own).is_some() && who(&own) == who(&theirs);
                let halves = callers_half(&own, &other) || callers_half(&theirs, record);
                if one_caller && halves && !other.in_conflict && act.len() == 1 {
                    act.push(other);
                } else if !one_caller || other.in_conflict || act.len() > 1 {
                    self.contradicted = true;
                    let text =
                        "records under one shared id do not agree who called; neither is taken for the other's half";
                    self.find("contradicting_halves", "high", text.to_string(), &[Rc::clone(record), other]);
                }
            }
        }
        Ok(act)
    }

    /// A node for an act, named by what it did.
    pub(crate) fn act_node(&mut self, records: &[Rc<Seen>], fact: &Fact) -> String {
        let id = records.iter().map(|record| record.id).min().map_or_else(String::new, |id| id.to_string());
        let name = match fact.resources.first() {
            Some(resource) => alloc::format!("{} {}", fact.action, resource.id),
            None => fact.action.clone(),
        };
        let id = self.graph.node(id, node_kind(fact.kind), &name, records);
        let time = records.first().and_then(|record| record.event_time).map(|time| time.start.to_string());
        self.graph.set_time(&id, time);
        id
    }

    /// Records that show a key up to an instant, the budget minded: once it is spent nothing more is
    /// looked at.
    pub(crate) fn keyed(&mut self, name: &KeyName, role: KeyRole, until: Time, chain: Chain) -> Result<Found, Stopped> {
        let found = self.nearest(name, role, until, chain)?;
        if found.more {
            self.budget_gap(chain, name);
        }
        Ok(found)
    }

    /// The same for a look-up that wants what lies nearest: that there is more further away is no loss.
    pub(crate) fn nearest(
        &mut self,
        name: &KeyName,
        role: KeyRole,
        until: Time,
        chain: Chain,
    ) -> Result<Found, Stopped> {
        if name.is_unreadable() {
            // Two records that both keep silent do not speak of one thing.
            return Ok(Found { records: Vec::new(), more: false });
        }
        if self.looked_at.len() > self.question.budget.records {
            self.budget_gap(chain, name);
            return Ok(Found { records: Vec::new(), more: true });
        }
        let (found, more) = self.evidence.records(Ask::Key { name: name.clone(), role, until })?;
        let mut records: Vec<Rc<Seen>> = found.to_vec();
        records.sort_by_key(|record| (record.event_time.map(|time| time.start), record.id));
        self.looked_at.extend(records.iter().map(|record| record.id));
        Ok(Found { records, more })
    }

    /// The same for everything from an instant on: a loss only where what was found does not reach back
    /// to it.
    pub(crate) fn keyed_since(
        &mut self,
        name: &KeyName,
        role: KeyRole,
        (since, until): (Time, Time),
        chain: Chain,
    ) -> Result<Found, Stopped> {
        let mut found = self.nearest(name, role, until, chain)?;
        let reaches = found.records.iter().any(|record| record.event_time.is_some_and(|time| time.start < since));
        found.more &= !reaches;
        if found.more {
            self.budget_gap(chain, name);
        }
        Ok(found)
    }

    /// Whether a look-up may not have shown everything, in whichever class: for what everybody states
    /// alike, where no better class stands in front.
    pub(crate) fn cut(&self, found: &Found) -> bool {
        found.more || found.records.len() >= self.question.budget.per_key
    }

    /// The latest instant at which a cause of something at `time` may be dated.
    pub(crate) fn until(&self, record: &Seen, time: &EventTime) -> Time {
        time.start.plus_millis(i64::from(time.precision_ms) + i64::from(self.skew(record)))
    }

    pub(crate) fn skew(&self, record: &Seen) -> u32 {
        self.question.source(&record.identity.source).map_or(0, |info| info.skew_ms)
    }

    pub(crate) fn ends(&self, records: &[Rc<Seen>]) -> Vec<End> {
        let tested = |record: &Seen| self.question.source(&record.identity.source).is_some_and(|info| info.tested);
        records.iter().map(|record| graph::end(record, tested(record))).collect()
    }

    /// The strength of what records state themselves.
    pub(crate) fn stated(&self, rule: &Rule, class: Attestation, records: &[Rc<Seen>]) -> Strength {
        self.stated_on(rule, class, records, false)
    }

    /// The same, where it may rest on an absence.
    pub(crate) fn stated_on(&self, rule: &Rule, class: Attestation, records: &[Rc<Seen>], open: bool) -> Strength {
        strength(&Witness {
            rule,
            agreement: Agreement::Stated(class),
            ends: &self.ends(records),
            open_premise: open,
            contradicted: false,
        })
    }

    /// Notes a finding that rests on what these records state.
    pub(crate) fn find(&mut self, code: &'static str, severity: &'static str, text: String, records: &[Rc<Seen>]) {
        let known = self.stated(&rule::STATED, Attestation::Verified, records);
        self.find_as(code, severity, known, text, records);
    }

    /// Notes a finding that rests on something not being there: never more than `asserted`.
    pub(crate) fn find_absence(&mut self, code: &'static str, text: String, records: &[Rc<Seen>]) {
        self.find_absence_of(code, "high", text, records);
    }

    /// The same, of this severity.
    pub(crate) fn find_absence_of(
        &mut self,
        code: &'static str,
        severity: &'static str,
        text: String,
        records: &[Rc<Seen>],
    ) {
        let known = self.stated_on(&rule::STATED, Attestation::Verified, records, true);
        self.find_as(code, severity, known, text, records);
    }

    pub(crate) fn find_as(
        &mut self,
        code: &'static str,
        severity: &'static str,
        known: Strength,
        text: String,
        records: &[Rc<Seen>],
    ) {
        self.graph.cite(records);
        let records = graph::references(records);
        let finding = Finding { code, severity, strength: known, text, records };
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// Notes a limit once.
    pub(crate) fn limit(&mut self, text: String) {
        if !self.limits.contains(&text) {
            self.limits.push(text);
        }
    }

    /// What the event's own records give away without any join.
    fn own_findings(&mut self, records: &[Rc<Seen>]) {
        let conflicting: Vec<Rc<Seen>> = records.iter().filter(|record| record.in_conflict).cloned().collect();
        if !conflicting.is_empty() {
            let text = "another record with this id says something else; neither is taken at its word".to_string();
            self.find("conflicting_duplicate", "high", text, &conflicting);
        }
        let secret: Vec<Rc<Seen>> = records.iter().filter(|record| !record.withheld.is_empty()).cloned().collect();
        if !secret.is_empty() {
            // Of a record full of secrets each kind is said once.
            let kinds: BTreeSet<&str> = secret.iter().flat_map(|record| &record.withheld).map(String::as_str).collect();
            let kinds: Vec<&str> = kinds.into_iter().collect();
            let text =
                alloc::format!("the record held a secret ({}), which was withheld before storing", kinds.join(", "));
            self.find("secret_in_record", "low", text, &secret);
        }
        let off: Vec<Rc<Seen>> = records.iter().filter(|record| switches_off(record)).cloned().collect();
        if !off.is_empty() {
            let text = "this act changes or ends what a recorder writes down".to_string();
            self.find("recorder_switched_off", "high", text, &off);
        }
    }
}

/// The fact an answer starts from: effect, else tool call, decision, credential, approval, else the
/// first; a record that says nothing starts from an empty one.
pub(crate) fn principal_fact(record: &Seen) -> Fact {
    const ORDER: [FactKind; 5] =
        [FactKind::Effect, FactKind::ToolCall, FactKind::Decision, FactKind::Credential, FactKind::Approval];
    ORDER
        .iter()
        .find_map(|kind| record.facts.iter().find(|fact| fact.kind == *kind))
        .or_else(|| record.facts.first())
        .cloned()
        .unwrap_or_else(|| Fact::new(FactKind::Health, "unread record", Outcome::Unknown))
}

/// Of several records of one act, the effect that shows the credential it was made with.
pub(crate) fn most_telling(records: &[Rc<Seen>]) -> Option<Fact> {
    let effects = || records.iter().flat_map(|record| &record.facts).filter(|fact| fact.kind == FactKind::Effect);
    effects()
        .find(|fact| fact.presented.as_ref().is_some_and(|presented| presented.credential.is_some()))
        .or_else(|| effects().next())
        .cloned()
}

/// An effect's particulars, if this is one.
pub(crate) fn effect_of(fact: &Fact) -> Option<&Effect> {
    match &fact.detail {
        Detail::Effect(effect) => Some(effect),
        _ => None,
    }
}

fn one_act_keys(record: &Seen) -> Vec<&KeyName> {
    let one_act = |key: &&Key| {
        key.class == Attestation::Verified
            && rule::SAME_ACT.iter().any(|(kind, space)| key.name.kind == *kind && key.name.namespace == *space)
    };
    record.facts.iter().flat_map(|fact| &fact.keys).filter(one_act).map(|key| &key.name).collect()
}

/// Whether an act stopped or changed what a recorder writes, and succeeded.
fn switches_off(record: &Seen) -> bool {
    principal_fact(record).outcome == Outcome::Success
        && record.facts.iter().any(|fact| {
            matches!(fact.detail, Detail::Recorder(RecorderChange::Stopped | RecorderChange::Altered))
                && fact.outcome == Outcome::Success
        })
}

fn node_kind(kind: FactKind) -> &'static str {
    match kind {
        FactKind::ModelCall => "model_call",
        FactKind::ToolCall => "tool_call",
        FactKind::Credential => "credential",
        FactKind::Grant => "grant",
        FactKind::Decision => "decision",
        FactKind::Approval => "approval",
        FactKind::Session => "session",
        FactKind::Intent => "turn",
        FactKind::Effect | FactKind::Delegation | FactKind::Change | FactKind::Identity | FactKind::Health => "effect",
    }
}
