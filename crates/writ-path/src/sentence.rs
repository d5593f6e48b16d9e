//! Every sentence an answer says of itself. One file, so that the wording can be read as a whole.
//!
//! Power first, then who asked, then what is not established. "With X's credential" is never
//! shortened to "X did": power is not the hand.

use crate::answer::{Event, Gap, PowerEntry, PrincipalEntry, Verdict};
use crate::rule::Chain;
use crate::walk::Walk;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// One line a person would say.
pub(crate) fn sentence(
    event: &Event,
    verdict: &Verdict,
    performed_by: Option<&PrincipalEntry>,
    power: Option<&PowerEntry>,
    gaps: &[Gap],
) -> String {
    let mut parts: Vec<String> = Vec::new();
    let opening = match verdict.word {
        "contradicted" => "Contradicted",
        "ambiguous" => "Ambiguous",
        "complete" => "Complete",
        _ => "Partial",
    };
    parts.push(match power {
        Some(power) => {
            let mut text =
                format!("{opening}: done with a credential of {} ({})", called(&power.entry), power.entry.strength);
            if let Some(performed) = performed_by.filter(|by| by.principal != power.entry.principal) {
                text.push_str(", acting as ");
                text.push_str(called(performed));
            }
            if let Some(grantor) = &power.grantor {
                text = format!(
                    "{text}; that power was given with a credential of {} ({})",
                    called(grantor),
                    grantor.strength
                );
            }
            text
        }
        None => match performed_by {
            Some(by) => format!("{opening}: done by {}, which shows no credential", called(by)),
            None => format!("{opening}: whose power it was is not known"),
        },
    });
    if gaps.iter().any(|gap| gap.chain == Chain::Credential) {
        parts.push("where that credential came from is not fully known".to_string());
    }
    if gaps.iter().any(|gap| gap.chain == Chain::Command && gap.expected == "asker") {
        parts.push("nobody is known to have asked".to_string());
    }
    parts.push("approval and policy decision are unknown".to_string());
    let mut text = parts.join("; ");
    text.push('.');
    if event.outcome == "success" { text } else { text.replacen(": done ", ": tried ", 1) }
}

/// What an answer does not establish.
pub(crate) fn limits(walk: &mut Walk<'_>, performed_by: Option<&PrincipalEntry>, grantor: Option<&PrincipalEntry>) {
    if performed_by.is_some_and(|by| by.kind != "service") {
        walk.limit(
            "A credential shows whose power was used, not whose hand used it: anyone who held a copy could have."
                .to_string(),
        );
    }
    if let Some(grantor) = grantor {
        walk.limit(format!(
            "The power was given with a credential of {}: giving power is not using it, and a credential is not the hand.",
            called(grantor)
        ));
    }
}

/// What an answer calls somebody: the name people know, or the id where there is none.
fn called(entry: &PrincipalEntry) -> &str {
    entry.name.as_deref().unwrap_or(&entry.principal)
}
