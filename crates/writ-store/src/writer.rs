//! Writing to a folder: many producers, one writer thread, one lock.

pub(crate) mod rebuild;
mod resume;

use crate::error::{Error, Kind};
use crate::folder::{Folder, Lock};
use crate::index::header::Owner;
use crate::limit::{self, Sizes};
use crate::log::commit::{Admission, Committer};
use crate::log::recover::TornTail;
use crate::seal::{Packer, Sealed};
use crate::shelf::{Follower, Shelf};
use crate::storage::{Os, Storage};
use crate::term::{Term, TermKey};
use crate::writer::resume::{Resumed, Resumer};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread::{self, JoinHandle};
use writ_model::canon::Digest;
use writ_model::record::Record;

/// The one writer of a folder. It can be shared by any number of producers; commits of several at
/// the same time become one frame and one sync.
#[derive(Debug)]
pub struct Writer {
    keys: TermKey,
    requests: Option<Sender<Request>>,
    thread: Option<JoinHandle<Result<(), Error>>>,
    _lock: Lock,
}

/// What was found when a folder was opened to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Whether the folder was made just now.
    pub created: bool,
    /// How many records it holds.
    pub n_records: u64,
    /// What a crash left at the end of the log, and where it is now.
    pub torn: Option<TornTail>,
    /// How many records had no usable keys, so that they were derived again.
    pub n_derived: u64,
}

#[derive(Debug)]
struct Request {
    records: Sealed,
    reply: SyncSender<Reply>,
}

/// The answer, and the records back: whoever made them frees them or uses their room, not the writer thread.
type Reply = (Result<Vec<Admission>, Error>, Sealed);

/// Records on their way to the disk.
#[derive(Debug)]
#[must_use = "nothing is acknowledged before it was waited for"]
pub struct Pending(Option<Receiver<Reply>>);

impl Pending {
    /// Returns when the records are durable, with one answer for each, or with the error of
    /// [`Writer::commit`].
    pub fn wait(self) -> Result<Vec<Admission>, Error> {
        self.reply().0
    }

    fn reply(self) -> Reply {
        let Some(answer) = self.0 else { return (Ok(Vec::new()), Sealed::default()) };
        let stopped = || Err(Error::new(Kind::Closed, "the writer has stopped: start again"));
        answer.recv().unwrap_or_else(|_| (stopped(), Sealed::default()))
    }
}

impl Writer {
    /// Opens a folder to write, or makes it, with this secret.
    ///
    /// Fails with [`Kind::Unavailable`] if another process writes to it, [`Kind::Invalid`] if a newer
    /// writ made it or if it is not empty and no writ folder, [`Kind::Corrupt`] if its log is damaged
    /// in the middle or lost its end.
    pub fn create_or_open<D>(
        dir: &Path,
        secret_if_new: [u8; 32],
        derivation: Digest,
        derive: D,
    ) -> Result<(Writer, Recovery), Error>
    where
        D: Fn(&TermKey, &Record) -> Vec<Term> + Sync,
    {
        Writer::create_or_open_on(Arc::new(Os), Sizes::default(), dir, secret_if_new, derivation, derive)
    }

    /// Like [`Writer::create_or_open`], with files on storage of the caller's choice: see [`crate::sim`].
    pub fn create_or_open_on<D>(
        storage: Arc<dyn Storage>,
        sizes: Sizes,
        dir: &Path,
        secret_if_new: [u8; 32],
        derivation: Digest,
        derive: D,
    ) -> Result<(Writer, Recovery), Error>
    where
        D: Fn(&TermKey, &Record) -> Vec<Term> + Sync,
    {
        let (folder, mut lock, created) = Folder::create_or_open(storage.as_ref(), dir, &secret_if_new)?;
        let owner = Owner::new(&folder.keys, derivation);
        let (resumed, mut recovery) = Resumer { storage, sizes, folder: &folder, owner }.run(&mut lock, &derive)?;
        recovery.created = created;
        let Resumed { committer, shelf } = resumed;
        Ok((Writer::start(folder.keys, lock, committer, shelf)?, recovery))
    }

    /// Makes what follows from the log of a folder again, the index and, where they are damaged or gone, the
    /// tree and the list of files, and opens the folder to write. Fails as [`Writer::create_or_open`] does, and
    /// with [`Kind::Invalid`] where there is no folder.
    pub fn rebuild<D>(dir: &Path, derivation: Digest, derive: D) -> Result<(Writer, Recovery), Error>
    where
        D: Fn(&TermKey, &Record) -> Vec<Term> + Sync,
    {
        let storage: Arc<dyn Storage> = Arc::new(Os);
        rebuild::forget(&storage, dir)?;
        Writer::create_or_open_on(storage, Sizes::default(), dir, [0; 32], derivation, derive)
    }

    fn start(keys: TermKey, lock: Lock, committer: Committer, shelf: Arc<Shelf>) -> Result<Writer, Error> {
        let cannot = |e: std::io::Error| {
            Error::new(Kind::Unavailable, format!("cannot start a thread: {e}; close other programs and try again"))
        };
        let follower = Follower::start(&shelf)?;
        let (requests, received) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("writ-log".to_owned())
            .spawn(move || run(committer, &received, follower, &shelf))
            .map_err(cannot)?;
        Ok(Writer { keys, requests: Some(requests), thread: Some(thread), _lock: lock })
    }

    /// The key that makes terms and digests of this store.
    pub fn term_key(&self) -> &TermKey {
        &self.keys
    }

    /// A packer for one producer thread.
    pub fn packer(&self) -> Result<Packer, Error> {
        Packer::new(&self.keys)
    }

    /// Stores records and returns when they are durable, with one answer for each. Can be called
    /// from many threads. None of the records is left in `records`, which may be filled again.
    ///
    /// After an error none of them is acknowledged (some may yet be found at the next open).
    /// [`Kind::Full`] if the disk or the folder is full; [`Kind::Closed`] after any failed write or
    /// sync, this one or an earlier one: the writer takes nothing any more.
    pub fn commit(&self, records: &mut Sealed) -> Result<Vec<Admission>, Error> {
        let (answer, spent) = self.submit(std::mem::take(records)).reply();
        *records = spent.emptied();
        answer
    }

    /// Hands records over and returns at once, so that a producer can seal the next batch while this
    /// one is written. Nothing is acknowledged before [`Pending::wait`]. The caller bounds how many
    /// batches it has on the way: they stay in memory.
    pub fn submit(&self, records: Sealed) -> Pending {
        if records.is_empty() {
            return Pending(None);
        }
        let (reply, answer) = mpsc::sync_channel(1);
        // If the writer is gone the reply is dropped here, and waiting for it says so.
        let _ = self.requests.as_ref().map(|requests| requests.send(Request { records, reply }));
        Pending(Some(answer))
    }

    /// Writes the keys that are still in memory, and lets others write. Every acknowledged record is
    /// durable whatever this returns: an error says that keys could not be written, so that the next
    /// open derives them.
    pub fn close(mut self) -> Result<(), Error> {
        self.stop()
    }

    fn stop(&mut self) -> Result<(), Error> {
        drop(self.requests.take());
        let Some(thread) = self.thread.take() else { return Ok(()) };
        thread.join().unwrap_or_else(|_| Err(Error::new(Kind::Internal, "the writer panicked: please report this")))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Nobody is left to tell; see `close`.
        let _ = self.stop();
    }
}

/// The writer thread.
fn run(mut committer: Committer, requests: &Receiver<Request>, follower: Follower, shelf: &Shelf) -> Result<(), Error> {
    let served = serve(&mut committer, requests, &follower, shelf);
    if let Some(batch) = committer.take_batch(true) {
        follower.send(batch);
    }
    let closed = committer.close();
    served.and(follower.finish()).and(closed)
}

/// Commits what comes, several requests at a time where several wait, until nobody can send any more.
fn serve(
    committer: &mut Committer,
    requests: &Receiver<Request>,
    follower: &Follower,
    shelf: &Shelf,
) -> Result<(), Error> {
    let bytes = |request: &Request| request.records.stored_bytes();
    let mut seen = shelf.version();
    while let Ok(first) = requests.recv() {
        let mut waiting = bytes(&first);
        let (mut group, mut replies) = (vec![first.records], vec![first.reply]);
        while waiting < limit::FRAME_BYTES_MAX {
            let Ok(request) = requests.try_recv() else { break };
            waiting += bytes(&request);
            group.push(request.records);
            replies.push(request.reply);
        }
        // A caller that is gone does not need its answer.
        match committer.commit(&group) {
            Ok(answers) => replies.into_iter().zip(answers).zip(group).for_each(|((reply, answer), records)| {
                let _ = reply.send((Ok(answer), records));
            }),
            Err(error) => replies.into_iter().zip(group).for_each(|(reply, records)| {
                let _ = reply.send((Err(error.clone()), records));
            }),
        }
        if let Some(batch) = committer.take_batch(false) {
            follower.send(batch);
        }
        let version = shelf.version();
        if version != seen {
            seen = version;
            committer.published(shelf.index()?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
