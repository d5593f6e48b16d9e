//! Tokens in text: JSON Web Tokens by their shape, and the fingerprints that are kept of tokens.
//!
//! A fingerprint is the SHA-256 of the exact token. Tokens are long and random, so that nobody finds
//! one by trying; of anything shorter none is kept.

use super::{TOKEN, is_placeholder};
use crate::arguments::sha256;
use memchr::memmem;
use writ_model::record::placeholder;

/// How every JWT begins: `{"` in base64url (RFC 7519, section 3).
const HEAD: &[u8] = b"eyJ";

/// Shortest header of a JWT in base64url: that of `{"alg":"x"}`.
const HEADER_CHARS_MIN: usize = 14;

/// Shortest token of which a fingerprint is kept: 128 random bits in base64url are 22 characters.
/// Whatever is shorter could be found by trying.
const TOKEN_CHARS_MIN: usize = 22;

/// Authentication schemes that are followed by a token (RFC 6750, RFC 9449). What follows `Basic`
/// holds a password.
const SCHEMES: [&str; 2] = ["bearer ", "dpop "];

/// Whether a JWT stands anywhere in a text.
pub(super) fn held(text: &str) -> bool {
    next(text.as_bytes(), 0).is_some()
}

/// Where the next JWT stands, from a place on.
pub(super) fn next(text: &[u8], from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    loop {
        let start = at + memmem::find(text.get(at..)?, HEAD)?;
        let header = run(text, start);
        // A signature may be missing after the second dot (RFC 7515, appendix A.5); five parts are encrypted.
        if header - start >= HEADER_CHARS_MIN && text.get(header) == Some(&b'.') {
            let payload = run(text, header + 1);
            if text.get(payload) == Some(&b'.') {
                return Some((start, rest(text, payload)));
            }
        }
        at = header.max(start + 1);
    }
}

/// The end of a run of base64url.
fn run(text: &[u8], from: usize) -> usize {
    let part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'=');
    from + text.get(from..).unwrap_or_default().iter().take_while(part).count()
}

/// The end of the parts that follow.
fn rest(text: &[u8], from: usize) -> usize {
    let mut at = from;
    while text.get(at) == Some(&b'.') {
        at = run(text, at + 1);
    }
    at
}

/// The token in a text that is one, with or without its scheme; `None` for what might be guessed.
pub(crate) fn fingerprintable(text: &str) -> Option<&str> {
    let text = text.trim();
    let after = |scheme: &&str| {
        let head = text.get(..scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then(|| text.get(scheme.len()..).unwrap_or_default().trim())
    };
    let token = SCHEMES.iter().find_map(after).unwrap_or(text);
    let whole = token.len() >= TOKEN_CHARS_MIN && token.bytes().all(|byte| byte.is_ascii_graphic());
    (whole && !is_placeholder(token)).then_some(token)
}

/// What kind to withhold it as, if a fingerprint is kept.
pub(super) fn fingerprinted(text: &str) -> Option<String> {
    Some(format!("{TOKEN}:{}", sha256(fingerprintable(text)?.as_bytes())))
}

/// The fingerprint in the place of a withheld token.
pub(crate) fn kept_fingerprint(text: &str) -> Option<&str> {
    let kept = text.strip_prefix(placeholder(TOKEN).as_str())?.strip_prefix(':')?;
    let digits = kept.strip_prefix("sha256:")?;
    (digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(kept)
}
