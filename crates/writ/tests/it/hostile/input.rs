//! Good, hostile, good: one input of three records, for every source and every way to spoil the one in
//! the middle. The two beside it are in, the one in the middle is a record or a reject that says why,
//! and what came in can be asked about.

use super::seed::{SEEDS, Seed};
use super::told::{Told, ask_everything, ingest};
use crate::support::Writ;
use serde_json::{Value, json};

/// A member of an object somewhere in a record: the pointer of the object, and the member's name.
type Member = (String, String);

fn members(value: &Value, at: &str, out: &mut Vec<Member>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                out.push((at.to_string(), name.clone()));
                members(inner, &format!("{at}/{name}"), out);
            }
        }
        Value::Array(list) => list.iter().enumerate().for_each(|(n, inner)| members(inner, &format!("{at}/{n}"), out)),
        _ => {}
    }
}

fn all_members(seed: &Seed) -> Vec<Member> {
    let mut out = Vec::new();
    members(&seed.value(0), "", &mut out);
    out
}

/// The value of a member.
fn of(seed: &Seed, (at, name): &Member) -> Value {
    seed.value(0).pointer(at).unwrap()[name.as_str()].clone()
}

/// The record with one value put in the place of a member's.
fn with(seed: &Seed, n: usize, (at, name): &Member, value: Value) -> String {
    let mut record = seed.value(u32::try_from(n).unwrap());
    record.pointer_mut(at).unwrap()[name.as_str()] = value;
    record.to_string()
}

/// Members under one of these names, and values of attributes by one of these names.
fn named(seed: &Seed, names: &[&str]) -> Vec<Member> {
    let record = seed.value(0);
    let fits = |(at, name): &Member| {
        let attribute = at.strip_suffix("/value").and_then(|pair| record.pointer(pair)?.get("key")?.as_str());
        names.contains(&name.as_str()) || attribute.is_some_and(|key| names.contains(&key))
    };
    all_members(seed).into_iter().filter(fits).collect()
}

/// Ingests hostile lines between two good records. Those must be in, and every line accounted for.
fn between(seed: &Seed, what: &str, hostile: &[Vec<u8>]) -> Told {
    let writ = Writ::new();
    let what = format!("{}: {what}", seed.name);
    let good = [seed.text(1), seed.text(2)];
    let mut lines = vec![good[0].as_bytes()];
    lines.extend(hostile.iter().map(Vec::as_slice));
    lines.push(good[1].as_bytes());
    let told = ingest(&writ, &what, &lines.join(&b'\n'));
    assert_eq!(told.status, 0, "{what}: {:#}", told.summary);
    assert!(told.n("inputs") >= lines.len() as u64, "{what}: {:#}", told.summary);
    // The good ones are known when they come again.
    let again = ingest(&writ, &what, good.join("\n").as_bytes());
    assert_eq!((again.n("records"), again.n("duplicates")), (0, 2), "{what}: {:#}", told.summary);
    assert!(told.summary["sources"][seed.source]["records"].as_u64().unwrap() >= 2, "{what}");
    ask_everything(&writ, &what);
    told
}

fn bytes(all: impl IntoIterator<Item = String>) -> Vec<Vec<u8>> {
    all.into_iter().map(String::into_bytes).collect()
}

#[test]
fn a_record_that_is_cut_off_or_no_text_is_one_reject_between_two_records() {
    for seed in &SEEDS {
        let text = seed.text(9);
        let cut = [text.len() / 2, text.len() - 1].map(|at| text.as_bytes()[..at].to_vec());
        let told = between(seed, "cut off", &cut);
        assert_eq!((told.n("records"), told.n("rejects")), (2, 2), "{}: {:#}", seed.name, told.summary);

        let spoilt = |byte: &[u8]| {
            let at = text.rfind("\":\"").unwrap() + 3;
            [&text.as_bytes()[..at], byte, &text.as_bytes()[at..]].concat()
        };
        let bad = [&b"\xff"[..], b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"].map(spoilt);
        let told = between(seed, "not UTF-8", &bad);
        assert_eq!(told.n("rejects"), 4, "{}: {:#}", seed.name, told.summary);
        assert!(told.causes().iter().all(|cause| cause.contains("UTF-8")), "{:?}", told.causes());

        // Half a character as an escape; a NUL in a text, and one in the JSON.
        let told = between(seed, "escapes", &[&b"\\ud800"[..], b"\\u0000", b"\0"].map(spoilt));
        assert!(told.n("rejects") >= 2, "{}: {:#}", seed.name, told.summary);
    }
}

#[test]
fn ten_thousand_levels_are_one_reject() {
    for seed in &SEEDS {
        let mut hostile = Vec::new();
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
            hostile.push(format!("{{\"deep\":{deep},{}", &seed.text(9)[1..]));
            hostile.push(seed.text(8).replacen("\":\"", &format!("\":{deep},\"x\":\""), 1));
        }
        let told = between(seed, "deep", &bytes(hostile));
        assert_eq!((told.n("records"), told.n("rejects")), (2, 4), "{}: {:#}", seed.name, told.summary);
        assert!(told.causes().iter().all(|cause| cause.contains("deeper than 128 levels")), "{:?}", told.causes());
    }
}

#[test]
fn a_member_that_stands_twice_is_a_reject_wherever_it_stands() {
    for seed in &SEEDS {
        // What a caller asked for is text of the caller's; which of two counts is the vendor's to say.
        let asked = |at: &str| seed.source == "aws.cloudtrail" && (at == "/requestParameters" || at == "/resources/0");
        let all: Vec<Member> = all_members(seed).into_iter().filter(|(at, _)| !asked(at)).collect();
        let twice = all.iter().enumerate().map(|(n, member)| {
            let both = format!("{},\"{}\":\"other\"", of(seed, member), member.1);
            with(seed, 100 + n, member, json!("@@")).replacen("\"@@\"", &both, 1)
        });
        let told = between(seed, "twice", &bytes(twice));
        assert_eq!(told.lines_rejected(), all.len(), "{}: {:#}", seed.name, told.summary);
    }
}

#[test]
fn numbers_that_no_machine_holds_are_values_or_rejects() {
    const NUMBERS: [&str; 8] = [
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "1e400",
        "-1",
        "0.5",
        "1e-400",
    ];
    for seed in &SEEDS {
        let times = named(seed, seed.times);
        let mut hostile = Vec::new();
        for member in all_members(seed) {
            let value = of(seed, &member);
            let number = value.is_number() || value.as_str().is_some_and(|text| text.parse::<u64>().is_ok());
            if !number && !times.contains(&member) {
                continue;
            }
            for number in NUMBERS {
                hostile.push(with(seed, 100 + hostile.len(), &member, json!("@@")).replacen("\"@@\"", number, 1));
                hostile.push(with(seed, 100 + hostile.len(), &member, json!(number)));
            }
        }
        between(seed, "numbers", &bytes(hostile));
    }
}

#[test]
fn the_first_and_the_last_year_are_times_and_what_is_none_is_named() {
    const TIMES: [&str; 3] = ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999999Z"];
    const NONE: [&str; 4] =
        ["10000-01-01T00:00:00Z", "-0001-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-10-14T24:00:00Z"];
    for seed in &SEEDS {
        let of_times = |times: &[&str]| {
            let mut out = Vec::new();
            for member in named(seed, seed.times) {
                out.extend(times.iter().map(|time| with(seed, 100, &member, json!(time)).into_bytes()));
            }
            out
        };
        let told = between(seed, "years", &of_times(&TIMES));
        let counts = ["otel.span", "otel.log"].contains(&seed.source);
        for cause in told.causes() {
            // An interval that ends before it begins is told as one; so is a text where a count should be.
            assert!(
                cause.contains("lies before") || (counts && cause.contains("not a count")),
                "{}: {cause}",
                seed.name
            );
        }
        let told = between(seed, "no times", &of_times(&NONE));
        assert!(told.n("rejects") >= 4, "{}: {:#}", seed.name, told.summary);
        assert!(told.causes().iter().all(|cause| NONE.iter().any(|time| cause.contains(time))), "{:?}", told.causes());
    }
}

#[test]
fn ids_that_are_empty_or_a_million_bytes_long_are_records_or_rejects() {
    let long = "x".repeat(1 << 20);
    for seed in &SEEDS {
        let texts = all_members(seed).into_iter().filter(|member| of(seed, member).is_string());
        between(seed, "empty", &bytes(texts.enumerate().map(|(n, member)| with(seed, 100 + n, &member, json!("")))));
        let ids = named(seed, seed.ids);
        let told = between(
            seed,
            "long ids",
            &bytes(ids.iter().enumerate().map(|(n, member)| with(seed, 100 + n, member, json!(long)))),
        );
        // Those of a link or a reference that name nothing are passed over.
        assert!(told.lines_rejected() >= seed.ids.len(), "{}: {:#}", seed.name, told.summary);
    }
}

#[test]
fn values_of_every_wrong_kind_are_records_or_rejects() {
    // A list of records that is empty holds none, which is no fault.
    const LISTS: [&str; 7] =
        ["resourceSpans", "scopeSpans", "spans", "data", "resourceLogs", "scopeLogs", "logRecords"];
    for seed in &SEEDS {
        let mut hostile = Vec::new();
        for member in &all_members(seed) {
            for value in
                [json!(null), json!(true), json!(7), json!("7"), json!([]), json!({}), json!([[]]), json!([{"a": 1}])]
            {
                if !LISTS.contains(&member.1.as_str()) || value != json!([]) {
                    hostile.push(with(seed, 100 + hostile.len(), member, value));
                }
            }
        }
        between(seed, "wrong kinds", &bytes(hostile));
    }
}

/// Members and elements by the thousand, in every object and list at once.
#[test]
fn a_record_may_have_any_number_of_members() {
    fn widen(value: &mut Value) {
        match value {
            Value::Object(map) => {
                map.values_mut().for_each(widen);
                map.extend((0..4_000).map(|n| (format!("member {n}"), json!(n))));
            }
            Value::Array(list) => list.iter_mut().for_each(widen),
            _ => {}
        }
    }
    for seed in &SEEDS {
        let mut wide = seed.value(9);
        widen(&mut wide);
        let told = between(seed, "wide", &[wide.to_string().into_bytes()]);
        assert_eq!(told.n("inputs"), 3, "{}: {:#}", seed.name, told.summary);
    }
}
