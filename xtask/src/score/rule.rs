//! Removing any rule fails a scenario: every rule joins something that a truth asks for, and every rule
//! has a world in which it nearly joins and must not.
//!
//! The rules are read off the source of `writ-path`, since this tool meets the product from outside and
//! the product has no list of them to print. The rules of the credential chain and of services have their
//! worlds in `scenarios/cases`, whose own test asks the same of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// Families that join nothing by themselves: what records and directories state.
const NO_HOP: [&str; 2] = ["finding.", "identity."];

/// Rules that no world can exercise yet, and why. A line that is no longer needed is itself wanting.
const UNREACHED: [(&str, &str); 1] = [("agent.scheduled", "no source tells that a timer began a turn")];

/// The ids of all rules.
pub(super) fn all(root: &Path) -> Result<BTreeSet<String>, String> {
    let folder = root.join("crates/writ-path/src/rule");
    let mut ids = BTreeSet::new();
    for entry in fs::read_dir(&folder).map_err(|error| format!("`{}` cannot be listed: {error}", folder.display()))? {
        let path = entry.map_err(|error| error.to_string())?.path();
        let text =
            fs::read_to_string(&path).map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?;
        ids.extend(in_text(&text));
    }
    Ok(ids)
}

fn in_text(text: &str) -> impl Iterator<Item = String> {
    let parts = text.split("id: \"").skip(1).filter_map(|rest| rest.split('"').next());
    let ids = parts.filter(|id| id.contains('.') && !NO_HOP.iter().any(|family| id.starts_with(family)));
    ids.map(str::to_owned)
}

/// The near misses of `scenarios/cases`, each of which also has a case that uses the rule.
pub(super) fn in_cases(root: &Path) -> Result<BTreeSet<String>, String> {
    let folder = root.join("scenarios/cases");
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(&folder).map_err(|error| format!("`{}` cannot be listed: {error}", folder.display()))? {
        let path = entry.map_err(|error| error.to_string())?.path().join("truth.json");
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let truth: Value =
            serde_json::from_str(&text).map_err(|error| format!("`{}` is no JSON: {error}", path.display()))?;
        let variants = truth.get("variants").and_then(Value::as_array).into_iter().flatten();
        names.extend(variants.filter_map(|variant| variant.get("near_miss")?.as_str().map(str::to_owned)));
    }
    Ok(names)
}

/// What is wanting, in words.
pub(super) fn wanting(
    all: &BTreeSet<String>,
    used: &BTreeSet<String>,
    missed: &BTreeSet<String>,
    cases: &BTreeSet<String>,
) -> Vec<String> {
    let mut wanting = Vec::new();
    for id in all.difference(cases) {
        if UNREACHED.iter().any(|(unreached, _)| unreached == id) {
            if used.contains(id) {
                wanting.push(format!("rule `{id}` is used; drop its line in xtask/src/score/rule.rs"));
            }
            continue;
        }
        if !used.contains(id) {
            wanting.push(format!("no truth rests on rule `{id}`"));
        }
        if !missed.contains(id) {
            wanting.push(format!("rule `{id}` has no near miss"));
        }
    }
    wanting.extend(missed.difference(all).map(|id| format!("a near miss names `{id}`, which is no rule")));
    wanting
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ids: &[&str]) -> BTreeSet<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn rules_are_read_off_their_source() {
        let text = "BASE: Rule = Rule { id: \"\", x };\nA: Rule = Rule { id: \"agent.turn\", line: \"x\" };\n    id: \"act.b\",\n id: \"finding.stated\"";
        assert_eq!(in_text(text).collect::<Vec<_>>(), ["agent.turn", "act.b"]);
        let root = crate::cargo::root();
        assert!(all(&root).unwrap().contains("credential.presented"));
        assert!(in_cases(&root).unwrap().contains("credential.issued"));
    }

    #[test]
    fn a_rule_nobody_would_miss_is_told() {
        let found = wanting(&set(&["a.x", "a.y", "b.z"]), &set(&["a.x"]), &set(&["a.x", "c.q"]), &set(&["b.z"]));
        assert_eq!(found.len(), 3, "{found:?}");
    }
}
