//! Secrets leave evidence before it is stored.
//!
//! A source declares the names of members that hold secrets; a value under such a name is replaced
//! by a placeholder that carries its kind only, whatever sort of value it is, and so is any string that
//! holds the signature of a presigned URL. What is removed is listed with a keyed digest, so that two records can be told to
//! have held the same value without holding it.
//!
//! Telemetry of agents holds commands, headers and arguments as text, so for it strings are searched
//! too (`in_text`): what stands after a secret's name, and what its issuer marks as one, is cut out
//! where it stands and the rest of the string is kept. Records about tokens are searched for JWTs
//! (`tokens`), and a fingerprint of what is withheld there is kept.
//!
//! Limits: a secret under a name that is not declared, or in free text without a name or mark, is not
//! found. No pattern guesses at secrets by their look alone: a guess would withhold ids that records
//! are joined by. A JWT is no guess, since nothing else looks like one.

mod jwt;
mod list;
mod pattern;
mod text;
mod wire;

pub(crate) use jwt::{fingerprintable, kept_fingerprint};
pub(crate) use list::List;
pub(crate) use text::{id_without_secrets, kind_in_text, without_secrets_in};
pub use text::{withhold_in_text, without_secrets};

use memchr::{memchr2, memchr3};
use std::borrow::Cow;
use std::ops::Range;
use writ_model::json::{self, Node, Value};
use writ_model::record::placeholder;

/// Which values of a source's records are secrets.
#[derive(Clone, Copy, Debug)]
pub struct Withholds {
    /// Members of the record inside which names are looked for; empty: everywhere.
    pub within: &'static [&'static str],
    /// Names of members whose text is a secret.
    pub names: Names,
    /// More such names, which are secrets in this source's records only.
    pub also: Names,
    /// Names that end like one of `names` and are no secret.
    pub except: &'static [&'static str],
    /// Whether text anywhere that holds the signature of a presigned URL is withheld.
    pub signed_urls: bool,
    /// Whether strings are searched, so that only the secret in them is withheld; names then count
    /// however their words are joined, also where they stand under `key` beside a `value`.
    pub in_text: bool,
    /// Whether text anywhere that holds a JWT is withheld, and a fingerprint of withheld tokens is kept:
    /// for records about tokens, which are joined by nothing else.
    pub tokens: bool,
}

/// A name of members that hold secrets.
#[derive(Clone, Copy, Debug)]
pub struct SecretName {
    /// How such names end, in lower case and without separators: vendors prefix them freely and spell
    /// them in every case (`masterUserPassword`, `client_secret`, `X-Amz-Security-Token`).
    pub ends_with: &'static str,
    /// What the value is, as the placeholder says it.
    pub kind: &'static str,
}

/// Names of members that hold secrets.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    all: &'static [SecretName],
    /// Their last three letters, a bit for a few such endings each: nearly every name is ruled out by its own.
    endings: u128,
}

impl Names {
    /// These names, of letters and digits.
    pub const fn of(all: &'static [SecretName]) -> Names {
        let (mut endings, mut rest) = (0, all);
        while let [first, others @ ..] = rest {
            endings |= match first.ends_with.as_bytes() {
                [.., a, b, c] => ending([*a, *b, *c]),
                _ => u128::MAX,
            };
            rest = others;
        }
        Names { all, endings }
    }

    /// Those that may be the end of a name of so many bytes that ends like this, and others.
    fn that_end(&self, (bytes, ending): (usize, u128)) -> impl Iterator<Item = &'static SecretName> + use<> {
        let names = if self.endings & ending == 0 { [].iter() } else { self.all.iter() };
        names.filter(move |secret| secret.ends_with.len() <= bytes)
    }
}

/// One of 128 bits for three letters, whatever their case; others share it.
const fn ending([a, b, c]: [u8; 3]) -> u128 {
    1 << (((a & 31) << 2 ^ (b & 31) << 1 ^ (c & 31)) & 127)
}

/// How long a name is, and the bit of its last three bytes that count; all where there are fewer.
fn ending_of(name: &str, counts: impl Fn(u8) -> bool) -> (usize, u128) {
    let mut last = name.bytes().rev().filter(|byte| counts(*byte));
    let bit = match (last.next(), last.next(), last.next()) {
        (Some(c), Some(b), Some(a)) => ending([a, b, c]),
        _ => u128::MAX,
    };
    (name.len(), bit)
}

const NO_NAMES: Names = Names::of(&[]);

/// Declares nothing secret.
pub const NOTHING: Withholds = Withholds {
    within: &[],
    names: NO_NAMES,
    also: NO_NAMES,
    except: &[],
    signed_urls: false,
    in_text: false,
    tokens: false,
};

/// Declares every known name, anywhere in the record.
pub const EVERYWHERE: Withholds = Withholds { names: SECRET_NAMES, except: NOT_SECRET, signed_urls: true, ..NOTHING };

/// The same, and inside strings.
pub const EVERYWHERE_AND_IN_TEXT: Withholds = Withholds { in_text: true, ..EVERYWHERE };

/// The kind of a withheld presigned URL.
const SIGNATURE: &str = "signature";

/// The kind of a withheld token.
const TOKEN: &str = "token";

/// Names of members that hold secrets in any vendor's records, by how they end.
pub const SECRET_NAMES: Names = Names::of(&[
    SecretName { ends_with: "sessiontoken", kind: "session_token" },
    SecretName { ends_with: "xamzsecuritytoken", kind: "session_token" },
    SecretName { ends_with: "securitytoken", kind: "session_token" },
    SecretName { ends_with: "secretaccesskey", kind: "secret_key" },
    SecretName { ends_with: "secretkey", kind: "secret_key" },
    SecretName { ends_with: "password", kind: "password" },
    SecretName { ends_with: "passphrase", kind: "password" },
    SecretName { ends_with: "secretstring", kind: "secret" },
    SecretName { ends_with: "secretbinary", kind: "secret" },
    SecretName { ends_with: "secretvalue", kind: "secret" },
    SecretName { ends_with: "clientsecret", kind: "secret" },
    SecretName { ends_with: "apisecret", kind: "secret" },
    SecretName { ends_with: "webhooksecret", kind: "secret" },
    SecretName { ends_with: "sharedsecret", kind: "secret" },
    SecretName { ends_with: "consumersecret", kind: "secret" },
    SecretName { ends_with: "presharedkey", kind: "secret" },
    SecretName { ends_with: "base32stringseed", kind: "secret" },
    SecretName { ends_with: "qrcodepng", kind: "secret" },
    SecretName { ends_with: "privatekey", kind: "private_key" },
    SecretName { ends_with: "privatekeyplaintext", kind: "private_key" },
    SecretName { ends_with: "keymaterial", kind: "private_key" },
    SecretName { ends_with: "plaintext", kind: "secret" },
    SecretName { ends_with: "authorizationtoken", kind: "token" },
    SecretName { ends_with: "authorization", kind: "token" },
    SecretName { ends_with: "accesstoken", kind: "token" },
    SecretName { ends_with: "refreshtoken", kind: "token" },
    SecretName { ends_with: "idtoken", kind: "token" },
    SecretName { ends_with: "bearertoken", kind: "token" },
    SecretName { ends_with: "oauthtoken", kind: "token" },
    SecretName { ends_with: "authtoken", kind: "token" },
    SecretName { ends_with: "signintoken", kind: "token" },
    SecretName { ends_with: "subjecttoken", kind: "token" },
    SecretName { ends_with: "actortoken", kind: "token" },
    SecretName { ends_with: "webidentitytoken", kind: "token" },
    SecretName { ends_with: "tokenvalue", kind: "token" },
    SecretName { ends_with: "devicecode", kind: "token" },
    SecretName { ends_with: "authorizationcode", kind: "token" },
    SecretName { ends_with: "codeverifier", kind: "token" },
    SecretName { ends_with: "samlassertion", kind: "assertion" },
    SecretName { ends_with: "assertion", kind: "assertion" },
    SecretName { ends_with: "xamzsignature", kind: "signature" },
]);

/// Further names, where strings are searched: what people call secrets in commands and arguments.
const NAMES_IN_TEXT: Names = Names::of(&[
    SecretName { ends_with: "apikey", kind: "token" },
    SecretName { ends_with: "apitoken", kind: "token" },
    SecretName { ends_with: "githubtoken", kind: "token" },
    SecretName { ends_with: "ghtoken", kind: "token" },
    SecretName { ends_with: "gitlabtoken", kind: "token" },
    SecretName { ends_with: "npmtoken", kind: "token" },
    SecretName { ends_with: "bottoken", kind: "token" },
    SecretName { ends_with: "cookie", kind: "token" },
    SecretName { ends_with: "passwd", kind: "password" },
    SecretName { ends_with: "secret", kind: "secret" },
]);

/// The same, where nothing stands before them.
const NAMES_ALONE: Names =
    Names::of(&[SecretName { ends_with: "token", kind: "token" }, SecretName { ends_with: "pwd", kind: "password" }]);

/// Names that end like one of [`SECRET_NAMES`] and hold no secret.
pub const NOT_SECRET: &[&str] = &["publicKeyMaterial", "subjectFromWebIdentityToken"];

/// Query parameters by which somebody who has the URL is let in, in lower case: AWS signatures of
/// both versions, the session token, the shared access signatures of storage services, and OAuth
/// tokens (RFC 6750, section 2.3).
const SIGNED: [&str; 5] = ["x-amz-signature", "x-amz-security-token", "signature", "sig", "access_token"];

/// How the value of an `Authorization` begins that signs a request (AWS, signature version 4); a blank
/// follows, and the id of the key.
const SIGNED_REQUEST: &str = "AWS4-HMAC-SHA256";

fn is_signed_request(text: &str) -> bool {
    text.strip_prefix(SIGNED_REQUEST).is_some_and(|rest| rest.starts_with(' '))
}

/// Members that hold the token itself in an object that tells of it.
const WRAPPED: [&str; 2] = ["value", "raw"];

/// What vendors, redactors and we ourselves write in the place of a secret.
const PLACEHOLDERS: [&str; 6] =
    ["hidden_due_to", "value hidden due to", "redacted", "<redacted", "sensitive_data_removed", "writ:withheld:"];

impl Withholds {
    /// What the value of a member of this name is, if a secret.
    pub(crate) fn kind_of(&self, name: &str) -> Option<&'static str> {
        let found = if self.in_text { self.joined(name)? } else { self.named(name)? };
        if self.except.iter().any(|other| other.eq_ignore_ascii_case(name)) { None } else { Some(found.kind) }
    }

    /// The secret a name stands for.
    fn named(&self, name: &str) -> Option<&'static SecretName> {
        let ending = ending_of(name, is_no_separator);
        let mut names = self.names.that_end(ending).chain(self.also.that_end(ending));
        names.find(|secret| ends_with(name, secret.ends_with))
    }

    /// The same, however its words are joined: `client-secret`, `CLIENT_SECRET`.
    fn joined(&self, name: &str) -> Option<&'static SecretName> {
        let ending = ending_of(name, |byte| byte.is_ascii_alphanumeric());
        let ends = |secret: &&SecretName| ends_with_joined(name, secret.ends_with).is_some();
        let alone = |secret: &&SecretName| ends_with_joined(name, secret.ends_with) == Some(0);
        let mut names = self.names.that_end(ending).chain(NAMES_IN_TEXT.that_end(ending));
        names.find(ends).or_else(|| NAMES_ALONE.that_end(ending).find(alone))
    }
}

/// Whether a byte of a name is none of those that join words.
fn is_no_separator(byte: u8) -> bool {
    !matches!(byte, b'_' | b'-')
}

/// If a name ends like this, apart from what joins its words: how many letters and digits stand before.
fn ends_with_joined(name: &str, end: &str) -> Option<usize> {
    let mut letters = name.bytes().rev().filter(u8::is_ascii_alphanumeric);
    let mut wanted = end.bytes().rev().filter(u8::is_ascii_alphanumeric);
    if !wanted.all(|byte| letters.next().is_some_and(|found| found.eq_ignore_ascii_case(&byte))) {
        return None;
    }
    Some(letters.count())
}

fn ends_with(name: &str, end: &str) -> bool {
    let mut name = name.bytes().rev().filter(|byte| is_no_separator(*byte));
    end.bytes().rev().all(|byte| name.next().is_some_and(|found| found.eq_ignore_ascii_case(&byte)))
}

/// Whether this stands in the place of a secret already.
pub(crate) fn is_placeholder(text: &str) -> bool {
    let text = text.trim();
    begins_placeholder(text.as_bytes())
}

/// The same of bytes, told by their beginning.
fn begins_placeholder(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    // A word that only begins like one is none: `redacted` ends there, the others go on.
    let ends =
        |known: &str| known.ends_with("redacted") && value.get(known.len()).is_some_and(u8::is_ascii_alphanumeric);
    let begins = |known: &&str| {
        let head = value.get(..known.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(known.as_bytes())) && !ends(known)
    };
    value.iter().all(|byte| *byte == b'*') || PLACEHOLDERS.iter().any(begins)
}

/// A value that was replaced in a tree, and where it stood in the bytes.
pub(crate) struct Withheld {
    /// Of a name nothing before its value, which it stands right before.
    span: Range<usize>,
    /// What stands there now.
    text: String,
}

/// Replaces secrets in a tree by placeholders, and lists them. The tree then says what the redacted bytes
/// will say. `text` is what the tree was read from.
pub(crate) fn withhold(node: &mut Node<'_>, text: &[u8], rules: &Withholds, list: &mut List<'_>) -> Vec<Withheld> {
    // Most records hold none of the bytes of a query's parameter, and each string is then not looked through.
    let signed_urls = rules.signed_urls && memchr3(b'=', b'%', b'\\', text).is_some();
    let mut walk = Walk { rules, signed_urls, list, out: Vec::new() };
    if let Value::Object(members) = &mut node.value {
        for (name, child) in members {
            walk.name(name, child, None);
            let inside = rules.within.is_empty() || rules.within.contains(&&**name);
            let named = if rules.within.is_empty() { rules.kind_of(name) } else { None };
            let path = Path::new(None, Step::Name(name));
            walk.value(child, &path, inside, named);
        }
    }
    walk.out
}

/// What was withheld before this place, and what behind it.
pub(crate) fn split_at(mut withheld: Vec<Withheld>, place: usize) -> (Vec<Withheld>, Vec<Withheld>) {
    let behind = withheld.split_off(withheld.partition_point(|found| found.span.start < place));
    (withheld, behind)
}

/// Appends the bytes with each withheld value replaced. `text` is what the tree was read from, `whole` the record's
/// place in it, or that of a part of it.
pub(crate) fn splice(text: &[u8], whole: Range<usize>, withheld: Vec<Withheld>, out: &mut Vec<u8>) {
    let mut from = whole.start;
    for found in withheld {
        let span = if found.span.is_empty() { name_before(text, from, found.span.start) } else { found.span };
        out.extend_from_slice(text.get(from..span.start).unwrap_or_default());
        json::quote(&found.text, out);
        from = span.end;
    }
    out.extend_from_slice(text.get(from..whole.end).unwrap_or_default());
}

/// Where the name stands, with its quotes, whose value begins at `value`.
fn name_before(text: &[u8], from: usize, value: usize) -> Range<usize> {
    let head = text.get(from..value).unwrap_or_default().trim_ascii_end();
    let end = head.strip_suffix(b":").unwrap_or(head).trim_ascii_end().len();
    let inner = head.get(..end.saturating_sub(1)).unwrap_or_default();
    // A quote inside of a name stands behind a backslash, and that which opens it does not.
    let opens = |at: &usize| at.checked_sub(1).and_then(|before| inner.get(before)) != Some(&b'\\');
    let begin = memchr::memrchr_iter(b'"', inner).find(opens).unwrap_or(end);
    from + begin..from + end
}

struct Walk<'w, 'm> {
    rules: &'w Withholds,
    /// Whether text of this record may hold the signature of a presigned URL, and is then withheld.
    signed_urls: bool,
    list: &'w mut List<'m>,
    out: Vec<Withheld>,
}

/// Where the walk stands; rendered only where something is withheld.
struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    step: Step<'p>,
    /// How long it is when it is rendered, at least.
    bytes: usize,
}

enum Step<'p> {
    Name(&'p str),
    Index(usize),
}

impl<'p> Path<'p> {
    fn new(parent: Option<&'p Path<'p>>, step: Step<'p>) -> Path<'p> {
        let own = if let Step::Name(name) = &step { name.len() } else { 1 };
        Path { parent, bytes: parent.map_or(0, |parent| parent.bytes) + 1 + own, step }
    }

    fn render(&self) -> String {
        let mut pointer = self.parent.map_or_else(String::new, Path::render);
        pointer.push('/');
        match self.step {
            Step::Name(name) => pointer.push_str(&name.replace('~', "~0").replace('/', "~1")),
            Step::Index(n) => pointer.push_str(&n.to_string()),
        }
        pointer
    }
}

impl Walk<'_, '_> {
    /// Withholds a secret that is the name of a member, or stands in it.
    fn name(&mut self, name: &mut Cow<'_, str>, child: &Node<'_>, parent: Option<&Path<'_>>) {
        /// Shorter names hold no token that its issuer marks.
        const BYTES_MIN: usize = 20;
        if name.len() < BYTES_MIN {
            return;
        }
        let Cow::Owned(text) = id_without_secrets(name, self.rules, self.list.mac) else { return };
        let path = Path::new(parent, Step::Name(&text));
        self.list.push(path.bytes, || path.render(), TOKEN, name.as_bytes());
        let at = child.span().start;
        self.out.push(Withheld { span: at..at, text: text.clone() });
        *name = Cow::Owned(text);
    }

    /// `inside`: names count here. `named`: the value stands under a secret's name.
    fn value(&mut self, node: &mut Node<'_>, path: &Path<'_>, inside: bool, named: Option<&'static str>) {
        if let Some(kind) = named.filter(|kind| self.goes_whole(node, kind)) {
            let mut whole = Vec::new();
            json::canonical(node, &mut whole);
            return self.replace(node, path, kind, &whole);
        }
        match &mut node.value {
            Value::String(text) => {
                // A signed request holds a key id beside its signature, which alone is secret.
                let named = named.filter(|_| !(self.rules.in_text && is_signed_request(text)));
                if named.is_none() && self.rules.in_text {
                    return self.inside(node, path);
                }
                let signed = || (self.signed_urls && holds_signature(text)).then_some(SIGNATURE);
                let token = || (self.rules.tokens && jwt::held(text)).then_some(TOKEN);
                if let Some(kind) = named.or_else(token).or_else(signed).filter(|_| !is_placeholder(text)) {
                    let fingerprint = (self.rules.tokens && kind == TOKEN).then(|| jwt::fingerprinted(text)).flatten();
                    let kind = fingerprint.unwrap_or_else(|| kind.to_string());
                    let secret = text.clone();
                    self.replace(node, path, &kind, secret.as_bytes());
                }
            }
            Value::Array(nodes) => {
                let mut before = None;
                for (n, child) in nodes.iter_mut().enumerate() {
                    let flag = argument(child).filter(|text| self.rules.in_text && text.starts_with("--"));
                    let named = named.or(before.filter(|_| flag.is_none()));
                    before = flag.and_then(|name| self.rules.kind_of(name));
                    self.value(child, &Path::new(Some(path), Step::Index(n)), inside, named);
                }
            }
            Value::Object(members) => {
                // What stands under a secret's name is secret however deep, and the name may be a value.
                let above = named.filter(|_| self.rules.in_text).or_else(|| self.keyed(members));
                for (name, child) in members {
                    self.name(name, child, Some(path));
                    let own = if inside { self.rules.kind_of(name) } else { None };
                    let wrapped = named.filter(|_| self.rules.tokens && WRAPPED.contains(&&**name));
                    let named = own.or(above.filter(|_| *name != "key" && *name != "type")).or(wrapped);
                    self.value(child, &Path::new(Some(path), Step::Name(name)), inside, named);
                }
            }
            Value::Number(_) | Value::Null | Value::Bool(_) => {}
        }
    }

    /// Whether what is no text goes as one under a secret's name. Nothing, yes and no are no secrets; of a list
    /// each element goes. An attribute keeps the form that its reader knows and loses its texts one by one, and
    /// what is told of a token stands under the token's name.
    fn goes_whole(&self, node: &Node<'_>, kind: &str) -> bool {
        let apart = self.rules.in_text || (self.rules.tokens && kind == TOKEN);
        match &node.value {
            Value::Number(_) => true,
            Value::Object(members) => !apart && !members.is_empty(),
            Value::Array(_) | Value::String(_) | Value::Null | Value::Bool(_) => false,
        }
    }

    /// Puts a placeholder where a secret stands.
    fn replace(&mut self, node: &mut Node<'_>, path: &Path<'_>, kind: &str, secret: &[u8]) {
        self.list.push(path.bytes, || path.render(), kind, secret);
        let held = placeholder(kind);
        self.out.push(Withheld { span: node.span(), text: held.clone() });
        node.value = Value::String(Cow::Owned(held));
    }

    /// What the value of an attribute is, if a secret by the attribute's key.
    fn keyed(&self, members: &[(Cow<'_, str>, Node<'_>)]) -> Option<&'static str> {
        if !self.rules.in_text || !members.iter().any(|(name, _)| name == "value") {
            return None;
        }
        let key = members.iter().find(|(name, _)| name == "key").and_then(|(_, node)| node.as_str());
        self.rules.kind_of(key?)
    }

    /// Withholds the secrets inside a string.
    fn inside(&mut self, node: &mut Node<'_>, path: &Path<'_>) {
        let Value::String(text) = &node.value else { return };
        let list = &mut *self.list;
        let mut found = false;
        let bytes = without_secrets_in(text.as_bytes(), self.rules, &mut |_, kind, secret| {
            found = true;
            list.push(path.bytes, || path.render(), kind, secret);
        });
        if !found {
            return;
        }
        // Cuts are made at characters that stand alone, so what is left is text.
        let text = String::from_utf8_lossy(&bytes).into_owned();
        self.out.push(Withheld { span: node.span(), text: text.clone() });
        node.value = Value::String(Cow::Owned(text));
    }
}

/// An argument of a command in a list, which in telemetry is an object.
fn argument<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    node.as_str().or_else(|| node.get("stringValue")?.as_str())
}

/// Whether text holds a query parameter that lets its holder in.
pub(crate) fn holds_signature(text: &str) -> bool {
    signed_at(text.as_bytes(), 0).is_some()
}

/// Where the next value of such a parameter begins. The `=` may be percent-encoded.
pub(crate) fn signed_at(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(found) = memchr2(b'=', b'%', text.get(at..)?) {
        let end = at + found;
        let rest = text.get(end..)?;
        let width = match rest {
            [b'=', ..] => 1,
            [b'%', b'3', b'd' | b'D', ..] => 3,
            _ => 0,
        };
        if width > 0 && SIGNED.iter().any(|name| parameter_ends_at(text, from, end, name)) {
            return Some(end + width);
        }
        at = end + 1;
    }
    None
}

/// Whether the parameter of that name stands right before `end`, as a whole word.
fn parameter_ends_at(text: &[u8], from: usize, end: usize, name: &str) -> bool {
    let Some(start) = end.checked_sub(name.len()).filter(|start| *start >= from) else { return false };
    if !text.get(start..end).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes())) {
        return false;
    }
    // A vendor's own name may stand anywhere; a common word counts only as a query parameter (after
    // `?` or `&`, also percent-encoded or as `\u0026`), `signature` also in an authorization header.
    let vendors = name.starts_with("x-amz-");
    let head = text.get(..start).unwrap_or_default();
    match head {
        [.., b'?' | b'&'] | [.., b'%', b'2', b'6'] | [.., b'%', b'3', b'f' | b'F'] => true,
        _ if head.ends_with(b"\\u0026") => true,
        [.., b' ' | b','] => name != "sig",
        [.., byte] => vendors && !byte.is_ascii_alphanumeric(),
        [] => vendors,
    }
}

#[cfg(test)]
mod tests;
