//! What a tool was called with and what it gave back: digest, features, what was read.

use super::attributes::Held;
use super::dialect::Meaning as M;
use super::told::Told;
use crate::feature::{Features, operations};
use crate::plain::Plain;
use writ_model::fact::{Arguments, ArgumentsState};
use writ_model::key::{Attestation, Key, KeyKind, KeyRole};

/// What stands in the place of something withheld: ours, and what emitters write.
const WITHHELD: [&str; 3] = ["writ:withheld:", "<REDACTED>", "[REDACTED]"];

/// How emitters mark a text they cut.
const CUT: [&str; 5] = ["[truncated]", "[TRUNCATED]", "...[truncated", "…[truncated", "... (truncated)"];

/// Tools that read, and the argument that says what. Names are compared in lower case.
const READS: [(&str, &[&str]); 14] = [
    ("read", &["file_path", "path"]),
    ("read_file", &["file_path", "path"]),
    ("notebookread", &["notebook_path"]),
    ("view", &["path"]),
    ("cat", &["path", "file"]),
    ("grep", &["path"]),
    ("webfetch", &["url"]),
    ("web_fetch", &["url"]),
    ("fetch", &["url"]),
    ("http_get", &["url"]),
    ("get_file_contents", &["path"]),
    ("get_issue", &["url", "issue_number"]),
    ("issue_read", &["url", "issue_number"]),
    ("resources/read", &["uri"]),
];

/// Commands that print a file.
const PRINTERS: [&str; 5] = ["cat", "less", "head", "tail", "more"];

/// Longest name of something read that is kept.
const READ_CHARS_MAX: usize = 500;

/// What an entry tells of a call's arguments.
pub(super) struct Called {
    pub(super) arguments: Arguments,
    pub(super) operations: Vec<String>,
    pub(super) read: Option<String>,
    pub(super) keys: Vec<Key>,
}

/// Reads the arguments and the result of a tool call.
pub(super) fn of(told: &Told<'_, '_>, tool: &str) -> Called {
    let whole = told.held(M::Arguments).map(Held::opened);
    let part = told.held(M::SomeArguments).map(Held::opened);
    let mut arguments = whole.as_ref().map_or(Arguments::NOT_CAPTURED, state);
    if whole.is_none() && part.is_some() {
        // A summary of them: what is not in it is not known to be absent.
        arguments.state = ArgumentsState::Truncated;
    }
    let stated = told.text(M::ArgumentsDigest).filter(|digest| digest.starts_with("sha256:"));
    arguments.digest = arguments.digest.or_else(|| stated.map(str::to_string));
    let given: Vec<&Plain> = whole.iter().chain(&part).collect();
    let mut features = Features::default();
    let mut texts = vec![tool.to_string()];
    for value in &given {
        value.texts("", &mut |_, text| {
            features.read(text);
            texts.push(text.to_string());
        });
    }
    let mut keys = features.keys(KeyRole::Carries);
    if let Some(result) = told.held(M::Result).map(Held::opened) {
        let mut features = Features::default();
        result.texts("", &mut |_, text| features.read(text));
        keys.extend(features.keys(KeyRole::Names));
    }
    let own = Attestation::SelfStated;
    let digest = arguments.digest.as_deref();
    keys.extend(digest.and_then(|digest| Key::new(KeyKind::Arguments, "digest", digest, KeyRole::Carries, own)));
    let read = told.text(M::Read).map(str::to_string).or_else(|| given.iter().find_map(|value| read(tool, value)));
    Called {
        arguments,
        operations: operations(texts.iter().map(String::as_str)),
        read: read.map(|read| read.chars().take(READ_CHARS_MAX).collect()),
        keys,
    }
}

/// How much of a call's arguments a value is, and their digest.
pub(super) fn state(value: &Plain) -> Arguments {
    let (mut withheld, mut cut) = (false, false);
    value.texts("", &mut |_, text| {
        let stars = !text.is_empty() && text.bytes().all(|byte| byte == b'*');
        withheld |= stars || WITHHELD.iter().any(|mark| text.contains(mark));
        cut |= CUT.iter().any(|mark| text.contains(mark));
    });
    let of = |state| Arguments { state, digest: None };
    match value {
        Plain::Null => Arguments::NOT_CAPTURED,
        _ if withheld => of(ArgumentsState::Redacted),
        _ if cut => of(ArgumentsState::Truncated),
        Plain::Map(members) if members.is_empty() => Arguments { state: ArgumentsState::Empty, digest: value.digest() },
        // A list of positions, or members by name.
        Plain::Map(_) | Plain::List(_) => match value.digest() {
            Some(digest) => Arguments { state: ArgumentsState::Captured, digest: Some(digest) },
            None => of(ArgumentsState::Unreadable),
        },
        Plain::Text(_) | Plain::Bool(_) | Plain::Number(_) => of(ArgumentsState::Unreadable),
    }
}

fn read(tool: &str, given: &Plain) -> Option<String> {
    let name = tool.rsplit("__").next().unwrap_or(tool).to_ascii_lowercase();
    if let Some((_, names)) = READS.iter().find(|(known, _)| *known == name) {
        return names.iter().find_map(|member| match given.get(member)? {
            Plain::Number(n) => {
                let part = |name| given.get(name).and_then(Plain::text).unwrap_or_default();
                Some(format!("{}/{}#{n}", part("owner"), part("repo")))
            }
            other => other.text().map(str::to_string),
        });
    }
    let command = given.any(&["command", "full_command", "bash_command", "cmd"])?.text()?;
    let mut words = command.split_whitespace();
    let first = words.next()?;
    let file = words.find(|word| !word.starts_with('-') && !word.bytes().all(|byte| byte.is_ascii_digit()))?;
    PRINTERS.contains(&first).then(|| file.trim_matches(['"', '\'']).to_string())
}
