//! Numbers of a block of rows, most of which are near each other: each takes as many bits as most of them need, and
//! the few that need more have the rest behind them.
//!
//! Where one record in two hundred comes late, every second block holds one that was received long after the others,
//! and stands far from them in the log.

use crate::index::bits::{BitReader, BitWriter, width};

/// Numbers of a block, at most.
pub(crate) const BLOCK_NUMBERS: usize = 128;
/// Bits of a width from 0 to 64.
const WIDTH_BITS: u32 = 7;
/// Bits of how many numbers are far, from 0 to 128.
const FAR_BITS: u32 = 8;
/// Bits of the place of a number in its block.
const PLACE_BITS: u32 = 7;

/// How a list of numbers is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Layout {
    /// The bits that each number has in its place.
    width: u32,
    /// How many have more.
    n_far: u32,
    /// The bits that those have behind all.
    far_width: u32,
}

impl Layout {
    /// The one in which numbers take the least room, of which so many have each width.
    fn least(n_of_width: &[u32; 65]) -> Layout {
        let total: u32 = n_of_width.iter().sum();
        let widths = || (0..=u64::BITS).rev().zip(n_of_width.iter().rev()).filter(|(_, n)| **n > 0);
        let most = widths().next().map_or(0, |(width, _)| width);
        let mut n_far = 0;
        let mut best = (u32::MAX, Layout { width: 0, n_far: 0, far_width: 0 });
        for (width, n) in widths() {
            let (far_width, head) = if n_far > 0 { (most - width, WIDTH_BITS) } else { (0, 0) };
            let bits = total * width + head + n_far * (PLACE_BITS + far_width);
            if bits < best.0 {
                best = (bits, Layout { width, n_far, far_width });
            }
            n_far += n;
        }
        best.1
    }

    fn put(self, out: &mut BitWriter) {
        out.put(u64::from(self.width), WIDTH_BITS);
        out.put(u64::from(self.n_far), FAR_BITS);
        if self.n_far > 0 {
            out.put(u64::from(self.far_width), WIDTH_BITS);
        }
    }

    fn take(bits: &mut BitReader<'_>, n: usize) -> Option<Layout> {
        let width = bits.take32(WIDTH_BITS)?;
        let n_far = bits.take32(FAR_BITS).filter(|n_far| *n_far as usize <= n)?;
        let far_width = if n_far > 0 { bits.take32(WIDTH_BITS)? } else { 0 };
        (width <= u64::BITS && far_width <= u64::BITS - width).then_some(Layout { width, n_far, far_width })
    }

    /// One of the numbers that have more, of a list of `n`: its place, and what it has more.
    fn take_far(self, bits: &mut BitReader<'_>, n: usize) -> Option<(usize, u64)> {
        let at = bits.take32(PLACE_BITS)? as usize;
        let high = bits.take(self.far_width)?;
        (at < n).then_some((at, high.checked_shl(self.width).unwrap_or(0)))
    }
}

/// Writes a list of numbers.
pub(crate) fn put_list(out: &mut BitWriter, numbers: &[u64]) {
    let mut n_of_width = [0; 65];
    for number in numbers {
        n_of_width.get_mut(width(*number) as usize).into_iter().for_each(|n| *n += 1);
    }
    let layout = Layout::least(&n_of_width);
    layout.put(out);
    for number in numbers {
        out.put(*number, layout.width);
    }
    for (at, number) in (0..).zip(numbers).filter(|(_, number)| width(**number) > layout.width) {
        out.put(at, PLACE_BITS);
        out.put(number >> layout.width, layout.far_width);
    }
}

/// Reads a list of as many numbers as there are places for.
pub(crate) fn take_list(bits: &mut BitReader<'_>, numbers: &mut [u64]) -> Option<()> {
    let layout = Layout::take(bits, numbers.len())?;
    if layout.width == 0 {
        numbers.fill(0);
    } else {
        for number in &mut *numbers {
            *number = bits.take(layout.width)?;
        }
    }
    for _ in 0..layout.n_far {
        let (at, high) = layout.take_far(bits, numbers.len())?;
        *numbers.get_mut(at)? |= high;
    }
    Some(())
}

/// Reads one of a list of `n` numbers, and passes over the others.
pub(crate) fn take_list_at(bits: &mut BitReader<'_>, n: usize, at: usize) -> Option<u64> {
    let layout = Layout::take(bits, n)?;
    let behind = n.checked_sub(at)?.checked_sub(1)?;
    let width = layout.width as usize;
    bits.skip(at.checked_mul(width)?)?;
    let mut number = bits.take(layout.width)?;
    bits.skip(behind.checked_mul(width)?)?;
    for _ in 0..layout.n_far {
        let (place, high) = layout.take_far(bits, n)?;
        number |= if place == at { high } else { 0 };
    }
    Some(number)
}

/// Writes numbers of 32 bits: the least of them, and the list of how far each is above it.
pub(crate) fn put_numbers(out: &mut BitWriter, numbers: impl Iterator<Item = u32> + Clone) {
    let least = numbers.clone().min().unwrap_or(0);
    out.put(u64::from(least), u32::BITS);
    let mut above = [0; BLOCK_NUMBERS];
    let n = above.iter_mut().zip(numbers).map(|(above, n)| *above = u64::from(n - least)).count();
    put_list(out, above.get(..n).unwrap_or_default());
}

/// Reads as many numbers of 32 bits as there are places for.
pub(crate) fn take_numbers(bits: &mut BitReader<'_>, numbers: &mut [u32]) -> Option<()> {
    let least = bits.take32(u32::BITS)?;
    let mut above = [0; BLOCK_NUMBERS];
    let above = above.get_mut(..numbers.len())?;
    take_list(bits, above)?;
    for (number, above) in numbers.iter_mut().zip(above) {
        *number = u32::try_from(*above).ok()?.checked_add(least)?;
    }
    Some(())
}

/// Reads one of `n` numbers of 32 bits, and passes over the others.
pub(crate) fn take_number_at(bits: &mut BitReader<'_>, n: usize, at: usize) -> Option<u32> {
    let least = bits.take32(u32::BITS)?;
    u32::try_from(take_list_at(bits, n, at)?).ok()?.checked_add(least)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Lcg;

    #[test]
    fn lists_read_back_in_whole_and_one_by_one() {
        let dice = &mut Lcg(4);
        let mut numbers = |n: usize, most: u64, n_far: usize| {
            let mut numbers: Vec<u64> = (0..n).map(|_| dice.below(most)).collect();
            for _ in 0..n_far {
                let at = usize::try_from(dice.below(n as u64)).unwrap();
                numbers[at] = u64::MAX >> dice.below(64);
            }
            numbers
        };
        for list in [
            numbers(0, 1, 0),
            numbers(1, 9, 0),
            numbers(1, 9, 1),
            numbers(128, 1, 0),
            numbers(128, 1 << 30, 0),
            numbers(128, 200, 1),
            numbers(128, 200, 9),
            numbers(77, 1, 3),
            vec![u64::MAX; 128],
        ] {
            let mut out = BitWriter::default();
            out.put(5, 3);
            put_list(&mut out, &list);
            out.put(0x2a, 7);
            let bytes = out.finish();
            let start = BitReader::at(&bytes, 3);
            let (mut bits, mut found) = (start, vec![1; list.len()]);
            take_list(&mut bits, &mut found).unwrap();
            assert_eq!((found, bits.take(7)), (list.clone(), Some(0x2a)));
            for (at, number) in list.iter().enumerate() {
                let mut bits = start;
                assert_eq!(take_list_at(&mut bits, list.len(), at), Some(*number));
                assert_eq!(bits.take(7), Some(0x2a));
            }
            assert_eq!(take_list_at(&mut start.clone(), list.len(), list.len()), None);
        }
    }

    #[test]
    fn few_far_numbers_do_not_widen_the_others() {
        let bits = |numbers: &[u64]| {
            let mut out = BitWriter::default();
            put_list(&mut out, numbers);
            out.finish().len() * 8
        };
        // One more bit for each of nine takes less than to have one apart.
        assert_eq!(bits(&[0, 0, 0, 1, 0, 0, 0, 0, 0]), 24);
        let near: Vec<u64> = (0..128).map(|n| n % 16).collect();
        let mut far = near.clone();
        far[77] = 1 << 40;
        assert!(bits(&far) < bits(&near) + 64);
    }

    #[test]
    fn numbers_above_the_least_read_back() {
        for numbers in [vec![], vec![7; 9], vec![0, u32::MAX, 5], vec![1000, 1003, 1001]] {
            let mut out = BitWriter::default();
            put_numbers(&mut out, numbers.iter().copied());
            let bytes = out.finish();
            let mut found = vec![0; numbers.len()];
            take_numbers(&mut BitReader::at(&bytes, 0), &mut found).unwrap();
            assert_eq!(found, numbers);
            for (at, number) in numbers.iter().enumerate() {
                assert_eq!(take_number_at(&mut BitReader::at(&bytes, 0), numbers.len(), at), Some(*number));
            }
            found.extend_from_slice(&[0; 100]);
            if !numbers.is_empty() && numbers[0] != 7 {
                assert_eq!(take_numbers(&mut BitReader::at(&bytes, 0), &mut found), None);
            }
        }
    }

    #[test]
    fn no_bytes_make_reading_panic() {
        let dice = &mut Lcg(40);
        for _ in 0..5_000 {
            let bytes: Vec<u8> = (0..40).map(|_| dice.next().to_le_bytes()[0]).collect();
            let _ = take_list(&mut BitReader::at(&bytes, 0), &mut [0; 9]);
            let _ = take_list_at(&mut BitReader::at(&bytes, 0), 9, 8);
            let _ = take_number_at(&mut BitReader::at(&bytes, 0), 9, 0);
        }
    }
}
