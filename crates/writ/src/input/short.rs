//! Short inputs are handed out as a whole: a worker splits and reads them in one go, and the one thread that reads
//! files has the less to do.
//!
//! Only what has an end is waited for: whoever pipes records in may write the next one in an hour.

use super::feed::Input;
use super::gauge::{Gauge, Held};
use std::io::{self, Read};
use std::mem;
use std::sync::Arc;

/// Bytes from which on an input is not short, unpacked. What vendors deliver as one file mostly is, and of what is
/// longer several workers are to have a part.
pub(super) const SHORT_BYTES_MAX: usize = 4 << 20;

/// Bytes there is room for in the beginning …
const ROOM_BYTES: usize = 64 << 10;

/// … and how many are added at once at most.
const MORE_BYTES: usize = 1 << 20;

/// An input that is in memory as a whole.
#[derive(Debug)]
pub(crate) struct Short {
    /// Which.
    pub(crate) input: Arc<Input>,
    buffer: Vec<u8>,
    /// So much of the buffer is filled.
    len: usize,
    held: Option<Held>,
}

impl Short {
    /// Waits until it may be under way.
    pub(super) fn new(input: &Arc<Input>, buffer: Vec<u8>, len: usize, gauge: &Arc<Gauge>) -> Short {
        Short { input: Arc::clone(input), buffer, len, held: Some(gauge.hold(len)) }
    }

    /// All of it.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.len).unwrap_or_default()
    }
}

impl Drop for Short {
    fn drop(&mut self) {
        if let Some(held) = self.held.take() {
            held.give_back(mem::take(&mut self.buffer));
        }
    }
}

/// How far an input was read: so many bytes are in the buffer.
pub(super) enum Taken {
    /// To its end: it is short.
    Short(Vec<u8>, usize),
    /// It goes on, or something went wrong.
    Other(Vec<u8>, Option<io::Error>),
}

/// Reads an input as far as a short one may go, over what is in the buffer.
pub(super) fn take(reader: &mut dyn Read, mut buffer: Vec<u8>) -> Taken {
    let mut len = 0;
    let fault = loop {
        if len >= SHORT_BYTES_MAX {
            break None;
        }
        if len == buffer.len() {
            buffer.resize((len + len.clamp(ROOM_BYTES, MORE_BYTES)).min(SHORT_BYTES_MAX), 0);
        }
        match reader.read(buffer.get_mut(len..).unwrap_or_default()) {
            Ok(0) => return Taken::Short(buffer, len),
            Ok(n) => len += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Some(error),
        }
    };
    buffer.truncate(len);
    Taken::Other(buffer, fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_in_time_is_short_and_nothing_of_the_rest_is_lost() {
        for n in [0, 1, ROOM_BYTES, ROOM_BYTES + 1, SHORT_BYTES_MAX - 1, SHORT_BYTES_MAX, SHORT_BYTES_MAX + 9] {
            let text: Vec<u8> = (0..n).map(|n| b"abcdefg"[n % 7]).collect();
            for buffer in [Vec::new(), vec![b'z'; 100], vec![b'z'; SHORT_BYTES_MAX]] {
                let mut reader = text.as_slice();
                match take(&mut reader, buffer) {
                    Taken::Short(buffer, len) => assert!(n < SHORT_BYTES_MAX && buffer[..len] == text),
                    Taken::Other(read, fault) => {
                        assert!(n >= SHORT_BYTES_MAX && fault.is_none() && [&read, reader].concat() == text);
                    }
                }
            }
        }
    }

    #[test]
    fn what_was_read_before_a_fault_is_kept() {
        let broken = flate2::read::GzDecoder::new(&b"no gzip data"[..]);
        let Taken::Other(read, Some(_)) = take(&mut b"before".chain(broken), vec![b'z'; 9]) else { panic!() };
        assert_eq!(read, b"before");
    }
}
