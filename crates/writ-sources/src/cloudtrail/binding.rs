//! Roles bound to instances by way of instance profiles, and what changes such a binding later.

use super::calls::{Calls, Table};
use super::event::{Event, member, texts_anywhere};
use super::grant::grant;
use super::presented::instance_trace;
use crate::admit::short;
use std::fmt::Write as _;
use writ_model::fact::{Fact, GrantKind};
use writ_model::json::Node;
use writ_model::key::{Attestation, Key, KeyKind, KeyName, KeyRole};

const VERIFIED: Attestation = Attestation::Verified;

/// Most instances read off one call: launches are mostly single, and fleets bind by other calls.
const INSTANCES_MAX: usize = 64;

/// Calls that bind a role to instances by way of an instance profile.
const ATTACHES: &[(&str, &str)] =
    &[("ec2", "RunInstances"), ("ec2", "AssociateIamInstanceProfile"), ("ec2", "ReplaceIamInstanceProfileAssociation")];

/// Calls that change what is bound: they take a profile from an instance, or a role out of a profile or
/// put one into it.
const CHANGES: &[(&str, &str)] = &[
    ("ec2", "DisassociateIamInstanceProfile"),
    ("iam", "AddRoleToInstanceProfile"),
    ("iam", "DeleteInstanceProfile"),
    ("iam", "RemoveRoleFromInstanceProfile"),
];

static ATTACHING: Table = Table::new(|| Calls::of(ATTACHES));
static CHANGING: Table = Table::new(|| Calls::of(CHANGES));

pub(super) fn tables() -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write!(text, "{ATTACHES:?}{CHANGES:?}");
    text
}

/// What a successful call bound or changed.
pub(super) fn facts(event: &Event<'_>, base: &Fact, out: &mut Vec<Fact>) {
    if ATTACHING.has(event) {
        out.extend(attached(event, base));
    }
    if CHANGING.has(event) {
        out.extend(changed(event, base));
    }
}

/// Whether this call asks for a profile to be bound.
pub(super) fn binds(event: &Event<'_>, request: &Node<'_>) -> bool {
    ATTACHING.has(event) && profile(request).is_some()
}

fn attached(event: &Event<'_>, base: &Fact) -> Option<Fact> {
    let profile = [event.request, event.response].into_iter().flatten().find_map(profile)?;
    let instances = instances(event);
    let traces: Vec<KeyName> = instances.iter().filter_map(|instance| instance_trace(instance)).collect();
    if traces.is_empty() {
        return None;
    }
    let bound = match instances.as_slice() {
        [one] => format!("`{}`", short(one)),
        many => format!("{} instances", many.len()),
    };
    let says = format!("instance profile `{}` bound to {bound}", short(profile));
    let mut fact = grant(base, GrantKind::Attached, traces, says);
    fact.keys.extend(profile_key(event, profile, KeyRole::Names));
    Some(fact)
}

/// What a later change takes back or puts in the place of what was bound: it says by whom, and gives no
/// session its power by itself.
fn changed(event: &Event<'_>, base: &Fact) -> Option<Fact> {
    let shown = [event.request, event.response].into_iter().flatten().find_map(profile);
    let named = event.asked(&["instanceProfileName"]);
    let instances = instances(event);
    let traces = instances.iter().filter_map(|instance| instance_trace(instance));
    let mut keys: Vec<Key> = traces.map(|name| Key { name, role: KeyRole::Revokes, class: VERIFIED }).collect();
    // A profile taken from one instance stays as it is for others.
    if keys.is_empty() {
        keys.extend(profile_key(event, named.or(shown)?, KeyRole::Revokes));
    }
    let what = named.or(shown).map_or(String::new(), |profile| format!(" of instance profile `{}`", short(profile)));
    let mut fact = grant(base, GrantKind::Attached, Vec::new(), format!("binding{what} changed"));
    fact.keys.extend(keys);
    Some(fact)
}

fn instances<'n>(event: &Event<'n>) -> Vec<&'n str> {
    let places = [event.request, event.response].into_iter().flatten();
    let mut instances: Vec<&str> =
        places.flat_map(|place| texts_anywhere(place, "instanceId", INSTANCES_MAX)).collect();
    instances.sort_unstable();
    instances.dedup();
    instances.truncate(INSTANCES_MAX);
    instances
}

/// A profile by account and name, which is unique there.
fn profile_key(event: &Event<'_>, profile: &str, role: KeyRole) -> Option<Key> {
    let account = profile.strip_prefix("arn:").and_then(|arn| arn.split(':').nth(3)).unwrap_or(event.account());
    let name = profile.rsplit('/').next()?;
    Key::new(KeyKind::Principal, "aws.instance_profile", &format!("{account}/{name}"), role, VERIFIED)
}

/// The instance profile named below, by ARN or else by name.
fn profile<'n>(node: &'n Node<'n>) -> Option<&'n str> {
    let mut found = Vec::new();
    profiles(node, &mut found);
    found.into_iter().min().map(|(_, name)| name)
}

/// Instance profiles below; ARNs sort before names.
fn profiles<'n>(node: &'n Node<'n>, out: &mut Vec<(bool, &'n str)>) {
    for child in node.elements() {
        profiles(child, out);
    }
    for (name, child) in node.members() {
        if name.eq_ignore_ascii_case("iamInstanceProfile") {
            for (by_name, spelt) in [(false, "arn"), (true, "name")] {
                let found = member(child, spelt).and_then(Node::as_str).filter(|text| !text.is_empty());
                out.extend(found.map(|text| (by_name, text)));
            }
        } else {
            profiles(child, out);
        }
    }
}
