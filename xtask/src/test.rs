//! `cargo xtask test`: every test of the repository and the checks that are quick, in one command.
//!
//! It needs a Rust toolchain with rustfmt, and a C compiler. What a linter says of the code is a command
//! of its own, `cargo xtask lint`: it compiles everything once more. Each step prints its time; the
//! first that fails ends the run. The last lines name what was skipped and count the tests in the
//! form `N passed, N failed, N skipped`, which the continuous integration reads.
//!
//! **A test that cannot run** (because `../shared/data` is not here, or on a person's machine what
//! `.ci/run` installs) prints one line `SKIPPED name: reason` with `eprintln!` and returns. The test
//! harness is asked to show what passing tests print, so the line is found wherever it is printed; a
//! skipped test is not counted as passed. Where `CI` is `true`, any skip but for missing data, and any
//! ignored test, fails the run.

mod outcome;

use std::io::{BufRead as _, BufReader, IsTerminal as _};
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use crate::bench::sqlite;
use crate::{cargo, generate, score, tidy};
use outcome::{Outcome, Skip};

/// The one reason for a skip that the continuous integration accepts.
const MISSING_DATA: &str = "../shared/data is not here";

/// Targets without a standard library, of which any that is installed proves `no_std`.
const BARE_TARGETS: &[&str] =
    &["wasm32v1-none", "x86_64-unknown-none", "aarch64-unknown-none", "thumbv7em-none-eabi", "thumbv7em-none-eabihf"];

/// What the steps need to know.
struct Run<'a> {
    root: &'a Path,
    ci: bool,
    outcome: Outcome,
}

/// One step: its name, and what it does.
struct Step {
    name: &'static str,
    /// Left out by `cargo xtask test quick`.
    slow: bool,
    run: fn(&mut Run<'_>) -> Result<(), String>,
}

const STEPS: &[Step] = &[
    Step { name: "format", slow: false, run: format },
    Step { name: "tidy", slow: false, run: |_| tidy::run(&[]) },
    Step { name: "generated", slow: false, run: |_| generate::run(&["--check".to_owned()]) },
    Step { name: "no_std", slow: true, run: no_std },
    Step { name: "tests", slow: false, run: tests },
    Step { name: "score", slow: false, run: |run| score::run(&scored(run.root, &[])?) },
    Step { name: "perturb", slow: true, run: |run| score::run(&scored(run.root, &["--perturb", "60"])?) },
];

/// How the workspace is formatted, and the program beside it.
fn format(run: &mut Run<'_>) -> Result<(), String> {
    cargo::run(run.root, &["fmt", "--all", "--check"])?;
    cargo::run(run.root, &["fmt", "--check", "--manifest-path", sqlite::MANIFEST])
}

/// What `score` is called with: the binary that the tests have just built, and these.
fn scored(root: &Path, more: &[&str]) -> Result<Vec<String>, String> {
    let binary = cargo::target(root)?.join("debug").join("writ");
    let mut arguments = vec!["--binary".to_owned(), binary.display().to_string()];
    arguments.extend(more.iter().map(ToString::to_string));
    Ok(arguments)
}

/// `cargo xtask test [quick]`
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let quick = match arguments {
        [] => false,
        [word] if word == "quick" => true,
        _ => {
            return Err(
                "`cargo xtask test` knows one word, `quick`; to run some tests, use `cargo test NAME`".to_owned()
            );
        }
    };
    let root = cargo::root();
    let mut run = Run { root: &root, ci: cargo::is_ci(), outcome: Outcome::default() };
    let mut failure = None;
    for step in STEPS.iter().filter(|step| !(quick && step.slow)) {
        println!("== {}", step.name);
        let start = Instant::now();
        let result = (step.run)(&mut run);
        let seconds = start.elapsed().as_secs_f64();
        match result {
            Ok(()) => println!("   {} took {seconds:.1} s", step.name),
            Err(cause) => {
                failure = Some(format!("step `{}` failed after {seconds:.1} s: {cause}", step.name));
                break;
            }
        }
    }
    let outcome = &run.outcome;
    if outcome.n_binaries > 0 {
        for skip in &outcome.skipped {
            println!("SKIPPED {}", skip.text);
        }
        println!("{outcome}");
    }
    failure.map_or(Ok(()), Err)
}

/// Builds the pure rooms where there is no standard library, if this machine has such a target.
fn no_std(run: &mut Run<'_>) -> Result<(), String> {
    let sysroot = std::process::Command::new("rustc").args(["--print", "sysroot"]).output();
    let sysroot = sysroot.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    let libraries = Path::new(&sysroot).join("lib/rustlib");
    let Some(target) = BARE_TARGETS.iter().find(|target| libraries.join(target).join("lib").exists()) else {
        println!("   no target without std is installed; tidy has read the features instead");
        return Ok(());
    };
    for name in tidy::no_std::CRATES {
        cargo::run(run.root, &["check", "--quiet", "--package", name, "--target", target])?;
    }
    println!("   built for {target}");
    Ok(())
}

/// Runs the tests, shows what is worth reading and counts the rest.
fn tests(run: &mut Run<'_>) -> Result<(), String> {
    let colour = if std::io::stderr().is_terminal() { "always" } else { "auto" };
    let test = ["test", "--workspace", "--no-fail-fast", "--color", colour];
    let arguments = [&test, cargo::lock(), &["--", "--show-output"]].concat();
    let mut child = cargo::cargo(run.root)
        .args(&arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cargo does not start: {error}"))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    // What cargo and the children of tests print is passed on as it comes, and searched for skips.
    let listener = std::thread::spawn(move || {
        let (mut skipped, mut n_started) = (Vec::new(), 0);
        for line in stderr.into_iter().flat_map(|pipe| BufReader::new(pipe).split(b'\n')).map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            skipped.extend(Skip::find(&line));
            n_started += usize::from(outcome::starts_binary(&line));
            eprintln!("{line}");
        }
        (skipped, n_started)
    });
    for line in stdout.into_iter().flat_map(|pipe| BufReader::new(pipe).split(b'\n')).map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        if run.outcome.read(&line) {
            println!("{line}");
        }
    }
    let status = child.wait().map_err(|error| format!("cargo cannot be waited for: {error}"))?;
    let (skipped, n_started) = listener.join().unwrap_or_default();
    run.outcome.skipped.extend(skipped);
    run.outcome.judge(status.success(), n_started, run.ci)
}
