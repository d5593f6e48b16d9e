//! How evidence came to be here, whatever the order it came in.

use crate::support::{Writ, repository, settled};
use serde_json::{Value, json};

const EVENT: &str = "00000002-1111-4222-8333-444455556666";

/// The story handed in as a file, and as lines of a log group that any application writes to.
struct Story {
    writ: Writ,
    handed: String,
    open: String,
}

fn story() -> Story {
    let writ = Writ::new();
    let text = std::fs::read_to_string(repository().join("scenarios/cases/by-hand-assume-role/events.ndjson")).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| json!({"id": "1", "timestamp": 1, "message": line})).collect();
    let open = json!({"messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": "app", "logStream": "x",
        "logEvents": lines});
    let handed = writ.write("handed.ndjson", text).to_str().unwrap().to_string();
    let open = writ.write("open.json", open.to_string()).to_str().unwrap().to_string();
    Story { writ, handed, open }
}

#[test]
fn the_best_custody_that_any_copy_came_in_counts_in_every_order() {
    let told = |order: &dyn Fn(&Story) -> Vec<Vec<String>>| {
        let story = story();
        let mut inputs = 0;
        for run in order(&story) {
            let summary = story.writ.ingest(&run.iter().map(String::as_str).collect::<Vec<_>>());
            inputs = summary["inputs"].as_u64().unwrap();
            let sum = ["records", "duplicates", "rejects"].map(|member| summary[member].as_u64().unwrap());
            assert_eq!((inputs, &summary["conflicts"]), (sum.iter().sum(), &json!(0)), "{summary}");
        }
        assert!(inputs > 0);
        settled(story.writ.why(&[EVENT]))
    };
    let handed = told(&|story| vec![vec![story.handed.clone()]]);
    assert_eq!(
        (&handed["verdict"]["custody"], &handed["hops"][1]["strength"]),
        (&json!("handed_in"), &json!("proven"))
    );
    let open = told(&|story| vec![vec![story.open.clone()]]);
    assert_eq!((&open["verdict"]["custody"], &open["hops"][1]["strength"]), (&json!("open"), &json!("asserted")));
    assert_eq!(handed, told(&|story| vec![vec![story.open.clone()], vec![story.handed.clone()]]));
    assert_eq!(handed, told(&|story| vec![vec![story.handed.clone()], vec![story.open.clone()]]));
    assert_eq!(handed, told(&|story| vec![vec![story.open.clone(), story.handed.clone()]]));
    assert_eq!(
        handed,
        told(&|story| vec![vec![story.open.clone()], vec![story.handed.clone()], vec![story.open.clone()]])
    );
}

#[test]
fn a_better_copy_counts_from_when_it_came_and_is_found_as_one_record() {
    let Story { writ, handed, open } = story();
    writ.ingest(&[&open]);
    let before = writ.why(&[EVENT]);
    let again = writ.ingest(&[&handed]);
    assert_eq!((&again["records"], &again["duplicates"]), (&json!(0), &again["inputs"]));
    let then = writ.why(&["--as-of", before["as_of"].as_str().unwrap(), EVENT]);
    assert_eq!((&then["verdict"], &then["hops"]), (&before["verdict"], &before["hops"]));
    assert_eq!(writ.why(&[EVENT])["event"]["received"], before["event"]["received"]);
    let shown: Value = serde_json::from_str(&writ.ok(&["show", "--json", EVENT])).unwrap();
    assert_eq!(shown["custody"], "handed_in");
    writ.ok(&["why", shown["record"].as_str().unwrap()]);
}

/// Near miss: the same id in a better custody, with other content, is another record and lends nothing: it is
/// the one that is answered for, and the worse one stands in conflict.
#[test]
fn another_record_of_that_id_lends_no_custody() {
    let Story { writ, open, .. } = story();
    writ.ingest(&[&open]);
    let shown: Value = serde_json::from_str(&writ.ok(&["show", "--json", EVENT])).unwrap();
    let text = std::fs::read_to_string(repository().join("scenarios/cases/by-hand-assume-role/events.ndjson")).unwrap();
    let other = text.lines().find(|line| line.contains(EVENT)).unwrap().replace("203.0.113", "198.51.100");
    let other = other.replace("\"readOnly\"", "\"sharedEventID\":\"x\",\"readOnly\"");
    assert_eq!(writ.ingest(&[writ.write("other.json", &other).to_str().unwrap()])["conflicts"], 1);
    let worse = writ.why(&[shown["record"].as_str().unwrap()]);
    assert_eq!(
        (&worse["verdict"]["custody"], &worse["findings"][0]["code"]),
        (&json!("open"), &json!("conflicting_duplicate"))
    );
    let better: Value = serde_json::from_str(&writ.ok(&["show", "--json", EVENT])).unwrap();
    assert_eq!((&better["custody"], better["record"] == shown["record"]), (&json!("handed_in"), false));
    // Two contents in one custody are a conflict, and neither is taken.
    let Story { writ, handed, .. } = story();
    writ.ingest(&[&handed]);
    assert_eq!(writ.ingest(&[writ.write("other.json", other).to_str().unwrap()])["conflicts"], 1);
    assert_eq!(writ.run(&["why", EVENT]).status.code(), Some(4));
}

/// A line that nobody authenticates puts nothing in conflict that came in a better custody.
#[test]
fn another_content_in_a_worse_custody_takes_nothing() {
    let Story { writ, handed, open } = story();
    writ.ingest(&[&handed]);
    let before = settled(writ.why(&[EVENT]));
    let forged = std::fs::read_to_string(&open).unwrap().replace("203.0.113", "198.51.100");
    assert_ne!(writ.ingest(&[writ.write("forged.json", forged).to_str().unwrap()])["conflicts"], 0);
    assert_eq!(settled(writ.why(&[EVENT])), before);
    assert_eq!(writ.ok(&["find", "--json", EVENT]).lines().count(), 2);
}
