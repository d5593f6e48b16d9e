//! The index beside the one in memory: both answer alike about the same records.

use super::OWNER;
use crate::index::Index;
use crate::index::batch::Batch;
use crate::index::row::Row;
use crate::index::run::Run;
use crate::index::tail::Tail;
use crate::index::write::write;
use crate::testing::{Lcg, derive, folder, identity, in_custody, received, record, snapshot, term, with_redaction};
use crate::{Position, Posting, Query, TermKey};
use std::sync::Arc;
use writ_model::custody::Custody;
use writ_model::record::Record;
use writ_model::time::Time;

/// Different records, some without a time, some in conflict, some with other values withheld, some in a
/// better custody than before: all of them are stored.
fn records(dice: &mut Lcg, n: u64) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    let s = |dice: &mut Lcg, below| i64::try_from(dice.below(below)).unwrap();
    for n in 0..n {
        let second = (dice.below(8) > 0).then(|| s(dice, 40));
        let text = format!("all w{} w{} {n}", dice.below(4), dice.below(30));
        let fresh = in_custody(record(&format!("{}", n / 2), second, &text), Custody::Open);
        let other = match dice.below(4) {
            0 => records.last().cloned().map(|last| with_redaction(last, n.to_le_bytes()[0])),
            1 => records.last().cloned().map(|last| in_custody(last, Custody::HandedIn)),
            _ => None,
        };
        let is_known = |other: &Record| {
            records.iter().any(|known| known.id == other.id && known.envelope.custody <= other.envelope.custody)
        };
        let next = other.filter(|other| !is_known(other)).unwrap_or(fresh);
        records.push(received(next, s(dice, 50)));
    }
    records
}

fn index(keys: &TermKey, records: &[Record], cut: usize) -> Index {
    let batch = |from: usize, to: usize| {
        let mut batch = Batch::new(from as u64);
        for (n, record) in records.iter().enumerate().take(to).skip(from) {
            let name = &record.envelope.identity;
            let again = records[..n].iter().any(|other| other.id == record.id);
            let recorder = keys.recorder(&name.source, &name.recorder);
            let mut terms = derive(keys, record);
            terms.extend([recorder, keys.native_id(&name.native_id)]);
            let row = Row::of(record, keys.copy(record), again);
            batch.push(row, recorder, || (name.source.clone(), name.recorder.clone()), &terms);
        }
        batch
    };
    let dir = crate::testing::temp();
    let part = write(&dir.path().join("a.part"), &OWNER, &Run::sort(batch(0, cut))).unwrap();
    let mut tail = Tail::new(cut as u64);
    tail.push(batch(cut, records.len()));
    Index::new(&[Arc::new(part)], &tail).unwrap()
}

/// A posting without the fingerprint of its copy, which has other bits.
type Seen = (Position, Option<Time>, u32, Time, String, Custody);

fn seen(postings: &[Posting]) -> Vec<Seen> {
    let of = |found: &Posting| {
        (found.position, found.time, found.precision_ms, found.received, found.id.to_string(), found.custody())
    };
    postings.iter().map(of).collect()
}

#[test]
fn both_indexes_answer_alike() {
    for seed in 0..20 {
        let dice = &mut Lcg(seed);
        let records = records(dice, 90);
        let dir = folder(std::slice::from_ref(&records));
        let memory = snapshot(dir.path());
        assert_eq!(memory.len(), records.len(), "seed {seed}: every record is stored");
        let cut = usize::try_from(dice.below(90)).unwrap();
        let disk = index(memory.term_key(), &records, cut);
        let keys = memory.term_key();
        for _ in 0..60 {
            let time = |dice: &mut Lcg| Time::new(i64::try_from(dice.below(50)).unwrap(), 0);
            let as_of = if dice.below(2) == 0 { Time::MAX } else { time(dice) };
            let mut query = Query::new(as_of, usize::try_from(dice.below(20)).unwrap());
            if dice.below(2) == 0 {
                query = query.within(time(dice), time(dice));
            }
            if dice.below(2) == 0 {
                query = query.newest_first();
            }
            let word = term(keys, &format!("w{}", dice.below(32)));
            let context = format!("seed {seed}, {query:?}");
            let page = memory.lookup(word, &query);
            assert_eq!(seen(&disk.lookup(word, &query).unwrap()), seen(&page), "{context}");
            let (all, other) = (memory.all(&query), disk.all(&query).unwrap());
            assert_eq!(seen(&other), seen(&all), "{context}");
            if let Some((last, other)) = all.last().zip(other.last()) {
                let (next, other) = (query.after(last.cursor()), query.after(other.cursor()));
                assert_eq!(seen(&disk.all(&other).unwrap()), seen(&memory.all(&next)), "{context}");
            }
            assert_eq!(disk.count(word).unwrap(), memory.count(word) as u64);
            let counts = |spans: Vec<crate::RecorderSpan>| -> Vec<_> {
                spans.into_iter().map(|span| (span.recorder, span.count, span.first_event, span.last_event)).collect()
            };
            assert_eq!(counts(disk.recorders(as_of).unwrap()), counts(memory.recorders(as_of)), "{context}");
            let name = ("test.log", "recorder:even");
            let bounds = (time(dice), time(dice));
            let window = disk.window(keys.recorder(name.0, name.1), name, bounds, as_of).unwrap();
            let expected = memory.window(name.0, name.1, bounds, as_of);
            let expected: Vec<_> =
                expected.map(|(content, at)| (writ_model::record::RecordId::of(&content), at)).collect();
            assert_eq!(window.collect::<Result<Vec<_>, _>>().unwrap(), expected, "{context}");
            let any = &records[usize::try_from(dice.below(90)).unwrap()];
            let digits = 1 + usize::try_from(dice.below(9)).unwrap();
            let prefix: String = any.id.to_string().chars().take(1 + digits).collect();
            let found = disk.by_id_prefix(&prefix, query.limit).unwrap();
            assert_eq!(seen(&found), seen(&memory.by_id_prefix(&prefix, query.limit)), "{context}");
            let native = identity(&any.envelope.identity.native_id);
            let term = keys.native_id(&native.native_id);
            let found = disk.by_identity(term, (&native.source, &native.recorder), 9).unwrap();
            assert_eq!(seen(&found), seen(&memory.by_identity(&native, 9).unwrap()), "{context}");
        }
        for at in 0..95 {
            let posting = |found: Option<Posting>| seen(&found.into_iter().collect::<Vec<_>>());
            assert_eq!(posting(disk.posting(Position(at)).unwrap()), posting(memory.posting(Position(at))));
        }
        assert_eq!(disk.newest_received(), memory.newest_received());
    }
}
