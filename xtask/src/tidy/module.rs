//! Which files there are is said twice, by the folders and by the `mod` lines; the two must agree.
//!
//! A file that no `mod` line names is not compiled: a forgotten test passes for ever. It also makes
//! sure that modules are self-named, so that a tab in an editor says more than `mod.rs`, and that a
//! crate has one integration-test binary, since each further one is linked again.

use super::{Check, Problem};
use crate::tree::Tree;

pub(super) const CHECK: Check = Check {
    name: "module",
    says: "every Rust file is named by a `mod` line of its parent; no mod.rs; one test binary per crate",
    run,
};

fn run(tree: &Tree) -> Vec<Problem> {
    tree.rust().filter_map(|(path, _)| look(tree, path)).collect()
}

/// Folders in which every file is a program of its own.
const PROGRAMS: &[&str] = &["/src/bin", "/benches", "/examples", "/fuzz_targets"];

fn look(tree: &Tree, path: &str) -> Option<Problem> {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let name = file.strip_suffix(".rs")?;
    if name == "mod" {
        return Some(Problem::file(path, format!("modules are self-named: move it to `{folder}.rs`")));
    }
    if let Some(tests) = test_binary(path) {
        let alone = tree.rust().filter(|(other, _)| test_binary(other) == Some(tests)).count() == 1;
        let in_it = folder.ends_with("/it");
        return (!alone && !in_it)
            .then(|| Problem::file(path, "a second test binary; put it into `tests/it`, under its main.rs"));
    }
    let in_src = folder.ends_with("/src");
    let is_build = name == "build" && tree.files.contains_key(&format!("{folder}/Cargo.toml"));
    if is_build || in_src && matches!(name, "lib" | "main") || PROGRAMS.iter().any(|end| folder.ends_with(end)) {
        return None;
    }
    let parents = if in_src || folder.ends_with("/tests/it") {
        vec![format!("{folder}/lib.rs"), format!("{folder}/main.rs")]
    } else {
        vec![format!("{folder}.rs")]
    };
    if parents.iter().filter_map(|parent| tree.text(parent)).any(|text| names(text, name)) {
        return None;
    }
    Some(Problem::file(path, format!("no `mod {name};` in {}: the file is not compiled", parents.join(" or "))))
}

/// The `tests` folder of a crate, if this file is what cargo makes a test binary of.
fn test_binary(path: &str) -> Option<&str> {
    let (folder, file) = path.rsplit_once('/')?;
    let tests = if file == "main.rs" { folder.strip_suffix("/it").unwrap_or(folder) } else { folder };
    (tests.ends_with("/tests") && tests.matches('/').count() == 2).then_some(tests)
}

/// `text` has the line `mod name;`, with or without a visibility.
fn names(text: &str, name: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim();
        let after = line.strip_prefix("mod ").or_else(|| {
            let rest = line.strip_prefix("pub")?;
            rest.split_once("mod ").map(|(_, after)| after)
        });
        after.and_then(|after| after.strip_suffix(';')) == Some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        run(&Tree::made(files)).into_iter().map(|problem| problem.path).collect()
    }

    #[test]
    fn a_forgotten_test_file_is_found() {
        let forgotten = [
            ("crates/writ/tests/it/main.rs", "mod why;\n// mod ingest;\n"),
            ("crates/writ/tests/it/why.rs", "mod deep;\n"),
            ("crates/writ/tests/it/why/deep.rs", ""),
            ("crates/writ/tests/it/why/lost.rs", ""),
            ("crates/writ/tests/it/ingest.rs", ""),
        ];
        assert_eq!(found(&forgotten), ["crates/writ/tests/it/ingest.rs", "crates/writ/tests/it/why/lost.rs"]);
    }

    #[test]
    fn a_second_test_binary_and_mod_rs_are_found() {
        let beside_it = [("crates/a/tests/it/main.rs", ""), ("crates/a/tests/more.rs", "")];
        assert_eq!(found(&beside_it), ["crates/a/tests/more.rs"]);
        let two = [("crates/a/tests/more.rs", ""), ("crates/a/tests/most.rs", "")];
        assert_eq!(found(&two), ["crates/a/tests/more.rs", "crates/a/tests/most.rs"]);
        let old = [("crates/a/src/lib.rs", "mod b;\n"), ("crates/a/src/b/mod.rs", "")];
        assert_eq!(found(&old), ["crates/a/src/b/mod.rs"]);
    }

    #[test]
    fn named_files_and_roots_are_fine() {
        let fine = [
            ("crates/a/Cargo.toml", ""),
            ("crates/a/build.rs", ""),
            ("crates/a/src/lib.rs", "pub mod b;\npub(crate) mod c;\n#[cfg(test)]\nmod tests;\n"),
            ("crates/a/src/b.rs", ""),
            ("crates/a/src/c.rs", ""),
            ("crates/a/src/tests.rs", ""),
            ("crates/a/examples/one.rs", ""),
            ("crates/a/tests/only.rs", "mod part;\n"),
            ("crates/a/tests/only/part.rs", ""),
            ("crates/b/tests/it/main.rs", ""),
            ("xtask/src/main.rs", ""),
        ];
        assert_eq!(found(&fine), [""; 0]);
    }

    #[test]
    fn a_longer_name_does_not_count() {
        assert_eq!(found(&[("crates/a/src/lib.rs", "mod bc;\n"), ("crates/a/src/b.rs", "")]), ["crates/a/src/b.rs"]);
    }
}
