//! A pasted token is never looked for as text: it is hashed here and found by its fingerprint.

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use writ_model::canon;
use writ_model::key::{KeyKind, KeyName};

/// How secrets of well-known issuers begin. Ids that look alike (`AKIA…`) are not secrets.
const PREFIXES: &[&str] = &[
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxa-",
    "xoxb-",
    "xoxp-",
    "xoxe-",
    "xapp-",
    "sk-",
    "sk_live_",
    "rk_live_",
    "npm_",
    "pypi-",
    "hf_",
    "dop_v1_",
    "ya29.",
    "IQoJ",
    "FwoG",
    "FQoG",
];
/// Shortest text with such a beginning that is a secret rather than a name.
const SECRET_MIN: usize = 20;
/// Shortest text worth hashing: no token is shorter.
const TOKEN_MIN: usize = 16;
/// Longest token read; headers end long before.
const TOKEN_MAX: usize = 64 * 1024;

/// Whether a text is a token or another secret, so that it must not be looked for, nor shown, as it is.
pub(super) fn is_secret(text: &str) -> bool {
    is_jwt(text) || (text.len() >= SECRET_MIN && PREFIXES.iter().any(|prefix| text.starts_with(prefix)))
}

/// The keys under which records would show this token: its fingerprint, and, for a JWT, issuer and id.
pub(super) fn fingerprints(text: &str) -> Vec<KeyName> {
    if text.len() < TOKEN_MIN || text.len() > TOKEN_MAX {
        return Vec::new();
    }
    let digest = canon::hex(&<[u8; 32]>::from(Sha256::digest(text.as_bytes())));
    let mut names: Vec<KeyName> =
        KeyName::new(KeyKind::Credential, "oauth", &format!("sha256:{digest}")).into_iter().collect();
    names.extend(is_jwt(text).then(|| issued(text)).flatten());
    names
}

fn is_jwt(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let base64 =
        |part: &&str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'='));
    // RFC 7519: three parts signed, five encrypted; the header is an object, so it begins `{"`.
    text.starts_with("eyJ") && matches!(parts.len(), 3 | 5) && parts.iter().all(base64)
}

/// `(iss, jti)` of a signed token (RFC 7519, sections 4.1.1 and 4.1.7). The signature is not looked at:
/// this is only where to search.
fn issued(token: &str) -> Option<KeyName> {
    let payload: Value = serde_json::from_slice(&base64url(token.split('.').nth(1)?)?).ok()?;
    let claim = |name: &str| payload.get(name)?.as_str();
    KeyName::new(KeyKind::Credential, claim("iss")?.to_string(), claim("jti")?)
}

/// RFC 4648, section 5, with or without padding.
fn base64url(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut n_bits) = (Vec::with_capacity(text.len()), 0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xffff;
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            bytes.push(u8::try_from(bits >> n_bits & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `{"alg":"none"}`, `{"iss":"https://id.acme.example","jti":"t-1"}`.
    const TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2lkLmFjbWUuZXhhbXBsZSIsImp0aSI6InQtMSJ9.c2ln";

    #[test]
    fn a_token_is_its_fingerprint_and_its_issuers_id() {
        assert!(is_secret(TOKEN));
        let names: Vec<String> = fingerprints(TOKEN).iter().map(ToString::to_string).collect();
        assert!(names[0].starts_with("credential oauth:sha256:") && names[0].len() == 24 + 64, "{names:?}");
        assert_eq!(names[1], "credential https://id.acme.example:t-1");
    }

    #[test]
    fn ids_are_not_secrets_and_secrets_are() {
        for id in [
            "AKIAQDOMAINS00000001",
            "0af7651916cd43dd8448eb211c80319c",
            "mira@acme.example",
            "sk-1",
            "a.b.c",
            "vol-0a1b2c3d",
        ] {
            assert!(!is_secret(id), "{id}");
        }
        for secret in ["ghp_0000000000000000000000FAKE", "IQoJb3JpZ2luX2VjEFAKE0000", "glpat-FAKEFAKEFAKEFAKE00"] {
            assert!(is_secret(secret), "{secret}");
        }
        assert_eq!(fingerprints("short"), []);
        assert_eq!(fingerprints(&"x".repeat(TOKEN_MAX + 1)), []);
        assert_eq!(issued("eyJ.%%%.x"), None);
    }
}
