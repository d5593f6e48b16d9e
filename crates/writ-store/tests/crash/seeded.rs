//! What is chosen by seeds, each a test of its own, so that they run side by side.

use super::{lies, power, reads, rot};
use std::ops::RangeInclusive;
use std::panic::{RefUnwindSafe, catch_unwind};

/// Seeds of the short form: the continuous integration runs these.
const SHORT: RangeInclusive<u64> = 1..=200;

/// How often one seed is run when it is asked for alone: the threads of a writer work side by side, so what
/// a seed showed once it may not show every time.
const REPLAYS: usize = 200;

#[test]
fn crashes_and_failures_lose_nothing_acknowledged() {
    each_seed("crashes_and_failures", power::lives);
}

#[test]
fn what_a_lying_disk_lost_is_named() {
    each_seed("what_a_lying_disk_lost", lies::a_disk_that_lies);
}

#[test]
fn what_rotted_is_named_and_the_rest_is_read() {
    each_seed("what_rotted", rot::a_disk_that_rots);
}

#[test]
fn readers_may_come_at_any_moment_of_a_writer() {
    each_seed("readers_may_come", reads::at_any_moment_of_the_writer);
}

#[test]
fn a_writer_may_go_on_at_any_moment_of_a_reader() {
    each_seed("a_writer_may_go_on", reads::while_the_writer_goes_on);
}

#[test]
fn reads_that_fail_are_no_damage_and_leave_nothing_out() {
    each_seed("reads_that_fail", reads::failing_reads);
}

/// Runs a simulation with each seed. One that fails prints the command that runs it again.
pub fn each_seed(test: &str, run: impl Fn(u64) + RefUnwindSafe) {
    let seeds = seeds();
    let times = if seeds.start() == seeds.end() { REPLAYS } else { 1 };
    for seed in seeds {
        for _ in 0..times {
            assert!(
                catch_unwind(|| run(seed)).is_ok(),
                "seed {seed} fails; again: WRIT_SEEDS={seed}..{seed} cargo test -p writ-store --test crash {test}"
            );
        }
    }
}

/// Seeds to run: those that are asked for, or a few.
#[expect(clippy::disallowed_methods, reason = "a test has no configuration")]
fn seeds() -> RangeInclusive<u64> {
    let Ok(text) = std::env::var("WRIT_SEEDS") else { return SHORT };
    let (from, to) = text.split_once("..").expect("WRIT_SEEDS is FROM..TO");
    from.parse().expect("FROM is a number")..=to.parse().expect("TO is a number")
}
