//! Decision records can be found and say where they stand.
//!
//! That each is listed in `docs/rfd/README.md` is seen by `cargo xtask generate --check`, which
//! writes the list there.

use super::{Check, Problem};
use crate::tree::Tree;

pub(super) const CHECK: Check =
    Check { name: "rfd", says: "each decision record has a number of its own, a title and a state", run };

/// The folder of the decision records.
pub(crate) const FOLDER: &str = "docs/rfd/";

/// Where a record can stand, explained in `docs/rfd/README.md`.
const STATES: &[&str] = &["discussion", "committed", "abandoned"];

/// What the head of a record says.
#[derive(Debug, PartialEq)]
pub(crate) struct Head<'a> {
    /// Four digits.
    pub(crate) number: &'a str,
    pub(crate) title: &'a str,
    pub(crate) state: &'a str,
}

/// The files that are decision records: `docs/rfd/NNNN-name.md`.
pub(crate) fn records(tree: &Tree) -> impl Iterator<Item = (&str, &str)> {
    let is_record = |path: &str| {
        let name = path.strip_prefix(FOLDER)?;
        (!matches!(name, "README.md" | "template.md") && !name.contains('/')).then_some(())
    };
    tree.texts(&[".md"]).filter(move |(path, _)| is_record(path).is_some())
}

/// Reads the head of a record, or says what is wrong with it.
pub(crate) fn head<'a>(path: &'a str, text: &'a str) -> Result<Head<'a>, String> {
    let name = path.strip_prefix(FOLDER).unwrap_or(path);
    let number = name.split_once('-').map(|(digits, _)| digits);
    let number = number.filter(|digits| digits.len() == 4 && digits.bytes().all(|digit| digit.is_ascii_digit()));
    let number = number.ok_or("is not named `NNNN-some-words.md`")?;
    let title = text.lines().next().and_then(|line| line.strip_prefix(&format!("# {number}: ")));
    let title =
        title.filter(|title| !title.trim().is_empty()).ok_or(format!("does not open with `# {number}: title`"))?;
    let state = text.lines().skip(1).find(|line| !line.is_empty()).and_then(|line| line.strip_prefix("State: "));
    let state = state.ok_or("has no line `State: …` under its title")?;
    if !STATES.contains(&state) {
        return Err(format!("is in the state `{state}`; the states are {}", STATES.join(", ")));
    }
    Ok(Head { number, title, state })
}

fn run(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut numbers: Vec<&str> = Vec::new();
    for (path, text) in records(tree) {
        match head(path, text) {
            Err(cause) => problems.push(Problem::file(path, cause)),
            Ok(head) if numbers.contains(&head.number) => {
                problems.push(Problem::file(path, format!("has the number {} of another record", head.number)));
            }
            Ok(head) => numbers.push(head.number),
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# 0003: one log\n\nState: committed\n\n## Question\n";

    #[test]
    fn a_good_head_is_read() {
        let head = head("docs/rfd/0003-one-log.md", GOOD).unwrap();
        assert_eq!(head, Head { number: "0003", title: "one log", state: "committed" });
        let fine = [
            ("docs/rfd/0003-one-log.md", GOOD),
            ("docs/rfd/README.md", "# Records\n"),
            ("docs/rfd/template.md", "# NNNN: title\n"),
        ];
        assert_eq!(run(&Tree::made(&fine)), []);
    }

    #[test]
    fn each_fault_is_found() {
        let name = "docs/rfd/0003-one-log.md";
        for (path, text) in [
            ("docs/rfd/3-one-log.md", GOOD.to_owned()),
            ("docs/rfd/one-log.md", GOOD.to_owned()),
            ("docs/rfd/0004-one-log.md", GOOD.to_owned()),
            (name, GOOD.replace("one log", "")),
            (name, GOOD.replace("State: committed\n", "")),
            (name, GOOD.replace("committed", "agreed")),
            (name, GOOD.replace("State", "Some text.\nState")),
        ] {
            assert_eq!(run(&Tree::made(&[(path, &text)])).len(), 1, "{path}: {text}");
        }
    }

    #[test]
    fn two_records_cannot_share_a_number() {
        assert_eq!(run(&Tree::made(&[("docs/rfd/0003-one-log.md", GOOD), ("docs/rfd/0003-two.md", GOOD)])).len(), 1);
    }
}
