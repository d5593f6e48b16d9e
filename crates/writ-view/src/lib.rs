//! How an answer is shown: one view model, and renderings of it.
//!
//! Invariants: it fetches nothing and concludes nothing; every byte that came from a log passes
//! [`escape`] before it stands in a rendering, because attackers write logs.
#![cfg_attr(
    test,
    allow(
        clippy::string_slice,
        clippy::too_many_lines,
        reason = "tests fail by panicking, and a world told whole is long"
    )
)]

pub mod dot;
pub mod escape;
pub mod explain;
pub mod html;
pub mod markdown;
pub mod model;
pub mod plain;
pub mod text;

#[cfg(test)]
mod sample;
