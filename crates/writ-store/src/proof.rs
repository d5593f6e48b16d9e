//! Proofs: that a record is in the log that a checkpoint is of, and that today's log goes on from an older one.

use crate::checkpoint;
use crate::error::Error;
use crate::leaf;
use crate::log::Position;
use crate::log::entry::Inflater;
use crate::log::view::View;
use crate::tree;
use writ_tlog::bundle::Bundle;
use writ_tlog::hash::Hash;
use writ_tlog::note::Note;
use writ_tlog::proof::{self, Unmade};
use writ_tlog::tree::Head;

/// The last checkpoint, as text.
pub(crate) fn checkpoint(log: &View) -> Result<Option<String>, Error> {
    let (storage, dir, keys) = log.place();
    let found = checkpoint::read(storage, dir, keys)?;
    Ok(found.map(|(_, text)| String::from_utf8_lossy(&text).into_owned()))
}

fn last(log: &View) -> Result<(Head, Note), Error> {
    let (storage, dir, keys) = log.place();
    let Some((head, bytes)) = checkpoint::read(storage, dir, keys)? else {
        let place = dir.display();
        return Err(Error::invalid(format!(
            "no checkpoint of `{place}` was signed yet: one is when a writer closes, so ingest something first"
        )));
    };
    let note = Note::parse(&bytes).map_err(|e| Error::corrupt(format!("{e}: restore the checkpoint from a backup")))?;
    Ok((head, note))
}

/// The proof file of a record (c2sp.org/tlog-proof), with its leaf as extra data.
pub(crate) fn inclusion(log: &View, position: Position) -> Result<Bundle, Error> {
    let (storage, dir, keys) = log.place();
    let (head, note) = last(log)?;
    if position.0 >= head.size {
        return Err(Error::invalid(format!(
            "the last checkpoint is of the first {} records, and this one has position {position}: wait until the writer \
             signs another, which it does at its end at the latest",
            head.size
        )));
    }
    let found = log.read(position)?;
    let body = found.body().map_err(|_| log.altered(position))?;
    let record = body.unpack(&found.shared, &mut Inflater::new()?).map_err(|_| log.altered(position))?;
    let parts = (found.shared.said.as_ref(), body.identifiers.stored);
    let leaf = leaf::bytes(keys, &record.content, &record.envelope, parts, &record.evidence);
    let mut tree = tree::Reader::new(storage, dir);
    let proof = proof::inclusion(position.0, head.size, |place| tree.hash(place)).map_err(unmade)?;
    let bundle = Bundle { extra: Some(leaf.clone()), index: position.0, proof, checkpoint: note };
    // What does not convince us convinces nobody.
    bundle.verify(&Hash::leaf(&leaf), &checkpoint::log(keys)?, &[]).map_err(|cause| {
        Error::corrupt(format!("the tree does not prove the record at position {position} ({cause}): run `writ fsck`"))
    })?;
    Ok(bundle)
}

/// Whether the log goes on from the one that an older checkpoint is of: sizes then and now.
///
/// Fails with [`Kind::Corrupt`](crate::Kind::Corrupt) if it does not: records that were signed for are gone or
/// others.
pub(crate) fn since(log: &View, older: &[u8]) -> Result<(u64, u64), Error> {
    let (storage, dir, keys) = log.place();
    let old = checkpoint::open(keys, older).map_err(|cause| {
        Error::invalid(format!("this is no checkpoint of the store in `{}` ({cause}): name one that is", dir.display()))
    })?;
    let (new, _) = last(log)?;
    let differs = |cause: String| {
        Error::corrupt(format!(
            "the log in `{}` does not go on from that checkpoint ({cause}): records that were signed for are gone or \
             altered; run `writ fsck`",
            dir.display()
        ))
    };
    if old.size > new.size {
        return Err(differs(format!("it was of {} records, and the last one is of {}", old.size, new.size)));
    }
    let mut tree = tree::Reader::new(storage, dir);
    let proof = proof::consistency(old.size, new.size, |place| tree.hash(place)).map_err(unmade)?;
    proof::verify_consistency(&old, &new, &proof).map_err(|cause| differs(cause.to_string()))?;
    Ok((old.size, new.size))
}

fn unmade(cause: Unmade<Error>) -> Error {
    match cause {
        Unmade::Unread(error) => error,
        other => Error::invalid(format!("no proof can be made: {other}")),
    }
}
