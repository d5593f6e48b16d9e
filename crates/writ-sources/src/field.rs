//! Members of our own formats, read strictly: a member that is there and cannot be what it should be
//! is the cause of a reject, which names the member, what stood there and what to write.

use crate::admit::{kind_word, short};
use crate::source::Reading;
use std::borrow::Cow;
use std::collections::BTreeSet;
use writ_model::fact::Party;
use writ_model::json::{Node, Value};
use writ_model::key::{Key, KeyKind, KeyName, KeyRole};
use writ_model::principal::{Principal, PrincipalKind};
use writ_model::scope::{Decimal, Limit};
use writ_model::time::{EventTime, Time};

const KINDS: &str = "`human`, `agent`, `workload`, `service`, `schedule` or `unknown`";

/// Namespaces whose values can be given to somebody else.
const NAMES: [&str; 3] = ["email:", "user:", "agent:"];

/// Recorders that begin so are Writ itself.
const WRIT: &str = "writ:";

/// A text; `None` where the member is absent, null or empty.
pub(crate) fn text<'n>(node: &'n Node<'_>, name: &str) -> Result<Option<&'n str>, String> {
    match node.get(name).map(|found| &found.value) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("`{name}` should be a text; it is {}: put it in quotes", kind_word(other))),
    }
}

/// As [`text`], for what is kept.
pub(crate) fn owned(node: &Node<'_>, name: &str) -> Result<Option<String>, String> {
    Ok(text(node, name)?.map(str::to_string))
}

/// A text that must be there.
pub(crate) fn needed<'n>(node: &'n Node<'_>, name: &str) -> Result<&'n str, String> {
    text(node, name)?.ok_or_else(|| format!("`{name}` is missing"))
}

/// A time with a zone; `None` where the member is absent.
pub(crate) fn time(node: &Node<'_>, name: &str) -> Result<Option<Time>, String> {
    let Some(text) = text(node, name)? else { return Ok(None) };
    let unread = || format!("`{name}` `{}` is not a time with a zone; write it as 2026-01-31T08:00:00Z", short(text));
    Time::parse(text).map(Some).ok_or_else(unread)
}

/// A time that must be there.
pub(crate) fn needed_time(node: &Node<'_>, name: &str) -> Result<Time, String> {
    time(node, name)?.ok_or_else(|| format!("`{name}` is missing"))
}

/// A count; `None` where the member is absent.
pub(crate) fn count(node: &Node<'_>, name: &str) -> Result<Option<u64>, String> {
    match node.get(name).map(|found| &found.value) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(lexeme)) => {
            lexeme.parse().map(Some).map_err(|_| format!("`{name}` `{}` is not a count", short(lexeme)))
        }
        Some(other) => Err(format!("`{name}` should be a number; it is {}", kind_word(other))),
    }
}

/// A count that must be there.
pub(crate) fn needed_count(node: &Node<'_>, name: &str) -> Result<u64, String> {
    count(node, name)?.ok_or_else(|| format!("`{name}` is missing"))
}

/// Yes or no; `None` where the member is absent.
pub(crate) fn flag(node: &Node<'_>, name: &str) -> Result<Option<bool>, String> {
    match node.get(name).map(|found| &found.value) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(said)) => Ok(Some(*said)),
        Some(other) => Err(format!("`{name}` should be true or false; it is {}", kind_word(other))),
    }
}

/// An object; `None` where the member is absent.
pub(crate) fn object<'n, 't>(node: &'n Node<'t>, name: &str) -> Result<Option<&'n Node<'t>>, String> {
    match node.get(name).map(|found| (found, &found.value)) {
        None | Some((_, Value::Null)) => Ok(None),
        Some((found, Value::Object(_))) => Ok(Some(found)),
        Some((_, other)) => Err(format!("`{name}` should be an object; it is {}", kind_word(other))),
    }
}

/// The elements of a list; none where the member is absent.
pub(crate) fn list<'n, 't>(node: &'n Node<'t>, name: &str) -> Result<&'n [Node<'t>], String> {
    match node.get(name).map(|found| (found, &found.value)) {
        None | Some((_, Value::Null)) => Ok(&[]),
        Some((found, Value::Array(_))) => Ok(found.elements()),
        Some((_, other)) => Err(format!("`{name}` should be a list; it is {}", kind_word(other))),
    }
}

/// A list of texts. One text counts as a list of one.
pub(crate) fn texts(node: &Node<'_>, name: &str) -> Result<Vec<String>, String> {
    if let Some(one) = node.text(&[name]) {
        return Ok(vec![one.to_string()]);
    }
    let one = |element: &Node<'_>| {
        let found = kind_word(&element.value);
        element
            .as_str()
            .map(str::to_string)
            .ok_or_else(|| format!("`{name}` should be a list of texts; one is {found}"))
    };
    list(node, name)?.iter().map(one).collect()
}

/// The row of a table that a word names.
pub(crate) fn word<T: Copy>(node: &Node<'_>, name: &str, table: &[(&'static str, T)]) -> Result<T, String> {
    let said = needed(node, name)?;
    table.iter().find(|(known, _)| *known == said).map(|row| row.1).ok_or_else(|| {
        let known: Vec<String> = table.iter().map(|(word, _)| format!("`{word}`")).collect();
        let (last, rest) = known.split_last().map_or(("", &[][..]), |(last, rest)| (last.as_str(), rest));
        format!("`{name}` `{}` is not known; write {} or {last}", short(said), rest.join(", "))
    })
}

/// A SHA-256 as `sha256:` and 64 hex digits, in lower case; `None` where the member is absent.
///
/// A shorter one would equal nothing, and what does not equal looks like tampering.
pub(crate) fn digest(node: &Node<'_>, name: &str) -> Result<Option<String>, String> {
    let Some(text) = text(node, name)? else { return Ok(None) };
    let digits = text.trim().strip_prefix("sha256:").unwrap_or_default();
    if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(format!("`{name}` `{}` is not a digest; write `sha256:` and 64 hex digits", short(text)));
    }
    Ok(Some(format!("sha256:{}", digits.to_ascii_lowercase())))
}

/// Who wrote a record, from the member that says so. What Writ says of itself nobody else can say.
pub(crate) fn recorder<'n>(node: &'n Node<'_>, name: &str) -> Result<&'n str, String> {
    let said = needed(node, name)?.trim();
    if is_writ(said) {
        return Err(format!(
            "`{name}` `{}` is Writ itself, which is never handed in; name who wrote this",
            short(said)
        ));
    }
    Ok(said)
}

/// Whether a recorder of that name is Writ itself.
pub(crate) fn is_writ(recorder: &str) -> bool {
    recorder.trim().get(..WRIT.len()).is_some_and(|head| head.eq_ignore_ascii_case(WRIT))
}

/// What identifies a record of one instant: its recorder, the member that is its id, the one that says when.
pub(crate) fn reading(
    node: &Node<'_>,
    recorder: String,
    [id, time]: [&str; 2],
    precision_ms: u32,
) -> Result<Reading, String> {
    Ok(Reading {
        recorder,
        native_id: Some(needed(node, id)?.to_string()),
        event_time: Some(EventTime::at(needed_time(node, time)?, precision_ms)),
        available_time: None,
    })
}

/// Place in the unbroken count a recorder keeps: `{"epoch", "n"}`.
pub(crate) fn sequence(node: &Node<'_>) -> Result<Option<(String, u64)>, String> {
    let Some(sequence) = object(node, "sequence")? else { return Ok(None) };
    let inside = |cause: String| format!("in `sequence`: {cause}");
    let epoch = needed(sequence, "epoch").map_err(inside)?.to_string();
    Ok(Some((epoch, needed_count(sequence, "n").map_err(inside)?)))
}

/// A name of a mail address as it is compared. Only ASCII letters: beyond them a lower case may be another
/// name's (U+212A, KELVIN SIGN, becomes `k`), and whoever may choose a name would choose whose it is.
pub(crate) fn lower(address: &str) -> String {
    address.to_ascii_lowercase()
}

/// A principal: `{"id", "kind", "name"}`; `None` where the member is absent.
pub(crate) fn principal(node: &Node<'_>, name: &str) -> Result<Option<Principal>, String> {
    let Some(found) = object(node, name)? else { return Ok(None) };
    one_principal(found).map(Some).map_err(|cause| format!("in `{name}`: {cause}"))
}

/// A principal that this object is.
pub(crate) fn one_principal(node: &Node<'_>) -> Result<Principal, String> {
    let id = needed(node, "id")?.trim();
    let (is_mail, is_agent) = (id.starts_with("email:"), id.starts_with("agent:"));
    let kind = match text(node, "kind")? {
        Some(word) => PrincipalKind::from_word(word)
            .ok_or_else(|| format!("`kind` `{}` is not known; write {KINDS}", short(word)))?,
        None if is_mail => PrincipalKind::Human,
        None if is_agent => PrincipalKind::Agent,
        None => PrincipalKind::Unknown,
    };
    Ok(Principal {
        id: if is_mail { lower(id) } else { id.to_string() },
        id_is_name: !id.contains(':') || NAMES.iter().any(|namespace| id.starts_with(namespace)),
        kind,
        name: owned(node, "name")?,
    })
}

/// Keys by which a principal that a record names is found.
pub(crate) fn principal_key(party: Option<&Party>) -> Option<Key> {
    let party = party?;
    let name = KeyName::of_principal(&party.principal.id)?;
    Some(Key { name, role: KeyRole::Names, class: party.class })
}

/// Numeric limits: `[{"name", "max", "unit"}]`.
pub(crate) fn limits(node: &Node<'_>) -> Result<Vec<Limit>, String> {
    list(node, "limits")?.iter().map(|one| limit(one).map_err(|cause| format!("in `limits`: {cause}"))).collect()
}

fn limit(node: &Node<'_>) -> Result<Limit, String> {
    let max = match node.get("max").map(|found| &found.value) {
        Some(Value::Number(lexeme)) => *lexeme,
        _ => needed(node, "max")?,
    };
    let unread = || format!("`max` `{}` is not a decimal number; write it as 500 or 4800.50", short(max));
    Ok(Limit {
        name: needed(node, "name")?.to_string(),
        max: Decimal::parse(max).ok_or_else(unread)?,
        unit: text(node, "unit")?.unwrap_or_default().to_string(),
    })
}

/// Refuses an object in which a member stands twice, at any depth: readers disagree about which one
/// counts, so whoever could add the second would choose what is seen.
pub(crate) fn unambiguous(node: &Node<'_>) -> Result<(), String> {
    unambiguous_here(node)?;
    node.members().iter().map(|(_, child)| child).chain(node.elements()).try_for_each(unambiguous)
}

/// The same for this object alone.
pub(crate) fn unambiguous_here(node: &Node<'_>) -> Result<(), String> {
    let members = node.members();
    if differ(members) {
        return Ok(());
    }
    // Not each compared with each: whoever writes a record also chooses how many members it has.
    let mut seen = BTreeSet::new();
    let twice = members.iter().map(|(name, _)| &**name).find(|name| !seen.insert(*name));
    twice.map_or(Ok(()), |name| {
        Err(format!("`{}` stands twice in one object: which one counts is not known", short(name)))
    })
}

/// Whether the names of these members can be told apart at a glance, as those of nearly every object can: a few bits
/// of their length and last bytes are different.
fn differ(members: &[(Cow<'_, str>, Node<'_>)]) -> bool {
    const WORDS: usize = 32;
    /// An odd number with bits all over (2^64 over the golden ratio): its products differ in their first bits.
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut seen = [0_u64; WORDS];
    members.iter().all(|(name, _)| {
        let bytes = name.as_bytes();
        let last = bytes.last_chunk().map_or_else(|| few(bytes), |last| u64::from_le_bytes(*last));
        let bits = (last ^ bytes.len() as u64).wrapping_mul(SPREAD);
        let (word, bit) = ((bits >> 59) as usize, 1 << (bits >> 53 & 63));
        seen.get_mut(word).is_some_and(|word| std::mem::replace(word, *word | bit) & bit == 0)
    })
}

/// Fewer than eight bytes as a number.
fn few(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |all, byte| all << 8 | u64::from(*byte))
}

/// Refuses another version of a format than the one that is read.
pub(crate) fn schema(node: &Node<'_>, known: &str) -> Result<(), String> {
    match needed(node, "schema")? {
        said if said == known => Ok(()),
        other => Err(format!("`schema` `{}` is not read by this version; write `{known}`", short(other))),
    }
}

/// Whether the schema an object names is this one, in whatever version.
pub(crate) fn is_schema(node: &Node<'_>, known: &str) -> bool {
    let family = known.split_once('/').map_or(known, |(family, _)| family);
    node.text(&["schema"]).and_then(|said| said.split_once('/')).is_some_and(|(said, _)| said == family)
}

/// What a key names, or the cause of a reject where the text is a placeholder, empty or too long.
pub(crate) fn key_name(kind: KeyKind, namespace: &str, value: &str, member: &str) -> Result<KeyName, String> {
    KeyName::new(kind, namespace.to_string(), value)
        .ok_or_else(|| format!("`{member}` `{}` names nothing; write the id itself", short(value)))
}
