//! OpenTelemetry's protobuf files become elements: traces and logs as collectors and SDKs write them.
//!
//! Told by content: the bytes are one `TracesData` or `LogsData` message (the same on the wire as an
//! export request), or a run of them with their lengths before them as the collector's file exporter
//! writes it, decode to their end, and hold ids of the right length. They are written out in the JSON
//! form of OTLP, in the spelling the collector uses, so that one adapter reads both.

mod json;
mod message;

use message::{LogsData, TracesData};
use prost::Message as _;
use std::io::{self, Read};

/// Bytes of one protobuf file at most: as much as one element of any other form may have. It is
/// decoded whole, which takes several times as much memory.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Bytes before a message in a run: its length, the most significant byte first.
const LENGTH_BYTES: usize = 4;

/// What became of an input that might have been protobuf.
pub(super) enum Taken {
    /// Its elements, each with the byte of the message it stood in.
    Elements(Vec<(u64, Vec<u8>)>),
    /// It is something else: what was read of it, and what went wrong behind that.
    Other(Vec<u8>, Option<io::Error>),
}

/// Whether an input that begins like this may be protobuf: the first field of a message, which holds a
/// message that begins with one of its fields; perhaps behind a length.
pub(super) fn may_be(head: &[u8]) -> bool {
    let begins = |head: &[u8]| {
        let [0x0a, rest @ ..] = head else { return false };
        // The length of the inner message: at most five bytes, all but the last of them marked.
        let more = rest.iter().take(5).take_while(|byte| **byte & 0x80 != 0).count();
        matches!(rest.get(more + 1), Some(0x0a | 0x12 | 0x1a))
    };
    begins(head) || (head.first() == Some(&0) && head.get(LENGTH_BYTES..).is_some_and(begins))
}

/// Reads an input that may be protobuf.
pub(super) fn take(reader: &mut dyn Read) -> Taken {
    let mut bytes = Vec::new();
    let fault = reader.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).err();
    if fault.is_some() || bytes.len() as u64 > FILE_BYTES_MAX {
        return Taken::Other(bytes, fault);
    }
    match elements(&bytes) {
        Some(elements) => Taken::Elements(elements),
        None => Taken::Other(bytes, None),
    }
}

fn elements(bytes: &[u8]) -> Option<Vec<(u64, Vec<u8>)>> {
    let mut out = Vec::new();
    if bytes.first() != Some(&0) {
        message(bytes, 0, &mut out)?;
        return Some(out);
    }
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes.get(at..at + LENGTH_BYTES)?.iter().fold(0, |n, byte| n << 8 | usize::from(*byte));
        at += LENGTH_BYTES;
        message(bytes.get(at..at.checked_add(length)?)?, at as u64, &mut out)?;
        at += length;
    }
    Some(out)
}

/// Reads one message; `None` where it is neither traces nor logs, whole and with ids that are some.
fn message(bytes: &[u8], byte: u64, out: &mut Vec<(u64, Vec<u8>)>) -> Option<()> {
    let traces = TracesData::decode(bytes).ok().filter(TracesData::is_plausible);
    let mut each = |element| out.push((byte, element));
    if let Some(traces) = traces {
        json::traces(&traces, &mut each);
        return Some(());
    }
    let logs = LogsData::decode(bytes).ok().filter(LogsData::is_plausible)?;
    json::logs(&logs, &mut each);
    Some(())
}

#[cfg(test)]
mod tests;
