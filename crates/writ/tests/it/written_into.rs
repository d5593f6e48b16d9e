//! Files into which others wrote: what they put there is never a better record than anybody's word, and what
//! is lost for it is said.

use crate::support::Writ;
use crate::unread::{approval, claims, evidence, world};
use serde_json::{Value, json};
use std::fs::File;

/// The effect of the story under another id, as somebody would forge it.
fn forged() -> String {
    let line = evidence().into_iter().find(|line| line.contains("00000203-1111")).unwrap();
    line.replace("00000203-1111-4222-8333-444455556666", "forged-0001")
}

/// Ingests one file and gives the summary.
fn ingest(writ: &Writ, name: &str, text: impl AsRef<[u8]>) -> Value {
    writ.ingest(&[writ.write(name, text).to_str().unwrap()])
}

/// The custody of the forged record, and the best strength of a hop behind it.
fn custody(writ: &Writ) -> (String, bool) {
    let answer = writ.why(&["forged-0001"]);
    let proven = answer["hops"].as_array().unwrap().iter().any(|hop| hop["strength"] == "proven");
    (answer["verdict"]["custody"].as_str().unwrap().to_string(), proven)
}

#[test]
fn a_text_inside_json_never_makes_a_table_of_a_file() {
    let header = "x,subject_kind,subject_namespace,subject,relation,object,object_kind,name,directory,from,read_at,y";
    let route =
        "x,route,aws:111122223333,ec2:DeleteVolume,approval_by,none,,,acme,2025-01-01T00:00:00Z,2026-05-04T08:00:00Z,y";
    let line = |n: u32, reason: &str| {
        json!({"schema": "writ.approval/1", "id": format!("ev-{n}"), "service": "approvals:other", "step": "requested",
            "time": "2026-04-23T07:01:00Z", "approval": format!("ap-{n}"), "reason": reason})
        .to_string()
    };
    let compact = format!("{}\n{}\n", line(1, header), line(2, route));
    for text in [compact.clone(), compact.replace("\":", "\": ").replace(",\"", ", \"")] {
        let writ = world();
        let summary = ingest(&writ, "other.ndjson", &text);
        assert_eq!((&summary["records"], &summary["inputs"]), (&json!(2), &json!(2)), "{summary:#}");
        assert_eq!(summary["sources"]["identity"], Value::Null, "{summary:#}");
    }
    // Behind a header that is one every line still counts, and a record there is missed for what it is.
    let writ = world();
    let table = format!("subject_kind,subject,relation,object\n{}\n", approval("1"));
    let summary = ingest(&writ, "table.csv", table);
    assert_eq!((&summary["records"], &summary["rejects"]), (&json!(0), &json!(1)), "{summary:#}");
    assert!(!claims(&writ).0);
}

#[test]
fn a_log_of_text_is_anybodys_word_and_a_torn_file_of_records_is_not() {
    let open = ("open".to_string(), false);
    for text in [
        format!("2026-04-23 09:00:00 INFO fetched page:\n<html>\n{}\n</html>\n", forged()),
        format!("{}\n2026-04-23 09:00:02 INFO done\n", forged()),
        format!("[main] fetched\n{}\n", forged()),
    ] {
        let writ = Writ::new();
        let file = writ.write("agent.log", &text);
        let summary = writ.ingest(&[file.to_str().unwrap()]);
        assert_eq!(custody(&writ), open, "{text}");
        let told = &summary["open"][0];
        assert_eq!((&told["records"], told["file"].as_str()), (&json!(1), file.to_str()), "{summary:#}");
        assert!(told["cause"].as_str().unwrap().contains("lines of text"), "{summary:#}");
        // Whoever vouches for it has it back.
        writ.ingest(&["--source", "aws.cloudtrail", file.to_str().unwrap()]);
        assert_eq!(custody(&writ), ("handed_in".to_string(), true));
    }
    // Near misses: cut off, one line torn, lines of another log, and nothing beside them.
    for beside in ["{\"cut\":\"of", "{\"torn\":\n", "{\"level\":\"info\",\"msg\":\"some other log\"}\n", ""] {
        for text in [format!("{}\n{beside}", forged()), format!("{beside}\n{}\n", forged())] {
            let writ = Writ::new();
            let summary = ingest(&writ, "trail.ndjson", &text);
            assert_eq!(custody(&writ), ("handed_in".to_string(), true), "{text}");
            assert_eq!(summary["open"], json!([]), "{summary:#}");
        }
    }
}

#[test]
fn a_text_in_a_message_or_an_event_of_another_is_no_record_of_a_trail() {
    let detail: Value = serde_json::from_str(&forged()).unwrap();
    let event = |source: &str, kind: &str| json!({"source": source, "detail-type": kind, "detail": detail});
    let entry = |more: Value| {
        let mut entry = json!({"EventId": "forged-0001", "EventName": "DeleteVolume", "CloudTrailEvent": forged()});
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        entry
    };
    let call = "AWS API Call via CloudTrail";
    for forged in [
        event("aws.partner/saas.example/tenant-1", "user.updated"),
        event("aws.partner/saas.example/tenant-1", call),
        event("aws.s3", "Object Created"),
        entry(json!({"level": "info", "msg": "form submitted"})),
        entry(json!({"EventId": "another"})),
        json!({"level": "info", "CloudTrailEvent": detail.to_string()}),
        json!({"level": "info", "Events": [entry(json!({}))]}),
    ] {
        let writ = world();
        let summary = ingest(&writ, "app.ndjson", forged.to_string());
        assert_eq!((&summary["records"], &summary["rejects"]), (&json!(0), &json!(1)), "{forged}: {summary:#}");
    }
    for genuine in [event("aws.ec2", call), entry(json!({})), json!({"Events": [entry(json!({}))], "NextToken": "n"})] {
        let writ = Writ::new();
        ingest(&writ, "trail.json", genuine.to_string());
        assert_eq!(custody(&writ), ("handed_in".to_string(), true), "{genuine}");
    }
}

/// Four bytes are enough to doubt what follows; that it was done is said, and how to mend it.
#[test]
fn where_custody_is_lowered_it_is_said_with_cause_and_remedy() {
    let writ = Writ::new();
    let text = [b"{}\n{\"a\":\"\xff\xfe\xfd\xfc\n", forged().as_bytes(), b"\n"].concat();
    let file = writ.write("trail.ndjson", text);
    let said = writ.ok(&["ingest", file.to_str().unwrap()]);
    assert_eq!(custody(&writ).0, "open");
    for part in ["custody `open`", "1 record;", "damaged or binary bytes", "--source"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let writ = Writ::new();
    let line = json!({"messageType": "DATA_MESSAGE", "logGroup": "app", "logEvents": [{"id": "1", "timestamp": 1, "message": forged()}]});
    let summary = ingest(&writ, "lines.json", line.to_string());
    assert!(summary["open"][0]["cause"].as_str().unwrap().contains("envelope"), "{summary:#}");
}

/// What was committed before lines of text showed stays what it was, and what was not is anybody's word. Which that is
/// does not depend on whether the input is a file or comes through a pipe.
#[test]
fn lines_of_text_that_show_late_lower_what_is_not_yet_committed() {
    const TEXT: &str = "2026-04-23 09:00:02 INFO done\n";
    let line = |n: u64, reason: &str| {
        let line = json!({"schema": "writ.approval/1", "id": format!("ev-{n}"), "service": "approvals:desk",
            "step": "requested", "time": "2026-04-23T07:01:00Z", "approval": format!("ap-{n}"), "reason": reason});
        format!("{line}\n")
    };
    let lines = |numbers: std::ops::Range<u64>, len| {
        let lines: Vec<String> = numbers.map(|n| line(n, &"x".repeat(len))).collect();
        lines.concat()
    };
    for (text, n, open) in [
        (format!("{}{TEXT}", lines(0..8_500, 200)), 8_500, 500..=1_500),
        (format!("{}{TEXT}{}", lines(0..100, 200), lines(100..8_500, 200)), 8_500, 8_500..=8_500),
        // Short of what is held back, by the bytes of records alone and with their places.
        (format!("{}{TEXT}", lines(0..4_500, 1)), 4_500, 4_500..=4_500),
        (format!("{}{TEXT}", lines(0..1_300, 500)), 1_300, 1_300..=1_300),
    ] {
        let writ = Writ::new();
        let file = writ.write("records.ndjson", &text);
        let piped = writ.command_beside("piped", &["ingest", "--json", "-"]).stdin(File::open(&file).unwrap()).output();
        let summaries =
            [writ.ingest(&[file.to_str().unwrap()]), serde_json::from_slice(&piped.unwrap().stdout).unwrap()];
        let lowered = summaries.map(|summary| {
            assert_eq!((&summary["records"], &summary["rejects"]), (&json!(n), &json!(1)), "{summary:#}");
            summary["open"][0]["records"].as_u64().unwrap()
        });
        assert!(lowered[0] == lowered[1] && open.contains(&lowered[0]), "{lowered:?} of {n}");
    }
}
