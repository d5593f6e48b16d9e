//! Where output goes: data to standard output, everything else to standard error.

use crate::error::{Error, Kind};
use serde::Serialize;
use std::io::{self, BufWriter, Stdout, Write as _};
use writ_view::escape;

/// Standard output, buffered; a reader that goes away is no failure.
pub(super) struct Output {
    out: BufWriter<Stdout>,
    closed: bool,
    awaited: bool,
}

impl Output {
    pub(super) fn new() -> Output {
        Output { out: BufWriter::new(io::stdout()), closed: false, awaited: false }
    }

    /// Says that somebody acts on what is printed: that he has gone is then a failure.
    pub(super) fn await_reader(&mut self) {
        self.awaited = true;
    }

    /// Whether whoever read our output has gone, and had seen enough.
    pub(super) fn is_closed(&self) -> bool {
        self.closed && !self.awaited
    }

    pub(super) fn text(&mut self, text: &str) -> Result<(), Error> {
        let written = self.out.write_all(text.as_bytes());
        self.check(written)
    }

    pub(super) fn line(&mut self, text: &str) -> Result<(), Error> {
        self.text(text)?;
        self.text("\n")
    }

    /// One JSON value on a line of its own. Texts in it come from logs, and a terminal may show it.
    pub(super) fn json(&mut self, value: &impl Serialize) -> Result<(), Error> {
        let text = serde_json::to_string(value)
            .map_err(|fault| Error::new(Kind::Internal, format!("an answer could not be written as JSON: {fault}")))?;
        self.line(&escape::json(&text))
    }

    /// Hands on what is buffered.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        let flushed = self.out.flush();
        self.check(flushed)
    }

    fn check(&mut self, done: io::Result<()>) -> Result<(), Error> {
        done.map_err(|fault| {
            self.closed |= fault.kind() == io::ErrorKind::BrokenPipe;
            Error::new(Kind::Unavailable, format!("standard output cannot be written: {fault}"))
        })
    }
}

/// Says what went wrong on standard error. Parts of messages come from logs, so they are escaped.
pub(super) fn complain(error: &Error) {
    remark(&format!("error: {}", escape::terminal(&error.message)));
    if let Some(hint) = &error.hint {
        remark(&format!("hint: {}", escape::terminal(hint)));
    }
}

/// A line on standard error. If even that is gone there is nobody left to tell.
pub(super) fn remark(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// `writ.error/1`: what went wrong with one of several events.
#[derive(Debug, Serialize)]
pub(super) struct ErrorLine<'a> {
    schema: &'static str,
    event: &'a str,
    kind: &'static str,
    message: &'a str,
    hint: Option<&'a str>,
}

impl<'a> ErrorLine<'a> {
    pub(super) fn new(event: &'a str, error: &'a Error) -> ErrorLine<'a> {
        ErrorLine {
            schema: "writ.error/1",
            event,
            kind: error.kind.word(),
            message: &error.message,
            hint: error.hint.as_deref(),
        }
    }
}
