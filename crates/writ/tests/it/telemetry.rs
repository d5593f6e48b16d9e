//! Telemetry through the front door: protobuf, JSON, compressed, line by line.

use crate::support::{Writ, shared};
use serde_json::{Value, json};
use std::io::Write as _;

/// Protobuf by hand: a varint.
fn varint(mut n: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while n >= 0x80 {
        out.push(u8::try_from(n & 0x7f).unwrap() | 0x80);
        n >>= 7;
    }
    out.push(u8::try_from(n).unwrap());
    out
}

/// A field that has a length.
fn field(number: u64, bytes: &[u8]) -> Vec<u8> {
    [varint(number << 3 | 2), varint(bytes.len() as u64), bytes.to_vec()].concat()
}

fn pair(number: u64, key: &str, value: &str) -> Vec<u8> {
    field(number, &[field(1, key.as_bytes()), field(2, &field(1, value.as_bytes()))].concat())
}

const TRACE: [u8; 16] = *b"\x4b\xf9\x2f\x35\x77\xb3\x4d\xa6\xa3\xce\x92\x9d\x0e\x0e\x47\x99";
const START: u64 = 1_796_000_000_000_000_000;

fn fixed64(number: u64, n: u64) -> Vec<u8> {
    [varint(number << 3 | 1), n.to_le_bytes().to_vec()].concat()
}

fn span(id: u8, parent: Option<u8>, name: &str, attributes: &[(&str, &str)]) -> Vec<u8> {
    let mut span = [field(1, &TRACE), field(2, &[id; 8])].concat();
    span.extend(parent.map(|parent| field(4, &[parent; 8])).unwrap_or_default());
    span.extend(
        [field(5, name.as_bytes()), varint(6 << 3), varint(1), fixed64(7, START), fixed64(8, START + 5_000_000)]
            .concat(),
    );
    for (key, value) in attributes {
        span.extend(pair(9, key, value));
    }
    span
}

const TOOL: [(&str, &str); 5] = [
    ("gen_ai.operation.name", "execute_tool"),
    ("gen_ai.tool.name", "run_command"),
    ("gen_ai.tool.call.id", "call_1"),
    ("gen_ai.conversation.id", "conv-1"),
    (
        "gen_ai.tool.call.arguments",
        r#"{"command":"PASSWORD=hunter2-fictional aws ec2 delete-volume --volume-id vol-0a1b2c3d4e5f67890"}"#,
    ),
];

/// An `ExportTraceServiceRequest` of two spans.
fn request() -> Vec<u8> {
    let turn = [
        ("gen_ai.operation.name", "invoke_agent"),
        ("gen_ai.conversation.id", "conv-1"),
        ("user.id", "mira@acme.example"),
    ];
    let spans =
        [field(2, &span(1, None, "invoke_agent", &turn)), field(2, &span(2, Some(1), "execute_tool", &TOOL))].concat();
    let scope = field(1, &field(1, b"acme.agents"));
    let resource = field(1, &pair(1, "service.name", "desk"));
    field(1, &[resource, field(2, &[scope, spans].concat())].concat())
}

fn count<'v>(summary: &'v Value, name: &str) -> &'v Value {
    &summary[name]
}

#[test]
fn a_protobuf_file_is_read_and_is_the_same_records_as_its_json() {
    let writ = Writ::new();
    let file = writ.write("traces.bin", request());
    let summary = writ.ingest(&[file.to_str().unwrap()]);
    assert_eq!((count(&summary, "records"), count(&summary, "rejects")), (&json!(2), &json!(0)), "{summary:#}");

    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(&request()).unwrap();
    let length = u32::try_from(request().len()).unwrap().to_be_bytes();
    let attributes = |all: &[(&str, &str)]| -> Vec<Value> {
        all.iter().map(|(key, value)| json!({"key": key, "value": {"stringValue": value}})).collect()
    };
    let as_json = json!({"resourceSpans": [{"resource": {"attributes": attributes(&[("service.name", "desk")])}, "scopeSpans": [
        {"scope": {"name": "acme.agents"}, "spans": [{"traceId": "4bf92f3577b34da6a3ce929d0e0e4799", "spanId": "0202020202020202",
         "parentSpanId": "0101010101010101", "name": "execute_tool", "kind": 1, "startTimeUnixNano": START.to_string(),
         "endTimeUnixNano": (START + 5_000_000).to_string(), "attributes": attributes(&TOOL)}]}]}]});
    let again = [
        writ.write("again/traces.pb.gz", packed.finish().unwrap()),
        writ.write("again/run.bin", [length.as_slice(), &request()].concat()),
        writ.write("again/traces.ndjson", format!("{as_json}\n{as_json}\n")),
    ];
    let summary = writ.ingest(&again.iter().map(|path| path.to_str().unwrap()).collect::<Vec<_>>());
    assert_eq!((count(&summary, "records"), count(&summary, "duplicates")), (&json!(0), &json!(6)), "{summary:#}");

    let id = "otel.span:4bf92f3577b34da6a3ce929d0e0e4799/0202020202020202";
    let shown = writ.ok(&["show", id]);
    assert!(shown.contains("tool_call") && shown.contains("vol-0a1b2c3d4e5f67890"), "{shown}");
    assert!(!shown.contains("hunter2-fictional") && shown.contains("writ:withheld:password"), "{shown}");
    let answer = writ.why(&[id]);
    assert_eq!((&answer["event"]["kind"], &answer["event"]["action"]), (&json!("tool_call"), &json!("run_command")));
}

#[test]
fn a_broken_protobuf_file_is_rejected_and_its_siblings_live() {
    let writ = Writ::new();
    let request = request();
    let files = [
        writ.write("cut.bin", &request[..request.len() - 3]),
        writ.write("good.bin", &request),
        writ.write("line.json", b"\n{\n}\n"),
    ];
    let summary = writ.ingest(&files.iter().map(|path| path.to_str().unwrap()).collect::<Vec<_>>());
    assert_eq!(count(&summary, "records"), &json!(2), "{summary:#}");
    assert!(summary["rejects"].as_u64().unwrap() >= 2, "{summary:#}");
}

#[test]
fn real_traces_are_ingested_whole() {
    for (file, n) in [("helm.json", 96), ("tempo_export_with_batches.json", 86)] {
        let Some(path) = shared("real traces", &format!("agentevals/{file}")) else { return };
        let writ = Writ::new();
        let summary = writ.ingest(&[path.to_str().unwrap()]);
        assert_eq!(
            (count(&summary, "records"), count(&summary, "rejects")),
            (&json!(n), &json!(0)),
            "{file}: {summary:#}"
        );
    }
}
