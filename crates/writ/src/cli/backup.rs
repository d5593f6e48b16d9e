//! `writ backup`: the log, copied while it is written to.

use super::output::Output;
use crate::config::Config;
use crate::error::Error;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use writ_store::backup::backup;
use writ_view::escape;

/// Copy what was acknowledged to another folder, or add to the backup that is there
///
/// Takes no lock. Finished stretches of the log are copied once, so doing it again is quick. The keys are not in a
/// backup: keep a copy of `store.key` elsewhere, without it the backup cannot be read.
#[derive(Args, Debug)]
pub(super) struct BackupArgs {
    /// A new folder, or one with an earlier backup of this store
    #[arg(value_name = "TO")]
    to: PathBuf,
    /// Print `writ.backup/1`
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &BackupArgs, config: &Config, output: &mut Output) -> Result<u8, Error> {
    let made = backup(&config.data, &args.to)?;
    if args.json {
        output.json(&json!({ "schema": "writ.backup/1", "records": made.n_records, "copied_bytes": made.copied }))?;
        return Ok(0);
    }
    let (to, key) = (args.to.display().to_string(), config.data.join("store.key").display().to_string());
    output.line(&format!(
        "{} records are in `{}` ({} bytes copied)",
        made.n_records,
        escape::terminal(&to),
        made.copied
    ))?;
    output
        .line(&format!("the keys are not: keep `{}` elsewhere, for `writ restore --keys`", escape::terminal(&key)))?;
    Ok(0)
}
