//! How many bytes are under way between the thread that reads and those that make records of them.
//!
//! The channel between them bounds how many batches there are. A batch is as long as its longest element,
//! so that alone would let a few dozen long lines fill gigabytes.

use super::short::SHORT_BYTES_MAX;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Bytes under way at most, unless one batch alone is longer: a short input for each worker of a large machine, and
/// twice what the channel holds of usual batches.
pub(crate) const UNDER_WAY_BYTES_MAX: usize = 64 << 20;

/// Buffers that are kept to be used again: as many as are given back while one is filled …
const BUFFERS_KEPT: usize = 8;

/// … and none that is longer than short inputs and most batches need: few elements are so long.
const BUFFER_BYTES_KEPT: usize = SHORT_BYTES_MAX;

/// Counts bytes under way, and keeps the buffers they were in.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    bytes: Mutex<usize>,
    freed: Condvar,
    /// What is under way no more.
    buffers: Mutex<Vec<Vec<u8>>>,
}

/// Some bytes under way. Dropping it lets others go.
#[derive(Debug)]
pub(super) struct Held {
    gauge: Arc<Gauge>,
    bytes: usize,
}

impl Gauge {
    /// Waits until there is room for so many bytes, or nothing else is under way.
    pub(super) fn hold(self: &Arc<Gauge>, bytes: usize) -> Held {
        let mut held = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        while *held > 0 && *held + bytes > UNDER_WAY_BYTES_MAX {
            held = self.freed.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
        *held += bytes;
        Held { gauge: Arc::clone(self), bytes }
    }

    /// A buffer, one that was under way before if there is any, with what is in it. Long ones are freed here: where another
    /// thread than the one that made it frees a buffer, an allocator may keep it for the one that did.
    pub(super) fn buffer(&self) -> Vec<u8> {
        let mut buffers = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        buffers.retain(|buffer| buffer.capacity() <= BUFFER_BYTES_KEPT);
        buffers.truncate(BUFFERS_KEPT);
        buffers.pop().unwrap_or_default()
    }
}

impl Held {
    /// Keeps the buffer that was under way.
    pub(super) fn give_back(self, buffer: Vec<u8>) {
        self.gauge.buffers.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        *self.gauge.bytes.lock().unwrap_or_else(PoisonError::into_inner) -= self.bytes;
        self.gauge.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_long_batch_goes_alone_and_short_ones_go_together() {
        let gauge = Arc::new(Gauge::default());
        let alone = gauge.hold(UNDER_WAY_BYTES_MAX * 3);
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _two = [gauge.hold(UNDER_WAY_BYTES_MAX / 2), gauge.hold(UNDER_WAY_BYTES_MAX / 2)];
                sender.send(()).unwrap();
            });
            assert!(receiver.try_recv().is_err(), "something went beside a batch that fills everything");
            drop(alone);
            receiver.recv().unwrap();
        });
        assert_eq!(*gauge.bytes.lock().unwrap(), 0);
    }

    #[test]
    fn buffers_are_used_again_unless_they_are_long() {
        let gauge = Arc::new(Gauge::default());
        assert_eq!(gauge.buffer().capacity(), 0);
        for bytes in [vec![b'x'; BUFFER_BYTES_KEPT], vec![b'x'; BUFFER_BYTES_KEPT + 1]] {
            gauge.hold(bytes.len()).give_back(bytes);
        }
        let again = gauge.buffer();
        assert_eq!((again.len(), again.capacity()), (BUFFER_BYTES_KEPT, BUFFER_BYTES_KEPT));
        assert_eq!(gauge.buffer().capacity(), 0);
    }
}
