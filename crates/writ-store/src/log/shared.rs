//! What records share, read once and kept: whoever reads one record of a delivery reads others.

use crate::error::Error;
use crate::hasher::Spread;
use crate::log::entry::{Alike, Entry, Inflater, Malformed, Part};
use crate::log::read::Segment;
use crate::log::window::Window;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What records share that is kept in memory, at most so many of them: each is mostly as long as the name of a
/// file or what an emitter says of itself or a caller is told by, and whoever reads one record of a delivery reads
/// others.
const SHARED_KEPT_MAX: usize = 1_024;

/// What was read of what records share.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<All>);

/// What records share, by the first position of its segment and where it begins there, and what unpacks it.
#[derive(Debug, Default)]
struct All {
    kept: HashMap<(u64, u32), Arc<Alike>, BuildHasherDefault<Spread>>,
    inflater: Option<Inflater>,
}

impl All {
    fn unpack(&mut self, begins: &Part<'_>) -> Result<Option<Vec<u8>>, Error> {
        let inflater = match &mut self.inflater {
            Some(inflater) => inflater,
            none => none.insert(Inflater::new()?),
        };
        Ok(begins.unpack(inflater).ok())
    }

    fn keep(&mut self, key: (u64, u32), shared: Alike) -> Arc<Alike> {
        if self.kept.len() >= SHARED_KEPT_MAX {
            self.kept.clear();
        }
        let shared = Arc::new(shared);
        self.kept.insert(key, Arc::clone(&shared));
        shared
    }
}

impl Kept {
    /// What records share that begins at this byte; `None` if nothing of the sort stands there, before the byte at
    /// which the record begins. `window`: what is in memory of the segment.
    pub(crate) fn get(
        &self,
        segment: &Segment<'_>,
        window: &Window,
        (at, record_at): (u32, u64),
    ) -> Result<Option<Arc<Alike>>, Error> {
        if u64::from(at) >= record_at {
            return Ok(None);
        }
        let key = (segment.first(), at);
        let known = self.all().kept.get(&key).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let Some(bytes) = window.entry_of(segment, at)? else { return Ok(None) };
        let alike = match Entry::decode(&bytes) {
            Ok((Entry::Said(said), _)) => Alike { said: Arc::from(said), begins: Vec::new() },
            Ok((Entry::Begins(said_at, begins), _)) if said_at < at => {
                let Some(said) = self.said(segment, window, said_at)? else { return Ok(None) };
                let Some(begins) = self.all().unpack(&begins)? else { return Ok(None) };
                Alike { said, begins }
            }
            Ok((Entry::Begins(..) | Entry::Record(..), _)) | Err(Malformed) => return Ok(None),
        };
        Ok(Some(self.all().keep(key, alike)))
    }

    /// Whether what records share stands at this byte, before the one at which a record begins: read anew, whatever was
    /// read before.
    pub(crate) fn is_there(segment: &Segment<'_>, (at, record_at): (u32, u64)) -> Result<bool, Error> {
        let entry = |at: u32| segment.entry(u64::from(at));
        let said_at = match entry(at)?.as_deref().map(Entry::decode) {
            _ if u64::from(at) >= record_at => return Ok(false),
            Some(Ok((Entry::Said(_), _))) => return Ok(true),
            Some(Ok((Entry::Begins(said_at, _), _))) if said_at < at => said_at,
            _ => return Ok(false),
        };
        Ok(matches!(entry(said_at)?.as_deref().map(Entry::decode), Some(Ok((Entry::Said(_), _)))))
    }

    /// The map of envelopes that begins at this byte.
    fn said(&self, segment: &Segment<'_>, window: &Window, at: u32) -> Result<Option<Arc<[u8]>>, Error> {
        let key = (segment.first(), at);
        if let Some(known) = self.all().kept.get(&key) {
            return Ok(known.begins.is_empty().then(|| Arc::clone(&known.said)));
        }
        let Some(bytes) = window.entry_of(segment, at)? else { return Ok(None) };
        let Ok((Entry::Said(said), _)) = Entry::decode(&bytes) else { return Ok(None) };
        let alike = Alike { said: Arc::from(said), begins: Vec::new() };
        Ok(Some(Arc::clone(&self.all().keep(key, alike).said)))
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
