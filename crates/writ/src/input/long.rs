//! Buffers that become long: room is made for them once.
//!
//! Growing step by step copies what is there from one place to another, and for a moment both are in memory. Room that
//! nothing was written to yet is none.

use std::io::{self, Read};

/// What has become so long gets room for the longest there can be.
pub(super) const LONG_BYTES: usize = 4 << 20;

/// Makes room for `most` bytes in a buffer that has become long.
pub(super) fn make_room(buffer: &mut Vec<u8>, most: usize) {
    if buffer.len() >= LONG_BYTES {
        buffer.reserve_exact(most.saturating_sub(buffer.len()));
    }
}

/// Reads to the end, `most` bytes of it: those bytes, and what went wrong behind them.
pub(super) fn read(reader: &mut dyn Read, most: u64) -> (Vec<u8>, Option<io::Error>) {
    let mut bytes = Vec::new();
    let first = most.min(LONG_BYTES as u64);
    let mut fault = (&mut *reader).take(first).read_to_end(&mut bytes).err();
    if fault.is_none() && bytes.len() as u64 == first {
        make_room(&mut bytes, usize::try_from(most).unwrap_or(usize::MAX));
        fault = reader.take(most - first).read_to_end(&mut bytes).err();
    }
    (bytes, fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_is_read_as_may_be_and_as_there_is() {
        for (n, most) in
            [(0, 9), (5, 9), (9, 9), (12, 9), (LONG_BYTES + 7, LONG_BYTES + 20), (LONG_BYTES + 30, LONG_BYTES)]
        {
            let (bytes, fault) = read(&mut io::repeat(b'x').take(n as u64), most as u64);
            assert!(bytes.len() == n.min(most) && fault.is_none(), "{n} of {most}");
            assert!(n < LONG_BYTES || bytes.capacity() <= most + LONG_BYTES);
        }
    }

    #[test]
    fn what_was_read_before_a_fault_is_kept() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::InvalidData.into())
            }
        }
        let (bytes, fault) = read(&mut b"before".chain(Broken), 99);
        assert_eq!(
            (bytes.as_slice(), fault.map(|fault| fault.kind())),
            (&b"before"[..], Some(io::ErrorKind::InvalidData))
        );
    }
}
