//! The folder on disk: records go in, and are found again.
//!
//! **The log is the database.** Records are appended to one durable log by one [`Writer`]; keys are
//! a follower of it that can be deleted at any time. Producers do the costly work ([`Draft::seal`])
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
//! This is folder format 0: it promises nothing to later versions, but keeps record id, content digest
//! and parts apart.

mod bytes;
mod error;
pub mod file;
mod folder;
#[cfg_attr(not(test), expect(dead_code, reason = "the log side joins it next; until then its tests use it"))]
mod index;
mod keys;
pub mod limit;
mod log;
mod seal;
mod seen;
pub mod sim;
mod snapshot;
mod term;
mod writer;

pub use error::{Error, Kind};
pub use folder::{FORMAT, is_folder};
pub use log::commit::Admission;
pub use log::recover::TornTail;
pub use log::{Damage, DamageCause, Position};
pub use seal::{Draft, Packer, Sealed};
pub use snapshot::Snapshot;
pub use snapshot::query::{Cursor, Order, Posting, Query, RecorderSpan};
pub use term::{Term, TermKey};
pub use writer::{Pending, Recovery, Writer};

#[cfg(test)]
extern crate self as writ_store;
#[cfg(test)]
#[expect(unreachable_pub, reason = "tests/crash.rs includes this file too")]
mod testing;
