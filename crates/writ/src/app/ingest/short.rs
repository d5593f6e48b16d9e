//! A short input: split and read in one go.

use super::worker::{Out, Outcome, Part, Stands, Worker};
use crate::error::Error;
use crate::input::{HELD_BACK_BYTES_MAX, Rejected, Short, Size};
use std::mem;
use std::ops::ControlFlow;
use writ_model::reject::Reject;
use writ_sources::split::{self, Doubt, Piece, Splitter, Whole};
use writ_sources::unwrap::{unwrap, unwrap_read};

/// What was found since something was committed.
struct Since {
    part: Part,
    /// Where the input was split to when it began.
    place: Splitter,
    is_empty: bool,
}

impl Worker<'_> {
    /// Reads all of an input, and commits what is in it a batch at a time.
    ///
    /// Who may have written a record is told by what stands around it, behind it too, so nothing is committed before
    /// as much was seen as is held back of longer inputs; and what is not committed is read once more where lines of
    /// text show.
    pub(super) fn short(&mut self, short: &Short, out: &mut Out<'_>) -> Result<ControlFlow<()>, Error> {
        let mut whole = Whole::new(short.bytes());
        let mut since = self.since(short, &whole);
        // What a batch of a longer input would hold by now: what is committed together, and when, is the same.
        let (mut batch, mut held_back, mut is_text) = (Size::default(), 0, None);
        while let Some(piece) = whole.next() {
            if is_text.is_none() && whole.doubt() == Some(Doubt::Text) {
                (is_text, held_back, batch) = (whole.doubt(), HELD_BACK_BYTES_MAX + 1, Size::default());
                self.forget();
                whole.go_back(mem::take(&mut since.place));
                since = self.since(short, &whole);
                continue;
            }
            since.is_empty = false;
            self.piece(short, piece, whole.doubt().or(is_text), &mut since.part, &mut batch);
            if !batch.is_full() {
                continue;
            }
            held_back += mem::take(&mut batch).held_back();
            if held_back > HELD_BACK_BYTES_MAX {
                let read = self.commit(since.part)?;
                since = self.since(short, &whole);
                if out(Outcome::Read(read)).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        if since.is_empty {
            return Ok(ControlFlow::Continue(()));
        }
        Ok(out(Outcome::Read(self.commit(since.part)?)))
    }

    fn since(&mut self, short: &Short, whole: &Whole<'_>) -> Since {
        Since { part: self.part(&short.input), place: whole.place(), is_empty: true }
    }

    fn piece(&mut self, short: &Short, piece: Piece<'_>, doubt: Option<Doubt>, part: &mut Part, batch: &mut Size) {
        let Piece { span, line, found } = piece;
        let (byte, bytes) = (span.start as u64, short.bytes().get(span).unwrap_or_default());
        let stands = Stands { line, doubt, origin: &|byte| byte };
        let pointer = self.options.pointer.as_deref();
        match found {
            split::Found::Read(node) => {
                unwrap_read(short.bytes(), node, pointer, &mut |found| self.found(found, &stands, part));
            }
            split::Found::Unread => unwrap(bytes, byte, pointer, &mut |found| self.found(found, &stands, part)),
            split::Found::Reject(cause) => {
                let rejected = Rejected::new(Reject { line, byte, cause: cause.to_string() }, bytes, None);
                batch.bytes += rejected.bytes.len();
                batch.n_rejects += 1;
                return self.rejected(&rejected, part);
            }
        }
        batch.bytes += bytes.len();
        batch.n_elements += 1;
    }
}
