//! The transparency log through its public face: other people's vectors, the examples of the
//! specifications, and a model that is the definition itself.
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

mod checkpoint;
mod key;
mod levels;
mod note;
mod proof;
mod specification;
mod tree;
mod vectors;
