//! Writ as a user runs it: worlds go in through `writ ingest`, answers come out of `writ why`.
//!
//! The released binary stamps receive times itself, so a world's `delivered_at` cannot become the
//! receive time. It gives the order of the ingest calls, and where a truth asks `as_of` an instant, the
//! calls are split there and the question is asked as of the moment between them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::world::{Line, World};
use crate::bench::record;

/// The binary, and a folder for one world's files and data.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) binary: PathBuf,
    pub(super) place: PathBuf,
}

/// What one event was answered with.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// Exit status; 255 where a signal ended it.
    pub(super) status: u8,
    /// `writ.answer/1`, if there was one.
    pub(super) answer: Option<Value>,
    /// The page for people.
    pub(super) text: String,
    pub(super) complaint: String,
}

/// A world that is in, and the wall-clock instants between its deliveries.
#[derive(Debug)]
pub(super) struct Loaded<'a> {
    product: &'a Product,
    data: PathBuf,
    user: String,
    /// `delivered_at` at which deliveries were split, and the instant that lies between them.
    splits: BTreeMap<String, String>,
    /// What the ingest summaries add up to.
    pub(super) counts: Counts,
}

/// Inputs by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Counts {
    pub(super) inputs: u64,
    pub(super) records: u64,
    pub(super) duplicates: u64,
    pub(super) rejects: u64,
}

impl Product {
    /// Ingests a world into an empty data folder; see [`groups`] for how records are brought in.
    pub(super) fn load(&self, world: &World) -> Result<Loaded<'_>, String> {
        if self.place.exists() {
            fs::remove_dir_all(&self.place)
                .map_err(|error| format!("`{}` cannot be cleared: {error}", self.place.display()))?;
        }
        fs::create_dir_all(&self.place)
            .map_err(|error| format!("`{}` cannot be made: {error}", self.place.display()))?;
        let mut splits: Vec<String> =
            world.asks.iter().filter_map(|ask| ask.get("as_of")?.as_str().map(str::to_owned)).collect();
        splits.sort();
        splits.dedup();
        let mut loaded = Loaded {
            product: self,
            data: self.place.join("data"),
            user: world.declared_by.clone(),
            splits: BTreeMap::new(),
            counts: Counts::default(),
        };
        let mut after: Option<&str> = None;
        for split in splits.iter().map(|split| Some(split.as_str())).chain([None]) {
            let due = |line: &Line| {
                after.is_none_or(|after| line.delivered_at.as_str() > after)
                    && split.is_none_or(|split| line.delivered_at.as_str() <= split)
            };
            for (n, group) in groups(world, due, split.is_none()).into_iter().enumerate() {
                loaded.ingest(n, &group).map_err(|cause| format!("`{}`: {cause}", world.name))?;
            }
            if let Some(split) = split {
                // Receive times are told to the millisecond: the instant lies strictly between two deliveries.
                wait(Duration::from_millis(3));
                loaded.splits.insert(split.to_owned(), now());
                wait(Duration::from_millis(3));
            }
            after = split;
        }
        Ok(loaded)
    }
}

/// Records that go in by one call of `writ ingest`.
struct Group<'a> {
    recorder: Option<&'a str>,
    complete: Option<&'a str>,
    /// By source.
    files: BTreeMap<&'a str, Vec<&'a Line>>,
}

/// The calls that bring a world in: one per recorder that must be named, one per source that is
/// declared complete (the declaration counts what is there, so it comes with the last delivery), and
/// one for everything else.
fn groups<'a>(world: &'a World, due: impl Fn(&Line) -> bool, last: bool) -> Vec<Group<'a>> {
    let mut groups: BTreeMap<(Option<&str>, Option<&str>), Group<'a>> = BTreeMap::new();
    for (source, lines) in &world.lines {
        let complete = world.complete.iter().find(|complete| complete.source == *source && last);
        let window = complete.map(|complete| complete.window.as_str());
        for line in lines.iter().filter(|line| due(line)) {
            let recorder = line.recorder.as_deref();
            let group = groups.entry((recorder, window)).or_insert_with(|| Group {
                recorder,
                complete: window,
                files: BTreeMap::new(),
            });
            group.files.entry(source).or_default().push(line);
        }
    }
    groups.into_values().collect()
}

impl Loaded<'_> {
    fn ingest(&mut self, n: usize, group: &Group<'_>) -> Result<(), String> {
        let folder = self.product.place.join(format!("in-{n}"));
        let told = |error| format!("`{}` cannot be written: {error}", folder.display());
        fs::create_dir_all(&folder).map_err(told)?;
        for (source, lines) in &group.files {
            let text: String = lines.iter().map(|line| line.evidence.to_string() + "\n").collect();
            fs::write(folder.join(format!("{source}.ndjson")), text).map_err(told)?;
        }
        let path = folder.to_string_lossy();
        let mut arguments = vec!["ingest", "--json", &*path];
        if let Some(recorder) = group.recorder {
            arguments.extend(["--recorder", recorder]);
        }
        if let Some(window) = group.complete {
            arguments.extend(["--complete", window]);
        }
        let output = self.run(&arguments, "")?;
        let cleared = fs::remove_dir_all(&folder);
        if !output.status.success() {
            return Err(format!(
                "writ {}: {}",
                arguments.join(" "),
                String::from_utf8_lossy(&output.stderr).trim_end()
            ));
        }
        cleared.map_err(told)?;
        let summary: Value = serde_json::from_slice(&output.stdout)
            .map_err(|error| format!("`writ ingest --json` gave no JSON: {error}"))?;
        let count = |name: &str| summary.get(name).and_then(Value::as_u64).unwrap_or(0);
        self.counts.inputs += count("inputs");
        self.counts.records += count("records");
        self.counts.duplicates += count("duplicates");
        self.counts.rejects += count("rejects");
        Ok(())
    }

    /// The instant on the clock that stands for one of the world's.
    fn split(&self, as_of: Option<&str>) -> Result<Option<&str>, String> {
        let Some(as_of) = as_of else { return Ok(None) };
        let split = self.splits.get(as_of).ok_or_else(|| format!("no delivery was split at {as_of}"))?;
        Ok(Some(split))
    }

    /// Asks about one event, for people too if `page`.
    pub(super) fn why(&self, event: &str, as_of: Option<&str>, page: bool) -> Result<Told, String> {
        let mut arguments = vec!["why", event];
        if let Some(split) = self.split(as_of)? {
            arguments.extend(["--as-of", split]);
        }
        let json = self.run(&[&arguments[..], &["--json"]].concat(), "")?;
        let text = if page { self.run(&arguments, "")?.stdout } else { Vec::new() };
        Ok(Told {
            status: json.status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX),
            answer: serde_json::from_slice(&json.stdout).ok().filter(|answer: &Value| answer.get("hops").is_some()),
            text: String::from_utf8_lossy(&text).into_owned(),
            complaint: String::from_utf8_lossy(&json.stderr).trim_end().to_owned(),
        })
    }

    /// Asks about several events in one process; what each was answered with, in turn.
    pub(super) fn why_all(&self, events: &[String], as_of: Option<&str>) -> Result<(u8, Vec<Option<Value>>), String> {
        let mut arguments = vec!["why", "-", "--json"];
        if let Some(split) = self.split(as_of)? {
            arguments.extend(["--as-of", split]);
        }
        let output = self.run(&arguments, &(events.join("\n") + "\n"))?;
        let status = output.status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX);
        let text = String::from_utf8_lossy(&output.stdout);
        let answers = text.lines().map(|line| serde_json::from_str(line).ok());
        let mut answers: Vec<Option<Value>> =
            answers.map(|answer| answer.filter(|answer: &Value| answer.get("hops").is_some())).collect();
        // A single event that is not found is the command's failure and prints nothing.
        answers.resize(events.len(), None);
        Ok((status, answers))
    }

    /// Runs the binary on the data folder. The input must be short enough for a pipe.
    fn run(&self, arguments: &[&str], input: &str) -> Result<Output, String> {
        let binary: &Path = &self.product.binary;
        let told = |error| format!("`{}` cannot be run: {error}", binary.display());
        let mut command = Command::new(binary);
        command.arg("--data").arg(&self.data).args(arguments);
        command.env("USER", &self.user).env("LANG", "C.UTF-8").env_remove("WRIT_DATA").env_remove("WRIT_CONFIG");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(told)?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command that fails early does not read its input; its status says why.
            let _ = stdin.write_all(input.as_bytes());
        }
        child.wait_with_output().map_err(told)
    }
}

fn wait(time: Duration) {
    // Nothing to wait for but the clock: deliveries must not share a millisecond with the instant between them.
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    let _ = receiver.recv_timeout(time);
    drop(sender);
}

/// The wall clock in RFC 3339.
fn now() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or(0);
    let (year, month, day) = record::date(seconds.div_euclid(86_400));
    let second = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", since.subsec_millis())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::world::Complete;

    #[test]
    fn records_go_in_by_recorder_and_declaration() {
        let line = |id: &str, recorder: Option<&str>| Line {
            id: id.to_owned(),
            delivered_at: format!("2026-04-23T0{}:00:00Z", id.len()),
            recorder: recorder.map(str::to_owned),
            evidence: Value::Null,
        };
        let world = World {
            name: "w".to_owned(),
            lines: [
                ("aws.cloudtrail".to_owned(), vec![line("a", None), line("bb", None)]),
                ("approval".to_owned(), vec![line("c", None)]),
                ("otel.log".to_owned(), vec![line("d", Some("otel:x")), line("e", None)]),
            ]
            .into(),
            complete: vec![Complete { source: "aws.cloudtrail".to_owned(), window: "A..B".to_owned() }],
            declared_by: "iris".to_owned(),
            ..World::empty()
        };
        let shape = |groups: Vec<Group<'_>>| -> Vec<(Option<String>, bool, usize)> {
            let shape = |group: &Group<'_>| {
                (group.recorder.map(str::to_owned), group.complete.is_some(), group.files.values().map(Vec::len).sum())
            };
            groups.iter().map(shape).collect()
        };
        let x = Some("otel:x".to_owned());
        assert_eq!(shape(groups(&world, |_| true, true)), [(None, false, 2), (None, true, 2), (x.clone(), false, 1)]);
        let early = |line: &Line| line.delivered_at.as_str() < "2026-04-23T02";
        assert_eq!(shape(groups(&world, early, false)), [(None, false, 3), (x, false, 1)]);
    }

    #[test]
    fn the_clock_is_told_in_rfc_3339() {
        let told = now();
        assert_eq!((told.len(), told.get(10..11), told.ends_with('Z')), (24, Some("T"), true), "{told}");
    }
}
