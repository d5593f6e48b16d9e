//! Shapes that are told apart, and pointers.

use super::*;

fn found(text: &str, pointer: Option<&str>) -> Vec<String> {
    let mut out = Vec::new();
    unwrap(text.as_bytes(), 100, pointer, &mut |found| {
        out.push(match found {
            Found::Item(item) => format!("{} {}", item.byte(), String::from_utf8_lossy(item.bytes())),
            Found::Reject { byte, cause, bytes, .. } => {
                format!("{byte} REJECT {} {cause}", String::from_utf8_lossy(bytes))
            }
            Found::Note { byte, text } => format!("{byte} NOTE {text}"),
        });
    });
    out
}

#[test]
fn a_record_is_itself() {
    assert_eq!(found(r#" {"eventTime":"x","records":[1]} "#, None), [r#"101 {"eventTime":"x","records":[1]}"#]);
    assert_eq!(found(r#"{"Records":"none"}"#, None), [r#"100 {"Records":"none"}"#]);
    assert_eq!(found(r#"{"message":"hello","timestamp":1}"#, None).len(), 1);
}

#[test]
fn lists_may_be_empty_and_their_bad_elements_are_rejects() {
    assert!(found(r#"{"Records":[]}"#, None).is_empty());
    let rejects = found(r#"[{"a":1}, 7, "x", null]"#, None);
    assert_eq!(rejects.len(), 4);
    assert_eq!(rejects[0], r#"101 {"a":1}"#);
    assert_eq!(rejects[1], "110 REJECT 7 a record is a JSON object; this is a number");
}

#[test]
fn a_name_that_stands_twice_loses_nothing() {
    assert_eq!(found(r#"{"Records":[{"a":1}],"v":{},"w":"]","Records":[{"a":2},3],"records":[{}]}"#, None).len(), 4);
    // Behind another member such a list is part of whatever record it stands in.
    assert_eq!(found(r#"{"m":"x","Records":[{"a":1},{"a":2}]}"#, None).len(), 1);
    let events = r#"{"logEvents":[{"message":"{}"}],"logEvents":[{"message":"x"}]}"#;
    assert_eq!(found(events, None).len(), 2);
}

#[test]
fn a_single_exported_event_is_opened() {
    let event = r#"{"timestamp":1,"ingestionTime":2,"message":"{\"a\":1}"}"#;
    assert_eq!(found(event, None), [r#"143 {"a":1}"#]);
    let event = r#"{"EventId":"e","CloudTrailEvent":"[1]"}"#;
    assert_eq!(found(event, None).len(), 1);
    let event = r#"{"EventId":"e","CloudTrailEvent":"{\"eventID\":\"e\"}"}"#;
    assert_eq!(found(event, None), [r#"133 {"eventID":"e"}"#]);
}

#[test]
fn a_pointer_names_the_place_of_the_records() {
    let text = r#"{"rule":"x","a/b":{"events":[{"k":1}]}}"#;
    assert_eq!(found(text, Some("/a~1b/events")), [r#"129 {"k":1}"#]);
    assert_eq!(found(text, Some("/a~1b/events/0")), [r#"129 {"k":1}"#]);
    assert_eq!(found(text, Some("")).len(), 1);
    assert_eq!(found(text, Some("/event")), [format!("100 REJECT {text} nothing stands at `/event` in this element")]);
}

#[test]
fn what_is_not_json_is_one_reject_with_its_place() {
    assert_eq!(found(r#"{"a":}"#, None), [r#"100 REJECT {"a":} not JSON: `}` cannot stand here in JSON (byte 105)"#]);
}

/// Each of these is what an application wrote, in which somebody chose a text.
#[test]
fn an_envelope_of_a_trail_is_told_from_what_looks_like_one() {
    let event = |source: &str, kind: &str| {
        format!(r#"{{"source":"{source}","detail-type":"{kind}","detail":{{"eventID":"e"}}}}"#)
    };
    let is_opened = |text: &str| {
        let found = found(text, None);
        assert_eq!(found.len(), 1, "{text}");
        found[0].ends_with(r#" {"eventID":"e"}"#)
    };
    let call = "AWS API Call via CloudTrail";
    for (source, kind, opened) in [
        ("aws.s3", call, true),
        ("aws.signin", "AWS Console Sign In via CloudTrail", true),
        ("aws.partner/saas.example/tenant-1", call, false),
        ("aws.partner/saas.example/tenant-1", "user.updated", false),
        ("acme", call, false),
        ("aws.", call, false),
        ("aws.s3", "Object Created", false),
    ] {
        assert_eq!(is_opened(&event(source, kind)), opened, "{source} {kind}");
    }
    let text = r#""CloudTrailEvent":"{\"eventID\":\"e\"}""#;
    for (text, opened) in [
        (format!(r#"{{"EventId":"e","EventName":"n","EventTime":1,{text}}}"#), true),
        (format!(r#"{{"Events":[{{"EventId":"e",{text}}}],"NextToken":"n"}}"#), true),
        (format!(r#"{{"level":"info",{text}}}"#), false),
        (format!(r#"{{"level":"info","EventId":"e",{text}}}"#), false),
        (format!(r#"{{"EventId":"f",{text}}}"#), false),
        (format!("{{{text}}}"), false),
        (format!(r#"{{"level":"info","Events":[{{"EventId":"e",{text}}}]}}"#), false),
        (format!(r#"{{"Events":[{{"EventId":"e","level":"info",{text}}}]}}"#), false),
    ] {
        assert_eq!(is_opened(&text), opened, "{text}");
    }
}
