//! `writ explain`: what a code means, what it does not mean, what to do.

use super::output::Output;
use crate::config::Config;
use crate::error::{Error, Kind};
use clap::Args;
use serde_json::json;
use writ_view::explain::{self, Entry};

/// Explain a code: of a finding, a gap, an edge, a strength, an approval or decision state, a risk,
/// an error or an exit status
#[derive(Args, Debug)]
pub(super) struct ExplainArgs {
    /// Codes, as answers print them: `scope_grew`, `key_missing`, `bound_weak`, `4`
    #[arg(value_name = "CODE", required_unless_present = "all")]
    codes: Vec<String>,
    /// Explain every code there is
    #[arg(long, conflicts_with = "codes")]
    all: bool,
    /// Print `writ.explain/1`: one JSON object per line and meaning
    #[arg(long, conflicts_with = "md")]
    json: bool,
    /// Print the reference page, in Markdown
    #[arg(long, requires = "all")]
    md: bool,
}

pub(super) fn run(args: &ExplainArgs, config: &Config, output: &mut Output) -> Result<u8, Error> {
    if args.md {
        output.text(&explain::markdown())?;
        return Ok(0);
    }
    let mut entries: Vec<Entry> = Vec::new();
    if args.all {
        entries.extend(explain::all());
    }
    for code in &args.codes {
        let found = explain::find(code);
        if found.is_empty() {
            return Err(unknown(code));
        }
        entries.extend(found);
    }
    for (n, entry) in entries.iter().enumerate() {
        if args.json {
            output.json(&json!({
                "schema": "writ.explain/1", "code": entry.text.code, "kind": entry.kind.word(),
                "means": entry.text.means, "is_not": Some(entry.text.is_not).filter(|text| !text.is_empty()),
                "to_do": entry.text.todo,
            }))?;
            continue;
        }
        if n > 0 {
            output.line("")?;
        }
        output.text(&explain::text(entry, config.style))?;
    }
    Ok(0)
}

fn unknown(code: &str) -> Error {
    let near = explain::near(code);
    let error = Error::new(Kind::NotFound, format!("no code is called `{code}`"));
    if near.is_empty() {
        error.hint("`writ explain --all` prints every code")
    } else {
        error.hint(format!("did you mean `{}`? `writ explain --all` prints every code", near.join("`, `")))
    }
}
