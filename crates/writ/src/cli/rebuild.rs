//! `writ rebuild`: the index, made again from the log.

use super::output::{Output, remark};
use crate::app;
use crate::config::Config;
use crate::error::Error;
use clap::Args;
use serde_json::json;
use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicU64, Ordering};
use writ_model::record::Record;
use writ_store::{TermKey, Writer};

/// Records after which it is told how far the work is.
const TOLD_EVERY: u64 = 100_000;

/// Make the index again from the log, as after damage to it or with better adapters
///
/// The index follows from the log, so nothing is lost by it. Commands that ask are slow meanwhile.
#[derive(Args, Debug)]
pub(super) struct RebuildArgs {
    /// Print `writ.rebuild/1`
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &RebuildArgs, config: &Config, output: &mut Output) -> Result<u8, Error> {
    let show = std::io::stderr().is_terminal();
    let done = AtomicU64::new(0);
    let derive = |keys: &TermKey, record: &Record| {
        let n = done.fetch_add(1, Ordering::Relaxed) + 1;
        if show && n.is_multiple_of(TOLD_EVERY) {
            remark(&format!("{n} records"));
        }
        app::derive(keys, record)
    };
    let (writer, recovery) = Writer::rebuild(&config.data, writ_sources::derivation(), derive)?;
    writer.close()?;
    if args.json {
        output.json(&json!({ "schema": "writ.rebuild/1", "records": recovery.n_records }))?;
    } else {
        output.line(&format!("the index of {} records was made again", recovery.n_records))?;
    }
    Ok(0)
}
