//! Answers from a folder that a disk, a tool or a person has damaged.

use crate::support::{Writ, repository};
use serde_json::Value;

const EVENT: &str = "00000002-1111-4222-8333-444455556666";
const MINTING: &str = "00000001-1111-4222-8333-444455556666";

/// One file for each part of the story, so that each is in a frame of its own.
fn loaded() -> Writ {
    let writ = Writ::new();
    let text = std::fs::read_to_string(repository().join("scenarios/cases/by-hand-assume-role/events.ndjson")).unwrap();
    let (of, rest): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.contains(MINTING));
    writ.ingest(&[writ.write("minting.ndjson", of.join("\n")).to_str().unwrap()]);
    let window = "2026-10-14T08:00:00Z..2026-10-14T12:00:00Z";
    writ.ingest(&["--complete", window, writ.write("rest.ndjson", rest.join("\n")).to_str().unwrap()]);
    writ
}

/// Flips a bit in the first frame of the log.
fn damage(writ: &Writ) {
    let mut bytes = std::fs::read(writ.path("data/log/00000001-0000000000000000-00-00000000.log")).unwrap();
    bytes[200] ^= 1;
    writ.write("data/log/00000001-0000000000000000-00-00000000.log", bytes);
}

fn has_finding(answer: &Value, code: &str) -> bool {
    answer["findings"].as_array().unwrap().iter().any(|finding| finding["code"] == code)
}

#[test]
fn a_record_that_damage_took_is_not_reported_as_never_ingested() {
    let writ = loaded();
    assert_eq!(writ.run(&["why", "never-seen"]).status.code(), Some(5));
    damage(&writ);
    for command in ["why", "show"] {
        for reference in [MINTING, "never-seen"] {
            let output = writ.run(&[command, reference]);
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(6), "{said}");
            assert!(said.contains("damaged") && !said.contains("nothing has been ingested"), "{said}");
        }
    }
}

#[test]
fn an_answer_from_a_damaged_log_says_so_and_claims_no_absence() {
    let writ = loaded();
    assert!(!writ.why(&[EVENT])["limits"].to_string().contains("damaged"));
    damage(&writ);
    let answer = writ.why(&[EVENT]);
    assert!(answer["limits"][0].as_str().unwrap().contains("damaged: at least 1 of"), "{answer:#}");
    assert_eq!(answer["hops"].as_array().unwrap().len(), 1);
    assert!(!has_finding(&answer, "credential_without_issuance") && answer["coverage"] == serde_json::json!([]));
    assert!(writ.ok(&["why", EVENT]).contains("damaged"));
}

/// Near miss: the same records, and a log that is whole but never held the issuance.
#[test]
fn a_whole_log_claims_the_absence_it_was_declared_for() {
    let writ = Writ::new();
    let text = std::fs::read_to_string(repository().join("scenarios/cases/by-hand-assume-role/events.ndjson")).unwrap();
    let rest: Vec<&str> = text.lines().filter(|line| !line.contains(MINTING)).collect();
    let window = "2026-10-14T08:00:00Z..2026-10-14T12:00:00Z";
    writ.ingest(&["--complete", window, writ.write("rest.ndjson", rest.join("\n")).to_str().unwrap()]);
    assert!(has_finding(&writ.why(&[EVENT]), "credential_without_issuance"));
}
