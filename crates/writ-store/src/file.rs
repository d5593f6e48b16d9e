//! The layer between the log and the disk: one small trait, and writing a small file for good.
//!
//! There are two implementations: [`Disk`] on the operating system, and [`crate::sim`], which fails
//! and loses power on command.

use crate::bytes::index;
use crate::limit;
use std::fmt;
use std::fs;
use std::io;
use std::io::Write as _;
use std::ops::Range;
use std::path::Path;

/// A file that is read and written by offset. Nothing is durable before [`File::sync`] returned.
pub trait File: Send + Sync + fmt::Debug {
    /// How long it is, in bytes.
    fn size(&self) -> io::Result<u64>;
    /// Reads from an offset; fewer bytes than asked for only at the end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Says that these bytes are read soon: where it can, the system fetches them meanwhile. Nothing has to come of it.
    fn will_read(&self, _offset: u64, _len: u64) {}
    /// Writes all bytes at an offset. After an error any of them may be there.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Cuts the file, or fills it with zeros up to this size.
    fn set_size(&self, size: u64) -> io::Result<()>;
    /// Returns once content and size are on the disk. After an error nothing is known about what
    /// was written since the last success, and asking again proves nothing.
    fn sync(&self) -> io::Result<()>;
}

/// A file of the operating system.
#[derive(Debug)]
pub struct Disk(fs::File);

impl Disk {
    /// Opens a file that is there, to read only.
    pub fn open(path: &Path) -> io::Result<Disk> {
        fs::File::open(path).map(Disk)
    }

    /// Makes a new file, to read and to write. What a crash left under this name goes first.
    pub(crate) fn create(path: &Path) -> io::Result<Disk> {
        remove_left_over(path)?;
        fs::OpenOptions::new().read(true).write(true).create_new(true).open(path).map(Disk)
    }

    /// Opens a file that is there, to read and to write.
    pub fn open_to_write(path: &Path) -> io::Result<Disk> {
        fs::OpenOptions::new().read(true).write(true).open(path).map(Disk)
    }
}

impl File for Disk {
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        read_whole(buffer, offset, |rest, at| read_some(&self.0, rest, at))
    }

    #[cfg(target_os = "linux")]
    fn will_read(&self, offset: u64, len: u64) {
        // What the system does not fetch now it fetches when it is read.
        let _ = rustix::fs::fadvise(&self.0, offset, std::num::NonZeroU64::new(len), rustix::fs::Advice::WillNeed);
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut done = 0;
        while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
            match write_some(&self.0, rest, offset + done as u64) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => done += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        self.0.set_len(size)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

#[cfg(unix)]
use std::os::unix::fs::FileExt as _;
#[cfg(windows)]
use std::os::windows::fs::FileExt as _;

#[cfg(unix)]
fn read_some(file: &fs::File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    file.read_at(buffer, offset)
}

#[cfg(unix)]
fn write_some(file: &fs::File, bytes: &[u8], offset: u64) -> io::Result<usize> {
    file.write_at(bytes, offset)
}

#[cfg(windows)]
fn read_some(file: &fs::File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    file.seek_read(buffer, offset)
}

#[cfg(windows)]
fn write_some(file: &fs::File, bytes: &[u8], offset: u64) -> io::Result<usize> {
    file.seek_write(bytes, offset)
}

/// Copies a stretch of one file to the beginning of another; its CRC-32C.
pub(crate) fn copy(from: &dyn File, stretch: Range<u64>, to: &dyn File) -> io::Result<u32> {
    let (mut at, mut crc) = (stretch.start, 0);
    while at < stretch.end {
        let mut buffer = vec![0; index(stretch.end - at).min(limit::READ_AHEAD)];
        read_exact_at(from, &mut buffer, at)?;
        crc = crc32c::crc32c_append(crc, &buffer);
        to.write_at(&buffer, at - stretch.start)?;
        at += buffer.len() as u64;
    }
    Ok(crc)
}

/// Reads on until the buffer is full or the file ends: one call may give less, or be interrupted.
pub(crate) fn read_whole(
    buffer: &mut [u8],
    offset: u64,
    mut read_some: impl FnMut(&mut [u8], u64) -> io::Result<usize>,
) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match read_some(rest, offset + done as u64) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Reads exactly these bytes.
pub(crate) fn read_exact_at(file: &dyn File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    if file.read_at(buffer, offset)? == buffer.len() { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whoever the process's mask allows.
    Usual,
    /// The owner alone (mode 0600; on other systems whatever the folder allows).
    Owner,
}

/// Writes a small file for good: the old content or the new is found after a crash, never a mixture.
pub fn replace(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let beside = path.with_added_extension("tmp");
    // A left-over of a crash keeps its mode, so it goes first.
    remove_left_over(&beside)?;
    let mut file = create(&beside, access)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    publish(&beside, path)
}

fn remove_left_over(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Gives a file, whose content is on the disk, its name for good.
pub(crate) fn publish(beside: &Path, path: &Path) -> io::Result<()> {
    fs::rename(beside, path)?;
    path.parent().map_or(Ok(()), sync_folder)
}

fn create(path: &Path, access: Access) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if access == Access::Owner {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = access;
    options.open(path)
}

/// Makes names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    // Only Unix lets a folder be opened and synced; elsewhere renames are as durable as they get.
    if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacing_leaves_the_new_content_and_nothing_beside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.key");
        fs::File::create(folder.path().join("store.key.tmp")).unwrap();
        replace(&path, b"one", Access::Owner).unwrap();
        replace(&path, b"two", Access::Owner).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn reads_stop_at_the_end_and_exact_reads_say_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        replace(&path, b"abcdef", Access::Usual).unwrap();
        let file = Disk::open_to_write(&path).unwrap();
        file.write_at(b"XY", 5).unwrap();
        let mut buffer = [0; 4];
        assert_eq!((file.read_at(&mut buffer, 4).unwrap(), &buffer[..3]), (3, b"eXY".as_slice()));
        assert_eq!(read_exact_at(&file, &mut buffer, 4).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        file.set_size(2).unwrap();
        file.sync().unwrap();
        assert_eq!(file.size().unwrap(), 2);
    }
}
