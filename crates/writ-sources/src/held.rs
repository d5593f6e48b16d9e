//! What was read and taken for no record may hold one all the same: in a text, in a list of texts, under a
//! name that some shipper of logs puts around it.

use crate::detect::{SOURCES, detect};
use crate::raw;
use crate::unwrap::NESTING_MAX;
use std::collections::BTreeSet;
use writ_model::json::{self, Node, Value};

/// The source of which these bytes hold what looks like a record, in a text too; [`raw::ANY`] where they do of
/// several. The whole may be such a record itself, which its source knew and could not read.
pub fn held_in(bytes: &[u8]) -> Option<&'static str> {
    let mut held = BTreeSet::new();
    look(&json::parse(bytes).ok()?, 0, &mut held);
    if held.iter().any(|source| !is_telemetry(source)) {
        held.retain(|source| !is_telemetry(source));
    }
    match held.len() {
        0 | 1 => held.pop_first(),
        _ => Some(raw::ANY),
    }
}

/// Telemetry never counts as complete, and its records have names that others use (`log`, `span`): to be one
/// of them costs nothing, so what stands in it is looked at too.
fn is_telemetry(source: &str) -> bool {
    source.starts_with("otel.")
}

/// What a record holds in turn is a part of it: only what is in none is looked into.
fn look(node: &Node<'_>, depth: usize, held: &mut BTreeSet<&'static str>) {
    if let Some(source) = detect(node) {
        held.insert(source.info().name);
        if !is_telemetry(source.info().name) {
            return;
        }
    }
    match &node.value {
        Value::Object(members) => members.iter().for_each(|(_, child)| look(child, depth, held)),
        Value::Array(elements) => elements.iter().for_each(|child| look(child, depth, held)),
        Value::String(text) => look_in_text(text, depth, held),
        _ => {}
    }
}

/// A text that is JSON is read as such. Of any other the marks of sources tell: their records have one each,
/// and what is spelt in a text was read, so that none is hidden by an escape.
fn look_in_text(text: &str, depth: usize, held: &mut BTreeSet<&'static str>) {
    let begins = text.trim_start().starts_with(['{', '[', '"']);
    if begins
        && depth < NESTING_MAX
        && let Ok(node) = json::parse(text.as_bytes())
    {
        return look(&node, depth + 1, held);
    }
    if raw::shows_object(text.as_bytes()) {
        let shows = |mark: &&str| text.contains(*mark) || text.contains(&mark.replace('"', "\\\""));
        let marked = SOURCES.iter().filter(|source| source.marks().iter().any(shows));
        held.extend(marked.map(|source| source.info().name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_found_wherever_it_was_put() {
        let record = r#"{"schema":"writ.approval/1","id":"1","step":"granted"}"#;
        let trail = r#"{"eventVersion":"1.1","eventTime":"t","eventName":"n"}"#;
        let quoted = |text: &str| serde_json::to_string(text).unwrap();
        let approval = Some("approval");
        for (text, found) in [
            (record.to_string(), approval),
            (format!("[{}]", quoted(record)), approval),
            (format!(r#"{{"log":{}}}"#, quoted(&format!("{record}\n"))), approval),
            (format!(r#"{{"log":{{"deep":[{record}]}}}}"#), approval),
            (format!(r#"{{"log":{}}}"#, quoted(&quoted(record))), approval),
            (format!(r#"{{"msg":{}}}"#, quoted(&format!("INFO {record}"))), approval),
            (format!(r#"{{"msg":{}}}"#, quoted(&format!("INFO {}", quoted(trail)))), Some("aws.cloudtrail")),
            (format!(r#"{{"msg":{}}}"#, quoted(&format!("{record}\n{record}"))), approval),
            (format!("[{record},{trail}]"), Some(raw::ANY)),
            // Near misses.
            (r#"{"msg":"{\"user\":1}","name":"writ.approval/1"}"#.to_string(), None),
            (r#"{"msg":"see writ.approval/1 and eventTime"}"#.to_string(), None),
            (r#"["a",1,null,{"b":"INFO {\"c\":1}"}]"#.to_string(), None),
        ] {
            assert_eq!(held_in(text.as_bytes()), found, "{text}");
        }
    }
}
