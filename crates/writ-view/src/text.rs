//! The answer as text for a terminal: 80 columns, readable without colour, ASCII where need be.

use crate::escape;
use crate::model::{ChainView, Step, View};

/// How to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether the reader can show more than ASCII.
    pub unicode: bool,
    /// Whether to colour strengths. Colour never says anything that a word does not.
    pub colour: bool,
    /// Columns to fill.
    pub columns: usize,
}

impl Default for Style {
    fn default() -> Style {
        Style { unicode: true, colour: false, columns: 80 }
    }
}

/// Left margin of remarks under a heading or a step.
const MARGIN: usize = 2;
/// Width of the column that holds a step's number or mark, and of the one that holds its word.
const WORD: usize = 15;

/// An answer as text.
pub fn render(view: &View, style: Style) -> String {
    let mut page = Page { out: String::new(), style };
    page.line(&view.title);
    page.line(&view.recorded);
    page.line(&format!("risk: {}", view.risk));
    page.gap();
    page.wrapped("", &view.sentence);
    page.gap();
    for (label, word, remark) in &view.controls {
        page.wrapped(&format!("{label:<10} {word:<9} "), remark);
    }
    for chain in &view.chains {
        page.gap();
        page.chain(chain);
    }
    if !view.findings.is_empty() {
        page.heading("Findings");
        for (severity, code, text) in &view.findings {
            page.wrapped(&format!("  {severity:<7} "), &format!("{code}: {text}"));
        }
    }
    if !view.limits.is_empty() || !view.gaps.is_empty() {
        page.heading("Not established");
    }
    for limit in &view.limits {
        page.wrapped("  - ", limit);
    }
    for gap in &view.gaps {
        page.wrapped("  - ", &format!("{} [{}]", gap.text, gap.reason));
        for (label, text) in [("wait until", &gap.until), ("next time", &gap.fix), ("ask now", &gap.ask)] {
            if let Some(text) = text {
                page.wrapped(&format!("      {label:<10} "), text);
            }
        }
    }
    page.gap();
    for (n, command) in view.next.iter().enumerate() {
        page.line(&format!("{:<5} {command}", if n == 0 { "Next" } else { "" }));
    }
    page.gap();
    page.wrapped("", &view.foot);
    page.out
}

struct Page {
    out: String,
    style: Style,
}

impl Page {
    fn gap(&mut self) {
        self.out.push('\n');
    }

    fn heading(&mut self, text: &str) {
        self.gap();
        self.line(text);
    }

    /// One line, escaped and as long as it is: ids are meant to be copied whole.
    fn line(&mut self, text: &str) {
        let text = self.shown(text);
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn shown(&self, text: &str) -> String {
        if self.style.unicode {
            escape::terminal(text)
        } else {
            escape::ascii(&text.replace('·', "-").replace('…', "..."))
        }
    }

    /// Text behind a lead, broken at words; a word longer than a line stands alone.
    fn wrapped(&mut self, lead: &str, text: &str) {
        let text = self.shown(text);
        let indent = " ".repeat(lead.chars().count());
        let mut line = lead.to_string();
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

    fn chain(&mut self, chain: &ChainView) {
        self.line(chain.title);
        for step in &chain.steps {
            match step {
                Step::Hole { expected, reason } => {
                    let mark = if self.style.unicode { "○" } else { "o" };
                    self.step(mark, "gap", &format!("{expected} ({reason})"));
                }
                Step::Node { kind, name, time } => {
                    let time = time.as_deref().map_or_else(String::new, |time| format!("  {time}"));
                    self.step("", kind, &format!("{name}{time}"));
                }
                Step::Hop { n, strength, edge, because, against, alternatives } => {
                    let mut text = format!("{n} {edge}: {}", because.join("; "));
                    if !against.is_empty() {
                        text.push_str("; against: ");
                        text.push_str(&against.join("; "));
                    }
                    if *alternatives > 0 {
                        text.push_str(&format_alternatives(*alternatives));
                    }
                    self.step(line_mark(self.style, strength), strength, &text);
                }
            }
        }
    }

    /// A line of a chain: mark, word, text. Colour is put in after wrapping, which counts what is shown.
    fn step(&mut self, mark: &str, word: &str, text: &str) {
        let start = self.out.len();
        self.wrapped(&format!("{:MARGIN$}{mark:<2}{word:<WORD$}", ""), text);
        if self.style.colour {
            let line = self.out.split_off(start);
            self.out.push_str(&coloured(&line, word));
        }
    }
}

fn format_alternatives(n: usize) -> String {
    format!(" ({n} alternative{})", if n == 1 { "" } else { "s" })
}

/// Solid for proven, long dashes for asserted, short ones for inferred: strength in the line's shape.
fn line_mark(style: Style, strength: &str) -> &'static str {
    match (strength.split(' ').next(), style.unicode) {
        (Some("proven"), true) => "│",
        (Some("asserted"), true) => "╎",
        (_, true) => "┊",
        (Some("proven"), false) => "|",
        (Some("asserted"), false) => "!",
        (_, false) => ":",
    }
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
mod tests;
