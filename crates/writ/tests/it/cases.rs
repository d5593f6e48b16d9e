//! `scenarios/cases`: small worlds with their truth, near misses and what must not be said.
//!
//! Each folder holds `events.ndjson` in the vendor's shape and `truth.json`: `asks` about the world,
//! and `variants` of it (records dropped, members set, records added) with asks of their own. A
//! variant that names a rule as `near_miss` shows what that rule must not join.

use crate::support::{Writ, rank, repository};
use serde_json::Value;
use std::collections::BTreeSet;

struct Case {
    name: String,
    events: Vec<Value>,
    truth: Value,
}

fn cases() -> Vec<Case> {
    let folder = repository().join("scenarios/cases");
    let mut cases: Vec<Case> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let events = std::fs::read_to_string(path.join("events.ndjson")).unwrap();
            Case {
                name: path.file_name().unwrap().to_string_lossy().into_owned(),
                events: events.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
                truth: serde_json::from_str(&std::fs::read_to_string(path.join("truth.json")).unwrap()).unwrap(),
            }
        })
        .collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(cases.len() >= 11);
    cases
}

/// The world of a variant.
fn vary(events: &[Value], variant: &Value) -> Vec<Value> {
    let dropped: Vec<&Value> = variant["drop"].as_array().into_iter().flatten().collect();
    let mut events: Vec<Value> = events.iter().filter(|event| !dropped.contains(&&event["eventID"])).cloned().collect();
    for change in variant["set"].as_array().into_iter().flatten() {
        let event = events.iter_mut().find(|event| event["eventID"] == change[0]).expect("no such event");
        let pointer = change[1].as_str().unwrap();
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        event.pointer_mut(parent).expect("no such place").as_object_mut().map_or_else(
            || panic!("{pointer} is not in an object"),
            |object| object.insert(member.to_string(), change[2].clone()),
        );
    }
    events.extend(variant["add"].as_array().into_iter().flatten().cloned());
    events
}

fn load(events: &[Value]) -> Writ {
    let writ = Writ::new();
    let lines: Vec<String> = events.iter().map(Value::to_string).collect();
    let file = writ.write("events.ndjson", lines.join("\n"));
    let summary = writ.ingest(&[file.to_str().unwrap()]);
    // An envelope of log lines holds as many records as lines.
    let held = |event: &Value| event["logEvents"].as_array().map_or(1, Vec::len);
    assert_eq!(summary["records"], events.iter().map(held).sum::<usize>(), "{summary}");
    writ
}

/// Node ids in the words of `truth.json`: EVENT, GRANT, UNSHOWN, an event id, or the id itself.
fn named(answer: &Value, id: &str) -> String {
    let nodes = answer["nodes"].as_array().unwrap();
    if nodes[0]["id"] == id {
        return "EVENT".to_string();
    }
    if id.starts_with("credential:unshown:") {
        return "UNSHOWN".to_string();
    }
    let node =
        nodes.iter().find(|node| node["id"] == id).unwrap_or_else(|| panic!("hop to a node that is not there: {id}"));
    match node["kind"].as_str().unwrap() {
        "grant" => "GRANT".to_string(),
        "effect" => node["records"][0].as_str().unwrap().rsplit(':').next().unwrap().to_string(),
        _ => id.to_string(),
    }
}

fn hops(answer: &Value) -> Vec<String> {
    let word = |value: &Value| value.as_str().map_or_else(String::new, |word| format!(" {word}"));
    answer["hops"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hop| {
            let end = |end: &str| named(answer, hop[end].as_str().unwrap());
            let edge = hop["edge"].as_str().unwrap();
            format!("{} -{edge}-> {}{}{}", end("from"), end("to"), word(&hop["strength"]), word(&hop["grade"]))
        })
        .collect()
}

/// What else may have been the cause, over all hops.
fn alternatives(answer: &Value) -> Vec<String> {
    let hops = answer["hops"].as_array().unwrap().iter();
    let others = hops.flat_map(|hop| hop["alternatives"].as_array().unwrap());
    others.map(|other| named(answer, other["from"].as_str().unwrap())).collect()
}

fn words(list: &Value, member: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|entry| entry[member].as_str().unwrap().to_string()).collect()
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|entry| entry.as_str().unwrap().to_string()).collect()
}

fn check(case: &str, writ: &Writ, ask: &Value) -> Value {
    let event = ask["event"].as_str().unwrap();
    let mut args = vec![event];
    if let Some(as_of) = ask["as_of"].as_str() {
        args.extend(["--as-of", as_of]);
    }
    if ask["not_found"] == true {
        let output = writ.run(&[&["why", "--json"], args.as_slice()].concat());
        assert_eq!(output.status.code(), Some(5), "{case}: {}", String::from_utf8_lossy(&output.stderr));
        return Value::Null;
    }
    let answer = writ.why(&args);
    let same = |what: &str, truth: &Value, found: Vec<String>| {
        if !truth.is_null() {
            assert_eq!(strings(truth), found, "{case}: {what} of {event}\n{answer:#}");
        }
    };
    same("hops", &ask["hops"], hops(&answer));
    let gaps = answer["gaps"].as_array().unwrap().iter();
    let gaps: BTreeSet<String> = gaps
        .map(|gap| {
            format!(
                "{} {} {}",
                gap["chain"].as_str().unwrap(),
                gap["expected"].as_str().unwrap(),
                gap["reason"].as_str().unwrap()
            )
        })
        .collect();
    if let Some(truth) = ask["gaps"].as_array() {
        let truth: BTreeSet<String> = truth.iter().map(|gap| gap.as_str().unwrap().to_string()).collect();
        assert_eq!(truth, gaps, "{case}: gaps of {event}\n{answer:#}");
    }
    same("alternatives", &ask["alternatives"], alternatives(&answer));
    same("asked_by", &ask["asked_by"], words(&answer["asked_by"], "principal"));
    same("decisions", &ask["decisions"], words(&answer["decisions"], "state"));
    same("approvals", &ask["approvals"], words(&answer["approvals"], "state"));
    same(
        "findings",
        &ask["findings"],
        words(&answer["findings"], "code").into_iter().filter(|code| code != "secret_in_record").collect(),
    );
    let one = |member: &str, found: &Value| {
        if let Some(truth) = ask.get(member) {
            assert_eq!(truth, found, "{case}: {member} of {event}\n{answer:#}");
        }
    };
    one("powered_by", &answer["powered_by"][0]["principal"]);
    one("grantor", &answer["powered_by"][0]["grantor"]["principal"]);
    one("performed_by", &answer["performed_by"]["principal"]);
    one("wielder", &answer["wielder"]);
    one("roots", &answer["verdict"]["roots"]);
    one("word", &answer["verdict"]["word"]);
    one("settled", &answer["verdict"]["settled"]);
    one("risk", &answer["event"]["risk"]["tier"]);
    one("approval_hop", &answer["approvals"][0]["hop"]);
    if ask["received_not_before"] == "RUN" {
        assert!(answer["event"]["received"].as_str().unwrap() > "2026", "{case}");
        assert!(answer["event"]["time"].as_str().unwrap() < "2020", "{case}");
    }
    said(case, writ, &args, &answer, ask);
    answer
}

/// Nothing that must not be said stands in any rendering, whatever its case.
fn said(case: &str, writ: &Writ, args: &[&str], answer: &Value, ask: &Value) {
    let text = writ.ok(&[&["why"], args].concat());
    let spoken = format!("{}\n{}", text, answer["sentence"]).to_lowercase();
    for phrase in ask["must_not_say"].as_array().into_iter().flatten() {
        let phrase = phrase.as_str().unwrap();
        assert!(!spoken.contains(&phrase.to_lowercase()), "{case}: says `{phrase}`\n{text}");
    }
    for line in text.lines().filter(|line| line.split_whitespace().count() > 3 && !line.contains('/')) {
        assert!(line.chars().count() <= 80, "{case}: wider than 80 columns: {line}");
    }
}

#[test]
fn every_case_and_variant_comes_out_right() {
    for case in cases() {
        let base = load(&case.events);
        let asks = case.truth["asks"].as_array().unwrap();
        let answers: Vec<Value> = asks.iter().map(|ask| check(&case.name, &base, ask)).collect();
        for variant in case.truth["variants"].as_array().unwrap() {
            let name = format!("{}, {}", case.name, variant["name"].as_str().unwrap());
            let world = load(&vary(&case.events, variant));
            for ask in variant["asks"].as_array().unwrap() {
                let answer = check(&name, &world, ask);
                if variant["no_stronger_than_base"] == true {
                    no_stronger(&name, &answers[0], &answer);
                }
            }
        }
    }
}

fn no_stronger(name: &str, base: &Value, answer: &Value) {
    assert!(answer["asked_by"].as_array().unwrap().len() <= base["asked_by"].as_array().unwrap().len(), "{name}");
    assert_eq!(base["wielder"], answer["wielder"], "{name}");
    for (before, after) in base["hops"].as_array().unwrap().iter().zip(answer["hops"].as_array().unwrap()) {
        let strength = |hop: &Value| rank(hop["strength"].as_str().unwrap());
        assert!(strength(after) <= strength(before), "{name}: {before} became {after}");
    }
}

/// Every rule of the credential chain joins something in a case, and has a near miss. Those of agents,
/// approvals and decisions stand in the larger worlds, for which `cargo xtask score` checks the same.
#[test]
fn every_rule_of_power_has_a_case_and_a_near_miss() {
    let (mut used, mut missed) = (BTreeSet::new(), BTreeSet::new());
    for case in cases() {
        let mut worlds = vec![(case.events.clone(), case.truth["asks"].clone())];
        for variant in case.truth["variants"].as_array().unwrap() {
            missed.extend(variant["near_miss"].as_str().map(ToString::to_string));
            worlds.push((vary(&case.events, variant), variant["asks"].clone()));
        }
        for (events, asks) in worlds {
            let writ = load(&events);
            for ask in asks.as_array().unwrap().iter().filter(|ask| ask["not_found"] != true) {
                used.extend(words(&writ.why(&[ask["event"].as_str().unwrap()])["hops"], "rule"));
            }
        }
    }
    for rule in writ_path::rule::RULES.iter().filter(|rule| !rule.id.starts_with("agent.")) {
        assert!(used.contains(rule.id), "no case uses {}", rule.id);
        assert!(missed.contains(rule.id), "no near miss of {}", rule.id);
    }
}
