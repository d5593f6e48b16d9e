//! Writ as a user runs it: the release binary, started as a process, timed from outside.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use serde_json::Value;

use super::corpus::Corpus;

/// The release binary and the folder it keeps its data in.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) binary: PathBuf,
    pub(super) data: PathBuf,
}

/// What one ingest came to.
#[derive(Clone, Debug)]
pub(super) struct Ingest {
    pub(super) seconds: f64,
    /// Bytes on disk, by the first part of the path in the data folder.
    pub(super) bytes: BTreeMap<String, u64>,
    /// How often the log was synced: the frames in it, each of which is one group commit.
    pub(super) n_syncs: usize,
}

/// What look-ups came to.
#[derive(Clone, Debug)]
pub(super) struct Why {
    /// Milliseconds of a process that answers about one event, its start and the opening of the folder included.
    pub(super) alone_ms: Vec<f64>,
    /// Milliseconds of one process that answers about many.
    pub(super) together_ms: f64,
    pub(super) n_together: usize,
}

/// Events that are asked about in a process of their own; each opens the folder anew.
const N_ALONE: usize = 20;

impl Product {
    /// Ingests the corpus into an empty data folder.
    pub(super) fn ingest(&self, corpus: &Corpus) -> Result<Ingest, String> {
        if self.data.exists() {
            fs::remove_dir_all(&self.data)
                .map_err(|error| format!("`{}` cannot be cleared: {error}", self.data.display()))?;
        }
        let folder = corpus.folder.to_string_lossy();
        let (output, ms) = self.timed(&["ingest", &folder, "--json"], "")?;
        counts(&output.stdout, corpus.n_records)?;
        Ok(Ingest { seconds: ms / 1_000.0, bytes: sizes(&self.data)?, n_syncs: frames(&self.data.join("log"))? })
    }

    /// Asks about events, some alone and all together.
    pub(super) fn why(&self, sample: &[String]) -> Result<Why, String> {
        let events: Vec<String> = sample.iter().map(|id| format!("aws.cloudtrail:{id}")).collect();
        let stride = events.len().div_ceil(N_ALONE).max(1);
        let mut alone_ms = Vec::new();
        for (event, id) in events.iter().zip(sample).step_by(stride) {
            let (output, ms) = self.timed(&["why", event, "--json"], "")?;
            answers(&output, std::slice::from_ref(id))?;
            alone_ms.push(ms);
        }
        let (output, together_ms) = self.timed(&["why", "-", "--json"], &(events.join("\n") + "\n"))?;
        answers(&output, sample)?;
        Ok(Why { alone_ms, together_ms, n_together: events.len() })
    }

    fn timed(&self, arguments: &[&str], input: &str) -> Result<(Output, f64), String> {
        let start = Instant::now();
        let output = self.run(arguments, input)?;
        let ms = start.elapsed().as_secs_f64() * 1_000.0;
        if output.status.success() { Ok((output, ms)) } else { Err(complaint(&arguments.join(" "), &output)) }
    }

    /// Runs the binary on the data folder. The input must be short enough for a pipe.
    fn run(&self, arguments: &[&str], input: &str) -> Result<Output, String> {
        let told = |error| format!("`{}` cannot be run: {error}", self.binary.display());
        let mut command = Command::new(&self.binary);
        command.arg("--data").arg(&self.data).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(told)?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes()).map_err(told)?;
        }
        child.wait_with_output().map_err(told)
    }
}

/// Makes sure that each event was answered, in turn.
fn answers(output: &Output, ids: &[String]) -> Result<(), String> {
    let text = String::from_utf8_lossy(&output.stdout);
    let mut lines = text.lines();
    for id in ids {
        let answer: Option<Value> = lines.next().and_then(|line| serde_json::from_str(line).ok());
        let answered = answer.as_ref().and_then(|answer| answer.pointer("/event/native_id")).and_then(Value::as_str);
        if answered != Some(id) {
            return Err(format!("`writ why` gave no answer about `{id}` where one was due"));
        }
    }
    Ok(())
}

/// Reads `writ.ingest/1` and makes sure that every record went in, once.
fn counts(stdout: &[u8], n_records: usize) -> Result<(), String> {
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

/// The frames in the files of a log: how often their magic bytes occur.
///
/// Inside compressed evidence eight given bytes occur by chance once in 10^19 places.
fn frames(folder: &Path) -> Result<usize, String> {
    const MAGIC: &[u8] = b"\x9eWritFr\n";
    let told = |error| format!("`{}` cannot be read: {error}", folder.display());
    let mut n_frames = 0;
    for entry in fs::read_dir(folder).map_err(told)? {
        let bytes = fs::read(entry.map_err(told)?.path()).map_err(told)?;
        n_frames += bytes.windows(MAGIC.len()).filter(|window| *window == MAGIC).count();
    }
    if n_frames > 0 { Ok(n_frames) } else { Err(format!("`{}` holds no frame", folder.display())) }
}

fn complaint(what: &str, output: &Output) -> String {
    format!("`writ {what}` ended with {}:\n{}", output.status, String::from_utf8_lossy(&output.stderr).trim_end())
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
    fn every_event_needs_its_own_answer() {
        let output = |text: &str| Output {
            status: std::process::ExitStatus::default(),
            stdout: text.into(),
            stderr: Vec::new(),
        };
        let line = |id: &str| format!("{{\"event\":{{\"native_id\":\"{id}\"}}}}\n");
        let ids = ["a".to_owned(), "b".to_owned()];
        assert!(answers(&output(&(line("a") + &line("b"))), &ids).is_ok());
        assert!(answers(&output(&line("a")), &ids).is_err());
        assert!(answers(&output(&(line("b") + &line("a"))), &ids).is_err());
        assert!(answers(&output("{\"error\":\"not found\"}\n"), &ids[..1]).is_err());
    }

    #[test]
    fn frames_are_counted_in_all_files_of_a_log() {
        let folder = std::env::temp_dir().join(format!("writ-xtask-{}-frames", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("a.log"), b"\x9eWritFr\nxx\x9eWritFr\nWritFr\n").unwrap();
        fs::write(folder.join("b.log"), b"\x9eWritFr\n").unwrap();
        assert_eq!(frames(&folder), Ok(3));
        fs::remove_file(folder.join("a.log")).unwrap();
        fs::write(folder.join("b.log"), b"another format").unwrap();
        assert!(frames(&folder).is_err());
        fs::remove_dir_all(&folder).unwrap();
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
