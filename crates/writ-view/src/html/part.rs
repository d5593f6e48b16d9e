//! Parts of the page: controls, chains, and what stands below them.

use crate::escape::html as text;
use crate::model::{ChainView, HopView, Line, NodeView, View};
use std::fmt::Write as _;

/// How far a cause beside the main line is set in; deeper ones stand as deep as this.
const DEPTH_SHOWN: usize = 3;

/// What is log text alone: set apart, and its direction kept to itself.
pub(super) fn code(log: &str) -> String {
    format!("<code><bdi>{}</bdi></code>", text(log))
}

fn codes(list: &[String]) -> String {
    list.iter().map(|log| code(log)).collect::<Vec<_>>().join(", ")
}

/// Authority, approvals and decisions.
pub(super) fn controls(view: &View) -> String {
    let mut out = "<h2>Authority and controls</h2>\n<table>\n<thead><tr><th scope=\"col\">What</th>\
        <th scope=\"col\">State</th><th scope=\"col\">What is known of it</th></tr></thead>\n<tbody>\n"
        .to_string();
    for control in &view.controls {
        let details = control
            .details
            .iter()
            .map(|(label, shown)| format!("<dt>{label}</dt><dd>{}</dd>", code(shown)))
            .collect::<Vec<_>>()
            .concat();
        let details = if details.is_empty() { details } else { format!("<dl>{details}</dl>") };
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td><strong>{}</strong></td><td>{}{details}</td></tr>",
            control.label,
            text(&control.word),
            text(&control.remark)
        );
    }
    out.push_str("</tbody>\n</table>\n");
    out
}

/// A chain as a list, cause first. Strength is a word, a line and a colour, in this order.
pub(super) fn draw(chain: &ChainView) -> String {
    let mut out = format!("<h2>{}</h2>\n<ol class=\"chain\">\n", chain.title);
    for step in &chain.steps {
        let depth = step.depth.min(DEPTH_SHOWN);
        let (class, shown) = match &step.line {
            Line::Hole(hole) => {
                ("gap", format!("<strong>gap</strong> {} <code>{}</code>", text(&hole.expected), text(&hole.reason)))
            }
            Line::Node(one) => ("node", if depth > 0 { format!("and {}", node(one)) } else { node(one) }),
            Line::Hop(one) => (strength_class(&one.strength), hop(one)),
        };
        let _ = writeln!(out, "<li class=\"{class} d{depth}\">{shown}</li>");
    }
    out.push_str("</ol>\n");
    out
}

fn node(node: &NodeView) -> String {
    let time =
        node.time.as_ref().map_or_else(String::new, |time| format!(" <span class=\"time\">{}</span>", text(time)));
    let again = if node.again { " (as above)" } else { "" };
    format!("<span class=\"kind\">{}</span> {}{again}{time}", text(&node.kind), code(&node.name))
}

fn hop(hop: &HopView) -> String {
    let into = hop.into.as_ref().map_or_else(String::new, |into| format!(" into {}", code(into)));
    let mut out = format!("<strong>{}</strong> {} {}{into}", text(&hop.known()), hop.n, text(&hop.edge));
    if let Some(scope) = &hop.scope {
        let _ = write!(out, " <strong class=\"scope\">{}</strong>", text(scope));
    }
    let mut said: Vec<String> = hop.because.iter().map(|why| text(why)).collect();
    said.extend(hop.against.iter().map(|why| format!("against: {}", text(why))));
    for other in &hop.alternatives {
        let grade = other.grade.as_ref().map_or_else(String::new, |grade| format!(" ({})", text(grade)));
        let whys = other.because.iter().map(|why| text(why));
        let whys: Vec<String> = whys.chain(other.against.iter().map(|why| format!("against: {}", text(why)))).collect();
        said.push(format!("or from {}{grade}{}", code(&other.from), list("", &whys)));
    }
    if !hop.records.is_empty() {
        said.push(format!("records: {}", codes(&hop.records)));
    }
    if !hop.coverage.is_empty() {
        said.push(format!("coverage: {}", codes(&hop.coverage)));
    }
    out.push_str(&list("", &said));
    out
}

fn strength_class(strength: &str) -> &'static str {
    match strength {
        "proven" => "hop proven",
        "asserted" => "hop asserted",
        _ => "hop inferred",
    }
}

/// A list under a heading, or nothing.
fn list(heading: &str, items: &[String]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let heading = if heading.is_empty() { String::new() } else { format!("<h2>{heading}</h2>\n") };
    let items: Vec<String> = items.iter().map(|item| format!("<li>{item}</li>\n")).collect();
    format!("{heading}<ul>\n{}</ul>\n", items.concat())
}

/// Everything below the chains.
pub(super) fn rest(view: &View) -> String {
    let influences: Vec<String> = view
        .influences
        .iter()
        .map(|one| {
            let how = format!("{} ({})", text(&one.edge), text(&one.known));
            format!("{}: {how}, before {}", node(&one.from), node(&one.to))
        })
        .collect();
    let findings: Vec<String> = view
        .findings
        .iter()
        .map(|one| {
            let records = if one.records.is_empty() { String::new() } else { format!(" {}", codes(&one.records)) };
            let head =
                format!("<strong>{}</strong> {} ({})", text(&one.severity), code(&one.code), text(&one.strength));
            format!("{head}: {}{records}", text(&one.text))
        })
        .collect();
    let mut open: Vec<String> = view.limits.iter().map(|limit| text(limit)).collect();
    open.extend(view.gaps.iter().map(|gap| {
        let remedies: Vec<String> =
            gap.remedies().iter().map(|(label, shown)| format!("{label}: {}", text(shown))).collect();
        format!("{} {}{}", text(&gap.text), code(&gap.reason), list("", &remedies))
    }));
    let coverage: Vec<String> = view
        .coverage
        .iter()
        .map(|one| format!("{} {} {}", code(&one.id), code(&one.recorder), text(&one.remark)))
        .collect();
    let next: Vec<String> = view.next.iter().map(|command| code(command)).collect();
    [
        list("Influences, which are not authority", &influences),
        list("Findings", &findings),
        list("Not established", &open),
        list("Coverage that absences rest on", &coverage),
        list("What to type next", &next),
        format!("<footer><p>{}</p></footer>\n", text(&view.foot)),
    ]
    .concat()
}
