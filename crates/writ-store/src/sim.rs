//! A disk that fails and loses power on command, for tests.
//!
//! It knows two images of one file: what a read sees, and what is on the platter. A sync makes the
//! second equal to the first; a crash leaves the second with as much of the unsynced changes as the
//! test says. After a failed sync the changes are *forgotten*: reads still see them, but no later
//! sync writes them, which is how real kernels behave (Rebello et al., "Can Applications Recover
//! from fsync Failures?", USENIX ATC 2020).

use crate::file::File;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What goes wrong at an operation (a write, a change of size or a sync, counted from 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done, an error is returned.
    Refused,
    /// The disk is full: this many bytes are written, then an error is returned.
    Full(usize),
    /// The operation fails as a sync does: what is unsynced is forgotten.
    Forgotten,
    /// Power fails after this many bytes of the operation; every later operation fails.
    PowerLoss(usize),
}

/// How much of the unsynced changes a crash leaves on the platter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survival {
    /// Nothing.
    Nothing,
    /// Everything.
    Everything,
    /// The first bytes of what was written, in the order it was written.
    Bytes(usize),
    /// Any sectors, chosen by this seed: disks write in any order.
    Sectors(u64),
}

const SECTOR: usize = 512;

#[derive(Clone, Debug)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Size(usize),
}

#[derive(Debug, Default)]
struct State {
    seen: Vec<u8>,
    platter: Vec<u8>,
    unsynced: Vec<Change>,
    operations: u64,
    faults: Vec<(u64, Fault)>,
    powerless: bool,
}

/// A simulated disk that holds one file. Clones are handles of the same disk.
#[derive(Clone, Debug, Default)]
pub struct SimDisk(Arc<Mutex<State>>);

impl SimDisk {
    /// A disk with this content, all of it durable.
    pub fn new(image: Vec<u8>) -> SimDisk {
        let state = State { seen: image.clone(), platter: image, ..State::default() };
        SimDisk(Arc::new(Mutex::new(state)))
    }

    /// Makes the operation of this number go wrong.
    pub fn fail_at(&self, operation: u64, fault: Fault) {
        self.state().faults.push((operation, fault));
    }

    /// How many operations were asked for so far.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// What reads see now.
    pub fn seen(&self) -> Vec<u8> {
        self.state().seen.clone()
    }

    /// What is found on the disk after a crash at this moment.
    pub fn after_crash(&self, survival: Survival) -> Vec<u8> {
        let state = self.state();
        let mut image = state.platter.clone();
        let mut left = match survival {
            Survival::Bytes(n) => n,
            Survival::Nothing => 0,
            Survival::Everything | Survival::Sectors(_) => usize::MAX,
        };
        let mut dice = if let Survival::Sectors(seed) = survival { Some(seed | 1) } else { None };
        for change in &state.unsynced {
            if survival == Survival::Nothing {
                break;
            }
            match change {
                Change::Size(_) if toss(&mut dice) => apply(&mut image, change),
                Change::Size(_) => {}
                Change::Write { offset, bytes } => {
                    let kept = bytes.get(..left.min(bytes.len())).unwrap_or(&[]);
                    left -= kept.len();
                    let mut at = *offset;
                    for sector in kept.chunks(SECTOR) {
                        if toss(&mut dice) {
                            apply(&mut image, &Change::Write { offset: at, bytes: sector.to_vec() });
                        }
                        at += sector.len();
                    }
                    if left == 0 {
                        break;
                    }
                }
            }
        }
        image
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

fn apply(image: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Size(size) => image.resize(*size, 0),
        Change::Write { offset, bytes } => {
            if image.len() < offset + bytes.len() {
                image.resize(offset + bytes.len(), 0);
            }
            if let Some(place) = image.get_mut(*offset..offset + bytes.len()) {
                place.copy_from_slice(bytes);
            }
        }
    }
}

impl State {
    fn change(&mut self, change: Change) {
        apply(&mut self.seen, &change);
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
            Change::Write { offset, mut bytes } => {
                bytes.truncate(n);
                Change::Write { offset, bytes }
            }
            size @ Change::Size(_) => size,
        };
        match fault {
            None => {
                self.change(change);
                return Ok(());
            }
            Some(Fault::Refused) => {}
            Some(Fault::Full(n)) => {
                self.change(cut(change, n));
                return Err(io::ErrorKind::StorageFull.into());
            }
            Some(Fault::Forgotten) => self.unsynced.clear(),
            Some(Fault::PowerLoss(n)) => self.change(cut(change, n)),
        }
        Err(io::Error::other("the simulated disk failed"))
    }
}

impl File for SimDisk {
    fn size(&self) -> io::Result<u64> {
        Ok(self.state().seen.len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.state();
        let rest = state.seen.get(crate::bytes::index(offset)..).unwrap_or(&[]);
        buffer.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        Ok(buffer.len().min(rest.len()))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.state().operate(Change::Write { offset: crate::bytes::index(offset), bytes: bytes.to_vec() })
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        self.state().operate(Change::Size(crate::bytes::index(size)))
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.state();
        match state.fault()? {
            None => {
                let State { platter, unsynced, .. } = &mut *state;
                unsynced.drain(..).for_each(|change| apply(platter, &change));
                Ok(())
            }
            Some(Fault::PowerLoss(_)) => Err(io::Error::other("the simulated disk has no power")),
            Some(Fault::Refused | Fault::Full(_) | Fault::Forgotten) => {
                state.unsynced.clear();
                Err(io::Error::other("the simulated disk did not sync"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_synced_survives_and_a_failed_sync_forgets() {
        let disk = SimDisk::new(b"old".to_vec());
        disk.write_at(b"new!", 3).unwrap();
        assert_eq!(disk.after_crash(Survival::Nothing), b"old");
        assert_eq!(disk.after_crash(Survival::Bytes(2)), b"oldne");
        assert_eq!(disk.after_crash(Survival::Everything), b"oldnew!");
        disk.fail_at(1, Fault::Forgotten);
        disk.sync().unwrap_err();
        disk.sync().unwrap();
        assert_eq!((disk.seen(), disk.after_crash(Survival::Everything)), (b"oldnew!".to_vec(), b"old".to_vec()));
        // Written again, the same bytes are durable.
        disk.write_at(b"new!", 3).unwrap();
        disk.sync().unwrap();
        assert_eq!(disk.after_crash(Survival::Nothing), b"oldnew!");
    }

    #[test]
    fn after_a_power_loss_nothing_works_and_sectors_survive_one_by_one() {
        let disk = SimDisk::default();
        disk.fail_at(0, Fault::PowerLoss(SECTOR * 8));
        disk.write_at(&[1; SECTOR * 9], 0).unwrap_err();
        assert!(disk.sync().is_err() && disk.write_at(b"x", 0).is_err() && disk.set_size(0).is_err());
        let images: Vec<Vec<u8>> = (0..40).map(|seed| disk.after_crash(Survival::Sectors(seed * 77))).collect();
        assert!(images.iter().all(|image| image.len() <= SECTOR * 8));
        assert!(images.iter().any(|image| image.contains(&0) && image.contains(&1)), "some hole somewhere");
    }
}
