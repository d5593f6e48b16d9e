//! The vectors of RFC 8785 where they are at hand, its own examples, and what has no digest.

use super::*;
use std::path::PathBuf;
use writ_model::json::parse;

fn form(text: &str) -> String {
    let mut writer = Writer::default();
    writer.value(&parse(text.as_bytes()).unwrap()).unwrap();
    String::from_utf8(writer.out).unwrap()
}

fn none(text: &str) -> &'static str {
    digest(&parse(text.as_bytes()).unwrap()).unwrap_err()
}

#[test]
fn published_vectors_come_out_byte_for_byte() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/jcs-rfc8785");
    if !folder.exists() {
        eprintln!("SKIPPED jcs-rfc8785: ../shared/data is not here");
        return;
    }
    let mut seen = 0;
    for file in std::fs::read_dir(folder.join("input")).unwrap() {
        let input = file.unwrap().path();
        let name = input.file_name().unwrap();
        let expected = std::fs::read_to_string(folder.join("output").join(name)).unwrap();
        assert_eq!(form(&std::fs::read_to_string(&input).unwrap()), expected.trim_end(), "{}", input.display());
        seen += 1;
    }
    assert_eq!(seen, 6);
}

/// RFC 8785, appendix B: bit patterns and how they are written.
#[test]
fn numbers_are_written_as_the_standard_lists_them() {
    for (bits, text) in [
        (0x0000_0000_0000_0000, "0"),
        (0x8000_0000_0000_0000, "0"),
        (0x0000_0000_0000_0001, "5e-324"),
        (0x8000_0000_0000_0001, "-5e-324"),
        (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
        (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
        (0x4340_0000_0000_0000, "9007199254740992"),
        (0xc340_0000_0000_0000, "-9007199254740992"),
        (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
        (0x44b5_2d02_c7e1_4af6, "1e+23"),
        (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
        (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
        (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
        (0x444b_1ae4_d6e2_ef50, "1e+21"),
        (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
        (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
        (0x41b3_de43_5555_5553, "333333333.3333332"),
        (0x41b3_de43_5555_5554, "333333333.33333325"),
        (0x41b3_de43_5555_5555, "333333333.3333333"),
        (0x41b3_de43_5555_5556, "333333333.3333334"),
        (0x41b3_de43_5555_5557, "333333333.33333343"),
        (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
    ] {
        let lexeme = format!("{:e}", f64::from_bits(bits));
        assert_eq!(form(&lexeme), text, "{bits:x}");
    }
}

#[test]
fn spelling_and_order_make_no_difference_and_content_does() {
    let of = |text: &str| digest(&parse(text.as_bytes()).unwrap()).unwrap();
    assert_eq!(of(r#"{"b":[1,2.50],"a":"x"}"#), of(r#" { "a" : "\u0078", "b" : [ 1.0, 25e-1 ] } "#));
    assert_ne!(of(r#"{"a":1}"#), of(r#"{"a":"1"}"#));
    assert_ne!(of("[]"), of("{}"));
    // printf '{"a":1}' | sha256sum
    assert_eq!(of(r#"{"a":1}"#), "sha256:015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862");
}

#[test]
fn what_readers_could_disagree_about_has_no_digest() {
    assert!(none(r#"{"a":1,"\u0061":2}"#).contains("twice"));
    assert!(none(r#"[{"x":{"a":1,"b":0,"a":1}}]"#).contains("twice"));
    for text in ["9007199254740992", "-9007199254740992", "12345678901234567890", "100000000000000000000000"] {
        assert!(none(text).contains("2^53"), "{text}");
    }
    assert!(none("1e309").contains("larger"));
    for text in ["9007199254740993.0", "9007199254740993e0", "1e-400", "0.1000000000000000055", "1e-99999999999"] {
        assert!(none(text).contains("more digits"), "{text}");
    }
    for text in ["9007199254740991", "-9007199254740991", "1e30", "0.1", "4.50", "0e99999999999", "-0", "0.000"] {
        assert!(digest(&parse(text.as_bytes()).unwrap()).is_ok(), "{text}");
    }
}

#[test]
fn arguments_that_lost_a_value_are_told_apart_from_none() {
    let state = |text: &str| told(&parse(text.as_bytes()).unwrap());
    assert_eq!(none(r#"{"a":["writ:withheld:token"]}"#), BECAUSE_WITHHELD);
    assert_eq!(state(r#"{"a":"writ:withheld:token"}"#).state, ArgumentsState::Redacted);
    assert_eq!(state("{}").state, ArgumentsState::Empty);
    assert!(state("{}").digest.is_some());
    assert_eq!(state(r#"{"a":1}"#).state, ArgumentsState::Captured);
    assert_eq!(state(r#"{"a":1,"a":1}"#), Arguments { state: ArgumentsState::Unreadable, digest: None });
}
