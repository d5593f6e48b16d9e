//! The same evidence gives the same answers, however it was delivered.

use crate::support::{Writ, repository, settled};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;

/// Records of several cases at once: they share an account and nothing else that matters.
const WORLDS: [&str; 4] = [
    "by-hand-assume-role",
    "exchanged-session-token",
    "M08-stolen-instance-credentials",
    "M10-role-passed-to-a-service",
];

fn records() -> Vec<Value> {
    let mut by_id: BTreeMap<String, Value> = BTreeMap::new();
    for world in WORLDS {
        let path = repository().join("scenarios/cases").join(world).join("events.ndjson");
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            by_id.insert(event["eventID"].as_str().unwrap().to_string(), event);
        }
    }
    by_id.into_values().collect()
}

fn answers(writ: &Writ, records: &[Value]) -> Vec<Value> {
    records.iter().map(|record| settled(writ.why(&[record["eventID"].as_str().unwrap()]))).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.start_file(name.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// Member order turned round at every level, and spread over lines: other bytes, the same values.
fn turned(value: &Value) -> String {
    fn turn(value: &Value, out: &mut String, depth: usize) {
        let indent = "\n".to_string() + &"\t".repeat(depth);
        match value {
            Value::Object(members) => {
                out.push('{');
                for (n, (key, member)) in members.iter().rev().enumerate() {
                    out.push_str(if n > 0 { " ," } else { "" });
                    out.push_str(&indent);
                    out.push_str(&Value::String(key.clone()).to_string());
                    out.push_str(" : ");
                    turn(member, out, depth + 1);
                }
                out.push_str(" }");
            }
            Value::Array(elements) => {
                out.push('[');
                for (n, element) in elements.iter().enumerate() {
                    out.push_str(if n > 0 { " , " } else { " " });
                    turn(element, out, depth + 1);
                }
                out.push(']');
            }
            other => out.push_str(&other.to_string()),
        }
    }
    let mut out = String::new();
    turn(value, &mut out, 1);
    out
}

/// Names and contents.
type Files = Vec<(String, Vec<u8>)>;

/// Every way of delivery, as files.
fn deliveries(records: &[Value]) -> Vec<(&'static str, Files)> {
    let lines = |records: &[Value]| records.iter().map(|r| r.to_string() + "\n").collect::<String>().into_bytes();
    let one = |bytes: Vec<u8>| vec![("trail.json".to_string(), bytes)];
    let mut reversed = records.to_vec();
    reversed.reverse();
    let (first, second) = records.split_at(records.len() / 2);
    let each: Vec<(String, Vec<u8>)> =
        records.iter().enumerate().map(|(n, r)| (format!("{n:03}/r.json"), r.to_string().into_bytes())).collect();
    let bridge: String = records
        .iter()
        .map(|r| {
            json!({"version": "0", "id": r["requestID"], "detail-type": "AWS API Call via CloudTrail", "source": "aws.s3",
                "account": r["recipientAccountId"], "time": r["eventTime"], "region": r["awsRegion"], "resources": [], "detail": r})
            .to_string()
                + "\n"
        })
        .collect();
    let watch = json!({"messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": "CloudTrail/logs", "logStream": "111122223333_CloudTrail_eu-central-1",
        "subscriptionFilters": ["all"], "logEvents": records.iter().enumerate()
            .map(|(n, r)| json!({"id": n.to_string(), "timestamp": 1, "message": r.to_string()})).collect::<Vec<_>>()});
    let lookup = json!({"Events": records.iter()
        .map(|r| json!({"EventId": r["eventID"], "EventName": r["eventName"], "CloudTrailEvent": r.to_string()})).collect::<Vec<_>>()});
    let wrapped = json!({ "Records": records }).to_string().into_bytes();
    vec![
        ("reversed", one(lines(&reversed))),
        ("twice", vec![("a.json".into(), lines(records)), ("b.json".into(), wrapped.clone())]),
        ("in two files", vec![("a.json".into(), lines(second)), ("b.json".into(), lines(first))]),
        ("a file each", each.clone()),
        ("an array", one(json!(records).to_string().into_bytes())),
        ("a Records object", one(wrapped.clone())),
        ("pretty-printed", one(serde_json::to_vec_pretty(&json!({ "Records": records })).unwrap())),
        ("turned round", one(records.iter().map(turned).collect::<Vec<_>>().join("\n").into_bytes())),
        ("gzip", one(gzip(&wrapped))),
        ("gzip of several members", one([gzip(&lines(first)), gzip(&lines(second))].concat())),
        ("zstd", one(zstd::encode_all(wrapped.as_slice(), 3).unwrap())),
        (
            "zip of gzip",
            one(zip(&each.iter().map(|(name, bytes)| (name.clone() + ".gz", gzip(bytes))).collect::<Vec<_>>())),
        ),
        ("EventBridge", one(bridge.into_bytes())),
        ("CloudWatch Logs", one(gzip(watch.to_string().as_bytes()))),
        ("lookup-events", one(lookup.to_string().into_bytes())),
    ]
}

#[test]
fn delivery_order_layout_and_envelopes_change_no_answer() {
    let records = records();
    let base = Writ::new();
    let file = base.write("trail.json", json!({ "Records": records }).to_string());
    assert_eq!(base.ingest(&[file.to_str().unwrap()])["records"], records.len());
    let expected = answers(&base, &records);
    assert!(expected.iter().any(|answer| answer["hops"].as_array().unwrap().len() > 2));
    for (name, files) in deliveries(&records) {
        let writ = Writ::new();
        for (file, bytes) in &files {
            writ.write(&format!("logs/{file}"), bytes);
        }
        let summary = writ.ingest(&[writ.path("logs").to_str().unwrap()]);
        assert_eq!((&summary["records"], &summary["rejects"]), (&json!(records.len()), &json!(0)), "{name}: {summary}");
        for (expected, found) in expected.iter().zip(answers(&writ, &records)) {
            assert_eq!(*expected, found, "{name}");
        }
    }
}

#[test]
fn ingesting_again_changes_no_answer_and_counts_duplicates() {
    let records = records();
    let writ = Writ::new();
    let file = writ.write("trail.json", json!(records).to_string());
    let path = file.to_str().unwrap();
    writ.ingest(&[path]);
    let before = answers(&writ, &records);
    let again = writ.ingest(&[path]);
    assert_eq!((&again["records"], &again["duplicates"]), (&json!(0), &json!(records.len())));
    assert_eq!(before, answers(&writ, &records));
}

/// Losing any one record never strengthens a hop and never names somebody else with confidence.
#[test]
fn withholding_any_record_only_weakens() {
    let records = records();
    let event = "00000073-1111-4222-8333-444455556666";
    let ask = |records: &[Value]| {
        let writ = Writ::new();
        let file = writ.write("trail.json", json!(records).to_string());
        writ.ingest(&[file.to_str().unwrap()]);
        writ.why(&[event])
    };
    let strengths = |answer: &Value| -> BTreeMap<String, u8> {
        let hops = answer["hops"].as_array().unwrap().iter();
        hops.map(|hop| {
            let name = format!("{} {} {}", hop["from"], hop["edge"], hop["to"]);
            (name, crate::support::rank(hop["strength"].as_str().unwrap()))
        })
        .collect()
    };
    let whole = ask(&records);
    let before = strengths(&whole);
    assert_eq!(before.len(), 4);
    for withheld in records.iter().filter(|record| record["eventID"] != event) {
        let rest: Vec<Value> = records.iter().filter(|record| *record != withheld).cloned().collect();
        let answer = ask(&rest);
        for (hop, after) in strengths(&answer) {
            assert!(before.get(&hop).is_some_and(|before| after <= *before), "{hop} without {}", withheld["eventID"]);
        }
        for member in ["powered_by", "performed_by"] {
            let id =
                |answer: &Value| answer[member].pointer("/0/principal").or(answer[member].get("principal")).cloned();
            assert_eq!(id(&whole), id(&answer), "{member} without {}", withheld["eventID"]);
        }
        assert_eq!(answer["asked_by"], json!([]));
    }
}

/// More records than the walk may look at say that they issued the credential: nobody is named by them,
/// and what the event's own record says stands.
#[test]
fn a_flood_of_forged_issuances_names_nobody() {
    let mut records = records();
    let minting = records.iter().find(|r| r["eventID"] == "00000001-1111-4222-8333-444455556666").unwrap().clone();
    for n in 0..70 {
        let mut forged = minting.clone();
        forged["eventID"] = json!(format!("{n:08}-dead-4222-8333-444455556666"));
        forged["userIdentity"]["principalId"] = json!("AIDAQVICTIM0000000001");
        forged["userIdentity"]["arn"] = json!("arn:aws:iam::111122223333:user/victim");
        forged["userIdentity"]["accessKeyId"] = json!("AKIAQVICTIM000000001");
        records.push(forged);
    }
    let writ = Writ::new();
    writ.ingest(&[writ.write("trail.json", json!(records).to_string()).to_str().unwrap()]);
    let answer = writ.why(&["00000002-1111-4222-8333-444455556666"]);
    assert_eq!(answer["powered_by"][0]["principal"], "aws:AROAQEXPORTS000000001:nightly-export", "{answer:#}");
    assert_eq!(answer["verdict"]["word"], "contradicted");
    assert!(answer["gaps"].as_array().unwrap().iter().any(|gap| gap["reason"] == "budget"), "{answer:#}");
    for hop in answer["hops"].as_array().unwrap() {
        assert!(hop["edge"] == "executed_with" || hop["strength"] != "proven", "{hop:#}");
    }
}
