//! Third-party logs and vectors are read where they lie and never become ours.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::{Check, Problem};
use crate::tree::Tree;

pub(super) const CHECK: Check =
    Check { name: "foreign", says: "no file is a copy of a third-party fixture from ../shared/data", run };

/// Smaller files can be equal by chance.
const BYTES_MIN: usize = 200;

fn run(tree: &Tree) -> Vec<Problem> {
    let Some(foreign) = &tree.foreign else { return Vec::new() };
    // The text of the licence is the same wherever the licence is.
    let ours = tree.files.iter().filter(|(path, bytes)| bytes.len() > BYTES_MIN && *path != "LICENSE");
    let copies = ours.filter_map(|(path, bytes)| Some((path, foreign.get(&hex(bytes))?)));
    copies
        .map(|(path, name)| Problem::file(path, format!("is a copy of `{name}`; write a fixture of your own")))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_found_and_a_change_makes_it_ours() {
        let theirs = "{\"eventVersion\":\"1.08\"}\n".repeat(20);
        let changed = theirs.replace("1.08", "1.09");
        let mut tree = Tree::made(&[("a.json", &theirs), ("b.json", &changed), ("LICENSE", &theirs)]);
        assert_eq!(run(&tree), [], "without a manifest nothing is compared");
        tree.foreign = Some([(hex(theirs.as_bytes()), "./logs/a.json".to_owned())].into());
        assert_eq!(run(&tree), [Problem::file("a.json", "is a copy of `./logs/a.json`; write a fixture of your own")]);
    }

    #[test]
    fn small_files_may_be_equal() {
        let mut tree = Tree::made(&[("a.json", "{}\n")]);
        tree.foreign = Some([(hex(b"{}\n"), "./empty.json".to_owned())].into());
        assert_eq!(run(&tree), []);
    }

    #[test]
    fn digests_are_those_of_sha256() {
        assert_eq!(hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
