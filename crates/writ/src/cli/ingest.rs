//! `writ ingest`: files in.

use super::output::{Output, remark};
use super::parse_time;
use crate::app::ingest::{self, Event, Options, Summary, Tally};
use crate::clock;
use crate::config::{Config, NOBODY};
use crate::error::{Error, Kind};
use clap::Args;
use std::io::Write as _;
use std::path::PathBuf;
use writ_model::time::Time;
use writ_view::escape;

/// Take in logs: files, folders, gz, zst, zip, - for standard input
///
/// The format of each record is told by its content. Whatever cannot be read is kept as source `raw`
/// and listed with file, line, byte and cause; nothing that was acknowledged is ever lost. Exits 7 if
/// some file could not be read; everything else is then in. Exits 7, too, if nobody reads what --acks
/// prints any more; then the rest is not in, and the same call again takes it in.
#[derive(Args, Debug)]
pub(super) struct IngestArgs {
    /// Files and folders, or - for standard input
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Read everything as this source instead of telling by content
    #[arg(long, value_name = "KIND")]
    source: Option<String>,
    /// Who wrote it, instead of who the content says
    #[arg(long, value_name = "NAME")]
    recorder: Option<String>,
    /// Where in each element the record stands, as an RFC 6901 pointer such as /event
    #[arg(long, value_name = "POINTER", value_parser = parse_pointer)]
    pointer: Option<String>,
    /// Declare that what is handed in is complete over this window, such as
    /// 2026-10-01T00:00:00Z..2026-10-31T00:00:00Z, which must be over. Your word is recorded with it
    /// under your name, and printed with every absence that rests on it; in an answer that names you
    /// it counts for nothing
    #[arg(long, value_name = "FROM..TO", value_parser = parse_window)]
    complete: Option<(Time, Time)>,
    /// Print the id of each record once it is durable
    #[arg(long)]
    acks: bool,
    /// Print the summary as `writ.ingest/1`
    #[arg(long)]
    json: bool,
}

/// Rejects printed one by one for people; `--json` lists more. So are files with records of open custody.
const REJECTS_SHOWN: usize = 20;
/// Problems, and notes, printed one by one; `--json` lists more problems. An archive can make a million.
const REMARKS_SHOWN: u64 = 100;
/// Seconds between two lines of progress.
const PROGRESS_S: f64 = 0.2;

pub(super) fn run(args: &IngestArgs, config: &Config, output: &mut Output) -> Result<u8, Error> {
    let source = args.source.as_deref().map(source).transpose()?;
    if let Some(window) = args.complete {
        check_declaration(window, &config.user)?;
    }
    let options = Options {
        source,
        recorder: args.recorder.clone(),
        pointer: args.pointer.clone(),
        complete: args.complete,
        by: config.user.clone(),
        now: clock::now,
    };
    let elapsed = clock::stopwatch();
    let mut shown_at = 0.0;
    let (mut problems, mut notes) = (0, 0);
    if args.acks {
        output.await_reader();
    }
    let mut tell = |event: Event<'_>| -> Result<(), Error> {
        match event {
            Event::Durable(ids) if args.acks => {
                // Whoever waits for acknowledgements must see them when they are true.
                let told = ids.iter().try_for_each(|id| output.line(&id.to_string())).and_then(|()| output.finish());
                told.map_err(|error| {
                    error.hint("what was acknowledged is durable; ingest the same again, and the rest is taken in")
                })?;
            }
            Event::Durable(_) => {}
            Event::Problem(problem) => {
                problems += 1;
                if problems > REMARKS_SHOWN {
                    return Ok(());
                }
                let at = problem.byte.map_or_else(String::new, |byte| format!(" at byte {byte}"));
                let text = format!("{}{at}: {}; {}", problem.name, problem.cause, problem.remedy);
                remark(&format!("problem: {}", escape::terminal(&text)));
            }
            Event::Note(note) => {
                notes += 1;
                if notes > REMARKS_SHOWN {
                    return Ok(());
                }
                remark(&format!("note: {}", escape::terminal(&format!("{}: {}", note.name, note.text))));
            }
            Event::Recovered(recovery) => {
                if let Some(torn) = &recovery.torn {
                    let text = format!(
                        "the log ended in {} bytes that were never acknowledged; they are kept in {}",
                        torn.bytes,
                        torn.moved_to.display()
                    );
                    remark(&format!("note: {}", escape::terminal(&text)));
                }
            }
            Event::Progress(bytes, tally) => {
                if config.progress && elapsed() - shown_at >= PROGRESS_S {
                    shown_at = elapsed();
                    progress(bytes, tally, shown_at);
                }
            }
        }
        Ok(())
    };
    let summary = ingest::ingest(&config.data, &args.paths, &mut std::io::stdin(), &options, &mut tell)?;
    for (n, what) in [(problems, "problems"), (notes, "notes")] {
        if n > REMARKS_SHOWN {
            remark(&format!("and {} more {what}", n - REMARKS_SHOWN));
        }
    }
    if config.progress && shown_at > 0.0 {
        remark("");
    }
    if args.json {
        output.json(&summary)?;
    } else {
        print(&summary, output)?;
    }
    Ok(if summary.problems.is_empty() { 0 } else { Kind::Unavailable.status() })
}

/// The source of records that Writ writes itself.
const OWN: &str = "health";

fn source(name: &str) -> Result<&'static dyn writ_sources::Source, Error> {
    if name == OWN {
        let text = "nobody hands in what Writ says of itself, so no input is read as `health`";
        return Err(Error::new(Kind::Usage, text.to_string())
            .hint("leave --source out: reports of recorders are told by their content"));
    }
    writ_sources::by_name(name).ok_or_else(|| {
        let known: Vec<&str> =
            writ_sources::SOURCES.iter().map(|source| source.info().name).filter(|name| *name != OWN).collect();
        Error::new(Kind::Usage, format!("no source is called `{name}`"))
            .hint(format!("there are: {}", known.join(", ")))
    })
}

/// A declaration is somebody's word about what has been: it needs a name, and a window that is over.
fn check_declaration((_, to): (Time, Time), by: &str) -> Result<(), Error> {
    if by == NOBODY {
        let message = "`--complete` is somebody's word, and nobody is named here";
        return Err(Error::new(Kind::Usage, message).hint("set USER to your name"));
    }
    if to > clock::now() {
        let message = format!("`--complete` ends at {to}, which is yet to come: nothing can be complete up to then");
        return Err(Error::new(Kind::Usage, message).hint("end the window at or before the newest record handed in"));
    }
    Ok(())
}

fn parse_window(text: &str) -> Result<(Time, Time), String> {
    let (from, to) = text.split_once("..").ok_or("not of the form FROM..TO")?;
    let (from, to) = (parse_time(from)?, parse_time(to)?);
    if from < to { Ok((from, to)) } else { Err("it ends before it begins".to_string()) }
}

fn parse_pointer(text: &str) -> Result<String, String> {
    if text.is_empty() || text.starts_with('/') {
        Ok(text.to_string())
    } else {
        Err(format!("a pointer begins with a slash: `/{text}`"))
    }
}

/// One line that is written over by the next.
fn progress(bytes: u64, tally: &Tally, seconds: f64) {
    let per_second = |n: u64| {
        let n = u32::try_from(n).unwrap_or(u32::MAX);
        (f64::from(n) / seconds.max(0.001)).round()
    };
    let text = format!(
        "\r{} MiB read, {} records, {} duplicates, {} rejects, {}/s ",
        bytes >> 20,
        tally.records,
        tally.duplicates,
        tally.rejects,
        per_second(tally.inputs)
    );
    let _ = write!(std::io::stderr(), "{text}");
}

/// The summary for people.
fn print(summary: &Summary, output: &mut Output) -> Result<(), Error> {
    let row = |name: &str, tally: &Tally| {
        format!(
            "{name:<18} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
            tally.inputs, tally.records, tally.duplicates, tally.rejects, tally.conflicts, tally.facts
        )
    };
    output.line(&format!(
        "{:<18} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "source", "inputs", "records", "dupl.", "rejects", "conflicts", "facts"
    ))?;
    for (source, tally) in &summary.sources {
        output.line(&row(source, tally))?;
    }
    output.line(&row("in all", &summary.total))?;
    if summary.total.conflicts > 0 {
        output.line("")?;
        output.line("Conflicts are records whose id names another content too; both are kept, and")?;
        output.line("neither is taken at its word.")?;
    }
    if !summary.rejected.is_empty() {
        output.line("")?;
        output.line("Rejected, and kept as source raw:")?;
        for reject in summary.rejected.iter().take(REJECTS_SHOWN) {
            let text = format!("{} line {} byte {}: {}", reject.file, reject.line, reject.byte, reject.cause);
            output.line(&format!("  {}", escape::terminal(&text)))?;
        }
        let more = (summary.rejected.len() as u64).saturating_sub(REJECTS_SHOWN as u64) + summary.rejected_unlisted;
        if more > 0 {
            output.line(&format!("  and {more} more (--json lists them)"))?;
        }
    }
    print_open(summary, output)?;
    if summary.total.records > 0 {
        output.line("")?;
        output.line("Next  writ why EVENT_ID")?;
    }
    Ok(())
}

/// Says where custody is lower than that of what is handed in, why, and how it is raised.
fn print_open(summary: &Summary, output: &mut Output) -> Result<(), Error> {
    if summary.open.is_empty() {
        return Ok(());
    }
    output.line("")?;
    output.line("Anybody may have written some records (custody `open`), so nothing that rests")?;
    output.line("on them is more than asserted:")?;
    for entry in summary.open.iter().take(REJECTS_SHOWN) {
        let records = if entry.records == 1 { "record" } else { "records" };
        let text = format!("{}: {} {records}; {}", entry.file, entry.records, entry.cause);
        output.line(&format!("  {}", escape::terminal(&text)))?;
        output.line(&format!("    {}", entry.remedy))?;
    }
    let listed = summary.open.iter().skip(REJECTS_SHOWN).map(|entry| entry.records).sum::<u64>();
    let more = listed + summary.open_unlisted;
    if more > 0 {
        output.line(&format!("  and {more} records more (--json lists them)"))?;
    }
    Ok(())
}
