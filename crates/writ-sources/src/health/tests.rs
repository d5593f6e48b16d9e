//! The constructors write what the reader reads, and the fixtures are their bytes.

use super::*;
use crate::{admit, derive_facts};
use writ_model::custody::Custody;
use writ_model::fact::{Declaration, Detail};
use writ_model::json;
use writ_model::record::Origin;
use writ_model::time::Time;

fn mac(_: &[u8]) -> [u8; 32] {
    [0; 32]
}

fn time(text: &str) -> Time {
    Time::parse(text).unwrap()
}

fn declaration() -> Declaration {
    Declaration {
        source: "aws.cloudtrail".to_string(),
        recorder: "aws:111122223333".to_string(),
        from: time("2026-10-14T00:00:00Z"),
        to: time("2026-10-15T00:00:00Z"),
        count: 265,
        digest: "sha256:00ff".to_string(),
        declared_by: "noor".to_string(),
    }
}

fn file() -> Ingested {
    Ingested {
        path: "logs/trail \"a\".json.gz".to_string(),
        sha256: "00ff".to_string(),
        bytes: 4410,
        by: "noor".to_string(),
        inputs: 12,
        records: 10,
        duplicates: 1,
        rejects: 1,
    }
}

#[test]
fn constructors_write_the_fixtures() {
    let coverage = coverage_declared("h-1", "main", time("2026-10-16T08:00:00Z"), &declaration());
    assert_eq!(coverage, include_str!("../../testdata/health/coverage-declared.json").trim_end().as_bytes());
    let handed = ingested("h-2", "main", time("2026-10-16T08:00:00.25Z"), &file());
    assert_eq!(handed, include_str!("../../testdata/health/ingested.json").trim_end().as_bytes());
    for bytes in [coverage, handed] {
        let mut canonical = Vec::new();
        json::canonical(&json::parse(&bytes).unwrap(), &mut canonical);
        assert_eq!(bytes, canonical);
    }
}

#[test]
fn a_declaration_reads_back_whole() {
    let bytes = coverage_declared("h-1", "main", time("2026-10-16T08:00:00Z"), &declaration());
    let admitted = admit(&bytes, Some(&Health), None, &mac).unwrap();
    let origin = Origin { by: "noor".into(), from: "-".into(), byte: 0 };
    let (record, facts) = admitted.into_record(Custody::Sealed, time("2026-10-16T08:00:00Z"), origin);
    assert_eq!(facts[0].detail, Detail::Coverage(declaration()));
    assert_eq!(derive_facts(&record.envelope, &record.evidence).unwrap(), facts);
    assert_eq!(record.envelope.identity.reference(), "health:h-1");
}

#[test]
fn other_shapes_are_refused_with_their_place() {
    let good = String::from_utf8(ingested("h-2", "main", time("2026-10-16T08:00:00Z"), &file())).unwrap();
    for (from, to, cause) in [
        ("writ.health/1", "writ.health/2", "`schema` `writ.health/2` is not read"),
        ("\"ingested\"", "\"dreamt\"", "`dreamt` is not known"),
        ("12", "\"12\"", "`inputs` should be a number"),
        ("4410", "-1", "`bytes` `-1` is not a count"),
        ("2026-10-16T08", "2026-10-16", "not a time with a zone"),
    ] {
        let text = good.replace(from, to);
        assert_ne!(text, good);
        let error = admit(text.as_bytes(), Some(&Health), None, &mac).unwrap_err();
        assert!(error.contains(cause), "{error}");
    }
}

/// By content it is nobody's, and naming any other source does not let it through.
#[test]
fn own_records_come_from_writ_alone() {
    let own = coverage_declared("h-1", "main", time("2026-10-16T08:00:00Z"), &declaration());
    let error = admit(&own, None, None, &mac).unwrap_err();
    assert!(error.starts_with("no source knows"), "{error}");
    for source in crate::SOURCES.iter().filter(|source| source.info().name != "health") {
        // What a lenient source makes of it is a record of that source, and declares nothing.
        if let Ok(other) = admit(&own, Some(*source), None, &mac) {
            assert!(!other.identity.recorder.starts_with("writ:"), "{}", other.identity.recorder);
            assert!(other.facts.iter().all(|fact| !matches!(fact.detail, Detail::Coverage(_))));
        }
    }
    // In the clothes of a report it says what reports say, which a declaration is not.
    let dressed = String::from_utf8(own).unwrap().replace(SCHEMA, REPORT_SCHEMA);
    assert!(admit(dressed.as_bytes(), None, None, &mac).unwrap_err().contains("is Writ itself"));
    let dressed = dressed.replace("writ:main", "mira").replace("\"kind\"", "\"event\":\"stopped\",\"kind\"");
    let said = admit(dressed.as_bytes(), None, None, &mac).unwrap();
    assert_eq!(said.facts[0].detail, Detail::Recorder(writ_model::fact::RecorderChange::Stopped));
    let error = admit(dressed.as_bytes(), None, Some("Writ:main"), &mac).unwrap_err();
    assert!(error.contains("is Writ itself"), "{error}");
}

#[test]
fn a_manifest_under_another_name_counts_nothing() {
    let text = br#"{"schema":"writ.recorder/1","id":"m-1","recorder":"otel:coder","time":"2026-11-24T09:00:00Z","event":"manifest","about_source":"otel.span","from":"2026-11-24T08:00:00Z","to":"2026-11-24T09:00:00Z","count":3}"#;
    assert!(matches!(admit(text, None, None, &mac).unwrap().facts[0].detail, Detail::Manifest(_)));
    assert!(admit(text, None, Some("otel:other"), &mac).unwrap().facts.is_empty());
}
