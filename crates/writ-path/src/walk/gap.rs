//! Gaps: a cause that must exist and is not known, with the first reason that is established.

use super::Walk;
use crate::answer::Gap;
use crate::question::{Ask, Seen, Stopped};
use crate::rule::{Chain, Edge};
use crate::strength::{Agreement, Witness, strength};
use crate::walk::credential::Link;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString as _};
use writ_model::fact::{Detail, FactKind, RecorderChange};
use writ_model::key::{Attestation, KeyName, KeyRole};
use writ_model::time::{EventTime, Time};

/// Why a cause is not known, in words and as data.
pub(super) struct Why {
    pub(super) reason: &'static str,
    pub(super) text: String,
    pub(super) holder: Option<String>,
    pub(super) until: Option<Time>,
    pub(super) fix: Option<String>,
    pub(super) ask: Option<String>,
}

impl Why {
    pub(super) fn new(reason: &'static str, text: String) -> Why {
        Why { reason, text, holder: None, until: None, fix: None, ask: None }
    }
}

impl Walk<'_> {
    /// Nobody recorded who issued this credential.
    pub(super) fn issuance_gap(&mut self, link: &Link) -> Result<(), Stopped> {
        let Some(used) = link.used_in.first().cloned() else { return Ok(()) };
        let issuer = link.presented.issuer.clone().unwrap_or_else(|| used.identity.recorder.clone());
        let why = match self.omitted(link, &used) {
            Some(why) => why,
            None => self.why_missing(&used, &issuer, link.presented.issued_at, link.time)?,
        };
        if matches!(why.reason, "unknown")
            && let Some(issued_at) = link.presented.issued_at
        {
            let slack = i64::from(issued_at.precision_ms) + i64::from(self.skew(&used));
            let (from, to) = (issued_at.start.plus_millis(-slack), issued_at.start.plus_millis(slack));
            let covering = self.coverage_of(&used.identity.source, &issuer, from, to)?;
            if !covering.is_empty() {
                let text = format!(
                    "{issuer} is declared complete over the instant this credential was created, and holds no record that shows who issued it"
                );
                self.find_absence("credential_without_issuance", text, &link.used_in);
            }
        }
        let shown = link.credential.as_ref().map_or("the credential", |name| &name.value);
        let when = link.presented.issued_at.map_or_else(String::new, |time| format!(" at {}", time.start));
        let text = format!("Someone issued {shown}{when}; {}.", why.text);
        self.push_gap(Chain::Credential, link.node.clone(), "issuance of the credential", Why { text, ..why });
        Ok(())
    }

    /// The caller's own account holds the half of the record that shows its credential.
    pub(super) fn other_half_gap(&mut self, link: &Link, records: &[Rc<Seen>]) -> Result<(), Stopped> {
        let Some(used) = records.first().cloned() else { return Ok(()) };
        let issuer = link.presented.issuer.clone().unwrap_or_else(|| used.identity.recorder.clone());
        let why = self.why_missing(&used, &issuer, link.time, link.time)?;
        let text =
            format!("The caller came from {issuer}, whose record of the same call shows its credential; {}.", why.text);
        self.push_gap(
            Chain::Credential,
            link.node.clone(),
            "the caller's own record of this call",
            Why { text, ..why },
        );
        Ok(())
    }

    /// The record shows neither who called nor with what.
    pub(super) fn caller_gap(&mut self, node: &str) {
        let text = "Somebody called; the record shows neither who nor with which credential.".to_string();
        self.push_gap(Chain::Credential, node.to_string(), "the caller", Why::new("unknown", text));
    }

    /// Credentials that were made from each other: the ids lie.
    pub(super) fn cycle_gap(&mut self, link: &Link) {
        let text = "Records say these credentials were made from each other, which cannot be.".to_string();
        self.push_gap(Chain::Credential, link.node.clone(), "issuance of the credential", Why::new("conflict", text));
        self.contradicted = true;
        // Joins that lead to what cannot be are not taken at their word, nor is whose power they led to.
        let doubtful = |hop: &crate::graph::DraftHop| {
            strength(&Witness {
                rule: hop.rule,
                agreement: Agreement::Stated(Attestation::Claimed),
                ends: &[],
                open_premise: false,
                contradicted: true,
            })
        };
        for hop in self.graph.credential.iter_mut().filter(|hop| hop.edge != Edge::ExecutedWith) {
            hop.strength = hop.strength.min(doubtful(hop));
        }
        self.power.clone_from(&self.own_power);
    }

    pub(super) fn budget_gap(&mut self, chain: Chain, name: &KeyName) {
        let text = format!("The walk stopped at its bounds: too many records show {name}.");
        let after = format!("{}:{}:{}", name.kind.word(), name.namespace, name.value);
        self.push_gap(chain, after, "every candidate", Why::new("budget", text));
    }

    /// The walk went as far back as it may, and there is more.
    pub(super) fn depth_gap(&mut self, chain: Chain, after: String) {
        let bound = self.question.budget.depth;
        let text = format!("The walk stopped at its bounds: it went back {bound} steps and did not come to an end.");
        self.push_gap(chain, after, "what lies further back", Why::new("budget", text));
    }

    /// The carrier that would have named what set a service off was not in its record.
    pub(super) fn order_gap(&mut self, node: &str) {
        let mut why = Why::new(
            "key_missing",
            "Which call set the service off is only a guess: the record carries no id of the order it belongs to."
                .to_string(),
        );
        why.fix = Some(
            "tag what the service makes with the id of the order (a stack id), so that its records carry it"
                .to_string(),
        );
        self.push_gap(Chain::Command, node.to_string(), "the call that set the service off", why);
    }

    pub(super) fn push_gap(&mut self, chain: Chain, after: String, expected: &'static str, why: Why) {
        let gap = Gap {
            chain,
            after,
            expected,
            reason: why.reason,
            text: why.text,
            holder: why.holder,
            until: why.until.map(|time| time.to_string()),
            fix: why.fix,
            ask: why.ask,
        };
        if !self.gaps.contains(&gap) {
            self.gaps.push(gap);
        }
    }

    /// The source says that it leaves this out.
    fn omitted(&self, link: &Link, used: &Seen) -> Option<Why> {
        let code = link.presented.omission?;
        let omission = self.question.source(&used.identity.source)?.omission(code)?;
        let mut why = Why::new("source_omits", format!("{} {}", used.identity.source, omission.text));
        why.fix = Some(omission.fix.to_string());
        why.ask = Some(omission.ask.to_string());
        Some(why)
    }

    /// Why `issuer` has no record of what happened at `expected` (or, where that is not told, before
    /// `used_at`).
    fn why_missing(
        &mut self,
        used: &Seen,
        issuer: &str,
        expected: Option<EventTime>,
        used_at: Option<EventTime>,
    ) -> Result<Why, Stopped> {
        let source = &used.identity.source;
        let info = self.question.source(source);
        if let Some(instant) = expected.or(used_at) {
            if let Some((event, by)) = self.recorder_off(issuer, instant)? {
                let text = format!("{issuer} was not writing then: {event} had stopped it{by}");
                return Ok(Why::new("recorder_off", text));
            }
            let until =
                info.map(|info| instant.start.plus_millis(i64::try_from(info.delay_worst_ms).unwrap_or(i64::MAX)));
            if let Some(until) = until.filter(|until| self.question.as_of < *until) {
                let mut why =
                    Why::new("not_yet_delivered", format!("its record may still be on its way from {issuer}"));
                why.until = Some(until);
                return Ok(why);
            }
        }
        let span =
            self.evidence.spans()?.iter().find(|span| span.source == *source && span.recorder == issuer).cloned();
        let Some(span) = span else {
            let mut why =
                Why::new("outside_boundary", format!("{issuer} would hold the record, and nothing of it is here"));
            why.holder = Some(issuer.to_string());
            why.fix = Some(format!("hand in {source} of {issuer} too"));
            why.ask = Some(format!("whoever administers {issuer}"));
            return Ok(why);
        };
        let outside = expected.filter(|instant| {
            let last_possible = instant.start.plus_millis(i64::from(instant.precision_ms));
            span.first.is_none_or(|first| last_possible <= first) || span.last.is_none_or(|last| instant.start > last)
        });
        if outside.is_some() {
            let from = span.first.map_or_else(|| "?".to_string(), |time| time.to_string());
            let to = span.last.map_or_else(|| "?".to_string(), |time| time.to_string());
            let mut why =
                Why::new("not_collected", format!("what is here of {issuer} reaches only from {from} to {to}"));
            why.fix = Some(format!("hand in {source} of {issuer} from before the credential was created"));
            why.ask = Some(format!("whoever keeps the logs of {issuer}"));
            return Ok(why);
        }
        let mut why = Why::new("unknown", format!("{issuer} holds no record of it, and nothing here says why"));
        why.ask = Some(format!("whoever keeps the logs of {issuer}"));
        Ok(why)
    }

    /// The act that had stopped a recorder before an instant, if it had not been resumed.
    pub(super) fn recorder_off(
        &mut self,
        recorder: &str,
        instant: EventTime,
    ) -> Result<Option<(String, String)>, Stopped> {
        let Some(name) = KeyName::of_recorder(recorder) else { return Ok(None) };
        let mut off = None;
        for record in self.keyed(&name, KeyRole::Names, instant.start, Chain::Credential)?.records {
            // What nobody checked does not establish a reason, nor say whose credential it was.
            let checked = |key: &writ_model::key::Key| key.name == name && key.class == Attestation::Verified;
            let change = record.facts.iter().find_map(|fact| match &fact.detail {
                Detail::Recorder(change)
                    if fact.outcome == writ_model::fact::Outcome::Success && fact.keys.iter().any(checked) =>
                {
                    Some(*change)
                }
                _ => None,
            });
            match change {
                Some(RecorderChange::Stopped) => {
                    let effect = record.facts.iter().find(|fact| fact.kind == FactKind::Effect);
                    let by = effect.and_then(|fact| fact.actor.as_ref()).map_or_else(String::new, |actor| {
                        format!(", with the credential of {}", actor.principal.called())
                    });
                    off = record.event_time.map(|at| (Rc::clone(&record), at, by));
                }
                Some(RecorderChange::Resumed) => off = None,
                _ => {}
            }
        }
        let Some((record, at, by)) = off else { return Ok(None) };
        // Several logs may feed one recorder: what it wrote in between shows that it went on writing.
        let slack = i64::from(at.precision_ms) + 1;
        let ask = Ask::Window {
            source: record.identity.source.clone(),
            recorder: recorder.to_string(),
            from: at.start.plus_millis(slack),
            to: instant.start,
        };
        let (written_since, _) = self.evidence.window(ask)?;
        if written_since > 0 {
            return Ok(None);
        }
        self.graph.cite(core::slice::from_ref(&record));
        Ok(Some((crate::graph::reference(&record), by)))
    }
}

/// Whether the credential of this caller is recorded by another recorder than this act's.
pub(super) fn elsewhere(link: &Link, records: &[Rc<Seen>]) -> bool {
    let Some(issuer) = &link.presented.issuer else { return false };
    link.credential.is_none() && records.iter().all(|record| record.identity.recorder != *issuer)
}
