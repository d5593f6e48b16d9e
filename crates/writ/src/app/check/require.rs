//! One requirement, `NAME=VALUE|VALUE`: what it accepts, and whether an answer has it.

use super::CheckedRequire;
use writ_path::answer::{Answer, Decision};
use writ_view::explain::{Kind, codes};

/// Names of requirements, each with what may be required of it.
pub(crate) const NAMES: &[(&str, &str)] = &[
    ("approval", "every approval of the answer is in one of these states"),
    ("decision", "every decision is; one that is not about this request counts as `unbound` or `mismatch`"),
    ("word", "the verdict's word"),
    ("weakest", "the weakest strength over both chains"),
    ("roots", "how many may have asked"),
    ("custody", "the weakest custody the answer rests on"),
    ("settled", "whether every source has told all it will"),
    ("command", "the word of the chain that says who asked"),
    ("credential", "the word of the chain that says whose power it was"),
];

/// `NAME=VALUE|VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Require {
    name: &'static str,
    accepts: Vec<&'static str>,
}

impl Require {
    /// Reads what was typed; the error lists what is known.
    pub(crate) fn parse(text: &str) -> Result<Require, String> {
        let names = || NAMES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let (name, values) =
            text.split_once('=').ok_or_else(|| format!("not of the form NAME=VALUE|VALUE; names: {}", names()))?;
        let name = NAMES
            .iter()
            .map(|(known, _)| *known)
            .find(|known| *known == name.trim())
            .ok_or_else(|| format!("nothing called `{}` can be required; names: {}", name.trim(), names()))?;
        let known = values_of(name);
        let accepts = values.split('|').map(|value| {
            known
                .iter()
                .copied()
                .find(|known| *known == value.trim())
                .ok_or_else(|| format!("`{}` is no value of `{name}`; values: {}", value.trim(), known.join(", ")))
        });
        Ok(Require { name, accepts: accepts.collect::<Result<_, _>>()? })
    }

    /// Whether it accepts a value of a name.
    pub(super) fn accepts(&self, name: &str, value: &str) -> bool {
        self.name == name && self.accepts.contains(&value)
    }

    /// Whether an answer meets it. A list meets it if there is something in it and every entry does.
    pub(super) fn check(&self, answer: &Answer) -> CheckedRequire {
        let mut found: Vec<String> = Vec::new();
        let mut met = true;
        for value in self.found(answer) {
            met &= self.accepts.contains(&value);
            if !found.iter().any(|known| known == value) {
                found.push(value.to_string());
            }
        }
        CheckedRequire { name: self.name, accepts: self.accepts.clone(), met: met && !found.is_empty(), found }
    }

    fn found(&self, answer: &Answer) -> Vec<&'static str> {
        let verdict = &answer.verdict;
        match self.name {
            "approval" => answer.approvals.iter().map(|approval| approval.state).collect(),
            "decision" => self.decisions(&answer.decisions),
            "word" => vec![verdict.word],
            "weakest" => vec![verdict.weakest],
            "roots" => vec![verdict.roots],
            "custody" => vec![verdict.custody],
            "settled" => vec![if verdict.settled { "yes" } else { "no" }],
            "command" => vec![verdict.command.word],
            _ => vec![verdict.credential.word],
        }
    }

    /// A permit or refusal of something else is none of this. What a system implies by having done it
    /// stands beside the decision points and is counted only if it is asked for.
    fn decisions(&self, decisions: &[Decision]) -> Vec<&'static str> {
        let counted = decisions.iter().filter(|said| said.state != "implied" || self.accepts.contains(&"implied"));
        counted
            .map(|said| match (said.state, said.binding) {
                ("permit" | "deny" | "not_applicable" | "indeterminate", binding) if binding != "bound" => binding,
                (state, _) => state,
            })
            .collect()
    }
}

/// What may be required of a name.
pub(crate) fn values_of(name: &str) -> Vec<&'static str> {
    match name {
        "approval" => codes(Kind::Approval),
        "decision" => {
            let beside = codes(Kind::Binding).into_iter().filter(|binding| *binding != "bound");
            codes(Kind::Decision).into_iter().chain(beside).collect()
        }
        "word" | "command" | "credential" => codes(Kind::Verdict),
        "weakest" => codes(Kind::Strength),
        "roots" => codes(Kind::Roots),
        "custody" => codes(Kind::Custody),
        _ => vec!["yes", "no"],
    }
}

#[cfg(test)]
mod tests;
