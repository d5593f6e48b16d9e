//! The way back from a call to whoever asked: which turn made it, which turns stood before that, and
//! who asked for them. It is found first and becomes part of the answer only where its call is the one
//! that is accepted; of rivals only where they lead to is kept.

use super::Walk;
use super::command::RIVALS_MAX;
use super::span::{Climb, hides_principal};
use crate::question::{Seen, Stopped};
use crate::rule::{self, Chain, Edge, Rule};
use crate::strength::{Agreement, Strength, Witness, strength};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;
use writ_model::fact::{Detail, Fact, FactKind, Intent, IntentMode, ModelCall};
use writ_model::key::{Attestation, CARRIER, KeyKind, KeyName, KeyRole};
use writ_model::principal::PrincipalKind;
use writ_model::record::RecordId;
use writ_model::time::Time;

/// One act: every record that saw it, and what the most telling of them says.
#[derive(Clone)]
pub(super) struct Act {
    pub(super) records: Vec<Rc<Seen>>,
    pub(super) fact: Fact,
}

impl Act {
    pub(super) fn of(record: &Rc<Seen>, fact: &Fact) -> Act {
        Act { records: vec![Rc::clone(record)], fact: fact.clone() }
    }

    /// The first record's id: what tells acts apart and orders them where nothing else does.
    pub(super) fn id(&self) -> Option<RecordId> {
        self.records.iter().map(|record| record.id).min()
    }

    /// What its own recorder tells of it, without those who say that they served it.
    pub(super) fn of_its_recorder(&self) -> Act {
        let own = self.records.iter().filter(|record| wrote(self, record));
        Act { records: own.cloned().collect(), fact: self.fact.clone() }
    }

    /// When it began.
    pub(super) fn began(&self) -> Option<Time> {
        self.records.iter().filter_map(|record| super::call::began(record)).min()
    }

    /// Keys of a kind and role that any of its records states.
    pub(super) fn keys(&self, kind: KeyKind, role: KeyRole) -> Vec<(KeyName, Attestation)> {
        let mut keys: Vec<(KeyName, Attestation)> = Vec::new();
        for key in self.records.iter().flat_map(|record| &record.facts).flat_map(|fact| &fact.keys) {
            if key.name.kind == kind && key.role == role && !keys.iter().any(|(name, _)| *name == key.name) {
                keys.push((key.name.clone(), key.class));
            }
        }
        keys
    }
}

/// A turn on the way back, and how it was reached from what came after it.
pub(super) struct Turn {
    pub(super) act: Act,
    pub(super) edge: Edge,
    pub(super) rule: &'static Rule,
    pub(super) key: Option<KeyName>,
    pub(super) strength: Strength,
    pub(super) because: String,
}

/// Who asked for a turn, by its record's own account.
#[derive(Clone)]
pub(super) struct Asker {
    pub(super) party: writ_model::fact::Party,
    /// Which of the turns says so.
    pub(super) turn: usize,
    pub(super) records: Vec<Rc<Seen>>,
    pub(super) strength: Strength,
    pub(super) scheduled: bool,
}

/// The way back from a call.
pub(super) struct Way {
    pub(super) call: Act,
    /// Model calls that proposed it, nearest first.
    pub(super) proposed: Vec<(Act, KeyName)>,
    /// Nearest first.
    pub(super) turns: Vec<Turn>,
    /// Who asked: more than one where turns disagree.
    pub(super) askers: Vec<Asker>,
    /// Turns that may have made the call as well, and whom each names instead.
    pub(super) rivals: Vec<(Act, Asker)>,
    /// Whether more records claim to be its turn than were looked at, so that nobody is the only one.
    pub(super) flooded: bool,
    /// The span that should enclose the last act found, and is not here.
    pub(super) lost: Option<KeyName>,
}

impl Way {
    /// What tells one root from another: who asked, else the last turn found, else the call.
    pub(super) fn root(&self) -> String {
        if let Some(asker) = self.askers.first() {
            return asker.party.principal.id.clone();
        }
        let last = self.turns.last().map_or(&self.call, |turn| &turn.act);
        last.id().map_or_else(String::new, |id| id.to_string())
    }

    /// The weakest step of it.
    pub(super) fn weakest(&self) -> Option<Strength> {
        let turns = self.turns.iter().map(|turn| turn.strength);
        turns.chain(self.askers.iter().map(|asker| asker.strength)).min()
    }
}

impl Walk<'_> {
    /// The way back from a call, a step inside one, or a turn.
    pub(super) fn way_from(&mut self, call: Act) -> Result<Way, Stopped> {
        let proposed = self.proposals(&call)?;
        let (turns, askers, rivals) = (Vec::new(), Vec::new(), Vec::new());
        let mut way = Way { call, proposed, turns, askers, rivals, flooded: false, lost: None };
        if intent(&way.call.fact).is_some() {
            // The event is a turn itself: it is where its way begins.
            let act = way.call.clone();
            self.ask_turn(&act, 0, &mut way.askers);
            self.turns_before(&mut way, &act)?;
            return Ok(way);
        }
        let call = way.call.clone();
        let Some(turn) = self.turn_of(&call, &mut way)? else { return Ok(way) };
        let act = turn.act.clone();
        way.turns.push(turn);
        self.ask_turn(&act, 0, &mut way.askers);
        self.turns_before(&mut way, &act)?;
        Ok(way)
    }

    /// Turns of other agents around one, and the turn it goes on from.
    fn turns_before(&mut self, way: &mut Way, first: &Act) -> Result<(), Stopped> {
        let mut act = first.clone();
        while way.turns.len() < self.question.budget.depth {
            let before = match self.delegating(&act, &mut way.lost)? {
                Some(turn) => Some(turn),
                // Only a turn with nothing around it begins anew; what lay around this one may have said who,
                // and one whose record was made to keep silent about who asked did name somebody.
                None if way.askers.is_empty() && way.lost.is_none() && !asker_withheld(&act) => self.resumed(&act)?,
                None => None,
            };
            let Some(turn) = before else { return Ok(()) };
            act = turn.act.clone();
            if way.turns.iter().any(|known| known.act.id() == act.id()) {
                return Ok(());
            }
            way.turns.push(turn);
            let at = way.turns.len() - 1;
            self.ask_turn(&act, at, &mut way.askers);
        }
        Ok(())
    }

    /// Model calls that proposed this call, as records that agree on its id; those that lie inside each
    /// other are one call seen by several instrumentations.
    fn proposals(&mut self, call: &Act) -> Result<Vec<(Act, KeyName)>, Stopped> {
        let mut found: Vec<(Act, KeyName)> = Vec::new();
        let Some(began) = call.began() else { return Ok(found) };
        for (name, _) in call.keys(KeyKind::ToolCall, KeyRole::Carries) {
            let until = self.latest(call);
            let mut records = self.keyed(&name, KeyRole::Mints, until, Chain::Command)?.records;
            records.retain(|record| proposes(record, &name));
            records.sort_by_key(|record| {
                let at = record.event_time.map_or(Time::MIN, |time| time.start);
                (began.millis_since(at).unsigned_abs(), record.id)
            });
            for record in records {
                let inside = found
                    .iter_mut()
                    .find(|(act, known)| *known == name && act.records.iter().any(|known| nested(known, &record)));
                if let Some((act, _)) = inside {
                    act.records.push(record);
                } else {
                    let fact = record.facts.iter().find(|fact| model_call(fact).is_some()).cloned();
                    found.extend(fact.map(|fact| (Act::of(&record, &fact), name.clone())));
                }
            }
        }
        Ok(found)
    }

    /// The turn that made a call: by the turn's id, by the span around it, else by its session.
    fn turn_of(&mut self, call: &Act, way: &mut Way) -> Result<Option<Turn>, Stopped> {
        let until = self.latest(call);
        for (name, class) in call.keys(KeyKind::Turn, KeyRole::Carries) {
            let mut found = self.keyed(&name, KeyRole::Mints, until, Chain::Command)?;
            found.records.retain(|record| intent_fact(record).is_some());
            let flooded = self.cut(&found);
            way.flooded |= flooded;
            let Some(record) = self.own_turn(call, found.records, flooded) else { continue };
            let ends = [call.records.clone(), vec![Rc::clone(&record)]].concat();
            let strength = self.shared(&rule::TURN, class, &ends);
            let because = format!("the call carries the id of this turn, {}", name.value);
            let act = turn_act(&record);
            return Ok(Some(Turn { act, edge: Edge::Called, rule: &rule::TURN, key: Some(name), strength, because }));
        }
        for record in &call.records {
            match self.climb(record, |fact| intent(fact).is_some())? {
                Climb::Found(found, key) => {
                    let ends = [call.records.clone(), vec![Rc::clone(&found)]].concat();
                    let strength = self.shared(&rule::ENCLOSED, Attestation::SelfStated, &ends);
                    let because = "its span lies inside the span of this turn".to_string();
                    let act = self.whole_turn(&found)?;
                    let rule = &rule::ENCLOSED;
                    return Ok(Some(Turn { act, edge: Edge::Called, rule, key: Some(key), strength, because }));
                }
                Climb::Lost(key) => way.lost = Some(key),
                Climb::Top => {}
            }
        }
        self.session_turn(call, way)
    }

    /// The one turn of an id: by the recorder that wrote the call. Turns that others call by the same id
    /// are not taken for it; where its own recorder tells several that disagree, none is. Of more than can
    /// be looked at some may disagree.
    fn own_turn(&mut self, call: &Act, records: Vec<Rc<Seen>>, flooded: bool) -> Option<Rc<Seen>> {
        let wrote = |record: &Rc<Seen>| wrote(call, record);
        let (own, others): (Vec<Rc<Seen>>, Vec<Rc<Seen>>) = records.into_iter().partition(wrote);
        let who = |record: &Rc<Seen>| {
            intent_fact(record).and_then(|fact| fact.actor.as_ref()).map(|party| party.principal.id.clone())
        };
        let mut turns = if own.is_empty() { others.clone() } else { own };
        let last = turns.pop()?;
        let disagree = flooded || turns.iter().chain(&others).any(|turn| who(turn) != who(&last));
        if disagree {
            self.contradicted = true;
            let mut records = turns;
            records.extend(others);
            records.push(Rc::clone(&last));
            let text = if flooded {
                "more records say that they are one turn than can be looked at"
            } else {
                "several turns bear one id and do not agree who asked"
            };
            self.find("contradicting_context", "high", text.to_string(), &records);
        }
        let foreign = !wrote(&last) && disagree;
        (!foreign).then_some(last)
    }

    /// The latest turn of the same session before the call: a guess, and said to be one. Anybody may write
    /// a session's name, so turns of the recorder that wrote the call come first, and later ones of others
    /// that name somebody else are rivals.
    fn session_turn(&mut self, call: &Act, way: &mut Way) -> Result<Option<Turn>, Stopped> {
        let until = self.latest(call);
        let mut names = call.keys(KeyKind::Session, KeyRole::Carries);
        names.retain(|(name, _)| name.namespace != CARRIER);
        names.extend(call.keys(KeyKind::Conversation, KeyRole::Carries));
        for (name, _) in names {
            let found = self.nearest(&name, KeyRole::Carries, until, Chain::Command)?;
            let mut turns = found.records.iter().filter(|record| intent_fact(record).is_some());
            let own = turns.clone().rfind(|record| wrote(call, record));
            let Some(record) = own.or(turns.next_back()) else { continue };
            if own.is_none() && self.cut(&found) {
                // Its own turn may be among those that were not looked at.
                way.flooded = true;
                self.budget_gap(Chain::Command, &name);
                continue;
            }
            way.rivals = self.rival_turns(record, own.is_some(), &found.records);
            way.flooded |= Self::may_be_another(call, way, record, &found.records);
            let ends = [call.records.clone(), vec![Rc::clone(record)]].concat();
            let strength = self.likeness(&rule::SESSION, &ends);
            let because = format!("the latest turn before it in {} {}", name.kind.word(), name.value);
            let act = turn_act(record);
            return Ok(Some(Turn { act, edge: Edge::Called, rule: &rule::SESSION, key: None, strength, because }));
        }
        Ok(None)
    }

    /// Whether somebody else than the asker of a turn that is taken by its session may have asked: a later turn's
    /// name was taken out, or the session is of several and its recorder is not told from others, or the call names a
    /// turn or a span that is not here.
    fn may_be_another(call: &Act, way: &Way, taken: &Rc<Seen>, records: &[Rc<Seen>]) -> bool {
        let who = |record: &Rc<Seen>| intent_fact(record)?.actor.as_ref().map(|party| party.principal.id.clone());
        let time = |record: &Rc<Seen>| record.event_time.map(|time| time.start);
        let turns = || records.iter().filter(|record| intent_fact(record).is_some() && record.id != taken.id);
        let named = call.keys(KeyKind::Turn, KeyRole::Carries).iter().any(|(name, _)| name.is_unreadable());
        let is_of_several = turns().any(|turn| is_silent(turn) || who(turn) != who(taken));
        let is_silent_after = turns().any(|turn| is_silent(turn) && time(turn) >= time(taken));
        let is_nobodys = is_unnamed(&taken.identity.recorder);
        is_silent_after || ((named || way.lost.is_some() || is_nobodys) && is_of_several)
    }

    /// The latest turn of each other recorder that names somebody else than the one taken. A turn that
    /// came before the call's own recorder wrote its latest is over.
    fn rival_turns(&self, taken: &Rc<Seen>, own: bool, records: &[Rc<Seen>]) -> Vec<(Act, Asker)> {
        let asker = |record: &Rc<Seen>| {
            let (act, mut askers) = (turn_act(record), Vec::new());
            self.ask_turn(&act, 0, &mut askers);
            askers.pop().map(|asker| (act, asker))
        };
        let Some((_, known)) = asker(taken) else { return Vec::new() };
        let time = |record: &Rc<Seen>| record.event_time.map(|time| time.start);
        let latest: BTreeMap<&str, &Rc<Seen>> = records
            .iter()
            .filter(|record| intent_fact(record).is_some())
            .map(|record| (record.identity.recorder.as_str(), record))
            .collect();
        let others = latest.into_values().filter(|record| record.id != taken.id);
        let late = others.filter(|record| !own || time(record) >= time(taken)).filter_map(asker);
        late.filter(|(_, other)| other.party.principal.id != known.party.principal.id).take(RIVALS_MAX).collect()
    }

    /// A turn with every span around it that is the same turn told by another instrumentation: the
    /// same agent, or one that does not say which.
    fn whole_turn(&mut self, first: &Rc<Seen>) -> Result<Act, Stopped> {
        let mut act = turn_act(first);
        let mut at = Rc::clone(first);
        for _ in 0..self.question.budget.depth {
            let Climb::Found(around, _) = self.climb(&at, |fact| intent(fact).is_some())? else { break };
            if !same_agent(&act.fact, &around) {
                break;
            }
            if agent_id(&act.fact).is_none()
                && let Some(fact) = intent_fact(&around)
            {
                act.fact = fact.clone();
            }
            act.records.push(Rc::clone(&around));
            at = around;
        }
        Ok(act)
    }

    /// The turn of another agent around this one.
    fn delegating(&mut self, turn: &Act, lost: &mut Option<KeyName>) -> Result<Option<Turn>, Stopped> {
        let Some(outermost) = turn.records.last().cloned() else { return Ok(None) };
        let (around, key) = match self.climb(&outermost, |fact| intent(fact).is_some())? {
            Climb::Found(around, key) => (around, key),
            Climb::Lost(key) => {
                *lost = Some(key);
                return Ok(None);
            }
            Climb::Top => return Ok(None),
        };
        let ends = [turn.records.clone(), vec![Rc::clone(&around)]].concat();
        let strength = self.shared(&rule::DELEGATED, Attestation::SelfStated, &ends);
        let because = "its span lies inside the span of the other agent's turn".to_string();
        let act = self.whole_turn(&around)?;
        let rule = &rule::DELEGATED;
        Ok(Some(Turn { act, edge: Edge::Delegated, rule, key: Some(key), strength, because }))
    }

    /// The latest earlier turn of the same conversation, for a turn that does not tell who asked.
    fn resumed(&mut self, turn: &Act) -> Result<Option<Turn>, Stopped> {
        let Some(began) = turn.began() else { return Ok(None) };
        let mut names = turn.keys(KeyKind::Conversation, KeyRole::Carries);
        names.extend(turn.keys(KeyKind::Task, KeyRole::Carries));
        for (name, class) in names {
            let found = self.nearest(&name, KeyRole::Carries, began, Chain::Command)?;
            let earlier: Vec<&Rc<Seen>> = found
                .records
                .iter()
                .filter(|record| {
                    let own = turn.records.iter().any(|known| known.id == record.id);
                    let before = record.event_time.is_some_and(|time| time.start < began);
                    !own && before && intent_fact(record).is_some_and(|fact| fact.actor.is_some())
                })
                .collect();
            let silent = found.records.iter().any(|record| {
                let own = turn.records.iter().any(|known| known.id == record.id);
                !own && is_silent(record)
            });
            let people: BTreeSet<&str> = earlier
                .iter()
                .filter_map(|record| Some(intent_fact(record)?.actor.as_ref()?.principal.id.as_str()))
                .collect();
            // A conversation of several people does not say whose turn this goes on with.
            let own = earlier.iter().any(|record| wrote(turn, record));
            if !own && self.cut(&found) {
                // Others filled what was looked at: an earlier turn of its own may name somebody else.
                self.budget_gap(Chain::Command, &name);
                continue;
            }
            let Some(record) = earlier.last().filter(|_| people.len() == 1 && !silent) else { continue };
            let ends = [turn.records.clone(), vec![Rc::clone(record)]].concat();
            let strength = self.shared(&rule::RESUMED, class, &ends);
            let because = format!("the latest earlier turn of {} {}", name.kind.word(), name.value);
            let rule = &rule::RESUMED;
            let act = turn_act(record);
            return Ok(Some(Turn { act, edge: Edge::Resumed, rule, key: Some(name), strength, because }));
        }
        Ok(None)
    }

    /// Who asked for a turn, as its records tell; another than already known is a second root.
    fn ask_turn(&self, act: &Act, turn: usize, askers: &mut Vec<Asker>) {
        for record in &act.records {
            let Some(fact) = intent_fact(record) else { continue };
            let Some(party) = fact.actor.clone().filter(|party| party.principal.kind != PrincipalKind::Agent) else {
                continue;
            };
            let scheduled = party.principal.kind == PrincipalKind::Schedule
                || intent(fact).is_some_and(|intent| intent.mode == IntentMode::Schedule);
            let rule = if scheduled { &rule::SCHEDULED } else { &rule::ASKED };
            let records = vec![Rc::clone(record)];
            let strength = self.stated(rule, party.class, &records);
            match askers.iter_mut().find(|known| known.party.principal.id == party.principal.id) {
                // The outermost turn that names them is the one they asked for.
                Some(known) => known.turn = turn,
                None => askers.push(Asker { party, turn, records, strength, scheduled }),
            }
        }
    }

    /// The strength of a join by context that agents carry along.
    pub(super) fn shared(&self, rule: &'static Rule, class: Attestation, records: &[Rc<Seen>]) -> Strength {
        strength(&Witness {
            rule,
            agreement: Agreement::Key(class, Attestation::SelfStated),
            ends: &self.ends(records),
            open_premise: records.iter().any(|record| record.event_time.is_none()),
            contradicted: false,
        })
    }

    /// The strength of a join by likeness alone.
    pub(super) fn likeness(&self, rule: &'static Rule, records: &[Rc<Seen>]) -> Strength {
        strength(&Witness {
            rule,
            agreement: Agreement::Features,
            ends: &self.ends(records),
            open_premise: true,
            contradicted: false,
        })
    }

    /// The latest instant at which something that came before an act may be dated.
    pub(super) fn latest(&self, act: &Act) -> Time {
        let first = act.records.iter().find_map(|record| record.event_time.map(|time| (record, time)));
        first.map_or(Time::MAX, |(record, time)| self.until(record, &time))
    }
}

pub(super) fn intent(fact: &Fact) -> Option<&Intent> {
    match &fact.detail {
        Detail::Intent(intent) if fact.kind == FactKind::Intent => Some(intent),
        _ => None,
    }
}

pub(super) fn intent_fact(record: &Seen) -> Option<&Fact> {
    record.facts.iter().find(|fact| intent(fact).is_some())
}

/// Whether a turn's record names who asked by what names nobody.
pub(super) fn asker_withheld(turn: &Act) -> bool {
    turn.records.iter().any(|record| is_silent(record))
}

fn is_silent(record: &Seen) -> bool {
    intent_fact(record).is_some_and(hides_principal)
}

fn model_call(fact: &Fact) -> Option<&ModelCall> {
    match &fact.detail {
        Detail::ModelCall(call) => Some(call),
        _ => None,
    }
}

fn turn_act(record: &Rc<Seen>) -> Act {
    let fact = intent_fact(record).cloned();
    Act { records: vec![Rc::clone(record)], fact: fact.unwrap_or_else(|| super::principal_fact(record)) }
}

/// Whether the recorder that wrote down an act wrote this record too, as far as recorders are told apart: of those
/// that do not say who they are nobody knows.
fn wrote(act: &Act, record: &Seen) -> bool {
    let recorder = &record.identity.recorder;
    !is_unnamed(recorder) && act.records.first().is_some_and(|own| own.identity.recorder == *recorder)
}

/// Whether a recorder does not say who it is.
fn is_unnamed(recorder: &str) -> bool {
    recorder.ends_with(":unknown")
}

fn agent_id(fact: &Fact) -> Option<&str> {
    intent(fact)?.agent.as_ref().map(|agent| agent.id.as_str())
}

/// Whether a turn around another is the same turn: both name one agent, or one of them names none.
fn same_agent(fact: &Fact, around: &Seen) -> bool {
    let outer = intent_fact(around).and_then(agent_id);
    agent_id(fact).zip(outer).is_none_or(|(inner, outer)| inner == outer)
}

/// Whether one record's time lies inside the other's.
pub(super) fn nested(a: &Seen, b: &Seen) -> bool {
    let span = |record: &Seen| {
        let time = record.event_time?;
        Some((super::call::began(record)?, time.end.unwrap_or(time.start)))
    };
    let (Some((a_from, a_to)), Some((b_from, b_to))) = (span(a), span(b)) else { return false };
    (a_from <= b_from && b_to <= a_to) || (b_from <= a_from && a_to <= b_to)
}

fn proposes(record: &Seen, name: &KeyName) -> bool {
    record.facts.iter().filter_map(model_call).any(|call| call.proposed.iter().any(|proposal| proposal.call == *name))
}
