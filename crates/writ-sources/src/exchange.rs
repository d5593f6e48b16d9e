//! Source `oauth.exchange`: what an authorisation server writes down about the tokens it gives.
//!
//! Our own format, `writ.exchange/1`, written down in `docs/reference/oauth-exchange.md`; words are
//! those of RFC 6749, 8693 (token exchange), 7009 (revocation) and 9396 (rich authorisation). The
//! server speaks for its own issuer: what it gave, for what it was shown, and whom it let in.

mod facts;
mod token;

use crate::admit::ID_BYTES_MAX;
use crate::field;
use crate::redact::{EVERYWHERE, Names, SecretName, Withholds};
use crate::source::{Context, Reading, Source};
use token::Token;
use writ_model::fact::{Fact, FactKind};
use writ_model::json::Node;
use writ_model::principal::{Principal, PrincipalKind};
use writ_model::source::{Omission, SourceInfo};

/// Authorisation servers.
#[derive(Clone, Copy, Debug)]
pub struct Exchanges;

/// The schema these records name.
pub const SCHEMA: &str = "writ.exchange/1";

/// Tokens that one record gives at most: servers give an access, a refresh and an ID token together. Each is a
/// fact, which repeats what the record says of client, subject and the token that was shown.
const TOKENS_MAX: usize = 16;

/// Members that should hold what is told of a token and may hold the token.
const TOKENS: Names = Names::of(&[
    SecretName { ends_with: "token", kind: "token" },
    SecretName { ends_with: "issued", kind: "token" },
    SecretName { ends_with: "jwt", kind: "token" },
    SecretName { ends_with: "secret", kind: "secret" },
]);

static WITHHOLDS: Withholds = Withholds { also: TOKENS, tokens: true, ..EVERYWHERE };

static OMISSIONS: [Omission; 3] = [
    Omission {
        code: "fingerprint_missing",
        text: "a server that logs no fingerprint of an opaque token leaves nothing its uses could be joined by",
        fix: "log the SHA-256 of every token issued as `fingerprint`, or `jti` with the issuer",
        ask: "whoever runs the authorisation server",
        reference: "docs/reference/oauth-exchange.md, section Tokens",
    },
    Omission {
        code: "offline_validation",
        text: "an issuer does not see the uses of tokens that resource servers check by themselves",
        fix: "let resource servers log `writ.credential.fingerprint` of the token they were shown",
        ask: "the owner of the resource server",
        reference: "https://www.rfc-editor.org/rfc/rfc9068",
    },
    Omission {
        code: "actor_chain_cut",
        text: "a server may keep only the last actor of a chain in the token it issues",
        fix: "nest earlier actors in `act` and set `act_truncated` where one was left out",
        ask: "whoever runs the authorisation server, for its own log of the earlier exchanges",
        reference: "https://www.rfc-editor.org/rfc/rfc8693#section-4.1",
    },
];

static INFO: SourceInfo = SourceInfo {
    name: "oauth.exchange",
    title: "authorisation servers: tokens issued, refreshed, exchanged, refused, revoked",
    namespace: "oauth",
    // The server writes as it goes; what carries its log away decides the rest.
    delay_usual_ms: 1_000,
    delay_worst_ms: 300_000,
    precision_ms: 1,
    // RFC 9068 and its kin let checkers allow some seconds between issuer and resource server.
    skew_ms: 5_000,
    verifies: "the tokens it was shown and gave, and the client as far as `authenticated` says",
    retention_ms: None,
    contains: &[FactKind::Credential, FactKind::Delegation],
    omissions: &OMISSIONS,
    tested: true,
};

impl Source for Exchanges {
    fn info(&self) -> &'static SourceInfo {
        &INFO
    }

    fn version(&self) -> u32 {
        1
    }

    fn withholds(&self) -> &'static Withholds {
        &WITHHOLDS
    }

    fn marks(&self) -> &'static [&'static str] {
        &["writ.exchange/"]
    }

    fn recognises(&self, node: &Node<'_>) -> bool {
        field::is_schema(node, SCHEMA)
    }

    fn read(&self, node: &Node<'_>) -> Result<Reading, String> {
        field::schema(node, SCHEMA)?;
        field::unambiguous(node)?;
        let exchange = Exchange::read(node)?;
        field::reading(node, exchange.issuer, ["id", "time"], INFO.precision_ms)
    }

    fn facts(&self, node: &Node<'_>, _: &Context<'_>) -> Vec<Fact> {
        Exchange::read(node).as_ref().map(facts::of).unwrap_or_default()
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// A token was given, in one way or another.
    Given,
    Refused,
    Ended,
}

const EVENTS: [(&str, Event); 6] = [
    ("issued", Event::Given),
    ("refreshed", Event::Given),
    ("exchanged", Event::Given),
    ("refused", Event::Refused),
    ("revoked", Event::Ended),
    ("expired", Event::Ended),
];

/// One record, its members checked.
struct Exchange {
    event: Event,
    /// The record's own word for it.
    word: String,
    /// By which grant (RFC 6749 and later), in the short spelling.
    grant: Option<String>,
    issuer: String,
    client: Option<Client>,
    subject: Option<Principal>,
    subject_token: Option<Token>,
    actor_token: Option<Token>,
    issued: Vec<Token>,
    /// Which token was refused or ended.
    token: Option<Token>,
    decision: Option<String>,
    decision_by: Option<String>,
    approval: Option<String>,
    txn: Option<String>,
    sequence: Option<(String, u64)>,
}

/// Who asked for it.
struct Client {
    principal: Principal,
    /// Whether the server authenticated it.
    authenticated: bool,
}

const AUTHENTICATED: [(&str, bool); 4] = [("mtls", true), ("jwt", true), ("secret", true), ("none", false)];

impl Exchange {
    fn read(node: &Node<'_>) -> Result<Exchange, String> {
        let issuer = field::recorder(node, "issuer")?;
        let token = |name: &str| Token::member(node, name, issuer);
        let mut given: Vec<Token> = token("issued")?.into_iter().collect();
        let others = field::list(node, "also_issued")?;
        if given.len() + others.len() > TOKENS_MAX {
            let n = given.len() + others.len();
            return Err(format!(
                "`also_issued`: this record gives {n} tokens and may give {TOKENS_MAX}: write several"
            ));
        }
        for one in others {
            given.push(Token::read(one, issuer).map_err(|cause| format!("in `also_issued`: {cause}"))?);
        }
        let exchange = Exchange {
            event: field::word(node, "event", &EVENTS)?,
            word: field::needed(node, "event")?.to_string(),
            grant: field::text(node, "grant")?.map(short_grant),
            issuer: issuer.to_string(),
            client: client(node, issuer)?,
            subject: subject(node, issuer)?,
            subject_token: token("subject_token")?,
            actor_token: token("actor_token")?,
            issued: given,
            token: token("token")?,
            decision: field::owned(node, "decision")?,
            decision_by: field::owned(node, "decision_by")?,
            approval: field::owned(node, "approval")?,
            txn: field::owned(node, "txn")?,
            sequence: field::sequence(node)?,
        };
        field::text(node, "reason")?;
        exchange.bounded()?;
        match exchange.event {
            Event::Given if exchange.issued.is_empty() => {
                Err(format!("`issued` is missing: say what was given when `event` is `{}`", exchange.word))
            }
            Event::Ended if exchange.token.is_none() => {
                Err(format!("`token` is missing: say which token ended when `event` is `{}`", exchange.word))
            }
            _ => Ok(exchange),
        }
    }
}

impl Exchange {
    /// Refuses texts that no key can be made of and that every fact would repeat.
    fn bounded(&self) -> Result<(), String> {
        let client = self.client.as_ref().map(|client| &client.principal);
        let of = |party: Option<&Principal>| {
            party.map_or(0, |said| said.id.len().max(said.name.as_ref().map_or(0, String::len)))
        };
        let shown = [&self.subject_token, &self.actor_token, &self.token].into_iter().flatten();
        let iss = shown.filter_map(|token| token.iss.as_ref()).map(String::len).max();
        let len = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let texts = [
            ("client", of(client)),
            ("subject", of(self.subject.as_ref())),
            ("grant", len(&self.grant)),
            ("decision_by", len(&self.decision_by)),
            ("iss", iss.unwrap_or(0)),
        ];
        match texts.iter().find(|(_, len)| *len > ID_BYTES_MAX) {
            Some((name, len)) => Err(format!("`{name}` has a text of {len} bytes; {ID_BYTES_MAX} are read")),
            None => Ok(()),
        }
    }
}

/// Grants have a short name or a URN whose last part is one, with hyphens (RFC 8693, RFC 7523).
fn short_grant(grant: &str) -> String {
    grant.rsplit(':').next().unwrap_or(grant).replace('-', "_")
}

fn client(node: &Node<'_>, issuer: &str) -> Result<Option<Client>, String> {
    let Some(client) = field::object(node, "client")? else { return Ok(None) };
    let inside = |cause: String| format!("in `client`: {cause}");
    let id = field::text(client, "id").map_err(inside)?;
    let workload = field::text(client, "workload").map_err(inside)?;
    let authenticated = match field::text(client, "authenticated").map_err(inside)? {
        None => false,
        Some(_) => field::word(client, "authenticated", &AUTHENTICATED).map_err(inside)?,
    };
    let principal = match (workload, id) {
        (Some(workload), id) => Principal {
            id: workload.to_string(),
            id_is_name: false,
            kind: PrincipalKind::Workload,
            name: id.map(str::to_string),
        },
        // A client that asks for itself is the subject of its token under the same id.
        (None, Some(id)) => Principal {
            id: format!("{issuer}|{id}"),
            id_is_name: false,
            kind: PrincipalKind::Workload,
            name: Some(id.to_string()),
        },
        (None, None) => return Err("in `client`: `id` is missing".to_string()),
    };
    Ok(Some(Client { principal, authenticated }))
}

/// The subject in the words of its issuer: an id alone could be anybody's.
fn subject(node: &Node<'_>, issuer: &str) -> Result<Option<Principal>, String> {
    let Some(said) = field::principal(node, "subject")? else { return Ok(None) };
    // The id as it is written: `field` would take `email:…` in it for our own spelling.
    let id = field::object(node, "subject")?.and_then(|subject| subject.text(&["id"])).unwrap_or_default().trim();
    Ok(Some(Principal { id: format!("{issuer}|{id}"), id_is_name: false, ..said }))
}
