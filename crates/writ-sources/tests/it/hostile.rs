//! Records by whoever means harm, in their smallest form.

use crate::{Outcome, admit_text, read, records};
use std::fmt::Write as _;

const TRAIL: &str =
    r#"{"eventTime":"2026-10-14T09:30:00Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","eventID":"e-1""#;
const ENTRY: &str = r#"{"directory":"acme","relation":"same","object":"person:lena","subject":{"kind":"principal","namespace":"aws","value":"AIDAQLENA"}"#;

fn span(members: &str) -> String {
    format!(
        r#"{{"span":{{"traceId":"4bf92f3577b34da6a3ce929d0e0e4701","spanId":"00f067aa0ba90001","name":"x"{members}}}}}"#
    )
}

#[test]
fn whoever_adds_a_member_does_not_choose_which_one_counts() {
    let attribute = |pair: &str| span(&format!(r#","attributes":[{{{pair}}}]"#));
    for text in [
        format!(r#"{TRAIL},"eventName":"PutObject"}}"#),
        format!(r#"{ENTRY},"object":"person:omar"}}"#),
        ENTRY.replace(r#""value":"AIDAQLENA""#, r#""value":"AIDAQLENA","value":"AIDAQOMAR""#) + "}",
        span(r#","name":"y""#),
        attribute(r#""key":"user.id","key":"n","value":{"stringValue":"lena"}"#),
        attribute(r#""key":"user.id","value":{"stringValue":"lena","stringValue":"omar"}"#),
        span(r#","links":[{"spanId":"00f067aa0ba90002","spanId":"00f067aa0ba90003"}]"#),
    ] {
        let cause = admit_text(&text).map(|admitted| admitted.facts).unwrap_err();
        assert!(cause.contains("stands twice"), "{text}: {cause}");
    }
    // Two processes by one id: a span is of either.
    let process = |name: &str| format!(r#""p1":{{"serviceName":"{name}"}}"#);
    let trace = format!(
        r#"{{"traceID":"1","spans":[{{"traceID":"1","spanID":"2","processID":"p1"}}],"processes":{{{},{}}}}}"#,
        process("a"),
        process("b")
    );
    assert!(matches!(&read(trace.as_bytes(), None)[..], [Outcome::Reject { cause, .. }] if cause.contains("twice")));
    // Near miss: two attributes by one name, of which the last counts, as the specification says.
    let twice = r#"{"key":"n","value":{"intValue":"1"}},{"key":"n","value":{"intValue":"2"}}"#;
    assert!(admit_text(&span(&format!(r#","attributes":[{twice}]"#))).is_ok());
}

#[test]
fn of_several_members_that_stand_twice_the_one_that_does_so_first_is_named() {
    let more = |n: usize| (0..n).map(|n| format!(r#","m{n}":{n}"#)).collect::<Vec<_>>().concat();
    for n in [0, 40] {
        let caller = format!(r#""userIdentity":{{"type":"Root"{},"zone":1,"zone":2,"arn":"a","arn":"b"}}"#, more(n));
        let text = format!("{TRAIL},{caller}}}");
        let cause = admit_text(&text).map(|admitted| admitted.facts).unwrap_err();
        assert!(cause.contains("`zone` stands twice"), "{cause}");
    }
}

/// Compared each with each, these would take minutes.
#[test]
fn a_hundred_thousand_members_are_read_in_one_pass() {
    let many = (0..100_000).fold(String::new(), |mut many, n| {
        write!(many, r#","member {n}":{n}"#).unwrap();
        many
    });
    for text in [format!("{TRAIL}{many}}}"), format!("{ENTRY}{many}}}"), span(&many)] {
        assert_eq!(records(text.as_bytes(), None).len(), 1);
    }
}

#[test]
fn an_id_nobody_could_type_is_a_reject_that_shows_its_beginning() {
    let long = |n: usize| TRAIL.replace("e-1", &"x".repeat(n)) + "}";
    assert!(admit_text(&long(4096)).is_ok());
    let cause = admit_text(&long(4097)).unwrap_err();
    assert!(cause.starts_with("the id of this record has 4097 bytes and may have 4096: `xxx"), "{cause}");
    let cause = admit_text(&ENTRY.replace("acme", &"x".repeat(1 << 20)).replace('}', "}}")).unwrap_err();
    assert!(cause.starts_with("the recorder of this record") && cause.len() < 200, "{cause:.300}");
}

/// Each token given repeats what the record says of the one that was shown.
#[test]
fn what_a_server_says_of_many_tokens_at_once_is_bounded() {
    let given = |others: usize, scope: usize| {
        let names: Vec<String> = (0..scope).map(|n| format!("\"scope:{n}\"")).collect();
        format!(
            r#"{{"schema":"writ.exchange/1","id":"x-1","issuer":"https://as.acme.example","time":"2026-10-14T09:30:00Z","event":"exchanged","issued":{{"jti":"j-0"}},"also_issued":[{}{{"jti":"j-1"}}],"subject_token":{{"jti":"j-2","scope":[{}]}}}}"#,
            "{},".repeat(others),
            names.join(",")
        )
    };
    assert_eq!(admit_text(&given(14, 1_000)).unwrap().facts.len(), 16);
    let cause = admit_text(&given(15, 1)).unwrap_err();
    assert!(cause.contains("gives 17 tokens and may give 16"), "{cause}");
    let cause = admit_text(&given(1, 5_000)).unwrap_err();
    assert!(cause.contains("in `subject_token`: the scope of this token takes"), "{cause}");
    let client = format!(r#""issued":{{}},"client":{{"id":"{}"}}"#, "c".repeat(5_000));
    let cause = admit_text(&given(1, 1).replace(r#""issued":{"jti":"j-0"}"#, &client)).unwrap_err();
    assert!(cause.contains("`client` has a text of"), "{cause}");
}
