//! Writ: give it one event, and it shows whose authority was behind it, hop by hop, what proves each
//! hop, and what nobody recorded.

mod app;
mod cli;
mod clock;
mod config;
mod error;
mod input;

use std::process::ExitCode;

/// Reading records is a few dozen small allocations for each, in every thread: this takes half the time for them that
/// the allocator of the system takes.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
