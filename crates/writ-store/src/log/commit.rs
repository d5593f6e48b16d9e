//! Committing: frame, one write, one sync, and only then the answer.
//!
//! A failed write or sync poisons the log. Nothing is tried again: after a failed sync the kernel may
//! hold pages for clean that never reached the disk, so a second sync would prove nothing.

use crate::bytes::{index, len32};
use crate::catalog::Catalog;
use crate::checkpoint;
use crate::error::{Error, Kind};
use crate::file::File;
use crate::hasher::Spread;
use crate::index::batch::Batch;
use crate::index::row::{RecorderName, Row};
use crate::known::{Known, Mark as Identified, Novelty, Stored};
use crate::limit::{self, Sizes};
use crate::log::entry::{self, HEAD};
use crate::log::frame::{self, Chain, HEADER, Header};
use crate::log::mark::Mark;
use crate::log::read::Tail;
use crate::log::readback::Readback;
use crate::log::{Position, open, segment};
use crate::manifest::{Active, Noted};
use crate::seal::{One, Sealed};
use crate::snapshot::query::Posting;
use crate::storage::Open;
use crate::term::{Term, TermKey};
use crate::tree::Tree;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::path::PathBuf;
use std::sync::Arc;
use writ_model::record::Envelope;
use writ_tlog::hash::Hash;
use writ_tlog::tree::Head;

/// What became of a record that was handed to [`Writer::commit`](crate::Writer::commit). The record
/// is durable in each case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is stored. It may have been before: then no copy of it can be read any more.
    Stored(Position),
    /// It is stored, and another record of the same identity with other content (or with other
    /// withheld values) is stored too.
    Conflict(Position),
    /// The same record is stored already, with the same values withheld, and every copy of it came in a
    /// weaker custody: this copy is stored beside them, and counts for all.
    Better(Position),
    /// The same record is stored already, with the same values withheld and in a custody as good. It is
    /// not stored again.
    Duplicate,
}

/// The segment that is appended to.
#[derive(Debug)]
pub(crate) struct Tip {
    pub(crate) file: Box<dyn File>,
    pub(crate) path: PathBuf,
    pub(crate) active: Active,
    /// Where each of its records begins.
    pub(crate) begins: Vec<u32>,
    /// Where its last frame ends, and what the next one follows.
    pub(crate) end: u64,
    pub(crate) chain: Chain,
}

impl Tip {
    fn tail(&self) -> Tail<'_> {
        let Tip { file, path, active, begins, end, .. } = self;
        Tail { file: Some(file.as_ref()), path, first: active.first, begins, end: *end }
    }
}

/// The end of the log, where frames are appended.
#[derive(Debug)]
pub(crate) struct Committer {
    catalog: Arc<Catalog>,
    sizes: Sizes,
    keys: TermKey,
    tip: Tip,
    mark: Mark,
    tree: Tree,
    known: Known,
    readback: Readback,
    /// What records of this frame share, by where it is in memory and what it shares itself, with where in the
    /// segment it stands.
    shared: HashMap<(usize, u32), u32, BuildHasherDefault<Spread>>,
    /// All that, so that nothing else comes to lie there.
    held: Vec<Arc<[u8]>>,
    /// The frame in the making: room for the header, then entries.
    frame: Vec<u8>,
    records: u32,
    /// Where the records of the frame begin.
    begins: Vec<u32>,
    /// Position of the next record; counts those in the frame.
    next: u64,
    /// Keys of what was stored.
    batch: Batch,
    poison: Option<Error>,
}

/// What a committer goes on with.
pub(crate) struct Start {
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) sizes: Sizes,
    pub(crate) keys: TermKey,
    pub(crate) tip: Tip,
    pub(crate) mark: Mark,
    pub(crate) tree: Tree,
    pub(crate) known: Known,
    pub(crate) batch: Batch,
}

impl Committer {
    /// A committer at the end of a recovered log.
    pub(crate) fn new(start: Start) -> Committer {
        let Start { catalog, sizes, keys, tip, mark, tree, known, batch } = start;
        let (shared, held, frame, begins) = (HashMap::default(), Vec::new(), Vec::new(), Vec::new());
        let (next, readback) = (batch.next, Readback::new(&catalog, &keys));
        Committer {
            catalog,
            sizes,
            keys,
            tip,
            mark,
            tree,
            known,
            readback,
            shared,
            held,
            frame,
            records: 0,
            begins,
            next,
            batch,
            poison: None,
        }
    }

    /// Stores a group of records. After an error nothing of it is acknowledged, and no later group is.
    pub(crate) fn commit(&mut self, group: &[Sealed]) -> Result<Vec<Vec<Admission>>, Error> {
        if let Some(cause) = &self.poison {
            return Err(closed(cause));
        }
        let incoming: usize = group.iter().map(Sealed::len).sum();
        if self.next + incoming as u64 > limit::POSITIONS_MAX {
            return Err(Error::new(
                Kind::Full,
                format!("the folder holds {} records, the most it can: start a new folder", self.next),
            ));
        }
        self.store(group).map_err(|cause| {
            self.poison = Some(cause.clone());
            let kind = if cause.kind() == Kind::Full { Kind::Full } else { Kind::Closed };
            cause.recast(
                kind,
                format!("{cause}; nothing of this commit is acknowledged, and the writer stops: start again"),
            )
        })
    }

    /// Hands the batch over if it is full, or, at the end, if there is anything in it, with the root of the tree
    /// up to its end. After a failed commit nothing is handed over, since not all of it may be durable: the next
    /// writer derives it.
    pub(crate) fn take_batch(&mut self, at_end: bool) -> Option<(Batch, Hash)> {
        let is_full =
            self.batch.rows.len() >= self.sizes.chunk_records || self.batch.postings.len() >= limit::CHUNK_POSTINGS;
        if self.poison.is_some() || self.batch.next == self.batch.first || !(at_end || is_full) {
            return None;
        }
        let fresh = Batch::after(&self.batch);
        self.known.end_batch(fresh.first);
        Some((std::mem::replace(&mut self.batch, fresh), self.tree.root()))
    }

    /// Parts of the index hold more by now.
    pub(crate) fn published(&mut self, index: crate::index::Index) {
        self.known.published(index);
    }

    /// Notes in the folder how far log and tree are durable, so that the next writer need not make it again.
    pub(crate) fn close(&mut self) -> Result<(), Error> {
        if self.poison.is_some() {
            return Ok(());
        }
        let noted = Noted { tree: self.tree.sync(self.catalog.storage().as_ref())?, chain: self.tip.chain };
        if noted != self.catalog.manifest().noted {
            self.catalog.change(|manifest| manifest.noted = noted)?;
        }
        let (storage, dir) = (self.catalog.storage().as_ref(), self.catalog.dir());
        let signed = checkpoint::read(storage, dir, &self.keys)?;
        if signed.is_some_and(|(signed, _)| signed == noted.tree) { Ok(()) } else { self.sign(noted.tree) }
    }

    /// Signs what is noted. A checkpoint of more than the manifest notes would be one of records that a crash may
    /// yet take.
    fn sign(&self, head: Head) -> Result<(), Error> {
        checkpoint::write(self.catalog.storage().as_ref(), self.catalog.dir(), &self.keys, head)
    }

    fn store(&mut self, group: &[Sealed]) -> Result<Vec<Vec<Admission>>, Error> {
        let mut answers = Vec::with_capacity(group.len());
        for records in group {
            let mut admissions = Vec::with_capacity(records.len());
            let identities: Vec<Term> = records.identities().collect();
            let in_parts = self.known.in_parts(&identities)?;
            for (record, in_parts) in records.each().zip(in_parts) {
                admissions.push(self.admit(record, in_parts)?);
            }
            answers.push(admissions);
        }
        self.flush()?;
        Ok(answers)
    }

    fn admit(&mut self, (one, body, terms): (&One, &[u8], &[Term]), in_parts: bool) -> Result<Admission, Error> {
        let Row { id, copy, .. } = one.row;
        let mark = Identified { identity: one.identity, id, copy };
        let mut log = Log { keys: &self.keys, readback: &mut self.readback, tip: self.tip.tail() };
        let novelty = self.known.note(&mark, in_parts, || recorder(one), &mut log)?;
        if novelty == Novelty::None {
            return Ok(Admission::Duplicate);
        }
        let shared = &one.shared;
        let shared_bytes = |body: &Arc<[u8]>| HEAD + body.len();
        let room = self.frame.len()
            + HEAD
            + body.len()
            + shared_bytes(&shared.said)
            + shared.begins.as_ref().map_or(0, shared_bytes);
        if self.records > 0 && room - HEADER > limit::FRAME_BYTES_MAX {
            self.flush()?;
        }
        if self.records == 0 {
            self.frame.clear();
            self.frame.resize(HEADER, 0);
            // Once in each frame, so that a damaged frame takes none but its own records with it.
            self.shared.clear();
            self.held.clear();
        }
        let said_at = self.share(&shared.said, 0);
        let shared_at = shared.begins.as_ref().map_or(said_at, |begins| self.share(begins, said_at));
        self.begins.push(self.at());
        self.frame.extend_from_slice(&entry::record_head(body.len(), one.crc, shared_at));
        self.frame.extend_from_slice(body);
        let row = Row { again: novelty.is_again(), ..one.row };
        self.batch.push(row, one.recorder, || recorder(one).unwrap_or_default(), terms);
        self.tree.append(one.leaf);
        let position = Position(self.next);
        self.records += 1;
        self.next += 1;
        Ok(match novelty {
            Novelty::Identity | Novelty::Lost => Admission::Stored(position),
            Novelty::Custody => Admission::Better(position),
            Novelty::Copy(_) | Novelty::None => Admission::Conflict(position),
        })
    }

    /// Where in the segment the next entry of the frame begins.
    fn at(&self) -> u32 {
        len32(index(self.tip.end) + self.frame.len())
    }

    /// Where in the segment stands what a record shares; it is put into the frame if it is not there.
    fn share(&mut self, shared: &Arc<[u8]>, with: u32) -> u32 {
        let key = (Arc::as_ptr(shared).addr(), with);
        if let Some(at) = self.shared.get(&key) {
            return *at;
        }
        let at = self.at();
        entry::encode_shared(shared, with, &mut self.frame);
        self.shared.insert(key, at);
        self.held.push(Arc::clone(shared));
        at
    }

    fn flush(&mut self) -> Result<(), Error> {
        if self.records == 0 {
            return Ok(());
        }
        let payload = self.frame.get(HEADER..).unwrap_or_default();
        let header = Header::of(self.next - u64::from(self.records), self.records, self.tip.chain, payload);
        let header = header.encode(&self.keys, self.tip.end);
        self.frame.iter_mut().zip(header).for_each(|(to, from)| *to = from);
        let tip = &mut self.tip;
        tip.file.write_at(&self.frame, tip.end).map_err(|e| Error::io("append to the log", &tip.path, e))?;
        tip.file.sync().map_err(|e| Error::io("sync the log", &tip.path, e))?;
        (tip.end, tip.chain) = (tip.end + self.frame.len() as u64, frame::chain_after(&header));
        tip.begins.append(&mut self.begins);
        self.records = 0;
        self.mark.set(self.next).map_err(|e| Error::io("write the mark beside", &tip.path, e))?;
        self.tree.write(self.catalog.storage().as_ref())?;
        if self.frame.capacity() > 2 * limit::FRAME_BYTES_MAX {
            self.frame = Vec::new();
        }
        if self.tip.end >= self.sizes.segment_bytes { self.roll() } else { Ok(()) }
    }

    /// Finishes the segment and begins the next one.
    fn roll(&mut self) -> Result<(), Error> {
        let Tip { file, path, active, begins, end, chain } = &self.tip;
        let trailer = segment::finish(file.as_ref(), &self.keys, active, (*end, *chain), begins)
            .map_err(|e| Error::io("finish", path, e))?;
        let (entry, active) = (trailer.entry(), trailer.after());
        self.tip = begin(&self.catalog, active)?;
        self.readback.finished(entry);
        let noted = Noted { tree: self.tree.sync(self.catalog.storage().as_ref())?, chain: active.chain };
        self.catalog.change(|manifest| {
            manifest.segments.push(entry);
            (manifest.active, manifest.noted) = (active, noted);
        })?;
        self.sign(noted.tree)
    }
}

/// What was committed, to read it back.
struct Log<'a> {
    keys: &'a TermKey,
    readback: &'a mut Readback,
    tip: Tail<'a>,
}

impl Stored for Log<'_> {
    fn is_there(&mut self, posting: &Posting) -> Result<bool, Error> {
        self.readback.holds(&self.tip, posting.position, posting.id)
    }

    fn may_be_of(&mut self, posting: &Posting, identity: Term) -> Result<bool, Error> {
        let found = self.readback.identity(&self.tip, posting.position)?;
        Ok(found.is_none_or(|found| self.keys.identity(&found) == identity))
    }
}

/// Begins a segment.
pub(crate) fn begin(catalog: &Catalog, active: Active) -> Result<Tip, Error> {
    let (storage, path) = (catalog.storage(), open::path_of_active(catalog.dir(), &active));
    let folder = open::folder(catalog.dir());
    let file = storage.open(&path, Open::Create).map_err(|e| Error::io("make", &path, e))?;
    storage.sync_folder(&folder).map_err(|e| Error::io("sync the folder", &folder, e))?;
    Ok(Tip { file, path, active, begins: Vec::new(), end: 0, chain: active.chain })
}

/// Source and recorder of a record.
fn recorder(one: &One) -> Option<RecorderName> {
    Envelope::decode_recorder(&one.shared.said).ok()
}

fn closed(cause: &Error) -> Error {
    cause.recast(
        Kind::Closed,
        format!(
            "the writer stopped after a failure and stored nothing since ({cause}): put that right and start again"
        ),
    )
}
