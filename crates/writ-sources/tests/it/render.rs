//! Facts as stable, readable text.

use std::fmt::Write as _;
use writ_model::fact::{Decision, Detail, Fact, Lifetime, Minting, Party, Presented, Risk};
use writ_model::principal::Principal;
use writ_model::time::Time;
use writ_sources::Admitted;

pub(crate) fn record(admitted: &Admitted) -> String {
    let mut out = String::new();
    let identity = &admitted.identity;
    let time = admitted
        .event_time
        .map_or("no time".to_string(), |time| format!("{} within {} ms", time.start, time.precision_ms));
    writeln!(out, "record {} of {}", identity.reference(), identity.recorder).unwrap();
    writeln!(out, "  {} at {time}", admitted.id).unwrap();
    for redaction in &admitted.redactions {
        writeln!(out, "  withheld {} at {}", redaction.kind, redaction.pointer).unwrap();
    }
    for fact in &admitted.facts {
        let first = admitted.facts.first().filter(|first| !std::ptr::eq(*first, fact));
        fact_lines(fact, first, &mut out);
    }
    out
}

/// `first` is the record's first fact, if this is another: what both share is not said twice.
fn fact_lines(fact: &Fact, first: Option<&Fact>, out: &mut String) {
    let risk = match &fact.risk {
        Risk::Low => "low".to_string(),
        Risk::Normal => "normal".to_string(),
        Risk::High(reasons) => {
            format!("high ({})", reasons.iter().map(|reason| reason.word()).collect::<Vec<_>>().join(", "))
        }
    };
    writeln!(out, "  {} {} {}, risk {risk}", fact.kind.word(), fact.action, fact.outcome.word()).unwrap();
    let same = first.is_some_and(|first| {
        (&first.actor, &first.on_behalf_of, &first.presented, &first.resources)
            == (&fact.actor, &fact.on_behalf_of, &fact.presented, &fact.resources)
    });
    if !same {
        party_lines(fact, out);
    }
    if let Some((epoch, n)) = &fact.sequence {
        writeln!(out, "    number {n} of {epoch}").unwrap();
    }
    for key in &fact.keys {
        writeln!(out, "    {} {} {}", key.role.word(), key.name, key.class.word()).unwrap();
    }
    detail_lines(&fact.detail, out);
}

fn party_lines(fact: &Fact, out: &mut String) {
    for (role, party) in [("actor", &fact.actor), ("on behalf of", &fact.on_behalf_of)] {
        if let Some(Party { principal, class }) = party {
            writeln!(out, "    {role} {} {}", principal_text(principal), class.word()).unwrap();
        }
    }
    if let Some(presented) = &fact.presented {
        presented_lines(presented, out);
    }
    for resource in &fact.resources {
        let kind = if resource.kind.is_empty() { "-" } else { &resource.kind };
        writeln!(out, "    resource {kind} {}", resource.id).unwrap();
    }
}

fn principal_text(principal: &Principal) -> String {
    let name = if principal.id_is_name { " (a name)" } else { "" };
    let called = principal.name.as_ref().map_or(String::new(), |name| format!(" called {name}"));
    format!("{}{name} {}{called}", principal.id, principal.kind.word())
}

fn lifetime(lifetime: Lifetime) -> &'static str {
    match lifetime {
        Lifetime::Lasting => "lasting",
        Lifetime::Temporary => "temporary",
        Lifetime::Unknown => "of unknown life",
    }
}

fn presented_lines(presented: &Presented, out: &mut String) {
    let shown = presented.credential.as_ref().map_or("no credential shown".to_string(), ToString::to_string);
    writeln!(out, "    presented {shown} {} {}", presented.class.word(), lifetime(presented.lifetime)).unwrap();
    if let Some(time) = presented.issued_at {
        writeln!(out, "      issued at {} within {} ms", time.start, time.precision_ms).unwrap();
    }
    if let Some(role) = &presented.session_of {
        writeln!(out, "      session of {}", principal_text(role)).unwrap();
    }
    for (what, value) in [("delivered by", &presented.delivered_by), ("issuer", &presented.issuer)] {
        if let Some(value) = value {
            writeln!(out, "      {what} {value}").unwrap();
        }
    }
    if let Some(omission) = presented.omission {
        writeln!(out, "      omission {omission}").unwrap();
    }
    for trace in &presented.traces {
        writeln!(out, "      trace {} {}: {}", trace.name, trace.class.word(), trace.says).unwrap();
    }
}

fn detail_lines(detail: &Detail, out: &mut String) {
    let time = |time: &Option<Time>| time.map_or("-".to_string(), |time| time.to_string());
    match detail {
        Detail::None => {}
        Detail::Effect(effect) => {
            for (what, value) in [("via", effect.via_service.as_deref()), ("enforced by", effect.enforced_by)] {
                if let Some(value) = value {
                    writeln!(out, "    {what} {value}").unwrap();
                }
            }
            for order in &effect.orders {
                writeln!(out, "    order {order}").unwrap();
            }
            if effect.no_caller {
                writeln!(out, "    no caller").unwrap();
            }
        }
        Detail::Credential(minting) => minting_lines(minting, out),
        Detail::Decision(decision) => decision_lines(decision, out),
        Detail::Grant(grant) => writeln!(out, "    {:?}: {}", grant.kind, grant.says).unwrap(),
        Detail::Identity(identity) => {
            let name = identity.name.as_ref().map_or(String::new(), |name| format!(" called {name}"));
            writeln!(
                out,
                "    {} {:?} {} ({}){name}, from {} to {} confirmed to {}, by {}",
                identity.subject,
                identity.relation,
                identity.object,
                identity.kind.word(),
                time(&identity.from),
                time(&identity.to),
                time(&identity.confirmed_to),
                identity.directory
            )
            .unwrap();
        }
        Detail::Coverage(said) => writeln!(
            out,
            "    {} of {} complete from {} to {}: {} records, {}, says {}",
            said.source, said.recorder, said.from, said.to, said.count, said.digest, said.declared_by
        )
        .unwrap(),
        Detail::Intent(intent) => debug_lines(intent, out),
        Detail::ModelCall(call) => debug_lines(call, out),
        Detail::ToolCall(call) => debug_lines(call, out),
        Detail::Delegation(delegation) => debug_lines(delegation, out),
        Detail::Approval(approval) => debug_lines(approval, out),
        Detail::Route(route) => debug_lines(route, out),
        Detail::Manifest(manifest) => debug_lines(manifest, out),
        Detail::Recorder(change) => writeln!(out, "    recorder {change:?}").unwrap(),
    }
}

/// Details with many optional parts, as they are: only what is told takes a line.
fn debug_lines(detail: &impl std::fmt::Debug, out: &mut String) {
    let text = format!("{detail:#?}");
    for line in text.lines().filter(|line| !line.ends_with(": None,")) {
        writeln!(out, "    {line}").unwrap();
    }
}

fn minting_lines(minting: &Minting, out: &mut String) {
    let minted = minting.minted.as_ref().map_or("-".to_string(), ToString::to_string);
    writeln!(out, "    {:?} {minted} {}", minting.change, lifetime(minting.lifetime)).unwrap();
    if let Some(holder) = &minting.holder {
        writeln!(out, "    holder {}", principal_text(holder)).unwrap();
    }
    if let Some(service) = &minting.by_service {
        writeln!(out, "    by service {service}").unwrap();
    }
    if let Some(expires) = minting.expires {
        writeln!(out, "    expires {expires}").unwrap();
    }
    for trace in &minting.traces {
        writeln!(out, "    trace {trace}").unwrap();
    }
    for (what, scope) in [("scope before", &minting.scope_before), ("scope", &minting.scope)] {
        if let Some(scope) = scope {
            writeln!(out, "    {what} {}", scope.parts().join(", ")).unwrap();
        }
    }
    if let Some(decision) = &minting.decision {
        writeln!(out, "    under {decision}").unwrap();
    }
}

fn decision_lines(decision: &Decision, out: &mut String) {
    let reason = decision.reason.as_deref().unwrap_or("-");
    let enforced = match decision.enforced {
        Some(true) => "enforced",
        Some(false) => "advisory",
        None => "of unknown enforcement",
    };
    writeln!(out, "    {} by {} {enforced}: {reason}", decision.effect.word(), decision.engine).unwrap();
    let listed = decision.policies.iter().map(|one| ("policy", one));
    let listed = listed.chain(decision.revisions.iter().map(|one| ("revision", one)));
    let single =
        [("id", &decision.id), ("arguments", &decision.arguments), ("reused from", &decision.reused_from)].into_iter();
    for (what, one) in listed.chain(single.filter_map(|(what, one)| Some((what, one.as_ref()?)))) {
        writeln!(out, "    {what} {one}").unwrap();
    }
}
