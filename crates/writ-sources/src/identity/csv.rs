//! Directory facts as CSV: each row becomes the JSON object it stands for, so that one path reads
//! both.

use crate::admit::short;
use std::collections::BTreeSet;
use writ_model::json;

/// Columns without which a row says nothing.
const NEEDED: [&str; 4] = ["subject_kind", "subject", "relation", "object"];

/// Longest header looked at when a file is recognised: ours has 13 short names.
const HEADER_BYTES_MAX: usize = 4_096;

/// One row.
#[derive(Debug)]
pub struct Row<'t> {
    /// Where it begins in the bytes.
    pub byte: u64,
    /// Line it begins on, from 1.
    pub line: u64,
    /// Its bytes.
    pub bytes: &'t [u8],
    /// The JSON object it stands for, or why it stands for none.
    pub item: Result<Vec<u8>, String>,
}

/// Whether a file begins with the header of such a table.
pub fn recognises(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if line.len() > HEADER_BYTES_MAX {
        return false;
    }
    let Ok(text) = std::str::from_utf8(line) else { return false };
    let names: BTreeSet<&str> = text.trim_start_matches('\u{feff}').split(',').map(column).collect();
    NEEDED.iter().all(|name| names.contains(name))
}

fn column(cell: &str) -> &str {
    cell.trim().trim_matches('"').trim()
}

/// Reads the rows of such a table one by one. Empty cells are absent members; columns the schema does
/// not know are kept as members. A bad row is reported as such and the rows after it are read.
pub fn rows(bytes: &[u8], each: &mut dyn FnMut(Row<'_>)) {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut record = csv::ByteRecord::new();
    let mut header: Option<Result<Vec<String>, String>> = None;
    loop {
        let read = reader.read_byte_record(&mut record);
        let place = record.position().map_or((0, 1), |at| (at.byte(), at.line()));
        let from = usize::try_from(place.0).unwrap_or(usize::MAX);
        let to = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
        let row = |item| {
            let bytes = bytes.get(from..to).unwrap_or_default();
            // The reader counts blank lines to the row that follows them.
            let blank = bytes.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
            let lines = bytes.iter().take(blank).filter(|byte| **byte == b'\n').count();
            let add = |n: u64, more: usize| n.saturating_add(u64::try_from(more).unwrap_or(0));
            let rest = bytes.get(blank..).unwrap_or_default();
            Row { byte: add(place.0, blank), line: add(place.1, lines), bytes: rest.trim_ascii_end(), item }
        };
        match (read, &header) {
            (Ok(false), _) => return,
            (Err(error), _) => {
                // The text is in memory, so nothing but its form can fail.
                each(row(Err(format!("not CSV: {error}"))));
                return;
            }
            (Ok(true), None) => {
                let names = names_of(&record);
                if let Err(cause) = &names {
                    each(row(Err(cause.clone())));
                }
                header = Some(names);
            }
            (Ok(true), Some(Err(_))) => each(row(Err("the header of this table could not be read".to_string()))),
            (Ok(true), Some(Ok(names))) => each(row(object(names, &record))),
        }
    }
}

fn names_of(record: &csv::ByteRecord) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for cell in record {
        let name = std::str::from_utf8(cell).map_err(|_| "the header is not UTF-8".to_string())?;
        let name = column(name.trim_start_matches('\u{feff}'));
        if names.iter().any(|known| known == name) {
            return Err(format!("the column `{}` stands twice in the header", short(name)));
        }
        names.push(name.to_string());
    }
    match NEEDED.iter().find(|needed| !names.iter().any(|name| name == *needed)) {
        Some(missing) => Err(format!("the column `{missing}` is missing in the header")),
        None => Ok(names),
    }
}

/// The object a row stands for: `subject_kind`, `subject_namespace` and `subject` become its subject.
fn object(names: &[String], record: &csv::ByteRecord) -> Result<Vec<u8>, String> {
    if record.len() != names.len() {
        return Err(format!("the row has {} cells and the header {}", record.len(), names.len()));
    }
    let (mut own, mut subject) = (Vec::new(), Vec::new());
    for (name, cell) in names.iter().zip(record) {
        let cell = std::str::from_utf8(cell).map_err(|_| format!("the cell under `{}` is not UTF-8", short(name)))?;
        let cell = cell.trim();
        if cell.is_empty() || name.is_empty() {
            continue;
        }
        match name.as_str() {
            "subject_kind" => member("kind", cell, &mut subject),
            "subject_namespace" => member("namespace", cell, &mut subject),
            "subject" => member("value", cell, &mut subject),
            other => member(other, cell, &mut own),
        }
    }
    let mut out = b"{\"subject\":{".to_vec();
    out.append(&mut subject);
    out.push(b'}');
    if !own.is_empty() {
        out.push(b',');
        out.append(&mut own);
    }
    out.push(b'}');
    Ok(out)
}

fn member(name: &str, value: &str, out: &mut Vec<u8>) {
    if !out.is_empty() {
        out.push(b',');
    }
    json::quote(name, out);
    out.push(b':');
    json::quote(value, out);
}
