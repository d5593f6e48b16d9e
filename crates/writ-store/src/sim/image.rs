//! What a disk holds: contents by file, files by name, and the changes of either.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A file by number: names come and go, a file stays.
pub(super) type Inode = usize;

#[derive(Clone, Debug)]
pub(super) enum Change {
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
pub(super) struct Image {
    pub(super) files: Vec<Vec<u8>>,
    pub(super) names: BTreeMap<PathBuf, Inode>,
}

impl Image {
    pub(super) fn apply(&mut self, change: &Change) {
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

    pub(super) fn put(&mut self, path: &Path, bytes: &[u8]) {
        self.names.insert(path.to_owned(), self.files.len());
        self.files.push(bytes.to_vec());
    }

    pub(super) fn len(&self, file: Inode) -> usize {
        self.files.get(file).map_or(0, Vec::len)
    }

    /// How much room the files take that have a name.
    pub(super) fn used(&self) -> usize {
        self.names.values().map(|file| self.len(*file)).sum()
    }

    pub(super) fn by_name(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let content = |file: &Inode| self.files.get(*file).cloned().unwrap_or_default();
        self.names.iter().map(|(path, file)| (path.clone(), content(file))).collect()
    }

    /// A name of this file; empty where it has none.
    pub(super) fn path_of(&self, file: Inode) -> PathBuf {
        self.names.iter().find(|(_, other)| **other == file).map(|(path, _)| path.clone()).unwrap_or_default()
    }
}

impl Change {
    /// Whether it is of the content of this file.
    pub(super) fn is_of(&self, of: Inode) -> bool {
        matches!(self, Change::Write { file, .. } | Change::Size { file, .. } if *file == of)
    }

    /// Whether it is of a name.
    pub(super) fn is_of_name(&self) -> bool {
        matches!(self, Change::Name { .. } | Change::Rename { .. })
    }

    /// Whether it is of a name in this folder.
    pub(super) fn is_in(&self, folder: &Path) -> bool {
        match self {
            Change::Name { path, .. } | Change::Rename { to: path, .. } => path.parent() == Some(folder),
            Change::Write { .. } | Change::Size { .. } => false,
        }
    }

    /// As much of it as a fault after so many bytes lets happen. What has no bytes happens or does not.
    pub(super) fn cut(self, n: usize) -> Option<Change> {
        match self {
            Change::Write { file, offset, mut bytes } => {
                bytes.truncate(n);
                Some(Change::Write { file, offset, bytes })
            }
            whole => (n > 0).then_some(whole),
        }
    }
}
