//! Canonical bytes: deterministic CBOR (RFC 8949, section 4.2) for envelopes, and the digests that
//! identify records.
//!
//! Only what envelopes need: unsigned and negative integers, byte and text strings, arrays, maps with
//! small numbers for keys, null.
//! The reader refuses anything that its own writer would not have written.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use sha2::{Digest as _, Sha256};

/// Writes deterministic CBOR.
#[derive(Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
}

/// Bytes for which there is room from the beginning.
const USUAL_BYTES: usize = 256;

const UINT: u8 = 0;
const NINT: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const NULL: u8 = 0xf6;

/// Low five bits of a head: the number follows in this many bytes.
const IN_1_BYTE: u8 = 0x18;
const IN_2_BYTES: u8 = 0x19;
const IN_4_BYTES: u8 = 0x1a;
const IN_8_BYTES: u8 = 0x1b;

impl Writer {
    /// An empty writer, with room for what is mostly written: an envelope, an identity, a leaf.
    pub fn new() -> Writer {
        Writer { out: Vec::with_capacity(USUAL_BYTES) }
    }

    fn head(&mut self, major: u8, n: u64) -> &mut Writer {
        let major = major << 5;
        let wide = n.to_be_bytes();
        match n {
            0..=23 => self.out.push(major | wide[7]),
            24..=0xff => self.out.extend_from_slice(&[major | IN_1_BYTE, wide[7]]),
            0x100..=0xffff => self.out.extend_from_slice(&[major | IN_2_BYTES, wide[6], wide[7]]),
            0x1_0000..=0xffff_ffff => {
                self.out.push(major | IN_4_BYTES);
                self.out.extend_from_slice(&[wide[4], wide[5], wide[6], wide[7]]);
            }
            _ => {
                self.out.push(major | IN_8_BYTES);
                self.out.extend_from_slice(&wide);
            }
        }
        self
    }

    /// An unsigned integer.
    pub fn uint(&mut self, n: u64) -> &mut Writer {
        self.head(UINT, n)
    }

    /// A signed integer.
    pub fn int(&mut self, n: i64) -> &mut Writer {
        match u64::try_from(n) {
            Ok(n) => self.head(UINT, n),
            Err(_) => self.head(NINT, n.unsigned_abs() - 1),
        }
    }

    /// A byte string.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Writer {
        self.head(BYTES, bytes.len() as u64);
        self.out.extend_from_slice(bytes);
        self
    }

    /// A text string.
    pub fn text(&mut self, text: &str) -> &mut Writer {
        self.head(TEXT, text.len() as u64);
        self.out.extend_from_slice(text.as_bytes());
        self
    }

    /// An array of that many values, which follow.
    pub fn array(&mut self, len: usize) -> &mut Writer {
        self.head(ARRAY, len as u64)
    }

    /// The head of a map of `len` pairs, which follow: key ([`Writer::uint`], ascending) and value.
    pub fn map(&mut self, len: usize) -> &mut Writer {
        self.head(MAP, len as u64)
    }

    /// Null.
    pub fn null(&mut self) -> &mut Writer {
        self.out.push(NULL);
        self
    }

    /// What was written.
    pub fn finish(self) -> Vec<u8> {
        self.out
    }
}

/// Reads deterministic CBOR and refuses every other spelling.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

/// The bytes are not what [`Writer`] writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not canonical CBOR of the expected shape")
    }
}

impl<'a> Reader<'a> {
    /// Reads from the beginning of these bytes.
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], Malformed> {
        let (head, rest) = self.rest.split_at_checked(n).ok_or(Malformed)?;
        self.rest = rest;
        Ok(head)
    }

    fn head(&mut self) -> Result<(u8, u64), Malformed> {
        let first = *self.take(1)?.first().ok_or(Malformed)?;
        let (major, info) = (first >> 5, first & 31);
        let width = match info {
            0..=23 => return Ok((major, u64::from(info))),
            IN_1_BYTE => 1,
            IN_2_BYTES => 2,
            IN_4_BYTES => 4,
            IN_8_BYTES => 8,
            _ => return Err(Malformed),
        };
        let n = self.take(width)?.iter().fold(0_u64, |n, byte| (n << 8) | u64::from(*byte));
        let least = match width {
            1 => 24,
            2 => 0x100,
            4 => 0x1_0000,
            _ => 0x1_0000_0000,
        };
        if n < least { Err(Malformed) } else { Ok((major, n)) }
    }

    fn expect(&mut self, major: u8) -> Result<u64, Malformed> {
        let (found, n) = self.head()?;
        if found == major { Ok(n) } else { Err(Malformed) }
    }

    fn len(&mut self, major: u8) -> Result<usize, Malformed> {
        usize::try_from(self.expect(major)?).map_err(|_| Malformed)
    }

    /// An unsigned integer.
    pub fn uint(&mut self) -> Result<u64, Malformed> {
        self.expect(UINT)
    }

    /// A signed integer.
    pub fn int(&mut self) -> Result<i64, Malformed> {
        match self.head()? {
            (UINT, n) => i64::try_from(n).map_err(|_| Malformed),
            (NINT, n) => i64::try_from(n).map(|n| -1 - n).map_err(|_| Malformed),
            _ => Err(Malformed),
        }
    }

    /// A byte string.
    pub fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let len = self.len(BYTES)?;
        self.take(len)
    }

    /// A text string.
    pub fn text(&mut self) -> Result<String, Malformed> {
        let len = self.len(TEXT)?;
        core::str::from_utf8(self.take(len)?).map(ToString::to_string).map_err(|_| Malformed)
    }

    /// The head of an array: how many values follow.
    pub fn array(&mut self) -> Result<usize, Malformed> {
        self.len(ARRAY)
    }

    /// The head of a map: how many pairs follow. That keys ascend is for the caller to check.
    pub fn map(&mut self) -> Result<usize, Malformed> {
        self.len(MAP)
    }

    /// A byte string or a text string, whichever follows.
    pub fn bytes_or_text(&mut self) -> Result<Result<&'a [u8], String>, Malformed> {
        match self.rest.first().map(|byte| byte >> 5) {
            Some(BYTES) => self.bytes().map(Ok),
            _ => self.text().map(Err),
        }
    }

    /// Whether null follows; it is consumed if so.
    pub fn null(&mut self) -> bool {
        match self.rest.split_first() {
            Some((&NULL, rest)) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Checks that nothing is left over.
    pub fn end(&self) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Of bytes under a purpose, so that equal bytes of different meaning never share a digest.
    pub fn of(purpose: &str, bytes: &[u8]) -> Digest {
        Digest::of_parts(purpose, &[bytes])
    }

    /// Of several byte strings under a purpose; the bytes are joined as they are.
    pub fn of_parts(purpose: &str, parts: &[&[u8]]) -> Digest {
        let mut hash = Sha256::new();
        hash.update(purpose.as_bytes());
        hash.update([0]);
        for part in parts {
            hash.update(part);
        }
        Digest(hash.finalize().into())
    }

    /// 64 hex digits.
    pub fn hex(&self) -> String {
        hex(&self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.extend([byte >> 4, byte & 15].into_iter().filter_map(|digit| char::from_digit(u32::from(digit), 16)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn what_is_written_reads_back() {
        let mut writer = Writer::new();
        writer.array(6).uint(23).uint(24).uint(65_536).int(-1).text("é").null();
        let bytes = writer.finish();
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.array(), Ok(6));
        assert_eq!((reader.uint(), reader.uint(), reader.uint()), (Ok(23), Ok(24), Ok(65_536)));
        assert_eq!((reader.int(), reader.text().unwrap().as_str()), (Ok(-1), "é"));
        assert!(reader.null() && reader.end().is_ok());
        for n in [i64::MIN, -25, -24, 0, i64::MAX] {
            let mut writer = Writer::new();
            writer.int(n);
            assert_eq!(Reader::new(&writer.finish()).int(), Ok(n));
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        // 23 in two bytes, an indefinite array, text that is not UTF-8, a length past the end.
        for bytes in [vec![0x18, 23], vec![0x9f], vec![0x61, 0xff], vec![0x62, b'a'], vec![0x19, 0, 24]] {
            let mut reader = Reader::new(&bytes);
            assert!(
                reader.uint().is_err() && Reader::new(&bytes).text().is_err() && Reader::new(&bytes).array().is_err(),
                "{bytes:?}"
            );
        }
        assert!(Reader::new(&[0]).end().is_err());
    }
}
