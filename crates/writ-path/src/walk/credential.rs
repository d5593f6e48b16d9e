//! The credential chain: whose power. From the credential an act was made with back through what it
//! was made from, to the credential of its holder; who made that one is the grantor and ends the walk.

use super::gap::elsewhere;
use super::{Power, Start, Walk, most_telling};
use crate::answer::Alternative;
use crate::graph::DraftHop;
use crate::question::{Seen, Stopped};
use crate::rule::{self, Chain, Edge, Rule};
use crate::strength::{Agreement, Strength, Witness, strength};
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use writ_model::fact::{CredentialChange, Detail, Fact, Lifetime, Minting, Outcome, Party, Presented};
use writ_model::key::{Attestation, KeyName, KeyRole};
use writ_model::record::RecordId;
use writ_model::time::EventTime;

/// A credential on the way back, and the use that showed it.
pub(super) struct Link {
    /// Its fingerprint; `None` where the use does not show one.
    pub(super) credential: Option<KeyName>,
    /// Its node.
    pub(super) node: String,
    /// What the recorder of the use says of it.
    pub(super) presented: Presented,
    /// Who used it.
    pub(super) holder: Option<Party>,
    /// The records of that use.
    pub(super) used_in: Vec<Rc<Seen>>,
    /// When.
    pub(super) time: Option<EventTime>,
}

/// One act that may have issued a credential: its records, most telling first.
pub(super) struct Issuance {
    pub(super) records: Vec<Rc<Seen>>,
    pub(super) minting: Minting,
    pub(super) class: Attestation,
    pub(super) fact: Fact,
}

impl Walk<'_> {
    pub(super) fn credential_chain(&mut self, start: &Start) -> Result<(), Stopped> {
        let fact = &start.fact;
        let Some(presented) = &fact.presented else { return Ok(()) };
        if presented.credential.is_none() && fact.actor.is_none() {
            self.caller_gap(&start.node);
            return Ok(());
        }
        let link = self.link(presented, fact.actor.as_ref(), &start.records);
        let known = self.stated(&rule::PRESENTED, presented.class, &start.records);
        self.graph.credential.push(DraftHop {
            keys: link.credential.iter().cloned().collect(),
            because: vec![because_presented(presented.class)],
            ..DraftHop::new(
                (link.node.clone(), start.node.clone()),
                Edge::ExecutedWith,
                known,
                &rule::PRESENTED,
                start.records.clone(),
            )
        });
        if matches!(presented.class, Attestation::Verified | Attestation::Observed) {
            self.power =
                link.holder.clone().map(|party| Power { party, strength: known, credential: link.credential.clone() });
        } else {
            self.limit("The caller was not authenticated: the credential and the name shown are claims, and no power was used.".to_string());
        }
        self.own_power.clone_from(&self.power);
        self.revocations(&link, start)?;
        self.issuances(link, start)
    }

    /// From credential to credential until one is lasting, its issuance is not known, or the budget ends.
    fn issuances(&mut self, first: Link, start: &Start) -> Result<(), Stopped> {
        let mut visited: BTreeSet<String> = BTreeSet::new();
        let mut link = first;
        for _ in 0..self.question.budget.depth {
            if !visited.insert(link.node.clone()) {
                self.cycle_gap(&link);
                return Ok(());
            }
            match self.issuance(&link, start)? {
                Some(next) => link = next,
                None => return Ok(()),
            }
        }
        self.depth_gap(Chain::Credential, link.node.clone());
        Ok(())
    }

    /// Who issued one credential; the credential that was turned into it, if the walk goes on.
    fn issuance(&mut self, link: &Link, start: &Start) -> Result<Option<Link>, Stopped> {
        let found = match &link.credential {
            Some(name) => self.issuing_acts(name, link)?,
            None => (Vec::new(), false),
        };
        let (found, flooded) = found;
        let Some((accepted, rivals)) = found.split_first() else {
            if self.attached(link)? || self.named_session(link)? {
                return Ok(None);
            }
            let shown = link.credential.as_ref().map_or("this", |name| &name.value);
            match link.presented.lifetime {
                Lifetime::Temporary => self.issuance_gap(link)?,
                Lifetime::Lasting => self.limit(format!(
                    "No record here shows who made {shown}, a lasting credential: it may be older than these logs."
                )),
                Lifetime::Unknown => self
                    .limit(format!("The record does not tell what sort of credential {shown} was, nor who issued it.")),
            }
            return Ok(None);
        };
        // More acts than can be looked at say they issued it: then nothing says that it was issued once.
        // What nobody checked does not contradict what somebody did; it is listed beside it.
        let mut checked = rivals.iter().filter(|rival| rival.class <= accepted.class);
        let disagree = flooded || checked.any(|rival| cause_of(rival) != cause_of(accepted));
        if disagree {
            self.contradicted = true;
            let records: Vec<Rc<Seen>> = found.iter().flat_map(|act| act.records.iter().cloned()).collect();
            let text =
                "several records say they issued this credential, and they do not agree who asked for it".to_string();
            self.find("contradicting_issuance", "high", text, &records);
        }
        if accepted.minting.by_service.is_some() {
            self.service_session(link, accepted, rivals, disagree)?;
            return Ok(None);
        }
        if !disagree {
            self.holder_told(link, accepted);
            self.acts_for(accepted, start);
        }
        if self.given_anew(link, accepted, disagree) {
            return Ok(None);
        }
        let next = self.minted_from(link, accepted, rivals, disagree);
        if disagree {
            self.limit(
                "Records disagree about who got this credential: whose power lies behind it is not named.".to_string(),
            );
            return Ok(None);
        }
        if accepted.minting.change == CredentialChange::Issued {
            // Who gave the power is no surer than that it is this power.
            let hop = self.graph.credential.last().map(|hop| hop.strength);
            let made = self.stated(&rule::GRANT_MADE, Attestation::Verified, &accepted.records);
            let known = hop.map_or(made, |hop| hop.min(made));
            // Whoever makes a lasting key gives power; a client that fetches its own token does not.
            let gives = accepted.minting.lifetime == Lifetime::Lasting;
            let maker = accepted.fact.actor.clone().filter(|actor| gives && actor.class == Attestation::Verified);
            self.grantor = maker.map(|actor| (actor, known));
            return Ok(None);
        }
        if elsewhere(&next, &accepted.records) {
            self.other_half_gap(&next, &accepted.records)?;
            return Ok(None);
        }
        self.revocations(&next, start)?;
        Ok(Some(next))
    }

    /// Acts that issued this credential, best first. An act that came after the use, issued to
    /// somebody else, or at another instant than the use tells, did not issue it.
    ///
    /// Also says whether there are more of them than can be looked at.
    fn issuing_acts(&mut self, name: &KeyName, link: &Link) -> Result<(Vec<Issuance>, bool), Stopped> {
        let Some(used) = link.used_in.first() else { return Ok((Vec::new(), false)) };
        // The use may tell when it was created; nothing later can have created it.
        let until = link.presented.issued_at.or(link.time);
        let until = until.map_or(writ_model::time::Time::MAX, |time| self.until(used, &time));
        let skew = self.skew(used);
        let mut acts: Vec<Issuance> = Vec::new();
        let mut merged: BTreeSet<RecordId> = BTreeSet::new();
        let found = self.keyed(name, KeyRole::Mints, until, Chain::Credential)?;
        for record in found.records {
            if merged.contains(&record.id) {
                continue;
            }
            let Some((fact, minting, class)) = minting_of(&record, name) else { continue };
            if !fits(link, record.event_time, &minting, skew) {
                continue;
            }
            let records = self.same_act(&record)?;
            merged.extend(records.iter().map(|record| record.id));
            let telling = most_telling(&records).unwrap_or(fact);
            acts.push(Issuance { records, minting, class, fact: telling });
        }
        let distance = |act: &Issuance| {
            let issued = act.records.first().and_then(|record| record.event_time).map(|time| time.start);
            let expected = link.presented.issued_at.or(link.time).map(|time| time.start);
            expected.zip(issued).map_or(i64::MAX, |(a, b)| a.millis_since(b).abs())
        };
        acts.sort_by_key(|act| (act.class, distance(act), act.records.iter().map(|record| record.id).min()));
        Ok((acts, found.more))
    }

    /// A hop from the credential an issuing act was made with.
    fn minted_from(&mut self, link: &Link, act: &Issuance, rivals: &[Issuance], disagree: bool) -> Link {
        let (rule, edge) = rule_of(act.minting.change);
        let presented = act.fact.presented.clone().unwrap_or_else(|| unseen(act.fact.actor.as_ref()));
        let mut next = self.link(&presented, act.fact.actor.as_ref(), &act.records);
        super::holder::keep_subject(&mut next, act);
        let known = self.key_strength(rule, link, act, disagree);
        self.push_hop(&next.node, link, edge, known, rule, act, rivals);
        self.scope_of(act);
        self.issued_under(act);
        let carried = !disagree && edge.carries_power() && known.is_stated();
        if let (Some(party), Some(power)) = (next.holder.clone(), &self.power)
            && carried
            && presented.class == Attestation::Verified
            && super::holder::comparable(&party.principal.id, &power.party.principal.id)
        {
            // Whose power it was is as sure as the surest credential of that principal on the way.
            let same = party.principal.id == power.party.principal.id;
            let strength = if same { power.strength } else { power.strength.min(known) };
            self.power = Some(Power { party, strength, credential: next.credential.clone() });
        }
        next
    }

    /// A credential as a node, with what its use says of it.
    pub(super) fn link(&mut self, presented: &Presented, actor: Option<&Party>, records: &[Rc<Seen>]) -> Link {
        let node = if let Some(name) = &presented.credential {
            self.graph.credential(name, actor.map(|actor| &actor.principal), records)
        } else {
            let id = records.iter().map(|record| record.id).min().map_or_else(String::new, |id| id.to_string());
            let whose = actor.map_or_else(String::new, |actor| format!(" of {}", actor.principal.called()));
            let name = format!("a credential{whose} that the record does not show");
            self.graph.node(format!("credential:unshown:{id}"), "credential", &name, records)
        };
        Link {
            credential: presented.credential.clone(),
            node,
            presented: presented.clone(),
            holder: actor.cloned(),
            used_in: records.to_vec(),
            time: records.first().and_then(|record| record.event_time),
        }
    }

    pub(super) fn key_strength(&self, rule: &Rule, link: &Link, act: &Issuance, contradicted: bool) -> Strength {
        let ends = [act.records.clone(), link.used_in.clone()].concat();
        // That the one came before the other, when the credential was made and for whom, is part of it,
        // and has to be told by both: what one leaves out may be what would have spoken against it.
        let untimed = ends.iter().any(|record| record.event_time.is_none());
        let session = link.presented.lifetime == Lifetime::Temporary && act.minting.minted.is_some();
        let untold = (link.presented.issued_at.is_none() && dates_sessions(link))
            || act.minting.holder.is_none()
            || link.holder.is_none();
        // That a server saw the token pass rather than checked it weakens the use, and that is another hop:
        // which token this one was made from is the issuer's own statement.
        let shown = match link.presented.class {
            Attestation::Observed => Attestation::Verified,
            class => class,
        };
        strength(&Witness {
            rule,
            agreement: Agreement::Key(shown, act.class),
            ends: &self.ends(&ends),
            open_premise: untimed || (session && untold),
            contradicted,
        })
    }

    pub(super) fn name_strength(&self, rule: &Rule, class: Attestation, records: &[Rc<Seen>]) -> Strength {
        strength(&Witness {
            rule,
            agreement: Agreement::Key(class, Attestation::Verified),
            ends: &self.ends(records),
            open_premise: false,
            contradicted: false,
        })
    }

    #[expect(clippy::too_many_arguments, reason = "a hop has this many ends")]
    pub(super) fn push_hop(
        &mut self,
        from: &str,
        link: &Link,
        edge: Edge,
        known: Strength,
        rule: &'static Rule,
        act: &Issuance,
        rivals: &[Issuance],
    ) {
        let alternatives = rivals.iter().map(|rival| self.rival_issuer(rival)).collect();
        self.graph.credential.push(DraftHop {
            keys: link.credential.iter().cloned().collect(),
            because: vec![because_issued(act, link)],
            against: against_rivals(rivals.len()),
            alternatives,
            ..DraftHop::new((from.to_string(), link.node.clone()), edge, known, rule, act.records.clone())
        });
    }

    fn rival_issuer(&mut self, rival: &Issuance) -> Alternative {
        let presented = rival.fact.presented.clone().unwrap_or_else(|| unseen(rival.fact.actor.as_ref()));
        let link = self.link(&presented, rival.fact.actor.as_ref(), &rival.records);
        Alternative {
            from: link.node,
            grade: None,
            because: vec!["its record says it issued the same credential".to_string()],
            against: Vec::new(),
        }
    }
}

/// What a use says of a credential that its record does not show at all.
pub(super) fn unseen(actor: Option<&Party>) -> Presented {
    let class = actor.map_or(Attestation::Claimed, |actor| actor.class);
    Presented::new(None, class, Lifetime::Unknown)
}

fn rule_of(change: CredentialChange) -> (&'static Rule, Edge) {
    match change {
        CredentialChange::Issued | CredentialChange::Revoked | CredentialChange::Refused => {
            (&rule::ISSUED, Edge::Issued)
        }
        CredentialChange::Assumed => (&rule::ASSUMED, Edge::Assumed),
        CredentialChange::Exchanged => (&rule::EXCHANGED, Edge::Exchanged),
        CredentialChange::Refreshed => (&rule::REFRESHED, Edge::Refreshed),
    }
}

fn minting_of(record: &Seen, name: &KeyName) -> Option<(Fact, Minting, Attestation)> {
    record.facts.iter().find_map(|fact| {
        let Detail::Credential(minting) = &fact.detail else { return None };
        // A credential may go by several names: its fingerprint, and its issuer's id for it.
        let made = minting.minted.is_some()
            && fact.outcome == Outcome::Success
            && !matches!(minting.change, CredentialChange::Revoked | CredentialChange::Refused);
        let key = fact.keys.iter().find(|key| key.name == *name && key.role == KeyRole::Mints)?;
        made.then(|| (fact.clone(), minting.clone(), key.class))
    })
}

/// Whether the recorder of this use tells of its sessions when they were made, so that leaving it out
/// leaves something out: a session of a role of the same vendor.
fn dates_sessions(link: &Link) -> bool {
    link.presented.session_of.is_some()
}

/// Whether this minting can be what the use goes back to: not after it, at the instant it tells, for
/// who used it. What is not told is not held against it here; it lowers the strength.
fn fits(link: &Link, minted_at: Option<EventTime>, minting: &Minting, skew: u32) -> bool {
    let before = link.time.zip(minted_at).is_none_or(|(used, minted)| minted.may_precede(&used, skew));
    let told = link.presented.issued_at.zip(minted_at).is_none_or(|(issued, minted)| issued.agrees(&minted, skew));
    // What an ARN names, or a bare name; a bare name is compared with the last part of an ARN.
    let named = |name: &str| name.rsplit(':').next().unwrap_or(name).to_string();
    let last = |name: &str| name.rsplit('/').next().unwrap_or(name).to_string();
    let same_name = |a: &str, b: &str| {
        let both = a.contains(':') && b.contains(':');
        if both { named(a) == named(b) } else { last(a) == last(b) }
    };
    let same_holder = match (&minting.holder, &link.holder) {
        (Some(holder), Some(user)) if holder.id_is_name || user.principal.id_is_name => {
            // Known by name only: names that differ are not one.
            let names = holder.name.as_deref().zip(user.principal.name.as_deref());
            names.is_none_or(|(made_for, used_by)| same_name(made_for, used_by))
        }
        // Who presents a token may be a client acting for its subject: only names of one kind disagree.
        (Some(holder), Some(user)) => {
            holder.id == user.principal.id || !super::holder::comparable(&holder.id, &user.principal.id)
        }
        _ => true,
    };
    before && told && same_holder
}

/// What an issuance goes back to: which credential, in whose name. Two that differ in either do not
/// agree.
fn cause_of(act: &Issuance) -> (Option<String>, Option<String>) {
    let presented = act.fact.presented.as_ref().and_then(|presented| presented.credential.as_ref());
    let actor = act.fact.actor.as_ref().map(|actor| actor.principal.id.clone());
    (presented.map(ToString::to_string), actor.or_else(|| act.minting.by_service.clone()))
}

fn because_presented(class: Attestation) -> String {
    match class {
        Attestation::Verified => "the recorder authenticated the caller with it".to_string(),
        Attestation::Observed => "the recorder saw it pass, and did not check it".to_string(),
        Attestation::Claimed => "the caller presented it; it was not accepted or not checked".to_string(),
        Attestation::SelfStated => "the caller says so of itself".to_string(),
    }
}

fn because_issued(act: &Issuance, link: &Link) -> String {
    let shown = link.credential.as_ref().map_or("it", |name| &name.value);
    format!("{} returned {shown}, and each such id is issued once", act.fact.action)
}

pub(super) fn against_rivals(n: usize) -> Vec<String> {
    match n {
        0 => Vec::new(),
        1 => vec!["one other act fits as well".to_string()],
        n => vec![format!("{n} other acts fit as well")],
    }
}
