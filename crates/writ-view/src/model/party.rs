//! Who asked, whose power it was, who gave it, who owns it, who acted. With X's credential is never
//! shortened to "X did".

use super::PartyView;
use crate::escape;
use writ_path::answer::{Answer, PrincipalEntry};

/// Everybody an answer names, asker first.
pub(super) fn parties(answer: &Answer) -> Vec<PartyView> {
    let mut parties: Vec<PartyView> = answer.asked_by.iter().map(|asker| party("Asked by", asker)).collect();
    if parties.is_empty() {
        parties.push(nobody("Asked by", "nobody is known to have asked"));
    }
    for power in &answer.powered_by {
        parties.push(party("Power of", &power.entry));
        parties.extend(power.grantor.iter().map(given));
        parties.extend(power.owner.iter().map(|owner| party("  owner", owner)));
    }
    if answer.powered_by.is_empty() {
        parties.push(nobody("Power of", "whose power it was is not known"));
    }
    match &answer.performed_by {
        Some(by) => parties.push(party("Acting as", by)),
        None => parties.push(nobody("Acting as", "nobody was authenticated")),
    }
    parties.push(nobody("Hand", hand(answer.wielder)));
    parties.extend(within(answer));
    parties
}

/// The agents, sessions and conversations that records of the answer say they belong to: context, and no
/// hop of any chain.
fn within(answer: &Answer) -> impl Iterator<Item = PartyView> + '_ {
    let joined = |id: &str| answer.hops.iter().any(|hop| hop.from == id || hop.to == id);
    let context = answer.nodes.iter().filter(move |node| matches!(node.kind, "session" | "agent") && !joined(&node.id));
    context.map(|node| {
        let remark = if node.kind == "agent" { "agent" } else { "" };
        PartyView { label: "Within", name: node.name.clone(), id: None, remark: remark.to_string() }
    })
}

fn hand(wielder: &str) -> &'static str {
    match wielder {
        "human_present" => "a person was present for this request",
        "agent" => "an agent that holds a key nobody can copy",
        "automation" => "a workload that proved what it is",
        _ => "unknown: whoever held the credential",
    }
}

fn party(label: &'static str, entry: &PrincipalEntry) -> PartyView {
    let kind = if entry.kind == "unknown" { "principal" } else { entry.kind };
    let mut remark = vec![kind.to_string(), entry.strength.to_string()];
    if let (Some(grade), Some(last)) = (entry.grade, remark.last_mut()) {
        last.push(' ');
        last.push_str(grade);
    }
    match entry.mode {
        Some("alternative") => remark.push("one of several possible".to_string()),
        Some(mode) => remark.push(mode.to_string()),
        None => {}
    }
    remark.extend(spelling(&entry.principal));
    let name = entry.name.clone().unwrap_or_else(|| entry.principal.clone());
    let id = (name != entry.principal).then(|| entry.principal.clone());
    PartyView { label, name, id, remark: remark.join(", ") }
}

/// How a name is spelt that is not ASCII: it may look like another one's and be none of it.
pub(super) fn spelling(id: &str) -> Option<String> {
    (!id.is_ascii()).then(|| format!("not ASCII, spelt {}", escape::ascii(id)))
}

/// Whoever gave the power: with their credential, which is not their hand.
fn given(grantor: &PrincipalEntry) -> PartyView {
    let party = party("  given with", grantor);
    PartyView { remark: format!("a credential of theirs; {}", party.remark), ..party }
}

fn nobody(label: &'static str, remark: &str) -> PartyView {
    PartyView { label, name: String::new(), id: None, remark: remark.to_string() }
}
