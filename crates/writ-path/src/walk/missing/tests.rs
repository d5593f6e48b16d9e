//! What it costs that anybody may name agents.

use super::{AGENTS_LOOKED_AT_MAX, RecorderChange};
use crate::question::{Ask, Budget, Question, Reply, Seen, Span, drive};
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;
use core::cell::Cell;
use core::convert::Infallible;
use writ_model::canon::Digest;
use writ_model::custody::Custody;
use writ_model::fact::{Detail, Fact, FactKind, Outcome};
use writ_model::key::KeyName;
use writ_model::record::{Identity, RecordId};
use writ_model::time::{EventTime, Time};

fn seen(id: u8, source: &str, at: Time, fact: Fact) -> Rc<Seen> {
    let content = Digest::of_parts("test", &[&[id]]);
    Rc::new(Seen {
        id: RecordId::of(&content),
        content,
        identity: Identity { source: source.to_string(), recorder: "r".to_string(), native_id: id.to_string() },
        custody: Custody::HandedIn,
        event_time: Some(EventTime::at(at, 0)),
        received: at,
        in_conflict: false,
        withheld: Vec::new(),
        facts: vec![fact],
    })
}

/// Why nobody is known to have asked for an act, and after how many look-ups, where so many agents' logs
/// are here. The last of them was sampled, and alone reaches over that moment if it is `near`.
fn silent(n: usize, near: bool) -> (&'static str, usize) {
    let at = Time::new(1_000_000, 0);
    let last = format!("otel:{:05}", n.saturating_sub(1));
    let spans: Vec<Span> = (0..n)
        .map(|i| {
            let long_ago = near && i + 1 < n;
            let time = if long_ago { at.plus_millis(-1_000_000) } else { at };
            let recorder = format!("otel:{i:05}");
            Span { source: "otel.span".to_string(), recorder, first: Some(time), last: Some(time) }
        })
        .collect();
    let mut sampled = Fact::new(FactKind::Health, "sampled", Outcome::Success);
    sampled.detail = Detail::Recorder(RecorderChange::Sampled);
    let sampled = seen(1, "health", at, sampled);
    let looked = Cell::new(0);
    let fetch = |ask: &Ask| -> Result<Reply, Infallible> {
        looked.set(looked.get() + 1);
        let about_last = |name: &KeyName| KeyName::of_recorder(&last).as_ref() == Some(name);
        Ok(match ask {
            Ask::Spans => Reply::Spans(spans.clone().into()),
            Ask::Window { .. } => Reply::Window(0, Rc::from("")),
            Ask::Key { name, .. } if about_last(name) => Reply::Records(Rc::new([Rc::clone(&sampled)]), false),
            Ask::Key { .. } | Ask::Recorded { .. } => Reply::Records(Rc::new([]), false),
        })
    };
    let question = Question {
        event: seen(0, "test", at, Fact::new(FactKind::Effect, "volume:delete", Outcome::Success)),
        as_of: at,
        sources: &[],
        log_size: 1,
        damaged: None,
        derivation: Digest::of_parts("test", &[]),
        budget: Budget::default(),
    };
    let answer = drive(&question, fetch).unwrap_or_else(|never| match never {});
    let asker = answer.gaps.iter().find(|gap| gap.expected == "asker").map(|gap| gap.reason);
    (asker.unwrap_or_default(), looked.get())
}

#[test]
fn however_many_agents_are_named_few_are_looked_at() {
    let (reason, looked) = silent(8_000, false);
    assert_eq!(reason, "budget");
    assert_eq!(looked, silent(AGENTS_LOOKED_AT_MAX + 1, false).1);
    assert!(looked < 3 * AGENTS_LOOKED_AT_MAX, "{looked}");
}

/// Near miss: those that were writing at that moment are looked at first, and fewer are all looked at.
#[test]
fn the_agents_that_matter_are_looked_at() {
    assert_eq!(silent(8_000, true).0, "sampled");
    assert_eq!(silent(AGENTS_LOOKED_AT_MAX, false).0, "sampled");
    let none: String = silent(0, false).0.to_string();
    assert_eq!(none, "not_collected");
}
