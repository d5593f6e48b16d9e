//! Envelopes as bytes: deterministic CBOR, maps with numbers for keys. What has no value has no pair.
//!
//! What all records of one delivery say alike stands apart from what each says by itself, so that a store
//! writes it once. The layout is normative in `docs/spec/record-v1.md`.

use super::{Envelope, Identity, Origin, Redaction};
use crate::canon::{self, Malformed, Reader, Writer};
use crate::custody::Custody;
use crate::time::{EventTime, Time};
use alloc::string::String;
use alloc::vec::Vec;

const VERSION: u64 = 1;

/// Keys of the map that a delivery shares.
mod shared {
    pub(super) const VERSION: u64 = 0;
    pub(super) const SOURCE: u64 = 1;
    pub(super) const RECORDER: u64 = 2;
    pub(super) const BY: u64 = 3;
    pub(super) const FROM: u64 = 4;
    pub(super) const RECEIVED: u64 = 5;
}

/// Keys of the map that is a record's own.
mod own {
    pub(super) const NATIVE_ID: u64 = 0;
    pub(super) const CUSTODY: u64 = 1;
    pub(super) const EVENT: u64 = 2;
    pub(super) const AVAILABLE: u64 = 3;
    pub(super) const BYTE: u64 = 4;
    pub(super) const WITHHELD: u64 = 5;
}

impl Envelope {
    /// Canonical bytes of what the records of one delivery share: source, recorder, who handed them in, from
    /// where and when.
    pub fn encode_shared(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.map(6).uint(shared::VERSION).uint(VERSION);
        writer.uint(shared::SOURCE).text(&self.identity.source);
        writer.uint(shared::RECORDER).text(&self.identity.recorder);
        writer.uint(shared::BY).text(&self.origin.by);
        writer.uint(shared::FROM).text(&self.origin.from);
        writer.uint(shared::RECEIVED).array(2);
        write_time(&mut writer, self.received_time);
        writer.finish()
    }

    /// Whether [`Envelope::encode_shared`] of both is the same.
    pub fn shares_with(&self, other: &Envelope) -> bool {
        let (one, two) = (&self.identity, &other.identity);
        (&one.source, &one.recorder) == (&two.source, &two.recorder)
            && (&self.origin.by, &self.origin.from) == (&other.origin.by, &other.origin.from)
            && self.received_time == other.received_time
    }

    /// Canonical bytes of the rest: native id, custody, when it happened, place in the delivery, what was withheld.
    pub fn encode_own(&self) -> Vec<u8> {
        let optional = [
            self.event_time.is_some(),
            self.available_time.is_some(),
            self.origin.byte > 0,
            !self.redactions.is_empty(),
        ];
        let mut writer = Writer::new();
        writer.map(2 + optional.into_iter().filter(|there| *there).count());
        writer.uint(own::NATIVE_ID);
        match uuid(&self.identity.native_id) {
            Some(bytes) => writer.bytes(&bytes),
            None => writer.text(&self.identity.native_id),
        };
        writer.uint(own::CUSTODY).uint(self.custody.code());
        if let Some(time) = &self.event_time {
            writer.uint(own::EVENT).array(if time.end.is_some() { 5 } else { 3 });
            write_time(&mut writer, time.start);
            writer.uint(u64::from(time.precision_ms));
            if let Some(end) = time.end {
                write_time(&mut writer, end);
            }
        }
        if let Some(time) = self.available_time {
            writer.uint(own::AVAILABLE).array(2);
            write_time(&mut writer, time);
        }
        if self.origin.byte > 0 {
            writer.uint(own::BYTE).uint(self.origin.byte);
        }
        if !self.redactions.is_empty() {
            writer.uint(own::WITHHELD).array(self.redactions.len());
            for redaction in &self.redactions {
                writer.array(3).text(&redaction.pointer).text(&redaction.kind).bytes(&redaction.digest);
            }
        }
        writer.finish()
    }

    /// Source and recorder, of what records share.
    pub fn decode_recorder(shared: &[u8]) -> Result<(String, String), Malformed> {
        read_shared(shared).map(|shared| (shared.source, shared.recorder))
    }

    /// Reads both; anything but canonical bytes is refused.
    pub fn decode(shared: &[u8], own: &[u8]) -> Result<Envelope, Malformed> {
        let Shared { source, recorder, by, from, received_time } = read_shared(shared)?;
        let mut reader = Map::of(own)?;
        let native_id = match reader.need(own::NATIVE_ID)?.bytes_or_text()? {
            Ok(bytes) => uuid_text(bytes.try_into().map_err(|_| Malformed)?),
            Err(text) if uuid(&text).is_none() => text,
            Err(_) => return Err(Malformed),
        };
        let custody = Custody::from_code(reader.need(own::CUSTODY)?.uint()?).ok_or(Malformed)?;
        let event_time = reader.find(own::EVENT)?.map(read_event).transpose()?;
        let available_time = reader.find(own::AVAILABLE)?.map(read_pair).transpose()?;
        let byte = reader.find(own::BYTE)?.map_or(Ok(0), |found| match found.uint()? {
            0 => Err(Malformed),
            byte => Ok(byte),
        })?;
        let redactions = reader.find(own::WITHHELD)?.map_or(Ok(Vec::new()), read_redactions)?;
        reader.end()?;
        Ok(Envelope {
            identity: Identity { source, recorder, native_id },
            custody,
            event_time,
            available_time,
            received_time,
            origin: Origin { by: by.into(), from: from.into(), byte },
            redactions,
        })
    }
}

/// What the records of one delivery say alike.
struct Shared {
    source: String,
    recorder: String,
    by: String,
    from: String,
    received_time: Time,
}

fn read_shared(bytes: &[u8]) -> Result<Shared, Malformed> {
    let mut reader = Map::of(bytes)?;
    if reader.need(shared::VERSION)?.uint()? != VERSION {
        return Err(Malformed);
    }
    let mut text = |key| reader.need(key)?.text();
    let (source, recorder) = (text(shared::SOURCE)?, text(shared::RECORDER)?);
    let (by, from) = (text(shared::BY)?, text(shared::FROM)?);
    let received_time = read_pair(reader.need(shared::RECEIVED)?)?;
    reader.end()?;
    Ok(Shared { source, recorder, by, from, received_time })
}

/// A map whose keys are asked for in their order.
struct Map<'a> {
    reader: Reader<'a>,
    left: usize,
    key: Option<u64>,
}

impl<'a> Map<'a> {
    fn of(bytes: &'a [u8]) -> Result<Map<'a>, Malformed> {
        let mut reader = Reader::new(bytes);
        let left = reader.map()?;
        Ok(Map { reader, left, key: None })
    }

    /// The value of a key, if that is the next one.
    fn find(&mut self, key: u64) -> Result<Option<&mut Reader<'a>>, Malformed> {
        if self.key.is_none() && self.left > 0 {
            self.key = Some(self.reader.uint()?);
            self.left -= 1;
        }
        Ok(if self.key.take_if(|next| *next == key).is_some() { Some(&mut self.reader) } else { None })
    }

    fn need(&mut self, key: u64) -> Result<&mut Reader<'a>, Malformed> {
        self.find(key)?.ok_or(Malformed)
    }

    fn end(self) -> Result<(), Malformed> {
        if self.left > 0 || self.key.is_some() { Err(Malformed) } else { self.reader.end() }
    }
}

fn read_event(reader: &mut Reader<'_>) -> Result<EventTime, Malformed> {
    let fields = reader.array()?;
    let start = read_time(reader)?;
    let precision_ms = u32::try_from(reader.uint()?).map_err(|_| Malformed)?;
    let end = match fields {
        3 => None,
        5 => Some(read_time(reader)?),
        _ => return Err(Malformed),
    };
    Ok(EventTime { start, end, precision_ms })
}

fn read_redactions(reader: &mut Reader<'_>) -> Result<Vec<Redaction>, Malformed> {
    let mut redactions = Vec::new();
    for _ in 0..reader.array()? {
        if reader.array()? != 3 {
            return Err(Malformed);
        }
        redactions.push(Redaction { pointer: reader.text()?, kind: reader.text()?, digest: reader.bytes()?.to_vec() });
    }
    if redactions.is_empty() { Err(Malformed) } else { Ok(redactions) }
}

fn write_time(writer: &mut Writer, time: Time) {
    let (s, ns) = time.parts();
    writer.int(s).uint(u64::from(ns));
}

fn read_time(reader: &mut Reader<'_>) -> Result<Time, Malformed> {
    let s = reader.int()?;
    let ns = u32::try_from(reader.uint()?).map_err(|_| Malformed)?;
    if ns > 999_999_999 { Err(Malformed) } else { Ok(Time::new(s, ns)) }
}

fn read_pair(reader: &mut Reader<'_>) -> Result<Time, Malformed> {
    if reader.array()? == 2 { read_time(reader) } else { Err(Malformed) }
}

/// Where the dashes of a UUID stand (RFC 9562, section 4).
const DASHES: [usize; 4] = [8, 13, 18, 23];
/// Where the two digits of each of its bytes stand.
const DIGITS: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/// The 16 bytes of a UUID in lower case, which is what most vendors' ids are.
fn uuid(text: &str) -> Option<[u8; 16]> {
    const NO_DIGIT: u8 = 0x10;
    let bytes = text.as_bytes();
    if bytes.len() != 36 || DASHES.iter().any(|at| bytes.get(*at) != Some(&b'-')) {
        return None;
    }
    // Computed and not matched: which digit comes next cannot be foreseen, so branches would cost more.
    let digit = |byte: u8| {
        let (number, letter) = (byte.wrapping_sub(b'0'), byte.wrapping_sub(b'a'));
        let letter = if letter < 6 { letter + 10 } else { NO_DIGIT };
        if number < 10 { number } else { letter }
    };
    let mut out = [0; 16];
    let mut all = 0;
    for (byte, at) in out.iter_mut().zip(DIGITS) {
        let [high, low] = bytes.get(at..at + 2)?.try_into().map(|two: [u8; 2]| two.map(digit)).ok()?;
        all |= high | low;
        *byte = high << 4 | low & 0xf;
    }
    (all < NO_DIGIT).then_some(out)
}

fn uuid_text(bytes: [u8; 16]) -> String {
    let mut text = canon::hex(&bytes);
    for at in DASHES {
        text.insert(at, '-');
    }
    text
}

#[cfg(test)]
mod tests;
