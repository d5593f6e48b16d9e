//! A chain as lines, cause first. Mostly a chain is a line; where several hops end in one node the
//! longest stands on the main line and the others beside it, one deeper.

use super::{AlternativeView, ChainView, HoleView, HopView, InfluenceView, Line, NodeView, Step};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use writ_path::answer::{Answer, Gap, Hop};
use writ_path::rule::Chain;

/// Hops followed one behind the other; the walk's own bound is lower. What is deeper still is shown,
/// as a piece of its own.
const DEPTH_MAX: usize = 64;

/// The lines of a chain; the last is the event.
pub(super) fn chain(answer: &Answer, chain: Chain, title: &'static str) -> ChainView {
    let hops: Vec<&Hop> = answer.hops.iter().filter(|hop| hop.chain == chain).collect();
    let gaps: Vec<&Gap> = answer.gaps.iter().filter(|gap| gap.chain == chain).collect();
    let event = hops.last().map_or_else(|| event_node(answer), |hop| hop.to.clone());
    let mut drawing = Drawing { answer, gaps, left: hops, shown: BTreeSet::new(), steps: Vec::new() };
    // A piece that does not lead to the event stands before the one that does.
    let mut end = drawing.stray_end(&event);
    while let Some(node) = end {
        drawing.node(&node, 0, DEPTH_MAX);
        end = drawing.stray_end(&event);
    }
    drawing.node(&event, 0, DEPTH_MAX);
    while let Some(node) = drawing.left.first().map(|hop| hop.to.clone()) {
        drawing.node(&node, 0, DEPTH_MAX);
    }
    // A gap at a node that no hop shows (a bound that was hit) still has to be seen.
    for gap in std::mem::take(&mut drawing.gaps) {
        drawing.hole(gap, 0);
    }
    ChainView { chain, title, steps: drawing.steps }
}

/// The node of the event itself: the one its own record made first.
fn event_node(answer: &Answer) -> String {
    answer.nodes.first().map_or_else(String::new, |node| node.id.clone())
}

struct Drawing<'a> {
    answer: &'a Answer,
    /// Gaps not shown yet.
    gaps: Vec<&'a Gap>,
    /// Hops not shown yet.
    left: Vec<&'a Hop>,
    /// Nodes shown already.
    shown: BTreeSet<String>,
    steps: Vec<Step>,
}

impl<'a> Drawing<'a> {
    /// A node with everything that leads to it.
    fn node(&mut self, id: &str, depth: usize, budget: usize) {
        let causes = if budget == 0 { Vec::new() } else { self.take_causes(id) };
        let more = |n: usize| n + 1 < causes.len();
        for (n, hop) in causes.iter().enumerate() {
            let deeper = depth + usize::from(n > 0);
            self.node(&hop.from, deeper, budget - 1);
            let into = more(n).then(|| label(self.answer, id));
            self.steps.push(Step { depth: deeper, line: Line::Hop(view(self.answer, hop, into)) });
        }
        let (here, gaps): (Vec<&Gap>, Vec<&Gap>) = self.gaps.iter().copied().partition(|gap| gap.after == id);
        self.gaps = gaps;
        for gap in here {
            self.hole(gap, depth);
        }
        let again = !self.shown.insert(id.to_string());
        self.steps.push(Step { depth, line: Line::Node(NodeView { again, ..node(self.answer, id) }) });
    }

    fn hole(&mut self, gap: &Gap, depth: usize) {
        let (expected, reason) = (gap.expected.to_string(), gap.reason.to_string());
        self.steps.push(Step { depth, line: Line::Hole(HoleView { after: gap.after.clone(), expected, reason }) });
    }

    /// The hops that end in a node and are not shown yet, the one with the most behind it first.
    fn take_causes(&mut self, id: &str) -> Vec<&'a Hop> {
        let (mut causes, left): (Vec<&Hop>, Vec<&Hop>) = self.left.iter().copied().partition(|hop| hop.to == id);
        self.left = left;
        let longest =
            causes.iter().map(|hop| self.n_behind(&hop.from)).enumerate().max_by_key(|(n, len)| (*len, Reverse(*n)));
        if let Some((n, _)) = longest {
            let main = causes.remove(n);
            causes.insert(0, main);
        }
        causes
    }

    /// How many hops lead to a node, each counted once.
    fn n_behind(&self, id: &str) -> usize {
        let (mut nodes, mut behind) = (vec![id], BTreeSet::new());
        while let Some(node) = nodes.pop() {
            for hop in self.left.iter().filter(|hop| hop.to == node) {
                if behind.insert(hop.n) {
                    nodes.push(&hop.from);
                }
            }
        }
        behind.len()
    }

    /// A node other than the event that hops not shown yet lead to, and none away from.
    fn stray_end(&self, event: &str) -> Option<String> {
        let mut ends = self.left.iter().map(|hop| &hop.to).filter(|to| *to != event);
        ends.find(|to| self.left.iter().all(|hop| hop.from != **to)).cloned()
    }
}

fn view(answer: &Answer, hop: &Hop, into: Option<String>) -> HopView {
    HopView {
        n: hop.n,
        from: hop.from.clone(),
        to: hop.to.clone(),
        strength: hop.strength.to_string(),
        grade: hop.grade.map(ToString::to_string),
        edge: hop.edge.word().to_string(),
        rule: hop.rule.to_string(),
        into,
        because: hop.because.clone(),
        against: hop.against.clone(),
        alternatives: hop
            .alternatives
            .iter()
            .map(|other| AlternativeView {
                from: label(answer, &other.from),
                grade: other.grade.map(ToString::to_string),
                because: other.because.clone(),
                against: other.against.clone(),
            })
            .collect(),
        scope: scope(hop),
        coverage: hop.coverage.clone(),
        records: hop.records.clone(),
    }
}

/// How the scope changed from one credential to the next.
fn scope(hop: &Hop) -> Option<String> {
    let scope = hop.scope.as_ref()?;
    scope_words(scope.change, &scope.before, &scope.after, &scope.added)
}

/// The words for a change of scope: `scope grew: pay without the limit of 500 EUR`.
fn scope_words(change: &str, before: &[String], after: &[String], added: &[String]) -> Option<String> {
    match change {
        "grew" => Some(format!("scope grew: {}", added.join(", "))),
        "narrowed" => Some(format!("scope narrowed: {} to {}", before.join(", "), after.join(", "))),
        _ => None,
    }
}

/// What sort of node it is, and its name.
fn label(answer: &Answer, id: &str) -> String {
    let node = node(answer, id);
    format!("{} {}", node.kind, node.name)
}

fn node(answer: &Answer, id: &str) -> NodeView {
    let (kind, name, time, records) = match answer.nodes.iter().find(|node| node.id == id) {
        // Of a principal of unknown kind it is known that it is one.
        Some(node) if node.kind == "unknown" => ("principal", &node.name, node.time.clone(), node.records.clone()),
        Some(node) => (node.kind, &node.name, node.time.clone(), node.records.clone()),
        None => ("node", &id.to_string(), None, Vec::new()),
    };
    NodeView { id: id.to_string(), kind: kind.to_string(), name: name.clone(), time, records, again: false }
}

/// Influences, each with both its ends.
pub(super) fn influences(answer: &Answer) -> Vec<InfluenceView> {
    answer
        .influences
        .iter()
        .map(|influence| InfluenceView {
            ends: (influence.from.clone(), influence.to.clone()),
            from: node(answer, &influence.from),
            to: node(answer, &influence.to),
            edge: influence.edge.to_string(),
            known: influence
                .grade
                .map_or_else(|| influence.strength.to_string(), |grade| format!("{} {grade}", influence.strength)),
            records: influence.records.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests;
