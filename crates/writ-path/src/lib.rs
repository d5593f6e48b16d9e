//! From facts to an answer: rules, strength, the walk, gaps, coverage, findings.
//!
//! The room is pure. The walk is a function of the records it has been given, and where it needs more it says
//! what it needs ([`question::Ask`]); whoever drives it ([`question::drive`]) fetches that.
//!
//! Invariants:
//! - It sees neither storage nor formats: adapters have said what they know in facts and
//!   [`writ_model::source::SourceInfo`]. A vendor is named only as the namespace of a key in [`rule`].
//! - Only [`strength::strength`] grants a strength; a rule may cap it, never raise it.
//! - The same event, instant, records and derivation give the same bytes.
#![no_std]

extern crate alloc;

pub mod answer;
pub mod coverage;
mod graph;
pub mod question;
pub mod rule;
mod sentence;
pub mod strength;
mod verdict;
pub mod walk;

use alloc::format;
use writ_model::canon::Digest;

/// Raised whenever the walk itself changes in a way that tables do not show.
const WALK_VERSION: u32 = 1;

/// Digest of everything in this room that an answer depends on: rules, caps, budgets.
pub fn derivation() -> Digest {
    let text = format!("{WALK_VERSION} {:?} {:?}", rule::RULES, question::Budget::default());
    Digest::of("writ path derivation 0", text.as_bytes())
}
