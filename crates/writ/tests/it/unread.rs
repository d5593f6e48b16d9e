//! What could not be read may be the very record that is missed: it costs what may be claimed without it.

use crate::support::{Writ, repository};
use serde_json::{Value, json};

const EVENT: &str = "aws.cloudtrail:00000203-1111-4222-8333-444455556666";

/// What is recorded in the world of the borrowed key, one record on each line.
pub fn evidence() -> Vec<String> {
    let folder = repository().join("scenarios/S02-borrowed-key/events");
    let mut lines = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for line in text.lines() {
            let mut event: Value = serde_json::from_str(line).unwrap();
            lines.push(event["evidence"].take().to_string());
        }
    }
    lines
}

/// That world, in which no approval is recorded.
pub fn world() -> Writ {
    let writ = Writ::new();
    writ.ingest(&[writ.write("world.ndjson", evidence().join("\n")).to_str().unwrap()]);
    writ
}

/// Whether it is claimed that no approval was given, and what the answer says of its limits.
pub fn claims(writ: &Writ) -> (bool, String) {
    let answer = writ.why(&[EVENT]);
    let claimed = answer["findings"].as_array().unwrap().iter().any(|finding| finding["code"] == "approval_absent");
    (claimed, answer["limits"].to_string())
}

/// A record as the approval service writes it, with this as what it was asked about.
pub fn approval(asked: &str) -> String {
    format!(
        r#"{{"schema":"writ.approval/1","id":"ev-77","service":"approvals:acme","step":"denied","time":"2026-04-23T09:12:00Z","asked":{asked}}}"#
    )
}

#[test]
fn a_record_that_could_not_be_read_costs_what_may_be_claimed_without_it() {
    assert!(claims(&world()).0);
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let many = format!("[{}1]", "1,".repeat(500_001));
    for (what, text) in [
        ("too deep", approval(&deep)),
        ("too many values", approval(&many)),
        ("not UTF-8", approval("\"@\"")),
        ("no character", approval(r#""\ud800""#)),
        ("cut off", approval("1")[..60].to_string()),
        ("of another as well", approval(&format!(r#"{{"decision_id":{deep}}}"#))),
        ("behind a prefix", format!("INFO {}", approval("1"))),
    ] {
        let writ = world();
        let bytes: Vec<u8> = text.bytes().map(|byte| if byte == b'@' { 0xff } else { byte }).collect();
        let summary = writ.ingest(&[writ.write("unread.json", bytes).to_str().unwrap()]);
        assert_eq!((&summary["records"], &summary["rejects"]), (&0.into(), &1.into()), "{what}: {summary}");
        let (claimed, limits) = claims(&writ);
        assert!(!claimed, "{what}");
        assert!(limits.contains("could not be read"), "{what}: {limits}");
    }
    // Near misses: what was read and is no record, a page of text, and a record of another source.
    let trail = r#"{"eventVersion":"1.08","eventTime":"2026-04-23T09:00:00Z","eventID":"x","a":"#;
    for text in [
        r#"{"some":"other log"}"#,
        "# Read me\n\nThese are \"logs\": {a} and {b}.\ntime,name\n",
        &format!("{trail}{deep}}}"),
        r#"{"resourceSpans":[{"resource":{"#,
    ] {
        let writ = world();
        writ.ingest(&[writ.write("other.json", text).to_str().unwrap()]);
        assert!(claims(&writ).0, "{text}");
    }
}

/// However a shipper of logs wrapped it.
#[test]
fn a_record_inside_of_what_was_read_is_missed_all_the_same() {
    let record: Value = serde_json::from_str(&approval("1")).unwrap();
    let text = record.to_string();
    let message = json!({"id": "1", "timestamp": 1, "message": text});
    for wrapped in [
        json!([text]),
        json!({"log": format!("{text}\n"), "stream": "stdout", "time": "2026-04-23T09:12:00Z"}),
        json!({"@timestamp": "2026-04-23T09:12:00Z", "log": record}),
        json!({"level": "info", "msg": format!("written: {text}")}),
        json!({"Records": [{"a": 1}, text]}),
        json!({"messageType": "DATA_MESSAGE", "logGroup": "approvals", "logEvents": [message]}),
        json!({"source": "acme.approvals", "detail-type": "step", "detail": record}),
    ] {
        let writ = world();
        let summary = writ.ingest(&[writ.write("wrapped.json", wrapped.to_string()).to_str().unwrap()]);
        assert_eq!(summary["records"], 0, "{wrapped}: {summary}");
        let (claimed, limits) = claims(&writ);
        assert!(!claimed && limits.contains("could not be read"), "{wrapped}: {limits}");
    }
    // Near misses: texts that name a source or hold an object, and a record of another source.
    let trail = json!({"eventVersion": "1.1", "eventTime": "t", "eventName": "n"});
    for wrapped in [
        json!(["writ.approval/1"]),
        json!({"log": "{\"user\":1}\n", "stream": "stdout"}),
        json!({"level": "info", "msg": "sent {\"a\":1} to writ", "schema": "x"}),
        json!({"level": "info", "event": trail}),
    ] {
        let writ = world();
        writ.ingest(&[writ.write("wrapped.json", wrapped.to_string()).to_str().unwrap()]);
        assert!(claims(&writ).0, "{wrapped}");
    }
}

#[test]
fn a_route_that_could_not_be_read_may_name_another_control() {
    let route = r#"{"id":"r-2","directory":"acme-inventory","relation":"decision_by","subject":{"kind":"route","namespace":"aws:111122223333","value":"ec2:DeleteVolume"},"object":"gateway:eu","from":"2025-06-01","read_at":"2026-05-04T08:00:00Z"}"#;
    let table = "id,directory,subject_kind,subject_namespace,subject,relation,object\nr-2,acme-inventory,route\n";
    for text in [route, table] {
        let writ = world();
        let summary = writ.ingest(&[writ.write("routes", text).to_str().unwrap()]);
        assert_eq!(summary["rejects"], 1, "{summary}");
        let (claimed, limits) = claims(&writ);
        assert!(!claimed && limits.contains("may be routes"), "{limits}");
    }
}
