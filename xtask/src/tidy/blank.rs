//! White space that no reader sees and every diff shows.

use super::{Check, Problem};
use crate::tree::Tree;

pub(super) const CHECK: Check = Check {
    name: "blank",
    says: "no tab, no carriage return, no blank at the end of a line; one line end at the end of a file",
    run,
};

/// Files written by hand. Fixtures are somebody's bytes and keep theirs.
const ENDINGS: &[&str] = &[".rs", ".toml", ".md", ".css", ".js", ".sh", ".ci/run", ".gitignore"];

fn run(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.texts(ENDINGS).filter(|(path, _)| !path.contains("testdata/")) {
        for (index, line) in text.split('\n').enumerate() {
            if line.contains('\t') {
                problems.push(Problem::line(path, index, "a tab; indent with spaces, and write `\\t` in a string"));
            }
            if line.ends_with([' ', '\r', '\t']) {
                problems.push(Problem::line(path, index, "a blank at the end of the line"));
            }
        }
        if !text.is_empty() && (!text.ends_with('\n') || text.ends_with("\n\n")) {
            problems.push(Problem::file(path, "the file does not end in exactly one line end"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<usize> {
        run(&Tree::made(&[("a.rs", text)])).into_iter().map(|problem| problem.line).collect()
    }

    #[test]
    fn blanks_are_found_where_they_stand() {
        assert_eq!(found("fn a() {}\nfn b() {} \n"), [2]);
        assert_eq!(found("fn a() {\n\t1;\n}\n"), [2]);
        assert_eq!(found("fn a() {}\r\n"), [1]);
        assert_eq!(found("fn a() {}"), [0]);
        assert_eq!(found("fn a() {}\n\n"), [0]);
    }

    #[test]
    fn ordinary_text_and_fixtures_are_left_alone() {
        assert_eq!(found("fn a() {\n\n    1;\n}\n"), [0_usize; 0]);
        assert!(run(&Tree::made(&[("testdata/a.md", "x \t"), ("a.json", "x ")])).is_empty());
    }
}
