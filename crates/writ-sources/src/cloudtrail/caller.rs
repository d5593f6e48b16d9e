//! Who called: `userIdentity` as principals.

use super::event::Event;
use std::borrow::Cow;
use writ_model::fact::Party;
use writ_model::key::{Attestation, Key, KeyKind, KeyName, KeyRole};
use writ_model::principal::{Principal, PrincipalKind};

/// Prefix of principals that AWS itself numbers.
pub(super) const AWS: &str = "aws";
const SERVICE: &str = "aws.service";
const ACCOUNT: &str = "aws.account";
const IDENTITY_STORE: &str = "aws.identitystore";
/// IAM users known by name only, within their account.
const USER_NAME: &str = "aws.user";
/// Other callers known by login only, within the account that recorded them.
const LOGIN: &str = "aws.login";

/// What `invokedBy` says for the console: not a service that acts for its caller, but the caller's
/// own browser.
pub(super) const CONSOLE: &str = "signin.amazonaws.com";

/// Who called, for whom, and by way of which service.
pub(super) struct Caller<'n> {
    pub(super) actor: Option<Party>,
    pub(super) on_behalf_of: Option<Party>,
    /// `invokedBy`, whatever it means.
    pub(super) invoked_by: Option<&'n str>,
    /// Whether the caller is an AWS service acting by itself.
    pub(super) is_service: bool,
}

/// Reads `userIdentity`.
pub(super) fn of<'n>(event: &Event<'n>, class: Attestation) -> Caller<'n> {
    let invoked_by = event.who.invoked_by;
    let kind = event.who.kind;
    let nobody_else = kind.is_none() && event.who.id.is_none() && event.who.arn.is_none();
    let is_service = kind == Some("AWSService") || (nobody_else && invoked_by.is_some());
    let actor = if is_service { service(invoked_by) } else { principal(event, kind) };
    let behalf = if kind == Some("IdentityCenterUser") { None } else { store_user(event) };
    Caller {
        actor: actor.map(|principal| Party { principal, class }),
        on_behalf_of: behalf.map(|principal| Party { principal, class }),
        invoked_by,
        is_service,
    }
}

/// A principal of that namespace; `None` where the id names nothing (empty, a placeholder).
pub(super) fn named(
    namespace: &str,
    id: &str,
    id_is_name: bool,
    kind: PrincipalKind,
    name: Option<&str>,
) -> Option<Principal> {
    let id = KeyName::normalise(id)?;
    Some(Principal {
        id: [namespace, ":", id].concat(),
        id_is_name,
        kind,
        name: name.filter(|name| !name.is_empty()).map(str::to_string),
    })
}

/// The key by which a principal is looked up.
pub(super) fn key(principal: &Principal, class: Attestation) -> Option<Key> {
    let (namespace, value) = principal.id.split_once(':')?;
    // Nearly all are the cloud's own.
    let namespace = if namespace == AWS { Cow::Borrowed(AWS) } else { Cow::Owned(namespace.to_string()) };
    Key::new(KeyKind::Principal, namespace, value, KeyRole::Names, class)
}

/// A user of an identity store, by the store's ARN.
pub(super) fn identity_store_user(store_arn: &str, user: &str) -> Option<Principal> {
    let (_, store) = store_arn.rsplit_once('/')?;
    KeyName::normalise(user)?;
    named(IDENTITY_STORE, &format!("{store}/{user}"), false, PrincipalKind::Unknown, None)
}

/// An IAM user known by name only.
pub(super) fn user_by_name(account: &str, name: &str) -> Option<Principal> {
    by_login(USER_NAME, account, name)
}

/// Namespace of principals that an outside identity provider named.
const FEDERATED: &str = "aws.federated";

fn by_login(namespace: &str, account: &str, name: &str) -> Option<Principal> {
    KeyName::normalise(name)?;
    named(namespace, &format!("{account}/{name}"), true, PrincipalKind::Unknown, Some(name))
}

fn service(invoked_by: Option<&str>) -> Option<Principal> {
    invoked_by.and_then(|service| named(SERVICE, service, true, PrincipalKind::Service, Some(service)))
}

fn store_user(event: &Event<'_>) -> Option<Principal> {
    let user = event.identity(&["onBehalfOf", "userId"])?;
    identity_store_user(event.identity(&["onBehalfOf", "identityStoreArn"])?, user)
}

fn principal(event: &Event<'_>, kind: Option<&str>) -> Option<Principal> {
    let sort = match kind {
        Some("AssumedRole" | "Role") => PrincipalKind::Workload,
        _ => PrincipalKind::Unknown,
    };
    let arn = event.who.arn;
    let login = event.who.name;
    let name = match kind {
        Some("IAMUser" | "Root" | "AssumedRole" | "Role") => arn.or(login),
        _ => login.or(arn),
    };
    let name = name.filter(|name| KeyName::normalise(name).is_some());
    if kind == Some("IdentityCenterUser") {
        let stored = store_user(event)
            .or_else(|| identity_store_user(event.identity(&["identityStoreArn"])?, event.identity(&["userId"])?));
        if let Some(mut user) = stored {
            user.name = name.map(str::to_string);
            return Some(user);
        }
    }
    // Only the root user's id is the account; elsewhere the account stands there for want of an id.
    let id = event.who.id;
    let id = id.filter(|id| kind == Some("Root") || event.who.account != Some(*id));
    // Whoever an outside identity provider names shares no names with the cloud's own principals.
    let space = if matches!(kind, Some("SAMLUser" | "WebIdentityUser")) { FEDERATED } else { AWS };
    let by_id = id.and_then(|id| named(space, id, false, sort, name));
    let by_arn = || arn.and_then(|arn| named(AWS, arn, true, sort, name));
    let by_account = || {
        let account = event.who.account.filter(|_| kind == Some("AWSAccount"))?;
        named(ACCOUNT, account, false, sort, name)
    };
    let by_name = || match kind {
        Some("IAMUser") => user_by_name(event.account(), login?),
        _ => by_login(LOGIN, event.account(), login?),
    };
    by_id.or_else(by_arn).or_else(by_account).or_else(by_name)
}
