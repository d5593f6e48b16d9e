//! The recorders of a part: their names, and what is known of their records without reading them.

use crate::bytes::{Bytes, len32};
use crate::index::block::Malformed;
use crate::index::row::{RecorderName, Row};
use crate::snapshot::query::RecorderSpan;
use writ_model::time::Time;

/// In the place of nanoseconds: there is no time.
const NO_TIME: u32 = u32::MAX;

/// What a part, a run or a folder holds of one recorder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) name: RecorderName,
    /// How many records, each counted where it was stored first: rows that are not `again`.
    pub(crate) count: u64,
    pub(crate) first_event: Option<Time>,
    pub(crate) last_event: Option<Time>,
    /// When the last row was received; `None` if there is none.
    pub(crate) last_received: Option<Time>,
}

impl Summary {
    pub(crate) fn new(name: RecorderName) -> Summary {
        Summary { name, count: 0, first_event: None, last_event: None, last_received: None }
    }

    /// Adds a row, which is counted unless another copy of its record is.
    pub(crate) fn add(&mut self, row: &Row, counts: bool) {
        self.count += u64::from(counts);
        // `None` is the least of all, so it never counts as the last; as the first it must not count.
        self.first_event = self.first_event.into_iter().chain(row.time).min();
        self.last_event = self.last_event.max(row.time);
        self.last_received = self.last_received.max(Some(row.received));
    }

    /// Adds what another part knows of the same recorder.
    pub(crate) fn merge(&mut self, other: &Summary) {
        self.count += other.count;
        self.first_event = self.first_event.into_iter().chain(other.first_event).min();
        self.last_event = self.last_event.max(other.last_event);
        self.last_received = self.last_received.max(other.last_received);
    }

    /// As it is answered; `None` if nothing was received of it.
    pub(crate) fn span(self) -> Option<RecorderSpan> {
        let (source, recorder) = self.name;
        let Summary { count, first_event, last_event, last_received, .. } = self;
        last_received.map(|last_received| RecorderSpan {
            source,
            recorder,
            count,
            first_event,
            last_event,
            last_received,
        })
    }
}

pub(crate) fn encode(recorders: &[Summary]) -> Vec<u8> {
    let mut out = Vec::new();
    for recorder in recorders {
        for name in [&recorder.name.0, &recorder.name.1] {
            out.extend_from_slice(&len32(name.len()).to_le_bytes());
            out.extend_from_slice(name.as_bytes());
        }
        out.extend_from_slice(&recorder.count.to_le_bytes());
        for time in [recorder.first_event, recorder.last_event, recorder.last_received] {
            put_time(&mut out, time);
        }
    }
    out
}

pub(crate) fn decode(bytes: &[u8], n: usize) -> Option<Vec<Summary>> {
    let mut rest = Bytes(bytes);
    let mut recorders = Vec::with_capacity(n.min(bytes.len()));
    for _ in 0..n {
        recorders.push(Summary {
            name: (text(rest.sized()?)?, text(rest.sized()?)?),
            count: rest.u64()?,
            first_event: take_time(&mut rest).ok()?,
            last_event: take_time(&mut rest).ok()?,
            last_received: take_time(&mut rest).ok()?,
        });
    }
    rest.0.is_empty().then_some(recorders)
}

/// Writes a time in 12 bytes, or that there is none.
pub(crate) fn put_time(out: &mut Vec<u8>, time: Option<Time>) {
    let (s, ns) = time.map_or((0, NO_TIME), Time::parts);
    out.extend_from_slice(&s.to_le_bytes());
    out.extend_from_slice(&ns.to_le_bytes());
}

pub(crate) fn take_time(rest: &mut Bytes<'_>) -> Result<Option<Time>, Malformed> {
    let (s, ns) = rest.i64().zip(rest.u32()).ok_or(Malformed)?;
    Ok((ns != NO_TIME).then(|| Time::new(s, ns)))
}

fn text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorders_read_back_and_add_up() {
        let name = |n: &str| ("source".to_owned(), n.to_owned());
        let mut one = Summary::new(name("one"));
        let at = |s| Time::new(s, 0);
        one.add(&Row { time: Some(at(5)), received: at(9), ..Row::EMPTY }, true);
        one.add(&Row { time: None, received: at(7), ..Row::EMPTY }, true);
        one.add(&Row { time: Some(at(3)), received: at(8), ..Row::EMPTY }, false);
        let recorders = vec![one.clone(), Summary::new(name("é"))];
        let bytes = encode(&recorders);
        assert_eq!(decode(&bytes, 2), Some(recorders.clone()));
        assert_eq!((decode(&bytes, 1), decode(&bytes, 3)), (None, None));
        assert_eq!(recorders[1].clone().span(), None);
        let mut sum = Summary::new(name("one"));
        sum.merge(&one);
        sum.merge(&recorders[1]);
        let span = sum.span().unwrap();
        assert_eq!((span.count, span.first_event, span.last_event), (2, Some(at(3)), Some(at(5))));
        assert_eq!(span.last_received, at(9));
    }
}
