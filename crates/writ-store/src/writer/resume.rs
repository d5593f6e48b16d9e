//! Resuming: log, tree and index of a folder are brought to one end, from which a writer goes on.

use crate::catalog::Catalog;
use crate::checkpoint;
use crate::derive::Deriver;
use crate::error::Error;
use crate::folder::{Folder, Lock};
use crate::index::batch::Batch;
use crate::index::header::Owner;
use crate::known::Known;
use crate::leaf;
use crate::limit::Sizes;
use crate::log::commit::{self, Committer, Start, Tip};
use crate::log::mark::{self, Mark};
use crate::log::open::{self, Opened};
use crate::log::recover;
use crate::log::segment;
use crate::log::view::View;
use crate::shelf::{self, Follower, Shelf};
use crate::storage::{Open, Storage};
use crate::term::{Term, TermKey};
use crate::tree::{self, Tree};
use crate::writer::Recovery;
use std::sync::Arc;
use writ_model::record::Record;

/// Brings log, tree and index of a folder to one end, from which a writer goes on.
pub(super) struct Resumer<'a> {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) sizes: Sizes,
    pub(super) folder: &'a Folder,
    pub(super) owner: Owner,
}

/// What a writer goes on with.
pub(super) struct Resumed {
    pub(super) committer: Committer,
    pub(super) shelf: Arc<Shelf>,
}

impl Resumer<'_> {
    pub(super) fn run<D>(self, lock: &mut Lock, derive: &D) -> Result<(Resumed, Recovery), Error>
    where
        D: Fn(&TermKey, &Record) -> Vec<Term> + Sync,
    {
        let (storage, dir, keys) = (self.storage.as_ref(), self.folder.dir(), &self.folder.keys);
        // A mark is set after a sync, so a log that is shorter than it has lost its end.
        let marked = mark::read(storage, &self.folder.mark(), keys.store()).unwrap_or(0);
        let opened = open::open(storage, dir, keys, Open::Write)?;
        let signed = checkpoint::read(storage, dir, keys)?.map(|(head, _)| head);
        check_whole(&opened, marked.max(signed.map_or(0, |head| head.size)))?;
        // Now it says nothing more, and without a mark every frame counts. That somebody writes is told after
        // it is gone: until then it may be an old one, and hide what was acknowledged since.
        match storage.remove(&self.folder.mark()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io("remove", &self.folder.mark(), error));
            }
            _ => {}
        }
        lock.announce()?;
        let torn = match &opened.file {
            Some(file) => {
                recover::recover(storage, (file.as_ref(), &opened.path), &self.folder.quarantine(), &opened.scan)?
            }
            None => None,
        };
        let catalog = Arc::new(Catalog::new(Arc::clone(&self.storage), dir, keys.store(), opened.manifest.clone()));
        let tip = self.tip(&catalog, &opened)?;
        let n_records = opened.scan.next;
        let mark = Mark::begin(storage, &self.folder.mark(), keys.store(), n_records)
            .map_err(|e| Error::io("write", &self.folder.mark(), e))?;
        let view = View::new(Arc::clone(&self.storage), dir, keys, opened);
        let tree = self.tree(&catalog, &view)?;
        let mut roots = tree::Reader::new(storage, dir);
        if let Some(head) = signed
            && roots.root(head.size)? != head.root
        {
            let (place, n) = (dir.display(), head.size);
            return Err(Error::corrupt(format!(
                "the first {n} records of `{place}` are not those that the checkpoint was signed for: run `writ fsck`, \
                 and restore the folder from a backup"
            )));
        }
        let parts = shelf::open(storage, dir, &self.owner, &catalog.manifest());
        let covered = parts.next();
        let index_folder = shelf::folder(dir, &self.owner);
        storage.make_folder(&index_folder).map_err(|e| Error::io("make the folder", &index_folder, e))?;
        let shelf = Arc::new(Shelf::new(Arc::clone(&catalog), self.owner, parts.parts));
        let mut known = Known::new(shelf.index()?);
        let deriver = Deriver { log: &view, keys, derive, chunk_records: self.sizes.chunk_records };
        // Also the last ones, however few: or a writer that never closes would derive them each time.
        let follower = Follower::start(&shelf)?;
        let mut seen = shelf.version();
        let derived = deriver.run(covered..n_records, &mut known, |batch, known, damage| {
            // A part with holes would hide what is lost for good.
            if let Some(damage) = damage.first() {
                return Err(damage.error());
            }
            known.end_batch(batch.next);
            let root = roots.root(batch.next)?;
            follower.send((batch, root));
            let version = shelf.version();
            if version != seen {
                seen = version;
                known.published(shelf.index()?);
            }
            Ok(())
        });
        let written = follower.stop();
        derived?;
        written?;
        known.published(shelf.index()?);
        shelf.sweep()?;
        let recovery = Recovery { created: false, n_records, torn, n_derived: n_records - covered };
        let start = Start {
            catalog,
            sizes: self.sizes,
            keys: keys.clone(),
            tip,
            mark,
            tree,
            known,
            batch: Batch::new(n_records),
        };
        Ok((Resumed { committer: Committer::new(start), shelf }, recovery))
    }

    /// The segment that is appended to, begun if it is not there.
    fn tip(&self, catalog: &Arc<Catalog>, opened: &Opened) -> Result<Tip, Error> {
        let active = opened.manifest.active;
        let begins = opened.scan.begins.clone();
        let (dir, added) = (self.folder.dir(), opened.manifest.segments.iter().rev().take(opened.rolled));
        for entry in added {
            let path = open::path_of(dir, entry);
            let again =
                self.storage.open(&path, Open::Write).and_then(|file| segment::finish_again(file.as_ref(), entry));
            again.map_err(|e| Error::io("finish again", &path, e))?;
        }
        let tip = if opened.file.is_some() {
            let path = opened.path.clone();
            let file = self.storage.open(&path, Open::Write).map_err(|e| Error::io("open", &path, e))?;
            // Whoever made it may have failed to make its name last.
            let folder = open::folder(dir);
            self.storage.sync_folder(&folder).map_err(|e| Error::io("sync the folder", &folder, e))?;
            Tip { file, path, active, begins, end: opened.scan.end, chain: opened.scan.chain }
        } else {
            commit::begin(catalog, active)?
        };
        if opened.rolled > 0 {
            catalog.change(|_| ())?;
        }
        Ok(tip)
    }

    /// The tree, made up to the end of the log.
    fn tree(&self, catalog: &Catalog, view: &View) -> Result<Tree, Error> {
        let (storage, keys) = (self.storage.as_ref(), &self.folder.keys);
        let head = catalog.manifest().noted.tree;
        let mut tree = Tree::resume(storage, self.folder.dir(), head)?;
        leaf::each(keys, view, head.size..view.next(), &mut |leaf| {
            tree.append(leaf);
            Ok(())
        })?;
        tree.write(storage)?;
        Ok(tree)
    }
}

/// Refuses a log that has lost its end: appending would give its positions to other records.
pub(super) fn check_whole(opened: &Opened, marked: u64) -> Result<(), Error> {
    let Opened { manifest, scan, path, damage, .. } = opened;
    if let Some(damage) = damage.first() {
        return Err(damage.error());
    }
    let noted = manifest.n_noted().max(marked);
    if noted <= scan.next {
        return Ok(());
    }
    let place = path.display();
    Err(Error::corrupt(format!(
        "`{place}` ends at byte {} and position {}, and {noted} records had been acknowledged: restore the log from a \
         backup; nothing is appended to a log that lost its end",
        scan.end, scan.next
    )))
}
