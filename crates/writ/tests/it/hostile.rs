//! One record with hostile text in every field that takes text, through every form an answer, a
//! record or a list is printed in.

mod bulk;
mod field;
mod folder;
mod form;
mod input;
mod secret;
mod seed;
mod told;

use crate::support::{Writ, repository};
use serde_json::Value;

/// Control characters, a terminal's title and link, direction and hiding, and the markup of HTML,
/// Markdown, Graphviz and spreadsheets.
const HOSTILE: &str = "\u{9b}31m\u{7f}\u{2066}\u{2028}\u{feff}\u{e0041}\u{1b}]0;owned\u{7}\u{1b}]8;;https://evil.example\u{7}\u{202e}\u{200b}\r\n\t` <script>alert('1')</script>\
    <img src=x onerror=\"a\">](javascript:alert(1)) ![i](http://evil.example/i.png) `c` ``` | a | @acme/all #1 \"]; evil [label=\"\\N\\\" $(id)";
const ID: &str = "00000002-1111-4222-8333-444455556666";

/// Members without which the record would be none, or another one.
const KEPT: [&str; 8] =
    ["eventVersion", "eventTime", "eventID", "eventSource", "eventType", "eventCategory", "creationDate", "type"];

/// Appends the text to every string, but where the record would no longer be one.
fn poison(value: &mut Value, member: &str) {
    match value {
        Value::String(_) if KEPT.contains(&member) => {}
        Value::String(text) => text.push_str(HOSTILE),
        Value::Array(list) => list.iter_mut().for_each(|one| poison(one, member)),
        Value::Object(members) => members.iter_mut().for_each(|(name, one)| poison(one, name)),
        _ => {}
    }
}

fn loaded(hostile: bool) -> Writ {
    let writ = Writ::new();
    let events =
        std::fs::read_to_string(repository().join("scenarios/cases/by-hand-assume-role/events.ndjson")).unwrap();
    let lines: Vec<String> = events
        .lines()
        .map(|line| {
            let mut event: Value = serde_json::from_str(line).unwrap();
            if hostile {
                poison(&mut event, "");
            }
            event.to_string()
        })
        .collect();
    let summary = writ.ingest(&[writ.write("events.ndjson", lines.join("\n")).to_str().unwrap()]);
    assert_eq!(summary["rejects"], 0, "{summary}");
    writ
}

fn tags(page: &str) -> Vec<&str> {
    page.split('<').skip(1).map(|tag| tag.split('>').next().unwrap()).collect()
}

#[test]
fn no_form_of_output_lets_a_byte_of_log_text_act() {
    let writ = loaded(true);
    for args in [
        vec!["why", ID],
        vec!["why", ID, "--wide", "--alternatives"],
        vec!["why", ID, "--md"],
        vec!["why", ID, "--dot"],
        vec!["why", ID, "--plain"],
        vec!["why", ID, "--html"],
        vec!["show", ID],
        vec!["check", ID, "--require", "word=partial"],
        vec!["find", "kind:effect"],
        vec!["find", "kind:effect", "--json"],
        vec!["why", ID, "--json"],
        vec!["sources", "aws.cloudtrail"],
    ] {
        let text = writ.ok(&args);
        let tabs = args.contains(&"--plain");
        let acts = |c: char| c.is_control() && c != '\n' && !(tabs && c == '\t');
        assert!(!text.chars().any(acts), "{args:?}: {text:?}");
        // JSON escapes what is hidden only where it must; a terminal is not what it is for.
        if !args.contains(&"--json") {
            assert!(!text.contains(['\u{202e}', '\u{200b}']), "{args:?}: {text:?}");
            assert!(
                args[0] == "check"
                    || text.contains("\\u{202e}")
                    || text.contains("\\\\u{202e}")
                    || text.contains("u\\{202e"),
                "{args:?}: {text}"
            );
        }
    }
}

#[test]
fn the_page_and_the_graph_have_the_same_bones_as_with_harmless_text() {
    let (hostile, harmless) = (loaded(true), loaded(false));
    let page = |writ: &Writ| writ.ok(&["why", ID, "--html"]);
    // Ids may be shown beside names where both are told, so tags are counted by what they are.
    let bones =
        |page: &str| tags(page).iter().map(|tag| tag.split(' ').next().unwrap().to_string()).collect::<Vec<_>>();
    let (evil, plain) = (page(&hostile), page(&harmless));
    let known: std::collections::BTreeSet<String> = bones(&plain).into_iter().collect();
    for tag in bones(&evil) {
        assert!(known.contains(&tag), "<{tag}\n{evil}");
    }
    assert!(evil.contains("default-src 'none'") && !evil.contains("<script") && !evil.contains("<img"), "{evil}");
    let count = |writ: &Writ| writ.ok(&["why", ID, "--dot"]).matches(" -> n").count();
    assert_eq!(count(&hostile), count(&harmless));
    for line in hostile.ok(&["why", ID, "--plain"]).lines() {
        assert_eq!(line.split('\t').count(), 8, "{line}");
    }
    let ticket = hostile.ok(&["why", ID, "--md"]);
    for line in ticket.lines() {
        assert!(!line.starts_with("http") && !line.trim_start().starts_with("| "), "{line}");
    }
}

#[test]
fn a_word_to_copy_into_a_shell_is_one_word() {
    let writ = Writ::new();
    let events =
        std::fs::read_to_string(repository().join("scenarios/cases/by-hand-assume-role/events.ndjson")).unwrap();
    let mut event: Value = serde_json::from_str(events.lines().nth(1).unwrap()).unwrap();
    event["eventID"] = "x; touch owned".into();
    writ.ingest(&[writ.write("one.json", event.to_string()).to_str().unwrap()]);
    let text = writ.ok(&["why", "x; touch owned"]);
    assert!(text.contains("Next  writ show 'aws.cloudtrail:x; touch owned'\n"), "{text}");
}
