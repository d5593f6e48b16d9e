//! Directory facts as CSV (RFC 4180): each row becomes the JSON object it stands for, so that one path
//! reads both.
//!
//! Rows are looked for one by one and within a bound: a quote that is never closed would otherwise
//! swallow every row behind it.

use crate::admit::short;
use crate::redact::kind_in_text;
use core::ops::ControlFlow;
use std::borrow::Cow;
use writ_model::json;
use writ_model::record::placeholder;

/// Columns without which a row says nothing.
const NEEDED: [&str; 4] = ["subject_kind", "subject", "relation", "object"];

/// Longest header looked at when a file is recognised: ours has 13 short names.
const HEADER_BYTES_MAX: usize = 4_096;

/// Longest row, in bytes: thirteen short cells and a note. A longer one is a reject.
pub const ROW_BYTES_MAX: usize = 1 << 20;

/// Most columns of a header. A row that goes over lines is not looked at beyond as many cells as the header
/// has: quotes that stand wrong would otherwise have every line read the whole rest.
const COLUMNS_MAX: usize = 256;

/// One row.
#[derive(Debug)]
pub struct Row<'t> {
    /// Where it begins in the bytes.
    pub byte: u64,
    /// Line it begins on, from 1.
    pub line: u64,
    /// Its bytes; of a row that stands for none, without the cells that may be under a secret's name.
    pub bytes: Cow<'t, [u8]>,
    /// The JSON object it stands for, or why it stands for none.
    pub item: Result<Vec<u8>, String>,
}

/// Whether a file begins with the header of such a table: a line that reads as a row of plain names, with
/// those in it that are needed. A text in a record or a message may hold anything, a whole header too, so a
/// line in which anything else stands is none.
pub fn recognises(head: &[u8]) -> bool {
    let line = head.get(..line_len(head)).unwrap_or_default();
    if line.len() > HEADER_BYTES_MAX {
        return false;
    }
    let Ok((_, cells)) = cells(line, line.len(), COLUMNS_MAX) else { return false };
    let Ok(names) = cells.iter().map(|cell| name_of(cell)).collect::<Result<Vec<&str>, String>>() else { return false };
    names.iter().all(|name| name.bytes().all(is_plain)) && NEEDED.iter().all(|needed| names.contains(needed))
}

/// What names of columns are spelt with, ours and those of others that stand beside them.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

fn column(cell: &str) -> &str {
    cell.trim().trim_matches('"').trim()
}

/// Reads the rows of such a table one by one, until `each` breaks off. Empty cells are absent members;
/// columns the schema does not know are kept as members. A bad row is reported as such and the rows
/// after it are read; of one that goes over several lines the first alone is given up.
pub fn rows(bytes: &[u8], each: &mut dyn FnMut(Row<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
    let mut header: Option<Result<Vec<String>, String>> = None;
    let mut hidden: Option<Hidden> = None;
    let (mut at, mut line) = (0, 1);
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        let first = line_len(rest);
        if rest.get(..first).unwrap_or_default().iter().all(|byte| matches!(byte, b'\n' | b'\r')) {
            (at, line) = (at + first, line + 1);
            continue;
        }
        let is_first = hidden.is_none();
        let hidden = hidden.get_or_insert_with(|| Hidden::of(rest, first));
        let most = header.as_ref().and_then(|names| names.as_ref().ok()).map_or(COLUMNS_MAX, Vec::len);
        let (mut len, mut item) = match cells(rest, first, most) {
            Ok((len, cells)) => match &header {
                None => {
                    let names = names_of(&cells);
                    let item = names.as_ref().err().cloned().map(Err);
                    header = Some(names);
                    (len, item)
                }
                Some(Err(_)) => (len, Some(Err("the header of this table could not be read".to_string()))),
                Some(Ok(names)) => (len, Some(object(names, &cells))),
            },
            Err(cause) => (first, Some(Err(cause))),
        };
        if let Some(Err(cause)) = &mut item
            && len > first
        {
            cause.push_str("; a quote on this line may not be closed");
            len = first;
        }
        if let Some(item) = item {
            let bytes = rest.get(..len).unwrap_or_default().trim_ascii_end();
            let bytes = if is_first || item.is_ok() { Cow::Borrowed(bytes) } else { hidden.cut(bytes) };
            each(Row { byte: u64::try_from(at).unwrap_or(u64::MAX), line, bytes, item })?;
        }
        let lines = memchr::memchr_iter(b'\n', rest.get(..len).unwrap_or_default()).count();
        line += u64::try_from(lines).unwrap_or(0);
        at += len;
    }
    ControlFlow::Continue(())
}

/// What is kept of the rest of a table that breaks off inside a row, as of any row that stands for no object.
pub fn broken_off<'t>(table: &[u8], rest: &'t [u8]) -> Cow<'t, [u8]> {
    let blank = table.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
    let text = table.get(blank..).unwrap_or_default();
    Hidden::of(text, line_len(text)).cut(rest)
}

/// Which cells of a row that stands for no object may be secret: it is kept as text, in which no name stands
/// before them.
struct Hidden {
    n_columns: usize,
    /// The first column that has a secret's name.
    first: Option<(usize, &'static str)>,
}

impl Hidden {
    /// By the first line of a table.
    fn of(text: &[u8], line: usize) -> Hidden {
        let by_commas =
            || text.get(..line).unwrap_or_default().split(|byte| *byte == b',').map(<[u8]>::to_vec).collect();
        let names: Vec<Vec<u8>> = cells(text, line, COLUMNS_MAX).map_or_else(|_| by_commas(), |(_, cells)| cells);
        let kind = |name: &Vec<u8>| kind_in_text(column(&String::from_utf8_lossy(name)));
        let first = names.iter().enumerate().find_map(|(n, name)| Some((n, kind(name)?)));
        Hidden { n_columns: names.len(), first }
    }

    /// The row without all that stands from that column on: which cell is under which column is not known of a
    /// row that has too many or too few. A comma inside of quotes only makes it begin earlier.
    fn cut<'t>(&self, row: &'t [u8]) -> Cow<'t, [u8]> {
        let Some((column, kind)) = self.first else { return Cow::Borrowed(row) };
        let mut commas: Vec<usize> = memchr::memchr_iter(b',', row).take(self.n_columns).collect();
        let missing = self.n_columns.saturating_sub(commas.len() + 1);
        let before = column.saturating_sub(missing);
        commas.truncate(before);
        let from = commas.last().filter(|_| before > 0).map_or(0, |comma| comma + 1);
        Cow::Owned([row.get(..from).unwrap_or_default(), placeholder(kind).as_bytes()].concat())
    }
}

/// How long the first line is, with its end.
fn line_len(text: &[u8]) -> usize {
    memchr::memchr(b'\n', text).map_or(text.len(), |end| end + 1)
}

/// How long the first row is, with its end, and its cells, of which there are so many at most once it goes
/// beyond its first line.
fn cells(text: &[u8], first: usize, most: usize) -> Result<(usize, Vec<Vec<u8>>), String> {
    let within = text.get(..ROW_BYTES_MAX).unwrap_or(text);
    let mut cells = Vec::new();
    let mut at = 0;
    loop {
        let mut cell = Vec::new();
        let is_quoted = within.get(at) == Some(&b'"');
        if is_quoted {
            at = quoted(within, at + 1, &mut cell)
                .ok_or_else(|| too_long(text).unwrap_or_else(|| "a quote is not closed".to_string()))?;
        }
        let rest = within.get(at..).unwrap_or_default();
        let len = memchr::memchr2(b',', b'\n', rest);
        if len.is_none()
            && let Some(cause) = too_long(text)
        {
            return Err(cause);
        }
        let end = len.unwrap_or(rest.len());
        let behind = rest.get(..end).unwrap_or_default();
        if is_quoted && !behind.trim_ascii().is_empty() {
            return Err(
                "text behind a closing quote: a quote is not closed, or one inside a cell is not written twice"
                    .to_string(),
            );
        }
        if !is_quoted {
            cell.extend_from_slice(behind);
        }
        at += end;
        let last = within.get(at) != Some(&b',');
        cells.push(cell);
        if at >= first && cells.len() > most {
            return Err(format!("a row over several lines with more cells than the header, which has {most}"));
        }
        at = (at + 1).min(within.len());
        if last {
            return Ok((at, cells));
        }
    }
}

/// Reads the inside of a quoted cell: where it ends, behind its quote. Two quotes in it mean one.
fn quoted(text: &[u8], from: usize, cell: &mut Vec<u8>) -> Option<usize> {
    let mut at = from;
    loop {
        let end = at + memchr::memchr(b'"', text.get(at..)?)?;
        cell.extend_from_slice(text.get(at..end)?);
        at = end + 1;
        if text.get(at) != Some(&b'"') {
            return Some(at);
        }
        cell.push(b'"');
        at += 1;
    }
}

fn too_long(text: &[u8]) -> Option<String> {
    (text.len() > ROW_BYTES_MAX)
        .then(|| format!("a row longer than {ROW_BYTES_MAX} bytes, or a quote that is not closed"))
}

/// The name of a column.
fn name_of(cell: &[u8]) -> Result<&str, String> {
    let name = std::str::from_utf8(cell).map_err(|_| "the header is not UTF-8".to_string())?;
    Ok(column(name.trim_start_matches('\u{feff}')))
}

fn names_of(cells: &[Vec<u8>]) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for cell in cells {
        let name = name_of(cell)?;
        if !name.is_empty() && names.iter().any(|known| known == name) {
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
fn object(names: &[String], cells: &[Vec<u8>]) -> Result<Vec<u8>, String> {
    if cells.len() != names.len() {
        return Err(format!("the row has {} cells and the header {}", cells.len(), names.len()));
    }
    let (mut own, mut subject) = (Vec::new(), Vec::new());
    for (name, cell) in names.iter().zip(cells) {
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
