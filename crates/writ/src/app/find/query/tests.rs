//! What is read as a term, what as a value, and what is refused.

use super::*;

fn parse(text: &str) -> Result<Query, String> {
    Query::parse([text], Time::parse("2026-10-14T12:00:00Z").unwrap())
}

#[test]
fn terms_are_known_words_and_everything_else_is_a_value() {
    let query = parse("source:aws.cloudtrail kind:effect action:EC2:* risk:High arn:aws:iam::1:user/x omar").unwrap();
    assert_eq!((query.source.as_deref(), query.action.as_deref()), (Some("aws.cloudtrail"), Some("ec2:*")));
    assert_eq!((query.kind, query.risk.as_deref()), (Some(FactKind::Effect), Some("high")));
    let texts: Vec<&str> = query.values.iter().map(|value| value.text.as_deref().unwrap()).collect();
    assert_eq!(texts, ["arn:aws:iam::1:user/x", "omar"]);
    let query = parse("credential:AKIAQ aws.cloudtrail:1f3e").unwrap();
    assert_eq!((query.values[0].kind, query.values[0].text.as_deref()), (Some(KeyKind::Credential), Some("AKIAQ")));
    assert_eq!((query.values[1].kind, query.values[1].text.as_deref()), (None, Some("aws.cloudtrail:1f3e")));
    assert!(parse("").unwrap().is_empty() && !query.is_empty());
}

#[test]
fn times_are_days_instants_or_ago() {
    let from = |text: &str| parse(text).unwrap().window().unwrap().0.to_string();
    assert_eq!(from("since:7d"), "2026-10-07T12:00:00Z");
    assert_eq!(from("since:30m"), "2026-10-14T11:30:00Z");
    assert_eq!(from("since:2026-10-01"), "2026-10-01T00:00:00Z");
    assert_eq!(from("since:2026-10-01T01:00:00+01:00"), "2026-10-01T00:00:00Z");
    assert_eq!(parse("until:1w").unwrap().window().unwrap().0, Time::MIN);
    for wrong in ["since:soon", "since:7y", "since:-7d", "until:99999999999999d", "since:é"] {
        assert!(parse(wrong).unwrap_err().contains("RFC 3339"), "{wrong}");
    }
}

#[test]
fn wrong_words_are_told_what_is_known() {
    for (text, said) in [
        ("kind:efect", "tool_call, effect"),
        ("risk:extreme", "low, normal, high"),
        ("outcome:ok", "success, failure"),
        ("approval:absent", "writ check -"),
        ("roots:several", "writ check -"),
    ] {
        assert!(parse(text).unwrap_err().contains(said), "{text}: {}", parse(text).unwrap_err());
    }
    assert!(parse("approval:a-17").is_ok());
}

#[test]
fn a_pasted_token_is_kept_as_its_fingerprint_alone() {
    let query = parse("Authorization: Bearer ghp_0000000000000000000000FAKE").unwrap();
    assert_eq!(query.values.len(), 1);
    assert!(query.values[0].text.is_none() && query.values[0].names.len() == 1);
    assert!(!format!("{query:?}").contains("ghp_"));
}
