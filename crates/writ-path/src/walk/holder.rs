//! Whose a credential is, where its issuer says so: who presents a token may be a client that acts for
//! its subject, and the power is the subject's.

use super::credential::{Issuance, Link};
use super::gap::Why;
use super::{Power, Start, Walk};
use crate::graph::DraftHop;
use crate::question::Seen;
use crate::rule::{self, Chain, Edge};
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString as _};
use writ_model::fact::{CredentialChange, DelegationMode, Detail, Lifetime, Party};
use writ_model::key::KeyRole;

impl Walk<'_> {
    /// Takes the issuer's word for whose power a credential carries, where the use names a client or
    /// nobody.
    pub(super) fn holder_told(&mut self, link: &Link, act: &Issuance) {
        // A name is not surer than the id that the use shows.
        let Some(holder) = act.minting.holder.clone().filter(|holder| !holder.id_is_name) else { return };
        let strength = self.stated(&rule::STATED, link.presented.class.max(act.class), &act.records);
        let party = Party { principal: holder, class: act.class };
        let strength = match &self.power {
            // The same principal is told again, by a surer or a weaker word.
            Some(power) if comparable(&power.party.principal.id, &party.principal.id) => return,
            Some(power) => power.strength.min(strength),
            None if link.holder.is_none() => strength,
            None => return,
        };
        self.power = Some(Power { party, strength, credential: link.credential.clone() });
    }

    /// A token that its issuer gave to a client that presented none: nothing lies behind it but whoever
    /// let the client have it, and of them the record says who, not with which credential.
    pub(super) fn given_anew(&mut self, link: &Link, act: &Issuance, disagree: bool) -> bool {
        let anew = act.minting.change == CredentialChange::Issued
            && act.minting.lifetime == Lifetime::Temporary
            && act.minting.by_service.is_none()
            && act.fact.presented.is_none();
        if !anew || disagree {
            return false;
        }
        self.scope_of(act);
        self.graph.cite(&act.records);
        let shown = link.credential.as_ref().map_or("it", |name| &name.value);
        let to = act.fact.actor.as_ref().map_or_else(String::new, |actor| format!(" to {}", actor.principal.called()));
        self.limit(format!(
            "{shown} was given{to} by {}; with what the client had shown itself is not recorded.",
            act.fact.action
        ));
        true
    }

    /// Who acts for whom, as the issuer of the token states it: the current actor and the subject.
    pub(super) fn acts_for(&mut self, act: &Issuance, start: &Start) {
        let own = start.fact.presented.as_ref().and_then(|presented| presented.credential.as_ref());
        // Only of the token the event was done with: what earlier ones said is history.
        if own.is_none() || !act.fact.keys.iter().any(|key| Some(&key.name) == own && key.role == KeyRole::Mints) {
            return;
        }
        for record in &act.records {
            for fact in &record.facts {
                let Detail::Delegation(delegation) = &fact.detail else { continue };
                let (Some(actor), Some(subject)) = (&fact.actor, &fact.on_behalf_of) else { continue };
                self.delegations.push(Delegated {
                    actor: actor.clone(),
                    subject: subject.clone(),
                    impersonated: delegation.mode == DelegationMode::Impersonated,
                    truncated: delegation.truncated,
                    record: Rc::clone(record),
                });
            }
        }
    }

    /// Puts what issuers state of actors beside the command chain.
    pub(super) fn delegation_hops(&mut self) {
        for said in core::mem::take(&mut self.delegations) {
            let records = alloc::vec![Rc::clone(&said.record)];
            if said.truncated {
                let node = self.graph.principal(&said.actor.principal, &records);
                let text =
                    "the issuer's record says that earlier actors were cut off: for whom this one acted is not told";
                self.find("delegation_chain_truncated", "medium", text.to_string(), &records);
                let why = Why {
                    fix: Some("have every proxy and token service keep the whole act chain".to_string()),
                    ..Why::new("truncated", "The chain of actors in the token was cut short.".to_string())
                };
                self.push_gap(Chain::Command, node, "the delegating actor (act)", why);
                continue;
            }
            let edge = if said.impersonated { Edge::Impersonated } else { Edge::Delegated };
            if said.impersonated {
                let text = "the token names only the one acted for: whoever acts cannot be told from them downstream";
                self.find_absence_of("impersonation_hides_actor", "medium", text.to_string(), &records);
            }
            let from = self.graph.principal(&said.subject.principal, &records);
            let to = self.graph.principal(&said.actor.principal, &records);
            let strength = self.stated(&rule::ACTS_FOR, said.actor.class, &records);
            self.graph.command.push(DraftHop {
                because: alloc::vec!["the token's issuer names who acts for whom".to_string()],
                ..DraftHop::new((from, to), edge, strength, &rule::ACTS_FOR, records)
            });
        }
    }
}

/// Who acts for whom, as a token's issuer states it.
pub(super) struct Delegated {
    actor: Party,
    subject: Party,
    impersonated: bool,
    truncated: bool,
    record: Rc<Seen>,
}

/// What is made from a token for the same principal is still that principal's: a client that presents it
/// acts for them, and the record of the exchange names them.
pub(super) fn keep_subject(next: &mut Link, act: &Issuance) {
    let same = matches!(act.minting.change, CredentialChange::Exchanged | CredentialChange::Refreshed);
    let subject = act.minting.holder.clone().filter(|holder| same && !holder.id_is_name);
    if let Some(principal) = subject {
        next.holder = Some(Party { principal, class: act.class });
    }
}

/// Whether two ids come from one namespace, so that two that differ are two principals.
pub(super) fn comparable(a: &str, b: &str) -> bool {
    let space = |id: &str| -> String {
        match id.rsplit_once('|') {
            Some((issuer, _)) => issuer.to_string(),
            None => id.split(':').next().unwrap_or(id).to_string(),
        }
    };
    space(a) == space(b)
}
