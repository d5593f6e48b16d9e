//! Crashes, torn and reordered writes, failed writes and syncs, a full disk: nothing acknowledged is lost.

use super::support::{any_survival, check, open_on, play, script, snapshot_on};
use super::testing::{Lcg, assert_holds, commit, temp};
use writ_store::sim::{Fault, SimStorage, Survival};
use writ_store::{Admission, Kind};

const SURVIVALS: [Survival; 6] = [
    Survival::Nothing,
    Survival::Everything,
    Survival::Bytes(73),
    Survival::Sectors(1),
    Survival::Sectors(22),
    Survival::Sectors(333),
];

#[test]
fn a_power_loss_at_any_operation_loses_nothing_acknowledged() {
    let batches = script(&mut Lcg(7), "op");
    for part in [0, 72, 500, 8000] {
        for op in 0.. {
            let dir = temp();
            let disk = SimStorage::new();
            disk.fail_at(op, Fault::PowerLoss(part));
            let (mut stored, mut attempted) = (Vec::new(), Vec::new());
            let error = match open_on(dir.path(), &disk) {
                Ok((writer, _)) => {
                    let error;
                    (stored, attempted, error) = play(&writer, &batches, &[]);
                    // Closing writes too.
                    error.or(writer.close().err())
                }
                Err(fault) => Some(fault),
            };
            if error.is_none() && disk.operations() <= op {
                break;
            }
            for survival in SURVIVALS {
                check(dir.path(), &disk.after_crash(survival), &stored, &attempted);
            }
        }
    }
}

#[test]
fn what_failed_to_be_synced_is_made_to_last_by_the_next_process() {
    let batches = script(&mut Lcg(7), "op");
    for op in 0.. {
        let (dir, disk) = (temp(), SimStorage::new());
        disk.fail_at(op, Fault::Forgotten);
        let (mut stored, mut attempted) = (Vec::new(), Vec::new());
        if let Ok((writer, _)) = open_on(dir.path(), &disk) {
            (stored, attempted, _) = play(&writer, &batches, &[]);
        }
        if disk.operations() <= op {
            break;
        }
        // It finds in the files what is not on the disk, and answers for it: first at once, then for more.
        let disk = disk.after_exit();
        let held = check(dir.path(), &disk, &stored, &attempted);
        check(dir.path(), &disk.after_crash(Survival::Nothing), &held, &held);
        let (writer, _) = open_on(dir.path(), &disk).unwrap();
        let (stored, attempted, _) = play(&writer, &batches, &held);
        let crashed = disk.after_crash(Survival::Nothing);
        drop(writer);
        check(dir.path(), &crashed, &stored, &attempted);
    }
}

#[test]
fn a_full_disk_is_said_to_be_full_and_takes_nothing_away() {
    let batches = script(&mut Lcg(5), "full");
    let mut refused = 0;
    for room in (0..).step_by(200) {
        let (dir, disk) = (temp(), SimStorage::new());
        let (writer, _) = open_on(dir.path(), &disk).unwrap();
        let (held, _, _) = play(&writer, &batches[..1], &[]);
        writer.close().unwrap();
        disk.leave_room(room);
        let (stored, attempted, error) = match open_on(dir.path(), &disk) {
            Ok((writer, _)) => {
                let (stored, attempted, error) = play(&writer, &batches, &held);
                (stored, attempted, error.or(writer.close().err()))
            }
            Err(error) => (held.clone(), held, Some(error)),
        };
        // Whoever reads needs no room.
        let found = snapshot_on(dir.path(), &disk).unwrap();
        assert!(found.len() >= stored.len() && found.damage().is_empty());
        assert_holds(&found, &attempted[..found.len()]);
        check(dir.path(), &disk.after_crash(Survival::Nothing), &stored, &attempted);
        let Some(error) = error else { break };
        assert_eq!(error.kind(), Kind::Full, "{error}");
        assert!(error.message().contains("free space on it"), "{error}");
        refused += 1;
    }
    assert!(refused > 5, "only {refused} disks were too small");
}

/// Several lives of a writer, each ended by a fault and a crash.
pub fn lives(seed: u64) {
    let dice = &mut Lcg(seed);
    let dir = temp();
    let (mut disk, mut held) = (SimStorage::new(), Vec::new());
    for life in 0..4 {
        let is_full = dice.below(6) == 0;
        if is_full {
            disk.leave_room(dice.below(12_000) as usize);
        } else {
            let fault = match dice.below(5) {
                0 => Fault::Refused,
                1 => Fault::Full(dice.below(3000) as usize),
                2 => Fault::Forgotten,
                _ => Fault::PowerLoss(dice.below(3000) as usize),
            };
            disk.fail_at(dice.below(80), fault);
        }
        if dice.below(2) == 0 {
            disk.read_short(dice.next());
        }
        let batches = script(dice, &format!("life{life}"));
        let (mut stored, mut attempted) = (held.clone(), held.clone());
        // Recovery itself may meet the fault.
        match open_on(dir.path(), &disk) {
            Ok((writer, recovery)) => {
                assert_eq!(recovery.n_records, held.len() as u64);
                let error;
                (stored, attempted, error) = play(&writer, &batches, &held);
                assert!(!is_full || error.as_ref().is_none_or(|error| error.kind() == Kind::Full), "{error:?}");
                // Some batch is brought again: it must not be taken for stored if it is not.
                match commit(&writer, &batches[0]) {
                    Ok(again) => assert!(error.is_none() && again.iter().all(|a| *a == Admission::Duplicate)),
                    Err(again) => assert!(matches!(again.kind(), Kind::Closed | Kind::Full), "{again}"),
                }
            }
            Err(error) => assert!(!is_full || error.kind() == Kind::Full, "{error}"),
        }
        // A process may end, and another begin, without a failure of power: what is not synced is still seen.
        let is_exit = !disk.is_powerless() && dice.below(3) == 0;
        disk = if is_exit { disk.after_exit() } else { disk.after_crash(any_survival(dice)) };
        held = check(dir.path(), &disk, &stored, &attempted);
        // What the check answered for lasts.
        disk = disk.after_crash(if is_exit { Survival::Nothing } else { Survival::Everything });
    }
}
