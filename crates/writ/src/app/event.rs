//! Finding the event a user means: `SOURCE:NATIVE_ID[@RECORDER]`, `#RECORD_ID`, or a bare native id.

use crate::app::ask::Asker;
use crate::error::{Error, Kind};
use std::collections::BTreeMap;
use writ_model::record::Identity;
use writ_store::{Position, Posting};

/// Candidates looked at for one reference; a message lists fewer.
const CANDIDATES_MAX: usize = 256;
/// Candidates a message lists.
const LISTED_MAX: usize = 8;
/// Hex digits of a record id that are enough to look it up by.
const PREFIX_MIN: usize = 4;

/// The one record a reference names, as of the asker's instant.
pub(crate) fn find(asker: &Asker, reference: &str) -> Result<Position, Error> {
    let found = match reference.strip_prefix('#') {
        Some(prefix) => by_id(asker, reference, prefix)?,
        None => by_name(asker, reference)?,
    };
    let visible: Vec<Posting> = found.iter().filter(|posting| posting.received <= asker.as_of).copied().collect();
    let visible = best_kept(asker, visible);
    match visible.as_slice() {
        [one] => Ok(one.position),
        [] => Err(not_found(asker, reference, &found)),
        several => Err(ambiguous(asker, reference, several)),
    }
}

fn by_id(asker: &Asker, reference: &str, prefix: &str) -> Result<Vec<Posting>, Error> {
    if prefix.len() < PREFIX_MIN || !prefix.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let message = format!("`{reference}` is no record id: give at least {PREFIX_MIN} hex digits after `#`");
        return Err(Error::new(Kind::Usage, message));
    }
    Ok(asker.snapshot.by_id_prefix(&prefix.to_lowercase(), CANDIDATES_MAX)?)
}

/// Of contents of one identity those that came in the best custody: what came in a worse one takes nothing
/// from them (rfd 0005).
fn best_kept(asker: &Asker, mut found: Vec<Posting>) -> Vec<Posting> {
    let identity = |posting: &Posting| asker.snapshot.record(posting.position).ok().map(|it| it.envelope.identity);
    let mut identities = found.iter().map(identity);
    let first = identities.next().flatten();
    if first.is_some() && identities.all(|other| other == first) {
        let best = found.iter().map(Posting::custody).min();
        found.retain(|posting| Some(posting.custody()) == best);
    }
    found
}

/// As `SOURCE:ID` and `SOURCE:ID@RECORDER` where anything is called so, else by native id as it stands.
/// Native ids may hold `:` and `@` themselves, and whoever chooses one could spell another record's
/// reference: it must not be taken for that record.
fn by_name(asker: &Asker, reference: &str) -> Result<Vec<Posting>, Error> {
    let mut found = Vec::new();
    if let Some((source, rest)) = reference.split_once(':') {
        found.extend(named(asker, rest, |identity| identity.source == source)?);
        // Where the recorder begins is not told: each way of reading it that names a record counts.
        for (at, _) in rest.match_indices('@') {
            let (native_id, recorder) = (rest.get(..at).unwrap_or(""), rest.get(at + 1..).unwrap_or(""));
            found.extend(named(asker, native_id, |it| it.source == source && it.recorder == recorder)?);
        }
    }
    if found.is_empty() { named(asker, reference, |_| true) } else { Ok(found) }
}

fn named(asker: &Asker, native_id: &str, fits: impl Fn(&Identity) -> bool) -> Result<Vec<Posting>, Error> {
    let mut found = Vec::new();
    for posting in asker.snapshot.by_native_id(native_id, CANDIDATES_MAX)? {
        if fits(&asker.snapshot.record(posting.position)?.envelope.identity) {
            found.push(posting);
        }
    }
    Ok(found)
}

fn not_found(asker: &Asker, reference: &str, later: &[Posting]) -> Error {
    if let Some(first) = later.iter().map(|posting| posting.received).min() {
        let message = format!("`{reference}` had not been received by {}; it was at {first}", asker.as_of);
        return Error::new(Kind::NotFound, message).hint("ask with a later --as-of, or without one");
    }
    if let Some(lost) = asker.damaged() {
        // Not being found is no absence where records are gone.
        let message = format!(
            "no record that can be read has the id `{reference}`, and the stored log is damaged: at least {lost} of its records cannot be read"
        );
        return Error::new(Kind::Corrupt, message)
            .hint("restore the folder from a backup, or ingest the logs again into a new one");
    }
    let message = format!("no record here has the id `{reference}`");
    // An index that cannot be read must not hide that nothing was found.
    let recorders = asker.snapshot.recorders(asker.as_of).unwrap_or_default();
    let held: Vec<String> = recorders
        .into_iter()
        .filter(|span| span.source != "health")
        .take(LISTED_MAX)
        .map(|span| {
            let time =
                |time: Option<writ_model::time::Time>| time.map_or_else(|| "?".to_string(), |time| time.to_string());
            format!("{} of {} from {} to {}", span.source, span.recorder, time(span.first_event), time(span.last_event))
        })
        .collect();
    Error::new(Kind::NotFound, message).hint(if held.is_empty() {
        "nothing has been ingested here yet: `writ ingest PATH`".to_string()
    } else {
        format!("what is here: {}", held.join("; "))
    })
}

fn ambiguous(asker: &Asker, reference: &str, several: &[Posting]) -> Error {
    let mut identities: BTreeMap<Identity, Vec<String>> = BTreeMap::new();
    for posting in several {
        // A record that cannot be read is still listed, by its id.
        let identity = asker.snapshot.record(posting.position).map(|record| record.envelope.identity);
        let unread = Identity { source: "?".into(), recorder: "?".into(), native_id: reference.into() };
        identities.entry(identity.unwrap_or(unread)).or_default().push(posting.id.to_string());
    }
    let conflict = identities.len() == 1;
    let message = if conflict {
        format!("`{reference}` names {} records that say different things (a conflict)", several.len())
    } else {
        format!("`{reference}` names {} records of {} identities", several.len(), identities.len())
    };
    let listed: Vec<String> = identities
        .iter()
        .flat_map(|(identity, ids)| {
            ids.iter().map(move |id| format!("{id} ({} of {})", identity.source, identity.recorder))
        })
        .take(LISTED_MAX)
        .collect();
    Error::new(Kind::Ambiguous, message).hint(format!("ask for one of them: {}", listed.join(", ")))
}
