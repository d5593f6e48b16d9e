//! `writ demo`: a small story, told, asked, answered, and asked again with one record less.

use super::output::Output;
use crate::app::ask::Asker;
use crate::app::ingest::{self, Options};
use crate::app::{event, story};
use crate::clock;
use crate::config::Config;
use crate::error::{Error, Kind};
use clap::Args;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use writ_model::time::Time;
use writ_path::answer::Answer;
use writ_view::model::View;
use writ_view::text;

/// Tell a small story, load its logs, ask whose authority it was, and print the answer
///
/// Then asks again with one record withheld, so that the difference shows. Works in a temporary
/// folder and leaves nothing behind, unless --keep names a folder.
#[derive(Args, Debug)]
pub(super) struct DemoArgs {
    /// Keep the story's logs and data in this new folder, to go on asking
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

pub(super) fn run(args: &DemoArgs, config: &Config, output: &mut Output) -> Result<u8, Error> {
    let temporary = tempfile::tempdir()?;
    let folder = match &args.keep {
        Some(folder) => {
            fs::create_dir(folder).map_err(|fault| {
                Error::new(Kind::Unavailable, format!("`{}` cannot be made: {fault}", folder.display()))
                    .hint("name a folder that is not there yet")
            })?;
            folder.as_path()
        }
        None => temporary.path(),
    };
    output.text(story::TOLD)?;
    output.line("")?;
    let whole = load(folder, "writ-data", None)?;
    let (from, to) = story::COMPLETE;
    output.line(&format!("$ writ ingest logs/cloudtrail.ndjson --complete {from}..{to}"))?;
    output.line(&format!("$ writ ingest logs/…            {} files, {} records in all", whole.files, whole.records))?;
    output.line(&format!("$ writ why {}", story::EVENT))?;
    output.line("")?;
    let answer = ask(&folder.join("writ-data"))?;
    output.text(&text::render(&View::of(&answer), config.style))?;
    output.line("")?;
    output.text(story::LESSON)?;
    again(temporary.path(), &answer, output)?;
    gap(&answer, output)?;
    output.line("")?;
    for line in next(args.keep.as_deref()) {
        output.line(&line)?;
    }
    Ok(0)
}

/// The same question with one record withheld: what the answer then no longer says.
fn again(folder: &Path, before: &Answer, output: &mut Output) -> Result<(), Error> {
    load(folder, "without", Some(story::WITHHELD))?;
    let after = ask(&folder.join("without"))?;
    output.line("")?;
    output.line("Now the same question, with the agent's record of that one call withheld.")?;
    output.line("")?;
    for (label, answer) in [("before", before), ("after", &after)] {
        let asked = answer.asked_by.first().map_or_else(
            || "nobody is known to have asked".to_string(),
            |asked| {
                let name = asked.name.as_deref().unwrap_or(&asked.principal);
                let grade = asked.grade.map_or_else(String::new, |grade| format!(" {grade}"));
                format!("most likely {name} asked ({}{grade})", asked.strength)
            },
        );
        let power = answer.powered_by.first().map_or("not known", |power| power.entry.strength.word());
        output.line(&format!(
            "  {label:<7} {asked}; the key {power}; approval {}; {} findings",
            answer.approvals.first().map_or("unknown", |approval| approval.state),
            answer.findings.len()
        ))?;
    }
    output.line("")?;
    output.line("Less evidence, a weaker answer, and it says so. The key, the approval and the")?;
    output.line("decision stay: they never rested on what the agent says of itself.")
}

/// The gap that was found, and the one line that closes it next time.
fn gap(answer: &Answer, output: &mut Output) -> Result<(), Error> {
    let Some(gap) = answer.gaps.iter().find(|gap| gap.fix.is_some()) else { return Ok(()) };
    output.line("")?;
    output.line(&format!("Found  a gap: {} ({})", gap.expected, gap.reason))?;
    output.line("Fix    export AWS_SDK_UA_APP_ID=$SESSION_ID      # in the agent's environment")?;
    output.line("       Every request then carries the agent's session, and that hop is asserted.")
}

/// What went in.
struct Loaded {
    files: u64,
    records: u64,
}

fn load(folder: &Path, data: &str, without: Option<&str>) -> Result<Loaded, Error> {
    let logs = folder.join(if without.is_some() { "logs-without" } else { "logs" });
    fs::create_dir(&logs)?;
    let mut loaded = Loaded { files: 0, records: 0 };
    let window = Time::parse(story::COMPLETE.0).zip(Time::parse(story::COMPLETE.1));
    for file in story::files(without)? {
        let path = logs.join(&file.name);
        fs::File::create_new(&path)?.write_all(&file.bytes)?;
        let options = Options {
            source: None,
            complete: window.filter(|_| file.name.starts_with("cloudtrail")),
            recorder: file.recorder,
            pointer: None,
            by: story::BY.to_string(),
            now: clock::now,
        };
        let summary = ingest::ingest(&folder.join(data), &[path], &mut std::io::empty(), &options, &mut |_| Ok(()))?;
        loaded.files += summary.files;
        loaded.records += summary.total.records;
    }
    Ok(loaded)
}

fn ask(data: &Path) -> Result<Answer, Error> {
    let asker = Asker::open(data, None, clock::now())?;
    asker.why(event::find(&asker, story::EVENT)?)
}

/// What to type next: on the story if it was kept, on the reader's own logs in any case.
fn next(kept: Option<&Path>) -> Vec<String> {
    match kept {
        Some(folder) => {
            let data = folder.join("writ-data");
            let writ = format!("writ --data {}", data.display());
            vec![
                format!("Try   {writ} why {} --alternatives", story::EVENT),
                format!("      {writ} find AKIAQDOMAINS00000001"),
                "Then  writ ingest PATH/TO/YOUR/LOGS".to_string(),
            ]
        }
        None => vec![
            "Try   writ demo --keep story     to go on asking about it".to_string(),
            "Then  writ ingest PATH/TO/YOUR/LOGS".to_string(),
            "      writ why EVENT_ID".to_string(),
        ],
    }
}
