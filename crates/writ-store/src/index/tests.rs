//! The index against a naive model: a list of rows that is filtered and sorted.

mod harm;
mod look;
mod measure;
mod merge;
mod reads;
mod world;

use crate::index::Index;
use crate::index::header::Owner;
use crate::index::part::Part;
use crate::index::tail::Tail;
use crate::index::tests::world::{Stored, World, mix, term};
use crate::snapshot::query::best_copies;
use crate::{Order, Position, Posting, Query, RecorderSpan, Term};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use writ_model::canon::Digest;
use writ_model::record::RecordId;
use writ_model::time::Time;
use writ_tlog::hash::Hash;

const OWNER: Owner = Owner { store: [7; 8], derivation: Digest([9; 32]) };

fn os() -> Arc<dyn crate::storage::Storage> {
    Arc::new(crate::storage::Os)
}

fn at(s: u64) -> Time {
    Time::new(i64::try_from(s).unwrap(), 0)
}

/// An index that grows in a folder.
struct Folder {
    dir: tempfile::TempDir,
    parts: Vec<Arc<Part>>,
    tail: Tail,
}

impl Folder {
    fn new() -> Folder {
        Folder { dir: crate::testing::temp(), parts: Vec::new(), tail: Tail::default() }
    }

    fn path(&self, first: u64, next: u64) -> PathBuf {
        self.dir.path().join(format!("{first}-{next}.part"))
    }

    /// Puts rows from `from` to `to` of a world into the tail.
    fn push(&mut self, world: &World, from: usize, to: usize) {
        self.tail.push(world.batch(from, to));
    }

    fn seal(&mut self) {
        let tail = std::mem::take(&mut self.tail);
        let runs = tail.runs();
        let runs: Vec<_> = runs.iter().map(AsRef::as_ref).collect();
        if runs.is_empty() {
            return;
        }
        let run = crate::index::run::Run::join(&runs);
        let path = self.path(run.facts.first, run.facts.next);
        self.parts.push(Arc::new(crate::index::write::write(&os(), &path, &OWNER, &run, Hash::EMPTY_ROOT).unwrap()));
    }

    fn merge(&mut self, range: std::ops::Range<usize>) {
        let parts = &self.parts[range.clone()];
        let path = self.path(parts[0].facts().first, parts.last().unwrap().facts().next);
        let merged = crate::index::merge::merge(&os(), parts, &path, &OWNER, &AtomicBool::new(false)).unwrap().unwrap();
        self.parts.splice(range, [Arc::new(merged)]);
    }

    /// The index, with parts that were opened anew.
    fn index(&self) -> Index {
        let open = |part: &Arc<Part>| {
            let path = self.path(part.facts().first, part.facts().next);
            Arc::new(
                crate::index::part::Part::open_on(os().open(&path, crate::storage::Open::Read).unwrap(), &path, &OWNER)
                    .unwrap(),
            )
        };
        let parts: Vec<_> = self.parts.iter().map(open).collect();
        Index::new(&parts, &self.tail).unwrap()
    }
}

/// What must be found of these rows, by filtering and sorting.
fn naive(rows: &[Stored], wanted: impl Fn(&Stored) -> bool, query: &Query) -> Vec<Posting> {
    let in_window = |row: &Stored| query.when.includes(row.row.time);
    let mut found: Vec<&Stored> =
        rows.iter().filter(|row| wanted(row) && in_window(row) && row.row.received <= query.as_of).collect();
    found.sort_by_key(|row| (row.row.place(), row.position));
    if query.order == Order::NewestFirst {
        found.reverse();
    }
    if let Some(place) = query.after.map(|cursor| cursor.place()) {
        let record = |copy: u64| copy >> 3;
        let key = (place.time, place.id, record(place.copy));
        found.retain(|row| {
            let other = (row.row.time, row.row.id, record(u64::from(row.row.copy)));
            if query.order == Order::OldestFirst { other > key } else { other < key }
        });
    }
    best_copies(found.into_iter().map(Stored::posting), query.limit)
}

fn naive_recorders(rows: &[Stored], as_of: Time) -> Vec<RecorderSpan> {
    let visible: Vec<&Stored> = rows.iter().filter(|row| row.row.received <= as_of).collect();
    let mut names: Vec<_> = visible.iter().map(|row| row.name()).collect();
    names.sort();
    names.dedup();
    let span = |name: (String, String)| {
        let of: Vec<&&Stored> = visible.iter().filter(|row| row.name() == name).collect();
        let mut ids: Vec<RecordId> = of.iter().map(|row| row.row.id).collect();
        ids.sort();
        ids.dedup();
        RecorderSpan {
            source: name.0,
            recorder: name.1,
            count: ids.len() as u64,
            first_event: of.iter().filter_map(|row| row.row.time).min(),
            last_event: of.iter().filter_map(|row| row.row.time).max(),
            last_received: of.iter().map(|row| row.row.received).max().unwrap(),
        }
    };
    names.into_iter().map(span).collect()
}

fn naive_window(rows: &[Stored], recorder: u64, from: Time, to: Time, as_of: Time) -> Vec<(RecordId, Position)> {
    let fits = |row: &&Stored| {
        let in_window = row.row.time.is_some_and(|time| from <= time && time <= to);
        row.recorder == recorder && in_window && row.row.received <= as_of
    };
    let mut found: Vec<&Stored> = rows.iter().filter(fits).collect();
    found.sort_by_key(|row| (row.row.place(), row.position));
    found.dedup_by_key(|row| row.row.id);
    found.into_iter().map(|row| (row.row.id, Position(row.position))).collect()
}

/// Asks an index everything, in a few ways chosen by the dice.
fn check(index: &Index, world: &mut World, n_queries: u64, context: &str) {
    let rows = world.rows.clone();
    assert_eq!(index.len(), rows.len() as u64, "{context}");
    assert_eq!(index.newest_received(), rows.iter().map(|row| row.row.received).max(), "{context}");
    for n in 0..n_queries {
        let query = world.any_query();
        let word = world.dice.below(40);
        let expected = naive(&rows, |row| row.words.contains(&word), &query);
        assert_eq!(index.lookup(term(word), &query).unwrap(), expected, "{context}, query {n}, word {word}, {query:?}");
        assert_eq!(index.all(&query).unwrap(), naive(&rows, |_| true, &query), "{context}, query {n}, all, {query:?}");
        let count = rows.iter().filter(|row| row.words.contains(&word)).count();
        assert_eq!(index.count(term(word)).unwrap(), count as u64, "{context}");
        let as_of = query.as_of;
        assert_eq!(index.recorders(as_of).unwrap(), naive_recorders(&rows, as_of), "{context}, as of {as_of}");
        let (recorder, from) = (world.dice.below(4), world.dice.below(45));
        let (from, to) = (at(from), at(from + world.dice.below(30)));
        let name = world::recorder_name(recorder);
        let window = index.window(term(world::RECORDER + recorder), (&name.0, &name.1), (from, to), as_of).unwrap();
        let window: Vec<_> = window.map(Result::unwrap).collect();
        assert_eq!(window, naive_window(&rows, recorder, from, to, as_of), "{context}, window");
        check_ids(index, world, &rows, context);
    }
    let end = rows.last().map_or(0, |row| row.position + 3);
    let mut rest = rows.iter().peekable();
    for position in 0..end {
        let expected = rest.next_if(|row| row.position == position).map(Stored::posting);
        assert_eq!(index.posting(Position(position)).unwrap(), expected, "{context}, position {position}");
    }
}

fn check_ids(index: &Index, world: &mut World, rows: &[Stored], context: &str) {
    let any = usize::try_from(world.dice.below(rows.len() as u64 + 1)).unwrap();
    let id = rows.get(any).map_or(RecordId([77; 16]), |row| row.row.id);
    let copies: Vec<Posting> = rows.iter().filter(|row| row.row.id == id).map(Stored::posting).collect();
    assert_eq!(index.copies(id).unwrap(), copies, "{context}, copies of {id}");
    let digits = usize::try_from(world.dice.below(4)).unwrap() * 8 + 1;
    let prefix: String = id.to_string().chars().take(digits + 1).collect();
    let has_prefix = |row: &Stored| row.row.id.to_string().starts_with(&prefix);
    for limit in [1, 5, usize::MAX] {
        let expected = naive(rows, has_prefix, &Query::new(Time::MAX, limit));
        assert_eq!(index.by_id_prefix(&prefix, limit).unwrap(), expected, "{context}, prefix {prefix}");
    }
    let native = world.dice.below(30);
    for recorder in 0..3 {
        let name = world::recorder_name(recorder);
        let found = index.by_identity(term(world::NATIVE_ID + native), (&name.0, &name.1), 4, |_| Ok(true)).unwrap();
        let mut copies: Vec<&Stored> =
            rows.iter().filter(|row| row.native == native && row.recorder == recorder).collect();
        copies.sort_by_key(|row| (row.row.place(), row.position));
        assert_eq!(found, copies.into_iter().take(4).map(Stored::posting).collect::<Vec<_>>(), "{context}");
    }
}

/// The terms of the tests are uniform, as keyed hashes are.
#[test]
fn terms_of_the_tests_are_uniform() {
    let mut firsts: Vec<u64> = (0..4000).map(|n| mix(n) >> 60).collect();
    firsts.sort_unstable();
    assert!(firsts.chunk_by(|one, other| one == other).all(|chunk| (180..320).contains(&chunk.len())));
    assert_ne!(term(1), Term(1));
}
