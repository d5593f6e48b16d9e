//! Everything through the feed, as the threads that read would get it.

use super::*;
use crate::input::size::BATCH_ITEMS;
use crate::input::walk;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::thread;
use writ_sources::split::ELEMENT_BYTES_MAX;

/// Feeds what the paths lead to, over a channel that holds two batches.
fn fed(paths: &[&Path], stdin: &[u8]) -> Vec<Delivery> {
    let walk = walk(&paths.iter().map(|path| path.to_path_buf()).collect::<Vec<_>>(), &|_| false);
    assert!(walk.problems.is_empty());
    let (out, deliveries) = sync_channel(2);
    let mut stdin = stdin;
    thread::scope(|scope| {
        scope.spawn(|| {
            // Moved, so that the channel closes at the end.
            let out = out;
            feed(&walk.files, &mut stdin, &AtomicU64::new(0), &out);
        });
        deliveries.into_iter().collect()
    })
}

fn fed_stdin(stdin: &[u8]) -> Vec<Delivery> {
    fed(&[Path::new("-")], stdin)
}

fn batches(deliveries: &[Delivery]) -> Vec<&Batch> {
    deliveries
        .iter()
        .filter_map(|delivery| if let Delivery::Batch(batch) = delivery { Some(batch) } else { None })
        .collect()
}

fn texts(deliveries: &[Delivery]) -> Vec<(String, u64, u64)> {
    batches(deliveries)
        .iter()
        .flat_map(|batch| {
            batch
                .elements
                .iter()
                .map(|element| (String::from_utf8(batch.text(element).to_vec()).unwrap(), element.byte, element.line))
        })
        .collect()
}

fn rejects(deliveries: &[Delivery]) -> Vec<&Rejected> {
    batches(deliveries).iter().flat_map(|batch| &batch.rejects).collect()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn elements_come_in_order_with_their_places_in_batches_of_bounded_size() {
    let lines: Vec<String> =
        (0..25_000).map(|n| format!("{{\"n\":{n},\"pad\":\"{}\"}}", "x".repeat(n % 200))).collect();
    let text = format!("{}\n", lines.join("\n"));
    let found = fed_stdin(text.as_bytes());
    let mut byte = 0;
    for (n, (element, at, line)) in texts(&found).into_iter().enumerate() {
        assert_eq!((&element, at, line), (&lines[n], byte, n as u64 + 1));
        byte += element.len() as u64 + 1;
    }
    assert_eq!(byte, text.len() as u64);
    let batches = batches(&found);
    assert!(batches.len() >= 25 && batches.iter().all(|batch| batch.elements.len() <= BATCH_ITEMS));
    // An input comes before its batches, the file behind them.
    assert!(matches!(&found[0], Delivery::Input(input) if input.name == "-" && input.index == 0));
    let Some(Delivery::Handed(handed)) = found.last() else { panic!() };
    assert_eq!((handed.bytes, handed.whole), (text.len() as u64, true));
}

#[test]
fn a_list_larger_than_any_buffer_is_fed_from_its_packed_form() {
    let folder = tempfile::tempdir().unwrap();
    let records: Vec<String> = (0..60_000).map(|n| format!("{{\"eventID\":\"{n:064}\"}}")).collect();
    let path = folder.path().join("trail.json.gz");
    let packed = gz(format!("{{\"Records\":[{}]}}", records.join(",")).as_bytes());
    File::create(&path).unwrap().write_all(&packed).unwrap();
    let found = fed(&[&path], b"");
    let texts: Vec<String> = texts(&found).into_iter().map(|text| text.0).collect();
    assert!(texts == records);
    let Some(Delivery::Handed(handed)) = found.last() else { panic!() };
    assert_eq!((handed.bytes, handed.whole), (packed.len() as u64, true));
}

#[test]
fn a_fault_comes_behind_everything_that_was_read_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let text = (0..9000).map(|n| format!("{{\"n\":{n}}}\n")).collect::<Vec<_>>().concat();
    let packed = gz(text.as_bytes());
    let (cut, whole) = (folder.path().join("a.gz"), folder.path().join("b.json"));
    File::create(&cut).unwrap().write_all(&packed[..packed.len() / 2]).unwrap();
    File::create(&whole).unwrap().write_all(b"{\"b\":1}").unwrap();
    let found = fed(&[folder.path()], b"");
    let problem = found.iter().position(|delivery| matches!(delivery, Delivery::Problem(_))).unwrap();
    assert!(matches!(&found[problem], Delivery::Problem(problem)
        if problem.name.ends_with("a.gz") && problem.byte == Some(packed.len() as u64 / 2)));
    let before = texts(&found[..problem]);
    assert!(before.len() > 2000, "{}", before.len());
    assert_eq!(before.last().unwrap().0, format!("{{\"n\":{}}}", before.len() - 1));
    assert_eq!(rejects(&found).len(), 1);
    assert_eq!(rejects(&found)[0].reject.cause, "the input ends in the middle of a value");
    // The next file is read all the same, as a whole since it is short.
    let behind =
        found[problem..].iter().find_map(|one| if let Delivery::Short(short) = one { Some(short) } else { None });
    assert_eq!(behind.unwrap().bytes(), b"{\"b\":1}");
    let inputs: Vec<(u64, usize)> = found
        .iter()
        .filter_map(
            |delivery| if let Delivery::Input(input) = delivery { Some((input.index, input.file)) } else { None },
        )
        .collect();
    assert_eq!(inputs, [(0, 0), (1, 1)]);
}

#[test]
fn rejects_keep_their_first_bytes_wherever_the_buffer_ended() {
    let long = "x".repeat(3 * READ_BYTES);
    for (bad, kept) in [("short", 5), (&*format!("{long}\u{e9}"), REJECT_BYTES_MAX), (&"y".repeat(2000), 2000)] {
        for pad in [0, READ_BYTES - 40, READ_BYTES - 22] {
            let text = format!("{{\"pad\":\"{}\"}}\n{bad}\n{{\"z\":1}}\n", "p".repeat(pad));
            let found = fed_stdin(text.as_bytes());
            let rejects = rejects(&found);
            assert_eq!((rejects.len(), texts(&found).len()), (1, 2));
            assert_eq!((rejects[0].len, rejects[0].bytes.len()), (bad.len() as u64, kept));
            assert!(bad.as_bytes().starts_with(&rejects[0].bytes));
            assert_eq!((rejects[0].reject.line, rejects[0].reject.byte), (2, pad as u64 + 11));
        }
    }
    let many = format!("{{}}\n{}", "bad line\n".repeat(5000));
    let found = fed_stdin(many.as_bytes());
    assert_eq!(rejects(&found).len(), 5000);
    assert!(rejects(&found).iter().all(|rejected| rejected.bytes == b"bad line"));
    assert!(batches(&found).iter().all(|batch| batch.rejects.len() <= BATCH_ITEMS));
}

#[test]
fn an_element_above_the_bound_is_rejected_with_its_first_bytes_and_its_neighbours_live() {
    let big = usize::try_from(ELEMENT_BYTES_MAX).unwrap() + 10;
    let text = format!("{{\"a\":1}}\n{{\"big\":\"{}\"}}\n{{\"b\":2}}\n", "z".repeat(big));
    let found = fed_stdin(text.as_bytes());
    assert_eq!(texts(&found), [("{\"a\":1}".to_string(), 0, 1), ("{\"b\":2}".to_string(), big as u64 + 19, 3)]);
    let rejects = rejects(&found);
    assert_eq!((rejects.len(), rejects[0].len, rejects[0].bytes.len()), (1, big as u64 + 10, REJECT_BYTES_MAX));
    assert!(rejects[0].bytes.starts_with(b"{\"big\":\"zzz"));
    assert_eq!(rejects[0].reject.cause, "one element longer than 64 MiB");
}

#[test]
fn empty_inputs_have_no_batch_and_a_reader_that_hangs_up_stops_the_feed() {
    let found = fed_stdin(b" \n");
    assert!(matches!(&found[..], [Delivery::Input(_), Delivery::Handed(_)]), "{found:?}");
    let text = "{}\n".repeat(100_000);
    let (out, deliveries) = sync_channel(1);
    let files = walk(&["-".into()], &|_| false).files;
    let mut stdin = text.as_bytes();
    thread::scope(|scope| {
        scope.spawn(|| {
            let out = out;
            feed(&files, &mut stdin, &AtomicU64::new(0), &out);
        });
        assert!(matches!(deliveries.recv(), Ok(Delivery::Input(_))));
        drop(deliveries);
    });
}
