//! Secrets in free text: commands, headers, prompts, arguments written as text.
//!
//! A value is one because of the name before it (`password=…`, `--client-secret …`,
//! `Authorization: Bearer …`) or because its issuer marks it (`ghp_…`, a JWT). Access-key ids are no
//! secrets and stay: records are joined by them. Where it is ambiguous how far a value goes it is read
//! on, so that too much is withheld rather than too little.
//!
//! Whoever writes the text also chooses how often a name stands in it, so no stretch of it is gone over
//! once for each: what was found of the word or run that goes on is remembered, and how deep quotes may
//! be escaped is bounded.

use super::text::Found;
use super::{Withholds, begins_placeholder};
use memchr::{memchr, memchr_iter, memchr2_iter, memmem, memrchr_iter};
use std::sync::LazyLock;

/// Longest name that is looked at before a value: names of secrets are words, not sentences.
pub(super) const NAME_BYTES_MAX: usize = 80;

/// How long AWS secret access keys are.
pub(super) const SECRET_KEY_BYTES: usize = 40;

/// How far from a secret key its id or the word `secret` stands at most: the same command or the next
/// line of a file.
const NEAR_BYTES: usize = 200;

/// Backslashes before a quote at most: text inside JSON inside JSON has three, and seven one level on.
/// What more stand before opens no value.
pub(super) const ESCAPES_MAX: usize = 16;

/// Words that say how a credential is presented; the credential follows.
const SCHEMES: [&[u8]; 6] = [b"bearer", b"basic", b"token", b"digest", b"negotiate", b"apikey"];

/// A credential that its issuer marks: how it begins, how long it is at least with that, what it is.
struct Marked {
    begins: &'static str,
    bytes_min: usize,
    kind: &'static str,
}

const MARKED: [Marked; 16] = [
    Marked { begins: "ghp_", bytes_min: 30, kind: "token" },
    Marked { begins: "gho_", bytes_min: 30, kind: "token" },
    Marked { begins: "ghs_", bytes_min: 30, kind: "token" },
    Marked { begins: "ghu_", bytes_min: 30, kind: "token" },
    Marked { begins: "ghr_", bytes_min: 30, kind: "token" },
    Marked { begins: "github_pat_", bytes_min: 40, kind: "token" },
    Marked { begins: "glpat-", bytes_min: 20, kind: "token" },
    Marked { begins: "npm_", bytes_min: 36, kind: "token" },
    Marked { begins: "xoxb-", bytes_min: 20, kind: "token" },
    Marked { begins: "xoxp-", bytes_min: 20, kind: "token" },
    Marked { begins: "sk-", bytes_min: 32, kind: "token" },
    Marked { begins: "sk_live_", bytes_min: 24, kind: "token" },
    Marked { begins: "AIza", bytes_min: 39, kind: "token" },
    // Session tokens of AWS STS.
    Marked { begins: "IQoJb3JpZ2luX2", bytes_min: 60, kind: "session_token" },
    Marked { begins: "FwoGZXIvYXdz", bytes_min: 60, kind: "session_token" },
    // A JSON Web Token: three parts, of which the first begins like this.
    Marked { begins: "eyJ", bytes_min: 40, kind: "token" },
];

/// Finds secrets; stretches may overlap and stand in any order.
pub(super) fn find(text: &[u8], rules: &Withholds, out: &mut Found) {
    assigned(text, rules, out);
    tagged(text, rules, out);
    flags(text, rules, out);
    schemes(text, out);
    marked(text, out);
    in_urls(text, out);
    secret_keys(text, out);
    private_keys(text, out);
}

fn at(text: &[u8], n: usize) -> u8 {
    text.get(n).copied().unwrap_or(0)
}

pub(super) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Where the run of blanks that begins here ends.
fn past_blanks(text: &[u8], from: usize) -> usize {
    from + text.get(from..).unwrap_or_default().iter().take_while(|byte| is_blank(**byte)).count()
}

/// The name that ends right before this place.
pub(super) fn name_before(text: &[u8], end: usize) -> &str {
    let head = text.get(..end).unwrap_or_default();
    let len = head.iter().rev().take(NAME_BYTES_MAX).take_while(|byte| is_name(**byte)).count();
    std::str::from_utf8(head.get(end - len..).unwrap_or_default()).unwrap_or_default()
}

/// `name=value` and `name: value`, with blanks around the sign.
fn assigned(text: &[u8], rules: &Withholds, out: &mut Found) {
    out.pass();
    let mut word = Word::default();
    for sign in memchr2_iter(b'=', b':', text) {
        let before = text.get(..sign).unwrap_or_default();
        let end = sign - before.iter().rev().take_while(|byte| is_blank(**byte)).count();
        let Some(kind) = rules.kind_of(name_before(text, end)) else { continue };
        let from = past_blanks(text, sign + 1);
        // A comparison or the scheme of a URL.
        if at(text, from) == b'=' || text.get(from..from + 2) == Some(b"//") {
            continue;
        }
        value(text, from, kind, &mut word, out);
    }
}

/// `<name>value<`.
fn tagged(text: &[u8], rules: &Withholds, out: &mut Found) {
    out.pass();
    for close in memchr_iter(b'>', text) {
        let name = name_before(text, close);
        if at(text, (close - name.len()).wrapping_sub(1)) != b'<' {
            continue;
        }
        let Some(kind) = rules.kind_of(name) else { continue };
        let len = memchr(b'<', text.get(close + 1..).unwrap_or_default());
        push(text, close + 1, len.map_or(text.len(), |len| close + 1 + len), kind, out);
    }
}

/// `--name value`, and the names the AWS command line sets credentials by.
fn flags(text: &[u8], rules: &Withholds, out: &mut Found) {
    const SET: [&str; 2] = ["aws_secret_access_key", "aws_session_token"];
    out.pass();
    let mut word = Word::default();
    for n in memchr2_iter(b' ', b'\t', text) {
        let name = name_before(text, n);
        let named = name.strip_prefix("--").is_some_and(|name| !name.is_empty())
            || SET.iter().any(|known| known.eq_ignore_ascii_case(name));
        let Some(kind) = rules.kind_of(name).filter(|_| named) else { continue };
        let from = past_blanks(text, n);
        if at(text, from) != b'-' {
            value(text, from, kind, &mut word, out);
        }
    }
}

/// The last word that a value was, so that one inside it is not looked for again.
#[derive(Default)]
struct Word {
    from: usize,
    end: usize,
}

/// Withholds the value that begins here, without the scheme before it.
fn value(text: &[u8], from: usize, kind: &'static str, word: &mut Word, out: &mut Found) {
    let (from, end) = extent(text, from, word);
    let said = text.get(from..end).unwrap_or_default();
    // A signed request: its signature is found by its own name, and its key id stays.
    if said.starts_with(super::SIGNED_REQUEST.as_bytes()) && at(text, from + super::SIGNED_REQUEST.len()) == b' ' {
        return;
    }
    if let Some(len) = scheme(said) {
        let rest = past_blanks(text, from + len);
        if rest > from + len {
            let (from, end) = extent(text, rest, word);
            return push(text, from, end, kind, out);
        }
    }
    push(text, from, end, kind, out);
}

/// How long the scheme is with which this begins.
fn scheme(word: &[u8]) -> Option<usize> {
    let len = word.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let first = word.get(..len)?;
    let alone = word.get(len).is_none_or(|byte| is_blank(*byte));
    (alone && SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(first))).then_some(len)
}

/// Where a value begins and ends: between quotes, or up to where a word ends.
fn extent(text: &[u8], from: usize, word: &mut Word) -> (usize, usize) {
    if (word.from..word.end).contains(&from) {
        return (from, word.end);
    }
    let rest = |from: usize| text.get(from..).unwrap_or_default();
    let slashes = rest(from).iter().take(ESCAPES_MAX + 1).take_while(|byte| **byte == b'\\').count();
    let mark = at(text, from + slashes);
    if matches!(mark, b'"' | b'\'' | b'`') && slashes <= ESCAPES_MAX {
        let begin = from + slashes + 1;
        let mut escapes = 0;
        for (n, byte) in rest(begin).iter().enumerate() {
            match *byte {
                b'\\' => escapes += 1,
                byte if byte == mark && escapes <= slashes => return (begin, begin + n - escapes),
                // Text that breaks off, or a quote that only stood there: a line is the most it means.
                b'\n' => return (begin, begin + n),
                _ => escapes = 0,
            }
        }
        return (begin, text.len());
    }
    let ends = |byte: &u8| {
        byte.is_ascii_whitespace()
            || matches!(
                byte,
                b'"' | b'\'' | b'`' | b'&' | b';' | b',' | b')' | b']' | b'}' | b'<' | b'>' | b'|' | b'\\'
            )
    };
    *word = Word { from, end: from + rest(from).iter().position(ends).unwrap_or(rest(from).len()) };
    (from, word.end)
}

fn push(text: &[u8], from: usize, end: usize, kind: &'static str, out: &mut Found) {
    let value = text.get(from..end).unwrap_or_default();
    let variable = match value {
        [b'$', next, ..] => next.is_ascii_alphabetic() || matches!(next, b'{' | b'(' | b'_'),
        [b'%', next, .., b'%'] => next.is_ascii_alphabetic(),
        [b'{', b'{', ..] => true,
        _ => false,
    };
    if !value.is_empty() && !variable && !begins_placeholder(value) {
        out.push((from, end, kind));
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=')
}

/// Where the run of a token's characters that begins here ends.
fn past_token(text: &[u8], from: usize) -> usize {
    from + text.get(from..).unwrap_or_default().iter().take_while(|byte| is_token(**byte)).count()
}

/// `Bearer …` and `Basic …` wherever they stand. Words of prose are shorter and have no digits.
fn schemes(text: &[u8], out: &mut Found) {
    const LETTERS_MIN: usize = 20;
    const WITH_DIGITS_MIN: usize = 8;
    out.pass();
    for blank in memchr2_iter(b' ', b'\t', text) {
        let word = name_before(text, blank);
        if !word.eq_ignore_ascii_case("bearer") && !word.eq_ignore_ascii_case("basic") {
            continue;
        }
        let from = past_blanks(text, blank);
        let end = past_token(text, from);
        let digits = text.get(from..end).unwrap_or_default().iter().any(u8::is_ascii_digit);
        if end - from >= if digits { WITH_DIGITS_MIN } else { LETTERS_MIN } {
            push(text, from, end, "token", out);
        }
    }
}

/// What finds each of [`MARKED`]: made once, since most texts that are searched are short.
static FINDERS: LazyLock<[memmem::Finder<'static>; MARKED.len()]> =
    LazyLock::new(|| MARKED.each_ref().map(|mark| memmem::Finder::new(mark.begins)));

/// Credentials that their issuers mark.
pub(super) fn marked(text: &[u8], out: &mut Found) {
    for (mark, finder) in MARKED.iter().zip(&*FINDERS) {
        out.pass();
        if text.len() < mark.bytes_min {
            continue;
        }
        // The run of a token's characters that goes on, its last dot but one, and what was found of it.
        let (mut run, mut dot, mut found) = (0, None, 0);
        for from in finder.find_iter(text) {
            let before = at(text, from.wrapping_sub(1));
            let inside = from > 0 && is_token(before) && before != b'=' && before != b'/';
            if inside || from < found {
                continue;
            }
            if from >= run {
                run = past_token(text, from);
                let dots = text.get(from..run).unwrap_or_default();
                dot = memrchr_iter(b'.', dots).nth(1).map(|n| from + n);
            }
            let parted = mark.begins != "eyJ" || dot.is_some_and(|dot| from <= dot);
            if parted && run - from >= mark.bytes_min {
                out.push((from, run, mark.kind));
                found = run;
            }
        }
    }
}

/// Passwords before the host of a URL, and after `-u name:` of command lines.
fn in_urls(text: &[u8], out: &mut Found) {
    out.pass();
    let starts = memmem::find_iter(text, "://").map(|n| n + 3);
    for from in starts {
        let rest = text.get(from..).unwrap_or_default();
        let ends = |byte: &u8| {
            byte.is_ascii_whitespace() || matches!(byte, b'/' | b'?' | b'#' | b'"' | b'\'' | b'\\' | b'<' | b'>')
        };
        let authority = rest.get(..rest.iter().position(ends).unwrap_or(rest.len())).unwrap_or_default();
        let Some(host) = authority.iter().rposition(|byte| *byte == b'@') else { continue };
        if let Some(colon) = authority.iter().take(host).position(|byte| *byte == b':') {
            push(text, from + colon + 1, from + host, "password", out);
        }
    }
    let mut word = Word::default();
    for flag in ["-u ", "--user ", "-u"] {
        out.pass();
        for from in
            memmem::find_iter(text, flag).filter(|n| *n == 0 || is_blank(at(text, n - 1))).map(|n| n + flag.len())
        {
            let (from, end) = extent(text, from, &mut word);
            let colon = text.get(from..end).unwrap_or_default().iter().position(|byte| *byte == b':');
            if let Some(colon) = colon {
                push(text, from + colon + 1, end, "password", out);
            }
        }
    }
}

/// AWS secret access keys: forty characters, near a key id or the word `secret`.
fn secret_keys(text: &[u8], out: &mut Found) {
    out.pass();
    let part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let mut from = 0;
    while from < text.len() {
        let run = text.get(from..).unwrap_or_default().iter().take_while(|byte| part(**byte)).count();
        let word = text.get(from..from + run).unwrap_or_default();
        let has = |test: fn(&u8) -> bool| word.iter().any(test);
        if run == SECRET_KEY_BYTES
            && has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
            && has(u8::is_ascii_digit)
        {
            let near = text.get(from.saturating_sub(NEAR_BYTES)..text.len().min(from + run + NEAR_BYTES));
            let near = near.unwrap_or_default();
            let told = ["AKIA", "ASIA", "secret", "Secret", "SECRET"];
            if told.iter().any(|mark| memmem::find(near, mark.as_bytes()).is_some()) {
                out.push((from, from + run, "secret_key"));
            }
        }
        from += run.max(1);
    }
}

/// Private keys in PEM, and those of `OpenPGP`, which end their line with one word more.
fn private_keys(text: &[u8], out: &mut Found) {
    out.pass();
    let mut found = 0;
    for from in memmem::find_iter(text, "PRIVATE KEY") {
        // What begins inside another ends where that does.
        if from < found {
            continue;
        }
        let before = text.get(from.saturating_sub(40)..from).unwrap_or_default();
        if memmem::find(before, b"-----BEGIN").is_none() {
            continue;
        }
        let body = from + "PRIVATE KEY".len();
        let head = ["-----", " BLOCK-----"].into_iter();
        let mut head = head.filter(|end| text.get(body..).is_some_and(|rest| rest.starts_with(end.as_bytes())));
        let Some(body) = head.next().map(|end| body + end.len()) else { continue };
        let end = memmem::find(text.get(body..).unwrap_or_default(), b"-----END").map_or(text.len(), |n| body + n);
        push(text, body, end, "private_key", out);
        found = end;
    }
}
