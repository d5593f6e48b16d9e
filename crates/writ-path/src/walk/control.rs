//! Controls: decisions about this request, approvals bound to this call.

use super::{Start, Walk, effect_of};
use crate::answer::{Approval, Decision};
use crate::graph;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use writ_model::fact::{Detail, FactKind, Outcome};
use writ_model::key::Attestation;

impl Walk<'_> {
    pub(super) fn controls(&mut self, start: &Start) {
        self.own_decision(start);
        // No decision point is known to stand on this route, and none is known not to.
        self.decisions.push(decision("unknown", "unbound", "unknown"));
        self.approvals.push(unknown_approval(self.graph.command_number(0)));
    }

    /// What the system that did it decided itself: it refused, or, having done it, permitted it.
    fn own_decision(&mut self, start: &Start) {
        let records = graph::references(&start.records);
        let time = start.records.first().and_then(|record| record.event_time).map(|time| time.start.to_string());
        let hop = self.graph.credential_number(0);
        let recorded = start.records.iter().flat_map(|record| &record.facts).find_map(|fact| match &fact.detail {
            Detail::Decision(said) if fact.kind == FactKind::Decision => Some(said),
            _ => None,
        });
        if let Some(said) = recorded {
            let state = said.effect.word();
            let enforcement = match said.enforced {
                Some(true) => "enforced",
                Some(false) => "advisory",
                None => "unknown",
            };
            self.decisions.push(Decision {
                engine: Some(said.engine),
                time,
                hop,
                records,
                ..decision(state, "bound", enforcement)
            });
            return;
        }
        let authenticated = start.fact.actor.as_ref().is_some_and(|actor| actor.class == Attestation::Verified);
        let engine = effect_of(&start.fact).and_then(|effect| effect.enforced_by);
        if let Some(engine) = engine.filter(|_| authenticated && start.fact.outcome == Outcome::Success) {
            self.decisions.push(Decision {
                engine: Some(engine),
                time,
                hop,
                records,
                ..decision("implied", "bound", "enforced")
            });
            self.limit("That the call was allowed is implied by its having been done; which policy allowed it is not recorded.".to_string());
        }
    }
}

fn decision(state: &'static str, binding: &'static str, enforcement: &'static str) -> Decision {
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

/// An approval is judged at the call that set the effect off, where there is one.
fn unknown_approval(hop: Option<usize>) -> Approval {
    Approval {
        state: "unknown",
        reason: Some("no source of approvals is here, so there may or may not have been one".to_string()),
        covers: None,
        uses: None,
        approver: None,
        approver_strength: None,
        approver_entitled: None,
        separation: "unknown",
        rendered_by: None,
        shown_digest: None,
        executed_digest: None,
        granted_at: None,
        expires_at: None,
        ratified: None,
        hop,
        coverage: Vec::new(),
        records: Vec::new(),
    }
}
