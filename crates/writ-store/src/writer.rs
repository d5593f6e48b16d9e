//! Writing to a folder: many producers, one writer thread, one lock.

use crate::error::{Error, Kind};
use crate::file::{Disk, File};
use crate::folder::{Folder, Lock};
use crate::keys::batch::{Batch, LogEnd, is_full};
use crate::keys::chunk::{Chunk, Owner};
use crate::keys::derive::Deriver;
use crate::keys::file::Sidecar;
use crate::keys::follow::Follower;
use crate::keys::{self, Tie};
use crate::limit;
use crate::log::commit::{Admission, Committer};
use crate::log::recover::{self, TornTail};
use crate::log::scan::{self, Scan};
use crate::seal::{Packer, Sealed};
use crate::seen::Seen;
use crate::snapshot;
use crate::term::{Term, TermKey};
use std::io;
use std::path::Path;
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
    records: Vec<Sealed>,
    reply: SyncSender<Reply>,
}

/// The answer, and the records back: whoever made them frees them, not the writer thread.
type Reply = (Result<Vec<Admission>, Error>, Vec<Sealed>);

/// Records on their way to the disk.
#[derive(Debug)]
#[must_use = "nothing is acknowledged before it was waited for"]
pub struct Pending(Option<Receiver<Reply>>);

impl Pending {
    /// Returns when the records are durable, with one answer for each, or with the error of
    /// [`Writer::commit`].
    pub fn wait(self) -> Result<Vec<Admission>, Error> {
        let Some(answer) = self.0 else { return Ok(Vec::new()) };
        answer.recv().map_err(|_| Error::new(Kind::Closed, "the writer has stopped: start again"))?.0
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
        let disk = |path: &Path| Ok(Box::new(Disk::open_to_write(path)?) as Box<dyn File>);
        Writer::create_or_open_on(dir, secret_if_new, derivation, derive, disk)
    }

    /// Like [`Writer::create_or_open`], with a log on a disk of the caller's choice: see
    /// [`crate::sim`].
    pub fn create_or_open_on<D>(
        dir: &Path,
        secret_if_new: [u8; 32],
        derivation: Digest,
        derive: D,
        open_log: impl FnOnce(&Path) -> io::Result<Box<dyn File>>,
    ) -> Result<(Writer, Recovery), Error>
    where
        D: Fn(&TermKey, &Record) -> Vec<Term> + Sync,
    {
        let (folder, lock, created) = Folder::create_or_open(dir, &secret_if_new)?;
        let path = folder.log();
        let log = open_log(&path).map_err(|e| folder.no_log(e))?;
        let scan = scan::scan(log.as_ref(), &path, &folder.keys)?;
        let follower = Resumer { folder: &folder, path: &path, scan: &scan, derivation };
        let stored = follower.load()?;
        let torn = recover::recover(log.as_ref(), &path, &folder.quarantine(), &scan)?;
        let deriver = Deriver { log: log.as_ref(), path: &path, keys: &folder.keys, derive: &derive };
        let resumed = follower.catch_up(stored, &deriver)?;
        let recovery = Recovery { created, n_records: scan.next, torn, n_derived: resumed.n_derived };
        let end = LogEnd { offset: scan.end, chain: scan.chain };
        let committer = Committer::new(log, path, folder.keys.clone(), end, resumed.seen, resumed.batch);
        let writer = Writer::start(folder.keys, lock, committer, resumed.sidecar)?;
        Ok((writer, recovery))
    }

    fn start(keys: TermKey, lock: Lock, committer: Committer, sidecar: Sidecar) -> Result<Writer, Error> {
        let cannot = |e: io::Error| {
            Error::new(Kind::Unavailable, format!("cannot start a thread: {e}; close other programs and try again"))
        };
        let follower = Follower::start(sidecar).map_err(cannot)?;
        let (requests, received) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("writ-log".to_owned())
            .spawn(move || run(committer, &received, follower))
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
    /// from many threads.
    ///
    /// After an error none of them is acknowledged (some may yet be found at the next open).
    /// [`Kind::Full`] if the disk or the folder is full; [`Kind::Closed`] after any failed write or
    /// sync, this one or an earlier one: the writer takes nothing any more.
    pub fn commit(&self, records: Vec<Sealed>) -> Result<Vec<Admission>, Error> {
        self.submit(records).wait()
    }

    /// Hands records over and returns at once, so that a producer can seal the next batch while this
    /// one is written. Nothing is acknowledged before [`Pending::wait`]. The caller bounds how many
    /// batches it has on the way: they stay in memory.
    pub fn submit(&self, records: Vec<Sealed>) -> Pending {
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
fn run(mut committer: Committer, requests: &Receiver<Request>, follower: Follower) -> Result<(), Error> {
    let bytes = |request: &Request| request.records.iter().map(Sealed::stored_bytes).sum::<usize>();
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
    }
    if let Some(batch) = committer.take_batch(true) {
        follower.send(batch);
    }
    follower.finish()
}

/// Brings the writer's memory and the sidecar up to the end of the log.
struct Resumer<'a> {
    folder: &'a Folder,
    path: &'a Path,
    scan: &'a Scan,
    derivation: Digest,
}

/// What the sidecar holds.
#[derive(Default)]
struct Stored {
    seen: Seen,
    /// Position after the last row.
    covered: u64,
    /// Byte at which the next chunk goes.
    at: u64,
    /// The last chunks, if they are small: they are written again as one, together with what comes.
    tail: Option<Batch>,
    /// Whether there is anything of use.
    usable: bool,
}

/// What the writer goes on with.
struct Resumed {
    seen: Seen,
    batch: Batch,
    sidecar: Sidecar,
    n_derived: u64,
}

impl Resumer<'_> {
    fn owner(&self) -> Owner {
        Owner { store: self.folder.keys.store(), derivation: self.derivation }
    }

    fn load(&self) -> Result<Stored, Error> {
        let mut stored = Stored::default();
        stored.seen.reserve(crate::bytes::index(self.scan.next));
        let mut ahead = None;
        let path = keys::file::path(&self.folder.keys_folder(), &self.owner());
        keys::file::load(&path, &self.owner(), |chunk, bytes| match keys::tie(&chunk, self.scan) {
            Tie::Holds => {
                stored.add(chunk, bytes, &self.folder.keys);
                true
            }
            Tie::Broken => false,
            Tie::Ahead => {
                ahead = Some(snapshot::open::missing(self.path, self.scan, &chunk));
                true
            }
        });
        match ahead {
            None => Ok(stored),
            Some(damage) => {
                let keys = self.folder.keys_folder();
                Err(Error::corrupt(format!(
                    "{damage}; restore the log from a backup, or delete `{}` to go on with what is left",
                    keys.display()
                )))
            }
        }
    }

    fn catch_up<D>(&self, stored: Stored, deriver: &Deriver<'_, D>) -> Result<Resumed, Error>
    where
        D: Fn(&TermKey, &Record) -> Vec<Term> + Sync,
    {
        let folder = self.folder.keys_folder();
        std::fs::create_dir_all(&folder).map_err(|e| Error::io("make the folder", &folder, e))?;
        let path = keys::file::path(&folder, &self.owner());
        let beside = path.with_added_extension("tmp");
        let Stored { mut seen, covered, at, tail, usable } = stored;
        let mut sidecar =
            if usable { Sidecar::resume(&path, self.owner(), at)? } else { Sidecar::create(&beside, self.owner())? };
        let known = self.scan.spans.partition_point(|span| span.first < covered);
        let spans = self.scan.spans.get(known..).unwrap_or_default();
        let mut batch = tail.unwrap_or_else(|| Batch::new(covered));
        let mut carried = batch.rows.len();
        let damage = deriver.run(spans, covered, |derived| {
            seen.note_rows(&derived.rows);
            batch.append(derived, &self.folder.keys);
            if batch.is_full() {
                let next = Batch::new(batch.next());
                sidecar.append(&Chunk::sort(std::mem::replace(&mut batch, next)))?;
                carried = 0;
            }
            Ok(())
        })?;
        if let Some(damage) = damage.first() {
            return Err(Error::corrupt(format!("{damage}; restore the file from a backup")));
        }
        if batch.rows.len() > carried {
            let next = Batch::new(batch.next());
            sidecar.append(&Chunk::sort(std::mem::replace(&mut batch, next)))?;
        }
        if !usable {
            sidecar = sidecar.publish(&path)?;
        }
        keys::file::delete_others(&folder, &path);
        Ok(Resumed { seen, batch, sidecar, n_derived: self.scan.next - covered })
    }
}

impl Stored {
    fn add(&mut self, chunk: Chunk, bytes: std::ops::Range<u64>, keys: &TermKey) {
        self.seen.note_rows(&chunk.rows);
        self.covered = chunk.next();
        self.usable = true;
        if is_full(chunk.rows.len(), chunk.terms.len()) {
            (self.at, self.tail) = (bytes.end, None);
            return;
        }
        let small = chunk.unsort(keys);
        if let Some(tail) = &mut self.tail {
            tail.append(small, keys);
        } else {
            (self.at, self.tail) = (bytes.start, Some(small));
        }
    }
}

#[cfg(test)]
mod tests;
