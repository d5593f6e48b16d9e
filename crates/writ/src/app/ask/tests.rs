//! What is found under the term of a key.

use super::{Asker, OTHERS_MAX};
use crate::app;
use std::path::Path;
use std::rc::Rc;
use writ_model::custody::Custody;
use writ_model::key::{Attestation, Key, KeyKind, KeyRole};
use writ_model::record::{Envelope, Identity, Origin, Record, RecordId, content_digest};
use writ_model::time::{EventTime, Time};
use writ_path::question::{Reply, Seen};
use writ_store::{Draft, Sealed, Writer};

/// An event of CloudTrail with this request id, at this second.
fn event(request: &str, second: i64) -> Record {
    let evidence = format!(
        "{{\"eventID\":\"{request}-{second}\",\"eventName\":\"GetObject\",\"eventSource\":\"s3.amazonaws.com\",\
         \"eventType\":\"AwsApiCall\",\"requestID\":\"{request}\"}}"
    );
    let (source, recorder) = ("aws.cloudtrail".to_owned(), "111122223333/eu-central-1".to_owned());
    let identity = Identity { source, recorder, native_id: format!("{request}-{second}") };
    let content = content_digest(&identity, evidence.as_bytes());
    let envelope = Envelope {
        identity,
        custody: Custody::HandedIn,
        event_time: Some(EventTime::at(Time::new(second, 0), 1_000)),
        available_time: None,
        received_time: Time::new(second, 0),
        origin: Origin { by: "tester".into(), from: "-".into(), byte: 0 },
        redactions: Vec::new(),
    };
    Record { id: RecordId::of(&content), content, envelope, evidence: evidence.into_bytes() }
}

fn shared() -> Key {
    Key::new(KeyKind::Request, "aws", "shared", KeyRole::Carries, Attestation::Verified).unwrap()
}

/// A folder in which all of these are found under the term of the key, whether they show it or not.
fn folder(dir: &Path, records: &[Record]) -> Asker {
    let (writer, _) = Writer::create_or_open(dir, [7; 32], writ_sources::derivation(), app::derive).unwrap();
    let (mut packer, mut sealed) = (writer.packer().unwrap(), Sealed::default());
    let term = writer.term_key().term(&shared());
    for record in records {
        Draft { record: record.clone(), terms: vec![term], alike: 0 }.seal(&mut packer, &mut sealed).unwrap();
    }
    writer.commit(&mut sealed).unwrap();
    writer.close().unwrap();
    Asker::open(dir, Some(Time::MAX), Time::MAX).unwrap()
}

fn found(asker: &Asker, limit: usize) -> (Vec<Rc<Seen>>, bool) {
    let Key { name, role, .. } = shared();
    match asker.keyed(&name, role, Time::MAX, limit).unwrap() {
        Reply::Records(records, more) => (records.to_vec(), more),
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn what_shares_a_term_and_does_not_show_the_key_takes_no_place() {
    let dir = tempfile::tempdir().unwrap();
    let own = [event("shared", 1), event("shared", 2), event("shared", 40)];
    let others = [-1, 0].into_iter().chain(3..30).chain(50..60).map(|second| event("other", second));
    let records: Vec<Record> = own.iter().cloned().chain(others).collect();
    let asker = folder(dir.path(), &records);
    for (limit, seconds, more) in [(64, vec![40, 2, 1], false), (3, vec![40, 2, 1], false), (2, vec![40, 2], true)] {
        let (seen, has_more) = found(&asker, limit);
        let times: Vec<i64> = seen.iter().map(|seen| seen.event_time.unwrap().start.parts().0).collect();
        assert_eq!((times, has_more), (seconds, more), "{limit}");
    }
}

#[test]
fn where_too_many_share_a_term_it_is_said_that_there_may_be_more() {
    let dir = tempfile::tempdir().unwrap();
    let n = i64::try_from(OTHERS_MAX).unwrap();
    let others = (2..4 * n).map(|second| event("other", second));
    let own = [event("shared", 1), event("shared", 4 * n + 1)];
    let records: Vec<Record> = own.into_iter().chain(others).collect();
    let (seen, more) = found(&folder(dir.path(), &records), 2);
    assert!(seen.len() == 1 && more);
}
