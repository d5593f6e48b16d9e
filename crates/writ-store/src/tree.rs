//! The tree over the log, on disk: one file for each level, to which hashes are only ever appended.
//!
//! Entry *i* of level *L* is the root over the 256^L leaves from number i·256^L on, so a file is its
//! level's C2SP tiles one after the other. The files are synced where the manifest names a size, and not
//! with each commit: what is behind that size is made again from the log.

use crate::bytes::index;
use crate::error::Error;
use crate::file::{self, File};
use crate::storage::{Open, Storage};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use writ_tlog::hash::{HASH_BYTES, Hash};
use writ_tlog::tile::{Place, TILE_ENTRIES};
use writ_tlog::tree::{Frontier, Head};

/// The bytes of a full tile.
const TILE_BYTES: u64 = TILE_ENTRIES * HASH_BYTES as u64;

/// Where the files lie.
pub(crate) fn folder(dir: &Path) -> PathBuf {
    dir.join("tree")
}

/// The tree, as it grows.
#[derive(Debug)]
pub(crate) struct Tree {
    folder: PathBuf,
    frontier: Frontier,
    levels: BTreeMap<u8, Level>,
}

/// One file, and what is to be appended to it.
#[derive(Debug, Default)]
struct Level {
    file: Option<Box<dyn File>>,
    /// Where the waiting hashes go.
    at: u64,
    waiting: Vec<u8>,
}

impl Tree {
    /// A tree without leaves, which is written over what is there.
    pub(crate) fn new(dir: &Path) -> Tree {
        Tree { folder: folder(dir), frontier: Frontier::new(), levels: BTreeMap::new() }
    }

    /// Goes on with a tree whose head is known. Fails with [`Kind::Corrupt`](crate::Kind::Corrupt) if the
    /// files do not give that head: they are damaged, or they are another tree's.
    pub(crate) fn resume(storage: &dyn Storage, dir: &Path, head: Head) -> Result<Tree, Error> {
        let folder = folder(dir);
        let frontier = Reader::new(storage, dir).frontier(head.size)?;
        if frontier.root() != head.root {
            let place = folder.display();
            return Err(Error::corrupt(format!(
                "the tree in `{place}` has another root over its first {} records than was noted when they were written: \
                 run `writ fsck`, and restore the folder from a backup",
                head.size
            )));
        }
        Ok(Tree { folder, frontier, levels: BTreeMap::new() })
    }

    /// Appends a leaf. Nothing is written before [`Tree::write`].
    pub(crate) fn append(&mut self, leaf: Hash) {
        let levels = &mut self.levels;
        // A folder has far fewer records than a tree may have leaves.
        let _ = self.frontier.append(leaf, |place, hash| {
            let level = levels.entry(place.level).or_default();
            if level.waiting.is_empty() {
                level.at = place.byte();
            }
            level.waiting.extend_from_slice(&hash.0);
        });
    }

    /// The root over all leaves.
    pub(crate) fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// Writes what waits.
    pub(crate) fn write(&mut self, storage: &dyn Storage) -> Result<(), Error> {
        for (number, level) in &mut self.levels {
            let path = self.folder.join(number.to_string());
            level.write(storage, &path).map_err(|e| Error::io("write hashes to", &path, e))?;
        }
        Ok(())
    }

    /// Makes all of it durable; the head is then good for a manifest.
    pub(crate) fn sync(&mut self, storage: &dyn Storage) -> Result<Head, Error> {
        self.write(storage)?;
        for (number, level) in &self.levels {
            let path = self.folder.join(number.to_string());
            level.file.as_ref().map_or(Ok(()), |file| file.sync()).map_err(|e| Error::io("sync", &path, e))?;
        }
        storage.sync_folder(&self.folder).map_err(|e| Error::io("sync the folder", &self.folder, e))?;
        Ok(self.frontier.head())
    }
}

impl Level {
    fn write(&mut self, storage: &dyn Storage, path: &Path) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(match storage.open(path, Open::Write) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => storage.open(path, Open::Create)?,
                other => other?,
            }),
        };
        file.write_at(&self.waiting, self.at)?;
        self.waiting.clear();
        Ok(())
    }
}

/// Reads stored hashes, a tile at a time.
pub(crate) struct Reader<'s> {
    storage: &'s dyn Storage,
    folder: PathBuf,
    levels: BTreeMap<u8, Tile>,
}

/// The tile of a level that was read last.
struct Tile {
    file: Box<dyn File>,
    number: u64,
    bytes: Vec<u8>,
}

impl<'s> Reader<'s> {
    pub(crate) fn new(storage: &'s dyn Storage, dir: &Path) -> Reader<'s> {
        Reader { storage, folder: folder(dir), levels: BTreeMap::new() }
    }

    /// One hash.
    pub(crate) fn hash(&mut self, place: Place) -> Result<Hash, Error> {
        let path = self.folder.join(place.level.to_string());
        self.read(&path, place).map_err(|e| Error::io("read hashes from", &path, e))
    }

    fn read(&mut self, path: &Path, place: Place) -> io::Result<Hash> {
        let (number, within) = (place.index / TILE_ENTRIES, place.index % TILE_ENTRIES);
        let tile = match self.levels.remove(&place.level) {
            Some(tile) if tile.number == number => tile,
            other => {
                let file = other.map_or_else(|| self.storage.open(path, Open::Read), |tile| Ok(tile.file))?;
                let at = number * TILE_BYTES;
                let mut bytes = vec![0; index(file.size()?.saturating_sub(at).min(TILE_BYTES))];
                file::read_exact_at(file.as_ref(), &mut bytes, at)?;
                Tile { file, number, bytes }
            }
        };
        let tile = self.levels.entry(place.level).or_insert(tile);
        let hash = tile.bytes.as_chunks::<HASH_BYTES>().0.get(index(within));
        hash.map(|bytes| Hash(*bytes)).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// The right edge over the first leaves.
    pub(crate) fn frontier(&mut self, size: u64) -> Result<Frontier, Error> {
        Frontier::resume(size, |place| self.hash(place))
    }

    /// The root over the first leaves.
    pub(crate) fn root(&mut self, size: u64) -> Result<Hash, Error> {
        self.frontier(size).map(|frontier| frontier.root())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Os;

    fn leaf(n: u64) -> Hash {
        Hash::leaf(&n.to_le_bytes())
    }

    #[test]
    fn a_tree_goes_on_where_it_was_and_nowhere_else() {
        let dir = tempfile::tempdir().unwrap();
        Os.make_folder(&folder(dir.path())).unwrap();
        let mut all = Frontier::new();
        let mut head = all.head();
        for n in [1_u64, 2, 255, 256, 700, 66_000] {
            let mut tree = Tree::resume(&Os, dir.path(), head).unwrap();
            assert_eq!(tree.frontier.size(), head.size);
            for n in head.size..n {
                tree.append(leaf(n));
                all.append(leaf(n), |_, _| ()).unwrap();
                if n % 300 == 0 {
                    tree.write(&Os).unwrap();
                }
            }
            head = tree.sync(&Os).unwrap();
            assert_eq!(head, all.head());
        }
        let sizes = |level: &str| std::fs::metadata(folder(dir.path()).join(level)).unwrap().len() / 32;
        assert_eq!([sizes("0"), sizes("1"), sizes("2")], [66_000, 257, 1]);
        // Behind the head anything may stand.
        let file = Os.open(&folder(dir.path()).join("0"), Open::Write).unwrap();
        file.write_at(&[7; 64], 66_000 * 32).unwrap();
        assert!(Tree::resume(&Os, dir.path(), head).is_ok());
        file.write_at(&[7; 1], 65_999 * 32).unwrap();
        let error = Tree::resume(&Os, dir.path(), head).unwrap_err().to_string();
        assert!(error.contains("another root over its first 66000 records"), "{error}");
    }
}
