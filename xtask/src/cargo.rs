//! Asking cargo: running it, and reading what it knows about the packages.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The root of the repository: the folder above `xtask`.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Whether this runs in the continuous integration.
pub(crate) fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

/// The cargo that started this program, to be run at the root.
///
/// What cargo tells a program about *its* package (`CARGO_PKG_*`, `CARGO_MANIFEST_*`) is taken out
/// again: a build started from here must see the environment that a build started by hand sees.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    for (name, _) in std::env::vars_os() {
        if let Some(name) = name.to_str()
            && (name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
        {
            command.env_remove(name);
        }
    }
    command
}

/// Runs cargo to its end, letting it speak to the terminal.
pub(crate) fn run(root: &Path, arguments: &[&str]) -> Result<(), String> {
    let status = cargo(root).args(arguments).status().map_err(|error| format!("cargo does not start: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`cargo {}` failed ({status})", arguments.join(" "))) }
}

/// Runs cargo to its end and returns what it wrote to standard output.
pub(crate) fn read(root: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = cargo(root).args(arguments).output().map_err(|error| format!("cargo does not start: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("`cargo {}` failed ({}):\n{}", arguments.join(" "), output.status, said.trim_end()))
    }
}

/// What makes cargo insist on the lock file that was committed, in the continuous integration.
pub(crate) fn lock() -> &'static [&'static str] {
    if is_ci() { &["--locked"] } else { &[] }
}

/// `cargo metadata`, whole.
pub(crate) fn metadata(root: &Path) -> Result<Value, String> {
    parse(&read(root, &["metadata", "--format-version", "1"])?)
}

/// `cargo metadata` of a program that is no member of the workspace.
pub(crate) fn metadata_outside(root: &Path, manifest: &str) -> Result<Value, String> {
    parse(&read(root, &[&["metadata", "--format-version", "1", "--manifest-path", manifest], lock()].concat())?)
}

/// The folder that builds go to, which `CARGO_TARGET_DIR` may have moved.
pub(crate) fn target(root: &Path) -> Result<PathBuf, String> {
    let metadata = parse(&read(root, &["metadata", "--format-version", "1", "--no-deps"])?)?;
    let folder = metadata.get("target_directory").and_then(Value::as_str);
    folder.map(PathBuf::from).ok_or_else(|| "`cargo metadata` names no target directory".to_owned())
}

fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("`cargo metadata` is not JSON: {error}"))
}
