//! What is declared complete, and what voids that.

use crate::support::{Writ, repository};
use serde_json::{Value, json};
use std::process::Output;

const EVENT: &str = "00000002-1111-4222-8333-444455556666";
const MINTING: &str = "00000001-1111-4222-8333-444455556666";
const WINDOW: &str = "2026-10-14T08:00:00Z..2026-10-14T12:00:00Z";

fn lines() -> Vec<String> {
    let text = std::fs::read_to_string(repository().join("scenarios/cases/by-hand-assume-role/events.ndjson")).unwrap();
    text.lines().map(ToString::to_string).collect()
}

fn minting() -> String {
    lines().into_iter().find(|line| line.contains(MINTING)).unwrap()
}

/// The story without the record that shows who issued the credential.
fn without() -> String {
    lines().into_iter().filter(|line| !line.contains(MINTING)).collect::<Vec<_>>().join("\n")
}

fn declared(writ: &Writ, text: &str, by: &str) -> Output {
    let file = writ.write("declared.ndjson", text);
    let mut command = writ.command(&["ingest", "--json", "--complete", WINDOW, file.to_str().unwrap()]);
    command.env("USER", by).env_remove("LOGNAME").env_remove("USERNAME").output().unwrap()
}

/// Whether an answer claims that the issuance is absent; then it shows on whose word.
fn claims_absence(answer: &Value) -> bool {
    let codes = answer["findings"].as_array().unwrap().iter().map(|finding| &finding["code"]);
    let claims = codes.filter(|code| *code == "credential_without_issuance").count() == 1;
    assert_eq!(claims, answer["coverage"] != json!([]), "{answer:#}");
    claims
}

#[test]
fn a_record_that_its_source_could_not_read_voids_the_coverage_of_that_source() {
    let unreadable = minting().replace("\"eventTime\":\"2026", "\"eventTime\":\"in 2026");
    let in_envelope = json!({ "Records": [serde_json::from_str::<Value>(&unreadable).unwrap()] }).to_string();
    let looked_up = json!({"Events": [{"EventId": MINTING, "CloudTrailEvent": unreadable}]}).to_string();
    for text in [unreadable, in_envelope, looked_up] {
        let writ = Writ::new();
        assert_eq!(writ.ingest(&[writ.write("bad.json", &text).to_str().unwrap()])["rejects"], 1);
        let output = declared(&writ, &without(), "omar");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && said.contains("could not be read"), "{said}");
        let answer = writ.why(&[EVENT]);
        assert!(!claims_absence(&answer));
        assert!(
            answer["limits"].to_string().contains("Records of aws.cloudtrail that could not be read"),
            "{answer:#}"
        );
    }
    // Whoever names the source says so of everything that cannot be read.
    let writ = Writ::new();
    writ.ingest(&["--source", "aws.cloudtrail", writ.write("bad.json", "{\"torn\":").to_str().unwrap()]);
    declared(&writ, &without(), "omar");
    assert!(!claims_absence(&writ.why(&[EVENT])));
    // It is not voided as of before the record came.
    let writ = Writ::new();
    declared(&writ, &without(), "omar");
    let before = writ.why(&[EVENT]);
    assert!(claims_absence(&before));
    writ.ingest(&["--source", "aws.cloudtrail", writ.write("bad.json", "{\"torn\":").to_str().unwrap()]);
    assert!(!claims_absence(&writ.why(&[EVENT])));
    assert!(claims_absence(&writ.why(&["--as-of", before["as_of"].as_str().unwrap(), EVENT])));
}

/// Near miss: what no source knows for its own is no record that is missed.
#[test]
fn other_rejects_void_nothing() {
    let writ = Writ::new();
    writ.ingest(&[writ.write("other.json", "{\"some\":\"other log\"}\nno json\n").to_str().unwrap()]);
    writ.ingest(&["--recorder", "laptop", writ.write("laptop.json", "{\"a\":1}\n").to_str().unwrap()]);
    declared(&writ, &without(), "omar");
    assert!(claims_absence(&writ.why(&[EVENT])));
    // Of the recorder itself it does.
    writ.ingest(&["--recorder", "aws:111122223333", writ.write("own.json", "{\"a\":1}\n").to_str().unwrap()]);
    assert!(!claims_absence(&writ.why(&[EVENT])));
}

/// What was passed over on purpose may be the very record that is missing.
#[test]
fn nothing_is_declared_complete_beside_what_was_passed_over() {
    let declared = |name: &str| {
        let writ = Writ::new();
        writ.write("logs/trail.ndjson", without());
        writ.write(name, minting());
        let output = writ.run(&["ingest", "--complete", WINDOW, writ.path("logs").to_str().unwrap()]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}");
        (claims_absence(&writ.why(&[EVENT])), said)
    };
    let (claims, said) = declared("logs/.trail-2.ndjson");
    assert!(!claims && said.contains("nothing was declared complete: 1 note"), "{said}");
    // Near miss: a file that lies elsewhere.
    assert!(declared("other/trail-2.ndjson").0);
}

#[test]
fn a_declaration_needs_a_name_and_a_window_that_is_over() {
    let writ = Writ::new();
    for by in ["", "unknown"] {
        let output = declared(&writ, &without(), by);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && said.contains("USER"), "{said}");
    }
    let file = writ.path("declared.ndjson");
    for end in ["2999-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
        let window = format!("2026-10-14T08:00:00Z..{end}");
        let output = writ.run(&["ingest", "--complete", &window, file.to_str().unwrap()]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && said.contains("yet to come"), "{said}");
    }
    assert!(!writ.path("data").exists());
}

#[test]
fn what_anybody_may_have_written_is_not_declared_complete() {
    let events: Vec<Value> =
        without().lines().map(|line| json!({"id": "1", "timestamp": 1, "message": line})).collect();
    let message = json!({"messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": "app", "logStream": "my-cloudtrail",
        "logEvents": events});
    let writ = Writ::new();
    let output = declared(&writ, &message.to_string(), "omar");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("aws:111122223333 was not declared complete"), "{said}");
    assert!(!claims_absence(&writ.why(&[EVENT])));
    // Near miss: vouched for by name, or handed in as a file as well.
    let file = writ.path("declared.ndjson");
    writ.ingest(&["--source", "aws.cloudtrail", "--complete", WINDOW, file.to_str().unwrap()]);
    assert!(claims_absence(&writ.why(&[EVENT])));
}

#[test]
fn nobody_named_in_the_answer_declares_for_it_under_any_of_their_names() {
    let writ = Writ::new();
    let owner = json!({"id": "1", "directory": "acme", "subject": {"kind": "principal", "namespace": "aws",
        "value": "AROAQEXPORTS000000001:nightly-export"}, "relation": "owned_by", "object": "person:4711",
        "object_kind": "human", "name": "Mira Holt", "from": "2026-01-01T00:00:00Z", "read_at": "2026-11-01T00:00:00Z"});
    writ.ingest(&[writ.write("directory.json", owner.to_string()).to_str().unwrap()]);
    for by in ["mira.holt", "mira@acme.example", "MHolt", "nightly-export", "exports-reader", "AROAQEXPORTS000000001"] {
        let writ = Writ::new();
        writ.ingest(&[writ.write("directory.json", owner.to_string()).to_str().unwrap()]);
        declared(&writ, &without(), by);
        let answer = writ.why(&[EVENT]);
        assert_eq!(answer["powered_by"][0]["owner"]["name"], "Mira Holt", "{answer:#}");
        assert!(!claims_absence(&answer), "{by}");
        assert!(answer["limits"].to_string().contains("made by somebody named in this answer"), "{by}: {answer:#}");
    }
    for by in ["omar.holt", "lena@acme.example", "responder"] {
        let writ = Writ::new();
        writ.ingest(&[writ.write("directory.json", owner.to_string()).to_str().unwrap()]);
        declared(&writ, &without(), by);
        assert!(claims_absence(&writ.why(&[EVENT])), "{by}");
    }
}
