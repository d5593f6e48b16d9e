//! `cargo xtask lint`: what clippy says of the whole workspace, where a warning is a failure.

use crate::cargo;

/// `cargo xtask lint`
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    if let Some(word) = arguments.first() {
        return Err(format!("`cargo xtask lint` takes no arguments, and found `{word}`"));
    }
    // In the continuous integration the lock file must be the one that was committed.
    let lock: &[&str] = if cargo::is_ci() { &["--locked"] } else { &[] };
    cargo::run(&cargo::root(), &[&["clippy", "--workspace", "--all-targets"], lock, &["--", "-D", "warnings"]].concat())
}
