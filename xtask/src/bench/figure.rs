//! From what was measured to figures, each beside what it is to be compared with.

use super::ask::Asked;
use super::corpus::Corpus;
use super::measure::Measured;
use super::product;
use super::report::{self, Figure};
use super::sqlite::Recorded;

/// Figures with one thing to be compared with.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) beside: &'static str,
    pub(super) figures: Vec<Figure>,
}

pub(super) fn groups(corpus: &Corpus, measured: &Measured) -> Vec<Group> {
    let of = Figures { corpus, measured };
    vec![
        Group { beside: "bare append", figures: of.beside_bare() },
        Group { beside: "SQLite", figures: of.beside_sqlite() },
        Group { beside: "undisturbed", figures: of.asked() },
    ]
}

struct Figures<'a> {
    corpus: &'a Corpus,
    measured: &'a Measured,
}

#[expect(clippy::cast_precision_loss, reason = "counts of records and bytes are far below 2^52")]
impl Figures<'_> {
    fn n(&self) -> f64 {
        self.corpus.n_records as f64
    }

    /// Records per second, the best run or the median, beside another side's runs. The smallest time is the best.
    fn rate(&self, name: &str, per_cent: usize, beside: &[f64]) -> Figure {
        let writ: Vec<f64> = self.measured.writ.iter().map(|run| run.seconds).collect();
        let baseline = (!beside.is_empty()).then(|| self.n() / report::quantile(beside, per_cent));
        let value = self.n() / report::quantile(&writ, per_cent);
        Figure { name: name.to_owned(), value, unit: "records/s", baseline }
    }

    fn per_record(&self, name: &str, bytes: u64, baseline: Option<u64>) -> Figure {
        let baseline = baseline.map(|bytes| bytes as f64 / self.n());
        Figure { name: name.to_owned(), value: bytes as f64 / self.n(), unit: "bytes/record", baseline }
    }

    fn beside_bare(&self) -> Vec<Figure> {
        let bare: Vec<f64> = self.measured.bare.iter().map(|run| run.seconds).collect();
        let mut figures = vec![self.rate("ingest_best", 0, &bare), self.rate("ingest_median", 50, &bare)];
        if let Some(last) = self.measured.writ.last() {
            let bare = self.measured.bare.last().map(|run| run.bytes);
            figures.push(self.per_record("disk", product::sizes_sum(&last.bytes), bare));
            let parts = last.bytes.iter().filter(|(_, bytes)| **bytes as f64 >= self.n());
            figures.extend(parts.map(|(name, bytes)| self.per_record(&format!("disk_{name}"), *bytes, None)));
            figures.push(self.per_record("disk_index_ids", last.index_ids, None));
            figures.push(self.per_record("disk_log_evidence", last.log.evidence, bare));
            figures.push(self.per_record("disk_log_identity", last.log.identity, None));
            figures.push(self.per_record("disk_log_frame", last.log.frame, None));
        }
        figures.push(self.per_record("input", self.corpus.record_bytes, None));
        figures
    }

    fn beside_sqlite(&self) -> Vec<Figure> {
        let runs: Vec<&Recorded> = self.measured.best_layout().collect();
        let Some(last) = runs.last() else { return Vec::new() };
        let seconds: Vec<f64> = runs.iter().map(|run| run.seconds).collect();
        let mut figures =
            vec![self.rate("vs_sqlite_ingest_best", 0, &seconds), self.rate("vs_sqlite_ingest_median", 50, &seconds)];
        if let Some(writ) = self.measured.writ.last() {
            let index = writ.bytes.get("index").copied().unwrap_or(0);
            figures.push(self.per_record("vs_sqlite_disk", product::sizes_sum(&writ.bytes), Some(last.bytes)));
            figures.push(self.per_record("vs_sqlite_disk_index", index, Some(last.index_bytes)));
        }
        let memory = runs.iter().filter_map(|run| run.memory).max();
        figures.extend(self.ingest_memory("vs_sqlite_memory", memory));
        figures.push(Figure {
            name: "keys".to_owned(),
            value: last.n_keys as f64 / self.n(),
            unit: "keys/record",
            baseline: None,
        });
        figures
    }

    fn asked(&self) -> Vec<Figure> {
        let Measured { usual, deep, hot, cold_ms, open_cold_ms, flooded, rebuilt, crashed, why_alone_ms, .. } =
            self.measured;
        let ms = |name: &str, value, baseline| Figure { name: name.to_owned(), value, unit: "ms", baseline };
        let first = report::quantile(why_alone_ms, 50);
        let mut figures =
            vec![ms("why_first", first, None), ms("why_first_worst", report::quantile(why_alone_ms, 100), None)];
        for (name, asked, before) in [
            ("why", usual, None),
            ("why_deep", deep, None),
            ("why_hot", hot, None),
            ("why_flooded", &flooded.usual, Some(usual)),
        ] {
            for per_cent in [50, 99] {
                let of = |asked: &Asked| report::quantile(&asked.ms, per_cent);
                figures.push(ms(&format!("{name}_p{per_cent}"), of(asked), before.map(of)));
            }
        }
        for (name, all) in [("why_first_cold", cold_ms), ("open_cold", open_cold_ms)] {
            for per_cent in [50, 99] {
                let cold = all.iter().map(|all| report::quantile(all, per_cent));
                figures.extend(cold.map(|value| ms(&format!("{name}_p{per_cent}"), value, None)));
            }
        }
        let victim = report::quantile(&flooded.victim_ms, 50);
        figures.push(ms("why_first_victim", victim, Some(first)));
        figures.push(ms("why_first_after_kill", crashed.why_ms, Some(first)));
        figures.push(ms("resume_after_kill", crashed.resume_ms, None));
        figures.push(Figure {
            name: "rebuild".to_owned(),
            value: rebuilt.n_records as f64 / rebuilt.seconds,
            unit: "records/s",
            baseline: None,
        });
        figures.extend(self.ingest_memory("memory_ingest", None));
        let why = [usual, deep, hot].iter().filter_map(|asked| asked.memory).max();
        figures.extend([("memory_why", why), ("memory_rebuild", rebuilt.memory)].into_iter().filter_map(
            |(name, bytes)| Some(Figure { name: name.to_owned(), value: mib(bytes?), unit: "MiB", baseline: None }),
        ));
        figures
    }

    /// The most memory of all runs; nothing where the system does not tell.
    fn ingest_memory(&self, name: &str, baseline: Option<u64>) -> Option<Figure> {
        let memory = self.measured.writ.iter().filter_map(|run| run.memory).max()?;
        Some(Figure { name: name.to_owned(), value: mib(memory), unit: "MiB", baseline: baseline.map(mib) })
    }
}

#[expect(clippy::cast_precision_loss, reason = "no machine has 2^52 bytes of memory")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::{Value, json};

    use super::super::bare::Bare;
    use super::super::corpus::Samples;
    use super::super::product::Ingest;
    use super::*;

    #[test]
    fn best_and_median_are_taken_over_the_runs() {
        let corpus = Corpus {
            folder: PathBuf::new(),
            files: Vec::new(),
            n_records: 1_000,
            record_bytes: 900_000,
            file_bytes: 1,
            samples: Samples::default(),
            victim: (String::new(), String::new()),
        };
        let ingest = |seconds| Ingest {
            seconds,
            bytes: [("index".to_owned(), 50_000), ("log".to_owned(), 250_000), ("lock".to_owned(), 0)].into(),
            ..Ingest::default()
        };
        let bare = |seconds| Bare { seconds, n_records: 1_000, bytes: 200_000, n_syncs: 1 };
        let sqlite = |layout, seconds| Recorded {
            layout,
            seconds,
            n_commits: 2,
            n_keys: 6_500,
            bytes: 600_000,
            index_bytes: 200_000,
            memory: None,
        };
        let measured = Measured {
            writ: vec![ingest(4.0), ingest(2.0), ingest(5.0)],
            bare: vec![bare(1.0), bare(0.5), bare(2.0)],
            sqlite: vec![sqlite("by-id", 20.0), sqlite("by-arrival", 10.0), sqlite("by-arrival", 8.0)],
            why_alone_ms: vec![30.0, 10.0, 20.0],
            usual: Asked { ms: (1..=200).map(f64::from).collect(), ..Asked::default() },
            ..Measured::default()
        };
        let figures: Vec<Figure> = groups(&corpus, &measured).into_iter().flat_map(|group| group.figures).collect();
        let value: Value = serde_json::from_str(&report::as_json(&figures).to_string()).unwrap();
        assert_eq!(
            value["ingest_best"],
            json!({"value": 500.0, "unit": "records/s", "baseline": 2000.0, "ratio": 0.25})
        );
        assert_eq!(value["ingest_median"]["value"], 250.0);
        assert_eq!(value["disk"], json!({"value": 300.0, "unit": "bytes/record", "baseline": 200.0, "ratio": 1.5}));
        assert_eq!(value["disk_lock"], Value::Null, "what takes less than a byte per record is not worth a line");
        assert_eq!(value["vs_sqlite_ingest_best"]["ratio"], 4.0, "the slower layout counts for nothing");
        assert_eq!(value["vs_sqlite_disk_index"]["ratio"], 0.25);
        assert_eq!(value["keys"]["value"], 6.5);
        assert_eq!(value["why_first"]["value"], 20.0);
        assert_eq!((&value["why_p50"]["value"], &value["why_p99"]["value"]), (&json!(100.0), &json!(198.0)));
        assert_eq!(value["memory_ingest"], Value::Null, "what was not measured is not shown");
    }
}
