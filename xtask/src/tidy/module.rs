//! Which files there are is said twice, by the folders and by the `mod` lines; the two must agree.
//!
//! A file that no `mod` line names is not compiled: a forgotten test passes for ever. It also makes
//! sure that modules are self-named, so that a tab in an editor says more than `mod.rs`, and that a
//! crate has one integration-test binary, since each further one is linked again.

use super::{Check, Problem};
use crate::tree::Tree;

pub(super) const CHECK: Check = Check {
    name: "module",
    says: "every Rust file is named by a `mod` line of its parent; no mod.rs; one test binary, `it`",
    run,
};

fn run(tree: &Tree) -> Vec<Problem> {
    tree.rust().filter_map(|(path, _)| look(tree, path)).collect()
}

fn look(tree: &Tree, path: &str) -> Option<Problem> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let name = name.strip_suffix(".rs")?;
    if name == "mod" {
        let instead = format!("`{folder}.rs`");
        return Some(Problem::file(path, format!("modules are self-named: move it to {instead}")));
    }
    if folder.ends_with("/tests") && folder.matches('/').count() == 2 {
        return Some(Problem::file(path, "a second test binary; put it into `tests/it` and name it in its main.rs"));
    }
    let is_root = |folder: &str| {
        ["/src", "/src/bin", "/tests/it", "/benches", "/examples", "/fuzz_targets"]
            .iter()
            .any(|end| folder.ends_with(end))
    };
    if is_root(folder) && (matches!(name, "lib" | "main") || !folder.ends_with("/src") && !folder.ends_with("/it")) {
        return None;
    }
    if name == "build" && tree.files.contains_key(&format!("{folder}/Cargo.toml")) {
        return None;
    }
    let parents = if is_root(folder) {
        vec![format!("{folder}/lib.rs"), format!("{folder}/main.rs")]
    } else {
        vec![format!("{folder}.rs")]
    };
    let named = parents.iter().filter_map(|parent| tree.text(parent)).any(|text| names(text, name));
    (!named)
        .then(|| Problem::file(path, format!("no `mod {name};` in {}: the file is not compiled", parents.join(" or "))))
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
        assert_eq!(found(&[("crates/a/tests/more.rs", "")]), ["crates/a/tests/more.rs"]);
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
            ("xtask/src/main.rs", ""),
        ];
        assert_eq!(found(&fine), [""; 0]);
    }

    #[test]
    fn a_longer_name_does_not_count() {
        assert_eq!(found(&[("crates/a/src/lib.rs", "mod bc;\n"), ("crates/a/src/b.rs", "")]), ["crates/a/src/b.rs"]);
    }
}
