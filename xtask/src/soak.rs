//! `cargo xtask soak`: the simulations of the store over many seeds, and many real kills.
//!
//! It runs what `cargo test` runs in a short form: the tests in `seeded.rs` of the store, and `kill -9` of an
//! ingest that is under way. A seed that fails is printed with the one command that runs it again.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::cargo;
use crate::score::number;

/// What a release must have passed.
const SEEDS: RangeInclusive<u64> = 1..=10_000;
const KILLS: u64 = 200;

/// Seeds that are run at once: a lot takes some seconds, so that one sees it move.
const LOT: u64 = 500;

const SIMULATION: &[&str] = &["test", "--release", "--package", "writ-store", "--test", "crash"];
const KILLING: &[&str] = &["test", "--release", "--package", "writ", "--test", "it"];

/// What was asked for.
#[derive(Clone, Debug, PartialEq)]
struct Options {
    seeds: RangeInclusive<u64>,
    /// So long, with seeds that nobody has tried, instead of these seeds.
    minutes: Option<u64>,
    n_kills: u64,
}

/// `cargo xtask soak`
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let options = options(arguments)?;
    let root = cargo::root();
    // Built first, so that the time is that of the tests.
    for tests in [SIMULATION, KILLING] {
        cargo::run(&root, &[tests, &["--no-run"]].concat())?;
    }
    let start = Instant::now();
    if options.n_kills > 0 {
        let kills = ("WRIT_KILLS", options.n_kills.to_string());
        soak(KILLING, "crash::", &kills).map_err(|_| failed(&[again(&kills, KILLING, "crash::")]))?;
        println!("{} kills lost nothing ({:.0} s)", options.n_kills, start.elapsed().as_secs_f64());
    }
    let (mut first, last, end) = match options.minutes {
        Some(minutes) => (untried(), u64::MAX, Some(Instant::now() + Duration::from_secs(60 * minutes))),
        None => (*options.seeds.start(), *options.seeds.end(), None),
    };
    let mut n_seeds = 0;
    while first <= last && end.is_none_or(|end| Instant::now() < end) {
        let to = last.min(first + LOT - 1);
        let begun = Instant::now();
        soak(SIMULATION, "seeded::", &("WRIT_SEEDS", format!("{first}..{to}"))).map_err(|found| failed(&found))?;
        println!("seeds {first} to {to} hold ({:.0} s)", begun.elapsed().as_secs_f64());
        n_seeds += to + 1 - first;
        first = to + 1;
    }
    println!("{n_seeds} seeds and {} kills in {:.0} s: nothing lost", options.n_kills, start.elapsed().as_secs_f64());
    Ok(())
}

/// Runs tests, quietly unless one fails; then gives the commands that they print.
fn soak(tests: &[&str], filter: &str, (name, value): &(&str, String)) -> Result<(), Vec<String>> {
    let mut command = cargo::cargo(&cargo::root());
    // Traces of a panic tell where in a simulation it was, which its message tells too.
    command.args(tests).args(["--quiet", "--", filter]).env(name, value).env("RUST_BACKTRACE", "0");
    let output = command.output().map_err(|error| vec![format!("cargo does not start: {error}")])?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    println!("{said}");
    Err(said.lines().filter_map(|line| Some(line.split_once("again: ")?.1.to_owned())).collect())
}

fn again((name, value): &(&str, String), tests: &[&str], filter: &str) -> String {
    format!("{name}={value} cargo {} {filter}", tests.join(" "))
}

fn failed(commands: &[String]) -> String {
    match commands {
        [] => "the tests failed before any seed did; what they say is above".to_owned(),
        commands => format!("what failed is above; again:\n{}", commands.join("\n")),
    }
}

/// The clock gives a seed that nobody has tried: milliseconds, so that two runs do not meet.
fn untried() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or_default()
}

fn options(arguments: &[String]) -> Result<Options, String> {
    let mut options = Options { seeds: SEEDS, minutes: None, n_kills: KILLS };
    let mut arguments = arguments.iter();
    while let Some(flag) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("`{flag}` needs a value"))?;
        match flag.as_str() {
            "--seeds" => options.seeds = range(value)?,
            "--minutes" => options.minutes = Some(number(flag, value)?),
            "--kills" => options.n_kills = number(flag, value)?,
            other => return Err(format!("`cargo xtask soak` has no flag `{other}`; `cargo xtask help` names them")),
        }
    }
    Ok(options)
}

fn range(text: &str) -> Result<RangeInclusive<u64>, String> {
    let (from, to) = text.split_once("..").ok_or_else(|| format!("`--seeds` needs FROM..TO, not `{text}`"))?;
    let seeds = number("--seeds", from)?..=number("--seeds", to)?;
    if seeds.is_empty() { Err(format!("`--seeds {text}` names no seed")) } else { Ok(seeds) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_in_any_order_and_others_refused() {
        let read = |words: &[&str]| options(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(read(&[]).unwrap(), Options { seeds: SEEDS, minutes: None, n_kills: KILLS });
        let found = read(&["--kills", "0", "--seeds", "7..1_000"]).unwrap();
        assert_eq!(found, Options { seeds: 7..=1_000, minutes: None, n_kills: 0 });
        assert_eq!(read(&["--minutes", "5"]).unwrap().minutes, Some(5));
        for bad in [&["--seeds"][..], &["--seeds", "7"], &["--seeds", "9..8"], &["--minutes", "some"], &["--fast", "1"]]
        {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_failed_is_said_with_how_to_run_it_again() {
        assert!(failed(&["A=1 cargo test".to_owned()]).ends_with("again:\nA=1 cargo test"));
        let kills = ("WRIT_KILLS", "9".to_owned());
        assert_eq!(
            again(&kills, KILLING, "crash::"),
            "WRIT_KILLS=9 cargo test --release --package writ --test it crash::"
        );
    }
}
