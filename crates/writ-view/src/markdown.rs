//! The answer as Markdown, for a ticket: headings, lists and code, which every ticket system shows.
//! What is log text alone stands as code; sentences that hold log text are escaped.

use crate::escape::{markdown as sentence, markdown_code as code};
use crate::model::{ControlView, HopView, Line, NodeView, View};

/// An answer as Markdown.
pub fn render(view: &View) -> String {
    let mut page = Page(String::new());
    let resource = view.resources.first().map_or_else(String::new, |resource| format!(" on {}", code(resource)));
    page.line(&format!("## {}{resource}", code(&view.action)));
    page.line("");
    page.line(&sentence(&view.sentence));
    page.line("");
    page.item(0, &format!("Event: {}", code(&view.reference)));
    let recorded = format!("{}, recorded by {} of {}", sentence(&view.time), code(&view.source), code(&view.recorder));
    page.item(0, &format!("When: {recorded}; outcome: {}", sentence(&view.outcome)));
    page.item(0, &format!("Risk: {}", sentence(&view.risk)));
    for party in &view.parties {
        let id = party.id.as_ref().map_or_else(String::new, |id| format!(" {}", code(id)));
        let text = if party.name.is_empty() {
            sentence(&party.remark)
        } else {
            format!("{}{id} ({})", code(&party.name), sentence(&party.remark))
        };
        page.item(0, &format!("{}: {text}", party.label.trim()));
    }
    view.controls.iter().for_each(|control| page.control(control));
    for chain in &view.chains {
        page.heading(chain.title);
        for step in &chain.steps {
            match &step.line {
                Line::Hole(hole) => {
                    page.item(
                        step.depth,
                        &format!("○ **gap**: {} ({})", sentence(&hole.expected), sentence(&hole.reason)),
                    );
                }
                Line::Node(node) => page.item(step.depth, &node_text(node)),
                Line::Hop(hop) => page.hop(step.depth + 1, hop),
            }
        }
    }
    page.rest(view);
    page.0
}

fn node_text(node: &NodeView) -> String {
    let time = node.time.as_deref().map_or_else(String::new, |time| format!(", {}", sentence(time)));
    let again = if node.again { " (as above)" } else { "" };
    format!("**{}** {}{again}{time}", sentence(&node.kind), code(&node.name))
}

struct Page(String);

impl Page {
    fn line(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn heading(&mut self, text: &str) {
        self.line("");
        self.line(&format!("### {text}"));
        self.line("");
    }

    fn item(&mut self, depth: usize, text: &str) {
        self.line(&format!("{}- {text}", "  ".repeat(depth)));
    }

    fn control(&mut self, control: &ControlView) {
        let remark = if control.remark.is_empty() { String::new() } else { format!(": {}", sentence(&control.remark)) };
        self.item(0, &format!("{} **{}**{remark}", control.label, sentence(&control.word)));
        for (label, text) in &control.details {
            self.item(1, &format!("{label}: {}", code(text)));
        }
    }

    fn hop(&mut self, depth: usize, hop: &HopView) {
        let into = hop.into.as_ref().map_or_else(String::new, |into| format!(" into {}", code(into)));
        let head = format!("↓ {} {} **{}**{into}", hop.n, sentence(&hop.edge), sentence(&hop.known()));
        self.item(depth, &format!("{head}: {}", sentence(&hop.because.join("; "))));
        for why in &hop.against {
            self.item(depth + 1, &format!("against: {}", sentence(why)));
        }
        self.0.extend(hop.scope.iter().map(|scope| format!("{}- **{}**\n", "  ".repeat(depth + 1), sentence(scope))));
        for other in &hop.alternatives {
            let grade = other.grade.as_ref().map_or_else(String::new, |grade| format!(" ({})", sentence(grade)));
            self.item(
                depth + 1,
                &format!("or from {}{grade}: {}", code(&other.from), sentence(&other.because.join("; "))),
            );
            for why in &other.against {
                self.item(depth + 2, &format!("against: {}", sentence(why)));
            }
        }
        if !hop.records.is_empty() {
            let records: Vec<String> = hop.records.iter().map(|record| code(record)).collect();
            self.item(depth + 1, &format!("records: {}", records.join(", ")));
        }
    }

    fn rest(&mut self, view: &View) {
        if !view.influences.is_empty() {
            self.heading("Influences, which are not authority");
        }
        for influence in &view.influences {
            let (from, to) = (node_text(&influence.from), node_text(&influence.to));
            let how = format!("{} ({})", sentence(&influence.edge), sentence(&influence.known));
            self.item(0, &format!("~ {from}: {how}, before {to}"));
        }
        if !view.findings.is_empty() {
            self.heading("Findings");
        }
        for finding in &view.findings {
            let head = format!("**{}** {} ({})", sentence(&finding.severity), code(&finding.code), finding.strength);
            self.item(0, &format!("{head}: {}", sentence(&finding.text)));
        }
        if !view.limits.is_empty() || !view.gaps.is_empty() {
            self.heading("Not established");
        }
        view.limits.iter().for_each(|limit| self.item(0, &sentence(limit)));
        for gap in &view.gaps {
            self.item(0, &format!("{} ({})", sentence(&gap.text), code(&gap.reason)));
            gap.remedies().iter().for_each(|(label, text)| self.item(1, &format!("{label}: {}", sentence(text))));
        }
        if !view.coverage.is_empty() {
            self.heading("Coverage that absences rest on");
        }
        for window in &view.coverage {
            let (id, recorder) = (code(&window.id), code(&window.recorder));
            self.item(0, &format!("{id} {recorder} {}", sentence(&window.remark)));
        }
        self.line("");
        self.line(&format!("Made by Writ, {}", sentence(&view.foot)));
    }
}

#[cfg(test)]
mod tests;
