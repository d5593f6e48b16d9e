//! A folder, the built binary, and the answer's schema.

use serde_json::Value;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_path_buf()
}

/// A file of `../shared/data`, or `None`, said loudly, where that folder is not here.
pub fn shared(test: &str, path: &str) -> Option<PathBuf> {
    let found = repository().parent().unwrap().join("shared/data").join(path);
    if found.exists() {
        return Some(found);
    }
    eprintln!("SKIPPED {test}: ../shared/data is not here");
    None
}

/// A data folder of its own, removed at the end, and `writ` on it.
pub struct Writ {
    pub folder: tempfile::TempDir,
}

impl Writ {
    pub fn new() -> Writ {
        Writ { folder: tempfile::tempdir().unwrap() }
    }

    /// With the case of a role taken on by hand in it.
    pub fn with_assumed_role() -> Writ {
        let writ = Writ::new();
        let events = repository().join("scenarios/cases/by-hand-assume-role/events.ndjson");
        writ.ingest(&[events.to_str().unwrap()]);
        writ
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub fn command(&self, args: &[&str]) -> Command {
        self.command_beside("data", args)
    }

    /// The same on another data folder.
    pub fn command_beside(&self, data: &str, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_writ"));
        command.arg("--data").arg(self.path(data)).args(args).stdin(Stdio::null());
        command.env_remove("WRIT_DATA").env("USER", "responder").env("LANG", "C.UTF-8");
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs with this on standard input, all of which it reads.
    pub fn run_with(&self, args: &[&str], input: &[u8]) -> Output {
        let mut command = self.command(args);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Runs and expects exit status 0; standard output.
    pub fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "writ {args:?}: {}\n{err}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }

    /// Ingests and gives the summary.
    pub fn ingest(&self, args: &[&str]) -> Value {
        let all: Vec<&str> = ["ingest", "--json"].iter().chain(args).copied().collect();
        serde_json::from_str(&self.ok(&all)).unwrap()
    }

    /// Asks and gives the answer, validated against its schema.
    pub fn why(&self, args: &[&str]) -> Value {
        let all: Vec<&str> = ["why", "--json"].iter().chain(args).copied().collect();
        let answer: Value = serde_json::from_str(&self.ok(&all)).unwrap();
        validate(&answer);
        answer
    }
}

/// Checks an answer against `docs/reference/answer.schema.json`.
pub fn validate(answer: &Value) {
    static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
    let validator = SCHEMA.get_or_init(|| {
        let text = std::fs::read_to_string(repository().join("docs/reference/answer.schema.json")).unwrap();
        jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
    });
    let faults: Vec<String> =
        validator.iter_errors(answer).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "the answer breaks its schema: {faults:#?}\n{answer:#}");
}

/// What two answers must share to be the same (model, section 5): everything but when evidence was
/// received, how much there is, and as of when it was asked.
pub fn settled(mut answer: Value) -> Value {
    answer["event"]["received"] = Value::Null;
    answer["as_of"] = Value::Null;
    answer["evidence"]["log_size"] = Value::Null;
    for source in answer["sources"].as_array_mut().unwrap() {
        source["through"] = Value::Null;
    }
    answer
}

/// How good a strength is, gaps included.
pub fn rank(word: &str) -> u8 {
    match word {
        "proven" => 3,
        "asserted" => 2,
        "inferred" => 1,
        _ => 0,
    }
}
