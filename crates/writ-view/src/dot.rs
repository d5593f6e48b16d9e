//! The answer as a graph for Graphviz: authority from top to bottom, influence from the side.
//!
//! Strength is in the line and in the word: solid `proven`, dashed `asserted`, dotted `inferred`; a
//! gap is a dotted line from a dotted oval. Shapes tell people, agents, credentials and acts apart,
//! and each node says in words what it is.

use crate::escape;
use crate::model::{Line, NodeView, View};
use std::collections::BTreeMap;

/// An answer as one `digraph`.
pub fn render(view: &View) -> String {
    let mut graph = Graph { out: String::new(), numbers: BTreeMap::new(), n_holes: 0 };
    graph.line("digraph writ {");
    graph.line("  graph [rankdir=TB, fontname=\"sans-serif\", labelloc=t];");
    graph.line("  node [fontname=\"sans-serif\", fontsize=11];");
    graph.line("  edge [fontname=\"sans-serif\", fontsize=10];");
    graph.line(&format!("  label={};", quoted(&[&view.sentence])));
    let steps = || view.chains.iter().flat_map(|chain| &chain.steps);
    for step in steps() {
        if let Line::Node(node) = &step.line {
            graph.node(node);
        }
    }
    for influence in &view.influences {
        graph.node(&influence.from);
        graph.node(&influence.to);
    }
    for step in steps() {
        match &step.line {
            Line::Hop(hop) => {
                let label = quoted(&[&format!("{} {}", hop.n, hop.edge), &hop.known()]);
                graph.edge(&hop.from, &hop.to, &label, line_style(&hop.strength));
            }
            Line::Hole(hole) => graph.hole(&hole.after, &hole.expected, &hole.reason),
            Line::Node(_) => {}
        }
    }
    for influence in &view.influences {
        let label = quoted(&["influenced", &influence.edge, &influence.known]);
        let (from, to) = &influence.ends;
        graph.edge(from, to, &label, "style=dashed, color=gray40, arrowhead=open, constraint=false");
    }
    graph.line("}");
    graph.out
}

struct Graph {
    out: String,
    /// Ids of an answer may be anything; here they are numbers.
    numbers: BTreeMap<String, usize>,
    n_holes: usize,
}

impl Graph {
    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn node(&mut self, node: &NodeView) {
        if self.numbers.contains_key(&node.id) {
            return;
        }
        let number = self.numbers.len();
        self.numbers.insert(node.id.clone(), number);
        let label = quoted(&[&node.kind, &node.name, node.time.as_deref().unwrap_or_default()]);
        self.line(&format!("  n{number} [label={label}, shape={}];", shape(&node.kind)));
    }

    fn edge(&mut self, from: &str, to: &str, label: &str, style: &str) {
        // A chain names only nodes it shows.
        if let (Some(from), Some(to)) = (self.numbers.get(from), self.numbers.get(to)) {
            let edge = format!("  n{from} -> n{to} [label={label}, {style}];");
            self.line(&edge);
        }
    }

    fn hole(&mut self, after: &str, expected: &str, reason: &str) {
        let number = self.n_holes;
        self.n_holes += 1;
        self.line(&format!("  gap{number} [label={}, shape=oval, style=dotted];", quoted(&["gap", expected])));
        if let Some(after) = self.numbers.get(after) {
            let edge = format!("  gap{number} -> n{after} [label={}, style=dotted, color=red3];", quoted(&[reason]));
            self.line(&edge);
        }
    }
}

/// Lines of a label, each escaped, as one string of DOT.
fn quoted(lines: &[&str]) -> String {
    let lines: Vec<String> = lines.iter().filter(|line| !line.is_empty()).map(|line| escape::dot(line)).collect();
    format!("\"{}\"", lines.join("\\n"))
}

fn line_style(strength: &str) -> &'static str {
    match strength {
        "proven" => "style=solid, color=darkgreen, penwidth=2",
        "asserted" => "style=dashed, color=steelblue4",
        _ => "style=dotted, color=darkorange3",
    }
}

fn shape(kind: &str) -> &'static str {
    match kind {
        "human" => "oval",
        "agent" => "hexagon",
        "workload" | "service" | "schedule" => "component",
        "credential" | "grant" => "note",
        "approval" | "decision" => "diamond",
        _ => "box",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn every_hop_gap_and_influence_is_an_edge() {
        let graph = render(&View::of(&sample::answer(ToString::to_string)));
        assert_eq!(graph.matches(" -> ").count(), 5 + 1 + 1, "{graph}");
        for said in
            ["mira@acme.example", "4 triggered\\ninferred weak", "style=dotted, color=red3", "influenced\\nread"]
        {
            assert!(graph.contains(said), "{said}\n{graph}");
        }
    }

    #[test]
    fn hostile_names_stay_inside_their_strings() {
        let graph = render(&View::of(&sample::answer(|_| sample::HOSTILE.to_string())));
        assert!(graph.chars().all(|c| c == '\n' || !c.is_control()) && !graph.contains('\u{202e}'));
        // Without its strings, what is left is ours, and as long as it is with ordinary names.
        let bare = |graph: &str| {
            let (mut bare, mut inside, mut escaped) = (String::new(), false, false);
            for c in graph.chars() {
                match c {
                    '\\' if inside && !escaped => escaped = true,
                    '"' if !escaped => inside = !inside,
                    c => {
                        escaped = false;
                        if !inside {
                            bare.push(c);
                        }
                    }
                }
            }
            assert!(!inside, "{graph}");
            bare
        };
        let ordinary = render(&View::of(&sample::answer(ToString::to_string)));
        assert_eq!(bare(&graph), bare(&ordinary));
    }
}
