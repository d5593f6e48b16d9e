//! The view model: an answer put in the order a person reads it. Every rendering starts from here,
//! so they cannot differ in what they say. Text is unescaped until it is rendered.

use writ_path::answer::{Answer, Gap, Hop};
use writ_path::rule::Chain;

/// An answer, in reading order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// What was asked about: action and resource.
    pub title: String,
    /// Where and when it was recorded.
    pub recorded: String,
    /// Risk, with reasons.
    pub risk: String,
    /// The answer in one sentence.
    pub sentence: String,
    /// Authority, approval, decision: label, word, remark.
    pub controls: Vec<(&'static str, String, String)>,
    /// The two chains.
    pub chains: Vec<ChainView>,
    /// Findings: severity, code, text.
    pub findings: Vec<(String, String, String)>,
    /// What is not established.
    pub limits: Vec<String>,
    /// Gaps and how to close them.
    pub gaps: Vec<GapView>,
    /// Commands to type next.
    pub next: Vec<String>,
    /// What the answer rests on.
    pub foot: String,
}

/// One chain, cause first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainView {
    /// The question it answers.
    pub title: &'static str,
    /// Its steps; the last is the event.
    pub steps: Vec<Step>,
}

/// A line of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A cause that is not known.
    Hole {
        /// What was expected.
        expected: String,
        /// The reason's code.
        reason: String,
    },
    /// A node.
    Node {
        /// What sort.
        kind: String,
        /// Its name.
        name: String,
        /// When.
        time: Option<String>,
    },
    /// A hop to the next node.
    Hop {
        /// Number in the answer.
        n: usize,
        /// Strength, with grade where there is one.
        strength: String,
        /// The edge.
        edge: String,
        /// Why.
        because: Vec<String>,
        /// What speaks against it.
        against: Vec<String>,
        /// How many other causes fit.
        alternatives: usize,
    },
}

/// A gap, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapView {
    /// What is missing and why.
    pub text: String,
    /// The reason's code.
    pub reason: String,
    /// Until when waiting may help.
    pub until: Option<String>,
    /// What would close it next time.
    pub fix: Option<String>,
    /// Whom to ask now.
    pub ask: Option<String>,
}

impl View {
    /// The view of an answer.
    pub fn of(answer: &Answer) -> View {
        let event = &answer.event;
        let resource = event.resources.first().map_or_else(String::new, |resource| format!("  {}", resource.id));
        let precision =
            event.time_precision_ms.filter(|ms| *ms > 0).map_or_else(String::new, |ms| format!(" (+{ms} ms)"));
        let time = event.time.as_deref().unwrap_or("no time told");
        let reasons = event.risk.reasons.join(", ");
        View {
            title: format!("{}{resource}", event.action),
            recorded: format!("{} of {}  {time}{precision}  {}", event.source, event.recorder, event.outcome),
            risk: if reasons.is_empty() {
                event.risk.tier.to_string()
            } else {
                format!("{} ({reasons})", event.risk.tier)
            },
            sentence: answer.sentence.clone(),
            controls: controls(answer),
            chains: vec![chain(answer, Chain::Command, "Who asked"), chain(answer, Chain::Credential, "Whose power")],
            findings: answer
                .findings
                .iter()
                .map(|finding| (finding.severity.to_string(), finding.code.to_string(), finding.text.clone()))
                .collect(),
            limits: answer.limits.clone(),
            gaps: answer.gaps.iter().map(gap).collect(),
            next: next(answer),
            foot: foot(answer),
        }
    }
}

fn controls(answer: &Answer) -> Vec<(&'static str, String, String)> {
    let verdict = &answer.verdict;
    let authority = format!(
        "who asked: {} ({}); whose power: {} ({})",
        verdict.command.word, verdict.command.weakest, verdict.credential.word, verdict.credential.weakest
    );
    let mut rows = vec![("Authority", verdict.word.to_uppercase(), authority)];
    for approval in &answer.approvals {
        rows.push(("Approval", approval.state.to_uppercase(), approval.reason.clone().unwrap_or_default()));
    }
    for decision in &answer.decisions {
        let remark = match (decision.state, decision.engine.as_deref()) {
            ("implied", Some(engine)) => format!("{engine} let it through; the policy is not recorded"),
            ("deny", Some(engine)) => format!("{engine} refused it ({})", decision.enforcement),
            (_, Some(engine)) => format!("{engine} ({}, {})", decision.binding, decision.enforcement),
            (_, None) => "no other decision point is known on this route, and none is ruled out".to_string(),
        };
        rows.push(("Decision", decision.state.to_uppercase(), remark));
    }
    rows
}

fn chain(answer: &Answer, chain: Chain, title: &'static str) -> ChainView {
    let hops: Vec<&Hop> = answer.hops.iter().filter(|hop| hop.chain == chain).collect();
    let mut gaps: Vec<&Gap> = answer.gaps.iter().filter(|gap| gap.chain == chain).collect();
    let mut steps = Vec::new();
    let mut holes_after = |node: &str, steps: &mut Vec<Step>| {
        gaps.retain(|gap| {
            let here = gap.after == node;
            if here {
                steps.push(Step::Hole { expected: gap.expected.to_string(), reason: gap.reason.to_string() });
            }
            !here
        });
    };
    for hop in &hops {
        holes_after(&hop.from, &mut steps);
        steps.push(node(answer, &hop.from));
        steps.push(Step::Hop {
            n: hop.n,
            strength: hop.grade.map_or_else(|| hop.strength.to_string(), |grade| format!("{} {grade}", hop.strength)),
            edge: hop.edge.word().to_string(),
            because: hop.because.clone(),
            against: hop.against.clone(),
            alternatives: hop.alternatives.len(),
        });
    }
    let event = hops.last().map_or_else(|| event_node(answer), |hop| hop.to.clone());
    holes_after(&event, &mut steps);
    steps.push(node(answer, &event));
    // A gap at a node that no hop shows (a bound that was hit) still has to be seen.
    steps.extend(
        gaps.iter().map(|gap| Step::Hole { expected: gap.expected.to_string(), reason: gap.reason.to_string() }),
    );
    ChainView { title, steps }
}

/// The node of the event itself: the one its own record made first.
fn event_node(answer: &Answer) -> String {
    answer.nodes.first().map_or_else(String::new, |node| node.id.clone())
}

fn node(answer: &Answer, id: &str) -> Step {
    match answer.nodes.iter().find(|node| node.id == id) {
        Some(node) => {
            // Of a principal of unknown kind it is known that it is one.
            let kind = if node.kind == "unknown" { "principal" } else { node.kind };
            Step::Node { kind: kind.to_string(), name: node.name.clone(), time: node.time.clone() }
        }
        None => Step::Node { kind: "node".to_string(), name: id.to_string(), time: None },
    }
}

fn gap(gap: &Gap) -> GapView {
    GapView {
        text: gap.text.clone(),
        reason: gap.reason.to_string(),
        until: gap.until.clone(),
        fix: gap.fix.clone(),
        ask: gap.ask.clone(),
    }
}

/// The next things worth typing: the raw evidence, the machine-readable answer, the earliest cause.
fn next(answer: &Answer) -> Vec<String> {
    let reference = &answer.event.reference;
    let mut commands = vec![format!("writ show {reference}"), format!("writ why {reference} --json")];
    let cause = answer.hops.iter().flat_map(|hop| &hop.records).find(|record| *record != reference);
    commands.extend(cause.map(|record| format!("writ why {record}")));
    commands
}

fn foot(answer: &Answer) -> String {
    let states: Vec<String> = answer
        .sources
        .iter()
        .map(|source| match &source.note {
            Some(note) => format!("{} of {} {} ({note})", source.source, source.recorder, source.state),
            None => format!("{} of {} {}", source.source, source.recorder, source.state),
        })
        .collect();
    format!(
        "as of {} · {} of {} records · custody {} · {}",
        answer.as_of,
        answer.evidence.records,
        answer.evidence.log_size,
        answer.verdict.custody,
        states.join(", ")
    )
}
