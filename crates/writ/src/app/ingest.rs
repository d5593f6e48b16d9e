//! Ingesting: files in, durable records out, and an account of every input.
//!
//! One thread reads files and splits long ones, several read records and seal them, the store's own thread writes,
//! and the caller's thread keeps the account. What one element does wrong costs that element.

mod account;
mod lowered;
mod own;
mod short;
mod worker;

pub(crate) use account::{Summary, Tally};

use crate::app;
use crate::error::{Error, Kind};
use crate::input::{self, Delivery, Handed, Note, Problem};
use account::Account;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use worker::{Outcome, Worker};
use writ_model::record::RecordId;
use writ_model::time::Time;
use writ_sources::Source;
use writ_store::{Recovery, Writer};

/// Workers beyond the number of cores: while some wait for the disk, others have work.
const WORKERS_EXTRA: usize = 4;
/// Most workers: beyond this the one writer is the bound.
const WORKERS_MAX: usize = 16;

/// How to read what is handed in.
#[derive(Clone)]
pub(crate) struct Options {
    /// Read everything as this source instead of telling by content.
    pub(crate) source: Option<&'static dyn Source>,
    /// The recorder, instead of the one the content tells.
    pub(crate) recorder: Option<String>,
    /// Where in each element the record stands (RFC 6901).
    pub(crate) pointer: Option<String>,
    /// Declares what is handed in complete over this window.
    pub(crate) complete: Option<(Time, Time)>,
    /// Who hands it in.
    pub(crate) by: String,
    /// The clock.
    pub(crate) now: fn() -> Time,
}

/// Something to tell the user while it goes on.
pub(crate) enum Event<'a> {
    /// These are durable.
    Durable(&'a [RecordId]),
    /// Something could not be read.
    Problem(&'a Problem),
    /// Something was passed over.
    Note(&'a Note),
    /// What a crash had left in the folder.
    Recovered(&'a Recovery),
    /// Bytes read so far, and the account so far.
    Progress(u64, &'a Tally),
}

/// Ingests everything under `paths` into the folder, `stdin` for `-`.
pub(crate) fn ingest(
    data: &Path,
    paths: &[PathBuf],
    stdin: &mut (dyn Read + Send),
    options: &Options,
    tell: &mut dyn FnMut(Event<'_>) -> Result<(), Error>,
) -> Result<Summary, Error> {
    refuse_own(data, paths)?;
    let mut secret = [0; 32];
    getrandom::fill(&mut secret)
        .map_err(|fault| Error::new(Kind::Unavailable, format!("the system gives no random numbers: {fault}")))?;
    let (writer, recovery) = Writer::create_or_open(data, secret, writ_sources::derivation(), app::derive)?;
    tell(Event::Recovered(&recovery))?;
    let walked = input::walk(paths, &|folder| is_own(data, folder));
    let mut account = Account::default();
    for problem in walked.problems {
        account.problem(problem, tell)?;
    }
    for note in &walked.notes {
        account.note(note);
        tell(Event::Note(note))?;
    }
    let progress = AtomicU64::new(0);
    let handed = run(&writer, &walked.files, stdin, options, &progress, &mut account, tell)?;
    for note in account.empty() {
        tell(Event::Note(&note))?;
    }
    own::handed_in(&writer, options, &handed, &account)?;
    if let Some(window) = options.complete {
        declare(&writer, data, options, window, &account, tell)?;
    }
    writer.close()?;
    Ok(account.summary())
}

/// Declares what was handed in complete, and says of what that was not done.
fn declare(
    writer: &Writer,
    data: &Path,
    options: &Options,
    window: (Time, Time),
    account: &Account,
    tell: &mut dyn FnMut(Event<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut note = |text: String| tell(Event::Note(&Note { name: "--complete".to_string(), text, unread: false }));
    // What could not be read may be the very record that is missing.
    if let Some(why) = account.incomplete() {
        return note(format!("nothing was declared complete: {why}"));
    }
    for (source, recorder) in account.open_only() {
        note(format!(
            "{source} of {recorder} was not declared complete: anybody may have written what came of it; vouch for it with --source"
        ))?;
    }
    let unread = own::declare(writer, data, options, window, account)?;
    for source in unread {
        note(format!(
            "records of {source} that could not be read are here, so nothing of it counts as complete in an answer"
        ))?;
    }
    Ok(())
}

/// Whether a folder is Writ's: the one that is written to, or any other that bears its marks.
fn is_own(data: &Path, folder: &Path) -> bool {
    let same = |data: &Path| data == folder;
    writ_store::is_folder(folder) || same(data) || data.canonicalize().is_ok_and(|data| same(&data))
}

/// Refuses to take in Writ's own folder, or something in it, by its name.
fn refuse_own(data: &Path, paths: &[PathBuf]) -> Result<(), Error> {
    if data.metadata().is_ok_and(|found| !found.is_dir()) {
        let message = format!("`{}` is no folder, and what is taken in is kept in one", data.display());
        return Err(Error::new(Kind::Usage, message).hint("name a folder with --data; one that is not there is made"));
    }
    for path in paths {
        // What has no place of its own, standard input or a pipe, lies in no folder.
        let real = path.canonicalize();
        if path == data || real.is_ok_and(|real| real.ancestors().any(|folder| is_own(data, folder))) {
            let message = format!(
                "`{}` is or lies in a folder of Writ itself, which holds records that were read already and a secret",
                path.display()
            );
            return Err(Error::new(Kind::Usage, message).hint("name the logs; --data names the folder they go to"));
        }
    }
    Ok(())
}

/// Runs the threads until everything is read, and keeps the account.
fn run(
    writer: &Writer,
    files: &[input::InputFile],
    stdin: &mut (dyn Read + Send),
    options: &Options,
    progress: &AtomicU64,
    account: &mut Account,
    tell: &mut dyn FnMut(Event<'_>) -> Result<(), Error>,
) -> Result<Vec<Handed>, Error> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let workers = (cores + WORKERS_EXTRA).min(WORKERS_MAX);
    thread::scope(|scope| {
        let (batches, received) = mpsc::sync_channel(input::BATCHES_MAX);
        let received = Arc::new(Mutex::new(received));
        // Bounded like what comes in: whoever reads our output slowly makes us wait, not grow.
        let (outcomes, results) = mpsc::sync_channel(input::BATCHES_MAX);
        scope.spawn(move || input::feed(files, stdin, progress, &batches));
        for _ in 0..workers {
            let (received, outcomes) = (Arc::clone(&received), outcomes.clone());
            scope.spawn(move || work(writer, options, &received, &outcomes));
        }
        // Only the workers hold the two channels from here on, so both end when they do.
        drop((received, outcomes));
        let mut handed = Vec::new();
        for outcome in results {
            match outcome? {
                Outcome::Read(batch) => {
                    tell(Event::Durable(&batch.durable))?;
                    for note in &batch.notes {
                        tell(Event::Note(note))?;
                    }
                    account.batch(batch);
                    tell(Event::Progress(progress.load(Ordering::Relaxed), account.total()))?;
                }
                Outcome::Input(input) => account.input(&input),
                Outcome::Problem(problem) => account.problem(problem, tell)?,
                Outcome::Note(note) => {
                    account.note(&note);
                    tell(Event::Note(&note))?;
                }
                Outcome::Handed(file) => handed.push(file),
            }
        }
        Ok(handed)
    })
}

/// One worker: takes what comes until there is no more, or the store refuses.
fn work(
    writer: &Writer,
    options: &Options,
    received: &Mutex<Receiver<Delivery>>,
    outcomes: &SyncSender<Result<Outcome, Error>>,
) {
    let mut worker = match Worker::new(writer, options) {
        Ok(worker) => worker,
        Err(error) => {
            let _ = outcomes.send(Err(error));
            return;
        }
    };
    loop {
        let next = received.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(delivery) = next else { return };
        // Nobody listens any more only after another worker failed; then there is nothing to tell.
        let taken = worker.take(delivery, &mut |outcome| match outcomes.send(Ok(outcome)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        });
        match taken {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => return,
            Err(error) => {
                let _ = outcomes.send(Err(error));
                return;
            }
        }
    }
}
