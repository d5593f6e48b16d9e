//! Rebuilding: what follows from the log is forgotten, so that opening the folder makes it again.
//!
//! It is the one command that mends anything, and it mends nothing that the log does not tell: a root that was
//! noted must be that of the records, and a log that lost its end is refused like anywhere else.

use crate::catalog::Catalog;
use crate::checkpoint;
use crate::error::Error;
use crate::folder::Folder;
use crate::leaf;
use crate::log::view::View;
use crate::log::{DamageCause, mark, open};
use crate::storage::{Open, Storage};
use crate::tree::{self, Tree};
use crate::writer::resume::check_whole;
use std::path::Path;
use std::sync::Arc;
use writ_tlog::tree::{Frontier, Head};

/// Leaves that wait for a write to the tree.
const LEAVES_PER_WRITE: u64 = 65_536;

/// Takes the index of a folder off its list of files, makes that list again if it is damaged, and the tree if it
/// is.
pub(super) fn forget(storage: &Arc<dyn Storage>, dir: &Path) -> Result<(), Error> {
    // Before anything is made: where there is no folder nothing is rebuilt.
    Folder::open(dir)?;
    let (folder, _lock, _) = Folder::create_or_open(storage.as_ref(), dir, &[0; 32])?;
    let keys = &folder.keys;
    let mut opened = open::open(storage.as_ref(), dir, keys, Open::Read)?;
    opened.damage.retain(|damage| damage.cause != DamageCause::List);
    // Before anything is let go that tells of a loss.
    let marked = mark::read(storage.as_ref(), &folder.mark(), keys.store()).unwrap_or(0);
    let signed = checkpoint::read(storage.as_ref(), dir, keys)?.map_or(0, |(head, _)| head.size);
    check_whole(&opened, marked.max(signed))?;
    if let Some(damage) = opened.scan.damage.first() {
        return Err(damage.error());
    }
    let catalog = Catalog::new(Arc::clone(storage), dir, keys.store(), opened.manifest.clone());
    let noted = opened.manifest.noted.tree;
    if Tree::resume(storage.as_ref(), dir, noted).is_err() {
        make_tree(&View::new(Arc::clone(storage), dir, keys, opened), noted)?;
    }
    catalog.change(|manifest| manifest.parts.clear())
}

/// Makes the tree of a log again, which must have this head. What is there is kept until the log is known to give it.
pub(crate) fn make_tree(log: &View, noted: Head) -> Result<(), Error> {
    let (storage, dir, keys) = log.place();
    let mut frontier = Frontier::new();
    leaf::each(keys, log, 0..noted.size, &mut |leaf| {
        let _ = frontier.append(leaf, |_, _| ());
        Ok(())
    })?;
    if frontier.head() != noted {
        return Err(Error::corrupt(format!(
            "the first {} records of `{}` have another root than was noted when they were written: run `writ fsck`, and \
             restore the folder from a backup",
            noted.size,
            dir.display()
        )));
    }
    let folder = tree::folder(dir);
    storage.make_folder(&folder).map_err(|e| Error::io("make the folder", &folder, e))?;
    let mut tree = Tree::new(dir);
    let mut n = 0_u64;
    leaf::each(keys, log, 0..noted.size, &mut |leaf| {
        tree.append(leaf);
        n += 1;
        if n.is_multiple_of(LEAVES_PER_WRITE) { tree.write(storage) } else { Ok(()) }
    })?;
    tree.sync(storage).map(drop)
}
