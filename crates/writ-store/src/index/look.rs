//! Looking: the postings of several sources as one list, in order, and no more of it than is asked for.
//!
//! Sources are opened late. Records arrive nearly in the order of their times, so the page of a hot term
//! that somebody asks for lies in one or two parts; of the others it is enough to know from when to when
//! their events are.

use crate::error::Error;
use crate::index::ranks::Ranks;
use crate::index::row::{Place, Row};
use crate::index::source::{Reader, Source};
use crate::log::Position;
use crate::snapshot::query::{Order, Posting, Query, When};
use crate::term::{Term, before_custody, last_custody};
use std::ops::Range;
use std::sync::Arc;
use writ_model::time::Time;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    All,
    Term(Term),
}

impl Wanted {
    fn may_be_in(self, source: &Source) -> Result<bool, Error> {
        match self {
            Wanted::All => Ok(true),
            Wanted::Term(term) => source.may_have(term),
        }
    }

    fn expect_in(self, source: &Source) {
        if let Wanted::Term(term) = self {
            source.expect(term);
        }
    }
}

/// A row that was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    pub(crate) row: Row,
    pub(crate) position: Position,
    /// The number of its source.
    pub(crate) source: usize,
}

impl Hit {
    pub(crate) fn posting(&self) -> Posting {
        Posting::at(self.position, self.row.place(), self.row.precision_ms, self.row.received)
    }

    fn key(&self) -> (Place, Position) {
        (self.row.place(), self.position)
    }
}

/// What was found in several sources, copies included: read one after the other with [`Look::next`].
#[derive(Debug)]
pub(crate) struct Look {
    wanted: Wanted,
    query: Query,
    streams: Vec<Stream>,
    lost: Lost,
}

/// Positions of records that the log has lost.
pub(crate) type Lost = Arc<[Range<u64>]>;

/// Whether the record at a position is lost.
pub(crate) fn is_lost(lost: &Lost, position: Position) -> bool {
    lost.iter().any(|range| range.contains(&position.0))
}

/// What was found in one source.
#[derive(Debug)]
struct Stream {
    number: usize,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nothing is read; what it holds lies behind this time, in the order of the query.
    Closed(Source, Option<Time>),
    Open(Box<Open>),
    /// There is no more.
    Done,
}

#[derive(Debug)]
struct Open {
    reader: Reader,
    /// The first position of the source.
    first: u64,
    ranks: Ranks,
    head: Hit,
}

impl Look {
    /// Looks within the bounds of a query, apart from its limit. Sources that cannot have what is wanted are left
    /// out at once: most terms are in few.
    pub(crate) fn new(sources: &[Source], lost: &Lost, wanted: Wanted, query: Query) -> Result<Look, Error> {
        let all = sources.iter().enumerate();
        let near: Vec<_> =
            all.filter_map(|(number, source)| Some((number, source, nearest(source, &query)?))).collect();
        for (_, source, _) in &near {
            wanted.expect_in(source);
        }
        let mut streams = Vec::new();
        for (number, source, Nearest(time)) in near {
            if wanted.may_be_in(source)? {
                streams.push(Stream { number, state: State::Closed(source.clone(), time) });
            }
        }
        Ok(Look { wanted, query, lost: Arc::clone(lost), streams })
    }

    /// The next posting that was received by then.
    pub(crate) fn next(&mut self) -> Result<Option<Hit>, Error> {
        loop {
            let order = self.query.order;
            let is_nearer = |one: (Place, Position), other: (Place, Position)| match order {
                Order::OldestFirst => one < other,
                Order::NewestFirst => one > other,
            };
            let mut best: Option<(usize, Hit)> = None;
            for (at, stream) in self.streams.iter().enumerate() {
                if let State::Open(open) = &stream.state
                    && best.is_none_or(|(_, other)| is_nearer(open.head.key(), other.key()))
                {
                    best = Some((at, open.head));
                }
            }
            let may_be_nearer = |stream: &Stream| match (&stream.state, best) {
                (State::Closed(..), None) => true,
                (State::Closed(_, nearest), Some((_, hit))) if order == Order::OldestFirst => *nearest <= hit.row.time,
                (State::Closed(_, nearest), Some((_, hit))) => *nearest >= hit.row.time,
                _ => false,
            };
            let closed = self.streams.iter_mut().filter(|stream| may_be_nearer(stream));
            let time = |stream: &&mut Stream| if let State::Closed(_, time) = &stream.state { *time } else { None };
            let closed = match order {
                Order::OldestFirst => closed.min_by_key(time),
                Order::NewestFirst => closed.max_by_key(time),
            };
            if let Some(stream) = closed {
                stream.open(self.wanted, &self.query, &self.lost)?;
                continue;
            }
            let Some((at, hit)) = best else { return Ok(None) };
            if let Some(stream) = self.streams.get_mut(at) {
                stream.step(&self.query, &self.lost)?;
            }
            return Ok(Some(hit));
        }
    }
}

/// The time at which a source begins.
#[derive(Clone, Copy, Debug)]
struct Nearest(Option<Time>);

/// The time at which a source begins, seen from where the query begins; `None` if it holds nothing that is
/// asked for.
fn nearest(source: &Source, query: &Query) -> Option<Nearest> {
    let facts = source.facts();
    if facts.received.is_none_or(|(first, _)| first > query.as_of) {
        return None;
    }
    let last = facts.events.map(|(_, last)| last);
    let first = if facts.n_timeless > 0 { None } else { facts.events.map(|(first, _)| first) };
    let after = query.after.map(|cursor| cursor.place().time);
    let (from, to) = match query.when {
        When::Any => (None, Some(Time::MAX)),
        When::Within(from, to) => (Some(from), Some(to)),
        When::Until(to) => (None, Some(to)),
    };
    // Nothing of it is so late, or so early.
    if last < from || first > to {
        return None;
    }
    // Nothing of it is behind the cursor.
    let is_passed = after.is_some_and(|time| match query.order {
        Order::OldestFirst => last < time,
        Order::NewestFirst => first > time,
    });
    let nearest = match query.order {
        Order::OldestFirst => first.max(from).max(after.flatten()),
        Order::NewestFirst => after.map_or(last.min(to), |time| last.min(to).min(time)),
    };
    (!is_passed).then_some(Nearest(nearest))
}

/// The ranks that a query asks for, and a few beside a window of time: see [`Source::around`].
fn ranks(source: &Source, query: &Query) -> Result<Range<u32>, Error> {
    let facts = source.facts();
    let mut ranks = 0..facts.n_rows;
    match (query.when, facts.events) {
        (When::Until(to), Some((_, last))) if to < last => ranks.end = source.around(Time::MIN, to)?.end,
        (When::Within(from, to), Some((first, last))) => {
            // A record without an event time is not known to lie in any window; `None` sorts before all.
            if from > first || to < last {
                ranks = source.around(from, to)?;
            }
            ranks.start = ranks.start.max(facts.n_timeless);
        }
        (When::Within(..) | When::Until(_) | When::Any, _) => {}
    }
    if let Some(place) = query.after.map(|cursor| cursor.place()) {
        // Behind a record is behind all its copies.
        let first = Place { copy: before_custody(place.copy), ..place };
        let last = Place { copy: last_custody(place.copy), ..place };
        match query.order {
            Order::OldestFirst => {
                ranks.start = ranks.start.max(source.first_rank(place.time, |other| *other <= last)?);
            }
            Order::NewestFirst => ranks.end = ranks.end.min(source.first_rank(place.time, |other| *other < first)?),
        }
    }
    Ok(ranks.start..ranks.end.max(ranks.start))
}

impl Stream {
    fn open(&mut self, wanted: Wanted, query: &Query, lost: &Lost) -> Result<(), Error> {
        let State::Closed(source, _) = std::mem::replace(&mut self.state, State::Done) else { return Ok(()) };
        let ranks = match wanted {
            Wanted::All => Ranks::all(ranks(&source, query)?, query.order),
            Wanted::Term(term) => {
                // Where the term is not there, nothing else is read.
                let Some(posted) = source.entry(term)? else { return Ok(()) };
                posted.ranks(ranks(&source, query)?, query.order)?
            }
        };
        let first = source.facts().first;
        let head = Hit { row: Row::EMPTY, position: Position(0), source: self.number };
        self.state = State::Open(Box::new(Open { reader: Reader::new(source), first, ranks, head }));
        self.step(query, lost)
    }

    /// Goes on to the next row of the window that was received by then, and whose record can still be read.
    fn step(&mut self, query: &Query, lost: &Lost) -> Result<(), Error> {
        let State::Open(open) = &mut self.state else { return Ok(()) };
        let Open { reader, first, ranks, head } = open.as_mut();
        while let Some(rank) = ranks.next()? {
            if reader.is_later(rank, query.as_of)? {
                continue;
            }
            let row = reader.row(rank)?;
            let is_asked_for = row.received <= query.as_of && query.when.includes(row.time);
            if is_asked_for && !is_lost(lost, row.position(*first)) {
                (head.row, head.position) = (row, row.position(*first));
                return Ok(());
            }
        }
        self.state = State::Done;
        Ok(())
    }
}
