//! What sealing refuses, and what it keeps.

use crate::testing::{
    FIRST_SEGMENT, SECRET, assert_holds, beginning_alike, derive, open, random, record, sealed, snapshot, temp, term,
    with_evidence,
};
use crate::{Draft, Kind, Packer, Position, Sealed, Term, TermKey, limit};
use writ_model::record::{Record, RecordId};

fn packer() -> Packer {
    Packer::new(&TermKey::new(&SECRET)).unwrap()
}

#[test]
fn beyond_a_bound_is_refused_and_at_the_bound_is_not() {
    let draft = |change: &dyn Fn(&mut Draft)| {
        let mut draft = Draft { record: record("a", Some(1), "all"), terms: Vec::new(), alike: 0 };
        change(&mut draft);
        draft.seal(&mut packer(), &mut Sealed::default())
    };
    let terms = |n: u64| (0..n).map(Term).collect::<Vec<_>>();
    let most = limit::TERMS_MAX as u64;
    assert!(draft(&|draft| draft.terms = terms(most)).is_ok());
    let error = draft(&|draft| draft.terms = terms(most + 1)).unwrap_err();
    assert_eq!(error.kind(), Kind::Invalid);
    assert!(error.message().contains("test.log:a") && error.message().contains("16384"), "{error}");
    assert!(draft(&|draft| draft.record.evidence = vec![0; limit::EVIDENCE_BYTES_MAX]).is_ok());
    let error = draft(&|draft| draft.record.evidence = vec![0; limit::EVIDENCE_BYTES_MAX + 1]).unwrap_err();
    assert_eq!(error.kind(), Kind::Invalid);
    let long = "x".repeat(limit::ENVELOPE_BYTES_MAX);
    let error = draft(&|draft| draft.record.envelope.origin.from = long.as_str().into()).unwrap_err();
    assert!(error.message().contains("an envelope"), "{error}");
    let error = draft(&|draft| draft.record.id = RecordId([0; 16])).unwrap_err();
    assert!(error.message().contains("not of its content"), "{error}");
}

#[test]
fn evidence_of_every_size_and_kind_reads_back() {
    let mut dice = crate::testing::Lcg(5);
    let mut records = vec![record("empty", Some(1), ""), record("text", Some(2), &"all the same ".repeat(50))];
    // A record longer than a frame may be otherwise, of bytes that do not shrink, and one between.
    for (n, len) in [(0, 1), (1, 1000), (2, limit::FRAME_BYTES_MAX + 1), (3, 10)] {
        let long = with_evidence(record(&format!("long{n}"), Some(3 + n), ""), random(&mut dice, len));
        records.push(long);
    }
    let dir = temp();
    let (writer, _) = open(dir.path());
    let stored = |record: &Record| sealed(writer.term_key(), std::slice::from_ref(record), |_| 0).stored_bytes();
    assert!(stored(&records[1]) < records[1].evidence.len(), "text is packed");
    assert!(stored(&records[3]) < 1000 + 250, "noise is not made longer");
    let mut all = sealed(writer.term_key(), &records, |_| 0);
    let ids: Vec<RecordId> = all.each().map(|(one, ..)| one.row.id).collect();
    assert_eq!(ids, records.iter().map(|record| record.id).collect::<Vec<_>>());
    assert_eq!(all.stored_bytes(), records.iter().map(stored).sum::<usize>());
    assert_eq!(writer.commit(&mut all).unwrap().len(), 6);
    assert!(all.is_empty() && all.stored_bytes() == 0, "what was committed is not committed again");
    assert_eq!(writer.commit(&mut all).unwrap(), []);
    writer.close().unwrap();
    let found = snapshot(dir.path());
    assert_eq!(found.damage(), []);
    assert_holds(&found, &records);
    assert_eq!(found.record(Position(6)).unwrap_err().kind(), Kind::Invalid);
}

#[test]
fn the_same_term_twice_is_found_once() {
    let dir = temp();
    let (writer, _) = open(dir.path());
    let all = term(writer.term_key(), "all");
    let draft = Draft { record: record("a", Some(1), "all"), terms: vec![all, all, all], alike: 0 };
    let mut sealed = Sealed::default();
    draft.seal(&mut writer.packer().unwrap(), &mut sealed).unwrap();
    writer.commit(&mut sealed).unwrap();
    writer.close().unwrap();
    assert_eq!(snapshot(dir.path()).count(all).unwrap(), 1);
}

#[test]
fn what_evidence_begins_with_is_stored_once_in_a_frame_and_read_with_each() {
    let records: Vec<_> =
        (0..40).map(|n| record(&format!("r{n}"), Some(n), &beginning_alike(&format!("own {n}")))).collect();
    let stored = |alike: usize| {
        let dir = temp();
        let (writer, _) = open(dir.path());
        let (mut packer, mut sealed) = (writer.packer().unwrap(), Sealed::default());
        for batch in records.chunks(20) {
            for record in batch {
                let draft = Draft { record: record.clone(), terms: derive(writer.term_key(), record), alike };
                draft.seal(&mut packer, &mut sealed).unwrap();
            }
            writer.commit(&mut sealed).unwrap();
        }
        writer.close().unwrap();
        assert_holds(&snapshot(dir.path()), &records);
        std::fs::metadata(dir.path().join("log").join(FIRST_SEGMENT)).unwrap().len()
    };
    let begins = beginning_alike("").len();
    let (apart, together) = (stored(0), stored(begins));
    assert!(together < apart, "{together} and {apart}");
    // Beyond what there is, too little, too much: each is stored by itself.
    for alike in [limit::ALIKE_BYTES_MIN - 1, begins + 500, limit::ALIKE_BYTES_MAX + 1, usize::MAX] {
        assert_eq!(stored(alike), apart, "{alike}");
    }
}

#[test]
fn two_deliveries_in_one_frame_each_keep_their_own_beginnings() {
    let dir = temp();
    let (writer, _) = open(dir.path());
    let begin = |n: i64| format!("all {}{} ; ", "alike".repeat(20), n % 3);
    let records: Vec<_> = (0..24)
        .map(|n| {
            let mut record = record(&format!("r{n}"), Some(n), &format!("{}own {n}", begin(n)));
            record.envelope.origin.from = format!("delivery {}", n % 2).into();
            record
        })
        .collect();
    let alike = |record: &Record| String::from_utf8_lossy(&record.evidence).find(" ; ").unwrap() + 3;
    writer.commit(&mut sealed(writer.term_key(), &records, alike)).unwrap();
    writer.close().unwrap();
    assert_holds(&snapshot(dir.path()), &records);
    let log = std::fs::read(dir.path().join("log").join(FIRST_SEGMENT)).unwrap();
    let saids: std::collections::BTreeSet<_> = records.iter().map(|record| record.envelope.encode_shared()).collect();
    assert!(saids.len() >= 2, "two deliveries, of one recorder or two");
    for said in saids {
        assert_eq!(log.windows(said.len()).filter(|window| *window == said).count(), 1, "each map stands there once");
    }
}
