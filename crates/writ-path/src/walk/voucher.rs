//! Whose word counts: nobody who is named in an answer vouches for the evidence it rests on. People go
//! by several names, so they are compared by their words, and a likeness is enough: what is lost by one
//! too many is a claim of absence, never a join.

use super::Walk;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString as _};

/// Parts of ids that name a sort of thing and nobody.
const SORTS: [&str; 16] = [
    "",
    "agent",
    "anthropic",
    "arn",
    "assumed-role",
    "aws",
    "email",
    "federated-user",
    "group",
    "human",
    "iam",
    "person",
    "role",
    "sts",
    "team",
    "user",
];

/// Letters of a word that may stand for somebody: initials alone would fit anybody.
const WORD_MIN: usize = 2;

impl Walk<'_> {
    /// Whether whoever goes by this name is one of those the answer names so far.
    pub(super) fn is_named_here(&self, who: &str) -> bool {
        self.named_here().iter().any(|name| goes_by(who, name))
    }

    /// Takes away what rests on the word of somebody whom the answer names by now.
    pub(super) fn own_word(&mut self) {
        let named = self.named_here();
        let own = |who: &str| named.iter().any(|name| goes_by(who, name));
        let before = self.coverage.len();
        self.coverage.retain(|coverage| !coverage.declared_by.as_deref().is_some_and(own));
        if self.coverage.len() < before {
            self.findings.retain(|finding| finding.code != "credential_without_issuance");
            self.limit_own_word();
            self.uncovered_guesses();
        }
    }

    /// A guess that was strong by coverage alone is weak without it.
    fn uncovered_guesses(&mut self) {
        let held: BTreeSet<String> = self.coverage.iter().map(|coverage| coverage.id.clone()).collect();
        let mut weakened = false;
        for hop in &mut self.graph.command {
            let before = hop.coverage.len();
            hop.coverage.retain(|id| held.contains(id));
            if before > 0 && hop.coverage.is_empty() && hop.grade == Some("strong") {
                hop.grade = Some("weak");
                hop.because.retain(|reason| reason != crate::walk::call::ALONE);
                hop.against.push("nothing says that every effect of that moment was recorded".to_string());
                weakened = true;
            }
        }
        if weakened {
            self.asked_by.iter_mut().filter(|asked| asked.grade.is_some()).for_each(|asked| asked.grade = Some("weak"));
        }
    }

    /// Says that a declaration was passed over.
    pub(super) fn limit_own_word(&mut self) {
        self.limit(
            "A declaration of completeness was made by somebody named in this answer, and covers nothing.".to_string(),
        );
    }

    /// Every id and name of those whose power, hand or request it was, and of those in between.
    fn named_here(&self) -> BTreeSet<String> {
        let mut names: BTreeSet<String> = BTreeSet::new();
        let parties = self.performed_by.iter().chain(&self.grantor).map(|(party, _)| party);
        let parties = parties.chain(self.power.iter().map(|power| &power.party));
        for party in parties.chain(self.asked_by.iter().map(|asked| &asked.party)) {
            names.insert(party.principal.id.clone());
            names.extend(party.principal.name.clone());
        }
        for (id, name) in self.graph.principals() {
            names.extend([id.to_string(), name.to_string()]);
        }
        names.extend(self.people.values().cloned());
        if let Some(owner) = &self.owner {
            names.insert(owner.principal.clone());
            names.extend(owner.name.clone());
        }
        names
    }
}

/// Whether somebody who calls themselves `who` may be the one of this id or name: as it stands, by a
/// part of it (a user's name, a role's name or id, a session), or by the words of a part.
fn goes_by(who: &str, name: &str) -> bool {
    let (who, name) = (who.trim().to_lowercase(), name.trim().to_lowercase());
    let mut parts = name.split([':', '/', '|']).filter(|part| !SORTS.contains(part));
    name == who || parts.any(|part| part == who || alike(local(&who), local(part)))
}

/// Whether the words of one are among those of the other, or they are the same run together, the first
/// name as a letter or whole.
fn alike(who: &str, part: &str) -> bool {
    let (own, theirs) = (words(who), words(part));
    if own.is_empty() || theirs.is_empty() {
        return false;
    }
    let within = |some: &[&str], all: &[&str]| some.iter().all(|word| all.contains(word));
    within(&own, &theirs) || within(&theirs, &own) || forms(&own).iter().any(|form| forms(&theirs).contains(form))
}

/// A name run together: `miraholt`, `mholt`.
fn forms(words: &[&str]) -> BTreeSet<String> {
    let mut forms: BTreeSet<String> = BTreeSet::new();
    forms.insert(words.concat());
    if let [first, .., last] = words {
        forms.extend(first.chars().next().map(|initial| format!("{initial}{last}")));
    }
    forms
}

/// An address without the domain, which many share.
fn local(name: &str) -> &str {
    name.split_once('@').map_or(name, |(local, _)| local)
}

fn words(text: &str) -> alloc::vec::Vec<&str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() >= WORD_MIN).collect()
}

#[cfg(test)]
mod tests {
    use super::goes_by;

    #[test]
    fn people_are_known_by_each_of_their_names() {
        for (who, name) in [
            ("mira", "person:mira"),
            ("Mira", "arn:aws:iam::111122223333:user/mira"),
            ("mira.holt", "Mira Holt"),
            ("mira@acme.example", "Mira Holt"),
            ("holt", "Mira Holt"),
            ("mholt", "Mira Holt"),
            ("miraholt", "Mira Holt"),
            ("mira-holt", "email:mira.holt@acme.example"),
            ("mira.holt", "arn:aws:iam::111122223333:user/mira"),
            ("exports-reader", "arn:aws:sts::111122223333:assumed-role/exports-reader/nightly"),
            ("aroaqexportsread00001", "aws:AROAQEXPORTSREAD00001:nightly"),
            ("nightly", "aws:AROAQEXPORTSREAD00001:nightly"),
            ("aws:AIDAQMIRA00000000001", "aws:AIDAQMIRA00000000001"),
        ] {
            assert!(goes_by(who, name), "{who} is {name}");
        }
    }

    #[test]
    fn others_are_not_taken_for_them() {
        for (who, name) in [
            ("omar", "person:mira"),
            ("omar@acme.example", "email:mira@acme.example"),
            ("role-auditor", "arn:aws:sts::111122223333:assumed-role/exports-reader/nightly"),
            ("user", "arn:aws:iam::111122223333:user/mira"),
            ("aws", "aws:AIDAQMIRA00000000001"),
            ("m", "Mira Holt"),
            ("", "person:mira"),
            ("miranda", "person:mira"),
            ("omar.holt", "Mira Holt"),
            ("oholt", "Mira Holt"),
        ] {
            assert!(!goes_by(who, name), "{who} is not {name}");
        }
    }
}
