//! A reader that may write nothing, beside a process that ingests.

use crate::support::{Writ, validate};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Output, Stdio};

/// Mounts what the first argument names over the second, read-only, and runs the rest there. The control
/// comes first: where a file can be made, nothing is shown.
const MOUNTED: &str = r#"
set -e
mount --bind "$1" "$2"
mount -o remount,bind,ro "$2"
if touch "$2/made" 2>/dev/null; then echo 'the mount can be written to' >&2; exit 99; fi
shift 2
exec "$@"
"#;

/// Records sent in each round, and how many of them are surely handed on before more comes: the beginning of
/// an input is held back, and what fills no batch waits for more.
const SENT: usize = 4_000;
const HANDED_ON: usize = 2_000;

/// `writ` on a read-only mount of a folder, in a mount namespace of its own; `None` where the system
/// does not let us have one.
fn on_a_read_only_mount(writ: &Writ, args: &[&str]) -> Option<Output> {
    let namespace = ["--user", "--map-root-user", "--mount"];
    let may = Command::new("unshare").args(namespace).arg("true").output();
    if !may.is_ok_and(|output| output.status.success()) {
        return None;
    }
    let mount = writ.path("mounted");
    std::fs::create_dir_all(&mount).unwrap();
    let mut command = Command::new("unshare");
    command.args(namespace).args(["sh", "-c", MOUNTED, "sh"]).arg(writ.path("kept")).arg(&mount);
    command.arg(env!("CARGO_BIN_EXE_writ")).arg("--data").arg(mount.join("data")).args(args);
    Some(command.env_remove("WRIT_DATA").stdin(Stdio::null()).output().unwrap())
}

/// One record of a person, of its own second.
fn event(n: usize) -> String {
    let mut text = String::new();
    write!(
        text,
        r#"{{"eventVersion":"1.11","userIdentity":{{"type":"IAMUser","principalId":"AIDAQREADONLY000001","arn":"arn:aws:iam::111122223333:user/mira","accountId":"111122223333","userName":"mira","accessKeyId":"AKIAQREADONLY0000001"}},"eventTime":"2026-10-14T09:00:{:02}Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-central-1","requestParameters":{{"bucketName":"b","key":"k/{n}"}},"responseElements":null,"eventID":"00000000-0000-4000-8000-{n:012}","eventType":"AwsApiCall","recipientAccountId":"111122223333"}}"#,
        n % 60
    )
    .unwrap();
    text
}

#[test]
fn a_reader_on_a_read_only_mount_answers_while_another_process_ingests() {
    let writ = Writ::new();
    std::fs::create_dir_all(writ.path("kept")).unwrap();
    let mut ingest = Command::new(env!("CARGO_BIN_EXE_writ"))
        .arg("--data")
        .arg(writ.path("kept/data"))
        .args(["ingest", "--acks", "-"])
        .env_remove("WRIT_DATA")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = ingest.stdin.take().unwrap();
    // Whoever sends and does not read what is acknowledged meanwhile stops both sides.
    let lines = BufReader::new(ingest.stdout.take().unwrap()).lines();
    let (told, acks) = std::sync::mpsc::channel();
    let listener = std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| told.send(line)));
    let (mut n_acknowledged, mut last) = (0, String::new());
    for round in 0..3 {
        for n in round * SENT..(round + 1) * SENT {
            writeln!(input, "{}", event(n)).unwrap();
        }
        input.flush().unwrap();
        while n_acknowledged < round * SENT + HANDED_ON {
            last = acks.recv().expect("ingest goes on");
            assert!(last.starts_with('#'), "{last}");
            n_acknowledged += 1;
        }
        let Some(output) = on_a_read_only_mount(&writ, &["why", "--json", &last]) else {
            assert!(std::env::var_os("CI").is_none(), "a mount namespace of its own is needed: unshare --user --mount");
            eprintln!("SKIPPED a_reader_on_a_read_only_mount: unshare(1) may not make a mount namespace here");
            ingest.kill().unwrap();
            ingest.wait().unwrap();
            return;
        };
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {err}", output.status);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        validate(&answer);
        let size = usize::try_from(answer["evidence"]["log_size"].as_u64().unwrap()).unwrap();
        assert!((n_acknowledged..=(round + 1) * SENT).contains(&size), "{size} records, {n_acknowledged} acknowledged");
        assert!(ingest.try_wait().unwrap().is_none(), "the other process still ingests");
    }
    drop(input);
    assert!(ingest.wait().unwrap().success());
    let _ = listener.join();
}
