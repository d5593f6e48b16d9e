//! Raw results, kept in the repository, where they can be compared with later ones.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::ask::Asked;
use super::corpus::{Corpus, Kind};
use super::measure::Measured;
use super::option::{self, Options};
use super::record;
use super::report::{self, Figure};

/// Writes `bench/runs/DATE-N-cores.json`; what is not as usual stands in the name.
pub(super) fn save(
    root: &Path,
    corpus: &Corpus,
    options: &Options,
    measured: &Measured,
    figures: &[Figure],
    n_cores: usize,
) -> Result<(), String> {
    let date = options.date.clone().unwrap_or_else(today);
    let kind = if options.kind == Kind::Usual { String::new() } else { format!("-{}", options.kind.word()) };
    let size = if options.n_records == option::N_RECORDS { String::new() } else { format!("-{}", options.n_records) };
    let folder = root.join("bench/runs");
    let path = folder.join(format!("{date}-{n_cores}-cores{kind}{size}.json"));
    let sqlite: Vec<Value> = measured.sqlite.iter().map(|run| json!([run.layout, run.seconds])).collect();
    let asked = |asked: &Asked| json!({"ms": asked.ms, "n_hops_least": asked.n_hops_least});
    let value = json!({
        "date": date,
        "cores": n_cores,
        "corpus": options.kind.word(),
        "records": corpus.n_records,
        "record_bytes": corpus.record_bytes,
        "file_bytes": corpus.file_bytes,
        "form": if options.plain { "json" } else { "gz" },
        "threads": options.n_threads,
        "batch": measured.batch,
        "bare_syncs": measured.bare.last().map(|run| run.n_syncs),
        "sqlite_syncs": measured.sqlite.last().map(|run| run.n_commits),
        "writ_seconds": measured.writ.iter().map(|run| run.seconds).collect::<Vec<_>>(),
        "bare_seconds": measured.bare.iter().map(|run| run.seconds).collect::<Vec<_>>(),
        "sqlite_seconds": sqlite,
        "why_alone_ms": measured.why_alone_ms,
        "why_first_cold_ms": measured.cold_ms,
        "open_cold_ms": measured.open_cold_ms,
        "why": asked(&measured.usual),
        "why_deep": asked(&measured.deep),
        "why_hot": asked(&measured.hot),
        "why_flooded": asked(&measured.flooded.usual),
        "forged": measured.flooded.n_forged,
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
