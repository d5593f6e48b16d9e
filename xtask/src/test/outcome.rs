//! Reading what `cargo test -- --show-output` prints.

use std::fmt;

use super::MISSING_DATA;

/// What the tests of all binaries came to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// As the harness counts, to whom a skipped test has passed.
    n_passed: usize,
    n_failed: usize,
    /// Tests marked to be ignored, which the harness did not run.
    n_ignored: usize,
    /// Test binaries that came to an end and said so.
    pub(super) n_binaries: usize,
    pub(super) skipped: Vec<Skip>,
    failed: Vec<String>,
    section: Section,
}

/// A test that could not run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Skip {
    /// What the line says after `SKIPPED`: name and reason.
    pub(super) text: String,
    /// The harness caught the line and counted the test as passed: the number of its binary, and its name.
    test: Option<(usize, String)>,
}

/// Where in a binary's output we are.
#[derive(Debug, Default, PartialEq)]
enum Section {
    #[default]
    Running,
    /// What passing tests printed, of which the named one comes now.
    Successes(Option<String>),
    Failures,
}

/// Whether cargo says with this line, which may be coloured, that it starts a test binary.
pub(super) fn starts_binary(line: &str) -> bool {
    line.contains("Running") && line.ends_with(')')
}

impl Skip {
    /// The skip that a line reports, if it does.
    ///
    /// Where a test runs alone, the harness has begun the line with the name of the test.
    pub(super) fn find(line: &str) -> Option<Self> {
        let after_name = line.strip_prefix("test ").and_then(|rest| rest.split_once(" ... ")).map(|(_, rest)| rest);
        let text = after_name.unwrap_or(line).strip_prefix("SKIPPED ")?;
        Some(Self { text: text.trim().to_owned(), test: None })
    }
}

impl Outcome {
    /// Takes one line in; returns whether it is worth showing.
    pub(super) fn read(&mut self, line: &str) -> bool {
        match line {
            "successes:" => self.section = Section::Successes(None),
            "failures:" => self.section = Section::Failures,
            _ => {}
        }
        if let Some(counts) = line.strip_prefix("test result: ") {
            self.section = Section::Running;
            self.n_binaries += 1;
            self.n_passed += count(counts, "passed");
            self.n_failed += count(counts, "failed");
            self.n_ignored += count(counts, "ignored");
            return true;
        }
        match &mut self.section {
            Section::Failures => true,
            Section::Successes(test) => {
                if let Some(name) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----")) {
                    *test = Some(name.to_owned());
                } else if let Some(skip) = Skip::find(line) {
                    let test = test.clone().map(|name| (self.n_binaries, name));
                    self.skipped.push(Skip { test, ..skip });
                }
                false
            }
            Section::Running => {
                self.skipped.extend(Skip::find(line));
                if let Some(name) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")) {
                    self.failed.push(name.to_owned());
                    return true;
                }
                // The harness says so of each test that takes more than a minute: whoever waits wants to know which.
                line.starts_with("test ") && line.contains(" has been running for over ")
            }
        }
    }

    /// Whether the run is good, given how cargo ended, how many binaries it started, and whether this is the
    /// continuous integration.
    pub(super) fn judge(&mut self, success: bool, n_started: usize, ci: bool) -> Result<(), String> {
        if !success {
            let mut causes = Vec::new();
            if !self.failed.is_empty() {
                causes.push(format!("{} failed; run one again with `cargo test NAME`", self.failed.join(", ")));
            }
            let n_dead = n_started.saturating_sub(self.n_binaries);
            if n_dead > 0 {
                causes.push(format!("{n_dead} test binaries ended without saying how; see above"));
                self.n_failed += n_dead;
            }
            if causes.is_empty() {
                causes.push("the tests did not compile or did not start; see above".to_owned());
            }
            self.n_failed = self.n_failed.max(1);
            return Err(causes.join("; "));
        }
        if self.n_passed == 0 {
            return Err("no test ran".to_owned());
        }
        if ci && self.n_ignored > 0 {
            return Err(format!("{} ignored tests; a test runs or is deleted", self.n_ignored));
        }
        match self.skipped.iter().find(|skip| ci && !skip.text.ends_with(MISSING_DATA)) {
            Some(skip) => Err(format!("`{}` was skipped; only `{MISSING_DATA}` is a reason here", skip.text)),
            None => Ok(()),
        }
    }

    /// Tests that printed a skip and were counted as passed by the harness. One test may print several lines.
    fn n_skipped_as_passed(&self) -> usize {
        let mut tests: Vec<&(usize, String)> = self.skipped.iter().filter_map(|skip| skip.test.as_ref()).collect();
        tests.sort_unstable();
        tests.dedup();
        tests.len()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n_skipped_as_passed = self.n_skipped_as_passed();
        let n_uncaught = self.skipped.iter().filter(|skip| skip.test.is_none()).count();
        let n_passed = self.n_passed.saturating_sub(n_skipped_as_passed + n_uncaught);
        let n_skipped = self.n_ignored + n_skipped_as_passed + n_uncaught;
        write!(to, "{n_passed} passed, {} failed, {n_skipped} skipped", self.n_failed)
    }
}

/// The number before `what` in `ok. 3 passed; 0 failed; 1 ignored; …`.
fn count(counts: &str, what: &str) -> usize {
    let before = counts.split(';').find_map(|part| part.trim().strip_suffix(what));
    before.and_then(|before| before.split_whitespace().last()).and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\nrunning 3 tests\ntest a ... ok\ntest b ... ok\ntest c::d ... ok\n\nsuccesses:\n\n---- b stdout ----\n\
        SKIPPED b: ../shared/data is not here\nSKIPPED b, second folder: ../shared/data is not here\n\n---- c::d stdout ----\nplain text\n\n\
        successes:\n    a\n    b\n    c::d\n\ntest result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n";

    const BAD: &str = "\nrunning 2 tests\ntest a ... ok\ntest b ... FAILED\n\nsuccesses:\n\nsuccesses:\n    a\n\nfailures:\n\n---- b stdout ----\n\
        left is not right\n\nfailures:\n    b\n\ntest result: FAILED. 1 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.01s\n";

    fn read(text: &str) -> (Outcome, String) {
        let mut outcome = Outcome::default();
        let shown: Vec<&str> = text.lines().filter(|line| outcome.read(line)).collect();
        (outcome, shown.join("\n"))
    }

    #[test]
    fn a_skipped_test_is_not_a_passed_one() {
        let (mut outcome, shown) = read(GOOD);
        assert_eq!(outcome.to_string(), "2 passed, 0 failed, 1 skipped");
        assert_eq!(outcome.skipped.len(), 2, "both lines are kept for the summary");
        assert!(!shown.contains("plain text"), "what passing tests print is not shown");
        assert_eq!(outcome.judge(true, 1, true), Ok(()));
    }

    #[test]
    fn failures_are_shown_and_named() {
        let (mut outcome, shown) = read(BAD);
        assert!(shown.contains("left is not right") && shown.contains("test b ... FAILED"));
        let cause = outcome.judge(false, 1, false).unwrap_err();
        assert!(cause.starts_with("b failed"), "{cause}");
        assert_eq!(outcome.to_string(), "1 passed, 1 failed, 2 skipped");
    }

    #[test]
    fn a_test_that_does_not_end_is_named() {
        let slow = "test a::b has been running for over 60 seconds";
        assert_eq!(read(&format!("running 2 tests\ntest a ... ok\n{slow}\n")).1, slow);
    }

    #[test]
    fn binaries_are_summed() {
        let (outcome, _) = read(&format!("{GOOD}{GOOD}"));
        assert_eq!(outcome.n_binaries, 2);
        assert_eq!(outcome.to_string(), "4 passed, 0 failed, 2 skipped", "tests of the same name are told apart");
    }

    #[test]
    fn only_missing_data_may_be_skipped_in_the_continuous_integration() {
        let other = GOOD.replace("SKIPPED b: ../shared/data is not here", "SKIPPED b: no browser");
        let (mut outcome, _) = read(&other);
        assert_eq!(outcome.judge(true, 1, false), Ok(()));
        assert!(outcome.judge(true, 1, true).unwrap_err().contains("no browser"));
        let (mut ignored, _) = read(&GOOD.replace("0 ignored", "1 ignored"));
        assert!(ignored.judge(true, 1, true).is_err());
    }

    #[test]
    fn a_binary_that_dies_is_a_failure() {
        let (mut alone, _) = read("running 2 tests\ntest a ... ok\n");
        assert!(alone.judge(false, 1, false).unwrap_err().contains("1 test binaries ended without"));
        assert_eq!(alone.to_string(), "0 passed, 1 failed, 0 skipped");
        let (mut beside, _) = read(BAD);
        assert!(beside.judge(false, 2, false).unwrap_err().contains("b failed"));
        assert_eq!(beside.to_string(), "1 passed, 2 failed, 2 skipped");
    }

    #[test]
    fn cargo_says_when_it_starts_a_binary() {
        assert!(starts_binary("     Running unittests src/lib.rs (target/debug/deps/writ_model-01)"));
        assert!(starts_binary("\u{1b}[1m\u{1b}[92m     Running\u{1b}[0m tests/it/main.rs (target/debug/deps/it-01)"));
        assert!(!starts_binary("   Compiling writ v0.1.0 (crates/writ)"));
    }

    #[test]
    fn a_run_without_tests_is_not_a_good_run() {
        assert_eq!(Outcome::default().judge(true, 1, false), Err("no test ran".to_owned()));
    }

    #[test]
    fn a_skip_is_found_where_the_harness_did_not_catch_it() {
        assert_eq!(Skip::find("SKIPPED x: y").unwrap().text, "x: y");
        assert_eq!(Skip::find("test a ... SKIPPED x: y").unwrap().text, "x: y");
        assert_eq!(Skip::find("it says SKIPPED x: y"), None);
    }
}
