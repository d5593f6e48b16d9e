//! The first batches of an input are held back until it has shown what it is: who may have written a record
//! is told by what stands around it, behind it too.

use super::feed::Batch;
use std::mem;
use writ_sources::split::Doubt;

/// Bytes of one input that are held back at most. Only where a log was cut in the middle of a text that
/// somebody put into it does it begin with that text, and then with less than this of it; whoever pipes
/// records in waits no longer for the first to be acknowledged.
pub(crate) const HELD_BACK_BYTES_MAX: usize = 1 << 20;

/// The batches that are held back.
#[derive(Default)]
pub(super) struct Back {
    batches: Vec<Batch>,
    bytes: usize,
    /// Nothing is held back any more.
    over: bool,
    /// It was said that lines of text show.
    is_text: bool,
}

impl Back {
    /// Keeps a batch, or gives it back where no more is held back: then what is held goes before it.
    pub(super) fn hold(&mut self, batch: Batch) -> Option<Batch> {
        self.bytes = self.bytes.saturating_add(batch.size().held_back());
        self.over |= self.bytes > HELD_BACK_BYTES_MAX;
        if self.over {
            return Some(batch);
        }
        self.batches.push(batch);
        None
    }

    /// What is held.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Batch> + use<> {
        mem::take(&mut self.batches).into_iter()
    }

    /// Takes in that lines of text show: all that is still here may be out of a log that prints what it was
    /// sent. Binary data says so of what follows alone, since damage may stand anywhere in a good file.
    pub(super) fn doubt(&mut self, doubt: Doubt, batch: &mut Batch) {
        if doubt != Doubt::Text || self.is_text {
            return;
        }
        (self.over, self.is_text) = (true, true);
        for element in self.batches.iter_mut().chain([batch]).flat_map(|batch| &mut batch.elements) {
            element.doubt = element.doubt.or(Some(doubt));
        }
    }
}
