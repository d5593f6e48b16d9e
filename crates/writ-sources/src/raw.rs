//! Source `raw`: input no adapter could read, kept so that a later adapter can.
//!
//! Evidence is the bytes themselves, bounded, or the text they are in UTF-16 where a secret is in it; the
//! native id is the digest of all of them. There is no event time and there are no facts. The cause of the
//! reject is reported where it happened and kept in nothing that is hashed: it would change with our wording.
//! Secrets are withheld as far as their names and marks, and tokens by their shape, can be found in text that
//! is not read as JSON, and by the keys of attributes in protobuf.

use crate::admit::{Admitted, Mac, evidence_id};
use crate::detect::SOURCES;
use crate::redact::{EVERYWHERE_AND_IN_TEXT, List, NOTHING, Withholds, without_secrets_in};
use crate::source::{Context, Reading, Source};
use std::borrow::Cow;
use writ_model::fact::Fact;
use writ_model::json::Node;
use writ_model::record::{Identity, RecordId, content_digest};
use writ_model::source::SourceInfo;

/// Most bytes kept of one reject: a CloudTrail event is at most 256 KB and nearly always under 4 KB, so
/// this keeps every likely one whole, and rubbish cannot fill a disk.
pub const RAW_BYTES_MAX: usize = 64 * 1024;

/// What is looked for in text of which nothing is known.
const WITHHOLDS: Withholds = Withholds { tokens: true, ..EVERYWHERE_AND_IN_TEXT };
/// Recorder of rejects of which nobody knows who wrote them.
pub const UNKNOWN: &str = "unknown";

/// Stands for the source where a reject may be a record of any: then nothing counts as complete.
pub const ANY: &str = "any";

/// Names of first members by which a source's own writer begins, and no other.
const FIRST: [&[u8]; 3] = [b"\"eventVersion\"", b"\"resourceSpans\"", b"\"resourceLogs\""];

/// Recorder of rejects that a source knew for its own and could not read: one of them may be the very
/// record that is missed, so while they are here nothing of that source counts as complete.
pub fn unread(source: &str) -> String {
    format!("unread:{source}")
}

/// The source whose record these rejected bytes may be, or [`ANY`], as the recorder they are kept under.
/// `whole`: these are all bytes of the reject. `of`: the one source that it can have been of.
///
/// A record that is damaged does not say whose it is: what stands in it may be chosen by somebody who
/// wants it missed. So one source is named only where nothing of another shows.
pub fn suspected(bytes: &[u8], whole: bool, of: Option<&str>) -> String {
    if !shows_object(bytes) {
        return UNKNOWN.to_string();
    }
    let shows = |mark: &&str| memchr::memmem::find(bytes, mark.as_bytes()).is_some();
    let may_be = |source: &&&dyn Source| source.marks().is_empty() || source.marks().iter().any(shows);
    let named_ones = SOURCES.iter().filter(|source| source.info().name != INFO.name);
    let mut sources: Vec<&str> = named_ones.filter(may_be).map(|source| source.info().name).collect();
    // Events of spans have the times of logs; neither of the two ever counts as complete.
    if sources.contains(&"otel.span") {
        sources.retain(|source| *source != "otel.log");
    }
    let text = bytes.trim_ascii();
    let named =
        FIRST.iter().any(|name| text.strip_prefix(b"{").is_some_and(|rest| rest.trim_ascii().starts_with(name)));
    let ends = text.first() == Some(&b'{') && text.last() == Some(&b'}');
    // An escape may spell a name otherwise, and what is not here may hold another.
    let told = whole && (named || ends) && memchr::memmem::find(bytes, b"\\u").is_none();
    match (of, sources.as_slice()) {
        (Some(source), _) => unread(source),
        (None, [source]) if told => unread(source),
        _ => unread(ANY),
    }
}

/// Whether anything in these bytes looks like an object or a member of one, in UTF-16 too. A banner, a
/// table or a page of text holds no record.
pub(crate) fn shows_object(bytes: &[u8]) -> bool {
    let passed = |byte: &u8| *byte == 0 || *byte == b'\\' || byte.is_ascii_whitespace();
    let next = |at: usize| {
        let len = bytes.get(at + 1..)?.iter().position(|byte| !passed(byte))?;
        Some((at + 1 + len, *bytes.get(at + 1 + len)?))
    };
    memchr::memchr2_iter(b'{', b'"', bytes).any(|at| match (bytes.get(at), next(at)) {
        (Some(b'{'), found) => found.is_none_or(|(_, byte)| byte == b'"'),
        // A name and a value; in prose something else stands behind the colon.
        (_, Some((colon, b':'))) => next(colon)
            .is_none_or(|(_, byte)| byte.is_ascii_digit() || matches!(byte, b'"' | b'[' | b'-' | b't' | b'f' | b'n')),
        _ => false,
    })
}

/// What was handed in and could not be read.
#[derive(Clone, Copy, Debug)]
pub struct Raw;

/// What the source declares about itself.
pub static INFO: SourceInfo = SourceInfo {
    name: "raw",
    title: "input that no adapter could read, kept as it came",
    namespace: "raw",
    delay_usual_ms: 0,
    delay_worst_ms: 0,
    precision_ms: 0,
    skew_ms: 0,
    verifies: "nothing",
    retention_ms: None,
    contains: &[],
    omissions: &[],
    tested: true,
};

impl Source for Raw {
    fn info(&self) -> &'static SourceInfo {
        &INFO
    }

    fn version(&self) -> u32 {
        1
    }

    fn withholds(&self) -> &'static Withholds {
        &NOTHING
    }

    fn recognises(&self, _: &Node<'_>) -> bool {
        false
    }

    fn read(&self, _: &Node<'_>) -> Result<Reading, String> {
        Err("`raw` is what rejects are kept as; it reads nothing".to_string())
    }

    fn facts(&self, _: &Node<'_>, _: &Context<'_>) -> Vec<Fact> {
        Vec::new()
    }
}

/// The bytes without the secrets in them, and the list of those that are in what is kept. Where more of them
/// are found in the text that the bytes are in UTF-16, that text stands for them.
fn without_secrets<'m>(bytes: &[u8], mac: Mac<'m>) -> (Vec<u8>, List<'m>) {
    let one = |bytes: &[u8]| {
        let (mut list, mut n) = (List::new(mac), 0_usize);
        let kept = without_secrets_in(bytes, &WITHHOLDS, &mut |at, kind, secret| {
            n += 1;
            if at < RAW_BYTES_MAX {
                list.push(1, || format!("/{at}"), kind, secret);
            }
        });
        (kept, list, n)
    };
    let (kept, list, n) = one(bytes);
    if let Cow::Owned(text) = of_utf16(bytes) {
        let (kept, list, more) = one(&text);
        if more > n {
            return (kept, list);
        }
    }
    (kept, list)
}

/// The text that these bytes are in UTF-16, or in part: they may begin inside of a character.
fn of_utf16(bytes: &[u8]) -> Cow<'_, [u8]> {
    let zeros = |from: usize| bytes.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    if even + odd == 0 {
        return Cow::Borrowed(bytes);
    }
    // In half of all units at least, one byte is zero wherever names and marks are in the Latin alphabet.
    if (even + odd) * 4 < bytes.len() {
        return Cow::Owned(bytes.iter().copied().filter(|byte| *byte != 0).collect());
    }
    let unit = |pair: &[u8]| match *pair {
        [a, b] if even > odd => u16::from_be_bytes([a, b]),
        [a, b] => u16::from_le_bytes([a, b]),
        _ => 0xd800,
    };
    let units: Vec<u16> = bytes.chunks(2).map(unit).collect();
    Cow::Owned(String::from_utf16_lossy(&units).into_bytes())
}

/// A reject as a record of that recorder.
pub fn keep(bytes: &[u8], recorder: &str, mac: Mac<'_>) -> Admitted {
    let (mut evidence, list) = without_secrets(bytes, mac);
    // The digest is of the redacted bytes: an unkeyed digest over a short secret could be guessed at.
    let native_id = evidence_id(&evidence);
    if evidence.len() > RAW_BYTES_MAX {
        let whole = evidence.len();
        evidence.truncate(RAW_BYTES_MAX);
        evidence.extend_from_slice(format!("\n[writ: cut here; the whole is {whole} bytes, {native_id}]").as_bytes());
    }
    let identity = Identity { source: INFO.name.to_string(), recorder: recorder.to_string(), native_id };
    let content = content_digest(&identity, &evidence);
    Admitted {
        source: INFO.name,
        id: RecordId::of(&content),
        content,
        identity,
        event_time: None,
        available_time: None,
        redactions: list.finish(),
        evidence,
        alike: 0,
        facts: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mac(bytes: &[u8]) -> [u8; 32] {
        writ_model::canon::Digest::of("test", bytes).0
    }

    #[test]
    fn rejected_bytes_are_kept_as_they_came_and_bounded() {
        let kept = keep(b"not a record", "handed-in", &mac);
        assert_eq!(kept.evidence, b"not a record");
        assert_eq!((kept.event_time, kept.facts.len()), (None, 0));
        assert!(kept.identity.native_id.starts_with("sha256:"));
        assert_eq!(kept, keep(b"not a record", "handed-in", &mac));
        assert_ne!(kept.id, keep(b"not a record", "other", &mac).id);

        let long = vec![b'x'; RAW_BYTES_MAX + 1];
        let kept = keep(&long, "handed-in", &mac);
        assert!(kept.evidence.len() < RAW_BYTES_MAX + 200);
        let tail = String::from_utf8(kept.evidence[RAW_BYTES_MAX..].to_vec()).unwrap();
        assert!(tail.contains(&format!("{} bytes, {}", RAW_BYTES_MAX + 1, kept.identity.native_id)), "{tail}");
    }

    #[test]
    fn a_reject_is_of_one_source_only_where_nothing_of_another_shows() {
        let of = |text: &str| suspected(text.as_bytes(), true, None);
        let utf16: String = "{\"decision_id\":1}".chars().flat_map(|c| [c, '\0']).collect();
        for (text, recorder) in [
            (r#"{"labels":{},"decision_id":"d","input":{"a":[[["#, "unread:any"),
            (r#"{"labels":{},"decision_id":"d","input":{"a":[[[}"#, "unread:opa.decision"),
            (r#"{"decision_id":"d","input":{"eventTime":1}}"#, "unread:any"),
            (r#"{"decision_id":"d","input":"\ud800"}"#, "unread:any"),
            (r#"{"eventVersion":"1.08","eventTime":"#, "unread:aws.cloudtrail"),
            (r#"{"eventVersion":"1.08","decision_id":"d","eventTime":"#, "unread:any"),
            (r#"{"resourceSpans":[{"#, "unread:otel.span"),
            (r#"{"resourceSpans":[{"events":[{"timeUnixNano":"1""#, "unread:otel.span"),
            (r#"{"resourceLogs":[{"timeUnixNano":"1""#, "unread:otel.log"),
            (r#"INFO {"a":1}"#, "unread:any"),
            (r#""b" : 2}"#, "unread:any"),
            (r#"{\"a\":1"#, "unread:any"),
            ("{", "unread:any"),
            ("\"a\": -1", "unread:any"),
            ("\"a\":", "unread:any"),
            (&utf16, "unread:any"),
            // Near misses: texts of which none is a record.
            ("Read me: \"quoted\", {braces}, \"more\": {a}, \"x\": y, and f(){ return; }", UNKNOWN),
            ("time,name,\"who\"", UNKNOWN),
            ("", UNKNOWN),
        ] {
            assert_eq!(of(text), recorder, "{text}");
        }
        assert_eq!(suspected(br#"{"eventVersion":"1","eventTime":1}"#, false, None), "unread:any");
        assert_eq!(suspected(b"START {\"a\"", true, Some("aws.cloudtrail")), "unread:aws.cloudtrail");
        assert_eq!(suspected(b"START RequestId", true, Some("aws.cloudtrail")), UNKNOWN);
        let marked = SOURCES.iter().filter(|source| !source.marks().is_empty()).count();
        assert_eq!(marked, SOURCES.len() - 1, "every source but this one has a mark");
    }

    #[test]
    fn secrets_leave_text_in_utf16_however_it_is_cut() {
        let text = r#"{"a":"é","sessionToken":"IQoJsecret","password":"naïve Тест"}"#;
        let bytes = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        let (little, big) = (bytes(u16::to_le_bytes), bytes(u16::to_be_bytes));
        let mixed = [&[b' '; 400][..], &little].concat();
        for bytes in [&little[..], &big, &little[1..], &little[..little.len() - 1], &mixed] {
            let kept = keep(bytes, "handed-in", &mac);
            let text: String = String::from_utf8_lossy(&kept.evidence).replace('\0', "");
            assert!(!text.contains("IQoJsecret") && !text.contains("ve ") && text.contains("sessionToken"), "{text}");
            assert_eq!(kept.redactions.len(), 2, "{text}");
        }
        // What holds none is kept as it came.
        let plain: Vec<u8> = "{\"a\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(keep(&plain, "handed-in", &mac).evidence, plain);
    }

    #[test]
    fn secrets_leave_bytes_that_are_not_json() {
        let broken = br#"{"eventName":"AssumeRole","responseElements":{"credentials":{"sessionToken":"IQoJsecret/==","accessKeyId":"ASIAEXAMPLE"#;
        let kept = keep(broken, "handed-in", &mac);
        let text = String::from_utf8(kept.evidence).unwrap();
        assert!(!text.contains("IQoJsecret") && text.contains("ASIAEXAMPLE"), "{text}");
        assert_eq!(kept.redactions.len(), 1);
        let byte: usize = kept.redactions[0].pointer.strip_prefix('/').unwrap().parse().unwrap();
        assert_eq!(text.find("writ:withheld:session_token\""), Some(byte));
        assert_eq!(kept.redactions[0].digest, mac(b"IQoJsecret/=="));
    }
}
