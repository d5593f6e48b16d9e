//! `writ prove`: that a record is in the log, for whoever has the checkpoint's key.

use super::output::Output;
use crate::app::ask::Asker;
use crate::app::event;
use crate::clock;
use crate::config::Config;
use crate::error::Error;
use clap::Args;

/// Print the proof that a record is in the log that the last checkpoint is of
///
/// The proof is a C2SP proof file (c2sp.org/tlog-proof) with the record's leaf as extra data. It shows source,
/// recorder and time of receipt, and commits to the rest without showing it. `writ verify` checks it anywhere.
#[derive(Args, Debug)]
#[expect(clippy::doc_markdown, reason = "these comments are the command's help")]
pub(super) struct ProveArgs {
    /// Event: SOURCE:NATIVE_ID[@RECORDER], a bare native id, or #RECORD_ID
    #[arg(value_name = "EVENT")]
    event: String,
}

pub(super) fn run(args: &ProveArgs, config: &Config, output: &mut Output) -> Result<u8, Error> {
    let asker = Asker::open(&config.data, None, clock::now())?;
    let position = event::find(&asker, &args.event)?;
    output.text(&asker.snapshot.prove(position)?.to_string())?;
    Ok(0)
}
