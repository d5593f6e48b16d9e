//! Asking: drives the walk over a snapshot.

use crate::app;
use crate::error::{Error, Kind};
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;
use writ_model::canon::Digest;
use writ_model::key::{Attestation, Key, KeyName, KeyRole};
use writ_model::source::SourceInfo;
use writ_model::time::Time;
use writ_path::answer::Answer;
use writ_path::coverage::window_digest;
use writ_path::question::{Ask, Budget, Question, Reply, Seen, Span, drive};
use writ_store::{Position, Posting, Query, Snapshot, Term, WithCopies};

/// Copies of one identity looked at to tell a conflict; more change nothing.
const COPIES_MAX: usize = 64;

/// Records that are passed over because they do not show the key under whose term they are found: another key may share
/// it by chance. Where there are more, it is said that not all was looked at.
const OTHERS_MAX: usize = 1_024;

/// Attestation classes in the order in which their records are read: a flood of forged keys cannot
/// push a verified one out of the budget.
const CLASSES: [Attestation; 4] =
    [Attestation::Verified, Attestation::Observed, Attestation::Claimed, Attestation::SelfStated];

/// A folder that is asked, as of one instant.
pub(crate) struct Asker {
    pub(crate) snapshot: Snapshot,
    pub(crate) as_of: Time,
    derivation: Digest,
    seen: RefCell<BTreeMap<Position, Rc<Seen>>>,
    /// Records that turned out not to be what was written when they were to be read.
    unreadable: RefCell<BTreeSet<Position>>,
    /// Looked up once: it does not change as of one instant.
    spans: OnceCell<Rc<[Span]>>,
}

impl Asker {
    /// Opens the folder; without an instant, as of the newest record received.
    pub(crate) fn open(data: &Path, as_of: Option<Time>, now: Time) -> Result<Asker, Error> {
        let snapshot = Snapshot::open(data, writ_sources::derivation(), app::derive)?;
        // What is yet to come has not been received.
        let as_of = as_of.map(|as_of| as_of.min(now)).or(snapshot.newest_received()).unwrap_or(now);
        Ok(Asker {
            snapshot,
            as_of,
            derivation: app::derivation(),
            seen: RefCell::default(),
            unreadable: RefCell::default(),
            spans: OnceCell::new(),
        })
    }

    /// The answer about the record at a position.
    pub(crate) fn why(&self, position: Position) -> Result<Answer, Error> {
        let sources: Vec<&'static SourceInfo> = writ_sources::SOURCES.iter().map(|source| source.info()).collect();
        let mut question = Question {
            event: self.seen(position)?,
            as_of: self.as_of,
            sources: &sources,
            log_size: self.snapshot.len() as u64,
            damaged: self.damaged(),
            derivation: self.derivation,
            budget: Budget::default(),
        };
        loop {
            let answer = drive(&question, |ask| self.fetch(ask, question.budget))?;
            // Finished stretches of the log are not read before something in them is asked for. What was
            // concluded before damage showed is concluded anew: each time round at least one more record is
            // known to be lost.
            let damaged = self.damaged();
            if damaged == question.damaged {
                return Ok(answer);
            }
            question.damaged = damaged;
        }
    }

    /// How many records damage took away, at least, if there is any.
    pub(crate) fn damaged(&self) -> Option<u64> {
        let damage = self.snapshot.damage();
        let is_told = |at: &&Position| damage.iter().any(|one| one.holds(**at));
        let more = self.unreadable.borrow().iter().filter(|at| !is_told(at)).count() as u64;
        let lost = damage.iter().map(|damage| damage.lost).sum::<u64>() + more;
        (!damage.is_empty() || more > 0).then_some(lost)
    }

    /// A record, if it is still what was written; else it is noted that it is not.
    fn readable(&self, position: Position) -> Result<Option<Rc<Seen>>, Error> {
        match self.seen(position) {
            Err(error) if error.kind == Kind::Corrupt => {
                self.unreadable.borrow_mut().insert(position);
                Ok(None)
            }
            seen => seen.map(Some),
        }
    }

    fn fetch(&self, ask: &Ask, budget: Budget) -> Result<Reply, Error> {
        match ask {
            Ask::Key { name, role, until } => self.keyed(name, *role, *until, budget.per_key),
            Ask::Spans => Ok(Reply::Spans(self.spans()?)),
            Ask::Recorded { source, recorder, from, to } => {
                let window = self.snapshot.window(source, recorder, (*from, *to), self.as_of)?;
                let window = window.map(|found| found.map(|(_, position)| position)).take(budget.records + 1);
                let positions = window.collect::<Result<Vec<Position>, _>>()?;
                let more = positions.len() > budget.records;
                let seen = positions.into_iter().take(budget.records);
                let seen = seen.filter_map(|position| self.readable(position).transpose());
                Ok(Reply::Records(seen.collect::<Result<_, _>>()?, more))
            }
            Ask::Window { source, recorder, from, to } => {
                let window = self.snapshot.window(source, recorder, (*from, *to), self.as_of)?;
                let ids = window.map(|found| found.map(|(id, _)| id)).collect::<Result<Vec<_>, _>>()?;
                let (count, digest) = window_digest(ids);
                Ok(Reply::Window(count, digest.into()))
            }
        }
    }

    /// Records that show a key, verified classes first, for each class the nearest before `until`.
    fn keyed(&self, name: &KeyName, role: KeyRole, until: Time, limit: usize) -> Result<Reply, Error> {
        let mut found: Vec<Rc<Seen>> = Vec::new();
        let mut more = false;
        // A flood in a class behind one that shows the key hides nothing that counts.
        let mut best = true;
        let terms = CLASSES.map(|class| self.snapshot.term_key().term_of(name, role, class));
        self.snapshot.expect(&terms);
        for (class, term) in CLASSES.into_iter().zip(terms) {
            let key = Key { name: name.clone(), role, class };
            let (shown, has_more) = self.showing(&key, term, until, limit)?;
            more |= best && has_more;
            best &= shown.is_empty();
            for seen in shown {
                if found.iter().all(|known| known.id != seen.id) {
                    found.push(seen);
                }
            }
        }
        Ok(Reply::Records(found.into(), more))
    }

    /// The nearest records before `until` that show a key, of which this is the term, at most `limit`, and whether
    /// there may be more. A term is a fingerprint: what is found under it without showing the key takes no place.
    fn showing(&self, key: &Key, term: Term, until: Time, limit: usize) -> Result<(Vec<Rc<Seen>>, bool), Error> {
        let mut query = Query::new(self.as_of, limit + 1).until(until).newest_first();
        let (mut shown, mut left, mut n_others) = (Vec::new(), limit, 0);
        loop {
            let page = self.snapshot.lookup(term, &query)?;
            for posting in &page {
                let seen = self.readable(posting.position)?;
                let shows = |seen: &Rc<Seen>| seen.facts.iter().flat_map(|fact| &fact.keys).any(|shown| shown == key);
                if seen.as_ref().is_some_and(|seen| !shows(seen)) {
                    n_others += 1;
                    continue;
                }
                if left == 0 {
                    return Ok((shown, true));
                }
                left -= 1;
                shown.extend(seen);
            }
            let Some(last) = page.last().filter(|_| page.len() == query.limit) else { return Ok((shown, false)) };
            if n_others >= OTHERS_MAX {
                return Ok((shown, true));
            }
            query = Query { limit: left + 1 + n_others, ..query.after(last.cursor()) };
        }
    }

    fn spans(&self) -> Result<Rc<[Span]>, Error> {
        if let Some(known) = self.spans.get() {
            return Ok(Rc::clone(known));
        }
        let spans = self.snapshot.recorders(self.as_of)?.into_iter().map(|span| Span {
            source: span.source,
            recorder: span.recorder,
            first: span.first_event,
            last: span.last_event,
        });
        Ok(Rc::clone(self.spans.get_or_init(|| spans.collect())))
    }

    /// A record as the walk sees it: its facts derived anew. That its evidence is what its digest says is for
    /// `writ fsck` to check.
    pub(crate) fn seen(&self, position: Position) -> Result<Rc<Seen>, Error> {
        if let Some(seen) = self.seen.borrow().get(&position) {
            return Ok(Rc::clone(seen));
        }
        let WithCopies { record, own, copies } = self.snapshot.record_with_copies(position, COPIES_MAX)?;
        let copies = match copies {
            // A copy that cannot be read takes nothing from this one, but it may have been a conflict.
            Err(error) if error.kind() == writ_store::Kind::Corrupt => {
                self.unreadable.borrow_mut().insert(position);
                own.into_iter().collect()
            }
            copies => copies?,
        };
        let visible: Vec<&Posting> = copies.iter().filter(|copy| copy.received <= self.as_of).collect();
        let is_own = |copy: &&&Posting| own.is_some_and(|own| own.is_copy_of(copy));
        // The best custody that any copy came in counts, and when the first of them came.
        let custody = visible.iter().filter(is_own).map(|copy| copy.custody()).min();
        let received = visible.iter().filter(is_own).map(|copy| copy.received).min();
        // Another content under its id is a conflict only where it came in as good a custody: else whoever
        // can write a line that nobody authenticates could take every record at its word.
        let rivals = |copy: &&Posting| !is_own(&copy) && custody.is_none_or(|own| copy.custody() <= own);
        let facts = writ_sources::derive_facts(&record.envelope, &record.evidence).map_err(|cause| {
            Error::new(Kind::Corrupt, format!("record {} cannot be read any more: {cause}", record.id))
                .hint("a newer writ may have written it; use that one")
        })?;
        let seen = Rc::new(Seen {
            id: record.id,
            content: record.content,
            custody: custody.unwrap_or(record.envelope.custody),
            event_time: record.envelope.event_time,
            received: received.unwrap_or(record.envelope.received_time),
            in_conflict: visible.iter().any(rivals),
            withheld: record.envelope.redactions.iter().map(|redaction| redaction.kind.clone()).collect(),
            identity: record.envelope.identity,
            facts,
        });
        self.seen.borrow_mut().insert(position, Rc::clone(&seen));
        Ok(seen)
    }
}

#[cfg(test)]
mod tests;
