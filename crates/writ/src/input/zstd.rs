//! Zstandard (RFC 8878): frames one after another.

use super::layer::{Broken, Source};
use ::zstd::stream::raw::{DParameter, Decoder, Operation as _};
use std::io;

/// The largest window a frame may ask for, as a power of two: 128 MiB, what `zstd` itself accepts
/// unless it is told otherwise. The window is memory.
const WINDOW_LOG_MAX: u32 = 27;

/// The fewest bytes a frame header can be told from.
const HEADER_BYTES_MIN: usize = 5;

/// Unpacks zstd data.
pub(super) struct Zstd {
    raw: Decoder<'static>,
    /// How many bytes the decoder wants next. Giving it no more than one block at once means that a
    /// damaged block takes no bytes of sound ones with it.
    wants: usize,
    /// A frame is open.
    open: bool,
}

impl Zstd {
    pub(super) fn new() -> io::Result<Zstd> {
        let mut raw = Decoder::new()?;
        raw.set_parameter(DParameter::WindowLogMax(WINDOW_LOG_MAX))?;
        Ok(Zstd { raw, wants: HEADER_BYTES_MIN, open: false })
    }

    pub(super) fn read(&mut self, source: &mut Source<'_>, out: &mut [u8]) -> Result<usize, Broken> {
        loop {
            let rest = source.fill()?;
            let eof = rest.is_empty();
            if eof && !self.open {
                return Ok(0);
            }
            let input = rest.get(..self.wants).unwrap_or(rest);
            let status = self.raw.run_on_buffers(input, out).map_err(|error| broken(&error))?;
            source.take(status.bytes_read);
            self.open = status.remaining != 0;
            self.wants = status.remaining.max(HEADER_BYTES_MIN);
            if status.bytes_written > 0 {
                return Ok(status.bytes_written);
            }
            if eof && self.open {
                return Err(Broken::Data("ends too early: it was cut off".to_owned()));
            }
        }
    }
}

fn broken(error: &io::Error) -> Broken {
    let text = error.to_string();
    Broken::Data(if text.contains("too much memory") {
        format!("asks for a window of more than {} MiB", 1 << (WINDOW_LOG_MAX - 20))
    } else if text.contains("Unknown frame") {
        "is followed by something else, which was not read".to_owned()
    } else {
        format!("is damaged: {}", text.to_lowercase())
    })
}
