//! The corpus: folders of `scenarios/` with a `scenario.toml`, each a world and variants of it.
//!
//! `events/SOURCE.ndjson` holds one record per line in the vendor's shape, wrapped as
//! `{"id", "delivered_at", "recorder"?, "evidence"}`. `id` is a name for edits and truths alone; the
//! product never sees it. A variant is the world with a few edits and a truth of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use super::toml;

/// One record on its way to the product.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) id: String,
    pub(super) delivered_at: String,
    /// Named with `--recorder` where the record does not say who wrote it.
    pub(super) recorder: Option<String>,
    pub(super) evidence: Value,
}

/// Somebody who hands a source in declares it complete over a window.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Complete {
    pub(super) source: String,
    /// As `writ ingest --complete` takes it.
    pub(super) window: String,
}

/// A world: records, what is declared of them, and what is asked with its truth.
#[derive(Clone, Debug)]
pub(super) struct World {
    /// `S02-borrowed-key`, or `S02-borrowed-key/b` for a variant.
    pub(super) name: String,
    pub(super) lines: BTreeMap<String, Vec<Line>>,
    pub(super) complete: Vec<Complete>,
    pub(super) declared_by: String,
    pub(super) asks: Vec<Value>,
    /// Rules that must not join here though they nearly do.
    pub(super) near_miss: Vec<String>,
    /// Nothing may be known better here than in the world it was made from.
    pub(super) no_stronger: bool,
    /// Records that contradict others (a rival, a revocation, a report of loss), or `begin*` of their
    /// names: losing these may strengthen an answer, so perturbation leaves them alone.
    pub(super) contradicting: Vec<String>,
    /// How many of its records must be refused as they are handed in.
    pub(super) rejects: u64,
}

/// A world with its variants.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) base: World,
    pub(super) variants: Vec<World>,
}

/// Reads every scenario under a folder, by name.
pub(super) fn read_all(folder: &Path) -> Result<Vec<Scenario>, String> {
    let mut scenarios = Vec::new();
    for name in folders(folder)? {
        let path = folder.join(&name);
        if path.join("scenario.toml").exists() {
            scenarios.push(read(&path, &name)?);
        }
    }
    Ok(scenarios)
}

fn read(path: &Path, name: &str) -> Result<Scenario, String> {
    let head = table(&path.join("scenario.toml"))?;
    let base = World {
        name: name.to_owned(),
        lines: events(&path.join("events"))?,
        complete: complete(&head, name)?,
        declared_by: text(&head, "declared_by").unwrap_or("responder").to_owned(),
        asks: asks(&path.join("truth.json"))?,
        near_miss: Vec::new(),
        no_stronger: false,
        contradicting: texts(&head, "contradicting"),
        rejects: 0,
    };
    unique(&base)?;
    let mut variants = Vec::new();
    if path.join("variants").exists() {
        for variant in folders(&path.join("variants"))? {
            let place = path.join("variants").join(&variant);
            variants.push(vary(&base, &place, &format!("{name}/{variant}"))?);
        }
    }
    Ok(Scenario { base, variants })
}

/// The world that a variant's folder makes out of its base.
fn vary(base: &World, path: &Path, name: &str) -> Result<World, String> {
    let head = table(&path.join("variant.toml"))?;
    let told = |cause: String| format!("`{name}`: {cause}");
    let mut world = World {
        name: name.to_owned(),
        asks: asks(&path.join("truth.json"))?,
        near_miss: texts(&head, "near_miss"),
        no_stronger: head.get("no_stronger_than_base") == Some(&Value::Bool(true)),
        rejects: head.get("rejects").and_then(Value::as_u64).unwrap_or(0),
        ..base.clone()
    };
    world.contradicting.extend(texts(&head, "contradicting"));
    if head.contains_key("complete") {
        world.complete = complete(&head, name)?;
    }
    if let Some(person) = text(&head, "declared_by") {
        person.clone_into(&mut world.declared_by);
    }
    for source in texts(&head, "drop_sources") {
        world.lines.remove(&source).ok_or_else(|| told(format!("there is no source `{source}` to drop")))?;
    }
    for id in texts(&head, "drop") {
        let before = world.n_lines();
        for lines in world.lines.values_mut() {
            lines.retain(|line| line.id != id);
        }
        if world.n_lines() == before {
            return Err(told(format!("there is no record `{id}` to drop")));
        }
    }
    for edit in head.get("set").and_then(Value::as_array).into_iter().flatten() {
        let part = |n: usize| edit.get(n).and_then(Value::as_str).unwrap_or_default();
        let value =
            serde_json::from_str(part(2)).map_err(|error| told(format!("`{}` is no JSON: {error}", part(2))))?;
        set(world.line_mut(part(0)).map_err(told)?, part(1), Some(value)).map_err(told)?;
    }
    for edit in head.get("unset").and_then(Value::as_array).into_iter().flatten() {
        let part = |n: usize| edit.get(n).and_then(Value::as_str).unwrap_or_default();
        set(world.line_mut(part(0)).map_err(told)?, part(1), None).map_err(told)?;
    }
    if path.join("events").exists() {
        for (source, lines) in events(&path.join("events"))? {
            world.lines.entry(source).or_default().extend(lines);
        }
    }
    unique(&world)?;
    Ok(world)
}

/// Sets or removes the member that a pointer names in a record's evidence; the empty pointer is all of it.
fn set(line: &mut Line, pointer: &str, value: Option<Value>) -> Result<(), String> {
    if let (true, Some(value)) = (pointer.is_empty(), &value) {
        line.evidence = value.clone();
        return Ok(());
    }
    let missing = || format!("`{}` has no place `{pointer}`", line.id);
    let (parent, member) = pointer.rsplit_once('/').ok_or_else(missing)?;
    let place = line.evidence.pointer_mut(parent);
    match (place, value) {
        (Some(Value::Object(members)), Some(value)) => {
            members.insert(member.to_owned(), value);
            Ok(())
        }
        (Some(Value::Object(members)), None) => {
            members.remove(member).map(drop).ok_or_else(|| format!("`{}` has no place `{pointer}`", line.id))
        }
        (Some(Value::Array(elements)), Some(value)) => {
            let element = member.parse::<usize>().ok().and_then(|n| elements.get_mut(n));
            element.map(|element| *element = value).ok_or_else(|| format!("`{}` has no place `{pointer}`", line.id))
        }
        _ => Err(format!("`{}` has no place `{pointer}`", line.id)),
    }
}

impl World {
    pub(super) fn empty() -> World {
        World {
            name: String::new(),
            lines: BTreeMap::new(),
            complete: Vec::new(),
            declared_by: String::new(),
            asks: Vec::new(),
            near_miss: Vec::new(),
            no_stronger: false,
            contradicting: Vec::new(),
            rejects: 0,
        }
    }

    pub(super) fn n_lines(&self) -> usize {
        self.lines.values().map(Vec::len).sum()
    }

    fn line_mut(&mut self, id: &str) -> Result<&mut Line, String> {
        let found = self.lines.values_mut().flatten().find(|line| line.id == id);
        found.ok_or_else(|| format!("there is no record `{id}` to change"))
    }
}

/// Two records of one name would make edits and truths ambiguous.
fn unique(world: &World) -> Result<(), String> {
    let mut seen = std::collections::BTreeSet::new();
    match world.lines.values().flatten().find(|line| !seen.insert(&line.id)) {
        Some(line) => Err(format!("`{}`: two records are called `{}`", world.name, line.id)),
        None => Ok(()),
    }
}

fn folders(path: &Path) -> Result<Vec<String>, String> {
    let told = |error| format!("`{}` cannot be listed: {error}", path.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(told)? {
        let entry = entry.map_err(told)?;
        if entry.path().is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn file(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("`{}` cannot be read: {error}", path.display()))
}

fn table(path: &Path) -> Result<Map<String, Value>, String> {
    toml::parse(&file(path)?).map_err(|cause| format!("`{}`, {cause}", path.display()))
}

fn asks(path: &Path) -> Result<Vec<Value>, String> {
    let told = |cause: &str| format!("`{}`: {cause}", path.display());
    let truth: Value = serde_json::from_str(&file(path)?).map_err(|error| told(&error.to_string()))?;
    let asks = truth.get("asks").and_then(Value::as_array).filter(|asks| !asks.is_empty());
    asks.cloned().ok_or_else(|| told("it asks nothing"))
}

fn events(folder: &Path) -> Result<BTreeMap<String, Vec<Line>>, String> {
    let mut sources = BTreeMap::new();
    let told = |error| format!("`{}` cannot be listed: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let Some(source) = name.strip_suffix(".ndjson") else { continue };
        let mut lines = Vec::new();
        for (n, text) in file(&path)?.lines().enumerate() {
            lines.push(line(text).map_err(|cause| format!("`{}`, line {}: {cause}", path.display(), n + 1))?);
        }
        sources.insert(source.to_owned(), lines);
    }
    Ok(sources)
}

fn line(text: &str) -> Result<Line, String> {
    let whole: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let member = |name: &str| whole.get(name).and_then(Value::as_str).map(str::to_owned);
    Ok(Line {
        id: member("id").ok_or("`id` is missing")?,
        delivered_at: member("delivered_at").ok_or("`delivered_at` is missing")?,
        recorder: member("recorder"),
        evidence: whole.get("evidence").cloned().ok_or("`evidence` is missing")?,
    })
}

fn complete(head: &Map<String, Value>, name: &str) -> Result<Vec<Complete>, String> {
    let read = |text: String| {
        let (source, window) = text
            .split_once(' ')
            .ok_or_else(|| format!("`{name}`: `complete` holds `{text}`; write `SOURCE FROM..TO`"))?;
        Ok(Complete { source: source.to_owned(), window: window.to_owned() })
    };
    texts(head, "complete").into_iter().map(read).collect()
}

fn text<'a>(head: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    head.get(name).and_then(Value::as_str)
}

/// A text or an array of texts.
fn texts(head: &Map<String, Value>, name: &str) -> Vec<String> {
    match head.get(name) {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn one() -> Line {
        line(r#"{"id":"a","delivered_at":"2026-04-23T08:00:00Z","evidence":{"x":{"y":1},"list":[1,2]}}"#).unwrap()
    }

    #[test]
    fn edits_change_what_they_name_and_nothing_else() {
        let mut record = one();
        set(&mut record, "/x/z", Some(json!("new"))).unwrap();
        set(&mut record, "/x/y", None).unwrap();
        set(&mut record, "/list/1", Some(json!(3))).unwrap();
        assert_eq!(record.evidence, json!({"x": {"z": "new"}, "list": [1, 3]}));
        for pointer in ["/nowhere/a", "x", "/list/7", "/x/y/z"] {
            assert!(set(&mut one(), pointer, Some(Value::Null)).is_err(), "{pointer}");
        }
        assert!(set(&mut one(), "/x/absent", None).is_err(), "what is not there cannot be taken away");
    }

    #[test]
    fn a_line_without_its_wrapping_is_refused() {
        for text in [r#"{"evidence":{}}"#, r#"{"id":"a","evidence":{}}"#, r#"{"id":"a","delivered_at":"x"}"#, "{"] {
            assert!(line(text).is_err(), "{text}");
        }
    }
}
