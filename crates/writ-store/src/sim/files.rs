//! The simulated disk as the store meets it: storage, and the files on it.

use super::image::{Change, Inode};
use super::{Call, SimStorage};
use crate::file::{self, File};
use crate::storage::{Open, Storage};
use std::io;
use std::path::{Path, PathBuf};

/// A file on a simulated disk.
#[derive(Clone, Debug)]
pub(super) struct SimFile {
    pub(super) disk: SimStorage,
    pub(super) file: Inode,
}

impl Storage for SimStorage {
    fn open(&self, path: &Path, how: Open) -> io::Result<Box<dyn File>> {
        self.tell(if how == Open::Create { Call::Change } else { Call::Read })?;
        let mut state = self.state();
        let known = state.seen.names.get(path).copied();
        let file = match (how, known) {
            (Open::Read | Open::Write, Some(file)) => file,
            (Open::Read | Open::Write, None) => return Err(io::ErrorKind::NotFound.into()),
            (Open::Create, _) => {
                let file = state.seen.files.len();
                state.seen.files.push(Vec::new());
                state.operate(Change::Name { path: path.to_owned(), file: Some(file) })?;
                file
            }
        };
        Ok(Box::new(SimFile { disk: self.clone(), file }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.tell(Call::Change)?;
        let mut state = self.state();
        let Some(file) = state.seen.names.get(from).copied() else { return Err(io::ErrorKind::NotFound.into()) };
        state.operate(Change::Rename { from: from.to_owned(), to: to.to_owned(), file })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.tell(Call::Change)?;
        let mut state = self.state();
        if !state.seen.names.contains_key(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        state.operate(Change::Name { path: path.to_owned(), file: None })
    }

    fn remove_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.tell(Call::Read)?;
        let state = self.state();
        let is_in = |path: &&PathBuf| path.parent().is_some_and(|parent| parent.starts_with(folder));
        let mut names: Vec<String> = Vec::new();
        for path in state.seen.names.keys().filter(is_in) {
            // The files of a folder, and the folders that something is in.
            let inside = path.strip_prefix(folder).ok().and_then(|rest| rest.iter().next()?.to_str());
            names.extend(inside.map(str::to_owned));
        }
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    fn make_folder(&self, _: &Path) -> io::Result<()> {
        // Folders are there as soon as something is in them.
        Ok(())
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.tell(Call::Change)?;
        self.state().sync(|_| folder.to_owned(), |change| change.is_in(folder))
    }
}

impl File for SimFile {
    fn size(&self) -> io::Result<u64> {
        self.disk.tell(Call::Read)?;
        Ok(self.disk.state().seen.len(self.file) as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.disk.tell(Call::Read)?;
        file::read_whole(buffer, offset, |rest, at| self.disk.state().read(self.file, rest, at))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.disk.tell(Call::Change)?;
        let (file, offset) = (self.file, crate::bytes::index(offset));
        self.disk.state().operate(Change::Write { file, offset, bytes: bytes.to_vec() })
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        self.disk.tell(Call::Change)?;
        self.disk.state().operate(Change::Size { file: self.file, size: crate::bytes::index(size) })
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.tell(Call::Change)?;
        let file = self.file;
        self.disk.state().sync(|seen| seen.path_of(file), |change| change.is_of(file))
    }
}

/// A disk that holds one file, which has no name. Clones are handles of the same disk.
#[derive(Clone, Debug)]
pub struct SimDisk(SimFile);

impl SimDisk {
    /// A file with this content, all of it durable.
    pub fn new(content: impl AsRef<[u8]>) -> SimDisk {
        let disk = SimStorage::new();
        disk.put(Path::new("file"), content.as_ref());
        SimDisk(SimFile { disk, file: 0 })
    }

    /// What reads see now.
    pub fn seen(&self) -> Vec<u8> {
        self.0.disk.state().seen.files.first().cloned().unwrap_or_default()
    }
}

impl Default for SimDisk {
    fn default() -> SimDisk {
        SimDisk::new(Vec::new())
    }
}

impl File for SimDisk {
    fn size(&self) -> io::Result<u64> {
        self.0.size()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_at(bytes, offset)
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        self.0.set_size(size)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }
}
