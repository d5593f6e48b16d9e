//! From an entry to facts.

use super::arguments;
use super::attributes::Held;
use super::dialect::{Act, Meaning as M};
use super::entry::{Entry, SpanKind, Status};
use super::told::{Told, by_itself, own_class};
use super::{approval, claude, keys, propose, serve};
use crate::feature::Features;
use crate::plain::Plain;
use writ_model::fact::{
    Delegation, DelegationMode, Detail, Fact, FactKind, Intent, IntentMode, Lifetime, ModelCall, Outcome, Presented,
    Risk, RiskReason, SAYS_CHARS_MAX, Side, ToolCall,
};
use writ_model::key::{Attestation, Key, KeyKind, KeyName, KeyRole};

/// Everything a record says.
pub(super) fn of(entry: &Entry<'_>) -> Vec<Fact> {
    let told = Told::of(entry);
    let mut facts = match told.act {
        Some(Act::Turn | Act::RootTurn) => turn(&told),
        Some(Act::Model) => vec![model(&told)],
        Some(Act::Tool) => vec![tool(&told)],
        Some(Act::Approval) => claude::decision(&told).map_or_else(|| vec![session(&told)], |fact| vec![fact]),
        Some(Act::Other) => vec![session(&told)],
        None => serve::effect(&told).map_or_else(|| vec![session(&told)], |fact| vec![fact]),
    };
    facts.extend(approval::echoed(&told));
    if let Some(first) = facts.first_mut() {
        first.sequence = claude::sequence(&told);
        first.risk = risk(&told).unwrap_or_else(|| std::mem::take(&mut first.risk));
    }
    facts
}

/// A fact with the parties and keys that every fact of an entry has.
pub(super) fn base(told: &Told<'_, '_>, kind: FactKind, action: impl Into<String>) -> Fact {
    let mut fact = Fact::new(kind, action, outcome(told));
    fact.actor = by_itself(told.actor());
    fact.on_behalf_of = by_itself(told.on_behalf_of());
    fact.keys = keys::of(told);
    fact
}

/// What came of it, as far as the emitter tells.
pub(super) fn outcome(told: &Told<'_, '_>) -> Outcome {
    let entry = told.entry;
    let word = |meaning| told.text(meaning).map(str::to_ascii_lowercase);
    let failed = |word: &str| !matches!(word, "" | "false" | "none" | "null" | "ok" | "_none");
    if entry.status == Status::Error || word(M::Error).is_some_and(|word| failed(&word)) {
        return Outcome::Failure;
    }
    match word(M::Success).or_else(|| word(M::ToolStatus)).as_deref() {
        Some("true" | "success" | "ok" | "completed") => return Outcome::Success,
        Some("false" | "error" | "failure" | "failed" | "cancelled") => return Outcome::Failure,
        _ => {}
    }
    // An operation that ended and set no status ended well: that is what "unset" means.
    let ended = entry.is_span && entry.end.is_some();
    if entry.status == Status::Ok || ended { Outcome::Success } else { Outcome::Unknown }
}

/// How much it could harm, where the emitter says so: reasons, `low` or `high`.
fn risk(told: &Told<'_, '_>) -> Option<Risk> {
    const REASONS: [RiskReason; 6] = [
        RiskReason::PrivilegeEscalation,
        RiskReason::DataExport,
        RiskReason::ExternalTool,
        RiskReason::ApprovalOverride,
        RiskReason::Destructive,
        RiskReason::SecretAccess,
    ];
    let word = told.text(M::Risk)?;
    if word == "low" {
        return Some(Risk::Low);
    }
    let said: Vec<&str> = word.split([',', ' ']).filter(|word| !word.is_empty()).collect();
    let reasons: Vec<RiskReason> = REASONS.into_iter().filter(|reason| said.contains(&reason.word())).collect();
    (!reasons.is_empty() || said.contains(&"high")).then_some(Risk::High(reasons))
}

fn action(told: &Told<'_, '_>, otherwise: &str) -> String {
    let operation = told.entry.attributes.text("gen_ai.operation.name");
    if told.claude { claude::action(told) } else { operation.unwrap_or(otherwise).to_string() }
}

fn turn(told: &Told<'_, '_>) -> Vec<Fact> {
    let mut fact = base(told, FactKind::Intent, action(told, "invoke_agent"));
    let agent = told.agent();
    fact.actor = by_itself(told.on_behalf_of());
    fact.on_behalf_of = None;
    let parent = told.parent_agent();
    let prompt = claude::is_prompt(told);
    if prompt && let Some(turn) = keys::turn(told, KeyRole::Mints) {
        fact.keys.retain(|key| key.name != turn.name);
        fact.keys.push(turn);
    }
    let mode = match &parent {
        Some(_) => IntentMode::Handoff,
        None if prompt => IntentMode::Prompt,
        None => IntentMode::Unknown,
    };
    let previous = told.text(M::PreviousSession);
    let resumes = previous.and_then(|id| KeyName::new(KeyKind::Session, keys::OTEL, id)).into_iter().collect();
    fact.detail = Detail::Intent(Intent { mode, agent: agent.clone(), says: says(told), resumes });
    let mut facts = vec![fact];
    if let (Some(agent), Some(parent)) = (agent, parent) {
        let mut handed = base(told, FactKind::Delegation, action(told, "invoke_agent"));
        handed.actor = by_itself(Some(agent));
        handed.on_behalf_of = by_itself(Some(parent));
        handed.detail =
            Detail::Delegation(Delegation { mode: DelegationMode::Delegated, through: Vec::new(), truncated: false });
        facts.push(handed);
    }
    facts
}

/// The beginning of what was asked: the prompt, else the last message of a user.
fn says(told: &Told<'_, '_>) -> Option<String> {
    let short = |text: &str| text.trim().chars().take(SAYS_CHARS_MAX).collect::<String>();
    if let Some(prompt) = told.text(M::Prompt) {
        return (!prompt.starts_with("<REDACTED")).then(|| short(prompt));
    }
    let input = told.held(M::Input)?.opened();
    let messages = input.get("messages").unwrap_or(&input);
    let asked = messages.list().iter().rev().find(|one| one.get("role").and_then(Plain::text) == Some("user"))?;
    let content = asked.any(&["parts", "content"])?;
    let part = |part: &Plain| part.any(&["content", "text"]).and_then(Plain::text).map(short);
    content.text().map(short).or_else(|| content.list().iter().find_map(part))
}

fn model(told: &Told<'_, '_>) -> Fact {
    let mut fact = base(told, FactKind::ModelCall, action(told, "chat"));
    let proposed = propose::of(told);
    fact.keys.extend(proposed.iter().map(|proposal| keys::call(&proposal.call, KeyRole::Mints)));
    fact.detail = Detail::ModelCall(ModelCall { model: told.text(M::Model).map(str::to_string), proposed });
    fact
}

fn tool(told: &Told<'_, '_>) -> Fact {
    let method = told.entry.attributes.text("mcp.method.name").filter(|method| *method != "tools/call");
    let named = told.text(M::Tool).or_else(|| told.text(M::Entity)).or(method);
    let after = told.entry.name.strip_prefix("execute_tool ").unwrap_or(told.entry.name);
    let tool = named.unwrap_or(after).to_string();
    let mut fact = base(told, FactKind::ToolCall, if tool.is_empty() { "tool".to_string() } else { tool.clone() });
    fact.keys.extend(told.call().iter().map(|call| keys::call(call, KeyRole::Carries)));
    let called = arguments::of(told, &tool);
    let known: Vec<Key> = called.keys.into_iter().filter(|key| !fact.keys.contains(key)).collect();
    fact.keys.extend(known);
    present(told, &mut fact);
    let server = told.entry.kind == SpanKind::Server;
    fact.detail = Detail::ToolCall(ToolCall {
        tool,
        arguments: called.arguments,
        side: if server { Side::Server } else { Side::Agent },
        operations: called.operations,
        took_ms: took_ms(told),
        read: called.read,
    });
    fact
}

/// How long it took, where the record is dated at its end alone.
fn took_ms(told: &Told<'_, '_>) -> Option<u64> {
    let told_ms = told.entry.attributes.get("duration_ms").and_then(Held::shown);
    told_ms.and_then(|ms| ms.parse().ok()).filter(|_| !told.entry.is_span)
}

/// The credential the act was made with, where the emitter tells its fingerprint.
pub(super) fn present(told: &Told<'_, '_>, fact: &mut Fact) {
    let Some(credential) = told.text(M::Credential).and_then(keys::credential) else { return };
    let class = own_class(told.entry);
    fact.keys.push(Key { name: credential.clone(), role: KeyRole::Presents, class });
    // Tokens known by their digest end by themselves, and somebody issued them.
    let temporary = credential.value.starts_with("ASIA") || credential.namespace == "oauth";
    let lifetime = if temporary { Lifetime::Temporary } else { Lifetime::Unknown };
    fact.presented = Some(Presented::new(Some(credential), class, lifetime));
}

/// Anything else: it has a place, so that chains of parents can be followed.
fn session(told: &Told<'_, '_>) -> Fact {
    let entry = told.entry;
    let action = match entry.name {
        _ if told.claude => claude::action(told),
        "" if entry.is_span => "span:unnamed".to_string(),
        "" => "log:record".to_string(),
        name if entry.is_span => format!("span:{name}"),
        name => format!("log:{name}"),
    };
    let mut fact = base(told, FactKind::Session, action);
    fact.keys.extend(told.call().iter().map(|call| keys::call(call, KeyRole::Names)));
    // A request that was sent: whose host it went to.
    let mut features = Features::default();
    for name in ["url.full", "http.url"] {
        features.read(entry.attributes.text(name).unwrap_or_default());
    }
    fact.keys.extend(features.keys(KeyRole::Carries));
    claude::session(told, &mut fact);
    fact
}

/// A key of a resource that a server says it acted upon.
pub(super) fn resource_key(namespace: &str, id: &str, class: Attestation) -> Option<Key> {
    Key::new(KeyKind::Resource, namespace.to_string(), id, KeyRole::Names, class)
}
