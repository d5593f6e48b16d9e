//! Looking: which files a folder has at one moment, as far as was acknowledged, seen without a lock beside a
//! running writer.

use crate::checkpoint;
use crate::error::Error;
use crate::folder::Folder;
use crate::index::header::Owner;
use crate::log::view::View;
use crate::log::{mark, open as log};
use crate::manifest::Manifest;
use crate::shelf;
use crate::storage::{Open, Storage};
use std::sync::Arc;

/// Times that the files are listed anew because some of them were merged away meanwhile.
const LOOKS_MAX: usize = 8;

/// The files of a folder at one moment.
pub(crate) struct Look {
    pub(crate) manifest: Manifest,
    pub(crate) log: View,
    pub(crate) parts: shelf::Opened,
    /// How much some writer had acknowledged: by its mark, or by what was signed.
    pub(crate) marked: u64,
}

impl Look {
    pub(crate) fn of(storage: &Arc<dyn Storage>, folder: &Folder, owner: &Owner) -> Result<Look, Error> {
        let mut look = Look::once(storage, folder, owner)?;
        for _ in 1..LOOKS_MAX {
            // A writer that is just now cutting off a torn tail can look like damage, and one that merges
            // parts takes files away that were listed. What is really so shows again.
            if look.log.damage().is_empty() && look.parts.fault.is_none() {
                break;
            }
            look = Look::once(storage, folder, owner)?;
        }
        Ok(look)
    }

    fn once(storage: &Arc<dyn Storage>, folder: &Folder, owner: &Owner) -> Result<Look, Error> {
        let (dir, keys) = (folder.dir(), &folder.keys);
        // In this order: whatever was acknowledged by the mark is in the segments that are then listed.
        let marked = mark::read(storage.as_ref(), &folder.mark(), keys.store());
        // One that is no checkpoint is for `writ fsck` to name.
        let signed = checkpoint::read(storage.as_ref(), dir, keys).ok().flatten().map_or(0, |(head, _)| head.size);
        let durable = marked.filter(|_| folder.is_written());
        let opened = log::open(storage.as_ref(), dir, keys, Open::Read)?;
        let manifest = opened.manifest.clone();
        let mut parts = shelf::open(storage.as_ref(), dir, owner, &manifest);
        let mut log = View::new(Arc::clone(storage), dir, keys, opened);
        if let Some(durable) = durable {
            // What the list notes was acknowledged, maybe since the mark was read.
            log.hide_from(durable.max(manifest.n_noted()));
        }
        // Keys of records that the log has no more lead nowhere.
        parts.parts.retain(|(entry, _)| entry.next() <= log.next());
        Ok(Look { manifest, log, parts, marked: marked.unwrap_or(0).max(signed) })
    }
}
