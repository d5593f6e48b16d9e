//! Declared routes: which control stands before an action, by whose word. Only a route turns "no record
//! of a control" into "there was none", and only over the instant it covers.

use super::Walk;
use super::way::Act;
use crate::question::{Seen, Stopped};
use crate::rule::Chain;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;
use writ_model::fact::{Control, Detail, FactKind, Route};
use writ_model::key::{KeyKind, KeyName, KeyRole};
use writ_model::time::Time;

/// Routes for an act.
#[derive(Default)]
pub(super) struct Routes {
    /// Each with its record.
    found: Vec<(Rc<Seen>, Route)>,
    /// Whether there are more than are looked at: one of those may name another control.
    pub(super) flooded: bool,
}

impl Routes {
    /// Routes that agree: the recorder of the control (`None`: there is none) and the policy that says
    /// so. Routes that do not agree say nothing, nor do those that may not be all.
    pub(super) fn agreed(&self) -> Option<(Option<String>, Option<String>)> {
        let (_, first) = self.found.first().filter(|_| !self.flooded)?;
        let same = self.found.iter().all(|(_, route)| route.by == first.by);
        same.then(|| (first.by.clone(), first.policy.clone()))
    }
}

/// What stands before an act of which no record of a control is known, with the routes that say so.
pub(super) enum Silence {
    /// No route says, or routes do not agree.
    Undeclared,
    /// There is no such control, by this policy.
    Uncontrolled { policy: Option<String>, routes: Vec<Rc<Seen>> },
    /// This recorder is the only one; what covers it, which is empty where nothing does.
    Of { by: String, coverage: Vec<String>, routes: Vec<Rc<Seen>> },
}

impl Walk<'_> {
    /// What it comes to that no record of a control is here.
    pub(super) fn silence(&mut self, act: &Act, routes: &Routes, kind: FactKind) -> Result<Silence, Stopped> {
        if routes.flooded {
            self.limit(format!(
                "Directories say more of who controls {} than can be looked at: no control counts as the only one.",
                act.fact.action
            ));
        }
        let Some((by, policy)) = routes.agreed() else { return Ok(Silence::Undeclared) };
        let routes: Vec<Rc<Seen>> = routes.found.iter().map(|(record, _)| Rc::clone(record)).collect();
        self.graph.cite(&routes);
        // What was not read may be a route that names another control.
        if self.routes_unread()? {
            return Ok(Silence::Undeclared);
        }
        let Some(by) = by else { return Ok(Silence::Uncontrolled { policy, routes }) };
        let (from, to) = self.control_stretch(act);
        let coverage = match self.source_of(&by, kind)? {
            Some(source) if !self.is_named_out_of_sight(act) => self.coverage_of(&source, &by, from, to)?,
            _ => Vec::new(),
        };
        Ok(Silence::Of { by, coverage, routes })
    }

    /// Whether an id by which a control may name an act was taken out of what is known of it.
    fn is_named_out_of_sight(&mut self, act: &Act) -> bool {
        let acts = self.behind.call.iter().chain([act]);
        let keys = acts.flat_map(|act| &act.records).flat_map(|seen| &seen.facts).flat_map(|fact| &fact.keys);
        // By its caller or its place in a trace no control names a call.
        let names = |kind| !matches!(kind, KeyKind::Span | KeyKind::Principal);
        let found = keys.filter(|key| key.name.is_unreadable() && names(key.name.kind)).count() > 0;
        if found {
            self.limit(
                "An id was taken out of what is known of this call, and a control may name it by that: none counts as missing.".to_string(),
            );
        }
        found
    }

    /// From the turn that led to an act, or the act itself, to its end: over this a control must be
    /// covered before its absence is claimed.
    fn control_stretch(&self, act: &Act) -> (Time, Time) {
        let (from, to) = self.stretch(act);
        let turn = self.behind.turn.as_ref().and_then(Act::began);
        let call = self.behind.call.as_ref().and_then(Act::began);
        (turn.into_iter().chain(call).fold(from, Time::min), to)
    }

    /// Routes that say which control of a sort stands before an act, each with its record.
    pub(super) fn routes(&mut self, act: &Act, control: Control) -> Result<Routes, Stopped> {
        let (Some(record), (from, _)) = (act.records.first().cloned(), self.stretch(act)) else {
            return Ok(Routes::default());
        };
        if from == Time::MIN {
            return Ok(Routes::default());
        }
        let recorder = &record.identity.recorder;
        let action = &act.fact.action;
        let mut patterns = vec![action.clone()];
        if let Some((service, _)) = action.split_once(':') {
            patterns.push(format!("{service}:*"));
        }
        patterns.push("*".to_string());
        let mut routes = Routes::default();
        for pattern in patterns {
            let Some(name) = KeyName::new(KeyKind::Resource, "route", &format!("{recorder} {pattern}")) else {
                continue;
            };
            let said = self.all_keyed(&name, KeyRole::Names, (Time::MIN, Time::MAX), Chain::Command)?;
            routes.flooded |= said.more;
            for record in said.records {
                for fact in &record.facts {
                    let Detail::Route(route) = &fact.detail else { continue };
                    // A route says what stood there then only where the inventory confirms it for that instant.
                    let begun = route.from.is_some_and(|start| start <= from);
                    let covers =
                        begun && route.to.is_none_or(|to| from < to) && route.confirmed_to.is_some_and(|to| from <= to);
                    let ours = route.control == control && route.recorder == *recorder && route.action == pattern;
                    if ours && covers && Self::of_principal(route, act) {
                        routes.found.push((Rc::clone(&record), route.clone()));
                    }
                }
            }
            // The most exact pattern counts.
            if routes.flooded || !routes.found.is_empty() {
                break;
            }
        }
        routes.found.sort_by_key(|(record, _)| record.id);
        Ok(routes)
    }

    /// Whether a route is for acts under this principal.
    fn of_principal(route: &Route, act: &Act) -> bool {
        let Some(wanted) = &route.principal else { return true };
        let actor = act.fact.actor.as_ref().map(|party| &party.principal);
        let role = act.fact.presented.as_ref().and_then(|presented| presented.session_of.as_ref());
        let names = |principal: &writ_model::principal::Principal| {
            principal.id == *wanted || principal.name.as_deref() == Some(wanted)
        };
        actor.is_some_and(names) || role.is_some_and(names)
    }
}
