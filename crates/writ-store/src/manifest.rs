//! The manifest: which files make up the folder at one moment.
//!
//! Manifests are numbered. The next one is written beside the one that counts, synced, and given its
//! name at once, so a reader finds the old list or the new one, and needs no lock. A file that a
//! manifest names never changes, but for the one segment that is still appended to.
//!
//! The newest list is the one that counts, also where it cannot be read: an older one names files that are
//! gone, and knows of fewer records. So the one before it is read only to say what can still be read.
//!
//! The layout is in `docs/spec/log-v1.md`.

use crate::error::Error;
use crate::log::frame::Chain;
use crate::storage::{self, Open, Storage};
use std::io;
use std::path::{Path, PathBuf};
use writ_model::canon::{Digest, Malformed, Reader, Writer};
use writ_tlog::hash::Hash;
use writ_tlog::tree::Head;

/// What a reader has to know at least, and what a writer.
const VERSION: u64 = 1;

/// Times that the lists are listed anew because the one that counted was replaced meanwhile.
const LOOKS_MAX: usize = 16;

/// How many manifests are kept: the one that counts, and the one that readers may be opening.
const KEPT: usize = 2;

/// Bytes of a manifest at most (16 MiB): some hundred for each segment and index part, of which a folder
/// of the most records has some ten thousand.
const MANIFEST_BYTES_MAX: u64 = 16 << 20;

/// The checksum behind the list.
const CRC: usize = 4;

/// A finished stretch of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentEntry {
    pub(crate) epoch: u32,
    /// Position of its first record.
    pub(crate) first: u64,
    pub(crate) count: u32,
    /// Length of the file.
    pub(crate) bytes: u64,
    pub(crate) class: u8,
    /// How often it was written anew.
    pub(crate) generation: u32,
    /// Digest of its trailer, which pins all of it.
    pub(crate) digest: Digest,
}

impl SegmentEntry {
    /// Position after its last record.
    pub(crate) fn next(&self) -> u64 {
        self.first + u64::from(self.count)
    }
}

/// The segment that is appended to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Active {
    pub(crate) epoch: u32,
    pub(crate) first: u64,
    /// What its first frame follows.
    pub(crate) chain: Chain,
}

/// A part of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PartEntry {
    /// Which adapters derived it.
    pub(crate) derivation: Digest,
    pub(crate) first: u64,
    pub(crate) count: u32,
    /// Tells parts of one range apart that were made one after the other.
    pub(crate) generation: u32,
    pub(crate) bytes: u64,
    /// Root of the tree over the log up to its end: of which log its keys are.
    pub(crate) root: Hash,
}

impl PartEntry {
    /// Position after its last record.
    pub(crate) fn next(&self) -> u64 {
        self.first + u64::from(self.count)
    }
}

/// How far the log had come when the list was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Noted {
    /// The tree over its records, which is durable.
    pub(crate) tree: Head,
    /// What the frame behind the last of them follows: another log gives another chain.
    pub(crate) chain: Chain,
}

/// The list of files at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// Which list this is: each is one more than the one before it.
    pub(crate) number: u64,
    /// Finished segments, in the order of positions.
    pub(crate) segments: Vec<SegmentEntry>,
    pub(crate) active: Active,
    /// How far tree and log are durable at the least.
    pub(crate) noted: Noted,
    /// Parts of indexes, by derivation and then in the order of positions.
    pub(crate) parts: Vec<PartEntry>,
}

/// Why no manifest could be read.
#[derive(Debug)]
enum Unread {
    Io(io::Error),
    Newer(u64),
    Damaged,
}

impl Manifest {
    /// The list of a folder in which nothing stands yet.
    pub(crate) fn empty(active: Active) -> Manifest {
        let noted = Noted { tree: Head { size: 0, root: Hash::EMPTY_ROOT }, chain: active.chain };
        Manifest { number: 0, segments: Vec::new(), active, noted, parts: Vec::new() }
    }

    /// How many records the log must have at the least: so many had hashes or keys when the list was made.
    pub(crate) fn n_noted(&self) -> u64 {
        self.parts.iter().map(PartEntry::next).max().unwrap_or(0).max(self.noted.tree.size)
    }

    fn encode(&self, store: [u8; 8]) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.array(9).uint(VERSION).uint(VERSION).uint(VERSION).bytes(&store).uint(self.number);
        writer.array(self.segments.len());
        for one in &self.segments {
            writer.array(7).uint(u64::from(one.epoch)).uint(one.first).uint(u64::from(one.count)).uint(one.bytes);
            writer.uint(u64::from(one.class)).uint(u64::from(one.generation)).bytes(&one.digest.0);
        }
        writer.array(3).uint(u64::from(self.active.epoch)).uint(self.active.first).bytes(&self.active.chain);
        writer.array(3).uint(self.noted.tree.size).bytes(&self.noted.tree.root.0).bytes(&self.noted.chain);
        writer.array(self.parts.len());
        for one in &self.parts {
            writer.array(6).bytes(&one.derivation.0).uint(one.first).uint(u64::from(one.count));
            writer.uint(u64::from(one.generation)).uint(one.bytes).bytes(&one.root.0);
        }
        let mut bytes = writer.finish();
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_be_bytes());
        bytes
    }

    /// Reads a list that is to be used so.
    fn decode(bytes: &[u8], store: [u8; 8], how: Open) -> Result<Manifest, Unread> {
        let (list, crc) = bytes.split_last_chunk::<CRC>().ok_or(Unread::Damaged)?;
        if crc32c::crc32c(list) != u32::from_be_bytes(*crc) {
            return Err(Unread::Damaged);
        }
        let mut reader = Reader::new(list);
        let mut head = || {
            reader.array()?;
            let (_version, least_reader, least_writer) = (reader.uint()?, reader.uint()?, reader.uint()?);
            Ok(if how == Open::Read { least_reader } else { least_reader.max(least_writer) })
        };
        let least = head().map_err(|Malformed| Unread::Damaged)?;
        if least > VERSION {
            return Err(Unread::Newer(least));
        }
        Manifest::list(list, store).map_err(|Malformed| Unread::Damaged)
    }

    fn list(list: &[u8], store: [u8; 8]) -> Result<Manifest, Malformed> {
        let mut reader = Reader::new(list);
        fields(&mut reader, 9)?;
        let (_version, _least_reader, _least_writer) = (reader.uint()?, reader.uint()?, reader.uint()?);
        if reader.bytes()? != store {
            return Err(Malformed);
        }
        let number = reader.uint()?;
        let mut segments = Vec::new();
        for _ in 0..reader.array()? {
            fields(&mut reader, 7)?;
            segments.push(SegmentEntry {
                epoch: short(&mut reader)?,
                first: reader.uint()?,
                count: short(&mut reader)?,
                bytes: reader.uint()?,
                class: u8::try_from(reader.uint()?).map_err(|_| Malformed)?,
                generation: short(&mut reader)?,
                digest: Digest(array(&mut reader)?),
            });
        }
        fields(&mut reader, 3)?;
        let active = Active { epoch: short(&mut reader)?, first: reader.uint()?, chain: array(&mut reader)? };
        fields(&mut reader, 3)?;
        let tree = Head { size: reader.uint()?, root: Hash(array(&mut reader)?) };
        let noted = Noted { tree, chain: array(&mut reader)? };
        let mut parts = Vec::new();
        for _ in 0..reader.array()? {
            fields(&mut reader, 6)?;
            parts.push(PartEntry {
                derivation: Digest(array(&mut reader)?),
                first: reader.uint()?,
                count: short(&mut reader)?,
                generation: short(&mut reader)?,
                bytes: reader.uint()?,
                root: Hash(array(&mut reader)?),
            });
        }
        reader.end()?;
        Ok(Manifest { number, segments, active, noted, parts })
    }

    /// The newest list that can be read, and, where that is not the newest there was, the path of that one:
    /// whoever only reads can go on with less, and has to say so.
    ///
    /// Fails with [`Kind::Corrupt`](crate::Kind::Corrupt) if none can be read, and with
    /// [`Kind::Invalid`](crate::Kind::Invalid) if a newer writ made the newest.
    pub(crate) fn newest(
        storage: &dyn Storage,
        folder: &Path,
        store: [u8; 8],
        how: Open,
    ) -> Result<(Manifest, Option<PathBuf>), Error> {
        let mut last = Err(gone(folder));
        for _ in 0..LOOKS_MAX {
            last = match Manifest::look(storage, folder, store, how) {
                // A writer that replaces lists just now looks so too, and then another look helps.
                Ok((manifest, Some(path))) => Ok((manifest, Some(path))),
                Err(Missed::Replaced(error)) => Err(error),
                Err(Missed::Failed(error)) => return Err(error),
                Ok(whole) => return Ok(whole),
            };
        }
        last
    }

    fn look(
        storage: &dyn Storage,
        folder: &Path,
        store: [u8; 8],
        how: Open,
    ) -> Result<(Manifest, Option<PathBuf>), Missed> {
        let known = numbers(storage, folder).map_err(Missed::Failed)?;
        let Some((newest, older)) = known.split_last() else { return Err(Missed::Replaced(gone(folder))) };
        let read = |number: u64| {
            let path = folder.join(name(number));
            let bytes = storage::read(storage, &path, MANIFEST_BYTES_MAX).map_err(Unread::Io);
            let manifest = bytes.and_then(|bytes| Manifest::decode(&bytes, store, how));
            let is_own = |manifest: &Manifest| manifest.number == number;
            manifest.and_then(|manifest| is_own(&manifest).then_some(manifest).ok_or(Unread::Damaged))
        };
        match read(*newest) {
            Ok(manifest) => {
                // The one before the newest goes after it has come, so one that stands alone was not the newest.
                let is_alone = *newest > 1 && older.last().is_none_or(|before| before + 1 != *newest);
                Ok((manifest, is_alone.then(|| folder.join(name(*newest + 1)))))
            }
            Err(Unread::Damaged) => {
                let path = folder.join(name(*newest));
                let whole = older.iter().rev().find_map(|number| read(*number).ok());
                whole.map(|manifest| (manifest, Some(path.clone()))).ok_or_else(|| Missed::Failed(damaged(&path)))
            }
            Err(unread) => Err(unread.told(&folder.join(name(*newest)))),
        }
    }

    /// Writes this list as the next one, and takes older ones away.
    pub(crate) fn publish(&mut self, storage: &dyn Storage, folder: &Path, store: [u8; 8]) -> Result<(), Error> {
        self.number += 1;
        let path = folder.join(name(self.number));
        storage::replace(storage, &path, &self.encode(store)).map_err(|e| Error::io("write", &path, e))?;
        let known = numbers(storage, folder)?;
        let old = known.len().saturating_sub(KEPT);
        for number in known.into_iter().take(old) {
            // One more file than needed is no harm.
            let _ = storage.remove(&folder.join(name(number)));
        }
        Ok(())
    }
}

/// Why a look found no list that counts.
enum Missed {
    /// It may be there at the next look: a writer replaced it.
    Replaced(Error),
    Failed(Error),
}

impl Unread {
    fn told(self, path: &Path) -> Missed {
        Missed::Failed(match self {
            Unread::Io(error) if error.kind() == io::ErrorKind::NotFound => {
                return Missed::Replaced(Error::io("read", path, error));
            }
            Unread::Io(error) => Error::io("read", path, error),
            Unread::Newer(version) => Error::invalid(format!(
                "`{}` is a list of files of version {version}, and this writ knows version {VERSION}: use a newer writ",
                path.display()
            )),
            Unread::Damaged => damaged(path),
        })
    }
}

fn gone(folder: &Path) -> Error {
    Error::corrupt(format!("the list of files in `{}` is gone: restore it from a backup", folder.display()))
}

fn damaged(path: &Path) -> Error {
    Error::corrupt(format!("`{}` is damaged: restore it from a backup", path.display()))
}

/// Names sort as their numbers do.
fn name(number: u64) -> String {
    format!("{number:016x}")
}

fn numbers(storage: &dyn Storage, folder: &Path) -> Result<Vec<u64>, Error> {
    let names = storage.list(folder).map_err(|e| Error::io("list", folder, e))?;
    Ok(names.iter().filter(|name| name.len() == 16).filter_map(|name| u64::from_str_radix(name, 16).ok()).collect())
}

/// Where manifests lie.
pub(crate) fn folder(dir: &Path) -> PathBuf {
    dir.join("manifest")
}

fn fields(reader: &mut Reader<'_>, n: usize) -> Result<(), Malformed> {
    if reader.array()? == n { Ok(()) } else { Err(Malformed) }
}

fn short(reader: &mut Reader<'_>) -> Result<u32, Malformed> {
    u32::try_from(reader.uint()?).map_err(|_| Malformed)
}

fn array<const N: usize>(reader: &mut Reader<'_>) -> Result<[u8; N], Malformed> {
    reader.bytes()?.try_into().map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Os;
    use writ_tlog::tree::Frontier;

    fn manifest() -> Manifest {
        let segment = SegmentEntry {
            epoch: 1,
            first: 0,
            count: 70_000,
            bytes: 1 << 33,
            class: 0,
            generation: 0,
            digest: Digest([7; 32]),
        };
        let active = Active { epoch: 1, first: 70_000, chain: [9; 16] };
        let part = PartEntry {
            derivation: Digest([1; 32]),
            first: 0,
            count: 65_536,
            generation: 2,
            bytes: 4_000_000,
            root: Hash([3; 32]),
        };
        let noted = Noted { tree: Frontier::new().head(), chain: [8; 16] };
        Manifest { number: 4, segments: vec![segment], active, noted, parts: vec![part] }
    }

    #[test]
    fn a_list_reads_back_and_an_altered_one_does_not() {
        let bytes = manifest().encode([5; 8]);
        let read = |bytes: &[u8], store| Manifest::decode(bytes, store, Open::Write);
        assert_eq!(read(&bytes, [5; 8]).unwrap(), manifest());
        assert!(read(&bytes, [6; 8]).is_err(), "another store");
        for byte in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[byte] ^= 1;
            assert!(read(&altered, [5; 8]).is_err(), "byte {byte}");
            assert!(read(&bytes[..byte], [5; 8]).is_err(), "cut at {byte}");
        }
    }

    fn read(folder: &Path) -> Result<(Manifest, Option<PathBuf>), Error> {
        Manifest::newest(&Os, folder, [5; 8], Open::Read)
    }

    /// A folder in which four lists were made.
    fn lists() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mut list = manifest();
        for _ in 0..4 {
            list.publish(&Os, folder.path(), [5; 8]).unwrap();
        }
        assert_eq!(Os.list(folder.path()).unwrap(), [name(7), name(8)]);
        folder
    }

    #[test]
    fn the_newest_list_counts_and_old_ones_go() {
        let empty = tempfile::tempdir().unwrap();
        let folder = lists();
        assert!(read(empty.path()).unwrap_err().to_string().contains("is gone: restore it from a backup"));
        assert_eq!(read(folder.path()).unwrap(), (Manifest { number: 8, ..manifest() }, None));
    }

    #[test]
    fn a_newest_list_that_is_damaged_or_gone_is_missed_by_name() {
        let folder = lists();
        let (before, newest) = (folder.path().join(name(7)), folder.path().join(name(8)));
        let bytes = std::fs::read(&newest).unwrap();
        crate::testing::set(&newest, &bytes[1..]);
        let found = (Manifest { number: 7, ..manifest() }, Some(newest.clone()));
        assert_eq!(read(folder.path()).unwrap(), found);
        std::fs::remove_file(&newest).unwrap();
        assert_eq!(read(folder.path()).unwrap(), found);
        crate::testing::set(&newest, &bytes[1..]);
        std::fs::remove_file(before).unwrap();
        assert!(read(folder.path()).unwrap_err().to_string().contains("is damaged: restore it from a backup"));
    }

    #[test]
    fn a_list_of_a_newer_writ_is_refused_and_not_passed_over() {
        for (least_reader, least_writer, how) in [(2, 2, Open::Read), (2, 2, Open::Write), (1, 2, Open::Write)] {
            let folder = lists();
            let mut writer = Writer::new();
            writer.array(9).uint(3).uint(least_reader).uint(least_writer);
            let mut bytes = writer.finish();
            bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_be_bytes());
            crate::testing::set(&folder.path().join(name(9)), &bytes);
            let error = Manifest::newest(&Os, folder.path(), [5; 8], how).unwrap_err().to_string();
            assert!(error.contains("version 2, and this writ knows version 1: use a newer writ"), "{error}");
            assert!(read(folder.path()).is_err() || least_reader == 1);
        }
    }
}
