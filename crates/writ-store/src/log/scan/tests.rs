//! Logs that no writer of this crate makes.

use crate::limit;
use crate::log::DamageCause;
use crate::log::entry::record_head;
use crate::log::frame::{Chain, Header, chain_after, chain_start};
use crate::log::scan::{Scan, scan};
use crate::sim::SimDisk;
use crate::testing::SECRET;
use crate::{Error, Kind, TermKey};
use std::path::Path;

/// Appends a frame, after changing its header.
fn push(log: &mut Vec<u8>, chain: Chain, first: u64, payload: &[u8], change: impl Fn(&mut Header)) -> Chain {
    let keys = TermKey::new(&SECRET);
    let head = record_head(payload.len(), crc32c::crc32c(payload), 0);
    let payload = &[head.as_slice(), payload].concat();
    let mut header = Header::of(first, 1, chain, payload);
    change(&mut header);
    let header = header.encode(&keys, log.len() as u64);
    log.extend_from_slice(&header);
    log.extend_from_slice(payload);
    chain_after(&header)
}

fn look(log: Vec<u8>) -> Result<Scan, Error> {
    let keys = TermKey::new(&SECRET);
    scan(&SimDisk::new(log), Path::new("x.log"), &keys, &crate::log::open::first(&keys))
}

#[test]
fn a_frame_for_newer_readers_is_refused_and_one_of_a_newer_version_is_not() {
    let start = chain_start(&TermKey::new(&SECRET));
    let (mut compatible, mut newer) = (Vec::new(), Vec::new());
    push(&mut compatible, start, 0, b"x", |header| header.version = 3);
    push(&mut newer, start, 0, b"x", |header| (header.version, header.least_reader) = (3, 2));
    assert_eq!(look(compatible).unwrap().next, 1);
    let error = look(newer).unwrap_err();
    assert_eq!(error.kind(), Kind::Invalid);
    assert!(error.message().contains("version 3") && error.message().contains("newer writ"), "{error}");
}

#[test]
fn a_frame_of_another_history_is_named_and_read() {
    let start = chain_start(&TermKey::new(&SECRET));
    let mut log = Vec::new();
    push(&mut log, start, 0, b"one", |_| ());
    let second = log.len() as u64;
    let chain = push(&mut log, [7; 16], 1, b"two", |_| ());
    push(&mut log, chain, 2, b"three", |_| ());
    let scan = look(log).unwrap();
    let [damage] = &scan.damage[..] else { panic!("{:?}", scan.damage) };
    assert_eq!((damage.cause, damage.offset, damage.bytes, damage.lost), (DamageCause::Chain, second, 0, 0));
    assert_eq!((scan.spans.len(), scan.next, scan.end), (3, 3, scan.size));
}

#[test]
fn a_frame_at_the_wrong_position_is_damage_if_more_follows() {
    let start = chain_start(&TermKey::new(&SECRET));
    let mut log = Vec::new();
    let chain = push(&mut log, start, 5, b"one", |_| ());
    let scan = look(log.clone()).unwrap();
    assert_eq!((scan.spans.len(), scan.damage.len(), scan.end), (1, 1, scan.size), "records 0 to 4 are gone");
    assert_eq!((scan.damage[0].lost, scan.next), (5, 6));
    push(&mut log, chain, 3, b"two", |_| ());
    assert_eq!(look(log.clone()).unwrap().next, 6, "positions never go back");
    // Nor does the search behind a bad stretch find what lies before it.
    log.extend_from_slice(b"garbage");
    push(&mut log, chain, 2, b"three", |_| ());
    let scan = look(log).unwrap();
    assert_eq!((scan.spans.len(), scan.damage.len(), scan.next), (1, 1, 6));
}

#[test]
fn damage_longer_than_what_is_read_at_once_is_skipped() {
    let start = chain_start(&TermKey::new(&SECRET));
    let mut log = Vec::new();
    let chain = push(&mut log, start, 0, b"one", |_| ());
    let from = log.len();
    // Magic at places that cross the border between two reads, none of it a frame.
    log.extend(crate::log::frame::MAGIC.iter().cycle().take(2 * limit::READ_AHEAD + 13));
    let after = push(&mut log, chain, 9, b"two", |_| ());
    push(&mut log, after, 10, &vec![1; limit::READ_AHEAD + 7], |_| ());
    let scan = look(log).unwrap();
    let [damage] = &scan.damage[..] else { panic!("{:?}", scan.damage) };
    assert_eq!((damage.offset, damage.bytes), (from as u64, (2 * limit::READ_AHEAD + 13) as u64));
    assert_eq!((damage.first.0, damage.lost, scan.next), (1, 8, 11));
}

#[test]
fn a_header_beyond_the_bounds_allocates_nothing() {
    let start = chain_start(&TermKey::new(&SECRET));
    let mut log = Vec::new();
    push(&mut log, start, 0, b"one", |header| (header.payload, header.records) = (u32::MAX, 1));
    let scan = look(log).unwrap();
    assert_eq!((scan.spans.len(), scan.end), (0, 0));
}
