//! Credentials made, renewed, ended or refused.

use super::caller::{AWS, Caller, identity_store_user, named, user_by_name};
use super::calls::{Calls, Table};
use super::event::{Event, text};
use super::presented::{EC2, IDENTITY_CENTER, instance_trace, service_trace, sso_trace, sso_trace_of_role};
use crate::stamp;
use std::fmt::Write as _;
use writ_model::fact::{CredentialChange, Detail, Fact, FactKind, Lifetime, Minting, Outcome};
use writ_model::json::{Node, Value};
use writ_model::key::{Attestation, Key, KeyKind, KeyName, KeyRole};
use writ_model::principal::{Principal, PrincipalKind};
use writ_model::time::Time;

/// How a call makes a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Maker {
    /// A session of a role, in `credentials` with `assumedRoleUser`.
    RoleSession,
    /// A session of a member account's root.
    RootSession,
    /// A session of the caller itself.
    OwnSession,
    /// A session under a name the caller chose.
    FederatedSession,
    /// An access key of a user.
    AccessKey,
    /// A token of IAM Identity Center.
    Token,
    /// A session of a permission set's role, whose key is not logged.
    PermissionSetSession,
}

static MAKER_CALLS: Table<(&str, &str, Maker)> = Table::new(|| Calls::of(MAKERS));

/// Calls that make credentials.
const MAKERS: &[(&str, &str, Maker)] = &[
    ("sts", "AssumeRole", Maker::RoleSession),
    ("sts", "AssumeRoleWithSAML", Maker::RoleSession),
    ("sts", "AssumeRoleWithWebIdentity", Maker::RoleSession),
    ("sts", "AssumeRoot", Maker::RootSession),
    ("sts", "GetSessionToken", Maker::OwnSession),
    ("sts", "GetFederationToken", Maker::FederatedSession),
    ("iam", "CreateAccessKey", Maker::AccessKey),
    ("sso", "CreateToken", Maker::Token),
    ("sso-oauth", "CreateToken", Maker::Token),
    ("sso-oauth", "CreateTokenWithIAM", Maker::Token),
    ("sso-oidc", "CreateToken", Maker::Token),
    ("sso-oidc", "CreateTokenWithIAM", Maker::Token),
    ("sso", "GetRoleCredentials", Maker::PermissionSetSession),
];

/// The grant type by which a token is renewed rather than exchanged.
const REFRESH: &str = "refresh_token";

pub(super) fn tables() -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write!(text, "{MAKERS:?}{REFRESH}");
    text
}

/// Whether this call makes a credential, if it succeeds.
pub(super) fn makes(event: &Event<'_>) -> bool {
    maker(event).is_some()
}

fn maker(event: &Event<'_>) -> Option<Maker> {
    MAKER_CALLS.about(event).next().map(|row| row.2)
}

/// The credential fact of this record, if it has one. `base` is its effect.
pub(super) fn fact(event: &Event<'_>, caller: &Caller<'_>, at: Option<Time>, base: &Fact) -> Option<Fact> {
    if let Some(maker) = maker(event) {
        return made(event, caller, maker, at, base);
    }
    ended(event, base)
}

fn made(event: &Event<'_>, caller: &Caller<'_>, maker: Maker, at: Option<Time>, base: &Fact) -> Option<Fact> {
    let mut fact = super::facts::beside(base, FactKind::Credential);
    let lifetime = if maker == Maker::AccessKey { Lifetime::Lasting } else { Lifetime::Temporary };
    let service = caller.invoked_by.filter(|_| caller.is_service);
    let by_service = service.and_then(|name| KeyName::new(KeyKind::Principal, AWS, name)).map(|name| name.value);
    let mut minting = Minting {
        change: CredentialChange::Refused,
        minted: None,
        lifetime,
        holder: None,
        by_service,
        expires: None,
        scope: None,
        scope_before: None,
        decision: None,
        traces: Vec::new(),
    };
    if base.outcome == Outcome::Success {
        minting.change = change(event, maker);
        minting.minted = minted(event, maker);
        let shown = base.presented.as_ref().and_then(|presented| presented.credential.as_ref());
        if minting.minted.is_some() && minting.minted.as_ref() == shown {
            // The record names one credential in both places: it does not show what was made.
            return None;
        }
        minting.holder = holder(event, maker, base);
        minting.expires = expires(event, at);
        minting.traces = traces(event, caller, maker);
        let mints = minting.minted.iter().map(|name| (name.clone(), KeyRole::Mints));
        let traces = minting.traces.iter().map(|name| (name.clone(), KeyRole::Carries));
        fact.keys = mints.chain(traces).map(|(name, role)| Key { name, role, class: Attestation::Verified }).collect();
    }
    fact.detail = Detail::Credential(minting);
    Some(fact)
}

fn change(event: &Event<'_>, maker: Maker) -> CredentialChange {
    match maker {
        Maker::RoleSession | Maker::RootSession | Maker::FederatedSession | Maker::PermissionSetSession => {
            CredentialChange::Assumed
        }
        Maker::AccessKey => CredentialChange::Issued,
        // Without its grant type a request may have been either; a renewal is the weaker reading.
        Maker::Token if event.asked(&["grantType"]).is_none_or(|kind| kind == REFRESH) => CredentialChange::Refreshed,
        Maker::OwnSession | Maker::Token => CredentialChange::Exchanged,
    }
}

fn minted(event: &Event<'_>, maker: Maker) -> Option<KeyName> {
    let (namespace, id) = match maker {
        Maker::AccessKey => (AWS, event.answered(&["accessKey", "accessKeyId"])),
        Maker::Token => (IDENTITY_CENTER, text(event.additional, &["identitycenter:CredentialId"])),
        Maker::PermissionSetSession => return None,
        _ => (AWS, event.answered(&["credentials", "accessKeyId"])),
    };
    KeyName::new(KeyKind::Credential, namespace, id?)
}

/// Who the new credential authenticates as.
fn holder(event: &Event<'_>, maker: Maker, base: &Fact) -> Option<Principal> {
    match maker {
        Maker::RoleSession => {
            let id = event.answered(&["assumedRoleUser", "assumedRoleId"])?;
            named(AWS, id, false, PrincipalKind::Workload, event.answered(&["assumedRoleUser", "arn"]))
        }
        Maker::RootSession => {
            let target = event.asked(&["targetPrincipal"])?;
            let account = if target.starts_with("arn:") { target.split(':').nth(4)? } else { target };
            named(AWS, account, false, PrincipalKind::Unknown, None)
        }
        Maker::OwnSession => Some(base.actor.as_ref()?.principal.clone()),
        Maker::FederatedSession => {
            let id = event.answered(&["federatedUser", "federatedUserId"])?;
            named(AWS, id, false, PrincipalKind::Unknown, event.answered(&["federatedUser", "arn"]))
        }
        Maker::AccessKey => key_holder(event, base),
        Maker::Token => identity_store_user(
            text(event.additional, &["identitystore:IdentityStoreArn"])?,
            text(event.additional, &["identitystore:UserId"])?,
        ),
        Maker::PermissionSetSession => None,
    }
}

/// Whose access key it is. Without a name in the request it is the caller's own; a user of the
/// caller's name is the caller, as names are unique in an account at any instant; another user is
/// known by name only.
fn key_holder(event: &Event<'_>, base: &Fact) -> Option<Principal> {
    let caller = base.actor.as_ref().map(|actor| &actor.principal);
    let is_user = event.who.kind == Some("IAMUser");
    let own_name = event.who.name;
    let Some(asked) = event.asked(&["userName"]) else {
        return if is_user || event.who.kind == Some("Root") {
            caller.cloned()
        } else {
            user_by_name(event.account(), event.answered(&["accessKey", "userName"])?)
        };
    };
    if is_user && own_name == Some(asked) { caller.cloned() } else { user_by_name(event.account(), asked) }
}

fn expires(event: &Event<'_>, at: Option<Time>) -> Option<Time> {
    if let Some(end) = event.answered(&["credentials", "expiration"]) {
        return stamp::expiration(end);
    }
    let seconds = match &event.response?.get("expiresIn")?.value {
        Value::Number(lexeme) => lexeme.parse::<u32>().ok()?,
        _ => return None,
    };
    Some(at?.plus_millis(i64::from(seconds) * 1000))
}

/// What uses of the new credential will show besides its key.
fn traces(event: &Event<'_>, caller: &Caller<'_>, maker: Maker) -> Vec<KeyName> {
    let role = event.asked(&["roleArn"]);
    let mut traces = Vec::new();
    match maker {
        Maker::PermissionSetSession => {
            let asked = |names: [&str; 2]| asked_for(event, names).unwrap_or_default();
            traces.extend(sso_trace(asked(["account_id", "accountId"]), asked(["role_name", "roleName"])));
        }
        Maker::RoleSession => {
            if let Some(service) = caller.invoked_by.filter(|_| caller.is_service) {
                let session = event.asked(&["roleSessionName"]);
                traces.extend(role.and_then(|role| service_trace(service, role, session)));
                if service == EC2 {
                    traces.extend(session.and_then(instance_trace));
                }
            }
            traces.extend(role.and_then(sso_trace_of_role));
        }
        _ => {}
    }
    traces
}

/// A value Identity Center logs among the service's details or in the request, in two spellings.
fn asked_for<'n>(event: &Event<'n>, names: [&str; 2]) -> Option<&'n str> {
    let places: [Option<&'n Node<'n>>; 2] = [event.service_details, event.request];
    places.into_iter().find_map(|place| names.iter().find_map(|name| text(place, &[name])))
}

/// Keys that were deleted or switched off.
fn ended(event: &Event<'_>, base: &Fact) -> Option<Fact> {
    // A key that was only switched off can be switched on again, and then its uses are in order.
    if base.outcome != Outcome::Success || !event.is("iam", "DeleteAccessKey") {
        return None;
    }
    let id = event.asked(&["accessKeyId"])?;
    let mut fact = super::facts::beside(base, FactKind::Credential);
    fact.keys.extend(Key::new(KeyKind::Credential, AWS, id, KeyRole::Revokes, Attestation::Verified));
    fact.detail = Detail::Credential(Minting {
        change: CredentialChange::Revoked,
        minted: None,
        lifetime: Lifetime::Lasting,
        holder: key_holder(event, base),
        by_service: None,
        expires: None,
        scope: None,
        scope_before: None,
        decision: None,
        traces: Vec::new(),
    });
    Some(fact)
}
