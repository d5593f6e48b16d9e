//! Tool calls that a model proposed, in the shapes emitters write answers of models in.

use super::arguments::state;
use super::attributes::{Attributes, Held};
use super::dialect::Meaning as M;
use super::told::Told;
use crate::plain::Plain;
use std::collections::BTreeMap;
use writ_model::fact::{Arguments, Proposal};

/// Proposals read off one record: models call a handful of tools at once.
const PROPOSALS_MAX: usize = 64;

/// How deep messages lie inside one another: choices, messages, parts, calls.
const NESTING_MAX: usize = 8;

/// Names under which an answer holds messages, parts or calls.
const INSIDE: [&str; 9] =
    ["parts", "tool_calls", "toolCalls", "content", "choices", "message", "candidates", "messages", "kwargs"];

/// A call as one shape spells it.
struct Call {
    id: String,
    tool: String,
    arguments: Arguments,
}

/// What the model proposed.
pub(super) fn of(told: &Told<'_, '_>) -> Vec<Proposal> {
    let mut calls = Vec::new();
    if let Some(output) = told.held(M::Output).map(Held::opened) {
        message(&output, 0, &mut calls);
    }
    indexed(&told.entry.attributes, &mut calls);
    for event in &told.entry.events {
        happening(event.name, &event.attributes, &mut calls);
    }
    if !told.entry.is_span {
        happening(told.entry.name, &told.entry.attributes, &mut calls);
        if let Some(body) = told.entry.body.filter(|_| told.entry.name.starts_with("gen_ai.")) {
            message(&body.opened(), 0, &mut calls);
        }
    }
    let mut out: Vec<Proposal> = Vec::new();
    for call in calls {
        let Some(name) = told.call_named(&call.id) else { continue };
        // One call may be told in several shapes at once.
        if out.len() < PROPOSALS_MAX && !out.iter().any(|known| known.call == name) {
            out.push(Proposal { call: name, tool: call.tool, arguments: call.arguments });
        }
    }
    out
}

/// Event attributes that hold an answer.
fn happening(name: &str, attributes: &Attributes<'_>, calls: &mut Vec<Call>) {
    if !matches!(name, "gen_ai.choice" | "gen_ai.assistant.message" | "gen_ai.client.inference.operation.details") {
        return;
    }
    for held in ["message", "tool_calls", "content", "gen_ai.output.messages", "gen_ai.completion"] {
        if let Some(found) = attributes.get(held).map(Held::opened) {
            message(&found, 0, calls);
        }
    }
}

/// Finds calls in a message, a list of them, or what holds one.
fn message(value: &Plain, depth: usize, calls: &mut Vec<Call>) {
    if depth > NESTING_MAX || calls.len() >= PROPOSALS_MAX {
        return;
    }
    for one in value.list() {
        if one.get("role").and_then(Plain::text).is_some_and(|role| matches!(role, "user" | "tool" | "system")) {
            continue;
        }
        if let Some(call) = call(one) {
            calls.push(call);
            continue;
        }
        for name in INSIDE {
            if let Some(inner) = one.get(name) {
                message(inner, depth + 1, calls);
            }
        }
    }
}

/// Reads one call: a part of type `tool_call` or `tool_use`, a function call, or what wraps one.
fn call(value: &Plain) -> Option<Call> {
    let inner = value.any(&["function_call", "functionCall", "tool_call", "toolUse", "function"]);
    let kind = value.get("type").and_then(Plain::text).unwrap_or_default();
    let typed =
        matches!(kind, "tool_call" | "tool_use" | "function" | "server_tool_call" | "tool-call" | "function_call");
    let named = value.any(&["toolCallId"]).is_some();
    if inner.is_none() && !typed && !named {
        return None;
    }
    let part = |names: &[&str]| value.any(names).or_else(|| inner.and_then(|inner| inner.any(names)));
    let text = |names: &[&str]| part(names).and_then(Plain::text).map(str::to_string);
    let arguments = part(&["arguments", "args", "input", "parameters"]).map(|given| state(&given.clone().opened()));
    Some(Call {
        id: text(&["id", "toolCallId", "call_id", "toolUseId"])?,
        tool: text(&["name", "toolName"])?,
        arguments: arguments.unwrap_or(Arguments::NOT_CAPTURED),
    })
}

/// A call whose parts stand under names of their own.
#[derive(Default)]
struct Parts<'n> {
    id: Option<&'n str>,
    tool: Option<&'n str>,
    arguments: Option<Arguments>,
}

/// Beginnings of flattened names, and what stands between the two indices.
const INDEXED: [(&str, &str); 2] =
    [("gen_ai.completion.", "tool_calls."), ("llm.output_messages.", "message.tool_calls.")];

/// Finds calls in flattened names: `gen_ai.completion.0.tool_calls.1.name`,
/// `llm.output_messages.0.message.tool_calls.0.tool_call.function.name`.
fn indexed(attributes: &Attributes<'_>, calls: &mut Vec<Call>) {
    for (prefix, between) in INDEXED {
        let mut found: BTreeMap<(u32, u32), Parts<'_>> = BTreeMap::new();
        for (rest, held) in attributes.under(prefix) {
            let Some((place, field)) = place(rest, between) else { continue };
            if found.len() >= PROPOSALS_MAX && !found.contains_key(&place) {
                continue;
            }
            let call = found.entry(place).or_default();
            let field = field.strip_prefix("tool_call.").unwrap_or(field);
            match field.strip_prefix("function.").unwrap_or(field) {
                "id" => call.id = held.text(),
                "name" => call.tool = held.text(),
                "arguments" => call.arguments = Some(state(&held.opened())),
                _ => {}
            }
        }
        for Parts { id, tool, arguments } in found.into_values() {
            if let (Some(id), Some(tool)) = (id, tool) {
                let arguments = arguments.unwrap_or(Arguments::NOT_CAPTURED);
                calls.push(Call { id: id.to_string(), tool: tool.to_string(), arguments });
            }
        }
    }
}

fn place<'r>(rest: &'r str, between: &str) -> Option<((u32, u32), &'r str)> {
    let (first, rest) = rest.split_once('.')?;
    let (second, field) = rest.strip_prefix(between)?.split_once('.')?;
    Some(((first.parse().ok()?, second.parse().ok()?), field))
}
