//! The tree tests itself: rules that no compiler knows, each with a check.
//!
//! A check is one file here and one line in [`CHECKS`]. It takes the [`Tree`] as data and returns
//! [`Problem`]s, and its unit tests show a tree that breaks the rule and one that only nearly does.

mod blank;
mod duplicate;
mod edge;
mod foreign;
mod guide;
mod head;
mod licence;
mod link;
mod manifest;
mod marker;
mod mention;
mod module;
pub(crate) mod no_std;
pub(crate) mod rfd;
mod size;

use std::fmt;

use crate::tree::Tree;
use crate::{cargo, generate};

/// The checks, in the order they run.
const CHECKS: &[Check] = &[
    blank::CHECK,
    head::CHECK,
    size::CHECK,
    module::CHECK,
    marker::CHECK,
    manifest::CHECK,
    edge::CHECK,
    no_std::CHECK,
    licence::CHECK,
    duplicate::CHECK,
    link::CHECK,
    rfd::CHECK,
    mention::CHECK,
    foreign::CHECK,
    guide::CHECK,
];

/// One rule about the tree.
struct Check {
    /// What it is called on the command line: the name of its file.
    name: &'static str,
    /// The rule, in one sentence.
    says: &'static str,
    run: fn(&Tree) -> Vec<Problem>,
}

/// A place that breaks a rule.
#[derive(Debug, PartialEq)]
struct Problem {
    path: String,
    /// From 1; 0 where the whole file is meant.
    line: usize,
    text: String,
}

impl Problem {
    fn file(path: &str, text: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: 0, text: text.into() }
    }

    /// `index` counts from 0, as iterators do.
    fn line(path: &str, index: usize, text: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: index + 1, text: text.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(to, "{}:{}: {}", self.path, self.line, self.text)
        } else {
            write!(to, "{}: {}", self.path, self.text)
        }
    }
}

/// `cargo xtask tidy [--list] [CHECK...]`
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    if arguments.iter().any(|argument| argument == "--list") {
        for check in CHECKS {
            println!("{:<10} {}", check.name, check.says);
        }
        return Ok(());
    }
    if let Some(unknown) = arguments.iter().find(|name| CHECKS.iter().all(|check| check.name != **name)) {
        return Err(format!("no check is called `{unknown}`; `cargo xtask tidy --list` names them"));
    }
    let root = cargo::root();
    let tree = Tree::read(&root, generate::outputs())?;
    let mut n_problems = 0_usize;
    for check in CHECKS.iter().filter(|check| arguments.is_empty() || arguments.iter().any(|name| name == check.name)) {
        let problems = (check.run)(&tree);
        if !problems.is_empty() {
            println!("{}: {}", check.name, check.says);
        }
        for problem in &problems {
            println!("  {problem}");
        }
        n_problems += problems.len();
    }
    if tree.foreign.is_none() {
        println!("tidy: ../shared/data is not here, so nothing was compared with third-party fixtures");
    }
    match n_problems {
        0 => Ok(()),
        1 => Err("tidy found 1 problem".to_owned()),
        n => Err(format!("tidy found {n} problems")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_files_and_each_is_registered_once() {
        let folder = cargo::root().join("xtask/src/tidy");
        let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut files: Vec<String> = names.map(|name| name.trim_end_matches(".rs").to_owned()).collect();
        let mut checks: Vec<String> = CHECKS.iter().map(|check| check.name.to_owned()).collect();
        files.sort();
        checks.sort();
        assert_eq!(files, checks);
    }

    #[test]
    fn an_empty_tree_breaks_no_rule_but_those_that_ask_for_files() {
        let broken: Vec<&str> =
            CHECKS.iter().filter(|check| !(check.run)(&Tree::default()).is_empty()).map(|check| check.name).collect();
        assert_eq!(broken, Vec::<&str>::new());
    }
}
