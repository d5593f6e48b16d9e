//! What simpler ways of joining would have said who asked: the figures to beat.
//!
//! Each is what people do by hand today, in a few lines over the same raw records: follow the trace id;
//! take whoever used an agent at that time; take the user name that stands in the event.

use serde_json::Value;

use super::name::millis;
use super::world::World;

/// How far from the event the second baseline looks, in milliseconds: what an analyst's query would.
const WINDOW_MS: i64 = 60_000;

/// The baselines, in the order of [`Guesses`].
pub(super) const NAMES: [&str; 3] = ["trace id", "time and user", "user name"];

/// Whom each baseline names as the asker of one event.
pub(super) type Guesses = [Option<String>; 3];

/// One record as a plain log search sees it.
struct Raw {
    /// Ids by which an event can be asked about.
    ids: Vec<String>,
    at_ms: Option<i64>,
    trace: Option<String>,
    /// Who used an agent, by its own telemetry.
    person: Option<String>,
    /// The person's plain name.
    plain: Option<String>,
    /// The user that the event itself names: principal and plain name.
    user: Option<(String, String)>,
}

/// Whom the baselines name.
pub(super) fn guess(world: &World, event: &str) -> Guesses {
    let raws: Vec<Raw> = world.lines.values().flatten().flat_map(|line| read(&line.evidence)).collect();
    let Some(own) = raws.iter().find(|raw| raw.ids.iter().any(|id| event.contains(id.as_str()))) else {
        return [None, None, None];
    };
    let by_trace = raws
        .iter()
        .filter(|raw| own.trace.is_some() && raw.trace == own.trace && raw.person.is_some())
        .min_by_key(|raw| raw.at_ms)
        .and_then(|raw| raw.person.clone());
    let distance = |raw: &Raw| Some((raw.at_ms? - own.at_ms?).abs());
    let by_time = raws
        .iter()
        .filter(|raw| raw.person.is_some() && distance(raw).is_some_and(|distance| distance <= WINDOW_MS))
        .min_by_key(|raw| distance(raw))
        .and_then(|raw| raw.person.clone());
    let by_name = own.user.as_ref().map(|(principal, name)| {
        let person = raws.iter().find(|raw| raw.person.is_some() && raw.plain.as_ref() == Some(name));
        person.and_then(|raw| raw.person.clone()).unwrap_or_else(|| principal.clone())
    });
    [by_trace, by_time, by_name]
}

fn read(evidence: &Value) -> Vec<Raw> {
    let mut raws = Vec::new();
    for (outer, inner, leaf) in [("resourceLogs", "scopeLogs", "logRecords"), ("resourceSpans", "scopeSpans", "spans")]
    {
        let list = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        let scopes = list(evidence, outer).into_iter().flat_map(|resource| list(&resource, inner));
        raws.extend(scopes.flat_map(|scope| list(&scope, leaf)).map(|record| telemetry(&record)));
    }
    if raws.is_empty() {
        raws.push(plain(evidence));
    }
    raws
}

fn telemetry(record: &Value) -> Raw {
    let attribute = |name: &str| {
        let attributes = record.get("attributes")?.as_array()?;
        let found = attributes.iter().find(|each| each.get("key").and_then(Value::as_str) == Some(name))?;
        found.pointer("/value/stringValue").and_then(Value::as_str)
    };
    let text = |name: &str| record.get(name).and_then(Value::as_str);
    let nanos = text("timeUnixNano").or_else(|| text("startTimeUnixNano")).and_then(|text| text.parse::<i64>().ok());
    let address = attribute("user.email").or_else(|| attribute("enduser.id").filter(|id| id.contains('@')));
    let person = attribute("user.account_uuid")
        .map(|id| format!("anthropic:{id}"))
        .or_else(|| address.map(|address| format!("email:{address}")))
        .or_else(|| attribute("user.id").map(|id| format!("user:{id}")));
    Raw {
        ids: text("spanId").map(str::to_owned).into_iter().collect(),
        at_ms: nanos.map(|nanos| nanos.div_euclid(1_000_000)),
        trace: text("traceId").map(str::to_owned),
        user: address.map(|address| (format!("email:{address}"), short(address))),
        plain: address.map(short),
        person,
    }
}

fn plain(evidence: &Value) -> Raw {
    let text = |pointer: &str| evidence.pointer(pointer).and_then(Value::as_str);
    let session = text("/userIdentity/principalId").and_then(|id| id.split_once(':')).map(|(_, name)| name);
    let user = text("/userIdentity/userName").or(session);
    Raw {
        ids: text("/eventID").or_else(|| text("/decision_id")).map(str::to_owned).into_iter().collect(),
        at_ms: text("/eventTime").or_else(|| text("/time")).and_then(millis),
        trace: text("/trace_id").map(str::to_owned),
        person: None,
        plain: None,
        user: user.zip(text("/userIdentity/principalId")).map(|(name, id)| (format!("aws:{id}"), short(name))),
    }
}

/// `mira@acme.example` and `mira` are one to whoever joins on names.
fn short(name: &str) -> String {
    name.split('@').next().unwrap_or(name).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::world::Line;
    use serde_json::json;

    #[test]
    fn each_baseline_names_whom_its_rule_says() {
        let line = |id: &str, evidence: Value| Line {
            id: id.to_owned(),
            delivered_at: String::new(),
            recorder: None,
            evidence,
        };
        let span = |id: &str, trace: &str, start: &str, email: &str| {
            line(
                id,
                json!({"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": trace, "spanId": id, "startTimeUnixNano": start,
                "attributes": [{"key": "user.email", "value": {"stringValue": email}}]}]}]}]}),
            )
        };
        let cloud = json!({"eventID": "ev-1", "eventTime": "1970-01-01T00:01:00Z",
            "userIdentity": {"userName": "omar", "principalId": "AIDAOMAR"}});
        let world = World {
            name: String::new(),
            lines: [
                ("aws.cloudtrail".to_owned(), vec![line("e", cloud)]),
                (
                    "otel.span".to_owned(),
                    vec![
                        span("s1", "t1", "59000000000", "mira@acme.example"),
                        span("s2", "t1", "10000000000", "lena@acme.example"),
                        span("s3", "t2", "300000000000", "omar@acme.example"),
                    ],
                ),
            ]
            .into(),
            ..World::empty()
        };
        let some = |name: &str| Some(format!("email:{name}@acme.example"));
        assert_eq!(guess(&world, "aws.cloudtrail:ev-1"), [None, some("mira"), some("omar")]);
        assert_eq!(guess(&world, "otel.span:t1/s1"), [some("lena"), some("mira"), some("mira")]);
        assert_eq!(guess(&world, "aws.cloudtrail:nowhere"), [None, None, None]);
    }
}
