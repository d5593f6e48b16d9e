//! `writ find`, `writ sources`, `writ explain`: looking things up.

use crate::support::{Writ, repository};
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Output, Stdio};

const ID: &str = "00000002-1111-4222-8333-444455556666";
/// `{"alg":"none"}` and `{"iss":"https://id.acme.example","jti":"t-1"}`.
const TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2lkLmFjbWUuZXhhbXBsZSIsImp0aSI6InQtMSJ9.c2ln";

/// Native ids of what is found, newest first, and the last line.
fn find(writ: &Writ, args: &[&str]) -> (Vec<String>, Value) {
    let output = writ.run(&[&["find", "--json"], args].concat());
    let mut lines: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let end = lines.pop().unwrap_or_else(|| panic!("{args:?}: {}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(end["schema"], "writ.find.end/1");
    assert_eq!(output.status.code(), Some(if lines.is_empty() { 5 } else { 0 }), "{args:?}");
    (lines.iter().map(|line| line["native_id"].as_str().unwrap().to_string()).collect(), end)
}

#[test]
fn a_record_is_found_by_anything_it_shows() {
    let writ = Writ::with_assumed_role();
    let record = writ.ok(&["show", "--json", ID]);
    let record: Value = serde_json::from_str(&record).unwrap();
    let id = record["record"].as_str().unwrap();
    for value in [
        ID,
        &format!("aws.cloudtrail:{ID}"),
        id,
        &id[..9],
        "ASIAQEXPORTS00000001",
        "aws:ASIAQEXPORTS00000001",
        "credential:ASIAQEXPORTS00000001",
        "asiaqexports00000001",
        "AROAQEXPORTS000000001:nightly-export",
        "arn:aws:sts::111122223333:assumed-role/exports-reader/nightly-export",
        "exports-reader/nightly-export",
        "arn:aws:s3:::acme-exports",
        "customers/2026-10.csv",
        "5b1d0002-1111-4222-8333-444455556666",
    ] {
        let (found, end) = find(&writ, &[value]);
        assert!(found.contains(&ID.to_string()), "{value}: {found:?}");
        assert_eq!((&end["complete"], &end["more"]), (&json!(true), &json!(false)), "{value}");
    }
    assert_eq!(find(&writ, &["session:ASIAQEXPORTS00000001"]).0, Vec::<String>::new());
    assert_eq!(find(&writ, &["acme-export"]).0, Vec::<String>::new());
}

#[test]
fn everything_asked_for_must_hold() {
    let writ = Writ::with_assumed_role();
    for (query, finds) in [
        (vec!["ASIAQEXPORTS00000001", "action:s3:*"], true),
        (vec!["ASIAQEXPORTS00000001 action:s3:*", "outcome:success"], true),
        (vec!["action:s3:getobject", "source:aws.*", "recorder:aws:111122223333", "kind:effect"], true),
        (vec![ID, "since:2026-10-14T09:32:11Z", "until:2026-10-14T09:32:11Z"], true),
        (vec![ID, "since:2026-10-14T09:32:12Z"], false),
        (vec![ID, "until:2026-10-14"], false),
        (vec![ID, "kind:decision"], false),
        (vec![ID, "risk:high"], false),
        (vec![ID, "source:okta.system"], false),
        (vec![ID, "somebody-else"], false),
    ] {
        assert_eq!(find(&writ, &query).0.contains(&ID.to_string()), finds, "{query:?}");
    }
}

#[test]
fn the_newest_come_first_and_more_are_told() {
    let writ = Writ::with_assumed_role();
    let (all, end) = find(&writ, &["source:aws.cloudtrail"]);
    assert!(all.len() > 1 && end["more"] == false, "{end}");
    let (one, end) = find(&writ, &["source:aws.cloudtrail", "--limit", "1"]);
    assert_eq!((one.as_slice(), &end["more"]), (&all[..1], &json!(true)));
    let times: Vec<String> =
        writ.ok(&["find", "source:aws.cloudtrail"]).lines().map(|line| line[..20].to_string()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
    let output = writ.run(&["find", "source:aws.cloudtrail", "--limit", "1"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("there are more than these 1"));
}

#[test]
fn a_pasted_token_is_never_printed_and_found_by_what_it_is() {
    let writ = Writ::with_assumed_role();
    let fact = json!({"id": "k-1", "directory": "acme", "subject": {"kind": "credential", "namespace": "https://id.acme.example", "value": "t-1"},
        "relation": "purpose", "object": "nightly export", "read_at": "2026-11-01T00:00:00Z"});
    writ.ingest(&[writ.write("directory.json", fact.to_string()).to_str().unwrap()]);
    let said = |output: &Output| {
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    let header = format!("Authorization: Bearer {TOKEN}\n");
    for args in [vec!["find", TOKEN], vec!["find", &header], vec!["find", "-"], vec!["find", "-", "--json"]] {
        let mut child =
            writ.command(&args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(header.as_bytes());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", said(&output));
        assert!(
            said(&output).contains("identity:k-1") && !said(&output).contains("eyJ"),
            "{args:?}: {}",
            said(&output)
        );
    }
    for secret in [
        "ghp_0000000000000000000000FAKE",
        "kind:ghp_0000000000000000000000FAKE",
        "since:ghp_0000000000000000000000FAKE",
    ] {
        let output = writ.run(&["find", secret]);
        assert!(!output.status.success() && !said(&output).contains("ghp_"), "{}", said(&output));
    }
}

#[test]
fn wrong_terms_say_what_is_known() {
    let writ = Writ::with_assumed_role();
    for (query, said) in
        [("kind:efect", "effect"), ("since:soon", "RFC 3339"), ("approval:absent", "writ check -"), (" ", "risk")]
    {
        let output = writ.run(&["find", query]);
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{query}: {err}");
        assert!(err.contains(said), "{query}: {err}");
    }
}

#[test]
fn sources_tell_what_they_leave_out_and_what_is_here() {
    let writ = Writ::new();
    let nothing = writ.ok(&["sources"]);
    assert!(nothing.contains("aws.cloudtrail") && nothing.contains("0 records here"), "{nothing}");
    let writ = Writ::with_assumed_role();
    let one = writ.ok(&["sources", "aws.cloudtrail"]);
    for said in [
        "usually 5 min, at worst 1 h",
        "[sso_role_credentials]",
        "on real records",
        "of aws:111122223333 from 2026-10-14",
    ] {
        assert!(one.contains(said), "{said}\n{one}");
    }
    let all: Value = serde_json::from_str(&writ.ok(&["sources", "--json"])).unwrap();
    assert_eq!(all["schema"], "writ.sources/1");
    assert_eq!(all["sources"].as_array().unwrap().len(), writ_sources::SOURCES.len());
    let output = writ.run(&["sources", "aws.cloudtrial"]);
    assert_eq!(output.status.code(), Some(5));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there are: aws.cloudtrail"));
}

#[test]
fn every_code_is_explained() {
    let writ = Writ::new();
    let table = writ.ok(&["explain", "--all", "--json"]);
    let known: Vec<(String, String)> = table
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|entry| (entry["kind"].as_str().unwrap().to_string(), entry["code"].as_str().unwrap().to_string()))
        .collect();
    let has = |kind: &str, code: &str| assert!(known.contains(&(kind.to_string(), code.to_string())), "{kind} {code}");
    // What the schema allows …
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(repository().join("docs/reference/answer.schema.json")).unwrap())
            .unwrap();
    for (kind, pointer) in [
        ("gap reason", "/$defs/gap/properties/reason"),
        ("edge", "/$defs/hop/properties/edge"),
        ("edge", "/$defs/influence/properties/edge"),
        ("strength", "/$defs/weakest"),
        ("grade", "/$defs/grade"),
        ("approval state", "/$defs/approval/properties/state"),
        ("decision state", "/$defs/decision/properties/state"),
        ("decision binding", "/$defs/decision/properties/binding"),
        ("decision enforcement", "/$defs/decision/properties/enforcement"),
        ("risk reason", "/$defs/event/properties/risk/properties/reasons/items"),
        ("verdict word", "/$defs/verdict/properties/word"),
        ("roots", "/$defs/verdict/properties/roots"),
        ("custody", "/$defs/verdict/properties/custody"),
        ("coverage basis", "/$defs/coverage/properties/basis"),
        ("source state", "/$defs/source/properties/state"),
        ("wielder", "/properties/wielder"),
    ] {
        let words = schema.pointer(pointer).unwrap_or_else(|| panic!("{pointer}"))["enum"].as_array().unwrap();
        words.iter().filter_map(Value::as_str).for_each(|word| has(kind, word));
    }
    // … and what the walk finds.
    let mut n_findings = 0;
    for file in rust_files(&repository().join("crates/writ-path/src")) {
        let text = std::fs::read_to_string(&file).unwrap();
        for call in ["find(", "find_as(", "find_absence(", "find_absence_of("] {
            for rest in text.split(&format!("self.{call}")).skip(1) {
                // The code is the first thing in the call, unless the function itself is defined here.
                if let Some(code) = rest.trim_start().strip_prefix('"') {
                    has("finding", code.split('"').next().unwrap());
                    n_findings += 1;
                }
            }
        }
    }
    assert!(n_findings >= 20, "{n_findings}: does the walk no longer find things by `self.find`?");
    let output = writ.run(&["explain", "scope_grow"]);
    assert_eq!(output.status.code(), Some(5));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean `scope_grew`"));
    let page = std::fs::read_to_string(repository().join("docs/reference/codes.md")).unwrap();
    assert_eq!(writ.ok(&["explain", "--all", "--md"]), page, "run `cargo xtask generate`");
}

fn rust_files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] }).collect()
}
