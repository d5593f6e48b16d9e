//! Text out of logs and out of arguments, wherever it is printed: shown, never obeyed.

use crate::support::{Writ, repository};
use serde_json::{Value, json};

const EVENT: &str = "00000002-1111-4222-8333-444455556666";
/// C1 controls, DEL, directions, isolates, zero width, tags: nothing that JSON itself escapes.
const HOSTILE: &str = "x\u{9b}31m\u{7f}\u{202e}evil\u{2066}\u{200b}\u{feff}\u{e0041}";

fn harmless(text: &str) -> bool {
    text.chars().all(|c| c == '\n' || !(c.is_control() || HOSTILE.chars().any(|bad| !bad.is_ascii() && bad == c)))
}

fn hostile_event() -> Value {
    let text = std::fs::read_to_string(repository().join("scenarios/cases/by-hand-assume-role/events.ndjson")).unwrap();
    let mut event: Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
    for pointer in ["/eventName", "/requestParameters/bucketName", "/userIdentity/arn", "/recipientAccountId"] {
        *event.pointer_mut(pointer).unwrap() = json!(HOSTILE);
    }
    event
}

#[test]
fn json_answers_spell_out_what_is_hidden_and_keep_their_values() {
    let writ = Writ::new();
    let file = writ.write(&format!("{HOSTILE}.json"), format!("{}\nno json {HOSTILE}\n", hostile_event()));
    let summary = writ.ok(&["ingest", "--json", file.to_str().unwrap()]);
    let several = writ.run(&["why", "--json", HOSTILE, EVENT]);
    let several = String::from_utf8(several.stdout).unwrap();
    for text in [&summary, &several, &writ.ok(&["why", "--json", EVENT]), &writ.ok(&["show", "--json", EVENT])] {
        assert!(harmless(text) && text.contains("\\u202e"), "{text:?}");
    }
    let answer: Value = serde_json::from_str(&writ.ok(&["why", "--json", EVENT])).unwrap();
    assert!(answer["event"]["action"].as_str().unwrap().ends_with(HOSTILE), "{answer:#}");
}

#[test]
fn a_refused_call_spells_out_what_was_typed() {
    let writ = Writ::new();
    let option = format!("--{HOSTILE}");
    let two_lines = format!("{HOSTILE}\nerror: all is well");
    let calls: [&[&str]; 5] = [
        &[&option],
        &[HOSTILE],
        &["why", "--as-of", &two_lines, "x"],
        &["ingest", "--pointer", HOSTILE, "x"],
        &["ingest", "--complete", HOSTILE, "x"],
    ];
    for args in calls {
        let output = writ.run(args);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(harmless(&said) && said.contains("\\u{202e}"), "{args:?}: {said:?}");
        assert!(said.lines().filter(|line| line.starts_with("error:")).count() == 1, "{said}");
    }
}
