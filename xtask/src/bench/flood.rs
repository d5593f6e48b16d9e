//! A flood: many forged records that all show the keys of one real event.
//!
//! Each is that event with other ids of its own, in the same session, under one `sharedEventID`. Whoever
//! can hand in files can write them; what they must not do is make answers about other events slow.

use std::fs;
use std::path::Path;

use super::corpus::{self, Corpus};
use super::random::Random;

/// Records of one file.
const FILE_RECORDS: usize = 3_000;
const SEED: u64 = 20_260_303;

/// Writes `n_records` forged ones to files in an empty folder.
pub(super) fn write(folder: &Path, corpus: &Corpus, n_records: usize) -> Result<(), String> {
    let told = |error| format!("`{}` cannot be written: {error}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(told)?;
    }
    fs::create_dir_all(folder).map_err(told)?;
    let mut random = Random::new(SEED);
    let shared = random.uuid();
    let (mut n_left, mut number) = (n_records, 0);
    while n_left > 0 {
        let n_here = n_left.min(FILE_RECORDS);
        let texts: Vec<String> = (0..n_here).map(|_| forged(corpus, &shared, &mut random)).collect();
        let bytes = corpus::gzip(&format!("{{\"Records\":[{}]}}", texts.join(",")))?;
        fs::write(folder.join(format!("{number:05}.json.gz")), bytes).map_err(told)?;
        n_left -= n_here;
        number += 1;
    }
    Ok(())
}

fn forged(corpus: &Corpus, shared: &str, random: &mut Random) -> String {
    let (id, text) = &corpus.victim;
    let text = text.replace(id, &random.uuid());
    let open = text.strip_suffix('}').unwrap_or(&text);
    format!("{open},\"sharedEventID\":\"{shared}\"}}")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::bare;
    use super::super::corpus::Kind;
    use super::*;

    #[test]
    fn the_forged_show_the_keys_of_the_victim_and_ids_of_their_own() {
        let place = std::env::temp_dir().join(format!("writ-xtask-{}-flood", std::process::id()));
        let corpus = corpus::make(&place, Kind::Usual, 3_000, false).unwrap();
        let folder = place.join("flood");
        write(&folder, &corpus, 3_100).unwrap();
        let victim: Value = serde_json::from_str(&corpus.victim.1).unwrap();
        let mut ids = std::collections::BTreeSet::from([corpus.victim.0]);
        for entry in fs::read_dir(&folder).unwrap() {
            for text in bare::records(&bare::read(&entry.unwrap().path()).unwrap()) {
                let forged: Value = serde_json::from_slice(text).unwrap();
                assert_eq!(forged["userIdentity"], victim["userIdentity"]);
                ids.insert(forged["eventID"].as_str().unwrap().to_owned());
            }
        }
        assert_eq!(ids.len(), 3_101);
        fs::remove_dir_all(&place).unwrap();
    }
}
