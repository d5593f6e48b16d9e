//! Writ does not take in its own folder.

use crate::support::{Writ, repository};
use serde_json::json;

fn logs(writ: &Writ) {
    let text = std::fs::read(repository().join("scenarios/cases/by-hand-assume-role/events.ndjson")).unwrap();
    writ.write("trail.ndjson", text);
}

#[test]
fn a_folder_with_the_data_folder_in_it_is_read_without_that() {
    let writ = Writ::new();
    logs(&writ);
    let folder = writ.folder.path().to_str().unwrap();
    // The first run makes the data folder inside the folder that it reads.
    for run in 1..=3 {
        let output = writ.run(&["ingest", "--json", folder]);
        let said = String::from_utf8(output.stderr).unwrap();
        let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&summary["files"], &summary["rejects"]), (&json!(1), &json!(0)), "run {run}: {summary:#}");
        assert!(said.contains("data: a folder of Writ itself"), "{said}");
    }
}

#[test]
fn another_folder_of_writ_is_known_by_its_marks() {
    let other = Writ::new();
    logs(&other);
    other.ingest(&[other.path("trail.ndjson").to_str().unwrap()]);
    let writ = Writ::new();
    let folder = other.folder.path().to_str().unwrap();
    assert_eq!(writ.ingest(&[folder])["files"], 1);
    // Also one that lost its format, or is of another.
    for format in [Some("writ folder 7\n"), None] {
        std::fs::remove_file(other.path("data/FORMAT")).unwrap();
        format.map(|text| other.write("data/FORMAT", text));
        assert_eq!(writ.ingest(&[folder])["files"], 1, "{format:?}");
    }
    // Near miss: a folder that only has files of such names.
    writ.write("near/FORMAT", "avro\n");
    writ.write("near/store.key", "a key of somebody's");
    assert_eq!(writ.ingest(&[writ.path("near").to_str().unwrap()])["files"], 2);
}

#[test]
fn naming_writs_own_folder_is_a_wrong_call() {
    let writ = Writ::new();
    logs(&writ);
    let data = writ.path("data");
    let new = writ.run(&["ingest", data.to_str().unwrap()]);
    assert_eq!(new.status.code(), Some(2));
    writ.ingest(&[writ.path("trail.ndjson").to_str().unwrap()]);
    for name in ["data", "data/store.key", "data/log", "data/../data", "./data/"] {
        let output = writ.run(&["ingest", writ.path(name).to_str().unwrap()]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {said}");
        assert!(said.contains("folder of Writ itself") && said.contains("--data"), "{said}");
    }
}
