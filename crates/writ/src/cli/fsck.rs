//! `writ fsck`: is everything in the folder what was written?

use super::output::{Output, remark};
use crate::app;
use crate::config::Config;
use crate::error::{Error, Kind};
use clap::Args;
use serde_json::{Value, json};
use std::io::IsTerminal as _;
use writ_model::record::Record;
use writ_store::fsck::{Adapter, Problem, Report, fsck};
use writ_store::{Term, TermKey};
use writ_view::escape;

/// Read and hash everything in the folder again, and name what is not what was written
///
/// Nothing is repaired, and nothing is locked. Exits 6 if anything is wrong.
#[derive(Args, Debug)]
pub(super) struct FsckArgs {
    /// Print `writ.fsck/1`
    #[arg(long)]
    json: bool,
}

/// What records mean is for the adapters to say.
struct Adapters {
    is_watched: bool,
}

impl Adapter for Adapters {
    fn is_own(&self, record: &Record) -> bool {
        app::is_own(record)
    }

    fn terms(&self, keys: &TermKey, record: &Record) -> Vec<Term> {
        app::derive(keys, record)
    }

    fn told(&self, checked: u64, all: u64) {
        if self.is_watched && all > 0 {
            remark(&format!("{checked} of {all} records"));
        }
    }
}

pub(super) fn run(args: &FsckArgs, config: &Config, output: &mut Output) -> Result<u8, Error> {
    let adapter = Adapters { is_watched: std::io::stderr().is_terminal() };
    let report = fsck(&config.data, writ_sources::derivation(), &adapter)?;
    if args.json {
        output.json(&described(&report))?;
    } else {
        print(&report, output)?;
    }
    Ok(if report.is_sound() { 0 } else { Kind::Corrupt.status() })
}

fn described(report: &Report) -> Value {
    let problem = |one: &Problem| {
        json!({
            "file": one.file.display().to_string(),
            "byte": one.byte,
            "first": one.first.map(|first| first.0),
            "records": one.records,
            "cause": one.cause,
        })
    };
    json!({
        "schema": "writ.fsck/1",
        "sound": report.is_sound(),
        "records": report.n_sound,
        "segments": report.n_segments,
        "leaves": report.n_leaves,
        "root": report.root.map(|root| root.base64()),
        "parts": report.n_parts,
        "problems": report.problems.iter().map(problem).collect::<Vec<_>>(),
        "problems_unlisted": report.unlisted,
    })
}

fn print(report: &Report, output: &mut Output) -> Result<(), Error> {
    for one in &report.problems {
        let byte = one.byte.map_or_else(String::new, |byte| format!(" at byte {byte}"));
        let records = match (one.first, one.records) {
            (None, _) => String::new(),
            (Some(first), 0 | 1) => format!(" (position {first})"),
            (Some(first), n) => format!(" ({n} records from position {first})"),
        };
        let place = one.file.display();
        output.line(&escape::terminal(&format!("`{place}`{byte}{records}: {}", one.cause)))?;
    }
    if report.unlisted > 0 {
        output.line(&format!("{} more problems", report.unlisted))?;
    }
    let Report { n_sound, n_segments, n_leaves, n_parts, .. } = report;
    output.line(&format!(
        "{n_sound} records are what was written; {n_segments} segments, {n_leaves} leaves and {n_parts} index parts were read"
    ))?;
    if let Some(root) = &report.root {
        output.line(&format!("root of the tree: {root}"))?;
    }
    if !report.is_sound() {
        output.line("restore the named files from a backup; what is whole can still be asked about")?;
    }
    Ok(())
}
