//! Which folders are opened, which are refused, and what is said then.

use crate::file::{Access, replace};
use crate::testing::{
    FIRST_SEGMENT, SECRET, assert_holds, commit, derivation, derive, folder, log_path, open, record, snapshot, temp,
    try_open,
};
use crate::{Error, Kind, Snapshot, TermKey};
use std::path::Path;

fn refuse(dir: &Path) -> Error {
    Snapshot::open(dir, derivation("words"), derive).unwrap_err()
}

/// Every path below a folder with its content and the time it was written.
fn everything(dir: &Path) -> Vec<(std::path::PathBuf, Vec<u8>, std::time::SystemTime)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let modified = path.metadata().unwrap().modified().unwrap();
        if path.is_dir() {
            found.push((path.clone(), Vec::new(), modified));
            found.extend(everything(&path));
        } else {
            found.push((path.clone(), std::fs::read(&path).unwrap(), modified));
        }
    }
    found.sort();
    found
}

#[test]
fn a_missing_folder_says_to_ingest_first() {
    let dir = temp();
    for path in [dir.path().join("nowhere"), dir.path().to_owned()] {
        let error = refuse(&path);
        assert_eq!(error.kind(), Kind::Invalid);
        assert!(error.message().contains("run `writ ingest` first"), "{error}");
        assert!(error.message().contains(&path.display().to_string()), "{error}");
    }
    assert_eq!(everything(dir.path()), [], "reading makes nothing");
}

#[test]
fn a_new_folder_holds_the_secret_for_its_owner_alone_and_keeps_it() {
    let dir = temp();
    let place = dir.path().join("deep").join("data");
    let (writer, recovery) = open(&place);
    assert!(recovery.created && recovery.torn.is_none());
    assert_eq!((recovery.n_records, recovery.n_derived), (0, 0));
    assert_eq!(writer.term_key().store_id(), TermKey::new(&SECRET).store_id());
    writer.close().unwrap();
    assert_eq!(std::fs::read(place.join("FORMAT")).unwrap(), b"writ folder 1\n");
    let keys = format!("writ keys 1\n1 {}\n", "2a".repeat(32));
    assert_eq!(std::fs::read_to_string(place.join("store.key")).unwrap(), keys);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(place.join("store.key").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    // Another secret changes nothing in a folder that is there.
    let (writer, recovery) = crate::Writer::create_or_open(&place, [1; 32], derivation("words"), derive).unwrap();
    assert!(!recovery.created);
    assert_eq!(writer.term_key().store_id(), TermKey::new(&SECRET).store_id());
    writer.close().unwrap();
    assert!(snapshot(&place).is_empty());
}

#[test]
fn a_newer_format_is_refused_with_both_numbers() {
    let dir = folder(&[vec![record("a", Some(1), "all")]]);
    replace(&dir.path().join("FORMAT"), b"writ folder 7\n", Access::Usual).unwrap();
    for error in [refuse(dir.path()), try_open(dir.path()).unwrap_err()] {
        assert_eq!(error.kind(), Kind::Invalid);
        for part in ["format 7", "format 1", "use a newer writ"] {
            assert!(error.message().contains(part), "`{part}` in {error}");
        }
    }
    for text in ["", "writ folder 1", "writ folder -1\n", "writ folder 1\nmore", "something else\n"] {
        replace(&dir.path().join("FORMAT"), text.as_bytes(), Access::Usual).unwrap();
        assert_eq!(refuse(dir.path()).kind(), Kind::Corrupt, "{text:?}");
    }
    replace(&dir.path().join("FORMAT"), b"writ folder 1\n", Access::Usual).unwrap();
    assert_eq!(snapshot(dir.path()).len(), 1);
}

#[test]
fn a_folder_of_format_0_is_refused_with_what_to_do() {
    let dir = folder(&[vec![record("a", Some(1), "all")]]);
    replace(&dir.path().join("FORMAT"), b"writ folder 0\n", Access::Usual).unwrap();
    for error in [refuse(dir.path()), try_open(dir.path()).unwrap_err()] {
        assert_eq!(error.kind(), Kind::Invalid);
        assert!(error.message().contains("ingest the logs again into a new folder"), "{error}");
    }
}

#[test]
fn a_second_writer_is_refused_and_readers_are_not() {
    let dir = temp();
    let (writer, _) = open(dir.path());
    let records = [record("a", Some(1), "all")];
    commit(&writer, &records).unwrap();
    let error = try_open(dir.path()).unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    for part in ["another process writes", "read need no lock"] {
        assert!(error.message().contains(part), "`{part}` in {error}");
    }
    assert_holds(&snapshot(dir.path()), &records);
    writer.close().unwrap();
    open(dir.path()).0.close().unwrap();
}

#[test]
fn a_folder_with_something_else_in_it_is_left_alone() {
    let dir = temp();
    replace(&dir.path().join("thesis.tex"), b"x", Access::Usual).unwrap();
    let error = try_open(dir.path()).unwrap_err();
    assert_eq!(error.kind(), Kind::Invalid);
    assert!(error.message().contains("thesis.tex"), "{error}");
    assert_eq!(everything(dir.path()).len(), 1);
    // A file where the folder should be.
    assert!(try_open(&dir.path().join("thesis.tex")).is_err());
    assert_eq!(refuse(&dir.path().join("thesis.tex")).kind(), Kind::Invalid);
}

#[test]
fn an_interrupted_creation_is_done_again_but_a_log_without_format_is_not_overwritten() {
    let dir = temp();
    std::fs::create_dir(dir.path().join("log")).unwrap();
    let key = format!("writ keys 1\n1 {}\n", "09".repeat(32));
    replace(&dir.path().join("store.key"), key.as_bytes(), Access::Owner).unwrap();
    let (writer, recovery) = open(dir.path());
    assert!(recovery.created);
    assert_eq!(std::fs::read_to_string(dir.path().join("store.key")).unwrap(), key, "a key is kept");
    commit(&writer, &[record("a", Some(1), "all")]).unwrap();
    writer.close().unwrap();
    std::fs::remove_file(dir.path().join("FORMAT")).unwrap();
    let error = try_open(dir.path()).unwrap_err();
    assert_eq!(error.kind(), Kind::Corrupt);
    assert!(error.message().contains("`FORMAT`"), "{error}");
    assert!(log_path(dir.path()).metadata().unwrap().len() > 0);
}

#[test]
fn a_lost_secret_or_log_is_named() {
    for name in ["store.key", &format!("log/{FIRST_SEGMENT}")] {
        let dir = folder(&[vec![record("a", Some(1), "all")]]);
        std::fs::remove_file(dir.path().join(name)).unwrap();
        for error in [refuse(dir.path()), try_open(dir.path()).unwrap_err()] {
            assert_eq!(error.kind(), Kind::Corrupt);
            assert!(error.message().contains(name) && error.message().contains("backup"), "{error}");
        }
    }
    let dir = folder(&[vec![record("a", Some(1), "all")]]);
    let hex = "1f".repeat(32);
    for text in ["", &hex, &format!("1 {hex}\n"), &format!("writ keys 1\n1 {}\n", hex.to_uppercase())] {
        replace(&dir.path().join("store.key"), text.as_bytes(), Access::Owner).unwrap();
        assert_eq!(refuse(dir.path()).kind(), Kind::Corrupt, "{text}");
    }
}

#[test]
fn reading_writes_nothing_even_without_keys() {
    let records = [record("a", Some(1), "all"), record("b", Some(2), "all")];
    for with_keys in [true, false] {
        let dir = folder(&[records.to_vec()]);
        if !with_keys {
            crate::testing::delete_keys(dir.path());
        }
        // Root may write anywhere, so what counts is that nothing changed.
        let before = everything(dir.path());
        #[cfg(unix)]
        let set_mode = |mode| {
            use std::os::unix::fs::PermissionsExt as _;
            for folder in ["", "log", "manifest", "tree", "quarantine"] {
                std::fs::set_permissions(dir.path().join(folder), std::fs::Permissions::from_mode(mode)).unwrap();
            }
        };
        #[cfg(unix)]
        set_mode(0o555);
        let found = snapshot(dir.path());
        assert_eq!(found.n_derived(), if with_keys { 0 } else { 2 });
        assert_holds(&found, &records);
        assert_eq!(everything(dir.path()), before);
        #[cfg(unix)]
        set_mode(0o755);
    }
}
