//! Other people's logs, where they are at hand: real ones that were anonymised, and rule samples.
//! Nothing of them is in this repository; without them these tests say so and pass.

use crate::{Outcome, admit_text, read, records};
use std::path::PathBuf;
use writ_model::custody::Custody;
use writ_model::fact::{DecisionEffect, Detail, FactKind, Lifetime};
use writ_model::json::{self, Node, Value};
use writ_model::key::KeyRole;
use writ_model::record::Origin;
use writ_model::time::Time;
use writ_sources::{Admitted, derive_facts};

pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED {name}: ../shared/data is not here");
    None
}

fn detonations() -> Option<Vec<Admitted>> {
    let folder = shared("stratus-red-team/detonation-logs")?;
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    Some(files.iter().flat_map(|file| records(&std::fs::read(file).unwrap(), None)).collect())
}

#[test]
fn real_attacks_are_read_without_loss() {
    let Some(admitted) = detonations() else { return };
    assert_eq!(admitted.len(), 265);
    let effects = admitted.iter().map(|record| &record.facts[0]);
    assert!(effects.clone().all(|fact| fact.kind == FactKind::Effect && fact.actor.is_some()));
    let temporary = |lifetime: Lifetime| lifetime == Lifetime::Temporary;
    let sessions = effects.filter(|fact| fact.presented.as_ref().is_some_and(|p| temporary(p.lifetime)));
    assert_eq!(sessions.count(), 33);
    let minted = admitted.iter().flat_map(|record| &record.facts).filter(|fact| {
        matches!(&fact.detail, Detail::Credential(minting) if minting.minted.is_some())
            && fact.keys.iter().any(|key| key.role == KeyRole::Mints)
    });
    assert_eq!(minted.count(), 6);
    // Sixteen uses in these logs are of session keys that an AssumeRole in them minted.
    let keys = |role: KeyRole| {
        let facts = admitted.iter().flat_map(|record| &record.facts);
        facts.flat_map(|fact| &fact.keys).filter(move |key| key.role == role).map(|key| &key.name)
    };
    let mints: Vec<_> = keys(KeyRole::Mints).filter(|name| name.value.starts_with("ASIA")).collect();
    assert_eq!(keys(KeyRole::Presents).filter(|name| mints.contains(name)).count(), 16);
}

#[test]
fn no_session_token_survives() {
    let Some(admitted) = detonations() else { return };
    let mut seen = 0;
    for record in &admitted {
        let node = json::parse(&record.evidence).unwrap();
        tokens(&node, &mut |value| {
            seen += 1;
            let kept_as = ["writ:withheld:", "REDACTED", "HIDDEN_DUE_TO"];
            assert!(kept_as.iter().any(|head| value.starts_with(head)), "{value}");
        });
    }
    assert!(seen >= 4, "no token was looked at");
}

fn tokens(node: &Node<'_>, each: &mut dyn FnMut(&str)) {
    for child in node.elements() {
        tokens(child, each);
    }
    for (name, child) in node.members() {
        match &child.value {
            Value::String(text) if name == "sessionToken" || name == "secretAccessKey" => each(text),
            _ => tokens(child, each),
        }
    }
}

#[test]
fn real_records_say_the_same_from_the_store_and_in_any_layout() {
    let Some(admitted) = detonations() else { return };
    let origin = Origin { by: "noor".into(), from: "-".into(), byte: 0 };
    for one in admitted {
        let value: serde_json::Value = serde_json::from_slice(&one.evidence).unwrap();
        let other = admit_text(&serde_json::to_string_pretty(&value).unwrap()).unwrap();
        assert_eq!((other.id, &other.facts), (one.id, &one.facts));
        let (record, facts) = one.into_record(Custody::HandedIn, Time::from_millis(0), origin.clone());
        assert_eq!(derive_facts(&record.envelope, &record.evidence).unwrap(), facts);
    }
}

#[test]
fn unusual_records_are_read() {
    let Some(path) = shared("otel-collector-contrib/cloudtrail_unusual_records.json") else { return };
    let records = records(&std::fs::read(path).unwrap(), None);
    let said: Vec<(FactKind, &str)> =
        records.iter().map(|record| (record.facts[0].kind, record.facts[0].action.as_str())).collect();
    assert_eq!(
        said,
        [
            (FactKind::Health, "insight:ApiCallRateInsight"),
            (FactKind::Effect, "signin:ConsoleLogin"),
            (FactKind::Effect, "kms:RotateKey")
        ]
    );
    let user = records[1].facts[0].actor.as_ref().unwrap();
    assert_eq!(user.principal.id, "aws.identitystore:d-12345abcde/d-12345abcde");
}

#[test]
fn rule_samples_are_records_or_rejects_with_a_cause() {
    let Some(path) = shared("panther-analysis/AWS.CloudTrail.jsonl") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let (mut inputs, mut admitted) = (0, 0);
    for line in text.lines() {
        inputs += 1;
        let outcomes = read(line.as_bytes(), Some("/event"));
        assert_eq!(outcomes.len(), 1, "{line}");
        match &outcomes[0] {
            Outcome::Record { admitted: record, .. } => {
                admitted += 1;
                assert!(!record.facts.is_empty());
            }
            Outcome::Reject { cause, .. } => assert!(cause.len() > 20 && !cause.ends_with('.'), "{cause}"),
            Outcome::Note { text, .. } => panic!("{text}"),
        }
    }
    assert_eq!(inputs, 279);
    // The rest has no time, a time without a zone, or is in the collector's own spelling.
    assert!(admitted > 150, "only {admitted} were read");
    eprintln!("{admitted} of {inputs} rule samples are records");
}

#[test]
fn published_decisions_are_read_and_what_was_erased_is_said() {
    let Some(path) = shared("opa-decision-log/decision_log_batch.json") else { return };
    let records = records(&std::fs::read(path).unwrap(), None);
    assert_eq!(records.len(), 2);
    let recorders: Vec<&str> = records.iter().map(|record| record.identity.recorder.as_str()).collect();
    assert_eq!(recorders, ["opa:1780d507-aea2-45cc-ae50-fa153c8e4a5a", "opa:unknown"]);
    for record in &records {
        let Detail::Decision(decision) = &record.facts[0].detail else { panic!("{:?}", record.facts) };
        assert_eq!(decision.effect, DecisionEffect::Permit);
        assert_eq!(decision.enforced, None);
    }
    assert_eq!(records[0].facts[0].resources[0].id, "/salary/bob");
    assert_eq!(records[1].event_time.unwrap().start.to_string(), "2019-06-03T20:07:16.939402185Z");
    let noted: Vec<(&str, &str)> =
        records[1].redactions.iter().map(|said| (said.kind.as_str(), said.pointer.as_str())).collect();
    assert_eq!(noted, [("erased_by_source", "/input/password"), ("erased_by_source", "/input/ssn")]);
}
