//! Checkpoints: the head of the tree, signed by the store, so that whoever kept one can tell whether the log was
//! rewritten since.
//!
//! A checkpoint is written after the manifest that notes its head: when a segment is finished, and when a writer
//! closes. It is a C2SP checkpoint (c2sp.org/tlog-checkpoint); its origin and the name of its key are
//! `writ.store/` and the store id.

use crate::error::{Error, Kind};
use crate::storage::{self, Storage};
use crate::term::TermKey;
use std::io;
use std::path::{Path, PathBuf};
use writ_tlog::checkpoint::{Checkpoint, Log};
use writ_tlog::key::{Name, Signer, Verifier};
use writ_tlog::note::NOTE_BYTES_MAX;
use writ_tlog::tree::Head;

/// Where it lies.
pub(crate) fn path(dir: &Path) -> PathBuf {
    dir.join("checkpoint")
}

fn signer(keys: &TermKey) -> Result<Signer, Error> {
    let name = Name::parse(&origin(keys));
    let name =
        name.map_err(|e| Error::new(Kind::Internal, format!("the store has no usable name: {e}; report this")))?;
    Ok(Signer::ed25519(name, &keys.signing()))
}

fn origin(keys: &TermKey) -> String {
    format!("writ.store/{}", keys.store_id())
}

/// The public key that verifies what this store signs.
pub(crate) fn verifier(keys: &TermKey) -> Result<Verifier, Error> {
    signer(keys).map(|signer| signer.verifier())
}

/// Signs a head and puts it in the place of the last one. A tree without leaves says nothing.
pub(crate) fn write(storage: &dyn Storage, dir: &Path, keys: &TermKey, head: Head) -> Result<(), Error> {
    if head.size == 0 {
        return Ok(());
    }
    let internal =
        |e: String| Error::new(Kind::Internal, format!("a checkpoint cannot be made: {e}; please report this"));
    let checkpoint = Checkpoint::new(&origin(keys), head).map_err(|e| internal(e.to_string()))?;
    let note = checkpoint.sign(&signer(keys)?).map_err(|e| internal(e.to_string()))?;
    let path = path(dir);
    storage::replace(storage, &path, note.to_string().as_bytes()).map_err(|e| Error::io("write", &path, e))
}

/// The last one; `None` if none was signed yet. Fails with [`Kind::Corrupt`] if what stands there is none that this
/// store signed.
pub(crate) fn read(storage: &dyn Storage, dir: &Path, keys: &TermKey) -> Result<Option<(Head, Vec<u8>)>, Error> {
    let path = path(dir);
    let bytes = match storage::read(storage, &path, NOTE_BYTES_MAX as u64) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|e| Error::io("read", &path, e))?,
    };
    let head = open(keys, &bytes).map_err(|cause| {
        let place = path.display();
        Error::corrupt(format!("`{place}` is no checkpoint of this store ({cause}): restore it from a backup"))
    })?;
    Ok(Some((head, bytes)))
}

/// The head that a checkpoint of this store says, or why it is none.
pub(crate) fn open(keys: &TermKey, bytes: &[u8]) -> Result<Head, String> {
    let log = log(keys).map_err(|e| e.to_string())?;
    let opened = Checkpoint::open(bytes, &log, &[]).map_err(|e| e.to_string())?;
    Ok(*opened.checkpoint.head())
}

/// The log of this store, for whoever verifies its proofs.
pub(crate) fn log(keys: &TermKey) -> Result<Log, Error> {
    Ok(Log { origin: origin(keys), keys: vec![verifier(keys)?] })
}
