//! The disk itself: what survives, and what faults do.

use super::state::SECTOR;
use super::*;
use crate::file::{self, File};
use crate::storage::{Open, Storage};

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

#[test]
fn a_lost_write_is_seen_until_power_fails_and_no_sync_brings_it_back() {
    let disk = SimStorage::new();
    disk.put(Path::new("d/a"), b"");
    let file = disk.open(Path::new("d/a"), Open::Write).unwrap();
    disk.fail_at(0, Fault::Lied);
    file.write_at(b"lost", 0).unwrap();
    file.write_at(b"kept", 4).unwrap();
    file.sync().unwrap();
    assert_eq!(disk.seen(), one("d/a", b"lostkept"));
    assert_eq!(found(&disk, Survival::Everything), one("d/a", b"\0\0\0\0kept"));
    assert_eq!(disk.struck(), [PathBuf::from("d/a")]);
}

#[test]
fn a_disk_is_full_until_something_is_taken_away() {
    let disk = SimStorage::new();
    disk.put(Path::new("d/a"), b"123456");
    disk.leave_room(4);
    let file = made(&disk, "d/b");
    let error = file.write_at(b"abcdef", 0).unwrap_err();
    assert_eq!((error.kind(), file.size().unwrap()), (io::ErrorKind::StorageFull, 4));
    // What stands can be written over.
    file.write_at(b"ABCD", 0).unwrap();
    disk.remove(Path::new("d/a")).unwrap();
    file.write_at(b"ef", 4).unwrap();
    assert_eq!(disk.seen(), one("d/b", b"ABCDef"));
}

#[test]
fn short_reads_are_read_on() {
    let disk = SimStorage::new();
    let content: Vec<u8> = (0..=255).collect();
    disk.put(Path::new("d/a"), &content);
    disk.read_short(5);
    let file = disk.open(Path::new("d/a"), Open::Read).unwrap();
    for _ in 0..50 {
        let mut buffer = [0; 256];
        assert_eq!(file.read_at(&mut buffer, 0).unwrap(), 256);
        assert_eq!(buffer.as_slice(), content);
        assert_eq!(file.read_at(&mut buffer, 200).unwrap(), 56);
    }
    assert!((0..50).any(|_| disk.state().read(0, &mut [0; 9], 0).ok() != Some(9)), "some read is short");
}

#[test]
fn a_watcher_may_look_at_the_disk_and_refuse_a_call() {
    let disk = SimStorage::new();
    disk.put(Path::new("d/a"), b"x");
    let other = disk.clone();
    let watched = disk.watched(move |call| {
        assert_eq!(other.list(Path::new("d")).unwrap(), ["a"]);
        if call == Call::Read { Ok(()) } else { Err(io::Error::other("no")) }
    });
    let file = watched.open(Path::new("d/a"), Open::Write).unwrap();
    assert_eq!((file.size().unwrap(), file.write_at(b"y", 0).is_err()), (1, true));
    file::read_exact_at(file.as_ref(), &mut [0], 0).unwrap();
    assert_eq!(disk.operations(), 0);
}
