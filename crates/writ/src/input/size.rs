//! How much was split off an input: when it is handed out or committed, and how much that holds back.

use super::feed::{Element, Rejected};

/// A batch is handed out when it holds so many bytes …
const BATCH_BYTES: usize = 1 << 20;

/// … or so many elements and rejects: enough that handing over costs nothing, few enough to share.
pub(super) const BATCH_ITEMS: usize = 1_000;

/// What a batch holds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Size {
    /// Bytes of elements, and what is kept of rejects.
    pub(crate) bytes: usize,
    pub(crate) n_elements: usize,
    pub(crate) n_rejects: usize,
}

impl Size {
    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= BATCH_BYTES || self.n_elements + self.n_rejects >= BATCH_ITEMS
    }

    /// How many bytes are held back with it.
    pub(crate) fn held_back(&self) -> usize {
        self.bytes + self.n_elements * size_of::<Element>() + self.n_rejects * size_of::<Rejected>()
    }
}
