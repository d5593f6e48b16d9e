//! The transparency log through its public face: other people's vectors, the examples of the
//! specifications, a model that is the definition itself, and independent implementations.
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
mod peer;
mod proof;
mod specification;
mod tree;
mod vectors;
