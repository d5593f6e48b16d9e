//! `writ verify`: checks a proof without the folder it is of.

use super::checkpoint;
use super::output::Output;
use crate::error::{Error, Kind};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use writ_store::Leaf;
use writ_tlog::bundle::Bundle;
use writ_tlog::checkpoint::Log;
use writ_tlog::hash::Hash;
use writ_tlog::key::Verifier;
use writ_view::escape;

/// Check a proof of `writ prove` with the public key of its store, without the store
///
/// Exits 6 if it proves nothing.
#[derive(Args, Debug)]
pub(super) struct VerifyArgs {
    /// The proof
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The key that `writ checkpoint --key` printed, from somebody you trust
    #[arg(long, value_name = "KEY")]
    key: String,
    /// Print `writ.verified/1`
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &VerifyArgs, output: &mut Output) -> Result<u8, Error> {
    let usage = |cause: String, hint: &str| Error::new(Kind::Usage, cause).hint(hint);
    let key =
        Verifier::parse(&args.key).map_err(|e| usage(e.to_string(), "give what `writ checkpoint --key` printed"))?;
    let place = args.file.display();
    let bundle = Bundle::parse(&checkpoint::read(&args.file)?)
        .map_err(|e| usage(format!("`{place}`: {e}"), "name a file that `writ prove` printed"))?;
    let unproven = |cause: String| Error::new(Kind::Corrupt, format!("`{place}` proves nothing: {cause}"));
    let leaf = bundle.extra.as_deref().unwrap_or_default();
    let log = Log { origin: key.name().as_str().to_owned(), keys: vec![key] };
    let opened = bundle.verify(&Hash::leaf(leaf), &log, &[]).map_err(|e| unproven(e.to_string()))?;
    let Leaf { source, recorder, received, commitments } =
        Leaf::decode(leaf).ok_or_else(|| unproven("its leaf is none of a version that this writ knows".to_owned()))?;
    let head = opened.checkpoint.head();
    if args.json {
        output.json(&json!({
            "schema": "writ.verified/1", "log": log.origin, "position": bundle.index, "size": head.size,
            "root": head.root.to_string(), "source": source, "recorder": recorder, "received": received.to_string(),
            "commitments": commitments.iter()
                .map(|(kind, bytes)| json!({ "part": kind, "commitment": writ_model::canon::hex(bytes) }))
                .collect::<Vec<_>>(),
        }))?;
        return Ok(0);
    }
    let (source, recorder) = (escape::terminal(&source), escape::terminal(&recorder));
    output.line(&format!("a record of {source} by {recorder}, received {received}"))?;
    output.line(&format!("is number {} of the {} that {} signed for", bundle.index, head.size, log.origin))?;
    Ok(0)
}
