//! `writ check`: what it exits with, and what it says.

use crate::support::Writ;
use serde_json::{Value, json};

const ID: &str = "00000002-1111-4222-8333-444455556666";

/// Exit status, and what is printed on standard output.
fn check(writ: &Writ, args: &[&str]) -> (i32, String) {
    let output = writ.run(&[&["check"], args].concat());
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn it_exits_with_the_first_thing_that_is_wrong() {
    let writ = Writ::with_assumed_role();
    for (args, status) in [
        (vec![ID, "--require", "credential=complete"], 0),
        (
            vec![
                ID,
                "--require",
                "credential=complete",
                "--require",
                "weakest=gap",
                "--require",
                "roots=none",
                "--require",
                "settled=yes",
            ],
            0,
        ),
        (vec![ID, "--require", "approval=bound|bound_weak"], 1),
        (vec![ID, "--require", "approval=bound|unknown", "--max-gaps", "1", "--max-findings", "0"], 0),
        // What is implied stands beside decision points and is none; an unknown one is not a permit.
        (vec![ID, "--require", "decision=permit"], 1),
        (vec![ID, "--require", "decision=implied|unknown"], 0),
        (vec![ID, "--require", "decision=implied"], 1),
        (vec![ID, "--max-gaps", "0"], 3),
        (vec![ID, "--require", "word=complete", "--max-gaps", "0"], 1),
        (vec!["nothing-of-the-kind", "--max-gaps", "0"], 5),
        (vec![ID, "nothing-of-the-kind", "--require", "word=complete"], 5),
    ] {
        assert_eq!(check(&writ, &args).0, status, "{args:?}");
    }
}

#[test]
fn it_says_for_each_requirement_what_was_found() {
    let writ = Writ::with_assumed_role();
    let (_, text) =
        check(&writ, &[ID, "--require", "approval=bound", "--require", "credential=complete", "--max-gaps", "0"]);
    for line in [
        "not met    aws.cloudtrail:00000002-1111-4222-8333-444455556666",
        "  NOT  approval    found unknown; required bound",
        "  ok   credential  found complete; required complete",
        "  NOT  gaps        found 1 (not_collected); allowed 0",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
    }
    let (status, line) = check(&writ, &["--json", ID, "--require", "decision=permit"]);
    let checked: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (status, &checked["schema"], &checked["met"], &checked["status"]),
        (1, &json!("writ.check/1"), &json!(false), &json!(1))
    );
    assert_eq!(
        checked["requirements"],
        json!([{"name": "decision", "accepts": ["permit"], "found": ["unknown"], "met": false}])
    );
}

#[test]
fn a_thousand_alerts_are_one_command_and_none_at_all_pass_nothing() {
    let writ = Writ::with_assumed_role();
    let output = writ.run_with(
        &["check", "--json", "-", "--require", "credential=complete"],
        format!("{ID}\nnobody\n\n{ID}\n").as_bytes(),
    );
    let lines: Vec<Value> = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    assert_eq!(output.status.code(), Some(5));
    let schemas: Vec<&str> = lines.iter().map(|line| line["schema"].as_str().unwrap()).collect();
    assert_eq!(schemas, ["writ.check/1", "writ.error/1", "writ.check/1"]);
    let none = writ.run_with(&["check", "-", "--require", "credential=complete"], b"\n\n");
    assert_eq!(none.status.code(), Some(2), "a gate that was asked about nothing lets nothing through");
}

#[test]
fn wrong_requirements_list_what_is_known() {
    let writ = Writ::with_assumed_role();
    for (args, said) in [
        (vec![ID], "--require"),
        (
            vec![ID, "--require", "aproval=bound"],
            "approval, decision, word, weakest, roots, custody, settled, command, credential",
        ),
        (vec![ID, "--require", "custody=good"], "sealed, fetched, pushed, handed_in, open"),
        (vec![ID, "--max-gaps", "few"], "few"),
    ] {
        let output = writ.run(&[&["check"], args.as_slice()].concat());
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {err}");
        assert!(err.contains(said), "{args:?}: {err}");
    }
    let help = writ.ok(&["check", "--help"]);
    assert!(help.contains("every approval of the answer") && help.contains("bound_weak"), "{help}");
}
