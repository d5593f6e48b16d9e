//! Source `health`: what Writ itself saw and was told, as records of the recorder `writ:<store>`.
//!
//! `{"schema":"writ.health/1","id","recorder","kind","time",…}` with kind `coverage_declared` (somebody
//! says that what they handed in of a recorder is complete over a window) or `ingested` (a file was
//! handed in). Never recognised by content: only the program that writes them may admit them.

use crate::admit::{kind_word, short};
use crate::redact::{NOTHING, Withholds};
use crate::source::{Context, Reading, Source};
use writ_model::fact::{Declaration, Detail, Fact, FactKind, Outcome, RecorderChange, Resource};
use writ_model::json::{Node, Value, quote};
use writ_model::key::{Attestation, Key, KeyKind, KeyRole};
use writ_model::source::SourceInfo;
use writ_model::time::{EventTime, Time};

/// Writ's records of itself.
#[derive(Clone, Copy, Debug)]
pub struct Health;

/// The schema these records name.
pub const SCHEMA: &str = "writ.health/1";

/// Namespace of recorders as things that are spoken of: the value is the recorder as records name it.
pub const RECORDER: &str = "recorder";

/// The key by which what is said about a recorder is found.
pub(crate) fn recorder_key(recorder: &str) -> Option<Key> {
    Key::new(KeyKind::Principal, RECORDER, recorder, KeyRole::Names, Attestation::Verified)
}

/// Whether this is a record of Writ's own, read by the source that only Writ may name.
pub(crate) fn is_own(source: &dyn Source, node: &Node<'_>) -> bool {
    source.info().name == INFO.name && node.text(&["schema"]) == Some(SCHEMA)
}

const COVERAGE: &str = "coverage_declared";
const INGESTED: &str = "ingested";

static INFO: SourceInfo = SourceInfo {
    name: "health",
    title: "what Writ itself saw and was told about evidence",
    namespace: "writ",
    delay_usual_ms: 0,
    delay_worst_ms: 0,
    // Writ stamps with its own clock, to the millisecond.
    precision_ms: 1,
    skew_ms: 0,
    verifies: "that it was Writ that wrote the record; what somebody declared is their word",
    retention_ms: None,
    contains: &[FactKind::Health],
    omissions: &[],
    tested: true,
};

/// A file that was handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ingested {
    /// From where: the file, or `-`.
    pub path: String,
    /// SHA-256 of the file as it was, 64 hex digits.
    pub sha256: String,
    /// How long it was, in bytes.
    pub bytes: u64,
    /// Who handed it in.
    pub by: String,
    /// Elements found in it.
    pub inputs: u64,
    /// Of those, new records.
    pub records: u64,
    /// Of those, records that were there already.
    pub duplicates: u64,
    /// Of those, rejects.
    pub rejects: u64,
}

/// A record that somebody declared evidence complete. `store` names the store, `id` is new.
pub fn coverage_declared(id: &str, store: &str, time: Time, declaration: &Declaration) -> Vec<u8> {
    let inner = object(&[
        ("count", Field::Count(declaration.count)),
        ("declared_by", Field::Text(&declaration.declared_by)),
        ("digest", Field::Text(&declaration.digest)),
        ("from", Field::Text(&declaration.from.to_string())),
        ("recorder", Field::Text(&declaration.recorder)),
        ("source", Field::Text(&declaration.source)),
        ("to", Field::Text(&declaration.to.to_string())),
    ]);
    record(id, store, time, COVERAGE, "declaration", &inner)
}

/// A record that a file was handed in. `store` names the store, `id` is new.
pub fn ingested(id: &str, store: &str, time: Time, file: &Ingested) -> Vec<u8> {
    let inner = object(&[
        ("by", Field::Text(&file.by)),
        ("bytes", Field::Count(file.bytes)),
        ("duplicates", Field::Count(file.duplicates)),
        ("inputs", Field::Count(file.inputs)),
        ("path", Field::Text(&file.path)),
        ("records", Field::Count(file.records)),
        ("rejects", Field::Count(file.rejects)),
        ("sha256", Field::Text(&file.sha256)),
    ]);
    record(id, store, time, INGESTED, "file", &inner)
}

enum Field<'a> {
    Text(&'a str),
    Count(u64),
    Json(&'a [u8]),
}

fn record(id: &str, store: &str, time: Time, kind: &str, name: &str, inner: &[u8]) -> Vec<u8> {
    let recorder = format!("writ:{store}");
    let time = time.to_string();
    let mut fields = vec![
        (name, Field::Json(inner)),
        ("id", Field::Text(id)),
        ("kind", Field::Text(kind)),
        ("recorder", Field::Text(&recorder)),
        ("schema", Field::Text(SCHEMA)),
        ("time", Field::Text(&time)),
    ];
    // Canonical order, so that the bytes are their own canonical form.
    fields.sort_by_key(|field| field.0);
    object(&fields)
}

fn object(fields: &[(&str, Field<'_>)]) -> Vec<u8> {
    let mut out = vec![b'{'];
    for (n, (name, field)) in fields.iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        quote(name, &mut out);
        out.push(b':');
        match field {
            Field::Text(text) => quote(text, &mut out),
            Field::Count(n) => out.extend_from_slice(n.to_string().as_bytes()),
            Field::Json(bytes) => out.extend_from_slice(bytes),
        }
    }
    out.push(b'}');
    out
}

impl Source for Health {
    fn info(&self) -> &'static SourceInfo {
        &INFO
    }

    fn version(&self) -> u32 {
        1
    }

    fn withholds(&self) -> &'static Withholds {
        &NOTHING
    }

    fn detectable(&self) -> bool {
        false
    }

    fn recognises(&self, node: &Node<'_>) -> bool {
        node.text(&["schema"]) == Some(SCHEMA)
    }

    fn read(&self, node: &Node<'_>) -> Result<Reading, String> {
        if !self.recognises(node) {
            return Err(format!("`schema` is not `{SCHEMA}`"));
        }
        let kind = text(node, "kind")?;
        match kind {
            COVERAGE => drop(declaration(node)?),
            INGESTED => drop(file(node)?),
            other => return Err(format!("`kind` `{}` is not known to this version", short(other))),
        }
        Ok(Reading {
            recorder: text(node, "recorder")?.to_string(),
            native_id: Some(text(node, "id")?.to_string()),
            event_time: Some(EventTime::at(time(node, "time")?, INFO.precision_ms)),
            available_time: None,
        })
    }

    fn facts(&self, node: &Node<'_>, _: &Context<'_>) -> Vec<Fact> {
        let fact = match text(node, "kind") {
            Ok(COVERAGE) => declaration(node).map(declared),
            Ok(INGESTED) => file(node).map(handed_in),
            _ => return Vec::new(),
        };
        fact.into_iter().collect()
    }
}

fn declared(declaration: Declaration) -> Fact {
    let mut fact = Fact::new(FactKind::Health, "writ:coverage_declared", Outcome::Success);
    fact.keys.extend(recorder_key(&declaration.recorder));
    fact.detail = Detail::Coverage(declaration);
    fact
}

fn handed_in(file: Ingested) -> Fact {
    let mut fact = Fact::new(FactKind::Health, "writ:ingested", Outcome::Success);
    fact.keys.extend(Key::new(KeyKind::Resource, "sha256", &file.sha256, KeyRole::Names, Attestation::Verified));
    fact.resources.push(Resource { kind: "file".to_string(), id: file.path });
    fact.detail = Detail::Recorder(RecorderChange::HandedIn);
    fact
}

fn declaration(node: &Node<'_>) -> Result<Declaration, String> {
    let node = node.get("declaration").ok_or("`declaration` is missing")?;
    Ok(Declaration {
        source: text(node, "source")?.to_string(),
        recorder: text(node, "recorder")?.to_string(),
        from: time(node, "from")?,
        to: time(node, "to")?,
        count: count(node, "count")?,
        digest: text(node, "digest")?.to_string(),
        declared_by: text(node, "declared_by")?.to_string(),
    })
}

fn file(node: &Node<'_>) -> Result<Ingested, String> {
    let node = node.get("file").ok_or("`file` is missing")?;
    Ok(Ingested {
        path: text(node, "path")?.to_string(),
        sha256: text(node, "sha256")?.to_string(),
        bytes: count(node, "bytes")?,
        by: text(node, "by")?.to_string(),
        inputs: count(node, "inputs")?,
        records: count(node, "records")?,
        duplicates: count(node, "duplicates")?,
        rejects: count(node, "rejects")?,
    })
}

fn text<'n>(node: &'n Node<'_>, name: &str) -> Result<&'n str, String> {
    node.text(&[name]).ok_or_else(|| format!("`{name}` should be a text and is not"))
}

fn time(node: &Node<'_>, name: &str) -> Result<Time, String> {
    let text = text(node, name)?;
    Time::parse(text).ok_or_else(|| format!("`{name}` `{}` is not a time with a zone", short(text)))
}

fn count(node: &Node<'_>, name: &str) -> Result<u64, String> {
    match node.get(name).map(|found| &found.value) {
        Some(Value::Number(lexeme)) => {
            lexeme.parse().map_err(|_| format!("`{name}` `{}` is not a count", short(lexeme)))
        }
        Some(other) => Err(format!("`{name}` should be a number; it is {}", kind_word(other))),
        None => Err(format!("`{name}` is missing")),
    }
}

#[cfg(test)]
mod tests;
