//! Ways to disturb a world.

use serde_json::{Value, json};

use crate::bench::random::Random;
use crate::score::compare::text;
use crate::score::name::Names;
use crate::score::world::{Line, World};

/// What an answer is held to afterwards, weakest disturbance first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Nothing was lost: the answer is the same.
    Neutral,
    /// Clocks were off within what sources declare: what is proven stays so, and nothing else becomes it.
    Skewed,
    /// Supporting evidence was lost or spoilt: nothing is known better.
    Lost,
    /// A record says something else than it did: no false name may become `proven`.
    Altered,
}

/// What was done to a world.
#[derive(Clone, Debug)]
pub(super) struct Disturbance {
    pub(super) kind: Kind,
    pub(super) names: Vec<&'static str>,
    /// In words, with the records it was done to.
    pub(super) said: Vec<String>,
    /// Where records are late: the instant between the deliveries.
    pub(super) as_of: Option<&'static str>,
}

/// One way.
struct Operation {
    name: &'static str,
    kind: Kind,
    /// How often it is drawn.
    weight: usize,
    run: fn(&mut World, &[String], &mut Random) -> Option<String>,
}

const OPERATIONS: [Operation; 10] = [
    Operation { name: "drop", kind: Kind::Lost, weight: 26, run: drop_some },
    Operation { name: "sample", kind: Kind::Lost, weight: 10, run: sample },
    Operation { name: "delay", kind: Kind::Lost, weight: 10, run: delay },
    Operation { name: "redact", kind: Kind::Lost, weight: 16, run: redact },
    Operation { name: "truncate", kind: Kind::Lost, weight: 8, run: truncate },
    Operation { name: "conflict", kind: Kind::Lost, weight: 8, run: conflict },
    Operation { name: "duplicate", kind: Kind::Neutral, weight: 8, run: duplicate },
    Operation { name: "reorder", kind: Kind::Neutral, weight: 8, run: reorder },
    Operation { name: "skew", kind: Kind::Skewed, weight: 8, run: skew },
    Operation { name: "rename", kind: Kind::Altered, weight: 6, run: rename },
];

/// Most ways of disturbing one world: more at once hide what did it.
const N_OPERATIONS_MAX: usize = 3;

/// Late records are delivered after this instant; everything in the corpus was before it.
const LATE: &str = "9998-01-01T00:00:00Z";
const TOO_LATE: &str = "9999-01-01T00:00:00Z";

/// A value longer than this is cut to it, as exporters with a length limit do. No id of the corpus but a
/// digest is longer.
const LIMIT: usize = 64;

/// What stands where a value was taken out.
const BLACKENED: [&str; 5] = ["REDACTED", "<REDACTED>", "[REDACTED]", "***", "HIDDEN_DUE_TO_SECURITY_REASONS"];

/// A world made out of another, and what was done to it.
pub(super) fn disturb(world: &World, random: &mut Random) -> (World, Disturbance) {
    let mut disturbed = World { asks: Vec::new(), ..world.clone() };
    let kept = kept(world);
    let mut done = Disturbance { kind: Kind::Neutral, names: Vec::new(), said: Vec::new(), as_of: None };
    for _ in 0..=random.below(N_OPERATIONS_MAX) {
        let Some(operation) = draw(random) else { continue };
        // Clocks and losses together show nothing that each alone does not.
        let mixes = done.kind == Kind::Neutral || operation.kind == Kind::Neutral || operation.kind == done.kind;
        if !mixes || done.names.contains(&operation.name) {
            continue;
        }
        let Some(said) = (operation.run)(&mut disturbed, &kept, random) else { continue };
        done.kind = done.kind.max(operation.kind);
        done.names.push(operation.name);
        done.said.push(format!("{} {said}", operation.name));
    }
    if done.names.contains(&"delay") {
        done.as_of = Some(LATE);
        // Tells the loader where to split the deliveries.
        disturbed.asks.push(json!({ "as_of": LATE }));
    }
    if done.kind == Kind::Lost {
        // Whoever declared a source complete did so before its records were lost: the word does not hold
        // for what is left.
        let whole = |source: &str| disturbed.lines.get(source) == world.lines.get(source);
        let holds: Vec<_> = disturbed.complete.iter().filter(|complete| whole(&complete.source)).cloned().collect();
        disturbed.complete = holds;
    }
    (disturbed, done)
}

fn draw(random: &mut Random) -> Option<&'static Operation> {
    let mut point = random.below(OPERATIONS.iter().map(|operation| operation.weight).sum());
    OPERATIONS.iter().find(|operation| {
        let here = point < operation.weight;
        point = point.saturating_sub(operation.weight);
        here
    })
}

/// Records that stay: those asked about, and those that contradict, whose loss may strengthen.
fn kept(world: &World) -> Vec<String> {
    let names = Names::of(world);
    let mut kept: Vec<String> = world.asks.iter().flat_map(|ask| names.of_event(text(ask, "event"))).collect();
    let contradicts = |id: &str| {
        world.contradicting.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(head) => id.starts_with(head),
            None => id == pattern,
        })
    };
    kept.extend(world.lines.values().flatten().map(|line| line.id.clone()).filter(|id| contradicts(id)));
    kept
}

/// A copy of a record that stays, stays as it is too: changed, it would contradict.
fn is_kept(kept: &[String], id: &str) -> bool {
    kept.iter().any(|kept| id.strip_prefix(kept.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(" (")))
}

/// Some records that may be touched, by name: three times out of four ones that tell the story, not noise.
fn choose(world: &World, kept: &[String], random: &mut Random, most: usize) -> Vec<String> {
    let telling = random.chance(750);
    let may = |id: &str| !is_kept(kept, id) && (!telling || !id.starts_with("noise"));
    let ids: Vec<&String> = world.lines.values().flatten().map(|line| &line.id).filter(|id| may(id)).collect();
    let n = 1 + random.below(most);
    let mut chosen: Vec<String> = (0..n).filter_map(|_| random.pick(&ids)).map(|id| (*id).clone()).collect();
    chosen.sort();
    chosen.dedup();
    chosen
}

fn drop_some(world: &mut World, kept: &[String], random: &mut Random) -> Option<String> {
    let chosen = choose(world, kept, random, 6);
    for lines in world.lines.values_mut() {
        lines.retain(|line| !chosen.contains(&line.id));
    }
    (!chosen.is_empty()).then(|| chosen.join(", "))
}

fn sample(world: &mut World, kept: &[String], random: &mut Random) -> Option<String> {
    let sources: Vec<String> = world.lines.keys().filter(|source| source.starts_with("otel")).cloned().collect();
    let source = random.pick(&sources)?.clone();
    let per_mille = [250, 500, 750].get(random.below(3)).copied().unwrap_or(500);
    let mut gone = Vec::new();
    world.lines.get_mut(&source)?.retain(|line| {
        let stays = is_kept(kept, &line.id) || !random.chance(per_mille);
        if !stays {
            gone.push(line.id.clone());
        }
        stays
    });
    (!gone.is_empty()).then(|| format!("{source}: {}", gone.join(", ")))
}

fn delay(world: &mut World, kept: &[String], random: &mut Random) -> Option<String> {
    let chosen = choose(world, kept, random, 8);
    each(world, &chosen, |line| TOO_LATE.clone_into(&mut line.delivered_at));
    (!chosen.is_empty()).then(|| chosen.join(", "))
}

fn redact(world: &mut World, kept: &[String], random: &mut Random) -> Option<String> {
    let chosen = choose(world, kept, random, 3);
    let word = BLACKENED.get(random.below(BLACKENED.len()))?;
    let mut said = Vec::new();
    each(world, &chosen, |line| {
        let mut places = Vec::new();
        leaves(&line.evidence, "", &mut |place, text| {
            if may_be_blackened(place, text) {
                places.push(place.to_owned());
            }
        });
        if let Some(place) = random.pick(&places)
            && let Some(value) = line.evidence.pointer_mut(place)
        {
            *value = Value::String((*word).to_owned());
            said.push(format!("{}{place} to {word}", line.id));
        }
    });
    (!said.is_empty()).then(|| said.join(", "))
}

/// Values that people take out of logs: not the marks by which a format is known, and not times.
fn may_be_blackened(place: &str, text: &str) -> bool {
    let name = place.rsplit('/').next().unwrap_or_default();
    let structure = ["key", "schema", "event", "step", "eventVersion", "eventSource", "eventName", "relation", "kind"];
    let time = name.to_lowercase().contains("time") || (text.len() > 18 && text.get(10..11) == Some("T"));
    !structure.contains(&name) && !time && !text.is_empty()
}

fn truncate(world: &mut World, kept: &[String], random: &mut Random) -> Option<String> {
    let chosen = choose(world, kept, random, 8);
    let mut said = Vec::new();
    each(world, &chosen, |line| {
        let mut places = Vec::new();
        leaves(&line.evidence, "", &mut |place, text| {
            if text.chars().count() > LIMIT {
                places.push(place.to_owned());
            }
        });
        for place in places {
            if let Some(Value::String(text)) = line.evidence.pointer_mut(&place) {
                *text = text.chars().take(LIMIT).collect();
                said.push(format!("{}{place}", line.id));
            }
        }
    });
    (!said.is_empty()).then(|| said.join(", "))
}

/// A second record of the same identity that says something else.
fn conflict(world: &mut World, kept: &[String], random: &mut Random) -> Option<String> {
    let chosen = choose(world, kept, random, 2);
    for lines in world.lines.values_mut() {
        let found: Vec<Line> = lines.iter().filter(|line| chosen.contains(&line.id)).cloned().collect();
        for mut line in found {
            line.id += " (conflict)";
            let places = [
                "/resourceSpans/0/scopeSpans/0/spans/0/attributes",
                "/resourceLogs/0/scopeLogs/0/logRecords/0/attributes",
            ];
            let place =
                places.into_iter().find(|place| line.evidence.pointer(place).is_some()).unwrap_or("/attributes");
            if let Some(Value::Array(attributes)) = line.evidence.pointer_mut(place) {
                attributes.push(json!({"key": "note", "value": {"stringValue": "another"}}));
            } else if let Value::Object(members) = &mut line.evidence {
                members.insert("note".to_owned(), json!("another"));
            }
            lines.push(line);
        }
    }
    (!chosen.is_empty()).then(|| chosen.join(", "))
}

fn duplicate(world: &mut World, _: &[String], random: &mut Random) -> Option<String> {
    let chosen = choose(world, &[], random, 12);
    for lines in world.lines.values_mut() {
        let found: Vec<Line> = lines.iter().filter(|line| chosen.contains(&line.id)).cloned().collect();
        lines.extend(found.into_iter().map(|line| Line { id: line.id.clone() + " (again)", ..line }));
    }
    (!chosen.is_empty()).then(|| chosen.join(", "))
}

fn reorder(world: &mut World, _: &[String], random: &mut Random) -> Option<String> {
    let mut n_moved = 0;
    for lines in world.lines.values_mut() {
        for at in (1..lines.len()).rev() {
            let to = random.below(at + 1);
            lines.swap(at, to);
            n_moved += usize::from(at != to);
        }
    }
    (n_moved > 0).then(|| "every file".to_owned())
}

/// One source's clock is off by no more than it declares.
fn skew(world: &mut World, _: &[String], random: &mut Random) -> Option<String> {
    let sources: Vec<String> = world.lines.keys().filter(|source| bound_ms(source) > 0).cloned().collect();
    let source = random.pick(&sources)?.clone();
    let bound = bound_ms(&source);
    let steps = usize::try_from(2 * bound / 500).unwrap_or(0);
    let off = i64::try_from(random.below(steps + 1)).unwrap_or(0) * 500 - bound;
    // CloudTrail tells whole seconds.
    let off = if source == "aws.cloudtrail" { off / 1_000 * 1_000 } else { off };
    for line in world.lines.get_mut(&source)? {
        shift(&mut line.evidence, off);
    }
    (off != 0).then(|| format!("{source} by {off} ms"))
}

/// What the adapters declare, less what precision takes up.
fn bound_ms(source: &str) -> i64 {
    match source {
        "aws.cloudtrail" => 4_000,
        "opa.decision" | "approval" => 1_500,
        "otel.log" | "otel.span" => 500,
        _ => 0,
    }
}

fn shift(evidence: &mut Value, off_ms: i64) {
    match evidence {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if name.ends_with("UnixNano") => {
                        if let Ok(nanos) = text.parse::<i64>() {
                            *text = (nanos + off_ms * 1_000_000).to_string();
                        }
                    }
                    Value::String(text) if ["eventTime", "time", "timestamp"].contains(&name.as_str()) => {
                        if let Some(moved) = moved(text, off_ms) {
                            *text = moved;
                        }
                    }
                    other => shift(other, off_ms),
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| shift(element, off_ms)),
        _ => {}
    }
}

/// An instant so many milliseconds later, spelt as long as it was.
fn moved(text: &str, off_ms: i64) -> Option<String> {
    use crate::bench::record::date;
    let at = crate::score::name::millis(text)? + off_ms;
    let rest = text.get(19..)?;
    let (year, month, day) = date(at.div_euclid(86_400_000));
    let of_day = at.rem_euclid(86_400_000);
    let (second, ms) = (of_day / 1_000, of_day % 1_000);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let fraction = match rest.strip_prefix('.') {
        Some(digits) => format!(".{ms:03}{}", digits.get(3..)?),
        None if ms == 0 => rest.to_owned(),
        None => format!(".{ms:03}{rest}"),
    };
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}"))
}

/// One record of an agent names somebody else as its user.
fn rename(world: &mut World, kept: &[String], random: &mut Random) -> Option<String> {
    const NAMES: [&str; 5] =
        ["mira@acme.example", "omar@acme.example", "lena@acme.example", "noor@acme.example", "eve@acme.example"];
    let chosen = choose(world, kept, random, 4);
    let to = NAMES.get(random.below(NAMES.len()))?;
    let mut said = Vec::new();
    each(world, &chosen, |line| {
        let mut text = line.evidence.to_string();
        for name in NAMES {
            text = text.replace(name, to);
        }
        if let Ok(evidence) = serde_json::from_str::<Value>(&text)
            && evidence != line.evidence
        {
            line.evidence = evidence;
            said.push(line.id.clone());
        }
    });
    (!said.is_empty()).then(|| format!("{} to {to}", said.join(", ")))
}

fn each(world: &mut World, chosen: &[String], mut change: impl FnMut(&mut Line)) {
    for line in world.lines.values_mut().flatten().filter(|line| chosen.contains(&line.id)) {
        change(line);
    }
}

/// Every text in a value, with the pointer to it.
fn leaves(value: &Value, place: &str, told: &mut impl FnMut(&str, &str)) {
    match value {
        Value::String(text) => told(place, text),
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                leaves(member, &format!("{place}/{name}"), told);
            }
        }
        Value::Array(elements) => {
            for (n, element) in elements.iter().enumerate() {
                leaves(element, &format!("{place}/{n}"), told);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> World {
        let line = |id: &str, evidence: Value| Line {
            id: id.to_owned(),
            delivered_at: "2026-04-23T09:00:00Z".to_owned(),
            recorder: None,
            evidence,
        };
        let cloud = |id: &str| json!({"eventID": id, "eventTime": "2026-04-23T23:59:58Z", "userAgent": "x".repeat(90)});
        let lines = (0..9).map(|n| line(&format!("c{n}"), cloud(&format!("id-{n}"))));
        World {
            lines: [("aws.cloudtrail".to_owned(), lines.collect())].into(),
            asks: vec![json!({"event": "aws.cloudtrail:id-3"})],
            contradicting: vec!["c7".to_owned(), "c8*".to_owned()],
            complete: vec![crate::score::world::Complete {
                source: "aws.cloudtrail".to_owned(),
                window: "a..b".to_owned(),
            }],
            ..World::empty()
        }
    }

    #[test]
    fn a_seed_makes_the_same_world_and_never_takes_the_event_or_what_contradicts() {
        let world = world();
        for seed in 0..400 {
            let (once, done) = disturb(&world, &mut Random::new(seed));
            let (again, _) = disturb(&world, &mut Random::new(seed));
            assert_eq!(once.lines, again.lines, "{seed}");
            let lines = once.lines.get("aws.cloudtrail").unwrap();
            for id in ["c3", "c7", "c8"] {
                assert!(lines.iter().any(|line| line.id == id), "seed {seed}: {id} is gone after {done:?}");
            }
            if done.kind == Kind::Lost {
                assert!(once.complete.is_empty() || once.lines == world.lines, "seed {seed}: the declaration stands");
            }
        }
    }

    #[test]
    fn every_way_of_disturbing_is_drawn() {
        let mut random = Random::new(1);
        let names: std::collections::BTreeSet<&str> =
            (0..2_000).filter_map(|_| draw(&mut random)).map(|operation| operation.name).collect();
        assert_eq!(names.len(), OPERATIONS.len());
    }

    #[test]
    fn instants_are_moved_and_keep_their_spelling() {
        assert_eq!(moved("2026-04-23T23:59:58Z", 3_000).as_deref(), Some("2026-04-24T00:00:01Z"));
        assert_eq!(moved("2026-04-23T09:00:00.981204Z", -500).as_deref(), Some("2026-04-23T09:00:00.481204Z"));
        assert_eq!(moved("2026-04-23T09:00:00Z", 500).as_deref(), Some("2026-04-23T09:00:00.500Z"));
        assert_eq!(moved("soon", 500), None);
    }
}
