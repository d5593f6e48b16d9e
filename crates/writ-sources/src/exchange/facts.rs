//! From a record of an authorisation server to facts: a credential for each token, a delegation where
//! one acts for another.

use super::token::Token;
use super::{Client, Event, Exchange};
use crate::field;
use writ_model::fact::{
    CredentialChange, Delegation, DelegationMode, Detail, Fact, FactKind, Lifetime, Minting, Outcome, Party, Presented,
};
use writ_model::key::{ANY, Attestation, Key, KeyKind, KeyName, KeyRole, names_nothing};

pub(super) fn of(exchange: &Exchange) -> Vec<Fact> {
    let mut facts: Vec<Fact> = match exchange.event {
        Event::Given => exchange.issued.iter().map(|token| given(exchange, token)).collect(),
        Event::Refused => vec![refused(exchange)],
        Event::Ended => exchange.token.iter().map(|token| ended(exchange, token)).collect(),
    };
    if exchange.event == Event::Given {
        facts.extend(exchange.issued.first().and_then(|token| delegation(exchange, token)));
    }
    if let Some(first) = facts.first_mut() {
        first.sequence.clone_from(&exchange.sequence);
    }
    facts
}

/// A token was given.
fn given(exchange: &Exchange, token: &Token) -> Fact {
    let mut fact = common(exchange, Outcome::Success);
    fact.presented = exchange.subject_token.as_ref().map(|shown| presented(exchange, shown, Attestation::Verified));
    fact.keys.extend(named(token, KeyRole::Mints, Attestation::Verified));
    for shown in [&exchange.subject_token, &exchange.actor_token].into_iter().flatten() {
        fact.keys.extend(named(shown, KeyRole::Presents, Attestation::Verified));
    }
    let mut minting = minting(exchange, change(exchange));
    minting.minted = token.names.first().cloned();
    minting.lifetime = lifetime(token);
    minting.expires = token.expires;
    minting.scope.clone_from(&token.scope);
    minting.scope_before = exchange.subject_token.as_ref().and_then(|shown| shown.scope.clone());
    fact.detail = Detail::Credential(minting);
    fact
}

/// A token was asked for and not given. What was shown may be what was wrong with it.
fn refused(exchange: &Exchange) -> Fact {
    let mut fact = common(exchange, Outcome::Denied);
    let shown = exchange.token.as_ref().or(exchange.subject_token.as_ref());
    fact.presented = shown.map(|shown| presented(exchange, shown, Attestation::Claimed));
    for shown in shown.into_iter().chain(&exchange.actor_token) {
        fact.keys.extend(named(shown, KeyRole::Presents, Attestation::Claimed));
    }
    if let Some(actor) = &mut fact.actor {
        // The client itself may be what was refused.
        actor.class = Attestation::Claimed;
    }
    let mut minting = minting(exchange, CredentialChange::Refused);
    // What was asked for, if told.
    minting.scope = exchange.issued.first().and_then(|token| token.scope.clone());
    minting.scope_before = shown.and_then(|shown| shown.scope.clone());
    fact.detail = Detail::Credential(minting);
    fact
}

/// A token was ended, or ended by itself.
fn ended(exchange: &Exchange, token: &Token) -> Fact {
    let mut fact = common(exchange, Outcome::Success);
    fact.keys.extend(named(token, KeyRole::Revokes, Attestation::Verified));
    let mut minting = minting(exchange, CredentialChange::Revoked);
    minting.expires = token.expires;
    fact.detail = Detail::Credential(minting);
    fact
}

/// The client acts for the subject, visibly or not.
fn delegation(exchange: &Exchange, token: &Token) -> Option<Fact> {
    let subject = exchange.subject.clone()?;
    let (mode, principal, through) = if let Some((nearest, earlier)) = token.act.split_first() {
        (DelegationMode::Delegated, nearest.clone(), earlier.to_vec())
    } else {
        let client = exchange.client.as_ref().filter(|client| client.principal.id != subject.id)?;
        let exchanged = matches!(change(exchange), CredentialChange::Exchanged);
        let mode = match (token.act_truncated, exchanged) {
            // Somebody was named there: the client is only the one who got it.
            (true, _) => DelegationMode::Delegated,
            (false, true) => DelegationMode::Impersonated,
            (false, false) => return None,
        };
        (mode, client.principal.clone(), Vec::new())
    };
    let mut fact = Fact::new(FactKind::Delegation, action(exchange), Outcome::Success);
    // The issuer states it; nobody showed it to have happened.
    fact.actor = Some(Party { principal, class: Attestation::Claimed });
    fact.on_behalf_of = Some(Party { principal: subject, class: Attestation::Claimed });
    fact.keys.extend(parties(&fact));
    fact.keys.extend(named(token, KeyRole::Names, Attestation::Verified));
    fact.detail = Detail::Delegation(Delegation { mode, through, truncated: token.act_truncated });
    Some(fact)
}

fn common(exchange: &Exchange, outcome: Outcome) -> Fact {
    let mut fact = Fact::new(FactKind::Credential, action(exchange), outcome);
    fact.actor = exchange.client.as_ref().map(party);
    fact.keys.extend(parties(&fact));
    // The server got these from others and wrote down that it relied on them.
    let decision = decision(exchange).map(|name| Key { name, role: KeyRole::Names, class: Attestation::Observed });
    let approval = exchange
        .approval
        .as_ref()
        .and_then(|id| Key::new(KeyKind::Approval, ANY, id, KeyRole::Names, Attestation::Observed));
    let txn = exchange
        .txn
        .as_ref()
        .and_then(|id| Key::new(KeyKind::Transaction, "txn", id, KeyRole::Carries, Attestation::Claimed));
    fact.keys.extend(decision.into_iter().chain(approval).chain(txn));
    fact
}

/// `oauth:` and the grant where a token was given, else the event.
fn action(exchange: &Exchange) -> String {
    match (&exchange.grant, exchange.event) {
        (Some(grant), Event::Given) => format!("oauth:{grant}"),
        _ => format!("oauth:{}", exchange.word),
    }
}

/// Which edge the way of getting it makes.
fn change(exchange: &Exchange) -> CredentialChange {
    // A blackened grant says nothing; the event's own word still does.
    match exchange.grant.as_deref().filter(|grant| !names_nothing(grant)).unwrap_or(&exchange.word) {
        "token_exchange" | "jwt_bearer" | "exchanged" => CredentialChange::Exchanged,
        "refresh_token" | "refreshed" => CredentialChange::Refreshed,
        _ => CredentialChange::Issued,
    }
}

fn minting(exchange: &Exchange, change: CredentialChange) -> Minting {
    Minting {
        change,
        minted: None,
        lifetime: Lifetime::Unknown,
        holder: exchange.subject.clone(),
        by_service: None,
        expires: None,
        scope: None,
        scope_before: None,
        decision: decision(exchange),
        traces: Vec::new(),
    }
}

/// Access tokens end by themselves; a refresh token does where it says when.
fn lifetime(token: &Token) -> Lifetime {
    match token.kind.as_deref() {
        Some("refresh_token") if token.expires.is_none() => Lifetime::Unknown,
        _ => Lifetime::Temporary,
    }
}

fn presented(exchange: &Exchange, token: &Token, class: Attestation) -> Presented {
    let issuer = token.iss.clone().unwrap_or_else(|| exchange.issuer.clone());
    Presented { issuer: Some(issuer), ..Presented::new(token.names.first().cloned(), class, Lifetime::Temporary) }
}

/// The decision the server says it gave the token under, in the namespace of whoever decided.
fn decision(exchange: &Exchange) -> Option<KeyName> {
    let by = exchange.decision_by.clone().unwrap_or_else(|| ANY.to_string());
    KeyName::new(KeyKind::Decision, by, exchange.decision.as_deref()?)
}

fn named(token: &Token, role: KeyRole, class: Attestation) -> impl Iterator<Item = Key> {
    token.names.iter().map(move |name| Key { name: name.clone(), role, class })
}

fn party(client: &Client) -> Party {
    let class = if client.authenticated { Attestation::Verified } else { Attestation::Claimed };
    Party { principal: client.principal.clone(), class }
}

fn parties(fact: &Fact) -> Vec<Key> {
    [&fact.actor, &fact.on_behalf_of].into_iter().filter_map(|party| field::principal_key(party.as_ref())).collect()
}
