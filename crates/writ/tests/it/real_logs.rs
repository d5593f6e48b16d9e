//! Third-party logs, read from `../shared/data` where that folder is here.

use crate::support::{Writ, shared, validate};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

/// Asks about many events at once, as a pipeline would; answers by native id.
fn why_all(writ: &Writ, ids: &[String]) -> BTreeMap<String, Value> {
    let mut child = writ.command(&["why", "--json", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = ids.join("\n");
    let feeder = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    assert!(output.status.success(), "{}", output.status);
    let answers: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    answers.iter().for_each(validate);
    answers.into_iter().map(|answer| (answer["event"]["native_id"].as_str().unwrap().to_string(), answer)).collect()
}

fn detonations(folder: &Path) -> Vec<(String, Vec<Value>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: &Path| serde_json::from_str::<Vec<Value>>(&std::fs::read_to_string(path).unwrap()).unwrap();
    files.iter().map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), read(path))).collect()
}

fn minted(record: &Value) -> Option<&str> {
    let response = &record["responseElements"];
    response["credentials"]["accessKeyId"].as_str().or(response["accessKey"]["accessKeyId"].as_str())
}

fn temporary(record: &Value) -> Option<&str> {
    record["userIdentity"]["accessKeyId"].as_str().filter(|id| id.starts_with("ASIA"))
}

#[test]
fn detonation_logs_join_every_key_to_its_issue_and_no_other() {
    let Some(folder) = shared("detonation logs", "stratus-red-team/detonation-logs") else { return };
    let writ = Writ::new();
    let summary = writ.ingest(&[folder.to_str().unwrap()]);
    assert_eq!((&summary["inputs"], &summary["records"], &summary["rejects"]), (&json!(265), &json!(265), &json!(0)));

    let records: Vec<Value> = detonations(&folder).into_iter().flat_map(|(_, records)| records).collect();
    let issuers: BTreeMap<&str, &str> =
        records.iter().filter_map(|r| Some((minted(r)?, r["eventID"].as_str()?))).collect();
    let ids: Vec<String> = records.iter().map(|r| r["eventID"].as_str().unwrap().to_string()).collect();
    let answers = why_all(&writ, &ids);
    assert_eq!(answers.len(), 265);
    let (mut joined, mut gaps) = (0, 0);
    for record in &records {
        let answer = &answers[record["eventID"].as_str().unwrap()];
        let hops = answer["hops"].as_array().unwrap();
        let issuing: Vec<&Value> = hops.iter().filter(|hop| hop["edge"] != "executed_with").collect();
        // Whatever was joined names the record that really minted the key.
        for hop in &issuing {
            let key = hop["keys"][0]["shown"].as_str().unwrap();
            assert_eq!(hop["records"], json!([format!("aws.cloudtrail:{}", issuers[key])]), "{answer:#}");
        }
        let Some(key) = temporary(record) else { continue };
        let credential_gaps: Vec<&Value> =
            answer["gaps"].as_array().unwrap().iter().filter(|gap| gap["chain"] == "credential").collect();
        if issuers.contains_key(key) {
            joined += 1;
            assert!(issuing[0]["strength"] == "proven" && credential_gaps.is_empty(), "{answer:#}");
        } else {
            gaps += 1;
            // These sessions were created before what was handed in of their account begins.
            assert!(issuing.is_empty() && credential_gaps[0]["reason"] == "not_collected", "{answer:#}");
        }
    }
    assert_eq!((joined, gaps), (16, 17));
}

#[test]
fn without_the_minting_events_nothing_is_proven_beyond_the_events_own_credential() {
    let Some(folder) = shared("withheld minting events", "stratus-red-team/detonation-logs") else { return };
    let writ = Writ::new();
    let mut uses = BTreeSet::new();
    let mut all = Vec::new();
    for (name, records) in detonations(&folder) {
        let kept: Vec<&Value> = records.iter().filter(|record| minted(record).is_none()).collect();
        uses.extend(kept.iter().filter(|r| temporary(r).is_some()).map(|r| r["eventID"].as_str().unwrap().to_string()));
        all.extend(kept.iter().map(|r| r["eventID"].as_str().unwrap().to_string()));
        writ.write(&format!("logs/{name}"), json!(kept).to_string());
    }
    writ.ingest(&[writ.path("logs").to_str().unwrap()]);
    assert_eq!(uses.len(), 33);
    let mut gaps = 0;
    for (id, answer) in why_all(&writ, &all) {
        let hops = answer["hops"].as_array().unwrap();
        assert!(hops.iter().all(|hop| hop["edge"] == "executed_with" || hop["strength"] != "proven"), "{answer:#}");
        let gap = answer["gaps"].as_array().unwrap().iter().any(|gap| gap["chain"] == "credential");
        assert_eq!(gap, uses.contains(&id), "{answer:#}");
        gaps += u32::from(gap);
    }
    assert_eq!(gaps, 33);
}

#[test]
fn unusual_records_are_records() {
    let Some(file) = shared("unusual records", "otel-collector-contrib/cloudtrail_unusual_records.json") else {
        return;
    };
    let writ = Writ::new();
    let summary = writ.ingest(&[file.to_str().unwrap()]);
    assert_eq!((&summary["inputs"], &summary["records"]), (&json!(3), &json!(3)));
    let insight = writ.why(&["654a30ff-b0f3-4527-81b6-EXAMPLEf2393"]);
    assert_eq!((&insight["event"]["kind"], &insight["performed_by"]), (&json!("health"), &Value::Null));
    let login = writ.why(&["a1b2c3d4-5678-90ab-cdef-EXAMPLE22222"]);
    assert_eq!(login["powered_by"][0]["name"], "arn:aws:iam::123456789012:user/identity-center-user", "{login:#}");
    assert!(login["limits"].to_string().contains("does not tell what sort of credential"), "{login:#}");
    let rotation = writ.why(&["a24b3967-ddad-417f-9b22-2332b918db06"]);
    assert_eq!((&rotation["performed_by"]["kind"], &rotation["wielder"]), (&json!("service"), &json!("automation")));
}

#[test]
fn normalised_records_all_end_as_record_duplicate_conflict_or_explained_reject() {
    let Some(file) = shared("panther samples", "panther-analysis/AWS.CloudTrail.jsonl") else { return };
    let writ = Writ::new();
    let summary = writ.ingest(&["--pointer", "/event", file.to_str().unwrap()]);
    let count = |name: &str| summary[name].as_u64().unwrap();
    assert_eq!(count("inputs"), 279);
    assert_eq!(count("inputs"), count("records") + count("duplicates") + count("rejects"));
    for reject in summary["rejected"].as_array().unwrap() {
        assert!(reject["cause"].as_str().unwrap().len() > 20, "{reject}");
    }
    // Ids that carry differing contents under one recorder are conflicts; asking for one is ambiguous.
    let mut contents: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for line in std::fs::read_to_string(&file).unwrap().lines() {
        let event = serde_json::from_str::<Value>(line).unwrap()["event"].take();
        let account = event["recipientAccountId"].as_str().or(event["userIdentity"]["accountId"].as_str());
        let Some(id) = event["eventID"].as_str() else { continue };
        let identity = (id.to_string(), account.unwrap_or("unknown").to_string());
        contents.entry(identity).or_default().insert(event.to_string());
    }
    let conflicts: Vec<_> = contents.iter().filter(|(_, contents)| contents.len() > 1).collect();
    let ids: BTreeSet<&str> = conflicts.iter().map(|((id, _), _)| id.as_str()).collect();
    assert_eq!(ids.len(), 25);
    for ((id, account), contents) in conflicts {
        let output = writ.run(&["why", &format!("aws.cloudtrail:{id}@aws:{account}")]);
        assert_eq!(output.status.code(), Some(4), "{id}: {}", String::from_utf8_lossy(&output.stderr));
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            message.contains(&format!("names {} records", contents.len())) && message.contains("conflict"),
            "{message}"
        );
    }
}
