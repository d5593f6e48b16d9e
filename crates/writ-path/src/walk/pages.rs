//! Look-ups of which all counts, and not what lies nearest: they go on page after page, so that what is
//! said often does not push out what is said once.

use super::{Found, Walk};
use crate::question::{Ask, Seen, Stopped};
use crate::rule::Chain;
use alloc::collections::BTreeSet;
use alloc::rc::Rc;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use writ_model::key::{KeyName, KeyRole};
use writ_model::time::Time;

/// Pages that are read of one key: with the usual budget 512 records, which is more than a year of an
/// inventory that is read every day.
const KEY_PAGES_MAX: usize = 8;

/// Pages that are read of one recorder's window: with the usual budget 10,000 records, which is an hour
/// of a decision point that decides three times a second.
const WINDOW_PAGES_MAX: usize = 5;

impl Walk<'_> {
    /// Records that show a key between two instants, all of them unless there are more than are looked at;
    /// and some from before.
    pub(super) fn all_keyed(
        &mut self,
        name: &KeyName,
        role: KeyRole,
        (since, until): (Time, Time),
        chain: Chain,
    ) -> Result<Found, Stopped> {
        let mut found = Found { records: Vec::new(), more: true };
        let mut known = BTreeSet::new();
        let mut until = until;
        for _ in 0..KEY_PAGES_MAX {
            let page = self.nearest(name, role, until, chain)?;
            let reached = reaches(&page.records, name, role);
            found.records.extend(page.records.into_iter().filter(|record| known.insert(record.id)));
            found.more = page.more && reached.is_none_or(|reached| since <= reached);
            match reached.filter(|reached| *reached < until) {
                Some(reached) if found.more => until = reached,
                // All is read, or more of one instant than a page holds.
                _ => break,
            }
        }
        if found.more {
            self.budget_gap(chain, name);
        }
        found.records.sort_by_key(|record| (record.event_time.map(|time| time.start), record.id));
        Ok(found)
    }

    /// What a recorder wrote in a window; `None` where it is more than is looked at.
    pub(super) fn all_recorded(
        &self,
        source: &str,
        recorder: &str,
        (from, to): (Time, Time),
    ) -> Result<Option<Vec<Rc<Seen>>>, Stopped> {
        let mut found: Vec<Rc<Seen>> = Vec::new();
        let mut known = BTreeSet::new();
        let mut from = from;
        for _ in 0..WINDOW_PAGES_MAX {
            let ask = Ask::Recorded { source: source.to_string(), recorder: recorder.to_string(), from, to };
            let (page, more) = self.evidence.records(ask)?;
            found.extend(page.iter().filter(|record| known.insert(record.id)).cloned());
            if !more {
                return Ok(Some(found));
            }
            match page.iter().filter_map(|record| record.event_time).map(|time| time.start).max() {
                Some(reached) if reached > from => from = reached,
                _ => break,
            }
        }
        Ok(None)
    }
}

/// How far back a page goes, of the records of the class that counts: those behind it are a page of
/// their own class.
fn reaches(records: &[Rc<Seen>], name: &KeyName, role: KeyRole) -> Option<Time> {
    let class = |record: &Seen| {
        let keys = record.facts.iter().flat_map(|fact| &fact.keys);
        keys.filter(|key| key.name == *name && key.role == role).map(|key| key.class).min()
    };
    let best = records.iter().filter_map(|record| class(record)).min()?;
    let of_best = records.iter().filter(|record| class(record) == Some(best));
    of_best.filter_map(|record| record.event_time).map(|time| time.start).min()
}
