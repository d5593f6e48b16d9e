//! Spans from a real SDK: agents of a Python framework run against a model and a cloud of this machine
//! (`tests/sdk`), and what the SDK's exporters wrote is asked about.
//!
//! The spans are what those releases emit, not what we think they do. Everything in them is by the
//! agents' own account: nothing they say is more than `asserted`.

use crate::support::{Writ, repository, settled};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// How a person gets the packages without the continuous integration.
const REMEDY: &str = "what crates/writ/tests/sdk/requirements.txt pins is not installed; .ci/run shows how";

/// What the agents' run left: exports of both encodings, the cloud's record, and who did what.
struct Run {
    folder: tempfile::TempDir,
    told: Value,
}

impl Run {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What happened for a person: `event`, `request`, `resource`, and `calls`, the outermost first.
    fn of(&self, person: &str, pointer: &str) -> &str {
        self.told[person].pointer(pointer).unwrap().as_str().unwrap()
    }

    /// A data folder that has read these files of the run.
    fn ingested(&self, names: &[&str]) -> (Writ, Value) {
        let writ = Writ::new();
        let paths: Vec<PathBuf> = names.iter().map(|name| self.path(name)).collect();
        let paths: Vec<&str> = paths.iter().map(|path| path.to_str().unwrap()).collect();
        let summary = writ.ingest(&paths);
        assert_eq!(summary["rejects"], 0, "{summary:#}");
        (writ, summary)
    }
}

/// The run, made once for all tests; `None`, said loudly, where the SDK is not here.
fn run(test: &str) -> Option<&'static Run> {
    static RUN: OnceLock<Option<Run>> = OnceLock::new();
    let run = RUN.get_or_init(|| python().map(|python| agents(&python))).as_ref();
    if run.is_none() {
        eprintln!("SKIPPED {test}: {REMEDY}");
    }
    run
}

/// A Python that has the packages: the one that is named, the one that `.ci/run` made, or the machine's.
fn python() -> Option<PathBuf> {
    let made = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("python/bin/python");
    let named = std::env::var_os("WRIT_TEST_PYTHON").map(PathBuf::from);
    let mut candidates = named.map_or_else(|| vec![made, PathBuf::from("python3")], |named| vec![named]).into_iter();
    candidates.find(|python| {
        let mut check = program(python, "present.py");
        check.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    })
}

fn program(python: &Path, name: &str) -> Command {
    let mut command = Command::new(python);
    // Without `-B` it would leave compiled files in the source tree.
    command.arg("-B").arg(repository().join("crates/writ/tests/sdk").join(name)).stdin(Stdio::null());
    command
}

fn agents(python: &Path) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let output = program(python, "agent.py").arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    let told = serde_json::from_slice(&std::fs::read(folder.path().join("told.json")).unwrap()).unwrap();
    Run { folder, told }
}

fn hops<'a>(answer: &'a Value, chain: &str) -> Vec<&'a Value> {
    answer["hops"].as_array().unwrap().iter().filter(|hop| hop["chain"] == chain).collect()
}

/// Edge, rule and strength of each hop of the command chain, cause first.
fn command(answer: &Value) -> Value {
    let told = hops(answer, "command").into_iter().map(|hop| json!([hop["edge"], hop["rule"], hop["strength"]]));
    told.collect()
}

/// The hop of the command chain that this rule made.
fn by_rule<'a>(answer: &'a Value, rule: &str) -> &'a Value {
    hops(answer, "command").into_iter().find(|hop| hop["rule"] == rule).unwrap_or_else(|| panic!("{rule}: {answer:#}"))
}

fn names(answer: &Value, kind: &str) -> Vec<String> {
    let nodes = answer["nodes"].as_array().unwrap().iter().filter(|node| node["kind"] == kind);
    nodes.map(|node| node["name"].as_str().unwrap().to_owned()).collect()
}

fn asked_only_by(answer: &Value, person: &str) {
    let asked = json!([{
        "principal": format!("user:{person}"), "kind": "human", "name": person,
        "strength": "asserted", "grade": null, "mode": null,
    }]);
    assert_eq!(answer["asked_by"], asked, "{answer:#}");
    assert_eq!(answer["verdict"]["command"], json!({"word": "complete", "weakest": "asserted"}));
    let sentence = answer["sentence"].as_str().unwrap().to_lowercase();
    assert!(sentence.contains(&format!("by the agent's own account, {person} asked (asserted)")), "{sentence}");
}

#[test]
fn of_two_runs_at_one_moment_each_effect_is_by_whoever_asked_for_it() {
    let Some(run) = run("runs at one moment") else { return };
    let (writ, _) = run.ingested(&["spans.jsonl", "cloudtrail.jsonl"]);
    for (person, other) in [("mira", "lena"), ("lena", "mira")] {
        let answer = writ.why(&[run.of(person, "/event")]);
        asked_only_by(&answer, person);
        assert!(!answer.to_string().contains(other), "{answer:#}");
        let expected = json!([
            ["asked", "agent.asked", "asserted"],
            ["called", "agent.enclosed", "asserted"],
            ["proposed", "agent.proposed", "asserted"],
            ["called", "agent.request", "asserted"],
        ]);
        assert_eq!(command(&answer), expected, "{answer:#}");
        let key = &by_rule(&answer, "agent.request")["keys"][0];
        assert_eq!((&key["kind"], &key["shown"]), (&json!("request"), &json!(run.of(person, "/request"))));
        assert_eq!(by_rule(&answer, "agent.proposed")["keys"][0]["shown"], run.of(person, "/calls/0/call"));
        assert_eq!(names(&answer, "agent"), ["volume-keeper"]);
        assert_eq!(names(&answer, "session"), [format!("conversation conv-{person}-01")]);
        // The power is told apart from whoever asked, and rests on the cloud's own word.
        let power = &answer["powered_by"][0];
        assert_eq!(power["name"], "arn:aws:iam::111122223333:user/agent-runner");
        assert_eq!(power["strength"], "proven");
        assert!(answer["findings"].to_string().contains("asker_and_power_differ"), "{answer:#}");
    }
}

#[test]
fn a_call_shows_its_user_agent_conversation_arguments_and_the_answer_that_proposed_it() {
    let Some(run) = run("a call by itself") else { return };
    let (writ, _) = run.ingested(&["spans.jsonl"]);
    // The framework tells arguments as text, the other agent as a structure: they are read alike.
    let calls = [("mira", 0, "volume-keeper", "volume_id"), ("omar", 1, "snapshot-cleaner", "snapshot_id")];
    for (person, at, agent, parameter) in calls {
        let span = run.of(person, &format!("/calls/{at}/span"));
        let answer = writ.why(&[span]);
        asked_only_by(&answer, person);
        assert_eq!(answer["event"]["kind"], "tool_call");
        assert_eq!(by_rule(&answer, "agent.proposed")["strength"], "asserted");

        let shown: Value = serde_json::from_str(&writ.ok(&["show", "--json", span])).unwrap();
        let fact = &shown["facts"][0];
        assert_eq!((&fact["kind"], &fact["outcome"]), (&json!("tool_call"), &json!("success")), "{fact:#}");
        assert_eq!((&fact["actor"]["name"], &fact["actor"]["class"]), (&json!(agent), &json!("self")));
        let has = |kind: &str, value: &str| {
            let keys = fact["keys"].as_array().unwrap();
            let found =
                keys.iter().find(|key| key["kind"] == kind && key["role"] == "carries" && key["value"] == value);
            assert!(found.is_some_and(|key| key["class"] == "self"), "{kind} {value}: {fact:#}");
        };
        let resource = run.of(person, "/resource");
        has("tool_call", run.of(person, &format!("/calls/{at}/call")));
        has("resource", resource);
        has("arguments", &digest(&json!({parameter: resource})));
        if person == "mira" {
            has("conversation", "conv-mira-01");
        }
    }
}

/// The digest of canonical JSON, which for these arguments is what `serde_json` writes.
fn digest(arguments: &Value) -> String {
    Sha256::digest(arguments.to_string()).iter().fold("sha256:".to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[test]
fn work_handed_to_another_service_leads_back_to_whoever_asked_the_first_agent() {
    let Some(run) = run("a hand-over") else { return };
    let (writ, _) = run.ingested(&["spans.jsonl", "cloudtrail.jsonl"]);
    let answer = writ.why(&[run.of("omar", "/event")]);
    asked_only_by(&answer, "omar");
    let expected = json!([
        ["asked", "agent.asked", "asserted"],
        ["delegated", "agent.delegated", "asserted"],
        ["called", "agent.enclosed", "asserted"],
        ["proposed", "agent.proposed", "asserted"],
        ["called", "agent.request", "asserted"],
    ]);
    assert_eq!(command(&answer), expected, "{answer:#}");
    let mut agents = names(&answer, "agent");
    agents.sort();
    assert_eq!(agents, ["dispatcher", "snapshot-cleaner"]);
    // The call that handed the work over names the same snapshot, and is no second cause.
    let alternatives = by_rule(&answer, "agent.request")["alternatives"].as_array().unwrap();
    assert_eq!(alternatives.len(), 1, "{answer:#}");
    assert!(alternatives[0]["against"].to_string().contains("leads to the same asker"), "{answer:#}");
    asked_only_by(&writ.why(&[run.of("omar", "/calls/0/span")]), "omar");
}

#[test]
fn without_the_first_agents_spans_nobody_is_known_to_have_asked_the_second() {
    let Some(run) = run("a hand-over without its beginning") else { return };
    let lines = std::fs::read_to_string(run.path("spans.jsonl")).unwrap();
    let kept: Vec<&str> = lines.lines().filter(|line| line.contains("acme-snapshots")).collect();
    assert!(!kept.is_empty() && kept.iter().all(|line| !line.contains("acme-ops")), "one line is of one service");
    let writ = Writ::new();
    let spans = writ.write("spans.jsonl", kept.join("\n"));
    writ.ingest(&[spans.to_str().unwrap(), run.path("cloudtrail.jsonl").to_str().unwrap()]);
    let answer = writ.why(&[run.of("omar", "/event")]);
    assert_eq!(answer["asked_by"], json!([]), "{answer:#}");
    assert_eq!(by_rule(&answer, "agent.request")["strength"], "asserted");
    assert_eq!(answer["verdict"]["command"]["weakest"], "gap");
}

#[test]
fn without_the_request_id_the_call_is_a_guess() {
    let Some(run) = run("no request id") else { return };
    let lines = std::fs::read_to_string(run.path("spans.jsonl")).unwrap();
    let writ = Writ::new();
    let spans = writ.write("spans.jsonl", lines.replace("aws.request_id", "acme.request"));
    writ.ingest(&[spans.to_str().unwrap(), run.path("cloudtrail.jsonl").to_str().unwrap()]);
    let answer = writ.why(&[run.of("mira", "/event")]);
    let hop = by_rule(&answer, "agent.features");
    assert_eq!((&hop["strength"], &hop["grade"]), (&json!("inferred"), &json!("weak")), "{answer:#}");
    assert_eq!(
        (&answer["asked_by"][0]["name"], &answer["asked_by"][0]["strength"]),
        (&json!("mira"), &json!("inferred"))
    );
    let gaps = answer["gaps"].as_array().unwrap();
    assert!(gaps.iter().any(|gap| gap["reason"] == "key_missing"), "{answer:#}");
}
#[test]
fn both_encodings_give_the_same_answers() {
    let Some(run) = run("both encodings") else { return };
    let (json, _) = run.ingested(&["spans.jsonl", "cloudtrail.jsonl"]);
    let (protobuf, _) = run.ingested(&["spans.pb", "cloudtrail.jsonl"]);
    let (both, summary) = run.ingested(&["spans.jsonl", "spans.pb", "cloudtrail.jsonl"]);
    assert_eq!(summary["duplicates"], summary["sources"]["otel.span"]["records"], "{summary:#}");
    for person in ["mira", "lena", "omar"] {
        for asked in ["/event", "/calls/0/span"] {
            let asked = [run.of(person, asked)];
            let answer = settled(json.why(&asked));
            assert_eq!(settled(protobuf.why(&asked)), answer);
            assert_eq!(settled(both.why(&asked)), answer);
        }
    }
}
