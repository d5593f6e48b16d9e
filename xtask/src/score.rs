//! `cargo xtask score`: how right Writ is, on worlds whose truth is known.
//!
//! Each world of `scenarios/` goes through the front door as a user's files would, is asked about, and
//! the answer is laid beside its truth. Three simpler ways of joining are scored on the same records.
//! With `--perturb N` worlds are made out of these by losing and disturbing records, and what an answer
//! may never do then is checked.

mod baseline;
mod compare;
mod name;
mod perturb;
mod product;
mod rule;
mod tally;
mod toml;
mod world;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::bench::report;
use crate::cargo;
use compare::{Case, Marks, list, rank, text};
use name::Names;
use product::{Loaded, Product, Told};
use tally::Tally;
use world::{Scenario, World};

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq)]
struct Options {
    json: bool,
    /// Base worlds only, and no pages for people.
    quick: bool,
    /// Print every difference.
    verbose: bool,
    /// Only worlds whose name begins with this.
    only: Option<String>,
    /// Score this binary instead of building one.
    binary: Option<PathBuf>,
    /// So many disturbed worlds instead of the corpus as it stands.
    perturb: Option<u64>,
    seed: u64,
}

/// Differences printed for one world, unless all are asked for.
const FAULTS_SHOWN: usize = 6;

/// `cargo xtask score`
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let options = options(arguments)?;
    let root = cargo::root();
    let scenarios = world::read_all(&root.join("scenarios"))?;
    let place = cargo::target(&root)?.join("score");
    let binary = binary(&root, options.binary.as_deref())?;
    let product = Product { binary, place };
    if let Some(n_worlds) = options.perturb {
        return disturb(&product, &scenarios, n_worlds, &options);
    }
    score(&product, &root, &scenarios, &options)
}

/// The binary under test: the one named, or a fresh release build, which is what users run.
fn binary(root: &Path, named: Option<&Path>) -> Result<PathBuf, String> {
    if let Some(named) = named {
        return Ok(named.to_path_buf());
    }
    cargo::run(root, &["build", "--quiet", "--release", "--package", "writ"])?;
    Ok(cargo::target(root)?.join("release").join(if cfg!(windows) { "writ.exe" } else { "writ" }))
}

/// Disturbs worlds instead of scoring them.
fn disturb(product: &Product, scenarios: &[Scenario], n_worlds: u64, options: &Options) -> Result<(), String> {
    let plan = perturb::Plan {
        n_worlds,
        seed: options.seed,
        only: options.only.as_deref(),
        verbose: options.verbose,
        quiet: options.json,
    };
    let outcome = perturb::run(product, scenarios, &plan)?;
    if options.json {
        println!("{}", report::as_json(&outcome.figures()));
    } else {
        print!("{}", report::as_table(&outcome.figures(), "-"));
    }
    match outcome.failures.len() {
        0 => Ok(()),
        n => Err(format!("{n} answers did what losing or disturbing evidence may never do")),
    }
}

fn score(product: &Product, root: &Path, scenarios: &[Scenario], options: &Options) -> Result<(), String> {
    let wanted = |world: &World| options.only.as_ref().is_none_or(|only| world.name.starts_with(only.as_str()));
    let mut tally = Tally::default();
    let mut missed = BTreeSet::new();
    for scenario in scenarios {
        let variants = if options.quick { &[][..] } else { &scenario.variants[..] };
        let before = if variants.iter().any(|variant| variant.no_stronger && wanted(variant)) {
            first_answer(&product.load(&scenario.base)?, &scenario.base)?
        } else {
            None
        };
        for world in std::iter::once(&scenario.base).chain(variants).filter(|world| wanted(world)) {
            missed.extend(world.near_miss.iter().cloned());
            let marks = judge(product, world, before.as_ref(), options, &mut tally)?;
            if !options.json {
                print_world(world, &marks, options.verbose);
            }
            tally.world(&world.name, &marks);
        }
    }
    if tally.n_worlds == 0 {
        return Err("no scenario of that name; `ls scenarios` shows them".to_owned());
    }
    let rules = if options.quick || options.only.is_some() {
        Vec::new()
    } else {
        rule::wanting(&rule::all(root)?, &tally.sum.rules, &missed, &rule::in_cases(root)?)
    };
    let figures = tally.figures();
    if options.json {
        println!("{}", report::as_json(&figures));
    } else {
        println!("\n{}", tally.confusions());
        print!("{}", report::as_table(&figures, "best of 3"));
        for line in &rules {
            println!("rules: {line}");
        }
    }
    verdict(&tally, &rules)
}

/// Not right is a failure, and a wrong name at `proven` is said first.
fn verdict(tally: &Tally, rules: &[String]) -> Result<(), String> {
    let wrong = tally.wrong.len();
    match (tally.sum.false_proven.len(), wrong, rules.len()) {
        (0, 0, 0) => Ok(()),
        (0, 0, n) => Err(format!("{n} rules could be taken out without a scenario noticing")),
        (0, n, _) => Err(format!("{n} of {} worlds are not exactly right", tally.n_worlds)),
        (n, _, _) => Err(format!("{n} times something false is called proven; {wrong} worlds are not right")),
    }
}

fn first_answer(loaded: &Loaded<'_>, world: &World) -> Result<Option<Value>, String> {
    let Some(ask) = world.asks.first() else { return Ok(None) };
    Ok(loaded.why(text(ask, "event"), None, false)?.answer)
}

/// Loads a world, asks all its questions, and lays the answers beside the truth.
fn judge(
    product: &Product,
    world: &World,
    before: Option<&Value>,
    options: &Options,
    tally: &mut Tally,
) -> Result<Marks, String> {
    let loaded = product.load(world)?;
    let names = Names::of(world);
    let mut sum = Marks::default();
    if loaded.counts.rejects != world.rejects {
        let (rejects, inputs) = (loaded.counts.rejects, loaded.counts.inputs);
        sum.faults.push(format!("{rejects} of {inputs} inputs were rejected, not {}", world.rejects));
    }
    for (n, ask) in world.asks.iter().enumerate() {
        let event = text(ask, "event");
        let told = loaded.why(event, ask.get("as_of").and_then(Value::as_str), !options.quick)?;
        let mut marks = match (&told.answer, ask.get("not_found") == Some(&Value::Bool(true))) {
            (None, true) if told.status == 5 => Marks { n_asks: 1, ..Marks::default() },
            (Some(answer), false) if told.status == 0 => compare::compare(&Case { answer, truth: ask, names: &names }),
            _ => unanswered(&told, ask),
        };
        if let Some(answer) = &told.answer {
            said(&told, answer, ask, &mut marks);
            if let Some(before) = before.filter(|_| world.no_stronger && n == 0) {
                no_stronger(before, answer, &mut marks);
            }
        }
        if let Some(askers) = ask.get("asked_by").and_then(Value::as_array) {
            tally.guesses(&baseline::guess(world, event), askers);
        }
        for fault in &mut marks.faults {
            *fault = format!("{event}: {fault}");
        }
        sum.add(&marks);
    }
    Ok(sum)
}

/// No answer where there should be one: everything the truth asks for is missing.
fn unanswered(told: &Told, ask: &Value) -> Marks {
    let nothing = Value::Object(serde_json::Map::new());
    let names = Names::of(&World::empty());
    let mut marks = compare::compare(&Case { answer: &nothing, truth: ask, names: &names });
    marks.faults = vec![format!("no answer, exit status {}: {}", told.status, told.complaint)];
    marks
}

/// Nothing that must not be said stands on the page or in the sentence, and no byte of a log reaches a
/// terminal as a control.
fn said(told: &Told, answer: &Value, ask: &Value, marks: &mut Marks) {
    let sentence = text(answer, "sentence");
    let spoken = format!("{}\n{sentence}", told.text).to_lowercase();
    for phrase in list(ask, "must_not_say").iter().filter_map(Value::as_str) {
        if spoken.contains(&phrase.to_lowercase()) {
            marks.faults.push(format!("says `{phrase}`"));
        }
    }
    for phrase in list(ask, "must_say").iter().filter_map(Value::as_str) {
        if !compare::either(phrase).any(|phrase| spoken.contains(&phrase.to_lowercase())) {
            marks.faults.push(format!("does not say `{phrase}`"));
        }
    }
    for phrase in list(ask, "sentence_must_not_say").iter().filter_map(Value::as_str) {
        if sentence.to_lowercase().contains(&phrase.to_lowercase()) {
            marks.faults.push(format!("the sentence says `{phrase}`"));
        }
    }
    if let Some(control) = told.text.chars().find(|c| is_control(*c)) {
        marks.faults.push(format!("the page holds the control U+{:04X}", u32::from(control)));
    }
}

/// Characters that command a terminal or turn text around.
fn is_control(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{061c}')
}

/// Losing evidence strengthens nothing: no hop that both answers have is better known, and nobody is newly sure.
fn no_stronger(before: &Value, after: &Value, marks: &mut Marks) {
    for hop in list(after, "hops") {
        let ends = compare::ends(after, hop);
        let same = |other: &&Value| compare::ends(before, other) == ends;
        if let Some(earlier) = list(before, "hops").iter().find(same)
            && rank(text(hop, "strength")) > rank(text(earlier, "strength"))
        {
            marks.faults.push(format!("a hop is known better than before: {hop}"));
        }
    }
    let at = |answer: &Value, pointer: &str| answer.pointer(pointer).cloned().unwrap_or(Value::Null);
    if at(after, "/verdict/roots") == "one" && at(before, "/verdict/roots") != "one" {
        marks.faults.push("one root is certain that was not before".to_owned());
    }
}

fn print_world(world: &World, marks: &Marks, verbose: bool) {
    let right = marks.faults.is_empty() && marks.false_proven.is_empty();
    println!("{} {} ({} records)", if right { "ok  " } else { "FAIL" }, world.name, world.n_lines());
    for wrong in &marks.false_proven {
        println!("       FALSE AT PROVEN: {wrong}");
    }
    let shown = if verbose { marks.faults.len() } else { FAULTS_SHOWN };
    for fault in marks.faults.iter().take(shown) {
        println!("       {fault}");
    }
    if marks.faults.len() > shown {
        println!("       and {} more (--verbose shows them)", marks.faults.len() - shown);
    }
}

fn options(arguments: &[String]) -> Result<Options, String> {
    let mut options = Options::default();
    let mut arguments = arguments.iter();
    while let Some(flag) = arguments.next() {
        let mut value = || arguments.next().cloned().ok_or_else(|| format!("`{flag}` needs a value"));
        match flag.as_str() {
            "--json" => options.json = true,
            "--quick" => options.quick = true,
            "--verbose" => options.verbose = true,
            "--only" => options.only = Some(value()?),
            "--perturb" => options.perturb = Some(number(flag, &value()?)?),
            "--seed" => options.seed = number(flag, &value()?)?,
            "--binary" => options.binary = Some(PathBuf::from(value()?)),
            other => return Err(format!("`cargo xtask score` has no flag `{other}`; `cargo xtask help` names them")),
        }
    }
    Ok(options)
}

/// A number as people write it.
pub(crate) fn number(flag: &str, text: &str) -> Result<u64, String> {
    text.replace('_', "").parse().map_err(|_| format!("`{flag}` needs a whole number, not `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_in_any_order_and_others_refused() {
        let read = |words: &[&str]| options(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        let found = read(&["--perturb", "1_000", "--only", "S02", "--json", "--seed", "7"]).unwrap();
        assert_eq!((found.perturb, found.seed, found.json), (Some(1_000), 7, true));
        assert_eq!(found.only.as_deref(), Some("S02"));
        for bad in [&["--seed"][..], &["--perturb", "many"], &["S02"], &["--fast"]] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn controls_that_turn_text_around_are_found() {
        assert!(['\u{1b}', '\u{202e}', '\u{2066}', '\r', '\u{7f}'].into_iter().all(is_control));
        assert!(['\n', 'a', '\u{e9}', '\u{4e2d}'].into_iter().all(|c| !is_control(c)));
    }

    #[test]
    fn the_corpus_can_be_read_and_says_what_it_must() {
        let scenarios = world::read_all(&cargo::root().join("scenarios")).unwrap();
        assert!(scenarios.len() >= 12, "{}", scenarios.len());
        for scenario in &scenarios {
            assert!(scenario.base.n_lines() >= 30, "{}: a rule could pass by luck", scenario.base.name);
            for world in std::iter::once(&scenario.base).chain(&scenario.variants) {
                for ask in &world.asks {
                    assert!(
                        ask.get("hops").is_some() || ask.get("not_found").is_some(),
                        "{} states no path",
                        world.name
                    );
                }
            }
        }
    }
}
