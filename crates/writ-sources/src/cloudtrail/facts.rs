//! A record's facts, put together: the effect first, then what it also was.

use super::caller::{self, CONSOLE, Caller};
use super::event::Event;
use super::{carrier, govern, grant, minting, outcome, presented, resource, risk};
use crate::health::recorder_key;
use crate::source::Context;
use writ_model::fact::{Decision, DecisionEffect, Detail, Effect, Fact, FactKind, Outcome, RecorderChange};
use writ_model::json::Node;
use writ_model::key::{Attestation, Key, KeyKind, KeyName, KeyRole};

/// The engine that lets calls in or refuses them.
const IAM: &str = "aws.iam";

/// Most of a refusal's message: the vendor's encoded authorization messages run to several KiB and
/// say nothing to a reader.
const REASON_CHARS_MAX: usize = 2_000;

/// For so many there is room from the beginning: an effect, and mostly nothing more.
const FACTS_USUAL: usize = 1;

/// In what role a use states the names its issuance could be found by. The request for it states them
/// in another role (`Carries`): uses outnumber requests, and a look-up for one must not find the other.
const TRACE_ROLE: KeyRole = KeyRole::Presents;

/// What a record says.
pub(super) fn of(node: &Node<'_>, context: &Context<'_>) -> Vec<Fact> {
    let event = Event::of(node);
    if event.category == "Insight" || event.insight.is_some() {
        return vec![insight(&event)];
    }
    let (result, class) = outcome::of(&event);
    let mut caller = caller::of(&event, class);
    let effect = effect(&event, &mut caller, result, class);
    let at = context.event_time.map(|time| time.start);
    let mut rest = Vec::with_capacity(FACTS_USUAL);
    rest.extend(minting::fact(&event, &caller, at, &effect));
    if govern::is_session(&event) {
        rest.push(beside(&effect, FactKind::Session));
    }
    grant::facts(&event, &effect, &mut rest);
    if result == Outcome::Denied {
        rest.push(refusal(&event, &effect));
    }
    if result == Outcome::Success {
        if let Some((recorder, change)) = govern::recorder_change(&event, &context.identity.recorder) {
            let mut fact = beside(&effect, FactKind::Health);
            fact.keys.extend(recorder_key(&recorder));
            fact.detail = Detail::Recorder(change);
            rest.push(fact);
        }
        if govern::is_change(&event) {
            rest.push(beside(&effect, FactKind::Change));
        }
    }
    rest.insert(0, effect);
    rest
}

/// A further fact of the same record: who did it, with what and on what are the same.
pub(super) fn beside(effect: &Fact, kind: FactKind) -> Fact {
    Fact {
        actor: effect.actor.clone(),
        on_behalf_of: effect.on_behalf_of.clone(),
        presented: effect.presented.clone(),
        resources: effect.resources.clone(),
        ..Fact::new(kind, effect.action.clone(), effect.outcome)
    }
}

fn action(event: &Event<'_>) -> String {
    let name = [event.name, event.kind, "unnamed"].into_iter().find(|name| !name.is_empty()).unwrap_or_default();
    if event.service.is_empty() { name.to_string() } else { [event.service, ":", name].concat() }
}

fn insight(event: &Event<'_>) -> Fact {
    let kind = event.insight.and_then(|details| details.text(&["insightType"])).unwrap_or("unnamed");
    let mut fact = Fact::new(FactKind::Health, format!("insight:{kind}"), Outcome::Unknown);
    fact.keys.extend(shared_event(event));
    // Insights say nothing of the log itself, so they are not found among what was done to it.
    fact.detail = Detail::Recorder(RecorderChange::Observed);
    fact
}

fn shared_event(event: &Event<'_>) -> Option<Key> {
    let id = event.shared_id?;
    Key::new(KeyKind::Request, "aws.shared_event", id, KeyRole::Carries, Attestation::Verified)
}

/// The effect, and who it is of: the parties go from `caller` to it.
fn effect(event: &Event<'_>, caller: &mut Caller<'_>, result: Outcome, class: Attestation) -> Fact {
    let mut fact = Fact::new(FactKind::Effect, action(event), result);
    let via = caller.invoked_by.filter(|service| !caller.is_service && *service != CONSOLE);
    let enforced = matches!(event.kind, "AwsApiCall" | "AwsConsoleAction");
    let orders = grant::orders(event, caller.invoked_by);
    fact.actor = caller.actor.take();
    fact.on_behalf_of = caller.on_behalf_of.take();
    fact.presented = presented::of(event, caller, class);
    fact.resources = resource::of(event);
    fact.risk = risk::of(event);
    fact.keys = keys(event, &fact, &orders, class);
    fact.detail = Detail::Effect(Effect {
        via_service: via.map(str::to_string),
        enforced_by: enforced.then_some(IAM),
        orders,
        no_caller: event.identity.is_none(),
        content_in: govern::content_in(event),
    });
    fact
}

fn keys(event: &Event<'_>, fact: &Fact, orders: &[KeyName], class: Attestation) -> Vec<Key> {
    let verified = Attestation::Verified;
    let mut keys = Vec::with_capacity(12);
    if let Some(presented) = &fact.presented {
        let shown = presented.credential.iter();
        keys.extend(shown.map(|name| Key { name: name.clone(), role: KeyRole::Presents, class }));
        let traces = presented.traces.iter();
        keys.extend(traces.map(|trace| Key { name: trace.name.clone(), role: TRACE_ROLE, class: trace.class }));
    }
    if let Some(id) = event.request_id {
        let shown = Key::new(KeyKind::Request, "aws", id, KeyRole::Carries, verified);
        keys.extend(shown.or_else(|| Key::unreadable(KeyKind::Request, KeyRole::Carries)));
    }
    keys.extend(shared_event(event));
    if let Some(actor) = &fact.actor {
        keys.extend(caller::key(&actor.principal, class));
        let arn = event.who.arn;
        let by_arn = arn.and_then(|arn| Key::new(KeyKind::Principal, caller::AWS, arn, KeyRole::Names, class));
        if let Some(key) = by_arn.filter(|key| !keys.contains(key)) {
            keys.push(key);
        }
    }
    keys.extend(fact.on_behalf_of.iter().filter_map(|party| caller::key(&party.principal, party.class)));
    keys.extend(grant::stack_key(event).filter(|_| fact.outcome == Outcome::Success));
    keys.extend(orders.iter().map(|name| Key { name: name.clone(), role: KeyRole::Carries, class: verified }));
    keys.extend(resource::keys(&fact.resources));
    keys.extend(carrier::keys(event));
    keys
}

fn refusal(event: &Event<'_>, effect: &Fact) -> Fact {
    let mut fact = beside(effect, FactKind::Decision);
    let reason = event.error_message.map(|message| message.chars().take(REASON_CHARS_MAX).collect());
    fact.detail = Detail::Decision(Decision {
        effect: DecisionEffect::Deny,
        engine: IAM,
        reason,
        enforced: Some(true),
        id: None,
        policies: Vec::new(),
        revisions: Vec::new(),
        tool: None,
        arguments: None,
        reused_from: None,
    });
    fact
}
