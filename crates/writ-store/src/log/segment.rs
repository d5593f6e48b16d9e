//! Segments: the log is a row of files, of which the last is appended to.
//!
//! A finished segment ends with a footer that says where each record begins, so that nobody reads it
//! whole to find one, and with a trailer that pins it:
//!
//! ```text
//!  0  magic, 8 bytes
//!  8  version u16, least reader u16
//! 12  epoch u32, class u8, three zeros, generation u32
//! 24  first position u64
//! 32  records u32, zeros u32
//! 40  where the footer begins u64: the end of the last frame
//! 48  what the next frame follows, 16 bytes
//! 64  store, 8 bytes
//! 72  CRC-32C of the footer u32, zeros u32
//! 80  seal u64: SipHash-2-4 of bytes 0..80 and of where the footer begins
//! 88  CRC-32C of bytes 0..88, u32
//! ```
//! The footer is the list of beginnings: u32 for each record, from the beginning of the file. Class and
//! generation are zero until retention writes segments anew.

use crate::bytes::{Bytes, len32};
use crate::error::Error;
use crate::file::{self, File};
use crate::log::frame::Chain;
use crate::manifest::{Active, SegmentEntry};
use crate::term::TermKey;
use std::io;
use std::path::{Path, PathBuf};
use writ_model::canon::Digest;

/// Length of a trailer, in bytes.
const TRAILER: usize = 92;
const SEALED: usize = 80;
const CHECKED: usize = 88;
const MAGIC: [u8; 8] = [0x9e, b'W', b'r', b'i', b't', b'S', b'g', 0x0a];
const VERSION: u16 = 1;

/// The bytes that one beginning takes in the footer.
const BEGIN: usize = 4;

/// What a finished segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trailer {
    pub(crate) epoch: u32,
    pub(crate) class: u8,
    pub(crate) generation: u32,
    pub(crate) first: u64,
    pub(crate) count: u32,
    /// Where the last frame ends.
    pub(crate) frames_end: u64,
    /// What the first frame of the next segment follows.
    pub(crate) chain: Chain,
    begins_crc: u32,
    /// Digest of the trailer's bytes.
    pub(crate) digest: Digest,
}

impl Trailer {
    /// Position after the last record.
    pub(crate) fn next(&self) -> u64 {
        self.first + u64::from(self.count)
    }

    /// How a manifest lists this segment.
    pub(crate) fn entry(&self) -> SegmentEntry {
        let Trailer { epoch, class, generation, first, count, digest, .. } = *self;
        SegmentEntry { epoch, first, count, bytes: self.file_bytes(), class, generation, digest }
    }

    /// The segment that goes on behind this one.
    pub(crate) fn after(&self) -> Active {
        Active { epoch: self.epoch, first: self.next(), chain: self.chain }
    }

    fn file_bytes(&self) -> u64 {
        self.frames_end + u64::from(self.count) * BEGIN as u64 + TRAILER as u64
    }

    fn decode(bytes: &[u8; TRAILER], keys: &TermKey) -> Option<Trailer> {
        let mut rest = Bytes(bytes);
        let known = rest.array::<8>()? == MAGIC;
        let (_version, least_reader) = (rest.u16()?, rest.u16()?);
        let epoch = rest.u32()?;
        let [class, _, _, _] = rest.array::<4>()?;
        let (generation, first, count, _) = (rest.u32()?, rest.u64()?, rest.u32()?, rest.u32()?);
        let (frames_end, chain, store) = (rest.u64()?, rest.array()?, rest.array::<8>()?);
        let (begins_crc, _) = (rest.u32()?, rest.u32()?);
        // Keyed, as that of a frame: evidence may stand at the end of a file, and others write that.
        let sealed = rest.u64()? == keys.frame(bytes.get(..SEALED)?, frames_end);
        let sound = sealed && rest.u32()? == crc32c::crc32c(bytes.get(..CHECKED)?) && store == keys.store();
        let digest = Digest::of("writ segment 1", bytes);
        (known && sound && least_reader <= VERSION).then_some(Trailer {
            epoch,
            class,
            generation,
            first,
            count,
            frames_end,
            chain,
            begins_crc,
            digest,
        })
    }

    fn encode(&self, keys: &TermKey) -> [u8; TRAILER] {
        let mut out = Vec::with_capacity(TRAILER);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&self.epoch.to_le_bytes());
        out.extend_from_slice(&[self.class, 0, 0, 0]);
        out.extend_from_slice(&self.generation.to_le_bytes());
        out.extend_from_slice(&self.first.to_le_bytes());
        out.extend_from_slice(&self.count.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.frames_end.to_le_bytes());
        out.extend_from_slice(&self.chain);
        out.extend_from_slice(&keys.store());
        out.extend_from_slice(&self.begins_crc.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&keys.frame(&out, self.frames_end).to_le_bytes());
        out.extend_from_slice(&crc32c::crc32c(&out).to_le_bytes());
        let mut trailer = [0; TRAILER];
        trailer.iter_mut().zip(out).for_each(|(to, from)| *to = from);
        trailer
    }
}

/// Finishes a segment: writes the footer behind its last frame and syncs it. Nothing may be appended
/// afterwards.
pub(crate) fn finish(
    file: &dyn File,
    keys: &TermKey,
    active: &Active,
    (frames_end, chain): (u64, Chain),
    begins: &[u32],
) -> io::Result<Trailer> {
    let mut footer = Vec::with_capacity(begins.len() * BEGIN + TRAILER);
    for begin in begins {
        footer.extend_from_slice(&begin.to_le_bytes());
    }
    let begins_crc = crc32c::crc32c(&footer);
    let trailer = Trailer {
        epoch: active.epoch,
        class: 0,
        generation: 0,
        first: active.first,
        count: len32(begins.len()),
        frames_end,
        chain,
        begins_crc,
        digest: Digest([0; 32]),
    };
    let bytes = trailer.encode(keys);
    footer.extend_from_slice(&bytes);
    file.set_size(frames_end)?;
    file.write_at(&footer, frames_end)?;
    file.sync()?;
    Ok(Trailer { digest: Digest::of("writ segment 1", &bytes), ..trailer })
}

/// Writes the end of a finished segment once more and syncs it. Whoever finished it may have failed to sync it,
/// and after that the kernel holds it for clean and would never write it.
pub(crate) fn finish_again(file: &dyn File, entry: &SegmentEntry) -> io::Result<()> {
    let mut footer = vec![0; entry.count as usize * BEGIN + TRAILER];
    let at = entry.bytes.checked_sub(footer.len() as u64).ok_or(io::ErrorKind::UnexpectedEof)?;
    file::read_exact_at(file, &mut footer, at)?;
    file.write_at(&footer, at)?;
    file.sync()
}

/// The trailer of a finished segment; `None` where the file does not end with one.
pub(crate) fn trailer(file: &dyn File, keys: &TermKey) -> io::Result<Option<Trailer>> {
    let size = file.size()?;
    let Some(at) = size.checked_sub(TRAILER as u64) else { return Ok(None) };
    let mut bytes = [0; TRAILER];
    file::read_exact_at(file, &mut bytes, at)?;
    Ok(Trailer::decode(&bytes, keys).filter(|trailer| trailer.file_bytes() == size))
}

/// Where a record begins in a finished segment: one short read.
pub(crate) fn begin(file: &dyn File, trailer: &Trailer, position: u64) -> io::Result<u64> {
    let at = position.checked_sub(trailer.first).filter(|n| *n < u64::from(trailer.count));
    let at = at.ok_or(io::ErrorKind::InvalidInput)?;
    let mut begin = [0; BEGIN];
    file::read_exact_at(file, &mut begin, trailer.frames_end + at * BEGIN as u64)?;
    Ok(u64::from(u32::from_le_bytes(begin)))
}

/// Where each record begins, checked.
pub(crate) fn begins(file: &dyn File, path: &Path, trailer: &Trailer) -> Result<Vec<u32>, Error> {
    let mut bytes = vec![0; trailer.count as usize * BEGIN];
    file::read_exact_at(file, &mut bytes, trailer.frames_end).map_err(|e| Error::io("read", path, e))?;
    if crc32c::crc32c(&bytes) != trailer.begins_crc {
        let (place, at) = (path.display(), trailer.frames_end);
        return Err(Error::corrupt(format!(
            "the footer of `{place}` is damaged at byte {at}: restore the file from a backup"
        )));
    }
    Ok(bytes.as_chunks::<BEGIN>().0.iter().map(|one| u32::from_le_bytes(*one)).collect())
}

/// The name of a segment: what it is of never changes, so neither does its name.
pub(crate) fn path(folder: &Path, epoch: u32, first: u64, class: u8, generation: u32) -> PathBuf {
    folder.join(format!("{epoch:08x}-{first:016x}-{class:02x}-{generation:08x}.log"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::SimDisk;

    #[test]
    fn a_trailer_is_of_this_store_at_this_place_and_no_bytes_of_others_pass_for_one() {
        let keys = TermKey::new(&[1; 32]);
        let active = Active { epoch: 1, first: 7, chain: [3; 16] };
        let disk = SimDisk::new(b"frames");
        let made = finish(&disk, &keys, &active, (6, [4; 16]), &[0, 3]).unwrap();
        assert_eq!(trailer(&disk, &keys).unwrap(), Some(made));
        assert_eq!((made.first, made.next(), made.after().chain), (7, 9, [4; 16]));
        assert_eq!((begin(&disk, &made, 8).unwrap(), begins(&disk, Path::new("x"), &made).unwrap()), (3, vec![0, 3]));
        let whole = disk.seen();
        for at in whole.len() - TRAILER..whole.len() {
            let mut altered = whole.clone();
            altered[at] ^= 1;
            assert_eq!(trailer(&SimDisk::new(altered), &keys).unwrap(), None, "byte {at}");
        }
        // Everything in it but the seal can be known: here it is made with another secret, and says this
        // store and a checksum that holds.
        let other = TermKey::new(&[2; 32]);
        let mut forged = made.encode(&other);
        forged[64..72].copy_from_slice(&keys.store());
        let crc = crc32c::crc32c(&forged[..CHECKED]).to_le_bytes();
        forged[CHECKED..].copy_from_slice(&crc);
        let image = [&whole[..whole.len() - TRAILER], &forged].concat();
        assert_eq!(trailer(&SimDisk::new(image), &keys).unwrap(), None);
    }
}
