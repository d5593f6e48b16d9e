//! Look-ups: parts, merged parts and a tail answer as the naive model does.

use super::world::{World, term};
use super::{Folder, at, check, naive};
use crate::index::Index;
use crate::index::tail::Tail;
use crate::{Order, Query, Term, When};
use writ_model::record::RecordId;
use writ_model::time::Time;

/// Rows arrive in batches, become parts at any time, and parts are merged at any time.
fn grow_and_check(seed: u64) {
    let mut world = World::new(seed);
    let n = world.dice.below(250);
    world.grow(n);
    let (mut folder, mut from) = (Folder::new(), 0);
    while from < world.rows.len() {
        let to = (from + 1 + usize::try_from(world.dice.below(60)).unwrap()).min(world.rows.len());
        folder.push(&world, from, to);
        from = to;
        if world.dice.below(3) == 0 {
            folder.seal();
        }
        if folder.parts.len() > 1 && world.dice.below(3) == 0 {
            let start = usize::try_from(world.dice.below(folder.parts.len() as u64 - 1)).unwrap();
            folder.merge(start..(start + 2 + usize::try_from(world.dice.below(4)).unwrap()).min(folder.parts.len()));
        }
    }
    let context = format!("seed {seed} (run `grow_and_check({seed})` alone)");
    check(&folder.index(), &mut world, 25, &context);
    folder.seal();
    check(&folder.index(), &mut world, 5, &context);
    if folder.parts.len() > 1 {
        folder.merge(0..folder.parts.len());
        check(&folder.index(), &mut world, 10, &context);
    }
}

#[test]
fn parts_and_tail_answer_as_naive_filtering_does() {
    (0..60).for_each(grow_and_check);
}

#[test]
fn pages_joined_by_cursors_are_the_whole_list() {
    for seed in 0..6 {
        let mut world = World::new(seed);
        world.grow(200);
        let mut folder = Folder::new();
        for (from, to) in [(0, 70), (70, 140), (140, 170)] {
            folder.push(&world, from, to);
            folder.seal();
        }
        folder.push(&world, 170, 200);
        let index = folder.index();
        for order in [Order::OldestFirst, Order::NewestFirst] {
            for when in [When::Any, When::Within(at(10), at(30)), When::Until(at(20))] {
                let query = Query { when, order, ..Query::new(at(45), 7) };
                let (mut pages, mut page) = (Vec::new(), index.lookup(term(0), &query).unwrap());
                while let Some(last) = page.last() {
                    let next = query.after(last.cursor());
                    pages.extend(page.iter().copied());
                    page = index.lookup(term(0), &next).unwrap();
                }
                let whole = Query { limit: usize::MAX, ..query };
                assert_eq!(pages, naive(&world.rows, |row| row.words.contains(&0), &whole), "seed {seed}");
            }
        }
    }
}

/// A list of several blocks with fences, and times and receptions in several blocks of columns.
#[test]
fn a_hot_term_of_many_blocks_is_read_from_either_end_and_within_a_window() {
    let mut world = World::new(77);
    world.grow(4000);
    let spread = |n: u64| Time::new(i64::try_from(n / 2).unwrap(), 0);
    for (n, stored) in (0..).zip(&mut world.rows) {
        stored.row.time = (n % 50 > 0).then(|| spread(n * 7919 % 4000));
        stored.row.received = spread(n);
        stored.row.id = RecordId(super::mix(n * 3).to_be_bytes().repeat(2).try_into().unwrap());
        stored.row.again = false;
    }
    let mut folder = Folder::new();
    for (from, to) in [(0, 1500), (1500, 2900), (2900, 3700)] {
        folder.push(&world, from, to);
        folder.seal();
    }
    folder.push(&world, 3700, 4000);
    for merged in [false, true] {
        if merged {
            folder.seal();
            folder.merge(0..4);
        }
        let index = folder.index();
        for order in [Order::OldestFirst, Order::NewestFirst] {
            for (from, to) in [(0, 3000), (700, 702), (1999, 1999), (500, 1500), (3000, 4000)] {
                for as_of in [5, 900, 1500, 3000] {
                    let query = Query { order, ..Query::new(spread(as_of * 2), 64) }.within(at(from), at(to));
                    let expected = naive(&world.rows, |row| row.words.contains(&0), &query);
                    assert_eq!(index.lookup(term(0), &query).unwrap(), expected, "{query:?}");
                    assert_eq!(index.all(&query).unwrap(), naive(&world.rows, |_| true, &query), "{query:?}");
                    let behind = naive(&world.rows, |row| row.words.contains(&0), &Query { limit: 3, ..query });
                    if let Some(last) = behind.last() {
                        let query = query.after(last.cursor());
                        let expected = naive(&world.rows, |row| row.words.contains(&0), &query);
                        assert_eq!(index.lookup(term(0), &query).unwrap(), expected, "{query:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn more_records_of_a_prefix_than_are_sorted_are_found_in_order() {
    let mut world = World::new(78);
    world.grow(4300);
    for (n, stored) in (0..).zip(&mut world.rows) {
        let number = super::mix(n / 2).to_be_bytes();
        stored.row.id = RecordId([&[0xab], &number[..], &number[..7]].concat().try_into().unwrap());
        stored.row.again = n % 2 == 1;
        stored.row.copy = u32::try_from(n % 2 + 1).unwrap();
        stored.row.time = Some(at(n / 2 % 300));
    }
    let mut folder = Folder::new();
    folder.push(&world, 0, 4000);
    folder.seal();
    folder.push(&world, 4000, 4300);
    for limit in [1, 10, usize::MAX] {
        let expected = naive(&world.rows, |_| true, &Query::new(Time::MAX, limit));
        assert_eq!(folder.index().by_id_prefix("#AB", limit).unwrap(), expected);
        assert_eq!(folder.index().by_id_prefix("aa", limit).unwrap(), []);
    }
}

#[test]
fn text_that_begins_no_id_finds_nothing() {
    let mut world = World::new(1);
    world.grow(20);
    let mut folder = Folder::new();
    folder.push(&world, 0, 20);
    for text in ["", "#", "xyz", "+1", "0123456789abcdef0123456789abcdef0", "é"] {
        assert_eq!(folder.index().by_id_prefix(text, 9).unwrap(), [], "{text:?}");
    }
}

#[test]
fn an_empty_part_and_a_part_of_one_record_answer() {
    let empty = Index::new(&[], &Tail::default()).unwrap();
    check(&empty, &mut World::new(5), 3, "nothing");
    let mut world = World::new(5);
    world.grow(1);
    let mut folder = Folder::new();
    folder.push(&world, 0, 1);
    check(&folder.index(), &mut world, 5, "a tail of one");
    folder.seal();
    check(&folder.index(), &mut world, 5, "a part of one");
    // Positions without records: all of them were lost.
    let mut batch = crate::index::batch::Batch::new(1);
    batch.skip_to(6);
    folder.tail.push(batch);
    check(&folder.index(), &mut world, 5, "a tail of nothing");
    folder.seal();
    assert_eq!(folder.parts.len(), 2);
    check(&folder.index(), &mut world, 5, "a part of nothing");
    folder.merge(0..2);
    check(&folder.index(), &mut world, 5, "both");
    assert_eq!(folder.index().count(Term(5)).unwrap(), 0);
}

#[test]
fn a_snapshot_of_the_tail_does_not_change() {
    let mut world = World::new(6);
    world.grow(90);
    let mut folder = Folder::new();
    folder.push(&world, 0, 50);
    let before = folder.index();
    folder.push(&world, 50, 90);
    folder.seal();
    let mut early = World::new(6);
    early.grow(90);
    early.rows.truncate(50);
    check(&before, &mut early, 5, "before");
    check(&folder.index(), &mut world, 5, "after");
}
