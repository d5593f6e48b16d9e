//! Paths become files: folders are walked, in an order that does not depend on the machine.

use super::{InputFile, Note, Place, Problem};
use std::collections::BTreeSet;
use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};

/// Files and folders found at most; their names are kept in memory (some 200 MiB of them).
pub(crate) const FILES_MAX: usize = 1_000_000;

/// What stands for standard input.
const STDIN: &str = "-";

/// Why a folder of Writ's is passed over.
const OWN: &str = "a folder of Writ itself, which holds records that were read already and a secret; not read";

/// What paths lead to.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// Files in the order they were named, those of a folder sorted by path.
    pub(crate) files: Vec<InputFile>,
    /// What cannot be read.
    pub(crate) problems: Vec<Problem>,
    /// What was passed over on purpose.
    pub(crate) notes: Vec<Note>,
}

/// Finds the files that `paths` lead to; `-` is standard input. Folders are walked to their depths;
/// hidden entries in them (a name that begins with a dot), sockets, pipes and devices are passed over
/// with a note. Pipes and devices that are named themselves are read.
///
/// Links in a folder are followed if they lead to somewhere in that folder: one that leads out could
/// hand in what the user did not mean to. Each file is read once, however many ways lead to it, so
/// that loops of links end.
///
/// `is_own` tells Writ's own folders: what lies in them is passed over, whatever way leads there.
pub(crate) fn walk(paths: &[PathBuf], is_own: &dyn Fn(&Path) -> bool) -> Walk {
    walk_bounded(paths, is_own, FILES_MAX)
}

pub(super) fn walk_bounded(paths: &[PathBuf], is_own: &dyn Fn(&Path) -> bool, files_max: usize) -> Walk {
    let mut walker = Walker { walk: Walk::default(), seen: BTreeSet::new(), is_own, files_max, found: 0 };
    for path in paths {
        walker.named(path);
    }
    walker.walk
}

struct Walker<'a> {
    walk: Walk,
    /// Files and folders that were found, without links in their paths.
    seen: BTreeSet<PathBuf>,
    is_own: &'a dyn Fn(&Path) -> bool,
    files_max: usize,
    found: usize,
}

/// Something found in a folder that is still to be looked at.
struct Pending {
    shown: PathBuf,
    real: PathBuf,
    folder: bool,
}

impl Walker<'_> {
    fn named(&mut self, path: &Path) {
        if path == Path::new(STDIN) {
            if self.seen.insert(path.to_path_buf()) {
                self.walk.files.push(InputFile { name: STDIN.to_owned(), place: Place::Stdin });
            }
            return;
        }
        let kind = match fs::metadata(path) {
            Ok(meta) => meta.file_type(),
            Err(error) => return self.problem(path, &error),
        };
        // A pipe that a shell made has a name to open but no place in any folder.
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        if kind.is_dir() {
            self.folder(path, real);
        } else {
            self.file(Pending { shown: path.to_path_buf(), real, folder: false }, kind.is_file());
        }
    }

    fn folder(&mut self, path: &Path, real: PathBuf) {
        let root = real.clone();
        let mut hidden = 0_usize;
        let mut stack = vec![Pending { shown: path.to_path_buf(), real, folder: true }];
        while let Some(next) = stack.pop() {
            if !next.folder {
                self.file(next, true);
                continue;
            }
            if !self.seen.insert(next.real.clone()) {
                self.note(&next.shown, "leads to a folder that is read already");
                continue;
            }
            if (self.is_own)(&next.real) {
                self.note(&next.shown, OWN);
                continue;
            }
            let children = match self.children(&next, &root, &mut hidden) {
                Ok(children) => children,
                Err(error) => {
                    self.problem(&next.shown, &error);
                    continue;
                }
            };
            stack.extend(children.into_iter().rev());
            if self.found > self.files_max {
                let bound = self.files_max;
                self.walk.problems.push(Problem {
                    name: path.display().to_string(),
                    byte: None,
                    cause: format!("more than {bound} files; those behind were not read"),
                    remedy: "ingest its folders one by one".to_owned(),
                });
                return;
            }
        }
        if hidden > 0 {
            self.passed(path, &format!("{hidden} hidden entries (names that begin with a dot) were not read"));
        }
    }

    /// What stands in a folder, sorted by name.
    fn children(&mut self, folder: &Pending, root: &Path, hidden: &mut usize) -> io::Result<Vec<Pending>> {
        let mut children = Vec::new();
        for entry in fs::read_dir(&folder.real)? {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.problem(&folder.shown, &error);
                    break;
                }
            };
            let name = entry.file_name();
            if name.as_encoded_bytes().starts_with(b".") {
                *hidden += 1;
                continue;
            }
            self.found += 1;
            if self.found > self.files_max {
                break;
            }
            let shown = folder.shown.join(&name);
            match entry.file_type() {
                Ok(kind) => children.extend(self.child(shown, folder.real.join(&name), kind, root)),
                Err(error) => self.problem(&shown, &error),
            }
        }
        children.sort_by(|a, b| a.shown.cmp(&b.shown));
        Ok(children)
    }

    fn child(&mut self, shown: PathBuf, real: PathBuf, kind: FileType, root: &Path) -> Option<Pending> {
        let (real, kind) = if kind.is_symlink() {
            match fs::canonicalize(&real).and_then(|real| Ok((fs::metadata(&real)?.file_type(), real))) {
                Ok((_, real)) if !real.starts_with(root) => {
                    let text =
                        format!("a link that leads out of `{}`; name `{}` to read it", root.display(), real.display());
                    self.passed(&shown, &text);
                    return None;
                }
                Ok((_, real)) if real.ancestors().any(self.is_own) => {
                    self.note(&shown, OWN);
                    return None;
                }
                Ok((kind, real)) => (real, kind),
                Err(error) => {
                    self.problem(&shown, &error);
                    return None;
                }
            }
        } else {
            (real, kind)
        };
        if !kind.is_file() && !kind.is_dir() {
            self.passed(&shown, "a pipe, socket or device, not read; name it to read it");
            return None;
        }
        Some(Pending { shown, real, folder: kind.is_dir() })
    }

    fn file(&mut self, pending: Pending, regular: bool) {
        let Pending { shown, real, .. } = pending;
        if !self.seen.insert(real.clone()) {
            self.note(&shown, "leads to a file that is read already");
            return;
        }
        let place = if regular { Place::File(real) } else { Place::Stream(shown.clone()) };
        self.walk.files.push(InputFile { name: shown.display().to_string(), place });
    }

    fn problem(&mut self, path: &Path, error: &io::Error) {
        self.walk.problems.push(Problem::of(&path.display().to_string(), error));
    }

    /// Says that nothing is lost with what is left out here.
    fn note(&mut self, path: &Path, text: &str) {
        self.walk.notes.push(Note { name: path.display().to_string(), text: text.to_owned(), unread: false });
    }

    /// Says what was passed over and may hold records.
    fn passed(&mut self, path: &Path, text: &str) {
        self.walk.notes.push(Note { name: path.display().to_string(), text: text.to_owned(), unread: true });
    }
}

#[cfg(test)]
mod tests;
