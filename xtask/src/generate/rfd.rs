//! The list of decision records in `docs/rfd/README.md`.

use std::fmt::Write as _;

use super::Generator;
use crate::tidy::rfd;
use crate::tree::Tree;

pub(super) const GENERATOR: Generator = Generator { output: "docs/rfd/README.md", make };

const BEGIN: &str = "<!-- begin: written by `cargo xtask generate` -->\n";
const END: &str = "<!-- end -->\n";

fn make(tree: &Tree) -> Result<String, String> {
    let current = tree.text(GENERATOR.output).unwrap_or_default();
    let (before, rest) = current
        .split_once(BEGIN)
        .ok_or_else(|| format!("`{}` has lost its line `{}`", GENERATOR.output, BEGIN.trim()))?;
    let (_, after) =
        rest.split_once(END).ok_or_else(|| format!("`{}` has lost its line `{}`", GENERATOR.output, END.trim()))?;
    Ok(format!("{before}{BEGIN}{}{END}{after}", table(tree)?))
}

fn table(tree: &Tree) -> Result<String, String> {
    let mut table = String::from("| number | decision | state |\n|---|---|---|\n");
    for (path, text) in rfd::records(tree) {
        let head = rfd::head(path, text).map_err(|cause| format!("`{path}` {cause}"))?;
        let name = path.strip_prefix(rfd::FOLDER).unwrap_or(path);
        let title = head.title.replace('|', "\\|");
        let _ = writeln!(table, "| {} | [{title}]({name}) | {} |", head.number, head.state);
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: (&str, &str) = ("docs/rfd/0003-one-log.md", "# 0003: one log\n\nState: committed\n");

    #[test]
    fn the_list_is_replaced_and_the_prose_is_kept() {
        let page = format!("# Records\n\n{BEGIN}old\n{END}\nAfter.\n");
        let made = make(&Tree::made(&[("docs/rfd/README.md", &page), RECORD])).unwrap();
        assert!(made.starts_with("# Records\n\n") && made.ends_with("\nAfter.\n") && !made.contains("old"));
        assert!(made.contains("| 0003 | [one log](0003-one-log.md) | committed |\n"));
        let again = make(&Tree::made(&[("docs/rfd/README.md", &made), RECORD])).unwrap();
        assert_eq!(again, made, "a second run changes nothing");
    }

    #[test]
    fn a_page_without_its_marks_is_not_overwritten() {
        assert!(make(&Tree::made(&[("docs/rfd/README.md", "# Records\n"), RECORD])).is_err());
    }
}
