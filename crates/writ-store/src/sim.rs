//! A disk that fails and loses power on command, for tests.
//!
//! It knows two images: what reads see, and what is on the platter. A sync makes the second equal to the
//! first for one file, or for the names in one folder; a crash leaves on the platter as much of the
//! unsynced changes as the test says. After a failed sync the changes are *forgotten*: reads still see
//! them, but no later sync writes them, which is how real kernels behave (Rebello et al., "Can
//! Applications Recover from fsync Failures?", USENIX ATC 2020).
//!
//! A disk may also lie: acknowledge a sync and do nothing. No program can survive that; what one can do is
//! to notice it the next time.

use crate::file::File;
use crate::storage::{Open, Storage};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What goes wrong at an operation (a write, a change of size or of a name, a sync, counted from 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done, an error is returned.
    Refused,
    /// The disk is full: this many bytes are written, then an error is returned.
    Full(usize),
    /// The operation fails as a sync does: what is unsynced of the file is forgotten.
    Forgotten,
    /// Power fails after this many bytes of the operation; every later operation fails.
    PowerLoss(usize),
    /// The operation is acknowledged, and if it is a sync nothing is synced.
    Lied,
}

/// How much of the unsynced changes a crash leaves on the platter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survival {
    /// Nothing.
    Nothing,
    /// Everything.
    Everything,
    /// The first bytes of what was written, in the order it was written; names as far as that.
    Bytes(usize),
    /// Any sectors and any names, chosen by this seed: disks write in any order.
    Sectors(u64),
}

const SECTOR: usize = 512;

/// A file by number: names come and go, a file stays.
type Inode = usize;

#[derive(Clone, Debug)]
enum Change {
    Write {
        file: Inode,
        offset: usize,
        bytes: Vec<u8>,
    },
    Size {
        file: Inode,
        size: usize,
    },
    /// A name now means this file, or none.
    Name {
        path: PathBuf,
        file: Option<Inode>,
    },
    /// A file has another name now; the two changes go together.
    Rename {
        from: PathBuf,
        to: PathBuf,
        file: Inode,
    },
}

/// Contents by file, and files by name.
#[derive(Clone, Debug, Default)]
struct Image {
    files: Vec<Vec<u8>>,
    names: BTreeMap<PathBuf, Inode>,
}

#[derive(Debug, Default)]
struct State {
    seen: Image,
    platter: Image,
    /// In the order in which they were made.
    unsynced: Vec<Change>,
    operations: u64,
    faults: Vec<(u64, Fault)>,
    powerless: bool,
}

/// A simulated disk. Clones are handles of the same disk.
#[derive(Clone, Debug, Default)]
pub struct SimStorage(Arc<Mutex<State>>);

/// A file on it.
#[derive(Clone, Debug)]
struct SimFile {
    disk: SimStorage,
    file: Inode,
}

impl SimStorage {
    /// A disk with nothing on it.
    pub fn new() -> SimStorage {
        SimStorage::default()
    }

    /// Makes the operation of this number go wrong.
    pub fn fail_at(&self, operation: u64, fault: Fault) {
        self.state().faults.push((operation, fault));
    }

    /// How many operations were asked for so far.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// What reads see now, by name.
    pub fn seen(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        self.state().seen.by_name()
    }

    /// Puts a file there, all of it durable.
    pub fn put(&self, path: &Path, bytes: &[u8]) {
        let mut state = self.state();
        let State { seen, platter, .. } = &mut *state;
        for image in [seen, platter] {
            let file = image.files.len();
            image.files.push(bytes.to_vec());
            image.names.insert(path.to_owned(), file);
        }
    }

    /// The disk as it is found after a crash at this moment.
    #[must_use]
    pub fn after_crash(&self, survival: Survival) -> SimStorage {
        let state = self.state();
        let mut image = state.platter.clone();
        image.files.resize(state.seen.files.len(), Vec::new());
        let mut left = match survival {
            Survival::Bytes(n) => n,
            Survival::Nothing => 0,
            Survival::Everything | Survival::Sectors(_) => usize::MAX,
        };
        let mut dice = if let Survival::Sectors(seed) = survival { Some(seed | 1) } else { None };
        for change in state.unsynced.iter().take_while(|_| survival != Survival::Nothing) {
            match change {
                Change::Write { file, offset, bytes } => {
                    let kept = bytes.get(..left.min(bytes.len())).unwrap_or(&[]);
                    left -= kept.len();
                    let mut at = *offset;
                    for sector in kept.chunks(SECTOR) {
                        if toss(&mut dice) {
                            image.apply(&Change::Write { file: *file, offset: at, bytes: sector.to_vec() });
                        }
                        at += sector.len();
                    }
                    if left == 0 {
                        break;
                    }
                }
                change if toss(&mut dice) => image.apply(change),
                _ => {}
            }
        }
        let state = State { seen: image.clone(), platter: image, ..State::default() };
        SimStorage(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without dice: always. With dice: every second time or so (xorshift, Marsaglia 2003).
fn toss(dice: &mut Option<u64>) -> bool {
    let Some(state) = dice else { return true };
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state >> 63 == 1
}

impl Image {
    fn apply(&mut self, change: &Change) {
        match change {
            Change::Size { file, size } => {
                if let Some(content) = self.files.get_mut(*file) {
                    content.resize(*size, 0);
                }
            }
            Change::Write { file, offset, bytes } => {
                let Some(content) = self.files.get_mut(*file) else { return };
                if content.len() < offset + bytes.len() {
                    content.resize(offset + bytes.len(), 0);
                }
                if let Some(place) = content.get_mut(*offset..offset + bytes.len()) {
                    place.copy_from_slice(bytes);
                }
            }
            Change::Name { path, file: Some(file) } => {
                self.names.insert(path.clone(), *file);
            }
            Change::Name { path, file: None } => {
                self.names.remove(path);
            }
            Change::Rename { from, to, file } => {
                self.names.remove(from);
                self.names.insert(to.clone(), *file);
            }
        }
    }

    fn by_name(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let content = |file: &Inode| self.files.get(*file).cloned().unwrap_or_default();
        self.names.iter().map(|(path, file)| (path.clone(), content(file))).collect()
    }
}

impl Change {
    /// Whether it is of the content of this file.
    fn is_of(&self, of: Inode) -> bool {
        matches!(self, Change::Write { file, .. } | Change::Size { file, .. } if *file == of)
    }

    /// Whether it is of a name in this folder.
    fn is_in(&self, folder: &Path) -> bool {
        match self {
            Change::Name { path, .. } | Change::Rename { to: path, .. } => path.parent() == Some(folder),
            Change::Write { .. } | Change::Size { .. } => false,
        }
    }
}

impl State {
    fn change(&mut self, change: Change) {
        self.seen.apply(&change);
        self.unsynced.push(change);
    }

    /// The fault of this operation, if one is due.
    fn fault(&mut self) -> io::Result<Option<Fault>> {
        if self.powerless {
            return Err(io::Error::other("the simulated disk has no power"));
        }
        let now = self.operations;
        self.operations += 1;
        let fault = self.faults.iter().find(|(operation, _)| *operation == now).map(|(_, fault)| *fault);
        self.powerless = matches!(fault, Some(Fault::PowerLoss(_)));
        Ok(fault)
    }

    fn operate(&mut self, change: Change) -> io::Result<()> {
        let fault = self.fault()?;
        let cut = |change: Change, n: usize| match change {
            Change::Write { file, offset, mut bytes } => {
                bytes.truncate(n);
                Some(Change::Write { file, offset, bytes })
            }
            // What has no bytes happens or does not.
            whole => (n > 0).then_some(whole),
        };
        match fault {
            None | Some(Fault::Lied) => {
                self.change(change);
                return Ok(());
            }
            Some(Fault::Refused) => {}
            Some(Fault::Full(n)) => {
                if let Some(change) = cut(change, n) {
                    self.change(change);
                }
                return Err(io::ErrorKind::StorageFull.into());
            }
            Some(Fault::Forgotten) => self.forget(&change),
            Some(Fault::PowerLoss(n)) => {
                if let Some(change) = cut(change, n) {
                    self.change(change);
                }
            }
        }
        Err(io::Error::other("the simulated disk failed"))
    }

    /// Forgets what is unsynced of the file that a change is of.
    fn forget(&mut self, of: &Change) {
        if let Change::Write { file, .. } | Change::Size { file, .. } = of {
            self.unsynced.retain(|change| !change.is_of(*file));
        }
    }

    /// Makes those changes durable that are meant.
    fn sync(&mut self, is_meant: impl Fn(&Change) -> bool) -> io::Result<()> {
        match self.fault()? {
            None => {
                self.platter.files.resize(self.seen.files.len(), Vec::new());
                let (synced, left): (Vec<_>, Vec<_>) = self.unsynced.drain(..).partition(is_meant);
                for change in &synced {
                    self.platter.apply(change);
                }
                self.unsynced = left;
                Ok(())
            }
            Some(Fault::Lied) => Ok(()),
            Some(Fault::PowerLoss(_)) => Err(io::Error::other("the simulated disk has no power")),
            Some(Fault::Refused | Fault::Full(_) | Fault::Forgotten) => {
                self.unsynced.retain(|change| !is_meant(change));
                Err(io::Error::other("the simulated disk did not sync"))
            }
        }
    }
}

impl Storage for SimStorage {
    fn open(&self, path: &Path, how: Open) -> io::Result<Box<dyn File>> {
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
        let mut state = self.state();
        let Some(file) = state.seen.names.get(from).copied() else { return Err(io::ErrorKind::NotFound.into()) };
        state.operate(Change::Rename { from: from.to_owned(), to: to.to_owned(), file })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
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
        let state = self.state();
        let inside = state.seen.names.keys().filter(|path| path.parent() == Some(folder));
        Ok(inside.filter_map(|path| path.file_name()?.to_str().map(str::to_owned)).collect())
    }

    fn make_folder(&self, _: &Path) -> io::Result<()> {
        // Folders are there as soon as something is in them.
        Ok(())
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.state().sync(|change| change.is_in(folder))
    }
}

impl File for SimFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.disk.state().seen.files.get(self.file).map_or(0, |content| content.len() as u64))
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.disk.state();
        let content = state.seen.files.get(self.file).map(Vec::as_slice).unwrap_or_default();
        let rest = content.get(crate::bytes::index(offset)..).unwrap_or(&[]);
        let n = buffer.len().min(rest.len());
        buffer.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        Ok(n)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let (file, offset) = (self.file, crate::bytes::index(offset));
        self.disk.state().operate(Change::Write { file, offset, bytes: bytes.to_vec() })
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        self.disk.state().operate(Change::Size { file: self.file, size: crate::bytes::index(size) })
    }

    fn sync(&self) -> io::Result<()> {
        let file = self.file;
        self.disk.state().sync(|change| change.is_of(file))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn made(disk: &SimStorage, name: &str) -> Box<dyn File> {
        disk.open(Path::new(name), Open::Create).unwrap()
    }

    fn found(disk: &SimStorage, survival: Survival) -> BTreeMap<PathBuf, Vec<u8>> {
        disk.after_crash(survival).seen()
    }

    fn one(name: &str, content: &[u8]) -> BTreeMap<PathBuf, Vec<u8>> {
        BTreeMap::from([(PathBuf::from(name), content.to_vec())])
    }

    #[test]
    fn only_what_was_synced_survives_and_a_failed_sync_forgets() {
        let disk = SimStorage::new();
        disk.put(Path::new("d/a"), b"old");
        let file = disk.open(Path::new("d/a"), Open::Write).unwrap();
        file.write_at(b"new!", 3).unwrap();
        assert_eq!(found(&disk, Survival::Nothing), one("d/a", b"old"));
        assert_eq!(found(&disk, Survival::Bytes(2)), one("d/a", b"oldne"));
        assert_eq!(found(&disk, Survival::Everything), one("d/a", b"oldnew!"));
        disk.fail_at(1, Fault::Forgotten);
        file.sync().unwrap_err();
        file.sync().unwrap();
        assert_eq!((disk.seen(), found(&disk, Survival::Everything)), (one("d/a", b"oldnew!"), one("d/a", b"old")));
        // Written again, the same bytes are durable.
        file.write_at(b"new!", 3).unwrap();
        file.sync().unwrap();
        assert_eq!(found(&disk, Survival::Nothing), one("d/a", b"oldnew!"));
        disk.fail_at(disk.operations() + 1, Fault::Lied);
        file.write_at(b"?", 0).unwrap();
        file.sync().unwrap();
        assert_eq!(found(&disk, Survival::Nothing), one("d/a", b"oldnew!"));
    }

    #[test]
    fn a_name_lasts_once_its_folder_was_synced() {
        let disk = SimStorage::new();
        let file = made(&disk, "d/a.tmp");
        file.write_at(b"x", 0).unwrap();
        file.sync().unwrap();
        disk.rename(Path::new("d/a.tmp"), Path::new("d/a")).unwrap();
        assert_eq!(disk.list(Path::new("d")).unwrap(), ["a"]);
        assert_eq!(found(&disk, Survival::Nothing), BTreeMap::new());
        disk.sync_folder(Path::new("d")).unwrap();
        assert_eq!(found(&disk, Survival::Nothing), one("d/a", b"x"));
        disk.remove(Path::new("d/a")).unwrap();
        assert_eq!(
            (found(&disk, Survival::Nothing), found(&disk, Survival::Everything)),
            (one("d/a", b"x"), BTreeMap::new())
        );
    }

    #[test]
    fn after_a_power_loss_nothing_works_and_sectors_survive_one_by_one() {
        let disk = SimStorage::new();
        let file = made(&disk, "d/a");
        disk.sync_folder(Path::new("d")).unwrap();
        disk.fail_at(2, Fault::PowerLoss(SECTOR * 8));
        file.write_at(&[1; SECTOR * 9], 0).unwrap_err();
        assert!(file.sync().is_err() && file.write_at(b"x", 0).is_err() && file.set_size(0).is_err());
        let images: Vec<Vec<u8>> =
            (0..40).map(|seed| found(&disk, Survival::Sectors(seed * 77)).into_values().next().unwrap()).collect();
        assert!(images.iter().all(|image| image.len() <= SECTOR * 8));
        assert!(images.iter().any(|image| image.contains(&0) && image.contains(&1)), "some hole somewhere");
    }
}
