//! Whose a credential is, where its issuer says so: who presents a token may be a client that acts for
//! its subject, and the power is the subject's.

use super::credential::{Issuance, Link};
use super::{Power, Walk};
use crate::rule;
use alloc::string::{String, ToString as _};
use writ_model::fact::Party;

impl Walk<'_> {
    /// Takes the issuer's word for whose power a credential carries, where the use names a client or
    /// nobody.
    pub(super) fn holder_told(&mut self, link: &Link, act: &Issuance) {
        // A name is not surer than the id that the use shows.
        let Some(holder) = act.minting.holder.clone().filter(|holder| !holder.id_is_name) else { return };
        let strength = self.stated(&rule::STATED, link.presented.class.max(act.class), &act.records);
        let party = Party { principal: holder, class: act.class };
        match &self.power {
            Some(power) if power.credential != link.credential => {
                // Further back the same principal is told again, by a surer or a weaker word.
                if comparable(&power.party.principal.id, &party.principal.id) {
                    return;
                }
                let strength = power.strength.min(strength);
                self.power = Some(Power { party, strength, credential: link.credential.clone() });
            }
            Some(power) if comparable(&power.party.principal.id, &party.principal.id) => {}
            Some(power) => {
                let strength = power.strength.min(strength);
                self.power = Some(Power { party, strength, credential: link.credential.clone() });
            }
            None if link.holder.is_none() => {
                self.power = Some(Power { party, strength, credential: link.credential.clone() });
            }
            None => {}
        }
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
