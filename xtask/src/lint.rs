//! `cargo xtask lint`: what clippy says of the whole workspace, and of the program beside it that the
//! benchmark compares with, where a warning is a failure.

use crate::bench::sqlite;
use crate::cargo;

/// `cargo xtask lint`
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    if let Some(word) = arguments.first() {
        return Err(format!("`cargo xtask lint` takes no arguments, and found `{word}`"));
    }
    let (root, deny) = (cargo::root(), ["--", "-D", "warnings"]);
    cargo::run(&root, &[&["clippy", "--workspace", "--all-targets"], cargo::lock(), &deny].concat())?;
    let target = cargo::target(&root)?;
    let target = target.to_string_lossy();
    let beside = ["clippy", "--all-targets", "--manifest-path", sqlite::MANIFEST, "--target-dir", &target];
    cargo::run(&root, &[&beside, cargo::lock(), &deny[..]].concat())
}
