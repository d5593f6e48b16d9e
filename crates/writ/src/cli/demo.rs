//! `writ demo`: a small story, told, asked, answered.

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
use writ_view::model::View;
use writ_view::text;

/// Tell a small story, load its logs, ask whose power it was, and print the answer
///
/// Works in a temporary folder and leaves nothing behind, unless --keep names a folder.
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
    let logs = folder.join("logs");
    let data = folder.join("writ-data");
    write_logs(&logs)?;
    output.text(story::TOLD)?;
    let options = Options {
        source: None,
        recorder: None,
        pointer: None,
        complete: None,
        by: config.user.clone(),
        now: clock::now,
    };
    let summary = ingest::ingest(&data, &[logs], &mut std::io::empty(), &options, &mut |_| Ok(()))?;
    output.line("")?;
    output.line(&format!("$ writ ingest logs/     {} files, {} records", summary.files, summary.total.records))?;
    output.line(&format!("$ writ why {}", story::EVENT))?;
    output.line("")?;
    let asker = Asker::open(&data, None, clock::now())?;
    let answer = asker.why(event::find(&asker, story::EVENT)?)?;
    output.text(&text::render(&View::of(&answer), config.style))?;
    output.line("")?;
    output.text(story::LESSON)?;
    output.line("")?;
    for line in next(args.keep.as_deref()) {
        output.line(&line)?;
    }
    Ok(0)
}

fn write_logs(folder: &Path) -> Result<(), Error> {
    fs::create_dir(folder)?;
    for (name, bytes) in story::FILES {
        fs::File::create_new(folder.join(name))?.write_all(bytes)?;
    }
    Ok(())
}

/// What to type next: on the story if it was kept, on the reader's own logs in any case.
fn next(kept: Option<&Path>) -> Vec<String> {
    match kept {
        Some(folder) => {
            let data = folder.join("writ-data");
            let writ = format!("writ --data {}", data.display());
            vec![
                format!("Try   {writ} show {}", story::EVENT),
                format!("      {writ} why 00001008-5a0e-4d57-9c1e-3d2f6b7a8c90"),
                "Then  writ ingest PATH/TO/YOUR/CLOUDTRAIL".to_string(),
            ]
        }
        None => vec![
            "Try   writ demo --keep story     to go on asking about it".to_string(),
            "Then  writ ingest PATH/TO/YOUR/CLOUDTRAIL".to_string(),
            "      writ why EVENT_ID".to_string(),
        ],
    }
}
