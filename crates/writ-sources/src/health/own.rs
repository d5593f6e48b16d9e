//! Writ's own records: what it wrote down about what it was handed and told.
//!
//! `{"schema":"writ.health/1","id","recorder","kind","time",…}` with kind `coverage_declared` (somebody
//! says that what they handed in of a recorder is complete over a window) or `ingested` (a file was
//! handed in).

use super::recorder_key;
use crate::admit::short;
use crate::field::{needed, needed_count, needed_time};
use writ_model::fact::{Declaration, Detail, Fact, FactKind, Outcome, RecorderChange, Resource};
use writ_model::json::{Node, quote};
use writ_model::key::{Attestation, Key, KeyKind, KeyRole};
use writ_model::time::Time;

/// The schema these records name.
pub const SCHEMA: &str = "writ.health/1";

const COVERAGE: &str = "coverage_declared";
const INGESTED: &str = "ingested";

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

/// What such a record says, or the cause of a reject.
pub(super) fn read(node: &Node<'_>) -> Result<Fact, String> {
    match needed(node, "kind")? {
        COVERAGE => declaration(node).map(declared),
        INGESTED => file(node).map(handed_in),
        other => Err(format!("`kind` `{}` is not known to this version", short(other))),
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
        source: needed(node, "source")?.to_string(),
        recorder: needed(node, "recorder")?.to_string(),
        from: needed_time(node, "from")?,
        to: needed_time(node, "to")?,
        count: needed_count(node, "count")?,
        digest: needed(node, "digest")?.to_string(),
        declared_by: needed(node, "declared_by")?.to_string(),
    })
}

fn file(node: &Node<'_>) -> Result<Ingested, String> {
    let node = node.get("file").ok_or("`file` is missing")?;
    Ok(Ingested {
        path: needed(node, "path")?.to_string(),
        sha256: needed(node, "sha256")?.to_string(),
        bytes: needed_count(node, "bytes")?,
        by: needed(node, "by")?.to_string(),
        inputs: needed_count(node, "inputs")?,
        records: needed_count(node, "records")?,
        duplicates: needed_count(node, "duplicates")?,
        rejects: needed_count(node, "rejects")?,
    })
}
