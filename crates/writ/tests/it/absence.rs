//! What is said not to have been: never while something here speaks against it, however little of it there
//! is and however much stands around it.

use crate::support::{Writ, repository};
use serde_json::{Value, json};

const EVENT: &str = "aws.cloudtrail:00000203-1111-4222-8333-444455556666";

/// A world in which nobody approved and no policy decided, and both are known: the approval service numbers
/// its records, the decision point says how many it wrote.
fn world() -> Vec<Value> {
    let folder = repository().join("scenarios/S02-borrowed-key/events");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let text: Vec<String> = files.into_iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let line = |line: &str| serde_json::from_str::<Value>(line).unwrap()["evidence"].take();
    text.iter().flat_map(|text| text.lines()).map(line).collect()
}

fn ingested(records: &[Value]) -> Writ {
    let writ = Writ::new();
    let text: Vec<String> = records.iter().map(ToString::to_string).collect();
    writ.ingest(&[writ.write("world.ndjson", text.join("\n")).to_str().unwrap()]);
    writ
}

fn asked(records: &[Value]) -> Value {
    ingested(records).why(&[EVENT])
}

/// The world with more in it.
fn with(more: &[Value]) -> Value {
    asked(&[world(), more.to_vec()].concat())
}

/// States of the approvals; whether it is said that there was none must be a finding and in the list.
fn approvals(answer: &Value) -> Vec<&str> {
    let states: Vec<&str> =
        answer["approvals"].as_array().unwrap().iter().map(|entry| entry["state"].as_str().unwrap()).collect();
    let codes = answer["findings"].as_array().unwrap().iter().map(|finding| &finding["code"]);
    let is_claimed = codes.filter(|code| *code == "approval_absent").count() == 1;
    assert_eq!(is_claimed, states.contains(&"absent"), "{answer:#}");
    states
}

/// The state of the decision beside the one that the cloud itself made.
fn decision(answer: &Value) -> &str {
    let decisions = answer["decisions"].as_array().unwrap();
    decisions.iter().map(|entry| entry["state"].as_str().unwrap()).find(|state| *state != "implied").unwrap()
}

#[test]
fn a_second_content_of_a_decision_is_no_second_decision() {
    let all = world();
    let first = all.iter().find(|record| record["decision_id"] == "d-610").unwrap();
    let mut on_console = first.clone();
    on_console["level"] = json!("info");
    on_console["msg"] = json!("Decision Log");
    on_console["time"] = json!("2026-04-23T08:11:00Z");
    let lost: Vec<Value> = all.iter().filter(|record| record["decision_id"] != "d-611").cloned().collect();
    assert_eq!(decision(&asked(&[lost, vec![on_console.clone()]].concat())), "unknown");
    // Near miss: none is lost.
    assert_eq!(decision(&with(&[on_console])), "none_recorded");
}

#[test]
fn what_anybody_may_have_sent_fills_no_hole() {
    let all = world();
    let is_lost = |record: &&Value| record["sequence"]["n"] == 46;
    let lost = all.iter().find(is_lost).unwrap().to_string();
    let torn: Vec<Value> = all.iter().filter(|record| !is_lost(record)).cloned().collect();
    // Text behind bytes that are none: nothing says who wrote it.
    let open = [b"{\"a\":1}\n\xff\xfe\xfd\xfc\xfb\xfa\n".as_slice(), lost.as_bytes(), b"\n"].concat();
    let writ = ingested(&torn);
    assert_eq!(approvals(&writ.why(&[EVENT])), ["unknown"]);
    writ.ingest(&[writ.write("open.bin", &open).to_str().unwrap()]);
    assert_eq!(approvals(&writ.why(&[EVENT])), ["unknown"]);
    // Near miss: handed in as a file as well.
    writ.ingest(&[writ.write("lost.json", &lost).to_str().unwrap()]);
    assert_eq!(approvals(&writ.why(&[EVENT])), ["absent"]);
}

#[test]
fn a_second_content_of_a_numbered_record_tears_no_count() {
    let all = world();
    let numbered = all.iter().find(|record| record["sequence"]["n"] == 46).unwrap();
    let mut second = numbered.clone();
    second["reason"] = json!("as the console shows it");
    assert_eq!(approvals(&with(&[second.clone()])), ["absent"]);
    // With another number it would fill two places.
    let torn: Vec<Value> = all.iter().filter(|record| record["sequence"]["n"] != 47).cloned().collect();
    second["sequence"]["n"] = json!(47);
    assert_eq!(approvals(&asked(&[torn, vec![second]].concat())), ["unknown"]);
}
