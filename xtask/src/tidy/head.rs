//! A reader who opens any file first reads what it is for.

use super::{Check, Problem};
use crate::tree::Tree;

pub(super) const CHECK: Check =
    Check { name: "head", says: "every Rust file opens with `//!` and says what it is for", run };

fn run(tree: &Tree) -> Vec<Problem> {
    let silent = tree.rust().filter(|(path, text)| !tree.generated.iter().any(|output| output == path) && !opens(text));
    silent.map(|(path, _)| Problem::file(path, "does not open with a `//!` sentence")).collect()
}

fn opens(text: &str) -> bool {
    text.lines().next().and_then(|line| line.strip_prefix("//!")).is_some_and(|sentence| !sentence.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_sentence_is_found() {
        let tree = Tree::made(&[
            ("crates/a/src/bare.rs", "fn a() {}\n"),
            ("crates/a/src/empty.rs", ""),
            ("crates/a/src/blank.rs", "//!\n//! Late.\n"),
            ("crates/a/src/plain.rs", "// Not a module comment.\n"),
            ("crates/a/src/good.rs", "//! Good.\n"),
            ("crates/a/testdata/odd.rs", "fn a() {}\n"),
        ]);
        let paths: Vec<String> = run(&tree).into_iter().map(|problem| problem.path).collect();
        assert_eq!(paths, ["bare", "blank", "empty", "plain"].map(|name| format!("crates/a/src/{name}.rs")));
    }
}
