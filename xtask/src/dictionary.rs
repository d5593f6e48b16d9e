//! `cargo xtask dictionary N FOLDER`: trains a dictionary that records are packed with, on our own fixtures.
//!
//! A dictionary is never changed once records are packed with it, so this writes only one that is not there
//! yet. It is listed in `crates/writ-store/src/dictionary.rs`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::cargo;

/// Bytes of a dictionary: a tenth of the fixtures or less, which is more than they have in common, and it stays in the
/// cache of a core.
const DICTIONARY_BYTES: usize = 32 << 10;

/// `cargo xtask dictionary N FOLDER`
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let [number, folder] = arguments else {
        return Err("`cargo xtask dictionary` takes the number of the new one and a folder of fixtures".to_owned());
    };
    let number: u8 = number.parse().map_err(|_| format!("`{number}` is no number from 1 to 255"))?;
    let root = cargo::root();
    let path = root.join(format!("crates/writ-store/src/dictionary/{number}.zdict"));
    if path.exists() {
        return Err(format!("`{}` is there, and records may be packed with it: take the next number", path.display()));
    }
    // Each text once, in an order that does not depend on the disk: the same fixtures give the same bytes.
    let mut samples: BTreeSet<Vec<u8>> = BTreeSet::new();
    collect(&root.join(folder), &mut samples)?;
    let samples: Vec<Vec<u8>> = samples.into_iter().collect();
    let trained = zstd::dict::from_samples(&samples, DICTIONARY_BYTES)
        .map_err(|error| format!("a dictionary could not be trained: {error}"))?;
    let told = |error| format!("`{}` cannot be written: {error}", path.display());
    fs::create_dir_all(path.parent().unwrap_or(&root)).map_err(told)?;
    fs::write(&path, &trained).map_err(told)?;
    println!("trained on {} records: {} bytes", samples.len(), trained.len());
    Ok(())
}

/// The lines of every delivery in a folder and below it.
fn collect(folder: &Path, samples: &mut BTreeSet<Vec<u8>>) -> Result<(), String> {
    let told = |error| format!("`{}` cannot be read: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(told)? {
        let path: PathBuf = entry.map_err(told)?.path();
        if path.is_dir() {
            collect(&path, samples)?;
        } else if path.extension().is_some_and(|extension| extension == "ndjson") {
            let text = fs::read(&path).map_err(told)?;
            samples.extend(text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec));
        }
    }
    Ok(())
}
