//! Frames, chain and footer of every segment, and what lies beside them.

use super::Check;
use crate::error::{Error, Kind};
use crate::file::File;
use crate::log::scan::{self, Scan};
use crate::log::{open as log, segment};
use crate::manifest::{Active, SegmentEntry};
use crate::storage::Open;
use std::path::Path;

impl Check<'_> {
    /// Frames, chain and footer of every finished segment, what is behind the last frame of all, and files that
    /// no list names.
    pub(super) fn segments(&mut self) -> Result<(), Error> {
        self.report.n_segments = self.manifest.segments.len() as u64 + 1;
        let mut follows = log::first(self.keys);
        for entry in &self.manifest.segments {
            let path = log::path_of(self.dir, entry);
            let active = Active { epoch: entry.epoch, first: entry.first, chain: follows.chain };
            let file = match self.storage.open(&path, Open::Read) {
                // One that is gone is among the damage that was seen when the log was opened.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                other => other.map_err(|e| Error::io("open", &path, e)),
            };
            if let Err(error) = file.and_then(|file| self.segment(file.as_ref(), &path, entry, &active, &mut follows)) {
                self.report.of_file(&path, None, error.message());
            }
        }
        let Scan { end, size, .. } = self.log.scan();
        if end < size {
            let cause = format!(
                "{} bytes are of no whole frame: a crash left them, unacknowledged, and the next writer moves them to \
                 `quarantine/`; or somebody added them",
                size - end
            );
            self.report.of_file(&self.log.path(self.log.next()), Some(*end), cause);
        }
        self.unlisted()
    }

    fn unlisted(&mut self) -> Result<(), Error> {
        let folder = log::folder(self.dir);
        let listed = self.manifest.segments.iter().map(|entry| log::path_of(self.dir, entry));
        let mut listed: Vec<_> = listed.chain([log::path_of_active(self.dir, &self.manifest.active)]).collect();
        listed.sort_unstable();
        for name in self.storage.list(&folder).map_err(|e| Error::io("list", &folder, e))? {
            let path = folder.join(name);
            // A running writer may have begun one since the list was read.
            let is_newer = path.file_name() > listed.last().and_then(|last| last.file_name());
            if !is_newer && listed.binary_search(&path).is_err() {
                self.report.of_file(&path, None, "no list of files names it, so nothing in it is found");
            }
        }
        Ok(())
    }

    fn segment(
        &mut self,
        file: &dyn File,
        path: &Path,
        entry: &SegmentEntry,
        active: &Active,
        follows: &mut Active,
    ) -> Result<(), Error> {
        let trailer = segment::trailer(file, self.keys).map_err(|e| Error::io("read", path, e))?;
        let Some(trailer) = trailer.filter(|trailer| trailer.digest == entry.digest) else {
            self.report.of_file(path, None, "it does not end as it did when it was finished");
            return Ok(());
        };
        let Scan { damage, begins, next, chain, end, .. } =
            scan::scan_to(file, path, self.keys, active, trailer.frames_end)?;
        for damage in &damage {
            self.report.push(super::Problem::of(damage));
        }
        if (next, chain, end) != (trailer.next(), trailer.chain, trailer.frames_end) {
            self.report.of_file(path, Some(end), "its frames do not end where its trailer says");
        }
        match segment::begins(file, path, &trailer) {
            Err(error) if error.kind() == Kind::Corrupt => {
                self.report.of_file(path, Some(trailer.frames_end), "the checksum of its footer does not hold");
            }
            Err(error) => return Err(error),
            Ok(known) if known != begins && begins.iter().all(|begin| *begin != scan::LOST) => {
                self.report.of_file(path, Some(trailer.frames_end), "its footer tells other places than its frames");
            }
            Ok(_) => {}
        }
        *follows = trailer.after();
        Ok(())
    }
}
