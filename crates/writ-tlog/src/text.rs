//! Numbers and base64 as the formats here spell them: each value has exactly one spelling.

use alloc::vec::Vec;
use data_encoding::BASE64;

/// A decimal number without sign and without zeros in front.
pub(crate) fn parse_decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

/// Standard base64 with padding (RFC 4648, section 4).
pub(crate) fn parse_base64(text: &str) -> Option<Vec<u8>> {
    let bytes = BASE64.decode(text.as_bytes()).ok()?;
    // The library also takes several padded texts one after the other. Written again, they differ.
    if BASE64.encode(&bytes) == text { Some(bytes) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_has_one_spelling() {
        for (text, bytes) in [("", &b""[..]), ("AA==", b"\0"), ("AAE=", b"\0\x01"), ("+/+/", b"\xfb\xff\xbf")] {
            assert_eq!(parse_base64(text).as_deref(), Some(bytes), "{text}");
        }
        for wrong in ["AA", "AA=", "AB==", "AAB=", "AA==AA==", "AAA=AAAA", "====", "AAAA\n", " AAAA", "-_-_", "A"] {
            assert_eq!(parse_base64(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_number_has_one_spelling() {
        assert_eq!(parse_decimal("0"), Some(0));
        assert_eq!(parse_decimal("18446744073709551615"), Some(u64::MAX));
        for wrong in ["", "00", "01", "+1", "-1", " 1", "1 ", "1e3", "18446744073709551616", "\u{661}"] {
            assert_eq!(parse_decimal(wrong), None, "{wrong}");
        }
    }
}
