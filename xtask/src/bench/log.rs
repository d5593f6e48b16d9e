//! What the bytes of a log are for, read off its files as `docs/spec/log-v1.md` says.

use std::fs;
use std::path::Path;

/// The first bytes of a frame.
const MAGIC: &[u8] = b"\x9eWritFr\n";
const FRAME_HEAD: usize = 72;
const ENTRY_HEAD: usize = 12;
/// A content digest, and how many parts follow.
const BODY_HEAD: usize = 33;
/// Kind, codec, class, suite and dictionary of a part; its two lengths follow.
const PART_HEAD: usize = 5;
/// The part that holds evidence.
const EVIDENCE: u8 = 2;

/// Bytes of a log, by what they are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Split {
    /// Evidence, as it is packed.
    pub(super) evidence: u64,
    /// Who wrote what and when: digests, envelopes, and what the records of one delivery share.
    pub(super) identity: u64,
    /// Heads of frames, entries and parts.
    pub(super) frame: u64,
    pub(super) n_records: u64,
    /// Each frame is one group commit, and one sync.
    pub(super) n_frames: usize,
}

/// Reads all segments of a log.
pub(super) fn split(folder: &Path) -> Result<Split, String> {
    let told = |error| format!("`{}` cannot be read: {error}", folder.display());
    let mut split = Split::default();
    for entry in fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        let bytes = fs::read(&path).map_err(told)?;
        segment(&bytes, &mut split)
            .ok_or_else(|| format!("`{}` is not as docs/spec/log-v1.md says", path.display()))?;
    }
    if split.n_frames > 0 { Ok(split) } else { Err(format!("`{}` holds no frame", folder.display())) }
}

/// Adds what one segment holds; its footer and what follows are the rest of the file.
fn segment(mut rest: &[u8], split: &mut Split) -> Option<()> {
    while rest.starts_with(MAGIC) {
        let (head, after) = rest.split_at_checked(FRAME_HEAD)?;
        let (mut payload, after) = after.split_at_checked(number(head, 28)?)?;
        split.frame += FRAME_HEAD as u64;
        split.n_frames += 1;
        split.n_records += number(head, 24)? as u64;
        while !payload.is_empty() {
            let (head, after) = payload.split_at_checked(ENTRY_HEAD)?;
            let length = number(head, 0)?;
            // The highest bit marks what records share.
            let (is_shared, length) = (length >> 31 == 1, length & 0x7fff_ffff);
            let (body, after) = after.split_at_checked(length)?;
            let evidence = if is_shared { (0, 0) } else { evidence(body)? };
            split.evidence += evidence.0;
            split.frame += ENTRY_HEAD as u64 + evidence.1;
            split.identity += body.len() as u64 - evidence.0 - evidence.1;
            payload = after;
        }
        rest = after;
    }
    Some(())
}

/// Bytes of evidence in the body of a record, and of the heads of its parts.
fn evidence(body: &[u8]) -> Option<(u64, u64)> {
    let (head, parts) = body.split_at_checked(BODY_HEAD)?;
    let (mut rest, mut evidence) = (parts, 0);
    for _ in 0..*head.last()? {
        let (head, lengths) = rest.split_at_checked(PART_HEAD)?;
        let (_, after) = leb128(lengths)?;
        let (stored, after) = leb128(after)?;
        evidence += if *head.first()? == EVIDENCE { stored } else { 0 };
        rest = after;
    }
    // The number of parts counts as one of the heads.
    Some((evidence, (parts.len() - rest.len()) as u64 + 1))
}

/// Four bytes, the least significant first.
fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    usize::try_from(u32::from_le_bytes(*bytes)).ok()
}

fn leb128(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let end = bytes.iter().position(|byte| byte & 0x80 == 0)?;
    let (digits, rest) = bytes.split_at_checked(end + 1)?;
    let value = digits
        .iter()
        .rev()
        .try_fold(0_u64, |value, byte| value.checked_mul(0x80).map(|value| value | u64::from(byte & 0x7f)))?;
    Some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(n_records: u32, entries: &[(bool, Vec<u8>)]) -> Vec<u8> {
        let mut payload = Vec::new();
        for (is_shared, body) in entries {
            let length = u32::try_from(body.len()).unwrap() | u32::from(*is_shared) << 31;
            payload.extend([&length.to_le_bytes()[..], &[0; 8], body].concat());
        }
        let length = u32::try_from(payload.len()).unwrap();
        let head = [MAGIC, &[0; 16], &n_records.to_le_bytes(), &length.to_le_bytes(), &[0; 40]].concat();
        [head, payload].concat()
    }

    /// Identifiers of 3 bytes and evidence of 200.
    fn record() -> Vec<u8> {
        let identifiers = [&[1, 0, 0, 0, 0, 3, 3][..]].concat();
        let content = [&[2, 1, 0, 0, 1, 0xff, 0x7f, 0xc8, 0x01][..]].concat();
        [vec![9; 32], vec![2], identifiers, content, vec![0; 203]].concat()
    }

    #[test]
    fn every_byte_of_a_frame_is_counted_once() {
        let segment = [frame(1, &[(true, vec![7; 50]), (false, record())]), frame(1, &[(false, record())])].concat();
        let mut split = Split::default();
        super::segment(&[&segment[..], b"footer"].concat(), &mut split).unwrap();
        assert_eq!((split.n_frames, split.n_records), (2, 2));
        assert_eq!((split.evidence, split.identity), (400, 50 + 2 * (32 + 3)));
        assert_eq!(split.evidence + split.identity + split.frame, segment.len() as u64);
    }

    #[test]
    fn what_is_cut_off_is_no_log() {
        let whole = frame(1, &[(false, record())]);
        for end in [20, 80, 100, whole.len() - 1] {
            assert_eq!(super::segment(&whole[..end], &mut Split::default()), None, "{end}");
        }
    }
}
