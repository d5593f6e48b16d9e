//! Records for tests: few times, hot keys, copies in several custodies, conflicts, lost positions.

use crate::index::batch::Batch;
use crate::index::row::{RecorderName, Row};
use crate::log::Position;
use crate::testing::Lcg;
use crate::{Posting, Query, Term};
use writ_model::record::RecordId;
use writ_model::time::Time;

/// Numbers from here on are terms of recorders.
pub(super) const RECORDER: u64 = 1000;
/// Numbers from here on are terms of native ids.
pub(super) const NATIVE_ID: u64 = 1_000_000;

/// A uniform number (the finalizer of `SplitMix64`, Steele, Lea and Flood 2014).
pub(super) fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    n ^ (n >> 31)
}

pub(super) fn term(n: u64) -> Term {
    Term(mix(n))
}

pub(super) fn id(n: u64) -> RecordId {
    RecordId((u128::from(mix(n ^ 0xabcd)) << 64 | u128::from(mix(n ^ 0x1234_5678))).to_be_bytes())
}

pub(super) fn recorder_name(n: u64) -> RecorderName {
    ("test.log".to_owned(), format!("recorder:{n}"))
}

/// A row with what the model needs to know.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) position: u64,
    pub(super) row: Row,
    pub(super) recorder: u64,
    pub(super) native: u64,
    pub(super) words: Vec<u64>,
}

impl Stored {
    pub(super) fn name(&self) -> RecorderName {
        recorder_name(self.recorder)
    }

    pub(super) fn posting(&self) -> Posting {
        Posting::at(Position(self.position), self.row.place(), self.row.precision_ms, self.row.received)
    }

    fn terms(&self) -> Vec<Term> {
        let named = [term(NATIVE_ID + self.native), term(RECORDER + self.recorder)];
        self.words.iter().map(|word| term(*word)).chain(named).collect()
    }
}

/// Records in the order of positions.
pub(super) struct World {
    pub(super) dice: Lcg,
    pub(super) rows: Vec<Stored>,
    next: u64,
}

impl World {
    pub(super) fn new(seed: u64) -> World {
        World { dice: Lcg(seed), rows: Vec::new(), next: 0 }
    }

    /// Adds records, some of which are copies of earlier ones.
    pub(super) fn grow(&mut self, n: u64) {
        for _ in 0..n {
            self.next += u64::from(self.dice.below(20) == 0);
            let stored = if self.rows.is_empty() || self.dice.below(4) > 0 { self.fresh() } else { self.copy() };
            self.rows.push(stored);
            self.next += 1;
        }
    }

    fn fresh(&mut self) -> Stored {
        let dice = &mut self.dice;
        let number = dice.next();
        let s = |dice: &mut Lcg, below| i64::try_from(dice.below(below)).unwrap();
        let recorder = dice.below(3);
        // Some distinct records share their time and the beginning of their id.
        let mut id = id(number);
        if dice.below(5) == 0 {
            id.0[..10].fill(0xee);
        }
        let row = Row {
            time: (dice.below(8) > 0).then(|| Time::new(s(dice, 40), 0).plus_millis(s(dice, 2) * 250)),
            precision_ms: 250,
            received: Time::new(s(dice, 50), 0),
            id,
            copy: u32::try_from(dice.next() & !7).unwrap() | 4,
            recorder: 0,
            local: 0,
            again: self.rows.iter().any(|other| other.row.id == id),
        };
        let mut words = vec![0, 1 + dice.below(4), 5 + dice.below(35), 100 + number];
        words.truncate(1 + usize::try_from(dice.below(4)).unwrap());
        Stored { position: self.next, row, recorder, native: dice.below(30), words }
    }

    /// The same record in another custody, with other values withheld, or the very same again.
    fn copy(&mut self) -> Stored {
        let any = usize::try_from(self.dice.below(self.rows.len() as u64)).unwrap();
        let mut stored = self.rows[any].clone();
        stored.position = self.next;
        stored.row.again = true;
        stored.row.received = Time::new(i64::try_from(self.dice.below(50)).unwrap(), 0);
        let custody = u32::try_from(1 + self.dice.below(5)).unwrap();
        match self.dice.below(4) {
            0 => {}
            1 => stored.row.copy = u32::try_from(self.dice.below(3) * 8).unwrap() | custody,
            _ => stored.row.copy = (stored.row.copy & !7) | custody,
        }
        stored
    }

    /// The rows from one number to another as they come from the log.
    pub(super) fn batch(&self, from: usize, to: usize) -> Batch {
        let first = if from == 0 { 0 } else { self.rows[from - 1].position + 1 };
        let mut batch = Batch::new(first);
        for stored in &self.rows[from..to] {
            batch.skip_to(stored.position);
            batch.push(stored.row, term(RECORDER + stored.recorder), || stored.name(), &stored.terms());
        }
        batch
    }

    pub(super) fn any_query(&mut self) -> Query {
        let dice = &mut self.dice;
        let at = |s| Time::new(i64::try_from(s).unwrap(), 0);
        let as_of = if dice.below(2) == 0 { Time::MAX } else { at(dice.below(55)) };
        let limit = if dice.below(3) == 0 { usize::MAX } else { usize::try_from(dice.below(12)).unwrap() };
        let mut query = Query::new(as_of, limit);
        match dice.below(4) {
            0 => query = query.until(at(dice.below(50))),
            1 | 2 => {
                let from = dice.below(45);
                query = query.within(at(from), at((from + dice.below(30)).saturating_sub(3)));
            }
            _ => {}
        }
        if dice.below(3) == 0 && !self.rows.is_empty() {
            let any = usize::try_from(dice.below(self.rows.len() as u64)).unwrap();
            query = query.after(self.rows[any].posting().cursor());
        }
        if dice.below(2) == 0 { query.newest_first() } else { query }
    }
}
