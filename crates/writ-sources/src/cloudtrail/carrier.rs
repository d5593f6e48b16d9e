//! Ids that callers let ride along into the log: an application id in the user agent, the name of a
//! role's session, a source identity. Whoever calls chooses them, so they are claims; where one is the
//! id of an agent's session, the agent's own records name it too.

use super::event::Event;
use super::presented::is_service_session;
use memchr::memmem;
use writ_model::key::{Attestation, CARRIER, Key, KeyKind, KeyRole};

/// Shorter names are words people choose (`deploy`), not ids of one session.
const CHARS_MIN: usize = 8;

/// What services and libraries call sessions of theirs, beside those a service is known to hold.
const NOT_SESSIONS: [&str; 4] = ["AutoScaling", "botocore-session-", "aws-sdk-", "AWSServiceRole"];

/// How the word of a user agent begins that holds the id of an application.
const APP: &str = "app/";

/// The ids a call carries.
pub(super) fn keys(event: &Event<'_>) -> Vec<Key> {
    // Hardly any agent has one, and each is asked.
    let agent = event.user_agent.filter(|agent| memmem::find(agent.as_bytes(), APP.as_bytes()).is_some());
    let app = agent.and_then(|agent| agent.split_whitespace().find_map(|word| word.strip_prefix(APP)));
    let role = event.who.kind == Some("AssumedRole");
    let session = event.who.id.filter(|_| role).and_then(|id| id.split_once(':')).map(|(_, session)| session);
    let source = event.identity(&["sessionContext", "sourceIdentity"]);
    let mut keys: Vec<Key> = Vec::new();
    for value in [app, session, source].into_iter().flatten().filter(|value| names_one(value)) {
        let key = Key::new(KeyKind::Session, CARRIER, value, KeyRole::Names, Attestation::Claimed);
        keys.extend(key.filter(|key| !keys.contains(key)));
    }
    keys
}

/// Whether a value may be the id of one session: not an instance's, and not what services call theirs.
fn names_one(value: &str) -> bool {
    let instance = value.strip_prefix("i-").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let service = is_service_session(value) || NOT_SESSIONS.iter().any(|name| value.starts_with(name));
    value.chars().count() >= CHARS_MIN && !instance && !service
}
