//! Columns: the rows of a part in the order of ranks, 128 to a block, a column after the other.
//!
//! Each column of a block holds the least of its values once and of each row only what goes beyond it
//! ([`crate::index::numbers`]). Times are counted in the coarsest unit that loses nothing.

use crate::index::bits::{BitReader, BitWriter};
use crate::index::numbers::{
    BLOCK_NUMBERS, put_list, put_numbers, take_list, take_list_at, take_number_at, take_numbers,
};
use crate::index::row::{CUSTODY, CUSTODY_BITS, Row};
use writ_model::record::RecordId;
use writ_model::time::Time;

/// Rows of a block: one is read with one small read (some 2.5 KB), and decoding it takes 2 or 3 µs.
pub(crate) const BLOCK_ROWS: usize = BLOCK_NUMBERS;

/// Bytes of a record id.
const ID: usize = 16;
/// Bits of the hash of a copy from which values are withheld.
const WITHHELD_BITS: u32 = u32::BITS - CUSTODY_BITS;
/// Bits of the number of rows of a block.
const COUNT_BITS: u32 = 8;
/// Bits of the nanoseconds within a second.
const NS_BITS: u32 = 30;
/// Bits of a time in full.
const TIME_BITS: u32 = u64::BITS + NS_BITS;
/// Bits of a unit.
const UNIT_BITS: u32 = 3;
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

/// Encodes the rows of one block: first the ids, so that one is found by counting.
pub(crate) fn encode(rows: &[Row]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(rows.len() * 2 * ID);
    for row in rows {
        bytes.extend_from_slice(&row.id.0);
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
    put_numbers(&mut out, rows.iter().map(|row| row.copy & CUSTODY));
    // Of most records nothing is withheld.
    let withheld = || rows.iter().map(|row| row.copy >> CUSTODY_BITS);
    put_numbers(&mut out, withheld().map(|hash| u32::from(hash != 0)));
    withheld().filter(|hash| *hash != 0).for_each(|hash| out.put(u64::from(hash), WITHHELD_BITS));
    out.finish()
}

/// The ids of a block of this many rows.
pub(crate) fn ids(bytes: &[u8], n: usize) -> Option<&[[u8; ID]]> {
    Some(bytes.get(..n.checked_mul(ID)?)?.as_chunks::<ID>().0)
}

/// Decodes a block of this many rows; `None` if the bytes are not of this layout.
pub(crate) fn decode(bytes: &[u8], n: usize) -> Option<Vec<Row>> {
    let (ids, rest) = bytes.split_at_checked(n.checked_mul(ID)?)?;
    let row = |id: &[u8; ID]| Row { id: RecordId(*id), ..Row::EMPTY };
    let mut rows: Vec<Row> = ids.as_chunks::<ID>().0.iter().map(row).collect();
    let mut bits = BitReader::at(rest, 0);
    let timeless = usize::try_from(bits.take(COUNT_BITS)?).ok()?;
    take_times(&mut bits, rows.get_mut(timeless..)?, From::Last, |row, time| row.time = Some(time))?;
    let mut numbers = [0; BLOCK_ROWS];
    let numbers = numbers.get_mut(..n)?;
    let column = |bits: &mut BitReader<'_>, numbers: &mut [u32], rows: &mut [Row], set: fn(&mut Row, u32)| {
        take_numbers(bits, numbers)?;
        rows.iter_mut().zip(numbers).for_each(|(row, number)| set(row, *number));
        Some(())
    };
    column(&mut bits, numbers, &mut rows, |row, precision_ms| row.precision_ms = precision_ms)?;
    take_times(&mut bits, &mut rows, From::Least, |row, time| row.received = time)?;
    column(&mut bits, numbers, &mut rows, |row, recorder| row.recorder = recorder)?;
    column(&mut bits, numbers, &mut rows, |row, local| row.local = local)?;
    column(&mut bits, numbers, &mut rows, |row, again| row.again = again != 0)?;
    column(&mut bits, numbers, &mut rows, |row, custody| row.copy = custody)?;
    take_numbers(&mut bits, numbers)?;
    for (row, _) in rows.iter_mut().zip(numbers).filter(|(_, is_withheld)| **is_withheld != 0) {
        row.copy |= take_withheld(&mut bits)?;
    }
    Some(rows)
}

/// Decodes one row of a block of this many; `None` if there is no such row, or if bytes that it needs are not of
/// this layout. Costs a fifth of decoding all of them.
pub(crate) fn decode_one(bytes: &[u8], n: usize, at: usize) -> Option<Row> {
    let (ids, rest) = bytes.split_at_checked(n.checked_mul(ID)?)?;
    let id = RecordId(*ids.as_chunks::<ID>().0.get(at)?);
    let mut bits = BitReader::at(rest, 0);
    let timeless = usize::try_from(bits.take(COUNT_BITS)?).ok()?;
    let timed = at.checked_sub(timeless);
    let time = take_time_at(&mut bits, n.checked_sub(timeless)?, timed, From::Last)?;
    let precision_ms = take_number_at(&mut bits, n, at)?;
    let received = take_time_at(&mut bits, n, Some(at), From::Least)?;
    let recorder = take_number_at(&mut bits, n, at)?;
    let local = take_number_at(&mut bits, n, at)?;
    let again = take_number_at(&mut bits, n, at)? != 0;
    let mut copy = take_number_at(&mut bits, n, at)?;
    let mut withheld = bits;
    if take_number_at(&mut bits, n, at)? != 0 {
        let mut which = [0; BLOCK_ROWS];
        take_numbers(&mut withheld, which.get_mut(..n)?)?;
        let n_before = which.get(..at)?.iter().filter(|is_withheld| **is_withheld != 0).count();
        withheld.skip(n_before * WITHHELD_BITS as usize)?;
        copy |= take_withheld(&mut withheld)?;
    }
    Some(Row { time: timed.map(|_| time), precision_ms, received, id, copy, recorder, local, again })
}

/// The part of a copy that tells which values are withheld.
fn take_withheld(bits: &mut BitReader<'_>) -> Option<u32> {
    bits.take32(WITHHELD_BITS).map(|hash| hash << CUSTODY_BITS)
}

fn put_times(out: &mut BitWriter, times: &[Time], from: From) {
    let (Some(least), Some(most)) = (times.iter().min().copied(), times.iter().max().copied()) else { return };
    let is_whole = |(_, ns): (u64, u32)| times.iter().all(|time| time.parts().1.is_multiple_of(ns));
    let unit = (0..).zip(UNITS).find(|(_, unit)| is_whole(*unit));
    let Some((number, unit)) = unit.filter(|(_, unit)| steps(least, most, *unit).is_some()) else {
        out.put(IN_FULL, UNIT_BITS);
        for time in times {
            put_time(out, *time);
        }
        return;
    };
    out.put(number, UNIT_BITS);
    put_time(out, least);
    let mut last = least;
    let step = |time: &Time| {
        let step = steps(last, *time, unit).unwrap_or_default();
        if from == From::Last {
            last = *time;
        }
        step
    };
    put_list(out, &times.iter().map(step).collect::<Vec<_>>());
}

/// How many units one time is behind another, which is not later; `None` if they are too many.
fn steps(from: Time, to: Time, (per_s, of_ns): (u64, u32)) -> Option<u64> {
    let ((from_s, from_ns), (s, ns)) = (from.parts(), to.parts());
    let whole = (i128::from(s) - i128::from(from_s)) * i128::from(per_s);
    u64::try_from(whole + (i128::from(ns) - i128::from(from_ns)) / i128::from(of_ns)).ok()
}

fn take_times(bits: &mut BitReader<'_>, rows: &mut [Row], from: From, set: impl Fn(&mut Row, Time)) -> Option<()> {
    if rows.is_empty() {
        return Some(());
    }
    let Some((unit, least)) = take_unit(bits)? else {
        return rows.iter_mut().try_for_each(|row| {
            set(row, take_time(bits)?);
            Some(())
        });
    };
    let mut steps = [0; BLOCK_ROWS];
    let steps = steps.get_mut(..rows.len())?;
    take_list(bits, steps)?;
    let mut before = 0_u64;
    for (row, step) in rows.iter_mut().zip(steps) {
        let from_least = before.checked_add(*step)?;
        set(row, later(least, from_least, unit)?);
        if from == From::Last {
            before = from_least;
        }
    }
    Some(())
}

/// Reads one of `n` times, which is there, or passes over all of them.
fn take_time_at(bits: &mut BitReader<'_>, n: usize, at: Option<usize>, from: From) -> Option<Time> {
    let at_or_first = at.unwrap_or(0);
    if n == 0 {
        return at.is_none().then_some(Time::MIN);
    }
    let Some((unit, least)) = take_unit(bits)? else {
        let behind = n.checked_sub(at_or_first)?.checked_sub(1)?;
        bits.skip(at_or_first * TIME_BITS as usize)?;
        let time = take_time(bits)?;
        bits.skip(behind * TIME_BITS as usize)?;
        return Some(time);
    };
    let step = match from {
        From::Least => take_list_at(bits, n, at_or_first)?,
        From::Last => {
            let mut steps = [0; BLOCK_ROWS];
            let steps = steps.get_mut(..n)?;
            take_list(bits, steps)?;
            steps.get(..=at_or_first)?.iter().try_fold(0_u64, |sum, step| sum.checked_add(*step))?
        }
    };
    later(least, step, unit)
}

/// The unit in which times are counted, and from when on; `None` within if each stands in full.
#[expect(clippy::option_option, reason = "they stand in full, and they cannot be read, are two things")]
fn take_unit(bits: &mut BitReader<'_>) -> Option<Option<((u64, u32), Time)>> {
    let unit = bits.take(UNIT_BITS)?;
    if unit == IN_FULL {
        return Some(None);
    }
    let unit = UNITS.get(usize::try_from(unit).ok()?).copied()?;
    Some(Some((unit, take_time(bits)?)))
}

/// A time so many units later.
fn later(time: Time, step: u64, (per_s, of_ns): (u64, u32)) -> Option<Time> {
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
                copy: u32::try_from(dice.below(5) + 8 * dice.below(2) * dice.below(1 << 29)).unwrap(),
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
