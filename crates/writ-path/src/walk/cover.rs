//! Which absences may be claimed: a recorder was complete over a stretch of time. Three bases are known:
//! an unbroken count that the recorder keeps, with records on both sides; a manifest in which it counts
//! what it wrote; a declaration by whoever handed the evidence in. A recorder that speaks of itself, or
//! reported loss in that stretch, covers nothing, and what anybody may have sent fills no hole.

use super::way::Act;
use super::{Found, Walk};
use crate::answer::Coverage;
use crate::coverage;
use crate::question::{Ask, Seen, Stopped};
use crate::rule::Chain;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use writ_model::custody::Custody;
use writ_model::fact::{Detail, FactKind, Manifest, RecorderChange};
use writ_model::key::{KeyName, KeyRole};
use writ_model::record::Identity;
use writ_model::time::Time;

/// How far around a stretch the records of an unbroken count are looked for, in milliseconds: a service
/// that writes nothing for longer than a day shows no record on both sides.
const AROUND_MS: i64 = 24 * 3600 * 1000;

/// The source under which rejects are kept, and before the name of a source: the recorder of rejects
/// that it knew for its own and could not read.
const REJECTS: &str = "raw";
const UNREAD: &str = "unread:";
/// The source that routes are of.
const DIRECTORY: &str = "identity";
/// Stands for the source where a reject may be a record of any.
const ANY: &str = "any";

impl Walk<'_> {
    /// Coverage of the recorder of an act over a stretch of time.
    pub(super) fn covering(&mut self, act: &Act, from: Time, to: Time) -> Result<Vec<String>, Stopped> {
        let Some(first) = act.records.first() else { return Ok(Vec::new()) };
        let (source, recorder) = (first.identity.source.clone(), first.identity.recorder.clone());
        self.coverage_of(&source, &recorder, from, to)
    }

    /// Ids of what covers a recorder over a stretch of time; empty where nothing does.
    pub(super) fn coverage_of(
        &mut self,
        source: &str,
        recorder: &str,
        from: Time,
        to: Time,
    ) -> Result<Vec<String>, Stopped> {
        let Some(info) = self.question.source(source) else { return Ok(Vec::new()) };
        let speaks_of_itself = source.starts_with("otel.");
        let late = to.plus_millis(i64::try_from(info.delay_worst_ms).unwrap_or(i64::MAX));
        // What a damaged log held, a stop of the recorder or a record of the act, is not known any more.
        let damaged = self.question.damaged.is_some();
        if speaks_of_itself || damaged || self.question.as_of < late || self.lost_something(recorder, from, to)? {
            return Ok(Vec::new());
        }
        if self.unread(source, recorder)? {
            return Ok(Vec::new());
        }
        let mut ids = self.declared(source, recorder, from, to)?;
        ids.extend(self.counted(source, recorder, from, to)?);
        if ids.is_empty() {
            ids.extend(self.unbroken(source, recorder, from, to)?);
        }
        Ok(ids)
    }

    /// The source that a recorder's records here are of, preferring one that holds such facts.
    pub(super) fn source_of(&self, recorder: &str, kind: FactKind) -> Result<Option<String>, Stopped> {
        let spans = self.evidence.spans()?;
        let mut own = spans.iter().filter(|span| span.recorder == recorder && span.source != "health");
        let holds = |source: &str| self.question.source(source).is_some_and(|info| info.contains.contains(&kind));
        Ok(own.find(|span| holds(&span.source)).map(|span| span.source.clone()))
    }

    /// What is said about a recorder.
    pub(super) fn said_of(&mut self, recorder: &str) -> Result<Found, Stopped> {
        match KeyName::of_recorder(recorder) {
            Some(name) => self.keyed(&name, KeyRole::Names, Time::MAX, Chain::Credential),
            None => Ok(Found { records: Vec::new(), more: false }),
        }
    }

    /// Whether something of this source or recorder could not be read: that may be the record that is
    /// missed, and when it was written is not known.
    fn unread(&mut self, source: &str, recorder: &str) -> Result<bool, Stopped> {
        let kept = |kept: &str| kept == recorder || kept.strip_prefix(UNREAD) == Some(source);
        if self.rejects(&kept)? {
            self.limit(format!(
                "Records of {source} that could not be read are here, and any may be one that is missed: nothing of it counts as complete."
            ));
            return Ok(true);
        }
        let unread = self.rejects(&|kept: &str| kept.strip_prefix(UNREAD) == Some(ANY))?;
        if unread {
            self.limit(
                "Input that could not be read is here, and may be a record that is missed: nothing counts as complete. `writ find source:raw` lists it.".to_string(),
            );
        }
        Ok(unread)
    }

    /// Whether a route may be among what could not be read: then those that are here may not be all.
    pub(super) fn routes_unread(&mut self) -> Result<bool, Stopped> {
        let of = |kept: &str| kept.strip_prefix(UNREAD).is_some_and(|source| source == DIRECTORY || source == ANY);
        let unread = self.rejects(&of)?;
        if unread {
            self.limit(
                "Entries of a directory that could not be read may be here, and may be routes: no control counts as the only one.".to_string(),
            );
        }
        Ok(unread)
    }

    /// Whether something could not be read that is kept under such a recorder.
    fn rejects(&self, of: &dyn Fn(&str) -> bool) -> Result<bool, Stopped> {
        Ok(self.evidence.spans()?.iter().any(|span| span.source == REJECTS && of(&span.recorder)))
    }

    fn lost_something(&mut self, recorder: &str, from: Time, to: Time) -> Result<bool, Stopped> {
        let mut off = false;
        let said = self.said_of(recorder)?;
        if said.more {
            // What is said of it and was not looked at may be that it lost something.
            return Ok(true);
        }
        for record in said.records {
            let Some(at) = record.event_time else { continue };
            for fact in &record.facts {
                let Detail::Recorder(change) = &fact.detail else { continue };
                let within = at.start <= to && from <= at.end.unwrap_or(at.start);
                // What is not said to be over goes on; a call that changes a log is over when it is made.
                let reported = record.identity.source == "health";
                let going_on = at.start <= to && at.end.is_none_or(|end| from <= end);
                match change {
                    RecorderChange::Sampled if going_on => return Ok(true),
                    // A count of what was dropped that tells no window reaches back as far as it may.
                    RecorderChange::Dropped if going_on || at.end.is_none() => return Ok(true),
                    RecorderChange::Altered if within || (going_on && reported) => return Ok(true),
                    RecorderChange::Stopped if at.start <= to => off = true,
                    RecorderChange::Resumed if at.start <= from && vouched(&record) => off = false,
                    _ => {}
                }
            }
        }
        Ok(off)
    }

    /// Declarations by whoever handed the evidence in, that still hold.
    fn declared(&mut self, source: &str, recorder: &str, from: Time, to: Time) -> Result<Vec<String>, Stopped> {
        let mut ids = Vec::new();
        for record in self.said_of(recorder)?.records {
            for fact in &record.facts {
                let Detail::Coverage(said) = &fact.detail else { continue };
                let about = said.source == source && said.recorder == recorder;
                if !about || from < said.from || said.to < to {
                    continue;
                }
                if self.is_named_here(&said.declared_by) {
                    self.limit_own_word();
                    continue;
                }
                let ask = Ask::Window {
                    source: said.source.clone(),
                    recorder: said.recorder.clone(),
                    from: said.from,
                    to: said.to,
                };
                let (count, digest) = self.evidence.window(ask)?;
                if coverage::holds(said, count, &digest) {
                    let info = self.question.source(source);
                    ids.push(self.note_coverage(coverage::entry(String::new(), said, info), &record));
                } else {
                    self.limit(format!("A declaration that {recorder} is complete no longer holds: the records it counted have changed."));
                }
            }
        }
        Ok(ids)
    }

    /// Manifests of the recorder that still count what is here, and together reach over the stretch.
    fn counted(&mut self, source: &str, recorder: &str, from: Time, to: Time) -> Result<Vec<String>, Stopped> {
        let mut held: Vec<(Rc<Seen>, Manifest, String)> = Vec::new();
        let mut contradicted = false;
        for record in self.said_of(recorder)?.records {
            for fact in &record.facts {
                let Detail::Manifest(said) = &fact.detail else { continue };
                if said.source != source || said.recorder != recorder || said.to <= from || to < said.from {
                    continue;
                }
                // A window includes both its ends, a manifest does not include its last.
                let window = (said.from, just_before(said.to));
                let Some(here) = self.all_recorded(source, recorder, window)? else {
                    self.limit(format!(
                        "{recorder} says that it wrote {} records from {} to {}: more are here than are counted.",
                        said.count, said.from, said.to
                    ));
                    continue;
                };
                // It counts what it wrote: a second content of one record is none, nor is what anybody sent.
                let own: Vec<&Rc<Seen>> = here.iter().filter(|record| vouched(record)).collect();
                let count = own.iter().map(|record| &record.identity).collect::<BTreeSet<_>>().len() as u64;
                if count != said.count {
                    contradicted = true;
                    self.limit(format!(
                        "{recorder} says that it wrote {} records from {} to {}; {count} are here.",
                        said.count, said.from, said.to
                    ));
                } else if vouched(&record) {
                    let (_, digest) = coverage::window_digest(own.iter().map(|record| record.id).collect());
                    held.push((Rc::clone(&record), said.clone(), digest));
                }
            }
        }
        // One count that does not agree says that something is lost, whatever others say.
        if contradicted {
            return Ok(Vec::new());
        }
        held.sort_by_key(|(record, said, _)| (said.from, said.to, record.id));
        let mut reached = from;
        let mut ids = Vec::new();
        for (record, said, digest) in held {
            if said.from <= reached && reached < said.to {
                reached = said.to;
                let entry = Coverage {
                    basis: "manifest",
                    digest,
                    declared_by: None,
                    ..self.bare_coverage(source, recorder, said.from, said.to)
                };
                ids.push(self.note_coverage(entry, &record));
            }
        }
        Ok(if reached > to { ids } else { Vec::new() })
    }

    /// An unbroken count over the stretch, with records on both sides.
    fn unbroken(&mut self, source: &str, recorder: &str, from: Time, to: Time) -> Result<Option<String>, Stopped> {
        let around = (from.plus_millis(-AROUND_MS), to.plus_millis(AROUND_MS));
        let Some(records) = self.all_recorded(source, recorder, around)? else { return Ok(None) };
        let mut numbers: BTreeMap<(String, u64), (Time, Rc<Seen>)> = BTreeMap::new();
        let mut bearers: BTreeMap<Identity, (String, u64)> = BTreeMap::new();
        let mut torn: BTreeSet<String> = BTreeSet::new();
        for record in records.iter().filter(|record| vouched(record)) {
            let (Some(time), Some(sequence)) =
                (record.event_time, record.facts.iter().find_map(|fact| fact.sequence.clone()))
            else {
                continue;
            };
            // A number that was given twice counts nothing, nor does a record that bears two; a second
            // content of one record is neither.
            let given = numbers.insert(sequence.clone(), (time.start, Rc::clone(record)));
            if given.is_some_and(|(at, given)| given.identity != record.identity || at != time.start) {
                torn.insert(sequence.0.clone());
            }
            if let Some(borne) = bearers.insert(record.identity.clone(), sequence.clone())
                && borne != sequence
            {
                torn.extend([borne.0, sequence.0]);
            }
        }
        let epochs: BTreeSet<String> =
            numbers.keys().map(|(epoch, _)| epoch.clone()).filter(|epoch| !torn.contains(epoch)).collect();
        for epoch in epochs {
            let own = || numbers.iter().filter(|((of, _), _)| *of == epoch);
            let before = own().filter(|(_, (time, _))| *time < from).max_by_key(|((_, n), _)| *n);
            let after = own().filter(|(_, (time, _))| *time > to).min_by_key(|((_, n), _)| *n);
            let (Some(((_, first), (begin, left))), Some(((_, last), (end, right)))) = (before, after) else {
                continue;
            };
            // A count goes with time, all of it: where one number stands earlier than a lower one, the
            // recorder began anew under an old name, and a number at the act may be another count's.
            let onward = own().zip(own().skip(1)).all(|((_, (one, _)), (_, (next, _)))| one <= next);
            let filled = first < last && (*first..=*last).all(|n| numbers.contains_key(&(epoch.clone(), n)));
            let whole = onward && filled;
            if !whole {
                let (from, to) = (*begin, *end);
                self.limit(format!("The count that {recorder} keeps has holes between {from} and {to}."));
                continue;
            }
            let ids: Vec<_> = (*first..=*last)
                .filter_map(|n| numbers.get(&(epoch.clone(), n)))
                .map(|(_, record)| record.id)
                .collect();
            let (_, digest) = coverage::window_digest(ids);
            let (begin, end, left, right) = (*begin, *end, Rc::clone(left), Rc::clone(right));
            let entry = Coverage { basis: "sequence", digest, ..self.bare_coverage(source, recorder, begin, end) };
            self.graph.cite(&[right]);
            return Ok(Some(self.note_coverage(entry, &left)));
        }
        Ok(None)
    }

    fn bare_coverage(&self, source: &str, recorder: &str, from: Time, to: Time) -> Coverage {
        let info = self.question.source(source);
        Coverage {
            id: String::new(),
            recorder: recorder.to_string(),
            kinds: info.map_or_else(Vec::new, |info| info.contains.iter().map(|kind| kind.word()).collect()),
            namespace: info.map_or_else(String::new, |info| info.namespace.to_string()),
            from: from.to_string(),
            to: to.to_string(),
            basis: "",
            digest: String::new(),
            declared_by: None,
        }
    }

    /// Notes coverage once, and that the answer rests on the record that states it.
    fn note_coverage(&mut self, entry: Coverage, record: &Rc<Seen>) -> String {
        self.graph.cite(&[Rc::clone(record)]);
        let same = |known: &Coverage| Coverage { id: String::new(), ..known.clone() } == entry;
        if let Some(known) = self.coverage.iter().find(|known| same(known)) {
            return known.id.clone();
        }
        let id = format!("c{}", self.coverage.len() + 1);
        self.coverage.push(Coverage { id: id.clone(), ..entry });
        id
    }
}

/// Whether somebody answers for whose record it is: what anybody may have sent shows no completeness.
fn vouched(record: &Seen) -> bool {
    record.custody != Custody::Open
}

/// The last instant that can be told before another.
fn just_before(time: Time) -> Time {
    match time.parts() {
        (s, 0) => Time::new(s.saturating_sub(1), 999_999_999),
        (s, ns) => Time::new(s, ns - 1),
    }
}
