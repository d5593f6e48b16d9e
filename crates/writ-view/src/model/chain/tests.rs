//! Chains that are not lines: trees, meetings, circles, pieces.

use super::*;
use crate::sample::{answer, gap, hop, node};

fn drawn(hops: &[(usize, &str, &str)], gaps: &[&str]) -> Vec<String> {
    let mut world = answer(ToString::to_string);
    world.hops = hops.iter().map(|(n, from, to)| hop(*n, Chain::Command, from, to, "asserted")).collect();
    world.gaps = gaps.iter().map(|after| gap(Chain::Command, after, "asker")).collect();
    world.nodes = ["event", "a", "b", "c", "d"].into_iter().map(|id| node(id, "effect", id)).collect();
    let steps = chain(&world, Chain::Command, "").steps;
    steps
        .iter()
        .map(|step| {
            let text = match &step.line {
                Line::Hole(hole) => format!("?{}", hole.after),
                Line::Node(node) => format!("{}{}", node.id, if node.again { " again" } else { "" }),
                Line::Hop(hop) => {
                    let into = hop.into.as_ref().map_or_else(String::new, |into| format!(" into {into}"));
                    format!("-{}-{into}", hop.n)
                }
            };
            format!("{}{text}", ">".repeat(step.depth))
        })
        .collect()
}

#[test]
fn a_line_is_a_line_and_holes_stand_before_what_they_lead_to() {
    assert_eq!(drawn(&[(1, "a", "b"), (2, "b", "event")], &["a"]), ["?a", "a", "-1-", "b", "-2-", "event"]);
    assert_eq!(drawn(&[], &["event"]), ["?event", "event"]);
    assert_eq!(drawn(&[], &["elsewhere"]), ["event", "?elsewhere"]);
}

#[test]
fn the_longest_of_several_causes_is_the_main_line() {
    assert_eq!(
        drawn(&[(1, "c", "event"), (2, "a", "b"), (3, "b", "event")], &["c"]),
        ["a", "-2-", "b", "-3- into effect event", ">?c", ">c", ">-1-", "event"]
    );
}

#[test]
fn a_node_that_leads_two_ways_is_told_once() {
    let shown = drawn(&[(1, "a", "b"), (2, "b", "c"), (3, "b", "d"), (4, "d", "c"), (5, "c", "event")], &[]);
    assert_eq!(shown, ["a", "-1-", "b", "-3-", "d", "-4- into effect c", ">b again", ">-2-", "c", "-5-", "event"]);
}

#[test]
fn circles_and_pieces_lose_no_hop() {
    let circle = drawn(&[(1, "a", "b"), (2, "b", "a"), (3, "c", "event")], &[]);
    assert_eq!(circle, ["c", "-3-", "event", "b", "-2-", "a", "-1-", "b again"]);
    assert_eq!(drawn(&[(1, "a", "d"), (2, "b", "event")], &[]), ["a", "-1-", "d", "b", "-2-", "event"]);
    let long: Vec<(usize, String, String)> = (0..200).map(|n| (n, format!("n{n}"), format!("n{}", n + 1))).collect();
    let long: Vec<(usize, &str, &str)> = long.iter().map(|(n, from, to)| (*n, from.as_str(), to.as_str())).collect();
    assert_eq!(drawn(&long, &[]).iter().filter(|line| line.starts_with('-')).count(), 200);
}

#[test]
fn a_change_of_scope_is_told_where_it_matters() {
    let (less, more) = (["pay at most 500 EUR".to_string()], ["pay".to_string()]);
    let added = ["pay without the limit of 500 EUR".to_string()];
    assert_eq!(scope_words("grew", &less, &more, &added).unwrap(), "scope grew: pay without the limit of 500 EUR");
    assert_eq!(scope_words("narrowed", &more, &less, &[]).unwrap(), "scope narrowed: pay to pay at most 500 EUR");
    assert_eq!((scope_words("same", &more, &more, &[]), scope_words("unknown", &[], &[], &[])), (None, None));
}
