//! Approvals that telemetry repeats under Writ's own names: the emitter's word, at most `bound_weak`.

use super::dialect::Meaning as M;
use super::facts::base;
use super::told::Told;
use writ_model::fact::{Approval, ApprovalStep, Approver, Covers, Detail, Fact, FactKind};
use writ_model::key::{ANY, KeyKind, KeyName};
use writ_model::principal::{Principal, PrincipalKind};
use writ_model::time::Time;

/// The step of an approval that an entry says was taken; `None` where it only names one.
pub(super) fn echoed(told: &Told<'_, '_>) -> Option<Fact> {
    let word = told.text(M::ApprovalStep)?;
    let step = ApprovalStep::TABLE.iter().find(|(known, _)| *known == word)?.1;
    let approval = KeyName::new(KeyKind::Approval, ANY, told.text(M::Approval)?)?;
    let text = |name: &str| told.entry.attributes.text(name).map(str::to_string);
    let approver = text("writ.approval.approver").map(|id| Approver {
        principal: Principal { name: Some(id.clone()), id, id_is_name: true, kind: PrincipalKind::Unknown },
        // The emitter cannot have checked that, and says nothing of it.
        authenticated: false,
        entitled: None,
    });
    let mut fact = base(told, FactKind::Approval, format!("writ.approval:{word}"));
    fact.detail = Detail::Approval(Approval {
        step,
        approval,
        call: told.call(),
        requester: told.agent(),
        approver,
        rendered_by: text("writ.approval.rendered_by"),
        shown_digest: text("writ.approval.shown_digest"),
        shown_in_full: false,
        executed_digest: None,
        covers: Covers {
            action: told.text(M::Tool).map(str::to_string),
            arguments: told.text(M::ArgumentsDigest).map(str::to_string),
            files: text("writ.files.digest"),
            ..Covers::default()
        },
        uses: text("writ.approval.uses").and_then(|n| n.parse().ok()),
        expires: text("writ.approval.expires").and_then(|time| Time::parse(&time)),
        rule: text("writ.approval.rule"),
        policy: None,
        needed: None,
        reason: None,
    });
    Some(fact)
}
