//! The commands as a user meets them: what they print, where, and how they exit.

use crate::support::{Writ, repository, validate};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Output, Stdio};

const EVENT: &str = "00000002-1111-4222-8333-444455556666";
const MINTING: &str = "00000001-1111-4222-8333-444455556666";

fn by_hand() -> String {
    std::fs::read_to_string(repository().join("scenarios/cases/by-hand-assume-role/events.ndjson")).unwrap()
}

fn loaded() -> Writ {
    let writ = Writ::new();
    let file = writ.write("trail.ndjson", by_hand());
    writ.ingest(&[file.to_str().unwrap()]);
    writ
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_demo_tells_asks_answers_and_leaves_nothing_behind() {
    let writ = Writ::new();
    let told = writ.ok(&["demo"]);
    // As one line: where it is broken is not what is tested.
    let flat = told.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "On whose authority was the volume deleted",
        "$ writ why",
        "user/domains-bot",
        "proven",
        "most likely mira@acme.example asked (strong inference",
        "key_missing",
        "no approval was given; no policy decided about it",
        "before most likely mira@acme.example asked (inferred strong)",
        "after nobody is known to have asked",
        "Fix export AWS_SDK_UA_APP_ID",
        "Then writ ingest",
    ] {
        assert!(flat.contains(part), "{part}\n{told}");
    }
    // What the agent wrote about itself, and the one who made the key, are never said to have done it.
    for phrase in ["violated", "sofia deleted", "sofia did", "without permission"] {
        assert!(!told.to_lowercase().contains(phrase), "{phrase}");
    }
    assert_eq!(std::fs::read_dir(writ.folder.path()).unwrap().count(), 0);
    let kept = writ.path("story");
    writ.ok(&["demo", "--keep", kept.to_str().unwrap()]);
    assert!(kept.join("writ-data").exists());
    assert_eq!(writ.run(&["demo", "--keep", kept.to_str().unwrap()]).status.code(), Some(7));
}

#[test]
fn an_event_is_found_by_every_kind_of_reference() {
    let writ = loaded();
    let answer = writ.why(&[EVENT]);
    let shown: Value = serde_json::from_str(&writ.ok(&["show", "--json", EVENT])).unwrap();
    let id = shown["record"].as_str().unwrap();
    for reference in [
        format!("aws.cloudtrail:{EVENT}"),
        format!("aws.cloudtrail:{EVENT}@aws:111122223333"),
        id.to_string(),
        id[..9].to_string(),
    ] {
        assert_eq!(writ.why(&[&reference]), answer, "{reference}");
    }
    for reference in
        [format!("okta.system:{EVENT}"), format!("aws.cloudtrail:{EVENT}@aws:9"), "nothing".into(), "#ffff".into()]
    {
        let output = writ.run(&["why", &reference]);
        assert_eq!((output.status.code(), stdout(&output)), (Some(5), String::new()), "{reference}");
        assert!(stderr(&output).contains("hint:"), "{}", stderr(&output));
    }
    assert_eq!(writ.run(&["why", "#xyz"]).status.code(), Some(2));
}

#[test]
fn show_gives_evidence_facts_keys_and_both_times() {
    let writ = loaded();
    let shown: Value = serde_json::from_str(&writ.ok(&["show", "--json", MINTING])).unwrap();
    assert_eq!(shown["schema"], "writ.show/1");
    assert_eq!(shown["time"], "2026-10-14T09:30:02Z");
    assert!(shown["received"].as_str().unwrap() > "2026");
    assert_eq!(
        shown["withheld"],
        json!([{"pointer": "/responseElements/credentials/sessionToken", "kind": "session_token"}])
    );
    let mints = json!({"role": "mints", "kind": "credential", "namespace": "aws", "value": "ASIAQEXPORTS00000001", "class": "verified"});
    assert!(
        shown["facts"].as_array().unwrap().iter().any(|fact| fact["keys"].as_array().unwrap().contains(&mints)),
        "{shown:#}"
    );
    let text = writ.ok(&["show", MINTING]);
    assert!(
        text.contains("writ:withheld:session_token") && text.contains("mints     credential  aws:ASIAQEXPORTS00000001"),
        "{text}"
    );
}

#[test]
fn secrets_never_reach_the_disk() {
    let writ = Writ::new();
    let plain = by_hand();
    assert!(plain.contains("IQoJb3JpZ2luX2VjEFAKE"));
    // The same secret in a record that is read, in one that is not, and in an envelope.
    let broken = plain.lines().next().unwrap().replace("\"eventTime\"", "\"eventTime\" oops ");
    let file = writ.write("trail.ndjson", format!("{plain}{broken}\n"));
    let summary = writ.ingest(&[file.to_str().unwrap()]);
    assert_eq!(summary["rejects"], 1, "{summary}");
    let shown: Value = serde_json::from_str(&writ.ok(&["show", "--json", MINTING])).unwrap();
    assert!(!shown.to_string().contains("IQoJb3JpZ2luX2VjEFAKE"));
    let snapshot =
        writ_store::Snapshot::open(&writ.path("data"), writ_sources::derivation(), |_, _| Vec::new()).unwrap();
    let query = writ_store::Query::new(writ_model::time::Time::MAX, usize::MAX);
    for posting in snapshot.all(&query).unwrap() {
        let record = snapshot.record(posting.position).unwrap();
        assert!(!String::from_utf8_lossy(&record.evidence).contains("IQoJb3JpZ2luX2VjEFAKE"), "{}", record.id);
    }
}

#[test]
fn rejects_are_listed_with_place_and_cause_and_kept() {
    let writ = Writ::new();
    let lines: Vec<String> = by_hand().lines().map(ToString::to_string).collect();
    let text = format!("{}\nnot json at all\n{}\n{{\"some\":\"other log\"}}\n", lines[0], lines[1]);
    let file = writ.write("mixed.ndjson", &text);
    let summary = writ.ingest(&[file.to_str().unwrap()]);
    assert_eq!((&summary["inputs"], &summary["records"], &summary["rejects"]), (&json!(4), &json!(2), &json!(2)));
    let rejected = summary["rejected"].as_array().unwrap();
    assert_eq!((&rejected[0]["line"], &rejected[1]["line"]), (&json!(2), &json!(4)));
    assert_eq!(rejected[0]["byte"], lines[0].len() + 1);
    assert!(
        rejected
            .iter()
            .all(|reject| reject["file"] == file.to_str().unwrap() && reject["cause"].as_str().unwrap().len() > 10)
    );
    assert_eq!(summary["sources"]["raw"]["rejects"], 2);
    let text = writ.ok(&["ingest", file.to_str().unwrap()]);
    assert!(text.contains("line 2 byte") && text.contains("Rejected, and kept as source raw"), "{text}");
}

#[test]
fn many_events_on_standard_input_are_one_command() {
    let writ = loaded();
    let output = writ.run_with(
        &["why", "--json", "-"],
        [format!("{EVENT}\nnobody-").as_bytes(), b"\xff", format!("\n\n{MINTING}\n").as_bytes()].concat().as_slice(),
    );
    assert_eq!(output.status.code(), Some(5));
    let lines: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    validate(&lines[0]);
    validate(&lines[2]);
    assert_eq!((&lines[1]["schema"], &lines[1]["kind"]), (&json!("writ.error/1"), &json!("not_found")));
    let one = writ.run_with(&["ingest", "--json", "-"], by_hand().as_bytes());
    let summary: Value = serde_json::from_slice(&one.stdout).unwrap();
    assert_eq!(summary["duplicates"], by_hand().lines().count());
}

#[test]
fn wrong_calls_and_unusable_folders_say_what_to_do() {
    let writ = Writ::new();
    let file = writ.write("trail.ndjson", by_hand());
    let path = file.to_str().unwrap();
    for (args, status, said) in [
        (vec!["why", EVENT], 2, "writ ingest"),
        (vec!["ingest"], 2, "PATH"),
        (vec!["ingest", "--pointer", "event", path], 2, "/event"),
        (vec!["ingest", "--source", "okta.system", path], 2, "aws.cloudtrail"),
        (vec!["ingest", "--complete", "2026-10-02T00:00:00Z..2026-10-01T00:00:00Z", path], 2, "ends before it begins"),
        (vec!["ingest", "--complete", "yesterday..today", path], 2, "RFC 3339"),
        (vec!["ingest", "/nowhere/at/all.json"], 7, "/nowhere/at/all.json"),
        (vec!["why", "--as-of", "2026-10-14", EVENT], 2, "RFC 3339"),
    ] {
        let output = writ.run(&args);
        assert_eq!(output.status.code(), Some(status), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{args:?}: {}", stderr(&output));
    }
    // The siblings of a file that cannot be read are in.
    let output = writ.run(&["ingest", "--json", "/nowhere/at/all.json", path]);
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &summary["records"]), (Some(7), &json!(by_hand().lines().count())));
    assert_eq!(summary["problems"][0]["file"], "/nowhere/at/all.json");
}

#[test]
fn a_second_writer_is_refused_and_readers_are_not() {
    let writ = loaded();
    let (first, _) =
        writ_store::Writer::create_or_open(&writ.path("data"), [0; 32], writ_sources::derivation(), |_, _| Vec::new())
            .unwrap();
    let file = writ.write("again.ndjson", by_hand());
    let refused = writ.run(&["ingest", file.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(7));
    assert!(stderr(&refused).contains("another process"), "{}", stderr(&refused));
    writ.why(&[EVENT]);
    first.close().unwrap();
    writ.ingest(&[file.to_str().unwrap()]);
}

#[test]
fn a_newer_folder_is_refused() {
    let writ = loaded();
    writ.write("data/FORMAT", "writ folder 7\n");
    let output = writ.run(&["why", EVENT]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains('7') && stderr(&output).contains("newer"), "{}", stderr(&output));
}

#[test]
fn a_declaration_makes_a_missing_issuance_a_finding_until_what_it_counted_changes() {
    let writ = Writ::new();
    let all: Vec<String> = by_hand().lines().map(ToString::to_string).collect();
    let without: Vec<&str> = all.iter().map(String::as_str).filter(|line| !line.contains(MINTING)).collect();
    let file = writ.write("trail.ndjson", without.join("\n"));
    let window = "2026-10-14T08:00:00Z..2026-10-14T12:00:00Z";
    writ.ingest(&["--complete", window, file.to_str().unwrap()]);
    let answer = writ.why(&[EVENT]);
    let codes = |answer: &Value| -> Vec<String> {
        answer["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| finding["code"].as_str().unwrap().to_string())
            .collect()
    };
    assert_eq!(codes(&answer), ["credential_without_issuance"], "{answer:#}");
    assert_eq!(
        (&answer["coverage"][0]["basis"], &answer["coverage"][0]["declared_by"]),
        (&json!("declaration"), &json!("responder"))
    );
    // What could not be read may be what is missing: then nothing is declared.
    let other = Writ::new();
    let torn = other.write("trail.ndjson", without.join("\n") + "\n{\"eventVersion\":");
    other.ingest(&["--complete", window, torn.to_str().unwrap()]);
    assert_eq!(codes(&other.why(&[EVENT])), Vec::<String>::new());
    // Another record of that window arrives: what was declared complete was not.
    let late = all[1].replace(EVENT, "00000099-1111-4222-8333-444455556666");
    writ.ingest(&[writ.write("late.ndjson", late).to_str().unwrap()]);
    let answer = writ.why(&[EVENT]);
    assert_eq!((codes(&answer), &answer["coverage"]), (vec![], &json!([])), "{answer:#}");
    assert!(answer["limits"].to_string().contains("no longer holds"), "{answer:#}");
    // With the minting record itself nothing is missing.
    writ.ingest(&[writ.write("minting.ndjson", &all[0]).to_str().unwrap()]);
    assert_eq!(writ.why(&[EVENT])["hops"].as_array().unwrap().len(), 2);
}

#[test]
fn a_directory_names_and_changes_no_strength() {
    let writ = loaded();
    let before = writ.why(&[EVENT]);
    assert_eq!(before["powered_by"][0]["kind"], "unknown");
    let fact = |id: &str, object: &str, from: &str, to: &str| {
        json!({"id": id, "directory": "acme", "subject": {"kind": "principal", "namespace": "aws", "value": "AIDAQALICE00000000001"},
            "relation": "same", "object": object, "object_kind": "human", "name": object, "from": from, "to": to,
            "read_at": "2026-11-01T00:00:00Z"})
    };
    // Yesterday's owner of the name does not count.
    let old = fact("1", "person:old", "2020-01-01T00:00:00Z", "2026-10-14T00:00:00Z");
    let now = fact("2", "person:alice", "2026-10-14T00:00:00Z", "2027-01-01T00:00:00Z");
    writ.ingest(&[writ.write("directory.json", json!([old, now]).to_string()).to_str().unwrap()]);
    let named = writ.why(&[EVENT]);
    assert_eq!(named["powered_by"][0]["kind"], "human");
    assert_eq!(named["powered_by"][0]["owner"]["principal"], "person:alice");
    assert_eq!(named["powered_by"][0]["strength"], before["powered_by"][0]["strength"]);
    assert_eq!(named["hops"], before["hops"]);
    // Two entries that disagree name nobody.
    let rival = fact("3", "person:rival", "2026-10-14T00:00:00Z", "2027-01-01T00:00:00Z");
    writ.ingest(&[writ.write("rival.json", rival.to_string()).to_str().unwrap()]);
    assert_eq!(writ.why(&[EVENT])["powered_by"][0]["owner"], Value::Null);
}

#[test]
fn a_directory_may_be_a_table() {
    let writ = loaded();
    let table = "id,directory,subject_kind,subject_namespace,subject,relation,object,object_kind,name,from,to,read_at\n\
        1,acme,principal,aws,AIDAQALICE00000000001,same,person:alice,human,\"Alice, A.\",2026-01-01T00:00:00Z,,2026-11-01T00:00:00Z\n\
        2,acme,principal,aws,AIDAQBOB0000000000001,same\n";
    let summary = writ.ingest(&[writ.write("directory.csv", table).to_str().unwrap()]);
    assert_eq!((&summary["records"], &summary["rejects"]), (&json!(1), &json!(1)), "{summary}");
    assert_eq!((&summary["rejected"][0]["line"], &summary["sources"]["identity"]["records"]), (&json!(3), &json!(1)));
    let owner = &writ.why(&[EVENT])["powered_by"][0]["owner"];
    assert_eq!((&owner["name"], &owner["strength"]), (&json!("Alice, A."), &json!("asserted")), "{owner}");
}

#[test]
fn the_last_instant_that_can_be_written_is_an_instant() {
    let writ = loaded();
    let now = writ.why(&[EVENT]);
    for end in ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999999Z", "9999-12-30T22:00:01Z"] {
        assert_eq!(writ.why(&["--as-of", end, EVENT])["hops"], now["hops"], "{end}");
    }
    for no_end in ["9999-12-31T23:59:59", "9999-13-01T00:00:00Z", "9999", "10000-01-01T00:00:00Z"] {
        assert_eq!(writ.run(&["why", "--as-of", no_end, EVENT]).status.code(), Some(2), "{no_end}");
    }
    let first = writ.run(&["why", "--as-of", "0000-01-01T00:00:00Z", EVENT]);
    assert_eq!(first.status.code(), Some(5), "{}", stderr(&first));
}

#[test]
fn a_walk_that_goes_too_far_back_says_so_and_not_that_records_are_too_many() {
    let writ = Writ::new();
    let lines: Vec<Value> = by_hand().lines().take(2).map(|line| serde_json::from_str(line).unwrap()).collect();
    let key = |n: usize| format!("ASIAQCHAIN{n:010}");
    // Each session takes on the next one's role, more often than the walk goes back.
    let chain = (0..30).map(|n| {
        let mut minting = lines[0].clone();
        minting["userIdentity"] = lines[1]["userIdentity"].clone();
        minting["userIdentity"]["accessKeyId"] = json!(key(n));
        minting["userIdentity"]["sessionContext"] = json!({});
        minting["responseElements"]["credentials"]["accessKeyId"] = json!(key(n + 1));
        minting["eventID"] = json!(format!("{n:08}-2222-4222-8333-444455556666"));
        minting
    });
    let mut used = lines[1].clone();
    used["userIdentity"]["accessKeyId"] = json!(key(30));
    used["userIdentity"]["sessionContext"] = json!({});
    let text: Vec<String> = chain.chain([used]).map(|event| event.to_string()).collect();
    writ.ingest(&[writ.write("chain.ndjson", text.join("\n")).to_str().unwrap()]);
    let answer = writ.why(&[EVENT]);
    let gap = answer["gaps"].as_array().unwrap().iter().find(|gap| gap["reason"] == "budget").unwrap();
    let text = gap["text"].as_str().unwrap();
    assert!(text.contains("24 steps") && !text.contains("too many records"), "{gap:#}");
    assert_eq!(gap["after"], "credential:aws:ASIAQCHAIN0000000006");
}

#[test]
fn hostile_text_is_shown_and_never_run() {
    let writ = Writ::new();
    let hostile = "x\u{1b}]0;owned\u{7}\u{202e}evil\u{200b}";
    let mut event: Value = serde_json::from_str(by_hand().lines().nth(1).unwrap()).unwrap();
    for pointer in [
        "/eventName",
        "/requestParameters/bucketName",
        "/userIdentity/arn",
        "/userIdentity/principalId",
        "/recipientAccountId",
        "/userIdentity/accessKeyId",
    ] {
        *event.pointer_mut(pointer).unwrap() =
            json!(format!("{}{hostile}", event.pointer(pointer).unwrap().as_str().unwrap()));
    }
    event["resources"] = json!([{"ARN": hostile}]);
    writ.ingest(&[writ.write("hostile.json", event.to_string()).to_str().unwrap()]);
    for args in [["why", EVENT], ["show", EVENT], ["why", hostile], ["show", hostile]] {
        let output = writ.run(&args);
        for text in [stdout(&output), stderr(&output)] {
            assert!(
                text.chars().all(|c| c == '\n' || (!c.is_control() && !matches!(c, '\u{202e}' | '\u{200b}'))),
                "{args:?}: {text:?}"
            );
        }
    }
    assert!(writ.ok(&["why", EVENT]).contains("\\u{202e}"));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let writ = loaded();
    let many = format!("{EVENT}\n").repeat(2_000);
    let mut child = writ
        .command(&["why", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(many.as_bytes()).unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && stderr(&output).is_empty(), "{}: {}", output.status, stderr(&output));
}

#[test]
fn acknowledgements_are_ids_of_what_is_there() {
    let writ = Writ::new();
    let file = writ.write("trail.ndjson", by_hand());
    let out = writ.ok(&["ingest", "--acks", "--json", file.to_str().unwrap()]);
    let acks: Vec<&str> = out.lines().filter(|line| line.starts_with('#')).collect();
    assert_eq!(acks.len(), by_hand().lines().count());
    for id in acks {
        writ.ok(&["show", id]);
    }
    assert!(out.lines().last().unwrap().starts_with('{'));
}

/// Whoever waits for acknowledgements and goes away is told that the rest is not in.
#[test]
fn acknowledgements_that_nobody_reads_stop_the_ingest() {
    let writ = Writ::new();
    let trail = by_hand();
    let line = trail.lines().next().unwrap();
    let lines: Vec<String> = (0..30_000).map(|n| line.replace("00000001-1111", &format!("{n:08}-1111"))).collect();
    let file = writ.write("trail.ndjson", lines.join("\n"));
    let mut command = writ.command(&["ingest", "--acks", file.to_str().unwrap()]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(7) && said.contains("what was acknowledged is durable"), "{said}");
    writ.ok(&["show", first.trim()]);
    writ.ok(&["fsck"]);
}

#[test]
fn a_line_that_is_too_long_to_name_an_event_costs_itself() {
    let writ = loaded();
    for long in ["a".repeat(16 << 10), "a".repeat(1 << 20)] {
        let output = writ.run_with(&["why", "--json", "-"], format!("{long}\n{EVENT}").as_bytes());
        let out = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let schemas: Vec<&Value> = lines.iter().map(|line| &line["schema"]).collect();
        assert_eq!(schemas, ["writ.error/1", "writ.answer/1"], "{out}");
        assert!(lines[0].to_string().len() < 64 << 10);
    }
}

#[test]
fn a_data_folder_that_is_none_is_said_to_be_none() {
    let writ = Writ::new();
    writ.write("data", "{}");
    let output = writ.run(&["ingest", writ.write("file", "{}").to_str().unwrap()]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && said.contains("is no folder"), "{said}");
}
