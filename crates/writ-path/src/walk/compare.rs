//! What the two chains say of each other, and of the credential's scope and purpose.

use super::credential::Issuance;
use super::{Start, Walk};
use crate::answer::ScopeChange;
use crate::question::{Seen, Stopped};
use crate::rule::{self, Chain, Edge};
use crate::strength::Strength;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use writ_model::fact::{Detail, Relation};
use writ_model::key::{Attestation, KeyKind, KeyRole};
use writ_model::principal::PrincipalKind;
use writ_model::scope::{Scope, ScopeChange as Change};

impl Walk<'_> {
    /// Findings that rest on both chains.
    pub(super) fn compare(&mut self, start: &Start) -> Result<(), Stopped> {
        self.asker_and_power(start);
        self.purpose(start)
    }

    /// One asks, another's power is used, and nothing recorded hands the one's power to the other.
    fn asker_and_power(&mut self, start: &Start) {
        // One who is named among several that may have asked is not known to have.
        let [asked] = self.asked_by.as_slice() else { return };
        if self.several {
            return;
        }
        let (asked, Some(power)) = (asked.clone(), self.power.clone()) else { return };
        if asked.party.principal.kind == PrincipalKind::Schedule || !power.strength.is_stated() {
            return;
        }
        let asker = &asked.party.principal;
        // Names are what anybody may call himself: only ids, and what a directory says of them, count.
        // An address that the token's issuer states for its subject is one of them.
        let stated = power.party.principal.name.as_deref().filter(|_| power.party.class == Attestation::Verified);
        // Beyond ASCII a lower case may be another name's: U+212A (KELVIN SIGN) becomes `k`.
        let address = stated.map(|name| format!("email:{}", name.to_ascii_lowercase()));
        let same = |id: &str| id == asker.id || address.as_deref() == Some(asker.id.as_str());
        if self.gaps.iter().any(|gap| gap.chain == Chain::Credential) {
            // Whose power it was in the end is not known.
            return;
        }
        let owner = self.owner.as_ref();
        let holder = &power.party.principal;
        if same(&holder.id)
            || owner.is_some_and(|owner| same(&owner.principal) || self.is_same(&owner.principal, &asker.id))
            || self.is_same(&holder.id, &asker.id)
        {
            return;
        }
        let text = format!(
            "{} asked, and a credential of {} was used; nothing recorded hands the power of the one to the other",
            asker.called(),
            holder.called()
        );
        let known = asked.strength.min(power.strength);
        self.find_as("asker_and_power_differ", "medium", known, text, &start.records);
    }

    /// Whether a directory says that two names are one principal.
    fn is_same(&self, a: &str, b: &str) -> bool {
        let person = |id: &str| self.people.get(id).cloned();
        a == b || person(a).is_some_and(|known| known == b || person(b).is_some_and(|other| other == known))
    }

    /// A credential that an inventory meant for something else than this task.
    fn purpose(&mut self, start: &Start) -> Result<(), Stopped> {
        let Some(name) = self.power.as_ref().and_then(|power| power.credential.clone()) else { return Ok(()) };
        let Some(instant) = self.question.event.event_time.map(|time| time.start) else { return Ok(()) };
        let entries = self.entries(&name, instant)?;
        let purposes: Vec<(Rc<Seen>, String)> = entries
            .into_iter()
            .filter(|(_, fact)| fact.relation == Relation::Purpose)
            .map(|(record, fact)| (record, fact.object))
            .collect();
        let Some((record, purpose)) = purposes.first().cloned() else { return Ok(()) };
        let Some(call) = self.behind.call.clone().filter(|_| self.behind.turn.is_some() && !self.asked_by.is_empty())
        else {
            self.graph.cite(&[record]);
            self.limit(format!(
                "Whether this was within the credential's purpose is not judged: {} is meant for `{purpose}` by the inventory, and for what this was done is not known.",
                name.value
            ));
            return Ok(());
        };
        let mut words = words(&call.fact.action);
        for act in self.behind.turn.iter().chain([&call]) {
            let agents = act.fact.actor.iter().filter(|party| party.principal.kind == PrincipalKind::Agent);
            words.extend(agents.flat_map(|party| self::words(&party.principal.id)));
            if let Detail::Intent(intent) = &act.fact.detail {
                words.extend(intent.agent.iter().flat_map(|agent| self::words(&agent.id)));
                words.extend(intent.says.iter().flat_map(|says| self::words(says)));
            }
            for kind in [KeyKind::Task, KeyKind::Conversation] {
                words.extend(act.keys(kind, KeyRole::Carries).iter().flat_map(|(name, _)| self::words(&name.value)));
            }
        }
        words.extend(start.fact.resources.iter().flat_map(|resource| self::words(&resource.id)));
        if self::words(&purpose).iter().any(|word| words.contains(word)) {
            return Ok(());
        }
        let text = format!(
            "the inventory says {} is meant for `{purpose}`; nothing recorded issued it to this task",
            name.value
        );
        let records = [start.records.clone(), alloc::vec![record]].concat();
        let known = self.stated_on(&rule::DIRECTORY, Attestation::Verified, &records, true);
        let known = self.asked_by.first().map_or(known, |asked| known.min(asked.strength));
        self.find_as("credential_not_issued_to_task", "high", known, text, &records);
        Ok(())
    }

    /// What became of the scope from the credential before to the one this act issued, on the hop just
    /// made; and, now that it is known what the issued one allows, on the hop before that.
    pub(super) fn scope_of(&mut self, act: &Issuance) {
        let at = self.graph.credential.len().saturating_sub(1);
        let issued = act.minting.scope.clone();
        let waiting = self.scope_after.take();
        if let (Some((hop, after, records)), Some(before)) = (waiting, &issued) {
            self.scope_change(hop, before, &after, &records);
        }
        let Some(after) = issued else { return };
        match &act.minting.scope_before {
            Some(before) => self.scope_change(at, before, &after, &act.records),
            None => self.scope_after = Some((at, after, act.records.clone())),
        }
    }

    fn scope_change(&mut self, hop: usize, before: &Scope, after: &Scope, records: &[Rc<Seen>]) {
        let (change, added) = before.change_to(after);
        let Some(draft) = self.graph.credential.get_mut(hop) else { return };
        if !matches!(draft.edge, Edge::Exchanged | Edge::Refreshed | Edge::Assumed) {
            return;
        }
        draft.scope = Some(ScopeChange {
            before: before.parts(),
            after: after.parts(),
            change: change.word(),
            added: added.clone(),
        });
        if change == Change::Grew {
            let known: Strength = draft.strength;
            let text = format!("the credential allows more than the one it was made from: {}", added.join(", "));
            self.find_as("scope_grew", "high", known, text, records);
        }
    }

    /// The decision and approval a credential was issued under, to be attached to its hop.
    pub(super) fn issued_under(&mut self, act: &Issuance) {
        let at = self.graph.credential.len().saturating_sub(1);
        if let Some(name) = &act.minting.decision {
            self.decided_hops.push((name.clone(), at));
        }
        let keys = act.records.iter().flat_map(|record| &record.facts).flat_map(|fact| &fact.keys);
        for key in keys.filter(|key| key.role == KeyRole::Names) {
            match key.name.kind {
                KeyKind::Decision => self.credential_decisions.push((key.name.clone(), Attestation::Verified)),
                KeyKind::Approval => self.credential_approvals.push(key.name.clone()),
                _ => {}
            }
        }
    }
}

/// Words of a name, lower case, of three letters and more.
fn words(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| !c.is_alphanumeric());
    parts.filter(|word| word.chars().count() >= 3).map(str::to_lowercase).collect()
}
