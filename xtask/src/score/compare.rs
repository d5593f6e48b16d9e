//! An answer beside its truth: every difference in words, and the counts that the figures are made of.
//!
//! A member that a truth leaves out is not compared; `null` means that the answer must say nothing. Lists
//! are compared as sets, whole; what may stand in an answer without having to stands under `…_may`.
//! Words with ` or ` between them are alternatives.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::name::Names;

/// Right, wrongly said, wrongly left out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Hits {
    pub(super) right: usize,
    pub(super) extra: usize,
    pub(super) missing: usize,
}

/// What came of comparing one answer, and of many when added up.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    pub(super) n_asks: usize,
    /// Differences from the truth, in words.
    pub(super) faults: Vec<String>,
    /// Edges, by family and strength.
    pub(super) edges: BTreeMap<(String, String), Hits>,
    pub(super) paths_exact: usize,
    pub(super) n_paths: usize,
    /// Whether the first who is said to have asked is one who did (or nobody where nobody is known).
    pub(super) roots_right: usize,
    pub(super) n_roots: usize,
    /// Askers named who did not ask, whatever the strength.
    pub(super) wrong_names: usize,
    /// Names and hops at `proven` that are not so. The worst failure there is.
    pub(super) false_proven: Vec<String>,
    pub(super) gaps: Hits,
    pub(super) gap_reasons_right: usize,
    /// Truth and found, by how often.
    pub(super) approvals: BTreeMap<(String, String), usize>,
    pub(super) decisions: BTreeMap<(String, String), usize>,
    pub(super) findings: Hits,
    /// Rules that joined something a truth asks for.
    pub(super) rules: BTreeSet<String>,
    /// Inferred roots, by grade: right and all.
    pub(super) inferred: BTreeMap<String, (usize, usize)>,
}

impl Marks {
    /// Adds another answer's.
    pub(super) fn add(&mut self, other: &Marks) {
        self.n_asks += other.n_asks;
        self.faults.extend(other.faults.iter().cloned());
        for (key, hits) in &other.edges {
            self.edges.entry(key.clone()).or_default().add(*hits);
        }
        self.paths_exact += other.paths_exact;
        self.n_paths += other.n_paths;
        self.roots_right += other.roots_right;
        self.n_roots += other.n_roots;
        self.wrong_names += other.wrong_names;
        self.false_proven.extend(other.false_proven.iter().cloned());
        self.gaps.add(other.gaps);
        self.gap_reasons_right += other.gap_reasons_right;
        for (into, from) in [(&mut self.approvals, &other.approvals), (&mut self.decisions, &other.decisions)] {
            for (key, n) in from {
                *into.entry(key.clone()).or_default() += n;
            }
        }
        self.findings.add(other.findings);
        self.rules.extend(other.rules.iter().cloned());
        for (grade, (right, all)) in &other.inferred {
            let sum = self.inferred.entry(grade.clone()).or_default();
            *sum = (sum.0 + right, sum.1 + all);
        }
    }

    fn fault(&mut self, text: String) {
        self.faults.push(text);
    }
}

impl Hits {
    pub(super) fn add(&mut self, other: Hits) {
        self.right += other.right;
        self.extra += other.extra;
        self.missing += other.missing;
    }
}

/// One answer, its truth, and the words of its world.
pub(super) struct Case<'a> {
    pub(super) answer: &'a Value,
    pub(super) truth: &'a Value,
    pub(super) names: &'a Names,
}

/// How good a strength is; a gap is none.
pub(super) fn rank(word: &str) -> u8 {
    match word {
        "proven" => 3,
        "asserted" => 2,
        "inferred" => 1,
        _ => 0,
    }
}

pub(super) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// What a truth takes for right: `a or b`.
pub(super) fn either(meant: &str) -> impl Iterator<Item = &str> {
    meant.split(" or ")
}

/// Whether a word is one of `a or b`.
fn among(meant: &str, found: &str) -> bool {
    either(meant).any(|word| word == found)
}

/// Whether a text holds one of `a or b`.
fn holds(meant: &str, found: &str) -> bool {
    let found = found.to_lowercase();
    either(meant).any(|word| found.contains(&word.to_lowercase()))
}

/// A node in words that are the same in every folder: acts are named by the record that tells of them,
/// since their ids change with the bytes of that record.
pub(super) fn label(answer: &Value, id: &str) -> String {
    let nodes = list(answer, "nodes");
    let at = nodes.iter().position(|node| text(node, "id") == id);
    match at.and_then(|at| nodes.get(at)) {
        Some(_) if at == Some(0) => "EVENT".to_owned(),
        Some(node) if id.starts_with('#') => {
            let record = list(node, "records").first().and_then(Value::as_str).unwrap_or(id);
            format!("{} {record}", text(node, "kind"))
        }
        _ => id.to_owned(),
    }
}

/// From, edge and to of a hop, so named.
pub(super) fn ends(answer: &Value, hop: &Value) -> [String; 3] {
    [label(answer, text(hop, "from")), text(hop, "edge").to_owned(), label(answer, text(hop, "to"))]
}

/// Compares all that the truth speaks of.
pub(super) fn compare(case: &Case<'_>) -> Marks {
    let mut marks = Marks { n_asks: 1, ..Marks::default() };
    hops(case, &mut marks);
    influences(case, &mut marks);
    askers(case, &mut marks);
    principals(case, &mut marks);
    gaps(case, &mut marks);
    controls(case, &mut marks, "approvals");
    controls(case, &mut marks, "decisions");
    findings(case, &mut marks);
    verdict(case, &mut marks);
    marks
}

fn shown(case: &Case<'_>, hop: &Value) -> String {
    let name = |end: &str| {
        let id = text(hop, end);
        let nodes = list(case.answer, "nodes");
        let node = nodes.iter().find(|node| text(node, "id") == id);
        node.map_or_else(|| id.to_owned(), |node| format!("{} `{}`", text(node, "kind"), text(node, "name")))
    };
    let grade = text(hop, "grade");
    format!("{} -{}-> {} {} {grade}", name("from"), text(hop, "edge"), name("to"), text(hop, "strength"))
}

fn joins(case: &Case<'_>, meant: &Value, found: &Value) -> bool {
    among(text(meant, "edge"), text(found, "edge"))
        && case.names.is(case.answer, text(found, "from"), text(meant, "from"))
        && case.names.is(case.answer, text(found, "to"), text(meant, "to"))
}

fn hops(case: &Case<'_>, marks: &mut Marks) {
    let Some(meant) = case.truth.get("hops").and_then(Value::as_array) else { return };
    let found = list(case.answer, "hops");
    let before = marks.faults.len();
    let mut taken = BTreeSet::new();
    for hop in meant {
        let chain = |hop: &Value| text(hop, "chain").to_owned();
        let hit = found.iter().enumerate().find(|(n, other)| !taken.contains(n) && joins(case, hop, other));
        let Some((n, other)) = hit else {
            let family = family_of_edge(text(hop, "edge"));
            let strength = either(text(hop, "strength")).next().unwrap_or_default();
            marks.edges.entry((family.to_owned(), strength.to_owned())).or_default().missing += 1;
            marks.fault(format!("hop is missing: {} -{}-> {}", text(hop, "from"), text(hop, "edge"), text(hop, "to")));
            continue;
        };
        taken.insert(n);
        let (strength, grade) = (text(other, "strength"), text(other, "grade"));
        let right =
            among(text(hop, "strength"), strength) && (hop.get("grade").is_none() || among(text(hop, "grade"), grade));
        let hits = marks.edges.entry((chain(other), strength.to_owned())).or_default();
        if right {
            hits.right += 1;
            marks.rules.insert(text(other, "rule").to_owned());
        } else {
            hits.extra += 1;
            marks.fault(format!(
                "hop should be {} {}: {}",
                text(hop, "strength"),
                text(hop, "grade"),
                shown(case, other)
            ));
        }
        let known = either(text(hop, "strength")).map(rank).max().unwrap_or(0);
        if strength == "proven" && known < rank("proven") {
            marks.false_proven.push(format!("hop {}", shown(case, other)));
        }
        if let Some(change) = hop.get("scope").and_then(Value::as_str) {
            let told = other.get("scope").map_or("", |scope| text(scope, "change"));
            if !among(change, told) {
                marks.fault(format!("scope should be `{change}`, not `{told}`: {}", shown(case, other)));
            }
        }
    }
    for (n, hop) in found.iter().enumerate().filter(|(n, _)| !taken.contains(n)) {
        let may = list(case.truth, "hops_may").iter().any(|may| {
            joins(case, may, hop)
                && rank(text(hop, "strength")) <= either(text(may, "strength")).map(rank).max().unwrap_or(0)
        });
        if may {
            continue;
        }
        let key = (text(hop, "chain").to_owned(), text(hop, "strength").to_owned());
        marks.edges.entry(key).or_default().extra += 1;
        marks.fault(format!("hop {} should not be there: {}", n + 1, shown(case, hop)));
        if text(hop, "strength") == "proven" {
            marks.false_proven.push(format!("hop {}", shown(case, hop)));
        }
    }
    marks.n_paths += 1;
    marks.paths_exact += usize::from(marks.faults.len() == before);
}

/// The chain an edge belongs to, for edges that were not found.
fn family_of_edge(edge: &str) -> &'static str {
    match either(edge).next().unwrap_or_default() {
        "granted" | "issued" | "assumed" | "exchanged" | "refreshed" | "passed" | "executed_with" => "credential",
        _ => "command",
    }
}

fn influences(case: &Case<'_>, marks: &mut Marks) {
    if case.truth.get("influences").is_none() {
        return;
    }
    let fits = |meant: &Value, found: &Value| {
        let id = text(found, "from");
        let node = list(case.answer, "nodes").iter().find(|node| text(node, "id") == id);
        let named = node.is_some_and(|node| holds(text(meant, "from"), text(node, "name")));
        among(text(meant, "edge"), text(found, "edge"))
            && (named || holds(text(meant, "from"), id) || case.names.is(case.answer, id, text(meant, "from")))
    };
    let found = list(case.answer, "influences");
    let key = ("influence".to_owned(), "any".to_owned());
    for meant in list(case.truth, "influences") {
        let hit = found.iter().any(|found| fits(meant, found));
        let hits = marks.edges.entry(key.clone()).or_default();
        if hit {
            hits.right += 1;
        } else {
            hits.missing += 1;
            marks.fault(format!("influence is missing: {} {}", text(meant, "edge"), text(meant, "from")));
        }
    }
    for other in found {
        let all = ["influences", "influences_may"].into_iter().flat_map(|name| list(case.truth, name));
        if !all.into_iter().any(|meant| fits(meant, other)) {
            marks.edges.entry(key.clone()).or_default().extra += 1;
            marks.fault(format!("influence should not be there: {} {}", text(other, "edge"), text(other, "from")));
        }
    }
}

fn askers(case: &Case<'_>, marks: &mut Marks) {
    let found = list(case.answer, "asked_by");
    if let Some(most) = case.truth.get("asked_by_at_most").and_then(Value::as_str) {
        for asker in found.iter().filter(|asker| rank(text(asker, "strength")) > rank(most)) {
            marks.fault(format!("`{}` asked should be {most} at most: {asker}", text(asker, "principal")));
        }
    }
    for name in list(case.truth, "must_not_ask").iter().filter_map(Value::as_str) {
        if found.iter().any(|asker| text(asker, "principal") == name) {
            marks.fault(format!("`{name}` did not ask"));
            marks.wrong_names += 1;
        }
    }
    let Some(meant) = case.truth.get("asked_by").and_then(Value::as_array) else { return };
    let is = |meant: &Value, found: &Value| among(text(meant, "principal"), text(found, "principal"));
    for asker in meant {
        let Some(other) = found.iter().find(|found| is(asker, found)) else {
            marks.fault(format!("`{}` asked, and is not named", text(asker, "principal")));
            continue;
        };
        let grade = asker.get("grade").is_none() || among(text(asker, "grade"), text(other, "grade"));
        if !among(text(asker, "strength"), text(other, "strength")) || !grade {
            marks.fault(format!(
                "`{}` asked should be {} {}, not {} {}",
                text(asker, "principal"),
                text(asker, "strength"),
                text(asker, "grade"),
                text(other, "strength"),
                text(other, "grade")
            ));
        }
    }
    for other in found {
        let right = meant.iter().find(|meant| is(meant, other));
        if right.is_none() {
            marks.fault(format!(
                "`{}` did not ask, and is named ({})",
                text(other, "principal"),
                text(other, "strength")
            ));
            marks.wrong_names += 1;
        }
        if text(other, "strength") == "inferred" {
            let sum = marks.inferred.entry(text(other, "grade").to_owned()).or_default();
            *sum = (sum.0 + usize::from(right.is_some()), sum.1 + 1);
        }
        if text(other, "strength") == "proven" && right.is_none_or(|meant| !among(text(meant, "strength"), "proven")) {
            marks.false_proven.push(format!("asked by `{}`", text(other, "principal")));
        }
    }
    marks.n_roots += 1;
    marks.roots_right += usize::from(match found.first() {
        Some(first) => meant.iter().any(|meant| is(meant, first)),
        None => meant.is_empty(),
    });
}

/// Whose power, whose hand: one name each.
fn principals(case: &Case<'_>, marks: &mut Marks) {
    let power = list(case.answer, "powered_by").first();
    let found = [
        ("powered_by", power),
        ("grantor", power.and_then(|power| power.get("grantor")).filter(|grantor| !grantor.is_null())),
        ("performed_by", case.answer.get("performed_by").filter(|who| !who.is_null())),
    ];
    for (name, entry) in found {
        let Some(meant) = case.truth.get(name) else { continue };
        let told = entry.map(|entry| text(entry, "principal"));
        let right = match (meant.as_str(), told) {
            (Some(meant), Some(told)) => among(meant, told),
            (None, None) => true,
            _ => false,
        };
        if !right {
            marks.fault(format!("{name} should be {meant}, not {}", told.unwrap_or("null")));
            if entry.is_some_and(|entry| text(entry, "strength") == "proven") {
                marks.false_proven.push(format!("{name} `{}`", told.unwrap_or_default()));
            }
        }
    }
    let proven = |entry: &Value, name: &str| text(entry, "principal") == name && text(entry, "strength") == "proven";
    for name in list(case.truth, "must_not_prove").iter().filter_map(Value::as_str) {
        let named = list(case.answer, "asked_by").iter().chain(power).chain(case.answer.get("performed_by"));
        if named.into_iter().any(|entry| proven(entry, name)) {
            marks.false_proven.push(format!("`{name}` at proven"));
        }
        let hop = list(case.answer, "hops").iter().find(|hop| {
            text(hop, "chain") == "command" && text(hop, "from") == name && text(hop, "strength") == "proven"
        });
        if let Some(hop) = hop {
            marks.false_proven.push(format!("`{name}` by hop {}", shown(case, hop)));
        }
    }
}

fn gaps(case: &Case<'_>, marks: &mut Marks) {
    let Some(meant) = case.truth.get("gaps").and_then(Value::as_array) else { return };
    let found = list(case.answer, "gaps");
    let is = |meant: &Value, found: &Value| {
        text(meant, "chain") == text(found, "chain") && holds(text(meant, "expected"), text(found, "expected"))
    };
    let mut taken = BTreeSet::new();
    for gap in meant {
        // A gap of the right reason first, or the difference told would be the wrong one.
        let open = || found.iter().enumerate().filter(|(n, other)| !taken.contains(n) && is(gap, other));
        let hit = open().find(|(_, other)| among(text(gap, "reason"), text(other, "reason"))).or_else(|| open().next());
        let what = format!("gap {} {} {}", text(gap, "chain"), text(gap, "expected"), text(gap, "reason"));
        let Some((n, other)) = hit else {
            marks.gaps.missing += 1;
            marks.fault(format!("{what} is missing"));
            continue;
        };
        taken.insert(n);
        marks.gaps.right += 1;
        if among(text(gap, "reason"), text(other, "reason")) {
            marks.gap_reasons_right += 1;
        } else {
            marks.fault(format!("{what} has the reason {}", text(other, "reason")));
        }
    }
    for (_, gap) in found.iter().enumerate().filter(|(n, _)| !taken.contains(n)) {
        let may = list(case.truth, "gaps_may");
        if !may.iter().any(|may| is(may, gap) && among(text(may, "reason"), text(gap, "reason"))) {
            marks.gaps.extra += 1;
            let what = format!("{} {} {}", text(gap, "chain"), text(gap, "expected"), text(gap, "reason"));
            marks.fault(format!("gap should not be there: {what}"));
        }
    }
}

/// Approvals or decisions: each entry of the truth fits one of the answer, in all that it states.
fn controls(case: &Case<'_>, marks: &mut Marks, name: &str) {
    let Some(meant) = case.truth.get(name).and_then(Value::as_array) else { return };
    let found = list(case.answer, name);
    let mut taken = BTreeSet::new();
    let mut pairs: Vec<(String, String)> = Vec::new();
    for entry in meant {
        let states: Vec<(usize, &Value)> = found
            .iter()
            .enumerate()
            .filter(|(n, _)| !taken.contains(n))
            .filter(|(_, o)| among(text(entry, "state"), text(o, "state")))
            .collect();
        let best = states.iter().find(|(_, other)| unlike(case, entry, other).is_empty()).or_else(|| states.first());
        let Some((n, other)) = best else {
            pairs.push((text(entry, "state").to_owned(), "-".to_owned()));
            marks.fault(format!("{name}: `{}` is missing", text(entry, "state")));
            continue;
        };
        taken.insert(*n);
        pairs.push((text(other, "state").to_owned(), text(other, "state").to_owned()));
        let unlike = unlike(case, entry, other);
        if unlike.is_empty() {
            marks.rules.extend(entry.get("rule").and_then(Value::as_str).map(str::to_owned));
        }
        for difference in unlike {
            marks.fault(format!("{name}, `{}`: {difference}", text(other, "state")));
        }
    }
    let may = format!("{name}_may");
    for (_, other) in found.iter().enumerate().filter(|(n, _)| !taken.contains(n)) {
        if !list(case.truth, &may).iter().any(|may| among(text(may, "state"), text(other, "state"))) {
            pairs.push(("-".to_owned(), text(other, "state").to_owned()));
            marks.fault(format!("{name}: `{}` should not be there", text(other, "state")));
        }
    }
    let confusion = if name == "approvals" { &mut marks.approvals } else { &mut marks.decisions };
    for pair in pairs {
        *confusion.entry(pair).or_default() += 1;
    }
}

/// In what an entry differs from what a truth states of it.
fn unlike(case: &Case<'_>, meant: &Value, found: &Value) -> Vec<String> {
    let mut differences = Vec::new();
    for (name, value) in meant.as_object().into_iter().flatten() {
        let told = |name: &str| found.get(name).cloned().unwrap_or(Value::Null);
        let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match name.as_str() {
            "state" | "rule" => {}
            "covered" => {
                if (value == &Value::Bool(true)) == list(found, "coverage").is_empty() {
                    differences.push(format!(
                        "coverage should{} be cited",
                        if list(found, "coverage").is_empty() { "" } else { " not" }
                    ));
                }
            }
            "hop" => {
                let hops = list(case.answer, "hops");
                let n = found.get("hop").and_then(Value::as_u64);
                let hop = hops.iter().find(|hop| hop.get("n").and_then(Value::as_u64) == n && n.is_some());
                if !hop.is_some_and(|hop| joins(case, value, hop)) {
                    differences.push(format!("should be at the hop {value}, not at {n:?}"));
                }
            }
            _ => {
                let (name, within) = name.strip_suffix("_has").map_or((name.as_str(), false), |name| (name, true));
                let found = told(name);
                let fits = match value.as_str() {
                    Some(meant) if within => holds(meant, &plain(&found)),
                    Some(meant) => found.as_str().is_some_and(|found| among(meant, found)),
                    None => *value == found,
                };
                if !fits {
                    differences.push(format!("`{name}` should be {value}, not {found}"));
                }
            }
        }
    }
    differences
}

fn findings(case: &Case<'_>, marks: &mut Marks) {
    let Some(meant) = case.truth.get("findings").and_then(Value::as_array) else { return };
    let found: Vec<&str> = list(case.answer, "findings").iter().map(|finding| text(finding, "code")).collect();
    for code in meant.iter().filter_map(Value::as_str) {
        if found.iter().any(|found| among(code, found)) {
            marks.findings.right += 1;
        } else {
            marks.findings.missing += 1;
            marks.fault(format!("finding `{code}` is missing"));
        }
    }
    let may = list(case.truth, "findings_may");
    let known = |code: &str| meant.iter().chain(may).filter_map(Value::as_str).any(|meant| among(meant, code));
    for code in found.into_iter().filter(|code| !known(code)) {
        marks.findings.extra += 1;
        marks.fault(format!("finding `{code}` should not be there"));
    }
    for (code, most) in case.truth.get("findings_at_most").and_then(Value::as_object).into_iter().flatten() {
        for finding in list(case.answer, "findings").iter().filter(|finding| text(finding, "code") == code) {
            let strength = text(finding, "strength");
            if rank(strength) > rank(most.as_str().unwrap_or_default()) {
                marks.fault(format!("finding `{code}` should be {most} at most, not {strength}"));
            }
        }
    }
}

fn verdict(case: &Case<'_>, marks: &mut Marks) {
    let at = |pointer: &str| case.answer.pointer(pointer).cloned().unwrap_or(Value::Null);
    for (name, pointer) in [
        ("roots", "/verdict/roots"),
        ("word", "/verdict/word"),
        ("settled", "/verdict/settled"),
        ("contradicted", "/verdict/contradicted"),
        ("custody", "/verdict/custody"),
        ("risk", "/event/risk/tier"),
        ("kind", "/event/kind"),
        ("wielder", "/wielder"),
    ] {
        let Some(meant) = case.truth.get(name) else { continue };
        let found = at(pointer);
        let fits = match (meant.as_str(), found.as_str()) {
            (Some(meant), Some(found)) => among(meant, found),
            _ => *meant == found,
        };
        if !fits {
            marks.fault(format!("{name} should be {meant}, not {found}"));
        }
    }
}

#[cfg(test)]
mod tests;
