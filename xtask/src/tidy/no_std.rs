//! The pure rooms are built without the standard library, so that the compiler forbids them I/O.
//!
//! `#![no_std]` alone proves little on a machine that has `std`: a dependency that was asked for with
//! its `std` feature brings it back. So the features are read too, for each crate built by itself.
//! Where a target without `std` is installed, `cargo xtask test` also builds for it, which is the proof.

use super::{Check, Problem};
use crate::tree::Tree;

pub(super) const CHECK: Check = Check {
    name: "no_std",
    says: "writ-model, writ-path and writ-tlog are `no_std`, and so is what they bring along",
    run,
};

/// The crates that are built without `std`.
pub(crate) const CRATES: &[&str] = &["writ-model", "writ-path", "writ-tlog"];

fn run(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for name in CRATES {
        let library = format!("crates/{name}/src/lib.rs");
        let Some(text) = tree.text(&library) else { continue };
        if !text.lines().any(|line| line.trim() == "#![no_std]") {
            problems.push(Problem::file(&library, "has no `#![no_std]`"));
        }
        let code = |line: &str| line.trim_start().starts_with("extern crate std");
        if let Some(index) = text.lines().position(code) {
            problems.push(Problem::line(&library, index, "`extern crate std` takes back what `#![no_std]` gives"));
        }
        for brought in tree.closures.get(*name).map(Vec::as_slice).unwrap_or_default() {
            if brought.features.iter().any(|feature| feature == "std") {
                let text =
                    format!("`{}` has its `std` feature on; ask for it with `default-features = false`", brought.name);
                problems.push(Problem::file(&format!("crates/{name}/Cargo.toml"), text));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Brought;

    fn n_found(library: &str, features: &[&str]) -> usize {
        let features = features.iter().map(|name| (*name).to_owned()).collect();
        let mut tree = Tree::made(&[("crates/writ-path/src/lib.rs", library)]);
        tree.closures.insert("writ-path".to_owned(), vec![Brought { name: "serde".to_owned(), features }]);
        run(&tree).len()
    }

    #[test]
    fn the_attribute_and_the_features_are_both_needed() {
        assert_eq!(n_found("//! Path.\n#![no_std]\n", &["alloc", "derive"]), 0);
        assert_eq!(n_found("//! Path, which is `#![no_std]`.\n", &["alloc"]), 1);
        assert_eq!(n_found("//! Path.\n#![no_std]\n", &["alloc", "std"]), 1);
        assert_eq!(n_found("//! Path.\n#![no_std]\nextern crate std;\n", &[]), 1);
    }
}
