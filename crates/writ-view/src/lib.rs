//! How an answer is shown: one view model, and renderings of it.
//!
//! Invariants: it fetches nothing and concludes nothing; every byte that came from a log passes
//! [`escape`] before it stands in a rendering, because attackers write logs.

pub mod escape;
pub mod model;
pub mod text;
