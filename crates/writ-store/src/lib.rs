//! The folder on disk: records go in, and are found again.
//!
//! **The log is the database.** Records are appended to one durable log by one [`Writer`]; the index is
//! a follower of it that can be deleted at any time, and a tree of hashes goes along with it. Producers do the costly work ([`Draft::seal`])
//! in their own threads; the writer frames, writes, syncs and answers. Readers ([`Snapshot`]) take no
//! lock, write nothing, and work beside a running writer.
//!
//! Invariants:
//! - An [`Admission`] means that the record is on the disk. A failed write or sync stops the writer;
//!   nothing is tried again.
//! - No bytes of a log are destroyed: a torn tail is moved to `quarantine/`, damage is named and left.
//! - Answers do not depend on the order of arrival: postings are ordered by event time and id.
//! - This crate does not know what a record means. Which terms it is found by is said by whoever
//!   stores it, and by `derive` when keys are derived again.
//!
//! The folder format is 1; `docs/spec` holds what every byte of it means.

pub mod backup;
mod bytes;
mod catalog;
mod checkpoint;
mod derive;
mod dictionary;
mod error;
pub mod file;
mod folder;
pub mod fsck;
mod hasher;
mod index;
mod known;
mod leaf;
pub mod limit;
mod log;
mod look;
mod manifest;
mod proof;
mod seal;
mod shelf;
pub mod sim;
mod snapshot;
pub mod storage;
mod term;
mod tree;
mod writer;

pub use error::{Error, Kind};
pub use folder::{FORMAT, is_folder};
pub use leaf::Leaf;
pub use log::commit::Admission;
pub use log::recover::TornTail;
pub use log::{Damage, DamageCause, Position};
pub use seal::{Draft, Packer, Sealed};
pub use snapshot::query::{Cursor, Order, Posting, Query, RecorderSpan, When};
pub use snapshot::{Snapshot, WithCopies};
pub use term::{Term, TermKey};
pub use writer::{Pending, Recovery, Writer};

#[cfg(test)]
extern crate self as writ_store;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod mixed;
#[cfg(test)]
#[expect(unreachable_pub, reason = "tests/crash includes this file too")]
mod testing;
