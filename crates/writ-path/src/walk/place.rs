//! Nodes of the command chain: how calls, turns and sessions are named in an answer.

use super::Walk;
use super::way::{Act, intent};
use alloc::format;
use alloc::string::String;
use writ_model::key::{CARRIER, KeyKind, KeyRole};
use writ_model::principal::Principal;

impl Walk<'_> {
    /// A call, by what it did; a turn, where no call is known.
    pub(super) fn call_node(&mut self, act: &Act) -> String {
        if intent(&act.fact).is_some() { self.turn_node(act) } else { self.act_node(&act.records, &act.fact) }
    }

    /// A turn, by its agent and what was asked.
    pub(super) fn turn_node(&mut self, act: &Act) -> String {
        let told = intent(&act.fact);
        let agent = told.and_then(|intent| intent.agent.as_ref());
        let agent = agent.map(Principal::called);
        let mut name = agent.map_or_else(|| String::from("a turn"), |agent| format!("turn of {agent}"));
        let says = act.records.iter().flat_map(|record| &record.facts).find_map(|fact| intent(fact)?.says.clone());
        if let Some(says) = says {
            name = format!("{name}: \"{says}\"");
        }
        let id = act.id().map_or_else(String::new, |id| format!("{id}"));
        let id = self.graph.node(id, "turn", &name, &act.records);
        let time = act.began().map(|time| format!("{time}"));
        self.graph.set_time(&id, time);
        id
    }

    /// Sessions and conversations an act says it belongs to.
    pub(super) fn session_nodes(&mut self, act: &Act) {
        for kind in [KeyKind::Session, KeyKind::Conversation] {
            for (name, _) in act.keys(kind, KeyRole::Carries) {
                if name.namespace != CARRIER {
                    let id = format!("{}:{}:{}", name.kind.word(), name.namespace, name.value);
                    let shown = format!("{} {}", name.kind.word(), name.value);
                    self.graph.node(id, "session", &shown, &act.records);
                }
            }
        }
    }
}
