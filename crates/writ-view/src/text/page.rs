//! Lines on a page: escaped, broken at words, coloured last.

use super::Style;
use crate::escape;

/// Left margin of remarks under a heading or a step.
const MARGIN: usize = 2;
/// Width of the column that holds a step's mark.
const MARK: usize = 2;
/// Width of the column that holds its word.
const WORD: usize = 15;
/// How far a cause beside the main line stands in.
const DEEPER: usize = 4;
/// Hex digits kept of a digest that is shortened: enough to tell two of one answer apart.
const DIGEST_KEPT: usize = 12;
/// Hex digits from which on a word is a digest, and nobody reads it whole: SHA-1 has 40.
const DIGEST_MIN: usize = 40;

/// A page that grows line by line.
pub(super) struct Page {
    pub(super) style: Style,
    out: String,
}

impl Page {
    pub(super) fn new(style: Style) -> Page {
        let columns = if style.wide { usize::MAX } else { style.columns };
        Page { style: Style { columns, ..style }, out: String::new() }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    pub(super) fn gap(&mut self) {
        self.out.push('\n');
    }

    pub(super) fn heading(&mut self, text: &str) {
        self.gap();
        self.line(text);
    }

    /// One line, escaped and as long as it is: ids are meant to be copied whole.
    pub(super) fn line(&mut self, text: &str) {
        let text = self.shown(text);
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    /// A line of a chain: mark, word, text. Colour is put in after wrapping, which counts what is shown.
    pub(super) fn step(&mut self, depth: usize, mark: &str, word: &str, text: &str) {
        let start = self.out.len();
        // The first line of a cause beside the main line is told by its plus.
        let (indent, mark) = match (depth, mark) {
            (0, mark) => (MARGIN, mark),
            (deep, "") => (MARGIN + DEEPER * deep, "+"),
            (deep, mark) => (MARGIN + DEEPER * deep, mark),
        };
        self.wrapped(&format!("{:indent$}{mark:<MARK$}{word:<WORD$}", ""), text);
        if self.style.colour {
            let line = self.out.split_off(start);
            self.out.push_str(&coloured(&line, word));
        }
    }

    /// A remark under a step.
    pub(super) fn remark(&mut self, depth: usize, label: &str, text: &str) {
        let indent = MARGIN + DEEPER * depth + MARK + WORD;
        self.wrapped(&format!("{:indent$}{label:<9} ", ""), text);
    }

    /// Text behind a lead, broken at words; a word longer than a line stands alone.
    pub(super) fn wrapped(&mut self, lead: &str, text: &str) {
        let lead = self.shown(lead);
        let text = if self.style.wide { self.shown(text) } else { self.shown(&shortened(text)) };
        let indent = " ".repeat(lead.chars().count());
        let mut line = lead;
        let mut filled = false;
        for word in text.split(' ') {
            let width = line.chars().count() + usize::from(filled) + word.chars().count();
            if filled && width > self.style.columns {
                self.out.push_str(line.trim_end());
                self.out.push('\n');
                line.clone_from(&indent);
                filled = false;
            }
            if filled {
                line.push(' ');
            }
            line.push_str(word);
            filled = true;
        }
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    fn shown(&self, text: &str) -> String {
        if self.style.unicode {
            escape::terminal(text)
        } else {
            escape::ascii(&text.replace('·', "-").replace('…', "..."))
        }
    }
}

/// The same text with every digest cut to its beginning: `sha256:1f3e5a7b9c0d…`.
fn shortened(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut digits = String::new();
    // A letter at the end closes the last run; it is taken off again.
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_hexdigit() {
            digits.push(c);
            continue;
        }
        if digits.len() >= DIGEST_MIN {
            digits.truncate(DIGEST_KEPT);
            digits.push('…');
        }
        out.push_str(&digits);
        digits.clear();
        out.push(c);
    }
    out.pop();
    out
}

/// Colours the word of a step.
fn coloured(line: &str, word: &str) -> String {
    let code = match word.split(' ').next() {
        Some("proven") => "32",
        Some("asserted") => "36",
        Some("inferred") => "33",
        Some("gap") => "31",
        _ => return line.to_string(),
    };
    line.replacen(word, &format!("\u{1b}[{code}m{word}\u{1b}[0m"), 1)
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn digests_are_cut_and_ids_are_not() {
        let digest = format!("sha256:{}", "1f3e5a7b".repeat(8));
        assert_eq!(shortened(&format!("shown {digest}, then")), "shown sha256:1f3e5a7b1f3e…, then");
        let ids = "AKIAQDOMAINS00000001 0af7651916cd43dd8448eb211c80319c 1f3e5a7b-1111-4222-8333-444455556666";
        assert_eq!(shortened(ids), ids);
    }
}
