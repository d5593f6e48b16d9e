//! The proofs of transparency-dev/merkle, most of them broken on purpose, where they are at hand.

use serde_json::Value;
use std::path::{Path, PathBuf};
use writ_tlog::hash::Hash;
use writ_tlog::proof::{verify_consistency, verify_inclusion};
use writ_tlog::tree::Head;

/// The vectors in a folder and the folders in it, each with its path.
fn vectors(name: &str) -> Option<Vec<(PathBuf, Value)>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/merkle").join(name);
    if !folder.exists() {
        eprintln!("SKIPPED merkle proofs of {name}: ../shared/data is not here");
        return None;
    }
    let mut found = Vec::new();
    collect(&folder, &mut found);
    Some(found)
}

fn collect(folder: &Path, found: &mut Vec<(PathBuf, Value)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else {
            let value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            found.push((path, value));
        }
    }
}

fn hash(value: &Value) -> Option<Hash> {
    Hash::parse_base64(value.as_str().unwrap())
}

/// Some vectors have text where a root should be, because it is only compared. Here a root has 32 bytes, so
/// the hash of the text stands for it: equal texts stay equal, and unequal ones unequal.
fn root(value: &Value) -> Hash {
    hash(value).unwrap_or_else(|| Hash::leaf(value.as_str().unwrap().as_bytes()))
}

/// The hashes of a proof, or `None` where one of them has not 32 bytes and so cannot be handed in at all.
fn proof(value: &Value) -> Option<Vec<Hash>> {
    value.as_array().map_or(Some(Vec::new()), |hashes| hashes.iter().map(hash).collect())
}

/// Checks every vector, and how many there are that are right and that are wrong.
fn check(name: &str, accepts: impl Fn(&Value) -> bool) {
    let Some(vectors) = vectors(name) else { return };
    let (mut n_right, mut n_wrong) = (0, 0);
    for (path, vector) in vectors {
        let is_wrong = vector["wantErr"].as_bool().unwrap();
        assert_eq!(accepts(&vector), !is_wrong, "{}: {}", path.display(), vector["desc"]);
        *(if is_wrong { &mut n_wrong } else { &mut n_right }) += 1;
    }
    assert_eq!((n_right, n_wrong), (6, 92), "vectors of {name}");
}

#[test]
fn inclusion_proofs_of_others_are_judged_as_they_say() {
    check("inclusion", |vector| {
        let (Some(leaf), Some(proof)) = (hash(&vector["leafHash"]), proof(&vector["proof"])) else { return false };
        let head = Head { size: vector["treeSize"].as_u64().unwrap(), root: root(&vector["root"]) };
        verify_inclusion(&leaf, vector["leafIdx"].as_u64().unwrap(), &head, &proof).is_ok()
    });
}

#[test]
fn consistency_proofs_of_others_are_judged_as_they_say() {
    check("consistency", |vector| {
        let Some(proof) = proof(&vector["proof"]) else { return false };
        let head = |size: &str, of: &str| Head { size: vector[size].as_u64().unwrap(), root: root(&vector[of]) };
        verify_consistency(&head("size1", "root1"), &head("size2", "root2"), &proof).is_ok()
    });
}
