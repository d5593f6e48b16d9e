//! The answer as text for a terminal: 80 columns, readable without colour, ASCII where need be.

mod page;

use crate::model::{ChainView, ControlView, GapView, HopView, InfluenceView, Line, NodeView, View};
use page::Page;
use std::fmt::Write as _;

/// How to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one choice of the reader, independent of the others")]
pub struct Style {
    /// Whether the reader can show more than ASCII.
    pub unicode: bool,
    /// Whether to colour strengths. Colour never says anything that a word does not.
    pub colour: bool,
    /// Columns to fill.
    pub columns: usize,
    /// Whole ids and digests, records of every hop, and lines as long as they are.
    pub wide: bool,
    /// Every alternative of every hop, with its reasons.
    pub alternatives: bool,
}

impl Default for Style {
    fn default() -> Style {
        Style { unicode: true, colour: false, columns: 80, wide: false, alternatives: false }
    }
}

/// An answer as text.
pub fn render(view: &View, style: Style) -> String {
    let mut page = Page::new(style);
    head(&mut page, view);
    for chain in &view.chains {
        page.gap();
        draw(&mut page, chain);
    }
    if !view.influences.is_empty() {
        page.heading("Influences, which are not authority");
        view.influences.iter().for_each(|influence| influenced(&mut page, influence));
    }
    if !view.findings.is_empty() {
        page.heading("Findings");
    }
    for finding in &view.findings {
        let text = format!("{}: {} ({})", finding.code, finding.text, finding.strength);
        page.wrapped(&format!("  {:<7} ", finding.severity), &text);
        if style.wide && !finding.records.is_empty() {
            page.wrapped("          records ", &finding.records.join(", "));
        }
    }
    if !view.limits.is_empty() || !view.gaps.is_empty() {
        page.heading("Not established");
    }
    view.limits.iter().for_each(|limit| page.wrapped("  - ", limit));
    view.gaps.iter().for_each(|gap| missing(&mut page, gap));
    if !view.coverage.is_empty() {
        page.heading("Coverage that absences rest on");
    }
    for window in &view.coverage {
        page.wrapped(&format!("  {:<4} ", window.id), &format!("{} {}", window.recorder, window.remark));
    }
    page.gap();
    for (n, command) in view.next.iter().enumerate() {
        page.line(&format!("{:<5} {command}", if n == 0 { "Next" } else { "" }));
    }
    page.gap();
    page.wrapped("", &view.foot);
    page.finish()
}

/// Text behind a lead, broken at words, as pages of this style have it; ends its last line.
pub fn wrap(lead: &str, text: &str, style: Style) -> String {
    let mut page = Page::new(style);
    page.wrapped(lead, text);
    page.finish()
}

fn head(page: &mut Page, view: &View) {
    let mut title = view.action.clone();
    if let Some(first) = view.resources.first() {
        title = format!("{title}  {first}");
    }
    page.line(&title);
    if page.style.wide {
        view.resources.iter().skip(1).for_each(|resource| page.line(&format!("  and {resource}")));
        page.line(&view.reference);
    } else if view.resources.len() > 1 {
        page.line(&format!("  and {} more", view.resources.len() - 1));
    }
    page.line(&format!("{} of {}  {}  {}", view.source, view.recorder, view.time, view.outcome));
    page.line(&format!("risk: {}", view.risk));
    page.gap();
    page.wrapped("", &view.sentence);
    page.gap();
    for party in &view.parties {
        let id = party.id.as_ref().filter(|_| page.style.wide).map_or_else(String::new, |id| format!(" [{id}]"));
        let text = match (party.name.is_empty(), party.remark.is_empty()) {
            (true, _) => party.remark.clone(),
            (false, true) => format!("{}{id}", party.name),
            (false, false) => format!("{}{id} ({})", party.name, party.remark),
        };
        page.wrapped(&format!("{:<12} ", party.label), &text);
    }
    page.gap();
    view.controls.iter().for_each(|said| control(page, said));
}

fn control(page: &mut Page, said: &ControlView) {
    page.wrapped(&format!("{:<11} {:<10} ", said.label, said.word.to_uppercase()), &said.remark);
    for (label, text) in &said.details {
        page.wrapped(&format!("{:<12}{label:<16}", ""), text);
    }
}

fn draw(page: &mut Page, chain: &ChainView) {
    page.line(chain.title);
    for step in &chain.steps {
        match &step.line {
            Line::Hole(hole) => {
                let mark = if page.style.unicode { "○" } else { "o" };
                page.step(step.depth, mark, "gap", &format!("{} ({})", hole.expected, hole.reason));
            }
            Line::Node(node) => node_line(page, step.depth, node),
            Line::Hop(hop) => hop_lines(page, step.depth, hop),
        }
    }
}

fn node_line(page: &mut Page, depth: usize, node: &NodeView) {
    let time = node.time.as_deref().map_or_else(String::new, |time| format!("  {time}"));
    let again = if node.again { " (as above)" } else { "" };
    page.step(depth, "", &node.kind, &format!("{}{again}{time}", node.name));
    if page.style.wide && !node.again && !node.records.is_empty() {
        page.remark(depth, "records", &node.records.join(", "));
    }
}

fn hop_lines(page: &mut Page, depth: usize, hop: &HopView) {
    let mut text = format!("{} {}", hop.n, hop.edge);
    if let Some(into) = &hop.into {
        text.push_str(" into ");
        text.push_str(into);
    }
    text.push_str(": ");
    text.push_str(&hop.because.join("; "));
    if !hop.against.is_empty() {
        text.push_str("; against: ");
        text.push_str(&hop.against.join("; "));
    }
    if !hop.alternatives.is_empty() && !page.style.alternatives {
        let n = hop.alternatives.len();
        let _ = write!(text, " ({n} alternative{}: --alternatives)", if n == 1 { "" } else { "s" });
    }
    let mark = line_mark(page.style, &hop.strength);
    page.step(depth, mark, &hop.known(), &text);
    if let Some(scope) = &hop.scope {
        page.step(depth, mark, "", scope);
    }
    if page.style.alternatives {
        for other in &hop.alternatives {
            let grade = other.grade.as_ref().map_or_else(String::new, |grade| format!(" ({grade})"));
            page.remark(depth, "or from", &format!("{}{grade}", other.from));
            other.because.iter().for_each(|why| page.remark(depth, "  because", why));
            other.against.iter().for_each(|why| page.remark(depth, "  against", why));
        }
    }
    if page.style.wide {
        for (label, list) in
            [("rule", std::slice::from_ref(&hop.rule)), ("coverage", &hop.coverage), ("records", &hop.records)]
        {
            if !list.is_empty() {
                page.remark(depth, label, &list.join(", "));
            }
        }
    }
}

fn influenced(page: &mut Page, influence: &InfluenceView) {
    let time = influence.from.time.as_ref().map_or_else(String::new, |time| format!(" {time}"));
    let text = format!(
        "{} {}, {} ({}){time}, before {} {}",
        influence.from.kind, influence.from.name, influence.edge, influence.known, influence.to.kind, influence.to.name
    );
    page.step(0, "~", "influenced", &text);
}

fn missing(page: &mut Page, gap: &GapView) {
    page.wrapped("  - ", &format!("{} [{}]", gap.text, gap.reason));
    for (label, text) in gap.remedies() {
        page.wrapped(&format!("      {label:<10} "), text);
    }
}

/// Solid for proven, long dashes for asserted, short ones for inferred: strength in the line's shape.
fn line_mark(style: Style, strength: &str) -> &'static str {
    match (strength, style.unicode) {
        ("proven", true) => "│",
        ("asserted", true) => "╎",
        (_, true) => "┊",
        ("proven", false) => "|",
        ("asserted", false) => "!",
        (_, false) => ":",
    }
}

#[cfg(test)]
mod tests;
