//! What the writer knows of the records that are stored: whether one that comes in is new, another content
//! under a known identity, a better custody of a known record, or nothing new.
//!
//! What is in a part of the index is looked up there; what is newer is in memory, and is forgotten once a
//! part holds it. So the memory does not grow with the folder.

use crate::error::Error;
use crate::hasher::AsIs;
use crate::index::Index;
use crate::index::row::{RecorderName, same_copy};
use crate::snapshot::query::Posting;
use crate::term::Term;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasherDefault;
use writ_model::record::RecordId;

/// Copies of one identity that are looked at to tell whether another is new. Whoever sends more gets the
/// record stored again, which is no loss.
const COPIES_MAX: usize = 1_024;

/// What is new about a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Novelty {
    /// Its identity.
    Identity,
    /// The identity is known with other content (`false`), or with other withheld values (`true`).
    Copy(bool),
    /// Its custody: the record is known, and every copy so far came in a weaker one.
    Custody,
    /// Nothing, but that no stored copy can be read any more.
    Lost,
    /// Nothing.
    None,
}

impl Novelty {
    /// Whether a record of the same id stands at an earlier position.
    pub(crate) fn is_again(self) -> bool {
        matches!(self, Novelty::Copy(true) | Novelty::Custody | Novelty::Lost | Novelty::None)
    }
}

/// How a record is told from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Fingerprint of the identity.
    pub(crate) identity: Term,
    pub(crate) id: RecordId,
    /// See [`Row::copy`](crate::index::row::Row::copy).
    pub(crate) copy: u32,
}

/// Records of consecutive positions, by the fingerprint of their identity.
#[derive(Debug, Default)]
struct Recent {
    /// The position after the last of them.
    next: u64,
    /// The copy that came first.
    first: HashMap<u64, (RecordId, u32), BuildHasherDefault<AsIs>>,
    /// Further copies: few identities have any.
    more: HashMap<u64, Vec<(RecordId, u32)>, BuildHasherDefault<AsIs>>,
}

impl Recent {
    fn add(&mut self, mark: &Mark) {
        let copy = (mark.id, mark.copy);
        match self.first.entry(mark.identity.0) {
            Entry::Vacant(place) => {
                place.insert(copy);
            }
            Entry::Occupied(_) => {
                let more = self.more.entry(mark.identity.0).or_default();
                if more.len() < COPIES_MAX {
                    more.push(copy);
                }
            }
        }
    }
}

/// What is stored.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// What no part holds yet: of finished batches, and last of the one in the making.
    recent: VecDeque<Recent>,
    index: Index,
}

impl Known {
    /// Of what these parts hold.
    pub(crate) fn new(index: Index) -> Known {
        Known { recent: VecDeque::from([Recent::default()]), index }
    }

    /// Whether parts hold records of these identities, of each. Two identities may share a term by chance.
    pub(crate) fn in_parts(&self, identities: &[Term]) -> Result<Vec<bool>, Error> {
        self.index.has(identities)
    }

    /// Notes a record and says what is new about it. `in_parts`: [as was asked before](Known::in_parts); `recorder`
    /// names its source and recorder; `log` tells of records that postings lead to.
    pub(crate) fn note(
        &mut self,
        mark: &Mark,
        in_parts: bool,
        recorder: impl FnOnce() -> Option<RecorderName>,
        log: &mut impl Stored,
    ) -> Result<Novelty, Error> {
        let mut copies: Vec<(RecordId, u32)> = Vec::new();
        for recent in &self.recent {
            copies.extend(recent.first.get(&mark.identity.0));
            copies.extend(recent.more.get(&mark.identity.0).into_iter().flatten());
        }
        let mut stored = Vec::new();
        if in_parts && let Some((source, recorder)) = recorder() {
            stored = self.index.by_identity(mark.identity, (&source, &recorder), COPIES_MAX, |_| Ok(true))?;
        }
        let all = |stored: &[Posting]| {
            let stored = stored.iter().map(|posting| (posting.id, posting.short_copy()));
            copies.iter().copied().chain(stored).collect::<Vec<_>>()
        };
        let mut novelty = novelty(mark, &all(&stored));
        if novelty == Novelty::None {
            let mut found = Vec::new();
            for posting in &stored {
                if posting.id != mark.id || log.is_there(posting)? {
                    found.push(*posting);
                }
            }
            if self::novelty(mark, &all(&found)) != Novelty::None {
                novelty = Novelty::Lost;
            }
        }
        if novelty == Novelty::Copy(false) && copies.is_empty() && !is_one_of(&stored, mark, log)? {
            novelty = Novelty::Identity;
        }
        if novelty != Novelty::None
            && let Some(recent) = self.recent.back_mut()
        {
            recent.add(mark);
        }
        Ok(novelty)
    }

    /// A batch ends at this position, and another begins.
    pub(crate) fn end_batch(&mut self, next: u64) {
        let mut after = Recent::default();
        if let Some(recent) = self.recent.back_mut() {
            recent.next = next;
            after.first.reserve(recent.first.len());
        }
        self.recent.push_back(after);
    }

    /// Parts hold more by now.
    pub(crate) fn published(&mut self, index: Index) {
        let next = index.next();
        while self.recent.len() > 1 && self.recent.front().is_some_and(|recent| recent.next <= next) {
            self.recent.pop_front();
        }
        self.index = index;
    }
}

/// What the log tells of a stored record.
pub(crate) trait Stored {
    /// Whether the record can be read: keys alone do not make it stored.
    fn is_there(&mut self, posting: &Posting) -> Result<bool, Error>;

    /// Whether the record is of the identity with this fingerprint, or cannot be read: parts keep less of a fingerprint
    /// than it has, and others may share that.
    fn may_be_of(&mut self, posting: &Posting, identity: Term) -> Result<bool, Error>;
}

/// A log that is not asked, where keys were just derived from it.
pub(crate) struct Unread;

impl Stored for Unread {
    fn is_there(&mut self, _: &Posting) -> Result<bool, Error> {
        Ok(true)
    }

    fn may_be_of(&mut self, _: &Posting, _: Term) -> Result<bool, Error> {
        Ok(true)
    }
}

/// Whether one of those that were found under what parts keep of a record's identity is of that identity.
fn is_one_of(stored: &[Posting], mark: &Mark, log: &mut impl Stored) -> Result<bool, Error> {
    for posting in stored {
        if log.may_be_of(posting, mark.identity)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn novelty(mark: &Mark, copies: &[(RecordId, u32)]) -> Novelty {
    let same = |(id, copy): &&(RecordId, u32)| *id == mark.id && same_copy(*copy, mark.copy);
    match copies.iter().filter(same).map(|(_, copy)| *copy).min() {
        Some(best) if mark.copy < best => Novelty::Custody,
        Some(_) => Novelty::None,
        None if copies.is_empty() => Novelty::Identity,
        None => Novelty::Copy(copies.iter().any(|(id, _)| *id == mark.id)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicates_and_conflicts_are_told_apart_in_any_order() {
        let mut known = Known::new(Index::default());
        let steps = [
            ((1, 1, 0x15), Novelty::Identity),
            ((1, 1, 0x15), Novelty::None),
            ((1, 2, 0x25), Novelty::Copy(false)),
            ((1, 1, 0x15), Novelty::None),
            ((1, 2, 0x25), Novelty::None),
            // The same content, other values withheld.
            ((1, 2, 0x35), Novelty::Copy(true)),
            ((2, 1, 0x15), Novelty::Identity),
            ((2, 2, 0x25), Novelty::Copy(false)),
            // A better custody is news, the same or a weaker one is not.
            ((1, 1, 0x14), Novelty::Custody),
            ((1, 1, 0x15), Novelty::None),
            ((1, 2, 0x34), Novelty::Custody),
            ((1, 2, 0x34), Novelty::None),
            ((1, 1, 0x12), Novelty::Custody),
            ((1, 1, 0x14), Novelty::None),
        ];
        for (n, ((identity, id, copy), novelty)) in (0..).zip(steps) {
            let mark = Mark { identity: Term(identity), id: RecordId([id; 16]), copy };
            assert_eq!(known.note(&mark, false, || None, &mut Unread).unwrap(), novelty, "{identity} {id} {copy}");
            // Where a batch ends changes nothing, as long as no part holds it.
            if n % 3 == 0 {
                known.end_batch(n);
            }
        }
    }
}
