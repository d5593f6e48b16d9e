//! What a writer answers.

use crate::testing::{
    Lcg, SECRET, assert_holds, commit, delete_keys, derivation, derive_nothing, folder, in_custody, log_path, open,
    random, received, record, seal, snapshot, temp, with_evidence, with_redaction,
};
use crate::{Admission, Position, Sealed, TermKey, Writer, limit};
use Admission::{Better, Conflict, Duplicate, Stored};
use writ_model::custody::Custody;
use writ_model::record::Record;

/// Commits batch by batch, as one writer and with a restart after each, with the keys kept and without;
/// in the end so many records are there.
fn answers_in_turn(steps: &[(Vec<Record>, Vec<Admission>)], n_records: usize) {
    for (restart, with_keys) in [(false, true), (true, true), (true, false)] {
        let dir = temp();
        let (mut writer, _) = open(dir.path());
        for (batch, expected) in steps {
            assert_eq!(&commit(&writer, batch).unwrap(), expected);
            if restart {
                writer.close().unwrap();
                if !with_keys {
                    delete_keys(dir.path());
                }
                (writer, _) = open(dir.path());
            }
        }
        assert_eq!(snapshot(dir.path()).len(), n_records);
    }
}

#[test]
fn duplicates_conflicts_and_new_records_are_told_apart_across_restarts() {
    let one = record("a", Some(1), "all one");
    let later = received(one.clone(), 99);
    let other = record("a", Some(1), "all other");
    let redacted = with_redaction(one.clone(), 1);
    let steps = [
        (vec![one.clone(), one.clone()], vec![Stored(Position(0)), Duplicate]),
        (vec![later.clone(), record("b", Some(1), "all one")], vec![Duplicate, Stored(Position(1))]),
        (vec![other.clone(), other.clone(), one.clone()], vec![Conflict(Position(2)), Duplicate, Duplicate]),
        (vec![redacted.clone(), redacted.clone()], vec![Conflict(Position(3)), Duplicate]),
        (vec![with_redaction(one.clone(), 2), redacted, other], vec![Conflict(Position(4)), Duplicate, Duplicate]),
        (vec![], vec![]),
    ];
    answers_in_turn(&steps, 5);
}

#[test]
fn records_whose_identities_share_what_the_index_keeps_are_no_conflict() {
    let [one, near] = ["i0268291", "i0438316"].map(|native_id| record(native_id, Some(1), "all"));
    let keys = TermKey::new(&SECRET);
    let [term, other_term] = [&one, &near].map(|record| keys.identity(&record.envelope.identity));
    assert!(term != other_term && term.kept() == other_term.kept());
    let other = record("i0438316", Some(1), "all other");
    let steps = [
        (vec![one.clone()], vec![Stored(Position(0))]),
        (vec![near.clone(), near.clone()], vec![Stored(Position(1)), Duplicate]),
        (vec![one.clone(), other.clone()], vec![Duplicate, Conflict(Position(2))]),
        (vec![other.clone(), near.clone(), one.clone()], vec![Duplicate, Duplicate, Duplicate]),
    ];
    answers_in_turn(&steps, 3);
    // However many there are of the one, the other is found among them.
    let crowd: Vec<Record> = (0..70).map(|n| record("i0268291", Some(0), &format!("all {n}"))).collect();
    let dir = folder(&[crowd, vec![near.clone(), other]]);
    let found = snapshot(dir.path());
    for (record, n) in [(&one, 64), (&near, 2)] {
        assert_eq!(found.by_identity(&record.envelope.identity, 64).unwrap().len(), n);
        assert_eq!(found.by_native_id(&record.envelope.identity.native_id, 64).unwrap().len(), n);
    }
    let with_copies = found.record_with_copies(Position(70), 64).unwrap();
    assert_eq!((with_copies.record.id, with_copies.copies.unwrap().len()), (near.id, 2));
}

#[test]
fn a_copy_in_a_better_custody_is_kept_and_a_weaker_one_is_a_duplicate() {
    let handed = record("a", Some(1), "all one");
    let open_copy = in_custody(handed.clone(), Custody::Open);
    let sealed = in_custody(handed.clone(), Custody::Sealed);
    let other = in_custody(record("a", Some(1), "all other"), Custody::Open);
    let other_handed = in_custody(other.clone(), Custody::HandedIn);
    let steps = [
        (
            vec![open_copy.clone(), open_copy.clone(), handed.clone()],
            vec![Stored(Position(0)), Duplicate, Better(Position(1))],
        ),
        (vec![open_copy, handed.clone()], vec![Duplicate, Duplicate]),
        (vec![other.clone(), other_handed, other], vec![Conflict(Position(2)), Better(Position(3)), Duplicate]),
        (vec![sealed.clone(), handed, sealed], vec![Better(Position(4)), Duplicate, Duplicate]),
    ];
    answers_in_turn(&steps, 5);
}

#[test]
fn a_batch_longer_than_a_frame_is_stored_whole_and_in_order() {
    let dir = temp();
    let (writer, _) = open(dir.path());
    let mut dice = Lcg(9);
    // 20 MiB that do not shrink: two frames.
    let long = |n| with_evidence(record(&format!("n{n}"), Some(n), ""), random(&mut dice, 1 << 20));
    let records: Vec<_> = (0..20).map(long).chain([record("small", Some(1), "all")]).collect();
    let expected: Vec<_> = (0..21).map(|n| Stored(Position(n))).collect();
    assert_eq!(commit(&writer, &records).unwrap(), expected);
    let keys = writer.term_key().clone();
    writer.close().unwrap();
    let path = log_path(dir.path());
    let file = crate::file::Disk::open(&path).unwrap();
    let scan = crate::log::scan::scan(&file, &path, &keys, &crate::log::open::first(&keys)).unwrap();
    assert_eq!(scan.spans.len(), 2);
    assert!(scan.spans.iter().all(|span| span.payload as usize <= limit::FRAME_BYTES_MAX));
    assert_holds(&snapshot(dir.path()), &records);
}

#[test]
fn what_was_submitted_is_acknowledged_when_waited_for() {
    let dir = temp();
    let (writer, _) = open(dir.path());
    let records: Vec<_> = (0..50).map(|n| record(&format!("n{n:02}"), Some(n), "all")).collect();
    let pending: Vec<_> = records.chunks(5).map(|batch| writer.submit(seal(writer.term_key(), batch))).collect();
    let answers: Vec<_> = pending.into_iter().flat_map(|pending| pending.wait().unwrap()).collect();
    assert_eq!(answers, (0..50).map(|n| Stored(Position(n))).collect::<Vec<_>>());
    assert_eq!(writer.submit(Sealed::default()).wait().unwrap(), []);
    writer.close().unwrap();
    assert_holds(&snapshot(dir.path()), &records);
}

#[test]
fn keys_of_many_records_are_written_while_records_still_come() {
    let dir = temp();
    let (writer, _) = open(dir.path());
    let n = i64::try_from(limit::CHUNK_RECORDS).unwrap() + 2_000;
    let records: Vec<_> =
        (0..n).map(|n| record(&format!("n{n}"), Some(n % 977), &format!("all w{}", n % 50))).collect();
    for batch in records.chunks(10_000) {
        commit(&writer, batch).unwrap();
    }
    writer.close().unwrap();
    // The next lives add a few records each: their keys gather in one chunk.
    for life in 0..3 {
        let (writer, recovery) =
            Writer::create_or_open(dir.path(), [0; 32], derivation("words"), derive_nothing).unwrap();
        assert_eq!((recovery.n_records, recovery.n_derived), ((n + life).cast_unsigned(), 0));
        commit(&writer, &[record(&format!("life{life}"), Some(life), "all late")]).unwrap();
        writer.close().unwrap();
    }
    // One of the first records, which were more than a chunk when a commit ended, and one for each life.
    assert_eq!(crate::testing::n_parts(dir.path()), 4);
    let found = crate::Snapshot::open(dir.path(), derivation("words"), derive_nothing).unwrap();
    let all = crate::testing::term(found.term_key(), "w7");
    let query = crate::Query::new(writ_model::time::Time::MAX, usize::MAX);
    let ids: Vec<_> = found.lookup(all, &query).unwrap().iter().map(|posting| posting.id).collect();
    assert_eq!(ids, crate::testing::naive(&records, Some("w7"), &query));
    assert_eq!(found.count(crate::testing::term(found.term_key(), "late")).unwrap(), 3);
}

#[test]
fn keys_that_cannot_be_written_lose_no_record() {
    let dir = temp();
    let (writer, _) = open(dir.path());
    let records = [record("a", Some(1), "all")];
    commit(&writer, &records).unwrap();
    // Somebody deletes the keys of a running writer.
    delete_keys(dir.path());
    assert!(writer.close().is_err());
    assert_holds(&snapshot(dir.path()), &records);
    let (writer, recovery) = open(dir.path());
    assert_eq!((recovery.n_records, recovery.n_derived), (1, 1));
    writer.close().unwrap();
}
