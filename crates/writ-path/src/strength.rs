//! Strength: how well a hop is known. One function grants it.

use crate::rule::{Cap, Proof, Rule};
use core::fmt;
use serde::{Serialize, Serializer};
use writ_model::custody::Custody;
use writ_model::key::Attestation;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Inferred,
    Asserted,
    Proven,
}

/// How well a hop is known, weakest first. It cannot be made but by [`strength`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Strength(Level);

impl Strength {
    /// The word used in answers.
    pub fn word(self) -> &'static str {
        match self.0 {
            Level::Inferred => "inferred",
            Level::Asserted => "asserted",
            Level::Proven => "proven",
        }
    }

    /// Whether it is `asserted` or better.
    pub fn is_stated(self) -> bool {
        self.0 >= Level::Asserted
    }

    /// Whether it is `proven`.
    pub fn is_proven(self) -> bool {
        self.0 == Level::Proven
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Serialize for Strength {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// What the two ends of a hop agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// One recorder states both ends in one record, and knows it in this way.
    Stated(Attestation),
    /// Both ends show the rule's key, the effect's end and the cause's end known in these ways.
    Key(Attestation, Attestation),
    /// No key agrees; features do.
    Features,
}

/// What is known about one record a hop rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// How the record came to us.
    pub custody: Custody,
    /// Whether another record of its identity says something else.
    pub in_conflict: bool,
    /// Whether its adapter was tested on real records.
    pub tested: bool,
}

/// Everything a strength is granted on.
#[derive(Clone, Copy, Debug)]
pub struct Witness<'a> {
    /// The rule that joins the two ends.
    pub rule: &'a Rule,
    /// What they agree on.
    pub agreement: Agreement,
    /// The records it rests on.
    pub ends: &'a [End],
    /// Whether it rests on an absence or on an interval nobody closed.
    pub open_premise: bool,
    /// Whether another verified record says the opposite.
    pub contradicted: bool,
}

/// Grants a strength. It starts at `proven` and lowers (model, section 4): a key that does not name
/// exactly one cause, a value chosen by the wrong party or unchecked at the far end, custody that is
/// open, a record in conflict, a premise that is an absence, an adapter known from documents alone,
/// or the rule's own cap. Without an agreeing key it is `inferred`.
pub fn strength(witness: &Witness<'_>) -> Strength {
    let checked = match witness.agreement {
        Agreement::Stated(class) => class == Attestation::Verified,
        Agreement::Key(effect, cause) => {
            witness.rule.proof.is_functional() && effect == Attestation::Verified && cause == Attestation::Verified
        }
        Agreement::Features => return Strength(Level::Inferred),
    };
    let sound = witness.ends.iter().all(|end| end.custody != Custody::Open && !end.in_conflict && end.tested);
    let granted = if checked && sound && !witness.open_premise && !witness.contradicted {
        Level::Proven
    } else {
        Level::Asserted
    };
    let cap = match witness.rule.cap {
        Cap::Proven => Level::Proven,
        Cap::Asserted => Level::Asserted,
        Cap::Inferred => Level::Inferred,
    };
    Strength(granted.min(cap))
}

impl Proof {
    /// Whether agreement on such a key names exactly one cause.
    pub fn is_functional(self) -> bool {
        match self {
            Proof::OneToOne | Proof::Issuance | Proof::Statement => true,
            Proof::OneToMany | Proof::Context | Proof::Name | Proof::Nothing => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule;

    const GOOD: End = End { custody: Custody::HandedIn, in_conflict: false, tested: true };

    fn granted(rule_id: &str, agreement: Agreement, ends: &[End]) -> &'static str {
        let rule = rule::by_id(rule_id).unwrap();
        strength(&Witness { rule, agreement, ends, open_premise: false, contradicted: false }).word()
    }

    #[test]
    fn verified_keys_prove_and_everything_else_lowers() {
        let (v, c) = (Attestation::Verified, Attestation::Claimed);
        assert_eq!(granted("credential.assumed", Agreement::Key(v, v), &[GOOD, GOOD]), "proven");
        assert_eq!(granted("credential.assumed", Agreement::Key(c, v), &[GOOD, GOOD]), "asserted");
        assert_eq!(granted("credential.assumed", Agreement::Key(v, c), &[GOOD, GOOD]), "asserted");
        assert_eq!(granted("credential.assumed", Agreement::Features, &[GOOD, GOOD]), "inferred");
        for bad in
            [End { custody: Custody::Open, ..GOOD }, End { in_conflict: true, ..GOOD }, End { tested: false, ..GOOD }]
        {
            assert_eq!(granted("credential.assumed", Agreement::Key(v, v), &[GOOD, bad]), "asserted", "{bad:?}");
        }
        let rule = rule::by_id("credential.assumed").unwrap();
        let witness =
            Witness { rule, agreement: Agreement::Key(v, v), ends: &[GOOD], open_premise: true, contradicted: false };
        assert_eq!(strength(&witness).word(), "asserted");
        assert_eq!(strength(&Witness { open_premise: false, contradicted: true, ..witness }).word(), "asserted");
    }

    #[test]
    fn a_cap_lowers_and_never_raises() {
        let v = Attestation::Verified;
        for rule in rule::RULES {
            let witness = Witness {
                rule,
                agreement: Agreement::Key(v, v),
                ends: &[GOOD],
                open_premise: false,
                contradicted: false,
            };
            let best = strength(&witness);
            assert_eq!(best.is_proven(), rule.cap == Cap::Proven && rule.proof.is_functional(), "{}", rule.id);
            let features = strength(&Witness { agreement: Agreement::Features, ..witness });
            assert_eq!(features.word(), "inferred", "{}", rule.id);
        }
    }
}
