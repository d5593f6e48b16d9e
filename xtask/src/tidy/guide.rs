//! What a guide says to change must have its place in the tree.
//!
//! `cargo xtask guide` makes the changes and runs what comes of them; this looks only whether they
//! could be made.

use std::collections::BTreeMap;

use super::{Check, Problem};
use crate::guide::{FOLDER, apply, parse};
use crate::tree::Tree;

pub(super) const CHECK: Check =
    Check { name: "guide", says: "each change in docs/guide has its place, once, in a file that is there", run };

fn run(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    // Pages are made together, in the order of their names.
    let mut changed: BTreeMap<&str, String> = BTreeMap::new();
    for (path, text) in tree.texts(&[".md"]).filter(|(path, _)| path.starts_with(FOLDER)) {
        let page = match parse(text) {
            Ok(page) => page,
            Err((line, cause)) => {
                problems.push(Problem::line(path, line, cause));
                continue;
            }
        };
        if !page.changes.is_empty() && page.runs.is_empty() {
            problems.push(Problem::file(path, "says to change files and not what to run: write Run `cargo test …`"));
        }
        for change in &page.changes {
            let file = changed.get(change.path).map(String::as_str).or_else(|| tree.text(change.path));
            match apply(change, file) {
                Ok(after) => drop(changed.insert(change.path, after)),
                Err(cause) => problems.push(Problem::line(path, change.line, cause)),
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_without_a_place_is_found() {
        let page = "In `a.rs`, below `mod a;`:\n```\nmod b;\n```\nRun `cargo test`\n";
        let broken = |page: &str, file: &str| run(&Tree::made(&[("docs/guide/a.md", page), ("a.rs", file)])).len();
        assert_eq!(broken(page, "mod a;\n"), 0);
        assert_eq!(broken(page, "mod c;\n"), 1);
        assert_eq!(broken(&page.replace("Run", "run"), "mod a;\n"), 1);
        assert_eq!(broken("New file `a.rs`:\n```\n```\nRun `cargo test`\n", ""), 1);
        // A second change may stand on the first.
        let twice = format!("{page}In `a.rs`, above `mod b;`:\n```\nmod z;\n```\n");
        assert_eq!(broken(&twice, "mod a;\n"), 0);
    }
}
