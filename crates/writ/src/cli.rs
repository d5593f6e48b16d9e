//! The command line: one file per command, whose doc comments are its help.

mod backup;
mod check;
mod checkpoint;
mod demo;
mod explain;
mod find;
mod fsck;
mod ingest;
mod output;
mod prove;
mod rebuild;
mod restore;
mod show;
mod sources;
mod verify;
mod why;

use crate::app::ask::Asker;
use crate::config::Config;
use crate::error::{Error, Kind};
use clap::{Parser, Subcommand};
use output::{ErrorLine, Output};
use std::io::{BufRead, Read as _};
use std::path::PathBuf;
use std::process::ExitCode;
use writ_model::time::Time;
use writ_view::escape;

/// Give Writ one event: it shows whose authority was behind it, hop by hop.
#[derive(Debug, Parser)]
#[command(name = "writ", version, max_term_width = 100, after_help = EXIT_CODES)]
#[expect(clippy::doc_markdown, reason = "these comments are the command's help")]
struct Cli {
    /// Folder with the log [env: WRIT_DATA] [default: ./writ-data]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 answered (gaps included), 1 requirement not met, 2 usage, 3 gaps, \
    4 ambiguous, 5 not found, 6 stored data damaged, 7 unavailable (locked, full, unreadable), 70 internal.";

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::DemoArgs),
    Ingest(ingest::IngestArgs),
    Why(why::WhyArgs),
    Show(show::ShowArgs),
    Check(check::CheckArgs),
    Find(find::FindArgs),
    Fsck(fsck::FsckArgs),
    Rebuild(rebuild::RebuildArgs),
    Backup(backup::BackupArgs),
    Restore(restore::RestoreArgs),
    Checkpoint(checkpoint::CheckpointArgs),
    Prove(prove::ProveArgs),
    Verify(verify::VerifyArgs),
    Sources(sources::SourcesArgs),
    Explain(explain::ExplainArgs),
}

/// Runs the command that was typed.
pub(crate) fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(fault) => {
            // Help and version are answers; anything else is a wrong call.
            if !fault.use_stderr() {
                let _ = fault.print();
                return ExitCode::SUCCESS;
            }
            refuse(&fault);
            return ExitCode::from(Kind::Usage.status());
        }
    };
    let config = Config::load(cli.data);
    let mut output = Output::new();
    let done = match cli.command {
        Command::Demo(args) => demo::run(&args, &config, &mut output),
        Command::Ingest(args) => ingest::run(&args, &config, &mut output),
        Command::Why(args) => why::run(&args, &config, &mut output),
        Command::Show(args) => show::run(&args, &config, &mut output),
        Command::Check(args) => check::run(&args, &config, &mut output),
        Command::Find(args) => find::run(&args, &config, &mut output),
        Command::Fsck(args) => fsck::run(&args, &config, &mut output),
        Command::Rebuild(args) => rebuild::run(&args, &config, &mut output),
        Command::Backup(args) => backup::run(&args, &config, &mut output),
        Command::Restore(args) => restore::run(&args, &config, &mut output),
        Command::Checkpoint(args) => checkpoint::run(&args, &config, &mut output),
        Command::Prove(args) => prove::run(&args, &config, &mut output),
        Command::Verify(args) => verify::run(&args, &mut output),
        Command::Sources(args) => sources::run(&args, &config, &mut output),
        Command::Explain(args) => explain::run(&args, &config, &mut output),
    };
    let done = done.and_then(|status| output.finish().map(|()| status));
    match done {
        Ok(status) => ExitCode::from(status),
        Err(error) if output.is_closed() => {
            // Whoever read our output has seen enough: `writ why … | head` is no failure.
            debug_assert!(error.kind == Kind::Unavailable);
            ExitCode::SUCCESS
        }
        Err(error) => {
            output::complain(&error);
            ExitCode::from(error.kind.status())
        }
    }
}

/// Says why a call is wrong. What was typed may come from a log, and is repeated in the message: so
/// the call is read once more with everything hidden in it spelt out, and that refusal is shown.
fn refuse(fault: &clap::Error) {
    let spelt = std::env::args_os().map(|typed| escape::terminal(&typed.to_string_lossy()));
    match Cli::try_parse_from(spelt) {
        Err(fault) if fault.use_stderr() => drop(fault.print()),
        // Spelt out it is a call that could be made: then the message itself is spelt out.
        _ => fault.to_string().lines().for_each(|line| output::remark(&escape::terminal(line))),
    }
}

/// Parses `--as-of` and its like: an instant in RFC 3339.
fn parse_time(text: &str) -> Result<Time, String> {
    Time::parse(text)
        .ok_or_else(|| "not an instant such as 2026-11-24T08:00:00Z (RFC 3339, with an offset)".to_string())
}

/// Runs a command for every event typed, `-` standing for one per line of standard input. A single
/// event that fails is the command's failure; of several the rest go on, and the gravest fault gives
/// the exit status.
fn for_each_event(
    typed: &[String],
    json: bool,
    output: &mut Output,
    mut one: impl FnMut(&str, &mut Output) -> Result<(), Error>,
) -> Result<u8, Error> {
    let events = events(typed)?;
    let mut gravest: Option<Kind> = None;
    for event in &events {
        // Whoever asks about many gets each answer as soon as it is there.
        let Err(error) = one(event, output).and_then(|()| output.finish()) else { continue };
        if events.len() == 1 || output.is_closed() {
            return Err(error);
        }
        gravest = gravest.max(Some(error.kind));
        if json {
            output.json(&ErrorLine::new(event, &error))?;
        } else {
            output::complain(&error);
        }
    }
    Ok(gravest.map_or(0, Kind::status))
}

/// Damage does not stop an answer, but whoever reads it should know of it.
fn warn_of_damage(asker: &Asker) {
    for damage in asker.snapshot.damage() {
        output::remark(&format!("warning: {damage}; records there are missing from this answer"));
    }
}

/// Bytes of a line of standard input that names an event at most: a native id and a recorder, which may have
/// 4 KiB each, and the name of a source are together shorter. Of a longer line the beginning is kept.
const REFERENCE_BYTES_MAX: u64 = 16 << 10;

/// The events a command is asked about: as typed, and `-` for one per line of standard input. A line
/// that is not UTF-8 or is too long names no event here, and costs itself alone.
fn events(typed: &[String]) -> Result<Vec<String>, Error> {
    let mut events = Vec::new();
    for event in typed {
        if event == "-" {
            let mut stdin = std::io::stdin().lock();
            while let Some(line) = line(&mut stdin)? {
                let line = String::from_utf8_lossy(&line).trim().to_string();
                if !line.is_empty() {
                    events.push(line);
                }
            }
        } else {
            events.push(event.clone());
        }
    }
    Ok(events)
}

/// The next line of standard input; `None` at its end. Of one that is too long its beginning, marked as such.
fn line(stdin: &mut impl BufRead) -> Result<Option<Vec<u8>>, Error> {
    /// Enough to find the line by.
    const SHOWN_BYTES: usize = 60;
    let mut line = Vec::new();
    let mut read = || {
        stdin.take(REFERENCE_BYTES_MAX).read_until(b'\n', &mut line)?;
        if line.len() as u64 == REFERENCE_BYTES_MAX && line.last() != Some(&b'\n') && stdin.skip_until(b'\n')? > 0 {
            line.truncate(SHOWN_BYTES);
            line.extend_from_slice("…".as_bytes());
        }
        Ok(())
    };
    read().map_err(|fault: std::io::Error| {
        Error::new(Kind::Unavailable, format!("standard input cannot be read: {fault}"))
            .hint("pipe event ids in, one per line")
    })?;
    Ok((!line.is_empty()).then_some(line))
}
