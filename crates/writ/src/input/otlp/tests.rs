//! What is told as protobuf, what is not, what it is written out as, and what a bad part costs.

use super::message::{AnyValue, KeyValue, LogRecord, Resource, Span, Value};
use super::tell::{METRICS, NO_RECORD};
use super::*;
use prost::Message as _;

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
            Piece::Element(Filled { json, places }) => {
                assert!(places.is_sorted() && !places.is_empty());
                for (at, byte) in places {
                    let whole = &bytes[usize::try_from(byte).unwrap()..];
                    assert!(json[at] == b'{' && matches!(whole[0], 0x0a | 0x09 | 0x59), "a record begins there");
                }
                texts.push(String::from_utf8(json).unwrap());
            }
            Piece::Reject(byte, rejected, _, cause) => {
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
        assert!(rejects[0].2.starts_with("the input ends in the middle of"), "{rejects:?}");
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
    for bytes in [
        b"\n{\n\"a\":1}".to_vec(),
        b"\n{\"Records\":[]}\n".to_vec(),
        b"\n\n\n\n\n\n\n\n\n\n\n\n{}".to_vec(),
        b"{}".to_vec(),
        Vec::new(),
        vec![0; 64],
        [&[0; 8][..], b"{\"a\":1}\n{}"].concat(),
    ] {
        assert!(taken(&bytes).is_none(), "{bytes:?}");
    }
}

/// It has the form of the protocol, so that a text in it is a value and never a line.
#[test]
fn telemetry_without_a_span_or_log_record_is_one_reject_that_says_what_it_is() {
    let text = b"\n{\"eventVersion\":\"1.08\"}\n";
    let wrong_ids = Span { trace_id: vec![1; 15], name: String::from_utf8(text.to_vec()).unwrap(), ..span(0, 1) };
    let untimed = LogRecord { event_name: wrong_ids.name.clone(), ..LogRecord::default() };
    let metric =
        [field(1, b"http.server.name"), field(2, b"requests"), field(3, text), field(5, &field(1, b""))].concat();
    for (what, message, cause) in [
        ("ids", data(&[wrong_ids.encode_to_vec()]), NO_RECORD),
        ("no time", data(&[untimed.encode_to_vec()]), NO_RECORD),
        ("nothing", data(&[]), NO_RECORD),
        ("metrics", data(std::slice::from_ref(&metric)), METRICS),
    ] {
        let told = taken(&message).unwrap();
        assert_eq!(told, (Vec::new(), vec![(0, message.len(), cause.to_owned())]), "{what}");
        let run = run_of(&[message.clone(), traces(1, 1)]);
        let (texts, rejects) = taken(&run).unwrap();
        assert_eq!((texts.len(), rejects), (1, vec![(4, message.len(), cause.to_owned())]), "{what}");
    }
    // A metric whose name and description are as long as ids are is no span.
    assert_eq!(taken(&run_of(&[data(&[metric])])).unwrap().1[0].2, METRICS);
}

/// Whoever sends the others chooses what is in them.
#[test]
fn one_record_that_fits_is_read_however_many_do_not() {
    let bad = [field(1, b""), field(2, b""), field(5, b"x")].concat();
    let mut records = vec![bad; 50];
    records.push(span(1, 1).encode_to_vec());
    for bytes in [data(&records), run_of(&[data(&records)])] {
        let (texts, rejects) = taken(&bytes).unwrap();
        assert!(spans(&texts) == 1 && rejects.is_empty() && texts[0].matches("\"name\"").count() == 51, "{texts:?}");
    }
}

#[test]
fn a_fault_costs_what_stands_behind_it_in_the_same_message() {
    let good = |n| span(n, 1).encode_to_vec();
    let scope = |records: &[Vec<u8>], more: &[u8]| {
        let records: Vec<u8> = records.iter().flat_map(|record| field(2, record)).collect();
        field(2, &[&records[..], more].concat())
    };
    let damaged = "damaged: what stands from here to the end of a";
    let unknown = "is not known here, and may hold records";
    let number = "is a number where a message should stand";
    // Deprecated since 2022: field 1000, instrumentation library spans.
    let old = [&[0xc2, 0x3e, 3][..], b"\x12\x01x"].concat();
    let two = |middle: &[u8]| field(1, &[&scope(&[good(1)], b"")[..], middle, &scope(&[good(2)], b"")].concat());
    for (what, bytes, n, cause) in [
        ("a scope", two(&scope(&[good(3)], b"\x7f\x12\x00")), 3, damaged),
        ("a scope's own", two(&[0x12, 2, 0x0a, 0x7f]), 2, damaged),
        ("a group", [field(1, &[&scope(&[good(1)], b"")[..], b"\x07"].concat()), traces(1, 1)].concat(), 2, damaged),
        ("a message", [traces(2, 1).as_slice(), b"\x7f"].concat(), 2, damaged),
        ("field 0", [traces(2, 1).as_slice(), b"\x02\x01\x01"].concat(), 2, damaged),
        ("old", two(&old), 2, unknown),
        ("at the top", [traces(2, 1).as_slice(), &field(2, b"x")].concat(), 2, unknown),
        ("in a scope", two(&scope(&[], &field(4, b"x"))), 2, unknown),
        ("a number", two(b"\x10\x01"), 2, number),
        ("a number at the top", [traces(2, 1).as_slice(), b"\x08\x01"].concat(), 2, number),
    ] {
        for bytes in [bytes.clone(), run_of(&[Vec::new(), bytes])] {
            let (texts, rejects) = taken(&bytes).unwrap();
            assert_eq!((spans(&texts), rejects.len()), (n, 1), "{what}: {rejects:?}");
            assert!(rejects[0].2.contains(cause), "{what}: {rejects:?}");
        }
    }
    // Near misses: a number under a number that is not known, and what may stand beside records.
    let (texts, rejects) = taken(&two(&[&b"\x28\x01"[..], &field(3, b"url"), &field(1, b"")].concat())).unwrap();
    assert_eq!((spans(&texts), rejects), (2, Vec::new()));
}

#[test]
fn a_run_may_begin_with_anything() {
    let long = [traces(1, 1), field(2, &vec![b'x'; 17 << 20])].concat();
    for (what, first, n_rejects) in [
        ("empty", Vec::new(), 0),
        ("no telemetry", b"neither".to_vec(), 1),
        ("nothing in it", field(1, &field(1, b"")), 1),
        ("longer than three bytes can tell", long, 1),
    ] {
        let (texts, rejects) = taken(&run_of(&[first, logs()])).unwrap();
        assert!(rejects.len() == n_rejects, "{what}: {} rejects", rejects.len());
        assert!(texts.last().unwrap().contains("resourceLogs"), "{what}");
    }
}

/// What a resource and a scope say stands beside each record, so an element has a bound of its own.
#[test]
fn an_element_is_never_longer_than_any_other_may_be() {
    let escaped = |n: usize| String::from_utf8(vec![1; n]).unwrap();
    let attribute = pair("k", Value::String(escaped(SHARED_BYTES_MAX - 100)));
    let resource = Resource { attributes: vec![attribute], dropped_attributes_count: 0 }.encode_to_vec();
    let long = Span { name: escaped(9 << 20), ..span(1, 1) }.encode_to_vec();
    let longest = Span { name: escaped(RECORD_BYTES_MAX - 200), ..span(2, 1) }.encode_to_vec();
    let records = [&span(3, 1).encode_to_vec(), &long, &longest, &long, &span(4, 1).encode_to_vec()];
    let records: Vec<u8> = records.iter().flat_map(|record| field(2, record)).collect();
    let (texts, rejects) = taken(&field(1, &[field(1, &resource), field(2, &records)].concat())).unwrap();
    assert!(texts.iter().all(|text| text.len() as u64 <= ELEMENT_BYTES_MAX), "one is too long");
    assert_eq!((spans(&texts), rejects.len()), (4, 1), "{rejects:?}");
    assert!(rejects[0].2.contains("written out with what it shares"), "{rejects:?}");

    let longer =
        Resource { dropped_attributes_count: 0, attributes: vec![pair("k", Value::Bytes(vec![1; SHARED_BYTES_MAX]))] };
    let scope = field(2, &field(2, &span(1, 1).encode_to_vec()));
    let (texts, rejects) = taken(&field(1, &[field(1, &longer.encode_to_vec()), scope].concat())).unwrap();
    assert_eq!((texts.len(), rejects.len()), (0, 1));
    assert!(rejects[0].2.contains("in the resource: 1048"), "{rejects:?}");
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
        (
            [ids.as_slice(), &b"\x4a\x00".repeat(100_000)].concat(),
            "not a span in protobuf: more than 83333 fields in one record",
        ),
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

/// Every cut is told once, unless a message of which nothing tells the length ends there.
#[test]
fn an_input_that_is_cut_off_gives_every_span_before_the_cut_and_says_so_once() {
    let scope = |n: u8| {
        let records: Vec<u8> = (n..n + 3).flat_map(|n| field(2, &span(n, 9).encode_to_vec())).collect();
        field(2, &[field(1, &field(1, b"scope")), records, field(3, b"url")].concat())
    };
    let resource =
        field(1, &Resource { attributes: vec![pair("k", Value::Int(1))], dropped_attributes_count: 0 }.encode_to_vec());
    let group = |n| field(1, &[&resource[..], &scope(n), &scope(n + 3), &field(3, b"url")].concat());
    let whole = [group(1), group(11)].concat();
    let mut before = usize::MAX;
    for end in (0..=whole.len()).rev() {
        match taken(&whole[..end]) {
            Some((texts, rejects)) => {
                let is_whole = end == whole.len() || end == group(1).len();
                assert_eq!(rejects.len(), usize::from(!is_whole), "{end}: {rejects:?}");
                assert!(spans(&texts) <= before, "{end}");
                before = spans(&texts);
            }
            // Nothing tells what it is before the first span is whole.
            None => assert!(before <= 1, "{end}"),
        }
    }
    let run = run_of(&[group(1), group(11)]);
    for end in group(1).len() + 4..=run.len() {
        let (texts, rejects) = taken(&run[..end]).unwrap();
        let is_whole = end == run.len() || end == group(1).len() + 4;
        assert_eq!(rejects.len(), usize::from(!is_whole), "{end}: {rejects:?}");
        assert!(spans(&texts) >= 6);
    }
    for end in 1..group(1).len() + 4 {
        let rejects = taken(&run[..end]).map(|(_, rejects)| rejects);
        assert!(rejects.is_none_or(|rejects| rejects.len() == 1), "{end}");
    }
}
