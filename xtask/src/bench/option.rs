//! What `cargo xtask bench` is asked for.

use super::corpus::Kind;
use super::sqlite;

/// Records of a full run: some ten minutes of a large firm's agents.
pub(super) const N_RECORDS: usize = 1_000_000;
/// Records of a short run, which only shows that the benchmark works.
const N_RECORDS_SHORT: usize = 20_000;
/// Runs of each side: enough for a median, few enough that `SQLite` is done within minutes.
const N_RUNS: usize = 3;
const N_RUNS_SHORT: usize = 2;

/// What was asked for.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one flag of the command line")]
pub(super) struct Options {
    pub(super) kind: Kind,
    pub(super) n_records: usize,
    pub(super) n_runs: usize,
    /// Threads of the two that are compared with.
    pub(super) n_threads: usize,
    /// Records between two syncs of the two that are compared with; else as many as writ had.
    pub(super) batch: Option<usize>,
    pub(super) plain: bool,
    /// Leave `SQLite` out, which takes most of the time.
    pub(super) no_sqlite: bool,
    /// The one layout of `SQLite` that is tried, where both would take hours.
    pub(super) layout: Option<&'static str>,
    pub(super) json: bool,
    pub(super) save: bool,
    /// `YYYY-MM-DD`
    pub(super) date: Option<String>,
}

impl Options {
    pub(super) fn read(arguments: &[String], n_cores: usize) -> Result<Self, String> {
        let short = arguments.iter().any(|argument| argument == "--short");
        let (n_records, n_runs) = if short { (N_RECORDS_SHORT, N_RUNS_SHORT) } else { (N_RECORDS, N_RUNS) };
        let mut options = Self {
            kind: Kind::Usual,
            n_records,
            n_runs,
            n_threads: n_cores,
            batch: None,
            plain: false,
            no_sqlite: false,
            layout: None,
            json: false,
            save: false,
            date: None,
        };
        let mut arguments = arguments.iter();
        while let Some(flag) = arguments.next() {
            let mut word = |what: &str| arguments.next().ok_or_else(|| format!("`{flag}` needs {what}"));
            match flag.as_str() {
                "--short" => {}
                "--plain" => options.plain = true,
                "--no-sqlite" => options.no_sqlite = true,
                "--json" => options.json = true,
                "--save" => options.save = true,
                "--records" => options.n_records = number(flag, word("a number")?)?,
                "--runs" => options.n_runs = number(flag, word("a number")?)?,
                "--threads" => options.n_threads = number(flag, word("a number")?)?,
                "--batch" => options.batch = Some(number(flag, word("a number")?)?),
                "--corpus" => {
                    let name = word("a name")?;
                    let known = Kind::named(name);
                    options.kind =
                        known.ok_or_else(|| format!("no corpus is called `{name}`; there are usual and small"))?;
                }
                "--layout" => {
                    let name = word("a name")?;
                    let known = sqlite::LAYOUTS.into_iter().find(|layout| layout == name);
                    let all = sqlite::LAYOUTS.join(" and ");
                    options.layout =
                        Some(known.ok_or_else(|| format!("no layout is called `{name}`; there are {all}"))?);
                }
                "--date" => options.date = Some(word("a date, as in 2026-11-24")?.clone()),
                other => {
                    return Err(format!("`cargo xtask bench` has no flag `{other}`; `cargo xtask help` names them"));
                }
            }
        }
        Ok(options)
    }
}

fn number(flag: &str, word: &str) -> Result<usize, String> {
    let number = word.replace('_', "").parse().ok();
    number.filter(|number| *number > 0).ok_or_else(|| format!("`{flag}` needs a number above 0, not `{word}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Options, String> {
        Options::read(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>(), 2)
    }

    #[test]
    fn flags_are_read_in_any_order() {
        let plain = read(&[]).unwrap();
        assert_eq!((plain.n_records, plain.n_runs, plain.n_threads, plain.kind), (N_RECORDS, N_RUNS, 2, Kind::Usual));
        let words = [
            "--records",
            "5_000",
            "--short",
            "--json",
            "--corpus",
            "small",
            "--layout",
            "by-id",
            "--date",
            "2026-11-24",
        ];
        let short = read(&words).unwrap();
        assert_eq!((short.n_records, short.n_runs, short.json, short.kind), (5_000, N_RUNS_SHORT, true, Kind::Small));
        assert_eq!((short.date.as_deref(), short.layout), (Some("2026-11-24"), Some("by-id")));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let bad: [&[&str]; 7] = [
            &["--record", "5"],
            &["--records"],
            &["--records", "0"],
            &["--runs", "many"],
            &["--corpus", "big"],
            &["--layout", "by-name"],
            &["5"],
        ];
        for words in bad {
            assert!(read(words).is_err(), "{words:?}");
        }
    }
}
