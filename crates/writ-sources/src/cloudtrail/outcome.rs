//! What came of a call, and whether its caller was authenticated.

use super::event::{Event, UNREADABLE};
use std::fmt::Write as _;
use writ_model::fact::Outcome;
use writ_model::key::Attestation;

/// Codes by which a policy refused an authenticated caller. `Client.` before a code is cut off.
const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AccessDeniedForDependencyException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "NotAuthorized",
    "NotAuthorizedError",
    "NotAuthorizedException",
    "UnauthorizedAccess",
    "UnauthorizedAccessException",
    "UnauthorizedOperation",
    "VpceAccessDenied",
];

/// Codes by which the caller was not authenticated, or may not have been: what such a record says of
/// its caller is a claim. They are failures, not decisions about the caller.
const UNAUTHENTICATED: &[&str] = &[
    "AuthFailure",
    "AuthorizationHeaderMalformed",
    "CredentialsNotSupported",
    "ExpiredToken",
    "ExpiredTokenException",
    "IDPRejectedClaim",
    "IDPRejectedClaimException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidAccessKeyId",
    "InvalidClientException",
    "InvalidClientTokenId",
    "InvalidGrantException",
    "InvalidIdentityToken",
    "InvalidIdentityTokenException",
    "InvalidSecurity",
    "InvalidSecurityToken",
    "InvalidSignature",
    "InvalidSignatureException",
    "InvalidToken",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "SignatureDoesNotMatchException",
    "TokenRefreshRequired",
    "UnauthorizedClientException",
    "UnauthorizedException",
    "UnrecognizedClient",
    "UnrecognizedClientException",
];

/// Words of a code that this page does not know: whether the caller was authenticated is then not
/// known, and is not assumed.
const AUTHENTICATION_WORDS: &[&str] = &["auth", "credential", "signature", "token"];

/// Words of codes about something else that goes by such a name, told to authenticated callers only.
const OTHER_WORDS: &[&str] = &[
    "authorizationalreadyexists",
    "authorizationnotfound",
    "authorizationquota",
    "authorizer",
    // Of the account a notification goes to, not of the caller.
    "cloudtrailinvalidclienttokenid",
    "continuationtoken",
    "credentialreport",
    "idempotencytoken",
    "nexttoken",
    "paginationtoken",
    "requesttoken",
    "tasktoken",
];

/// Words of a message, where a record has one and no code.
const MESSAGE_WORDS: &[&str] = &["credentials", "security token", "signature"];

/// Codes that mean another thing at one service: at Cognito this is a wrong password.
const UNAUTHENTICATED_AT: &[(&str, &str)] =
    &[("cognito-idp", "NotAuthorizedException"), ("cognito-identity", "NotAuthorizedException")];

/// The type of sign-in events.
const SIGN_IN: &str = "AwsConsoleSignIn";

/// What stands for the user name of a sign-in whose name was not that of a user.
const HIDDEN_NAME: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// What stands for callers who presented nothing, as account (S3) or as principal (Cognito).
const ANONYMOUS: [&str; 2] = ["ANONYMOUS_PRINCIPAL", "anonymous"];

pub(super) fn tables() -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write!(text, "{DENIED:?}{UNAUTHENTICATED:?}{UNAUTHENTICATED_AT:?}{ANONYMOUS:?}");
    let _ = write!(text, "{AUTHENTICATION_WORDS:?}{OTHER_WORDS:?}{MESSAGE_WORDS:?}");
    text
}

/// The outcome, and how the recorder knows who called.
pub(super) fn of(event: &Event<'_>) -> (Outcome, Attestation) {
    let code = event.error_code.map(plain_code);
    // A message without a code says that something went wrong, and not what.
    let message = event.error_message.filter(|_| code.is_none());
    let rejected = code.is_some_and(|code| code == UNREADABLE || unauthenticated(event.service, code))
        || message.is_some_and(|message| has_word(message, MESSAGE_WORDS));
    let stated = stated(event);
    let outcome = match code {
        Some(code) if !rejected && listed(DENIED, code) => Outcome::Denied,
        Some(_) => Outcome::Failure,
        None if message.is_some() => stated.filter(|stated| *stated == Outcome::Failure).unwrap_or(Outcome::Unknown),
        // A sign-in that does not say whether it succeeded is not taken for a success.
        None if event.kind == SIGN_IN => stated.unwrap_or(Outcome::Unknown),
        None => stated.unwrap_or(Outcome::Success),
    };
    // Whoever signs in is authenticated by success alone: a result that was left out is no success.
    let failed_sign_in = event.kind == SIGN_IN && outcome != Outcome::Success;
    let hidden = event.who.name == Some(HIDDEN_NAME);
    let class = if rejected || failed_sign_in || hidden || is_anonymous(event) {
        Attestation::Claimed
    } else {
        Attestation::Verified
    };
    (outcome, class)
}

/// Whether the caller presented nothing at all.
pub(super) fn is_anonymous(event: &Event<'_>) -> bool {
    let shown = [event.who.account, event.who.id];
    shown.into_iter().flatten().any(|id| ANONYMOUS.iter().any(|nobody| nobody.eq_ignore_ascii_case(id)))
}

fn unauthenticated(service: &str, code: &str) -> bool {
    listed(UNAUTHENTICATED, code)
        || UNAUTHENTICATED_AT.iter().any(|(at, named)| *at == service && named.eq_ignore_ascii_case(code))
        || !listed(DENIED, code) && has_word(code, AUTHENTICATION_WORDS) && !has_word(code, OTHER_WORDS)
}

/// Whether one of these lower-case words stands anywhere in the text.
fn has_word(text: &str, words: &[&str]) -> bool {
    let text = text.to_ascii_lowercase();
    words.iter().any(|word| text.contains(word))
}

fn listed(codes: &[&str], code: &str) -> bool {
    codes.iter().any(|named| named.eq_ignore_ascii_case(code))
}

/// A code without what services put around it: a fault's side, a namespace, an explanation.
fn plain_code(code: &str) -> &str {
    let code = code.split(':').next().unwrap_or(code);
    let code = code.rsplit('#').next().unwrap_or(code).trim();
    let code = code.strip_prefix("Client.").unwrap_or(code);
    code.strip_prefix("Server.").unwrap_or(code)
}

/// Sign-in events tell their outcome under their own name: `{"ConsoleLogin": "Failure"}`.
fn stated(event: &Event<'_>) -> Option<Outcome> {
    if !sign_in(event) {
        return None;
    }
    let own = event.answered(&[event.name]).or_else(|| super::event::text(event.service_details, &[event.name]))?;
    Some(match own {
        "Success" => Outcome::Success,
        "Failure" => Outcome::Failure,
        _ => Outcome::Unknown,
    })
}

fn sign_in(event: &Event<'_>) -> bool {
    event.service == "signin" || event.kind == SIGN_IN
}
