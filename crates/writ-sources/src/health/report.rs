//! What a recorder reports about itself or another.
//!
//! `{"schema":"writ.recorder/1","id","recorder","time","event",…}`. Nobody reports in Writ's name, and a
//! count of what was written is only taken from the one who wrote it.

use super::recorder_key;
use crate::admit::short;
use crate::field;
use writ_model::fact::{Detail, Fact, FactKind, Manifest, Outcome, Party, RecorderChange, Resource};
use writ_model::json::{Node, Value};
use writ_model::key::Attestation;
use writ_model::principal::Principal;
use writ_model::scope::Decimal;
use writ_model::time::{EventTime, Time};

/// The schema these records name.
pub const SCHEMA: &str = "writ.recorder/1";

/// What happened; `None`: a count of what was written.
const EVENTS: [(&str, Option<RecorderChange>); 7] = [
    ("stopped", Some(RecorderChange::Stopped)),
    ("resumed", Some(RecorderChange::Resumed)),
    ("altered", Some(RecorderChange::Altered)),
    ("dropped", Some(RecorderChange::Dropped)),
    ("sampled", Some(RecorderChange::Sampled)),
    // Whoever may no longer write has stopped writing.
    ("credential_expired", Some(RecorderChange::Stopped)),
    ("manifest", None),
];

/// One report, its members checked.
pub(super) struct Report {
    pub(super) recorder: String,
    /// When it was made.
    pub(super) time: Time,
    about: String,
    word: String,
    what: What,
    from: Option<Time>,
    to: Option<Time>,
    by: Option<Principal>,
    sequence: Option<(String, u64)>,
}

enum What {
    Change(RecorderChange),
    Manifest(Manifest),
}

impl Report {
    pub(super) fn read(node: &Node<'_>) -> Result<Report, String> {
        let recorder = field::recorder(node, "recorder")?;
        let about = match field::text(node, "about")? {
            Some(_) => field::recorder(node, "about")?,
            None => recorder,
        };
        let event = field::word(node, "event", &EVENTS)?;
        let source = field::owned(node, "about_source")?;
        let (from, to) = (field::time(node, "from")?, field::time(node, "to")?);
        match (from, to) {
            (Some(from), Some(to)) if to < from => return Err(format!("`to` {to} lies before `from` {from}")),
            (None, Some(_)) => return Err("`from` is missing: say since when, beside `to`".to_string()),
            _ => {}
        }
        let count = field::count(node, "count")?;
        rate(node)?;
        field::text(node, "reason")?;
        let what = match event {
            Some(change) => What::Change(change),
            None if about != recorder => {
                return Err(format!(
                    "`about` `{}` is not `recorder`: a recorder counts what it wrote itself; leave `about` out",
                    short(about)
                ));
            }
            None => What::Manifest(Manifest {
                source: source.ok_or("`about_source` is missing: a manifest says which source it counts")?,
                recorder: about.to_string(),
                from: from.ok_or("`from` is missing: a manifest says since when it counts")?,
                to: to.ok_or("`to` is missing: a manifest says until when it counts")?,
                count: count.ok_or("`count` is missing: a manifest says how many records it counts")?,
            }),
        };
        Ok(Report {
            recorder: recorder.to_string(),
            time: field::needed_time(node, "time")?,
            about: about.to_string(),
            word: field::needed(node, "event")?.to_string(),
            what,
            from,
            to,
            by: field::principal(node, "by")?,
            sequence: field::sequence(node)?,
        })
    }

    /// When it happened: over the window that is reported, else when it was reported. A manifest's
    /// window is part of what it says; it was said at one time.
    pub(super) fn when(&self, precision_ms: u32) -> EventTime {
        match (&self.what, self.from) {
            (What::Change(_), Some(start)) => EventTime { start, end: self.to, precision_ms },
            _ => EventTime::at(self.time, precision_ms),
        }
    }

    /// Whether it counts what was written.
    pub(super) fn is_manifest(&self) -> bool {
        matches!(self.what, What::Manifest(_))
    }

    pub(super) fn fact(self) -> Fact {
        let mut fact = Fact::new(FactKind::Health, format!("recorder:{}", self.word), Outcome::Success);
        // Who did it is what the recorder was told.
        fact.actor = self.by.map(|principal| Party { principal, class: Attestation::Claimed });
        fact.sequence = self.sequence;
        fact.keys.extend(recorder_key(&self.about));
        fact.keys.extend(field::principal_key(fact.actor.as_ref()));
        fact.resources.push(Resource { kind: "recorder".to_string(), id: self.about });
        fact.detail = match self.what {
            What::Change(change) => Detail::Recorder(change),
            What::Manifest(manifest) => Detail::Manifest(manifest),
        };
        fact
    }
}

/// Which part of what it sees a recorder keeps: kept in the evidence, checked so that it can be relied on.
fn rate(node: &Node<'_>) -> Result<(), String> {
    let text = match node.get("rate").map(|found| &found.value) {
        Some(Value::Number(lexeme)) => *lexeme,
        _ => match field::text(node, "rate")? {
            Some(text) => text,
            None => return Ok(()),
        },
    };
    let part =
        Decimal::parse(text).filter(|part| Decimal::parse("0") <= Some(*part) && Some(*part) <= Decimal::parse("1"));
    part.map(|_| ()).ok_or_else(|| format!("`rate` `{}` is not a part of one; write it as 0.25", short(text)))
}
