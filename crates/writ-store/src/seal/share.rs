//! What records share: told once by a producer, and handed over with each record that shares it.

use crate::limit;
use std::collections::HashSet;
use std::sync::Arc;
use writ_model::record::Envelope;

/// What a record shares with others: bodies of entries. All that share it have the same one in memory.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    /// What their envelopes say alike.
    pub(crate) said: Arc<[u8]>,
    /// What their evidence begins with.
    pub(crate) begins: Option<Arc<[u8]>>,
}

/// How many beginnings are remembered, each in the slot of its checksum: one that falls on another takes its place, so
/// that whoever chooses them so loses what he would have shared, and nothing else.
const SLOTS: usize = 1 << 13;

/// What evidence began with.
#[derive(Clone, Debug)]
struct Begin {
    bytes: Box<[u8]>,
    /// The body of the entry that says it. The first record that began so is stored by itself: most of what is said once
    /// is not said again.
    body: Option<Arc<[u8]>>,
}

/// What a producer remembers of the records before.
#[derive(Debug, Default)]
pub(super) struct Told {
    said: HashSet<Arc<[u8]>>,
    /// The last one, and what it said: the next one mostly says that too.
    last: Option<(Envelope, Arc<[u8]>)>,
    /// By their checksum; empty before the first.
    begins: Vec<Option<Begin>>,
    /// How many bytes of records all that is; what is packed of them is less.
    n_bytes: usize,
}

impl Told {
    /// What envelopes say alike.
    pub(super) fn said(&mut self, envelope: &Envelope) -> Arc<[u8]> {
        if let Some((_, said)) = self.last.as_ref().filter(|(last, _)| last.shares_with(envelope)) {
            return Arc::clone(said);
        }
        let said = envelope.encode_shared();
        let said = self.said.get(said.as_slice()).cloned().unwrap_or_else(|| {
            self.make_room(said.len());
            let said: Arc<[u8]> = Arc::from(said);
            self.said.insert(Arc::clone(&said));
            said
        });
        self.last = Some((Envelope { redactions: Vec::new(), ..envelope.clone() }, Arc::clone(&said)));
        said
    }

    /// What evidence begins with, if other evidence did too and it is worth an entry; `pack` makes the body of that.
    pub(super) fn begins(&mut self, begins: &[u8], pack: impl FnOnce() -> Vec<u8>) -> Option<Arc<[u8]>> {
        if !(limit::ALIKE_BYTES_MIN..=limit::ALIKE_BYTES_MAX).contains(&begins.len()) {
            return None;
        }
        let place = crc32c::crc32c(begins) as usize % SLOTS;
        if let Some(Some(known)) = self.begins.get_mut(place)
            && *known.bytes == *begins
        {
            return Some(Arc::clone(known.body.get_or_insert_with(|| Arc::from(pack()))));
        }
        self.make_room(begins.len());
        self.begins.resize(SLOTS, None);
        let begin = Begin { bytes: begins.into(), body: None };
        let before = self.begins.get_mut(place).and_then(|slot| slot.replace(begin));
        self.n_bytes -= before.map_or(0, |before| before.bytes.len());
        None
    }

    /// Forgets all rather than too much: what is current is soon told again.
    fn make_room(&mut self, len: usize) {
        if self.n_bytes + len > limit::ALIKE_BYTES_REMEMBERED {
            *self = Told::default();
        }
        self.n_bytes += len;
    }
}
