//! Making text from logs harmless to show: one function per place it is shown in. What is hidden or
//! moves the cursor is spelt out everywhere; what the place itself would read as markup is escaped.

use std::fmt::Write as _;

/// Text for a terminal: control characters, ANSI escapes, direction marks and invisible characters
/// are spelt as `\u{1b}`; line breaks as `\n`. Nothing else is changed.
pub fn terminal(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || is_invisible(c) => out.push_str(&spelt(c)),
            c => out.push(c),
        }
        out
    })
}

/// The same in ASCII alone, for a terminal that cannot show more.
pub fn ascii(text: &str) -> String {
    terminal(text).chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if c.is_ascii() {
            out.push(c);
        } else {
            out.push_str(&spelt(c));
        }
        out
    })
}

/// JSON in which whatever is hidden or moves a cursor is written as `\uXXXX`: the same values, harmless
/// to show. Such characters stand nowhere in JSON but inside its texts.
pub fn json(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if c.is_control() || is_invisible(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
        out
    })
}

/// A field of a line of tab-separated values: never a tab or a line break, backslashes doubled so
/// that it can be read back, and no beginning that a spreadsheet takes for a formula.
pub fn tsv(text: &str) -> String {
    let shown = terminal(&text.replace('\\', "\\\\"));
    let mut chars = shown.chars();
    match chars.next() {
        Some(first @ ('=' | '+' | '-' | '@')) if shown.len() > 1 => spelt(first) + chars.as_str(),
        _ => shown,
    }
}

/// A string of Graphviz, to stand between double quotes: neither the quotes nor the escapes of its
/// labels (`\N`, `\l`) nor its character entities can be reached from inside.
pub fn dot(text: &str) -> String {
    terminal(text).replace('\\', "\\\\").replace('"', "\\\"").replace('&', "&amp;")
}

/// Text or a double-quoted attribute of HTML.
pub fn html(text: &str) -> String {
    terminal(text).chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
        out
    })
}

/// A sentence in Markdown (`CommonMark` with the additions of GitHub and GitLab): no emphasis, link,
/// image, HTML, code, table, heading, list, formula, automatic link, mention or cross-reference.
///
/// It is for sentences that hold log text; what is log text alone stands in [`markdown_code`].
pub fn markdown(text: &str) -> String {
    let shown = terminal(text);
    let mut out = String::with_capacity(shown.len());
    let mut before = ' ';
    let mut chars = shown.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied().unwrap_or(' ');
        let begins = out.is_empty() || before == ' ';
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '$' | '{' | '}' => {
                out.push('\\');
                out.push(c);
            }
            // Links that Markdown makes by itself: `https://…`, `www.…`.
            ':' if next == '/' => out.push_str("\\:"),
            '.' if ends_with_www(&out) => out.push_str("\\."),
            // A backslash does not stop a mention or a cross-reference: they are looked for in what is shown.
            '@' if !before.is_alphanumeric() => out.push_str("\\\\u\\{40\\}"),
            '#' if next.is_ascii_digit() => out.push_str("\\\\u\\{23\\}"),
            '!' if next.is_ascii_digit() && begins => out.push_str("\\\\u\\{21\\}"),
            // Beginnings of headings, lists, rules and underlines, should this ever begin a line.
            '#' | '+' | '-' | '=' if begins => {
                out.push('\\');
                out.push(c);
            }
            '.' | ')' if !out.is_empty() && out.chars().all(|c| c.is_ascii_digit()) => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        before = c;
    }
    out
}

fn ends_with_www(text: &str) -> bool {
    text.get(text.len().saturating_sub(3)..).is_some_and(|end| end.eq_ignore_ascii_case("www"))
}

/// Log text as code in Markdown: nothing inside is read as anything, and nothing can end it. In a
/// table a `|` would; Writ's Markdown has no tables.
pub fn markdown_code(text: &str) -> String {
    let shown = terminal(text);
    if shown.trim().is_empty() {
        return "` `".to_string();
    }
    let longest = shown.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // Markdown takes one space off each end, if there is one on both.
    let edge = |c: Option<char>| matches!(c, Some('`' | ' '));
    let pad = if edge(shown.chars().next()) || edge(shown.chars().last()) { " " } else { "" };
    format!("{fence}{pad}{shown}{pad}{fence}")
}

/// One word of a command that somebody may copy into a shell: quoted unless it is plainly one word.
pub fn shell(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._:/@+,=-".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        return text.to_string();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn spelt(c: char) -> String {
    format!("\\u{{{:x}}}", u32::from(c))
}

/// Characters that show nothing, or change how what follows is shown (Unicode UAX #9 controls,
/// default-ignorable characters, line and paragraph separators, tags).
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests;
