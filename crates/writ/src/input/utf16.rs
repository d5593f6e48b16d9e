//! UTF-16, in which some shells write what is sent to a file: read as the text it is, so that records and
//! secrets in it are seen. What is kept of a record is that text in UTF-8.

use std::io::{self, Read};

/// Bytes read at once.
const READ_BYTES: usize = 64 << 10;

/// A reader of the text as UTF-8, without the mark it begins with. What is no character becomes U+FFFD.
pub(super) struct Utf16<'a> {
    inner: &'a mut dyn Read,
    big_endian: bool,
    /// The beginning of a character whose rest was not read yet.
    begun: Vec<u8>,
    out: Vec<u8>,
    at: usize,
    started: bool,
}

impl<'a> Utf16<'a> {
    pub(super) fn new(inner: &'a mut dyn Read, big_endian: bool) -> Utf16<'a> {
        Utf16 { inner, big_endian, begun: Vec::new(), out: Vec::new(), at: 0, started: false }
    }

    fn unit(&self, pair: &[u8]) -> u16 {
        match *pair {
            [a, b] if self.big_endian => u16::from_be_bytes([a, b]),
            [a, b] => u16::from_le_bytes([a, b]),
            // The text breaks off inside of a unit: half of a pair is no character either.
            _ => 0xd800,
        }
    }

    /// Reads on: whether there is more.
    fn fill(&mut self) -> io::Result<bool> {
        let mut bytes = std::mem::take(&mut self.begun);
        let before = bytes.len();
        bytes.resize(before + READ_BYTES, 0);
        let read = self.inner.read(bytes.get_mut(before..).unwrap_or_default());
        bytes.truncate(before + *read.as_ref().unwrap_or(&0));
        if read.is_err() {
            self.begun = bytes;
            return read.map(|_| true);
        }
        let ended = bytes.len() == before;
        if !ended {
            let even = bytes.len() / 2 * 2;
            let last = bytes.get(even.saturating_sub(2)..even).map_or(0, |pair| self.unit(pair));
            let half = usize::from(even > 0 && (0xd800..0xdc00).contains(&last)) * 2;
            self.begun = bytes.split_off(even - half);
        }
        let units: Vec<u16> = bytes.chunks(2).map(|pair| self.unit(pair)).collect();
        let text = String::from_utf16_lossy(&units);
        let text = if self.started { &text } else { text.trim_start_matches('\u{feff}') };
        self.started |= !bytes.is_empty();
        (self.out, self.at) = (text.as_bytes().to_vec(), 0);
        Ok(!ended)
    }
}

impl Read for Utf16<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut more = !out.is_empty();
        while more && self.at == self.out.len() {
            more = self.fill()?;
        }
        let n = self.out.get(self.at..).unwrap_or_default().read(out)?;
        self.at += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let most = out.len().min(1);
            self.0.read(&mut out[..most])
        }
    }

    #[test]
    fn both_orders_are_read_however_the_bytes_come() {
        let text = "{\"a\":\"\u{e9}\u{1f600}\"}";
        for big in [false, true] {
            let order = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
            let bytes: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(order).collect();
            for slow in [false, true] {
                let (mut one, mut all) = (Slow(&bytes), &bytes[..]);
                let inner: &mut dyn Read = if slow { &mut one } else { &mut all };
                let mut read = String::new();
                Utf16::new(inner, big).read_to_string(&mut read).unwrap();
                assert_eq!(read, text);
            }
        }
    }

    #[test]
    fn what_breaks_off_is_shown_as_such() {
        for (bytes, text) in [(&b"a\0b"[..], "a\u{fffd}"), (b"a\0\x3d\xd8", "a\u{fffd}"), (b"", "")] {
            let mut read = String::new();
            Utf16::new(&mut &*bytes, false).read_to_string(&mut read).unwrap();
            assert_eq!(read, text);
        }
    }
}
