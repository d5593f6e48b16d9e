//! Half-finished work is finished, or written down where it is seen; it is not left in the code.

use super::{Check, Problem};
use crate::tree::Tree;

pub(super) const CHECK: Check =
    Check { name: "marker", says: "no stub, no ignored test, no note to oneself in the code", run };

/// What is looked for, split so that this file does not find itself, and what to do instead.
const MARKERS: &[(&str, &str)] = &[
    (concat!("#[ign", "ore"), "a test runs or is deleted; assert what holds today and say why in a comment"),
    (concat!("to", "do!("), "finish it, or refuse the input with a reason"),
    (concat!("unimple", "mented!("), "finish it, or refuse the input with a reason"),
    (concat!("FIX", "ME"), "mend it, or file it"),
    (concat!("// TO", "DO"), "do it, or file it"),
    (concat!("// X", "XX"), "say what is wrong in a sentence, or mend it"),
];

fn run(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.rust() {
        for (index, line) in text.lines().enumerate() {
            for (marker, instead) in MARKERS.iter().filter(|(marker, _)| line.contains(marker)) {
                problems.push(Problem::line(path, index, format!("`{marker}`: {instead}")));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_marker_is_found() {
        for (marker, _) in MARKERS {
            let text = format!("//! Text.\nfn a() {{\n    {marker}\n}}\n");
            let lines: Vec<usize> =
                run(&Tree::made(&[("crates/a/src/b.rs", &text)])).iter().map(|found| found.line).collect();
            assert_eq!(lines, [3], "{marker}");
        }
    }

    #[test]
    fn words_that_only_look_alike_are_left_alone() {
        let text =
            "//! Ignored rows are counted; a fixme in lower case is prose.\n// The key AKIAXXXX is a placeholder.\n";
        assert!(run(&Tree::made(&[("crates/a/src/b.rs", text)])).is_empty());
    }
}
