//! Writing the records to files as AWS delivers them, once, and finding them again.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use super::bare;
use super::random::Random;
use super::record::{self, Form, Record};
use super::world::{Shape, Standing, World};

/// Goes up with every change to what is generated, so that no old corpus is measured.
const VERSION: u32 = 2;
/// Any number; the corpus is the same wherever it is made.
const SEED: u64 = 20_260_302;
/// Look-ups of each sort that are timed, where there are as many.
const N_SAMPLE: usize = 200;
/// A delivered file holds some five minutes of an account and a region: here, up to so many records.
const FILE_RECORDS_MAX: usize = 3_000;
/// Every two-hundredth record is delivered late, by so many records.
const LATE_RECORDS: usize = 2_000;

/// Which company, and how much is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Workloads for the most part, in records as CloudTrail writes them today.
    Usual,
    /// People with long-lived keys for the most part, in records of some 760 bytes: the setting of the
    /// prototypes that the design rests on, and of the budget of 400 bytes on disk.
    Small,
}

impl Kind {
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Usual, Self::Small].into_iter().find(|kind| kind.word() == name)
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Small => "small",
        }
    }

    pub(super) fn shape(self) -> Shape {
        match self {
            // The busiest principal makes a tenth of the calls, as the busiest workload of a firm does.
            Self::Usual => Shape { zipf_exponent: 0.9, people: 250, key_calls: 600 },
            // The busiest makes 7.5 % of them.
            Self::Small => Shape { zipf_exponent: 0.8, people: 960, key_calls: 960 },
        }
    }

    pub(super) fn form(self) -> Form {
        match self {
            Self::Usual => Form::Full,
            Self::Small => Form::Terse,
        }
    }
}

/// Native ids of events to look up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Samples {
    /// Spread over everything.
    pub(super) usual: Vec<String>,
    /// At the end of long chains of roles.
    pub(super) deep: Vec<String>,
    /// Of the busiest principal.
    pub(super) hot: Vec<String>,
}

/// Files of records, and what is known about them.
#[derive(Debug)]
pub(super) struct Corpus {
    /// The folder to ingest, which holds nothing but log files.
    pub(super) folder: PathBuf,
    pub(super) files: Vec<PathBuf>,
    pub(super) n_records: usize,
    /// Bytes of the records themselves.
    pub(super) record_bytes: u64,
    /// Bytes of the files.
    pub(super) file_bytes: u64,
    pub(super) samples: Samples,
    /// The record of the first of the deep events, whose keys are forged later, and its id.
    pub(super) victim: (String, String),
}

impl Corpus {
    /// The native id of the record that is ingested first: files of a folder are read in order.
    pub(super) fn first(&self) -> Result<String, String> {
        let path = self.files.iter().min().ok_or("the corpus has no files")?;
        let text = bare::read(path)?;
        let record: Value =
            bare::records(&text).next().and_then(|text| serde_json::from_slice(text).ok()).unwrap_or_default();
        let id = record.get("eventID").and_then(Value::as_str);
        id.map(str::to_owned).ok_or_else(|| format!("`{}` begins with no record", path.display()))
    }
}

/// The corpus of `n_records`, made under `place` unless it is there.
pub(super) fn make(place: &Path, kind: Kind, n_records: usize, plain: bool) -> Result<Corpus, String> {
    let form = if plain { "json" } else { "gz" };
    let home = place.join(format!("cloudtrail-{VERSION}-{}-{n_records}-{form}", kind.word()));
    let note = home.join("corpus.json");
    if !note.exists() {
        eprintln!("bench: writing {n_records} records to {}", home.display());
        if home.exists() {
            fs::remove_dir_all(&home).map_err(|error| format!("`{}` cannot be cleared: {error}", home.display()))?;
        }
        let text = write(&home.join("logs"), kind, n_records, plain)?.to_string();
        fs::write(&note, text).map_err(|error| format!("`{}` cannot be written: {error}", note.display()))?;
    }
    let text = fs::read_to_string(&note).map_err(|error| format!("`{}` cannot be read: {error}", note.display()))?;
    let value: Value =
        serde_json::from_str(&text).map_err(|error| format!("`{}` is not JSON: {error}", note.display()))?;
    let list = |name: &str| {
        let items = value.get(name).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    let text_of = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = |name: &str| value.get(name).and_then(Value::as_u64).unwrap_or(0);
    let folder = home.join("logs");
    Ok(Corpus {
        files: list("files").iter().map(|name| folder.join(name)).collect(),
        folder,
        n_records,
        record_bytes: number("record_bytes"),
        file_bytes: number("file_bytes"),
        samples: Samples { usual: list("usual"), deep: list("deep"), hot: list("hot") },
        victim: (text_of("victim_id"), text_of("victim")),
    })
}

/// What is still to be written to one file, by account and region.
type Buckets = BTreeMap<(&'static str, &'static str), (usize, Vec<Record>)>;

/// Takes some of the events that it is shown, spread over the corpus.
struct Sampler {
    stride: usize,
    /// The next one is taken from this place on.
    wanted: usize,
    ids: Vec<String>,
}

impl Sampler {
    fn new(n_records: usize) -> Self {
        Self { stride: n_records.div_ceil(N_SAMPLE).max(1), wanted: 0, ids: Vec::new() }
    }

    /// Whether the event at this place was taken.
    fn offer(&mut self, at: usize, id: &str, random: &mut Random) -> bool {
        let is_taken = at >= self.wanted;
        if is_taken {
            self.ids.push(id.to_owned());
            self.wanted = (at / self.stride + 1) * self.stride + random.below(self.stride);
        }
        is_taken
    }
}

fn write(folder: &Path, kind: Kind, n_records: usize, plain: bool) -> Result<Value, String> {
    let mut random = Random::new(SEED);
    let mut world = World::new(kind.shape(), &mut random);
    let mut files = Files { folder, plain, names: Vec::new(), bytes: 0 };
    let (mut buckets, mut late) = (Buckets::new(), VecDeque::new());
    let [mut usual, mut deep, mut hot] = [0; 3].map(|_| Sampler::new(n_records));
    let mut victim = (String::new(), String::new());
    let (mut n_written, mut record_bytes) = (0, 0_u64);
    while n_written < n_records {
        let moment = world.next(&mut random).ok_or("the world has come to a stop")?;
        for record in record::write(&moment, kind.form(), &mut random).into_iter().take(n_records - n_written) {
            record_bytes += record.text.len() as u64;
            let id = &record.event_id;
            usual.offer(n_written, id, &mut random);
            if record.standing == Standing::Hot {
                hot.offer(n_written, id, &mut random);
            }
            if record.standing == Standing::Deep && deep.offer(n_written, id, &mut random) && deep.ids.len() == 1 {
                victim = (id.clone(), record.text.clone());
            }
            n_written += 1;
            if random.chance(5) {
                late.push_back((n_written + LATE_RECORDS, record));
            } else {
                deliver(record, &mut buckets, &mut files, &mut random)?;
            }
        }
        while late.front().is_some_and(|(due, _)| *due <= n_written) {
            let Some((_, record)) = late.pop_front() else { break };
            deliver(record, &mut buckets, &mut files, &mut random)?;
        }
    }
    for (_, record) in late {
        deliver(record, &mut buckets, &mut files, &mut random)?;
    }
    for (_, records) in buckets.values() {
        files.write(records, &mut random)?;
    }
    Ok(serde_json::json!({
        "files": files.names, "record_bytes": record_bytes, "file_bytes": files.bytes,
        "usual": usual.ids, "deep": deep.ids, "hot": hot.ids, "victim_id": victim.0, "victim": victim.1,
    }))
}

fn deliver(record: Record, buckets: &mut Buckets, files: &mut Files<'_>, random: &mut Random) -> Result<(), String> {
    let half = FILE_RECORDS_MAX / 2;
    let (room, records) = buckets.entry((record.account, record.region)).or_default();
    if records.is_empty() {
        *room = half + random.below(half);
    }
    records.push(record);
    if records.len() > *room {
        files.write(records, random)?;
        records.clear();
    }
    Ok(())
}

struct Files<'a> {
    folder: &'a Path,
    plain: bool,
    /// Paths below the folder.
    names: Vec<String>,
    bytes: u64,
}

impl Files<'_> {
    fn write(&mut self, records: &[Record], random: &mut Random) -> Result<(), String> {
        let (Some(first), Some(last)) = (records.first(), records.last()) else { return Ok(()) };
        let (account, region) = (first.account, first.region);
        let texts: Vec<&str> = records.iter().map(|record| record.text.as_str()).collect();
        let text = format!("{{\"Records\":[{}]}}", texts.join(","));
        let bytes = if self.plain { text.into_bytes() } else { gzip(&text)? };
        // `2026-03-02T00:05:00Z` becomes `20260302T0005Z`.
        let time = record::iso(last.time).replace(['-', ':'], "");
        let (day, minute) = (time.get(..8).unwrap_or_default(), time.get(..13).unwrap_or_default());
        let letters = random.letters("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 16);
        let ending = if self.plain { "json" } else { "json.gz" };
        let name = format!(
            "AWSLogs/{account}/CloudTrail/{region}/{}/{}/{}/{account}_CloudTrail_{region}_{minute}Z_{letters}.{ending}",
            day.get(..4).unwrap_or_default(),
            day.get(4..6).unwrap_or_default(),
            day.get(6..).unwrap_or_default()
        );
        let path = self.folder.join(&name);
        let written = fs::create_dir_all(path.parent().unwrap_or(self.folder)).and_then(|()| fs::write(&path, &bytes));
        written.map_err(|error| format!("`{}` cannot be written: {error}", path.display()))?;
        self.bytes += bytes.len() as u64;
        self.names.push(name);
        Ok(())
    }
}

pub(super) fn gzip(text: &str) -> Result<Vec<u8>, String> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let done = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
    done.map_err(|error| format!("gzip failed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("writ-xtask-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn the_corpus_is_whole_and_the_same_each_time() {
        let place = place("corpus");
        let first = make(&place, Kind::Usual, 5_000, false).unwrap();
        assert_eq!(first.n_records, 5_000);
        assert!((100..=N_SAMPLE).contains(&first.samples.usual.len()) && !first.samples.deep.is_empty());
        let texts: Vec<Vec<u8>> = first.files.iter().map(|file| bare::read(file).unwrap()).collect();
        let mut ids = std::collections::BTreeSet::new();
        let (mut n, mut bytes) = (0, 0);
        for text in &texts {
            let value: Value = serde_json::from_slice(text).unwrap();
            let records = value["Records"].as_array().unwrap();
            n += records.len();
            ids.extend(records.iter().map(|record| record["eventID"].as_str().unwrap().to_owned()));
            bytes += text.len() - "{\"Records\":[]}".len() - (records.len() - 1);
        }
        assert_eq!((n, ids.len()), (5_000, 5_000), "every record is there once");
        assert_eq!(bytes as u64, first.record_bytes);
        let Samples { usual, deep, hot } = &first.samples;
        assert!(usual.iter().chain(deep).chain(hot).chain([&first.first().unwrap()]).all(|id| ids.contains(id)));
        assert_eq!(first.victim.0, deep[0]);
        assert!(first.victim.1.contains(&deep[0]));
        let again = make(&place, Kind::Usual, 5_000, false).unwrap();
        assert_eq!(again.files, first.files);
        fs::remove_dir_all(&place).unwrap();
        let anew = make(&place, Kind::Usual, 5_000, false).unwrap();
        assert_eq!(anew.files.iter().map(|file| bare::read(file).unwrap()).collect::<Vec<_>>(), texts);
        fs::remove_dir_all(&place).unwrap();
    }
}
