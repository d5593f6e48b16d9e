//! Source `raw`: input no adapter could read, kept so that a later adapter can.
//!
//! Evidence is the bytes themselves, bounded; the native id is the digest of all of them. There is no
//! event time and there are no facts. The cause of the reject is reported where it happened and kept
//! in nothing that is hashed: it would change with our wording. Secrets are withheld as far as their
//! names and marks, and tokens by their shape, can be found in text that is not read as JSON.

use crate::admit::{Admitted, Mac, evidence_id};
use crate::redact::{EVERYWHERE_AND_IN_TEXT, NOTHING, Withholds, listed, withhold_in_text};
use crate::source::{Context, Reading, Source};
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

/// Recorder of rejects that a source knew for its own and could not read: one of them may be the very
/// record that is missed, so while they are here nothing of that source counts as complete.
pub fn unread(source: &str) -> String {
    format!("unread:{source}")
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

/// A reject as a record of that recorder.
pub fn keep(bytes: &[u8], recorder: &str, mac: Mac<'_>) -> Admitted {
    let (mut evidence, mut redactions) = withhold_in_text(bytes, &WITHHOLDS, mac);
    // The digest is of the redacted bytes: an unkeyed digest over a short secret could be guessed at.
    let native_id = evidence_id(&evidence);
    if evidence.len() > RAW_BYTES_MAX {
        let whole = evidence.len();
        evidence.truncate(RAW_BYTES_MAX);
        evidence.extend_from_slice(format!("\n[writ: cut here; the whole is {whole} bytes, {native_id}]").as_bytes());
        redactions.retain(|redaction| {
            redaction.pointer.trim_start_matches('/').parse::<usize>().is_ok_and(|byte| byte < RAW_BYTES_MAX)
        });
    }
    let identity = Identity { source: INFO.name.to_string(), recorder: recorder.to_string(), native_id };
    let content = content_digest(&identity, &evidence);
    Admitted {
        id: RecordId::of(&content),
        content,
        identity,
        event_time: None,
        available_time: None,
        redactions: listed(redactions, mac),
        evidence,
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
