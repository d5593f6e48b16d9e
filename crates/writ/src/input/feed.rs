//! The feed: inputs, read through the splitter, become batches for the threads that read them.

use super::back::Back;
use super::gauge::{Gauge, Held};
use super::long;
use super::otlp::{self, Piece, Taken};
use super::short::{self, Short};
use super::size::Size;
use super::table;
use super::{Found, Handed, InputFile, Note, Place, Problem, open};
use std::io::{self, Read};
use std::mem;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::SyncSender;
use writ_model::reject::Reject;
use writ_sources::split::{Doubt, ELEMENT_BYTES_MAX, Splitter, Step};

/// Batches under way at most: what the channel to the readers should hold. Two per thread on a large
/// machine, so that nobody waits. How long they are together is bounded beside it.
pub(crate) const BATCHES_MAX: usize = 32;

/// Bytes read at once.
const READ_BYTES: usize = 1 << 20;

/// Room for the longest element there can be.
const ROOM_BYTES: usize = 66 << 20;
const _: () = assert!(ROOM_BYTES as u64 >= ELEMENT_BYTES_MAX + 2 * READ_BYTES as u64);

/// Bytes kept of one reject. Longer than any record a vendor writes, so that a damaged one is kept
/// whole, and short enough that rubbish fills no memory.
const REJECT_BYTES_MAX: usize = 256 << 10;

/// One stream of elements: a file, or one inside an archive.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Input {
    /// Its place among the inputs of this run, from 0.
    pub(crate) index: u64,
    /// Its place among the files that were handed in, from 0.
    pub(crate) file: usize,
    /// Its name, with the archives it lies in.
    pub(crate) name: String,
}

/// Some elements of one input, in the order they stand there.
#[derive(Debug)]
pub(crate) struct Batch {
    /// Of which input.
    pub(crate) input: Arc<Input>,
    /// The bytes of the elements, one behind another.
    pub(crate) bytes: Vec<u8>,
    /// The elements.
    pub(crate) elements: Vec<Element>,
    /// What stood between them and is none.
    pub(crate) rejects: Vec<Rejected>,
    /// Bytes held by `rejects`.
    rejected: usize,
    /// Its share of what may be under way, once it is.
    held: Option<Held>,
}

impl Batch {
    /// One that is filled in this buffer.
    fn new(input: &Arc<Input>, mut bytes: Vec<u8>) -> Batch {
        bytes.clear();
        let (elements, rejects) = (Vec::new(), Vec::new());
        Batch { input: Arc::clone(input), bytes, elements, rejects, rejected: 0, held: None }
    }

    /// Adds an element.
    fn element(&mut self, bytes: &[u8], byte: u64, line: u64) {
        let from = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        let span = from..self.bytes.len();
        self.elements.push(Element { span, byte, line, places: Vec::new(), doubt: None });
    }

    /// Adds an element that was written anew, whose parts stand at these places of the input.
    fn written(&mut self, bytes: &[u8], places: Vec<(usize, u64)>) {
        self.element(bytes, 0, 1);
        if let Some(element) = self.elements.last_mut() {
            element.places = places;
        }
    }

    /// Adds a reject that is in memory as a whole, and keeps its beginning.
    fn reject(&mut self, reject: Reject, bytes: &[u8], of: Option<&'static str>) {
        let rejected = Rejected::new(reject, bytes, of);
        self.rejected += rejected.bytes.len();
        self.rejects.push(rejected);
    }

    pub(super) fn size(&self) -> Size {
        let bytes = self.bytes.len() + self.rejected;
        Size { bytes, n_elements: self.elements.len(), n_rejects: self.rejects.len() }
    }

    fn is_full(&self) -> bool {
        self.size().is_full()
    }

    fn is_empty(&self) -> bool {
        self.elements.is_empty() && self.rejects.is_empty()
    }

    /// The bytes of an element.
    pub(crate) fn text(&self, element: &Element) -> &[u8] {
        self.bytes.get(element.span.clone()).unwrap_or_default()
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if let Some(held) = self.held.take() {
            held.give_back(mem::take(&mut self.bytes));
        }
    }
}

/// One element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    /// Where it stands in the batch.
    pub(crate) span: Range<usize>,
    /// The byte of the unpacked input it begins at, from 0.
    pub(crate) byte: u64,
    /// The line it begins on, from 1.
    pub(crate) line: u64,
    /// Where it was written anew: of each part the place at which it begins in the element and the byte
    /// at which it stands in the input.
    places: Vec<(usize, u64)>,
    /// Why it may be a text from inside of something, if so.
    pub(crate) doubt: Option<Doubt>,
}

impl Element {
    /// The byte of the unpacked input at which something stands that was found at this byte, which counts
    /// from where the element begins.
    pub(crate) fn origin(&self, byte: u64) -> u64 {
        let at = usize::try_from(byte).unwrap_or(usize::MAX);
        let before = self.places.partition_point(|(place, _)| *place <= at);
        let place = self.places.get(before.saturating_sub(1));
        place.map_or(byte, |(_, byte)| *byte)
    }
}

/// A stretch of input that holds no element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rejected {
    /// Where and why.
    pub(crate) reject: Reject,
    /// How long it is.
    pub(crate) len: u64,
    /// Its first bytes, [`REJECT_BYTES_MAX`] at most.
    pub(crate) bytes: Vec<u8>,
    /// The source that would have read it, where its form tells.
    pub(crate) of: Option<&'static str>,
}

impl Rejected {
    /// Of a stretch that is in memory as a whole.
    pub(crate) fn new(reject: Reject, bytes: &[u8], of: Option<&'static str>) -> Rejected {
        let kept = bytes.get(..REJECT_BYTES_MAX).unwrap_or(bytes).to_vec();
        Rejected { reject, len: bytes.len() as u64, bytes: kept, of }
    }
}

/// What comes out of [`feed`].
#[derive(Debug)]
pub(crate) enum Delivery {
    /// An input begins; it may turn out to be empty.
    Input(Arc<Input>),
    Batch(Batch),
    /// All of an input, which was not split yet.
    Short(Short),
    Problem(Problem),
    Note(Note),
    /// A file is done.
    Handed(Handed),
}

/// Reads all of `files` and sends what is in them, until the other side hangs up. `stdin` is read for
/// `-`; `progress` counts bytes as they are read from disk.
///
/// Memory: [`UNDER_WAY_BYTES_MAX`](super::gauge::UNDER_WAY_BYTES_MAX), one buffer that grows up to the longest element
/// ([`writ_sources::split::ELEMENT_BYTES_MAX`]), and what unpacking takes.
pub(crate) fn feed(files: &[InputFile], stdin: &mut dyn Read, progress: &AtomicU64, out: &SyncSender<Delivery>) {
    let send = |delivery| match out.send(delivery) {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    };
    let (window, gauge) = (Window::default(), Arc::default());
    let mut feeder = Feeder { out: &send, inputs: 0, has_end: false, window, gauge };
    for (index, file) in files.iter().enumerate() {
        feeder.has_end = matches!(file.place, Place::File(_));
        let (handed, flow) = open(file, stdin, progress, &mut |found| match found {
            Found::Input { name, reader } => feeder.input(index, name, reader),
            Found::Problem(problem) => send(Delivery::Problem(problem)),
            Found::Note(note) => send(Delivery::Note(note)),
        });
        if flow.is_break() || send(Delivery::Handed(handed)).is_break() {
            return;
        }
    }
}

struct Feeder<'a> {
    out: &'a dyn Fn(Delivery) -> ControlFlow<()>,
    inputs: u64,
    /// Whether what is read now has an end that need not be waited for.
    has_end: bool,
    window: Window,
    gauge: Arc<Gauge>,
}

impl Feeder<'_> {
    fn input(&mut self, file: usize, name: &str, reader: &mut dyn Read) -> ControlFlow<()> {
        let input = Arc::new(Input { index: self.inputs, file, name: name.to_owned() });
        self.inputs += 1;
        (self.out)(Delivery::Input(Arc::clone(&input)))?;
        let (head, mut reader) = table::peek(reader);
        if table::is_table(&head) {
            return self.table(&input, &mut reader);
        }
        if otlp::may_be(&head) {
            return self.protobuf(&input, &mut reader);
        }
        if !self.has_end {
            return self.split(&input, &mut reader);
        }
        match short::take(&mut reader, self.gauge.buffer()) {
            short::Taken::Short(buffer, len) => {
                (self.out)(Delivery::Short(Short::new(&input, buffer, len, &self.gauge)))
            }
            short::Taken::Other(read, fault) => {
                self.split(&input, &mut read.as_slice().chain(Fault(fault)).chain(reader))
            }
        }
    }

    fn protobuf(&mut self, input: &Arc<Input>, reader: &mut dyn Read) -> ControlFlow<()> {
        let mut batch = self.batch(input);
        let taken = otlp::take(reader, &mut |piece| {
            match piece {
                Piece::Element(filled) => batch.written(&filled.json, filled.places),
                Piece::Reject(byte, bytes, of, cause) => batch.reject(Reject { line: 1, byte, cause }, bytes, Some(of)),
            }
            self.send_full(&mut batch)
        });
        match taken {
            Taken::Read(flow, fault) => {
                flow?;
                self.send_rest(batch)?;
                let problem = fault.map(|fault| Problem::of(&input.name, &fault));
                problem.map_or(ControlFlow::Continue(()), |problem| (self.out)(Delivery::Problem(problem)))
            }
            Taken::Other(read, fault) => self.split(input, &mut read.as_slice().chain(Fault(fault)).chain(reader)),
        }
    }

    fn batch(&self, input: &Arc<Input>) -> Batch {
        Batch::new(input, self.gauge.buffer())
    }

    /// Hands a batch out once it is full.
    fn send_full(&self, batch: &mut Batch) -> ControlFlow<()> {
        if !batch.is_full() {
            return ControlFlow::Continue(());
        }
        let next = self.batch(&batch.input);
        self.send_rest(mem::replace(batch, next))
    }

    /// Hands out what is left.
    fn send_rest(&self, mut batch: Batch) -> ControlFlow<()> {
        if batch.is_empty() {
            return ControlFlow::Continue(());
        }
        batch.held = Some(self.gauge.hold(batch.size().bytes));
        (self.out)(Delivery::Batch(batch))
    }

    fn split(&mut self, input: &Arc<Input>, reader: &mut dyn Read) -> ControlFlow<()> {
        let mut splitter = Splitter::new();
        let mut batch = self.batch(input);
        let mut head = Head::default();
        let mut back = Back::default();
        let mut problem = None;
        let mut eof = false;
        self.window.clear();
        loop {
            match splitter.next(self.window.filled(), eof) {
                Step::Element { span, line } => {
                    batch.element(self.window.get(&span), span.start, line);
                    if let Some(element) = batch.elements.last_mut() {
                        element.doubt = splitter.doubt();
                    }
                }
                Step::Reject { span, line, cause } => {
                    let bytes = head.take(&self.window, &span);
                    let reject = Reject { line, byte: span.start, cause: cause.to_string() };
                    batch.rejected += bytes.len();
                    batch.rejects.push(Rejected { reject, len: span.end - span.start, bytes, of: None });
                }
                Step::More { keep } => {
                    if let Some(start) = splitter.pending() {
                        head.save(&self.window, start..keep);
                    }
                    self.window.drop_before(keep);
                    match self.window.read(reader) {
                        Ok(n) => eof = n == 0,
                        Err(error) => {
                            problem = Some(Problem::of(&input.name, &error));
                            eof = true;
                        }
                    }
                }
                Step::End => break,
            }
            if let Some(doubt) = splitter.doubt() {
                back.doubt(doubt, &mut batch);
            }
            if !batch.is_full() {
                continue;
            }
            if let Some(batch) = back.hold(mem::replace(&mut batch, self.batch(input))) {
                back.take().try_for_each(|held| self.send_rest(held))?;
                self.send_rest(batch)?;
            }
        }
        back.take().try_for_each(|held| self.send_rest(held))?;
        self.send_rest(batch)?;
        problem.map_or(ControlFlow::Continue(()), |problem| (self.out)(Delivery::Problem(problem)))
    }

    /// A table is read whole: directories are small.
    fn table(&self, input: &Arc<Input>, reader: &mut dyn Read) -> ControlFlow<()> {
        let (bytes, fault) = table::read(reader);
        let end = if fault.is_some() { table::whole(&bytes) } else { bytes.len() };
        let (whole, cut) = bytes.split_at_checked(end).unwrap_or((&bytes, &[]));
        let mut batch = self.batch(input);
        table::rows(whole, &mut |row| {
            match row.item {
                Ok(json) => batch.element(&json, row.byte, row.line),
                Err(cause) => {
                    // A record of any source may stand under a header that does not belong to it.
                    let of = (!row.bytes.starts_with(b"{")).then_some(table::SOURCE);
                    batch.reject(Reject { line: row.line, byte: row.byte, cause }, &row.bytes, of);
                }
            }
            self.send_full(&mut batch)
        })?;
        if !cut.is_empty() {
            let line = whole.split(|byte| *byte == b'\n').count() as u64;
            let cause = "the input ends in the middle of a row".to_owned();
            batch.reject(Reject { line, byte: end as u64, cause }, &table::broken_off(whole, cut), Some(table::SOURCE));
        }
        self.send_rest(batch)?;
        let problem = fault.map(|fault| Problem::of(&input.name, &fault));
        problem.map_or(ControlFlow::Continue(()), |problem| (self.out)(Delivery::Problem(problem)))
    }
}

/// A reader that gives what went wrong before, once, and then nothing.
struct Fault(Option<io::Error>);

impl Read for Fault {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// The stretch of the input that is in memory.
#[derive(Default)]
struct Window {
    /// Position of its first byte.
    base: u64,
    buffer: Vec<u8>,
    filled: usize,
}

impl Window {
    fn clear(&mut self) {
        (self.base, self.filled) = (0, 0);
    }

    fn filled(&self) -> &[u8] {
        self.buffer.get(..self.filled).unwrap_or_default()
    }

    /// What of that span is in memory.
    fn get(&self, span: &Range<u64>) -> &[u8] {
        let at = |position: u64| {
            let at = usize::try_from(position.saturating_sub(self.base)).unwrap_or(usize::MAX);
            at.min(self.filled)
        };
        self.filled().get(at(span.start)..at(span.end)).unwrap_or_default()
    }

    fn drop_before(&mut self, position: u64) {
        let dropped = usize::try_from(position.saturating_sub(self.base)).unwrap_or(usize::MAX).min(self.filled);
        if dropped > 0 {
            self.buffer.copy_within(dropped..self.filled, 0);
            self.filled -= dropped;
            self.base += dropped as u64;
        }
    }

    /// Reads once, behind what is there: how much, 0 at the end.
    fn read(&mut self, reader: &mut dyn Read) -> io::Result<usize> {
        if self.buffer.len() < self.filled + READ_BYTES {
            long::make_room(&mut self.buffer, ROOM_BYTES);
            self.buffer.resize(self.filled + READ_BYTES, 0);
        } else if self.filled == 0 {
            // A long element has passed: its memory is not needed for the next.
            self.buffer.truncate(READ_BYTES);
            self.buffer.shrink_to_fit();
        }
        let free = self.buffer.get_mut(self.filled..).unwrap_or_default();
        loop {
            match reader.read(free) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => {
                    self.filled += *read.as_ref().unwrap_or(&0);
                    return read;
                }
            }
        }
    }
}

/// The first bytes of a reject whose end is not in sight.
#[derive(Default)]
struct Head {
    start: u64,
    bytes: Vec<u8>,
}

impl Head {
    /// Keeps the bytes of this span that are about to be dropped.
    fn save(&mut self, window: &Window, span: Range<u64>) {
        if self.start != span.start {
            (self.start, self.bytes) = (span.start, Vec::new());
        }
        if span.is_empty() {
            return;
        }
        let kept = span.start + self.bytes.len() as u64;
        let bytes = window.get(&(kept.max(window.base)..span.end));
        if kept >= window.base {
            let free = REJECT_BYTES_MAX - self.bytes.len().min(REJECT_BYTES_MAX);
            self.bytes.extend_from_slice(bytes.get(..free).unwrap_or(bytes));
        }
    }

    /// The first bytes of the reject of this span.
    fn take(&mut self, window: &Window, span: &Range<u64>) -> Vec<u8> {
        self.save(window, span.clone());
        let mut bytes = mem::take(&mut self.bytes);
        bytes.truncate(usize::try_from(span.end - span.start).unwrap_or(usize::MAX));
        bytes
    }
}

#[cfg(test)]
mod tests;
