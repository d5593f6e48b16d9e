//! Every fixture and what is read off it. `WRIT_BLESS=1` writes the snapshots anew: look at the
//! difference before you keep it.

use crate::{Outcome, fixtures, is_own, mac, read, render};
use std::fmt::Write as _;
use std::path::Path;
use writ_sources::{by_name, identity};

/// What stands in a fixture, as text.
fn told(source: &str, path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap();
    let mut out = String::new();
    if path.extension().is_some_and(|extension| extension == "csv") {
        assert!(identity::csv::recognises(&bytes), "{} is not told by its header", path.display());
        let _ = identity::csv::rows(&bytes, &mut |row| {
            writeln!(out, "line {} byte {}", row.line, row.byte).unwrap();
            match row.item {
                Ok(item) => read(&item, None).iter().for_each(|outcome| write_outcome(source, outcome, &mut out)),
                Err(cause) => writeln!(out, "reject: {cause}").unwrap(),
            }
            std::ops::ControlFlow::Continue(())
        });
        return out;
    }
    if is_own(path) {
        // Never told by content: the program that writes them names the source.
        let health = by_name(source).unwrap();
        let admitted = writ_sources::admit(&bytes, Some(health), None, &mac).unwrap();
        out.push_str(&render::record(&admitted));
        return out;
    }
    for outcome in read(&bytes, None) {
        write_outcome(source, &outcome, &mut out);
    }
    out
}

fn write_outcome(source: &str, outcome: &Outcome, out: &mut String) {
    match outcome {
        Outcome::Record { admitted, .. } => {
            assert_eq!(admitted.identity.source, source);
            out.push_str(&render::record(admitted));
        }
        Outcome::Reject { cause, .. } => writeln!(out, "reject: {cause}").unwrap(),
        Outcome::Note { text, .. } => writeln!(out, "note: {text}").unwrap(),
    }
}

#[test]
fn fixtures_say_what_their_snapshots_say() {
    let bless = std::env::var_os("WRIT_BLESS").is_some();
    let mut changed = Vec::new();
    for (source, path) in fixtures() {
        let told = told(&source, &path);
        let snapshot = path.with_extension("facts.txt");
        if bless {
            std::fs::write(&snapshot, &told).unwrap();
        } else if std::fs::read_to_string(&snapshot).unwrap_or_default() != told {
            changed.push(format!("{}:\n{told}", path.display()));
        }
    }
    assert!(changed.is_empty(), "WRIT_BLESS=1 writes these anew:\n{}", changed.join("\n"));
}

#[test]
fn every_folder_says_where_its_fixtures_come_from() {
    for (_, path) in fixtures() {
        assert!(path.with_file_name("ORIGIN.md").exists(), "{}", path.display());
    }
}
