//! Sorting what is spread evenly over the numbers, as hashes are: their first bits tell nearly where each belongs,
//! and what has the same ones is sorted by itself.

use crate::bytes::index;

/// Items with the same first bits, if all were different.
const TOGETHER: usize = 16;

/// Sorts items by a key that begins with what `bits` gives, which is spread evenly from 0 to the greatest number:
/// where it is not, they are sorted all the same, and no quicker than otherwise.
pub(crate) fn sort<T: Copy, K: Ord>(items: Vec<T>, bits: impl Fn(&T) -> u64, key: impl Fn(&T) -> K) -> Vec<T> {
    let n_bits = (items.len() / TOGETHER).max(2).ilog2();
    let place = |item: &T| index(bits(item) >> (u64::BITS - n_bits));
    // Where the items of each begin; when all are put, where they end.
    let mut ends = vec![0_usize; 1 << n_bits];
    for item in &items {
        ends.get_mut(place(item)).into_iter().for_each(|n| *n += 1);
    }
    let mut before = 0;
    for n in &mut ends {
        before += std::mem::replace(n, before);
    }
    let mut sorted = items.clone();
    for item in items {
        let Some(at) = ends.get_mut(place(&item)) else { continue };
        sorted.get_mut(*at).into_iter().for_each(|to| *to = item);
        *at += 1;
    }
    let mut rest = sorted.as_mut_slice();
    let mut begin = 0;
    for end in ends {
        let (together, behind) = rest.split_at_mut(end - begin);
        together.sort_unstable_by_key(&key);
        (rest, begin) = (behind, end);
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Lcg;

    #[test]
    fn items_are_in_order_however_they_are_spread() {
        let dice = &mut Lcg(17);
        for n in [0, 1, 2, 15, 16, 17, 33, 1_000] {
            for shift in [0, 31, 62, 63] {
                let number = |dice: &mut Lcg| (dice.next() << 33 | dice.next() << 2) >> shift;
                let items: Vec<(u64, u64)> = (0..n).map(|_| (number(dice), dice.below(3))).collect();
                let mut expected = items.clone();
                expected.sort_unstable();
                assert_eq!(sort(items, |(number, _)| *number, |item| *item), expected, "{n} {shift}");
            }
        }
    }
}
