//! From a finished walk to an answer: words, weakest links, the digest.

use crate::answer::{
    Answer, ChainVerdict, Event, EvidenceFoot, Gap, Hop, PowerEntry, PrincipalEntry, Resource, Risk, SCHEMA, Verdict,
};
use crate::graph::reference;
use crate::rule::Chain;
use crate::sentence;
use crate::strength::Strength;
use crate::walk::{Start, Walk};
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;
use serde::Serialize;
use writ_model::canon::Digest;
use writ_model::custody::Custody;
use writ_model::fact::{FactKind, Party, Risk as FactRisk};
use writ_model::principal::PrincipalKind;

/// Puts everything the walk found into an answer.
pub(crate) fn close(mut walk: Walk<'_>, start: &Start) -> Answer {
    let (nodes, hops) = walk.graph.finish();
    let event = event(&walk, start);
    let performed_by = walk.performed_by.as_ref().map(|(party, known)| entry(&walk, party, *known));
    let powered_by = powered_by(&walk);
    let grantor = powered_by.first().and_then(|power| power.grantor.clone());
    let verdict = verdict(&walk, &hops);
    let wielder = wielder(&walk, start);
    let asked_by = asked_by(&walk);
    let sentence = sentence::sentence(&sentence::Said {
        event: &event,
        verdict: &verdict,
        performed_by: performed_by.as_ref(),
        power: powered_by.first(),
        asked_by: &asked_by,
        hops: &hops,
        gaps: &walk.gaps,
        approvals: &walk.approvals,
        decisions: &walk.decisions,
        own_account: own_account(&walk, &hops),
    });
    sentence::limits(&mut walk, performed_by.as_ref(), grantor.as_ref());
    let cited: Vec<_> = walk.graph.cited().cloned().collect();
    let mut answer = Answer {
        schema: SCHEMA,
        event,
        verdict,
        sentence,
        limits: walk.limits,
        as_of: walk.question.as_of.to_string(),
        asked_by,
        powered_by,
        performed_by,
        wielder,
        nodes,
        hops,
        decisions: walk.decisions,
        approvals: walk.approvals,
        influences: walk.influences,
        findings: walk.findings,
        gaps: walk.gaps,
        coverage: walk.coverage,
        sources: walk.sources,
        evidence: EvidenceFoot {
            records: cited.len(),
            path_digest: String::new(),
            log_size: walk.question.log_size,
            derivation: walk.question.derivation.to_string(),
        },
    };
    // Writ's own records differ from store to store.
    let own = |source: &str| walk.question.source(source).is_some_and(|info| info.namespace == "writ");
    let theirs = cited.iter().filter(|record| !own(&record.identity.source));
    let mut digests: Vec<String> = theirs.map(|record| record.content.to_string()).collect();
    digests.sort_unstable();
    answer.evidence.path_digest = path_digest(&answer, &digests);
    answer
}

fn event(walk: &Walk<'_>, start: &Start) -> Event {
    let record = &walk.question.event;
    let fact = &start.fact;
    Event {
        reference: reference(record),
        source: record.identity.source.clone(),
        native_id: record.identity.native_id.clone(),
        recorder: record.identity.recorder.clone(),
        time: record.event_time.map(|time| time.start.to_string()),
        time_precision_ms: record.event_time.map(|time| time.precision_ms),
        received: record.received.to_string(),
        kind: fact.kind.word(),
        action: fact.action.clone(),
        resources: fact
            .resources
            .iter()
            .map(|resource| Resource { kind: resource.kind.clone(), id: resource.id.clone() })
            .collect(),
        outcome: fact.outcome.word(),
        risk: Risk {
            tier: fact.risk.tier(),
            reasons: fact.risk.reasons().iter().map(|reason| reason.word()).collect(),
        },
    }
}

fn entry(walk: &Walk<'_>, party: &Party, known: Strength) -> PrincipalEntry {
    let kind = walk.kinds.get(&party.principal.id).copied().unwrap_or(party.principal.kind);
    PrincipalEntry {
        principal: party.principal.id.clone(),
        kind: kind.word(),
        name: party.principal.name.clone(),
        strength: known,
        grade: None,
        mode: None,
    }
}

fn powered_by(walk: &Walk<'_>) -> Vec<PowerEntry> {
    let Some(power) = walk.power.as_ref().filter(|power| power.strength.is_stated()) else { return Vec::new() };
    vec![PowerEntry {
        entry: entry(walk, &power.party, power.strength),
        grantor: walk.grantor.as_ref().map(|(party, known)| entry(walk, party, *known)),
        owner: walk.owner.clone(),
    }]
}

/// A bearer credential can be used by whoever holds a copy, so only a vendor's own service, which
/// presents none, is known to have acted by itself.
fn wielder(walk: &Walk<'_>, start: &Start) -> &'static str {
    let service = walk.performed_by.as_ref().is_some_and(|(party, _)| party.principal.kind == PrincipalKind::Service);
    if service && start.fact.presented.is_none() { "automation" } else { "unknown" }
}

fn asked_by(walk: &Walk<'_>) -> Vec<PrincipalEntry> {
    let entries = walk.asked_by.iter().map(|asked| PrincipalEntry {
        grade: asked.grade,
        mode: asked.alternative.then_some("alternative"),
        ..entry(walk, &asked.party, asked.strength)
    });
    let mut all: Vec<PrincipalEntry> = Vec::new();
    for one in entries {
        if !all.iter().any(|known| known.principal == one.principal) {
            all.push(one);
        }
    }
    all
}

/// Whether who asked rests on what agents say of themselves alone.
fn own_account(walk: &Walk<'_>, hops: &[Hop]) -> bool {
    let mut command = hops.iter().filter(|hop| hop.chain == Chain::Command).peekable();
    let own = |record: &String| record.starts_with("otel.");
    command.peek().is_some()
        && !walk.asked_by.is_empty()
        && command.all(|hop| {
            hop.strength.is_stated()
                && hop.records.iter().all(|record| own(record) || *record == reference(&walk.question.event))
        })
}

/// How many roots the command chain has: one needs somebody who asked, and every hop stated.
fn roots(walk: &Walk<'_>, hops: &[Hop]) -> &'static str {
    let stated = hops.iter().filter(|hop| hop.chain == Chain::Command).all(|hop| hop.strength.is_stated());
    let budget = walk.gaps.iter().any(|gap| gap.chain == Chain::Command && gap.reason == "budget");
    match walk.asked_by.len() {
        _ if walk.several => "several",
        0 => "none",
        _ if stated && !budget => "one",
        _ => "none",
    }
}

fn verdict(walk: &Walk<'_>, hops: &[Hop]) -> Verdict {
    let command = chain_verdict(walk, hops, Chain::Command);
    let credential = chain_verdict(walk, hops, Chain::Credential);
    let roots = roots(walk, hops);
    let high = matches!(walk.question.event.facts.first().map(|fact| &fact.risk), Some(FactRisk::High(_)));
    let unknown = walk.approvals.iter().any(|approval| approval.state == "unknown")
        || walk.decisions.iter().any(|decision| decision.state == "unknown");
    // Only an effect is done with a credential: another event may show none, and misses nothing by it.
    let powerless = walk.question.event.facts.iter().all(|fact| fact.kind != FactKind::Effect)
        && hops.iter().all(|hop| hop.chain == Chain::Command)
        && walk.gaps.iter().all(|gap| gap.chain == Chain::Command);
    let powered = credential.word == "complete" || powerless;
    let whole = command.word == "complete" && powered && roots == "one" && !(high && unknown);
    let word = match roots {
        _ if walk.contradicted => "contradicted",
        "several" => "ambiguous",
        _ if whole => "complete",
        _ => "partial",
    };
    let weak = hops.iter().any(|hop| hop.grade == Some("weak"));
    let custody = walk
        .graph
        .cited()
        .map(|record| record.custody)
        .max()
        .unwrap_or(walk.question.event.custody)
        .max(Custody::Sealed);
    Verdict {
        word,
        command,
        credential,
        coverage: if unknown || weak { "partial" } else { "complete" },
        roots,
        weakest: if powerless { command.weakest } else { weaker(command.weakest, credential.weakest) },
        contradicted: walk.contradicted,
        settled: walk.sources.iter().all(|source| source.state == "settled"),
        custody: custody.word(),
    }
}

/// A gap beside an inferred hop says which carrier would have settled it; the hop is counted, not the gap.
fn counts(gap: &Gap, hops: &[Hop]) -> bool {
    !hops.iter().any(|hop| hop.chain == gap.chain && hop.to == gap.after && hop.strength.word() == "inferred")
}

fn chain_verdict(walk: &Walk<'_>, hops: &[Hop], chain: Chain) -> ChainVerdict {
    let own: Vec<&Hop> = hops.iter().filter(|hop| hop.chain == chain).collect();
    // A credential that its use does not show cannot be followed: the chain ends in the open.
    let unshown = own.first().is_some_and(|hop| hop.from.starts_with("credential:unshown:"));
    let gap = unshown || walk.gaps.iter().any(|gap| gap.chain == chain && counts(gap, hops));
    let weakest = own.iter().map(|hop| hop.strength).min();
    let word = match weakest {
        _ if gap => "partial",
        Some(known) if known.is_stated() => "complete",
        _ => "partial",
    };
    let weakest = match weakest {
        Some(known) if !gap => known.word(),
        _ => "gap",
    };
    ChainVerdict { word, weakest }
}

fn weaker(a: &'static str, b: &'static str) -> &'static str {
    let rank = |word: &str| match word {
        "gap" => 0,
        "inferred" => 1,
        "asserted" => 2,
        _ => 3,
    };
    if rank(a) <= rank(b) { a } else { b }
}

/// Digest over event, nodes, hops, controls, findings, gaps and the digests of the cited records:
/// equal in every store that holds the same settled evidence. Receive times, positions, `until` and
/// `as_of` do not enter it.
fn path_digest(answer: &Answer, cited: &[String]) -> String {
    #[derive(Serialize)]
    struct Path<'a> {
        event: &'a str,
        nodes: &'a [crate::answer::Node],
        hops: &'a [Hop],
        decisions: &'a [crate::answer::Decision],
        approvals: &'a [crate::answer::Approval],
        findings: &'a [crate::answer::Finding],
        gaps: Vec<Gap>,
        cited: &'a [String],
    }
    let path = Path {
        event: &answer.event.reference,
        nodes: &answer.nodes,
        hops: &answer.hops,
        decisions: &answer.decisions,
        approvals: &answer.approvals,
        findings: &answer.findings,
        gaps: answer.gaps.iter().map(|gap| Gap { until: None, ..gap.clone() }).collect(),
        cited,
    };
    // Plain strings and numbers: writing them cannot fail.
    let bytes = serde_json::to_vec(&path).unwrap_or_default();
    Digest::of("writ path 0", &bytes).to_string()
}
