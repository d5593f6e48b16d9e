//! `writ find`: records by any id, name or fingerprint, and by what they say.

use super::output::{Output, remark};
use super::warn_of_damage;
use crate::app::ask::Asker;
use crate::app::find::matching::Hit;
use crate::app::find::query::{Query, TERMS};
use crate::app::find::{self, Found};
use crate::clock;
use crate::config::Config;
use crate::error::{Error, Kind};
use clap::Args;
use serde_json::json;
use std::io::Read as _;
use writ_view::escape;

/// Find records by any id, key, name, resource or fingerprint they show, and by what they say
///
/// Everything given must hold. Values: a native id, record id, access key id, trace or span id,
/// principal, e-mail, resource. Terms: source:, recorder:, kind:effect, action:ec2:*, outcome:denied,
/// risk:high, since:7d, until:2026-10-14; credential:, session:, trace: and their like take a value as
/// that kind of key alone. A pasted token is hashed here and found by its fingerprint; what was looked
/// for is never printed. Use - to keep it out of the shell's history too.
#[derive(Args, Debug)]
pub(super) struct FindArgs {
    /// Values and terms, or - to read them from standard input
    #[arg(value_name = "QUERY", required = true)]
    query: Vec<String>,
    /// Print at most so many records, newest first
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// Print `writ.find/1`: one JSON object per line and record, then one that says whether that is all
    #[arg(long)]
    json: bool,
}

/// Longest query read from standard input: a token with its header.
const INPUT_BYTES_MAX: u64 = 64 * 1024;

pub(super) fn run(args: &FindArgs, config: &Config, output: &mut Output) -> Result<u8, Error> {
    let mut words: Vec<String> = Vec::new();
    for word in &args.query {
        words.push(if word == "-" { read_input()? } else { word.clone() });
    }
    let now = clock::now();
    let query = Query::parse(words.iter().map(String::as_str), now).map_err(|cause| Error::new(Kind::Usage, cause))?;
    if query.is_empty() {
        return Err(Error::new(Kind::Usage, "nothing was asked for").hint(format!("give a value, or a term: {TERMS}")));
    }
    let asker = Asker::open(&config.data, None, now)?;
    warn_of_damage(&asker);
    let found = find::find(&asker, &query, args.limit)?;
    for hit in &found.hits {
        if args.json { output.json(hit)? } else { output.line(&line(hit, config))? }
    }
    if args.json {
        output.json(&json!({
            "schema": "writ.find.end/1", "found": found.hits.len(), "more": found.more, "complete": found.complete,
            "read": found.n_read, "records": found.n_records, "unreadable": found.n_unreadable,
        }))?;
    }
    tell(&found);
    Ok(if found.hits.is_empty() { Kind::NotFound.status() } else { 0 })
}

fn read_input() -> Result<String, Error> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(INPUT_BYTES_MAX).read_to_end(&mut bytes).map_err(|fault| {
        Error::new(Kind::Unavailable, format!("standard input cannot be read: {fault}")).hint("pipe the query in")
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// One line for people: when, which, what, what came of it, who, on what.
fn line(hit: &Hit, config: &Config) -> String {
    let time = hit.time.as_deref().unwrap_or("no time told");
    let what = match (hit.kind, &hit.action) {
        (Some(kind), Some(action)) => format!("{kind} {action}"),
        _ => "cannot be read".to_string(),
    };
    let risk = if hit.risk == "high" { "  HIGH" } else { "" };
    let outcome = hit.outcome.map_or_else(String::new, |outcome| format!("  {outcome}"));
    let who = hit.actor.as_ref().map_or_else(String::new, |who| format!("  by {who}"));
    let on = hit.resources.first().map_or_else(String::new, |one| format!("  on {one}"));
    let text = format!("{time}  {}  {what}{outcome}{risk}{who}{on}", hit.reference);
    if config.style.unicode { escape::terminal(&text) } else { escape::ascii(&text) }
}

/// How far the search went, on standard error. What was looked for is not repeated: it may be a secret.
fn tell(found: &Found) {
    if found.hits.is_empty() {
        // Where some were not looked at, nothing is said of them.
        remark(if found.complete {
            "nothing here shows all of that"
        } else {
            "nothing that was looked at shows all of that"
        });
    }
    if found.more {
        remark(&format!(
            "there are more than these {}; raise --limit, or narrow with since: and until:",
            found.hits.len()
        ));
    }
    if !found.complete {
        remark(&format!(
            "the newest {} of {} records were read whole; older ones were found by record id, native id and keys in \
            known namespaces alone; narrow with since: and until: to have others read",
            found.n_read, found.n_records
        ));
    }
    if found.n_unreadable > 0 {
        remark(&format!("{} records could not be read and were left out", found.n_unreadable));
    }
}
