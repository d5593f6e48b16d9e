//! The command chain: who asked. From the event to the call that did it, the turn that made the call,
//! and whoever asked for the turn. Each step is the best of its candidates; rivals are kept, and rivals
//! that lead to another root make the answer ambiguous rather than wrong.

use super::call::Candidate;
use super::way::{Act, Asker, Way};
use super::{Start, Walk, principal_fact};
use crate::answer::Alternative;
use crate::graph::DraftHop;
use crate::question::{Seen, Stopped};
use crate::rule::{self, Edge};
use crate::strength::Strength;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;
use writ_model::fact::{FactKind, Party};

/// Rivals whose way back is looked at: more of them make an answer no more ambiguous.
pub(super) const RIVALS_MAX: usize = 8;

/// Somebody who may have asked, as far as the walk has come.
#[derive(Clone)]
pub(crate) struct AskedBy {
    pub(crate) party: Party,
    pub(crate) strength: Strength,
    pub(crate) grade: Option<&'static str>,
    pub(crate) alternative: bool,
}

/// The call behind the event, for the controls that are judged at it.
#[derive(Clone, Default)]
pub(crate) struct Behind {
    /// The act that controls are judged at: the event, or the call that set a service off.
    pub(super) act: Option<Act>,
    /// The call itself; the event where it is a call.
    pub(super) call: Option<Act>,
    /// The turn that made it.
    pub(super) turn: Option<Act>,
}

impl Walk<'_> {
    pub(super) fn command_chain(&mut self, start: &Start) -> Result<(), Stopped> {
        self.command_from(start)?;
        if self.several {
            self.asked_by.iter_mut().for_each(|asked| asked.alternative = true);
        }
        Ok(())
    }

    fn command_from(&mut self, start: &Start) -> Result<(), Stopped> {
        let event = Act { records: start.records.clone(), fact: start.fact.clone() };
        match start.fact.kind {
            FactKind::Effect => {
                let (act, node) = match self.set_off_by(start)? {
                    Some((record, node)) => (self.caller_act(&record)?, node),
                    None => (event, start.node.clone()),
                };
                self.behind.act = Some(act.clone());
                self.command_of(&act, &node)
            }
            FactKind::ToolCall => {
                let act = self.call_act(&self.question.event.clone())?.unwrap_or(event);
                self.asked_through(act, &start.node)
            }
            FactKind::ModelCall | FactKind::Intent | FactKind::Session => self.asked_through(event, &start.node),
            // What a control or a token service wrote down is judged beside a call, not behind one.
            _ => Ok(()),
        }
    }

    fn caller_act(&mut self, record: &Rc<Seen>) -> Result<Act, Stopped> {
        let records = self.same_act(record)?;
        let fact = super::most_telling(&records).unwrap_or_else(|| principal_fact(record));
        Ok(Act { records, fact })
    }

    /// Who is behind an effect.
    fn command_of(&mut self, act: &Act, node: &str) -> Result<(), Stopped> {
        let (mut candidates, flooded) = self.calls_behind(act)?;
        if candidates.is_empty() {
            candidates.extend(self.around(act)?);
        }
        if candidates.is_empty() {
            return self.no_call(act, node);
        }
        let next = candidates.get(RIVALS_MAX).zip(candidates.first());
        if flooded || next.is_some_and(|(next, first)| rivals(first, next)) {
            // Rivals that are not looked at may lead to somebody else.
            self.several = true;
            self.rivals_gap(node);
        }
        candidates.truncate(RIVALS_MAX);
        let mut ways: Vec<(Candidate, Way)> = Vec::new();
        for candidate in candidates {
            let way = self.way_from(candidate.act.clone())?;
            ways.push((candidate, way));
        }
        let (first, way) = ways.remove(0);
        let root = way.root();
        let rivals: Vec<&(Candidate, Way)> =
            ways.iter().filter(|(rival, other)| other.root() != root && rivals(&first, rival)).collect();
        let alternatives = ways.iter().map(|(other, way)| self.other_call_of(other, way, &root)).collect();
        let from = self.call_node(&first.act);
        let inferred = !first.strength.is_stated();
        self.graph.command.push(DraftHop {
            grade: first.grade,
            keys: first.keys.clone(),
            because: first.because.clone(),
            against: first.against.clone(),
            coverage: first.coverage.clone(),
            alternatives,
            ..DraftHop::new(
                (from.clone(), node.to_string()),
                Edge::Called,
                first.strength,
                first.rule,
                [first.act.records.clone(), first.steps.clone(), act.records.clone()].concat(),
            )
        });
        if inferred {
            self.carrier_gap(node);
        }
        let others: Vec<(Asker, Strength, Option<&'static str>)> = rivals
            .iter()
            .flat_map(|(rival, way)| {
                way.askers.iter().map(|asker| (asker.clone(), rival.strength, rival.grade)).collect::<Vec<_>>()
            })
            .collect();
        self.several |= !rivals.is_empty();
        self.behind.call = Some(first.act.clone());
        self.commit(&way, &from, Some((first.strength, first.grade)))?;
        for (asker, strength, grade) in others {
            let strength = strength.min(asker.strength);
            self.asked_by.push(AskedBy { party: asker.party, strength, grade, alternative: true });
        }
        Ok(())
    }

    /// The call or turn whose span lies around an effect's own.
    fn around(&mut self, act: &Act) -> Result<Option<Candidate>, Stopped> {
        for record in act.records.clone() {
            let like = |fact: &writ_model::fact::Fact| {
                super::call::tool_call(fact).is_some() || super::way::intent(fact).is_some()
            };
            if let super::span::Climb::Found(around, key) = self.climb(&record, like)? {
                let act_around = match self.call_act(&around)? {
                    Some(call) => call,
                    None => Act::of(&around, &principal_fact(&around)),
                };
                let ends = [act_around.records.clone(), vec![Rc::clone(&record)]].concat();
                let strength = self.shared(&rule::ENCLOSED, writ_model::key::Attestation::Claimed, &ends);
                let because = "the request's span lies inside the span of this call".to_string();
                return Ok(Some(Candidate::new(act_around, &rule::ENCLOSED, strength, vec![key], vec![because])));
            }
        }
        Ok(None)
    }

    /// The event is a call, a model call or a turn: who made and asked for it.
    fn asked_through(&mut self, act: Act, node: &str) -> Result<(), Stopped> {
        let way = self.way_from(act.clone())?;
        self.behind.call = Some(act);
        self.commit(&way, node, None)
    }

    /// Makes a way part of the answer: nodes, hops, who asked, and what is missing at its end.
    fn commit(
        &mut self,
        way: &Way,
        call: &str,
        weakest: Option<(Strength, Option<&'static str>)>,
    ) -> Result<(), Stopped> {
        self.context(way);
        self.propose(way, call);
        let mut nodes = vec![call.to_string()];
        let mut last = call.to_string();
        for turn in &way.turns {
            let node = self.turn_node(&turn.act);
            if node == last {
                continue;
            }
            let ends = turn.act.records.clone();
            self.graph.command.push(DraftHop {
                grade: (!turn.strength.is_stated()).then_some("weak"),
                keys: turn.key.iter().cloned().collect(),
                because: core::iter::once(turn.because.clone()).chain(arguments_told(way, &last, call)).collect(),
                ..DraftHop::new((node.clone(), last.clone()), turn.edge, turn.strength, turn.rule, ends)
            });
            if !turn.strength.is_stated() {
                self.turn_gap(&last);
            }
            if nodes.len() == 1 {
                self.rival_turns_beside(way);
            }
            last.clone_from(&node);
            nodes.push(node);
        }
        self.behind.turn = way.turns.first().map(|turn| turn.act.clone());
        let (strength, grade) = weakest.map_or((None, None), |(strength, grade)| (Some(strength), grade));
        let through = way.weakest().into_iter().chain(strength).min();
        let guessed = way.turns.iter().any(|turn| !turn.strength.is_stated());
        let grade = if guessed { Some("weak") } else { grade };
        let is_turn = way.turns.is_empty() && super::way::intent(&way.call.fact).is_some();
        let mut people: BTreeSet<String> = BTreeSet::new();
        for asker in &way.askers {
            let to = if is_turn { Some(&last) } else { nodes.get(asker.turn + 1) };
            let Some(to) = to.or(nodes.last()).cloned() else { continue };
            self.ask_hop(asker, &to);
            people.insert(asker.party.principal.id.clone());
            let strength = through.map_or(asker.strength, |known| known.min(asker.strength));
            let grade = grade.filter(|_| !strength.is_stated());
            self.asked_by.push(AskedBy { party: asker.party.clone(), strength, grade, alternative: false });
        }
        for (_, asker) in &way.rivals {
            people.insert(asker.party.principal.id.clone());
            let strength = way.turns.first().map_or(asker.strength, |turn| turn.strength.min(asker.strength));
            let party = asker.party.clone();
            self.asked_by.push(AskedBy { party, strength, grade: Some("weak"), alternative: true });
        }
        self.several |= way.flooded && !self.asked_by.is_empty();
        if !way.askers.is_empty() && way.turns.iter().any(|turn| super::way::asker_withheld(&turn.act)) {
            self.several = true;
            self.limit(
                "A turn on the way back has a place for who asked and no name in it: it may have been somebody else."
                    .to_string(),
            );
        }
        if people.len() > 1 {
            self.several = true;
            self.limit(
                "The agent's records name more than one asker for this; none is taken for the only one.".to_string(),
            );
        }
        if way.askers.is_empty() {
            if way.turns.is_empty() && !is_turn {
                self.turn_missing(way, call)?;
            } else {
                self.asker_missing(way, &last)?;
            }
        }
        Ok(())
    }

    /// Turns that may have made the call as well, beside the one on the hop just made.
    fn rival_turns_beside(&mut self, way: &Way) {
        let rivals: Vec<Alternative> = way
            .rivals
            .iter()
            .map(|(act, _)| Alternative {
                from: self.turn_node(act),
                grade: Some("weak"),
                because: vec!["a turn of the same session, as late".to_string()],
                against: vec!["another recorder wrote it than wrote the call".to_string()],
            })
            .collect();
        if let Some(hop) = self.graph.command.last_mut() {
            hop.alternatives.extend(rivals);
        }
    }

    /// Sessions, conversations and agents the way passes, as nodes.
    fn context(&mut self, way: &Way) {
        for act in core::iter::once(&way.call).chain(way.turns.iter().map(|turn| &turn.act)) {
            self.session_nodes(act);
            let agent = super::way::intent(&act.fact).and_then(|intent| intent.agent.clone());
            let actor = act.fact.actor.clone().map(|party| party.principal);
            for principal in agent.into_iter().chain(actor) {
                self.graph.principal(&principal, &act.records);
            }
        }
    }

    /// The model call that proposed the call; others that did are alternatives.
    fn propose(&mut self, way: &Way, call: &str) {
        let Some(((act, key), rivals)) = way.proposed.split_first() else { return };
        let ends = [act.records.clone(), way.call.records.clone()].concat();
        let class = writ_model::key::Attestation::SelfStated;
        let strength = self.shared(&rule::PROPOSED, class, &ends);
        let node = self.act_node(&act.records, &act.fact);
        let mut because = vec![format!("the model's answer proposed call {}", key.value)];
        if act.records.len() > 1 {
            because.push(format!("{} instrumentations tell of this one model call", act.records.len()));
        }
        let alternatives: Vec<Alternative> = rivals
            .iter()
            .map(|(rival, _)| Alternative {
                from: self.act_node(&rival.records, &rival.fact),
                grade: None,
                because: vec!["proposed a call of the same id".to_string()],
                against: vec!["lies further from the call in time".to_string()],
            })
            .collect();
        self.graph.command.push(DraftHop {
            keys: vec![key.clone()],
            because,
            alternatives,
            ..DraftHop::new((node, call.to_string()), Edge::Proposed, strength, &rule::PROPOSED, ends)
        });
    }

    fn ask_hop(&mut self, asker: &Asker, to: &str) {
        let from = self.graph.principal(&asker.party.principal, &asker.records);
        let (edge, rule, because) = if asker.scheduled {
            (Edge::Scheduled, &rule::SCHEDULED, "the turn's record says that a schedule began it")
        } else {
            (Edge::Asked, &rule::ASKED, "the turn's record names who asked")
        };
        self.graph.command.push(DraftHop {
            because: vec![because.to_string()],
            ..DraftHop::new((from, to.to_string()), edge, asker.strength, rule, asker.records.clone())
        });
    }

    fn other_call_of(&mut self, other: &Candidate, way: &Way, root: &str) -> Alternative {
        let from = self.call_node(&other.act);
        let mut against = other.against.clone();
        if way.root() == root {
            against.push("leads to the same asker".to_string());
        }
        Alternative { from, grade: other.grade, because: other.because.clone(), against }
    }
}

/// What the call's record tells of its arguments, said at the hop that leads to the call.
fn arguments_told(way: &Way, to: &str, call: &str) -> Option<String> {
    let told = super::call::tool_call(&way.call.fact).filter(|_| to == call)?;
    Some(format!("its arguments are {}", told.arguments.state.word()))
}

/// Whether a rival leaves the first in doubt: it is known as well, or it is a strong guess beside what
/// rests on an agent's own word alone.
fn rivals(first: &Candidate, rival: &Candidate) -> bool {
    let equal = rival.tier() == first.tier();
    let own_word = first.strength.is_stated() && !first.strength.is_proven();
    equal || (own_word && rival.grade == Some("strong"))
}
