//! Adapters: what each vendor's log says, in the words of `writ-model`.
//!
//! The way of a record: `unwrap` opens the envelopes vendors ship records in; [`detect`] tells by
//! content which format an item is; [`admit`] reads it once, withholds its secrets, and gives the
//! record's identity, digest and facts. Facts are a pure function of the *stored* evidence, so
//! [`derive_facts`] gives for an old record what today's adapter would have given at ingest.
//!
//! Invariants: no I/O, clock, randomness or threads; input is hostile and yields values or causes of
//! rejection, never a panic; nothing is joined or decided here. Adding a source is one file here, one
//! folder in `testdata`, one line in [`SOURCES`].

pub mod approval;
pub mod arguments;
pub mod cloudtrail;
pub mod exchange;
pub mod health;
pub mod identity;
pub mod opa;
pub mod otel;
pub mod raw;
pub mod redact;
pub mod split;
pub mod unwrap;

mod admit;
mod detect;
mod feature;
mod field;
mod held;
mod plain;
mod source;
mod stamp;

pub use admit::{Admitted, Mac, admit, derive_facts};
pub use detect::{SOURCES, by_name, derivation, detect};
pub use held::held_in;
pub use source::{Context, Reading, Source};
