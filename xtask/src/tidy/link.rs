//! A link inside the repository leads somewhere.

use super::{Check, Problem};
use crate::tree::Tree;

pub(super) const CHECK: Check =
    Check { name: "link", says: "links in Markdown to files and headings of the repository resolve", run };

fn run(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.texts(&[".md"]).filter(|(path, _)| !path.contains("testdata/")) {
        for (index, target) in targets(text) {
            if let Err(cause) = follow(tree, path, target) {
                problems.push(Problem::line(path, index, format!("`{target}` {cause}")));
            }
        }
    }
    problems
}

/// Prose, without fenced blocks: index and text of each line.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// The targets of `[text](target)` and `[name]: target`, with the index of their line.
fn targets(text: &str) -> Vec<(usize, &str)> {
    let mut targets = Vec::new();
    for (index, line) in prose(text) {
        if let Some((_, target)) = line.trim_start().strip_prefix('[').and_then(|rest| rest.split_once("]: ")) {
            targets.push((index, target));
        }
        let mut rest = line;
        let mut in_code = false;
        while let Some((before, after)) = rest.split_once("](") {
            in_code ^= before.matches('`').count() % 2 == 1;
            rest = after;
            if let Some((target, _)) = after.split_once(')').filter(|_| !in_code) {
                targets.push((index, target));
            }
        }
    }
    targets
        .into_iter()
        .map(|(index, target)| (index, first_word(target)))
        .filter(|(_, target)| !target.is_empty())
        .collect()
}

/// A target without the title that may follow it, or the `<>` around it.
fn first_word(target: &str) -> &str {
    target.split_whitespace().next().unwrap_or_default().trim_start_matches('<').trim_end_matches('>')
}

fn follow(tree: &Tree, from: &str, target: &str) -> Result<(), String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return Ok(());
    }
    let (file, heading) = target.split_once('#').map_or((target, None), |(file, heading)| (file, Some(heading)));
    let path = if file.is_empty() { from.to_owned() } else { resolve(from, file).ok_or("leaves the repository")? };
    let folder = format!("{}/", path.trim_end_matches('/'));
    let is_folder = path.is_empty() || tree.files.keys().any(|known| known.starts_with(&folder));
    if !tree.files.contains_key(&path) && !is_folder {
        return Err("is not there".to_owned());
    }
    match heading {
        Some(heading) if tree.texts(&[".md"]).any(|(known, _)| known == path) => {
            let text = tree.text(&path).unwrap_or_default();
            let found = prose(text).filter(|(_, line)| line.starts_with('#')).any(|(_, line)| anchor(line) == heading);
            if found { Ok(()) } else { Err(format!("names a heading that `{path}` does not have")) }
        }
        _ => Ok(()),
    }
}

/// `target` as seen from the folder of `from`; `None` if it climbs out of the repository.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    if target.starts_with('/') {
        parts.clear();
    }
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The anchor that forges give a heading: lower case, hyphens for blanks, other marks dropped.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|each| each.is_alphanumeric() || matches!(each, ' ' | '-' | '_'));
    kept.map(|each| if each == ' ' { '-' } else { each }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(usize, String)> {
        let files = [
            ("docs/a.md", text),
            ("docs/rfd/README.md", "# Decision records\n\n## 2. What's next?\n"),
            ("STYLE.md", ""),
        ];
        run(&Tree::made(&files)).into_iter().map(|problem| (problem.line, problem.text)).collect()
    }

    #[test]
    fn links_that_resolve_are_fine() {
        let good = "[a](rfd/README.md) [b](../STYLE.md \"title\") [c](rfd) [d](/STYLE.md) [e](#here)\n\n# Here\n\n\
            [f](rfd/README.md#2-whats-next) [g](https://example.org/x.md) ![h](<../STYLE.md>)\n\n[i]: ../STYLE.md\n";
        assert_eq!(found(good), []);
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        for bad in [
            "[a](gone.md)",
            "text [a](../../STYLE.md)",
            "[a](rfd/README.md#gone)",
            "[a](#gone)",
            "[a]: gone.md",
            "`x` [a](gone.md)",
        ] {
            assert_eq!(found(&format!("Fine.\n{bad}\n")).len(), 1, "{bad}");
        }
        assert_eq!(found("[a](../STYLE.md) and [b](gone.md)\n"), [(1, "`gone.md` is not there".to_owned())]);
    }

    #[test]
    fn code_is_not_read_for_links() {
        assert_eq!(found("```\n[a](gone.md)\n```\nand `[a](gone.md)` and `f[0](x)`\n"), []);
    }
}
