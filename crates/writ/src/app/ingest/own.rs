//! What Writ itself writes down about an ingest: files that were handed in, and what their bringer
//! declared of them.

use super::Options;
use super::account::{Account, Tally};
use crate::app;
use crate::error::{Error, Kind};
use crate::input::Handed;
use std::collections::BTreeSet;
use std::path::Path;
use writ_model::canon::{Digest, hex};
use writ_model::custody::Custody;
use writ_model::fact::Declaration;
use writ_model::record::Origin;
use writ_model::time::Time;
use writ_path::coverage::window_digest;
use writ_sources::health::{self, Ingested};
use writ_sources::raw;
use writ_store::{Draft, Sealed, Snapshot, Writer};

/// A record for each file that was handed in.
pub(super) fn handed_in(writer: &Writer, options: &Options, handed: &[Handed], account: &Account) -> Result<(), Error> {
    for (n, file) in handed.iter().enumerate() {
        let tally = account.per_file.get(&n).copied().unwrap_or_default();
        let Tally { inputs, records, duplicates, rejects, .. } = tally;
        let now = (options.now)();
        let entry = Ingested {
            path: file.name.clone(),
            sha256: hex(&file.sha256),
            bytes: file.bytes,
            by: options.by.clone(),
            inputs,
            records,
            duplicates,
            rejects,
        };
        let id = new_id(&[&file.name, &entry.sha256, &now.to_string(), &n.to_string()]);
        write(writer, options, now, &health::ingested(&id, &writer.term_key().store_id(), now, &entry))?;
    }
    Ok(())
}

/// A declaration for each recorder whose records were handed in, bound to what is in the store now.
/// Gives the sources of which records are there, or may be, that could not be read.
pub(super) fn declare(
    writer: &Writer,
    data: &Path,
    options: &Options,
    (from, to): (Time, Time),
    account: &Account,
) -> Result<BTreeSet<String>, Error> {
    let snapshot = Snapshot::open(data, writ_sources::derivation(), app::derive)?;
    for (source, recorder) in &account.recorders {
        let window = snapshot.window(source, recorder, (from, to), Time::MAX)?;
        let ids = window.map(|found| found.map(|(id, _)| id)).collect::<Result<Vec<_>, _>>()?;
        let (count, digest) = window_digest(ids);
        let declaration = Declaration {
            source: (*source).to_string(),
            recorder: recorder.clone(),
            from,
            to,
            count,
            digest,
            declared_by: options.by.clone(),
        };
        let now = (options.now)();
        let id = new_id(&[source, recorder, &declaration.digest, &now.to_string()]);
        write(writer, options, now, &health::coverage_declared(&id, &writer.term_key().store_id(), now, &declaration))?;
    }
    let kept: BTreeSet<String> = snapshot.recorders(Time::MAX)?.into_iter().map(|span| span.recorder).collect();
    let declared = account.recorders.iter().map(|(source, _)| *source);
    let any = kept.contains(&raw::unread(raw::ANY));
    Ok(declared.filter(|source| any || kept.contains(&raw::unread(source))).map(str::to_string).collect())
}

fn new_id(parts: &[&str]) -> String {
    let id = Digest::of("writ own record 0", parts.join("\n").as_bytes()).hex();
    id.get(..32).unwrap_or(&id).to_string()
}

fn write(writer: &Writer, options: &Options, now: Time, evidence: &[u8]) -> Result<(), Error> {
    let keys = writer.term_key();
    let internal = |cause: String| Error::new(Kind::Internal, format!("an own record is not readable: {cause}"));
    let admitted = writ_sources::admit(evidence, Some(&health::Health), None, &|value: &[u8]| keys.mac(value))
        .map_err(internal)?;
    let origin = Origin { by: options.by.as_str().into(), from: "writ".into(), byte: 0 };
    let (record, facts) = admitted.into_record(Custody::Sealed, now, origin);
    let terms = app::terms(keys, &facts);
    let mut sealed = Sealed::default();
    Draft { record, terms, alike: 0 }.seal(&mut writer.packer()?, &mut sealed)?;
    writer.commit(&mut sealed)?;
    Ok(())
}
