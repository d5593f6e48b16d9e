//! The graph under construction: nodes by what they are, hops from the event backwards.

use crate::answer::{Alternative, Hop, Node, ScopeChange, ShownKey};
use crate::question::Seen;
use crate::rule::{Chain, Edge, Rule};
use crate::strength::{End, Strength};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::rc::Rc;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use writ_model::key::KeyName;
use writ_model::principal::{Principal, PrincipalKind};
use writ_model::record::RecordId;

/// A hop before it has its number.
#[derive(Clone, Debug)]
pub(crate) struct DraftHop {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) edge: Edge,
    pub(crate) strength: Strength,
    pub(crate) grade: Option<&'static str>,
    pub(crate) rule: &'static Rule,
    pub(crate) keys: Vec<KeyName>,
    pub(crate) records: Vec<Rc<Seen>>,
    pub(crate) because: Vec<String>,
    pub(crate) against: Vec<String>,
    pub(crate) alternatives: Vec<Alternative>,
    pub(crate) coverage: Vec<String>,
    pub(crate) scope: Option<ScopeChange>,
}

impl DraftHop {
    /// A hop that rests on these records, with nothing for or against it yet.
    pub(crate) fn new(
        (from, to): (String, String),
        edge: Edge,
        strength: Strength,
        rule: &'static Rule,
        records: Vec<Rc<Seen>>,
    ) -> DraftHop {
        DraftHop {
            from,
            to,
            edge,
            strength,
            grade: None,
            rule,
            keys: Vec::new(),
            records,
            because: Vec::new(),
            against: Vec::new(),
            alternatives: Vec::new(),
            coverage: Vec::new(),
            scope: None,
        }
    }
}

/// Nodes, hops and the records they cite.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    nodes: Vec<Node>,
    by_id: BTreeMap<String, usize>,
    /// From the event backwards.
    pub(crate) command: Vec<DraftHop>,
    /// From the event backwards.
    pub(crate) credential: Vec<DraftHop>,
    cited: BTreeMap<RecordId, Rc<Seen>>,
}

impl Graph {
    /// Notes that the answer rests on these records.
    pub(crate) fn cite(&mut self, records: &[Rc<Seen>]) {
        for record in records {
            self.cited.insert(record.id, Rc::clone(record));
        }
    }

    /// Every record the answer rests on, by id.
    pub(crate) fn cited(&self) -> impl Iterator<Item = &Rc<Seen>> {
        self.cited.values()
    }

    /// A node, made or added to; its id.
    pub(crate) fn node(&mut self, id: String, kind: &'static str, name: &str, records: &[Rc<Seen>]) -> String {
        self.cite(records);
        let references = references(records);
        if let Some(node) = self.by_id.get(&id).and_then(|n| self.nodes.get_mut(*n)) {
            let all: BTreeSet<String> = node.records.drain(..).chain(references).collect();
            node.records = all.into_iter().collect();
            return id;
        }
        self.by_id.insert(id.clone(), self.nodes.len());
        self.nodes.push(Node { id: id.clone(), kind, name: name.to_string(), time: None, records: references });
        id
    }

    /// Ids and names of the principals that stand in it, vendors' own services left out.
    pub(crate) fn principals(&self) -> impl Iterator<Item = (&str, &str)> {
        const KINDS: [PrincipalKind; 5] = [
            PrincipalKind::Human,
            PrincipalKind::Agent,
            PrincipalKind::Workload,
            PrincipalKind::Schedule,
            PrincipalKind::Unknown,
        ];
        let is_one = |node: &&Node| KINDS.iter().any(|kind| kind.word() == node.kind);
        self.nodes.iter().filter(is_one).map(|node| (node.id.as_str(), node.name.as_str()))
    }

    /// Says when a node happened.
    pub(crate) fn set_time(&mut self, id: &str, time: Option<String>) {
        if let Some(node) = self.by_id.get(id).and_then(|n| self.nodes.get_mut(*n)) {
            node.time = time;
        }
    }

    /// A node for a principal.
    pub(crate) fn principal(&mut self, principal: &Principal, records: &[Rc<Seen>]) -> String {
        self.node(principal.id.clone(), principal.kind.word(), principal.called(), records)
    }

    /// A node for a credential known by its fingerprint, and whose it is.
    pub(crate) fn credential(&mut self, name: &KeyName, holder: Option<&Principal>, records: &[Rc<Seen>]) -> String {
        let id = alloc::format!("credential:{}:{}", name.namespace, name.value);
        let whose = holder.map_or_else(String::new, |holder| alloc::format!(" of {}", holder.called()));
        self.node(id, "credential", &alloc::format!("{}{whose}", name.value), records)
    }

    /// Hops in order, cause first, the command chain before the credential chain; and nodes.
    pub(crate) fn finish(&self) -> (Vec<Node>, Vec<Hop>) {
        let command = self.command.iter().rev().map(|hop| (Chain::Command, hop));
        let credential = self.credential.iter().rev().map(|hop| (Chain::Credential, hop));
        let hops = command.chain(credential).enumerate().map(|(n, (chain, hop))| number(n + 1, chain, hop)).collect();
        (self.nodes.clone(), hops)
    }

    /// The number a hop of the credential chain will have, counted from the event backwards.
    pub(crate) fn credential_number(&self, from_event: usize) -> Option<usize> {
        (from_event < self.credential.len()).then(|| self.command.len() + self.credential.len() - from_event)
    }

    /// The number a hop of the command chain will have, counted from the event backwards.
    pub(crate) fn command_number(&self, from_event: usize) -> Option<usize> {
        (from_event < self.command.len()).then(|| self.command.len() - from_event)
    }
}

fn number(n: usize, chain: Chain, hop: &DraftHop) -> Hop {
    Hop {
        n,
        chain,
        from: hop.from.clone(),
        to: hop.to.clone(),
        edge: hop.edge,
        strength: hop.strength,
        grade: hop.grade,
        rule: hop.rule.id,
        keys: hop.keys.iter().map(shown).collect(),
        records: references(&hop.records),
        because: hop.because.clone(),
        against: hop.against.clone(),
        alternatives: hop.alternatives.clone(),
        coverage: hop.coverage.clone(),
        scope: hop.scope.clone(),
    }
}

fn shown(key: &KeyName) -> ShownKey {
    ShownKey { kind: key.kind.word(), namespace: key.namespace.to_string(), shown: key.value.clone() }
}

/// How an answer cites records: sorted, each once.
pub(crate) fn references(records: &[Rc<Seen>]) -> Vec<String> {
    let all: BTreeSet<String> = records.iter().map(|record| reference(record)).collect();
    all.into_iter().collect()
}

/// How an answer cites a record: by its vendor's id, or by its own where that id names two contents.
pub(crate) fn reference(record: &Seen) -> String {
    if record.in_conflict { record.id.to_string() } else { record.identity.reference() }
}

/// What [`crate::strength::strength`] needs to know of a record.
pub(crate) fn end(record: &Seen, tested: bool) -> End {
    End { custody: record.custody, in_conflict: record.in_conflict, tested }
}
