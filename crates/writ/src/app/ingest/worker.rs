//! A worker: a batch of elements becomes sealed records, which are committed together.

use super::Options;
use super::account::{RejectedEntry, Tally};
use super::lowered::Lowered;
use crate::app;
use crate::error::Error;
use crate::input::{Batch, Delivery, Handed, Input, Note, Problem, Rejected};
use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::ops::ControlFlow;
use std::sync::Arc;
use writ_model::custody::Custody;
use writ_model::record::{Origin, RecordId};
use writ_model::time::Time;
use writ_sources::split::Doubt;
use writ_sources::unwrap::{Found, Missed, unwrap};
use writ_sources::{Admitted, raw};
use writ_store::{Admission, Draft, Packer, Sealed, TermKey, Writer};

/// Source under which rejects are counted and kept.
const RAW: &str = "raw";

/// What a worker made of a delivery.
pub(super) enum Outcome {
    Read(ReadBatch),
    Input(Arc<Input>),
    Problem(Problem),
    Note(Note),
    Handed(Handed),
}

/// Where that goes.
pub(super) type Out<'a> = dyn FnMut(Outcome) -> ControlFlow<()> + 'a;

/// A batch that was read and is durable.
#[derive(Debug, Default)]
pub(super) struct ReadBatch {
    pub(super) file: usize,
    /// Which input, by its place in this run.
    pub(super) input: u64,
    pub(super) sources: BTreeMap<&'static str, Tally>,
    pub(super) recorders: BTreeSet<(&'static str, String)>,
    /// Of whom something came that anybody may have written.
    pub(super) open: BTreeSet<(&'static str, String)>,
    /// Of which file, by its name.
    pub(super) name: String,
    /// Records that anybody may have written, by the reason why.
    pub(super) lowered: BTreeMap<Lowered, u64>,
    pub(super) rejected: Vec<RejectedEntry>,
    pub(super) notes: Vec<Note>,
    pub(super) durable: Vec<RecordId>,
}

pub(super) struct Worker<'a> {
    writer: &'a Writer,
    keys: &'a TermKey,
    packer: Packer,
    /// Records that are to be committed together.
    sealed: Sealed,
    /// Room for marks, which is used again.
    marks: Vec<Mark>,
    pub(super) options: &'a Options,
    by: Arc<str>,
}

/// A part of an input, whose records are to be committed together.
pub(super) struct Part {
    done: ReadBatch,
    /// When it came in, and from where.
    received: Time,
    from: Arc<str>,
    /// What the account needs to know of each record.
    marks: Vec<Mark>,
}

/// Where an element stands.
pub(super) struct Stands<'a> {
    /// The line it begins on, from 1.
    pub(super) line: u64,
    /// Why it may be a text from inside of something, if so.
    pub(super) doubt: Option<Doubt>,
    /// At which byte of the input something stands that was found at this one.
    pub(super) origin: &'a dyn Fn(u64) -> u64,
}

struct Mark {
    source: &'static str,
    id: RecordId,
    reject: bool,
    n_facts: u64,
}

/// The recorder of what is no record that anybody may miss.
fn unknown() -> String {
    raw::UNKNOWN.to_string()
}

impl<'a> Worker<'a> {
    pub(super) fn new(writer: &'a Writer, options: &'a Options) -> Result<Worker<'a>, Error> {
        Ok(Worker {
            writer,
            keys: writer.term_key(),
            packer: writer.packer()?,
            sealed: Sealed::default(),
            marks: Vec::new(),
            options,
            by: options.by.as_str().into(),
        })
    }

    /// Makes of a delivery what it can, and passes it on until nobody listens any more.
    pub(super) fn take(&mut self, delivery: Delivery, out: &mut Out<'_>) -> Result<ControlFlow<()>, Error> {
        Ok(out(match delivery {
            Delivery::Input(input) => Outcome::Input(input),
            Delivery::Batch(batch) => Outcome::Read(self.read(&batch)?),
            Delivery::Short(short) => return self.short(&short, out),
            Delivery::Problem(problem) => Outcome::Problem(problem),
            Delivery::Note(note) => Outcome::Note(note),
            Delivery::Handed(handed) => Outcome::Handed(handed),
        }))
    }

    fn read(&mut self, batch: &Batch) -> Result<ReadBatch, Error> {
        let mut part = self.part(&batch.input);
        let options = self.options;
        for element in &batch.elements {
            let origin = |byte: u64| element.byte.saturating_add(element.origin(byte.saturating_sub(element.byte)));
            let stands = Stands { line: element.line, doubt: element.doubt, origin: &origin };
            unwrap(batch.text(element), element.byte, options.pointer.as_deref(), &mut |found| {
                self.found(found, &stands, &mut part);
            });
        }
        for rejected in &batch.rejects {
            self.rejected(rejected, &mut part);
        }
        self.commit(part)
    }

    /// Before anything of this input.
    pub(super) fn part(&mut self, input: &Input) -> Part {
        let Input { index: input, file, ref name } = *input;
        let (from, received) = (name.as_str().into(), (self.options.now)());
        let marks = mem::take(&mut self.marks);
        Part { done: ReadBatch { file, input, name: name.clone(), ..ReadBatch::default() }, received, from, marks }
    }

    /// Makes durable what was found.
    pub(super) fn commit(&mut self, part: Part) -> Result<ReadBatch, Error> {
        let Part { mut done, mut marks, .. } = part;
        let admissions = self.writer.commit(&mut self.sealed)?;
        done.durable.reserve_exact(marks.len());
        for (mark, admission) in marks.drain(..).zip(admissions) {
            let tally = done.sources.entry(mark.source).or_default();
            tally.inputs += 1;
            match admission {
                _ if mark.reject => tally.rejects += 1,
                Admission::Stored(_) => tally.records += 1,
                Admission::Conflict(_) => {
                    tally.records += 1;
                    tally.conflicts += 1;
                }
                Admission::Better(_) | Admission::Duplicate => tally.duplicates += 1,
            }
            let is_known = matches!(admission, Admission::Better(_) | Admission::Duplicate);
            tally.facts += if is_known { 0 } else { mark.n_facts };
            done.durable.push(mark.id);
        }
        self.marks = marks;
        Ok(done)
    }

    /// Forgets what was found and not committed.
    pub(super) fn forget(&mut self) {
        self.sealed = Sealed::default();
    }

    /// Admits what was found in an element.
    pub(super) fn found(&mut self, found: Found<'_>, stands: &Stands<'_>, part: &mut Part) {
        let (options, keys) = (self.options, self.keys);
        let mac = |value: &[u8]| keys.mac(value);
        let (mut lowered, mut lost) = (None, Missed::Held);
        let (bytes, byte, outcome) = match found {
            Found::Item(item) => {
                let (bytes, byte) = (item.bytes(), item.byte());
                // Whoever names the source vouches for it.
                if options.source.is_none() {
                    let envelope = item.is_open().then_some(Lowered::Envelope);
                    lowered = stands.doubt.map(Lowered::Doubt).or(envelope);
                }
                (bytes, byte, item.admit(options.source, options.recorder.as_deref(), &mac))
            }
            Found::Reject { bytes, byte, cause, missed } => {
                lost = missed;
                (bytes, byte, Err(cause))
            }
            Found::Note { byte, text } => {
                let name = format!("{} at byte {byte}", part.done.name);
                part.done.notes.push(Note { name, text, unread: false });
                return;
            }
        };
        let byte = (stands.origin)(byte);
        let custody = if lowered.is_some() { Custody::Open } else { Custody::HandedIn };
        let sealed = outcome.and_then(|admitted| self.seal(byte, admitted, custody, part));
        match sealed {
            Ok((mark, recorder)) => {
                let told = if custody == Custody::Open { &mut part.done.open } else { &mut part.done.recorders };
                told.insert((mark.source, recorder));
                if let Some(why) = lowered {
                    *part.done.lowered.entry(why).or_default() += 1;
                }
                part.marks.push(mark);
            }
            Err(cause) => {
                let of = match lost {
                    Missed::Held => writ_sources::held_in(bytes).map_or_else(unknown, raw::unread),
                    Missed::Nothing => unknown(),
                    Missed::Source(source) => raw::suspected(bytes, true, Some(source)),
                    Missed::Any => raw::suspected(bytes, true, None),
                };
                self.reject(bytes, of, (stands.line, byte), &cause, part);
            }
        }
    }

    /// Takes in what is no element.
    pub(super) fn rejected(&mut self, rejected: &Rejected, part: &mut Part) {
        let place = (rejected.reject.line, rejected.reject.byte);
        let whole = rejected.len == rejected.bytes.len() as u64;
        let of = rejected.of.map_or_else(|| raw::suspected(&rejected.bytes, whole, None), raw::unread);
        self.reject(&rejected.bytes, of, place, &rejected.reject.cause, part);
    }

    /// Seals an admitted record; the error is the cause of a reject.
    fn seal(&mut self, byte: u64, admitted: Admitted, custody: Custody, part: &Part) -> Result<(Mark, String), String> {
        let origin = Origin { by: Arc::clone(&self.by), from: Arc::clone(&part.from), byte };
        let recorder = admitted.identity.recorder.clone();
        let (source, alike) = (admitted.source, admitted.alike);
        let (record, facts) = admitted.into_record(custody, part.received, origin);
        let terms = app::terms(self.keys, &facts);
        let mark = Mark { source, id: record.id, reject: false, n_facts: facts.len() as u64 };
        let draft = Draft { record, terms, alike };
        draft.seal(&mut self.packer, &mut self.sealed).map_err(|fault| fault.to_string())?;
        Ok((mark, recorder))
    }

    /// Keeps what could not be read, so that a later adapter can read it. `of`: the recorder it is kept
    /// under, unless the options name one.
    fn reject(&mut self, bytes: &[u8], of: String, (line, byte): (u64, u64), cause: &str, part: &mut Part) {
        let keys = self.keys;
        let named = self.options.source.map(|source| source.info().name).filter(|name| *name != RAW);
        let recorder = self.options.recorder.clone().unwrap_or_else(|| named.map_or(of, raw::unread));
        let kept = raw::keep(bytes, &recorder, &|value: &[u8]| keys.mac(value));
        if let Ok((mark, _)) = self.seal(byte, kept, Custody::HandedIn, part) {
            part.marks.push(Mark { reject: true, ..mark });
        } else {
            // What is kept of a reject is bounded, so it can always be sealed; should that ever fail,
            // it is still counted.
            let tally = part.done.sources.entry(RAW).or_default();
            tally.inputs += 1;
            tally.rejects += 1;
        }
        let cause = writ_sources::redact::without_secrets(cause);
        part.done.rejected.push(RejectedEntry { file: part.done.name.clone(), line, byte, cause });
    }
}
