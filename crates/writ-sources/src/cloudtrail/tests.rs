//! Recognition, the envelope, and the tables' own consistency. What is said of records is shown by
//! the fixtures.

use super::*;
use writ_model::json;

fn recognised(text: &str) -> bool {
    CloudTrail.recognises(&json::parse(text.as_bytes()).unwrap())
}

#[test]
fn records_are_told_by_content() {
    assert!(recognised(r#"{"eventTime":"2026-01-01T00:00:00Z","eventName":"X","awsRegion":"eu-central-1"}"#));
    assert!(recognised(r#"{"eventID":"1","insightDetails":{},"eventType":"AwsCloudTrailInsight"}"#));
    for text in [
        r#"{"eventTime":"2026-01-01T00:00:00Z","eventName":"X"}"#,
        r#"{"eventName":"X","awsRegion":"x","userIdentity":{}}"#,
        r#"{"eventtime":"x","eventname":"X","awsregion":"x"}"#,
        r#"{"eventTime":"x","eventName":"ObjectCreated:Put","eventSource":"aws:s3","awsRegion":"x"}"#,
        r#"["eventTime","eventName","awsRegion"]"#,
        "{}",
    ] {
        assert!(!recognised(text), "{text}");
    }
}

fn reading(text: &str) -> Result<Reading, String> {
    CloudTrail.read(&json::parse(text.as_bytes()).unwrap())
}

#[test]
fn the_recorder_is_the_account_that_wrote_it() {
    let recorder = |text: &str| reading(text).unwrap().recorder;
    let time = r#""eventTime":"2026-01-01T00:00:00Z""#;
    let identity = r#""userIdentity":{"accountId":"444455556666"}"#;
    assert_eq!(recorder(&format!("{{{time},{identity},\"recipientAccountId\":\"111122223333\"}}")), "aws:111122223333");
    assert_eq!(recorder(&format!("{{{time},{identity},\"recipientAccountId\":\"\"}}")), "aws:444455556666");
    assert_eq!(recorder(&format!("{{{time}}}")), "aws:unknown");
}

#[test]
fn a_time_is_read_or_absent_or_a_fault_never_guessed() {
    let time = |text: &str| reading(text).unwrap().event_time.map(|time| time.start.to_string());
    assert_eq!(time(r#"{"eventTime":"2026-01-01T02:00:00+02:00"}"#).as_deref(), Some("2026-01-01T00:00:00Z"));
    // The vendor writes UTC; pipelines drop the zone.
    assert_eq!(time(r#"{"eventTime":"2026-01-01 00:00:00.000"}"#).as_deref(), Some("2026-01-01T00:00:00Z"));
    assert_eq!((time(r#"{"eventID":"1"}"#), time(r#"{"eventTime":null}"#)), (None, None));
    for (text, cause) in [
        (r#"{"eventTime":7}"#, "it is a number"),
        (r#"{"eventTime":"yesterday"}"#, "`yesterday` is not a time"),
        (r#"{"eventTime":"2026-01-01T00:00:00"}"#, "is not a time"),
    ] {
        let error = reading(text).unwrap_err();
        assert!(error.contains(cause), "{error}");
    }
}

#[test]
fn what_a_caller_says_again_ends_behind_the_caller() {
    let own = |text: &str| {
        let node = json::parse(text.as_bytes()).unwrap();
        let shared = CloudTrail.shared_part(&node);
        shared.map(|shared| text.get(..shared.span().end).unwrap().to_string())
    };
    let caller = r#"{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","arn":"\"eventTime\":"}"#;
    let event = format!("{caller},\"eventTime\":\"2026-01-01T00:00:00Z\",\"eventID\":\"1\"}}");
    assert_eq!(own(&event).as_deref(), Some(caller));
    for text in [
        r#"{"eventVersion":"1.11","userIdentity":{"type":"IAMUser"}}"#,
        r#"{"eventVersion":"1.11","eventTime":"2026-01-01T00:00:00Z","userIdentity":{}}"#,
        r#"{"awsRegion":"x","eventVersion":"1.11","userIdentity":{},"eventTime":"x"}"#,
        "{}",
    ] {
        assert_eq!(own(text), None, "{text}");
    }
}

#[test]
fn codes_that_facts_refer_to_are_declared() {
    for code in [SSO_ROLE_CREDENTIALS, CONSOLE_SESSION, CONSOLE_NO_KEY, SERVICE_SESSION, "data_events"] {
        assert!(INFO.omission(code).is_some(), "{code}");
    }
}

#[test]
fn tables_enter_the_derivation() {
    let tables = CloudTrail.tables();
    for word in [
        "AssumeRoleWithSAML",
        "roleARN",
        "StopLogging",
        "UnauthorizedOperation",
        "dBSnapshotIdentifier",
        "GetSecretValue",
    ] {
        assert!(tables.contains(word), "{word}");
    }
}

#[test]
fn permission_sets_are_read_off_role_names() {
    use presented::permission_set;
    assert_eq!(permission_set("AWSReservedSSO_DataReader_0123456789abcdef"), Some("DataReader"));
    assert_eq!(permission_set("AWSReservedSSO_Data_Reader_0123456789ABCDEF"), Some("Data_Reader"));
    for role in [
        "AWSReservedSSO_DataReader_0123",
        "AWSReservedSSO__0123456789abcdef",
        "DataReader_0123456789abcdef",
        "AWSReservedSSO_x",
    ] {
        assert_eq!(permission_set(role), None, "{role}");
    }
}
