//! The transparency log through its public face: other people's vectors, and a model that is the
//! definition itself.
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
    reason = "tests fail by panicking and read their own files"
)]

mod levels;
mod proof;
mod tree;
mod vectors;
