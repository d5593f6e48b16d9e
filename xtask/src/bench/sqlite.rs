//! `SQLite` in the place of Writ's store: building the program that is measured, and running it.
//!
//! The program is `bench/sqlite`, a workspace of its own, so that nobody compiles `SQLite` but for this.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::corpus::Corpus;
use super::process;
use crate::cargo;

/// Where the program stands in the repository.
pub(crate) const MANIFEST: &str = "bench/sqlite/Cargo.toml";
/// The layouts it knows: each is a schema of the same name beside the manifest.
pub(super) const LAYOUTS: [&str; 2] = ["by-id", "by-arrival"];
/// Tables that are not of what lets records be found.
const EVIDENCE: [&str; 2] = ["record", "delivery"];

/// The program, and where it puts its database.
#[derive(Debug)]
pub(super) struct Sqlite {
    pub(super) binary: PathBuf,
    pub(super) database: PathBuf,
}

/// What one run came to.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    pub(super) layout: &'static str,
    pub(super) seconds: f64,
    pub(super) n_commits: u64,
    pub(super) n_keys: u64,
    /// Bytes of the database, and those of them that are not records.
    pub(super) bytes: u64,
    pub(super) index_bytes: u64,
    pub(super) memory: Option<u64>,
}

impl Sqlite {
    /// Builds the program, among what else is built: most of it is built for Writ already.
    pub(super) fn build(root: &Path, target: &Path, place: &Path) -> Result<Self, String> {
        let folder = target.to_string_lossy();
        let build = ["build", "--quiet", "--release", "--manifest-path", MANIFEST, "--target-dir", &folder];
        cargo::run(root, &[&build, cargo::lock()].concat())?;
        let name = if cfg!(windows) { "writ-bench-sqlite.exe" } else { "writ-bench-sqlite" };
        Ok(Self { binary: target.join("release").join(name), database: place.join("sqlite.db") })
    }

    /// Records the corpus in an empty database, which is gone afterwards.
    pub(super) fn run(
        &self,
        layout: &'static str,
        corpus: &Corpus,
        batch: usize,
        n_threads: usize,
    ) -> Result<Recorded, String> {
        self.clear();
        let files: String = corpus.files.iter().map(|file| file.display().to_string() + "\n").collect();
        let mut command = Command::new(&self.binary);
        command.arg(layout).arg(&self.database).args([batch.to_string(), n_threads.to_string()]);
        let ran = process::run(&mut command, &files)?;
        let recorded = recorded(layout, &ran.output.stdout, corpus.n_records);
        self.clear();
        Ok(Recorded { memory: ran.memory, ..recorded? })
    }

    fn clear(&self) {
        for ending in ["", "-wal", "-shm"] {
            let mut name = self.database.clone().into_os_string();
            name.push(ending);
            // What is not there need not go; what cannot go stops the program, which wants a new file.
            let _ = fs::remove_file(name);
        }
    }
}

/// Reads what the program told and makes sure that every record went in, once.
fn recorded(layout: &'static str, stdout: &[u8], n_records: usize) -> Result<Recorded, String> {
    let told: Value = serde_json::from_slice(stdout).map_err(|error| format!("SQLite's side gave no JSON: {error}"))?;
    let count = |name: &str| told.get(name).and_then(Value::as_u64);
    let is = (count("records"), count("duplicates"), count("rejects"));
    let should = (Some(n_records as u64), Some(0), Some(0));
    if is != should {
        return Err(format!(
            "SQLite's side told of records, duplicates and rejects {is:?}, where {should:?} went in: the time means nothing"
        ));
    }
    let tables = told.get("tables").and_then(Value::as_object).into_iter().flatten();
    let sizes: Vec<(&str, u64)> = tables.map(|(name, bytes)| (name.as_str(), bytes.as_u64().unwrap_or(0))).collect();
    let index = sizes.iter().filter(|(name, _)| !EVIDENCE.contains(name));
    Ok(Recorded {
        layout,
        seconds: told.get("seconds").and_then(Value::as_f64).ok_or("SQLite's side told no time")?,
        n_commits: count("commits").unwrap_or(0),
        n_keys: count("keys").unwrap_or(0),
        bytes: sizes.iter().map(|(_, bytes)| bytes).sum(),
        index_bytes: index.map(|(_, bytes)| bytes).sum(),
        memory: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_checked() {
        let told = |records: u32| {
            format!(
                "{{\"seconds\":1.5,\"records\":{records},\"duplicates\":0,\"rejects\":0,\"keys\":90,\"commits\":2,\
                 \"tables\":{{\"key\":300,\"identity\":50,\"record\":4000,\"delivery\":10}}}}"
            )
        };
        let read = recorded("by-id", told(20).as_bytes(), 20).unwrap();
        assert_eq!((read.bytes, read.index_bytes, read.n_keys, read.n_commits), (4_360, 350, 90, 2));
        assert!(recorded("by-id", told(19).as_bytes(), 20).is_err());
        assert!(recorded("by-id", b"done", 20).is_err());
    }

    #[test]
    fn each_layout_has_its_schema() {
        for layout in LAYOUTS {
            assert!(cargo::root().join(MANIFEST).with_file_name(format!("{layout}.sql")).exists(), "{layout}");
        }
    }
}
