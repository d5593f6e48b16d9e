//! What is told as protobuf, what is not, what it is written out as, and what a bad part costs.

use super::message::{AnyValue, KeyValue, Value};
use super::*;

fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }) }
}

/// A field that holds a message.
fn field(number: u8, message: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    prost::encoding::encode_varint(message.len() as u64, &mut out);
    out.extend_from_slice(message);
    out
}

/// A message with one resource and one scope, and records that are encoded already.
fn data(records: &[Vec<u8>]) -> Vec<u8> {
    let name = pair("service.name", Value::String("desk".to_owned()));
    let resource = Resource { attributes: vec![name], dropped_attributes_count: 0 }.encode_to_vec();
    let records: Vec<u8> = records.iter().flat_map(|record| field(2, record)).collect();
    field(1, &[field(1, &resource), field(2, &records)].concat())
}

fn span(n: u8, long: usize) -> Span {
    Span {
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
    }
}

fn traces(n_spans: u8, long: usize) -> Vec<u8> {
    data(&(0..n_spans).map(|n| span(n, long).encode_to_vec()).collect::<Vec<_>>())
}

fn logs() -> Vec<u8> {
    let log = LogRecord { observed_time_unix_nano: 5, event_name: "e".to_owned(), ..LogRecord::default() };
    data(&[log.encode_to_vec()])
}

fn run_of(messages: &[Vec<u8>]) -> Vec<u8> {
    let framed = |message: &Vec<u8>| [&u32::try_from(message.len()).unwrap().to_be_bytes()[..], message].concat();
    messages.iter().flat_map(framed).collect()
}

type Pieces = (Vec<String>, Vec<(u64, usize, String)>);

/// The elements, and of each reject where it stands, how long it is and why.
fn taken(bytes: &[u8]) -> Option<Pieces> {
    let (mut texts, mut rejects) = (Vec::new(), Vec::new());
    let taken = take(&mut &*bytes, &mut |piece| {
        match piece {
            Piece::Element(_, text) => texts.push(String::from_utf8(text).unwrap()),
            Piece::Reject(byte, rejected, cause) => {
                assert!(bytes[usize::try_from(byte).unwrap()..].starts_with(rejected));
                rejects.push((byte, rejected.len(), cause));
            }
        }
        ControlFlow::Continue(())
    });
    match taken {
        Taken::Read(flow, fault) => {
            assert!(flow.is_continue() && fault.is_none() && may_be(bytes), "its first bytes do not tell");
            Some((texts, rejects))
        }
        Taken::Other(read, fault) => {
            assert!(read == bytes && fault.is_none(), "what was read is given back");
            None
        }
    }
}

fn spans(texts: &[String]) -> usize {
    texts.iter().map(|text| text.matches("\"spanId\"").count()).sum()
}

#[test]
fn traces_and_logs_are_written_as_the_collector_writes_them() {
    assert_eq!(
        taken(&traces(1, 1)).unwrap().0,
        [concat!(
            r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"desk"}}]},"scopeSpans":[{"#,
            r#""spans":[{"traceId":"07070707070707070707070707070707","spanId":"0101010101010101","name":"x","kind":3,"startTimeUnixNano":"1796000000000000000","#,
            r#""attributes":[{"key":"n","value":{"intValue":"-7"}},{"key":"d","value":{"doubleValue":0.5}},{"key":"b","value":{"bytesValue":"Zm9v"}}]}]}]}]}"#
        )]
    );
    assert_eq!(
        taken(&logs()).unwrap().0,
        [
            r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"desk"}}]},"scopeLogs":[{"logRecords":[{"observedTimeUnixNano":"5","eventName":"e"}]}]}]}"#
        ]
    );
}

#[test]
fn a_run_with_lengths_is_read_and_what_is_cut_costs_itself() {
    let run = run_of(&[traces(1, 1), logs()]);
    let (texts, rejects) = taken(&run).unwrap();
    assert_eq!((texts.len(), rejects.len()), (2, 0));
    for cut in [1, 10, logs().len()] {
        let (texts, rejects) = taken(&run[..run.len() - cut]).unwrap();
        assert_eq!((texts.len(), rejects.len()), (1, 1), "{cut}");
        assert_eq!(rejects[0].2, CUT);
    }
    // A message that is neither, between two that are.
    let (texts, rejects) = taken(&run_of(&[traces(1, 1), b"neither".to_vec(), logs()])).unwrap();
    assert_eq!((texts.len(), rejects.len(), rejects[0].1), (2, 1, 7), "{rejects:?}");
}

#[test]
fn a_long_group_becomes_several_elements_and_every_span_is_in_one() {
    let (texts, rejects) = taken(&traces(40, 100_000)).unwrap();
    assert!(texts.len() > 2 && spans(&texts) == 40 && rejects.is_empty(), "{} elements", texts.len());
    for text in &texts {
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(value["resourceSpans"][0]["resource"]["attributes"][0]["key"], "service.name");
    }
}

#[test]
fn what_is_no_telemetry_is_left_to_others() {
    let wrong_ids = Span { trace_id: vec![1; 15], ..span(0, 1) };
    for bytes in [
        b"\n{\n\"a\":1}".to_vec(),
        b"\n{\"Records\":[]}\n".to_vec(),
        b"{}".to_vec(),
        Vec::new(),
        vec![0; 64],
        [traces(2, 1).as_slice(), b"\x7f"].concat(),
        data(&[wrong_ids.encode_to_vec()]),
        data(&[]),
        data(&[span(0, 1).encode_to_vec(), Vec::new(), Vec::new()]),
    ] {
        assert!(taken(&bytes).is_none(), "{bytes:?}");
    }
}

#[test]
fn a_bad_span_costs_itself_and_says_why() {
    let nested = |levels: usize| {
        let inner = AnyValue { value: Some(Value::Int(1)) };
        let value = (0..levels).fold(inner, |inner, _| AnyValue {
            value: Some(Value::Array(message::ArrayValue { values: vec![inner] })),
        });
        Span { attributes: vec![KeyValue { key: "k".to_owned(), value: Some(value) }], ..span(5, 1) }.encode_to_vec()
    };
    let (good, ids) = (span(1, 1).encode_to_vec(), [field(1, &[7; 16]), field(2, &[5; 8])].concat());
    for (bad, cause) in [
        ([ids.as_slice(), &field(5, b"\xff")].concat(), "not a span in protobuf: data is not UTF-8 encoded"),
        ([ids.as_slice(), &b"\x4a\x00".repeat(500_001)].concat(), "more than 500000 values in one record"),
        (nested(wire::NESTING_MAX + 1), "more than 28 lists and maps inside one another"),
        (span(5, RECORD_BYTES_MAX).encode_to_vec(), "bytes, and it may have 10485760"),
        ([ids.as_slice(), &field(9, b"\x0a\x7f")].concat(), "its fields are damaged"),
    ] {
        let (texts, rejects) = taken(&data(&[good.clone(), bad.clone(), good.clone()])).unwrap();
        assert_eq!((spans(&texts), rejects.len(), rejects[0].1), (2, 1, bad.len()), "{cause}: {rejects:?}");
        assert!(rejects[0].2.contains(cause), "{cause}: {rejects:?}");
    }
    // Near miss: as deep as may be; the text it becomes can be read.
    let (texts, _) = taken(&data(&[nested(wire::NESTING_MAX)])).unwrap();
    assert!(writ_model::json::parse(texts[0].as_bytes()).is_ok());
}

#[test]
fn an_input_that_is_cut_off_gives_every_span_before_the_cut() {
    let whole = traces(20, 50);
    let mut before = usize::MAX;
    for end in (0..whole.len()).rev() {
        match taken(&whole[..end]) {
            Some((texts, rejects)) => {
                assert!(spans(&texts) <= before && rejects.len() <= 1, "{end}: {rejects:?}");
                before = spans(&texts);
            }
            // Nothing tells what it is before the first span is whole.
            None => assert!(before <= 1, "{end}"),
        }
    }
}
