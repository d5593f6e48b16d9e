//! Merging: adjacent parts become one larger part, streaming.
//!
//! Rows are merged by their place in the order, which gives each old rank a new one; postings are then
//! merged bucket by bucket through these maps. What is in memory is one block of each part at a time, the maps
//! (four bytes for each row and four for each position), the filter and the fences of the new part, and
//! what [`crate::index::write`] sorts.

use crate::bytes::{index, len32};
use crate::error::Error;
use crate::index::header::Owner;
use crate::index::part::Part;
use crate::index::plan::{ROWS_MAX, TERMS_MAX};
use crate::index::ranks::Ranks;
use crate::index::row::{Place, RecorderName, Row};
use crate::index::source::Posted;
use crate::index::terms::{Entry, FEW};
use crate::index::write::{PartWriter, Plan};
use crate::log::Position;
use crate::snapshot::query::Order;
use crate::storage::Storage;
use crate::term::Term;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Rows after which it is looked whether to stop.
const STOP_EVERY: u32 = 4096;

/// Buckets of terms after which it is looked.
const STOP_EVERY_BUCKETS: u32 = 32;

/// Ranks of a long list that get their new numbers at once.
const RENAMED_TOGETHER: usize = 256;

/// Merges parts of which each begins where the one before ends; the merged ones stay as they are. `None`
/// if it was stopped, and then nothing is left of it.
pub(crate) fn merge(
    storage: &Arc<dyn Storage>,
    parts: &[Arc<Part>],
    path: &Path,
    owner: &Owner,
    stop: &AtomicBool,
) -> Result<Option<Part>, Error> {
    let adjacent = |pair: (&Arc<Part>, &Arc<Part>)| pair.0.facts().next == pair.1.facts().first;
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
        return Err(Error::invalid("there are no parts to merge: name some"));
    };
    if !parts.iter().zip(parts.iter().skip(1)).all(adjacent) {
        return Err(Error::invalid("only parts of consecutive records can be merged: leave none out"));
    }
    let n_terms: u64 = parts.iter().map(|part| part.info().n_terms).sum();
    if last.facts().next - first.facts().first > ROWS_MAX || n_terms > TERMS_MAX {
        let message = format!("a part has at most {ROWS_MAX} positions and {TERMS_MAX} terms: merge fewer parts");
        return Err(Error::invalid(message));
    }
    let (recorders, renamed) = rename(parts)?;
    let plan = Plan {
        first: first.facts().first,
        next: last.facts().next,
        n_rows: parts.iter().map(|part| part.facts().n_rows).sum(),
        root: last.header().root,
        n_terms_max: n_terms,
        recorders,
    };
    let mut writer = PartWriter::create(storage, path, owner, plan, stop)?;
    let Some(maps) = merge_rows(parts, &renamed, &mut writer)? else { return Ok(None) };
    writer.end_rows()?;
    if merge_terms(parts, &maps, &mut writer)? { writer.finish().map(Some) } else { Ok(None) }
}

/// The recorders of all parts, and the new number of each recorder of each part.
fn rename(parts: &[Arc<Part>]) -> Result<(Vec<RecorderName>, Vec<Vec<u32>>), Error> {
    let mut names: Vec<RecorderName> = Vec::new();
    let mut known: BTreeMap<RecorderName, u32> = BTreeMap::new();
    let mut renamed = Vec::new();
    for part in parts {
        let mut numbers = Vec::new();
        for recorder in part.recorders()? {
            numbers.push(*known.entry(recorder.name.clone()).or_insert_with(|| {
                names.push(recorder.name.clone());
                len32(names.len() - 1)
            }));
        }
        renamed.push(numbers);
    }
    Ok((names, renamed))
}

/// The rows of a part, block by block.
struct Rows<'a> {
    part: &'a Part,
    renamed: &'a [u32],
    /// What is added to a position.
    shift: u32,
    block: std::vec::IntoIter<Row>,
    n_blocks_read: usize,
    n_left: u32,
    /// The next row, with what it is ordered by.
    head: Option<((Place, Position), Row)>,
}

impl Rows<'_> {
    fn step(&mut self) -> Result<(), Error> {
        self.head = None;
        if self.n_left == 0 {
            return Ok(());
        }
        if self.block.len() == 0 {
            self.block = self.part.rows(self.n_blocks_read)?.into_iter();
            self.n_blocks_read += 1;
        }
        self.n_left -= 1;
        self.head = self.block.next().map(|row| {
            let recorder = self.renamed.get(row.recorder as usize).copied().unwrap_or_default();
            let row = Row { local: row.local + self.shift, recorder, ..row };
            ((row.place(), row.position(0)), row)
        });
        Ok(())
    }
}

/// Hands all rows to the writer, and returns the new ranks of each part's old ones; `None` if stopped.
fn merge_rows(
    parts: &[Arc<Part>],
    renamed: &[Vec<u32>],
    writer: &mut PartWriter<'_>,
) -> Result<Option<Vec<Vec<u32>>>, Error> {
    let first = parts.first().map_or(0, |part| part.facts().first);
    let mut sources: Vec<Rows<'_>> = parts
        .iter()
        .zip(renamed)
        .map(|(part, renamed)| Rows {
            part,
            renamed,
            shift: len32(index(part.facts().first - first)),
            block: Vec::new().into_iter(),
            n_blocks_read: 0,
            n_left: part.facts().n_rows,
            head: None,
        })
        .collect();
    sources.iter_mut().try_for_each(Rows::step)?;
    let mut maps: Vec<Vec<u32>> = parts.iter().map(|part| Vec::with_capacity(part.facts().n_rows as usize)).collect();
    let mut rank = 0_u32;
    loop {
        if rank.is_multiple_of(STOP_EVERY) && writer.is_stopped() {
            return Ok(None);
        }
        let heads = sources.iter_mut().zip(&mut maps).filter_map(|(rows, map)| Some((rows.head?, rows, map)));
        let Some(((_, row), rows, map)) = heads.min_by(|one, other| one.0.0.cmp(&other.0.0)) else {
            return Ok(Some(maps));
        };
        writer.row(row)?;
        map.push(rank);
        rank += 1;
        rows.step()?;
    }
}

/// The terms of a part, bucket by bucket.
struct PartTerms<'a> {
    part: &'a Arc<Part>,
    /// The new ranks of its old ones.
    map: &'a [u32],
    terms: std::vec::IntoIter<(Term, Entry)>,
    next_bucket: u32,
}

impl<'a> PartTerms<'a> {
    fn new(part: &'a Arc<Part>, map: &'a [u32]) -> PartTerms<'a> {
        PartTerms { part, map, terms: Vec::new().into_iter(), next_bucket: 0 }
    }

    /// The next term, if it is one of those.
    fn next_if(&mut self, is_wanted: impl Fn(Term) -> bool) -> Result<Option<(Term, Entry)>, Error> {
        while self.terms.len() == 0 && self.next_bucket < self.part.header().n_buckets {
            self.terms = self.part.terms(self.next_bucket)?.into_iter();
            self.next_bucket += 1;
        }
        let is_next = self.terms.as_slice().first().is_some_and(|(term, _)| is_wanted(*term));
        Ok(if is_next { self.terms.next() } else { None })
    }
}

/// Hands all terms to the writer; `false` if stopped.
///
/// Terms are uniform, so all parts are gone through in step: what each has for one bucket of the new part is little,
/// and is put in order together.
fn merge_terms(parts: &[Arc<Part>], maps: &[Vec<u32>], writer: &mut PartWriter<'_>) -> Result<bool, Error> {
    let mut sources: Vec<PartTerms<'_>> = parts.iter().zip(maps).map(|(part, map)| PartTerms::new(part, map)).collect();
    let mut bucket = Bucket::default();
    for number in 0..writer.n_buckets() {
        if number.is_multiple_of(STOP_EVERY_BUCKETS) && writer.is_stopped() {
            return Ok(false);
        }
        for source in &mut sources {
            bucket.add(source, |term| writer.bucket(term) <= number)?;
        }
        bucket.write(writer)?;
    }
    Ok(true)
}

/// What the parts hold of the terms of one bucket of the new part.
#[derive(Default)]
struct Bucket<'a> {
    /// Of a term that has one posting in a part its new rank.
    ones: Vec<(Term, u32)>,
    /// Of the others the entry, and the part it is of.
    others: Vec<(Term, Said<'a>)>,
}

/// What one part says of a term: the new ranks of its old ones, the part, and the old ranks.
type Said<'a> = (&'a [u32], &'a Arc<Part>, Entry);

impl<'a> Bucket<'a> {
    /// Adds the next terms of a part, as far as they are wanted.
    fn add(&mut self, source: &mut PartTerms<'a>, is_wanted: impl Fn(Term) -> bool) -> Result<(), Error> {
        let before = self.ones.len();
        while let Some((term, entry)) = source.next_if(&is_wanted)? {
            match entry {
                Entry::One(rank) => self.ones.push((term, rank)),
                entry => self.others.push((term, (source.map, source.part, entry))),
            }
        }
        let old = self.ones.iter_mut().skip(before).map(|(_, rank)| rank);
        rename_ranks(source.map, old).ok_or_else(|| source.part.no_such_row())
    }

    /// Hands all terms over, in order; what there is room for is the next bucket's.
    fn write(&mut self, writer: &mut PartWriter<'_>) -> Result<(), Error> {
        // One number compares without a branch.
        self.ones.sort_unstable_by_key(|(term, rank)| u128::from(term.0) << 32 | u128::from(*rank));
        self.others.sort_by_key(|(term, _)| *term);
        let (mut ones, mut others) = (self.ones.as_slice(), self.others.drain(..).peekable());
        loop {
            let term =
                ones.first().map(|(term, _)| *term).into_iter().chain(others.peek().map(|(term, _)| *term)).min();
            let Some(term) = term else { break };
            let n_ones = ones.iter().take_while(|(other, _)| *other == term).count();
            let (own, rest) = ones.split_at_checked(n_ones).unwrap_or_default();
            ones = rest;
            let mut said = Vec::new();
            while let Some((_, one)) = others.next_if(|(other, _)| *other == term) {
                said.push(one);
            }
            match own {
                // Nearly all terms are those of one record.
                [(_, rank)] if said.is_empty() => writer.entry(term, Entry::One(*rank), 1)?,
                _ => merge_term(term, own.iter().map(|(_, rank)| *rank).collect(), said, writer)?,
            }
        }
        self.ones.clear();
        Ok(())
    }
}

/// Hands one term to the writer: these ranks, which ascend, and what parts say besides.
fn merge_term(term: Term, ones: Vec<u32>, said: Vec<Said<'_>>, writer: &mut PartWriter<'_>) -> Result<(), Error> {
    let count = ones.len() as u64 + said.iter().map(|(_, _, entry)| entry.count()).sum::<u64>();
    if count <= FEW as u64 {
        let mut ranks = ones;
        for (map, part, entry) in said {
            let before = ranks.len();
            ranks.extend(if let Entry::Few(old) = entry { old } else { Vec::new() });
            rename_ranks(map, ranks.iter_mut().skip(before)).ok_or_else(|| part.no_such_row())?;
        }
        ranks.sort_unstable();
        return writer.entry(term, Entry::of(ranks), count);
    }
    let ones = Renamed { held: ones.into_iter(), more: None };
    let mut lists = vec![(ones, None)];
    for (map, part, entry) in said {
        let ranks = Posted::Part(Arc::clone(part), entry).ranks(0..u32::MAX, Order::OldestFirst)?;
        lists.push((Renamed { held: Vec::new().into_iter(), more: Some((map, part, ranks)) }, None));
    }
    for (list, head) in &mut lists {
        *head = list.next()?;
    }
    writer.term(term, count, || {
        let heads = lists.iter_mut().filter_map(|(list, head)| Some(((*head)?, list, head)));
        let Some((rank, list, head)) = heads.min_by_key(|(rank, ..)| *rank) else { return Ok(None) };
        *head = list.next()?;
        Ok(Some(rank))
    })
}

/// The new ranks of a term's postings in one part, ascending.
struct Renamed<'a> {
    held: std::vec::IntoIter<u32>,
    /// Where more come from, and the new ranks of the old ones.
    more: Option<(&'a [u32], &'a Part, Ranks)>,
}

impl Renamed<'_> {
    fn next(&mut self) -> Result<Option<u32>, Error> {
        if self.held.len() == 0
            && let Some((map, part, ranks)) = &mut self.more
        {
            let mut held = Vec::with_capacity(RENAMED_TOGETHER);
            while held.len() < RENAMED_TOGETHER
                && let Some(rank) = ranks.next()?
            {
                held.push(rank);
            }
            rename_ranks(map, held.iter_mut()).ok_or_else(|| part.no_such_row())?;
            self.held = held.into_iter();
        }
        Ok(self.held.next())
    }
}

/// Puts new ranks in the place of old ones; `None` if one is of no row.
///
/// They lie far apart in memory. Nothing else is done in this loop, so that many are fetched at the same time.
fn rename_ranks<'r>(map: &[u32], ranks: impl Iterator<Item = &'r mut u32>) -> Option<()> {
    let mut all = true;
    for rank in ranks {
        let new = map.get(*rank as usize).copied();
        all &= new.is_some();
        *rank = new.unwrap_or_default();
    }
    all.then_some(())
}
