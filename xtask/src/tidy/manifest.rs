//! What the workspace says once, every crate inherits.

use super::{Check, Problem};
use crate::tree::Tree;

pub(super) const CHECK: Check = Check {
    name: "manifest",
    says: "each crate inherits lints, version, licence and dependency versions from the workspace, and has no doc tests",
    run,
};

/// Fields that a crate takes from `[workspace.package]`.
const INHERITED: &[&str] = &["version", "edition", "rust-version", "license", "publish"];

fn run(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in
        tree.texts(&["/Cargo.toml"]).filter(|(path, _)| path.starts_with("crates/") || path.starts_with("xtask/"))
    {
        let entries = entries(text);
        let has = |table: &str, key: &str, value: &str| {
            entries.iter().any(|entry| entry.table == table && entry.key == key && entry.value == value)
        };
        if !has("lints", "workspace", "true") {
            problems.push(Problem::file(path, "has no `[lints] workspace = true`"));
        }
        for field in INHERITED.iter().filter(|field| !has("package", &format!("{field}.workspace"), "true")) {
            problems.push(Problem::file(path, format!("has no `{field}.workspace = true`")));
        }
        let library = path.replace("Cargo.toml", "src/lib.rs");
        if tree.files.contains_key(&library) && !has("lib", "doctest", "false") {
            problems.push(Problem::file(
                path,
                "has no `[lib] doctest = false`: examples live in tests, which compile once",
            ));
        }
        let stray = entries.iter().filter(|entry| entry.table.ends_with("dependencies") && !inherits(entry));
        problems.extend(stray.map(|entry| {
            Problem::line(
                path,
                entry.index,
                format!("`{}` names its own version; versions stand in the root Cargo.toml", entry.key),
            )
        }));
    }
    if let Some(text) = tree.text("Cargo.toml") {
        let forbids = |entry: &Entry<'_>| {
            entry.table == "workspace.lints.rust" && entry.key == "unsafe_code" && entry.value == "\"forbid\""
        };
        if !entries(text).iter().any(forbids) {
            problems.push(Problem::file("Cargo.toml", "does not forbid `unsafe_code` under `[workspace.lints.rust]`"));
        }
    }
    problems
}

fn inherits(entry: &Entry<'_>) -> bool {
    if entry.key.ends_with(".workspace") { entry.value == "true" } else { entry.value.contains("workspace = true") }
}

/// `key = value` under `[table]`. Manifests here are plain; a TOML parser would be the heaviest part of this tool.
struct Entry<'a> {
    table: &'a str,
    key: &'a str,
    value: &'a str,
    index: usize,
}

fn entries(text: &str) -> Vec<Entry<'_>> {
    let mut table = "";
    let mut entries = Vec::new();
    for (index, line) in text.lines().enumerate().map(|(index, line)| (index, line.trim())) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            table = name;
        } else if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
            entries.push(Entry { table, key: key.trim(), value: value.trim(), index });
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]\nname = \"a\"\nversion.workspace = true\nedition.workspace = true\nrust-version.workspace = true\n\
        license.workspace = true\npublish.workspace = true\n[lib]\ndoctest = false\n[dependencies]\nsha2.workspace = true\n\
        serde = { workspace = true, features = [\"std\"] }\n[lints]\nworkspace = true\n";

    fn found(manifest: &str) -> Vec<Problem> {
        run(&Tree::made(&[("crates/a/Cargo.toml", manifest), ("crates/a/src/lib.rs", "//! A.\n")]))
    }

    #[test]
    fn a_manifest_that_inherits_is_fine() {
        assert_eq!(found(GOOD), []);
    }

    #[test]
    fn each_missing_line_is_found() {
        for line in [
            "version.workspace = true\n",
            "license.workspace = true\n",
            "doctest = false\n",
            "[lints]\nworkspace = true\n",
        ] {
            assert_eq!(found(&GOOD.replacen(line, "", 1)).len(), 1, "{line}");
        }
    }

    #[test]
    fn a_version_in_a_crate_is_found_where_it_stands() {
        assert_eq!(found(&GOOD.replace("sha2.workspace = true", "sha2 = \"0.11\"")).first().unwrap().line, 11);
        assert_eq!(found(&GOOD.replace("{ workspace = true,", "{ version = \"1\",")).first().unwrap().line, 12);
    }

    #[test]
    fn unsafe_code_must_be_forbidden_at_the_root() {
        let allowed = [("Cargo.toml", "[workspace.lints.rust]\nunsafe_code = \"deny\"\n")];
        assert_eq!(run(&Tree::made(&allowed)).len(), 1);
        let forbidden = [("Cargo.toml", "[workspace.lints.rust]\nunsafe_code = \"forbid\"\n")];
        assert_eq!(run(&Tree::made(&forbidden)), []);
    }
}
