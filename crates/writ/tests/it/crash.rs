//! `kill -9` while ingesting, again and again on one folder: what was acknowledged is there, whole.

use crate::support::Writ;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use writ_model::json;
use writ_model::record::content_digest;
use writ_model::time::Time;
use writ_store::{Query, Snapshot};

/// Kills of the short form. `WRIT_KILLS` chooses another number, and `cargo xtask soak` runs many.
const KILLS: usize = 50;
const RECORDS_PER_RUN: usize = 12_000;

fn n_kills() -> usize {
    let asked = std::env::var("WRIT_KILLS");
    asked.map_or(KILLS, |text| text.parse().expect("WRIT_KILLS is a number"))
}

/// CloudTrail records nobody has seen before.
fn log(run: usize) -> String {
    let mut text = String::new();
    let minute = run % 60;
    for n in 0..RECORDS_PER_RUN {
        let second = n % 60;
        let _ = writeln!(
            text,
            r#"{{"eventVersion":"1.11","userIdentity":{{"type":"IAMUser","principalId":"AIDAQCRASH{run:011}","arn":"arn:aws:iam::111122223333:user/u{run}","accountId":"111122223333","accessKeyId":"AKIAQCRASH{run:010}"}},"eventTime":"2026-10-14T09:{minute:02}:{second:02}Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-central-1","requestParameters":{{"bucketName":"b","key":"k/{n}"}},"responseElements":null,"eventID":"{run:08}-0000-4000-8000-{n:012}","eventType":"AwsApiCall","recipientAccountId":"111122223333"}}"#
        );
    }
    text
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_half_there() {
    let writ = Writ::new();
    let mut acknowledged: BTreeSet<String> = BTreeSet::new();
    let mut interrupted = 0;
    let n_kills = n_kills();
    for run in 0..n_kills {
        let file = writ.write("trail.ndjson", log(run));
        let mut child = writ
            .command(&["ingest", "--acks", file.to_str().unwrap()])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Kill after a different number of acknowledgements each time, the first time before any.
        let enough = run * RECORDS_PER_RUN * 9 / (n_kills * 10);
        let mut seen = 0;
        while seen < enough {
            let Some(Ok(line)) = lines.next() else { break };
            seen += usize::from(note(&line, &mut acknowledged));
        }
        child.kill().unwrap();
        // What was in the pipe had been printed, so it had been acknowledged.
        for line in lines.map_while(Result::ok) {
            note(&line, &mut acknowledged);
        }
        interrupted += usize::from(!child.wait().unwrap().success());
    }
    assert!(interrupted >= n_kills * 9 / 10, "only {interrupted} runs were interrupted");
    assert!(n_kills < KILLS || acknowledged.len() > RECORDS_PER_RUN, "only {} acknowledgements", acknowledged.len());
    // One more run recovers whatever the last kill left and adds to it.
    let summary = writ.ingest(&[writ.write("trail.ndjson", log(n_kills)).to_str().unwrap()]);
    assert_eq!(summary["records"], RECORDS_PER_RUN);
    check(&writ, &acknowledged);
}

/// Takes a line of `--acks`; a line cut short by the kill acknowledges nothing.
fn note(line: &str, acknowledged: &mut BTreeSet<String>) -> bool {
    let whole = line.len() == 33 && line.starts_with('#');
    whole && acknowledged.insert(line.to_string())
}

fn check(writ: &Writ, acknowledged: &BTreeSet<String>) {
    let snapshot = Snapshot::open(&writ.path("data"), writ_sources::derivation(), |_, _| Vec::new()).unwrap();
    assert!(snapshot.damage().is_empty());
    let mut there = BTreeSet::new();
    for posting in snapshot.all(&Query::new(Time::MAX, usize::MAX)).unwrap() {
        let record = snapshot.record(posting.position).unwrap();
        let node = json::parse(&record.evidence).unwrap();
        let mut canonical = Vec::new();
        json::canonical(&node, &mut canonical);
        assert_eq!(content_digest(&record.envelope.identity, &canonical), record.content, "{}", record.id);
        assert!(there.insert(record.id.to_string()), "{} is there twice", record.id);
    }
    let lost: Vec<&String> = acknowledged.difference(&there).collect();
    assert!(lost.is_empty(), "{} acknowledged records are lost, among them {:?}", lost.len(), lost.first());
}
