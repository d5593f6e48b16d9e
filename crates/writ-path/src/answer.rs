//! The answer: `writ.answer/1`. `docs/reference/answer.schema.json` is its schema.
//!
//! Field order is the order of the model; absent values are `null` and lists are never absent.

use crate::rule::{Chain, Edge};
use crate::strength::Strength;
use alloc::string::String;
use alloc::vec::Vec;
use serde::Serialize;

/// The schema's name and version.
pub const SCHEMA: &str = "writ.answer/1";

/// An answer.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the schema in docs/reference documents every field")]
pub struct Answer {
    pub schema: &'static str,
    pub event: Event,
    pub verdict: Verdict,
    pub sentence: String,
    pub limits: Vec<String>,
    pub as_of: String,
    pub asked_by: Vec<PrincipalEntry>,
    pub powered_by: Vec<PowerEntry>,
    pub performed_by: Option<PrincipalEntry>,
    pub wielder: &'static str,
    pub nodes: Vec<Node>,
    pub hops: Vec<Hop>,
    pub decisions: Vec<Decision>,
    pub approvals: Vec<Approval>,
    pub influences: Vec<Influence>,
    pub findings: Vec<Finding>,
    pub gaps: Vec<Gap>,
    pub coverage: Vec<Coverage>,
    pub sources: Vec<SourceState>,
    pub evidence: EvidenceFoot,
}

/// What was asked about.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "see the schema")]
pub struct Event {
    #[serde(rename = "ref")]
    pub reference: String,
    pub source: String,
    pub native_id: String,
    pub recorder: String,
    pub time: Option<String>,
    pub time_precision_ms: Option<u32>,
    pub received: String,
    pub kind: &'static str,
    pub action: String,
    pub resources: Vec<Resource>,
    pub outcome: &'static str,
    pub risk: Risk,
}

/// Something acted upon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "see the schema")]
pub struct Resource {
    #[serde(rename = "type")]
    pub kind: String,
    pub id: String,
}

/// How much the event could harm, and why.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "see the schema")]
pub struct Risk {
    pub tier: &'static str,
    pub reasons: Vec<&'static str>,
}

/// The answer in a few words.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "see the schema")]
pub struct Verdict {
    pub word: &'static str,
    pub command: ChainVerdict,
    pub credential: ChainVerdict,
    pub coverage: &'static str,
    pub roots: &'static str,
    pub weakest: &'static str,
    pub contradicted: bool,
    pub settled: bool,
    pub custody: &'static str,
}

/// The same for one chain.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "see the schema")]
pub struct ChainVerdict {
    pub word: &'static str,
    pub weakest: &'static str,
}

/// Somebody in an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "see the schema")]
pub struct PrincipalEntry {
    pub principal: String,
    pub kind: &'static str,
    pub name: Option<String>,
    pub strength: Strength,
    pub grade: Option<&'static str>,
    pub mode: Option<&'static str>,
}

/// Whose power it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "see the schema")]
pub struct PowerEntry {
    #[serde(flatten)]
    pub entry: PrincipalEntry,
    pub grantor: Option<PrincipalEntry>,
    pub owner: Option<PrincipalEntry>,
}

/// A node of the graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "see the schema")]
pub struct Node {
    pub id: String,
    pub kind: &'static str,
    pub name: String,
    pub time: Option<String>,
    pub records: Vec<String>,
}

/// A hop: `from` caused or empowered `to`.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "see the schema")]
pub struct Hop {
    pub n: usize,
    pub chain: Chain,
    pub from: String,
    pub to: String,
    pub edge: Edge,
    pub strength: Strength,
    pub grade: Option<&'static str>,
    pub rule: &'static str,
    pub keys: Vec<ShownKey>,
    pub records: Vec<String>,
    pub because: Vec<String>,
    pub against: Vec<String>,
    pub alternatives: Vec<Alternative>,
    pub coverage: Vec<String>,
    pub scope: Option<ScopeChange>,
}

/// What became of the scope from one credential to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "see the schema")]
pub struct ScopeChange {
    pub before: Vec<String>,
    pub after: Vec<String>,
    pub change: &'static str,
    pub added: Vec<String>,
}

/// A key as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "see the schema")]
pub struct ShownKey {
    pub kind: &'static str,
    pub namespace: String,
    pub shown: String,
}

/// Another candidate for a hop's cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "see the schema")]
pub struct Alternative {
    pub from: String,
    pub grade: Option<&'static str>,
    pub because: Vec<String>,
    pub against: Vec<String>,
}

/// What a policy said about this request.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "see the schema")]
pub struct Decision {
    pub state: &'static str,
    pub binding: &'static str,
    pub enforcement: &'static str,
    pub id: Option<String>,
    pub engine: Option<String>,
    pub policies: Vec<String>,
    pub revision: Option<String>,
    pub freshness: Option<String>,
    pub reused_from: Option<String>,
    pub time: Option<String>,
    pub hop: Option<usize>,
    pub coverage: Vec<String>,
    pub records: Vec<String>,
}

impl Decision {
    /// One of which nothing but this is known.
    pub fn new(state: &'static str, binding: &'static str, enforcement: &'static str) -> Decision {
        Decision {
            state,
            binding,
            enforcement,
            id: None,
            engine: None,
            policies: Vec::new(),
            revision: None,
            freshness: None,
            reused_from: None,
            time: None,
            hop: None,
            coverage: Vec::new(),
            records: Vec::new(),
        }
    }
}

/// What is known of an approval.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "see the schema")]
pub struct Approval {
    pub state: &'static str,
    pub reason: Option<String>,
    pub covers: Option<String>,
    pub uses: Option<u64>,
    pub approver: Option<String>,
    pub approver_strength: Option<Strength>,
    pub approver_entitled: Option<bool>,
    pub separation: &'static str,
    pub rendered_by: Option<String>,
    pub shown_digest: Option<String>,
    pub executed_digest: Option<String>,
    pub granted_at: Option<String>,
    pub expires_at: Option<String>,
    pub ratified: Option<bool>,
    pub hop: Option<usize>,
    pub coverage: Vec<String>,
    pub records: Vec<String>,
}

/// Something that was in context or in store before, and is not authority.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "see the schema")]
pub struct Influence {
    pub from: String,
    pub to: String,
    pub edge: &'static str,
    pub strength: Strength,
    pub grade: Option<&'static str>,
    pub records: Vec<String>,
}

/// Something worth a reader's attention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "see the schema")]
pub struct Finding {
    pub code: &'static str,
    pub severity: &'static str,
    pub strength: Strength,
    pub text: String,
    pub records: Vec<String>,
}

/// A cause that must exist and is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "see the schema")]
pub struct Gap {
    pub chain: Chain,
    pub after: String,
    pub expected: &'static str,
    pub reason: &'static str,
    pub text: String,
    pub holder: Option<String>,
    pub until: Option<String>,
    pub fix: Option<String>,
    pub ask: Option<String>,
}

/// A window over which a recorder is said to be complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "see the schema")]
pub struct Coverage {
    pub id: String,
    pub recorder: String,
    pub kinds: Vec<&'static str>,
    pub namespace: String,
    pub from: String,
    pub to: String,
    pub basis: &'static str,
    pub digest: String,
    pub declared_by: Option<String>,
}

/// Whether a source has told all it will.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "see the schema")]
pub struct SourceState {
    pub source: String,
    pub recorder: String,
    pub state: &'static str,
    pub through: Option<String>,
    pub custody: &'static str,
    pub note: Option<String>,
}

/// What the answer rests on.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "see the schema")]
pub struct EvidenceFoot {
    pub records: usize,
    pub path_digest: String,
    pub log_size: u64,
    pub derivation: String,
}
