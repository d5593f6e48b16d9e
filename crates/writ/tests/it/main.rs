//! Tests through the front door: the built `writ`, files in, answers out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    reason = "tests fail by panicking and set up their own files"
)]

mod absence;
mod agent_logs;
mod backup;
mod cases;
mod check;
mod cli;
mod coverage;
mod crash;
mod custody;
mod damage;
mod find;
mod forged;
mod fsck;
mod handed_in;
mod hostile;
mod output;
mod own_folder;
mod read_only;
mod real_logs;
mod redacted;
mod same_answers;
mod sdk;
mod support;
mod telemetry;
mod unread;
mod written_into;
