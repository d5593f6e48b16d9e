//! What servers say they did for callers: HTTP and RPC spans of kind server.

use super::dialect::Meaning as M;
use super::entry::{Entry, SpanKind};
use super::facts::{base, present, resource_key};
use super::told::Told;
use writ_model::fact::{Detail, Effect, Fact, FactKind, Outcome, Party, Resource};
use writ_model::key::Attestation;

/// The effect a server span states; `None` where it states none.
pub(super) fn effect(told: &Told<'_, '_>) -> Option<Fact> {
    let entry = told.entry;
    if !entry.is_span || entry.kind != SpanKind::Server {
        return None;
    }
    let (action, resource) = http(entry).or_else(|| rpc(entry))?;
    let observed = Attestation::Observed;
    let mut fact = base(told, FactKind::Effect, action);
    fact.outcome = answered(entry).unwrap_or(fact.outcome);
    // The one who answers saw who called; it is not itself the actor.
    fact.actor = told.user().map(|principal| Party { principal, class: observed });
    fact.on_behalf_of = None;
    if told.text(M::Principal).is_some() {
        fact.on_behalf_of = fact.actor.take();
        fact.actor = told.actor().map(|principal| Party { principal, class: observed });
    }
    present(told, &mut fact);
    let namespace = fact.action.split(':').next().unwrap_or_default();
    let key = resource_key(namespace, &resource, observed);
    fact.keys.extend(key);
    fact.resources.push(Resource { kind: String::new(), id: resource });
    fact.detail = Detail::Effect(Effect::default());
    Some(fact)
}

fn http(entry: &Entry<'_>) -> Option<(String, String)> {
    let text = |names: &[&str]| names.iter().find_map(|name| entry.attributes.text(name));
    let method = text(&["http.request.method", "http.method"])?;
    let route = text(&["http.route", "url.path", "http.target"])?;
    let path = text(&["url.path", "http.target", "http.route"])?;
    // What stands behind the path may hold anything, secrets too, and names no resource.
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let host = text(&["server.address", "http.server_name", "http.host"]).unwrap_or_default();
    Some((format!("http:{method} {}", route.split('?').next().unwrap_or_default()), format!("{host}{path}")))
}

fn rpc(entry: &Entry<'_>) -> Option<(String, String)> {
    let method = entry.attributes.text("rpc.method")?;
    let service = entry.attributes.text("rpc.service").unwrap_or_default();
    let name = if service.is_empty() { method.to_string() } else { format!("{service}/{method}") };
    Some((format!("rpc:{name}"), name))
}

/// What the status of the answer says: refused is not failed.
fn answered(entry: &Entry<'_>) -> Option<Outcome> {
    let code = ["http.response.status_code", "http.status_code"].iter().find_map(|name| entry.attributes.get(name))?;
    match code.shown()?.parse::<u16>().ok()? {
        401 | 403 => Some(Outcome::Denied),
        100..=399 => Some(Outcome::Success),
        400..=599 => Some(Outcome::Failure),
        _ => None,
    }
}
