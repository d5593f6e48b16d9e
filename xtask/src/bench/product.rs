//! Writ as a user runs it: the release binary, started as a process, timed from outside.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::ask::{self, Asked};
use super::cold;
use super::corpus::Corpus;
use super::index;
use super::log::{self, Split};
use super::process::{self, Ran};
use super::report;

/// The release binary and the folder it keeps its data in.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) binary: PathBuf,
    pub(super) data: PathBuf,
}

/// What one ingest came to.
#[derive(Clone, Debug, Default)]
pub(super) struct Ingest {
    pub(super) seconds: f64,
    pub(super) memory: Option<u64>,
    /// Bytes on disk, by the first part of the path in the data folder.
    pub(super) bytes: BTreeMap<String, u64>,
    /// Bytes of the log, by what they are for.
    pub(super) log: Split,
    /// Bytes of the index that find a record by its id or its place.
    pub(super) index_ids: u64,
}

/// What making the index again came to.
#[derive(Clone, Debug, Default)]
pub(super) struct Rebuilt {
    pub(super) seconds: f64,
    pub(super) memory: Option<u64>,
    pub(super) n_records: u64,
}

/// What opening a folder takes after its writer was killed.
#[derive(Clone, Debug, Default)]
pub(super) struct Crashed {
    /// Milliseconds of an answer, from a process that only reads.
    pub(super) why_ms: f64,
    /// Milliseconds of an ingest of nothing, which opens the folder to write and closes it.
    pub(super) resume_ms: f64,
}

/// Processes that are asked about the same events. An answer takes what the median of them took: of two hundred answers
/// the machine stops for some milliseconds at two, at other ones each time, and these would be the p99.
const N_PROCESSES: usize = 5;

/// The same of processes that begin with nothing in the memory of the system, which take long.
const N_COLD_PROCESSES: usize = 3;

/// Events that are asked about in a process of their own; each opens the folder anew.
const N_ALONE: usize = 20;

impl Product {
    /// Ingests the corpus into an empty data folder.
    pub(super) fn ingest(&self, corpus: &Corpus) -> Result<Ingest, String> {
        self.clear()?;
        let Ran { output, seconds, memory } = self.add(&corpus.folder)?;
        counts(&output.stdout, corpus.n_records)?;
        let (bytes, log) = (sizes(&self.data)?, log::split(&self.data.join("log"))?);
        let index_ids = index::ids(&self.data.join("index"))?;
        Ok(Ingest { seconds, memory, bytes, log, index_ids })
    }

    /// Ingests a folder into what is there.
    pub(super) fn add(&self, folder: &Path) -> Result<Ran, String> {
        process::run(self.command(&["ingest", "--json"]).arg(folder), "")
    }

    /// Milliseconds of a process that answers about one event, its start and the opening of the folder
    /// included, for some of these events.
    pub(super) fn why_alone(&self, ids: &[String]) -> Result<Vec<f64>, String> {
        let stride = ids.len().div_ceil(N_ALONE).max(1);
        ids.iter().step_by(stride).map(|id| self.why_once(id)).collect()
    }

    pub(super) fn why_once(&self, id: &str) -> Result<f64, String> {
        let ran = process::run(&mut self.command(&["why", &ask::reference(id), "--json"]), "")?;
        ask::hops(ran.output.stdout.trim_ascii_end(), id)?;
        Ok(ran.seconds * 1_000.0)
    }

    /// The same, for all of these, of several processes the median, each after the system was made to forget the
    /// folder; `None` where it cannot be.
    pub(super) fn why_cold<'i>(&self, ids: impl Iterator<Item = &'i String>) -> Result<Option<Vec<f64>>, String> {
        let ask = |id: &String| {
            let runs = (0..N_COLD_PROCESSES).map(|_| cold::cold(&self.data, || self.why_once(id)));
            let runs = runs.collect::<Result<Option<Vec<f64>>, _>>()?;
            Ok(runs.map(|ms| report::quantile(&ms, 50)))
        };
        ids.map(ask).collect()
    }

    /// The same of processes that open the folder and answer about nothing: they print its checkpoint.
    pub(super) fn open_cold(&self) -> Result<Option<Vec<f64>>, String> {
        let open = || process::run(&mut self.command(&["checkpoint"]), "").map(|ran| ran.seconds * 1_000.0);
        (0..N_ALONE).map(|_| cold::cold(&self.data, open)).collect()
    }

    /// Reads every file of the folder, so that all of it is in the memory of the system.
    pub(super) fn read_all(&self) -> Result<(), String> {
        read_all(&self.data)
    }

    /// Asks several processes, one after the other, about the same events.
    pub(super) fn why(&self, warm: &[String], ids: &[String]) -> Result<Asked, String> {
        let ask = |_| ask::ask(&mut self.command(&["why"]), warm, ids);
        let asked = (0..N_PROCESSES).map(ask).collect::<Result<Vec<Asked>, _>>()?;
        Ok(ask::medians(&asked))
    }

    /// Makes the index again.
    pub(super) fn rebuild(&self, n_records: usize) -> Result<Rebuilt, String> {
        let Ran { output, seconds, memory } = process::run(&mut self.command(&["rebuild", "--json"]), "")?;
        let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        match told.get("records").and_then(Value::as_u64) {
            // Writ's own records stand in the log too.
            Some(told) if told >= n_records as u64 => Ok(Rebuilt { seconds, memory, n_records: told }),
            told => Err(format!("`writ rebuild` told of {told:?} records, where {n_records} went in")),
        }
    }

    /// Kills an ingest into an empty folder once half of the records are acknowledged (SIGKILL, where there
    /// is such a thing), and opens what is left.
    pub(super) fn crash(&self, corpus: &Corpus) -> Result<Crashed, String> {
        let told = |error| format!("`writ ingest` cannot be killed: {error}");
        self.clear()?;
        let mut ingest = self.command(&["ingest", "--acks"]);
        ingest.arg(&corpus.folder).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = ingest.spawn().map_err(told)?;
        let mut acks = child.stdout.take().into_iter().flat_map(|stdout| BufReader::new(stdout).lines());
        let is_running = acks.nth(corpus.n_records / 2).is_some() && child.try_wait().map_err(told)?.is_none();
        child.kill().and_then(|()| child.wait()).map_err(told)?;
        if !is_running {
            return Err("`writ ingest` was done before it could be killed".to_owned());
        }
        let why_ms = self.why_once(&corpus.first()?)?;
        let resumed = process::run(&mut self.command(&["ingest", "--json", "-"]), "")?;
        Ok(Crashed { why_ms, resume_ms: resumed.seconds * 1_000.0 })
    }

    /// Removes the data folder.
    pub(super) fn clear(&self) -> Result<(), String> {
        let gone = if self.data.exists() { fs::remove_dir_all(&self.data) } else { Ok(()) };
        gone.map_err(|error| format!("`{}` cannot be cleared: {error}", self.data.display()))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg("--data").arg(&self.data).args(arguments);
        command
    }
}

/// Reads `writ.ingest/1` and makes sure that every record went in, once.
pub(super) fn counts(stdout: &[u8], n_records: usize) -> Result<(), String> {
    let told: Value =
        serde_json::from_slice(stdout).map_err(|error| format!("`writ ingest --json` gave no JSON: {error}"))?;
    let count = |name: &str| told.get(name).and_then(Value::as_u64);
    let is = (count("records"), count("duplicates"), count("rejects"));
    let should = (Some(n_records as u64), Some(0), Some(0));
    if is == should {
        Ok(())
    } else {
        Err(format!(
            "ingest told of records, duplicates and rejects {is:?}, where {should:?} went in: the time means nothing"
        ))
    }
}

fn read_all(folder: &Path) -> Result<(), String> {
    let told = |error| format!("`{}` cannot be read: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        if path.is_dir() {
            read_all(&path)?;
        } else {
            fs::read(&path).map_err(told)?;
        }
    }
    Ok(())
}

/// Bytes that a folder takes on disk, by the names in it.
fn sizes(folder: &Path) -> Result<BTreeMap<String, u64>, String> {
    let told = |error| format!("`{}` cannot be listed: {error}", folder.display());
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(told)? {
        let entry = entry.map_err(told)?;
        let path = entry.path();
        let bytes = if path.is_dir() { sizes_sum(&sizes(&path)?) } else { on_disk(&path)? };
        found.insert(entry.file_name().to_string_lossy().into_owned(), bytes);
    }
    Ok(found)
}

pub(super) fn sizes_sum(sizes: &BTreeMap<String, u64>) -> u64 {
    sizes.values().sum()
}

/// What a file takes, which is less than its length where it has holes and more where it was preallocated.
fn on_disk(path: &Path) -> Result<u64, String> {
    let metadata =
        fs::metadata(path).map_err(|error| format!("`{}` cannot be asked for its size: {error}", path.display()))?;
    #[cfg(unix)]
    let bytes = std::os::unix::fs::MetadataExt::blocks(&metadata) * 512;
    #[cfg(not(unix))]
    let bytes = metadata.len();
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_record_spoils_the_measurement() {
        let told =
            |records: u32, rejects: u32| format!("{{\"records\":{records},\"duplicates\":0,\"rejects\":{rejects}}}");
        assert!(counts(told(20, 0).as_bytes(), 20).is_ok());
        assert!(counts(told(19, 1).as_bytes(), 20).is_err());
        assert!(counts(told(19, 0).as_bytes(), 20).is_err());
        assert!(counts(b"{\"records\":20}", 20).is_err(), "counts that are not told are not taken for nothing");
        assert!(counts(b"done", 20).is_err());
    }

    #[test]
    fn folders_are_summed() {
        let folder = std::env::temp_dir().join(format!("writ-xtask-{}-sizes", std::process::id()));
        fs::create_dir_all(folder.join("log/deep")).unwrap();
        fs::write(folder.join("log/a"), [1; 9_000]).unwrap();
        fs::write(folder.join("log/deep/b"), [1; 9_000]).unwrap();
        fs::write(folder.join("one"), [1; 100]).unwrap();
        let sizes = sizes(&folder).unwrap();
        assert!(sizes["log"] >= 18_000 && sizes["one"] >= 100, "{sizes:?}");
        fs::remove_dir_all(&folder).unwrap();
    }
}
