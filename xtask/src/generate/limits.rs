//! The page of bounds, `docs/reference/limits.md`: every constant of the product whose name says that it
//! is one, with its value and the reason that stands beside it.

use std::fmt::Write as _;

use super::Generator;
use crate::tree::Tree;

pub(super) const GENERATOR: Generator = Generator { output: "docs/reference/limits.md", make };

const HEAD: &str = "\
<!-- written by `cargo xtask generate` from the constants in `crates/*/src` -->

# Bounds

Whoever writes a log chooses how long it is, how deep, and how often something stands in it.
So everything that grows with input has a bound with a name, and what happens there is always one of these:

- **Taking in**: what is too long, too deep or too many is one reject that says so, with file, line, byte and cause; its neighbours are read. A file of which the rest cannot be read is a problem with cause and remedy, and `writ ingest` exits 7 once everything else is in.
- **Answering**: what was left out is said in the answer, or the answer names fewer than there are and says how many.
- **Storing**: a record beyond a bound is not stored, and is told as a reject.

What one element can make Writ take is about 450 MiB: 64 MiB of it in the reader, as many under way, and what a worker makes of that.
Of protobuf it is about 750 MiB: a record is written out as JSON, in which a byte can take six, beside the file it stands in.
What records of telemetry share is repeated one record at a time.
Beside it stand, where there are any: a table as a whole, a zip from a stream, 128 MiB for each layer of zstd, the names of a million files, and the keys of records that wait for the index.
The tests in `crates/writ/tests/it/hostile` hold it to that.

Each bound stands in the code with its reason; this page is made from there.
";

/// The crates, in the order a record meets them, and what is bounded there.
const ROOMS: [(&str, &str); 6] = [
    ("writ", "The program: reading inputs, asking"),
    ("writ-sources", "Reading records"),
    ("writ-model", "Values"),
    ("writ-store", "Storing and looking up"),
    ("writ-path", "Answering"),
    ("writ-view", "Showing"),
];

fn make(tree: &Tree) -> Result<String, String> {
    let mut page = HEAD.to_owned();
    for (room, title) in ROOMS {
        let mut rows = String::new();
        let folder = format!("crates/{room}/src/");
        for (path, text) in tree.rust().filter(|(path, _)| path.starts_with(&folder)) {
            let file = path.strip_prefix(&folder).unwrap_or(path);
            for bound in bounds(text).map_err(|name| format!("`{path}`: the bound `{name}` has no reason beside it"))? {
                let _ = writeln!(rows, "| `{}` | {} | {} | `{file}` |", bound.name, bound.value, bound.reason);
            }
        }
        if !rows.is_empty() {
            let _ = write!(page, "\n## {title}\n\n| bound | is | why | where |\n|---|---|---|---|\n{rows}");
        }
    }
    Ok(page)
}

/// One constant.
#[derive(Debug, PartialEq, Eq)]
struct Bound {
    name: String,
    value: String,
    reason: String,
}

/// The bounds in one file; the error is the name of one without a reason. What is only there for tests
/// stands at the end of a file.
fn bounds(text: &str) -> Result<Vec<Bound>, String> {
    let mut out = Vec::new();
    let mut comment: Vec<&str> = Vec::new();
    // A long value stands on a line of its own.
    let text = text.replace(" =\n    ", " = ");
    for line in text.lines().map(str::trim).take_while(|line| *line != "#[cfg(test)]") {
        if let Some(more) = line.strip_prefix("///") {
            comment.push(more.trim());
        } else if let Some((name, value)) = constant(line) {
            if comment.is_empty() {
                return Err(name.to_owned());
            }
            let reason = comment.join(" ").replace("[`", "`").replace("`]", "`").replace('|', "\\|");
            let value = shown(name, value);
            out.push(Bound { name: name.to_owned(), value, reason: unlinked(&reason) });
            comment.clear();
        } else {
            comment.clear();
        }
    }
    Ok(out)
}

/// `` `X`(path) `` as `` `X` ``: a link of the code's documentation leads nowhere here.
fn unlinked(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("`(") {
        let Some((_, behind)) = after.split_once(')') else { break };
        out.push_str(before);
        out.push('`');
        rest = behind;
    }
    out + rest
}

/// Name and value of the bound that a line declares: its name ends in `_MAX`, and it is a number.
fn constant(line: &str) -> Option<(&str, &str)> {
    let (_, rest) = line.split_once("const ").filter(|(before, _)| before.is_empty() || before.starts_with("pub"))?;
    let (name, rest) = rest.split_once(": ")?;
    let (kind, value) = rest.split_once(" = ")?;
    let number = ["usize", "u64", "u32", "i64"].contains(&kind);
    (name.ends_with("_MAX") && number).then_some((name, value.strip_suffix(';')?))
}

/// A value as people read it.
fn shown(name: &str, expression: &str) -> String {
    let Some(value) = evaluated(expression) else { return format!("`{expression}`") };
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let unit = units.iter().find(|(_, bits)| value >= 1 << bits && value % (1 << bits) == 0);
    match unit.filter(|_| name.contains("BYTES")) {
        Some((unit, bits)) => format!("{} {unit}", value >> bits),
        None => grouped(value),
    }
}

/// The value of an expression of numbers, `<<`, `*` and `+`, from left to right as they stand here.
fn evaluated(expression: &str) -> Option<u64> {
    let number = |text: &str| text.trim().replace('_', "").parse::<u64>().ok();
    if let Some((value, bits)) = expression.split_once("<<") {
        return Some(number(value)? << number(bits)?);
    }
    expression.split('*').map(number).try_fold(1_u64, |product, factor| product.checked_mul(factor?))
}

/// With a comma between thousands.
fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_told_with_its_value_and_its_reason() {
        let text = "/// Longest\n/// [`Line`](x::Line).\npub(crate) const LINE_BYTES_MAX: u64 = 64 << 20;\n\n/// Many.\nconst LINES_MAX: usize = 10_000;\n\n/// As many.\nconst ROWS_MAX: usize = other::MAX;\nconst LEAST_MIN: usize = 1;\n";
        let told: Vec<(String, String)> =
            bounds(text).unwrap().into_iter().map(|bound| (bound.value, bound.reason)).collect();
        let expected = [("64 MiB", "Longest `Line`."), ("10,000", "Many."), ("`other::MAX`", "As many.")];
        assert_eq!(told, expected.map(|(value, reason)| (value.to_owned(), reason.to_owned())));
        let page = make(&Tree::made(&[("crates/writ/src/a.rs", text)])).unwrap();
        assert!(page.contains("| `LINE_BYTES_MAX` | 64 MiB | Longest `Line`. | `a.rs` |\n"), "{page}");
    }

    #[test]
    fn a_bound_without_a_reason_is_refused() {
        assert_eq!(bounds("const LINES_MAX: usize = 1;\n"), Err("LINES_MAX".to_owned()));
        let made = make(&Tree::made(&[("crates/writ-path/src/a.rs", "const LINES_MAX: usize = 1;\n")]));
        assert!(made.unwrap_err().contains("LINES_MAX"));
    }
}
