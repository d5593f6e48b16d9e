//! What the machine does while Writ runs: a file that grows, a folder that cannot be written, a disk
//! that is full, somebody else who writes.

use super::seed::SEEDS;
use super::told::Told;
use crate::support::Writ;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

fn lines(numbers: std::ops::Range<u32>) -> String {
    numbers.fold(String::new(), |mut out, n| {
        let _ = writeln!(out, "{}", SEEDS[0].text(n));
        out
    })
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_file_that_grows_while_it_is_read_is_read_up_to_where_it_was_and_the_rest_next_time() {
    const BEFORE: u32 = 5_000;
    let writ = Writ::new();
    let path = writ.write("trail.ndjson", lines(0..BEFORE));
    let ended = AtomicBool::new(false);
    let (told, written) = std::thread::scope(|scope| {
        let grows = scope.spawn(|| {
            let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
            let mut n = BEFORE;
            // Half lines too: whoever writes a log flushes when its buffer is full.
            while !ended.load(Ordering::Relaxed) && n < 50_000 {
                let line = lines(n..n + 1);
                let (head, tail) = line.split_at(line.len() / 2);
                file.write_all(head.as_bytes()).unwrap();
                file.write_all(tail.as_bytes()).unwrap();
                n += 1;
            }
            n
        });
        let output = writ.run(&["ingest", "--json", path.to_str().unwrap()]);
        ended.store(true, Ordering::Relaxed);
        (Told::of("grows", &output), grows.join().unwrap())
    });
    assert!(told.n("records") >= u64::from(BEFORE) && told.n("rejects") <= 1, "{:#}", told.summary);
    if told.n("records") < u64::from(written) {
        assert!(told.stderr.contains("while it was read"), "{}", told.stderr);
    }
    let again = writ.ingest(&[path.to_str().unwrap()]);
    assert_eq!(again["inputs"], written);
    assert_eq!(again["duplicates"], told.n("records"));
}

#[test]
fn a_folder_that_cannot_be_made_is_named_with_what_to_do() {
    let writ = Writ::new();
    let input = writ.write("trail.ndjson", lines(0..1));
    let file = writ.write("a-file", "x");
    // Permissions do not bind whoever runs as root; these bind everybody.
    for folder in [file.join("data"), "/proc/writ-data".into(), "/dev/null/data".into()] {
        if !folder.starts_with(writ.folder.path()) && !cfg!(target_os = "linux") {
            continue;
        }
        for args in [&["ingest", input.to_str().unwrap()][..], &["why", "x"], &["find", "x"], &["sources"]] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_writ"));
            let output = command.arg("--data").arg(&folder).args(args).stdin(Stdio::null()).output().unwrap();
            let said = stderr(&output);
            let ingests = args[0] == "ingest";
            let status = output.status.code().unwrap();
            assert!(
                if ingests { status == 7 } else { [0, 2, 7].contains(&status) },
                "{folder:?} {args:?}: {status} {said}"
            );
            assert!(!said.contains("panicked"), "{said}");
            if status != 0 {
                assert!(said.contains(folder.to_str().unwrap()) && said.contains(": "), "{folder:?} {args:?}: {said}");
            }
        }
    }
}

/// A limit on the length of files, which the system enforces like a full disk.
#[cfg(unix)]
#[test]
fn a_disk_that_fills_up_stops_the_writer_and_loses_nothing_acknowledged() {
    let writ = Writ::new();
    let input = writ.write("trail.ndjson", lines(0..20_000));
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 4096; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_writ"), "--data"])
        .arg(writ.path("data"))
        .args(["ingest", "--acks"])
        .arg(&input)
        .output()
        .unwrap();
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(7), "{said}");
    assert!(said.contains("the disk is full") && said.contains("free space"), "{said}");
    let acknowledged: BTreeSet<String> =
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_string).collect();
    let there: BTreeSet<String> = super::told::everything(&writ).into_iter().collect();
    assert!(acknowledged.len() < 20_000 && acknowledged.is_subset(&there), "{} of {}", acknowledged.len(), there.len());
    // With room again it goes on where it stopped.
    let summary = writ.ingest(&[input.to_str().unwrap()]);
    assert_eq!(summary["inputs"], 20_000);
    assert!(summary["duplicates"].as_u64().unwrap() >= acknowledged.len() as u64, "{summary:#}");
}

#[test]
fn a_second_writer_is_told_to_wait_and_the_first_loses_nothing() {
    let writ = Writ::new();
    let mut command = writ.command(&["ingest", "--acks", "-"]);
    let mut first = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = first.stdin.take().unwrap();
    // More than a batch, so that some is acknowledged while the input is open: then the lock is held.
    stdin.write_all(lines(0..2_500).as_bytes()).unwrap();
    let mut stdout = BufReader::new(first.stdout.take().unwrap());
    let mut acknowledged = String::new();
    stdout.read_line(&mut acknowledged).unwrap();
    let id = acknowledged.trim();

    let input = writ.write("more.ndjson", lines(2_500..2_510));
    let second = writ.run(&["ingest", "--json", input.to_str().unwrap()]);
    let said = stderr(&second);
    assert_eq!(second.status.code(), Some(7), "{said}");
    assert!(said.contains("another process writes to") && said.contains("wait for it"), "{said}");
    assert!(said.contains(writ.path("data").to_str().unwrap()) && second.stdout.is_empty(), "{said}");
    // Readers need no lock, and find what was acknowledged.
    writ.ok(&["show", id]);

    stdin.write_all(lines(2_600..2_610).as_bytes()).unwrap();
    drop(stdin);
    let rest = stdout.lines().map_while(Result::ok).filter(|line| line.starts_with('#')).count();
    assert!(first.wait().unwrap().success());
    assert_eq!(rest + 1, 2_510);
    assert_eq!(writ.ingest(&[input.to_str().unwrap()])["records"], 10);
}
