//! What is told of a token: fingerprint, `(iss, jti)`, scope, actors. Never the token.

use crate::arguments::sha256;
use crate::field;
use crate::redact;
use std::collections::BTreeSet;
use writ_model::json::{Node, Value, canonical};
use writ_model::key::{KeyKind, KeyName};
use writ_model::principal::Principal;
use writ_model::scope::Scope;
use writ_model::time::Time;

/// Namespace of tokens that are known by a fingerprint.
pub(crate) const OAUTH: &str = "oauth";

/// Bytes of one token's scope at most, with [`ENTRY_BYTES`] for each entry: tokens travel in headers, which have
/// less. It stands in the fact of every token that was given for this one.
const SCOPE_BYTES_MAX: usize = 64 << 10;

/// What an entry of a scope counts for beside its text.
const ENTRY_BYTES: usize = 32;

/// What a record tells of one token.
#[derive(Debug, Default)]
pub(super) struct Token {
    /// Its names, best first.
    pub(super) names: Vec<KeyName>,
    /// Who issued it, where the record tells.
    pub(super) iss: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) expires: Option<Time>,
    /// What it allows; `None` where nothing is told.
    pub(super) scope: Option<Scope>,
    /// Actors it states (RFC 8693 `act`), nearest first.
    pub(super) act: Vec<Principal>,
    pub(super) act_truncated: bool,
}

impl Token {
    /// The token under that member.
    pub(super) fn member(node: &Node<'_>, name: &str, issuer: &str) -> Result<Option<Token>, String> {
        match node.get(name).filter(|found| found.value != Value::Null) {
            None => Ok(None),
            Some(found) => Token::read(found, issuer).map(Some).map_err(|cause| format!("in `{name}`: {cause}")),
        }
    }

    /// An object that tells of a token, or the token itself as a text, of which the fingerprint is kept.
    pub(super) fn read(node: &Node<'_>, issuer: &str) -> Result<Token, String> {
        if let Some(raw) = node.as_str() {
            return Ok(Token { names: name_of_raw(raw).into_iter().collect(), ..Token::default() });
        }
        if !matches!(node.value, Value::Object(_)) {
            return Err("should be an object with `fingerprint` or `jti`".to_string());
        }
        let mut names: Vec<KeyName> = Vec::new();
        let fingerprint = field::digest(node, "fingerprint")?;
        names.extend(fingerprint.and_then(|digest| KeyName::new(KeyKind::Credential, OAUTH, &digest)));
        let raw = ["token", "value", "raw", "jwt"].iter().find_map(|member| node.text(&[member]));
        names.extend(raw.and_then(name_of_raw).filter(|name| !names.contains(name)).into_iter().collect::<Vec<_>>());
        if let Some(jti) = field::text(node, "jti")? {
            let iss = field::text(node, "iss")?.unwrap_or(issuer);
            names.push(field::key_name(KeyKind::Credential, iss, jti, "jti")?);
        }
        let scope = Scope {
            names: scope_names(node)?,
            limits: field::limits(node)?,
            details: details(node)?,
            audiences: field::texts(node, "audience")?.into_iter().collect(),
        };
        let texts = scope.names.iter().chain(&scope.details).chain(&scope.audiences).map(String::len);
        let limits = scope.limits.iter().map(|limit| limit.name.len() + limit.unit.len());
        let bytes: usize = texts.chain(limits).map(|len| len + ENTRY_BYTES).sum();
        if bytes > SCOPE_BYTES_MAX {
            return Err(format!("the scope of this token takes {bytes} bytes and may take {SCOPE_BYTES_MAX}"));
        }
        let act = field::list(node, "act")?
            .iter()
            .map(|actor| field::one_principal(actor).map_err(|cause| format!("in `act`: {cause}")));
        Ok(Token {
            names,
            iss: field::owned(node, "iss")?,
            kind: field::owned(node, "kind")?,
            expires: field::time(node, "expires")?,
            scope: (!scope.is_empty()).then_some(scope),
            act: act.collect::<Result<_, _>>()?,
            act_truncated: field::flag(node, "act_truncated")? == Some(true),
        })
    }
}

/// The fingerprint of a token that stands in the record: of the text itself before it is withheld,
/// of what was kept in its place afterwards.
pub(crate) fn name_of_raw(text: &str) -> Option<KeyName> {
    let kept = redact::kept_fingerprint(text).map(str::to_string);
    let digest = kept.or_else(|| redact::fingerprintable(text).map(|token| sha256(token.as_bytes())))?;
    KeyName::new(KeyKind::Credential, OAUTH, &digest)
}

/// Scope names: a list, or one text with spaces between them (RFC 6749, section 3.3).
fn scope_names(node: &Node<'_>) -> Result<BTreeSet<String>, String> {
    let said = field::texts(node, "scope")?;
    Ok(said.iter().flat_map(|text| text.split_whitespace()).map(str::to_string).collect())
}

/// RFC 9396: each as canonical JSON, so that they compare as a set.
fn details(node: &Node<'_>) -> Result<BTreeSet<String>, String> {
    let one = |detail: &Node<'_>| {
        let mut text = Vec::new();
        canonical(detail, &mut text);
        String::from_utf8(text).unwrap_or_default()
    };
    Ok(field::list(node, "authorization_details")?.iter().map(one).collect())
}
