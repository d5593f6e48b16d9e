//! Which call of an agent did this: by the id the server gave, by a name the request carried, else by
//! likeness. Keys come first; likeness is never more than a guess, with every rival listed.

use super::Walk;
use super::way::Act;
use crate::question::{Seen, Stopped};
use crate::rule::{self, Chain, Rule};
use crate::strength::Strength;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;
use writ_model::fact::{Detail, Fact, FactKind, Outcome, Side, ToolCall};
use writ_model::key::{CARRIER, KeyKind, KeyName, KeyRole};
use writ_model::record::RecordId;
use writ_model::time::Time;

/// Said of a call whose only fitting effect this is, under coverage.
pub(super) const ALONE: &str = "the only effect that fits, where every one was recorded";

/// A call that may have done it.
pub(super) struct Candidate {
    pub(super) act: Act,
    pub(super) rule: &'static Rule,
    pub(super) strength: Strength,
    pub(super) grade: Option<&'static str>,
    pub(super) keys: Vec<KeyName>,
    pub(super) because: Vec<String>,
    pub(super) against: Vec<String>,
    pub(super) coverage: Vec<String>,
    /// Records of steps inside the call that show the key, where the call's own do not.
    pub(super) steps: Vec<Rc<Seen>>,
    /// How far apart in time beyond what clocks allow, in milliseconds.
    distance: u64,
}

impl Candidate {
    pub(super) fn new(
        act: Act,
        rule: &'static Rule,
        strength: Strength,
        keys: Vec<KeyName>,
        because: Vec<String>,
    ) -> Candidate {
        let (grade, against, coverage, steps) = (None, Vec::new(), Vec::new(), Vec::new());
        Candidate { act, rule, strength, grade, keys, because, against, coverage, steps, distance: 0 }
    }

    /// Candidates of one tier are rivals: neither is better known than the other.
    pub(super) fn tier(&self) -> (core::cmp::Reverse<Strength>, Option<&'static str>) {
        // `strong` comes before `weak` by the alphabet.
        (core::cmp::Reverse(self.strength), self.grade)
    }
}

impl Walk<'_> {
    /// Calls that may have done this, best first, each once; and whether one that is as well known may be
    /// among those that were not looked at.
    pub(super) fn calls_behind(&mut self, effect: &Act) -> Result<(Vec<Candidate>, bool), Stopped> {
        let mut found: Vec<Candidate> = Vec::new();
        let by_key = self.by_request(effect, &mut found)? | self.by_carrier(effect, &mut found)?;
        let stated = !found.is_empty();
        let alike = self.by_likeness(effect, &mut found)?;
        // However many are alike, a call that shows a key stays what it is.
        let flooded = by_key || (alike && !stated);
        found.sort_by_key(|candidate| (candidate.tier(), candidate.distance, candidate.act.id()));
        let mut known: BTreeSet<RecordId> = BTreeSet::new();
        found.retain(|candidate| {
            let ids: Vec<RecordId> = candidate.act.records.iter().map(|record| record.id).collect();
            let new = !ids.iter().any(|id| known.contains(id));
            known.extend(ids);
            new
        });
        Ok((found, flooded))
    }

    /// Calls whose record shows the id the server gave to this request.
    fn by_request(&mut self, effect: &Act, found: &mut Vec<Candidate>) -> Result<bool, Stopped> {
        let mut flooded = false;
        for (name, class) in effect.keys(KeyKind::Request, KeyRole::Carries) {
            let until = self.after(effect);
            let shown = self.keyed(&name, KeyRole::Names, until, Chain::Command)?;
            flooded |= self.cut(&shown);
            for record in shown.records {
                let apart = self.apart(&record, effect);
                if is_control(&record) || effect.records.iter().any(|known| known.id == record.id) {
                    continue;
                }
                // An id shown by a call of another time was read somewhere, not received.
                let Some(distance) = apart.filter(|distance| *distance == 0) else { continue };
                let Some(act) = self.enclosing_call(&record)? else { continue };
                let own = act.records.iter().any(|known| known.id == record.id);
                let steps = if own { Vec::new() } else { vec![Rc::clone(&record)] };
                let ends = [act.records.clone(), effect.records.clone(), steps.clone()].concat();
                let strength = self.shared(&rule::REQUEST, class, &ends);
                let whose = if own { "its record" } else { "a step inside it" };
                let because = vec![format!("{whose} shows request id {}, which the server gave", name.value)];
                let keys = vec![name.clone()];
                let candidate = Candidate::new(act, &rule::REQUEST, strength, keys, because);
                found.push(Candidate { steps, distance, ..candidate });
            }
        }
        Ok(flooded)
    }

    /// The call of the session whose name the request carried.
    fn by_carrier(&mut self, effect: &Act, found: &mut Vec<Candidate>) -> Result<bool, Stopped> {
        let mut flooded = false;
        let mut names = effect.keys(KeyKind::Session, KeyRole::Names);
        names.retain(|(name, _)| name.namespace == CARRIER);
        for (name, class) in names {
            let moment = (self.before(effect), self.after(effect));
            let borne = self.keyed_since(&name, KeyRole::Carries, moment, Chain::Command)?;
            flooded |= borne.more;
            let records = borne.records;
            if names_several(&records) {
                self.limit(format!(
                    "The request carried {}, which is the name of more than one session: it names none.",
                    name.value
                ));
                continue;
            }
            let calls: Vec<&Rc<Seen>> = records.iter().filter(|record| tool_call_fact(record).is_some()).collect();
            let near: Vec<(u64, &&Rc<Seen>)> =
                calls.iter().filter_map(|record| Some((self.apart(record, effect)?, record))).collect();
            for (distance, record) in near.iter().filter(|(distance, _)| *distance == 0) {
                let Some(act) = self.call_act(record)? else { continue };
                let ends = [act.records.clone(), effect.records.clone()].concat();
                let strength = self.shared(&rule::CARRIED, class, &ends);
                let because = vec![format!("the request carried {}, the name of its session", name.value)];
                let keys = vec![name.clone()];
                found.push(Candidate {
                    distance: *distance,
                    ..Candidate::new(act, &rule::CARRIED, strength, keys, because)
                });
            }
            if near.iter().any(|(distance, _)| *distance == 0) {
                continue;
            }
            // The session is here and no call of that moment: its latest turn before is as near as it goes.
            let Some(turn) = records.iter().rev().find(|record| super::way::intent_fact(record).is_some()) else {
                continue;
            };
            let fact = super::way::intent_fact(turn).cloned().unwrap_or_else(|| super::principal_fact(turn));
            let act = Act::of(turn, &fact);
            let ends = [act.records.clone(), effect.records.clone()].concat();
            let strength = self.shared(&rule::CARRIED, class, &ends);
            let because = vec![format!("the request carried {}, the name of its session", name.value)];
            found.push(Candidate::new(act, &rule::CARRIED, strength, vec![name.clone()], because));
        }
        Ok(flooded)
    }

    /// Calls of the same moment that name what was acted upon, or the credential it was done with.
    fn by_likeness(&mut self, effect: &Act, found: &mut Vec<Candidate>) -> Result<bool, Stopped> {
        let mut flooded = false;
        let mut names: Vec<KeyName> =
            effect.keys(KeyKind::Resource, KeyRole::Names).into_iter().map(|(name, _)| name).collect();
        names.extend(effect.keys(KeyKind::Credential, KeyRole::Presents).into_iter().map(|(name, _)| name));
        let stretch = (self.before(effect), self.after(effect));
        let mut alike: BTreeMap<RecordId, (Rc<Seen>, Vec<KeyName>)> = BTreeMap::new();
        for name in names {
            let shown = self.keyed_since(&name, KeyRole::Carries, stretch, Chain::Command)?;
            flooded |= shown.more;
            for record in shown.records {
                if tool_call_fact(&record).is_some() {
                    alike.entry(record.id).or_insert_with(|| (Rc::clone(&record), Vec::new())).1.push(name.clone());
                }
            }
        }
        for (record, names) in alike.into_values() {
            let within = rule::LIKENED.within_ms.unwrap_or(0);
            let Some(distance) = self.apart(&record, effect).filter(|distance| *distance <= within) else { continue };
            let Some(act) = self.call_act(&record)? else { continue };
            if aims_elsewhere(&act, effect, &names) {
                self.aimed_elsewhere = true;
                continue;
            }
            found.push(self.likened(effect, act, &names, distance)?);
        }
        Ok(flooded)
    }

    /// What speaks for and against a call that is alike.
    fn likened(&mut self, effect: &Act, act: Act, names: &[KeyName], distance: u64) -> Result<Candidate, Stopped> {
        let mut because: Vec<String> = Vec::new();
        let mut against: Vec<String> = Vec::new();
        let call = tool_call(&act.fact);
        for name in names {
            let what = if name.kind == KeyKind::Credential { "the access key id" } else { "the resource" };
            because.push(format!("names {what} {}", name.value));
        }
        let kinds: BTreeSet<KeyKind> = names.iter().map(|name| name.kind).collect();
        let mut features = kinds.len();
        let action = operation(&effect.fact.action);
        if call.is_some_and(|call| call.operations.iter().any(|word| operation(word) == action)) {
            because.push(format!("names the operation, {}", effect.fact.action));
            features += 1;
        }
        if distance == 0 {
            because.push("at the same moment, as far as both clocks tell".to_string());
        } else {
            because.push(format!("{distance} ms apart beyond what both clocks tell"));
        }
        Self::other_credential(effect, &act, &mut against);
        let done = act.fact.outcome == effect.fact.outcome && effect.fact.outcome != Outcome::Unknown;
        if done {
            because.push(format!("both ended in {}", effect.fact.outcome.word()));
        } else {
            against.push(format!(
                "the call ended in {}, the effect in {}",
                act.fact.outcome.word(),
                effect.fact.outcome.word()
            ));
        }
        let others = self.other_effects(effect, &act, names)?;
        if others > 0 {
            against.push(format!("{others} other effects fit this call as well"));
        }
        let (from, to) = self.stretch(effect);
        let coverage = self.covering(effect, from, to)?;
        if coverage.is_empty() {
            against.push("nothing says that every effect of that moment was recorded".to_string());
        } else if others == 0 {
            because.push(ALONE.to_string());
        }
        let strong = features >= 2 && against.is_empty() && distance == 0;
        let ends = [act.records.clone(), effect.records.clone()].concat();
        let strength = self.likeness(&rule::LIKENED, &ends);
        Ok(Candidate {
            grade: Some(if strong { "strong" } else { "weak" }),
            against,
            coverage,
            distance,
            ..Candidate::new(act, &rule::LIKENED, strength, Vec::new(), because)
        })
    }

    /// A call that shows another key than the effect was made with speaks against itself.
    fn other_credential(effect: &Act, act: &Act, against: &mut Vec<String>) {
        let shown = act.keys(KeyKind::Credential, KeyRole::Carries);
        let used = effect.keys(KeyKind::Credential, KeyRole::Presents);
        if !shown.is_empty()
            && !used.is_empty()
            && !shown.iter().any(|(name, _)| used.iter().any(|(own, _)| own == name))
        {
            against.push("the call names another key than the effect was made with".to_string());
        }
    }

    /// Other effects of that moment that fit the call as well, on the same things and of the same action.
    fn other_effects(&mut self, effect: &Act, act: &Act, names: &[KeyName]) -> Result<usize, Stopped> {
        let mut others: BTreeSet<RecordId> = BTreeSet::new();
        let since = self.before(effect).min(self.stretch(act).0);
        let until = self.after(effect).max(self.ended(act));
        for name in names {
            let role = if name.kind == KeyKind::Credential { KeyRole::Presents } else { KeyRole::Names };
            let found = self.keyed_since(name, role, (since, until), Chain::Command)?;
            if found.more {
                // What cannot be looked at whole is not known to be alone.
                return Ok(usize::MAX);
            }
            for record in found.records {
                let own = effect.records.iter().any(|known| known.id == record.id);
                let fact = super::principal_fact(&record);
                let alike = fact.kind == FactKind::Effect
                    && operation(&fact.action) == operation(&effect.fact.action)
                    && fact.resources == effect.fact.resources
                    && fact.outcome == effect.fact.outcome;
                let other = Act::of(&record, &fact);
                let near = act.records.iter().any(|call| self.apart(call, &other) == Some(0));
                if !own && alike && near {
                    others.insert(record.id);
                }
            }
        }
        Ok(others.len())
    }

    /// A call's act: every record of it, its fact.
    pub(super) fn call_act(&mut self, record: &Rc<Seen>) -> Result<Option<Act>, Stopped> {
        let Some(fact) = tool_call_fact(record).cloned() else { return Ok(None) };
        let mut act = Act::of(record, &fact);
        for (name, _) in act.keys(KeyKind::ToolCall, KeyRole::Carries) {
            let until = self.ended(&act);
            for other in self.keyed(&name, KeyRole::Carries, until, Chain::Command)?.records {
                let known = act.records.iter().any(|known| known.id == other.id);
                // Another recorder may have served the call; that it made it is for its own record to say.
                let served = tool_call_fact(&other).and_then(tool_call).is_some_and(|call| call.side == Side::Server);
                let own = other.identity.recorder == record.identity.recorder;
                let told = tool_call_fact(&other).is_some();
                if !known && told && (own || served) && super::way::nested(record, &other) {
                    act.records.push(other);
                }
            }
        }
        // Those of its own recorder first: by them the turn is looked for.
        act.records.sort_by_key(|other| {
            let foreign = other.identity.recorder != record.identity.recorder;
            (foreign, other.event_time.map(|time| time.start), other.id)
        });
        // The outcome and arguments that any of its records tells count for the act.
        let told = act.records.iter().filter_map(|record| tool_call_fact(record));
        if act.fact.outcome == Outcome::Unknown
            && let Some(outcome) = told.map(|fact| fact.outcome).find(|outcome| *outcome != Outcome::Unknown)
        {
            act.fact.outcome = outcome;
        }
        Ok(Some(act))
    }

    /// The call that a step is, or lies inside; the step itself where no call is around it.
    pub(super) fn enclosing_call(&mut self, record: &Rc<Seen>) -> Result<Option<Act>, Stopped> {
        if tool_call_fact(record).is_some() {
            return self.call_act(record);
        }
        match self.climb(record, |fact| tool_call(fact).is_some())? {
            super::span::Climb::Found(call, _) => self.call_act(&call),
            _ => Ok(record.facts.first().map(|fact| Act::of(record, fact))),
        }
    }

    /// How far a call and an effect lie apart beyond what precision and clocks allow, in milliseconds;
    /// `None` where one of them tells no time.
    fn apart(&self, call: &Seen, effect: &Act) -> Option<u64> {
        let time = call.event_time?;
        let began = began(call).unwrap_or(time.start);
        let (from, to) = self.stretch_of(call, began, time.end.unwrap_or(time.start), time.precision_ms);
        let (effect_from, effect_to) = self.stretch(effect);
        if effect_to < from {
            Some(from.millis_since(effect_to).unsigned_abs())
        } else if to < effect_from {
            Some(effect_from.millis_since(to).unsigned_abs())
        } else {
            Some(0)
        }
    }

    /// From when to when an act may have been, by its recorder's precision and clock.
    pub(super) fn stretch(&self, act: &Act) -> (Time, Time) {
        let Some((record, time)) = act.records.iter().find_map(|record| Some((record, record.event_time?))) else {
            return (Time::MIN, Time::MAX);
        };
        self.stretch_of(record, time.start, time.end.unwrap_or(time.start), time.precision_ms)
    }

    fn stretch_of(&self, record: &Seen, from: Time, to: Time, precision_ms: u32) -> (Time, Time) {
        let skew = i64::from(self.skew(record));
        (from.plus_millis(-skew), to.plus_millis(skew + i64::from(precision_ms)))
    }

    /// The earliest instant at which a call that is alike may have ended. A long call begins earlier and
    /// is found by its key all the same, unless more than the budget allows lie between.
    fn before(&self, effect: &Act) -> Time {
        let within = i64::try_from(rule::LIKENED.within_ms.unwrap_or(0)).unwrap_or(0);
        self.stretch(effect).0.plus_millis(-within - self.widest_skew())
    }

    /// The latest instant at which a record of the call may be dated: calls are dated when they begin
    /// or when they end.
    fn after(&self, effect: &Act) -> Time {
        let within = i64::try_from(rule::LIKENED.within_ms.unwrap_or(0)).unwrap_or(0);
        self.stretch(effect).1.plus_millis(within + self.widest_skew())
    }

    fn ended(&self, act: &Act) -> Time {
        self.stretch(act).1.plus_millis(self.widest_skew())
    }

    /// The widest skew any source declares, in milliseconds.
    pub(super) fn widest_skew(&self) -> i64 {
        self.question.sources.iter().map(|info| i64::from(info.skew_ms)).max().unwrap_or(0)
    }
}

pub(super) fn tool_call(fact: &Fact) -> Option<&ToolCall> {
    match &fact.detail {
        Detail::ToolCall(call) => Some(call),
        _ => None,
    }
}

pub(super) fn tool_call_fact(record: &Seen) -> Option<&Fact> {
    record.facts.iter().find(|fact| tool_call(fact).is_some())
}

/// Whether records that bear one session's name are of several sessions: of several recorders, or asked
/// for by several people.
fn names_several(records: &[Rc<Seen>]) -> bool {
    let recorders: BTreeSet<&str> = records.iter().map(|record| record.identity.recorder.as_str()).collect();
    let people: BTreeSet<&str> = records
        .iter()
        .filter_map(|record| Some(super::way::intent_fact(record)?.actor.as_ref()?.principal.id.as_str()))
        .collect();
    recorders.len() > 1 || people.len() > 1
}

/// Whether a call names things of the effect's sort and not the ones acted upon: it did something else.
fn aims_elsewhere(call: &Act, effect: &Act, shared: &[KeyName]) -> bool {
    if shared.iter().any(|name| name.kind == KeyKind::Resource) {
        return false;
    }
    let sort = |id: &str| id.split(['-', '/']).next().unwrap_or(id).to_string();
    let acted: Vec<String> =
        effect.keys(KeyKind::Resource, KeyRole::Names).iter().map(|(name, _)| sort(&name.value)).collect();
    call.keys(KeyKind::Resource, KeyRole::Carries).iter().any(|(name, _)| acted.contains(&sort(&name.value)))
}

/// When a call began: where its record is dated at its end and says how long it took, that long before.
pub(super) fn began(record: &Seen) -> Option<Time> {
    let time = record.event_time?;
    let took = tool_call_fact(record).and_then(|fact| tool_call(fact)?.took_ms).unwrap_or(0);
    Some(time.start.plus_millis(i64::try_from(took).map_or(0, |took| -took)))
}

/// Whether a record speaks about a call rather than being one.
fn is_control(record: &Seen) -> bool {
    record.facts.iter().any(|fact| matches!(fact.kind, FactKind::Approval | FactKind::Decision))
        && record.facts.iter().all(|fact| fact.kind != FactKind::ToolCall)
}

/// An operation without the spelling a caller gives it: `ec2:DeleteVolume` and `delete-volume` are one.
fn operation(action: &str) -> String {
    let name = action.rsplit_once(':').map_or(action, |(_, name)| name);
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
