//! Checking an answer against what somebody requires of it: the gate before a deployment, a payment,
//! an audit. It fails closed: what is not known meets no requirement that does not name it.

mod require;

pub(crate) use require::{NAMES, Require, values_of};

use serde::Serialize;
use writ_path::answer::Answer;

/// What is required of an answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Requirements {
    /// Each must be met.
    pub(crate) requires: Vec<Require>,
    /// At most so many gaps.
    pub(crate) gaps_max: Option<usize>,
    /// At most so many findings of high severity.
    pub(crate) findings_max: Option<usize>,
}

/// `writ.check/1`: how an answer compares.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Checked {
    schema: &'static str,
    /// The event, as the answer names it.
    pub(crate) event: String,
    /// Whether the exit status is 0.
    pub(crate) met: bool,
    /// What `writ check` exits with for this event alone.
    pub(crate) status: u8,
    /// Each requirement in the order in which it was typed.
    pub(crate) requirements: Vec<CheckedRequire>,
    /// Roots of the command chain: `several` is ambiguous unless that was allowed.
    pub(crate) roots: &'static str,
    /// Gaps of the answer.
    pub(crate) gaps: Count,
    /// Findings of high severity.
    pub(crate) findings: Count,
    sentence: String,
    as_of: String,
    path_digest: String,
}

/// A requirement, and what was found.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CheckedRequire {
    pub(crate) name: &'static str,
    pub(crate) accepts: Vec<&'static str>,
    /// What the answer says, each entry once and in its order.
    pub(crate) found: Vec<String>,
    pub(crate) met: bool,
}

/// A count against its bound.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Count {
    pub(crate) found: usize,
    pub(crate) max: Option<usize>,
    pub(crate) met: bool,
    /// What was counted.
    pub(crate) codes: Vec<&'static str>,
}

/// Exit status of a requirement that is not met.
const NOT_MET: u8 = 1;
/// Exit status of too many gaps.
const GAPS: u8 = 3;
/// Exit status of an answer with several roots.
const AMBIGUOUS: u8 = 4;

/// Compares an answer with what is required. The status is the first that applies: 1 a requirement is
/// not met, 4 several may have asked, 3 too many gaps.
pub(crate) fn check(answer: &Answer, required: &Requirements) -> Checked {
    let requirements: Vec<CheckedRequire> = required.requires.iter().map(|require| require.check(answer)).collect();
    let gaps = Count::new(answer.gaps.iter().map(|gap| gap.reason).collect(), required.gaps_max);
    let grave = answer.findings.iter().filter(|finding| finding.severity == "high").map(|finding| finding.code);
    let findings = Count::new(grave.collect(), required.findings_max);
    let allowed = required.requires.iter().any(|require| require.accepts("roots", "several"));
    let ambiguous = answer.verdict.roots == "several" && !allowed;
    let status = if requirements.iter().any(|checked| !checked.met) || !findings.met {
        NOT_MET
    } else if ambiguous {
        AMBIGUOUS
    } else if gaps.met {
        0
    } else {
        GAPS
    };
    Checked {
        schema: "writ.check/1",
        event: answer.event.reference.clone(),
        met: status == 0,
        status,
        requirements,
        roots: answer.verdict.roots,
        gaps,
        findings,
        sentence: answer.sentence.clone(),
        as_of: answer.as_of.clone(),
        path_digest: answer.evidence.path_digest.clone(),
    }
}

/// Of the exit statuses of several events, the one the command ends with: faults that kept an event
/// from being looked at come first, then not found, not met, ambiguous, gaps.
pub(crate) fn graver(a: u8, b: u8) -> u8 {
    let rank = |status: u8| match status {
        0 => 0,
        GAPS => 1,
        AMBIGUOUS => 2,
        NOT_MET => 3,
        5 => 4,
        other => 5 + u16::from(other),
    };
    if rank(a) >= rank(b) { a } else { b }
}

impl Count {
    fn new(codes: Vec<&'static str>, max: Option<usize>) -> Count {
        Count { found: codes.len(), met: max.is_none_or(|max| codes.len() <= max), max, codes }
    }
}
