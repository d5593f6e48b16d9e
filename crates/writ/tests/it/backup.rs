//! Backups and what is made of them, checkpoints and proofs.

use crate::support::{Writ, repository, settled};
use serde_json::Value;
use std::path::{Path, PathBuf};

const EVENT: &str = "00000002-1111-4222-8333-444455556666";

fn scenario(name: &str) -> PathBuf {
    repository().join("scenarios/cases").join(name).join("events.ndjson")
}

fn status(writ: &Writ, args: &[&str]) -> (Option<i32>, String) {
    let output = writ.run(args);
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Runs on another data folder.
fn on(data: &Path, args: &[&str]) -> std::process::Output {
    std::process::Command::new(env!("CARGO_BIN_EXE_writ")).arg("--data").arg(data).args(args).output().unwrap()
}

/// The segments of a folder.
fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder.join("log")).unwrap().map(|one| one.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn a_backup_and_its_keys_give_the_same_answers_and_are_gone_on_with() {
    let writ = Writ::with_assumed_role();
    let (to, keys) = (writ.path("backup"), writ.path("kept.key"));
    let (to, keys) = (to.to_str().unwrap(), keys.to_str().unwrap());
    let first: Value = serde_json::from_str(&writ.ok(&["backup", to, "--json"])).unwrap();
    assert_eq!(first["schema"], "writ.backup/1");
    // More comes in, and the same folder takes it.
    let more = writ.write("more.ndjson", "{\"no\":\"source\"}\n");
    writ.ingest(&[more.to_str().unwrap()]);
    let second: Value = serde_json::from_str(&writ.ok(&["backup", to, "--json"])).unwrap();
    assert!(second["records"].as_u64() > first["records"].as_u64());
    assert!(writ.ok(&["backup", to]).contains("store.key"));
    let answer = settled(writ.why(&[EVENT]));
    // It is no folder to work in, and holds no key.
    assert!(!Path::new(to).join("store.key").exists());
    std::fs::copy(writ.path("data/store.key"), keys).unwrap();
    let root = fsck_root(&writ);

    std::fs::remove_dir_all(writ.path("data")).unwrap();
    let restored: Value = serde_json::from_str(&writ.ok(&["restore", to, "--keys", keys, "--json"])).unwrap();
    assert_eq!(restored["records"], second["records"]);
    assert_eq!(settled(writ.why(&[EVENT])), answer);
    assert_eq!(fsck_root(&writ), root);
    // What comes now is of another epoch than what the other folder might have gone on with.
    let more = writ.write("yet-more.ndjson", "{\"no\":\"source either\"}\n");
    assert_eq!(writ.ingest(&[more.to_str().unwrap()])["rejects"], 1);
    let epochs: Vec<String> = segments(&writ.path("data"))
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap()[..8].to_owned())
        .collect();
    assert_eq!(epochs, ["00000001", "00000002"]);
    assert_ne!(fsck_root(&writ), root);
    // And may be backed up in turn, to a folder of its own or behind what it began with.
    writ.ok(&["backup", writ.path("other").to_str().unwrap()]);
    let (code, _) = status(&writ, &["restore", to, "--keys", keys]);
    assert_eq!(code, Some(2), "a folder that is there is not written over");
}

fn n_records(writ: &Writ) -> u64 {
    serde_json::from_str::<Value>(&writ.ok(&["fsck", "--json"])).unwrap()["records"].as_u64().unwrap()
}

fn fsck_root(writ: &Writ) -> Value {
    serde_json::from_str::<Value>(&writ.ok(&["fsck", "--json"])).unwrap()["root"].clone()
}

#[test]
fn a_backup_takes_no_damage_and_no_other_log() {
    let writ = Writ::with_assumed_role();
    let to = writ.path("backup");
    let to = to.to_str().unwrap();
    writ.ok(&["backup", to]);
    let other = Writ::with_assumed_role();
    let (code, text) = status(&other, &["backup", to]);
    assert!(code != Some(0) && text.contains("restore it from a backup"), "{code:?} {text}");
    let (code, text) = status(&writ, &["backup", writ.path("").to_str().unwrap()]);
    assert!(code == Some(2) && text.contains("is not empty"), "{code:?} {text}");
    // A copy of the folder that went on in another way.
    std::fs::rename(writ.path("data"), writ.path("first")).unwrap();
    let keys = writ.path("first/store.key");
    writ.ok(&["restore", to, "--keys", keys.to_str().unwrap()]);
    for (n, name) in [(0, "first"), (1, "data")] {
        let more = writ.write("more.ndjson", format!("{{\"no\":{n}}}\n"));
        assert!(on(&writ.path(name), &["ingest", more.to_str().unwrap()]).status.success());
    }
    writ.ok(&["backup", to]);
    let output = on(&writ.path("first"), &["backup", to]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && text.contains("are not the first of"), "{text}");
    // Damage is not copied over what is whole.
    let last = segments(&writ.path("data")).remove(0);
    let mut bytes = std::fs::read(&last).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&last, bytes).unwrap();
    let (code, text) = status(&writ, &["backup", writ.path("late").to_str().unwrap()]);
    assert!(code == Some(6) && text.contains(".log"), "{code:?} {text}");
}

#[test]
fn what_was_altered_in_a_backup_is_not_restored() {
    let writ = Writ::with_assumed_role();
    let to = writ.path("backup");
    writ.ok(&["backup", to.to_str().unwrap()]);
    let keys = writ.path("data/store.key");
    for path in segments(&to).into_iter().chain([to.join("checkpoint")]) {
        let whole = std::fs::read(&path).unwrap();
        for at in [20, whole.len() / 2, whole.len() - 10] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            std::fs::write(&path, bytes).unwrap();
            let fresh = writ.path(&format!("fresh-{at}"));
            let args = ["restore", to.to_str().unwrap(), "--keys", keys.to_str().unwrap()];
            let output = on(&fresh, &args);
            assert_eq!(output.status.code(), Some(6), "{} {at}", path.display());
            assert!(!fresh.join("FORMAT").exists());
        }
        std::fs::write(&path, whole).unwrap();
    }
    let other = Writ::with_assumed_role();
    let (code, text) = status(
        &Writ::new(),
        &["restore", to.to_str().unwrap(), "--keys", other.path("data/store.key").to_str().unwrap()],
    );
    assert!(code == Some(6) && text.contains("is of another store"), "{code:?} {text}");
}

#[test]
fn a_proof_is_verified_without_the_folder_and_by_its_key_alone() {
    let writ = Writ::with_assumed_role();
    let proof = writ.write("event.proof", writ.ok(&["prove", EVENT]));
    let key = writ.ok(&["checkpoint", "--key"]);
    let nobody = Writ::new();
    let verify =
        |proof: &Path, key: &str| nobody.run(&["verify", proof.to_str().unwrap(), "--key", key.trim(), "--json"]);
    let output = verify(&proof, &key);
    let verified: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &verified["schema"]), (Some(0), &"writ.verified/1".into()));
    assert_eq!((&verified["source"], &verified["position"]), (&"aws.cloudtrail".into(), &1.into()));
    let shown: Value = serde_json::from_str(&writ.ok(&["show", EVENT, "--json"])).unwrap();
    assert_eq!((&verified["recorder"], &verified["received"]), (&shown["recorder"], &shown["received"]));
    let text = std::fs::read_to_string(&proof).unwrap();
    assert!(
        !text.contains("noor")
            && nobody.ok(&["verify", proof.to_str().unwrap(), "--key", key.trim()]).contains("is number 1 of")
    );
    // Neither another store's key nor another number, leaf or size will do.
    let other = Writ::with_assumed_role().ok(&["checkpoint", "--key"]);
    assert_eq!(verify(&proof, &other).status.code(), Some(6));
    let size = format!("\n{}\n", verified["size"]);
    for (from, to) in [("index 1\n", "index 0\n"), ("extra h", "extra H"), (&size, "\n9\n")] {
        let altered = writ.write("altered.proof", text.replacen(from, to, 1));
        assert!(text.contains(from), "{from:?} in {text}");
        assert_ne!(verify(&altered, &key).status.code(), Some(0), "{from:?}");
    }
}

#[test]
fn an_old_checkpoint_tells_whether_the_log_was_rewritten() {
    let writ = Writ::with_assumed_role();
    let (kept, n) = (writ.write("kept", writ.ok(&["checkpoint"])), n_records(&writ));
    let since = ["checkpoint", "--since", kept.to_str().unwrap()];
    writ.ingest(&[scenario("by-hand-assume-role").to_str().unwrap()]);
    let more = writ.write("more.ndjson", "{\"no\":\"source\"}\n");
    writ.ingest(&[more.to_str().unwrap()]);
    let said = format!("its first {n} records are unchanged, and there are {} now", n_records(&writ));
    assert!(writ.ok(&since).contains(&said), "{said}");
    // The same records in a folder that was made anew with the same keys, in another order.
    let keys = std::fs::read(writ.path("data/store.key")).unwrap();
    std::fs::remove_dir_all(writ.path("data")).unwrap();
    writ.write("data/store.key", keys);
    writ.ingest(&[more.to_str().unwrap()]);
    writ.ingest(&[scenario("by-hand-assume-role").to_str().unwrap()]);
    let (code, text) = status(&writ, &since);
    assert!(code == Some(6) && text.contains("does not go on from that checkpoint"), "{code:?} {text}");
    let (code, text) = status(&Writ::with_assumed_role(), &since);
    assert!(code == Some(2) && text.contains("no checkpoint of the store"), "{code:?} {text}");
}
