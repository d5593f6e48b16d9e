//! Canonical JSON of arguments (RFC 8785), for digests that two parties must agree on.
//!
//! Only I-JSON (RFC 7493) has a digest: a value that two readers could take for different things, or
//! two values that would be written the same, must never share one. So members that stand twice,
//! integers beyond 2^53 and numbers that are none in double precision have no canonical form here.

use crate::plain::Plain;
use std::fmt::Write as _;
use writ_model::canon::hex;
use writ_model::json::quote;

/// The largest integer that every reader of JSON tells from its neighbours.
const INTEGER_MAX: f64 = 9_007_199_254_740_992.0;

/// The canonical bytes; `None` where the value is no I-JSON.
pub(crate) fn canonical(value: &Plain) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    write(value, &mut out)?;
    Some(out)
}

/// `sha256:` and hex over the canonical bytes.
pub(crate) fn digest(value: &Plain) -> Option<String> {
    Some(format!("sha256:{}", hex(&sha256(&canonical(value)?))))
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).into()
}

fn write(value: &Plain, out: &mut Vec<u8>) -> Option<()> {
    match value {
        Plain::Null => out.extend_from_slice(b"null"),
        Plain::Bool(true) => out.extend_from_slice(b"true"),
        Plain::Bool(false) => out.extend_from_slice(b"false"),
        Plain::Number(lexeme) => out.extend_from_slice(number(lexeme)?.as_bytes()),
        Plain::Text(text) => quote(text, out),
        Plain::List(values) => {
            out.push(b'[');
            for (n, value) in values.iter().enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                write(value, out)?;
            }
            out.push(b']');
        }
        Plain::Map(members) => {
            let mut sorted: Vec<&(String, Plain)> = members.iter().collect();
            // By UTF-16 code units, as the RFC has it.
            sorted.sort_by(|a, b| a.0.encode_utf16().cmp(b.0.encode_utf16()));
            let twice = sorted.iter().zip(sorted.iter().skip(1)).any(|(a, b)| a.0 == b.0);
            if twice {
                return None;
            }
            out.push(b'{');
            for (n, (name, value)) in sorted.into_iter().enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                quote(name, out);
                out.push(b':');
                write(value, out)?;
            }
            out.push(b'}');
        }
    }
    Some(())
}

/// A number as ECMAScript prints it: the shortest digits that read back as the same double.
fn number(lexeme: &str) -> Option<String> {
    let value: f64 = lexeme.parse().ok()?;
    let spelt_as_integer = !lexeme.contains(['.', 'e', 'E']);
    if !value.is_finite() || (spelt_as_integer && value.abs() >= INTEGER_MAX) {
        return None;
    }
    if value == 0.0 {
        return Some("0".to_string());
    }
    // Rust's shortest form gives the digits and the exponent: `-1.2345e-7`.
    let scientific = format!("{:e}", value.abs());
    let (digits, exponent) = scientific.split_once('e')?;
    let digits: String = digits.chars().filter(|c| *c != '.').collect();
    let exponent: i32 = exponent.parse().ok()?;
    let n_digits = i32::try_from(digits.len()).ok()?;
    // The decimal point stands behind so many digits.
    let point = exponent + 1;
    let mut out = String::from(if value < 0.0 { "-" } else { "" });
    let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or(0));
    let split = |at: i32| digits.split_at_checked(usize::try_from(at).unwrap_or(0)).unwrap_or((&digits, ""));
    if n_digits <= point && point <= 21 {
        let _ = write!(out, "{digits}{}", zeros(point - n_digits));
    } else if 0 < point && point <= 21 {
        let (whole, part) = split(point);
        let _ = write!(out, "{whole}.{part}");
    } else if -6 < point && point <= 0 {
        let _ = write!(out, "0.{}{digits}", zeros(-point));
    } else {
        let (first, rest) = split(1);
        let dot = if rest.is_empty() { "" } else { "." };
        let sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(out, "{first}{dot}{rest}e{sign}{}", exponent.abs());
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<String> {
        canonical(&Plain::of_text(text)?).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn numbers_are_written_as_ecmascript_writes_them() {
        for (lexeme, written) in [
            ("0", "0"),
            ("-0", "0"),
            ("1.0", "1"),
            ("1E2", "100"),
            ("4.50", "4.5"),
            ("2e-3", "0.002"),
            ("0.000001", "0.000001"),
            ("0.0000001", "1e-7"),
            ("1e20", "100000000000000000000"),
            ("1e21", "1e+21"),
            ("1e30", "1e+30"),
            ("333333333.33333329", "333333333.3333333"),
            ("-1.5e-9", "-1.5e-9"),
            ("9007199254740991", "9007199254740991"),
        ] {
            assert_eq!(number(lexeme).as_deref(), Some(written), "{lexeme}");
        }
        for lexeme in ["9007199254740992", "9007199254740993", "-9007199254740993", "1e999", "123456789012345678901"] {
            assert_eq!(number(lexeme), None, "{lexeme}");
        }
    }

    #[test]
    fn members_are_sorted_and_none_may_stand_twice() {
        assert_eq!(of(r#"{"b":1,"a":{"z":"\u20ac","y":[]}}"#).unwrap(), r#"{"a":{"y":[],"z":"€"},"b":1}"#);
        assert_eq!(of(r#"{"a":1,"a":2}"#), None);
        assert_eq!(of(r#"{"a":[{"b":1,"b":1}]}"#), None);
        // U+1F600 is written with surrogates, which sort before U+FB33.
        let sorted = of(r#"{"\ufb33":2,"\ud83d\ude00":1}"#).unwrap();
        assert_eq!(sorted, "{\"\u{1f600}\":1,\"\u{fb33}\":2}");
    }

    #[test]
    fn a_digest_names_the_value_and_not_its_spelling() {
        let one = digest(&Plain::of_text(r#"{"a":1.0,"b":"x"}"#).unwrap());
        assert_eq!(one, digest(&Plain::of_text(r#"{ "b":"x", "a":1 }"#).unwrap()));
        assert!(one.unwrap().starts_with("sha256:"));
    }

    #[test]
    fn the_vectors_of_the_rfc_are_written_as_it_says() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/jcs-rfc8785");
        if !std::path::Path::new(folder).exists() {
            eprintln!("SKIPPED jcs-rfc8785: ../shared/data is not here");
            return;
        }
        let mut n = 0;
        for file in std::fs::read_dir(format!("{folder}/input")).unwrap() {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            let given = std::fs::read_to_string(file.path()).unwrap();
            let wanted = std::fs::read_to_string(format!("{folder}/output/{name}")).unwrap();
            assert_eq!(of(&given).as_deref(), Some(wanted.as_str()), "{name}");
            n += 1;
        }
        assert_eq!(n, 6);
    }
}
