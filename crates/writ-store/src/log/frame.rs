//! Frames: what one group commit writes.
//!
//! ```text
//!  0  magic, 8 bytes
//!  8  version u16, least reader u16
//! 12  key epoch u32 (0: nothing is encrypted yet)
//! 16  first position u64
//! 24  records u32, payload length u32
//! 32  durable before u64: every record before this position was durable when this was written
//! 40  hash of the previous frame's header, 16 bytes
//! 56  CRC-32C of the payload, u32
//! 60  seal u64: SipHash-2-4 of bytes 0..60 and of the frame's place in the log
//! 68  CRC-32C of bytes 0..68, u32
//! 72  payload: entries
//! ```
//! The seal is keyed, because evidence is written by others: without it, bytes inside a record could
//! pass for a frame when the log is searched for the next whole one.

use crate::bytes::Bytes;
use crate::file::{self, File};
use crate::limit;
use crate::log::entry;
use crate::term::TermKey;
use std::io;
use writ_model::canon::Digest;

/// Length of a header, in bytes.
pub(crate) const HEADER: usize = 72;
pub(crate) const MAGIC: [u8; 8] = [0x9e, b'W', b'r', b'i', b't', b'F', b'r', 0x0a];
const SEALED: usize = 60;
const CHECKED: usize = 68;
const VERSION: u16 = 1;

/// Hash of the header of a frame; the next frame repeats it.
pub(crate) type Chain = [u8; 16];

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) version: u16,
    pub(crate) least_reader: u16,
    pub(crate) first: u64,
    pub(crate) records: u32,
    pub(crate) payload: u32,
    pub(crate) durable: u64,
    pub(crate) previous: Chain,
    pub(crate) payload_crc: u32,
}

impl Header {
    /// Of a frame with this payload, after that chain.
    pub(crate) fn of(first: u64, records: u32, previous: Chain, payload: &[u8]) -> Header {
        Header {
            version: VERSION,
            least_reader: VERSION,
            first,
            records,
            payload: crate::bytes::len32(payload.len()),
            // Frames are synced one by one, so all before this one were durable.
            durable: first,
            previous,
            payload_crc: crc32c::crc32c(payload),
        }
    }

    /// The header's bytes at that place in the log.
    pub(crate) fn encode(&self, keys: &TermKey, offset: u64) -> [u8; HEADER] {
        let mut out = Vec::with_capacity(HEADER);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&self.version.to_le_bytes());
        out.extend_from_slice(&self.least_reader.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.first.to_le_bytes());
        out.extend_from_slice(&self.records.to_le_bytes());
        out.extend_from_slice(&self.payload.to_le_bytes());
        out.extend_from_slice(&self.durable.to_le_bytes());
        out.extend_from_slice(&self.previous);
        out.extend_from_slice(&self.payload_crc.to_le_bytes());
        out.extend_from_slice(&keys.frame(&out, offset).to_le_bytes());
        out.extend_from_slice(&crc32c::crc32c(&out).to_le_bytes());
        let mut header = [0; HEADER];
        header.iter_mut().zip(out).for_each(|(to, from)| *to = from);
        header
    }

    /// Reads a header that this store wrote at that place; `None` for any other bytes.
    pub(crate) fn decode(bytes: &[u8; HEADER], keys: &TermKey, offset: u64) -> Option<Header> {
        let mut rest = Bytes(bytes);
        if rest.array::<8>()? != MAGIC {
            return None;
        }
        let (version, least_reader) = (rest.u16()?, rest.u16()?);
        let _key_epoch = rest.u32()?;
        let (first, records, payload, durable) = (rest.u64()?, rest.u32()?, rest.u32()?, rest.u64()?);
        let (previous, payload_crc) = (rest.array()?, rest.u32()?);
        let (seal, crc) = (rest.u64()?, rest.u32()?);
        if crc != crc32c::crc32c(bytes.get(..CHECKED)?) || seal != keys.frame(bytes.get(..SEALED)?, offset) {
            return None;
        }
        Some(Header { version, least_reader, first, records, payload, durable, previous, payload_crc })
    }

    /// Whether this code may read the frame.
    pub(crate) fn is_newer(&self) -> bool {
        self.least_reader > VERSION
    }

    /// Whether the numbers are within the bounds that writers keep.
    pub(crate) fn is_bounded(&self) -> bool {
        let payload = self.payload as usize;
        self.records > 0
            && self.durable <= self.first
            && self.first.checked_add(u64::from(self.records)).is_some_and(|end| end <= limit::POSITIONS_MAX)
            && (payload <= limit::FRAME_BYTES_MAX || (self.records == 1 && payload <= entry::BYTES_MAX))
    }
}

/// What the first frame of a store follows.
pub(crate) fn chain_start(keys: &TermKey) -> Chain {
    cut(Digest::of("writ log 1", &keys.store()))
}

/// What the frame after this one follows.
pub(crate) fn chain_after(header: &[u8; HEADER]) -> Chain {
    cut(Digest::of("writ frame 1", header))
}

/// The header of the first frame of a file; `None` where none can be read.
pub(crate) fn first(file: &dyn File, keys: &TermKey) -> io::Result<Option<Header>> {
    if file.size()? < HEADER as u64 {
        return Ok(None);
    }
    let mut bytes = [0; HEADER];
    file::read_exact_at(file, &mut bytes, 0)?;
    Ok(Header::decode(&bytes, keys, 0))
}

fn cut(digest: Digest) -> Chain {
    let mut chain = [0; 16];
    chain.iter_mut().zip(digest.0).for_each(|(to, from)| *to = from);
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_reads_back_at_its_place_and_nowhere_else() {
        let keys = TermKey::new(&[1; 32]);
        let header = Header::of(7, 2, chain_start(&keys), b"payload");
        let bytes = header.encode(&keys, 4096);
        assert_eq!(Header::decode(&bytes, &keys, 4096), Some(header));
        assert_eq!(Header::decode(&bytes, &keys, 4097), None, "another place");
        assert_eq!(Header::decode(&bytes, &TermKey::new(&[2; 32]), 4096), None, "another store");
        for bit in 0..HEADER * 8 {
            let mut altered = bytes;
            altered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::decode(&altered, &keys, 4096), None, "bit {bit}");
        }
        assert!(header.is_bounded() && !header.is_newer());
        assert!(!Header { records: 0, ..header }.is_bounded());
        assert!(!Header { payload: 17 << 20, ..header }.is_bounded());
        assert!(Header { payload: 17 << 20, records: 1, ..header }.is_bounded());
        assert!(!Header { durable: 8, ..header }.is_bounded());
        assert!(!Header { first: limit::POSITIONS_MAX, ..header }.is_bounded());
    }
}
