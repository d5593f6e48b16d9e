//! The table as text for a terminal, and as the reference page.

use super::{Entry, TABLE};
use crate::escape::markdown as sentence;
use crate::text::{Style, wrap};
use std::fmt::Write as _;

/// One entry for people.
pub fn text(entry: &Entry, style: Style) -> String {
    let mut out = format!("{} ({})\n", entry.text.code, entry.kind.word());
    out.push_str(&wrap("  ", entry.text.means, style));
    if !entry.text.is_not.is_empty() {
        out.push_str(&wrap("  ", entry.text.is_not, style));
    }
    out.push_str(&wrap("  To do: ", entry.text.todo, style));
    out
}

/// The reference page.
pub fn markdown() -> String {
    let mut out = String::from(
        "# Codes\n\nEvery code that an answer, an error or an exit status may hold.\n\
        This page is made from `writ explain --all --md`; `writ explain CODE` prints one.\n",
    );
    for (kind, texts) in TABLE {
        let word = kind.word();
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        let _ = writeln!(out, "\n## {}{rest}\n\n| code | means | to do |\n|---|---|---|", first.to_uppercase());
        for text in *texts {
            let is_not = if text.is_not.is_empty() { String::new() } else { format!(" *{}*", cell(text.is_not)) };
            let _ = writeln!(out, "| `{}` | {}{is_not} | {} |", text.code, cell(text.means), cell(text.todo));
        }
    }
    out
}

/// A sentence of ours in a table, whose own code stays code.
fn cell(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts.map(|(n, part)| if n % 2 == 1 { format!("`{part}`") } else { sentence(part) }).collect()
}
