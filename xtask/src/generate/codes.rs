//! The page of codes, `docs/reference/codes.md`: what `writ explain` knows, to be read at leisure.

use super::Generator;
use crate::cargo;
use crate::tree::Tree;

pub(super) const GENERATOR: Generator = Generator { output: "docs/reference/codes.md", make };

fn make(_: &Tree) -> Result<String, String> {
    cargo::read(&cargo::root(), &["run", "--quiet", "--package", "writ", "--", "explain", "--all", "--md"])
}
