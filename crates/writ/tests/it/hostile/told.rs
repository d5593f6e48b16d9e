//! What `writ` said of hostile input, and what holds of it whatever came in.

use crate::support::Writ;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Output, Stdio};

/// Longest line on standard error, and longest cause of a reject: a person reads them.
const SAID_BYTES_MAX: usize = 2_000;

/// What `writ ingest --json` said.
pub struct Told {
    pub status: i32,
    pub summary: Value,
    pub stderr: String,
}

impl Told {
    /// Reads what was said, and checks what always holds.
    pub fn of(what: &str, output: &Output) -> Told {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let status = output.status.code().unwrap_or_else(|| panic!("{what}: {}\n{stderr}", output.status));
        assert!(!stderr.contains("panicked") && [0, 7].contains(&status), "{what}: {status}\n{stderr}");
        let summary = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{what}: {status}\n{stderr}"));
        let told = Told { status, summary, stderr };
        told.check(what);
        told
    }

    pub fn n(&self, name: &str) -> u64 {
        self.summary[name].as_u64().unwrap()
    }

    fn rejected(&self) -> &[Value] {
        self.summary["rejected"].as_array().unwrap()
    }

    pub fn causes(&self) -> Vec<&str> {
        self.rejected().iter().map(|one| one["cause"].as_str().unwrap()).collect()
    }

    pub fn problems(&self) -> &[Value] {
        self.summary["problems"].as_array().unwrap()
    }

    /// On how many lines something was rejected.
    pub fn lines_rejected(&self) -> usize {
        self.rejected().iter().map(|one| one["line"].as_u64()).collect::<BTreeSet<_>>().len()
    }

    fn check(&self, what: &str) {
        let summary = &self.summary;
        assert_eq!(
            self.n("inputs"),
            self.n("records") + self.n("duplicates") + self.n("rejects"),
            "{what}: every input is accounted for\n{summary:#}"
        );
        assert_eq!(self.n("rejects"), self.rejected().len() as u64 + self.n("rejected_unlisted"), "{what}");
        for reject in self.rejected() {
            let placed = reject["line"].as_u64().unwrap() >= 1 && reject["byte"].is_u64() && reject["file"].is_string();
            assert!(placed, "{what}: {reject}");
        }
        let said = self.problems().iter().flat_map(|one| [&one["file"], &one["cause"], &one["remedy"]]);
        for text in said.map(|text| text.as_str().unwrap()).chain(self.causes()).chain(self.stderr.lines()) {
            assert!(!text.is_empty() && text.len() < SAID_BYTES_MAX, "{what}: {} bytes: {text:.300}", text.len());
        }
        let status = if self.problems().is_empty() { 0 } else { 7 };
        assert_eq!(self.status, status, "{what}: {summary:#}\n{}", self.stderr);
    }
}

/// Ingests these bytes from standard input, and as a file into a folder beside, where the same must come of them.
pub fn ingest(writ: &Writ, what: &str, bytes: &[u8]) -> Told {
    let told = Told::of(what, &with_input(writ, &["ingest", "--json", "-"], bytes));
    let file = writ.write("of-file/input", bytes);
    let beside = writ.command_beside("of-file/data", &["ingest", "--json", file.to_str().unwrap()]).output().unwrap();
    let beside = Told::of(what, &beside).summary.to_string().replace(file.to_str().unwrap(), "-");
    assert_eq!(settled(&told.summary), settled(&serde_json::from_str(&beside).unwrap()), "{what}: of the file");
    told
}

/// A summary without the order in which workers told of rejects.
fn settled(summary: &Value) -> Value {
    let mut summary = summary.clone();
    for list in ["rejected", "open", "problems", "notes"] {
        if let Some(list) = summary.get_mut(list).and_then(Value::as_array_mut) {
            list.sort_by_key(Value::to_string);
        }
    }
    summary
}

/// Runs `writ` with these bytes on standard input.
pub fn with_input(writ: &Writ, args: &[&str], input: &[u8]) -> Output {
    let mut command = writ.command(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input).unwrap());
        child.wait_with_output().unwrap()
    })
}

/// Every record that is here, those that Writ wrote and rejects included, by its record id.
pub fn everything(writ: &Writ) -> Vec<String> {
    let found = writ.ok(&["find", "source:*", "--limit", "100000", "--json"]);
    let records = found.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    records.filter_map(|line| line["record"].as_str().map(str::to_string)).collect()
}

/// Records that are asked about, of those that came in at once: an answer takes long where tests run.
const ASKED_MAX: usize = 12;

/// Everything that came in can be shown, and some of it asked about, whatever stands in it.
pub fn ask_everything(writ: &Writ, what: &str) {
    let all = everything(writ);
    let some = all.iter().step_by(all.len().div_ceil(ASKED_MAX)).cloned().collect();
    for (command, all) in [("show", all), ("why", some)] {
        let output = with_input(writ, &[command, "--json", "-"], all.join("\n").as_bytes());
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && stderr.is_empty(), "{what}: {command}: {}\n{stderr:.2000}", output.status);
        let n = output.stdout.split(|byte| *byte == b'\n').count() - 1;
        assert_eq!(n, all.len(), "{what}: {command}");
    }
}
