//! Keys: the values by which records may be joined.
//!
//! A key is a value of some kind, in some namespace, in some role, known in some way. What
//! agreement on a key can *prove* is a property of its kind (model, section 3); `writ-path` decides.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString as _};
use core::fmt;

/// What a key names. The numbers enter the fingerprints of stores, so each stays what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each variant is the word it stands for; the table below is the reference")]
pub enum KeyKind {
    Trace = 1,
    Span = 2,
    Session = 3,
    Conversation = 4,
    Task = 5,
    Turn = 6,
    ToolCall = 7,
    Request = 8,
    Decision = 9,
    Approval = 10,
    Transaction = 11,
    Credential = 12,
    Principal = 13,
    Idempotency = 14,
    /// A matching feature: finds candidates, never joins by itself.
    Resource = 15,
    /// A matching feature.
    Arguments = 16,
    /// A matching feature.
    Process = 17,
    /// A matching feature.
    Host = 18,
}

/// What a record does with the thing a key names; for the numbers see [`KeyKind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyRole {
    /// Brings it into being: a token service and the key it issues.
    Mints = 1,
    /// Shows it to be let in.
    Presents = 2,
    /// Ends it.
    Revokes = 3,
    /// Speaks about it.
    Names = 4,
    /// Carries it along: a trace header, a tag.
    Carries = 5,
    /// Says it is the parent.
    Parent = 6,
}

/// How a recorder knows a value; for the numbers see [`KeyKind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attestation {
    /// It checked the value itself.
    Verified = 1,
    /// It saw the bytes pass.
    Observed = 2,
    /// It wrote down what another party chose.
    Claimed = 3,
    /// It speaks of itself.
    SelfStated = 4,
}

impl KeyKind {
    /// The word used in answers.
    pub fn word(self) -> &'static str {
        match self {
            KeyKind::Trace => "trace",
            KeyKind::Span => "span",
            KeyKind::Session => "session",
            KeyKind::Conversation => "conversation",
            KeyKind::Task => "task",
            KeyKind::Turn => "turn",
            KeyKind::ToolCall => "tool_call",
            KeyKind::Request => "request",
            KeyKind::Decision => "decision",
            KeyKind::Approval => "approval",
            KeyKind::Transaction => "transaction",
            KeyKind::Credential => "credential",
            KeyKind::Principal => "principal",
            KeyKind::Idempotency => "idempotency",
            KeyKind::Resource => "resource",
            KeyKind::Arguments => "arguments",
            KeyKind::Process => "process",
            KeyKind::Host => "host",
        }
    }
}

impl KeyRole {
    /// The word used in `writ show`.
    pub fn word(self) -> &'static str {
        match self {
            KeyRole::Mints => "mints",
            KeyRole::Presents => "presents",
            KeyRole::Revokes => "revokes",
            KeyRole::Names => "names",
            KeyRole::Carries => "carries",
            KeyRole::Parent => "parent",
        }
    }
}

impl Attestation {
    /// The word used in answers.
    pub fn word(self) -> &'static str {
        match self {
            Attestation::Verified => "verified",
            Attestation::Observed => "observed",
            Attestation::Claimed => "claimed",
            Attestation::SelfStated => "self",
        }
    }
}

/// Namespace of ids that are looked for whoever minted them.
pub const ANY: &str = "any";

/// Namespace of session ids as they ride into other parties' logs.
pub const CARRIER: &str = "carrier";

/// Namespace of ids that a record names and does not show: redacted, cut, or spelt as no such id is. Nobody
/// mints one, and nobody is found by one.
const UNREADABLE: &str = "unreadable";

/// Namespace of recorders as things that are spoken of: the value is the recorder as records name it.
pub const RECORDER: &str = "recorder";

/// Namespace of what approvals that name no call are for.
const UNBOUND: &str = "approved";

/// Longest value a key may have, in bytes: real ids stay under 500; longer text is not an id.
pub const VALUE_BYTES_MAX: usize = 2048;

/// How text begins that vendors and redactors write in the place of an id. It names nothing.
const PLACEHOLDERS: [&str; 8] =
    ["REDACTED", "[redacted", "[filtered", "SAMPLE_", "HIDDEN_DUE_TO", "writ:withheld", "<redacted", "***"];

/// Words that stand in the place of an id, whole, within brackets or without.
const NOBODY: [&str; 14] = [
    "anonymised",
    "anonymized",
    "filtered",
    "hidden",
    "masked",
    "n/a",
    "nil",
    "none",
    "null",
    "redacted",
    "removed",
    "scrubbed",
    "undefined",
    "unknown",
];

/// What is written over an id, letter by letter.
const MASKS: [char; 6] = ['*', 'x', 'X', '•', '█', '#'];

/// Whether text stands in the place of a name: empty, a dash, or what redactors write.
pub fn names_nothing(text: &str) -> bool {
    let text = trimmed(text);
    // Most text differs in its first byte, and every id that is read comes by here.
    let Some(first) = text.bytes().next() else { return true };
    let begins = |mark: &&str| text.get(..mark.len()).is_some_and(|head| head.eq_ignore_ascii_case(mark));
    text == "-" || may_begin_placeholder(first) && PLACEHOLDERS.iter().any(begins) || is_placeholder(text)
}

/// Text without white space around it, as nearly all text is.
fn trimmed(text: &str) -> &str {
    let is_graphic = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    let bytes = text.as_bytes();
    if is_graphic(bytes.first()) && is_graphic(bytes.last()) { text } else { text.trim() }
}

/// Whether one of [`PLACEHOLDERS`] begins with this byte, in whatever case.
fn may_begin_placeholder(first: u8) -> bool {
    matches!(first.to_ascii_lowercase(), b'r' | b'[' | b's' | b'h' | b'w' | b'<' | b'*')
}

/// The same for what is no longer than such text is: a mask, a word, or the name of a sort of thing in brackets.
fn is_placeholder(text: &str) -> bool {
    /// `<AWS_SECRET_ACCESS_KEY_ID>` and the like.
    const BYTES_MAX: usize = 40;
    text.len() <= BYTES_MAX && !is_plain(text) && stands_for_something(text)
}

/// The same on a closer look, however long it is.
fn stands_for_something(text: &str) -> bool {
    let is_bracket = |c: char| "<>[](){}".contains(c);
    let inner = text.trim_matches(is_bracket).trim();
    let in_brackets = text.starts_with(is_bracket) && text.ends_with(is_bracket);
    let masked = text.chars().count() > 1 && inner.chars().all(|c| MASKS.contains(&c));
    let is_word = NOBODY.iter().any(|word| inner.eq_ignore_ascii_case(word));
    // `<EMAIL_ADDRESS>`, `[USER]`: what stood there, and not who.
    let is_sort = in_brackets && inner.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c == ' ');
    // `user-redacted`, but nothing that is a path.
    let mut words = inner.split(|c: char| !c.is_alphanumeric());
    let says_so = !inner.contains(['/', ':']) && words.any(|word| word.eq_ignore_ascii_case("redacted"));
    masked || is_word || is_sort || says_so
}

/// Whether text can be told from a placeholder at a glance, as nearly every id can: it is ASCII, begins and ends with a
/// letter or digit that is no mask, is no word of the list, and does not say `redacted`.
fn is_plain(text: &str) -> bool {
    /// `anonymised`, the longest word.
    const WORD_BYTES_MAX: usize = 10;
    const SAYS_SO: &[u8] = b"redacted";
    let bytes = text.as_bytes();
    let is_id =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() && !matches!(byte, b'x' | b'X'));
    // Looked for without a branch for each byte: hardly any id has the two letters that stand amid the word.
    let has = |a: u8, b: u8| u8::from(a | 0x20 == b'a') & u8::from(b | 0x20 == b'c');
    let next = bytes.get(1..).unwrap_or_default();
    let may_say_so = bytes.iter().zip(next).fold(0, |found, (a, b)| found | has(*a, *b)) != 0;
    let says_so = || bytes.windows(SAYS_SO.len()).any(|word| word.eq_ignore_ascii_case(SAYS_SO));
    bytes.len() > WORD_BYTES_MAX
        && is_id(bytes.first())
        && is_id(bytes.last())
        && text.is_ascii()
        && !(may_say_so && says_so())
}

/// What a key names, without role or attestation: the thing two records may agree on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName {
    /// What sort of thing.
    pub kind: KeyKind,
    /// Whose names these are: the vendor, or the recorder and session that mint them.
    pub namespace: Cow<'static, str>,
    /// The id itself, normalised.
    pub value: String,
}

impl KeyName {
    /// A name by an id; `None` where the text names nothing.
    pub fn new(kind: KeyKind, namespace: impl Into<Cow<'static, str>>, value: &str) -> Option<KeyName> {
        let value = KeyName::normalise(value)?.to_string();
        Some(KeyName { kind, namespace: namespace.into(), value })
    }

    /// An id as names hold it; `None` where the text names nothing (empty, a placeholder, too long).
    pub fn normalise(value: &str) -> Option<&str> {
        let value = trimmed(value);
        (!names_nothing(value) && value.len() <= VALUE_BYTES_MAX).then_some(value)
    }

    /// The name of a principal by its id, `NAMESPACE:VALUE`, as directories name it.
    pub fn of_principal(id: &str) -> Option<KeyName> {
        let (namespace, value) = id.split_once(':')?;
        KeyName::new(KeyKind::Principal, namespace.to_string(), value)
    }

    /// The name of a recorder that is spoken of.
    pub fn of_recorder(recorder: &str) -> Option<KeyName> {
        KeyName::new(KeyKind::Principal, RECORDER, recorder)
    }

    /// What a service's approvals that name no call are found by: the last part of the name of what they
    /// are for (the id of an ARN), or that they name nothing.
    pub fn of_unbound(service: &str, thing: Option<&str>) -> Option<KeyName> {
        let last = thing.map_or("*", |thing| thing.rsplit(['/', ':']).next().unwrap_or(thing)).to_lowercase();
        KeyName::new(KeyKind::Resource, UNBOUND, &format!("{service} {last}"))
    }

    /// Whether this is of something that a record names and does not show.
    pub fn is_unreadable(&self) -> bool {
        self.namespace == UNREADABLE
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}:{}", self.kind.word(), self.namespace, self.value)
    }
}

/// A key as one record states it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// What it names.
    pub name: KeyName,
    /// What the record does with it.
    pub role: KeyRole,
    /// How the recorder knows it.
    pub class: Attestation,
}

impl Key {
    /// That a record names a thing of this kind and does not show which.
    pub fn unreadable(kind: KeyKind, role: KeyRole) -> Option<Key> {
        Key::new(kind, UNREADABLE, kind.word(), role, Attestation::SelfStated)
    }

    /// A key, or `None` where the text names nothing.
    pub fn new(
        kind: KeyKind,
        namespace: impl Into<Cow<'static, str>>,
        value: &str,
        role: KeyRole,
        class: Attestation,
    ) -> Option<Key> {
        Some(Key { name: KeyName::new(kind, namespace, value)?, role, class })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_and_empty_text_are_never_keys() {
        for text in [
            "",
            "  ",
            "-",
            "REDACTED-BY-X",
            "redacted",
            "SAMPLE_KEY",
            "HIDDEN_DUE_TO_SECURITY_REASONS",
            "writ:withheld:token",
            "***",
            "xxxxx",
            "██",
            "(redacted)",
            "{{ redacted }}",
            "user-redacted",
            "<EMAIL_ADDRESS>",
            "[USER ID]",
            "None",
            "null",
        ] {
            assert_eq!(KeyName::new(KeyKind::Credential, "aws", text), None, "{text:?}");
        }
        for text in ["x", "max", "nonesuch", "a/redacted/path", "<mira>", "[::1]", "#1", "XXL", "REDAC", "Anonymous"] {
            assert!(KeyName::new(KeyKind::Resource, "aws", text).is_some(), "{text:?}");
        }
        assert_eq!(KeyName::new(KeyKind::Credential, "aws", &"x".repeat(VALUE_BYTES_MAX + 1)), None);
    }

    #[test]
    fn what_is_told_at_a_glance_is_no_placeholder_on_a_closer_look() {
        const PIECES: [&str; 16] = [
            "",
            "a",
            "x",
            "7",
            "-",
            " ",
            "(",
            "]",
            "redacted",
            "ReDacted",
            "unknown",
            "anonymised",
            "X",
            "█",
            "USER",
            "/",
        ];
        let mut n_plain = 0;
        for text in
            PIECES.iter().flat_map(|a| PIECES.iter().flat_map(move |b| PIECES.iter().map(move |c| [*a, *b, *c])))
        {
            let text =
                [text.concat(), [text.concat().as_str(), "arn:aws"].concat(), ["id0123", &text.concat()].concat()];
            for text in text {
                n_plain += usize::from(is_plain(&text));
                assert!(!(is_plain(&text) && stands_for_something(&text)), "{text:?}");
            }
        }
        assert!(n_plain > 1_000, "{n_plain}");
        assert!(is_plain("arn:aws:iam::111122223333:user/Mira") && is_plain("AKIAIOSFODNN7EXAMPLE"));
    }

    #[test]
    fn every_placeholder_is_known_by_its_first_byte() {
        let first = |mark: &&str| mark.bytes().next().unwrap();
        assert!(PLACEHOLDERS.iter().all(|mark| may_begin_placeholder(first(mark))));
        assert!(!may_begin_placeholder(b'a'));
    }

    #[test]
    fn names_are_trimmed() {
        assert_eq!(KeyName::new(KeyKind::Credential, "aws", " AKIAEXAMPLE ").unwrap().value, "AKIAEXAMPLE");
    }
}
