//! Look-ups against a naive model.

use crate::testing::{
    Lcg, commit, derivation, derive_nothing, folder, identity, in_custody, log_path, naive, open, received, record,
    snapshot, temp, term, with_redaction, words,
};
use crate::{Draft, Order, Posting, Query, RecorderSpan, Sealed, Snapshot, When};
use std::io::Write as _;
use writ_model::custody::Custody;
use writ_model::record::{Record, RecordId};
use writ_model::time::Time;

fn ids(postings: &[Posting]) -> Vec<RecordId> {
    postings.iter().map(|posting| posting.id).collect()
}

fn at(s: u64) -> Time {
    Time::new(i64::try_from(s).unwrap(), 0)
}

/// Records with few distinct words and times, some without a time, received in no order.
fn world(dice: &mut Lcg, n: u64) -> Vec<Record> {
    (0..n)
        .map(|n| {
            let second = (dice.below(8) > 0).then(|| i64::try_from(dice.below(40)).unwrap());
            let text = format!("all w{} w{} {n}", dice.below(4), dice.below(30));
            received(record(&format!("{n}"), second, &text), i64::try_from(dice.below(50)).unwrap())
        })
        .collect()
}

fn any_query(dice: &mut Lcg) -> Query {
    let as_of = if dice.below(2) == 0 { Time::MAX } else { at(dice.below(55)) };
    let limit = if dice.below(2) == 0 { usize::MAX } else { usize::try_from(dice.below(12)).unwrap() };
    let mut query = Query::new(as_of, limit);
    match dice.below(5) {
        0 => query = query.until(at(dice.below(45))),
        1 | 2 => {
            let from = dice.below(45);
            query = query.within(at(from), at(from + dice.below(30)));
        }
        _ => {}
    }
    if dice.below(2) == 0 { query.newest_first() } else { query }
}

fn store(batches: &[&[Record]]) -> tempfile::TempDir {
    folder(&batches.iter().map(|batch| batch.to_vec()).collect::<Vec<_>>())
}

#[test]
fn look_ups_find_what_naive_filtering_finds() {
    for seed in 0..30 {
        let dice = &mut Lcg(seed);
        let n = dice.below(120);
        let records = world(dice, n);
        let cut = usize::try_from(dice.below(n + 1)).unwrap();
        let dir = store(&[&records[..cut], &records[cut..]]);
        let found = Snapshot::open(dir.path(), derivation("words"), derive_nothing).unwrap();
        for _ in 0..60 {
            let query = any_query(dice);
            let word = format!("w{}", dice.below(32));
            let postings = found.lookup(term(found.term_key(), &word), &query).unwrap();
            assert_eq!(ids(&postings), naive(&records, Some(&word), &query), "seed {seed}, {word}, {query:?}");
            assert_eq!(ids(&found.all(&query).unwrap()), naive(&records, None, &query), "seed {seed}, {query:?}");
            for posting in postings {
                let record = found.record(posting.position).unwrap();
                assert_eq!((record.id, record.envelope.received_time), (posting.id, posting.received));
                assert_eq!(record.envelope.event_time.map(|time| time.start), posting.time);
                assert_eq!(posting.precision_ms, if posting.time.is_some() { 1000 } else { 0 });
                assert_eq!(found.posting(posting.position).unwrap(), Some(posting));
            }
            let count = records.iter().filter(|record| words(record).contains(&word)).count();
            assert_eq!(found.count(term(found.term_key(), &word)).unwrap(), count as u64);
        }
        assert_eq!(found.newest_received(), records.iter().map(|record| record.envelope.received_time).max());
    }
}

#[test]
fn arrival_order_changes_no_answer() {
    let dice = &mut Lcg(3);
    let records = world(dice, 60);
    let mut shuffled = records.clone();
    shuffled.sort_by_key(|record| record.content.0);
    let (one, other) = (store(&[&records]), store(&[&shuffled[..20], &shuffled[20..]]));
    let (one, other) = (snapshot(one.path()), snapshot(other.path()));
    for _ in 0..100 {
        let query = any_query(dice);
        let word = term(one.term_key(), &format!("w{}", dice.below(30)));
        assert_eq!(ids(&one.lookup(word, &query).unwrap()), ids(&other.lookup(word, &query).unwrap()));
    }
    assert_eq!(one.recorders(Time::MAX).unwrap(), other.recorders(Time::MAX).unwrap());
}

#[test]
fn pages_joined_by_cursors_are_the_whole_list() {
    let dice = &mut Lcg(11);
    let records = world(dice, 80);
    let dir = store(&[&records[..50]]);
    let early = snapshot(dir.path());
    let (writer, _) = open(dir.path());
    commit(&writer, &records[50..]).unwrap();
    writer.close().unwrap();
    let found = snapshot(dir.path());
    for order in [Order::OldestFirst, Order::NewestFirst] {
        for when in [When::Any, When::Within(at(10), at(30)), When::Until(at(20))] {
            let query = Query { when, order, ..Query::new(at(45), 7) };
            let all = term(found.term_key(), "all");
            let (mut pages, mut page) = (Vec::new(), found.lookup(all, &query).unwrap());
            while let Some(last) = page.last() {
                let next = query.after(last.cursor());
                pages.extend(ids(&page));
                page = found.lookup(all, &next).unwrap();
            }
            assert_eq!(pages, naive(&records, Some("all"), &Query { limit: usize::MAX, ..query }));
        }
    }
    // A cursor of an earlier snapshot goes on in a later one.
    let query = Query::new(Time::MAX, 10);
    let last = *early.all(&query).unwrap().last().unwrap();
    let expected: Vec<_> = naive(&records, None, &Query::new(Time::MAX, usize::MAX));
    let from = expected.iter().position(|id| *id == last.id).unwrap() + 1;
    assert_eq!(ids(&found.all(&query.after(last.cursor())).unwrap()), expected[from..from + 10]);
}

#[test]
fn later_arrivals_do_not_use_up_the_limit() {
    let early = received(record("early", Some(50), "all"), 60);
    let flood: Vec<Record> = (0..50).map(|n| received(record(&format!("late{n}"), Some(10), "all"), 100)).collect();
    let dir = store(&[&flood, std::slice::from_ref(&early)]);
    let found = snapshot(dir.path());
    let all = term(found.term_key(), "all");
    assert_eq!(ids(&found.lookup(all, &Query::new(at(99), 1)).unwrap()), [early.id]);
    assert_eq!(
        ids(&found.lookup(all, &Query::new(at(100), 1)).unwrap()),
        naive(&flood, None, &Query::new(Time::MAX, 1))
    );
    assert_eq!(found.lookup(all, &Query::new(at(59), 1)).unwrap(), []);
    // The bounds of a window belong to it.
    let query = Query::new(Time::MAX, 9);
    assert_eq!(ids(&found.lookup(all, &query.within(at(50), at(50))).unwrap()), [early.id]);
    assert_eq!(found.lookup(all, &query.within(at(51), Time::MAX)).unwrap(), []);
    assert_eq!(found.lookup(all, &query.within(at(30), at(20))).unwrap(), []);
}

#[test]
fn of_copies_in_several_custodies_the_best_is_found_and_counts_once() {
    let handed = received(record("id-1", Some(5), "all one"), 20);
    let open_copy = in_custody(received(handed.clone(), 10), Custody::Open);
    let sealed = in_custody(received(handed.clone(), 30), Custody::Sealed);
    let near = [received(record("id-0", Some(4), "all"), 10), received(record("id-2", Some(6), "all"), 10)];
    let dir =
        store(&[std::slice::from_ref(&near[0]), &[open_copy], &[handed], &[sealed], std::slice::from_ref(&near[1])]);
    let found = snapshot(dir.path());
    let all = term(found.term_key(), "all");
    for order in [Order::OldestFirst, Order::NewestFirst] {
        for (as_of, custody) in [(10, Custody::Open), (20, Custody::HandedIn), (30, Custody::Sealed)] {
            let query = Query { order, ..Query::new(at(as_of), 9) };
            let postings = found.lookup(all, &query).unwrap();
            assert_eq!(postings.len(), 3);
            assert_eq!((postings[1].custody(), postings[1].received), (custody, at(10)));
            assert_eq!(found.record(postings[1].position).unwrap().envelope.custody, custody);
            // Pages of one record each are the same list.
            let (mut pages, mut page) = (Vec::new(), found.lookup(all, &Query { limit: 1, ..query }).unwrap());
            while let Some(last) = page.last() {
                pages.extend(page.iter().map(|posting| posting.id));
                page = found.lookup(all, &Query { limit: 1, ..query }.after(last.cursor())).unwrap();
            }
            assert_eq!(pages, ids(&postings));
        }
    }
    assert_eq!(found.recorders(Time::MAX).unwrap().iter().map(|span| span.count).sum::<u64>(), 3);
    let window = found.window("test.log", "recorder:even", (at(0), at(9)), Time::MAX).unwrap();
    assert_eq!(window.count(), 3);
    assert_eq!(found.by_identity(&identity("id-1"), 9).unwrap().len(), 3);
    assert_eq!(found.by_native_id("id-1", 9).unwrap().len(), 1);
    assert_eq!(
        found.by_id_prefix(&found.lookup(all, &Query::new(Time::MAX, 9)).unwrap()[1].id.to_string(), 9).unwrap().len(),
        1
    );
}

#[test]
fn identities_and_native_ids_find_every_copy_and_nothing_else() {
    let one = record("id-1", Some(5), "all one");
    let conflicting = record("id-1", Some(4), "all other");
    let redacted = with_redaction(one.clone(), 7);
    let mut elsewhere = record("id-1", Some(3), "all one");
    elsewhere.envelope.identity.recorder = "recorder:third".to_owned();
    elsewhere.content = writ_model::record::content_digest(&elsewhere.envelope.identity, &elsewhere.evidence);
    elsewhere.id = RecordId::of(&elsewhere.content);
    let near = record("id-11", Some(5), "all one");
    let dir = store(&[&[one.clone(), conflicting.clone(), redacted, elsewhere.clone(), near]]);
    let found = snapshot(dir.path());
    let native = ids(&found.by_native_id("id-1", 99).unwrap());
    assert_eq!(native, [elsewhere.id, conflicting.id, one.id, one.id]);
    assert_eq!(ids(&found.by_identity(&identity("id-1"), 99).unwrap()), [conflicting.id, one.id, one.id]);
    assert_eq!(found.by_identity(&identity("id-1"), 1).unwrap().len(), 1);
    assert_eq!(found.by_native_id("id-", 99).unwrap(), []);
    assert_eq!(found.by_identity(&identity("id-2"), 99).unwrap(), []);

    // A record whose terms collide with those of another identity is found by the index alone.
    let dir = temp();
    let (writer, _) = open(dir.path());
    let keys = writer.term_key().clone();
    let terms = vec![keys.identity(&identity("id-2")), term(&keys, "other")];
    let draft = Draft { record: record("id-1", Some(1), "all"), terms: terms.clone(), alike: 0 };
    let mut sealed = Sealed::default();
    draft.seal(&mut writer.packer().unwrap(), &mut sealed).unwrap();
    writer.commit(&mut sealed).unwrap();
    writer.close().unwrap();
    let found = snapshot(dir.path());
    assert_eq!(terms.iter().map(|term| found.count(*term).unwrap()).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(found.by_native_id("id-2", 99).unwrap(), []);
    assert_eq!(found.by_identity(&identity("id-2"), 99).unwrap(), []);
    assert_eq!(found.by_identity(&identity("id-1"), 99).unwrap().len(), 1);
}

#[test]
fn ids_are_found_by_their_beginning() {
    let records: Vec<Record> = (0..300).map(|n| record(&format!("{n}"), Some(n), "all")).collect();
    let dir = store(&[&records]);
    let found = snapshot(dir.path());
    for digits in [1, 2, 3, 31, 32] {
        let text = records[77].id.to_string();
        let prefix: String = text.chars().take(digits + 1).collect();
        let expected: Vec<RecordId> =
            records.iter().map(|record| record.id).filter(|id| id.to_string().starts_with(&prefix)).collect();
        assert!(expected.contains(&records[77].id));
        assert_eq!(ids(&found.by_id_prefix(&prefix, usize::MAX).unwrap()), expected);
        assert_eq!(ids(&found.by_id_prefix(&prefix.replace('#', "").to_uppercase(), usize::MAX).unwrap()), expected);
        assert_eq!(found.by_id_prefix(&prefix, 1).unwrap().len(), 1);
    }
    for text in ["", "#", "xyz", "+1", "0123456789abcdef0123456789abcdef0", "é"] {
        assert_eq!(found.by_id_prefix(text, 9).unwrap(), [], "{text:?}");
    }
}

#[test]
fn recorders_and_windows_are_those_received_by_then() {
    // Ids of even length are of one recorder, ids of odd length of another.
    let records = [
        received(record("aa", Some(10), "all"), 20),
        received(record("bb", Some(30), "all"), 40),
        received(record("cc", None, "all"), 25),
        received(record("dd", Some(12), "all"), 90),
        received(record("odd", Some(11), "all"), 22),
    ];
    let dir = store(&[&records]);
    let found = snapshot(dir.path());
    let span = |recorder: &str, count, first, last, received| RecorderSpan {
        source: "test.log".to_owned(),
        recorder: recorder.to_owned(),
        count,
        first_event: Some(at(first)),
        last_event: Some(at(last)),
        last_received: at(received),
    };
    assert_eq!(
        found.recorders(at(50)).unwrap(),
        [span("recorder:even", 3, 10, 30, 40), span("recorder:odd", 1, 11, 11, 22)]
    );
    assert_eq!(found.recorders(at(21)).unwrap(), [span("recorder:even", 1, 10, 10, 20)]);
    assert_eq!(found.recorders(at(1)).unwrap(), []);
    let window = |from, to, as_of| {
        let window = found.window("test.log", "recorder:even", (at(from), at(to)), at(as_of)).unwrap();
        window.map(|found| found.map(|(id, at)| (id, at.0)).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(window(10, 30, 50), [(records[0].id, 0), (records[1].id, 1)]);
    assert_eq!(window(10, 29, 95), [(records[0].id, 0), (records[3].id, 3)]);
    assert_eq!(window(11, 12, 50), []);
    assert_eq!(found.window("test.log", "recorder:none", (Time::MIN, Time::MAX), Time::MAX).unwrap().count(), 0);
    assert_eq!(found.window("other.log", "recorder:even", (Time::MIN, Time::MAX), Time::MAX).unwrap().count(), 0);
}

#[test]
fn a_record_that_changed_after_opening_is_not_returned() {
    let records = [record("a", Some(1), "all one"), record("b", Some(2), "all two")];
    let dir = store(&[&records]);
    let found = snapshot(dir.path());
    let log_of = |dir: &tempfile::TempDir| std::fs::read(log_path(dir.path())).unwrap();
    // In place: renaming another file over it would leave the opened one as it is.
    let overwrite = |bytes: &[u8]| {
        let mut file = std::fs::OpenOptions::new().write(true).open(log_path(dir.path())).unwrap();
        file.write_all(bytes).unwrap();
    };
    let whole = log_of(&dir);
    let mut log = whole.clone();
    let last = log.len() - 1;
    log[last] ^= 1;
    overwrite(&log);
    assert_eq!(found.record(crate::Position(0)).unwrap(), records[0]);
    let error = found.record(crate::Position(1)).unwrap_err();
    assert_eq!(error.kind(), crate::Kind::Corrupt);
    assert!(error.message().contains("position 1"), "{error}");
    // Another whole record in the same place is not the one that was found either.
    let other = store(&[&[records[0].clone(), record("c", Some(2), "all 222")]]);
    assert_eq!(log_of(&other).len(), whole.len());
    overwrite(&log_of(&other));
    assert_eq!(found.record(crate::Position(1)).unwrap_err().kind(), crate::Kind::Corrupt);
    overwrite(&whole);
    assert_eq!(found.record(crate::Position(1)).unwrap(), records[1]);
}

#[test]
fn an_empty_folder_answers_with_nothing() {
    let dir = temp();
    open(dir.path()).0.close().unwrap();
    let found = snapshot(dir.path());
    assert!(found.is_empty() && found.newest_received().is_none() && found.damage().is_empty());
    assert_eq!(found.all(&Query::new(Time::MAX, 9)).unwrap(), []);
    assert_eq!(found.lookup(term(found.term_key(), "all"), &Query::new(Time::MAX, 9)).unwrap(), []);
    assert_eq!(found.recorders(Time::MAX).unwrap(), []);
    assert_eq!(found.by_id_prefix("a", 9).unwrap(), []);
}

#[test]
fn writers_and_snapshots_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Snapshot>();
    shared::<crate::Writer>();
}
