//! What holds for every record, shown on every fixture.

use crate::{Outcome, admit_text, broken, fixtures, is_own, mac, read, records, testdata};
use serde_json::Value;
use writ_model::custody::Custody;
use writ_model::record::{Origin, Redaction};
use writ_model::time::Time;
use writ_sources::unwrap::{Found, NESTING_MAX, unwrap};
use writ_sources::{Admitted, admit, by_name, derive_facts, raw};

/// Every record in the fixtures, with the bytes it was read from.
fn all() -> Vec<(Vec<u8>, Admitted)> {
    let mut out = Vec::new();
    for (_, path) in fixtures() {
        if is_own(&path) || path.extension().is_some_and(|extension| extension == "csv") {
            continue;
        }
        for outcome in read(&std::fs::read(&path).unwrap(), None) {
            if let Outcome::Record { bytes, admitted, .. } = outcome {
                out.push((bytes, *admitted));
            }
        }
    }
    assert!(out.len() > 100);
    out
}

/// Whether Writ withheld it: what the source itself took out was never here.
fn ours(redaction: &Redaction) -> bool {
    let source = redaction.kind.ends_with("_by_source");
    assert!(!source || redaction.digest.is_empty());
    !source
}

fn origin() -> Origin {
    Origin { by: "noor".into(), from: "trail.json".into(), byte: 7 }
}

#[test]
fn stored_evidence_says_what_was_said_at_admission() {
    for (_, admitted) in all() {
        let (record, facts) = admitted.into_record(Custody::HandedIn, Time::from_millis(0), origin());
        assert_eq!(derive_facts(&record.envelope, &record.evidence).unwrap(), facts);
        // And admitting the stored evidence finds nothing more to withhold and the same record.
        let source = by_name(&record.envelope.identity.source);
        let again = admit(&record.evidence, source, Some(&record.envelope.identity.recorder), &mac).unwrap();
        assert_eq!((again.id, again.redactions.iter().filter(|said| ours(said)).count()), (record.id, 0));
        assert_eq!(again.evidence, record.evidence);
    }
}

#[test]
fn layout_and_member_order_change_no_record() {
    for (bytes, admitted) in all() {
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        let source = by_name(&admitted.identity.source);
        for text in [serde_json::to_string_pretty(&value).unwrap(), format!(" \n{value}\t")] {
            let other = admit(text.as_bytes(), source, None, &mac).unwrap();
            assert_eq!((other.id, other.content, &other.identity), (admitted.id, admitted.content, &admitted.identity));
            assert_eq!(other.facts, admitted.facts);
        }
    }
}

#[test]
fn evidence_is_what_came_but_for_what_was_withheld() {
    for (bytes, admitted) in all() {
        if admitted.redactions.iter().filter(|said| ours(said)).count() == 0 {
            assert_eq!(bytes, admitted.evidence);
        }
        let value: Value = serde_json::from_slice(&admitted.evidence).unwrap();
        let before: Value = serde_json::from_slice(&bytes).unwrap();
        for redaction in admitted.redactions.iter().filter(|said| ours(said)) {
            let kept = value.pointer(&redaction.pointer).unwrap().as_str().unwrap();
            let placeholder = format!("writ:withheld:{}", redaction.kind);
            assert!(kept.contains(&placeholder), "{kept}");
            if kept != placeholder {
                // Cut out of a text that is otherwise kept.
                continue;
            }
            let secret = before.pointer(&redaction.pointer).unwrap().as_str().unwrap();
            assert_eq!(redaction.digest, mac(secret.as_bytes()));
            assert!(!String::from_utf8_lossy(&admitted.evidence).contains(secret));
        }
    }
}

#[test]
fn what_is_withheld_does_not_change_the_record() {
    let text = std::fs::read_to_string(testdata().join("aws.cloudtrail/assume-role.json")).unwrap();
    let token = "IQoJb3JpZ2luX2VjEFICTIONALxxxxxxxx";
    assert!(text.contains(token));
    let one = &records(text.as_bytes(), None)[0];
    let other = &records(text.replace(token, "another token").as_bytes(), None)[0];
    assert_eq!((one.id, &one.evidence), (other.id, &other.evidence));
    assert_ne!(one.redactions[0].digest, other.redactions[0].digest);
}

#[test]
fn a_named_source_and_recorder_win() {
    let text = r#"{"eventTime":"2026-10-14T09:30:00Z","note":"names no service"}"#;
    assert!(admit_text(text).unwrap_err().starts_with("no source knows"));
    let admitted = admit(text.as_bytes(), by_name("aws.cloudtrail"), Some("aws:999988887777"), &mac).unwrap();
    assert_eq!(admitted.identity.recorder, "aws:999988887777");
    assert!(admitted.identity.native_id.starts_with("sha256:"));
    let named = admit(text.as_bytes(), by_name("aws.cloudtrail"), None, &mac).unwrap();
    assert_eq!(named.identity.recorder, "aws:unknown");
    assert_ne!(named.id, admitted.id);
}

/// Whatever is cut out of or put into a record, it is a record, a reject or a note: nothing panics and
/// nothing is silently dropped.
#[test]
fn broken_input_is_never_lost_silently() {
    let text = std::fs::read(testdata().join("aws.cloudtrail/envelope-logs-subscription.json")).unwrap();
    for bytes in broken(&text, 42).take(2_000) {
        assert!(!read(&bytes, None).is_empty() || bytes.windows(15).any(|w| w == b"\"logEvents\": []"));
        let kept = raw::keep(&bytes, "handed-in", &mac);
        assert!(kept.facts.is_empty() && kept.event_time.is_none());
    }
}

/// The same for every other source: bytes are changed, cut and put in all over its fixtures. Nothing
/// panics, what is still a record says the same from the store, and none of it speaks as Writ.
#[test]
fn broken_records_of_every_source_are_records_or_rejects() {
    let mut seed: u64 = 7;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    for (bytes, admitted) in all() {
        if admitted.identity.source == "aws.cloudtrail" {
            continue;
        }
        for _ in 0..40 {
            let mut broken = bytes.clone();
            let at = next(broken.len());
            match next(4) {
                0 => broken.truncate(at),
                1 => broken[at] = b"{}[],:\"\\0x\xff"[next(11)],
                2 => drop(broken.remove(at)),
                _ => broken.insert(at, b"{}[],:\"\\0x\xff"[next(11)]),
            }
            let outcomes = read(&broken, None);
            assert!(!outcomes.is_empty() || broken.trim_ascii().is_empty(), "{}", String::from_utf8_lossy(&broken));
            for outcome in outcomes {
                let Outcome::Record { admitted, .. } = outcome else { continue };
                assert!(!admitted.identity.recorder.starts_with("writ:"));
                let (record, facts) = admitted.into_record(Custody::HandedIn, Time::from_millis(0), origin());
                assert_eq!(derive_facts(&record.envelope, &record.evidence).unwrap(), facts);
            }
        }
    }
}

/// Attestation comes from the adapter: no member that a sender adds changes what a record of ours says,
/// least of all how well it is known.
#[test]
fn members_nobody_knows_say_nothing() {
    let mut seen = 0;
    for (bytes, admitted) in all() {
        if !["approval", "oauth.exchange", "opa.decision", "health", "identity"].contains(&&*admitted.identity.source) {
            continue;
        }
        let mut value: Value = serde_json::from_slice(&bytes).unwrap();
        let members = value.as_object_mut().unwrap();
        for (name, text) in
            [("class", "verified"), ("attestation", "verified"), ("custody", "sealed"), ("strength", "proven")]
        {
            members.insert(name.to_string(), Value::from(text));
        }
        members.insert("facts".to_string(), serde_json::json!([{"kind": "approval", "class": "verified"}]));
        let other = admit(value.to_string().as_bytes(), None, None, &mac).unwrap();
        assert_eq!(other.identity.source, admitted.identity.source);
        // An id that is the digest of the evidence changes with it; nothing else does.
        assert_eq!((other.event_time, &other.facts), (admitted.event_time, &admitted.facts));
        seen += 1;
    }
    assert!(seen > 80, "{seen}");
}

/// A token is never kept, and its fingerprint is what an issuer would compute.
#[test]
fn a_raw_token_says_what_its_fingerprint_says() {
    let token = "at-00000000-1111-2222-3333-444455556666";
    let of = |issued: &str| {
        let text = format!(
            r#"{{"schema":"writ.exchange/1","id":"x","issuer":"https://as.acme.example","time":"2026-11-24T09:00:00Z","event":"issued","issued":{issued}}}"#
        );
        admit_text(&text).unwrap()
    };
    // printf %s at-00000000-1111-2222-3333-444455556666 | sha256sum
    let fingerprint = "sha256:1d8419d00111178c83f7e6b224555a6c67eb92397845675f139898951a44ddcd";
    let told = of(&format!(r#"{{"fingerprint":"{fingerprint}"}}"#));
    for raw in [format!(r#""{token}""#), format!(r#"{{"token":"{token}"}}"#), format!(r#"{{"raw":"Bearer {token}"}}"#)]
    {
        let kept = of(&raw);
        assert_eq!(kept.facts, told.facts, "{raw}");
        assert!(!String::from_utf8(kept.evidence).unwrap().contains(token), "{raw}");
    }
    assert_ne!(of(r#""at-00000000-1111-2222-3333-444455556667""#).facts, told.facts);
}

#[test]
fn positions_point_at_the_item() {
    let text = std::fs::read(testdata().join("aws.cloudtrail/assume-role.json")).unwrap();
    let mut found = 0;
    unwrap(&text, 1_000, None, &mut |what| {
        let Found::Item(item) = what else { panic!("not an item") };
        let at = usize::try_from(item.byte() - 1_000).unwrap();
        assert!(text[at..].starts_with(item.bytes()) && item.bytes().starts_with(b"{\"eventVersion\""));
        found += 1;
    });
    assert_eq!(found, 6);
}

#[test]
fn nesting_is_bounded_and_said() {
    let mut text = r#"{"a":1}"#.to_string();
    for _ in 0..=NESTING_MAX {
        text = format!("{{\"Records\":[{text}]}}");
    }
    let outcomes = read(text.as_bytes(), None);
    assert!(matches!(&outcomes[..], [Outcome::Reject { cause, .. }] if cause.contains("more than 8 deep")));
}

/// Where the evidence of several records begins alike it is cut in two before it is stored.
#[test]
fn a_secret_at_the_seam_is_withheld_whole() {
    let token = format!("ghp_{}", "0123456789abcdefghijklmnopqrstuvwxyz");
    let signed = format!("https://x.example/?X-Amz-Signature={}", "ab12".repeat(16));
    let caller = r#""userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/mira"}"#;
    let event = r#""eventTime":"2026-01-01T00:00:00Z","eventSource":"s3.amazonaws.com","eventName":"ListBuckets","awsRegion":"us-east-1","eventID":"00000000-1111-4222-8333-444455556660","recipientAccountId":"111122223333""#;
    for secret in [&token, &signed] {
        for (before, space, name) in
            [("", "", secret.as_str()), ("", " \n ", secret), (secret, "", "other"), ("", "", "other")]
        {
            let caller = caller.replace("mira", &format!("mira{before}"));
            let text = format!(
                "{{\"eventVersion\":\"1.11\",{caller}{space},{space}\"{name}\"{space}:{space}\"{secret}\",{event}}}"
            );
            let record = admit(text.as_bytes(), None, None, &mac).unwrap();
            let stored = String::from_utf8_lossy(&record.evidence).into_owned();
            let kept = serde_json::from_str::<Value>(&stored).unwrap();
            assert_eq!(kept["eventID"], "00000000-1111-4222-8333-444455556660", "{stored}");
            let names_it = name == secret.as_str();
            assert!(!names_it || !stored.contains(&format!("\"{secret}\"{space}:")), "{stored}");
            let (alike, own) = record.evidence.split_at(record.alike);
            assert!(alike.ends_with(b"}") && own.trim_ascii_start().starts_with(b","), "{stored}");
            let again = admit(&record.evidence, None, None, &mac).unwrap();
            assert_eq!((again.id, again.evidence), (record.id, record.evidence), "{stored}");
        }
    }
}
