//! What is said not to have been: never while something here speaks against it, however little of it there
//! is and however much stands around it.

use crate::support::{Writ, repository};
use serde_json::{Value, json};

const EVENT: &str = "aws.cloudtrail:00000203-1111-4222-8333-444455556666";
const VOLUME: &str = "vol-0c1d2e3f4a5b60718";
const REQUEST: &str = "5b1d0203-2222-4333-8444-555566667777";

/// A world in which nobody approved and no policy decided, and both are known: the approval service numbers
/// its records, the decision point says how many it wrote.
fn world() -> Vec<Value> {
    let folder = repository().join("scenarios/S02-borrowed-key/events");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let text: Vec<String> = files.into_iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let line = |line: &str| serde_json::from_str::<Value>(line).unwrap()["evidence"].take();
    text.iter().flat_map(|text| text.lines()).map(line).collect()
}

fn ingested(records: &[Value]) -> Writ {
    let writ = Writ::new();
    let text: Vec<String> = records.iter().map(ToString::to_string).collect();
    writ.ingest(&[writ.write("world.ndjson", text.join("\n")).to_str().unwrap()]);
    writ
}

fn asked(records: &[Value]) -> Value {
    ingested(records).why(&[EVENT])
}

/// The world with more in it.
fn with(more: &[Value]) -> Value {
    asked(&[world(), more.to_vec()].concat())
}

/// States of the approvals; whether it is said that there was none must be a finding and in the list.
fn approvals(answer: &Value) -> Vec<&str> {
    let states: Vec<&str> =
        answer["approvals"].as_array().unwrap().iter().map(|entry| entry["state"].as_str().unwrap()).collect();
    let codes = answer["findings"].as_array().unwrap().iter().map(|finding| &finding["code"]);
    let is_claimed = codes.filter(|code| *code == "approval_absent").count() == 1;
    assert_eq!(is_claimed, states.contains(&"absent"), "{answer:#}");
    states
}

/// The state of the decision beside the one that the cloud itself made.
fn decision(answer: &Value) -> &str {
    let decisions = answer["decisions"].as_array().unwrap();
    decisions.iter().map(|entry| entry["state"].as_str().unwrap()).find(|state| *state != "implied").unwrap()
}

/// A step of an approval, with these members.
fn step(id: &str, time: &str, step: &str, members: Value) -> Value {
    let mut record = json!({"schema": "writ.approval/1", "id": id, "service": "approvals:acme", "time": time,
        "step": step, "approval": "ap-1001"});
    let Value::Object(members) = members else { panic!("members of an object") };
    record.as_object_mut().unwrap().extend(members);
    record
}

fn granted(time: &str, members: Value) -> Value {
    let approver = json!({"id": "email:omar@acme.example", "kind": "human", "authenticated": true});
    let mut record = step(&format!("granted-{time}"), time, "granted", members);
    record["approver"] = approver;
    record
}

fn covers(resource: &str) -> Value {
    json!({"covers": {"action": "ec2:DeleteVolume", "resource": resource}})
}

#[test]
fn a_second_content_of_a_decision_is_no_second_decision() {
    let all = world();
    let first = all.iter().find(|record| record["decision_id"] == "d-610").unwrap();
    let mut on_console = first.clone();
    on_console["level"] = json!("info");
    on_console["msg"] = json!("Decision Log");
    on_console["time"] = json!("2026-04-23T08:11:00Z");
    let lost: Vec<Value> = all.iter().filter(|record| record["decision_id"] != "d-611").cloned().collect();
    assert_eq!(decision(&asked(&[lost, vec![on_console.clone()]].concat())), "unknown");
    // Near miss: none is lost.
    assert_eq!(decision(&with(&[on_console])), "none_recorded");
}

#[test]
fn what_anybody_may_have_sent_fills_no_hole() {
    let all = world();
    let is_lost = |record: &&Value| record["sequence"]["n"] == 46;
    let lost = all.iter().find(is_lost).unwrap().to_string();
    let torn: Vec<Value> = all.iter().filter(|record| !is_lost(record)).cloned().collect();
    // Text behind bytes that are none: nothing says who wrote it.
    let open = [b"{\"a\":1}\n\xff\xfe\xfd\xfc\xfb\xfa\n".as_slice(), lost.as_bytes(), b"\n"].concat();
    let writ = ingested(&torn);
    assert_eq!(approvals(&writ.why(&[EVENT])), ["unknown"]);
    writ.ingest(&[writ.write("open.bin", &open).to_str().unwrap()]);
    assert_eq!(approvals(&writ.why(&[EVENT])), ["unknown"]);
    // Near miss: handed in as a file as well.
    writ.ingest(&[writ.write("lost.json", &lost).to_str().unwrap()]);
    assert_eq!(approvals(&writ.why(&[EVENT])), ["absent"]);
}

#[test]
fn a_second_content_of_a_numbered_record_tears_no_count() {
    let all = world();
    let numbered = all.iter().find(|record| record["sequence"]["n"] == 46).unwrap();
    let mut second = numbered.clone();
    second["reason"] = json!("as the console shows it");
    assert_eq!(approvals(&with(&[second.clone()])), ["absent"]);
    // With another number it would fill two places.
    let torn: Vec<Value> = all.iter().filter(|record| record["sequence"]["n"] != 47).cloned().collect();
    second["sequence"]["n"] = json!(47);
    assert_eq!(approvals(&asked(&[torn, vec![second]].concat())), ["unknown"]);
}

#[test]
fn approvals_of_others_under_the_same_id_push_none_out() {
    let own = granted("2026-04-23T09:10:00Z", json!({"request": REQUEST, "namespace": "aws"}));
    let alone = with(std::slice::from_ref(&own));
    assert_eq!(approvals(&alone), ["bound_weak"]);
    let others = |n: usize| {
        let other = |i: usize| {
            let mut other = step(&format!("z-{i}"), "2026-04-24T09:00:00Z", "requested", json!({}));
            other["service"] = json!("approvals:zz");
            other
        };
        (0..n).map(other).collect::<Vec<Value>>()
    };
    let flooded = with(&[others(80), vec![own]].concat());
    assert_eq!(alone["approvals"], flooded["approvals"]);
    // Near miss: what others write speaks of no call of ours.
    assert_eq!(approvals(&with(&others(80))), ["absent"]);
}

#[test]
fn a_route_by_one_directory_is_not_pushed_out_by_another() {
    let route = |id: &str, directory: &str, by: &str, read_at: &str| {
        json!({"id": id, "directory": directory, "relation": "approval_by", "object": by,
            "subject": {"kind": "route", "namespace": "aws:111122223333", "value": "ec2:DeleteVolume"},
            "from": "2025-06-01T00:00:00Z", "read_at": read_at})
    };
    let daily = |n: usize| {
        let at = |i: usize| format!("2026-05-04T{:02}:{:02}:{:02}Z", 8 + i / 3600, i / 60 % 60, i % 60);
        (0..n).map(|i| route(&format!("snap-{i}"), "acme-inventory", "approvals:acme", &at(i))).collect::<Vec<_>>()
    };
    let other = [route("other", "acme-chatops", "approvals:chatops", "2026-05-01T00:00:00Z")];
    assert_eq!(approvals(&with(&[daily(80), other.to_vec()].concat())), ["unknown"]);
    // Near miss: nobody disagrees, and all of it is read.
    assert_eq!(approvals(&with(&daily(80))), ["absent"]);
    // Of more than is read nothing follows.
    let answer = with(&daily(600));
    assert_eq!(approvals(&answer), ["unknown"]);
    assert!(answer["limits"].to_string().contains("no control counts as the only one"), "{answer:#}");
}

#[test]
fn an_approval_that_names_no_call_forbids_saying_that_there_was_none() {
    let minute_before = "2026-04-23T09:10:00Z";
    let fits = |record: Value| {
        let answer = with(&[record]);
        assert_eq!(approvals(&answer), ["bound_weak"]);
        assert!(answer["approvals"][0]["reason"].as_str().unwrap().contains("whether it was for this call"));
    };
    fits(granted(minute_before, covers(VOLUME)));
    fits(granted(minute_before, covers(&format!("arn:aws:ec2:eu-central-1:111122223333:volume/{VOLUME}"))));
    fits(granted(minute_before, json!({"covers": {"action": "ec2:DeleteVolume"}})));
    fits(granted(minute_before, json!({"covers": {"action": "delete it", "resource": VOLUME}})));
    let copied = json!({"request": REQUEST.to_uppercase(), "namespace": "aws", "covers": covers(VOLUME)["covers"]});
    fits(granted(minute_before, copied));
    let until = |end: &str| json!({"expires": end, "covers": covers(VOLUME)["covers"]});
    fits(granted("2026-04-20T09:00:00Z", until("2026-04-27T09:00:00Z")));
    // What names nothing at all may have been for anything.
    assert_eq!(approvals(&with(&[granted(minute_before, json!({}))])), ["unknown"]);
    // Near misses: for something else, long ago, over, or after the act.
    for other in [
        granted(minute_before, covers("vol-0bbbb000000000001")),
        granted(minute_before, json!({"covers": {"action": "ec2:AttachVolume", "resource": VOLUME}})),
        granted(minute_before, json!({"covers": {"action": "deploy"}})),
        granted(
            minute_before,
            json!({"request": "5b1d9999-2222-4333-8444-555566667777", "namespace": "aws",
            "covers": covers(VOLUME)["covers"]}),
        ),
        granted(
            minute_before,
            json!({"call": {"session": "otel/other", "id": "call_9"}, "covers": covers(VOLUME)["covers"]}),
        ),
        granted("2026-04-20T09:10:00Z", covers(VOLUME)),
        granted(minute_before, until("2026-04-23T09:10:30Z")),
        granted("2026-04-23T09:20:00Z", covers(VOLUME)),
    ] {
        assert_eq!(approvals(&with(std::slice::from_ref(&other))), ["absent"], "{other}");
    }
    let denied = step("denied", "2026-04-23T09:09:30Z", "denied", json!({}));
    assert_eq!(approvals(&with(&[granted(minute_before, covers(VOLUME)), denied])), ["bound_weak"]);
    let withdrawn = step("withdrawn", "2026-04-23T09:10:30Z", "withdrawn", json!({}));
    assert_eq!(approvals(&with(&[granted(minute_before, covers(VOLUME)), withdrawn])), ["absent"]);
}

#[test]
fn uses_of_an_approval_do_not_push_out_that_it_was_withdrawn() {
    let request = json!({"request": REQUEST, "namespace": "aws"});
    let mut records = vec![
        granted("2026-04-23T08:00:00Z", request.clone()),
        step("withdrawn", "2026-04-23T08:10:00Z", "withdrawn", json!({})),
        granted("2026-04-23T09:10:00Z", request),
    ];
    let used = |i: usize| {
        let time = format!("2026-04-23T08:{:02}:{:02}Z", 20 + i / 60, i % 60);
        step(&format!("used-{i}"), &time, "redeemed", json!({}))
    };
    records.extend((0..62).map(used));
    assert_eq!(approvals(&with(&records)), ["withdrawn"]);
    // As many as are not looked at all.
    records.extend((62..600).map(used));
    assert_eq!(approvals(&with(&records)), ["withdrawn"]);
    // Near miss: it was not.
    records.remove(1);
    assert_eq!(approvals(&with(&records)), ["bound_weak"]);
}
