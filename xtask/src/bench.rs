//! `cargo xtask bench`: what recording with Writ costs beside `SQLite`, and beside merely keeping the bytes.
//!
//! Three things are timed in one run, in turn, so that a noisy machine disturbs all: `writ ingest` from
//! start to end, as a process; [`sqlite`] in the place of Writ's store; and the [`bare`] compressed append.
//! All read the same files and sync as often. Then events are looked up, the index is made again, forged
//! records are added, and an ingest is killed. `bench/README.md` explains the figures.

mod ask;
mod bare;
mod call;
mod cold;
mod corpus;
mod figure;
mod flood;
mod index;
mod json;
mod log;
mod measure;
mod option;
mod process;
mod product;
pub(crate) mod random;
pub(crate) mod record;
pub(crate) mod report;
mod save;
pub(crate) mod sqlite;
mod world;

use crate::cargo;
use corpus::Corpus;
use measure::{Measured, Sides};
use option::Options;
use product::Product;
use report::Figure;
use sqlite::Sqlite;

/// Hops that an answer about a deep event has at least.
const HOPS_DEEP: usize = 8;

/// `cargo xtask bench`
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let n_cores = std::thread::available_parallelism().map_or(1, usize::from);
    let options = Options::read(arguments, n_cores)?;
    let root = cargo::root();
    if cfg!(debug_assertions) {
        // The bare append is measured too, so this program must be as quick as the one it is compared with.
        let again = ["run", "--quiet", "--release", "--package", "xtask", "--", "bench"];
        let arguments: Vec<&str> = again.into_iter().chain(arguments.iter().map(String::as_str)).collect();
        return cargo::run(&root, &arguments).map_err(|_| String::new());
    }
    let target = cargo::target(&root)?;
    let place = target.join("bench");
    let corpus = corpus::make(&place, options.kind, options.n_records, options.plain)?;
    cargo::run(&root, &["build", "--quiet", "--release", "--package", "writ"])?;
    let sqlite = if options.no_sqlite { None } else { Some(Sqlite::build(&root, &target, &place)?) };
    let binary = target.join("release").join(if cfg!(windows) { "writ.exe" } else { "writ" });
    let product = Product { binary, data: place.join("data") };
    let sides = Sides { product: &product, sqlite: sqlite.as_ref(), place: &place };
    let measured = measure::measure(&sides, &corpus, &options)?;
    if measured.deep.n_hops_least < HOPS_DEEP {
        return Err(format!("an answer about a deep event has {} hops: it is not deep", measured.deep.n_hops_least));
    }
    let groups = figure::groups(&corpus, &measured);
    if !options.json {
        print!("{}", summary(&corpus, &options, &measured));
        for group in groups.iter().filter(|group| !group.figures.is_empty()) {
            print!("\n{}", report::as_table(&group.figures, group.beside));
        }
    }
    let figures: Vec<Figure> = groups.into_iter().flat_map(|group| group.figures).collect();
    if options.json {
        println!("{}", report::as_json(&figures));
    }
    if options.save {
        save::save(&root, &corpus, &options, &measured, &figures, n_cores)?;
    }
    Ok(())
}

fn summary(corpus: &Corpus, options: &Options, measured: &Measured) -> String {
    let layout = measured.best_layout().next().map_or("left out", |run| run.layout);
    format!(
        "{} records in {} files, {} MB ({} MB of records)\n\
         {} runs each, in turn; {} threads beside writ; syncs: writ {}, bare append {}, SQLite {}\n\
         SQLite: {layout}\n",
        corpus.n_records,
        corpus.files.len(),
        corpus.file_bytes / 1_000_000,
        corpus.record_bytes / 1_000_000,
        options.n_runs,
        options.n_threads,
        measured.writ.last().map_or(0, |run| run.log.n_frames),
        measured.bare.last().map_or(0, |run| run.n_syncs),
        measured.best_layout().last().map_or(0, |run| run.n_commits),
    )
}
