//! The splitter on every shape it knows, on damage, and on input written to hurt it.

use super::whole::Found;
use super::*;
use core::iter;
use serde_json::Deserializer;
use writ_model::json;

/// What a driver would have seen.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Out {
    /// Text, span, line.
    Element(String, Range<u64>, u64),
    /// Span, line, cause.
    Reject(Range<u64>, u64, Cause),
}

/// Feeds `text` so that the buffer ends at each of `ends` in turn and then at the end of the text.
fn fed(text: &[u8], ends: impl IntoIterator<Item = usize>) -> Vec<Out> {
    let mut splitter = Splitter::new();
    let mut ends = ends.into_iter();
    let (mut base, mut end) = (0, 0);
    let mut out = Vec::new();
    loop {
        let eof = end == text.len();
        match splitter.next(&text[base..end], eof) {
            Step::Element { span, line } => {
                let bytes = &text[usize::try_from(span.start).unwrap()..usize::try_from(span.end).unwrap()];
                assert!(span.start >= base as u64 && span.end <= end as u64, "{span:?} is not in the buffer");
                out.push(Out::Element(String::from_utf8_lossy(bytes).into_owned(), span, line));
            }
            Step::Reject { span, line, cause } => out.push(Out::Reject(span, line, cause)),
            Step::More { keep } => {
                assert!(!eof, "asked for more at the end");
                let keep = usize::try_from(keep).unwrap();
                assert!((base..=end).contains(&keep));
                base = keep;
                end = ends.next().unwrap_or(text.len()).clamp(end, text.len());
            }
            Step::End => {
                assert_eq!(splitter.next(b"", true), Step::End);
                return out;
            }
        }
    }
}

/// What comes of `text` where it is in memory as a whole.
fn whole(text: &[u8]) -> Vec<Out> {
    let element = |span: &Range<usize>| &text[span.clone()];
    let (mut whole, mut splitter) = (Whole::new(text), Splitter::new());
    iter::from_fn(|| {
        let piece = whole.next();
        splitter.next(text, true);
        assert_eq!(whole.doubt(), splitter.doubt(), "{}", String::from_utf8_lossy(text));
        piece
    })
    .map(|Piece { span, line, found }| {
        let place = span.start as u64..span.end as u64;
        let read = match found {
            Found::Reject(cause) => return Out::Reject(place, line, cause),
            Found::Read(node) => {
                assert_eq!(node.span(), span);
                Some(node.value)
            }
            Found::Unread => None,
        };
        // Every object is read that can be, but for one that might have been a wrapper.
        let text_of = element(&span);
        let may_be = text_of.first() == Some(&b'{') && core::str::from_utf8(text).is_ok();
        let readable = json::parse(text_of).is_ok() && may_be;
        let expected = readable && (read.is_some() || !scan::may_be_wrapper(text_of));
        assert_eq!(read.is_some(), expected, "{}", String::from_utf8_lossy(text_of));
        Out::Element(String::from_utf8_lossy(element(&span)).into_owned(), place, line)
    })
    .collect()
}

fn split(text: impl AsRef<[u8]>) -> Vec<Out> {
    let text = text.as_ref();
    let out = fed(text, []);
    assert_eq!(whole(text), out, "as a whole: {}", String::from_utf8_lossy(text));
    for chunk in [1, 2, 3, 7] {
        assert_eq!(fed(text, (1..).map(|n| n * chunk)), out, "in chunks of {chunk}: {}", String::from_utf8_lossy(text));
    }
    out
}

fn elements(text: impl AsRef<[u8]>) -> Vec<String> {
    split(text)
        .into_iter()
        .map(|out| match out {
            Out::Element(text, ..) => text,
            Out::Reject(..) => panic!("{out:?}"),
        })
        .collect()
}

/// Elements as text and rejects as `!span line cause`.
fn told(text: impl AsRef<[u8]>) -> Vec<String> {
    split(text)
        .into_iter()
        .map(|out| match out {
            Out::Element(text, ..) => text,
            Out::Reject(span, line, cause) => format!("!{}..{} line {line}: {cause}", span.start, span.end),
        })
        .collect()
}

#[test]
fn every_shape_yields_its_elements() {
    let cases: &[(&str, &[&str])] = &[
        ("", &[]),
        (" \r\n\n\t", &[]),
        ("\u{feff}", &[]),
        ("{}", &["{}"]),
        ("\u{feff}{\"a\":1}\n", &["{\"a\":1}"]),
        ("{\"a\":1}\n{\"b\":2}\r\n\n {\"c\":3}", &["{\"a\":1}", "{\"b\":2}", "{\"c\":3}"]),
        ("{\"a\":1}{\"b\":2} {}", &["{\"a\":1}", "{\"b\":2}", "{}"]),
        ("\x1e{\"a\":1}\n\x1e{\"b\":2}\n", &["{\"a\":1}", "{\"b\":2}"]),
        ("{\n  \"a\": [\n    {\n    }\n  ]\n}\n", &["{\n  \"a\": [\n    {\n    }\n  ]\n}"]),
        ("[]", &[]),
        ("[ {\"a\":1} , [2], 3,\"x\", null,-1.5e3 ]\n", &["{\"a\":1}", "[2]", "3", "\"x\"", "null", "-1.5e3"]),
        ("[{\"a\":1}]\n[{\"b\":2}]", &["{\"a\":1}", "{\"b\":2}"]),
        ("{\"Records\":[]}", &[]),
        ("{\"Records\" : [ {\"a\":[]},{\"b\":{}} ] }", &["{\"a\":[]}", "{\"b\":{}}"]),
        ("{\"records\":[{}]}\n{\"records\":[{\"a\":1}]}", &["{}", "{\"a\":1}"]),
        ("{\"Records\":[{}],\"v\":{\"x\":[1]},\"w\":\"]\",\"Records\":[{\"a\":1}]}", &["{}", "{\"a\":1}"]),
        // Near misses of a list wrapper are one element each.
        ("{\"Records\":{\"Records\":[{}]}}", &["{\"Records\":{\"Records\":[{}]}}"]),
        ("{\"a\":{\"Records\":[{}]}}", &["{\"a\":{\"Records\":[{}]}}"]),
        ("{\"message\":\"m\",\"Records\":[{}]}", &["{\"message\":\"m\",\"Records\":[{}]}"]),
        ("{\"Recordsx\":[{}]}", &["{\"Recordsx\":[{}]}"]),
        ("{\"x\":\"Records\",\"y\":[{}]}", &["{\"x\":\"Records\",\"y\":[{}]}"]),
        ("{\"records\":[1,2],\"message\":\"m\"}", &["{\"records\":[1,2],\"message\":\"m\"}"]),
        ("{\"records\":\"[\",\"a\":[{}]}", &["{\"records\":\"[\",\"a\":[{}]}"]),
        ("{\"logEvents\":[{},{}]}", &["{\"logEvents\":[{},{}]}"]),
        ("[{\"Records\":[{}]}]", &["{\"Records\":[{}]}"]),
        // Strings hide structure.
        (r#"{"a":"}\"]{","b\"}":["\\"]}"#, &[r#"{"a":"}\"]{","b\"}":["\\"]}"#]),
        // What only the strict reader can judge passes.
        (r#"{"a":tru,"b":01,"c":"\x"}"#, &[r#"{"a":tru,"b":01,"c":"\x"}"#]),
    ];
    for (text, expected) in cases {
        assert_eq!(elements(text), *expected, "{text}");
    }
}

#[test]
fn positions_and_lines_count_from_the_beginning_of_the_stream() {
    let text = "\n{\"a\":\n1}\n\n[{\"b\":2},\n {\"c\":3}]\nx\n{\"d\":4}";
    let out: Vec<(u64, u64)> = split(text)
        .into_iter()
        .map(|out| match out {
            Out::Element(_, span, line) | Out::Reject(span, line, _) => (span.start, line),
        })
        .collect();
    let at = |needle: &str| text.find(needle).unwrap() as u64;
    assert_eq!(out, [(at("{\"a"), 2), (at("{\"b"), 5), (at("{\"c"), 6), (at("x"), 7), (at("{\"d"), 8)],);
}

#[test]
fn a_bad_line_costs_exactly_that_line() {
    for bad in [
        "{\"a\":{\"b\":1}",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":",
        "{\"a\"",
        "{",
        "[",
        "[{\"a\":[",
        "{\"a\":[1,",
        "{\"a\":[{},",
        "{\"a\":\"never closed}",
        "{\"a\":\"ends in a backslash\\",
        "{'a':1}",
        "{\"a\":1]",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{a:1}",
        "{\"a\":\0}",
        "plain text",
        "2026-11-24,GetObject,\"x\"",
        "<34>1 2026-11-24T00:00:00Z host app - - - {",
        "]",
        "\"text\"",
        "\u{e9}",
        "\0\0\0",
    ] {
        let text = format!("{{\"x\":1}}\n{bad}\n{{\"y\":2}}\n{{\"z\":3}}\n");
        let out = split(&text);
        let found: Vec<&str> =
            out.iter().filter_map(|out| if let Out::Element(text, ..) = out { Some(&**text) } else { None }).collect();
        assert_eq!(found, ["{\"x\":1}", "{\"y\":2}", "{\"z\":3}"], "{bad}");
        let rejects: Vec<(&Range<u64>, u64)> = out
            .iter()
            .filter_map(|out| if let Out::Reject(span, line, _) = out { Some((span, *line)) } else { None })
            .collect();
        assert_eq!(rejects.len(), 1, "{bad}: {out:?}");
        let (span, line) = rejects[0];
        // An array that never ends costs nothing; that is noticed where the next comma is missing.
        let own = line == 2 && span.start >= 8 && span.end <= 8 + bad.len() as u64;
        assert!(own || (bad == "[" && span.is_empty()), "{bad}: {span:?} on line {line}");
    }
}

#[test]
fn rejects_say_where_and_why() {
    let cases: &[(&str, &[&str])] = &[
        ("{\"a\":{\"b\":1}\n{\"c\":2}", &["!0..12 line 1: expected `,` or `}` at byte 13, found `{`", "{\"c\":2}"]),
        ("{\"a\":1} x\n", &["{\"a\":1}", "!8..9 line 1: more text after the JSON value, beginning with `x`"]),
        ("{\"a\":1}}\n", &["{\"a\":1}", "!7..8 line 1: more text after the JSON value, beginning with `}`"]),
        ("{\"a\":\"b\nc\"}", &["!0..11 line 1: a string is not closed before the line break at byte 7"]),
        ("a,b\n{}", &["!0..3 line 1: expected a JSON object or array at byte 0, found `a`", "{}"]),
        ("\u{1}\n", &["!0..1 line 1: expected a JSON object or array at byte 0, found byte 0x01"]),
        ("[{},]", &["{}", "!4..4 line 1: expected a value at byte 4, found `]`"]),
        ("[{} {}]", &["{}", "!4..4 line 1: expected `,` or `]` at byte 4, found `{`", "{}"]),
        ("[{}}]", &["{}", "!3..3 line 1: expected `,` or `]` at byte 3, found `}`"]),
        ("[{},:x]\n{}", &["{}", "!4..7 line 1: expected a value at byte 4, found `:`", "{}"]),
        (
            "\0\0{}\n\0",
            &[
                "!0..2 line 1: NUL bytes or binary data, not JSON in UTF-8; export binary formats as JSON, convert other text with `iconv`",
                "{}",
                "!5..6 line 2: NUL bytes or binary data, not JSON in UTF-8; export binary formats as JSON, convert other text with `iconv`",
            ],
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(told(text), *expected, "{text}");
    }
}

#[test]
fn an_input_that_is_cut_off_yields_what_is_whole_and_one_reject() {
    let end = "the input ends in the middle of a value";
    let cases: &[(&str, &[&str], u64)] = &[
        ("{\"a\":1}\n{\"b\":", &["{\"a\":1}"], 8),
        ("[{\"a\":1},{\"b\"", &["{\"a\":1}"], 9),
        ("[{\"a\":1},", &["{\"a\":1}"], 9),
        ("[{\"a\":1}", &["{\"a\":1}"], 8),
        ("[", &[], 1),
        ("[1,23", &["1"], 3),
        ("{\"Records\":[{\"a\":1},{\"b\":\"x", &["{\"a\":1}"], 20),
        ("{\"Records\":[{\"a\":1}", &["{\"a\":1}"], 19),
        ("{\"Records\":[{\"a\":1}]", &["{\"a\":1}"], 20),
        ("{\"Records\":[{\"a\":1}],\"b", &["{\"a\":1}"], 20),
        ("{\"Records\":[", &[], 12),
        ("{\"Records", &[], 0),
        ("{\"a\":\"\\", &[], 0),
    ];
    for (text, whole, from) in cases {
        let mut expected: Vec<String> = whole.iter().map(|text| (*text).to_string()).collect();
        expected.push(format!("!{from}..{} line {}: {end}", text.len(), 1 + text.matches('\n').count()));
        assert_eq!(told(text), expected, "{text}");
    }
}

#[test]
fn an_indented_list_goes_on_behind_a_damaged_element() {
    let text = "{\n  \"Records\": [\n    {\n      \"a\": [{}\n    },\n    {\n      \"b\": 2\n    },\n    {\n      \"c\": {}\n    }\n  ]\n}\n{\"d\":4}\n";
    let out = told(text);
    assert_eq!(out.len(), 4, "{out:#?}");
    assert!(out[0].starts_with("!21..44 line 3: expected `,` or `]` at byte 42, found `}`"), "{}", out[0]);
    assert_eq!(&out[1..], ["{\n      \"b\": 2\n    }", "{\n      \"c\": {}\n    }", "{\"d\":4}"]);
}

#[test]
fn text_that_is_no_json_is_given_up_after_a_bounded_number_of_lines() {
    let csv = "time,name,who\n".repeat(5000);
    let out = split(&csv);
    assert_eq!(out.len(), usize::try_from(BAD_LINES_MAX).unwrap() + 1);
    assert_eq!(
        out[99],
        Out::Reject(
            99 * 14..99 * 14 + 13,
            100,
            Cause::Unexpected { byte: b't', at: 99 * 14, expected: "a JSON object or array" }
        )
    );
    assert_eq!(out[100], Out::Reject(1400..csv.len() as u64, 101, Cause::NotJson));
    // One line fewer is a banner; and once an element was found, every bad line is told.
    let banner = format!("{}{{}}\n", "#\n".repeat(100));
    assert_eq!(split(&banner).len(), 101);
    assert_eq!(split(&banner).last(), Some(&Out::Element("{}".to_string(), 200..202, 101)));
    let late = format!("{{}}\n{}{{}}", "#\n".repeat(500));
    assert_eq!(split(&late).len(), 502);
    // Exactly as many bad lines as are borne, and nothing behind them.
    assert_eq!(split("#\n".repeat(100)).len(), 100);
}

#[test]
fn other_encodings_and_binary_data_are_named() {
    let utf16: Vec<u8> = "\u{feff}{\"a\":1}\n{}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(split(&utf16), [Out::Reject(0..utf16.len() as u64, 1, Cause::Utf16)]);
    let big: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(split(&big), [Out::Reject(0..6, 1, Cause::Utf16)]);
    let unmarked: Vec<u8> = "{\"a\":1}\n{}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(split(&unmarked), [Out::Reject(0..unmarked.len() as u64, 1, Cause::Binary)]);
    let mut seed = 7;
    let noise: Vec<u8> = (0..200_000).map(|_| u8::try_from(random(&mut seed, 256)).unwrap() & 0xdb).collect();
    let out = split(&noise);
    assert!(out.len() <= 101 && out.iter().all(|out| matches!(out, Out::Reject(..))), "{}", out.len());
    assert!(matches!(out.last(), Some(Out::Reject(_, _, Cause::Binary))));
    assert_eq!(split([0xff]).len(), 1);
    assert_eq!(split([0xef, 0xbb]).len(), 1);
}

/// A line in a binary format may be a text from inside of some record, which anybody may have chosen.
#[test]
fn what_shows_itself_binary_before_its_first_element_is_given_up_whole() {
    let text = b"\n{\"a\":1}\n";
    for before in [&b"\n\x12\x07\x12\x05\x12\x03\x1a\x01"[..], b"banner\n\xff\xfe\xfd\xfc", b"[7]\n{\x01\x02\x03\x04"] {
        let bytes = [before, text].concat();
        let out = split(&bytes);
        assert!(matches!(out.last(), Some(Out::Reject(_, _, Cause::Binary))), "{out:?}");
        assert!(!out.iter().any(|out| matches!(out, Out::Element(text, ..) if text.starts_with('{'))), "{out:?}");
        assert_eq!(fed(&bytes, 1..), out);
    }
    // Near misses: one damaged character; a banner in colour and another script; binary data behind an element.
    for before in
        [&b"x\xe9\xff\x01"[..], "\u{1b}[1m\u{fc}\u{20ac}\u{1f600}\t\u{c}\r".as_bytes(), b"{}\n\x01\x02\x03\x04"]
    {
        let bytes = [before, text].concat();
        let out = split(&bytes);
        assert!(matches!(out.last(), Some(Out::Element(text, ..)) if text == "{\"a\":1}"), "{out:?}");
    }
    let mut splitter = Splitter::new();
    let bytes = [b"{}\n\x01\x02\x03\x04", &text[..]].concat();
    let told: Vec<Option<Doubt>> = std::iter::from_fn(|| match splitter.next(&bytes, true) {
        Step::End => None,
        step => Some(matches!(step, Step::Element { .. }).then(|| splitter.doubt())),
    })
    .flatten()
    .collect();
    assert_eq!(told, [None, Some(Doubt::Binary)], "what follows is told");
}

#[test]
fn a_line_of_text_is_told_from_a_line_of_json_that_is_torn() {
    let doubt = |text: &str| {
        let told: Vec<Option<Doubt>> = [1, 2, 5, text.len()]
            .into_iter()
            .map(|chunk| {
                let (mut splitter, mut base, mut end) = (Splitter::new(), 0, 0);
                loop {
                    match splitter.next(&text.as_bytes()[base..end], end == text.len()) {
                        Step::More { keep } => {
                            base = usize::try_from(keep).unwrap();
                            end = text.len().min(end + chunk);
                        }
                        Step::End => return splitter.doubt(),
                        _ => {}
                    }
                }
            })
            .collect();
        assert!(told.iter().all(|one| *one == told[0]), "{text}: {told:?}");
        told[0]
    };
    for line in [
        "2026-04-23 09:00:00 INFO agent starts",
        "<html>hello",
        "[2026-04-23 09:00:00] INFO fetched",
        "[INFO] fetched",
        "[12345] fetched",
        "[    0.000000] fetched",
        "[main] {\"b\":1}",
        "[/index] fetched",
        "{main} fetched",
        "  at writ.Main(Main.java:1)",
        "done",
    ] {
        for text in [
            format!("{line}\n{{\"a\":1}}\n"),
            format!("{{\"a\":1}}\n{line}"),
            format!("{{\"a\":1}}\n{{\"cut\n{line}\n{{\"a\":1}}\n"),
        ] {
            assert_eq!(doubt(&text), Some(Doubt::Text), "{text}");
        }
    }
    // Near misses.
    for text in [
        "{\"a\":1}\n{\"a\":\"cut o",
        "{\"a\":\n{\"a\":1}\n",
        "{\"a\":1}{\"a\":1}}\n,\n]\n",
        "{\"a\":1} and more\n{\"a\":1}",
        "{\n  \"a\": [\n    1,\n    -2.5e3, 4\n    true,\n  ],\n  \"b\": null,,\n}\n{\"a\":1}\n",
        "\"a\":1}\n{\"a\":1}\n",
        "[{\"a\":1}, {\"b\" 2}]\n",
        "[{\"a\":1} {\"b\":2}, x]\n",
        "[1, 2]\n\"text\"\n7\nnull\n",
        "\0\0{\"a\":1}\n",
        "",
    ] {
        assert_eq!(doubt(text), None, "{text}");
    }
}

#[test]
fn what_holds_more_values_than_records_do_is_an_element_that_was_not_read() {
    let with = |n: usize| format!("{{\"a\":[{}]}}", vec!["1"; n].join(","));
    for (n, reads) in [(4_000, true), (5_000, false)] {
        let text = format!("{}\n{{\"b\":1}}\n", with(n));
        let found: Vec<_> = Whole::new(text.as_bytes()).map(|piece| matches!(piece.found, Found::Read(_))).collect();
        assert_eq!(found, [reads, true]);
    }
}

#[test]
fn depth_is_bounded_and_costs_one_element() {
    let deep = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n), "]".repeat(n));
    // The object itself is a level.
    assert_eq!(elements(deep(127)).len(), 1);
    let list = format!("{{\"Records\":[{{\"x\":1}},{},{{\"y\":\"]\"}}]}}", deep(10_000));
    assert_eq!(
        told(&list),
        [
            "{\"x\":1}".to_string(),
            "!20..20026 line 1: nested deeper than 128 levels".to_string(),
            "{\"y\":\"]\"}".to_string()
        ]
    );
    let lines = format!("{}\n{{\"y\":2}}\n{}\n{{\"z\":3}}\n", deep(128), "[".repeat(10_000));
    let out = told(&lines);
    assert_eq!(out.len(), 4, "{out:?}");
    assert_eq!((&*out[1], &*out[3]), ("{\"y\":2}", "{\"z\":3}"));
    assert!(out[0].ends_with("nested deeper than 128 levels") && out[2].ends_with("nested deeper than 128 levels"));
}

#[test]
fn hostile_repetition_ends_and_is_rejected() {
    let n = 2 << 20;
    for unit in
        ["[", "{\"a\":", "[\n", "{\"a\":[\n", "\"", "{\"", "\\", "]", "}\n", "{\"a\":[{},\n", "[{\"Records\":[\n", ","]
    {
        let text = unit.repeat(n / unit.len());
        let out = fed(text.as_bytes(), (1..).map(|k| k * 65_536));
        assert!(out.iter().any(|out| matches!(out, Out::Reject(..))), "{unit}");
        assert!(out.len() <= 102, "{unit}: {}", out.len());
    }
    // As many good lines as bad ones, each missing its end: every good line survives.
    let text = "{\"a\":[\n{\"b\":1}\n".repeat(2000);
    let out = fed(text.as_bytes(), (1..).map(|k| k * 4096));
    let good = out.iter().filter(|out| matches!(out, Out::Element(text, ..) if text == "{\"b\":1}")).count();
    assert_eq!((good, out.len()), (2000, 4000));
}

#[test]
fn long_names_values_and_bytes_that_are_not_utf8_pass_to_the_strict_reader() {
    let long = "i".repeat(1 << 20);
    let text = format!("{{\"id\":\"{long}\",\"{long}\":1}}\n{{\"b\":{}}}\n", "1".repeat(1 << 20));
    let out = fed(text.as_bytes(), (1..).map(|k| k * 1000));
    assert_eq!(out.len(), 2);
    let second = text.lines().nth(1).unwrap();
    let start = (2 << 20) + 15;
    assert_eq!(out[1], Out::Element(second.to_string(), start..start + second.len() as u64, 2));
    assert_eq!(split(b"{\"a\":\"\xff\xfe\"}\n{\"b\":\"\xc3\"}").len(), 2);
}

/// Streams `pieces`, dropping what the splitter lets go; returns what it found and the most bytes
/// that had to be kept.
fn streamed<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Step>, usize) {
    let mut splitter = Splitter::new();
    let mut pieces = pieces.peekable();
    let (mut buffer, mut base, mut most) = (Vec::new(), 0_u64, 0);
    let mut out = Vec::new();
    loop {
        match splitter.next(&buffer, pieces.peek().is_none()) {
            Step::More { keep } => {
                buffer.drain(..usize::try_from(keep - base).unwrap());
                base = keep;
                buffer.extend_from_slice(pieces.next().unwrap());
                most = most.max(buffer.len());
            }
            Step::End => return (out, most),
            step => out.push(step),
        }
    }
}

#[test]
fn an_element_above_the_bound_is_passed_over_without_being_kept() {
    let piece = vec![b'x'; 1 << 20];
    let long = ELEMENT_BYTES_MAX + (40 << 20);
    let pieces = usize::try_from(long >> 20).unwrap();
    for (before, after, whole) in [
        (&b"[{\"a\":1},{\"big\":\""[..], &b"\"},{\"b\":2}]"[..], true),
        (b"{\"Records\":[{\"a\":1},{\"big\":\"", b"\"},{\"b\":2}]}", true),
        (b"{\"a\":1}\n{\"big\":\"", b"\"}\n{\"b\":2}\n", true),
        (b"{\"a\":1}\n{\"big\":\"", b"\n{\"b\":2}\n", false),
        (b"{\"a\":1}\n{\"big\":\"", b"\" }:\n{\"b\":2}\n", false),
    ] {
        let feed = std::iter::once(before).chain(std::iter::repeat_n(&piece[..], pieces)).chain([after, b""]);
        let (out, most) = streamed(feed);
        assert!(most <= usize::try_from(ELEMENT_BYTES_MAX).unwrap() + (3 << 20), "{most}");
        let rejects: Vec<&Step> = out.iter().filter(|step| matches!(step, Step::Reject { .. })).collect();
        assert!(!rejects.is_empty(), "{out:?}");
        let Step::Reject { span, cause, .. } = rejects[0] else { unreachable!() };
        assert!(span.end - span.start > long);
        if whole {
            assert_eq!((*cause, rejects.len()), (Cause::TooLarge, 1));
        }
        let found = out.iter().filter(|step| matches!(step, Step::Element { .. })).count();
        assert_eq!(found, 2, "{out:?}");
    }
    // Members behind the list of a wrapper are passed over, however long.
    let feed = std::iter::once(&b"{\"Records\":[{\"a\":1}],\"big\":\""[..])
        .chain(std::iter::repeat_n(&piece[..], pieces))
        .chain([&b"\"}"[..], b""]);
    let (out, most) = streamed(feed);
    assert!(matches!(&out[..], [Step::Element { line: 1, .. }]), "{out:?}");
    assert!(most <= usize::try_from(ELEMENT_BYTES_MAX).unwrap() + (3 << 20), "{most}");
    // A bad line is not kept at all.
    let (out, most) = streamed(std::iter::repeat_n(&piece[..], 20).chain([&b"\n{}"[..]]));
    assert_eq!((out.len(), most <= 2 << 20), (2, true));
}

/// Checks that the spans are in order, and that outside of them stands only what carries nothing.
fn check_covered(text: &[u8], out: &[Out]) {
    let mut end = 0;
    for found in out.iter().map(|out| match out {
        Out::Element(_, span, _) | Out::Reject(span, ..) => span,
    }) {
        assert!(found.start >= end && found.end >= found.start, "{out:?}");
        let between = &text[usize::try_from(end).unwrap()..usize::try_from(found.start).unwrap()];
        assert!(between.iter().all(|byte| b"[]}, \t\n\x1e".contains(byte)), "{between:?} in {out:?}");
        end = found.end;
    }
    let behind = &text[usize::try_from(end).unwrap()..];
    assert!(behind.iter().all(|byte| b"[]}, \t\n\x1e".contains(byte)), "{behind:?} behind {out:?}");
}

fn random(seed: &mut u64, n: usize) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*seed >> 33).unwrap() % n
}

/// A JSON value, with white space where it may stand.
fn value(seed: &mut u64, depth: u32, line_feeds: bool, out: &mut String) {
    let space = |seed: &mut u64, out: &mut String| {
        let spaces = if line_feeds { ["", "", " ", "\n  "] } else { ["", "", " ", "\t"] };
        out.push_str(spaces[random(seed, 4)]);
    };
    let strings = ["\"\"", "\"a\"", r#""\u00e9\n\"""#, r#""\\""#, "\"}{][,: é\"", "\"Records\"", r#""\\\"/""#];
    match random(seed, if depth == 0 { 3 } else { 5 }) {
        0 => out.push_str(["null", "true", "false", "0", "-12.5E-3"][random(seed, 5)]),
        1 | 2 => out.push_str(strings[random(seed, strings.len())]),
        kind => {
            out.push(if kind == 3 { '[' } else { '{' });
            for i in 0..random(seed, 4) {
                out.push_str(if i > 0 { "," } else { "" });
                space(seed, out);
                if kind == 4 {
                    out.push_str(strings[random(seed, strings.len())]);
                    space(seed, out);
                    out.push(':');
                    space(seed, out);
                }
                value(seed, depth - 1, line_feeds, out);
                space(seed, out);
            }
            out.push(if kind == 3 { ']' } else { '}' });
        }
    }
}

/// An object that is no list wrapper.
fn object(seed: &mut u64, line_feeds: bool) -> String {
    let mut text = String::from("{\"n\":");
    value(seed, 4, line_feeds, &mut text);
    text.push('}');
    text
}

#[test]
fn valid_input_splits_as_another_reader_splits_it_wherever_the_feed_breaks() {
    for seed in 0..300_u64 {
        let mut seed = seed;
        let mut text = String::new();
        for _ in 0..random(&mut seed, 6) {
            let many: Vec<String> = (0..random(&mut seed, 4)).map(|_| object(&mut seed, true)).collect();
            match random(&mut seed, 4) {
                0 => text.extend(["[", &many.join(" ,\n"), "]"]),
                1 => text.extend(["{\"Records\": [", &many.join(","), "],\"v\":[1],\"w\":{} }"]),
                _ => text.push_str(&many.concat()),
            }
            text.push_str(["", " ", "\n", "\r\n\n"][random(&mut seed, 4)]);
        }
        let mut expected = Vec::new();
        for document in Deserializer::from_str(&text).into_iter::<serde_json::Value>() {
            match document.unwrap() {
                serde_json::Value::Array(values) => expected.extend(values),
                serde_json::Value::Object(mut members) if members.contains_key("Records") => {
                    expected.append(members["Records"].as_array_mut().unwrap());
                }
                other => expected.push(other),
            }
        }
        let whole = fed(text.as_bytes(), []);
        let found: Vec<serde_json::Value> = whole
            .iter()
            .map(|out| match out {
                Out::Element(text, ..) => serde_json::from_str(text).unwrap(),
                Out::Reject(..) => panic!("{out:?} in {text}"),
            })
            .collect();
        assert_eq!(found, expected, "{text}");
        assert_eq!(super::tests::whole(text.as_bytes()), whole);
        for end in 0..text.len() {
            assert_eq!(fed(text.as_bytes(), [end]), whole, "broken at {end}: {text}");
        }
        assert_eq!(fed(text.as_bytes(), 1..), whole);
    }
}

#[test]
fn a_damaged_byte_costs_its_line_only_and_every_feed_agrees() {
    for seed in 0..3000_u64 {
        let mut seed = seed;
        let lines: Vec<String> = (0..4).map(|_| object(&mut seed, false)).collect();
        let mut text = format!("{}\n", lines.join("\n")).into_bytes();
        let hit = random(&mut seed, 3);
        let from: usize = lines[..hit].iter().map(|line| line.len() + 1).sum();
        let byte = b"{}[]\",:\\x0 \0\x7f\xff"[random(&mut seed, 14)];
        text[from + random(&mut seed, lines[hit].len())] = byte;
        let out = fed(&text, []);
        check_covered(&text, &out);
        for (n, line) in lines.iter().enumerate().filter(|(n, _)| *n != hit) {
            let kept =
                out.iter().any(|out| matches!(out, Out::Element(text, _, at) if text == line && *at == n as u64 + 1));
            assert!(kept, "line {} of {}\n{out:#?}", n + 1, String::from_utf8_lossy(&text));
        }
        assert_eq!(whole(&text), out);
        assert_eq!(fed(&text, 1..), out);
        assert_eq!(fed(&text, [random(&mut seed, text.len())]), out);
    }
}

#[test]
fn noise_is_covered_by_elements_and_rejects_in_order() {
    let alphabet = b"{}[]\",:\\a1 \n\n\0\x1e";
    for seed in 0..3000_u64 {
        let mut seed = seed;
        let len = random(&mut seed, 60);
        let text: Vec<u8> = (0..len).map(|_| alphabet[random(&mut seed, alphabet.len())]).collect();
        let out = fed(&text, []);
        check_covered(&text, &out);
        // No JSON and no reject: only where nothing but white space stood.
        if out.is_empty() {
            let lists = text.iter().all(|byte| b"[] \n\x1e".contains(byte));
            assert!(lists, "{}", String::from_utf8_lossy(&text));
        }
        assert_eq!(whole(&text), out, "{}", String::from_utf8_lossy(&text));
        assert_eq!(fed(&text, 1..), out, "{}", String::from_utf8_lossy(&text));
        assert_eq!(fed(&text, [len / 2]), out);
    }
}

#[test]
fn the_beginning_of_what_is_in_progress_is_told_before_its_bytes_are_dropped() {
    let mut splitter = Splitter::new();
    assert_eq!(splitter.next(b"{} not", false), Step::Element { span: 0..2, line: 1 });
    assert_eq!(splitter.pending(), None);
    assert_eq!(splitter.next(b"{} not", false), Step::More { keep: 6 });
    assert_eq!(splitter.pending(), Some(3));
    assert_eq!(
        splitter.next(b" json\n", true),
        Step::Reject { span: 3..11, line: 1, cause: Cause::Trailing { byte: b'n' } }
    );
    assert_eq!(splitter.pending(), None);
    assert_eq!(splitter.next(b" json\n", true), Step::End);
}
