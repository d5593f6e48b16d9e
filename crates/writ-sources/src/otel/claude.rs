//! Claude Code: what its events say beyond the table of its attributes.

use super::arguments;
use super::attributes::Held;
use super::dialect::{Meaning as M, claude};
use super::facts::base;
use super::keys;
use super::told::Told;
use writ_model::fact::{
    Approval, ApprovalStep, Approver, Covers, Detail, Fact, FactKind, Outcome, Resource, Risk, RiskReason,
};
use writ_model::key::{Attestation, Key, KeyKind, KeyName, KeyRole};

/// Who or what let a call through or stopped it, and what step that was.
///
/// The vendor reports a saved rule both when somebody makes it and whenever it is used later, so a
/// record proves the making only where it says that the rule is new.
const SOURCES: [(&str, &str, ApprovalStep); 10] = [
    ("accept", "user_temporary", ApprovalStep::Granted),
    ("accept", "user_once", ApprovalStep::Granted),
    ("accept", "user_permanent", ApprovalStep::RuleUsed),
    ("accept", "hook", ApprovalStep::RuleUsed),
    ("accept", "config", ApprovalStep::Automatic),
    ("reject", "user_reject", ApprovalStep::Denied),
    ("reject", "user_abort", ApprovalStep::Denied),
    ("reject", "user_permanent", ApprovalStep::Denied),
    ("reject", "hook", ApprovalStep::Denied),
    ("reject", "config", ApprovalStep::Denied),
];

/// Attributes that say that the rule a decision rests on was made with it.
const NEW_RULE: [&str; 2] = ["rule_created", "persisted"];

/// Modes in which nobody is asked any more.
const UNASKED: [&str; 2] = ["bypassPermissions", "dontAsk"];

/// The event's name as the vendor writes it.
pub(super) fn action(told: &Told<'_, '_>) -> String {
    let name = told.entry.name;
    if name.starts_with(claude::PREFIX) { name.to_string() } else { format!("{}{name}", claude::PREFIX) }
}

/// Whether somebody typed or sent a prompt here.
pub(super) fn is_prompt(told: &Told<'_, '_>) -> bool {
    told.claude && action(told) == "claude_code.user_prompt"
}

/// The event's place in the count of its session.
pub(super) fn sequence(told: &Told<'_, '_>) -> Option<(String, u64)> {
    let n = told.entry.attributes.get("event.sequence")?.shown()?.parse().ok()?;
    Some((told.claude_session()?, n))
}

/// A decision about a tool call, taken inside the agent that wants to make it.
pub(super) fn decision(told: &Told<'_, '_>) -> Option<Fact> {
    let attribute = |name: &str| told.entry.attributes.get(name).and_then(Held::shown);
    let decision = attribute("decision")?;
    let source = attribute("source").or_else(|| attribute("decision_source")).unwrap_or_default();
    let known = SOURCES.iter().find(|(accept, by, _)| *accept == decision && *by == source);
    let mut step = match known {
        Some(row) => row.2,
        // An accept by nobody known is no person's.
        None if decision == "accept" => ApprovalStep::Automatic,
        None => ApprovalStep::Denied,
    };
    if source == "user_permanent" && NEW_RULE.iter().any(|name| attribute(name) == Some("true")) {
        step = ApprovalStep::RuleMade;
    }
    let call = told.call()?;
    let approval = KeyName::new(KeyKind::Approval, call.namespace.clone(), &call.value)?;
    let person = source.starts_with("user_") && step != ApprovalStep::RuleUsed;
    let agent = told.agent();
    let mut fact = base(told, FactKind::Approval, action(told));
    fact.outcome = if step == ApprovalStep::Denied { Outcome::Denied } else { Outcome::Success };
    fact.on_behalf_of = fact.actor.take();
    fact.actor = super::told::by_itself(told.user().filter(|_| person));
    let own = Attestation::SelfStated;
    fact.keys.push(Key { name: approval.clone(), role: KeyRole::Mints, class: own });
    fact.keys.push(keys::call(&call, KeyRole::Names));
    let tool = told.text(M::Tool).unwrap_or_default();
    let called = arguments::of(told, tool);
    fact.keys.extend(called.keys.into_iter().map(|key| Key { role: KeyRole::Names, ..key }));
    fact.detail = Detail::Approval(Approval {
        step,
        approval,
        call: Some(call),
        requester: agent.clone(),
        approver: told.user().filter(|_| person).map(|principal| Approver {
            principal,
            // Whoever sat at the terminal; nobody asked them who they are.
            authenticated: false,
            entitled: None,
        }),
        rendered_by: agent.map(|agent| agent.id),
        shown_digest: None,
        shown_in_full: false,
        executed_digest: None,
        covers: Covers {
            action: (!tool.is_empty()).then(|| tool.to_string()),
            arguments: called.arguments.digest,
            ..Covers::default()
        },
        uses: None,
        expires: None,
        rule: (matches!(step, ApprovalStep::RuleUsed | ApprovalStep::RuleMade)).then(|| source.to_string()),
        policy: None,
        needed: None,
        reason: (!source.is_empty()).then(|| format!("{decision} by {source}")),
    });
    Some(fact)
}

/// What the other events are about.
pub(super) fn session(told: &Told<'_, '_>, fact: &mut Fact) {
    if !told.claude {
        return;
    }
    let attribute = |name: &str| told.entry.attributes.get(name).and_then(Held::shown);
    let mut add = |kind: &str, id: String| fact.resources.push(Resource { kind: kind.to_string(), id });
    if let (Some(from), Some(to)) = (attribute("from_mode"), attribute("to_mode")) {
        add("permission_mode", format!("{from} to {to}"));
        if UNASKED.contains(&to) {
            fact.risk = Risk::High(vec![RiskReason::ApprovalOverride]);
        }
    } else if let Some(server) = attribute("server_name").or_else(|| attribute("mcp_server_name")) {
        add("mcp_server", server.to_string());
    } else if let Some(hook) = attribute("hook_name").or_else(|| attribute("hook_event")) {
        add("hook", hook.to_string());
    }
}
