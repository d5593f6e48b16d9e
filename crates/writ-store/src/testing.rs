//! What tests of this crate share: small records whose evidence lists their keys, and a naive model.
//!
//! `tests/crash` includes this file too, so it speaks to the public API alone.

use std::path::Path;
use writ_model::canon::Digest;
use writ_model::custody::Custody;
use writ_model::key::{Attestation, KeyKind, KeyName, KeyRole};
use writ_model::record::{self, Envelope, Identity, Origin, Record, RecordId, Redaction};
use writ_model::time::{EventTime, Time};
use writ_store::file::{Access, replace};
use writ_store::{Admission, Draft, Error, Order, Query, Recovery, Sealed, Snapshot, Term, TermKey, Writer};

/// Knuth's MMIX generator: enough to shuffle tests, and the same on every machine.
pub struct Lcg(pub u64);

impl Lcg {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

pub const SECRET: [u8; 32] = [42; 32];

/// The name of the segment with which a folder begins.
pub const FIRST_SEGMENT: &str = "00000001-0000000000000000-00-00000000.log";

pub fn derivation(name: &str) -> Digest {
    Digest::of("test derivation", name.as_bytes())
}

pub fn identity(native_id: &str) -> Identity {
    let recorder = if native_id.len().is_multiple_of(2) { "recorder:even" } else { "recorder:odd" };
    Identity { source: "test.log".to_owned(), recorder: recorder.to_owned(), native_id: native_id.to_owned() }
}

/// A record at a second of event time, received a second later. Words of `text` are its keys.
pub fn record(native_id: &str, second: Option<i64>, text: &str) -> Record {
    let identity = identity(native_id);
    let content = record::content_digest(&identity, text.as_bytes());
    // What begins alike comes in one delivery.
    let received = if text.contains(ALIKE_END) { 1 << 20 } else { second.unwrap_or(0) + 1 };
    let envelope = Envelope {
        identity,
        custody: Custody::HandedIn,
        event_time: second.map(|s| EventTime::at(Time::new(s, 0), 1000)),
        available_time: None,
        received_time: Time::new(received, 0),
        origin: Origin { by: "tester".into(), from: "-".into(), byte: 0 },
        redactions: Vec::new(),
    };
    Record { id: RecordId::of(&content), content, envelope, evidence: text.as_bytes().to_vec() }
}

pub fn with_redaction(mut record: Record, digest: u8) -> Record {
    let (pointer, kind) = ("/secret".to_owned(), "secret".to_owned());
    record.envelope.redactions.push(Redaction { pointer, kind, digest: vec![digest; 32] });
    record
}

pub fn in_custody(mut record: Record, custody: Custody) -> Record {
    record.envelope.custody = custody;
    record
}

pub fn received(mut record: Record, second: i64) -> Record {
    record.envelope.received_time = Time::new(second, 0);
    record
}

pub fn term(keys: &TermKey, word: &str) -> Term {
    // Any word, also one that names nothing.
    let name = KeyName { kind: KeyKind::Session, namespace: "test".into(), value: word.to_owned() };
    keys.term_of(&name, KeyRole::Names, Attestation::Observed)
}

/// The adapter of the tests: every word of the evidence is a key.
pub fn derive(keys: &TermKey, record: &Record) -> Vec<Term> {
    words(record).iter().map(|word| term(keys, word)).collect()
}

/// A better adapter: it also reads words in capitals as if they were written small.
pub fn derive_better(keys: &TermKey, record: &Record) -> Vec<Term> {
    words(record).iter().flat_map(|word| [term(keys, word), term(keys, &word.to_lowercase())]).collect()
}

/// The adapter where no record should need one.
pub fn derive_nothing(_: &TermKey, record: &Record) -> Vec<Term> {
    panic!("record {} was derived again", record.envelope.identity.native_id)
}

pub fn words(record: &Record) -> Vec<String> {
    let head = &record.evidence[..record.evidence.len().min(200)];
    String::from_utf8_lossy(head).split_whitespace().map(str::to_owned).collect()
}

/// With what evidence begins that other records share: some text, and this mark behind it.
const ALIKE_END: &str = " ; ";

/// What records say that share how they begin.
pub fn beginning_alike(text: &str) -> String {
    format!("all {}{ALIKE_END}{text}", "alike".repeat(20))
}

fn alike(record: &Record) -> usize {
    let text = String::from_utf8_lossy(&record.evidence[..record.evidence.len().min(200)]).into_owned();
    text.find(ALIKE_END).map_or(0, |at| at + ALIKE_END.len())
}

pub fn open(dir: &Path) -> (Writer, Recovery) {
    try_open(dir).unwrap()
}

pub fn try_open(dir: &Path) -> Result<(Writer, Recovery), Error> {
    Writer::create_or_open(dir, SECRET, derivation("words"), derive)
}

pub fn snapshot(dir: &Path) -> Snapshot {
    Snapshot::open(dir, derivation("words"), derive).unwrap()
}

pub fn seal(keys: &TermKey, records: &[Record]) -> Sealed {
    sealed(keys, records, alike)
}

/// The same, where so many bytes of evidence are others' too.
pub fn sealed(keys: &TermKey, records: &[Record], alike: impl Fn(&Record) -> usize) -> Sealed {
    let (mut packer, mut sealed) = (writ_store::Packer::new(keys).unwrap(), Sealed::default());
    for record in records {
        let draft = Draft { record: record.clone(), terms: derive(keys, record), alike: alike(record) };
        draft.seal(&mut packer, &mut sealed).unwrap();
    }
    sealed
}

pub fn commit(writer: &Writer, records: &[Record]) -> Result<Vec<Admission>, Error> {
    writer.commit(&mut seal(writer.term_key(), records))
}

/// An empty folder, in memory where the system has such a place: these tests simulate the disk, and
/// would only wait for the real one.
pub fn temp() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Makes a folder with these records, a frame for each batch.
pub fn folder(batches: &[Vec<Record>]) -> tempfile::TempDir {
    let dir = temp();
    let (writer, _) = open(dir.path());
    for batch in batches {
        commit(&writer, batch).unwrap();
    }
    writer.close().unwrap();
    dir
}

pub fn log_path(dir: &Path) -> std::path::PathBuf {
    dir.join("log").join(FIRST_SEGMENT)
}

pub fn set_log(dir: &Path, bytes: &[u8]) {
    set(&log_path(dir), bytes);
}

pub fn set(path: &Path, bytes: &[u8]) {
    replace(path, bytes, Access::Usual).unwrap();
}

/// Bytes that no compressor shrinks, so that they stand in the log as they are.
pub fn random(dice: &mut Lcg, len: usize) -> Vec<u8> {
    (0..len).map(|_| dice.next().to_le_bytes()[0]).collect()
}

/// A record with other evidence.
pub fn with_evidence(mut record: Record, evidence: Vec<u8>) -> Record {
    record.content = record::content_digest(&record.envelope.identity, &evidence);
    (record.id, record.evidence) = (RecordId::of(&record.content), evidence);
    record
}

pub fn delete_keys(dir: &Path) {
    // They may be gone already.
    let _ = std::fs::remove_dir_all(dir.join("index"));
}

/// How many parts the index of a folder has.
pub fn n_parts(dir: &Path) -> usize {
    let folders = std::fs::read_dir(dir.join("index")).unwrap();
    folders.map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap().count()).sum()
}

/// What a look-up must find among these records, in this order: by naive filtering and sorting.
pub fn naive(records: &[Record], word: Option<&str>, query: &Query) -> Vec<RecordId> {
    let time = |record: &Record| record.envelope.event_time.map(|time| time.start);
    let fits = |record: &&Record| {
        let in_window = query.when.includes(time(record));
        let has_word = word.is_none_or(|word| words(record).iter().any(|other| other == word));
        in_window && has_word && record.envelope.received_time <= query.as_of
    };
    let mut found: Vec<(Option<Time>, RecordId)> =
        records.iter().filter(fits).map(|record| (time(record), record.id)).collect();
    found.sort_unstable();
    if query.order == Order::NewestFirst {
        found.reverse();
    }
    found.into_iter().map(|(_, id)| id).take(query.limit).collect()
}

/// Checks a snapshot against the records it must hold, in the order they were stored.
pub fn assert_holds(snapshot: &Snapshot, records: &[Record]) {
    assert_eq!(snapshot.len(), records.len());
    for (position, expected) in (0..).zip(records) {
        assert_eq!(&snapshot.record(writ_store::Position(position)).unwrap(), expected, "position {position}");
    }
    assert_finds(snapshot, records);
}

/// Checks that look-ups find what is there, and nothing else.
pub fn assert_finds(snapshot: &Snapshot, records: &[Record]) {
    let mut all: Vec<String> = records.iter().flat_map(words).collect();
    all.push("nowhere".to_owned());
    all.sort();
    all.dedup();
    let query = Query::new(Time::MAX, usize::MAX);
    for word in all {
        let found = snapshot.lookup(term(snapshot.term_key(), &word), &query).unwrap();
        let ids: Vec<RecordId> = found.iter().map(|posting| posting.id).collect();
        assert_eq!(ids, naive(records, Some(&word), &query), "word `{word}`");
    }
}
