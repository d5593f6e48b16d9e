//! The follower: a thread of its own that sorts and writes keys, so that commits do not wait for it.

use crate::error::{Error, Kind};
use crate::keys::batch::Batch;
use crate::keys::chunk::Chunk;
use crate::keys::file::Sidecar;
use crate::limit;
use std::io;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::{self, JoinHandle};

/// The running follower.
#[derive(Debug)]
pub(crate) struct Follower {
    batches: SyncSender<Batch>,
    thread: JoinHandle<Result<(), Error>>,
}

impl Follower {
    pub(crate) fn start(sidecar: Sidecar) -> io::Result<Follower> {
        let (batches, received) = mpsc::sync_channel(limit::CHUNKS_WAITING_MAX);
        let thread = thread::Builder::new().name("writ-keys".to_owned()).spawn(move || run(sidecar, &received))?;
        Ok(Follower { batches, thread })
    }

    /// Hands a batch over; waits only if the follower is several chunks behind.
    pub(crate) fn send(&self, batch: Batch) {
        // A follower that is gone has reported why, or will: see `finish`.
        let _ = self.batches.send(batch);
    }

    /// Waits for the last chunk.
    pub(crate) fn finish(self) -> Result<(), Error> {
        drop(self.batches);
        let gone = |_| Err(Error::new(Kind::Internal, "writing keys stopped with a panic: please report this"));
        self.thread.join().unwrap_or_else(gone)
    }
}

fn run(mut sidecar: Sidecar, batches: &Receiver<Batch>) -> Result<(), Error> {
    let mut result = Ok(());
    for batch in batches {
        // After a failure the rest is dropped: the next open derives it from the log.
        if result.is_ok() {
            result = sidecar.append(&Chunk::sort(batch));
        }
    }
    result
}
