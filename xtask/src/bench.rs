//! `cargo xtask bench`: what recording with Writ costs beside merely keeping the bytes.
//!
//! Two things are timed in one run, in turn, so that a noisy machine disturbs both: `writ ingest` from
//! start to end, as a process, and the bare compressed append ([`bare`]) of the same files with as many
//! syncs. Then some events are looked up with `writ why`. `bench/README.md` explains the figures.

mod bare;
mod call;
mod corpus;
mod json;
mod product;
pub(crate) mod random;
pub(crate) mod record;
pub(crate) mod report;
mod world;

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use serde_json::json;

use crate::cargo;
use bare::Bare;
use corpus::Corpus;
use product::{Ingest, Product, Why};
use report::Figure;

/// Records of a full run: some ten minutes of a large firm's agents.
const N_RECORDS: usize = 1_000_000;
/// Records of a short run, which only shows that the benchmark works.
const N_RECORDS_SHORT: usize = 20_000;
/// Runs of each side: enough for a median.
const N_RUNS: usize = 5;
const N_RUNS_SHORT: usize = 2;

/// What was asked for.
#[derive(Clone, Debug, PartialEq)]
struct Options {
    n_records: usize,
    n_runs: usize,
    n_threads: usize,
    /// Records between two syncs of the bare append; else as many as writ had.
    batch: Option<usize>,
    plain: bool,
    json: bool,
    save: bool,
    /// `YYYY-MM-DD`
    date: Option<String>,
}

/// `cargo xtask bench`
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let n_cores = std::thread::available_parallelism().map_or(1, usize::from);
    let options = options(arguments, n_cores)?;
    let root = cargo::root();
    if cfg!(debug_assertions) {
        // The bare append is measured too, so this program must be as quick as the one it is compared with.
        let again = ["run", "--quiet", "--release", "--package", "xtask", "--", "bench"];
        let arguments: Vec<&str> = again.into_iter().chain(arguments.iter().map(String::as_str)).collect();
        return cargo::run(&root, &arguments).map_err(|_| String::new());
    }
    let target = cargo::target(&root)?;
    let place = target.join("bench");
    let corpus = corpus::make(&place, options.n_records, options.plain)?;
    cargo::run(&root, &["build", "--quiet", "--release", "--package", "writ"])?;
    let binary = target.join("release").join(if cfg!(windows) { "writ.exe" } else { "writ" });
    let product = Product { binary, data: place.join("data") };
    let measured = measure(&product, &corpus, &options, &place.join("bare.log"))?;
    let figures = figures(&corpus, &measured);
    if options.json {
        println!("{}", report::as_json(&figures));
    } else {
        print!("{}", summary(&corpus, &options, &measured));
        print!("\n{}", report::as_table(&figures, "bare append"));
    }
    if options.save {
        save(&root, &corpus, &options, &measured, &figures, n_cores)?;
    }
    Ok(())
}

/// What was measured, run by run.
struct Measured {
    writ: Vec<Ingest>,
    bare: Vec<Bare>,
    why: Why,
    batch: usize,
}

fn measure(product: &Product, corpus: &Corpus, options: &Options, log: &Path) -> Result<Measured, String> {
    // Neither side pays for reading the files from the disk for the first time.
    for file in &corpus.files {
        fs::read(file).map_err(|error| format!("`{}` cannot be read: {error}", file.display()))?;
    }
    let (mut writ, mut bares, mut batch) = (Vec::new(), Vec::new(), 0);
    for number in 1..=options.n_runs {
        let ingest = product.ingest(corpus)?;
        let as_writ = corpus.n_records.div_ceil(ingest.n_syncs.max(1));
        batch = options.batch.unwrap_or(as_writ);
        let bare = bare::run(&corpus.files, log, options.n_threads, batch)?;
        if bare.n_records != corpus.n_records {
            return Err(format!("the bare append cut {} records out of {}", bare.n_records, corpus.n_records));
        }
        eprintln!(
            "bench: run {number} of {}: writ {:.2} s, bare append {:.2} s",
            options.n_runs, ingest.seconds, bare.seconds
        );
        writ.push(ingest);
        bares.push(bare);
    }
    let why = product.why(&corpus.sample)?;
    // Both can be large, and nobody looks at them again.
    let _ = fs::remove_file(log);
    let _ = fs::remove_dir_all(&product.data);
    Ok(Measured { writ, bare: bares, why, batch })
}

#[expect(clippy::cast_precision_loss, reason = "counts of records and bytes are far below 2^52")]
fn figures(corpus: &Corpus, measured: &Measured) -> Vec<Figure> {
    let n = corpus.n_records as f64;
    let writ: Vec<f64> = measured.writ.iter().map(|run| run.seconds).collect();
    let bare: Vec<f64> = measured.bare.iter().map(|run| run.seconds).collect();
    let rate = |name: &str, per_cent| Figure {
        name: name.to_owned(),
        value: n / report::quantile(&writ, per_cent),
        unit: "records/s",
        baseline: Some(n / report::quantile(&bare, per_cent)),
    };
    let per_record =
        |name: String, bytes: u64, baseline| Figure { name, value: bytes as f64 / n, unit: "bytes/record", baseline };
    let bare_bytes = measured.bare.last().map(|run| run.bytes as f64 / n);
    // The smallest time is the best.
    let mut figures = vec![rate("ingest_best", 0), rate("ingest_median", 50)];
    if let Some(last) = measured.writ.last() {
        figures.push(per_record("disk".to_owned(), product::sizes_sum(&last.bytes), bare_bytes));
        let parts = last.bytes.iter().filter(|(_, bytes)| **bytes as f64 / n >= 1.0);
        figures.extend(parts.map(|(name, bytes)| per_record(format!("disk_{name}"), *bytes, None)));
    }
    figures.push(per_record("input".to_owned(), corpus.record_bytes, None));
    let first = report::quantile(&measured.why.alone_ms, 50);
    let n_next = measured.why.n_together.saturating_sub(1).max(1) as f64;
    let ms = |name: &str, value| Figure { name: name.to_owned(), value, unit: "ms", baseline: None };
    figures.push(ms("why_first", first));
    figures.push(ms("why_first_worst", report::quantile(&measured.why.alone_ms, 100)));
    figures.push(ms("why_next", (measured.why.together_ms - first).max(0.0) / n_next));
    figures
}

fn summary(corpus: &Corpus, options: &Options, measured: &Measured) -> String {
    format!(
        "{} records in {} files, {} MB ({} MB of records)\n{} runs each, in turn; bare append: {} threads, {} syncs; writ: {} syncs\n",
        corpus.n_records,
        corpus.files.len(),
        corpus.file_bytes / 1_000_000,
        corpus.record_bytes / 1_000_000,
        options.n_runs,
        options.n_threads,
        measured.bare.last().map_or(0, |run| run.n_syncs),
        measured.writ.last().map_or(0, |run| run.n_syncs),
    )
}

/// Keeps the raw results in the repository, where they can be compared with later ones.
fn save(
    root: &Path,
    corpus: &Corpus,
    options: &Options,
    measured: &Measured,
    figures: &[Figure],
    n_cores: usize,
) -> Result<(), String> {
    let date = options.date.clone().unwrap_or_else(today);
    let folder = root.join("bench/runs");
    let path = folder.join(format!("{date}-{n_cores}-cores.json"));
    let value = json!({
        "date": date,
        "cores": n_cores,
        "records": corpus.n_records,
        "record_bytes": corpus.record_bytes,
        "file_bytes": corpus.file_bytes,
        "form": if options.plain { "json" } else { "gz" },
        "bare_threads": options.n_threads,
        "batch": measured.batch,
        "bare_syncs": measured.bare.last().map(|run| run.n_syncs),
        "writ_seconds": measured.writ.iter().map(|run| run.seconds).collect::<Vec<_>>(),
        "bare_seconds": measured.bare.iter().map(|run| run.seconds).collect::<Vec<_>>(),
        "why_alone_ms": measured.why.alone_ms,
        "why_together_ms": measured.why.together_ms,
        "figures": report::as_json(figures),
    });
    let text = serde_json::to_string_pretty(&value).map_err(|error| format!("the results are no JSON: {error}"))?;
    let written = fs::create_dir_all(&folder).and_then(|()| fs::write(&path, text + "\n"));
    written.map_err(|error| format!("`{}` cannot be written: {error}", path.display()))?;
    eprintln!("bench: saved {}", path.display());
    Ok(())
}

fn today() -> String {
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (year, month, day) = record::date(i64::try_from(seconds / 86_400).unwrap_or(0));
    format!("{year:04}-{month:02}-{day:02}")
}

fn options(arguments: &[String], n_cores: usize) -> Result<Options, String> {
    let short = arguments.iter().any(|argument| argument == "--short");
    let (n_records, n_runs) = if short { (N_RECORDS_SHORT, N_RUNS_SHORT) } else { (N_RECORDS, N_RUNS) };
    let mut options = Options {
        n_records,
        n_runs,
        n_threads: n_cores,
        batch: None,
        plain: false,
        json: false,
        save: false,
        date: None,
    };
    let mut arguments = arguments.iter();
    while let Some(flag) = arguments.next() {
        let mut number = || {
            let value = arguments.next().ok_or_else(|| format!("`{flag}` needs a number"))?;
            let number: Result<usize, _> = value.replace('_', "").parse();
            number
                .ok()
                .filter(|number| *number > 0)
                .ok_or_else(|| format!("`{flag}` needs a number above 0, not `{value}`"))
        };
        match flag.as_str() {
            "--short" => {}
            "--plain" => options.plain = true,
            "--json" => options.json = true,
            "--save" => options.save = true,
            "--records" => options.n_records = number()?,
            "--runs" => options.n_runs = number()?,
            "--threads" => options.n_threads = number()?,
            "--batch" => options.batch = Some(number()?),
            "--date" => options.date = Some(arguments.next().ok_or("`--date` needs a date, as in 2026-11-24")?.clone()),
            other => return Err(format!("`cargo xtask bench` has no flag `{other}`; `cargo xtask help` names them")),
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::Value;

    use super::*;

    fn read(words: &[&str]) -> Result<Options, String> {
        options(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>(), 2)
    }

    #[test]
    fn flags_are_read_in_any_order() {
        let plain = read(&[]).unwrap();
        assert_eq!((plain.n_records, plain.n_runs, plain.n_threads), (N_RECORDS, N_RUNS, 2));
        let short = read(&["--records", "5_000", "--short", "--json", "--date", "2026-11-24"]).unwrap();
        assert_eq!((short.n_records, short.n_runs, short.json), (5_000, N_RUNS_SHORT, true));
        assert_eq!(short.date.as_deref(), Some("2026-11-24"));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for bad in [&["--record", "5"][..], &["--records"], &["--records", "0"], &["--runs", "many"], &["5"]] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn best_and_median_are_taken_over_the_runs() {
        let corpus = Corpus {
            folder: PathBuf::new(),
            files: Vec::new(),
            n_records: 1_000,
            record_bytes: 900_000,
            file_bytes: 1,
            sample: Vec::new(),
        };
        let ingest = |seconds| Ingest {
            seconds,
            bytes: [("log".to_owned(), 300_000), ("LOCK".to_owned(), 0)].into(),
            n_syncs: 1,
        };
        let bare = |seconds| Bare { seconds, n_records: 1_000, bytes: 200_000, n_syncs: 1 };
        let measured = Measured {
            writ: vec![ingest(4.0), ingest(2.0), ingest(5.0)],
            bare: vec![bare(1.0), bare(0.5), bare(2.0)],
            why: Why { alone_ms: vec![30.0, 10.0, 20.0], together_ms: 220.0, n_together: 101 },
            batch: 1_000,
        };
        let text = report::as_json(&figures(&corpus, &measured)).to_string();
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            value["ingest_best"],
            json!({"value": 500.0, "unit": "records/s", "baseline": 2000.0, "ratio": 0.25})
        );
        assert_eq!(value["ingest_median"]["value"], 250.0);
        assert_eq!(value["disk"], json!({"value": 300.0, "unit": "bytes/record", "baseline": 200.0, "ratio": 1.5}));
        assert_eq!(value["disk_LOCK"], Value::Null, "what takes less than a byte per record is not worth a line");
        assert_eq!((&value["why_first"]["value"], &value["why_next"]["value"]), (&json!(20.0), &json!(2.0)));
    }
}
