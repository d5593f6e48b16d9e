//! The words every room of Writ speaks: records, facts, keys, principals, times.
//!
//! Invariants: no I/O, no clock, no randomness, no threads (the crate is `no_std`, so the compiler
//! forbids them), and no vendor is named here. What a value *means* is said once, in this crate;
//! how a vendor spells it is said in `writ-sources`, and what may be concluded from it in `writ-path`.
#![no_std]

extern crate alloc;

pub mod canon;
pub mod custody;
pub mod fact;
pub mod json;
pub mod key;
pub mod principal;
pub mod record;
pub mod reject;
pub mod scope;
pub mod source;
pub mod time;
