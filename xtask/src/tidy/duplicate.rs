//! A heavy crate in two versions is compiled twice, and its types do not fit each other.

use std::collections::BTreeMap;

use super::{Check, Problem};
use crate::tree::Tree;

pub(super) const CHECK: Check =
    Check { name: "duplicate", says: "no heavy crate stands twice in Cargo.lock without a reason", run };

/// Crates that take more than a second to compile or whose types cross our interfaces.
const HEAVY: &[&str] = &[
    "axum",
    "base64",
    "bytes",
    "cedar-policy",
    "clap",
    "clap_builder",
    "digest",
    "flate2",
    "hashbrown",
    "http",
    "hyper",
    "indexmap",
    "jiff",
    "memchr",
    "prost",
    "rand",
    "regex",
    "regex-automata",
    "reqwest",
    "rustix",
    "rustls",
    "serde",
    "serde_core",
    "serde_json",
    "sha2",
    "syn",
    "thiserror",
    "tokio",
    "tonic",
    "tower",
    "tower-http",
    "tracing",
    "zip",
    "zstd",
    "zstd-sys",
];

/// Duplicates that are borne for a while: name and reason. A line that is no longer needed is itself a problem.
const BORNE: &[(&str, &str)] = &[
    // Both only compile macros, so no types clash; drop this line once `zeroize_derive` and `strum_macros` moved.
    ("digest", "in tests, the peers of writ-tlog bring the hashes that were current when they were released"),
    ("sha2", "in tests, the peers of writ-tlog bring the hashes that were current when they were released"),
    ("thiserror", "in tests, the peers of writ-tlog bring 1, from which nothing of ours takes a type"),
    ("syn", "zip and, in tests, jsonschema bring macros that are on 2; those of serde and clap are on 3"),
];

fn run(tree: &Tree) -> Vec<Problem> {
    tree.text("Cargo.lock").map(|lock| judge(&versions(lock), BORNE)).unwrap_or_default()
}

/// The versions of each package in a lock file.
fn versions(lock: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut name = "";
    for line in lock.lines() {
        let quoted = |key: &str| line.strip_prefix(key)?.strip_suffix('"');
        if let Some(found) = quoted("name = \"") {
            name = found;
        } else if let Some(version) = quoted("version = \"") {
            versions.entry(name).or_default().push(version);
        }
    }
    versions
}

fn judge(versions: &BTreeMap<&str, Vec<&str>>, borne: &[(&str, &str)]) -> Vec<Problem> {
    let twice = |name: &str| versions.get(name).filter(|versions| versions.len() > 1);
    let heavy = HEAVY.iter().filter(|name| borne.iter().all(|(allowed, _)| allowed != *name));
    let unborne = heavy.filter_map(|name| {
        let text =
            format!("`{name}` stands in the versions {}; ask `cargo tree -d` who wants which", twice(name)?.join(", "));
        Some(Problem::file("Cargo.lock", text))
    });
    let stale = borne.iter().filter(|(name, _)| twice(name).is_none());
    let stale = stale.map(|(name, _)| {
        Problem::file("xtask/src/tidy/duplicate.rs", format!("`{name}` is no longer a duplicate; drop its line"))
    });
    unborne.chain(stale).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "version = 4\n\n[[package]]\nname = \"syn\"\nversion = \"2.0.1\"\n\n[[package]]\nname = \"syn\"\nversion = \"3.0.1\"\n\n\
        [[package]]\nname = \"tiny\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"tiny\"\nversion = \"2.0.0\"\n";

    #[test]
    fn a_heavy_duplicate_needs_a_reason() {
        let found = judge(&versions(LOCK), &[]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].text.contains("`syn` stands in the versions 2.0.1, 3.0.1"));
        assert_eq!(judge(&versions(LOCK), &[("syn", "one derive is still on 2")]), []);
    }

    #[test]
    fn a_reason_without_a_duplicate_is_stale() {
        assert_eq!(judge(&versions(LOCK), &[("syn", "-"), ("serde", "-")]).len(), 1);
    }

    #[test]
    fn the_lock_file_is_what_is_read() {
        let found = run(&Tree::made(&[("Cargo.lock", &LOCK.replace("syn", "tokio"))]));
        assert!(found.iter().any(|problem| problem.text.contains("`tokio` stands")), "{found:?}");
    }
}
