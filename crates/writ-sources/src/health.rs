//! Source `health`: what happened to recorders and to evidence.
//!
//! Two schemas. `writ.health/1` are the records that Writ itself writes, as the recorder `writ:<store>`;
//! they are never told by content, so that nobody can hand in what Writ says of itself.
//! `writ.recorder/1` are reports that a recorder hands in about itself or another: stopped, resumed,
//! lost so many, wrote so many. `docs/reference/recorder-reports.md` writes that one down.

mod own;
mod report;

pub use own::{Ingested, SCHEMA, coverage_declared, ingested};
pub use report::SCHEMA as REPORT_SCHEMA;

use crate::field;
use crate::redact::{EVERYWHERE, Withholds};
use crate::source::{Context, Reading, Source};
use report::Report;
use writ_model::fact::{Fact, FactKind};
use writ_model::json::Node;
use writ_model::key::{Attestation, Key, KeyName, KeyRole};
use writ_model::source::{Omission, SourceInfo};

/// Writ's records of itself, and what recorders report.
#[derive(Clone, Copy, Debug)]
pub struct Health;

/// The key by which what is said about a recorder is found.
pub(crate) fn recorder_key(recorder: &str) -> Option<Key> {
    let name = KeyName::of_recorder(recorder)?;
    Some(Key { name, role: KeyRole::Names, class: Attestation::Verified })
}

/// Whether this is a record of Writ's own, read by the source that only Writ may name.
pub(crate) fn is_own(source: &dyn Source, node: &Node<'_>) -> bool {
    source.info().name == INFO.name && node.text(&["schema"]) == Some(SCHEMA)
}

static OMISSIONS: [Omission; 2] = [
    Omission {
        code: "died_silently",
        text: "a recorder that is killed or cut off reports nothing about it",
        fix: "let whatever supervises the recorder report `stopped` in its place, and let it write manifests",
        ask: "whoever runs the recorder, for its restarts",
        reference: "docs/reference/recorder-reports.md, section Manifests",
    },
    Omission {
        code: "lost_before",
        text: "what was lost before a recorder saw it is in none of its counts",
        fix: "number events where they arise, so that a hole shows whoever lost them",
        ask: "whoever runs what sends to the recorder",
        reference: "docs/reference/recorder-reports.md, section Manifests",
    },
];

static INFO: SourceInfo = SourceInfo {
    name: "health",
    title: "what happened to recorders and evidence: Writ's own records, and recorders' reports",
    namespace: "writ",
    // Writ's own are there at once; reports travel as logs do.
    delay_usual_ms: 0,
    delay_worst_ms: 300_000,
    precision_ms: 1,
    skew_ms: 2_000,
    verifies: "that Writ wrote its own records; what somebody declared or a recorder reported is their word",
    retention_ms: None,
    contains: &[FactKind::Health],
    omissions: &OMISSIONS,
    tested: true,
};

impl Source for Health {
    fn info(&self) -> &'static SourceInfo {
        &INFO
    }

    fn version(&self) -> u32 {
        2
    }

    fn withholds(&self) -> &'static Withholds {
        &EVERYWHERE
    }

    fn marks(&self) -> &'static [&'static str] {
        &["writ.recorder/"]
    }

    fn recognises(&self, node: &Node<'_>) -> bool {
        field::is_schema(node, REPORT_SCHEMA)
    }

    fn read(&self, node: &Node<'_>) -> Result<Reading, String> {
        field::unambiguous(node)?;
        if is_own(self, node) {
            own::read(node)?;
            let recorder = field::needed(node, "recorder")?.to_string();
            return field::reading(node, recorder, ["id", "time"], INFO.precision_ms);
        }
        field::schema(node, REPORT_SCHEMA)?;
        let report = Report::read(node)?;
        Ok(Reading {
            event_time: Some(report.when(INFO.precision_ms)),
            available_time: Some(report.time),
            native_id: Some(field::needed(node, "id")?.to_string()),
            recorder: report.recorder,
        })
    }

    fn facts(&self, node: &Node<'_>, context: &Context<'_>) -> Vec<Fact> {
        if is_own(self, node) {
            return own::read(node).into_iter().collect();
        }
        let Ok(report) = Report::read(node) else { return Vec::new() };
        // Whoever handed it in under another recorder's name made it somebody else's word.
        let counts_own = !report.is_manifest() || report.recorder == context.identity.recorder;
        counts_own.then(|| report.fact()).into_iter().collect()
    }
}

#[cfg(test)]
mod tests;
