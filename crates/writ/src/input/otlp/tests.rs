//! What is told as protobuf, what is not, and what it is written out as.

use super::message::{
    AnyValue, KeyValue, LogRecord, Resource, ResourceLogs, ResourceSpans, ScopeLogs, ScopeSpans, Span, Value,
};
use super::*;

fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }) }
}

fn resource() -> Resource {
    let name = pair("service.name", Value::String("desk".to_owned()));
    Resource { attributes: vec![name], dropped_attributes_count: 0 }
}

fn traces(n_spans: u8, long: usize) -> TracesData {
    let span = |n: u8| Span {
        trace_id: vec![7; 16],
        span_id: vec![n + 1; 8],
        name: "x".repeat(long),
        kind: 3,
        start_time_unix_nano: 1_796_000_000_000_000_000,
        attributes: vec![
            pair("n", Value::Int(-7)),
            pair("d", Value::Double(0.5)),
            pair("b", Value::Bytes(b"foo".to_vec())),
        ],
        ..Span::default()
    };
    let scope_spans = vec![ScopeSpans { spans: (0..n_spans).map(span).collect(), ..ScopeSpans::default() }];
    TracesData {
        resource_spans: vec![ResourceSpans { resource: Some(resource()), scope_spans, ..ResourceSpans::default() }],
    }
}

fn logs() -> LogsData {
    let log = LogRecord { observed_time_unix_nano: 5, event_name: "e".to_owned(), ..LogRecord::default() };
    let scope_logs = vec![ScopeLogs { log_records: vec![log], ..ScopeLogs::default() }];
    LogsData { resource_logs: vec![ResourceLogs { resource: Some(resource()), scope_logs, ..ResourceLogs::default() }] }
}

fn taken(bytes: &[u8]) -> Option<Vec<String>> {
    assert!(may_be(bytes) || elements(bytes).is_none(), "its first bytes do not tell");
    match take(&mut &*bytes) {
        Taken::Elements(all) => Some(all.into_iter().map(|(_, text)| String::from_utf8(text).unwrap()).collect()),
        Taken::Other(read, fault) => {
            assert!(read == bytes && fault.is_none(), "what was read is given back");
            None
        }
    }
}

#[test]
fn traces_and_logs_are_written_as_the_collector_writes_them() {
    assert_eq!(
        taken(&traces(1, 1).encode_to_vec()).unwrap(),
        [concat!(
            r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"desk"}}]},"scopeSpans":[{"#,
            r#""spans":[{"traceId":"07070707070707070707070707070707","spanId":"0101010101010101","name":"x","kind":3,"startTimeUnixNano":"1796000000000000000","#,
            r#""attributes":[{"key":"n","value":{"intValue":"-7"}},{"key":"d","value":{"doubleValue":0.5}},{"key":"b","value":{"bytesValue":"Zm9v"}}]}]}]}]}"#
        )]
    );
    assert_eq!(
        taken(&logs().encode_to_vec()).unwrap(),
        [
            r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"desk"}}]},"scopeLogs":[{"logRecords":[{"observedTimeUnixNano":"5","eventName":"e"}]}]}]}"#
        ]
    );
}

#[test]
fn a_run_with_lengths_is_read_and_a_broken_one_is_not() {
    let mut run = Vec::new();
    for message in [traces(1, 1).encode_to_vec(), logs().encode_to_vec()] {
        run.extend_from_slice(&u32::try_from(message.len()).unwrap().to_be_bytes());
        run.extend_from_slice(&message);
    }
    assert_eq!(taken(&run).unwrap().len(), 2);
    assert_eq!(taken(&run[..run.len() - 1]), None);
}

#[test]
fn a_long_group_becomes_several_elements_and_every_span_is_in_one() {
    let texts = taken(&traces(40, 100_000).encode_to_vec()).unwrap();
    let spans: usize = texts.iter().map(|text| text.matches("\"spanId\"").count()).sum();
    assert!(texts.len() > 2 && spans == 40, "{} elements, {spans} spans", texts.len());
    for text in &texts {
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(value["resourceSpans"][0]["resource"]["attributes"][0]["key"], "service.name");
    }
}

#[test]
fn what_is_no_telemetry_is_left_to_others() {
    let good = traces(2, 1).encode_to_vec();
    let mut wrong_ids = traces(1, 1);
    wrong_ids.resource_spans[0].scope_spans[0].spans[0].trace_id = vec![1; 15];
    for bytes in [
        b"\n{\n\"a\":1}".to_vec(),
        b"\n{\"Records\":[]}\n".to_vec(),
        b"{}".to_vec(),
        Vec::new(),
        vec![0; 64],
        good[..good.len() - 1].to_vec(),
        [good.as_slice(), b"x"].concat(),
        wrong_ids.encode_to_vec(),
        TracesData::default().encode_to_vec(),
    ] {
        assert_eq!(taken(&bytes), None, "{bytes:?}");
    }
}
