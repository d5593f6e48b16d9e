//! Nodes of an answer in the words of a truth.
//!
//! A truth names a node `EVENT`, by the id the answer must give it (`credential:aws:AKIA…`,
//! `email:mira@acme.example`), or by kind and record: `turn:prompt` is the node of kind `turn` that the
//! record called `prompt` in the corpus tells of. `a or b` is either; a principal's id may hold a `|`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::compare::either;
use super::world::World;

/// Kinds of node that stand for what records tell of, rather than for a principal or credential.
const OF_RECORDS: [&str; 11] = [
    "turn",
    "tool_call",
    "model_call",
    "effect",
    "grant",
    "approval",
    "decision",
    "task",
    "session",
    "source_item",
    "schedule",
];

/// How a record can be told among those an answer cites.
#[derive(Clone, Debug, Default, PartialEq)]
struct Marks {
    source: String,
    /// Ids that stand in a reference to it.
    ids: Vec<String>,
    /// When it happened, in milliseconds, for records whose vendor gives them no id.
    times_ms: Vec<i64>,
}

/// The records of a world by name.
#[derive(Clone, Debug)]
pub(super) struct Names {
    marks: BTreeMap<String, Marks>,
}

impl Names {
    pub(super) fn of(world: &World) -> Names {
        let mut marks = BTreeMap::new();
        for (source, lines) in &world.lines {
            for line in lines {
                marks.insert(line.id.clone(), read(source, &line.evidence));
            }
        }
        Names { marks }
    }

    /// The records that an event asked about names.
    pub(super) fn of_event<'a>(&'a self, event: &'a str) -> impl Iterator<Item = String> + 'a {
        let named = |marks: &Marks| marks.ids.iter().any(|id| event.contains(id.as_str()));
        self.marks.iter().filter(move |(_, marks)| named(marks)).map(|(name, _)| name.clone())
    }

    /// Whether the node of that id is the one a truth means.
    pub(super) fn is(&self, answer: &Value, node_id: &str, meant: &str) -> bool {
        either(meant).any(|meant| self.is_one(answer, node_id, meant))
    }

    fn is_one(&self, answer: &Value, node_id: &str, meant: &str) -> bool {
        let nodes = answer.get("nodes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let id = |node: &Value| node.get("id").and_then(Value::as_str) == Some(node_id);
        if meant == "EVENT" {
            return nodes.first().is_some_and(id);
        }
        if meant == node_id {
            return true;
        }
        let Some((kind, name)) = meant.split_once(':') else { return false };
        let Some(marks) = self.marks.get(name).filter(|_| OF_RECORDS.contains(&kind)) else { return false };
        let Some(node) = nodes.iter().find(|node| id(node)) else { return false };
        node.get("kind").and_then(Value::as_str) == Some(kind) && marks.fit(node)
    }
}

impl Marks {
    fn fit(&self, node: &Value) -> bool {
        let records = node.get("records").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let cited: Vec<&str> = records.iter().filter_map(Value::as_str).collect();
        if cited.iter().any(|reference| self.ids.iter().any(|id| reference.contains(id.as_str()))) {
            return true;
        }
        let at = node.get("time").and_then(Value::as_str).and_then(millis);
        let family = self.source.split('.').next().unwrap_or_default();
        self.ids.is_empty()
            && cited.iter().any(|reference| reference.starts_with(family) || !reference.contains(':'))
            && at.is_some_and(|at| self.times_ms.iter().any(|time| (time - at).abs() <= 1))
    }
}

fn read(source: &str, evidence: &Value) -> Marks {
    let mut marks = Marks { source: source.to_owned(), ..Marks::default() };
    for name in ["eventID", "decision_id"] {
        marks.ids.extend(evidence.get(name).and_then(Value::as_str).map(str::to_owned));
    }
    if evidence.get("schema").is_some() || evidence.get("directory").is_some() {
        marks.ids.extend(evidence.get("id").and_then(Value::as_str).map(str::to_owned));
    }
    for path in [["resourceSpans", "scopeSpans", "spans"], ["resourceLogs", "scopeLogs", "logRecords"]] {
        for record in deep(evidence, &path) {
            // The trace may be shared by hundreds; the span is the record.
            marks.ids.extend(record.get("name").and(record.get("spanId")).and_then(Value::as_str).map(str::to_owned));
            let nanos = record.get("timeUnixNano").and_then(Value::as_str).and_then(|text| text.parse::<i64>().ok());
            marks.times_ms.extend(nanos.map(|nanos| nanos.div_euclid(1_000_000)));
        }
    }
    marks
}

/// The elements of lists in lists.
fn deep<'a>(value: &'a Value, path: &[&str]) -> Vec<&'a Value> {
    let Some((first, rest)) = path.split_first() else { return vec![value] };
    let list = value.get(*first).and_then(Value::as_array);
    list.into_iter().flatten().flat_map(|element| deep(element, rest)).collect()
}

/// Milliseconds since 1970 of an instant in RFC 3339, UTC.
pub(super) fn millis(text: &str) -> Option<i64> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let seconds = number(11, 13)? * 3_600 + number(14, 16)? * 60 + number(17, 19)?;
    let fraction: String =
        text.get(19..)?.chars().skip(1).take_while(char::is_ascii_digit).chain("000".chars()).collect();
    let fraction = if text.get(19..20) == Some(".") { fraction.get(..3)?.parse::<i64>().ok()? } else { 0 };
    // Days from civil (Hinnant): years begin in March, so that the leap day comes last.
    let (shifted, month_from_march) = (if month <= 2 { year - 1 } else { year }, (month + 9) % 12);
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some((days * 86_400 + seconds) * 1_000 + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names(source: &str, evidence: &Value) -> Names {
        Names { marks: [("rec".to_owned(), read(source, evidence))].into() }
    }

    fn answer(kind: &str, records: &[&str], time: &str) -> Value {
        json!({"nodes": [{"id": "n-event", "kind": "effect", "records": [], "time": null},
            {"id": "n-1", "kind": kind, "records": records, "time": time}]})
    }

    #[test]
    fn records_are_found_by_their_vendors_id_or_by_time() {
        let span = names(
            "otel.span",
            &json!({"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "aa", "spanId": "bb01", "name": "x"}]}]}]}),
        );
        let found = answer("tool_call", &["otel.span:aa/bb01"], "2026-04-23T09:11:06.912Z");
        assert!(span.is(&found, "n-1", "tool_call:rec") && span.is(&found, "n-1", "turn:rec or tool_call:rec"));
        assert!(!span.is(&found, "n-1", "turn:rec") && !span.is(&found, "n-event", "tool_call:rec"));
        assert!(span.is(&found, "n-event", "EVENT") && span.is(&found, "n-1", "n-1"));
        let log = names(
            "otel.log",
            &json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"timeUnixNano": "1776935466912000000"}]}]}]}),
        );
        assert!(log.is(
            &answer("tool_call", &["otel.log:sess/12"], "2026-04-23T09:11:06.912Z"),
            "n-1",
            "tool_call:rec"
        ));
        assert!(!log.is(
            &answer("tool_call", &["otel.log:sess/12"], "2026-04-23T09:11:06.915Z"),
            "n-1",
            "tool_call:rec"
        ));
        assert!(!log.is(
            &answer("tool_call", &["aws.cloudtrail:1"], "2026-04-23T09:11:06.912Z"),
            "n-1",
            "tool_call:rec"
        ));
    }

    #[test]
    fn instants_are_read_to_the_millisecond() {
        assert_eq!(millis("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(millis("2026-04-23T09:11:06Z"), Some(1_776_935_466_000));
        assert_eq!(millis("2026-04-23T09:11:06.5Z"), Some(1_776_935_466_500));
        assert_eq!(millis("2024-02-29T23:59:59.999999Z"), Some(1_709_251_199_999));
        assert_eq!(millis("yesterday"), None);
    }
}
