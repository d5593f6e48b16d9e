//! Columns: the rows of a part in the order of ranks, 128 to a block, a column after the other.
//!
//! Each column of a block holds the least of its values once and of each row only what goes beyond it,
//! in as many bits as the largest needs. Times are counted in the coarsest unit that loses nothing.

use crate::index::bits::{BitReader, BitWriter, put_numbers, take_number_at, take_numbers, width};
use crate::index::row::Row;
use writ_model::record::RecordId;
use writ_model::time::Time;

/// Rows of a block: one is read with one small read (some 3.5 KB), and decoding it takes 2 or 3 µs.
pub(crate) const BLOCK_ROWS: usize = 128;

/// Bytes of a record id.
const ID: usize = 16;
/// Bytes of a copy.
const COPY: usize = 4;
/// Bits of the number of rows of a block.
const COUNT_BITS: u32 = 8;
/// Bits of the nanoseconds within a second.
const NS_BITS: u32 = 30;
/// Bits of a unit.
const UNIT_BITS: u32 = 3;
/// Bits of a width from 0 to 64.
const WIDTH_BITS: u32 = 7;
/// Nanoseconds of a second.
const SECOND_NS: u32 = 1_000_000_000;

/// Units in which times are counted: how many are a second, and how many nanoseconds one is.
const UNITS: [(u64, u32); 4] = [(1, SECOND_NS), (1_000, 1_000_000), (1_000_000, 1_000), (1_000_000_000, 1)];
/// In the place of a unit: each time stands in full, since they are too far apart to be counted.
const IN_FULL: u64 = 4;

/// How the times of a block are counted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    /// They ascend: each from the one before.
    Last,
    /// Each from the earliest.
    Least,
}

/// Encodes the rows of one block: first the ids, so that one is found by counting, then the copies.
pub(crate) fn encode(rows: &[Row]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(rows.len() * (ID + COPY + ID));
    for row in rows {
        bytes.extend_from_slice(&row.id.0);
    }
    for row in rows {
        bytes.extend_from_slice(&row.copy.to_le_bytes());
    }
    let mut out = BitWriter::after(bytes);
    let timeless = rows.iter().take_while(|row| row.time.is_none()).count();
    out.put(timeless as u64, COUNT_BITS);
    let times: Vec<Time> = rows.iter().filter_map(|row| row.time).collect();
    put_times(&mut out, &times, From::Last);
    put_numbers(&mut out, rows.iter().map(|row| row.precision_ms));
    let received: Vec<Time> = rows.iter().map(|row| row.received).collect();
    put_times(&mut out, &received, From::Least);
    put_numbers(&mut out, rows.iter().map(|row| row.recorder));
    put_numbers(&mut out, rows.iter().map(|row| row.local));
    put_numbers(&mut out, rows.iter().map(|row| u32::from(row.again)));
    out.finish()
}

/// The ids of a block of this many rows.
pub(crate) fn ids(bytes: &[u8], n: usize) -> Option<&[[u8; ID]]> {
    Some(bytes.get(..n.checked_mul(ID)?)?.as_chunks::<ID>().0)
}

/// Decodes a block of this many rows; `None` if the bytes are not of this layout.
pub(crate) fn decode(bytes: &[u8], n: usize) -> Option<Vec<Row>> {
    let (ids, rest) = bytes.split_at_checked(n.checked_mul(ID)?)?;
    let (copies, rest) = rest.split_at_checked(n * COPY)?;
    let copies = copies.as_chunks::<COPY>().0.iter().map(|copy| u32::from_le_bytes(*copy));
    let mut rows: Vec<Row> = ids
        .as_chunks::<ID>()
        .0
        .iter()
        .zip(copies)
        .map(|(id, copy)| Row { id: RecordId(*id), copy, ..Row::EMPTY })
        .collect();
    let mut bits = BitReader::at(rest, 0);
    let timeless = usize::try_from(bits.take(COUNT_BITS)?).ok()?;
    take_times(&mut bits, rows.get_mut(timeless..)?, From::Last, |row, time| row.time = Some(time))?;
    take_numbers(&mut bits, rows.iter_mut().map(|row| &mut row.precision_ms))?;
    take_times(&mut bits, &mut rows, From::Least, |row, time| row.received = time)?;
    take_numbers(&mut bits, rows.iter_mut().map(|row| &mut row.recorder))?;
    take_numbers(&mut bits, rows.iter_mut().map(|row| &mut row.local))?;
    let mut again = [0; BLOCK_ROWS];
    take_numbers(&mut bits, again.get_mut(..n)?.iter_mut())?;
    rows.iter_mut().zip(again).for_each(|(row, again)| row.again = again != 0);
    Some(rows)
}

/// Decodes one row of a block of this many; `None` if there is no such row, or if bytes that it needs are not of
/// this layout. Costs a fifth of decoding all of them.
pub(crate) fn decode_one(bytes: &[u8], n: usize, at: usize) -> Option<Row> {
    let (ids, rest) = bytes.split_at_checked(n.checked_mul(ID)?)?;
    let (copies, rest) = rest.split_at_checked(n * COPY)?;
    let id = RecordId(*ids.as_chunks::<ID>().0.get(at)?);
    let copy = u32::from_le_bytes(*copies.as_chunks::<COPY>().0.get(at)?);
    let mut bits = BitReader::at(rest, 0);
    let timeless = usize::try_from(bits.take(COUNT_BITS)?).ok()?;
    let time = take_time_at(&mut bits, n.checked_sub(timeless)?, at.checked_sub(timeless), From::Last)?;
    let precision_ms = take_number_at(&mut bits, n, at)?;
    let received = take_time_at(&mut bits, n, Some(at), From::Least)??;
    let recorder = take_number_at(&mut bits, n, at)?;
    let local = take_number_at(&mut bits, n, at)?;
    let again = take_number_at(&mut bits, n, at)? != 0;
    Some(Row { time, precision_ms, received, id, copy, recorder, local, again })
}

/// Reads one of so many times, or none, and passes over the others.
#[expect(clippy::option_option, reason = "none of them is wanted, and they cannot be read, are two things")]
fn take_time_at(bits: &mut BitReader<'_>, n: usize, at: Option<usize>, from: From) -> Option<Option<Time>> {
    if n == 0 {
        return Some(None);
    }
    let unit = bits.take(UNIT_BITS)?;
    let in_full = unit == IN_FULL;
    let (per_s, of_ns) = if in_full { (1, 1) } else { UNITS.get(usize::try_from(unit).ok()?).copied()? };
    let least = if in_full { Time::MIN } else { take_time(bits)? };
    let width = if in_full { u64::BITS + NS_BITS } else { bits.take32(WIDTH_BITS).filter(|w| *w <= u64::BITS)? };
    let Some(at) = at else {
        bits.skip(n.checked_mul(width as usize)?)?;
        return Some(None);
    };
    let behind = n.checked_sub(at)?.checked_sub(1)?;
    let time = if !in_full && from == From::Last {
        let mut time = least;
        for _ in 0..=at {
            time = later(time, bits.take(width)?, per_s, of_ns)?;
        }
        time
    } else {
        bits.skip(at.checked_mul(width as usize)?)?;
        if in_full { take_time(bits)? } else { later(least, bits.take(width)?, per_s, of_ns)? }
    };
    bits.skip(behind.checked_mul(width as usize)?)?;
    Some(Some(time))
}

fn put_times(out: &mut BitWriter, times: &[Time], from: From) {
    let Some(least) = times.iter().min().copied() else { return };
    let unit = |(_, ns): &(u64, u32)| times.iter().all(|time| time.parts().1.is_multiple_of(*ns));
    let (unit, per_s) =
        (0..).zip(UNITS).find(|(_, unit_of)| unit(unit_of)).map_or((IN_FULL, 0), |(n, unit)| (n, unit.0));
    let Some(steps) = steps(times, least, from, per_s).filter(|_| unit != IN_FULL) else {
        out.put(IN_FULL, UNIT_BITS);
        for time in times {
            put_time(out, *time);
        }
        return;
    };
    out.put(unit, UNIT_BITS);
    put_time(out, least);
    let bits = width(steps.iter().copied().max().unwrap_or(0));
    out.put(u64::from(bits), WIDTH_BITS);
    for step in steps {
        out.put(step, bits);
    }
}

/// How far each time is from the one it is counted from, in units; `None` if one is too far.
fn steps(times: &[Time], least: Time, from: From, per_s: u64) -> Option<Vec<u64>> {
    let mut last = least;
    let step = |time: &Time| {
        let ((s, ns), (last_s, last_ns)) = (time.parts(), last.parts());
        let of_ns = i128::from(SECOND_NS) / i128::from(per_s.max(1));
        let whole = (i128::from(s) - i128::from(last_s)) * i128::from(per_s);
        let step = whole + (i128::from(ns) - i128::from(last_ns)) / of_ns;
        if from == From::Last {
            last = *time;
        }
        u64::try_from(step).ok()
    };
    times.iter().map(step).collect()
}

fn take_times(bits: &mut BitReader<'_>, rows: &mut [Row], from: From, set: impl Fn(&mut Row, Time)) -> Option<()> {
    if rows.is_empty() {
        return Some(());
    }
    let unit = bits.take(UNIT_BITS)?;
    if unit == IN_FULL {
        for row in rows {
            set(row, take_time(bits)?);
        }
        return Some(());
    }
    let (per_s, of_ns) = UNITS.get(usize::try_from(unit).ok()?).copied()?;
    let mut last = take_time(bits)?;
    let width = bits.take32(WIDTH_BITS).filter(|width| *width <= u64::BITS)?;
    for row in rows {
        let time = later(last, bits.take(width)?, per_s, of_ns)?;
        set(row, time);
        if from == From::Last {
            last = time;
        }
    }
    Some(())
}

/// A time so many units later.
fn later(time: Time, step: u64, per_s: u64, of_ns: u32) -> Option<Time> {
    let (s, ns) = time.parts();
    let s = s.checked_add_unsigned(step / per_s)?;
    // Fewer than a second each, so together fewer than two.
    let ns = ns + u32::try_from(step % per_s).ok()? * of_ns;
    if ns < SECOND_NS { Some(Time::new(s, ns)) } else { Some(Time::new(s.checked_add(1)?, ns - SECOND_NS)) }
}

fn put_time(out: &mut BitWriter, time: Time) {
    let (s, ns) = time.parts();
    out.put(s.cast_unsigned(), u64::BITS);
    out.put(u64::from(ns), NS_BITS);
}

fn take_time(bits: &mut BitReader<'_>) -> Option<Time> {
    let s = bits.take(u64::BITS)?.cast_signed();
    let ns = bits.take32(NS_BITS).filter(|ns| *ns < SECOND_NS)?;
    Some(Time::new(s, ns))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Lcg;

    fn rows(dice: &mut Lcg, n: usize, time: impl Fn(&mut Lcg) -> Option<Time>) -> Vec<Row> {
        let mut rows: Vec<Row> = (0..n)
            .map(|_| Row {
                time: time(dice),
                precision_ms: u32::try_from(dice.below(3)).unwrap() * 500,
                received: Time::new(i64::try_from(dice.below(1000)).unwrap() - 500, 0).plus_millis(250),
                id: RecordId(std::array::from_fn(|_| dice.next().to_le_bytes()[0])),
                copy: u32::try_from(dice.next()).unwrap(),
                recorder: u32::try_from(dice.below(5)).unwrap(),
                local: u32::try_from(dice.below(1 << 31)).unwrap() * 2,
                again: dice.below(9) == 0,
            })
            .collect();
        rows.sort_by_key(Row::place);
        rows
    }

    #[test]
    fn blocks_read_back_whatever_the_times() {
        let dice = &mut Lcg(3);
        let s = |dice: &mut Lcg| i64::try_from(dice.below(100)).unwrap() - 50;
        let times: [fn(&mut Lcg, i64) -> Option<Time>; 6] = [
            |_, s| Some(Time::new(s, 0)),
            |dice, s| Some(Time::new(s, u32::try_from(dice.below(1000)).unwrap() * 1_000_000)),
            |dice, s| Some(Time::new(s, u32::try_from(dice.below(1_000_000_000)).unwrap())),
            |dice, s| (dice.below(3) > 0).then(|| Time::new(s, 999_999_000)),
            |dice, s| Some([Time::MIN, Time::MAX, Time::new(s, 1)][usize::try_from(dice.below(3)).unwrap()]),
            |_, _| None,
        ];
        for n in [0, 1, 2, 127, 128] {
            for time in times {
                let rows = rows(dice, n, |dice| {
                    let s = s(dice);
                    time(dice, s)
                });
                let bytes = encode(&rows);
                assert_eq!(decode(&bytes, n), Some(rows.clone()));
                let one_by_one: Vec<Option<Row>> = (0..n).map(|at| decode_one(&bytes, n, at)).collect();
                assert_eq!(one_by_one, rows.iter().copied().map(Some).collect::<Vec<_>>());
                assert_eq!(decode_one(&bytes, n, n), None);
                assert_eq!(decode(&bytes, BLOCK_ROWS + 1), None);
            }
        }
    }

    #[test]
    fn no_bytes_make_decoding_panic() {
        let dice = &mut Lcg(4);
        let rows = rows(dice, 40, |dice| Some(Time::new(i64::try_from(dice.below(9)).unwrap(), 5)));
        let bytes = encode(&rows);
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut altered = bytes.clone();
                altered[at] ^= 1 << bit;
                let _ = (decode(&altered, 40), decode_one(&altered, 40, at % 41));
            }
            assert_eq!(decode(&bytes[..at], 40), None);
        }
    }
}
