//! Finding records: by any id, key, name or fingerprint a record shows, and by what it says.
//!
//! The key index answers for the namespaces that are known; a bare value may stand in any other, in a
//! name or in a resource, so records are also read, newest first, up to a bound that is told.

pub(crate) mod matching;
pub(crate) mod query;
mod token;

use crate::app;
use crate::app::ask::Asker;
use crate::error::Error;
use matching::{Hit, describe};
use query::{Query, Value};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use writ_model::key::{ANY, Attestation, CARRIER, KeyKind, KeyName, KeyRole, RECORDER};
use writ_store::{Position, Posting, Query as Bounds, Term};

/// Records read whole for one query: about a second's work.
pub(crate) const SCAN_MAX: usize = 20_000;
/// Records looked up per key; the newest are what is printed.
const PER_KEY_MAX: usize = 1_024;
/// Records looked at per native id or beginning of a record id.
const PER_ID_MAX: usize = 256;

/// Every sort of key.
pub(crate) const KEY_KINDS: [KeyKind; 18] = [
    KeyKind::Trace,
    KeyKind::Span,
    KeyKind::Session,
    KeyKind::Conversation,
    KeyKind::Task,
    KeyKind::Turn,
    KeyKind::ToolCall,
    KeyKind::Request,
    KeyKind::Decision,
    KeyKind::Approval,
    KeyKind::Transaction,
    KeyKind::Credential,
    KeyKind::Principal,
    KeyKind::Idempotency,
    KeyKind::Resource,
    KeyKind::Arguments,
    KeyKind::Process,
    KeyKind::Host,
];
const ROLES: [KeyRole; 6] =
    [KeyRole::Mints, KeyRole::Presents, KeyRole::Revokes, KeyRole::Names, KeyRole::Carries, KeyRole::Parent];
const CLASSES: [Attestation; 4] =
    [Attestation::Verified, Attestation::Observed, Attestation::Claimed, Attestation::SelfStated];

/// Namespaces that adapters share beside those that sources and recorders are called by.
const NAMESPACES: &[&str] = &[
    ANY,
    "aws",
    "aws.identitystore",
    "aws.instance",
    "aws.passed",
    "aws.shared_event",
    "aws.sso_role",
    CARRIER,
    "claude.code",
    "dns",
    "oauth",
    "otel",
    RECORDER,
    "route",
    "spiffe",
    "txn",
];

/// What was found.
#[derive(Debug)]
pub(crate) struct Found {
    /// Newest first, at most as many as were wanted.
    pub(crate) hits: Vec<Hit>,
    /// Whether there are more.
    pub(crate) more: bool,
    /// Records read whole.
    pub(crate) n_read: usize,
    /// Records there are.
    pub(crate) n_records: usize,
    /// Whether every record that could match was looked at, or enough were found.
    pub(crate) complete: bool,
    /// Records that could not be read.
    pub(crate) n_unreadable: usize,
}

/// Finds the newest `limit` records that match.
pub(crate) fn find(asker: &Asker, query: &Query, limit: usize) -> Result<Found, Error> {
    let mut search = Search { asker, query, found: BTreeMap::new(), n_unreadable: 0 };
    for posting in search.indexed()? {
        search.look(posting);
    }
    // One more than is wanted tells whether there are more.
    let scanned = asker.snapshot.all(&bounds(asker, query, SCAN_MAX.saturating_add(1)))?;
    let (mut n_read, mut n_matching, mut enough) = (0, 0, false);
    for posting in scanned.iter().take(SCAN_MAX) {
        n_read += 1;
        n_matching += usize::from(search.look(*posting));
        enough = n_matching > limit;
        if enough {
            break;
        }
    }
    let mut found: Vec<(Posting, Hit)> = search.found.into_values().collect();
    found.sort_by_key(|(posting, _)| Reverse((posting.time, posting.id)));
    let more = found.len() > limit;
    Ok(Found {
        hits: found.into_iter().take(limit).map(|(_, hit)| hit).collect(),
        more,
        n_read,
        n_records: asker.snapshot.len(),
        complete: enough || scanned.len() <= SCAN_MAX,
        n_unreadable: search.n_unreadable,
    })
}

fn bounds(asker: &Asker, query: &Query, limit: usize) -> Bounds {
    let bounds = Bounds::new(asker.as_of, limit).newest_first();
    query.window().map_or(bounds, |(from, to)| bounds.within(from, to))
}

struct Search<'a> {
    asker: &'a Asker,
    query: &'a Query,
    found: BTreeMap<Position, (Posting, Hit)>,
    n_unreadable: usize,
}

impl Search<'_> {
    /// Reads a record and keeps it if it matches everything.
    fn look(&mut self, posting: Posting) -> bool {
        if self.found.contains_key(&posting.position) {
            return true;
        }
        let Ok(record) = self.asker.snapshot.record(posting.position) else {
            self.n_unreadable += 1;
            return false;
        };
        let facts = app::facts(&record);
        let hit = describe(&record, &facts, self.query);
        let matches = hit.is_some();
        self.found.extend(hit.map(|hit| (posting.position, (posting, hit))));
        matches
    }

    /// What the index knows of the query's first value; every record is checked for all of it.
    fn indexed(&self) -> Result<Vec<Posting>, Error> {
        let Some(value) = self.query.values.first() else { return Ok(Vec::new()) };
        let snapshot = &self.asker.snapshot;
        let keyed = bounds(self.asker, self.query, PER_KEY_MAX);
        let mut postings = Vec::new();
        for term in self.terms(value)? {
            postings.extend(snapshot.lookup(term, &keyed)?);
        }
        if let Some(text) = &value.text {
            let native = text.split_once(':').map(|(_, native)| native);
            for native in [Some(text.as_str()), native].into_iter().flatten() {
                postings.extend(snapshot.by_native_id(native, PER_ID_MAX)?);
            }
            if matching::is_id_prefix(text) {
                postings.extend(snapshot.by_id_prefix(&text.to_lowercase(), PER_ID_MAX)?);
            }
        }
        let (from, to) = self.query.window().unzip();
        postings.retain(|posting| {
            posting.received <= self.asker.as_of
                && from.is_none_or(|from| posting.time.is_some_and(|time| time >= from))
                && to.is_none_or(|to| posting.time.is_some_and(|time| time <= to))
        });
        Ok(postings)
    }

    fn terms(&self, value: &Value) -> Result<Vec<Term>, Error> {
        let mut names = value.names.clone();
        if let Some(text) = &value.text {
            let mut namespaces: Vec<String> = NAMESPACES.iter().map(ToString::to_string).collect();
            for source in writ_sources::SOURCES {
                namespaces.extend([source.info().name.to_string(), source.info().namespace.to_string()]);
            }
            let recorders = self.asker.snapshot.recorders(self.asker.as_of)?;
            namespaces.extend(recorders.into_iter().map(|span| span.recorder));
            namespaces.sort_unstable();
            namespaces.dedup();
            let kinds = KEY_KINDS.iter().filter(|kind| value.kind.is_none_or(|wanted| wanted == **kind));
            for kind in kinds {
                let new = |namespace: &str, text: &str| KeyName::new(*kind, namespace.to_string(), text);
                names.extend(namespaces.iter().filter_map(|namespace| new(namespace, text)));
                names.extend(namespaces.iter().filter_map(|namespace| new(namespace, &text.to_lowercase())));
                // Principals and credentials are printed as `namespace:value`.
                names.extend(text.split_once(':').and_then(|(namespace, rest)| new(namespace, rest)));
            }
        }
        names.sort_unstable();
        names.dedup();
        let keys = self.asker.snapshot.term_key();
        let roles = || ROLES.iter().flat_map(|role| CLASSES.iter().map(|class| (*role, *class)));
        let terms = names.iter().flat_map(|name| roles().map(|(role, class)| keys.term_of(name, role, class)));
        Ok(terms.collect())
    }
}
