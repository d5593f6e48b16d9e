//! `cargo xtask score --perturb N`: what losing and disturbing records may never do to an answer.
//!
//! A world of the corpus is taken, its records are lost, delayed, cut, blackened, sampled, doubled, put
//! in another order, told by a clock that is off, contradicted or given another name; then the same
//! questions are asked and the answers are held against those of the world as it was (product, section 5).
//! The world made by seed `S` is always the same, so a failure is replayed by `--perturb 1 --seed S`.

mod invariant;
mod operation;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde_json::Value;

use super::compare::text;
use super::name::Names;
use super::product::Product;
use super::world::{Scenario, World};
use crate::bench::random::Random;
use crate::bench::report::Figure;
use invariant::Kept;
use operation::Disturbance;

/// Failures printed; the rest is counted.
const FAILURES_SHOWN: usize = 12;

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan<'a> {
    pub(super) n_worlds: u64,
    pub(super) seed: u64,
    /// Only out of worlds whose name begins with this.
    pub(super) only: Option<&'a str>,
    /// Say what was done to each world.
    pub(super) verbose: bool,
    pub(super) quiet: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) n_worlds: u64,
    pub(super) n_answers: usize,
    pub(super) seconds: f64,
    /// By what was done.
    pub(super) done: BTreeMap<&'static str, usize>,
    pub(super) failures: Vec<String>,
}

/// The answers of worlds as they stand in the corpus.
type References = Mutex<BTreeMap<String, Arc<Vec<Option<Value>>>>>;

/// Worlds made at a time. Each waits for its disk more than it computes, so more than there are cores.
const N_THREADS: u64 = 4;

/// What one seed came to.
struct Made {
    seed: u64,
    names: Vec<&'static str>,
    n_answers: usize,
    failures: Vec<String>,
}

pub(super) fn run(product: &Product, scenarios: &[Scenario], plan: &Plan<'_>) -> Result<Outcome, String> {
    let worlds: Vec<&World> = scenarios
        .iter()
        .flat_map(|scenario| std::iter::once(&scenario.base).chain(&scenario.variants))
        .filter(|world| plan.only.is_none_or(|only| world.name.starts_with(only)))
        .collect();
    if worlds.is_empty() {
        return Err("no scenario of that name; `ls scenarios` shows them".to_owned());
    }
    let start = Instant::now();
    let references = References::default();
    let mut made = Vec::new();
    std::thread::scope(|scope| -> Result<(), String> {
        let workers: Vec<_> = (0..N_THREADS)
            .map(|nth| {
                let (worlds, references) = (&worlds, &references);
                scope.spawn(move || work(product, worlds, references, plan, nth))
            })
            .collect();
        for worker in workers {
            made.extend(worker.join().map_err(|_| "a thread that makes worlds panicked".to_owned())??);
        }
        Ok(())
    })?;
    made.sort_by_key(|one| one.seed);
    let mut outcome = Outcome::default();
    for one in made {
        outcome.n_worlds += 1;
        outcome.n_answers += one.n_answers;
        outcome.failures.extend(one.failures);
        for name in one.names {
            *outcome.done.entry(name).or_default() += 1;
        }
    }
    outcome.seconds = start.elapsed().as_secs_f64();
    if !plan.quiet {
        for failure in outcome.failures.iter().take(FAILURES_SHOWN) {
            println!("BROKEN {failure}");
        }
        if outcome.failures.len() > FAILURES_SHOWN {
            println!("and {} more", outcome.failures.len() - FAILURES_SHOWN);
        }
    }
    Ok(outcome)
}

/// Every [`N_THREADS`]th seed, from the `nth`.
fn work(
    product: &Product,
    worlds: &[&World],
    references: &References,
    plan: &Plan<'_>,
    nth: u64,
) -> Result<Vec<Made>, String> {
    let own = Product { binary: product.binary.clone(), place: product.place.join(format!("thread-{nth}")) };
    let seeds = (plan.seed..plan.seed.saturating_add(plan.n_worlds)).filter(|seed| seed % N_THREADS == nth);
    let mut made = Vec::new();
    for seed in seeds {
        // The generator mixes: the first numbers of neighbouring seeds are unrelated.
        let mut random = Random::new(seed);
        let Some(world) = random.pick(worlds).copied() else { break };
        let (disturbed, disturbance) = operation::disturb(world, &mut random);
        let before = reference(&own, world, references)?;
        let broken = check(&own, world, &disturbed, &disturbance, &before)?;
        let done = disturbance.said.join("; ");
        if plan.verbose {
            eprintln!("seed {seed}: {}: {done}", world.name);
        }
        let only = plan.only.map_or_else(String::new, |only| format!(" --only {only}"));
        let again = format!("cargo xtask score --perturb 1 --seed {seed}{only} --verbose");
        let tell = |fault| format!("{}: {fault}\n    after: {done}\n    again: {again}", world.name);
        let failures = broken.into_iter().map(tell).collect();
        made.push(Made { seed, names: disturbance.names, n_answers: before.len(), failures });
    }
    Ok(made)
}

/// The questions that can be asked of a disturbed world: those about the present.
fn asks(world: &World) -> impl Iterator<Item = &Value> {
    let later = |ask: &&Value| ask.get("as_of").is_none() && ask.get("not_found").is_none();
    world.asks.iter().filter(later)
}

fn events(world: &World) -> Vec<String> {
    asks(world).map(|ask| text(ask, "event").to_owned()).collect()
}

fn reference(product: &Product, world: &World, known: &References) -> Result<Arc<Vec<Option<Value>>>, String> {
    if let Some(answers) = known.lock().unwrap_or_else(PoisonError::into_inner).get(&world.name) {
        return Ok(Arc::clone(answers));
    }
    let present = World { asks: asks(world).cloned().collect(), ..world.clone() };
    let (_, answers) = product.load(&present)?.why_all(&events(world), None)?;
    let answers = Arc::new(answers);
    known.lock().unwrap_or_else(PoisonError::into_inner).insert(world.name.clone(), Arc::clone(&answers));
    Ok(answers)
}

/// What the disturbed world's answers do that they may not.
fn check(
    product: &Product,
    world: &World,
    disturbed: &World,
    disturbance: &Disturbance,
    before: &[Option<Value>],
) -> Result<Vec<String>, String> {
    let loaded = product.load(disturbed)?;
    let (status, after) = loaded.why_all(&events(world), disturbance.as_of)?;
    let mut broken = Vec::new();
    if status != 0 {
        broken.push(format!("exit status {status}, where every event is there and can be answered"));
    }
    let names = Names::of(world);
    for ((ask, before), after) in asks(world).zip(before).zip(&after) {
        let event = text(ask, "event");
        let (Some(before), Some(after)) = (before, after) else {
            if before.is_some() {
                broken.push(format!("{event}: no answer"));
            }
            continue;
        };
        let kept = Kept { before, after, truth: ask, names: &names };
        broken.extend(kept.broken(disturbance.kind).into_iter().map(|fault| format!("{event}: {fault}")));
    }
    Ok(broken)
}

impl Outcome {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub(super) fn figures(&self) -> Vec<Figure> {
        let figure = |name: &str, value: f64, unit| Figure { name: name.to_owned(), value, unit, baseline: None };
        let mut figures = vec![
            figure("perturbed_worlds", self.n_worlds as f64, ""),
            figure("perturbed_answers", self.n_answers as f64, ""),
            figure("perturbed_broken", self.failures.len() as f64, ""),
            figure("perturbed_seconds", self.seconds, "s"),
            figure("perturbed_rate", self.n_worlds as f64 / self.seconds.max(0.001), "worlds/s"),
        ];
        for (name, n) in &self.done {
            figures.push(figure(&format!("perturbed_by_{name}"), *n as f64, ""));
        }
        figures
    }
}
