//! Crates are capability tiers: what a crate cannot reach, it cannot do.
//!
//! The table below is the architecture. A new line or a new edge is a decision, not a convenience,
//! and comes with a decision record.

use super::{Check, Problem};
use crate::tree::Tree;

pub(super) const CHECK: Check =
    Check { name: "edge", says: "a crate depends only on what its tier allows, by itself and through others", run };

/// What a crate may touch besides its arguments.
#[derive(Clone, Copy, PartialEq)]
enum Tier {
    /// Nothing: no disk, no network, no clock, no randomness.
    Pure,
    /// The disk.
    Disk,
    /// Everything.
    Open,
}

/// Each crate of the workspace, its tier, and the crates of the workspace it may name.
const CRATES: &[(&str, Tier, &[&str])] = &[
    ("writ-model", Tier::Pure, &[]),
    ("writ-tlog", Tier::Pure, &[]),
    ("writ-path", Tier::Pure, &["writ-model"]),
    ("writ-sources", Tier::Pure, &["writ-model"]),
    ("writ-view", Tier::Pure, &["writ-model", "writ-path"]),
    ("writ-store", Tier::Disk, &["writ-model", "writ-tlog"]),
    ("writ", Tier::Open, &["writ-model", "writ-path", "writ-sources", "writ-view", "writ-store", "writ-tlog"]),
    ("xtask", Tier::Open, &[]),
];

/// Crates that speak to the network or run tasks: not for the pure rooms, nor for the store.
const NETWORK: &[&str] = &[
    "async-std",
    "axum",
    "futures-util",
    "h2",
    "hyper",
    "mio",
    "quinn",
    "reqwest",
    "rustls",
    "smol",
    "socket2",
    "tokio",
    "tonic",
    "tower",
    "ureq",
];

/// Crates that reach the disk, the clock, the environment, randomness or threads: not for the pure rooms.
const AMBIENT: &[&str] = &[
    "chrono",
    "crossbeam-channel",
    "dirs",
    "env_logger",
    "fastrand",
    "fs-err",
    "fs2",
    "fs4",
    "getrandom",
    "glob",
    "home",
    "iana-time-zone",
    "ignore",
    "memmap2",
    "nix",
    "notify",
    "rand",
    "rayon",
    "rustix",
    "tempfile",
    "tracing-subscriber",
    "uuid",
    "walkdir",
];

/// Crates that Writ does without everywhere, each with its reason.
const REFUSED: &[(&str, &str)] = &[
    ("openssl-sys", "TLS is rustls; a second stack is a second set of holes"),
    ("native-tls", "TLS is rustls; a second stack is a second set of holes"),
    ("figment", "dormant; layering is a hundred lines of our own"),
    ("serde_yaml", "archived; configuration is TOML, data is JSON"),
    ("memmap2", "a page fault on a bad disk is a signal, not an error; files are read"),
    ("fjall", "an insert per link costs 8 to 16 times the append; the index is built in sorted parts"),
    ("redb", "an insert per link costs 8 to 16 times the append; the index is built in sorted parts"),
    ("rocksdb", "an insert per link costs 8 to 16 times the append; the index is built in sorted parts"),
    ("rusqlite", "an insert per link costs 8 to 16 times the append; the index is built in sorted parts"),
    ("datafusion", "lives in a binary with a lock file of its own"),
    ("iceberg", "lives in a binary with a lock file of its own"),
];

fn run(tree: &Tree) -> Vec<Problem> {
    let members: Vec<&str> =
        tree.packages.iter().filter(|package| package.member).map(|package| package.name.as_str()).collect();
    let mut problems = Vec::new();
    for package in tree.packages.iter().filter(|package| package.member) {
        let Some((name, tier, allowed)) = CRATES.iter().find(|(name, ..)| *name == package.name) else {
            let text =
                format!("`{}` is not in the table of crates; write a decision record, then add it there", package.name);
            problems.push(Problem::file("xtask/src/tidy/edge.rs", text));
            continue;
        };
        let manifest =
            if *name == "xtask" { "xtask/Cargo.toml".to_owned() } else { format!("crates/{name}/Cargo.toml") };
        let ours = package.dependencies.iter().filter(|dependency| members.contains(&dependency.as_str()));
        for dependency in ours.filter(|dependency| !allowed.contains(&dependency.as_str())) {
            problems.push(Problem::file(
                &manifest,
                format!("`{name}` may not depend on `{dependency}`; `writ` joins them"),
            ));
        }
        let brought = tree.closures.get(*name).map(Vec::as_slice).unwrap_or_default();
        let mut seen: Vec<&str> = brought.iter().map(|brought| brought.name.as_str()).collect();
        seen.sort_unstable();
        seen.dedup();
        for dependency in seen.into_iter().filter(|dependency| out_of_tier(*tier, dependency)) {
            problems
                .push(Problem::file(&manifest, format!("`{name}` brings in `{dependency}`, which its tier forbids")));
        }
    }
    for package in &tree.packages {
        if let Some((name, reason)) = REFUSED.iter().find(|(name, _)| *name == package.name) {
            problems.push(Problem::file("Cargo.lock", format!("`{name}` is refused: {reason}")));
        }
    }
    problems
}

fn out_of_tier(tier: Tier, name: &str) -> bool {
    match tier {
        Tier::Pure => NETWORK.contains(&name) || AMBIENT.contains(&name),
        Tier::Disk => NETWORK.contains(&name),
        Tier::Open => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{Brought, Package};

    fn package(name: &str, member: bool, dependencies: &[&str]) -> Package {
        let dependencies = dependencies.iter().map(|name| (*name).to_owned()).collect();
        Package { name: name.to_owned(), version: "1.0.0".to_owned(), licence: None, member, dependencies }
    }

    fn tree(name: &str, direct: &[&str], brought: &[&str]) -> Tree {
        let packages =
            vec![package("writ-model", true, &[]), package("writ-store", true, &[]), package(name, true, direct)];
        let brought = brought.iter().map(|name| Brought { name: (*name).to_owned(), features: Vec::new() }).collect();
        Tree { packages, closures: [(name.to_owned(), brought)].into(), ..Tree::default() }
    }

    #[test]
    fn the_walk_cannot_reach_a_file() {
        let problems = run(&tree("writ-path", &["writ-model", "writ-store"], &[]));
        assert_eq!(problems.len(), 1);
        assert!(problems[0].text.contains("`writ-path` may not depend on `writ-store`"));
        assert_eq!(run(&tree("writ", &["writ-model", "writ-store"], &["tokio"])), []);
    }

    #[test]
    fn what_comes_in_through_others_counts() {
        assert_eq!(run(&tree("writ-view", &["writ-model"], &["serde", "tokio"])).len(), 1);
        assert_eq!(run(&tree("writ-sources", &["writ-model"], &["getrandom", "getrandom"])).len(), 1);
        assert_eq!(run(&tree("writ-sources", &["writ-model"], &["flate2"])), []);
    }

    #[test]
    fn the_store_may_touch_the_disk_but_not_the_network() {
        assert_eq!(run(&tree("writ-store", &["writ-model"], &["rustix"])), []);
        assert_eq!(
            run(&tree("writ-store", &["writ-model"], &["hyper"])).len(),
            2,
            "the crate stands twice in this tree"
        );
    }

    #[test]
    fn a_crate_without_a_tier_and_a_refused_crate_are_found() {
        assert_eq!(run(&tree("writ-more", &[], &[])).len(), 1);
        let refused = Tree { packages: vec![package("figment", false, &[])], ..Tree::default() };
        assert_eq!(run(&refused).len(), 1);
    }
}
