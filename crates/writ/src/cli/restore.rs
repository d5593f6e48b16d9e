//! `writ restore`: a folder, made from a backup and its keys.

use super::output::Output;
use crate::app;
use crate::config::Config;
use crate::error::Error;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use writ_store::Writer;
use writ_store::backup::restore;

/// Make a new data folder from a backup and the keys of its store
///
/// Every record is hashed and must give the root that was signed. The new folder goes on in an epoch of its own.
#[derive(Args, Debug)]
pub(super) struct RestoreArgs {
    /// The folder that `writ backup` wrote
    #[arg(value_name = "FROM")]
    from: PathBuf,
    /// The copy of `store.key` that was kept
    #[arg(long, value_name = "FILE")]
    keys: PathBuf,
    /// Print `writ.restore/1`
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &RestoreArgs, config: &Config, output: &mut Output) -> Result<u8, Error> {
    let n_records = restore(&args.from, &args.keys, &config.data)?;
    // The index follows from the log, and is made by the first writer.
    let (writer, _) = Writer::create_or_open(&config.data, [0; 32], writ_sources::derivation(), app::derive)?;
    writer.close()?;
    if args.json {
        output.json(&json!({ "schema": "writ.restore/1", "records": n_records }))?;
    } else {
        output.line(&format!("{n_records} records were restored, and have the root that was signed"))?;
    }
    Ok(0)
}
