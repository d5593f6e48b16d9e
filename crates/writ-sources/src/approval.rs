//! Source `approval`: what an approval service writes down, one record for each step of an approval.
//!
//! Our own format, `writ.approval/1`, written down in `docs/reference/approval.md`. The service speaks
//! for its own approvals: that somebody asked, saw, granted, refused. Who asked is what it was told.
//! An agent that reports its own approvals reports them as telemetry and never gets here by it.

use crate::field;
use crate::redact::{EVERYWHERE, Withholds};
use crate::source::{Context, Reading, Source};
use writ_model::fact::{
    Approval, ApprovalStep, Approver, Covers, Detail, Fact, FactKind, Outcome, Party, Resource, Risk, RiskReason,
};
use writ_model::json::Node;
use writ_model::key::{ANY, Attestation, Key, KeyKind, KeyName, KeyRole};
use writ_model::principal::Principal;
use writ_model::source::{Omission, SourceInfo};

/// Approval services.
#[derive(Clone, Copy, Debug)]
pub struct Approvals;

/// The schema these records name.
pub const SCHEMA: &str = "writ.approval/1";

static OMISSIONS: [Omission; 3] = [
    Omission {
        code: "shown_not_recorded",
        text: "a service that does not render the request itself cannot tell what its approver saw",
        fix: "let the approval service render the request and record `shown` with digest and `in_full`",
        ask: "the approver, for what the dialog showed",
        reference: "docs/reference/approval.md, section What binds an approval",
    },
    Omission {
        code: "redemption_not_recorded",
        text: "whoever carries a call out may do so without telling the approval service",
        fix: "let the gateway or tool redeem the approval id and record the step `redeemed` with `executed`",
        ask: "whoever runs the tool that carried the call out",
        reference: "docs/reference/approval.md, section What binds an approval",
    },
    Omission {
        code: "approved_elsewhere",
        text: "an approval given in a chat, a ticket or a terminal leaves no record here",
        fix: "route every approval of these actions through one service and declare it as `approval_by`",
        ask: "the requester, for where it was approved",
        reference: "docs/reference/identity.md, section Routes",
    },
];

static INFO: SourceInfo = SourceInfo {
    name: "approval",
    title: "approval services: requested, shown, granted, denied, redeemed",
    namespace: "approval",
    // The service writes as it goes; what carries its log away decides the rest.
    delay_usual_ms: 1_000,
    delay_worst_ms: 300_000,
    precision_ms: 1,
    // One service and the hosts that call on it, on synchronised clocks.
    skew_ms: 2_000,
    verifies: "that these steps of its own approvals happened, and the approver as far as `authenticated` says",
    retention_ms: None,
    contains: &[FactKind::Approval],
    omissions: &OMISSIONS,
    tested: true,
};

impl Source for Approvals {
    fn info(&self) -> &'static SourceInfo {
        &INFO
    }

    fn version(&self) -> u32 {
        2
    }

    fn withholds(&self) -> &'static Withholds {
        &EVERYWHERE
    }

    fn marks(&self) -> &'static [&'static str] {
        &["writ.approval/"]
    }

    fn recognises(&self, node: &Node<'_>) -> bool {
        field::is_schema(node, SCHEMA)
    }

    fn read(&self, node: &Node<'_>) -> Result<Reading, String> {
        field::schema(node, SCHEMA)?;
        field::unambiguous(node)?;
        Step::read(node)?;
        field::reading(node, field::recorder(node, "service")?.to_string(), ["id", "time"], INFO.precision_ms)
    }

    fn facts(&self, node: &Node<'_>, _: &Context<'_>) -> Vec<Fact> {
        Step::read(node).map(|step| vec![step.fact()]).unwrap_or_default()
    }
}

/// One record, its members checked.
struct Step {
    said: Approval,
    keys: Vec<Key>,
    sequence: Option<(String, u64)>,
    /// Who the service says carried the call out.
    executed_by: Option<String>,
}

impl Step {
    fn read(node: &Node<'_>) -> Result<Step, String> {
        let service = field::recorder(node, "service")?;
        let step = field::word(node, "step", &ApprovalStep::TABLE)?;
        let id = field::needed(node, "approval")?;
        let approval = field::key_name(KeyKind::Approval, ANY, id, "approval")?;
        let shown = Shown::read(node)?;
        let executed = field::object(node, "executed")?;
        let inside = |cause: String| format!("in `executed`: {cause}");
        let said = Approval {
            step,
            approval,
            call: call(node)?,
            requester: field::principal(node, "requester")?,
            approver: approver(node)?,
            rendered_by: field::owned(node, "rendered_by")?,
            shown_digest: shown.digest,
            shown_in_full: shown.in_full,
            executed_digest: executed.map_or(Ok(None), |node| field::digest(node, "digest")).map_err(inside)?,
            covers: covers(node)?,
            uses: field::count(node, "uses")?,
            expires: field::time(node, "expires")?,
            rule: field::owned(node, "rule")?,
            policy: field::owned(node, "policy")?,
            needed: field::count(node, "needed")?,
            reason: field::owned(node, "reason")?,
        };
        if said.step == ApprovalStep::RuleMade && said.rule.is_none() {
            return Err("`rule` is missing: a step `rule_made` names the rule it made".to_string());
        }
        let executed_by = executed.map_or(Ok(None), |node| field::owned(node, "by")).map_err(inside)?;
        let keys = keys(node, &said, service)?;
        Ok(Step { said, keys, sequence: field::sequence(node)?, executed_by })
    }

    fn fact(self) -> Fact {
        let said = self.said;
        let word = ApprovalStep::TABLE.iter().find(|row| row.1 == said.step).map_or("", |row| row.0);
        let mut fact = Fact::new(FactKind::Approval, format!("approval:{word}"), Outcome::Success);
        fact.actor = actor(&said, self.executed_by.as_deref());
        // What the requester calls itself is what the service was told.
        fact.on_behalf_of = said.requester.clone().map(|principal| Party { principal, class: Attestation::Claimed });
        fact.sequence = self.sequence;
        fact.resources.extend(said.covers.resource.clone().map(|id| Resource { kind: String::new(), id }));
        fact.keys = self.keys;
        for party in [&fact.actor, &fact.on_behalf_of] {
            let key = field::principal_key(party.as_ref());
            fact.keys.extend(key.filter(|key| !fact.keys.contains(key)).into_iter().collect::<Vec<_>>());
        }
        if said.step == ApprovalStep::Overridden {
            fact.risk = Risk::High(vec![RiskReason::ApprovalOverride]);
        }
        fact.detail = Detail::Approval(said);
        fact
    }
}

/// Who took the step.
fn actor(said: &Approval, executed_by: Option<&str>) -> Option<Party> {
    use ApprovalStep as S;
    match said.step {
        S::Requested => said.requester.clone().map(|principal| Party { principal, class: Attestation::Claimed }),
        S::Granted | S::Denied | S::Withdrawn | S::RuleMade | S::Overridden | S::Ratified => {
            said.approver.as_ref().map(|approver| Party {
                principal: approver.principal.clone(),
                // A name that the service did not check is one it was given.
                class: if approver.authenticated { Attestation::Verified } else { Attestation::Claimed },
            })
        }
        S::Redeemed => executed_by.map(|by| Party { principal: named(by), class: Attestation::Verified }),
        S::Shown | S::RuleUsed | S::Automatic => None,
    }
}

/// A party that a record names by a word of its own.
fn named(id: &str) -> Principal {
    use writ_model::principal::PrincipalKind;
    Principal { id: id.to_string(), id_is_name: true, kind: PrincipalKind::Unknown, name: None }
}

/// The call an approval is for: whoever mints its id names it within a session.
fn call(node: &Node<'_>) -> Result<Option<KeyName>, String> {
    let Some(call) = field::object(node, "call")? else { return Ok(None) };
    let inside = |cause: String| format!("in `call`: {cause}");
    let session = field::needed(call, "session").map_err(inside)?;
    let id = field::needed(call, "id").map_err(inside)?;
    field::key_name(KeyKind::ToolCall, session, id, "id").map(Some).map_err(inside)
}

fn approver(node: &Node<'_>) -> Result<Option<Approver>, String> {
    let Some(principal) = field::principal(node, "approver")? else { return Ok(None) };
    let Some(found) = field::object(node, "approver")? else { return Ok(None) };
    let flag = |name: &str| field::flag(found, name).map_err(|cause| format!("in `approver`: {cause}"));
    Ok(Some(Approver { principal, authenticated: flag("authenticated")? == Some(true), entitled: flag("entitled")? }))
}

/// What was put before the approver.
#[derive(Default)]
struct Shown {
    digest: Option<String>,
    in_full: bool,
}

impl Shown {
    fn read(node: &Node<'_>) -> Result<Shown, String> {
        let Some(shown) = field::object(node, "shown")? else { return Ok(Shown::default()) };
        let inside = |cause: String| format!("in `shown`: {cause}");
        Ok(Shown {
            digest: field::digest(shown, "digest").map_err(inside)?,
            in_full: field::flag(shown, "in_full").map_err(inside)? == Some(true),
        })
    }
}

fn covers(node: &Node<'_>) -> Result<Covers, String> {
    let Some(covers) = field::object(node, "covers")? else { return Ok(Covers::default()) };
    let read = || -> Result<Covers, String> {
        Ok(Covers {
            action: field::owned(covers, "action")?,
            resource: field::owned(covers, "resource")?,
            arguments: field::digest(covers, "arguments")?,
            purpose: field::owned(covers, "purpose")?,
            files: field::digest(covers, "files")?,
            limits: field::limits(covers)?,
        })
    };
    read().map_err(|cause| format!("in `covers`: {cause}"))
}

fn keys(node: &Node<'_>, said: &Approval, service: &str) -> Result<Vec<Key>, String> {
    use ApprovalStep as S;
    let verified = |name: KeyName, role: KeyRole| Key { name, role, class: Attestation::Verified };
    let mut keys = vec![verified(said.approval.clone(), KeyRole::Mints)];
    let own = KeyName { namespace: service.to_string().into(), ..said.approval.clone() };
    if matches!(said.step, S::Denied | S::Withdrawn) {
        keys.push(verified(own.clone(), KeyRole::Revokes));
    }
    keys.push(verified(own, KeyRole::Mints));
    if said.call.is_none() && matches!(said.step, S::Granted | S::RuleUsed | S::Automatic | S::Overridden) {
        let thing = KeyName::of_unbound(service, said.covers.resource.as_deref());
        keys.extend(thing.map(|name| verified(name, KeyRole::Names)));
    }
    keys.extend(said.call.clone().map(|call| verified(call, KeyRole::Names)));
    if let Some(request) = field::text(node, "request")? {
        let namespace = field::text(node, "namespace")?
            .ok_or("`namespace` is missing: say whose id `request` is, such as `aws`")?;
        keys.push(verified(field::key_name(KeyKind::Request, namespace, request, "request")?, KeyRole::Names));
    }
    let digest = said.covers.arguments.as_ref().or(said.shown_digest.as_ref());
    let digest = digest.and_then(|digest| KeyName::new(KeyKind::Arguments, "digest", digest));
    keys.extend(digest.map(|name| verified(name, KeyRole::Names)));
    if let Some(rule) = &said.rule {
        let role = if said.step == S::RuleMade { KeyRole::Mints } else { KeyRole::Names };
        let name = field::key_name(KeyKind::Approval, ANY, &format!("rule:{rule}"), "rule")?;
        keys.push(verified(name, role));
    }
    Ok(keys)
}
