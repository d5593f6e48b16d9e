//! `writ checkpoint`: the head of the tree, signed, and whether the log goes on from an older one.

use super::output::Output;
use crate::app;
use crate::config::Config;
use crate::error::{Error, Kind};
use clap::Args;
use std::path::{Path, PathBuf};
use writ_store::Snapshot;

/// Print the signed head of the log, or check that the log goes on from one that was kept
///
/// Give checkpoints away regularly: whoever has one can tell whether the log was rewritten since.
#[derive(Args, Debug)]
pub(super) struct CheckpointArgs {
    /// Check that the log goes on from this older checkpoint, and print nothing else. Exits 6 if it does not
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    since: Option<PathBuf>,
    /// Print the public key that verifies checkpoints and proofs of this store
    #[arg(long)]
    key: bool,
}

pub(super) fn run(args: &CheckpointArgs, config: &Config, output: &mut Output) -> Result<u8, Error> {
    let snapshot = Snapshot::open(&config.data, writ_sources::derivation(), app::derive)?;
    if args.key {
        output.line(&snapshot.checkpoint_key()?)?;
    } else if let Some(older) = &args.since {
        let (old, new) = snapshot.goes_on_from(&read(older)?)?;
        output.line(&format!(
            "the log goes on from that checkpoint: its first {old} records are unchanged, and there are {new} now"
        ))?;
    } else {
        let none = || {
            Error::new(Kind::NotFound, "no checkpoint was signed yet")
                .hint("one is signed when a writer closes: ingest something first")
        };
        output.text(&snapshot.checkpoint()?.ok_or_else(none)?)?;
    }
    Ok(0)
}

/// Reads a checkpoint or proof that was kept.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let most = writ_tlog::bundle::BUNDLE_BYTES_MAX as u64 + 1;
    let read = std::fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes));
    let place = path.display();
    read.map(|_| bytes)
        .map_err(|e| Error::new(Kind::Usage, format!("cannot read `{place}`: {e}")).hint("name the file that was kept"))
}
