//! Crashes, torn and reordered writes, failed writes and syncs, a full disk, disks that lie, bits that rot,
//! reads that fail, readers beside a writer. The model is a plain list of records: what was acknowledged is
//! found again, in the order it was stored; what is found was attempted; no byte of the log is destroyed.
//! Where a disk lied or rotted, what is lost is named.
//!
//! What is chosen by seeds stands in `seeded.rs`. `WRIT_SEEDS=FROM..TO` chooses which seeds are run; without it
//! a short form runs, and `cargo xtask soak` runs the long one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

#[path = "../src/testing.rs"]
mod testing;

#[path = "crash/lies.rs"]
mod lies;
#[path = "crash/named.rs"]
mod named;
#[path = "crash/power.rs"]
mod power;
#[path = "crash/reads.rs"]
mod reads;
#[path = "crash/rot.rs"]
mod rot;
#[path = "crash/seeded.rs"]
mod seeded;
#[path = "crash/segment.rs"]
mod segment;
#[path = "crash/support.rs"]
mod support;
