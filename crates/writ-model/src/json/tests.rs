//! The reader against known texts and, for acceptance and values, against `serde_json`.

use super::*;
use alloc::format;
use alloc::string::ToString as _;
use alloc::vec;

fn canon(text: &str) -> String {
    let mut out = Vec::new();
    let node = parse(text.as_bytes()).unwrap();
    canonical(&node, &mut out);
    let mut same = Vec::new();
    canonical_of(text.as_bytes(), &node, &mut same);
    assert_eq!(String::from_utf8_lossy(&same), String::from_utf8_lossy(&out), "{text}");
    // Of another text nothing is copied.
    same.clear();
    canonical_of(text.to_uppercase().as_bytes(), &node, &mut same);
    assert_eq!(same, out);
    String::from_utf8(out).unwrap()
}

fn cause(text: &str) -> Cause {
    parse(text.as_bytes()).unwrap_err().cause
}

#[test]
fn layout_and_member_order_do_not_matter_but_lexemes_and_duplicates_do() {
    assert_eq!(canon("{ \"b\" : [ 1, 2 ] ,\n\t\"a\":\"x\" }"), r#"{"a":"x","b":[1,2]}"#);
    assert_eq!(canon(r#"{"a":"\u0041\/"}"#), canon(r#"{"a":"A/"}"#));
    assert_ne!(canon("1.0"), canon("1"));
    assert_ne!(canon("9007199254740993"), canon("9007199254740992"));
    assert_eq!(canon(r#"{"a":2,"a":1}"#), r#"{"a":2,"a":1}"#);
    assert_ne!(canon(r#"{"a":2,"a":1}"#), canon(r#"{"a":1,"a":2}"#));
}

#[test]
fn faults_are_named_with_their_place() {
    assert_eq!(parse(br#"{"a":}"#), Err(Error { byte: 5, cause: Cause::Unexpected(b'}') }));
    assert_eq!(parse(b"[1] x"), Err(Error { byte: 4, cause: Cause::Trailing }));
    assert_eq!(parse(b"\"\xff\""), Err(Error { byte: 1, cause: Cause::NotUtf8 }));
    assert_eq!(cause(r#"{"a":"#), Cause::Truncated);
    assert_eq!(cause(r#""\ud800""#), Cause::BadEscape);
    assert_eq!(cause(r#""\ud800\u0041""#), Cause::BadEscape);
    assert_eq!(cause(r#""\u+041""#), Cause::BadEscape);
    assert_eq!(cause("\"a\nb\""), Cause::ControlCharacter);
    for number in ["01", "1.", "-", "1e", "+1", ".5", "0x1"] {
        assert!(parse(number.as_bytes()).is_err(), "{number}");
    }
}

#[test]
fn depth_and_number_of_values_are_bounded() {
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(parse(deep(DEPTH_MAX).as_bytes()).is_ok());
    assert_eq!(cause(&deep(DEPTH_MAX + 1)), Cause::TooDeep);
    assert_eq!(cause(&"[".repeat(1_000_000)), Cause::TooDeep);
    let wide = |n: usize| format!("[{}0]", "0,".repeat(n - 2));
    assert!(parse(wide(VALUES_MAX).as_bytes()).is_ok());
    assert_eq!(cause(&wide(VALUES_MAX + 1)), Cause::TooMany);
}

#[test]
fn spans_and_pointers_find_the_bytes() {
    let text = br#" {"a/b":[{"c": "secret"}]}"#;
    let node = parse(text).unwrap();
    let found = node.pointer("/a~1b/0/c").unwrap();
    assert_eq!(&text[found.span()], b"\"secret\"");
    assert_eq!(node.pointer("/a~1b/1"), None);
    assert_eq!(node.pointer("").unwrap().span(), 1..text.len());
}

/// A value of at most this depth, from a seed: enough variety to disagree with a peer if we can.
fn generated(seed: &mut u64, depth: u32, out: &mut String) {
    let mut next = |n: usize| {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(*seed >> 33).unwrap() % n
    };
    let strings = ["\"\"", "\"a\"", r#""\u00e9\n""#, r#""\ud83d\ude00""#, "\"\u{7f}é\"", r#""\\\"/""#];
    let numbers = ["0", "-0", "1.50", "1e5", "-12.5E-3", "18446744073709551615", "123456789012345678901234567890"];
    match if depth == 0 { next(4) } else { next(6) } {
        0 => out.push_str("null"),
        1 => out.push_str(if next(2) == 0 { "true" } else { "false" }),
        2 => out.push_str(numbers[next(numbers.len())]),
        3 => out.push_str(strings[next(strings.len())]),
        kind => {
            let n = next(4);
            out.push(if kind == 4 { '[' } else { '{' });
            for i in 0..n {
                if i > 0 {
                    out.push_str(" ,\n");
                }
                if kind == 5 {
                    out.push_str("\"k");
                    out.push_str(&i.to_string());
                    out.push_str("\" : ");
                }
                generated(seed, depth - 1, out);
            }
            out.push(if kind == 4 { ']' } else { '}' });
        }
    }
}

#[test]
fn agrees_with_serde_json_on_what_is_json_and_what_it_says() {
    let mut seed = 42;
    for _ in 0..2_000 {
        let mut text = String::new();
        generated(&mut seed, 4, &mut text);
        let ours = canon(&text);
        let theirs: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&ours).unwrap(), theirs, "{text}");
        // Break the text in one place: both must agree on whether it is still JSON.
        let mut broken = text.clone().into_bytes();
        let place = usize::try_from(seed >> 20).unwrap() % broken.len();
        let byte = b"{}[],:\"0x"[usize::try_from(seed >> 40).unwrap() % 9];
        broken[place] = byte;
        let theirs: Result<serde_json::Value, _> = serde_json::from_slice(&broken);
        assert_eq!(parse(&broken).is_ok(), theirs.is_ok(), "{}", String::from_utf8_lossy(&broken));
    }
}

#[test]
fn a_sequence_of_values_is_read_one_by_one() {
    let text = b"{\"a\":1}\n  [2] 3 {\"b\":[1,";
    let mut values = Values::new(text, 9).unwrap();
    let mut at = 0;
    let mut spans = vec![];
    let end = loop {
        match values.read(at) {
            Ok(node) => {
                at = node.span().end;
                spans.push(node.span());
            }
            Err(error) => break error,
        }
    };
    assert_eq!(spans, vec![0..7, 10..13, 14..15]);
    assert_eq!((end.byte, end.cause), (text.len(), Cause::Truncated));
    // Nothing is left of what could not be read.
    assert_eq!(values.read(0), parse(b"{\"a\":1}"));
    assert_eq!(Values::new(b"{} \xff", 9).unwrap_err().cause, Cause::NotUtf8);
    // As many values as may be, of each anew.
    let mut values = Values::new(text, 2).unwrap();
    assert!(values.read(0).is_ok() && values.read(7).is_ok());
    let mut values = Values::new(text, 1).unwrap();
    assert_eq!((values.read(0).unwrap_err().cause, values.read(14).is_ok()), (Cause::TooMany, true));
}
