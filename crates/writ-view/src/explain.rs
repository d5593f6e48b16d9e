//! Every code an answer, an error or an exit status may hold: what it means, what it does not mean,
//! what to do. `writ explain` prints this table, and `docs/reference/codes.md` is made from it.

mod approval;
mod decision;
mod edge;
mod exit;
mod finding;
mod gap;
mod render;
mod strength;
mod verdict;

pub use render::{markdown, text};

/// What sort of code it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Of a finding.
    Finding,
    /// Why a cause is not known.
    Gap,
    /// How a cause leads to an effect.
    Edge,
    /// How well a hop is known.
    Strength,
    /// How good an inference is.
    Grade,
    /// State of an approval.
    Approval,
    /// State of a decision.
    Decision,
    /// Whether a decision is about this request.
    Binding,
    /// Whether a decision had to be obeyed.
    Enforcement,
    /// Why an event is high risk.
    Risk,
    /// The answer's one word.
    Verdict,
    /// How many people or schedules may have asked.
    Roots,
    /// How a record came here.
    Custody,
    /// Why a window is held to be complete.
    Basis,
    /// Whether a source has told all it will.
    Source,
    /// In whose hand the power was.
    Wielder,
    /// How a command ended.
    Exit,
    /// Kind of an error.
    Error,
}

impl Kind {
    /// The word used in `writ explain` and its JSON.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Finding => "finding",
            Kind::Gap => "gap reason",
            Kind::Edge => "edge",
            Kind::Strength => "strength",
            Kind::Grade => "grade",
            Kind::Approval => "approval state",
            Kind::Decision => "decision state",
            Kind::Binding => "decision binding",
            Kind::Enforcement => "decision enforcement",
            Kind::Risk => "risk reason",
            Kind::Verdict => "verdict word",
            Kind::Roots => "roots",
            Kind::Custody => "custody",
            Kind::Basis => "coverage basis",
            Kind::Source => "source state",
            Kind::Wielder => "wielder",
            Kind::Exit => "exit status",
            Kind::Error => "error kind",
        }
    }
}

/// A code explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    /// The code, as answers print it.
    pub code: &'static str,
    /// What it means.
    pub means: &'static str,
    /// What it does not mean, where one might think so; empty where nobody would.
    pub is_not: &'static str,
    /// What to do.
    pub todo: &'static str,
}

/// A code explained, with its kind: one code may be of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What sort.
    pub kind: Kind,
    /// The explanation.
    pub text: &'static Text,
}

/// Every kind with its codes, in the order of the reference page.
pub const TABLE: &[(Kind, &[Text])] = &[
    (Kind::Finding, finding::FINDINGS),
    (Kind::Gap, gap::GAPS),
    (Kind::Edge, edge::EDGES),
    (Kind::Strength, strength::STRENGTHS),
    (Kind::Grade, strength::GRADES),
    (Kind::Approval, approval::STATES),
    (Kind::Decision, decision::STATES),
    (Kind::Binding, decision::BINDINGS),
    (Kind::Enforcement, decision::ENFORCEMENTS),
    (Kind::Risk, verdict::RISKS),
    (Kind::Verdict, verdict::WORDS),
    (Kind::Roots, verdict::ROOTS),
    (Kind::Custody, strength::CUSTODIES),
    (Kind::Basis, strength::BASES),
    (Kind::Source, verdict::SOURCES),
    (Kind::Wielder, verdict::WIELDERS),
    (Kind::Exit, exit::STATUSES),
    (Kind::Error, exit::ERRORS),
];

/// Every entry, in the order of the table.
pub fn all() -> impl Iterator<Item = Entry> {
    TABLE.iter().flat_map(|(kind, texts)| texts.iter().map(|text| Entry { kind: *kind, text }))
}

/// The codes of one kind.
pub fn codes(kind: Kind) -> Vec<&'static str> {
    all().filter(|entry| entry.kind == kind).map(|entry| entry.text.code).collect()
}

/// Every entry of a code, however it is spelt: case, `-` and spaces do not matter.
pub fn find(code: &str) -> Vec<Entry> {
    let code = normal(code);
    all().filter(|entry| entry.text.code == code).collect()
}

/// The nearest codes to one that is not there, nearest first; none where nothing is near.
pub fn near(code: &str) -> Vec<&'static str> {
    let code = normal(code);
    let mut near: Vec<(usize, &str)> = Vec::new();
    for entry in all() {
        let known = entry.text.code;
        let longer = |a: &str, b: &str| b.len() >= PART_MIN && a.contains(b);
        let within = longer(known, &code) || longer(&code, known);
        let distance = if within { 1 } else { distance(&code, known) };
        if (within || distance <= known.len() / 3) && near.iter().all(|(_, other)| *other != known) {
            near.push((distance, known));
        }
    }
    near.sort_unstable();
    near.into_iter().map(|(_, known)| known).take(NEAR_MAX).collect()
}

/// Suggestions made for one unknown code.
const NEAR_MAX: usize = 3;
/// Shortest text that counts as a part of a code.
const PART_MIN: usize = 4;
/// Longest text compared; no code is near as long.
const CODE_CHARS_MAX: usize = 64;

fn normal(code: &str) -> String {
    code.trim().chars().take(CODE_CHARS_MAX).collect::<String>().to_lowercase().replace(['-', ' '], "_")
}

/// Letters to change, add or take away to make one of the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((above_left, above), y) in row.iter().zip(row.iter().skip(1)).zip(&b) {
            let left = next.last().copied().unwrap_or(0);
            next.push((above_left + usize::from(x != *y)).min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests;
