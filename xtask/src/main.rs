//! Development tasks: `cargo xtask test | lint | tidy | generate | dictionary | guide | bench | score | soak`.
//!
//! Everything that is done to this repository, rather than by Writ, starts here, so that a person
//! and the continuous integration run the same code and no shell script grows a second opinion.
//! The crate is never shipped and depends on no crate of the workspace: what it measures and what it
//! checks, it meets from outside.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a development tool speaks to the terminal")]
#![expect(
    clippy::disallowed_methods,
    reason = "a development tool reads the clock and the environment, and writes files"
)]

mod bench;
mod cargo;
mod dictionary;
mod generate;
mod guide;
mod lint;
mod score;
mod soak;
mod test;
mod tidy;
mod tree;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask test [quick]          every test and the checks of the tree; quick leaves the slow ones out
cargo xtask lint                  clippy, where a warning is a failure
cargo xtask tidy [CHECK...]       the tree tests itself; tidy --list names the checks
cargo xtask generate [--check]    write the generated files, or say which are out of date
cargo xtask dictionary N FOLDER   train a dictionary that records are packed with on fixtures
cargo xtask guide                 the worked examples of docs/guide, carried out in a copy
cargo xtask bench [--short] [--records N] [--runs N] [--threads N] [--batch N]
                  [--corpus usual|small] [--plain] [--no-sqlite] [--layout by-id|by-arrival]
                  [--json] [--save] [--date YYYY-MM-DD]
                                  ingest beside SQLite and the bare compressed append, then
                                  look-ups, a flood of forged records, a kill
cargo xtask score [--only NAME] [--quick] [--verbose] [--json] [--binary PATH]
                                  answers beside their truth, on every world of scenarios/
cargo xtask score --perturb N [--seed S] [--only NAME] [--verbose] [--json] [--binary PATH]
                                  what losing and disturbing records may never do to an answer
cargo xtask soak [--seeds A..B | --minutes N] [--kills N]
                                  crashes and faults of the disk, simulated by seed, and real kills
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (task, rest) = match arguments.split_first() {
        Some((task, rest)) => (task.as_str(), rest),
        None => ("help", arguments.as_slice()),
    };
    let outcome = match task {
        "test" => test::run(rest),
        "lint" => lint::run(rest),
        "tidy" => tidy::run(rest),
        "generate" => generate::run(rest),
        "dictionary" => dictionary::run(rest),
        "guide" => guide::run(rest),
        "bench" => bench::run(rest),
        "score" => score::run(rest),
        "soak" => soak::run(rest),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => Err(format!("no task is called `{other}`; the tasks are\n\n{HELP}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) if message.is_empty() => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
