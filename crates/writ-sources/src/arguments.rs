//! Digests of a call's arguments: SHA-256 over their RFC 8785 form, so that what one party showed and
//! another carried out can be compared without either storing it.
//!
//! Two argument sets must never share a digest, so there is one only for I-JSON (RFC 7493) whose
//! numbers survive a double: where readers could disagree about what was meant, none is given.

use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use writ_model::canon;
use writ_model::fact::{Arguments, ArgumentsState};
use writ_model::json::{Node, Value, quote};

/// Largest integer that every reader keeps (RFC 7493, section 2.2): 2^53 - 1.
const INTEGER_MAX: u64 = 9_007_199_254_740_991;

/// How every placeholder of a withheld value begins (`writ_model::record::placeholder`).
const WITHHELD: &str = "writ:withheld:";

/// Why there is no digest where Writ itself withheld something: the digest of what is left would
/// differ from everybody else's and look like a mismatch.
pub const BECAUSE_WITHHELD: &str = "a value among them was withheld";

/// `sha256:` and hex over the RFC 8785 form, or why there is none.
pub fn digest(node: &Node<'_>) -> Result<String, &'static str> {
    let mut writer = Writer::default();
    writer.value(node)?;
    if writer.rounded {
        return Err("a number among them has more digits than a double keeps");
    }
    Ok(sha256(&writer.out))
}

/// What a record that holds these arguments tells of them.
pub fn told(node: &Node<'_>) -> Arguments {
    let nothing = match &node.value {
        Value::Null => true,
        Value::Object(members) => members.is_empty(),
        _ => false,
    };
    match digest(node) {
        Ok(digest) if nothing => Arguments { state: ArgumentsState::Empty, digest: Some(digest) },
        Ok(digest) => Arguments { state: ArgumentsState::Captured, digest: Some(digest) },
        Err(BECAUSE_WITHHELD) => Arguments { state: ArgumentsState::Redacted, digest: None },
        Err(_) => Arguments { state: ArgumentsState::Unreadable, digest: None },
    }
}

/// `sha256:` and lower-case hex of these bytes as they are: the fingerprint of a token, too.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    format!("sha256:{}", canon::hex(&digest))
}

#[derive(Default)]
struct Writer {
    out: Vec<u8>,
    /// Whether some number was not the one that is written in its place.
    rounded: bool,
}

impl Writer {
    fn value(&mut self, node: &Node<'_>) -> Result<(), &'static str> {
        match &node.value {
            Value::Null => self.out.extend_from_slice(b"null"),
            Value::Bool(true) => self.out.extend_from_slice(b"true"),
            Value::Bool(false) => self.out.extend_from_slice(b"false"),
            Value::Number(lexeme) => self.number(lexeme)?,
            Value::String(text) if text.starts_with(WITHHELD) => return Err(BECAUSE_WITHHELD),
            Value::String(text) => quote(text, &mut self.out),
            Value::Array(nodes) => {
                self.out.push(b'[');
                for (n, element) in nodes.iter().enumerate() {
                    if n > 0 {
                        self.out.push(b',');
                    }
                    self.value(element)?;
                }
                self.out.push(b']');
            }
            Value::Object(members) => self.object(members)?,
        }
        Ok(())
    }

    fn object(&mut self, members: &[(Cow<'_, str>, Node<'_>)]) -> Result<(), &'static str> {
        let mut sorted: Vec<&(Cow<'_, str>, Node<'_>)> = members.iter().collect();
        // Section 3.2.3: by UTF-16 code units, where half of what lies beyond the first plane sorts
        // before some of what lies in it.
        sorted.sort_by(|a, b| a.0.encode_utf16().cmp(b.0.encode_utf16()));
        self.out.push(b'{');
        let mut before: Option<&str> = None;
        for (name, element) in sorted {
            if before == Some(&**name) {
                return Err("a member stands twice among them");
            }
            if before.is_some() {
                self.out.push(b',');
            }
            before = Some(name);
            quote(name, &mut self.out);
            self.out.push(b':');
            self.value(element)?;
        }
        self.out.push(b'}');
        Ok(())
    }

    fn number(&mut self, lexeme: &str) -> Result<(), &'static str> {
        let whole = !lexeme.contains(['.', 'e', 'E']);
        let kept = |digits: &str| digits.parse::<u64>().is_ok_and(|n| n <= INTEGER_MAX);
        if whole && !kept(lexeme.trim_start_matches('-')) {
            return Err("an integer among them lies beyond 2^53");
        }
        let value: f64 = lexeme.parse().map_err(|_| "a number among them cannot be read")?;
        if !value.is_finite() {
            return Err("a number among them is larger than a double");
        }
        // Rust prints the shortest digits too, but rounds ties away from zero where ECMAScript, and so
        // RFC 8785 (section 3.2.2.3), rounds them to even.
        let mut buffer = ryu_js::Buffer::new();
        let text = buffer.format_finite(value);
        self.rounded |= Decimal::read(lexeme) != Decimal::read(text);
        self.out.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// A number's decimal digits without zeros at either end, and where the point stands: the value is
/// `0.DIGITS` times ten to the `point`. Without its sign.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    digits: String,
    point: i64,
}

impl Decimal {
    /// Of a JSON number.
    fn read(lexeme: &str) -> Decimal {
        let (mantissa, exponent) = lexeme.split_once(['e', 'E']).unwrap_or((lexeme, "0"));
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let whole = whole.trim_start_matches('-');
        // Nothing of such a size is finite and not zero: both ends stay apart from what they became.
        let exponent = exponent.parse::<i32>().map_or(i64::from(i32::MAX), i64::from);
        let all = format!("{whole}{part}");
        let digits = all.trim_start_matches('0');
        if digits.is_empty() {
            return Decimal { digits: String::new(), point: 0 };
        }
        let zeros = i64::try_from(all.len() - digits.len()).unwrap_or(i64::MAX);
        let point = i64::try_from(whole.len()).unwrap_or(i64::MAX).saturating_sub(zeros).saturating_add(exponent);
        Decimal { digits: digits.trim_end_matches('0').to_string(), point }
    }
}

#[cfg(test)]
mod tests;
