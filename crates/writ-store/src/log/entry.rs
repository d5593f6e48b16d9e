//! Entries: one record inside a frame's payload.
//!
//! ```text
//!  0  length of what follows byte 8, u32
//!  4  CRC-32C of what follows byte 8, u32
//!  8  record id, 16 bytes
//! 24  content digest, 32 bytes
//! 56  envelope length u32
//! 60  number of parts u8 (format 0: one), three zeros
//! 64  part: kind u8, codec u8, class u8, suite u8, dictionary u32, raw length u32, stored length u32
//! 80  envelope (canonical CBOR), then the bytes of the part
//! ```
//! Each record is compressed by itself, so one is read without inflating others, and has a checksum
//! of its own, so that what is read is what was written however long ago the frame was checked.
//! Class, suite and dictionary are zero in format 0: their places are kept for retention classes,
//! encryption and static dictionaries.

use crate::bytes::{Bytes, len32};
use crate::limit;
use std::fmt;
use writ_model::canon::Digest;
use writ_model::record::{Envelope, Record, RecordId};
use zstd::bulk::Decompressor;

/// Bytes before the envelope.
pub(crate) const FIXED: usize = 80;
/// Bytes that neither the length nor the checksum covers.
pub(crate) const HEAD: usize = 8;
/// The longest entry.
pub(crate) const BYTES_MAX: usize = FIXED + limit::ENVELOPE_BYTES_MAX + limit::EVIDENCE_BYTES_MAX;

const PART_CONTENT: u8 = 2;

/// How a part is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    Stored = 0,
    Zstd = 1,
}

/// The bytes are not an entry of format 0, or not the one they claim to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// One entry, still packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub(crate) id: RecordId,
    pub(crate) content: Digest,
    pub(crate) envelope: &'a [u8],
    pub(crate) codec: Codec,
    pub(crate) raw: u32,
    pub(crate) stored: &'a [u8],
}

impl<'a> Entry<'a> {
    /// Appends the entry's bytes.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let from = out.len();
        out.reserve_exact(FIXED + self.envelope.len() + self.stored.len());
        out.extend_from_slice(&[0; HEAD]);
        out.extend_from_slice(&self.id.0);
        out.extend_from_slice(&self.content.0);
        out.extend_from_slice(&len32(self.envelope.len()).to_le_bytes());
        out.extend_from_slice(&[1, 0, 0, 0]);
        out.extend_from_slice(&[PART_CONTENT, self.codec as u8, 0, 0]);
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.raw.to_le_bytes());
        out.extend_from_slice(&len32(self.stored.len()).to_le_bytes());
        out.extend_from_slice(self.envelope);
        out.extend_from_slice(self.stored);
        let (len, crc) = out.get(from + HEAD..).map_or((0, 0), |body| (len32(body.len()), crc32c::crc32c(body)));
        if let Some(head) = out.get_mut(from..from + HEAD) {
            let both = len.to_le_bytes().into_iter().chain(crc.to_le_bytes());
            head.iter_mut().zip(both).for_each(|(to, from)| *to = from);
        }
    }

    /// Reads the entry at the beginning of these bytes, and says how long it is.
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<(Entry<'a>, usize), Malformed> {
        Entry::read(bytes).ok_or(Malformed)
    }

    fn read(bytes: &'a [u8]) -> Option<(Entry<'a>, usize)> {
        let mut rest = Bytes(bytes);
        let (len, crc) = (rest.u32()? as usize, rest.u32()?);
        let body = rest.take(len)?;
        if crc32c::crc32c(body) != crc {
            return None;
        }
        let mut rest = Bytes(body);
        let (id, content) = (RecordId(rest.array()?), Digest(rest.array()?));
        let envelope_len = rest.u32()? as usize;
        let [parts, zeros @ ..] = rest.array::<4>()?;
        let [kind, codec, class, suite] = rest.array::<4>()?;
        let (dictionary, raw, stored_len) = (rest.u32()?, rest.u32()?, rest.u32()? as usize);
        let codec = match codec {
            0 => Codec::Stored,
            1 => Codec::Zstd,
            _ => return None,
        };
        let (envelope, stored) = (rest.take(envelope_len)?, rest.take(stored_len)?);
        let known = (parts, zeros, kind, class, suite, dictionary) == (1, [0; 3], PART_CONTENT, 0, 0, 0);
        let sound = rest.0.is_empty()
            && raw as usize <= limit::EVIDENCE_BYTES_MAX
            && envelope_len <= limit::ENVELOPE_BYTES_MAX
            && id == RecordId::of(&content);
        (known && sound).then_some((Entry { id, content, envelope, codec, raw, stored }, HEAD + len))
    }

    pub(crate) fn envelope(&self) -> Result<Envelope, Malformed> {
        Envelope::decode(self.envelope).map_err(|_| Malformed)
    }

    /// Unpacks the record.
    pub(crate) fn unpack(&self, inflater: &mut Inflater) -> Result<Record, Malformed> {
        let envelope = self.envelope()?;
        let evidence = match self.codec {
            Codec::Stored => self.stored.to_vec(),
            Codec::Zstd => inflater.inflate(self.stored, self.raw as usize)?,
        };
        if evidence.len() != self.raw as usize {
            return Err(Malformed);
        }
        Ok(Record { id: self.id, content: self.content, envelope, evidence })
    }
}

/// A decompressor that is used again and again.
pub(crate) struct Inflater(Decompressor<'static>);

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inflater")
    }
}

impl Inflater {
    pub(crate) fn new() -> std::io::Result<Inflater> {
        Decompressor::new().map(Inflater)
    }

    /// Never makes more than `raw` bytes, which the caller has bounded.
    fn inflate(&mut self, stored: &[u8], raw: usize) -> Result<Vec<u8>, Malformed> {
        self.0.decompress(stored, raw).map_err(|_| Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(content: Digest, stored: &[u8]) -> Entry<'_> {
        Entry { id: RecordId::of(&content), content, envelope: b"env", codec: Codec::Stored, raw: 4, stored }
    }

    #[test]
    fn an_entry_reads_back_and_an_altered_one_does_not() {
        let content = Digest([9; 32]);
        let mut bytes = Vec::new();
        entry(content, b"data").encode(&mut bytes);
        let len = bytes.len();
        entry(content, b"more").encode(&mut bytes);
        assert_eq!(Entry::decode(&bytes), Ok((entry(content, b"data"), len)));
        assert_eq!(Entry::decode(&bytes[len..]).unwrap().0.stored, b"more");
        assert_eq!(Entry::decode(&bytes[..len - 1]), Err(Malformed));
        for byte in 0..len {
            let mut altered = bytes[..len].to_vec();
            altered[byte] ^= 1;
            assert_eq!(Entry::decode(&altered), Err(Malformed), "byte {byte}");
        }
    }

    #[test]
    fn an_id_that_is_not_of_its_content_is_refused() {
        let wrong = Entry { id: RecordId([0; 16]), ..entry(Digest([9; 32]), b"data") };
        let mut bytes = Vec::new();
        wrong.encode(&mut bytes);
        assert_eq!(Entry::decode(&bytes), Err(Malformed));
    }

    #[test]
    fn inflating_stops_at_the_declared_length() {
        let packed = zstd::bulk::compress(&vec![0; 100_000], 1).unwrap();
        let mut inflater = Inflater::new().unwrap();
        assert_eq!(inflater.inflate(&packed, 100_000).unwrap().len(), 100_000);
        assert_eq!(inflater.inflate(&packed, 99_999), Err(Malformed));
        assert_eq!(inflater.inflate(b"no zstd", 10), Err(Malformed));
    }
}
