//! One layer of packing: bytes in, bytes out, bounded, with every byte before a fault.

use super::gzip::Gzip;
use super::zstd::Zstd;
use flate2::{Crc, Decompress, FlushDecompress, Status};
use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

/// Bytes read at once from the layer below.
const SOURCE_BYTES: usize = 64 << 10;

/// Bytes a layer may give before it is asked how many it took: small inputs pack arbitrarily well.
const FREE_BYTES: u64 = 1 << 20;

/// Bytes a layer may give for each it took. Deflate cannot exceed 1,032 (RFC 1951: 258 bytes for two
/// bits), so whatever does is zstd or several layers, and logs stay under 100 in either.
const RATIO_MAX: u64 = 1_100;

/// What is wrong with packed data. Travels inside an [`io::Error`] through the layers above.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    /// How many packed bytes were understood before.
    pub(super) byte: Option<u64>,
    pub(super) cause: String,
    pub(super) remedy: &'static str,
}

impl Fault {
    pub(super) fn new(byte: u64, cause: impl Into<String>, remedy: &'static str) -> Fault {
        Fault { byte: Some(byte), cause: cause.into(), remedy }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)
    }
}

impl std::error::Error for Fault {}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> io::Error {
        io::Error::other(fault)
    }
}

/// What all layers of one file may give together, for what was handed in.
#[derive(Debug, Default)]
pub(super) struct Budget {
    /// Bytes handed in.
    pub(super) paid: Cell<u64>,
    /// Bytes given by all layers.
    spent: Cell<u64>,
}

impl Budget {
    /// Whether the layers gave more than they may.
    pub(super) fn is_spent(&self) -> bool {
        is_over(self.spent.get(), self.paid.get())
    }
}

fn is_over(given: u64, taken: u64) -> bool {
    given > FREE_BYTES && given > taken.saturating_mul(RATIO_MAX)
}

/// The bounds of one layer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits<'a> {
    pub(super) budget: &'a Budget,
    /// Which layer it is, the outermost being 1.
    pub(super) layer: usize,
}

/// A reader that knows how many bytes were taken from it.
pub(super) struct Source<'a> {
    inner: BufReader<&'a mut dyn Read>,
    pub(super) taken: u64,
}

impl Source<'_> {
    /// What is there, more where nothing is; empty at the end.
    pub(super) fn fill(&mut self) -> io::Result<&[u8]> {
        loop {
            match self.inner.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(_) => break,
            }
        }
        Ok(self.inner.buffer())
    }

    pub(super) fn take(&mut self, n: usize) {
        self.inner.consume(n);
        self.taken += n as u64;
    }

    /// The next byte, `None` at the end.
    pub(super) fn byte(&mut self) -> io::Result<Option<u8>> {
        let byte = self.fill()?.first().copied();
        if byte.is_some() {
            self.take(1);
        }
        Ok(byte)
    }
}

/// What stopped a codec: the layer below, or its own data (what is wrong with it).
pub(super) enum Broken {
    Below(io::Error),
    Data(String),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Broken {
        Broken::Below(error)
    }
}

/// How a layer is unpacked.
pub(super) enum Codec {
    Stored,
    Deflate(Box<Inflate>),
    Gzip(Box<Gzip>),
    Zstd(Box<Zstd>),
}

impl Codec {
    pub(super) fn deflate() -> Codec {
        Codec::Deflate(Box::new(Inflate::new()))
    }

    pub(super) fn gzip() -> Codec {
        Codec::Gzip(Box::new(Gzip::new()))
    }

    pub(super) fn zstd() -> io::Result<Codec> {
        Ok(Codec::Zstd(Box::new(Zstd::new()?)))
    }

    fn word(&self) -> &'static str {
        match self {
            Codec::Stored => "stored",
            Codec::Deflate(_) => "deflate",
            Codec::Gzip(_) => "gzip",
            Codec::Zstd(_) => "zstd",
        }
    }

    /// Fills the beginning of `out`: how much, and what stopped it behind that. Nothing and no stop
    /// is the end.
    fn read(&mut self, source: &mut Source<'_>, out: &mut [u8]) -> (usize, Option<Broken>) {
        let read = match self {
            Codec::Stored => source.fill().map(|mut rest| rest.read(out).unwrap_or(0)).map_err(Broken::Below),
            Codec::Deflate(inflate) => return inflate.read(source, out),
            Codec::Gzip(gzip) => return gzip.read(source, out),
            Codec::Zstd(zstd) => zstd.read(source, out),
        };
        match read {
            Ok(n) => {
                if let Codec::Stored = self {
                    source.take(n);
                }
                (n, None)
            }
            Err(broken) => (0, Some(broken)),
        }
    }
}

/// Raw deflate data (RFC 1951).
pub(super) struct Inflate {
    raw: Decompress,
    ended: bool,
}

impl Inflate {
    pub(super) fn new() -> Inflate {
        Inflate { raw: Decompress::new(false), ended: false }
    }

    pub(super) fn reset(&mut self) {
        self.raw.reset(false);
        self.ended = false;
    }

    pub(super) fn read(&mut self, source: &mut Source<'_>, out: &mut [u8]) -> (usize, Option<Broken>) {
        while !self.ended {
            let input = match source.fill() {
                Ok(input) => input,
                Err(error) => return (0, Some(Broken::Below(error))),
            };
            let eof = input.is_empty();
            let (before_in, before_out) = (self.raw.total_in(), self.raw.total_out());
            let status = self.raw.decompress(input, out, FlushDecompress::None);
            let moved = |from: u64, to: u64| usize::try_from(to - from).unwrap_or(0);
            let n = moved(before_out, self.raw.total_out());
            source.take(moved(before_in, self.raw.total_in()));
            match status {
                Err(_) => return (n, Some(Broken::Data("is damaged".to_owned()))),
                Ok(status) => self.ended = status == Status::StreamEnd,
            }
            if n > 0 {
                return (n, None);
            }
            if eof && !self.ended {
                return (0, Some(Broken::Data("ends too early: it was cut off".to_owned())));
            }
        }
        (0, None)
    }
}

/// What the bytes of a zip entry must come to.
struct Check {
    sum: Crc,
    crc: u32,
    size: u64,
}

/// One layer as a reader. Each byte before a fault comes before the fault, and the fault comes again
/// on every later read.
pub(super) struct Layer<'a> {
    source: Source<'a>,
    codec: Codec,
    limits: Limits<'a>,
    given: u64,
    check: Option<Check>,
    fault: Option<Fault>,
    ended: bool,
}

impl<'a> Layer<'a> {
    pub(super) fn new(inner: &'a mut dyn Read, codec: Codec, limits: Limits<'a>) -> Layer<'a> {
        let source = Source { inner: BufReader::with_capacity(SOURCE_BYTES, inner), taken: 0 };
        Layer { source, codec, limits, given: 0, check: None, fault: None, ended: false }
    }

    /// With a checksum and a length to be compared at the end.
    pub(super) fn checked(self, crc: u32, size: u64) -> Layer<'a> {
        Layer { check: Some(Check { sum: Crc::new(), crc, size }), ..self }
    }

    fn fail(&mut self, text: &str, remedy: &'static str) {
        let cause = format!("layer {}: {} data {text}", self.limits.layer, self.codec.word());
        self.fault.get_or_insert_with(|| Fault::new(self.source.taken, cause, remedy));
    }

    fn pay(&mut self, n: u64) {
        self.given += n;
        let budget = self.limits.budget;
        budget.spent.set(budget.spent.get() + n);
        if is_over(self.given, self.source.taken) || budget.is_spent() {
            let text = format!("unpacks to more than {RATIO_MAX} times its size, which logs never do");
            self.fail(&text, "if it is trusted, unpack it and ingest what is inside");
        }
    }

    fn finish(&mut self) {
        self.ended = true;
        if let Some(check) = self.check.take() {
            if check.size != self.given {
                let text = format!("unpacks to {} bytes where the archive says {}", self.given, check.size);
                self.fail(&text, "get the archive again from its source");
            } else if check.crc != check.sum.sum() {
                self.fail("is damaged: its checksum differs", "get the archive again from its source");
            }
        }
    }
}

impl Read for Layer<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() || (self.ended && self.fault.is_none()) {
            return Ok(0);
        }
        if let Some(fault) = &self.fault {
            return Err(fault.clone().into());
        }
        let (n, broken) = self.codec.read(&mut self.source, out);
        if let Some(check) = &mut self.check {
            check.sum.update(out.get(..n).unwrap_or_default());
        }
        self.pay(n as u64);
        match broken {
            Some(Broken::Below(error)) if n == 0 => return Err(error),
            Some(Broken::Data(text)) => self.fail(&text, "get the file again from its source"),
            None if n == 0 => self.finish(),
            Some(Broken::Below(_)) | None => {}
        }
        match &self.fault {
            Some(fault) if n == 0 => Err(fault.clone().into()),
            _ => Ok(n),
        }
    }
}
