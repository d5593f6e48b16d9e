//! The state of a disk, and what an operation does to it, faults included.

use super::image::{Change, Image, Inode};
use super::{Fault, Survival, toss};
use std::io;
use std::path::PathBuf;

pub(super) const SECTOR: usize = 512;

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) seen: Image,
    pub(super) platter: Image,
    /// In the order in which they were made.
    pub(super) unsynced: Vec<Change>,
    pub(super) operations: u64,
    pub(super) faults: Vec<(u64, Fault)>,
    /// Where faults were met.
    pub(super) struck: Vec<PathBuf>,
    /// How many bytes all files may have.
    pub(super) room: Option<usize>,
    /// Decides how much the next read gives, where reads are short.
    pub(super) short_reads: Option<u64>,
    pub(super) powerless: bool,
}

impl State {
    pub(super) fn of(image: &Image) -> State {
        State { seen: image.clone(), platter: image.clone(), ..State::default() }
    }

    /// What is on the platter if power fails now.
    pub(super) fn after_crash(&self, survival: Survival) -> Image {
        let mut image = self.platter.clone();
        image.files.resize(self.seen.files.len(), Vec::new());
        let mut left = match survival {
            Survival::Bytes(n) => n,
            Survival::Nothing => 0,
            Survival::Everything | Survival::Sectors(_) => usize::MAX,
        };
        let mut dice = if let Survival::Sectors(seed) = survival { Some(seed | 1) } else { None };
        for change in self.unsynced.iter().take_while(|_| survival != Survival::Nothing) {
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
        image
    }

    /// The fault of this operation, if one is due.
    fn fault(&mut self, place: impl FnOnce(&Image) -> PathBuf) -> io::Result<Option<Fault>> {
        if self.powerless {
            return Err(io::Error::other("the simulated disk has no power"));
        }
        let now = self.operations;
        self.operations += 1;
        let fault = self.faults.iter().find(|(operation, _)| *operation == now).map(|(_, fault)| *fault);
        if fault.is_some() {
            self.struck.push(place(&self.seen));
        }
        self.powerless = matches!(fault, Some(Fault::PowerLoss(_)));
        Ok(fault)
    }

    fn change(&mut self, change: Change) {
        self.seen.apply(&change);
        self.unsynced.push(change);
    }

    pub(super) fn operate(&mut self, change: Change) -> io::Result<()> {
        let fault = self.fault(|seen| match &change {
            Change::Write { file, .. } | Change::Size { file, .. } => seen.path_of(*file),
            Change::Name { path, .. } | Change::Rename { to: path, .. } => path.clone(),
        })?;
        match fault {
            None => {
                let fits = self.fits(&change);
                if let Some(change) = if fits == usize::MAX { Some(change) } else { change.cut(fits) } {
                    self.change(change);
                }
                return if fits == usize::MAX { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) };
            }
            Some(Fault::Lied) => {
                self.seen.apply(&change);
                return Ok(());
            }
            Some(Fault::Refused) => {}
            Some(Fault::Full(n)) => {
                if let Some(change) = change.cut(n) {
                    self.change(change);
                }
                return Err(io::ErrorKind::StorageFull.into());
            }
            Some(Fault::Forgotten) => self.forget(&change),
            Some(Fault::PowerLoss(n)) => {
                if let Some(change) = change.cut(n) {
                    self.change(change);
                }
            }
        }
        Err(io::Error::other("the simulated disk failed"))
    }

    /// How many bytes of a change there is room for; `usize::MAX` if it fits.
    fn fits(&self, change: &Change) -> usize {
        let (Some(room), Change::Write { file, offset, bytes }) = (self.room, change) else { return usize::MAX };
        let end = self.seen.len(*file) + room.saturating_sub(self.seen.used());
        if offset + bytes.len() <= end { usize::MAX } else { end.saturating_sub(*offset) }
    }

    /// Forgets what is unsynced of the file that a change is of.
    fn forget(&mut self, of: &Change) {
        if let Change::Write { file, .. } | Change::Size { file, .. } = of {
            self.unsynced.retain(|change| !change.is_of(*file));
        }
    }

    /// Makes those changes durable that are meant.
    pub(super) fn sync(
        &mut self,
        place: impl FnOnce(&Image) -> PathBuf,
        is_meant: impl Fn(&Change) -> bool,
    ) -> io::Result<()> {
        match self.fault(place)? {
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
                self.unsynced.retain(|change| change.is_of_name() || !is_meant(change));
                Err(io::Error::other("the simulated disk did not sync"))
            }
        }
    }

    /// Reads what one call of a kernel would give: maybe less than asked for, maybe nothing this time.
    pub(super) fn read(&mut self, file: Inode, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let content = self.seen.files.get(file).map(Vec::as_slice).unwrap_or_default();
        let rest = content.get(crate::bytes::index(offset)..).unwrap_or(&[]);
        let mut n = buffer.len().min(rest.len());
        if n > 1 && self.short_reads.is_some() && toss(&mut self.short_reads) {
            if toss(&mut self.short_reads) && toss(&mut self.short_reads) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            n = n.div_ceil(2);
        }
        buffer.iter_mut().zip(rest).take(n).for_each(|(to, from)| *to = *from);
        Ok(n)
    }
}
