//! Withholding in bytes that are not JSON, or not the JSON we know: rejects are kept too.

use super::{Withholds, is_placeholder, jwt, pattern, signed_at, wire};
use crate::admit::Mac;
use memchr::{memchr, memchr2};
use std::borrow::Cow;
use std::cmp::Reverse;
use writ_model::canon::hex;
use writ_model::record::{Redaction, placeholder};

/// Replaces what stands between quotes after a secret's name, and the values of signing parameters,
/// as far as both can be found without reading the text as JSON: `"sessionToken": "…"`, the same
/// inside a JSON string (`\"sessionToken\":\"…\"`), with single quotes, and a value the text breaks
/// off in. Pointers are `/N`, where N is the byte of the result at which the placeholder stands.
pub fn withhold_in_text(bytes: &[u8], rules: &Withholds, mac: Mac<'_>) -> (Vec<u8>, Vec<Redaction>) {
    let mut redactions = Vec::new();
    let out = without_secrets_in(bytes, rules, &mut |at, kind, secret| {
        let digest = mac(secret).to_vec();
        redactions.push(Redaction { pointer: format!("/{at}"), kind: kind.to_string(), digest });
    });
    (out, redactions)
}

/// The same; of each secret is told at which byte of the result its placeholder stands, and what it was.
pub(crate) fn without_secrets_in(
    bytes: &[u8],
    rules: &Withholds,
    each: &mut dyn FnMut(usize, &'static str, &[u8]),
) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut copied = 0;
    for (start, end, kind) in secrets(bytes, rules) {
        if start < copied {
            continue;
        }
        out.extend_from_slice(bytes.get(copied..start).unwrap_or_default());
        each(out.len(), kind, bytes.get(start..end).unwrap_or_default());
        out.extend_from_slice(placeholder(kind).as_bytes());
        copied = end;
    }
    out.extend_from_slice(bytes.get(copied..).unwrap_or_default());
    out
}

/// How every placeholder begins (`writ_model::record::placeholder`).
const PLACEHOLDER: &str = "writ:withheld:";

/// All that can be found in text of which nothing is known.
const ANYWHERE: Withholds = Withholds { tokens: true, ..super::EVERYWHERE_AND_IN_TEXT };

/// What the value under such a name is, if a secret, in text of which nothing is known.
pub(crate) fn kind_in_text(name: &str) -> Option<&'static str> {
    ANYWHERE.kind_of(name)
}

/// A text without the secrets in it, for where it is shown and what was in it is listed nowhere.
pub fn without_secrets(text: &str) -> String {
    let bytes = without_secrets_in(text.as_bytes(), &ANYWHERE, &mut |_, _, _| ());
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An id or a name without the secrets that would be withheld from it as text, and without tokens. What stands
/// for one tells it from others, so that two ids stay two: the fingerprint of a token that shows what it is,
/// else the keyed digest that is listed of what is withheld, since it could be found by trying.
///
/// `rules`: those of the record it is of. Where they do not search text, a colon with no blank behind it joins
/// the parts of an id, as in an ARN, and gives no value to a name.
pub(crate) fn id_without_secrets<'i>(id: &'i str, rules: &Withholds, mac: Mac<'_>) -> Cow<'i, str> {
    let bytes = id.as_bytes();
    if is_uuid(bytes) || is_account(id) || is_ours(id) {
        return Cow::Borrowed(id);
    }
    let tokens = tokens(bytes);
    let mut all = if is_word(bytes) { Vec::new() } else { secrets(bytes, &ANYWHERE) };
    all.retain(|secret| rules.in_text || !is_part(bytes, secret));
    all.extend(&tokens);
    all.sort_unstable_by_key(|(start, end, _)| (*start, Reverse(*end)));
    if all.is_empty() {
        return Cow::Borrowed(id);
    }
    let mut out = String::new();
    let mut copied = 0;
    for (start, end, kind) in joined(all) {
        let secret = id.get(start..end).unwrap_or_default();
        let shows = tokens.iter().any(|token| (token.0, token.1) == (start, end));
        let fingerprint = if shows { jwt::fingerprinted(secret) } else { None };
        let told = fingerprint.unwrap_or_else(|| format!("{kind}:{}", hex(&mac(secret.as_bytes()))));
        out.push_str(id.get(copied..start).unwrap_or_default());
        out.push_str(&placeholder(&told));
        copied = end;
    }
    out.push_str(id.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// Whether this is a placeholder of ours and nothing else: evidence that is handed in again stays what it is.
fn is_ours(id: &str) -> bool {
    let Some(told) = id.strip_prefix(PLACEHOLDER) else { return false };
    let (kind, digest) = told.split_once(':').unwrap_or((told, ""));
    let digits = digest.strip_prefix("sha256:").unwrap_or(digest);
    let is_digest = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    !kind.is_empty()
        && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        && (digest.is_empty() || is_digest)
}

/// Whether this is written like a UUID, as most native ids are: every mark of a token and every name of a secret
/// has letters that hexadecimal has not.
fn is_uuid(bytes: &[u8]) -> bool {
    const BYTES: usize = 36;
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' | b'-');
    // Without a branch for each byte.
    bytes.len() == BYTES && bytes.iter().fold(true, |all, byte| all & is_digit(byte))
}

/// Whether this is an account of AWS, as the recorder of nearly every CloudTrail event is: there is nothing but digits
/// in it, and no name of a secret.
fn is_account(id: &str) -> bool {
    id.strip_prefix("aws:").is_some_and(|account| account.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether this is one short word, as nearly all ids and names are: nothing in it gives a value to a name, and no
/// secret key stands in it beside what tells it.
fn is_word(bytes: &[u8]) -> bool {
    bytes.len() <= pattern::SECRET_KEY_BYTES && bytes.iter().all(|byte| pattern::is_name(*byte))
}

/// Whether what was found is the part of an id behind a colon, and no password in a URL.
fn is_part(bytes: &[u8], (start, end, _): &Secret) -> bool {
    let Some(colon) = start.checked_sub(1).filter(|at| bytes.get(*at) == Some(&b':')) else { return false };
    bytes.get(*end) != Some(&b'@') && ANYWHERE.kind_of(pattern::name_before(bytes, colon)).is_some()
}

/// Tokens that show by themselves what they are.
fn tokens(bytes: &[u8]) -> Vec<Secret> {
    let mut found = Found { all: Vec::new(), pass: 0, complete_to: bytes.len() };
    pattern::marked(bytes, &mut found);
    jwts(bytes, &mut found);
    found.joined(bytes.len())
}

fn jwts(bytes: &[u8], found: &mut Found) {
    found.pass();
    let mut at = 0;
    while let Some((start, end)) = jwt::next(bytes, at) {
        found.push((start, end, super::TOKEN));
        at = end.max(start + 1);
    }
}

/// Where secrets stand, in order.
fn secrets(bytes: &[u8], rules: &Withholds) -> Vec<Secret> {
    let mut found = Found { all: Vec::new(), pass: 0, complete_to: bytes.len() };
    let mut at = 0;
    while let Some(quote) = next_quote(bytes, at) {
        at = quote + 1;
        if let Some(secret) = named_value(bytes, quote, rules) {
            at = secret.1;
            found.push(secret);
        }
    }
    if rules.signed_urls {
        found.pass();
        let mut at = 0;
        while let Some(start) = signed_at(bytes, at) {
            let rest = bytes.get(start..).unwrap_or_default();
            let ends =
                |byte: &u8| matches!(byte, b'&' | b'"' | b'\'' | b'\\' | b'<' | b'>') || byte.is_ascii_whitespace();
            let end = start + rest.iter().position(ends).unwrap_or(rest.len());
            if withholdable(bytes.get(start..end)) {
                found.push((start, end, super::SIGNATURE));
            }
            at = end.max(start + 1);
        }
    }
    if rules.tokens {
        jwts(bytes, &mut found);
    }
    if rules.in_text {
        pattern::find(bytes, rules, &mut found);
        wire::find(bytes, rules, &mut found);
    }
    found.joined(bytes.len())
}

/// Secrets of one sort in one text at most. Each takes some two hundred bytes of memory and sixty of the
/// record's envelope. Where there are more, the rest of the text is withheld whole.
const SECRETS_MAX: usize = 1_024;

/// A stretch of text that is a secret, and what it is.
pub(super) type Secret = (usize, usize, &'static str);

/// What was found, pass by pass; each pass goes from the beginning of the text to its end.
pub(super) struct Found {
    all: Vec<Secret>,
    /// How many the pass found so far.
    pass: usize,
    /// Up to here every pass found all there is.
    complete_to: usize,
}

impl Found {
    /// Another pass begins.
    pub(super) fn pass(&mut self) {
        self.pass = 0;
    }

    pub(super) fn push(&mut self, secret: Secret) {
        if self.pass == SECRETS_MAX {
            self.complete_to = self.complete_to.min(secret.0);
        } else if secret.0 < self.complete_to {
            self.all.push(secret);
            self.pass += 1;
        }
    }

    fn joined(mut self, len: usize) -> Vec<Secret> {
        if self.complete_to < len {
            let from = self.complete_to;
            self.all.retain(|secret| secret.0 < from);
            self.all.push((from, len, REST));
        }
        // The longer of two that begin alike comes first.
        self.all.sort_unstable_by_key(|(start, end, _)| (*start, Reverse(*end)));
        joined(self.all)
    }
}

/// What a rest is called that may hold more secrets.
const REST: &str = "secret";

/// Stretches that overlap, as one.
fn joined(found: Vec<Secret>) -> Vec<Secret> {
    let mut out: Vec<Secret> = Vec::with_capacity(found.len());
    for secret in found {
        match out.last_mut() {
            Some(last) if secret.0 < last.1 => last.1 = last.1.max(secret.1),
            _ => out.push(secret),
        }
    }
    out
}

fn next_quote(bytes: &[u8], from: usize) -> Option<usize> {
    memchr2(b'"', b'\'', bytes.get(from..)?).map(|n| from + n)
}

/// How many backslashes stand right before a place.
fn escapes(bytes: &[u8], at: usize) -> usize {
    bytes.get(..at).map_or(0, |head| head.iter().rev().take_while(|byte| **byte == b'\\').count())
}

/// If a secret's name begins after this quote: where its value begins and ends.
fn named_value(bytes: &[u8], quote: usize, rules: &Withholds) -> Option<Secret> {
    let mark = *bytes.get(quote)?;
    let (name, mut at) = name(bytes, quote + 1);
    let kind = rules.kind_of(&name)?;
    at = skip(bytes, at, b"\\");
    at = expect(bytes, at, mark)?;
    at = skip(bytes, at, b" \t\r\n");
    // Arguments in a list: `["--password", "…"]`.
    let listed = name.starts_with("--") && bytes.get(at) == Some(&b',');
    at = if listed { at + 1 } else { assigns(bytes, at)? };
    at = skip(bytes, at, b" \t\r\n\\");
    let depth = escapes(bytes, at);
    if depth > pattern::ESCAPES_MAX {
        return None;
    }
    let (at, end) = match *bytes.get(at)? {
        open @ (b'"' | b'\'') => (at + 1, closing(bytes, at + 1, open, depth)),
        b'[' | b'{' if !listed => {
            let end = group_end(bytes, at + 1, mark, depth);
            return (at + 1 < end).then_some((at + 1, end, kind));
        }
        b'-' | b'0'..=b'9' if !listed => (at, number_end(bytes, at)),
        _ => return None,
    };
    withholdable(bytes.get(at..end)).then_some((at, end, kind))
}

/// The name that begins here, and where it ends. Its letters may be escaped.
fn name(bytes: &[u8], from: usize) -> (String, usize) {
    let mut name = String::new();
    let mut at = from;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let (letter, len) = match rest.first() {
            Some(byte) if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b' ') => (*byte, 1),
            Some(b'\\') => match escaped(rest) {
                Some(escaped) => escaped,
                None => return (name, at),
            },
            _ => return (name, at),
        };
        name.push(char::from(letter));
        at += len;
    }
}

/// A letter written as an escape, and how many bytes that takes.
fn escaped(text: &[u8]) -> Option<(u8, usize)> {
    let slashes = skip(text, 0, b"\\");
    let digits = text.get(slashes..)?.strip_prefix(b"u00")?.get(..2)?;
    let letter = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    letter.is_ascii_alphanumeric().then_some((letter, slashes + 5))
}

/// Behind `:` or `=>`.
fn assigns(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at..)? {
        [b':', ..] => Some(at + 1),
        [b'=', b'>', ..] => Some(at + 2),
        _ => None,
    }
}

/// The end of a list or an object: its bracket outside of quotes, or the end of the text.
fn group_end(bytes: &[u8], from: usize, mark: u8, depth: usize) -> usize {
    let mut at = from;
    let mut open = 1_usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open -= 1,
            byte if *byte == mark => {
                let end = closing(bytes, at + 1, mark, depth);
                at = skip(bytes, end, b"\\");
            }
            _ => {}
        }
        if open == 0 {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

fn number_end(bytes: &[u8], from: usize) -> usize {
    let part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
    from + bytes.get(from..).unwrap_or_default().iter().take_while(part).count()
}

/// The end of a quoted value: a quote no deeper escaped than the opening one, or the end of the text.
/// Where that is ambiguous it reads on, so that it withholds too much rather than too little.
fn closing(bytes: &[u8], from: usize, mark: u8, depth: usize) -> usize {
    let mut at = from;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr(mark, rest)) {
        let end = at + found;
        let run = escapes(bytes, end);
        if run <= depth {
            return end - run;
        }
        at = end + 1;
    }
    bytes.len()
}

fn skip(bytes: &[u8], from: usize, any: &[u8]) -> usize {
    from + bytes.get(from..).unwrap_or_default().iter().take_while(|byte| any.contains(byte)).count()
}

fn expect(bytes: &[u8], at: usize, byte: u8) -> Option<usize> {
    (bytes.get(at) == Some(&byte)).then_some(at + 1)
}

fn withholdable(value: Option<&[u8]>) -> bool {
    value.is_some_and(|value| !value.is_empty() && !std::str::from_utf8(value).is_ok_and(is_placeholder))
}
