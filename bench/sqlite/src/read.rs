//! Reading files as `writ ingest` does: inflate, split, open envelopes, admit, derive keys, compress.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::{SystemTime, UNIX_EPOCH};

use flate2::read::MultiGzDecoder;
use writ_model::custody::Custody;
use writ_model::key::{Attestation, KeyKind, KeyName, KeyRole};
use writ_model::record::{Envelope, Origin, Record};
use writ_model::time::Time;
use writ_sources::split::{self, Whole};
use writ_sources::unwrap::{Found, Item, unwrap, unwrap_read};
use writ_store::{Term, TermKey};
use zstd::bulk::Compressor;

/// Records that travel to the writer together: enough that the channel costs nothing.
const LOT_RECORDS: usize = 500;
/// The level that Writ compresses with.
const LEVEL: i32 = 1;
/// The dictionary that Writ compresses with, so that evidence is as short here.
const DICTIONARY: &[u8] = include_bytes!("../../../crates/writ-store/src/dictionary/2.zdict");
/// The keys of terms are made from it. Any will do, since nobody reads this database.
const SECRET: [u8; 32] = [7; 32];

/// A record as it will stand in the database.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) id: [u8; 16],
    /// Microseconds since 1970; the least number where it tells no time.
    pub(crate) time: i64,
    /// What it says like others of its delivery.
    pub(crate) shared: Arc<[u8]>,
    pub(crate) envelope: Vec<u8>,
    pub(crate) evidence: Vec<u8>,
    pub(crate) terms: Vec<i64>,
}

/// Some records on their way to the writer.
#[derive(Debug, Default)]
pub(crate) struct Lot {
    pub(crate) records: Vec<Prepared>,
    pub(crate) n_rejects: usize,
}

/// One reading thread.
pub(crate) struct Reader {
    keys: TermKey,
    compressor: Compressor<'static>,
    shared: Arc<[u8]>,
}

/// As much of a term as an index of Writ keeps, the first 40 bits of 64 (`docs/spec/index-v3.md`).
fn kept(term: Term) -> i64 {
    (term.0 >> 24).cast_signed()
}

impl Reader {
    pub(crate) fn new() -> Result<Reader, String> {
        let compressor =
            Compressor::with_dictionary(LEVEL, DICTIONARY).map_err(|error| format!("zstd does not start: {error}"))?;
        Ok(Reader { keys: TermKey::new(&SECRET), compressor, shared: Arc::from([]) })
    }

    /// Reads files until there is none that nobody has taken, or nobody listens.
    pub(crate) fn run(mut self, files: &[PathBuf], next: &AtomicUsize, to: &SyncSender<Lot>) -> Result<(), String> {
        while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let text = inflated(path)?;
            let mut lot = Lot::default();
            for piece in Whole::new(&text) {
                let bytes = text.get(piece.span.clone()).unwrap_or_default();
                let mut fault = None;
                let mut each = |found: Found<'_>| fault = self.found(path, found, &mut lot).err().or(fault.take());
                match piece.found {
                    split::Found::Read(node) => unwrap_read(&text, node, None, &mut each),
                    split::Found::Unread => unwrap(bytes, piece.span.start as u64, None, &mut each),
                    split::Found::Reject(_) => lot.n_rejects += 1,
                }
                if let Some(fault) = fault {
                    return Err(fault);
                }
                if lot.records.len() >= LOT_RECORDS && to.send(std::mem::take(&mut lot)).is_err() {
                    return Ok(());
                }
            }
            if to.send(lot).is_err() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn found(&mut self, path: &Path, found: Found<'_>, lot: &mut Lot) -> Result<(), String> {
        match found {
            Found::Item(item) => match self.prepare(path, item)? {
                Some(record) => lot.records.push(record),
                None => lot.n_rejects += 1,
            },
            Found::Reject { .. } => lot.n_rejects += 1,
            Found::Note { .. } => {}
        }
        Ok(())
    }

    /// Admits a record; `None` where it is a reject.
    fn prepare(&mut self, path: &Path, item: Item<'_>) -> Result<Option<Prepared>, String> {
        let custody = if item.is_open() { Custody::Open } else { Custody::HandedIn };
        let origin = Origin { by: "bench".into(), from: path.to_string_lossy().into(), byte: item.byte() };
        let Ok(admitted) = item.admit(None, None, &|value: &[u8]| self.keys.mac(value)) else { return Ok(None) };
        let (record, facts) = admitted.into_record(custody, now(), origin);
        let mut terms: Vec<i64> =
            facts.iter().flat_map(|fact| &fact.keys).map(|key| kept(self.keys.term(key))).collect();
        terms.extend(self.native_id(&record));
        terms.sort_unstable();
        terms.dedup();
        let evidence = self.compressor.compress(&record.evidence).map_err(|error| format!("zstd failed: {error}"))?;
        let shared = self.shared(&record.envelope);
        let (id, time) = (record.id.0, microseconds(&record.envelope));
        Ok(Some(Prepared { id, time, shared, envelope: record.envelope.encode_own(), evidence, terms }))
    }

    /// The term under which an event is found that somebody asks about.
    fn native_id(&self, record: &Record) -> Option<i64> {
        let identity = &record.envelope.identity;
        let name = KeyName::new(KeyKind::Request, identity.source.clone(), &identity.native_id)?;
        Some(kept(self.keys.term_of(&name, KeyRole::Names, Attestation::Verified)))
    }

    fn shared(&mut self, envelope: &Envelope) -> Arc<[u8]> {
        let shared = envelope.encode_shared();
        if *self.shared != *shared {
            self.shared = Arc::from(shared);
        }
        Arc::clone(&self.shared)
    }
}

/// The bytes of a file, unpacked.
fn inflated(path: &Path) -> Result<Vec<u8>, String> {
    let told = |error| format!("`{}` cannot be read: {error}", path.display());
    let bytes = fs::read(path).map_err(told)?;
    if path.extension().is_none_or(|ending| ending != "gz") {
        return Ok(bytes);
    }
    let mut text = Vec::new();
    MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut text).map_err(told)?;
    Ok(text)
}

fn microseconds(envelope: &Envelope) -> i64 {
    envelope.event_time.map_or(i64::MIN, |time| {
        let (seconds, nanoseconds) = time.start.parts();
        seconds.saturating_mul(1_000_000).saturating_add(i64::from(nanoseconds / 1_000))
    })
}

fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::new(i64::try_from(since.as_secs()).unwrap_or(0), since.subsec_nanos())
}
