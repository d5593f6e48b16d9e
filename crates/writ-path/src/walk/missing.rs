//! Gaps of the command chain: no call, no turn, no asker, or a guess in the place of a key.

use super::Walk;
use super::call::tool_call;
use super::gap::Why;
use super::way::{Act, Way};
use crate::question::{Ask, Seen, Span, Stopped};
use crate::rule::Chain;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use writ_model::fact::{Detail, RecorderChange};
use writ_model::key::{KeyKind, KeyName};
use writ_model::time::Time;

/// Recorders of agents looked at for what was going on at one moment: as many as records per key. Whoever
/// may send telemetry may name as many as they like.
const AGENTS_LOOKED_AT_MAX: usize = 64;

/// What every record of an agent's doings comes through.
const AGENTS: &str = "otel.";

impl Walk<'_> {
    /// No call of an agent, no person's request and no schedule is known behind this act.
    pub(super) fn no_call(&mut self, act: &Act, node: &str) -> Result<(), Stopped> {
        let what = act.fact.action.clone();
        let silent = match self.content_off(act)? {
            Some(why) => Some(why),
            None => self.agents_silent(act)?,
        };
        let mut why = match silent {
            Some(why) => why,
            None => {
                Why::new("not_collected", "no record of an agent, a person's request or a schedule is here".to_string())
            }
        };
        why.text = format!("Somebody, or a schedule, asked for {what}; {}.", why.text);
        why.fix =
            Some("hand in the agent's own log of the run, and have it carry the request id of each call".to_string());
        why.ask = act.fact.actor.as_ref().map(|actor| format!("whoever runs {}", actor.principal.called()));
        self.push_gap(Chain::Command, node.to_string(), "asker", why);
        Ok(())
    }

    /// The log that would hold what was asked had been switched off.
    fn content_off(&mut self, act: &Act) -> Result<Option<Why>, Stopped> {
        let recorder = super::effect_of(&act.fact).and_then(|effect| effect.content_in.clone());
        let instant = act.records.iter().find_map(|record| record.event_time);
        let (Some(recorder), Some(instant)) = (recorder, instant) else { return Ok(None) };
        let off = self.recorder_off(&recorder, instant)?;
        Ok(off.map(|(event, by)| {
            let text = format!(
                "what was asked would stand in {recorder}, which was not writing then: {event} had stopped it{by}"
            );
            Why::new("recorder_off", text)
        }))
    }

    /// Why the agents whose logs are here may have written nothing of this act.
    fn agents_silent(&mut self, act: &Act) -> Result<Option<Why>, Stopped> {
        let (from, to) = self.stretch(act);
        let (agents, mut more) = self.agents(from, to)?;
        let recorders: BTreeSet<&String> = agents.iter().map(|agent| &agent.recorder).collect();
        for recorder in recorders {
            if let Some(why) = self.reported_loss(recorder, from, to)? {
                return Ok(Some(why));
            }
        }
        if agents.is_empty() {
            return Ok(None);
        }
        if self.aimed_elsewhere {
            let text = "a call of that moment names the same key and another target, and no other call fits";
            return Ok(Some(Why::new("unknown", text.to_string())));
        }
        if self.at_work(&agents, act, &mut more)? {
            let text = "an agent was at work at that moment, and none of the calls it recorded fits";
            return Ok(Some(Why::new("unknown", text.to_string())));
        }
        if more {
            let text = "no call of an agent fits, and more logs of agents are here than are looked at for why";
            return Ok(Some(Why::new("budget", text.to_string())));
        }
        let text = "logs of agents are here, and none of their calls fits".to_string();
        Ok(Some(Why::new("not_collected", text)))
    }

    /// Agents whose logs are here, those first whose logs reach over that moment, and whether there are
    /// more than are looked at.
    fn agents(&self, from: Time, to: Time) -> Result<(Vec<Span>, bool), Stopped> {
        let spans = self.evidence.spans()?;
        let mut agents: Vec<Span> = spans.iter().filter(|span| span.source.starts_with(AGENTS)).cloned().collect();
        let reaches_over =
            |span: &Span| span.first.is_none_or(|first| first <= to) && span.last.is_none_or(|last| from <= last);
        agents.sort_by_key(|span| !reaches_over(span));
        let more = agents.len() > AGENTS_LOOKED_AT_MAX;
        agents.truncate(AGENTS_LOOKED_AT_MAX);
        Ok((agents, more))
    }

    /// Whether an agent recorded steps of that moment other than calls: what they led to is not told.
    fn at_work(&self, agents: &[Span], act: &Act, more: &mut bool) -> Result<bool, Stopped> {
        let (from, to) = self.stretch(act);
        let mut read = 0;
        for Span { source, recorder, .. } in agents {
            if read > self.question.budget.records {
                *more = true;
                return Ok(false);
            }
            let ask = Ask::Recorded { source: source.clone(), recorder: recorder.clone(), from, to };
            let (records, cut) = self.evidence.records(ask)?;
            *more |= cut;
            read += records.len();
            let step = |record: &alloc::rc::Rc<Seen>| {
                let own = act.records.iter().any(|known| known.id == record.id);
                let keys = record.facts.iter().flat_map(|fact| &fact.keys);
                let mut sessions = keys.filter(|key| matches!(key.name.kind, KeyKind::Session | KeyKind::Conversation));
                !own && sessions.next().is_some() && super::call::tool_call_fact(record).is_none()
            };
            if records.iter().any(step) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What a recorder, or its collector, said about losing records of that stretch.
    fn reported_loss(&mut self, recorder: &str, from: Time, to: Time) -> Result<Option<Why>, Stopped> {
        let mut off: Option<String> = None;
        let said = self.said_of(recorder)?;
        for record in said.records {
            let Some(at) = record.event_time else { continue };
            let within = at.start <= to && from <= at.end.unwrap_or(at.start);
            let reference = crate::graph::reference(&record);
            for fact in &record.facts {
                let Detail::Recorder(change) = &fact.detail else { continue };
                match change {
                    RecorderChange::Sampled | RecorderChange::Dropped if within => {
                        self.graph.cite(&[alloc::rc::Rc::clone(&record)]);
                        let text = format!("{recorder} kept only some of what it saw then ({reference})");
                        return Ok(Some(Why::new("sampled", text)));
                    }
                    RecorderChange::Stopped if at.start <= to => off = Some(reference.clone()),
                    RecorderChange::Resumed if at.start <= from => off = None,
                    _ => {}
                }
            }
        }
        if let Some(event) = off {
            let text = format!("{recorder} was not writing then: {event} had stopped it");
            return Ok(Some(Why::new("recorder_off", text)));
        }
        let text = || format!("more is said of {recorder} than is looked at, and may be that it lost something");
        Ok(said.more.then(|| Why::new("budget", text())))
    }

    /// More calls fit than are looked at.
    pub(super) fn rivals_gap(&mut self, node: &str) {
        let why = Why::new(
            "budget",
            "More calls fit this as well than are looked at: any of them may have made it.".to_string(),
        );
        self.push_gap(Chain::Command, node.to_string(), "every candidate", why);
    }

    /// The call was found by likeness: the carrier that would have named it was not there.
    pub(super) fn carrier_gap(&mut self, node: &str) {
        let mut why = Why::new(
            "key_missing",
            "Which call did this is a guess: neither record carries an id that the other shows.".to_string(),
        );
        why.fix = Some(
            "record the request id the server returns (aws.request_id) on the call, or set AWS_SDK_UA_APP_ID to the session id".to_string(),
        );
        self.push_gap(Chain::Command, node.to_string(), "the call that made the request", why);
    }

    /// The turn was taken from the session alone.
    pub(super) fn turn_gap(&mut self, node: &str) {
        let mut why = Why::new(
            "key_missing",
            "Which turn made the call is a guess: the call carries no id of its turn.".to_string(),
        );
        why.fix = Some("have the agent put the id of the prompt (prompt.id) on every record of the turn".to_string());
        self.push_gap(Chain::Command, node.to_string(), "the turn that made the call", why);
    }

    /// No turn is known to have made the call.
    pub(super) fn turn_missing(&mut self, way: &Way, node: &str) -> Result<(), Stopped> {
        let call = way.call.records.first().cloned();
        let mut why = match (&way.lost, call) {
            (Some(lost), Some(call)) => self.span_lost(lost, &call, &way.call)?,
            _ => Why::new(
                "key_missing",
                "its record names no turn, no span around it and no session that is here".to_string(),
            ),
        };
        let what = tool_call(&way.call.fact).map_or("this", |_| "the call");
        why.text = format!("Somebody asked an agent for {what}; {}.", why.text);
        let fix = "have the agent record its turns: an invoke_agent span around the call, with user.id";
        why.fix.get_or_insert_with(|| fix.to_string());
        self.push_gap(Chain::Command, node.to_string(), "asker", why);
        Ok(())
    }

    /// The span around an act is named and not here.
    fn span_lost(&mut self, lost: &KeyName, call: &Seen, act: &Act) -> Result<Why, Stopped> {
        if lost.is_unreadable() {
            return Ok(redacted("its record names a span around it, and that id was taken out or cut"));
        }
        let lost = &lost.value;
        let (from, to) = self.stretch(act);
        let recorder = call.identity.recorder.clone();
        if let Some(why) = self.reported_loss(&recorder, from, to)? {
            return Ok(why);
        }
        let info = self.question.source(&call.identity.source);
        let until = info.map(|info| to.plus_millis(i64::try_from(info.delay_worst_ms).unwrap_or(i64::MAX)));
        if let Some(until) = until.filter(|until| self.question.as_of < *until) {
            let mut why = Why::new("not_yet_delivered", format!("the span around it, {lost}, may still be on its way"));
            why.until = Some(until);
            return Ok(why);
        }
        Ok(Why::new("unknown", format!("the span around it, {lost}, is not here and nothing says why")))
    }

    /// A turn is known and nobody is known to have asked for it.
    pub(super) fn asker_missing(&mut self, way: &Way, node: &str) -> Result<(), Stopped> {
        let last = way.turns.last().map_or(&way.call, |turn| &turn.act);
        let (from, to) = self.stretch(last);
        let recorder = last.records.first().map(|record| record.identity.recorder.clone()).unwrap_or_default();
        let mut why = match (self.reported_loss(&recorder, from, to)?, &way.lost) {
            (Some(why), _) => why,
            (None, Some(lost)) if lost.is_unreadable() => redacted(
                "the turn's record does not say who; it names a span around it, and that id was taken out or cut",
            ),
            (None, _) if super::way::asker_withheld(last) => {
                redacted("the turn's record has a place for who, and no name in it")
            }
            (None, _) => Why::new("key_missing", "the turn's record does not say who".to_string()),
        };
        why.text = format!("Somebody, or a schedule, asked for this turn; {}.", why.text);
        let fix = "have the agent put user.id (or enduser.id) on the turn";
        why.fix.get_or_insert_with(|| fix.to_string());
        why.ask = Some(format!("whoever runs {recorder}"));
        self.push_gap(Chain::Command, node.to_string(), "asker", why);
        Ok(())
    }
}

/// The value that would have settled it was taken out of the record.
fn redacted(text: &str) -> Why {
    let mut why = Why::new("redacted", text.to_string());
    let fix = "leave span ids and users in where telemetry is redacted, or put the same pseudonym wherever one stands";
    why.fix = Some(fix.to_string());
    why
}

#[cfg(test)]
mod tests;
