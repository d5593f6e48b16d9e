//! Input: what a user names on the command line, opened.
//!
//! [`walk`] turns paths into files. [`open`] hands out the inputs inside one file, one after another,
//! each with a name (`logs.zip!trail/x.json.gz`) and a reader of its bytes: gzip, zstd and zip are told
//! by their first bytes, never by a name, and are opened inside one another; UTF-16 is read as text. [`feed`] hands all that
//! out to threads that read it: short inputs as they are, longer ones through the splitter in batches of elements.
//!
//! Everything here is written by others: what goes wrong in one place is a [`Problem`] and its
//! siblings live; what was read before a fault is handed out before the fault is.

mod back;
mod feed;
mod gauge;
mod gzip;
mod layer;
mod long;
mod otlp;
mod peek;
mod short;
mod size;
mod table;
mod utf16;
mod walk;
mod zip;
mod zstd;

use layer::{Budget, Codec, Fault, Layer, Limits};
use peek::{Kind, Peek};
use sha2::{Digest as _, Sha256};
use std::cell::Cell;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use utf16::Utf16;

pub(crate) use back::HELD_BACK_BYTES_MAX;
pub(crate) use feed::{BATCHES_MAX, Batch, Delivery, Input, Rejected, feed};
pub(crate) use short::Short;
pub(crate) use size::Size;
pub(crate) use walk::walk;

/// How many formats may lie inside one another: a zip of gzip files has two layers. Real chains have
/// at most three (a zip of a bundle of gzip files); each layer costs buffers and time.
pub(crate) const LAYERS_MAX: usize = 4;

/// Bytes kept of a zip that comes from a stream (standard input, a pipe, inside another archive): its
/// directory stands at its end, so it is kept whole. All of one chain share this.
pub(crate) const SPOOL_BYTES_MAX: u64 = 256 << 20;

/// Bytes read and thrown away at once while the rest of a file is digested.
const DRAIN_BYTES: usize = 64 << 10;

/// Something that was named or found and can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InputFile {
    /// How it is called: the path as it was named or found, `-` for standard input.
    pub(crate) name: String,
    place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// Ends where it ends now, and can be read in any order.
    File(PathBuf),
    /// A pipe or a device that was named: ends when it ends.
    Stream(PathBuf),
    Stdin,
}

/// Something that could not be read, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Of what: the name of a file or of an input inside it.
    pub(crate) name: String,
    /// How many bytes of it (still compressed) were understood before, where that is known.
    pub(crate) byte: Option<u64>,
    /// What is wrong, in one clause.
    pub(crate) cause: String,
    /// What to do.
    pub(crate) remedy: String,
}

/// Something that was passed over on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// What.
    pub(crate) name: String,
    /// Why, in one clause.
    pub(crate) text: String,
    /// Whether it may hold records that were not read: then nothing that was handed in beside it is complete.
    pub(crate) unread: bool,
}

/// What [`open`] comes upon.
pub(crate) enum Found<'a> {
    /// The bytes of one input. Its reader must be read to its end or first error.
    Input {
        name: &'a str,
        reader: &'a mut dyn Read,
    },
    Problem(Problem),
    Note(Note),
}

/// A file as it was handed in, for the record of the ingest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Handed {
    /// Its name.
    pub(crate) name: String,
    /// How many bytes were read of it, as they lay on disk (still compressed).
    pub(crate) bytes: u64,
    /// Their SHA-256.
    pub(crate) sha256: [u8; 32],
    /// Whether those are all its bytes: not where it could not be opened or read to its end, nor
    /// where a stream was given up.
    pub(crate) whole: bool,
}

/// Opens one file and passes what is inside to `each`, until that breaks off. `stdin` is read for `-`;
/// `progress` counts bytes as they are read from disk.
///
/// A file is read up to the length it has when it is opened: what is appended later belongs to the
/// next ingest, where what was read already is known again. A file that becomes shorter is a problem.
pub(crate) fn open(
    file: &InputFile,
    stdin: &mut dyn Read,
    progress: &AtomicU64,
    each: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>,
) -> (Handed, ControlFlow<()>) {
    let opened = match &file.place {
        Place::Stdin => return open_stream(&file.name, stdin, progress, each),
        Place::File(path) => File::open(path).and_then(|opened| {
            let len = opened.metadata()?.len();
            Ok((opened, Some(len)))
        }),
        Place::Stream(path) => File::open(path).map(|opened| (opened, None)),
    };
    match opened {
        Ok((mut opened, None)) => open_stream(&file.name, &mut opened, progress, each),
        Ok((opened, Some(len))) => open_file(&file.name, &opened, len, progress, each),
        Err(error) => {
            let flow = each(Found::Problem(Problem::of(&file.name, &error)));
            let handed = Handing::new(io::empty(), progress).finish(&file.name, false);
            (handed, flow)
        }
    }
}

fn open_stream(
    name: &str,
    reader: &mut dyn Read,
    progress: &AtomicU64,
    each: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>,
) -> (Handed, ControlFlow<()>) {
    let budget = Budget::default();
    let unpacking = Unpacking { budget: &budget, spool: Cell::new(SPOOL_BYTES_MAX) };
    let mut handing = Handing { paid: Some(&budget), ..Handing::new(reader, progress) };
    let flow = unpacking.stream(name, &mut handing, 0, each);
    // What is given up is not drained: a stream may never end.
    let whole = handing.ended;
    (handing.finish(name, whole), flow)
}

fn open_file(
    name: &str,
    file: &File,
    len: u64,
    progress: &AtomicU64,
    each: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>,
) -> (Handed, ControlFlow<()>) {
    let budget = Budget::default();
    let unpacking = Unpacking { budget: &budget, spool: Cell::new(SPOOL_BYTES_MAX) };
    let before = progress.load(Ordering::Relaxed);
    let mut handing = Handing { paid: Some(&budget), ..Handing::new(file.take(len), progress) };
    let mut peek = Peek::new(&mut handing);
    let mut flow = if peek.kind() == Kind::Zip {
        budget.paid.set(len);
        let flow = unpacking.zip(name, &mut &*file, len, 1, Some(progress), each);
        // The digest is taken in the order of the bytes: it goes on behind what was peeked at.
        handing.failed |= (&mut &*file).seek(SeekFrom::Start(handing.bytes)).is_err();
        flow
    } else {
        unpacking.inside(name, &mut peek, 0, each)
    };
    if flow.is_continue() {
        // What lies inside a zip was counted already.
        handing.progress = None;
        handing.drain();
        progress.store(before + handing.bytes, Ordering::Relaxed);
        let now = file.metadata().map_or(len, |now| now.len());
        let name = name.to_owned();
        if handing.bytes < len && !handing.failed {
            let cause = format!("the file had {len} bytes when it was opened and became shorter while it was read");
            let remedy = "ingest a copy that nothing writes to".to_owned();
            flow = each(Found::Problem(Problem { name, byte: Some(handing.bytes), cause, remedy }));
        } else if now > len {
            let text = format!("grew from {len} to {now} bytes while it was read; what was added was not read");
            flow = each(Found::Note(Note { name, text, unread: true }));
        }
    }
    let whole = handing.bytes == len;
    (handing.finish(name, whole), flow)
}

/// Digests and counts what is handed in.
struct Handing<'a, R> {
    inner: R,
    progress: Option<&'a AtomicU64>,
    paid: Option<&'a Budget>,
    hash: Sha256,
    bytes: u64,
    ended: bool,
    /// The disk failed; whoever read then was told.
    failed: bool,
}

impl<'a, R: Read> Handing<'a, R> {
    fn new(inner: R, progress: &'a AtomicU64) -> Handing<'a, R> {
        Handing {
            inner,
            progress: Some(progress),
            paid: None,
            hash: Sha256::new(),
            bytes: 0,
            ended: false,
            failed: false,
        }
    }

    /// Reads what nobody wanted, so that the digest covers it too.
    fn drain(&mut self) {
        let mut buffer = vec![0; DRAIN_BYTES];
        while !self.ended && !self.failed {
            // Either ends the loop or is to be tried again.
            let _ = self.read(&mut buffer);
        }
    }

    fn finish(self, name: &str, whole: bool) -> Handed {
        Handed { name: name.to_owned(), bytes: self.bytes, sha256: self.hash.finalize().into(), whole }
    }
}

impl<R: Read> Read for Handing<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out).inspect_err(|error| self.failed |= error.kind() != io::ErrorKind::Interrupted)?;
        self.ended |= n == 0 && !out.is_empty();
        self.hash.update(out.get(..n).unwrap_or_default());
        self.bytes += n as u64;
        if let Some(progress) = self.progress {
            progress.fetch_add(n as u64, Ordering::Relaxed);
        }
        if let Some(budget) = self.paid {
            budget.paid.set(budget.paid.get().max(self.bytes));
        }
        Ok(n)
    }
}

/// Opens what lies inside one file.
struct Unpacking<'a> {
    budget: &'a Budget,
    /// Bytes that may still be kept.
    spool: Cell<u64>,
}

impl Unpacking<'_> {
    fn stream(
        &self,
        name: &str,
        reader: &mut dyn Read,
        layers: usize,
        each: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.inside(name, &mut Peek::new(reader), layers, each)
    }

    /// Opens what `peek` looks at, which lies inside `layers` layers.
    fn inside(
        &self,
        name: &str,
        peek: &mut Peek<'_>,
        layers: usize,
        each: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let limits = Limits { budget: self.budget, layer: layers + 1 };
        match peek.kind() {
            Kind::Plain => each(Found::Input { name, reader: peek }),
            Kind::Utf16 { big_endian } => each(Found::Input { name, reader: &mut Utf16::new(peek, big_endian) }),
            Kind::Foreign { format, remedy } => each(Found::Problem(Problem {
                name: name.to_owned(),
                byte: Some(0),
                cause: format!("{format} data, which is not opened here"),
                remedy: remedy.to_owned(),
            })),
            kind if layers >= LAYERS_MAX => each(Found::Problem(Problem {
                name: name.to_owned(),
                byte: Some(0),
                cause: format!("{} data inside {LAYERS_MAX} other layers", kind.word()),
                remedy: "unpack the outer layers and ingest what is inside".to_owned(),
            })),
            Kind::Gzip => self.stream(name, &mut Layer::new(peek, Codec::gzip(), limits), layers + 1, each),
            Kind::Zstd => match Codec::zstd() {
                Ok(codec) => self.stream(name, &mut Layer::new(peek, codec, limits), layers + 1, each),
                Err(error) => each(Found::Problem(Problem::of(name, &error))),
            },
            Kind::Zip => match self.spooled(peek) {
                Ok(bytes) => {
                    let len = bytes.len() as u64;
                    let flow = self.zip(name, &mut Cursor::new(bytes), len, layers + 1, None, each);
                    self.spool.set(self.spool.get() + len);
                    flow
                }
                Err(error) => each(Found::Problem(Problem::of(name, &error))),
            },
        }
    }

    /// Keeps a zip from a stream whole.
    fn spooled(&self, reader: &mut dyn Read) -> io::Result<Vec<u8>> {
        let left = self.spool.get();
        let mut bytes = Vec::new();
        let read = Read::take(reader, left.saturating_add(1)).read_to_end(&mut bytes);
        if bytes.len() as u64 > left {
            return Err(Fault::new(
                left,
                format!("a zip from a stream is kept whole, and this one is longer than {left} bytes"),
                "write it to a file and ingest that",
            )
            .into());
        }
        // The directory of a zip is at its end: without it nothing can be told.
        read?;
        self.spool.set(left - bytes.len() as u64);
        Ok(bytes)
    }

    /// Opens the entries of a zip one after another.
    fn zip<R: Read + Seek>(
        &self,
        name: &str,
        reader: &mut R,
        len: u64,
        layers: usize,
        progress: Option<&AtomicU64>,
        each: &mut dyn FnMut(Found<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut hidden = 0_u64;
        let mut spans = zip::Spans::default();
        let mut directory = match zip::Directory::open(reader, len) {
            Ok(directory) => directory,
            Err(error) => return each(Found::Problem(Problem::of(name, &error))),
        };
        loop {
            let entry = match directory.next(reader) {
                Ok(None) => {
                    if let Some(text) = spans.unlisted(directory.start()) {
                        each(Found::Note(Note { name: name.to_owned(), text, unread: true }))?;
                    }
                    break;
                }
                Ok(Some(entry)) => entry,
                // Where the next entry begins cannot be told any more.
                Err(error) => {
                    each(Found::Problem(Problem::of(name, &error)))?;
                    break;
                }
            };
            spans.add(entry.span(reader));
            if entry.is_folder() {
                continue;
            }
            if entry.is_hidden() {
                hidden += 1;
                continue;
            }
            let inner = format!("{name}!{}", entry.shown());
            if entry.is_link() {
                let text = "a link inside an archive, not followed".to_owned();
                each(Found::Note(Note { name: inner, text, unread: true }))?;
                continue;
            }
            let limits = Limits { budget: self.budget, layer: layers };
            if self.budget.is_spent() {
                let cause = "the entries before this one unpack to more than logs ever do, so it was not read";
                let fault = Fault::new(0, cause, "if it is trusted, unpack it and ingest the folder");
                each(Found::Problem(Problem::of(&inner, &fault.into())))?;
                break;
            }
            match entry.open(reader, len) {
                Ok((mut data, codec)) => {
                    let mut layer = Layer::new(&mut data, codec, limits).checked(entry.crc, entry.size);
                    self.stream(&inner, &mut layer, layers, each)?;
                }
                Err(error) => each(Found::Problem(Problem::of(&inner, &error)))?,
            }
            if let Some(progress) = progress {
                progress.fetch_add(entry.packed(), Ordering::Relaxed);
            }
        }
        if hidden == 0 {
            return ControlFlow::Continue(());
        }
        let text = format!("{hidden} hidden entries (names that begin with a dot) were not read");
        each(Found::Note(Note { name: name.to_owned(), text, unread: true }))
    }
}

impl Problem {
    /// From an error that a reader gave.
    pub(crate) fn of(name: &str, error: &io::Error) -> Problem {
        let name = name.to_owned();
        if let Some(fault) = error.get_ref().and_then(|inner| inner.downcast_ref::<Fault>()) {
            let (cause, remedy) = (fault.cause.clone(), fault.remedy.to_owned());
            return Problem { name, byte: fault.byte, cause, remedy };
        }
        let remedy = match error.kind() {
            io::ErrorKind::NotFound => "check the spelling; a name that was found before is gone or is a broken link",
            io::ErrorKind::PermissionDenied => "let this account read it, or ingest a copy",
            _ => "check the disk or the mount it lies on, or ingest a copy",
        };
        Problem { name, byte: None, cause: error.to_string(), remedy: remedy.to_owned() }
    }
}

#[cfg(test)]
mod tests;
