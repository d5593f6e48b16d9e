//! Damage to a segment, byte by byte, and to what notes how long the log was.

use super::support::{SMALL, noise};
use super::testing::{
    self, FIRST_SEGMENT, Lcg, SECRET, assert_finds, assert_holds, commit, delete_keys, derivation, derive, folder,
    log_path, random, record, set_log, snapshot, temp, try_open, with_evidence,
};
use std::path::Path;
use std::sync::Arc;
use writ_model::record::Record;
use writ_store::storage::Os;
use writ_store::{DamageCause, Kind, Position, Writer};

/// Deletes what a folder notes of how much was acknowledged, as if nobody had had the time to: the mark, the
/// checkpoint, the keys and every list of files but the first, which is the same in every folder of this secret.
fn forget(dir: &Path) {
    let fresh = temp();
    try_open(fresh.path()).unwrap().0.close().unwrap();
    let _ = std::fs::remove_dir_all(dir.join("index"));
    let _ = std::fs::remove_file(dir.join("durable"));
    let _ = std::fs::remove_file(dir.join("checkpoint"));
    std::fs::remove_dir_all(dir.join("manifest")).unwrap();
    std::fs::create_dir(dir.join("manifest")).unwrap();
    let first = "manifest/0000000000000001";
    std::fs::copy(fresh.path().join(first), dir.join(first)).unwrap();
}

/// Records of three frames, two in each.
fn three_frames() -> (tempfile::TempDir, Vec<Record>) {
    let records: Vec<Record> = (0..6).map(|n| record(&format!("r{n}"), Some(n), &format!("all w{n}"))).collect();
    (folder(&records.chunks(2).map(<[Record]>::to_vec).collect::<Vec<_>>()), records)
}

#[test]
fn a_flipped_bit_anywhere_is_named_and_the_rest_is_read() {
    let (dir, records) = three_frames();
    let log = std::fs::read(log_path(dir.path())).unwrap();
    let per_frame = log.len() / 3;
    assert_eq!(per_frame * 3, log.len(), "frames of equal length");
    for byte in 0..log.len() {
        let mut altered = log.clone();
        altered[byte] ^= 0x10;
        set_log(dir.path(), &altered);
        let frame = byte / per_frame;
        let found = snapshot(dir.path());
        let [damage] = found.damage() else { panic!("byte {byte}: {:?}", found.damage()) };
        assert_eq!((damage.first, damage.lost), (Position(frame as u64 * 2), 2), "byte {byte}");
        assert_eq!((damage.offset, damage.bytes), ((frame * per_frame) as u64, per_frame as u64));
        assert_eq!(damage.file, log_path(dir.path()));
        let rest: Vec<Record> =
            records.iter().enumerate().filter(|(n, _)| n / 2 != frame).map(|(_, r)| r.clone()).collect();
        assert_eq!(found.len(), 4);
        assert_finds(&found, &rest);
        for n in 0..6 {
            let read = found.record(Position(n));
            if n as usize / 2 == frame {
                assert_eq!(read.unwrap_err().kind(), Kind::Corrupt);
            } else {
                assert_eq!(read.unwrap(), records[n as usize]);
            }
        }
        let error = try_open(dir.path()).unwrap_err();
        assert_eq!(error.kind(), Kind::Corrupt);
        for part in
            [&format!("byte {}", frame * per_frame), &format!("position {}", frame * 2), FIRST_SEGMENT, "backup"]
        {
            assert!(error.message().contains(part), "`{part}` in {error}");
        }
    }
}

#[test]
fn without_keys_a_bad_last_frame_looks_torn_and_an_earlier_one_does_not() {
    let (dir, records) = three_frames();
    let log = std::fs::read(log_path(dir.path())).unwrap();
    for byte in (0..log.len()).step_by(5) {
        forget(dir.path());
        let mut altered = log.clone();
        altered[byte] ^= 0x10;
        set_log(dir.path(), &altered);
        let found = snapshot(dir.path());
        if byte < log.len() / 3 * 2 {
            let causes: Vec<_> = found.damage().iter().map(|damage| damage.cause).collect();
            assert!(matches!(causes[..], [DamageCause::Header | DamageCause::Payload]), "{causes:?}");
            assert_eq!((found.len(), found.n_derived()), (4, 4));
            assert_eq!(try_open(dir.path()).unwrap_err().kind(), Kind::Corrupt);
        } else {
            assert_eq!(found.damage(), []);
            let (_, recovery) = try_open(dir.path()).unwrap();
            assert_eq!(recovery.torn.unwrap().first, Position(4));
            assert_holds(&snapshot(dir.path()), &records[..4]);
        }
    }
}

#[test]
fn a_log_that_lost_its_end_is_not_appended_to() {
    let (dir, records) = three_frames();
    let log = std::fs::read(log_path(dir.path())).unwrap();
    set_log(dir.path(), &log[..log.len() / 3 * 2]);
    let found = snapshot(dir.path());
    assert_eq!(found.damage().iter().map(|damage| damage.cause).collect::<Vec<_>>(), [DamageCause::Missing]);
    assert_eq!((found.damage()[0].first, found.damage()[0].lost, found.len()), (Position(4), 2, 4));
    let error = try_open(dir.path()).unwrap_err();
    assert_eq!(error.kind(), Kind::Corrupt);
    for part in ["position 4", "6 records had been acknowledged", "restore the log from a backup"] {
        assert!(error.message().contains(part), "`{part}` in {error}");
    }
    // The list of files knows it too, so deleting the keys hides nothing.
    delete_keys(dir.path());
    assert_eq!(try_open(dir.path()).unwrap_err().kind(), Kind::Corrupt);
    assert_eq!(snapshot(dir.path()).damage().len(), 1);
    set_log(dir.path(), &log);
    let (writer, recovery) = try_open(dir.path()).unwrap();
    assert_eq!((recovery.n_records, recovery.n_derived), (6, 6));
    drop(writer);
    assert_holds(&snapshot(dir.path()), &records);
}

#[test]
fn bytes_inside_evidence_never_pass_for_a_frame() {
    // The evidence of the second record is a whole frame of this very store, header and all, at the
    // very position that comes next.
    let victim = folder(&[vec![record("a", Some(1), "all")], vec![record("b", Some(2), "all forged")]]);
    let log = std::fs::read(log_path(victim.path())).unwrap();
    let first = folder_log_len(&[vec![record("a", Some(1), "all")]]);
    let forged = log[first..].to_vec();
    let evidence = [random(&mut Lcg(3), 2000), forged.clone(), random(&mut Lcg(4), 2000)].concat();
    let bait = with_evidence(record("c", Some(3), ""), evidence);
    let dir = folder(&[vec![record("a", Some(1), "all")], vec![bait]]);
    let log = std::fs::read(log_path(dir.path())).unwrap();
    assert!(log.windows(forged.len()).any(|window| window == forged), "it stands in the log as it is");
    forget(dir.path());
    for cut in [1, 500, 1900] {
        // The header did not reach the disk, nor did the end: the search for a frame goes through the
        // evidence.
        let mut torn = log[..log.len() - cut].to_vec();
        torn[first..first + 100].fill(0);
        set_log(dir.path(), &torn);
        let found = snapshot(dir.path());
        assert_eq!((found.len(), found.damage()), (1, [].as_slice()), "a torn tail, not damage");
    }
}

fn folder_log_len(batches: &[Vec<Record>]) -> usize {
    std::fs::read(log_path(folder(batches).path())).unwrap().len()
}

#[test]
fn an_index_is_never_made_over_damage() {
    let dir = temp();
    let open_small = || Writer::create_or_open_on(Arc::new(Os), SMALL, dir.path(), SECRET, derivation("words"), derive);
    let records: Vec<Record> = (0..40)
        .map(|n| record(&format!("r{n}"), Some(n), &format!("all {}", noise(&mut Lcg(n.cast_unsigned()), 200))))
        .collect();
    let (writer, _) = open_small().unwrap();
    for batch in records.chunks(4) {
        commit(&writer, batch).unwrap();
    }
    writer.close().unwrap();
    // The first segment is finished: nothing reads it to open the folder.
    let whole = std::fs::read(log_path(dir.path())).unwrap();
    let mut altered = whole.clone();
    altered[400] ^= 1;
    set_log(dir.path(), &altered);
    delete_keys(dir.path());
    for _ in 0..3 {
        assert_eq!(open_small().unwrap_err().kind(), Kind::Corrupt, "also once it was tried");
        assert!(!snapshot(dir.path()).damage().is_empty());
    }
    assert_eq!(Writer::rebuild(dir.path(), derivation("words"), derive).unwrap_err().kind(), Kind::Corrupt);
    set_log(dir.path(), &whole);
    open_small().unwrap().0.close().unwrap();
    assert_holds(&snapshot(dir.path()), &records);
}

#[test]
fn a_log_that_is_shorter_than_its_mark_lost_its_end() {
    let (dir, _) = three_frames();
    let (log, mark) =
        (std::fs::read(log_path(dir.path())).unwrap(), std::fs::read(dir.path().join("durable")).unwrap());
    forget(dir.path());
    set_log(dir.path(), &log[..log.len() / 3]);
    testing::set(&dir.path().join("durable"), &mark);
    // Whoever writes does not take the mark away before somebody has looked.
    for _ in 0..2 {
        assert_eq!(snapshot(dir.path()).damage().iter().map(|one| one.lost).sum::<u64>(), 4);
        assert!(try_open(dir.path()).unwrap_err().message().contains("6 records had been acknowledged"));
    }
    // Near miss: the mark of a log that is whole.
    set_log(dir.path(), &log);
    assert_eq!(snapshot(dir.path()).damage(), []);
    try_open(dir.path()).unwrap().0.close().unwrap();
}
