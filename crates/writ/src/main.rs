//! Writ: give it one event, and it shows whose authority was behind it, hop by hop, what proves each
//! hop, and what nobody recorded.

mod app;
mod cli;
mod clock;
mod config;
mod error;
mod input;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
