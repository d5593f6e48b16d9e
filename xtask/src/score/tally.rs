//! Counts of all worlds added up, and the figures made of them.

use std::fmt::Write as _;

use serde_json::Value;

use super::baseline::{Guesses, NAMES};
use super::compare::{Hits, Marks, text};
use crate::bench::report::Figure;

/// All worlds together.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) sum: Marks,
    pub(super) n_worlds: usize,
    /// Worlds that are not exactly right.
    pub(super) wrong: Vec<String>,
    baselines: [Guessed; 3],
}

/// How often a baseline was right.
#[derive(Clone, Copy, Debug, Default)]
struct Guessed {
    right: usize,
    all: usize,
    /// It named somebody who did not ask.
    wrong_names: usize,
}

impl Tally {
    pub(super) fn world(&mut self, name: &str, marks: &Marks) {
        self.n_worlds += 1;
        if !marks.faults.is_empty() || !marks.false_proven.is_empty() {
            self.wrong.push(name.to_owned());
        }
        self.sum.add(marks);
    }

    /// What the baselines said of one event, beside who asked.
    pub(super) fn guesses(&mut self, guesses: &Guesses, askers: &[Value]) {
        for (sum, guess) in self.baselines.iter_mut().zip(guesses) {
            let asked = |name: &String| askers.iter().any(|asker| text(asker, "principal") == name.as_str());
            sum.all += 1;
            sum.right += usize::from(guess.as_ref().map_or(askers.is_empty(), asked));
            sum.wrong_names += usize::from(guess.as_ref().is_some_and(|name| !asked(name)));
        }
    }

    pub(super) fn figures(&self) -> Vec<Figure> {
        let sum = &self.sum;
        let best = self.baselines.iter().map(|guessed| share(guessed.right, guessed.all)).fold(0.0, f64::max);
        let fewest = self.baselines.iter().map(|guessed| guessed.wrong_names).min().unwrap_or(0);
        let of = |name: &str, value, baseline| Figure { name: name.to_owned(), value, unit: "share", baseline };
        let count = |name: &str, n: usize, baseline: Option<usize>| Figure {
            name: name.to_owned(),
            value: float(n),
            unit: "",
            baseline: baseline.map(float),
        };
        let mut figures = vec![
            count("worlds", self.n_worlds, None),
            of("worlds_right", share(self.n_worlds - self.wrong.len(), self.n_worlds), None),
            count("false_at_proven", sum.false_proven.len(), None),
            of("root_top1", share(sum.roots_right, sum.n_roots), Some(best)),
            count("wrong_names", sum.wrong_names, Some(fewest)),
            of("path_exact", share(sum.paths_exact, sum.n_paths), None),
        ];
        for ((family, strength), hits) in &sum.edges {
            let name = format!("edge_{family}_{strength}");
            figures.extend(precision_recall(&name, *hits));
        }
        figures.extend(precision_recall("gap", sum.gaps));
        figures.push(of("gap_reason", share(sum.gap_reasons_right, sum.gaps.right), None));
        for (name, confusion) in [("approval_state", &sum.approvals), ("decision_state", &sum.decisions)] {
            let right: usize = confusion.iter().filter(|((truth, found), _)| truth == found).map(|(_, n)| n).sum();
            figures.push(of(name, share(right, confusion.values().sum()), None));
        }
        figures.extend(precision_recall("finding", sum.findings));
        for (grade, (right, all)) in &sum.inferred {
            figures.push(of(&format!("inferred_{grade}_right"), share(*right, *all), None));
        }
        for (name, guessed) in NAMES.iter().zip(&self.baselines) {
            let name = name.replace(' ', "_");
            figures.push(of(&format!("baseline_{name}_root_top1"), share(guessed.right, guessed.all), None));
            figures.push(count(&format!("baseline_{name}_wrong_names"), guessed.wrong_names, None));
        }
        figures
    }

    /// Where a state was taken for another.
    pub(super) fn confusions(&self) -> String {
        let mut lines = String::new();
        for (name, confusion) in [("approval", &self.sum.approvals), ("decision", &self.sum.decisions)] {
            for ((truth, found), n) in confusion.iter().filter(|((truth, found), _)| truth != found) {
                let _ = writeln!(lines, "{name}: {n} times {truth} came out as {found}");
            }
        }
        lines
    }
}

fn precision_recall(name: &str, hits: Hits) -> [Figure; 2] {
    let of = |what: &str, value| Figure { name: format!("{name}_{what}"), value, unit: "share", baseline: None };
    [
        of("precision", share(hits.right, hits.right + hits.extra)),
        of("recall", share(hits.right, hits.right + hits.missing)),
    ]
}

/// A share of nothing is whole: nothing was wrong.
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { float(part) / float(whole) }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn float(n: usize) -> f64 {
    n as f64
}
