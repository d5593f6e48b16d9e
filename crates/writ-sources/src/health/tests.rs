//! The constructors write what the reader reads, and the fixtures are their bytes.

use super::*;
use crate::{admit, derive_facts};
use writ_model::custody::Custody;
use writ_model::json;
use writ_model::record::Origin;

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
    let origin = Origin { by: "noor".to_string(), from: "-".to_string(), byte: 0 };
    let (record, facts) = admitted.into_record(Custody::Sealed, time("2026-10-16T08:00:00Z"), origin);
    assert_eq!(facts[0].detail, Detail::Coverage(declaration()));
    assert_eq!(derive_facts(&record.envelope, &record.evidence).unwrap(), facts);
    assert_eq!(record.envelope.identity.reference(), "health:h-1");
}

#[test]
fn other_shapes_are_refused_with_their_place() {
    let good = String::from_utf8(ingested("h-2", "main", time("2026-10-16T08:00:00Z"), &file())).unwrap();
    for (from, to, cause) in [
        ("writ.health/1", "writ.health/2", "`schema` is not"),
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
