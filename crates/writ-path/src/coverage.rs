//! Coverage: only a recorder that was complete over a window turns "nothing found" into "absent".
//!
//! At present one basis is known: somebody who hands evidence in declares it complete. The
//! declaration is bound to the count and digest of what was there, so later loss voids it.

use crate::answer::Coverage;
use alloc::string::String;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use writ_model::canon::Digest;
use writ_model::fact::{Declaration, FactKind};
use writ_model::record::RecordId;
use writ_model::source::SourceInfo;

/// How many records there are in a window, and a digest of their ids, sorted, so that order does not matter.
pub fn window_digest(mut ids: Vec<RecordId>) -> (u64, String) {
    ids.sort_unstable();
    ids.dedup();
    let parts: Vec<&[u8]> = ids.iter().map(|id| id.0.as_slice()).collect();
    (ids.len() as u64, Digest::of_parts("writ window 1", &parts).to_string())
}

/// Whether what it counted is still what is there.
pub(crate) fn holds(said: &Declaration, count: u64, digest: &str) -> bool {
    said.count == count && said.digest == digest
}

/// How an answer shows it.
pub(crate) fn entry(id: String, said: &Declaration, info: Option<&SourceInfo>) -> Coverage {
    Coverage {
        id,
        recorder: said.recorder.clone(),
        kinds: info.map_or_else(Vec::new, |info| info.contains.iter().map(|kind: &FactKind| kind.word()).collect()),
        namespace: info.map_or_else(String::new, |info| info.namespace.to_string()),
        from: said.from.to_string(),
        to: said.to.to_string(),
        basis: "declaration",
        digest: said.digest.clone(),
        declared_by: Some(said.declared_by.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn the_window_digest_knows_no_order_and_no_repeats() {
        let (a, b) = (RecordId([1; 16]), RecordId([2; 16]));
        assert_eq!(window_digest(vec![a, b]), window_digest(vec![b, a, a]));
        assert_ne!(window_digest(vec![a]).1, window_digest(vec![a, b]).1);
    }
}
