//! Measuring: what a record costs, and how long look-ups, building and merging take. Nothing is asserted
//! about time. With real numbers of records:
//!
//! ```text
//! WRIT_INDEX_RECORDS=4194304 cargo test --release -p writ-store measures -- --nocapture
//! ```

use super::world::{RECORDER, id, mix, recorder_name, term};
use super::{Folder, OWNER};
use crate::index::Index;
use crate::index::batch::Batch;
use crate::index::part::Part;
use crate::index::row::Row;
use crate::index::run::Run;
use crate::index::tail::Tail;
use crate::testing::Lcg;
use crate::{Position, Query, Term};
use std::sync::Arc;
use std::time::{Duration, Instant};
use writ_model::time::Time;
use writ_tlog::hash::Hash;

/// Records of a part, as a store seals them.
const PART: u64 = 65_536;
/// Records while nobody asks for more: enough to run the code.
const FEW: u64 = 9_000;

#[expect(clippy::disallowed_methods, reason = "measuring is about time, and nothing is decided by it")]
fn now() -> Instant {
    Instant::now()
}

fn n_records() -> u64 {
    option_env!("WRIT_INDEX_RECORDS").and_then(|n| n.parse().ok()).unwrap_or(FEW)
}

/// A number below `n`, small ones far more often: the smallest in about a thirteenth of all cases.
fn skewed(dice: &mut Lcg, n: u64) -> u64 {
    let mut below = n;
    while below > 1 && dice.below(5) > 0 {
        below = below.div_ceil(4);
    }
    dice.below(below)
}

/// Records `first` to `next`: a thousand a second, one in two hundred late, six or seven terms each, of
/// which three are theirs alone and the others are of a recorder, a principal, a credential and a session.
fn batch(dice: &mut Lcg, first: u64, next: u64) -> Batch {
    let mut batch = Batch::new(first);
    for n in first..next {
        let ms = i64::try_from(n).unwrap() + 1_764_000_000_000;
        let late = if dice.below(200) == 0 { i64::try_from(dice.below(3_600_000)).unwrap() } else { 0 };
        let recorder = skewed(dice, 12);
        let row = Row {
            time: (dice.below(500) > 0).then(|| Time::from_millis(ms - late - i64::try_from(dice.below(900)).unwrap())),
            precision_ms: 1,
            received: Time::from_millis(ms / 100 * 100 + 1_037),
            id: id(n),
            copy: u32::try_from(mix(n) >> 32).unwrap() & !7 | 4,
            ..Row::EMPTY
        };
        let own = [1, 2, 3].map(|k| Term(mix(n * 4 + k) ^ mix(k)));
        let shared = [10_000 + skewed(dice, 5_000), 100_000 + n / 16 / 40 * 16 + n % 16, 20_000 + skewed(dice, 50_000)];
        let mut terms: Vec<Term> = own.to_vec();
        terms.push(term(RECORDER + recorder));
        terms.extend(shared.into_iter().take(2 + usize::from(dice.below(2) == 0)).map(term));
        batch.push(row, term(RECORDER + recorder), || recorder_name(recorder), &terms);
    }
    batch
}

/// How long something took, on average, and what it gave in all.
fn timed(times: u64, mut run: impl FnMut(u64) -> u64) -> (Duration, u64) {
    let begin = now();
    let sum = (0..times).map(&mut run).sum();
    (begin.elapsed() / u32::try_from(times).unwrap(), sum)
}

fn per_second(n: u64, took: Duration) -> u64 {
    u64::try_from(u128::from(n) * 1_000_000 / took.as_micros().max(1)).unwrap()
}

fn print_sizes(part: &Part) {
    let (header, sections) = (part.header(), part.header().sections);
    let n = u64::from(header.facts.n_rows);
    let hundredths = |bytes: u64| format!("{}.{:02}", bytes / n, bytes * 100 / n % 100);
    eprintln!("part of {n} records, {} terms, {} postings; bytes a record:", header.n_terms, header.n_postings);
    for (name, bytes) in [
        ("columns", sections.columns_end - 512),
        ("positions", sections.ids - sections.positions),
        ("ids", sections.fences.offset - sections.ids),
        ("fences", sections.fences.len),
        ("terms", sections.directory.offset - sections.fences.end()),
        ("directory", sections.directory.len),
        ("filter", sections.filter.len),
        ("all", header.size),
    ] {
        eprintln!("  {name:10} {}", hundredths(bytes));
    }
}

fn print_look_ups(index: &Index, n: u64) {
    let count = |found: Result<Vec<crate::Posting>, crate::Error>| found.unwrap().len() as u64;
    let query = Query::new(Time::MAX, 64);
    let any = |k: u64| mix(k) % n;
    let hour = |k: u64| {
        let from = Time::from_millis(i64::try_from(any(k)).unwrap() + 1_764_000_000_000);
        query.within(from, from.plus_millis(3_600_000))
    };
    let own = |k: u64| Term(mix(any(k) * 4 + 1) ^ mix(1));
    let hot = term(10_000);
    eprintln!("a hot term has {} postings", index.count(hot).unwrap());
    let window = |k: u64| {
        let name = recorder_name(0);
        let from = Time::from_millis(i64::try_from(any(k)).unwrap() + 1_764_000_000_000);
        index.window(term(RECORDER), (&name.0, &name.1), (from, from.plus_millis(1000)), Time::MAX).unwrap().count()
            as u64
    };
    for (name, (took, found)) in [
        ("rare term, first", timed(1, |k| count(index.lookup(own(k), &query)))),
        ("rare term", timed(5000, |k| count(index.lookup(own(k), &query)))),
        ("missing term", timed(5000, |k| count(index.lookup(Term(mix(k) ^ 7), &query)))),
        ("session", timed(2000, |k| count(index.lookup(term(100_000 + any(k) / 640 * 16), &query)))),
        ("hot term, 1 h window", timed(500, |k| count(index.lookup(hot, &hour(k))))),
        ("hot term, 1 h, newest", timed(500, |k| count(index.lookup(hot, &hour(k).newest_first())))),
        ("hot term, newest", timed(500, |_| count(index.lookup(hot, &query.newest_first())))),
        ("recorder, 1 s window", timed(100, window)),
        ("by position", timed(5000, |k| u64::from(index.posting(Position(any(k))).unwrap().is_some()))),
        ("by id of 8 digits", timed(500, |k| count(index.by_id_prefix(id(any(k)).to_string().split_at(9).0, 9)))),
        ("copies of an id", timed(2000, |k| count(index.copies(id(any(k)))))),
        ("copies, none", timed(5000, |k| count(index.copies(id(n + 1 + k))))),
        ("recorders", timed(500, |_| index.recorders(Time::MAX).unwrap().len() as u64)),
    ] {
        eprintln!("  {name:22} {:9.1} us, found {found}", took.as_secs_f64() * 1e6);
    }
}

#[test]
fn measures() {
    let n = n_records();
    let mut folder = Folder::new();
    let mut dice = Lcg(1);
    let (mut sorting, mut writing) = (Duration::ZERO, Duration::ZERO);
    for first in (0..n).step_by(usize::try_from(PART.min(n / 3)).unwrap()) {
        let next = (first + PART.min(n / 3)).min(n);
        let batch = batch(&mut dice, first, next);
        let begin = now();
        let run = Run::sort(batch);
        sorting += begin.elapsed();
        let begin = now();
        let path = folder.path(first, next);
        folder
            .parts
            .push(Arc::new(crate::index::write::write(&super::os(), &path, &OWNER, &run, Hash::EMPTY_ROOT).unwrap()));
        writing += begin.elapsed();
    }
    let begin = now();
    for first in (0..PART.min(n)).step_by(1000) {
        folder.tail.push(batch(&mut dice, n + first, n + first + 1000));
    }
    let pushing = begin.elapsed();
    folder.tail = Tail::default();
    eprintln!(
        "made and put into the tail, a thousand at a time, {} records a second",
        per_second(PART.min(n), pushing)
    );
    eprintln!("sorted {} and written {} records a second", per_second(n, sorting), per_second(n, writing));
    print_sizes(&folder.parts[0]);
    eprintln!("in {} parts:", folder.parts.len());
    print_look_ups(&folder.index(), n);
    while folder.parts.len() > 1 {
        let (width, begin) = (8.min(folder.parts.len()), now());
        (0..folder.parts.len().div_ceil(width)).for_each(|at| {
            let range = at..(at + width).min(folder.parts.len());
            if range.len() > 1 {
                folder.merge(range);
            }
        });
        let rate = per_second(n, begin.elapsed());
        eprintln!("merged to {} parts, {rate} records a second:", folder.parts.len());
        print_look_ups(&folder.index(), n);
    }
    print_sizes(&folder.parts[0]);
}
