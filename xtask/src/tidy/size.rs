//! Long files are where the next thing is "just added"; they are split before that.

use super::{Check, Problem};
use crate::tree::Tree;

pub(super) const CHECK: Check =
    Check { name: "size", says: "a Rust file has at most 600 lines of code and 900 with its tests", run };

/// More than four times the length that is aimed at (100 to 400); nobody reads further at one sitting.
const CODE_LINES_MAX: usize = 600;
/// Tests are read one at a time, so a file may hold some more of them.
const LINES_MAX: usize = 900;

fn run(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.rust().filter(|(path, _)| !tree.generated.iter().any(|output| output == path)) {
        let n_lines = text.lines().count();
        if n_lines > LINES_MAX {
            problems.push(Problem::file(path, format!("{n_lines} lines, more than {LINES_MAX}; split it by subject")));
        } else if !is_test(path) && code_lines(text) > CODE_LINES_MAX {
            let n_code = code_lines(text);
            problems.push(Problem::file(path, format!("{n_code} lines of code, more than {CODE_LINES_MAX}; split it")));
        }
    }
    problems
}

/// The file holds tests and nothing else.
pub(super) fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/") || path.contains("/benches/")
}

/// Lines above the tests that stand at the end of a file.
fn code_lines(text: &str) -> usize {
    let mut lines = text.lines().enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        let opens_tests = lines.peek().is_some_and(|(_, next)| next.starts_with("mod ") && next.ends_with('{'));
        if line.starts_with("#[cfg(test)]") && opens_tests {
            return index;
        }
    }
    text.lines().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n_found(path: &str, n_code: usize, n_tests: usize) -> usize {
        let tests = if n_tests > 0 {
            format!("#[cfg(test)]\nmod tests {{\n{}", "//\n".repeat(n_tests - 2))
        } else {
            String::new()
        };
        run(&Tree::made(&[(path, &format!("{}{tests}", "//\n".repeat(n_code)))])).len()
    }

    #[test]
    fn the_limits_are_exact() {
        assert_eq!(n_found("crates/a/src/b.rs", 600, 0), 0);
        assert_eq!(n_found("crates/a/src/b.rs", 601, 0), 1);
        assert_eq!(n_found("crates/a/src/b.rs", 600, 300), 0);
        assert_eq!(n_found("crates/a/src/b.rs", 600, 301), 1);
    }

    #[test]
    fn files_of_tests_have_the_longer_limit() {
        assert_eq!(n_found("crates/a/src/b/tests.rs", 900, 0), 0);
        assert_eq!(n_found("crates/a/tests/it/b.rs", 901, 0), 1);
    }

    #[test]
    fn a_generated_file_may_be_long() {
        let mut tree = Tree::made(&[("crates/a/src/b.rs", &"//\n".repeat(2_000))]);
        tree.generated.push("crates/a/src/b.rs".to_owned());
        assert!(run(&tree).is_empty());
    }
}
