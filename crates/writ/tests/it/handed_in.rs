//! What nobody may hand in, and what recorders may: reports are theirs, Writ's own records are not.

use crate::support::{Writ, repository};
use serde_json::Value;

const OWN: [&str; 2] = ["coverage-declared", "ingested"];

fn own(name: &str) -> String {
    let path = repository().join("crates/writ-sources/testdata/health").join(format!("{name}.json"));
    std::fs::read_to_string(path).unwrap()
}

/// How many of what was handed in became records of a source.
fn records(summary: &Value, source: &str) -> u64 {
    summary["sources"][source]["records"].as_u64().unwrap_or(0)
}

#[test]
fn what_writ_says_of_itself_is_never_taken_from_others() {
    let writ = Writ::new();
    for name in OWN {
        let file = writ.write(&format!("{name}.json"), own(name));
        let path = file.to_str().unwrap();
        let summary = writ.ingest(&[path]);
        assert_eq!((records(&summary, "health"), summary["rejects"].as_u64()), (0, Some(1)), "{summary:#}");
        let output = writ.run(&["ingest", "--source", "health", path]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("nobody hands in what Writ says of itself") && said.contains("hint:"), "{said}");
        for source in ["approval", "opa.decision", "oauth.exchange", "identity", "raw"] {
            let summary = writ.ingest(&["--source", source, path]);
            assert_eq!(summary["records"], 0, "{source}: {summary:#}");
        }
    }
}

#[test]
fn reports_of_recorders_are_told_by_content_and_never_speak_as_writ() {
    let writ = Writ::new();
    let reports = own("reports");
    let file = writ.write("reports.json", &reports);
    let summary = writ.ingest(&[file.to_str().unwrap()]);
    assert_eq!((records(&summary, "health"), summary["rejects"].as_u64()), (9, Some(18)), "{summary:#}");
    let summary = writ.ingest(&["--recorder", "writ:main", file.to_str().unwrap()]);
    assert_eq!(records(&summary, "health"), 0, "{summary:#}");
}

#[test]
fn tokens_in_exchanges_never_reach_the_disk_and_their_fingerprints_do() {
    let writ = Writ::new();
    let folder = repository().join("crates/writ-sources/testdata");
    for name in ["oauth.exchange/raw-tokens.json", "oauth.exchange/rejects.json", "opa.decision/secrets.json"] {
        writ.ingest(&[folder.join(name).to_str().unwrap()]);
    }
    let shown: Value = serde_json::from_str(&writ.ok(&["show", "--json", "x-14"])).unwrap();
    let text = shown.to_string();
    // printf %s at-00000000-1111-2222-3333-777788889999 | sha256sum
    assert!(text.contains("sha256:b7f4d94fd8a3d61e3e8cdb3d5680bdf0df98c3acbba8a0d727d3b4ac899d203b"), "{shown:#}");
    for secret in ["at-00000000", "rt-00000000", "eyJ", "s3cret"] {
        assert!(!text.contains(secret), "{shown:#}");
    }
}
