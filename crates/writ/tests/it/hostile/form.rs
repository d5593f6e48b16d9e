//! Inputs that are no lines of JSON: protobuf, tables, packed files; cut off, spoilt, too long.

use super::seed::{SEEDS, TABLE_HEAD, field, pair, run, table_row, traces};
use super::told::{Told, ask_everything, ingest};
use crate::support::Writ;
use std::io::Write as _;

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        out.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        out.write_all(bytes).unwrap();
    }
    out.finish().unwrap().into_inner()
}

/// Every form a good record comes in, as an input of two.
fn inputs() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let mut all: Vec<(&str, &str, Vec<u8>)> = SEEDS
        .iter()
        .map(|seed| (seed.name, seed.source, format!("{}\n{}\n", seed.text(1), seed.text(2)).into_bytes()))
        .collect();
    let rows = format!("{TABLE_HEAD}{}{}", table_row(1), table_row(2));
    all.push(("identity, a table", "identity", rows.into_bytes()));
    let message = |n| traces(n, b"x", &pair(b"k", b"v"));
    all.push(("otel.span, protobuf", "otel.span", run(&[message(1), message(2)])));
    all
}

/// Asserts that the good ones are in.
fn check(told: &Told, what: &str, source: &str, n: u64) {
    let found = told.summary["sources"][source]["records"].as_u64().unwrap_or(0);
    assert_eq!(found, n, "{what}: {:#}\n{}", told.summary, told.stderr);
}

#[test]
fn a_packed_file_that_is_cut_off_gives_what_stood_before_the_cut() {
    for (name, source, bytes) in inputs() {
        let writ = Writ::new();
        // Behind the two records something that does not pack, so that a cut there leaves them whole.
        let mut seed = 1_u32;
        let noise: String = (0..20_000)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                char::from(b'a' + u8::try_from(seed >> 24).unwrap() % 26)
            })
            .collect();
        let more = match name {
            "identity, a table" => format!("d-9,{noise}\n").into_bytes(),
            "otel.span, protobuf" => run(&[traces(9, noise.as_bytes(), &pair(b"k", b"v"))]),
            _ => format!("{{\"noise\":\"{noise}\"}}\n").into_bytes(),
        };
        let packed = gz(&[bytes, more].concat());
        let told = ingest(&writ, name, &packed[..packed.len() - 4_000]);
        assert_eq!(told.status, 7, "{name}");
        check(&told, name, source, 2);
        let problem = &told.problems()[0];
        assert!(
            problem["cause"].as_str().unwrap().contains("cut off") && problem["byte"].is_u64(),
            "{name}: {problem}"
        );
        // What was cut is a reject beside the problem.
        assert_eq!(told.n("rejects"), 1, "{name}: {:#}", told.summary);
    }
}

#[test]
fn a_bomb_is_a_problem_and_costs_what_stands_before_it_nothing() {
    let writ = Writ::new();
    let zeros = gz(&vec![0; 64 << 20]);
    let bomb = gz(&gz(&gz(&vec![b' '; 64 << 20])));
    for (name, source, bytes) in inputs() {
        let archive = zip(&[("a", &bytes), ("b", &bomb), ("c", &zeros)]);
        let told = ingest(&writ, name, &archive);
        assert_eq!(told.status, 7, "{name}: {:#}", told.summary);
        assert!(told.summary["sources"][source]["inputs"].as_u64() == Some(2), "{name}: {:#}", told.summary);
        for problem in told.problems() {
            let cause = problem["cause"].as_str().unwrap();
            assert!(cause.contains("unpacks to more than 1100 times") || cause.contains("unpack to more"), "{problem}");
        }
    }
}

#[test]
fn a_bad_message_or_row_costs_itself() {
    let good = |n| traces(n, b"good", &pair(b"k", b"v"));
    let deep = (0..5_000).fold(field(1, b"x"), |inner, _| field(5, &field(1, &inner)));
    let huge = "x".repeat(1 << 20);
    for (what, bad, n) in [
        ("not UTF-8", traces(9, b"\xff\xfe", &pair(b"k", b"v")), 1),
        ("deep", traces(9, b"x", &[field(1, b"k"), field(2, &deep)].concat()), 1),
        ("no ids", field(1, &field(2, &field(2, &field(5, b"x")))), 1),
        ("garbage", vec![0xff; 300], 1),
        ("half a message", good(9)[..40].to_vec(), 1),
        ("an id of a megabyte", field(1, &field(2, &field(2, &field(1, huge.as_bytes())))), 1),
        ("a name of a megabyte", traces(9, huge.as_bytes(), &pair(huge.as_bytes(), b"v")), 0),
    ] {
        let writ = Writ::new();
        let told = ingest(&writ, what, &run(&[good(1), bad, good(2)]));
        check(&told, what, "otel.span", 3 - n);
        assert_eq!(told.n("rejects"), n, "{what}: {:#}", told.summary);
        ask_everything(&writ, what);
    }
    let row = |note: &str| table_row(9).replace("of the platform team", note);
    for (what, bad, n) in [
        ("not UTF-8", [&b"\xff"[..], row("x").as_bytes()].concat(), 1),
        ("a quote", row("\"never closed").into_bytes(), 1),
        ("too few cells", b"a,b\n".to_vec(), 1),
        ("a long id", row("x").replace("d-00000009", &huge).into_bytes(), 1),
        ("a long row", row(&huge).into_bytes(), 1),
        ("the last year", row("x").replace(",,", ",9999-12-31T23:59:59Z,").into_bytes(), 0),
        ("no year", row("x").replace("2025-01-07", "10000-01-07").into_bytes(), 1),
        ("NUL", b"\0\0\0\n".to_vec(), 1),
    ] {
        let writ = Writ::new();
        let table = [TABLE_HEAD.as_bytes(), table_row(1).as_bytes(), &bad, table_row(2).as_bytes()].concat();
        let told = ingest(&writ, what, &table);
        check(&told, what, "identity", 3 - n);
        assert_eq!(told.n("rejects"), n, "{what}: {:#}", told.summary);
        ask_everything(&writ, what);
    }
}

/// A text inside a binary file is somebody's value. A record that stands in it is none that was handed in.
#[test]
fn a_text_inside_a_binary_file_is_never_a_record() {
    let seed = SEEDS.iter().find(|seed| seed.source == "aws.cloudtrail").unwrap();
    let inside = |n| seed.text(n);
    let value = format!("\n{}\n", inside(1));
    let text = pair(b"http.url", value.as_bytes());
    let metric = [field(1, b"requests"), field(3, value.as_bytes()), field(5, &field(1, &text))].concat();
    let message = |record: &[u8]| {
        let resource = field(1, &field(1, &pair(b"service.name", value.as_bytes())));
        field(1, &[resource, field(2, &field(2, record))].concat())
    };
    let metrics = "OpenTelemetry metrics: Writ reads spans and logs";
    let no_record = "OpenTelemetry protobuf in which nothing is a span";
    let binary = "NUL bytes or binary data";
    for (what, bytes, cause) in [
        ("metrics", message(&metric), metrics),
        ("metrics in a run", run(&[message(&metric)]), metrics),
        ("spans without ids", message(&[field(1, b""), field(2, b""), field(9, &text)].concat()), no_record),
        ("logs without a time", message(&field(5, &field(1, value.as_bytes()))), no_record),
        ("a resource alone", field(1, &field(1, &field(1, &text))), no_record),
        ("half of metrics", message(&metric)[..300 + value.len()].to_vec(), binary),
        ("another format", [&b"\x93NUMPY\x01\x00\x07\x02"[..], value.as_bytes()].concat(), binary),
    ] {
        let writ = Writ::new();
        let told = ingest(&writ, what, &bytes);
        // Before it shows itself binary a line or two may be told one by one.
        let few = if cause == binary { 5 } else { 1 };
        assert!(told.n("records") == 0 && (1..=few).contains(&told.n("rejects")), "{what}: {:#}", told.summary);
        assert!(told.causes().iter().any(|said| said.contains(cause)), "{what}: {:#}", told.summary);
    }
    // Behind lines of text it is a record, of which anybody may be the author.
    let writ = Writ::new();
    let bytes = [inside(2).as_bytes(), &b"\n\x01\x02\x03\x04\x05"[..], value.as_bytes()].concat();
    let told = ingest(&writ, "behind a record", &bytes);
    check(&told, "behind a record", "aws.cloudtrail", 2);
    let custody = |n: u32| {
        let id = seed.value(n)["eventID"].as_str().unwrap().to_string();
        let shown: serde_json::Value = serde_json::from_str(&writ.ok(&["show", "--json", &id])).unwrap();
        shown["custody"].as_str().unwrap().to_string()
    };
    assert_eq!((custody(2).as_str(), custody(1).as_str()), ("handed_in", "open"));
}

#[test]
fn a_record_of_protobuf_is_said_to_stand_where_it_does() {
    let writ = Writ::new();
    let bytes = run(&[1, 2].map(|n| traces(n, b"x", &pair(b"k", b"v"))));
    ingest(&writ, "two spans", &bytes);
    let trace = "4b".repeat(16);
    let mut places = Vec::new();
    for n in [1, 2] {
        let shown = writ.ok(&["show", "--json", &format!("otel.span:{trace}/00f067ac{n:08x}")]);
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        let at = usize::try_from(shown["handed_in"]["byte"].as_u64().unwrap()).unwrap();
        assert!(bytes[at..].starts_with(&field(1, &[0x4b; 16])), "{at}: {shown:#}");
        places.push(at);
    }
    assert!(places[0] < places[1]);
}
