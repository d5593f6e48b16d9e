//! What is run, in which order, and what came of it.

use std::fs;
use std::path::Path;

use super::ask::Asked;
use super::bare::{self, Bare};
use super::corpus::Corpus;
use super::flood;
use super::option::Options;
use super::product::{self, Crashed, Ingest, Product, Rebuilt};
use super::sqlite::{self, Recorded, Sqlite};

/// Events that are asked about before times are taken, so that what is read once has been read.
const N_WARM: usize = 10;
/// Events that are asked about with nothing in the memory of the system.
const N_COLD: usize = 100;
/// One record in so many is forged in the flood.
const FLOOD_SHARE: usize = 10;
/// How often the victim of the flood is asked about.
const N_VICTIM: usize = 5;

/// The programs that are measured, and a place for their files.
pub(super) struct Sides<'a> {
    pub(super) product: &'a Product,
    pub(super) sqlite: Option<&'a Sqlite>,
    pub(super) place: &'a Path,
}

/// What was measured, run by run.
#[derive(Debug, Default)]
pub(super) struct Measured {
    pub(super) writ: Vec<Ingest>,
    pub(super) bare: Vec<Bare>,
    /// Runs of both layouts; the quicker one has more of them.
    pub(super) sqlite: Vec<Recorded>,
    pub(super) batch: usize,
    /// Milliseconds of processes that answer about one event.
    pub(super) why_alone_ms: Vec<f64>,
    pub(super) usual: Asked,
    pub(super) deep: Asked,
    pub(super) hot: Asked,
    /// Milliseconds of processes that answer about one deep or hot event with nothing in the memory of the system.
    pub(super) cold_ms: Option<Vec<f64>>,
    /// The same of processes that open the folder and answer nothing.
    pub(super) open_cold_ms: Option<Vec<f64>>,
    pub(super) rebuilt: Rebuilt,
    pub(super) flooded: Flooded,
    pub(super) crashed: Crashed,
}

/// What a flood of forged records changes.
#[derive(Debug, Default)]
pub(super) struct Flooded {
    pub(super) n_forged: usize,
    /// The same events as before.
    pub(super) usual: Asked,
    /// Milliseconds of processes that answer about the event whose keys were forged.
    pub(super) victim_ms: Vec<f64>,
}

impl Measured {
    /// The runs of the quicker layout.
    pub(super) fn best_layout(&self) -> impl Iterator<Item = &Recorded> {
        let best = self.sqlite.iter().min_by(|a, b| a.seconds.total_cmp(&b.seconds)).map(|run| run.layout);
        self.sqlite.iter().filter(move |run| Some(run.layout) == best)
    }
}

pub(super) fn measure(sides: &Sides<'_>, corpus: &Corpus, options: &Options) -> Result<Measured, String> {
    // Nobody pays for reading the files from the disk for the first time.
    for file in &corpus.files {
        fs::read(file).map_err(|error| format!("`{}` cannot be read: {error}", file.display()))?;
    }
    let mut measured = Measured::default();
    for number in 1..=options.n_runs {
        record(sides, corpus, options, number, &mut measured)?;
    }
    look_up(sides.product, corpus, &mut measured)?;
    eprintln!("bench: making the index again");
    measured.rebuilt = sides.product.rebuild(corpus.n_records)?;
    measured.flooded = flood(sides, corpus)?;
    eprintln!("bench: killing an ingest");
    measured.crashed = sides.product.crash(corpus)?;
    // It can be large, and nobody looks at it again.
    sides.product.clear()?;
    Ok(measured)
}

/// One run of each side, in turn, so that a noisy machine disturbs them alike.
fn record(
    sides: &Sides<'_>,
    corpus: &Corpus,
    options: &Options,
    number: usize,
    measured: &mut Measured,
) -> Result<(), String> {
    let (log, n_threads) = (sides.place.join("bare.log"), options.n_threads);
    let ingest = sides.product.ingest(corpus)?;
    let batch = options.batch.unwrap_or(corpus.n_records.div_ceil(ingest.log.n_frames.max(1)));
    let bare = bare::run(&corpus.files, &log, n_threads, batch)?;
    let _ = fs::remove_file(log);
    if bare.n_records != corpus.n_records {
        return Err(format!("the bare append cut {} records out of {}", bare.n_records, corpus.n_records));
    }
    let mut told = vec![format!("writ {:.2} s", ingest.seconds), format!("bare append {:.2} s", bare.seconds)];
    // Only the first run tries both layouts: the slower one is of no use to anybody.
    let best = options.layout.or_else(|| measured.best_layout().next().map(|run| run.layout));
    for layout in sqlite::LAYOUTS.into_iter().filter(|layout| best.is_none_or(|best| best == *layout)) {
        let Some(sqlite) = sides.sqlite else { break };
        let recorded = sqlite.run(layout, corpus, batch, n_threads)?;
        told.push(format!("SQLite {layout} {:.2} s", recorded.seconds));
        measured.sqlite.push(recorded);
    }
    eprintln!("bench: run {number} of {}: {}", options.n_runs, told.join(", "));
    measured.writ.push(ingest);
    measured.bare.push(bare);
    measured.batch = batch;
    Ok(())
}

fn look_up(product: &Product, corpus: &Corpus, measured: &mut Measured) -> Result<(), String> {
    eprintln!("bench: asking");
    // What ran since may have pushed the folder out of the memory of the system.
    product.read_all()?;
    let samples = &corpus.samples;
    measured.why_alone_ms = product.why_alone(&samples.usual)?;
    measured.usual = product.why(warm(&samples.deep), &samples.usual)?;
    measured.deep = product.why(warm(&samples.usual), &samples.deep)?;
    measured.hot = product.why(warm(&samples.deep), &samples.hot)?;
    let cold = samples.deep.iter().zip(&samples.hot).flat_map(|(deep, hot)| [deep, hot]);
    measured.cold_ms = product.why_cold(cold.take(N_COLD))?;
    measured.open_cold_ms = product.open_cold()?;
    product.read_all()?;
    Ok(())
}

fn warm(ids: &[String]) -> &[String] {
    ids.get(..N_WARM).unwrap_or(ids)
}

fn flood(sides: &Sides<'_>, corpus: &Corpus) -> Result<Flooded, String> {
    let n_forged = corpus.n_records / FLOOD_SHARE;
    eprintln!("bench: adding {n_forged} forged records");
    let folder = sides.place.join("flood");
    flood::write(&folder, corpus, n_forged)?;
    let added = sides.product.add(&folder)?;
    product::counts(&added.output.stdout, n_forged)?;
    let _ = fs::remove_dir_all(folder);
    let usual = sides.product.why(warm(&corpus.samples.deep), &corpus.samples.usual)?;
    let victim = &corpus.victim.0;
    let victim_ms = (0..N_VICTIM).map(|_| sides.product.why_once(victim)).collect::<Result<_, _>>()?;
    Ok(Flooded { n_forged, usual, victim_ms })
}
