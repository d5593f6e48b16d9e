//! Inputs that are made to fill memory, handed in through a pipe, and how much of it they fill.

use super::seed::{SEEDS, TABLE_HEAD, field, pair, run, table_row, traces};
use super::told::Told;
use crate::support::Writ;
use std::io::Write;
use std::process::{ChildStdin, Output, Stdio};

/// Memory that `writ` may take on input that is nothing but long. Its named bounds come to less: an
/// element of 64 MiB in the reader and one under way, what a worker makes of it, buffers.
const LONG_MIB_MAX: u64 = 150;

/// The same where elements just below the bound come one after another, each of which is kept.
const KEPT_MIB_MAX: u64 = 512;

/// The same where two workers may each hold half a million values: mostly one of them is done first.
const TWICE_MIB_MAX: u64 = 200;

const MIB: usize = 1 << 20;

/// The most memory a process had at once, in MiB, as far as can be seen before it ends.
fn peak_mib(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? / 1024)
}

/// Ingests what `feed` writes; what was said, and the most memory it took.
fn poured(what: &str, feed: impl FnOnce(&mut ChildStdin) -> std::io::Result<()> + Send) -> (Told, u64) {
    let writ = Writ::new();
    let mut command = writ.command(&["ingest", "--json", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let (mut peak, id) = (0, child.id());
    let output: Output = std::thread::scope(|scope| {
        let fed = scope.spawn(move || feed(&mut stdin).unwrap());
        let ended = scope.spawn(|| child.wait_with_output().unwrap());
        // The mark only ever rises, so the last look before the end tells nearly all of it.
        while !ended.is_finished() {
            peak = peak.max(peak_mib(id).unwrap_or(0));
            std::thread::yield_now();
        }
        fed.join().unwrap();
        ended.join().unwrap()
    });
    assert!(peak > 0 || !cfg!(target_os = "linux"), "{what}: no memory was seen");
    (Told::of(what, &output), peak)
}

/// Writes a record with that many MiB of text in it.
fn long(text: &str, n_mib: usize, out: &mut ChildStdin) -> std::io::Result<()> {
    let (head, tail) = text.split_once("FILL").unwrap();
    out.write_all(head.as_bytes())?;
    let block = vec![b'x'; MIB];
    (0..n_mib).try_for_each(|_| out.write_all(&block))?;
    out.write_all(tail.as_bytes())
}

#[test]
fn two_hundred_megabytes_on_one_line_are_one_reject_for_every_source() {
    for (n, seed) in SEEDS.iter().enumerate() {
        // Where it is cut is the same from 64 MiB on, so that all but one may be shorter.
        let n_mib = if n == 0 { 200 } else { 70 };
        // In the first text of the record, whatever that is.
        let filled = seed.text(9).replacen("\":\"", "\":\"FILL", 1);
        let (told, peak) = poured(seed.name, |out| {
            writeln!(out, "{}", seed.text(1))?;
            long(&filled, n_mib, out)?;
            writeln!(out, "\n{}", seed.text(2))
        });
        assert_eq!((told.n("records"), told.n("rejects")), (2, 1), "{}: {:#}", seed.name, told.summary);
        assert!(told.causes()[0].contains("longer than 64 MiB"), "{}: {:?}", seed.name, told.causes());
        assert!(peak < LONG_MIB_MAX, "{}: {peak} MiB", seed.name);
    }
}

#[test]
fn long_cells_and_long_spans_are_rejects_and_their_neighbours_live() {
    let cell = table_row(9).replace("of the platform team", "FILL");
    let (told, peak) = poured("a long cell", |out| {
        write!(out, "{TABLE_HEAD}{}", table_row(1))?;
        long(&cell, 60, out)?;
        write!(out, "{}", table_row(2))
    });
    assert_eq!((told.n("records"), told.n("rejects")), (2, 1), "{:#}", told.summary);
    assert!(peak < LONG_MIB_MAX, "a long cell: {peak} MiB");

    let good = |n| traces(n, b"good", &pair(b"k", b"v"));
    // Two bytes in the input, sixty in memory.
    let small = traces(9, b"x", &b"\x0a\x00".repeat(4 * MIB));
    let empty = field(1, &[field(2, &field(2, b"")), b"\x0a\x00".repeat(8 * MIB)].concat());
    for (what, bad) in [("long", traces(9, &vec![b'x'; 20 * MIB], b"")), ("small values", small), ("empty", empty)] {
        let bytes = run(&[good(1), bad, good(2)]);
        let (told, peak) = poured(what, |out| out.write_all(&bytes));
        assert_eq!((told.n("records"), told.n("rejects")), (2, 1), "{what}: {:#}", told.summary);
        assert!(peak < LONG_MIB_MAX, "{what}: {peak} MiB");
    }
}

#[test]
fn elements_just_below_the_bound_go_one_by_one() {
    let trail = &SEEDS[0];
    let (told, peak) = poured("long elements", |out| {
        (0..8).try_for_each(|n| {
            long(&trail.text(n).replacen("\":\"", "\":\"FILL", 1), 60, out)?;
            out.write_all(b"\n")
        })
    });
    assert_eq!((told.n("records"), told.n("rejects")), (8, 0), "{:#}", told.summary);
    assert!(peak < KEPT_MIB_MAX, "{peak} MiB");
}

#[test]
fn many_values_and_many_rejects_are_counted_and_not_kept() {
    let trail = &SEEDS[0];
    let many = trail.text(9).replacen('{', &format!("{{\"l\":[{}1],", "[],".repeat(490_000)), 1);
    let more = trail.text(8).replacen('{', &format!("{{\"l\":[{}1],", "1,".repeat(600_000)), 1);
    let (told, peak) = poured("many values", |out| write!(out, "{many}\n{more}\n{}", trail.text(1)));
    assert_eq!((told.n("records"), told.n("rejects")), (2, 1), "{:#}", told.summary);
    assert!(told.causes()[0].contains("more than 500000 values"), "{:?}", told.causes());
    assert!(peak < TWICE_MIB_MAX, "{peak} MiB");

    let bad = "{\"x\n".repeat(40_000);
    let (told, peak) = poured("many rejects", |out| write!(out, "{}\n{bad}{}", trail.text(1), trail.text(2)));
    assert_eq!((told.n("records"), told.n("rejects"), told.n("rejected_unlisted")), (2, 40_000, 30_000));
    assert!(peak < LONG_MIB_MAX, "{peak} MiB");
}

/// Whoever writes a record does not keep it from being stored by filling it with what is withheld.
#[test]
fn a_record_full_of_secrets_is_kept_and_holds_none() {
    for seed in SEEDS {
        let secrets = format!("\"l\":[{}1],", "{\"password\":\"hunter2-fictional\"},".repeat(100_000));
        // Into the record itself, beside what it holds in its envelope.
        let text = seed.text(9);
        let beside = seed.times.iter().find_map(|member| text.find(&format!("\"{member}\":")));
        let (before, after) = text.split_at(beside.unwrap_or(1));
        let full = [before, &secrets, after].concat();
        let (told, peak) = poured(seed.name, |out| write!(out, "{full}\n{}", seed.text(1)));
        assert_eq!((told.n("records"), told.n("rejects")), (2, 0), "{}: {:#}", seed.name, told.summary);
        assert!(peak < LONG_MIB_MAX, "{}: {peak} MiB", seed.name);
    }
}

/// The place of a secret is as long as the names before it, which whoever writes the record chooses.
#[test]
fn a_long_name_before_many_secrets_is_not_written_out_for_each() {
    let name = format!("{}password", "a".repeat(2 * MIB));
    let values: Vec<String> = (0..1_500).map(|n| format!("\"x{n}\"")).collect();
    let trail = &SEEDS[0];
    let listed = format!("\"requestParameters\":{{\"{name}\":[{}],", values.join(","));
    let text = trail.text(9).replacen("\"requestParameters\":{", &listed, 1);
    let (told, peak) = poured("a long name", |out| write!(out, "{text}\n{}", trail.text(1)));
    assert_eq!((told.n("records"), told.n("rejects")), (2, 0), "{:#}", told.summary);
    assert!(peak < LONG_MIB_MAX, "{peak} MiB");

    let span = &SEEDS[1];
    let inside = format!("\"{}\":\"{}\",\"kind\":1", "a".repeat(2 * MIB), "password=x ".repeat(1_000));
    let text = span.text(9).replacen("\"kind\":1", &inside, 1);
    let (told, peak) = poured("a long name before a text", |out| write!(out, "{text}\n{}", span.text(1)));
    assert_eq!((told.n("records"), told.n("rejects")), (2, 0), "{:#}", told.summary);
    assert!(peak < LONG_MIB_MAX, "{peak} MiB");
}

#[test]
fn a_server_that_tells_of_thousands_of_tokens_at_once_is_a_reject() {
    let exchange = &SEEDS[7];
    let scope: Vec<String> = (0..1_500).map(|n| format!("\"s{n}\"")).collect();
    let scope = format!("\"scope\":[{}]", scope.join(","));
    let shown = exchange.text(9).replacen("\"scope\":[\"pay\"]", &scope, 1);
    let full = |n: usize| {
        shown.replacen("\"decision\":", &format!("\"also_issued\":[{}{{}}],\"decision\":", "{},".repeat(n)), 1)
    };
    for (n, records) in [(14, 2), (20_000, 1)] {
        let (told, peak) = poured("many tokens", |out| write!(out, "{}\n{}", full(n), exchange.text(1)));
        assert_eq!((told.n("records"), told.n("rejects")), (records, 2 - records), "{n}: {:#}", told.summary);
        assert!(peak < LONG_MIB_MAX, "{n}: {peak} MiB");
    }
}
