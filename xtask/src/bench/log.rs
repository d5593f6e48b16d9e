//! What the bytes of a log are for, read off its files as `docs/spec/log-v1.md` says.

use std::fs;
use std::path::Path;

/// The first bytes of a frame.
const MAGIC: &[u8] = b"\x9eWritFr\n";
const FRAME_HEAD: usize = 72;
const ENTRY_HEAD: usize = 12;
/// A content digest, and how many parts follow.
const BODY_HEAD: usize = 33;
/// In the first byte of a part's head: kind, codec, and whether a dictionary follows.
const KIND: u8 = 0x0f;
const CODEC: u8 = 0x30;
const HAS_DICTIONARY: u8 = 0x80;
/// The parts that hold evidence: that of a record, and what that of several begins with.
const EVIDENCE: [u8; 2] = [2, 3];

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
            // What shares nothing itself is a map of envelopes.
            let evidence = match (is_shared, number(head, 8)?) {
                (true, 0) => (0, 0),
                (true, _) => part(body).map(|(found, rest)| (found, (body.len() - rest.len()) as u64))?,
                (false, _) => evidence(body)?,
            };
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
        let (found, after) = part(rest)?;
        (rest, evidence) = (after, evidence + found);
    }
    // The number of parts counts as one of the heads.
    Some((evidence, (parts.len() - rest.len()) as u64 + 1))
}

/// Reads the head of a part: how many bytes of evidence it has as it is stored, and what follows the head.
fn part(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let rest = rest.get(usize::from(first & HAS_DICTIONARY != 0)..)?;
    let (raw, rest) = leb128(rest)?;
    let (stored, rest) = if first & CODEC == 0 { (raw, rest) } else { leb128(rest)? };
    Some((if EVIDENCE.contains(&(first & KIND)) { stored } else { 0 }, rest))
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

    fn frame(n_records: u32, entries: &[(bool, u8, Vec<u8>)]) -> Vec<u8> {
        let mut payload = Vec::new();
        for (is_shared, shares, body) in entries {
            let length = u32::try_from(body.len()).unwrap() | u32::from(*is_shared) << 31;
            payload.extend([&length.to_le_bytes()[..], &[0; 4], &[*shares, 0, 0, 0], body].concat());
        }
        let length = u32::try_from(payload.len()).unwrap();
        let head = [MAGIC, &[0; 16], &n_records.to_le_bytes(), &length.to_le_bytes(), &[0; 40]].concat();
        [head, payload].concat()
    }

    /// Identifiers of 3 bytes and evidence of 200.
    fn record() -> Vec<u8> {
        let identifiers = vec![1, 3];
        let content = vec![0x92, 1, 0xff, 0x7f, 0xc8, 0x01];
        [vec![9; 32], vec![2], identifiers, content, vec![0; 203]].concat()
    }

    /// A map of 40 bytes, and evidence of 5 that is stored as it is.
    fn shared() -> [(bool, u8, Vec<u8>); 2] {
        [(true, 0, vec![7; 40]), (true, 72, [vec![3, 5], vec![0; 5]].concat())]
    }

    #[test]
    fn every_byte_of_a_frame_is_counted_once() {
        let segment =
            [frame(1, &[&shared()[..], &[(false, 124, record())]].concat()), frame(1, &[(false, 72, record())])]
                .concat();
        let mut split = Split::default();
        super::segment(&[&segment[..], b"footer"].concat(), &mut split).unwrap();
        assert_eq!((split.n_frames, split.n_records), (2, 2));
        assert_eq!((split.evidence, split.identity), (405, 40 + 2 * (32 + 3)));
        assert_eq!(split.evidence + split.identity + split.frame, segment.len() as u64);
    }

    #[test]
    fn what_is_cut_off_is_no_log() {
        let whole = frame(1, &[(false, 72, record())]);
        for end in [20, 80, 100, whole.len() - 1] {
            assert_eq!(super::segment(&whole[..end], &mut Split::default()), None, "{end}");
        }
    }
}
