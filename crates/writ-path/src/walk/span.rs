//! Following spans upwards. A parent's id is context that anybody may copy: what is reached through it
//! is never proven, and where two callers that were told apart show one and the same parent, the
//! context contradicts itself.

use super::Walk;
use crate::question::{Seen, Stopped};
use crate::rule::Chain;
use alloc::collections::BTreeSet;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use writ_model::fact::Fact;
use writ_model::key::{Attestation, Key, KeyKind, KeyName, KeyRole};
use writ_model::record::RecordId;

/// How long after a span's end what it started may begin, in milliseconds: work that is put in a queue
/// begins late, and ten minutes of queue is much.
const OUTLIVES_MS: i64 = 600_000;

/// Where a climb ended.
pub(super) enum Climb {
    /// At what was looked for, and the span id that led to it.
    Found(Rc<Seen>, KeyName),
    /// At a span whose parent is not here.
    Lost(KeyName),
    /// At a span without a parent.
    Top,
}

impl Walk<'_> {
    /// From a span to the nearest one around it that has a fact like this.
    pub(super) fn climb(&mut self, from: &Rc<Seen>, like: impl Fn(&Fact) -> bool) -> Result<Climb, Stopped> {
        let mut at = Rc::clone(from);
        let mut visited: BTreeSet<RecordId> = BTreeSet::new();
        // Spans nest deeper than chains are long: a framework puts several around each call.
        for _ in 0..self.question.budget.depth * 4 {
            if !visited.insert(at.id) {
                return Ok(Climb::Top);
            }
            let Some(parent) = parent(&at).cloned() else { return Ok(Climb::Top) };
            self.shared_context(&at, &parent)?;
            let until = at.event_time.map_or(writ_model::time::Time::MAX, |time| self.until(&at, &time));
            let found = self.keyed(&parent.name, KeyRole::Mints, until, Chain::Command)?.records;
            let Some(record) = self.one_span(&at, found) else { return Ok(Climb::Lost(parent.name)) };
            if record.facts.iter().any(&like) {
                return Ok(Climb::Found(record, parent.name));
            }
            at = record;
        }
        Ok(Climb::Top)
    }

    /// The one record that is a span. Ids of spans are copied as freely as all context: where several
    /// records say that they are this one, none is taken at its word. A span that had ended long before
    /// does not lie around what came later.
    fn one_span(&mut self, child: &Rc<Seen>, found: Vec<Rc<Seen>>) -> Option<Rc<Seen>> {
        let mut found = found.into_iter();
        let first = found.next()?;
        let others: Vec<Rc<Seen>> = found.collect();
        if !others.is_empty() || first.in_conflict {
            self.contradicted = true;
            let mut records = others;
            records.push(first);
            let text =
                "several records say that they are one span; none of them is taken for what lies around the call";
            self.find("contradicting_context", "high", text.into(), &records);
            return None;
        }
        let ended = first.event_time.and_then(|time| time.end);
        let stale =
            ended.zip(child.event_time).is_some_and(|(ended, began)| began.start.millis_since(ended) > OUTLIVES_MS);
        (!stale).then_some(first)
    }

    /// Whether another recorder saw the same parent come from another caller.
    fn shared_context(&mut self, record: &Rc<Seen>, parent: &Key) -> Result<(), Stopped> {
        if parent.class != Attestation::Claimed {
            return Ok(());
        }
        let own = caller(record);
        if own.is_none() && !hides_caller(record) {
            return Ok(());
        }
        let until = record.event_time.map_or(writ_model::time::Time::MAX, |time| {
            time.end.unwrap_or(time.start).plus_millis(i64::from(self.skew(record)))
        });
        let others = self.keyed(&parent.name, KeyRole::Parent, until, Chain::Command)?.records;
        // One whose name was taken out may be anybody.
        let is_rival = |other: &Rc<Seen>| match (&own, caller(other)) {
            (Some(own), Some(who)) => who != *own,
            (None, Some(_)) => true,
            (_, None) => hides_caller(other),
        };
        let rivals: Vec<Rc<Seen>> =
            others.into_iter().filter(|other| other.id != record.id && is_rival(other)).collect();
        if rivals.is_empty() {
            return Ok(());
        }
        self.contradicted = true;
        let mut records = rivals;
        records.push(Rc::clone(record));
        let text = "the same trace context came from callers who were told apart; it is taken as nobody's word";
        self.find("contradicting_context", "high", text.into(), &records);
        Ok(())
    }
}

fn parent(record: &Seen) -> Option<&Key> {
    let mut keys = record.facts.iter().flat_map(|fact| &fact.keys);
    keys.find(|key| key.name.kind == KeyKind::Span && key.role == KeyRole::Parent)
}

/// Whether a recorder that tells callers apart shows that there was one, and not who.
fn hides_caller(record: &Seen) -> bool {
    record.facts.iter().any(hides_principal)
}

/// Whether a fact has a place for whose it is, and no name in it.
pub(super) fn hides_principal(fact: &Fact) -> bool {
    fact.keys.iter().any(|key| key.name.is_unreadable() && key.name.kind == KeyKind::Principal)
}

/// The caller a recorder told apart itself.
fn caller(record: &Seen) -> Option<String> {
    let mut parties = record.facts.iter().filter_map(|fact| fact.actor.as_ref());
    parties
        .find(|party| matches!(party.class, Attestation::Verified | Attestation::Observed))
        .map(|party| party.principal.id.clone())
}
