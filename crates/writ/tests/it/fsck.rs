//! Checking a folder and making its index again.

use crate::support::Writ;
use serde_json::Value;
use std::path::{Path, PathBuf};

const EVENT: &str = "00000002-1111-4222-8333-444455556666";

fn loaded() -> Writ {
    let writ = Writ::with_assumed_role();
    // A reject is a record too.
    writ.ingest(&[writ.write("bad.ndjson", "{\"no\":\"source\"}\n").to_str().unwrap()]);
    writ
}

fn fsck(writ: &Writ) -> (Option<i32>, Value) {
    let output = writ.run(&["fsck", "--json"]);
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

/// The files in a folder and below it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

fn flip(writ: &Writ, path: &Path, byte: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[byte] ^= 1;
    writ.write(path.to_str().unwrap(), bytes);
}

#[test]
fn a_sound_folder_is_told_with_the_root_of_its_tree() {
    let writ = loaded();
    let (status, report) = fsck(&writ);
    assert_eq!((status, &report["sound"], &report["problems"]), (Some(0), &Value::Bool(true), &serde_json::json!([])));
    let n = report["records"].as_u64().unwrap();
    assert!(n > 2 && report["leaves"] == n && report["parts"].as_u64() > Some(0), "{report}");
    assert_eq!(report["root"].as_str().unwrap().len(), 44);
    let text = writ.ok(&["fsck"]);
    assert!(text.contains(&format!("{n} records are what was written")) && text.contains("root of the tree"), "{text}");
    // The same records in another folder have another root: leaves hide what they hold.
    assert_ne!(fsck(&loaded()).1["root"], report["root"]);
}

#[test]
fn whatever_is_altered_is_named_and_the_rest_is_read() {
    for (folder, said) in [("log", "position"), ("tree", "the tree holds another leaf"), ("index", "rebuild")] {
        let writ = loaded();
        let sound = fsck(&writ).1;
        let path = files(&writ.path("data").join(folder)).remove(0);
        flip(&writ, &path, if folder == "tree" { 40 } else { 700 });
        let (status, report) = fsck(&writ);
        assert_eq!((status, &report["sound"]), (Some(6), &Value::Bool(false)), "{folder}");
        let problems = report["problems"].as_array().unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(problems.iter().any(|problem| problem["file"].as_str().unwrap().contains(name)), "{problems:#?}");
        let output = writ.run(&["fsck"]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(6));
        assert!(text.contains(said) && text.contains("restore the named files"), "{folder}: {text}");
        let lost = sound["records"].as_u64().unwrap() - report["records"].as_u64().unwrap();
        assert!(if folder == "index" { lost == 0 } else { lost > 0 }, "{folder}: {report:#}");
    }
}

#[test]
fn an_index_that_is_gone_or_damaged_is_made_again() {
    let writ = loaded();
    let answer = writ.why(&[EVENT]);
    for gone in [true, false] {
        for part in files(&writ.path("data/index")) {
            if gone {
                std::fs::remove_file(part).unwrap();
            } else {
                flip(&writ, &part, 700);
            }
        }
        assert!(writ.ok(&["rebuild"]).contains("was made again"));
        assert_eq!(fsck(&writ).0, Some(0));
        assert_eq!(writ.why(&[EVENT])["hops"], answer["hops"]);
    }
    let nowhere = Writ::new();
    assert_eq!(nowhere.run(&["rebuild"]).status.code(), Some(2));
    assert_eq!(nowhere.run(&["fsck"]).status.code(), Some(2));
    assert!(!nowhere.path("data").exists(), "looking makes nothing");
}
