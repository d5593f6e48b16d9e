//! Influences: what was in the agent's context before the call and shows in it. They are kept beside the
//! chains: a file that held a key did not authorise its use.

use super::Walk;
use super::call::{tool_call, tool_call_fact};
use crate::answer::Influence;
use crate::graph;
use crate::question::{Seen, Stopped};
use crate::rule::{self, Chain};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use writ_model::key::{Attestation, CARRIER, KeyKind, KeyName, KeyRole};

impl Walk<'_> {
    /// Earlier reads of the same session whose result shows what the call then named.
    pub(super) fn influences_of(&mut self) -> Result<(), Stopped> {
        let Some(call) = self.behind.call.clone().filter(|call| tool_call(&call.fact).is_some()) else { return Ok(()) };
        let mut named: Vec<KeyName> = Vec::new();
        for kind in [KeyKind::Credential, KeyKind::Resource] {
            named.extend(call.keys(kind, KeyRole::Carries).into_iter().map(|(name, _)| name));
        }
        let until = call.began().unwrap_or(writ_model::time::Time::MAX);
        let mut read: BTreeMap<String, Vec<Rc<Seen>>> = BTreeMap::new();
        for name in named {
            for record in self.keyed(&name, KeyRole::Names, until, Chain::Command)?.records {
                let item = tool_call_fact(&record).and_then(|fact| tool_call(fact)?.read.clone());
                let own = call.records.iter().any(|known| known.id == record.id);
                let earlier = record.event_time.is_some_and(|time| time.end.unwrap_or(time.start) <= until);
                if let Some(item) = item.filter(|_| !own && earlier && same_session(&record, &call.records)) {
                    read.entry(item).or_default().push(record);
                }
            }
        }
        let to = self.call_node(&call);
        for (item, records) in read {
            let from = self.graph.node(format!("source_item:{item}"), "source_item", &item, &records);
            let strength = self.stated(&rule::STATED, Attestation::SelfStated, &records);
            self.influences.push(Influence {
                from,
                to: to.clone(),
                edge: "read",
                strength,
                grade: None,
                records: graph::references(&records),
            });
        }
        Ok(())
    }
}

/// Whether two acts say that they belong to one session or conversation.
fn same_session(record: &Seen, call: &[Rc<Seen>]) -> bool {
    let names = |record: &Seen| -> Vec<KeyName> {
        let keys = record.facts.iter().flat_map(|fact| &fact.keys);
        keys.filter(|key| {
            matches!(key.name.kind, KeyKind::Session | KeyKind::Conversation | KeyKind::Trace)
                && key.name.namespace != CARRIER
        })
        .map(|key| key.name.clone())
        .collect()
    };
    let own = names(record);
    call.iter().flat_map(|record| names(record)).any(|name| own.contains(&name))
}
