//! What recording costs with `SQLite` in the place of Writ's store: the baseline of `cargo xtask bench`.
//!
//! It reads the same files with the same adapters, derives the same keys and compresses evidence record
//! by record with the same dictionary; only where it all goes is another: one of two published schemas
//! ([`layout`]), as many durable commits as Writ had. The files stand on standard input, one per line;
//! what it came to is one line of JSON, and it makes sure that every record went in, once.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a development tool speaks to the terminal")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

mod layout;
mod read;
mod store;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use layout::Layout;
use read::Reader;
use store::{Counts, Store};

const HELP: &str = "writ-bench-sqlite LAYOUT DATABASE RECORDS_PER_COMMIT THREADS, with file names on standard input";

/// Lots that may wait for the writer, so that memory is bounded when the disk is slow.
const LOTS_WAITING_MAX: usize = 64;

/// As Writ has.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What was asked for.
struct Options {
    layout: Layout,
    database: PathBuf,
    /// Records in each durable commit.
    batch: usize,
    /// Threads that read, parse and compress; one more writes.
    n_threads: usize,
}

fn main() -> ExitCode {
    match run() {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("writ-bench-sqlite: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<String, String> {
    let options = options(&std::env::args().skip(1).collect::<Vec<_>>())?;
    let names = io::read_to_string(io::stdin()).map_err(|error| format!("no list of files: {error}"))?;
    let files: Vec<PathBuf> = names.lines().map(PathBuf::from).collect();
    let start = Instant::now();
    let counts = record(&options, &files)?;
    let seconds = start.elapsed().as_secs_f64();
    // Looking whether it is all there is no part of recording.
    let tables = store::check(&options.database, &counts).map_err(|error| error.to_string())??;
    Ok(told(seconds, &counts, &tables))
}

fn options(words: &[String]) -> Result<Options, String> {
    let [layout, database, batch, n_threads] = words else { return Err(HELP.to_owned()) };
    let number = |word: &String| word.parse().ok().filter(|number| *number > 0).ok_or(HELP);
    let layout = Layout::named(layout).ok_or_else(|| format!("no layout is called `{layout}`"))?;
    let database = PathBuf::from(database);
    Ok(Options { layout, database, batch: number(batch)?, n_threads: number(n_threads)? })
}

/// Reads all files and stores what is in them.
fn record(options: &Options, files: &[PathBuf]) -> Result<Counts, String> {
    let mut store = Store::create(&options.database, options.layout).map_err(|error| database(options, &error))?;
    let next = AtomicUsize::new(0);
    let (sender, lots) = mpsc::sync_channel(LOTS_WAITING_MAX);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..options.n_threads)
            .map(|_| {
                let (sender, next) = (sender.clone(), &next);
                scope.spawn(move || Reader::new()?.run(files, next, &sender))
            })
            .collect();
        drop(sender);
        let stored = store.take(lots, options.batch).map_err(|error| database(options, &error));
        for reader in readers {
            reader.join().map_err(|_| "a reading thread stopped".to_owned())??;
        }
        stored
    })?;
    store.close().map_err(|error| database(options, &error))
}

fn database(options: &Options, error: &rusqlite::Error) -> String {
    format!("`{}` cannot be written: {error}", Path::display(&options.database))
}

/// One line of JSON. The names are those of our own tables.
fn told(seconds: f64, counts: &Counts, tables: &[(String, u64)]) -> String {
    let Counts { records, duplicates, rejects, keys, commits } = counts;
    let tables: Vec<String> = tables.iter().map(|(name, bytes)| format!("\"{name}\":{bytes}")).collect();
    format!(
        "{{\"seconds\":{seconds},\"records\":{records},\"duplicates\":{duplicates},\"rejects\":{rejects},\
         \"keys\":{keys},\"commits\":{commits},\"tables\":{{{}}}}}",
        tables.join(",")
    )
}
