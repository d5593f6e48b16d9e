//! Entries: what stands one after the other in a frame's payload: records, and what several of them
//! share.
//!
//! ```text
//!  0  length of what follows byte 12, u32; the highest bit is set where it is shared
//!  4  CRC-32C of what follows byte 12 and then of bytes 8..12, u32
//!  8  where in this segment the entry begins that it shares, u32 (0 where it shares none)
//! 12  shared: what the envelopes of one delivery say alike, canonical CBOR; or, where it shares such an entry
//!     itself, what evidence of that delivery begins with: the head of a part and its bytes
//!     record: content digest 32 bytes, number of parts u8, a head for each part, their bytes
//! ```
//! The head of a part: kind in the lower four bits of a byte, codec in the next two, and the highest set if a
//! dictionary follows, u8; length before it was packed and, unless it is just stored, length as it is stored, both
//! LEB128 in its shortest form. The bit between is kept for parts that are encrypted.
//!
//! Each record is packed by itself, so one is read without inflating others, and has a checksum of its
//! own, so that what is read is what was written however long ago the frame was checked. The layout is
//! normative in `docs/spec/log-v1.md`.

use crate::bytes::{Bytes, len32};
use crate::dictionary;
use crate::error::{Error, Kind as ErrorKind};
use crate::limit;
use std::fmt;
use std::sync::Arc;
use writ_model::canon::Digest;
use writ_model::record::{Envelope, Record, RecordId};
use zstd::bulk::Decompressor;

/// Bytes before the body.
pub(crate) const HEAD: usize = 12;
/// Set in the length of an entry that others share.
const SHARED: u32 = 1 << 31;
/// A record's digest and the number of its parts.
const FIXED: usize = 33;
/// The longest head of a part.
const PART_HEAD_MAX: usize = 2 + 2 * LEB128_MAX;
/// Where the codec stands in the first byte of a head, what it is taken from, and the bit of a dictionary.
const CODEC_SHIFT: u32 = 4;
const KIND_MASK: u8 = 0b1111;
const CODEC_MASK: u8 = 0b11 << CODEC_SHIFT;
const HAS_DICTIONARY: u8 = 1 << 7;
/// Parts of a record: identifiers and content.
const N_PARTS: u8 = 2;
/// The longest body of an entry, in bytes.
pub(crate) const BODY_BYTES_MAX: usize =
    FIXED + N_PARTS as usize * PART_HEAD_MAX + limit::ENVELOPE_BYTES_MAX + limit::EVIDENCE_BYTES_MAX;
/// The longest number in seven bits per byte.
const LEB128_MAX: usize = 5;
/// The longest entry, in bytes, with those before it that it shares.
pub(crate) const BYTES_MAX: usize =
    3 * HEAD + BODY_BYTES_MAX + limit::ENVELOPE_BYTES_MAX + PART_HEAD_MAX + limit::ALIKE_BYTES_MAX;

/// What a part holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What identifies the record: the envelope's own fields.
    Identifiers = 1,
    /// What the recorder wrote, behind what it shares with other records.
    Content = 2,
    /// What the evidence of several records begins with.
    Alike = 3,
}

/// How a part is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    Stored = 0,
    Zstd = 1,
}

/// The bytes are not an entry of format 1, or not the one they claim to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// One part, still packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    pub(crate) kind: Kind,
    pub(crate) codec: Codec,
    pub(crate) dictionary: u8,
    pub(crate) raw: u32,
    pub(crate) stored: &'a [u8],
}

/// The body of one record, still packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Body<'a> {
    pub(crate) content: Digest,
    pub(crate) identifiers: Part<'a>,
    pub(crate) evidence: Part<'a>,
}

/// What records share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Alike {
    /// The shared map of their envelopes.
    pub(crate) said: Arc<[u8]>,
    /// What their evidence begins with.
    pub(crate) begins: Vec<u8>,
}

/// An entry, its checksum checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry<'a> {
    /// The shared map of envelopes.
    Said(&'a [u8]),
    /// What evidence begins with, and where in its segment the map begins that goes with it.
    Begins(u32, Part<'a>),
    /// A record, and where in its segment the entry begins that it shares.
    Record(u32, Body<'a>),
}

impl<'a> Part<'a> {
    fn encode_head(&self, out: &mut Vec<u8>) {
        let first = self.kind as u8 | (self.codec as u8) << CODEC_SHIFT;
        if self.dictionary == 0 {
            out.push(first);
        } else {
            out.extend_from_slice(&[first | HAS_DICTIONARY, self.dictionary]);
        }
        leb128(self.raw, out);
        if self.codec != Codec::Stored {
            leb128(len32(self.stored.len()), out);
        }
    }

    /// Reads a head; the bytes are filled in once all heads are read.
    fn decode_head(rest: &mut Bytes<'a>) -> Option<(Part<'a>, usize)> {
        let [first] = rest.array()?;
        let kind = match first & KIND_MASK {
            1 => Kind::Identifiers,
            2 => Kind::Content,
            3 => Kind::Alike,
            _ => return None,
        };
        let codec = match (first & CODEC_MASK) >> CODEC_SHIFT {
            0 => Codec::Stored,
            1 => Codec::Zstd,
            _ => return None,
        };
        if first & !(KIND_MASK | CODEC_MASK | HAS_DICTIONARY) != 0 {
            return None;
        }
        let mut dictionary = 0;
        if first & HAS_DICTIONARY != 0 {
            [dictionary] = rest.array()?;
            if dictionary == 0 || codec == Codec::Stored || !dictionary::is_known(dictionary) {
                return None;
            }
        }
        let raw = read_leb128(rest)?;
        let stored = if codec == Codec::Stored { raw } else { read_leb128(rest)? };
        Some((Part { kind, codec, dictionary, raw, stored: &[] }, stored as usize))
    }

    pub(crate) fn unpack(&self, inflater: &mut Inflater) -> Result<Vec<u8>, Malformed> {
        self.unpack_behind(&[], inflater)
    }

    /// The bytes that these begin with, and those of the part.
    fn unpack_behind(&self, begins: &[u8], inflater: &mut Inflater) -> Result<Vec<u8>, Malformed> {
        let mut out = vec![0; begins.len() + self.raw as usize];
        let (head, own) = out.split_at_mut_checked(begins.len()).ok_or(Malformed)?;
        head.copy_from_slice(begins);
        match self.codec {
            Codec::Stored if self.stored.len() == own.len() => own.copy_from_slice(self.stored),
            Codec::Stored => return Err(Malformed),
            Codec::Zstd => inflater.inflate(self.stored, own, self.dictionary)?,
        }
        Ok(out)
    }

    /// The body of the entry of what evidence begins with.
    pub(crate) fn encode_alone(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(PART_HEAD_MAX + self.stored.len());
        self.encode_head(&mut out);
        out.extend_from_slice(self.stored);
        out
    }

    fn decode_alone(body: &'a [u8]) -> Option<Part<'a>> {
        let mut rest = Bytes(body);
        let (begins, stored) = Part::decode_head(&mut rest)?;
        let begins = Part { stored: rest.take(stored)?, ..begins };
        let sound = rest.0.is_empty()
            && begins.kind == Kind::Alike
            && (1..=limit::ALIKE_BYTES_MAX).contains(&(begins.raw as usize));
        sound.then_some(begins)
    }
}

impl<'a> Body<'a> {
    /// Appends the body's bytes.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.reserve(FIXED + 2 * PART_HEAD_MAX + self.identifiers.stored.len() + self.evidence.stored.len());
        out.extend_from_slice(&self.content.0);
        out.push(N_PARTS);
        self.identifiers.encode_head(out);
        self.evidence.encode_head(out);
        out.extend_from_slice(self.identifiers.stored);
        out.extend_from_slice(self.evidence.stored);
    }

    fn decode(body: &'a [u8]) -> Option<Body<'a>> {
        let mut rest = Bytes(body);
        let content = Digest(rest.array()?);
        if rest.array()? != [N_PARTS] {
            return None;
        }
        let (identifiers, first) = Part::decode_head(&mut rest)?;
        let (evidence, second) = Part::decode_head(&mut rest)?;
        let identifiers = Part { stored: rest.take(first)?, ..identifiers };
        let evidence = Part { stored: rest.take(second)?, ..evidence };
        let sound = rest.0.is_empty()
            && (identifiers.kind, identifiers.codec) == (Kind::Identifiers, Codec::Stored)
            && evidence.kind == Kind::Content
            && identifiers.raw as usize <= limit::ENVELOPE_BYTES_MAX
            && evidence.raw as usize <= limit::EVIDENCE_BYTES_MAX;
        sound.then_some(Body { content, identifiers, evidence })
    }

    pub(crate) fn envelope(&self, shared: &Alike) -> Result<Envelope, Malformed> {
        Envelope::decode(&shared.said, self.identifiers.stored).map_err(|_| Malformed)
    }

    /// Unpacks the record.
    pub(crate) fn unpack(&self, shared: &Alike, inflater: &mut Inflater) -> Result<Record, Malformed> {
        let (envelope, evidence) = (self.envelope(shared)?, self.evidence.unpack_behind(&shared.begins, inflater)?);
        Ok(Record { id: RecordId::of(&self.content), content: self.content, envelope, evidence })
    }
}

/// The head of the entry of a record with this body, whose checksum is known, that shares what begins at
/// this byte of its segment.
pub(crate) fn record_head(body: usize, body_crc: u32, shared_at: u32) -> [u8; HEAD] {
    head(len32(body), body_crc, shared_at)
}

/// Appends an entry that records share, and that shares itself what begins at this byte of its segment, if any.
pub(crate) fn encode_shared(shared: &[u8], shared_at: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(&head(len32(shared.len()) | SHARED, crc32c::crc32c(shared), shared_at));
    out.extend_from_slice(shared);
}

fn head(len: u32, body_crc: u32, shared_at: u32) -> [u8; HEAD] {
    let at = shared_at.to_le_bytes();
    let crc = crc32c::crc32c_append(body_crc, &at);
    let mut head = [0; HEAD];
    let parts = [len.to_le_bytes(), crc.to_le_bytes(), at];
    head.as_chunks_mut::<4>().0.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
    head
}

impl<'a> Entry<'a> {
    /// Reads the entry at the beginning of these bytes, and says how long it is.
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<(Entry<'a>, usize), Malformed> {
        Entry::read(bytes).ok_or(Malformed)
    }

    fn read(bytes: &'a [u8]) -> Option<(Entry<'a>, usize)> {
        let mut rest = Bytes(bytes);
        let (len, crc, shared_at) = (rest.u32()?, rest.u32()?, rest.array::<4>()?);
        let body = rest.take((len & !SHARED) as usize)?;
        if crc32c::crc32c_append(crc32c::crc32c(body), &shared_at) != crc {
            return None;
        }
        let shared_at = u32::from_le_bytes(shared_at);
        let entry = if len & SHARED == 0 {
            Entry::Record(shared_at, Body::decode(body)?)
        } else if shared_at == 0 && body.len() > limit::ENVELOPE_BYTES_MAX {
            return None;
        } else if shared_at == 0 {
            Entry::Said(body)
        } else {
            Entry::Begins(shared_at, Part::decode_alone(body)?)
        };
        Some((entry, HEAD + body.len()))
    }
}

/// How long the entry is with which these bytes begin, as it says itself, and whether it is a record.
pub(crate) fn len(bytes: &[u8]) -> Option<(usize, bool)> {
    let said = Bytes(bytes).u32()?;
    let len = HEAD + (said & !SHARED) as usize;
    (len <= BYTES_MAX).then_some((len, said & SHARED == 0))
}

/// Appends a number in seven bits per byte, the least first.
fn leb128(mut n: u32, out: &mut Vec<u8>) {
    loop {
        let [low, ..] = n.to_le_bytes();
        n >>= 7;
        if n == 0 {
            return out.push(low & 0x7f);
        }
        out.push(low | 0x80);
    }
}

/// Reads such a number; a longer spelling than needed is refused.
fn read_leb128(rest: &mut Bytes<'_>) -> Option<u32> {
    let mut n = 0_u64;
    for shift in [0, 7, 14, 21, 28] {
        let [byte] = rest.array()?;
        n |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return if byte == 0 && shift > 0 { None } else { u32::try_from(n).ok() };
        }
    }
    None
}

/// Decompressors that are used again and again, one for each dictionary.
pub(crate) struct Inflater(Vec<Decompressor<'static>>);

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inflater")
    }
}

impl Inflater {
    pub(crate) fn new() -> Result<Inflater, Error> {
        let all = dictionary::ALL.iter().map(|dictionary| Decompressor::with_dictionary(dictionary));
        all.collect::<std::io::Result<_>>().map(Inflater).map_err(|e| {
            Error::new(ErrorKind::Internal, format!("cannot start the decompressor: {e}; please report this"))
        })
    }

    /// Fills `out`; bytes that give more or less are malformed.
    fn inflate(&mut self, stored: &[u8], out: &mut [u8], dictionary: u8) -> Result<(), Malformed> {
        let one = self.0.get_mut(usize::from(dictionary)).ok_or(Malformed)?;
        match one.decompress_to_buffer(stored, out) {
            Ok(n) if n == out.len() => Ok(()),
            _ => Err(Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(kind: Kind, stored: &[u8]) -> Part<'_> {
        Part { kind, codec: Codec::Stored, dictionary: 0, raw: len32(stored.len()), stored }
    }

    fn entry(evidence: &[u8], shared_at: u32) -> Vec<u8> {
        let (identifiers, evidence) = (part(Kind::Identifiers, b"env"), part(Kind::Content, evidence));
        let mut body = Vec::new();
        Body { content: Digest([9; 32]), identifiers, evidence }.encode(&mut body);
        let head = record_head(body.len(), crc32c::crc32c(&body), shared_at);
        [head.as_slice(), &body].concat()
    }

    #[test]
    fn an_entry_reads_back_and_an_altered_one_does_not() {
        let one = entry(b"data", 72);
        let bytes = [one.as_slice(), &entry(&[b'x'; 300], 0)].concat();
        let (read, len) = Entry::decode(&bytes).unwrap();
        let Entry::Record(72, body) = read else { panic!("{read:?}") };
        assert_eq!(
            (body.evidence.stored, body.identifiers.stored, len),
            (b"data".as_slice(), b"env".as_slice(), one.len())
        );
        assert!(matches!(Entry::decode(&bytes[len..]), Ok((Entry::Record(0, body), _)) if body.evidence.raw == 300));
        assert_eq!(Entry::decode(&bytes[..len - 1]), Err(Malformed));
        let (said, begins) = (b"said alike".as_slice(), part(Kind::Alike, b"{\"resource\":"));
        let shared = [(said.to_vec(), Entry::Said(said)), (begins.encode_alone(), Entry::Begins(72, begins))];
        let [said, begins] = shared.map(|(body, entry)| {
            let mut bytes = Vec::new();
            encode_shared(&body, if matches!(entry, Entry::Said(_)) { 0 } else { 72 }, &mut bytes);
            assert_eq!(Entry::decode(&bytes), Ok((entry, bytes.len())));
            bytes
        });
        for whole in [&one, &said, &begins] {
            for (byte, bit) in (0..whole.len()).flat_map(|byte| (0..8).map(move |bit| (byte, bit))) {
                let mut altered = whole.clone();
                altered[byte] ^= 1 << bit;
                assert_eq!(Entry::decode(&altered), Err(Malformed), "byte {byte}, bit {bit}");
            }
        }
    }

    #[test]
    fn numbers_have_one_spelling() {
        for n in [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, u32::MAX] {
            let mut bytes = Vec::new();
            leb128(n, &mut bytes);
            assert_eq!(read_leb128(&mut Bytes(&bytes)), Some(n));
            *bytes.last_mut().unwrap() |= 0x80;
            bytes.push(0);
            assert_eq!(read_leb128(&mut Bytes(&bytes)), None, "{n} in one byte more");
        }
        assert_eq!(read_leb128(&mut Bytes(&[0xff, 0xff, 0xff, 0xff, 0x7f])), None, "more than 32 bits");
    }

    #[test]
    fn inflating_stops_at_the_declared_length() {
        let packed = zstd::bulk::compress(&vec![0; 100_000], 1).unwrap();
        let mut inflater = Inflater::new().unwrap();
        let mut inflate = |packed: &[u8], len, dictionary| inflater.inflate(packed, &mut vec![1; len], dictionary);
        assert_eq!(inflate(&packed, 100_000, 0), Ok(()));
        for len in [99_999, 100_001] {
            assert_eq!(inflate(&packed, len, 0), Err(Malformed), "{len}");
        }
        assert_eq!(inflate(b"no zstd", 10, 0), Err(Malformed));
        assert_eq!(inflate(&packed, 100_000, u8::MAX), Err(Malformed));
    }
}
