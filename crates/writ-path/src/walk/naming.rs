//! What directories say of the principals and credentials found, and how far each source has told.
//!
//! A directory never changes a hop: it says what sort a principal is and to whom it belongs. Losing
//! its entries therefore takes a name away and nothing else.

use super::{Start, Walk};
use crate::answer::{PrincipalEntry, SourceState};
use crate::question::{Seen, Stopped};
use crate::rule::{self, Chain};
use crate::strength::{Agreement, Strength, Witness, strength};
use crate::walk::credential::Link;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;
use writ_model::custody::Custody;
use writ_model::fact::{CredentialChange, Detail, IdentityFact, Outcome, Relation};
use writ_model::key::{Attestation, KeyName, KeyRole};
use writ_model::principal::PrincipalKind;
use writ_model::time::{EventTime, Time};

/// A directory's entry that covers the instant, with the record it stands in.
pub(super) type Entry = (Rc<Seen>, IdentityFact);

impl Walk<'_> {
    /// Kinds and owners of the principals found, at the instant of the event.
    pub(super) fn name_principals(&mut self) -> Result<(), Stopped> {
        let Some(instant) = self.question.event.event_time.map(|time| time.start) else { return Ok(()) };
        let mut ids: BTreeSet<String> = BTreeSet::new();
        ids.extend(self.performed_by.iter().map(|(party, _)| party.principal.id.clone()));
        ids.extend(self.power.iter().map(|power| power.party.principal.id.clone()));
        ids.extend(self.grantor.iter().map(|(party, _)| party.principal.id.clone()));
        ids.extend(self.asked_by.iter().map(|asked| asked.party.principal.id.clone()));
        for id in ids {
            let Some(name) = KeyName::of_principal(&id) else { continue };
            let entries = self.entries(&name, instant)?;
            let kinds: BTreeSet<PrincipalKind> =
                entries.iter().filter(|(_, fact)| fact.relation == Relation::Same).map(|(_, fact)| fact.kind).collect();
            if let (1, Some(kind)) = (kinds.len(), kinds.first()) {
                self.kinds.insert(id.clone(), *kind);
            }
            let people: BTreeSet<&String> = entries
                .iter()
                .filter(|(_, fact)| fact.relation == Relation::Same)
                .map(|(_, fact)| &fact.object)
                .collect();
            if let (1, Some(person)) = (people.len(), people.first()) {
                self.people.insert(id.clone(), (*person).clone());
            }
            if self.power.as_ref().is_some_and(|power| power.party.principal.id == id) {
                self.owner = self.owner_of(&entries, &id, instant);
            }
        }
        let credential = self.power.as_ref().and_then(|power| power.credential.clone());
        if let Some(name) = credential {
            let entries = self.entries(&name, instant)?;
            if self.owner.is_none() {
                self.owner = self.owner_of(&entries, &name.value, instant);
            }
        }
        self.own_word();
        Ok(())
    }

    /// The one person or system all entries agree on; none where they do not.
    fn owner_of(&mut self, entries: &[Entry], about: &str, instant: Time) -> Option<PrincipalEntry> {
        let owners: Vec<&Entry> =
            entries.iter().filter(|(_, fact)| matches!(fact.relation, Relation::Same | Relation::OwnedBy)).collect();
        let objects: BTreeSet<&str> = owners.iter().map(|(_, fact)| fact.object.as_str()).collect();
        if objects.len() > 1 {
            self.limit(format!("The directory gives {about} to more than one owner at that instant: none is named."));
            return None;
        }
        let known = |(record, fact): &Entry| {
            let known = self.directory_strength(record, fact, instant);
            (known, record.id, Rc::clone(record), fact.clone())
        };
        let (best, _, record, fact) = owners.into_iter().map(known).max_by_key(|(known, id, _, _)| (*known, *id))?;
        self.graph.cite(&[record]);
        Some(PrincipalEntry {
            principal: fact.object.clone(),
            kind: fact.kind.word(),
            name: fact.name.clone(),
            strength: best,
            grade: None,
            mode: None,
        })
    }

    fn directory_strength(&self, record: &Rc<Seen>, fact: &IdentityFact, instant: Time) -> Strength {
        let closed = fact.from.is_some() && fact.confirmed_to.is_some_and(|to| instant <= to);
        strength(&Witness {
            rule: &rule::DIRECTORY,
            agreement: Agreement::Stated(Attestation::Verified),
            ends: &self.ends(core::slice::from_ref(record)),
            open_premise: !closed,
            contradicted: false,
        })
    }

    /// Directory entries about a name whose interval covers the instant.
    pub(super) fn entries(&mut self, name: &KeyName, instant: Time) -> Result<Vec<Entry>, Stopped> {
        let mut entries = Vec::new();
        let found = self.keyed(name, KeyRole::Mints, Time::MAX, Chain::Credential)?;
        if found.more {
            self.limit(format!(
                "Directories say more of {} than can be looked at: nobody is named by them.",
                name.value
            ));
            return Ok(entries);
        }
        for record in found.records {
            for fact in &record.facts {
                let Detail::Identity(said) = &fact.detail else { continue };
                let covers = said.from.is_none_or(|from| from <= instant) && said.to.is_none_or(|to| instant < to);
                if said.subject == *name && covers {
                    entries.push((Rc::clone(&record), said.clone()));
                }
            }
        }
        Ok(entries)
    }

    /// Uses of a credential after it, or one it was made from, was ended.
    pub(super) fn revocations(&mut self, link: &Link, start: &Start) -> Result<(), Stopped> {
        let (Some(name), Some(used), Some(first)) = (&link.credential, link.time, link.used_in.first().cloned()) else {
            return Ok(());
        };
        let event = start.records.first().and_then(|record| record.event_time).unwrap_or(used);
        let name = name.clone();
        for record in self.keyed(&name, KeyRole::Revokes, event.start, Chain::Credential)?.records {
            let ended = record.facts.iter().any(|fact| {
                matches!(&fact.detail, Detail::Credential(minting) if minting.change == CredentialChange::Revoked)
                    && fact.outcome == Outcome::Success
                    && fact.keys.iter().any(|key| key.name == name && key.role == KeyRole::Revokes)
            });
            let Some(at) = record.event_time.filter(|_| ended && start.fact.outcome == Outcome::Success) else {
                continue;
            };
            let skew = self.skew(&first).max(self.skew(&record));
            let after =
                |time: EventTime| time.start.millis_since(at.start) > i64::from(at.precision_ms) + i64::from(skew);
            let text = if after(used) {
                format!("{} was ended at {} and used after that", name.value, at.start)
            } else if after(event) {
                format!(
                    "{} was ended at {}; the credential this was done with had been made from it before, at {}, and ending \
                     the one does not end the other by itself",
                    name.value, at.start, used.start
                )
            } else {
                continue;
            };
            let mut records = vec![record];
            records.extend(link.used_in.iter().cloned());
            records.extend(start.records.iter().cloned());
            self.find("used_after_revocation", "high", text, &records);
        }
        Ok(())
    }

    /// Whether every source this answer rests on has told all it will.
    pub(super) fn source_states(&mut self) -> Result<(), Stopped> {
        let spans = self.evidence.spans()?.to_vec();
        let mut cited: BTreeMap<(String, String), Custody> = BTreeMap::new();
        let own =
            |record: &Seen| self.question.source(&record.identity.source).is_some_and(|info| info.namespace == "writ");
        for record in self.graph.cited().chain([&self.question.event]).filter(|record| !own(record)) {
            let key = (record.identity.source.clone(), record.identity.recorder.clone());
            let weakest = cited.entry(key).or_insert(record.custody);
            *weakest = (*weakest).max(record.custody);
        }
        let instant = self.question.event.event_time.map(|time| time.start);
        for ((source, recorder), custody) in cited {
            let info = self.question.source(&source);
            let through = spans
                .iter()
                .find(|span| span.source == source && span.recorder == recorder)
                .and_then(|span| span.last)
                .map(|time| time.to_string());
            let until = instant
                .zip(info)
                .map(|(instant, info)| instant.plus_millis(i64::try_from(info.delay_worst_ms).unwrap_or(i64::MAX)));
            let (state, note) = match until {
                None => ("unknown", None),
                Some(until) if self.question.as_of < until => {
                    ("late", Some(format!("records may still arrive until {until}")))
                }
                Some(_) => ("settled", None),
            };
            self.sources.push(SourceState { source, recorder, state, through, custody: custody.word(), note });
        }
        Ok(())
    }
}
