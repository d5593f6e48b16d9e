//! The view model: an answer put in the order a person reads it. Every rendering starts from here,
//! so they cannot differ in what they say. Text is unescaped until it is rendered.
//!
//! Members that hold nothing but log text (names, ids, references) are apart from sentences, since
//! some renderings show the two in different ways.

mod chain;
mod control;
mod foot;
mod party;

use crate::escape;
use writ_path::answer::{Answer, Gap};
use writ_path::rule::Chain;

/// An answer, in reading order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Reference of the event.
    pub reference: String,
    /// What was asked about: the action.
    pub action: String,
    /// What it was done to.
    pub resources: Vec<String>,
    /// The log, the recorder.
    pub source: String,
    /// Who recorded it.
    pub recorder: String,
    /// When it happened, with how finely that is known.
    pub time: String,
    /// What came of it.
    pub outcome: String,
    /// Risk, with reasons.
    pub risk: String,
    /// The verdict in one word.
    pub word: String,
    /// The answer in one sentence.
    pub sentence: String,
    /// Who asked, whose power, who gave it, who acted.
    pub parties: Vec<PartyView>,
    /// Authority, approvals, decisions.
    pub controls: Vec<ControlView>,
    /// The two chains.
    pub chains: Vec<ChainView>,
    /// What was in context or in store before, and is not authority.
    pub influences: Vec<InfluenceView>,
    /// Findings.
    pub findings: Vec<FindingView>,
    /// What is not established.
    pub limits: Vec<String>,
    /// Gaps and how to close them.
    pub gaps: Vec<GapView>,
    /// What is said to be complete.
    pub coverage: Vec<CoverageView>,
    /// Whether each source has told all it will.
    pub sources: Vec<String>,
    /// Commands to type next, quoted for a shell.
    pub next: Vec<String>,
    /// What the answer rests on.
    pub foot: String,
}

/// Somebody, in a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyView {
    /// The role.
    pub label: &'static str,
    /// What people call them, or their id. Empty where nobody is known.
    pub name: String,
    /// Their id, where that is not what they are called.
    pub id: Option<String>,
    /// What sort, how well it is known; or why there is nobody.
    pub remark: String,
}

/// A line about a control, with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlView {
    /// `Authority`, `Approval`, `Decision`.
    pub label: &'static str,
    /// Its state.
    pub word: String,
    /// One clause about it.
    pub remark: String,
    /// Everything else that is known: label and value.
    pub details: Vec<(&'static str, String)>,
    /// The hop it stands at.
    pub hop: Option<usize>,
}

/// One chain, cause first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainView {
    /// Which.
    pub chain: Chain,
    /// The question it answers.
    pub title: &'static str,
    /// Its lines; the last is the event.
    pub steps: Vec<Step>,
}

impl ChainView {
    /// The chain's word in answers.
    pub fn word(&self) -> &'static str {
        self.chain.word()
    }
}

/// A line of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// 0 on the main line; a further cause of the same thing stands one deeper.
    pub depth: usize,
    /// What stands there.
    pub line: Line,
}

/// What a line of a chain shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A cause that is not known.
    Hole(HoleView),
    /// A node.
    Node(NodeView),
    /// A hop to the next node, or to the one it names.
    Hop(HopView),
}

/// A cause that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoleView {
    /// The node it should have led to.
    pub after: String,
    /// What was expected.
    pub expected: String,
    /// The reason's code.
    pub reason: String,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeView {
    /// Its id in the answer.
    pub id: String,
    /// What sort.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// When.
    pub time: Option<String>,
    /// Records it is read off.
    pub records: Vec<String>,
    /// Whether it stands higher up already, with its causes.
    pub again: bool,
}

/// A hop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HopView {
    /// Number in the answer.
    pub n: usize,
    /// Node ids.
    pub from: String,
    /// Node ids.
    pub to: String,
    /// `proven`, `asserted`, `inferred`.
    pub strength: String,
    /// How good an inference.
    pub grade: Option<String>,
    /// The edge.
    pub edge: String,
    /// The rule that joined it.
    pub rule: String,
    /// What the next line of the main line is not: the node this hop leads to, where another cause
    /// of it stands in between.
    pub into: Option<String>,
    /// Why.
    pub because: Vec<String>,
    /// What speaks against it.
    pub against: Vec<String>,
    /// Other causes that fit.
    pub alternatives: Vec<AlternativeView>,
    /// How the scope changed, where it did.
    pub scope: Option<String>,
    /// Coverage it rests on.
    pub coverage: Vec<String>,
    /// Records it rests on.
    pub records: Vec<String>,
}

impl HopView {
    /// Strength, with the grade where there is one.
    pub fn known(&self) -> String {
        self.grade.as_ref().map_or_else(|| self.strength.clone(), |grade| format!("{} {grade}", self.strength))
    }
}

/// Another cause that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlternativeView {
    /// What sort, and its name.
    pub from: String,
    /// How good.
    pub grade: Option<String>,
    /// Why.
    pub because: Vec<String>,
    /// What speaks against it.
    pub against: Vec<String>,
}

/// Something that influenced, and gave no authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InfluenceView {
    /// Node ids.
    pub ends: (String, String),
    /// What it was.
    pub from: NodeView,
    /// What it came before.
    pub to: NodeView,
    /// `read`, `persisted`.
    pub edge: String,
    /// How well it is known.
    pub known: String,
    /// Records it rests on.
    pub records: Vec<String>,
}

/// Something worth attention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingView {
    /// How grave.
    pub severity: String,
    /// Its code, for `writ explain`.
    pub code: String,
    /// Its weakest premise.
    pub strength: String,
    /// What it says.
    pub text: String,
    /// Records it rests on.
    pub records: Vec<String>,
}

/// A gap, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapView {
    /// The chain it is in.
    pub chain: &'static str,
    /// The node it is at.
    pub after: String,
    /// What was expected.
    pub expected: String,
    /// What is missing and why.
    pub text: String,
    /// The reason's code.
    pub reason: String,
    /// Who holds what is missing.
    pub holder: Option<String>,
    /// Until when waiting may help.
    pub until: Option<String>,
    /// What would close it next time.
    pub fix: Option<String>,
    /// Whom to ask now.
    pub ask: Option<String>,
}

impl GapView {
    /// What to do about it: label and text.
    pub fn remedies(&self) -> Vec<(&'static str, &str)> {
        [("held by", &self.holder), ("wait until", &self.until), ("next time", &self.fix), ("ask now", &self.ask)]
            .into_iter()
            .filter_map(|(label, text)| Some((label, text.as_deref()?)))
            .collect()
    }
}

/// A window over which a recorder is said to be complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoverageView {
    /// How hops and controls refer to it.
    pub id: String,
    /// Whose records.
    pub recorder: String,
    /// From when to when, of what, on which basis, by whose word.
    pub remark: String,
}

impl View {
    /// The view of an answer.
    pub fn of(answer: &Answer) -> View {
        let event = &answer.event;
        let precision =
            event.time_precision_ms.filter(|ms| *ms > 0).map_or_else(String::new, |ms| format!(" (+{ms} ms)"));
        let reasons = event.risk.reasons.join(", ");
        View {
            reference: event.reference.clone(),
            action: event.action.clone(),
            resources: event.resources.iter().map(|resource| resource.id.clone()).collect(),
            source: event.source.clone(),
            recorder: event.recorder.clone(),
            time: format!("{}{precision}", event.time.as_deref().unwrap_or("no time told")),
            outcome: event.outcome.to_string(),
            risk: if reasons.is_empty() {
                event.risk.tier.to_string()
            } else {
                format!("{} ({reasons})", event.risk.tier)
            },
            word: answer.verdict.word.to_string(),
            sentence: answer.sentence.clone(),
            parties: party::parties(answer),
            controls: control::controls(answer),
            chains: vec![
                chain::chain(answer, Chain::Command, "Who asked"),
                chain::chain(answer, Chain::Credential, "Whose power"),
            ],
            influences: chain::influences(answer),
            findings: findings(answer),
            limits: answer.limits.clone(),
            gaps: answer.gaps.iter().map(gap).collect(),
            coverage: foot::coverage(answer),
            sources: foot::sources(answer),
            next: next(answer),
            foot: foot::foot(answer),
        }
    }
}

fn findings(answer: &Answer) -> Vec<FindingView> {
    answer
        .findings
        .iter()
        .map(|finding| FindingView {
            severity: finding.severity.to_string(),
            code: finding.code.to_string(),
            strength: finding.strength.to_string(),
            text: finding.text.clone(),
            records: finding.records.clone(),
        })
        .collect()
}

fn gap(gap: &Gap) -> GapView {
    GapView {
        chain: gap.chain.word(),
        after: gap.after.clone(),
        expected: gap.expected.to_string(),
        text: gap.text.clone(),
        reason: gap.reason.to_string(),
        holder: gap.holder.clone(),
        until: gap.until.clone(),
        fix: gap.fix.clone(),
        ask: gap.ask.clone(),
    }
}

/// The next things worth typing: the raw evidence, the answer for programs, the earliest cause, what
/// the code of a finding means.
fn next(answer: &Answer) -> Vec<String> {
    let reference = escape::shell(&answer.event.reference);
    let mut commands = vec![format!("writ show {reference}"), format!("writ why {reference} --json")];
    let cause = answer.hops.iter().flat_map(|hop| &hop.records).find(|record| **record != answer.event.reference);
    commands.extend(cause.map(|record| format!("writ why {}", escape::shell(record))));
    let finding = answer.findings.iter().find(|finding| finding.severity == "high");
    commands.extend(finding.map(|finding| format!("writ explain {}", finding.code)));
    commands
}
