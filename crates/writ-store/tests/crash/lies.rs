//! Disks that acknowledge what they do not do: no program can survive that. What is lost is named, as long
//! as anything that lasts tells of it.

use super::named::Expected;
use super::support::{any_survival, assert_keeps, open_on, play, script};
use super::testing::{Lcg, temp};
use std::path::Path;
use writ_store::sim::{Fault, SimStorage};

/// An honest life, and one in which some syncs or writes are lies, ended by a crash.
pub fn a_disk_that_lies(seed: u64) {
    let dice = &mut Lcg(seed);
    let (dir, disk) = (temp(), SimStorage::new());
    let (writer, _) = open_on(dir.path(), &disk).unwrap();
    let (honest, _, error) = play(&writer, &script(dice, "honest"), &[]);
    assert!(error.is_none());
    writer.close().unwrap();
    for _ in 0..=dice.below(2) {
        disk.fail_at(disk.operations() + dice.below(80), Fault::Lied);
    }
    let (writer, _) = open_on(dir.path(), &disk).unwrap();
    let (stored, _, error) = play(&writer, &script(dice, "lied"), &honest);
    assert!(error.is_none(), "nobody can see a lie before power fails: {error:?}");
    let survival = any_survival(dice);
    let is_closed = dice.below(2) == 0;
    let crashed = if is_closed {
        writer.close().unwrap();
        disk.after_crash(survival)
    } else {
        let crashed = disk.after_crash(survival);
        drop(writer);
        crashed
    };
    let lied_in = |name: &str| disk.struck().iter().any(|path| path.starts_with(dir.path().join(name)));
    // A writer that closes notes how many records there are, and syncs the note.
    let is_noted = !lied_in("log") || (is_closed && !lied_in("manifest"));
    let noted = if is_noted { stored.len() } else { honest.len() };
    let noted = noted.max(marked(dir.path(), &crashed));
    let harmed = if lied_in("log") { 0..stored.len() } else { 0..0 };
    let expected = Expected { records: &stored, noted, blamed: dir.path(), harmed };
    expected.examine(dir.path(), &crashed);
    // Whoever writes then makes nothing of it unseen.
    let before = crashed.seen();
    match open_on(dir.path(), &crashed) {
        Ok((writer, recovery)) => {
            assert!(recovery.n_records >= noted as u64);
            writer.close().unwrap();
            expected.examine(dir.path(), &crashed);
        }
        Err(error) => assert_eq!(error.kind(), writ_store::Kind::Corrupt, "{error}"),
    }
    assert_keeps(&before, &crashed);
}

/// How many records the mark on a disk tells of: see `docs/spec/log-v1.md`.
fn marked(dir: &Path, disk: &SimStorage) -> usize {
    let seen = disk.seen();
    let mark = seen.get(&dir.join("durable")).filter(|mark| mark.len() == 28);
    let Some((checked, crc)) = mark.and_then(|mark| mark.split_last_chunk::<4>()) else { return 0 };
    let is_whole = crc32c::crc32c(checked) == u32::from_le_bytes(*crc);
    let position = checked.last_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes));
    position.filter(|_| is_whole).map_or(0, |position| position as usize)
}
