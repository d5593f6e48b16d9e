//! With what the caller was let in, and how its issuance could be found.

use super::caller::{AWS, CONSOLE, Caller, named};
use super::event::Event;
use super::{CONSOLE_NO_KEY, CONSOLE_SESSION, PRECISION_MS, SERVICE_SESSION, SSO_ROLE_CREDENTIALS};
use crate::stamp;
use writ_model::fact::{Lifetime, Presented, Trace};
use writ_model::key::{Attestation, KeyKind, KeyName};
use writ_model::principal::{Principal, PrincipalKind};
use writ_model::time::EventTime;

/// Namespace of tokens of IAM Identity Center.
pub(super) const IDENTITY_CENTER: &str = "aws.identitycenter";

/// The platform that delivers credentials to instances.
pub(super) const EC2: &str = "ec2.amazonaws.com";

/// The service that runs functions.
pub(super) const LAMBDA: &str = "lambda.amazonaws.com";

/// Roles that IAM Identity Center makes for permission sets.
const SSO_ROLE: &str = "AWSReservedSSO_";
/// The path of such roles, which only Identity Center may use.
const SSO_ROLE_PATH: &str = "/aws-reserved/sso.amazonaws.com/";
/// The path of roles that only one service may take on.
const SERVICE_ROLE_PATH: &str = "/aws-service-role/";

/// How a service names the sessions it makes for itself.
enum Called {
    Exactly(&'static str),
    Beginning(&'static str),
    /// So many letters.
    Letters(usize),
}

/// Names of sessions that a service holds itself under a role it was handed. Callers may choose the
/// same name, so this says only which omission does *not* apply.
const SERVICE_SESSIONS: &[(&str, Called)] = &[
    ("cloudformation.amazonaws.com", Called::Exactly("AWSCloudFormation")),
    ("codebuild.amazonaws.com", Called::Beginning("AWSCodeBuild")),
    ("glue.amazonaws.com", Called::Exactly("GlueJobRunnerSession")),
    ("sagemaker.amazonaws.com", Called::Exactly("SageMaker")),
    ("redshift.amazonaws.com", Called::Exactly("RedshiftIamRoleSession")),
    ("config.amazonaws.com", Called::Exactly("ConfigResourceCompositionSession")),
    ("config.amazonaws.com", Called::Beginning("AWSConfig")),
    ("states.amazonaws.com", Called::Letters(32)),
];

/// What the caller presented; `None` where nobody presents anything.
pub(super) fn of(event: &Event<'_>, caller: &Caller<'_>, class: Attestation) -> Option<Presented> {
    event.identity?;
    if caller.is_service || super::outcome::is_anonymous(event) {
        return None;
    }
    let key = event.identity(&["accessKeyId"]);
    let token = event.identity(&["credentialId"]);
    let credential = key
        .and_then(|key| KeyName::new(KeyKind::Credential, AWS, key))
        .or_else(|| token.and_then(|token| KeyName::new(KeyKind::Credential, IDENTITY_CENTER, token)));
    let created = event.identity(&["sessionContext", "attributes", "creationDate"]).and_then(stamp::read);
    Some(Presented {
        lifetime: lifetime(event, key, created.is_some(), credential.is_some() && key.is_none()),
        issued_at: created.map(|time| EventTime::at(time, PRECISION_MS)),
        session_of: session_of(event),
        delivered_by: delivered_by(event),
        issuer: issuer(event),
        omission: omission(event, caller, credential.is_some()),
        traces: traces(event, caller, class),
        credential,
        class,
    })
}

fn lifetime(event: &Event<'_>, key: Option<&str>, created: bool, token: bool) -> Lifetime {
    let prefix = key.and_then(|key| key.get(..4)).unwrap_or_default();
    let session = created || matches!(event.who.kind, Some("AssumedRole" | "FederatedUser"));
    match prefix {
        "ASIA" => Lifetime::Temporary,
        _ if session || token => Lifetime::Temporary,
        "AKIA" => Lifetime::Lasting,
        _ => Lifetime::Unknown,
    }
}

/// The role this is a session of.
fn session_of(event: &Event<'_>) -> Option<Principal> {
    let role = event.who.kind == Some("AssumedRole") || event.issuer("type") == Some("Role");
    if !role {
        return None;
    }
    let id = event.issuer("principalId").or_else(|| event.who.id?.split_once(':').map(|(role, _)| role))?;
    named(AWS, id, false, PrincipalKind::Workload, role_arn(event))
}

/// The log of the account the credential belongs to: there its issuance would be.
fn issuer(event: &Event<'_>) -> Option<String> {
    let account =
        event.issuer("accountId").or(event.who.account).filter(|account| KeyName::normalise(account).is_some())?;
    Some(super::recorder(account))
}

fn role_arn<'n>(event: &Event<'n>) -> Option<&'n str> {
    event.issuer("arn")
}

/// The service that hands such credentials to a host by itself.
fn delivered_by(event: &Event<'_>) -> Option<String> {
    if is_of_instance(event) {
        return Some(EC2.to_string());
    }
    let issued_to = event.identity(&["inScopeOf", "credentialsIssuedTo"])?;
    match issued_to.strip_prefix("arn:")?.split(':').nth(1)? {
        // Of an instance, the record says so, or the credential was not delivered that way.
        "" | "ec2" => None,
        // Tasks take on their roles by this name of the service.
        "ecs" => Some("ecs-tasks.amazonaws.com".to_string()),
        service => Some(format!("{service}.amazonaws.com")),
    }
}

/// Whether the platform handed the credential to an instance.
fn is_of_instance(event: &Event<'_>) -> bool {
    event.identity(&["sessionContext", "ec2RoleDelivery"]).is_some()
}

/// Why the issuance of this credential is not in the log, if that is known beforehand.
fn omission(event: &Event<'_>, caller: &Caller<'_>, shown: bool) -> Option<&'static str> {
    let has_session = event.identity.is_some_and(|identity| identity.get("sessionContext").is_some());
    let directory_user = event.who.kind == Some("IdentityCenterUser");
    let via_service = caller.invoked_by.filter(|service| *service != CONSOLE);
    if sso_role(event).is_some() {
        Some(SSO_ROLE_CREDENTIALS)
    } else if event.from_console || caller.invoked_by == Some(CONSOLE) {
        Some(CONSOLE_SESSION)
    } else if via_service.is_some_and(|service| !held_by(event, service)) {
        Some(SERVICE_SESSION)
    } else if !shown && (has_session || directory_user) {
        Some(CONSOLE_NO_KEY)
    } else {
        None
    }
}

/// Whether the session is one the service itself holds, so that its issuance is logged like any.
fn held_by(event: &Event<'_>, service: &str) -> bool {
    if event.who.kind != Some("AssumedRole") {
        return false;
    }
    if role_arn(event).is_some_and(|arn| arn.contains(SERVICE_ROLE_PATH)) {
        return true;
    }
    let Some(session) = session_name(event) else { return false };
    SERVICE_SESSIONS.iter().any(|(known, called)| *known == service && called.is(session))
}

/// Whether services name sessions of their own so.
pub(super) fn is_service_session(session: &str) -> bool {
    SERVICE_SESSIONS.iter().any(|(_, called)| called.is(session))
}

impl Called {
    fn is(&self, session: &str) -> bool {
        match self {
            Called::Exactly(name) => session == *name,
            Called::Beginning(head) => session.starts_with(head),
            Called::Letters(len) => session.len() == *len && session.bytes().all(|byte| byte.is_ascii_alphabetic()),
        }
    }
}

fn session_name<'n>(event: &Event<'n>) -> Option<&'n str> {
    event.who.id?.split_once(':').map(|(_, session)| session)
}

/// The permission set's role this is a session of: its name, if Identity Center made it.
fn sso_role<'n>(event: &Event<'n>) -> Option<&'n str> {
    if event.who.kind != Some("AssumedRole") {
        return None;
    }
    let name = match role_arn(event) {
        // Anybody may name a role so; only Identity Center may put it on this path.
        Some(arn) if !arn.contains(SSO_ROLE_PATH) => return None,
        Some(arn) => arn.rsplit('/').next(),
        None => event.who.arn.and_then(|arn| arn.split('/').nth(1)),
    };
    name.filter(|name| name.starts_with(SSO_ROLE))
}

/// What both the request for a permission set's session and its uses name: account and set.
pub(super) fn sso_trace(account: &str, permission_set: &str) -> Option<KeyName> {
    if account.is_empty() || permission_set.is_empty() {
        return None;
    }
    KeyName::new(KeyKind::Principal, "aws.sso_role", &format!("{account}/{permission_set}"))
}

/// The permission set in the name of its role: `AWSReservedSSO_<set>_<16 hex digits>`.
pub(super) fn permission_set(role: &str) -> Option<&str> {
    let (set, suffix) = role.strip_prefix(SSO_ROLE)?.rsplit_once('_')?;
    let hex = suffix.len() == 16 && suffix.bytes().all(|byte| byte.is_ascii_hexdigit());
    (hex && !set.is_empty()).then_some(set)
}

/// The same of a role's ARN, with its account.
pub(super) fn sso_trace_of_role(arn: &str) -> Option<KeyName> {
    let account = arn.split(':').nth(4)?;
    if !arn.contains(SSO_ROLE_PATH) {
        return None;
    }
    sso_trace(account, permission_set(arn.rsplit('/').next()?)?)
}

/// What a role handed to a service and the service's sessions under it both name.
pub(super) fn passed_trace(service: &str, role_arn: &str) -> Option<KeyName> {
    KeyName::new(KeyKind::Principal, "aws.passed", &format!("{service}|{role_arn}"))
}

/// What a role handed to a function and the function's sessions under it both name: the service calls
/// such a session by the name of its function.
pub(super) fn function_trace(role_arn: &str, function: &str) -> Option<KeyName> {
    passed_trace(&format!("{LAMBDA}/{function}"), role_arn)
}

/// The same, of a session whose name is told: what was handed to another function does not fit.
pub(super) fn service_trace(service: &str, role_arn: &str, session: Option<&str>) -> Option<KeyName> {
    match session {
        Some(function) if service == LAMBDA => function_trace(role_arn, function),
        _ => passed_trace(service, role_arn),
    }
}

/// What a role bound to an instance and the instance's sessions both name.
pub(super) fn instance_trace(instance: &str) -> Option<KeyName> {
    instance.strip_prefix("i-").filter(|rest| !rest.is_empty())?;
    KeyName::new(KeyKind::Principal, "aws.instance", instance)
}

fn traces(event: &Event<'_>, caller: &Caller<'_>, class: Attestation) -> Vec<Trace> {
    let mut traces = Vec::new();
    let mut add = |name: Option<KeyName>, says: &'static str| {
        traces.extend(name.map(|name| Trace { name, class, says }));
    };
    if let Some(role) = sso_role(event) {
        let account = event.issuer("accountId").or(event.who.account).unwrap_or_default();
        let set = permission_set(role).unwrap_or_default();
        add(sso_trace(account, set), "a session of the same permission set in the same account");
    }
    if is_of_instance(event) {
        let instance = session_name(event).filter(|name| name.starts_with("i-"));
        add(instance.and_then(instance_trace), "a session of the role that is bound to the same instance");
    }
    if let (Some(service), Some(role)) = (caller.invoked_by.filter(|service| *service != CONSOLE), role_arn(event)) {
        add(service_trace(service, role, session_name(event)), "the same role in the hands of the same service");
    }
    traces
}
