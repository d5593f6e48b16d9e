//! The repository names no place of the machine it was written on, and no package registry.
//!
//! A path of one machine is wrong on every other. A registry's address belongs to cargo's own
//! configuration, so that a mirror can stand in for it. Patterns are written in two halves here, or
//! this file would find itself.

use super::{Check, Problem, size};
use crate::tree::Tree;

pub(super) const CHECK: Check =
    Check { name: "mention", says: "no address of a package registry and no path of one machine", run };

const REGISTRIES: &[&str] = &[
    concat!("crates", ".io"),
    concat!("registry.npm", "js.org"),
    concat!("npm", "js.com"),
    concat!("pypi", ".org"),
    concat!("python", "hosted.org"),
    concat!("proxy.golang", ".org"),
    concat!("repo.maven", ".apache.org"),
    concat!("maven", ".org"),
    concat!("deb.debian", ".org"),
    concat!("ruby", "gems.org"),
];

/// Never right, not even in a fixture.
const PLACES: &[&str] = &[
    concat!("/wor", "k/main"),
    concat!("/wor", "k/shared"),
    concat!("/tmp/", "target-"),
    concat!("/tmp/", "bash_jobs"),
    concat!("/root/", ".cargo"),
    concat!(".cargo/", "registry"),
];

/// Right only where a log is imitated: an agent's commands name the home of a fictional person.
const HOMES: &[&str] = &[concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("C:\\Us", "ers\\")];

fn run(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, bytes) in tree.files.iter().filter(|(path, _)| !path.ends_with("Cargo.lock")) {
        let Ok(text) = std::str::from_utf8(bytes) else { continue };
        for (index, line) in text.lines().enumerate() {
            if let Some(found) = REGISTRIES.iter().find(|registry| line.contains(*registry)) {
                problems.push(Problem::line(
                    path,
                    index,
                    format!("`{found}` is a registry's address; name the package instead"),
                ));
            }
            let homes = if imitates_a_log(path) { &[] } else { HOMES };
            let own = [tree.checkout.as_str()];
            let places = PLACES.iter().chain(homes).chain(own.iter().filter(|place| place.len() > 1));
            if let Some(found) = places.copied().find(|place| line.contains(place)) {
                problems.push(Problem::line(
                    path,
                    index,
                    format!("`{found}` is a place on one machine; use a relative path"),
                ));
            }
        }
    }
    problems
}

fn imitates_a_log(path: &str) -> bool {
    let data =
        [".json", ".ndjson", ".jsonl", ".txt", ".snap", ".csv", ".log"].iter().any(|ending| path.ends_with(ending));
    data || path.contains("testdata/") || size::is_test(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        run(&Tree::made(&[(path, text)])).into_iter().map(|problem| problem.line).collect()
    }

    #[test]
    fn every_pattern_is_found_in_documents_and_code() {
        for pattern in REGISTRIES.iter().chain(PLACES).chain(HOMES) {
            assert_eq!(lines("docs/a.md", &format!("First.\nSee {pattern}x.\n")), [2], "{pattern}");
        }
    }

    #[test]
    fn a_lock_file_names_its_registry() {
        assert_eq!(lines("Cargo.lock", REGISTRIES[0]), [0_usize; 0]);
        assert_eq!(lines("fuzz/Cargo.lock", REGISTRIES[0]), [0_usize; 0]);
    }

    #[test]
    fn a_fixture_may_have_a_home_but_not_ours() {
        assert_eq!(lines("scenarios/a.json", &format!("\"{}mira/notes\"", HOMES[0])), [0_usize; 0]);
        assert_eq!(lines("scenarios/a.json", &format!("\"{}/notes\"", PLACES[0])), [1]);
    }

    #[test]
    fn the_place_of_this_checkout_is_found_whatever_it_is() {
        let mut tree = Tree::made(&[("README.md", "Run it in /builds/writ first.\n")]);
        assert_eq!(run(&tree), []);
        "/builds/writ".clone_into(&mut tree.checkout);
        assert_eq!(run(&tree).len(), 1);
    }
}
