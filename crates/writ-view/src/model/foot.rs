//! What an answer rests on: coverage, sources, counts.

use super::CoverageView;
use writ_path::answer::Answer;

/// Every window said to be complete, with whose word that is.
pub(super) fn coverage(answer: &Answer) -> Vec<CoverageView> {
    answer
        .coverage
        .iter()
        .map(|window| {
            let by = window.declared_by.as_ref().map_or_else(String::new, |by| format!(", by the word of {by}"));
            CoverageView {
                id: window.id.clone(),
                recorder: window.recorder.clone(),
                remark: format!(
                    "complete from {} to {} for {} in {} ({}{by})",
                    window.from,
                    window.to,
                    window.kinds.join(", "),
                    window.namespace,
                    window.basis
                ),
            }
        })
        .collect()
}

/// Whether each source has told all it will.
pub(super) fn sources(answer: &Answer) -> Vec<String> {
    answer
        .sources
        .iter()
        .map(|source| match &source.note {
            Some(note) => format!("{} of {} {} ({note})", source.source, source.recorder, source.state),
            None => format!("{} of {} {}", source.source, source.recorder, source.state),
        })
        .collect()
}

/// The last line.
pub(super) fn foot(answer: &Answer) -> String {
    format!(
        "as of {} · {} of {} records · custody {} · {}",
        answer.as_of,
        answer.evidence.records,
        answer.evidence.log_size,
        answer.verdict.custody,
        sources(answer).join(", ")
    )
}
