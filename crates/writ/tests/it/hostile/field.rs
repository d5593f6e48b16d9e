//! Hostile text in every field of every source, in turn, through every form of output: shown, never run.

use super::HOSTILE;
use super::seed::{SEEDS, TABLE_HEAD, pair, run, table_row, traces};
use super::told::{everything, ingest, with_input};
use crate::support::Writ;
use serde_json::Value;
use std::collections::BTreeSet;

/// Records in one folder: those of one trace are looked at together, which costs more the more there are.
const TOGETHER: usize = 8;

/// Names of elements that our pages have.
const ELEMENTS: [&str; 29] = [
    "!doctype", "html", "head", "meta", "title", "style", "body", "main", "article", "footer", "h1", "h2", "p", "ul",
    "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "span", "bdi", "code", "strong",
];

/// Pointers of every text in a value.
fn texts(value: &Value, at: &str, out: &mut Vec<String>) {
    match value {
        Value::String(_) => out.push(at.to_string()),
        Value::Array(list) => list.iter().enumerate().for_each(|(n, one)| texts(one, &format!("{at}/{n}"), out)),
        Value::Object(map) => map.iter().for_each(|(name, one)| texts(one, &format!("{at}/{name}"), out)),
        _ => {}
    }
}

/// Whether this may be printed: nothing that moves a cursor, hides or turns.
fn check_shown(what: &str, text: &str, tabs: bool) {
    let bad = |c: &char| {
        (c.is_control() && *c != '\n' && !(tabs && *c == '\t'))
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    if let Some(at) = text.find(|c| bad(&c)) {
        let from = text.floor_char_boundary(at.saturating_sub(200));
        panic!("{what}: {:?}", &text[from..text.ceil_char_boundary(at + 40)]);
    }
}

/// Whether a page holds nothing but our own elements, and no attribute that runs or fetches something.
fn check_page(what: &str, page: &str) {
    for tag in page.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap().to_ascii_lowercase();
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        assert!(ELEMENTS.contains(&name), "{what}: <{tag}>");
        for attribute in tag.split(' ').skip(1) {
            let runs = attribute.starts_with("on") || attribute.starts_with("src=") || attribute.starts_with("href=");
            assert!(!runs, "{what}: <{tag}>");
        }
    }
}

/// Whether a graph's statements hold none of our text: that stands between quotes.
fn check_graph(what: &str, graph: &str) {
    let (mut outside, mut quoted, mut escaped) = (String::new(), false, false);
    for c in graph.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c if !quoted => outside.push(c),
            _ => {}
        }
    }
    assert!(
        !quoted && !outside.contains("evil") && !outside.contains('$') && !outside.contains('<'),
        "{what}: {outside}"
    );
}

/// Whether Markdown holds no link, image, element or mention outside code.
fn check_ticket(what: &str, ticket: &str) {
    for line in ticket.lines() {
        assert!(!line.starts_with("http") && !line.trim_start().starts_with("| "), "{what}: {line}");
        let mut outside = String::new();
        let mut rest = line;
        while let Some(at) = rest.find('`') {
            let (before, code) = rest.split_at(at);
            outside.push_str(before);
            if before.ends_with('\\') {
                rest = &code[1..];
                continue;
            }
            let fence = code.len() - code.trim_start_matches('`').len();
            let inner = &code[fence..];
            // The next run of as many, no more and no fewer.
            let end = inner
                .match_indices(&"`".repeat(fence))
                .map(|(n, _)| n)
                .find(|n| !inner[n + fence..].starts_with('`') && !inner[..*n].ends_with('`'));
            // Backticks that are never closed are text.
            rest = end.map_or(inner, |end| &inner[end + fence..]);
        }
        outside.push_str(rest);
        for live in ["<script", "<img", "](javascript", "![i]", " @acme"] {
            let dead =
                outside.replace(&format!("\\{live}"), "").replace("\\<", "").replace("\\]", "").replace("\\[", "");
            assert!(!dead.contains(live), "{what}: {live}: {line}");
        }
    }
}

/// Every record of these bytes, in every form.
fn check_all(what: &str, bytes: &[u8]) {
    let writ = Writ::new();
    let told = ingest(&writ, what, bytes);
    check_shown(what, &told.stderr, false);
    let people = with_input(&writ, &["ingest", "-"], bytes);
    check_shown(what, &String::from_utf8(people.stdout).unwrap(), false);
    let all = everything(&writ);
    assert!(!all.is_empty(), "{what}");
    let asked = all.join("\n");
    for args in [
        &["why", "--wide", "--alternatives"][..],
        &["why", "--md"],
        &["why", "--dot"],
        &["why", "--plain"],
        &["why", "--html"],
        &["why", "--json"],
        &["show"],
        &["show", "--json"],
        &["check", "--require", "word=complete", "--max-gaps", "0"],
        &["check", "--require", "word=complete", "--json"],
        &["find", "source:*"],
        &["find", "source:*", "--json"],
        &["sources"],
    ] {
        let asks = !["find", "sources"].contains(&args[0]);
        let all: Vec<&str> = args.iter().copied().chain(asks.then_some("-")).collect();
        let output = with_input(&writ, &all, if asks { asked.as_bytes() } else { b"" });
        let what = format!("{what}: {args:?}");
        let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        let status = output.status.code().unwrap();
        assert!(status == 0 || (args[0] == "check" && [1, 3, 4].contains(&status)), "{what}: {status}\n{err}");
        check_shown(&what, &out, args.contains(&"--plain"));
        check_shown(&what, &err, false);
        match args {
            [_, "--html"] => check_page(&what, &out),
            [_, "--dot"] => check_graph(&what, &out),
            [_, "--md"] => check_ticket(&what, &out),
            [_, "--plain"] => out.lines().for_each(|line| assert_eq!(line.split('\t').count(), 8, "{what}: {line}")),
            ["show"] => assert!(out.contains("\\u{202e}") || out.contains("\\u202e"), "{what}: it is shown"),
            _ => {}
        }
    }
}

#[test]
fn hostile_text_in_any_field_is_shown_in_every_form_and_never_run() {
    for seed in &SEEDS {
        let mut places = Vec::new();
        texts(&seed.value(0), "", &mut places);
        let poisoned: Vec<String> = places
            .iter()
            .enumerate()
            .map(|(n, place)| {
                let mut record = seed.value(u32::try_from(n).unwrap());
                let text = record.pointer_mut(place).unwrap();
                *text = format!("{}{HOSTILE}", text.as_str().unwrap()).into();
                record.to_string()
            })
            .collect();
        for lines in poisoned.chunks(TOGETHER) {
            check_all(seed.name, lines.join("\n").as_bytes());
        }
    }
}

#[test]
fn hostile_names_of_members_cells_columns_and_attributes_are_shown_too() {
    let quoted = serde_json::to_string(HOSTILE).unwrap();
    let lines: Vec<String> = SEEDS
        .iter()
        .flat_map(|seed| [seed.text(1).replacen('{', &format!("{{{quoted}:{quoted},"), 1), format!("{{{quoted}:1}}")])
        .chain([HOSTILE.replace('\n', " ")])
        .collect();
    check_all("members", lines.join("\n").as_bytes());
    let cell = format!("\"{}\"", HOSTILE.replace('"', "\"\""));
    let row = table_row(1).replace("of the platform team", &cell);
    let head = TABLE_HEAD.replace("note", &format!("note,{}", HOSTILE.replace(['\n', '\r', '"', ','], "")));
    check_all("a table", format!("{TABLE_HEAD}{row}").as_bytes());
    check_all("columns", format!("{head}{}", row.trim_end().to_string() + ",x\n").as_bytes());
    let message = traces(1, HOSTILE.as_bytes(), &pair(HOSTILE.as_bytes(), HOSTILE.as_bytes()));
    check_all("protobuf", &run(&[message]));
}

#[cfg(unix)]
#[test]
fn hostile_names_of_files_are_shown_too() {
    let writ = Writ::new();
    // What no file can be called, and what is too long for one.
    let name: String = HOSTILE.chars().filter(|c| !"/\0".contains(*c)).take(60).collect();
    let path = writ.write(&format!("logs/{name}.json"), format!("{}\n{{", SEEDS[0].text(1)));
    writ.write(&format!("logs/{name}.gz"), b"\x1f\x8b\x08\0\0\0\0\0\0\0\0");
    for args in [&["ingest", "--json"][..], &["ingest"]] {
        let output = writ.run(&[args, &[path.parent().unwrap().to_str().unwrap()]].concat());
        let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!(output.status.code(), Some(7), "{err}");
        check_shown("names", &out, false);
        check_shown("names", &err, false);
        assert!(err.contains("\\u{202e}"), "{err}");
    }
    let shown: BTreeSet<bool> = everything(&writ)
        .iter()
        .map(|id| {
            let shown = writ.ok(&["show", id]);
            check_shown("names", &shown, false);
            shown.contains("\\u{202e}")
        })
        .collect();
    assert!(shown.contains(&true));
}
