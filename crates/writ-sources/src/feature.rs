//! Matching features: ids, hosts and operations that stand in commands, arguments and results.
//!
//! A feature finds candidates and joins nothing by itself. What is read here is what a vendor's own
//! records spell, so that both sides can meet.

use std::collections::BTreeSet;
use writ_model::key::{Attestation, Key, KeyKind, KeyRole};

/// Features of one kind taken from one record: a command names a handful; a dump of an inventory must
/// not make a record findable from everywhere.
pub(crate) const FEATURES_MAX: usize = 16;

/// Bytes of text in which features are looked for. Long results are tables and pages; the call that
/// matters is at the beginning.
const TEXT_BYTES_MAX: usize = 64 << 10;

/// Longest ARN, path or host that is taken (S3 keys have up to 1,024 bytes).
const ID_BYTES_MAX: usize = 1_200;

/// How ids of AWS resources begin; eight or seventeen hexadecimal digits follow.
const ID_PREFIXES: [&str; 30] = [
    "ami-",
    "acl-",
    "aki-",
    "bgp-",
    "cgw-",
    "dopt-",
    "eipalloc-",
    "eipassoc-",
    "eni-",
    "fl-",
    "fs-",
    "i-",
    "igw-",
    "lt-",
    "nat-",
    "pcx-",
    "pl-",
    "r-",
    "rtb-",
    "rtbassoc-",
    "sg-",
    "sgr-",
    "snap-",
    "subnet-",
    "tgw-",
    "vgw-",
    "vol-",
    "vpc-",
    "vpce-",
    "vpn-",
];

/// Words operations begin with, at AWS and elsewhere.
const VERBS: [&str; 58] = [
    "abort",
    "accept",
    "add",
    "allocate",
    "assign",
    "associate",
    "assume",
    "attach",
    "authorize",
    "batch",
    "cancel",
    "change",
    "complete",
    "configure",
    "copy",
    "create",
    "decrypt",
    "delete",
    "deregister",
    "describe",
    "detach",
    "disable",
    "disassociate",
    "enable",
    "execute",
    "export",
    "generate",
    "get",
    "grant",
    "head",
    "import",
    "invoke",
    "list",
    "lookup",
    "modify",
    "monitor",
    "publish",
    "purchase",
    "put",
    "query",
    "reboot",
    "register",
    "release",
    "remove",
    "replace",
    "request",
    "reset",
    "restore",
    "revoke",
    "run",
    "schedule",
    "send",
    "set",
    "start",
    "stop",
    "terminate",
    "transfer",
    "update",
];

/// What text holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Features {
    /// Ids of resources, as the cloud's own log spells them.
    pub(crate) resources: BTreeSet<String>,
    /// Access-key ids.
    pub(crate) access_keys: BTreeSet<String>,
    /// Hosts of URLs.
    pub(crate) hosts: BTreeSet<String>,
}

impl Features {
    /// Adds what stands in a text.
    pub(crate) fn read(&mut self, text: &str) {
        let text = head(text, TEXT_BYTES_MAX);
        for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')) {
            if is_access_key(word) {
                add(&mut self.access_keys, word);
            } else if is_resource_id(word) {
                add(&mut self.resources, word);
            }
        }
        for found in beginning(text, "arn:aws") {
            if found.split(':').count() >= 6 {
                add(&mut self.resources, found);
            }
        }
        for found in beginning(text, "s3://") {
            let path = found.strip_prefix("s3://").unwrap_or_default().trim_end_matches('/');
            if !path.is_empty() {
                add(&mut self.resources, &format!("arn:aws:s3:::{path}"));
            }
        }
        for scheme in ["https://", "http://"] {
            for found in beginning(text, scheme) {
                let rest = found.strip_prefix(scheme).unwrap_or_default();
                let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
                let host = authority.rsplit('@').next().unwrap_or_default().split(':').next().unwrap_or_default();
                let named = host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
                if named && host.contains('.') || host == "localhost" {
                    add(&mut self.hosts, &host.to_ascii_lowercase());
                }
            }
        }
    }

    /// As keys in this role.
    pub(crate) fn keys(&self, role: KeyRole) -> Vec<Key> {
        let key =
            |kind, namespace: &'static str, id: &str| Key::new(kind, namespace, id, role, Attestation::SelfStated);
        let mut keys: Vec<Key> = Vec::new();
        keys.extend(self.resources.iter().filter_map(|id| key(KeyKind::Resource, "aws", id)));
        keys.extend(self.access_keys.iter().filter_map(|id| key(KeyKind::Credential, "aws", id)));
        keys.extend(self.hosts.iter().filter_map(|id| key(KeyKind::Host, "dns", id)));
        keys
    }
}

fn add(to: &mut BTreeSet<String>, id: &str) {
    if to.len() < FEATURES_MAX && id.len() <= ID_BYTES_MAX {
        to.insert(id.to_string());
    }
}

/// The first so many bytes, at a character's boundary.
fn head(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// Stretches of text that begin so and go on to where such a name ends.
fn beginning<'t>(text: &'t str, begins: &'static str) -> impl Iterator<Item = &'t str> {
    let ends = |c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '\\' | ',' | ';' | ')' | ']' | '}' | '<' | '>' | '|')
    };
    text.match_indices(begins).filter_map(move |(at, _)| {
        let rest = text.get(at..)?;
        let end = rest.find(ends).unwrap_or(rest.len());
        Some(rest.get(..end)?.trim_end_matches(['.', ':']))
    })
}

/// Whether this is the id of an AWS access key.
pub(crate) fn is_access_key(word: &str) -> bool {
    let known = word.starts_with("AKIA") || word.starts_with("ASIA");
    // 16 to 128 by the vendor's API reference; 20 is what is issued.
    known && (16..=128).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

fn is_resource_id(word: &str) -> bool {
    ID_PREFIXES.iter().any(|prefix| {
        let digits = word.strip_prefix(prefix).unwrap_or_default();
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        matches!(digits.len(), 8 | 17) && digits.bytes().all(hex)
    })
}

/// Words that name operations, as `delete-volume` whichever way they were spelt, at most
/// [`FEATURES_MAX`], in the order they stand.
pub(crate) fn operations<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for text in texts {
        let mut before = "";
        for word in head(text, TEXT_BYTES_MAX).split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))) {
            let found = of_s3(before, word).map(str::to_string).or_else(|| operation(word));
            before = if word.is_empty() { before } else { word };
            if let Some(found) = found.filter(|found| !out.contains(found)) {
                if out.len() >= FEATURES_MAX {
                    return out;
                }
                out.push(found);
            }
        }
    }
    out
}

/// What the short commands of the S3 command line do.
fn of_s3(before: &str, word: &str) -> Option<&'static str> {
    match (before, word) {
        ("s3", "rm") => Some("delete-object"),
        ("s3", "rb") => Some("delete-bucket"),
        ("s3", "mb") => Some("create-bucket"),
        _ => None,
    }
}

fn operation(word: &str) -> Option<String> {
    /// Longer words are no names of operations.
    const BYTES_MAX: usize = 80;
    if word.starts_with('-') || word.len() > BYTES_MAX {
        return None;
    }
    let kebab = kebab(word);
    let (first, rest) = kebab.split_once('-')?;
    // A prefix such as that of a server or service stands before the verb: `mcp__cloud__delete_volume`.
    if VERBS.contains(&first) && !rest.is_empty() {
        return Some(kebab);
    }
    let spread = word.replace("__", ".").replace('_', "-");
    let last = spread.rsplit('.').next().map(self::kebab)?;
    let (first, rest) = last.split_once('-')?;
    (word.contains("__") && VERBS.contains(&first) && !rest.is_empty()).then_some(last)
}

/// `DeleteVolume`, `delete_volume` and `deleteVolume` as `delete-volume`; runs of capitals are one word
/// (`CreateDBInstance`: `create-db-instance`).
pub(crate) fn kebab(word: &str) -> String {
    let mut out = String::with_capacity(word.len() + 4);
    let chars: Vec<char> = word.chars().collect();
    for (n, c) in chars.iter().enumerate() {
        let before = n.checked_sub(1).and_then(|n| chars.get(n));
        let after = chars.get(n + 1);
        let begins = c.is_ascii_uppercase()
            && before.is_some_and(|b| {
                b.is_ascii_lowercase()
                    || b.is_ascii_digit()
                    || (b.is_ascii_uppercase() && after.is_some_and(char::is_ascii_lowercase))
            });
        if *c == '_' || *c == '-' || begins {
            if !out.ends_with('-') && !out.is_empty() {
                out.push('-');
            }
            if !begins {
                continue;
            }
        }
        out.push(c.to_ascii_lowercase());
    }
    out.trim_end_matches('-').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_where_they_stand_whole() {
        let mut found = Features::default();
        found.read(
            "AWS_ACCESS_KEY_ID=AKIAEXAMPLEEXAMPLE01 aws ec2 delete-volume --volume-id vol-0a1b2c3d4e5f67890 && \
             aws s3 cp s3://acme-backups/db/dump.sql . # arn:aws:iam::111122223333:role/Deploy, https://Api.Acme.example:8443/v1",
        );
        let set = |items: &[&str]| items.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        assert_eq!(
            found.resources,
            set(&[
                "vol-0a1b2c3d4e5f67890",
                "arn:aws:s3:::acme-backups/db/dump.sql",
                "arn:aws:iam::111122223333:role/Deploy"
            ])
        );
        assert_eq!(found.access_keys, set(&["AKIAEXAMPLEEXAMPLE01"]));
        assert_eq!(found.hosts, set(&["api.acme.example"]));
    }

    #[test]
    fn near_misses_are_no_features() {
        let mut found = Features::default();
        found.read(
            "vol-xyz my-vol-0a1b2c3d i-12 AKIAshort akiaexampleexample01 arn:aws:x http://nohost/ s3:// https://[::1]/",
        );
        assert_eq!(found, Features::default());
    }

    #[test]
    fn a_flood_of_ids_is_cut() {
        let mut found = Features::default();
        let ids: Vec<String> = (0..100).map(|n| format!("vol-{n:08x}")).collect();
        found.read(&ids.join(" "));
        assert_eq!(found.resources.len(), FEATURES_MAX);
    }

    #[test]
    fn operations_are_one_word_however_they_are_spelt() {
        let of = |text: &str| operations(std::iter::once(text));
        for text in [
            "aws ec2 delete-volume --volume-id x",
            "DeleteVolume",
            "delete_volume",
            "mcp__cloud__delete_volume",
            "deleteVolume",
        ] {
            assert_eq!(of(text), ["delete-volume"], "{text}");
        }
        assert_eq!(of("aws rds CreateDBInstance"), ["create-db-instance"]);
        assert_eq!(of("aws s3 rm s3://b/k"), ["delete-object"]);
        assert!(of("git status --get-all my-file deleted- volume").is_empty());
    }
}
