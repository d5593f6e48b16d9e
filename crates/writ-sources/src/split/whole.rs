//! An input that is in memory as a whole, split as a stream of the same bytes is.
//!
//! Splitting and reading would scan the same text twice. Here the strict reader goes first, wherever an object begins
//! that is an element: what it reads, it also ends. The scanner is asked where it fails, so whatever is lenient there is
//! lenient here.

use super::{Cause, Doubt, Splitter, Step};
use core::ops::Range;
use writ_model::json::{Node, Values};

/// How many values an element may hold that is read before it was scanned. Usual records have some hundred; of what has
/// more, or never ends, no tree is made in vain.
const VALUES_FIRST_MAX: usize = 4_096;

/// An input, and how far it was split.
#[derive(Debug)]
pub struct Whole<'t> {
    text: &'t [u8],
    /// `None` where the text is not UTF-8 as a whole: its elements may be, each for itself.
    values: Option<Values<'t>>,
    splitter: Splitter,
}

/// A stretch of the input. Positions count from its beginning, lines from 1.
#[derive(Debug)]
pub struct Piece<'t> {
    /// Where it stands.
    pub span: Range<usize>,
    /// The line it begins on.
    pub line: u64,
    /// What it is.
    pub found: Found<'t>,
}

/// What stands there.
#[derive(Debug)]
pub enum Found<'t> {
    /// An element that was read.
    Read(Node<'t>),
    /// An element that could not be read yet.
    Unread,
    /// No element, and why.
    Reject(Cause),
}

impl<'t> Whole<'t> {
    /// Before the first piece.
    pub fn new(text: &'t [u8]) -> Whole<'t> {
        Whole { text, values: Values::new(text, VALUES_FIRST_MAX).ok(), splitter: Splitter::new() }
    }

    /// See [`Splitter::doubt`].
    pub fn doubt(&self) -> Option<Doubt> {
        self.splitter.doubt()
    }

    /// Where this stands now.
    pub fn place(&self) -> Splitter {
        self.splitter.clone()
    }

    /// Goes back to where it stood.
    pub fn go_back(&mut self, place: Splitter) {
        self.splitter = place;
    }

    fn span(span: Range<u64>) -> Range<usize> {
        let at = |position| usize::try_from(position).unwrap_or(usize::MAX);
        at(span.start)..at(span.end)
    }
}

impl<'t> Iterator for Whole<'t> {
    type Item = Piece<'t>;

    fn next(&mut self) -> Option<Piece<'t>> {
        loop {
            let at = self.splitter.object(self.text);
            let read = at.and_then(|at| self.values.as_mut()?.read(at).ok());
            let step = match &read {
                Some(node) => self.splitter.passed(self.text, node.span().end),
                None => self.splitter.step(self.text, true),
            };
            let (span, line, found) = match step {
                None => continue,
                Some(Step::Element { span, line }) => (span, line, read.map_or(Found::Unread, Found::Read)),
                Some(Step::Reject { span, line, cause }) => (span, line, Found::Reject(cause)),
                // Nothing follows what is here as a whole.
                Some(Step::More { .. } | Step::End) => return None,
            };
            return Some(Piece { span: Whole::span(span), line, found });
        }
    }
}
