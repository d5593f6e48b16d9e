//! What is asked, what the walk needs to know, and what it was told.
//!
//! The walk is a function of the records it has seen. Where it needs more it says so with an [`Ask`], and whoever
//! drives it replies with a [`Reply`]. So the pure room needs neither I/O nor futures, and a test can be the store.

use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use writ_model::canon::Digest;
use writ_model::custody::Custody;
use writ_model::fact::Fact;
use writ_model::key::{KeyName, KeyRole};
use writ_model::record::{Identity, RecordId};
use writ_model::source::SourceInfo;
use writ_model::time::{EventTime, Time};

/// A record as the walk sees it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its id.
    pub id: RecordId,
    /// Digest of identity and evidence, which answers cite.
    pub content: Digest,
    /// Who wrote down what.
    pub identity: Identity,
    /// How it came to us.
    pub custody: Custody,
    /// When it happened.
    pub event_time: Option<EventTime>,
    /// When Writ got it.
    pub received: Time,
    /// Whether another record of this identity, visible at the instant asked about, says something else.
    pub in_conflict: bool,
    /// Kinds of values that were withheld from it.
    pub withheld: Vec<String>,
    /// What it says.
    pub facts: Vec<Fact>,
}

/// Hops in one chain, unless the question says otherwise: real chains have under ten.
const HOPS_MAX: usize = 24;

/// Records looked at for one answer, unless the question says otherwise: a hundred times what usual answers
/// rest on.
const RECORDS_MAX: usize = 2_000;

/// Records looked at per key, role and attestation class, unless the question says otherwise: the nearest
/// before the event; a key that more records state ties nothing to one of them.
const PER_KEY_MAX: usize = 64;

/// Bounds on a walk, so that no evidence can make it endless. Hitting one is a `budget` gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Hops in one chain.
    pub depth: usize,
    /// Records looked at in all.
    pub records: usize,
    /// Records looked at per key, role and attestation class.
    pub per_key: usize,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { depth: HOPS_MAX, records: RECORDS_MAX, per_key: PER_KEY_MAX }
    }
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The event asked about.
    pub event: Rc<Seen>,
    /// Only records received up to this instant count.
    pub as_of: Time,
    /// Declarations of every source Writ reads.
    pub sources: &'a [&'static SourceInfo],
    /// Records in the log, for the answer's foot.
    pub log_size: u64,
    /// Records that damage to the log took away, at least; `None` where nothing is damaged. What they
    /// said is not known, so then nothing is concluded from what is not there.
    pub damaged: Option<u64>,
    /// Digest of adapters, rules, thresholds, delays and redaction rules.
    pub derivation: Digest,
    /// Bounds.
    pub budget: Budget,
}

impl Question<'_> {
    /// What the source of a record declares about itself.
    pub fn source(&self, name: &str) -> Option<&'static SourceInfo> {
        self.sources.iter().find(|info| info.name == name).copied()
    }
}

/// Something the walk needs to know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ask {
    /// Records that state this key in this role and happened up to `until`: for each attestation
    /// class, verified first, the [`Budget::per_key`] nearest before `until`.
    Key {
        /// The key.
        name: KeyName,
        /// What the record does with it.
        role: KeyRole,
        /// Latest event time.
        until: Time,
    },
    /// What has been handed in of every recorder.
    Spans,
    /// The records of a recorder that lie in a window, at most [`Budget::records`] of them.
    Recorded {
        /// The source.
        source: String,
        /// The recorder.
        recorder: String,
        /// From this event time on.
        from: Time,
        /// Up to this event time.
        to: Time,
    },
    /// How many records of a recorder lie in a window, and the digest of the sorted content digests.
    Window {
        /// The source.
        source: String,
        /// The recorder.
        recorder: String,
        /// From this event time on.
        from: Time,
        /// Up to this event time.
        to: Time,
    },
}

/// What has been handed in of one recorder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The source.
    pub source: String,
    /// The recorder.
    pub recorder: String,
    /// Earliest event time, if any record tells one.
    pub first: Option<Time>,
    /// Latest event time, if any record tells one.
    pub last: Option<Time>,
}

/// What the walk was told.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Records, and whether there were more than the budget allows.
    Records(Rc<[Rc<Seen>]>, bool),
    /// Spans.
    Spans(Rc<[Span]>),
    /// Count and digest of a window.
    Window(u64, Rc<str>),
}

/// Records, and whether there were more than the budget allows.
type Records = (Rc<[Rc<Seen>]>, bool);

/// What the walk was told so far, and whoever tells it more.
pub(crate) struct Evidence<'f> {
    replies: RefCell<BTreeMap<Ask, Reply>>,
    fetch: &'f dyn Fn(&Ask) -> Result<Reply, Stopped>,
}

/// The walk cannot go on: what it needs to know could not be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stopped;

impl<'f> Evidence<'f> {
    pub(crate) fn new(fetch: &'f dyn Fn(&Ask) -> Result<Reply, Stopped>) -> Evidence<'f> {
        Evidence { replies: RefCell::default(), fetch }
    }

    pub(crate) fn records(&self, ask: Ask) -> Result<Records, Stopped> {
        Ok(if let Reply::Records(records, more) = self.reply(ask)? { (records, more) } else { (Rc::new([]), false) })
    }

    pub(crate) fn spans(&self) -> Result<Rc<[Span]>, Stopped> {
        Ok(if let Reply::Spans(spans) = self.reply(Ask::Spans)? { spans } else { Rc::new([]) })
    }

    pub(crate) fn window(&self, ask: Ask) -> Result<(u64, Rc<str>), Stopped> {
        Ok(if let Reply::Window(count, digest) = self.reply(ask)? { (count, digest) } else { (0, Rc::from("")) })
    }

    /// The same question has the same answer all through a walk, whatever is written meanwhile.
    fn reply(&self, ask: Ask) -> Result<Reply, Stopped> {
        if let Some(known) = self.replies.borrow().get(&ask) {
            return Ok(known.clone());
        }
        let reply = (self.fetch)(&ask)?;
        self.replies.borrow_mut().insert(ask, reply.clone());
        Ok(reply)
    }
}

/// Walks to the end. `fetch` is asked for what the walk needs to know, each thing once; its first error ends the
/// walk.
pub fn drive<E>(question: &Question<'_>, fetch: impl Fn(&Ask) -> Result<Reply, E>) -> Result<crate::answer::Answer, E> {
    let failed = Cell::new(None);
    let ask = |ask: &Ask| {
        fetch(ask).map_err(|error| {
            failed.set(Some(error));
            Stopped
        })
    };
    let walked = crate::walk::walk(question, &Evidence::new(&ask));
    walked.map_err(|Stopped| failed.take().unwrap_or_else(|| unreachable!("a walk stops for nothing else")))
}
