//! What records share: told once by a producer, and handed over with each record that shares it.

use crate::limit;
use std::collections::{HashMap, HashSet};
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

/// How often evidence began so.
#[derive(Debug)]
enum Begin {
    /// Once. That record is stored by itself: most of what is said once is not said again.
    Once,
    /// More often: the body of the entry that says it.
    Often(Arc<[u8]>),
}

/// What a producer remembers of the records before.
#[derive(Debug, Default)]
pub(super) struct Told {
    said: HashSet<Arc<[u8]>>,
    /// The last one, and what it said: the next one mostly says that too.
    last: Option<(Envelope, Arc<[u8]>)>,
    begins: HashMap<Vec<u8>, Begin>,
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
        match self.begins.get_mut(begins) {
            Some(Begin::Often(body)) => Some(Arc::clone(body)),
            Some(once) => {
                let body: Arc<[u8]> = Arc::from(pack());
                *once = Begin::Often(Arc::clone(&body));
                Some(body)
            }
            None => {
                self.make_room(begins.len());
                self.begins.insert(begins.to_vec(), Begin::Once);
                None
            }
        }
    }

    /// Forgets all rather than too much: what is current is soon told again.
    fn make_room(&mut self, len: usize) {
        if self.n_bytes + len > limit::ALIKE_BYTES_REMEMBERED {
            *self = Told::default();
        }
        self.n_bytes += len;
    }
}
