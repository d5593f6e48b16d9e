//! The key index: sorted immutable parts on disk, and a tail in memory.
//!
//! It is a follower of the log: it can be deleted and made again. A **part** holds the keys of
//! consecutive positions, and is one file that is never changed ([`part`]). What is newer than the last
//! part is the **tail** ([`tail`]). Parts are merged in the background, eight into one ([`plan`], [`merge`]),
//! and nothing is read whole to open them. Every look-up asks each part and puts the answers together
//! ([`look`]); within a part each record has a *rank*, its number in the order of event time, record id
//! and copy, so that a window of time is a range of ranks.
//!
//! The layout of a part is specified in `docs/spec/index-v3.md`. Every block has a checksum: what is
//! damaged is an error, never another answer.

pub(crate) mod batch;
mod bits;
pub(crate) mod block;
mod columns;
mod fence;
pub(crate) mod filter;
pub(crate) mod header;
mod look;
pub(crate) mod merge;
mod numbers;
mod packed;
pub(crate) mod part;
pub(crate) mod plan;
pub(crate) mod postings;
mod ranks;
pub(crate) mod recorder;
pub(crate) mod row;
pub(crate) mod run;
mod source;
mod spread;
mod table;
pub(crate) mod tail;
pub(crate) mod terms;
pub(crate) mod write;

use crate::error::{Error, Kind};
use crate::index::header::Facts;
use crate::index::look::{Hit, Look, Lost, Wanted, is_lost};
use crate::index::part::Part;
use crate::index::recorder::Summary;
use crate::index::row::{RecorderName, Row};
use crate::index::source::{Reader, Source};
use crate::index::tail::Tail;
use crate::log::Position;
use crate::snapshot::query::{IdPrefix, Posting, Query, RecorderSpan, best_copies};
use crate::term::Term;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use writ_model::record::RecordId;
use writ_model::time::Time;

/// Records of one id prefix that are fetched and sorted. Where more have it, all records are gone through
/// in order instead, since then one of them is never far.
const PREFIX_SORTED_MAX: u64 = 4096;

/// The keys of a log at one moment: it does not change, and can be shared between threads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    sources: Vec<Source>,
    /// Records that the log has lost: look-ups pass over them.
    lost: Lost,
}

impl Index {
    /// Parts in the order of positions, without a hole, and the tail that begins where they end.
    pub(crate) fn new(parts: &[Arc<Part>], tail: &Tail) -> Result<Index, Error> {
        let parts = parts.iter().map(|part| Source::Part(Arc::clone(part)));
        let runs = tail.runs().iter().map(|run| Source::Run(Arc::clone(run)));
        let sources: Vec<Source> = parts.chain(runs).collect();
        for (one, other) in sources.iter().zip(sources.iter().skip(1)) {
            let (next, first) = (one.facts().next, other.facts().first);
            if next != first {
                let message =
                    format!("the index goes on at position {first} instead of {next}: rebuild it with `writ rebuild`");
                return Err(Error::new(Kind::Corrupt, message));
            }
        }
        Ok(Index { sources, lost: Lost::default() })
    }

    /// The same without the records at these positions, which do not overlap.
    pub(crate) fn without(self, lost: Vec<Range<u64>>) -> Index {
        Index { lost: lost.into(), ..self }
    }

    /// How many records can be found, copies included.
    pub(crate) fn len(&self) -> u64 {
        let all: u64 = self.sources.iter().map(|source| u64::from(source.facts().n_rows)).sum();
        // What was derived from the log just now has no row of what is lost.
        let parts = self.sources.iter().filter(|source| matches!(source, Source::Part(_))).map(Source::facts);
        let within =
            |range: &Range<u64>, facts: &Facts| range.end.min(facts.next).saturating_sub(range.start.max(facts.first));
        let lost: u64 = parts.flat_map(|facts| self.lost.iter().map(|range| within(range, facts))).sum();
        all.saturating_sub(lost)
    }

    /// The position after the last record.
    pub(crate) fn next(&self) -> u64 {
        self.sources.last().map_or(0, |source| source.facts().next)
    }

    /// Whether any record has these terms, of each.
    pub(crate) fn has(&self, terms: &[Term]) -> Result<Vec<bool>, Error> {
        let terms: Vec<Term> = terms.iter().map(|term| term.kept()).collect();
        let mut has = vec![false; terms.len()];
        let mut may = has.clone();
        for source in &self.sources {
            source.may_have_each(&terms, &mut may)?;
            for ((term, has), _) in terms.iter().zip(&mut has).zip(&may).filter(|(_, may)| **may) {
                *has = *has || source.entry(*term)?.is_some();
            }
        }
        Ok(has)
    }

    /// Has what filters say of these terms be fetched.
    pub(crate) fn expect(&self, terms: &[Term]) {
        for source in &self.sources {
            for term in terms {
                source.expect(term.kept());
            }
        }
    }

    /// When the newest record was received.
    pub(crate) fn newest_received(&self) -> Option<Time> {
        self.sources.iter().filter_map(|source| source.facts().received).map(|(_, last)| last).max()
    }

    /// The records that have a term, in the order and within the bounds of the query, of copies the best.
    /// Two names may share a term by chance, so the caller checks each on the record.
    pub(crate) fn lookup(&self, term: Term, query: &Query) -> Result<Vec<Posting>, Error> {
        self.pick(Wanted::Term(term.kept()), query)
    }

    /// All records, in the order and within the bounds of the query, of copies the best.
    pub(crate) fn all(&self, query: &Query) -> Result<Vec<Posting>, Error> {
        self.pick(Wanted::All, query)
    }

    fn pick(&self, wanted: Wanted, query: &Query) -> Result<Vec<Posting>, Error> {
        let mut look = Look::new(&self.sources, &self.lost, wanted, *query)?;
        pick_hits(|| look.next(), |_| true, query.limit)
    }

    /// How many postings a term has, in any custody and whenever received: an upper bound of what a look-up
    /// can find.
    pub(crate) fn count(&self, term: Term) -> Result<u64, Error> {
        let count = |source: &Source| Ok(source.posted(term.kept())?.map_or(0, |posted| posted.count()));
        self.sources.iter().map(count).sum()
    }

    /// A record's posting by its position; `None` if there is none, or it is lost.
    pub(crate) fn posting(&self, position: Position) -> Result<Option<Posting>, Error> {
        let at = self.sources.partition_point(|source| source.facts().next <= position.0);
        let Some(source) = self.sources.get(at).filter(|_| !is_lost(&self.lost, position)) else { return Ok(None) };
        let first = source.facts().first;
        let Some(local) = position.0.checked_sub(first) else { return Ok(None) };
        let Some(rank) = source.rank_at(local)? else { return Ok(None) };
        Ok(Some(Reader::new(source.clone()).row(rank)?.posting(first)))
    }

    /// Every copy of the records that have the term of an identity and are of its recorder, at most `limit`. Others may
    /// share its term by chance, so each is checked on the record, by `is_it`, before it counts.
    pub(crate) fn by_identity(
        &self,
        term: Term,
        recorder: (&str, &str),
        limit: usize,
        is_it: impl FnMut(&Posting) -> Result<bool, Error>,
    ) -> Result<Vec<Posting>, Error> {
        let mut next = self.identified(term, recorder, is_it)?;
        let mut copies = Vec::new();
        while copies.len() < limit
            && let Some(hit) = next()?
        {
            copies.push(hit.posting());
        }
        Ok(copies)
    }

    /// The same of copies the best.
    pub(crate) fn best_by_identity(
        &self,
        term: Term,
        recorder: (&str, &str),
        limit: usize,
        is_it: impl FnMut(&Posting) -> Result<bool, Error>,
    ) -> Result<Vec<Posting>, Error> {
        pick_hits(self.identified(term, recorder, is_it)?, |_| true, limit)
    }

    fn identified(
        &self,
        term: Term,
        recorder: (&str, &str),
        mut is_it: impl FnMut(&Posting) -> Result<bool, Error>,
    ) -> Result<impl FnMut() -> Result<Option<Hit>, Error>, Error> {
        let (numbers, query) = (self.numbers(recorder)?, Query::new(Time::MAX, usize::MAX));
        let mut look = Look::new(&self.sources, &self.lost, Wanted::Term(term.kept()), query)?;
        Ok(move || {
            while let Some(hit) = look.next()? {
                if is_of(&hit, &numbers) && is_it(&hit.posting())? {
                    return Ok(Some(hit));
                }
            }
            Ok(None)
        })
    }

    /// Every stored copy of the record of this id, in the order of positions: what a writer asks before it
    /// stores another, to tell a duplicate from a better copy, and what is [`Row::again`].
    pub(crate) fn copies(&self, id: RecordId) -> Result<Vec<Posting>, Error> {
        let mut copies = Vec::new();
        for source in &self.sources {
            let (mut reader, first) = (Reader::new(source.clone()), source.facts().first);
            for at in source.places_of_ids(id, id)? {
                copies.push(reader.row_by_id(at)?.posting(first));
            }
        }
        copies.sort_by_key(|posting| posting.position);
        Ok(copies)
    }

    /// The records whose id begins with these hex digits (a leading `#` is allowed), at most `limit`, in the
    /// order of postings, of copies the best. Nothing for text that is no hex, or empty.
    pub(crate) fn by_id_prefix(&self, hex: &str, limit: usize) -> Result<Vec<Posting>, Error> {
        let Some(prefix) = IdPrefix::parse(hex.strip_prefix('#').unwrap_or(hex)) else { return Ok(Vec::new()) };
        let (from, to) = prefix.bounds();
        let places = |source: &Source| source.places_of_ids(from, to);
        let places: Vec<_> = self.sources.iter().map(places).collect::<Result<_, _>>()?;
        if places.iter().map(|places| places.end - places.start).sum::<u64>() > PREFIX_SORTED_MAX {
            let mut look = Look::new(&self.sources, &self.lost, Wanted::All, Query::new(Time::MAX, limit))?;
            return pick_hits(|| look.next(), |hit| prefix.matches(hit.row.id), limit);
        }
        let mut found: Vec<Hit> = Vec::new();
        for ((number, source), places) in self.sources.iter().enumerate().zip(places) {
            let (mut reader, first) = (Reader::new(source.clone()), source.facts().first);
            for at in places {
                let row = reader.row_by_id(at)?;
                if !is_lost(&self.lost, row.position(first)) {
                    found.push(Hit { row, position: row.position(first), source: number });
                }
            }
        }
        found.sort_by_key(|hit| (hit.row.place(), hit.position));
        let mut found = found.into_iter();
        pick_hits(|| Ok(found.next()), |_| true, limit)
    }

    /// What a recorder wrote between two event times (both included), as far as it was received by `as_of`,
    /// ordered by event time and id, each record once: what a declaration of coverage is over. `term` is the
    /// recorder's term. It is read as far as it is asked for, and ends at the first error.
    pub(crate) fn window(
        &self,
        term: Term,
        recorder: (&str, &str),
        (from, to): (Time, Time),
        as_of: Time,
    ) -> Result<Window, Error> {
        let query = Query::new(as_of, usize::MAX).within(from, to);
        let numbers = self.numbers(recorder)?;
        Ok(Window {
            look: Look::new(&self.sources, &self.lost, Wanted::Term(term.kept()), query)?,
            numbers,
            last: None,
            has_failed: false,
        })
    }

    /// The number of a recorder in each source.
    fn numbers(&self, recorder: (&str, &str)) -> Result<Vec<Option<u32>>, Error> {
        self.sources.iter().map(|source| source.recorder(recorder)).collect()
    }

    /// Who wrote what is here, as far as it was received by `as_of`, ordered by name; copies of a record
    /// count once. Reads the rows of those parts alone in which something was received later.
    pub(crate) fn recorders(&self, as_of: Time) -> Result<Vec<RecorderSpan>, Error> {
        let mut all: BTreeMap<RecorderName, Summary> = BTreeMap::new();
        // Whether everything before a source was received by then: if so, a copy that is not the first has
        // been counted.
        let mut all_before = true;
        for source in &self.sources {
            let facts = source.facts();
            let Some((first, last)) = facts.received else { continue };
            let whole = last <= as_of;
            let found = if whole && (all_before || facts.n_again == 0) {
                source.recorders()?.to_vec()
            } else if first <= as_of {
                self.recorders_of(source, as_of)?
            } else {
                Vec::new()
            };
            all_before &= whole;
            for summary in found {
                all.entry(summary.name.clone()).or_insert_with(|| Summary::new(summary.name.clone())).merge(&summary);
            }
        }
        Ok(all.into_values().filter_map(Summary::span).collect())
    }

    /// The same of one source, by looking at its rows.
    fn recorders_of(&self, source: &Source, as_of: Time) -> Result<Vec<Summary>, Error> {
        let named = |summary: &Summary| Summary::new(summary.name.clone());
        let mut found: Vec<Summary> = source.recorders()?.iter().map(named).collect();
        let query = Query::new(as_of, usize::MAX);
        let mut look = Look::new(std::slice::from_ref(source), &self.lost, Wanted::All, query)?;
        while let Some(hit) = look.next()? {
            let counts = !hit.row.again || self.is_first(&hit.row, hit.position, as_of)?;
            if let Some(summary) = found.get_mut(hit.row.recorder as usize) {
                summary.add(&hit.row, counts);
            }
        }
        Ok(found)
    }

    /// Whether no copy of a row's record at an earlier position was received by then.
    fn is_first(&self, row: &Row, position: Position, as_of: Time) -> Result<bool, Error> {
        let copies = self.copies(row.id)?;
        let earlier = copies.iter().take_while(|copy| copy.position < position);
        Ok(earlier.into_iter().all(|copy| copy.received > as_of))
    }
}

/// Whether a row is of the recorder that has these numbers.
fn is_of(hit: &Hit, numbers: &[Option<u32>]) -> bool {
    numbers.get(hit.source).copied().flatten() == Some(hit.row.recorder)
}

/// The best copies of those hits that fit, at most `limit` records.
fn pick_hits(
    mut next: impl FnMut() -> Result<Option<Hit>, Error>,
    fits: impl Fn(&Hit) -> bool,
    limit: usize,
) -> Result<Vec<Posting>, Error> {
    let mut failed = None;
    let postings = std::iter::from_fn(|| {
        loop {
            match next() {
                Ok(Some(hit)) if !fits(&hit) => {}
                Ok(hit) => return hit.map(|hit| hit.posting()),
                Err(error) => {
                    failed = Some(error);
                    return None;
                }
            }
        }
    });
    let best = best_copies(postings, limit);
    failed.map_or(Ok(best), Err)
}

/// What a recorder wrote in a window: see [`Index::window`].
#[derive(Debug)]
pub(crate) struct Window {
    look: Look,
    numbers: Vec<Option<u32>>,
    last: Option<RecordId>,
    has_failed: bool,
}

impl Iterator for Window {
    type Item = Result<(RecordId, Position), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.has_failed {
            let hit = match self.look.next() {
                Ok(hit) => hit?,
                Err(error) => {
                    self.has_failed = true;
                    return Some(Err(error));
                }
            };
            // Copies stand together, and are one record.
            if is_of(&hit, &self.numbers) && self.last.replace(hit.row.id) != Some(hit.row.id) {
                return Some(Ok((hit.row.id, hit.position)));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
