//! What an entry tells, in one vocabulary: the dialect tables applied.

use super::attributes::Held;
use super::dialect::{Act, DIALECTS, Meaning, Sign, claude};
use super::entry::{Around, Entry, SpanKind};
use crate::field;
use std::collections::BTreeMap;
use writ_model::fact::Party;
use writ_model::key::{Attestation, KeyKind, KeyName, names_nothing};
use writ_model::principal::{Principal, PrincipalKind};

/// Ids of one meaning that one record may give: two dialects at once, an id of each.
const IDS_MAX: usize = 4;

/// An entry and what its attributes say.
#[derive(Debug)]
pub(super) struct Told<'e, 'n> {
    pub(super) entry: &'e Entry<'n>,
    /// What it is about; `None`: no dialect knows.
    pub(super) act: Option<Act>,
    /// Whether Claude Code wrote it.
    pub(super) claude: bool,
    said: BTreeMap<Meaning, Vec<Held<'n>>>,
}

impl<'e, 'n> Told<'e, 'n> {
    pub(super) fn of(entry: &'e Entry<'n>) -> Told<'e, 'n> {
        let mut said: BTreeMap<Meaning, Vec<Held<'n>>> = BTreeMap::new();
        let rows = || DIALECTS.iter().flat_map(|dialect| dialect.rows);
        // Where the record itself says whose it is, what its emitter says of itself is another's, and does not
        // stand in for a name that was taken out.
        let names_user = rows().any(|row| WHOSE.contains(&row.1) && entry.attributes.get(row.0).is_some());
        for row in rows() {
            let own = names_user && WHOSE.contains(&row.1);
            let held = if own { entry.attributes.get(row.0) } else { entry.attribute(row.0) };
            if let Some(held) = held {
                said.entry(row.1).or_default().push(held);
            }
        }
        let claude = entry.service() == Some(claude::SERVICE) || entry.name.starts_with(claude::PREFIX);
        Told { entry, act: act(entry, claude), claude, said }
    }

    /// The first value of that meaning.
    pub(super) fn held(&self, meaning: Meaning) -> Option<Held<'n>> {
        self.said.get(&meaning)?.first().copied()
    }

    /// The first text of that meaning, numbers and booleans as they were spelt.
    pub(super) fn text(&self, meaning: Meaning) -> Option<&'n str> {
        self.said.get(&meaning)?.iter().find_map(|held| held.shown().or_else(|| held.first()))
    }

    /// The same, if it names something.
    pub(super) fn id(&self, meaning: Meaning) -> Option<&'n str> {
        self.text(meaning).filter(|text| !names_nothing(text))
    }

    /// Whether something of that meaning stands there and names nothing: it was taken out.
    pub(super) fn is_withheld(&self, meaning: Meaning) -> bool {
        self.said.contains_key(&meaning) && self.id(meaning).is_none()
    }

    /// All different ids of that meaning.
    pub(super) fn ids(&self, meaning: Meaning) -> Vec<&'n str> {
        let mut ids = Vec::new();
        for id in self.said.get(&meaning).into_iter().flatten().filter_map(|held| held.shown().or_else(|| held.first()))
        {
            if !ids.contains(&id) && ids.len() < IDS_MAX {
                ids.push(id);
            }
        }
        ids
    }

    /// The namespace of what Claude Code numbers within a session.
    pub(super) fn claude_session(&self) -> Option<String> {
        let session = self.id(Meaning::Session).filter(|_| self.claude)?;
        Some(format!("{}/{session}", claude::NAMESPACE))
    }

    /// The namespace of ids that the emitter made within a session.
    pub(super) fn call_namespace(&self) -> Option<String> {
        self.claude_session().or_else(|| {
            let id = self.id(Meaning::Conversation).or_else(|| self.id(Meaning::Session));
            Some(format!("otel/{}", id.or(self.entry.trace.as_deref())?))
        })
    }

    /// A tool call by its id.
    pub(super) fn call_named(&self, id: &str) -> Option<KeyName> {
        KeyName::new(KeyKind::ToolCall, self.call_namespace()?, id)
    }

    /// The tool call this entry is about.
    pub(super) fn call(&self) -> Option<KeyName> {
        self.call_named(self.text(Meaning::Call)?)
    }

    /// The agent that acts.
    pub(super) fn agent(&self) -> Option<Principal> {
        let turn = matches!(self.act, Some(Act::Turn | Act::RootTurn));
        let named = self.text(Meaning::Agent).or_else(|| self.text(Meaning::Entity).filter(|_| turn));
        // Claude Code names only the agents that the first one starts.
        let name = named.or_else(|| self.claude.then_some("main"))?;
        Some(self.agent_named(name))
    }

    /// The agent that handed the work over.
    pub(super) fn parent_agent(&self) -> Option<Principal> {
        Some(self.agent_named(self.text(Meaning::ParentAgent)?))
    }

    fn agent_named(&self, name: &str) -> Principal {
        let recorder = self.entry.recorder();
        let whose = self.entry.service().unwrap_or(&recorder);
        Principal {
            id: format!("agent:{whose}/{name}"),
            id_is_name: true,
            kind: PrincipalKind::Agent,
            name: Some(name.to_string()),
        }
    }

    /// The user, in the best form told.
    pub(super) fn user(&self) -> Option<Principal> {
        let told = |meaning| self.id(meaning);
        let email = told(Meaning::Email);
        if let Some(account) = told(Meaning::Account) {
            return Some(Principal {
                id: format!("anthropic:{account}"),
                id_is_name: false,
                kind: PrincipalKind::Human,
                name: email.map(str::to_string),
            });
        }
        email.or_else(|| told(Meaning::User)).map(named)
    }

    /// Whether there is a place for who asked, and no name in it.
    pub(super) fn user_withheld(&self) -> bool {
        self.on_behalf_of().is_none() && WHOSE.iter().any(|meaning| self.said.contains_key(meaning))
    }

    /// Who acts: as the emitter was told to say, else the agent.
    pub(super) fn actor(&self) -> Option<Principal> {
        let Some(id) = self.id(Meaning::Principal) else { return self.agent() };
        let mut principal = named(id);
        principal.kind = match self.text(Meaning::PrincipalKind).and_then(PrincipalKind::from_word) {
            Some(kind) => kind,
            None if principal.kind == PrincipalKind::Human && !id.contains('@') => PrincipalKind::Unknown,
            None => principal.kind,
        };
        if let Some(issuer) = self.text(Meaning::PrincipalIssuer) {
            principal.id = format!("{issuer}|{id}");
            principal.id_is_name = false;
        } else if principal.kind == PrincipalKind::Agent && principal.id.starts_with(USER) {
            principal = self.agent_named(id);
        }
        Some(principal)
    }

    /// For whom: as the emitter was told to say, else the user.
    pub(super) fn on_behalf_of(&self) -> Option<Principal> {
        // Where one is named and was taken out, the user may be another.
        let user = || if self.is_withheld(Meaning::OnBehalfOf) { None } else { self.user() };
        self.id(Meaning::OnBehalfOf).map(named).or_else(user)
    }
}

const USER: &str = "user:";

/// What says for whom.
const WHOSE: [Meaning; 4] = [Meaning::OnBehalfOf, Meaning::Account, Meaning::Email, Meaning::User];

/// A principal by whatever text names it.
fn named(text: &str) -> Principal {
    let text = text.trim();
    let spiffe = text.starts_with("spiffe://");
    let subject = text.split_once('|').is_some_and(|(issuer, _)| issuer.starts_with("https://"));
    let id = if spiffe || subject || text.starts_with("email:") || text.starts_with("agent:") {
        text.to_string()
    } else if is_email(text) {
        format!("email:{}", field::lower(text))
    } else {
        format!("{USER}{text}")
    };
    let kind = match id.split_once(':').map(|(scheme, _)| scheme) {
        Some("spiffe") => PrincipalKind::Workload,
        Some("agent") => PrincipalKind::Agent,
        Some("https") => PrincipalKind::Unknown,
        _ => PrincipalKind::Human,
    };
    Principal { id_is_name: !spiffe && !subject, kind, name: Some(text.to_string()), id }
}

fn is_email(text: &str) -> bool {
    let halves = text.split_once('@');
    halves.is_some_and(|(user, host)| !user.is_empty() && host.contains('.') && !text.contains(char::is_whitespace))
}

/// A principal as the agent's own account has it.
pub(super) fn by_itself(principal: Option<Principal>) -> Option<Party> {
    principal.map(|principal| Party { principal, class: Attestation::SelfStated })
}

fn act(entry: &Entry<'_>, claude: bool) -> Option<Act> {
    // Some emitters leave the prefix out where an attribute or the body names the event.
    let name = if claude && !entry.name.starts_with(claude::PREFIX) {
        format!("{}{}", claude::PREFIX, entry.name)
    } else {
        entry.name.to_string()
    };
    let fits = |sign: &Sign| match *sign {
        Sign::Value(attribute, value) => entry.attributes.text(attribute) == Some(value),
        Sign::Present(attribute) => entry.attributes.get(attribute).is_some(),
        Sign::Name(known) => name == known,
        Sign::Begins(beginning) => name.starts_with(beginning),
    };
    let found = DIALECTS.iter().flat_map(|dialect| dialect.acts).find(|(sign, _)| fits(sign))?.1;
    Some(match found {
        Act::RootTurn if entry.parent != Around::Nothing => Act::Other,
        other => other,
    })
}

/// How the recorder knows what it says of its own span.
pub(super) fn own_class(entry: &Entry<'_>) -> Attestation {
    match entry.kind {
        SpanKind::Server | SpanKind::Consumer => Attestation::Observed,
        SpanKind::Internal | SpanKind::Client | SpanKind::Producer => Attestation::SelfStated,
    }
}
