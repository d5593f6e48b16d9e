//! Which source a record is of, by its content.

use crate::source::Source;
use crate::{approval, cloudtrail, exchange, health, identity, opa, otel, raw};
use std::fmt::Write as _;
use writ_model::canon::Digest;
use writ_model::json::Node;

/// Every source Writ reads.
pub static SOURCES: &[&dyn Source] = &[
    &cloudtrail::CloudTrail,
    &otel::Span,
    &otel::Log,
    &approval::Approvals,
    &exchange::Exchanges,
    &opa::Decisions,
    &identity::Directory,
    &health::Health,
    &raw::Raw,
];

/// The source of that name.
pub fn by_name(name: &str) -> Option<&'static dyn Source> {
    SOURCES.iter().find(|source| source.info().name == name).copied()
}

/// The source this looks like a record of. Writ's own records are never told by content: bytes that
/// somebody hands in must not pass for what Writ said itself.
pub fn detect(node: &Node<'_>) -> Option<&'static dyn Source> {
    SOURCES.iter().find(|source| source.recognises(node)).copied()
}

/// The source of that vendor this looks like a record of: what came out of a vendor's envelope may
/// be text that anybody could log, so it is never taken for another party's word.
pub(crate) fn detect_of(namespace: &str, node: &Node<'_>) -> Option<&'static dyn Source> {
    detect(node).filter(|source| source.info().namespace == namespace)
}

/// Digest of all that decides what records say: adapter versions, declarations, redaction rules and
/// tables. Every answer cites it.
pub fn derivation() -> Digest {
    let mut text = String::new();
    for source in SOURCES {
        // Writing to a String cannot fail.
        let _ =
            write!(text, "{:?}\n{}\n{:?}\n{}\n", source.info(), source.version(), source.withholds(), source.tables());
    }
    Digest::of("writ adapters 0", text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_named_once_and_found_by_name() {
        for (n, source) in SOURCES.iter().enumerate() {
            let name = source.info().name;
            assert!(SOURCES.iter().skip(n + 1).all(|other| other.info().name != name), "{name} stands twice");
            assert_eq!(by_name(name).unwrap().info().name, name);
            for omission in source.info().omissions {
                for text in [omission.text, omission.fix, omission.ask, omission.reference] {
                    assert!(text.len() > 10, "{name} {}: `{text}` says too little", omission.code);
                }
            }
        }
        assert!(by_name("aws").is_none());
    }

    #[test]
    fn nobody_can_hand_in_what_writ_says_of_itself() {
        let text = br#"{"schema":"writ.health/1","id":"h-1","recorder":"writ:main","kind":"ingested","time":"2026-01-01T00:00:00Z"}"#;
        let node = writ_model::json::parse(text).unwrap();
        assert!(detect(&node).is_none());
        let text = br#"{"schema":"writ.recorder/1"}"#;
        let node = writ_model::json::parse(text).unwrap();
        assert_eq!(detect(&node).unwrap().info().name, "health");
    }

    #[test]
    fn the_derivation_is_stable_and_covers_every_source() {
        assert_eq!(derivation(), derivation());
        assert!(SOURCES.iter().all(|source| source.version() > 0));
    }
}
