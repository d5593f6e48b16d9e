//! Principals: who or what can hold authority.

use alloc::string::String;

/// What sort of principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrincipalKind {
    /// A person.
    Human,
    /// An AI agent.
    Agent,
    /// Software with an identity of its own: a role session, a service account.
    Workload,
    /// A vendor's own service acting by itself.
    Service,
    /// A timer.
    Schedule,
    /// The evidence does not say.
    Unknown,
}

impl PrincipalKind {
    /// The word used in answers.
    pub fn word(self) -> &'static str {
        match self {
            PrincipalKind::Human => "human",
            PrincipalKind::Agent => "agent",
            PrincipalKind::Workload => "workload",
            PrincipalKind::Service => "service",
            PrincipalKind::Schedule => "schedule",
            PrincipalKind::Unknown => "unknown",
        }
    }

    /// From the word used in answers and directories.
    pub fn from_word(word: &str) -> Option<PrincipalKind> {
        use PrincipalKind::{Agent, Human, Schedule, Service, Unknown, Workload};
        [Human, Agent, Workload, Service, Schedule, Unknown].into_iter().find(|kind| kind.word() == word)
    }
}

/// A principal as one recorder names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Principal {
    /// The vendor's immutable id with its namespace (`aws:AIDA…`), or, where the record gives
    /// nothing better, a name (see [`Principal::id_is_name`]).
    pub id: String,
    /// Whether `id` is a name that could be re-assigned, rather than an immutable id.
    pub id_is_name: bool,
    /// What sort, as far as this record tells.
    pub kind: PrincipalKind,
    /// What people call it (an ARN, a login, an e-mail address): valid for an interval, proves nothing.
    pub name: Option<String>,
}

impl Principal {
    /// What people call it, else its id.
    pub fn called(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}
