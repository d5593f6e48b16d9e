//! Trace and span ids in the spellings they are delivered in, brought to lower-case hexadecimal.

use super::entry::Around;
use writ_model::json::{Node, Value};

/// Bytes of a trace id (W3C Trace Context).
const TRACE_BYTES: usize = 16;
/// Bytes of a span id.
const SPAN_BYTES: usize = 8;

/// A trace id as hexadecimal (with or without `0x`, any case) or base64, which the protobuf mapping of
/// JSON and some exporters write. `None` where it is no id; all zeros is the id of nothing.
pub(super) fn trace(text: &str) -> Option<String> {
    id(text, TRACE_BYTES)
}

/// A span id, in the same spellings.
pub(super) fn span(text: &str) -> Option<String> {
    id(text, SPAN_BYTES)
}

/// A trace id as Jaeger writes it: hexadecimal that may lack leading zeros, or the upper half.
pub(super) fn jaeger_trace(text: &str) -> Option<String> {
    trace(&padded(text, TRACE_BYTES)?)
}

/// A span id as Jaeger writes it.
pub(super) fn jaeger_span(text: &str) -> Option<String> {
    span(&padded(text, SPAN_BYTES)?)
}

/// The span around something, as its id stands there.
pub(super) fn around(node: Option<&Node<'_>>, read: impl Fn(&str) -> Option<String>) -> Around {
    let text = match node.map(|node| &node.value) {
        None | Some(Value::Null | Value::Number("0")) => return Around::Nothing,
        Some(Value::String(text)) => text.trim(),
        Some(_) => return Around::Unreadable,
    };
    match read(text) {
        Some(id) => Around::Span(id),
        None if is_nothing(text) => Around::Nothing,
        None => Around::Unreadable,
    }
}

/// Whether this is how emitters write that there is no id: nothing, a dash, or zeros, all of them. Fewer are what is
/// left of an id.
fn is_nothing(text: &str) -> bool {
    let is_zero = |digits: &str| [2 * SPAN_BYTES, 2 * TRACE_BYTES].contains(&digits.len());
    let zeros = text.strip_prefix("0x").unwrap_or(text);
    let zeros = is_zero(zeros) && zeros.bytes().all(|byte| byte == b'0');
    let of_base64 = |bytes| base64(text, bytes).is_some_and(|bytes| bytes.iter().all(|byte| *byte == 0));
    text.is_empty() || text == "-" || text == "0" || zeros || of_base64(SPAN_BYTES) || of_base64(TRACE_BYTES)
}

fn padded(text: &str, bytes: usize) -> Option<String> {
    (!text.is_empty() && text.len() <= 2 * bytes).then(|| format!("{text:0>width$}", width = 2 * bytes))
}

fn id(text: &str, bytes: usize) -> Option<String> {
    let text = text.strip_prefix("0x").unwrap_or(text);
    let hex = if text.len() == 2 * bytes && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        text.to_ascii_lowercase()
    } else {
        let decoded = base64(text, bytes)?;
        writ_model::canon::hex(&decoded)
    };
    hex.bytes().any(|byte| byte != b'0').then_some(hex)
}

/// Base64 of exactly so many bytes, in either alphabet, with or without padding.
fn base64(text: &str, bytes: usize) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if digits.len() != (bytes * 8).div_ceil(6) || text.len() - digits.len() > 2 {
        return None;
    }
    let (mut out, mut bits, mut n_bits) = (Vec::with_capacity(bytes), 0_u32, 0);
    for byte in digits.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(digit);
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            out.push(u8::try_from((bits >> n_bits) & 0xff).unwrap_or(0));
        }
    }
    (out.len() == bytes).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_id_is_one_id() {
        let hex = "5b8efff798038103d269b633813fc60c";
        for text in [
            "5B8EFFF798038103D269B633813FC60C",
            "0x5b8efff798038103d269b633813fc60c",
            "W47/95gDgQPSabYzgT/GDA==",
            "W47_95gDgQPSabYzgT_GDA",
        ] {
            assert_eq!(trace(text).as_deref(), Some(hex), "{text}");
        }
        assert_eq!(span("7uGbfsPBsXQ=").as_deref(), Some("eee19b7ec3c1b174"));
        assert_eq!(jaeger_trace("ab").unwrap(), format!("{}ab", "0".repeat(30)));
        assert_eq!(jaeger_span("1f9762ca1e03e2d2").unwrap(), "1f9762ca1e03e2d2");
    }

    #[test]
    fn an_id_that_was_taken_out_is_not_the_same_as_none() {
        let around = |json: &str| super::around(Some(&writ_model::json::parse(json.as_bytes()).unwrap()), span);
        assert_eq!(around("\"EEE19B7EC3C1B174\""), Around::Span("eee19b7ec3c1b174".to_string()));
        for json in ["null", "0", "\"\"", "\"0000000000000000\"", "\"AAAAAAAAAAA=\"", "\"-\"", "\"0\""] {
            assert_eq!(around(json), Around::Nothing, "{json}");
        }
        for json in ["\"REDACTED\"", "\"***\"", "\"eee19b7e\"", "\"00\"", "\"A\"", "\"=\"", "\"0x\"", "17", "{}"] {
            assert_eq!(around(json), Around::Unreadable, "{json}");
        }
        assert_eq!(super::around(None, span), Around::Nothing);
    }

    #[test]
    fn what_is_no_id_is_none() {
        for text in [
            "",
            "0x",
            "00000000000000000000000000000000",
            "5b8efff798038103",
            "nothing",
            "zz8efff798038103d269b633813fc60c",
        ] {
            assert_eq!(trace(text), None, "{text}");
        }
        for text in ["0000000000000000", "AAAAAAAAAAA=", "5b8efff79803810", "7uGbfsPBsX"] {
            assert_eq!(span(text), None, "{text}");
        }
        assert_eq!((jaeger_span(""), jaeger_trace(&"a".repeat(33))), (None, None));
    }
}
