//! Planning merges: which adjacent parts become one.
//!
//! Parts are tiers of eight: eight of about the same size become one of the next. So a record is written
//! once for each tier, which are few, and the parts of a folder stay few, which is what look-ups pay for.

use std::ops::Range;

/// How many parts of a tier become one.
pub(crate) const FANOUT: usize = 8;

/// Positions of the largest part that a merge makes (32 Mi): a merge holds eight bytes of memory for each.
pub(crate) const ROWS_MAX: u64 = 32 << 20;

/// Distinct terms of the largest part that a merge makes (256 Mi): a merge holds eleven bits for each, and
/// forged records may have thousands.
pub(crate) const TERMS_MAX: u64 = 8 * ROWS_MAX;

/// Parts of a folder beyond which they are merged whatever their sizes: every look-up asks each of them.
const PARTS_MAX: usize = 64;

/// Bits of a position count that are one tier: eight to the power of one.
const TIER_BITS: u32 = 3;

/// What the planner knows of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PartInfo {
    /// Position of its first record.
    pub(crate) first: u64,
    /// The position after its last record.
    pub(crate) next: u64,
    /// How many distinct terms it has.
    pub(crate) n_terms: u64,
}

impl PartInfo {
    fn n(&self) -> u64 {
        self.next.saturating_sub(self.first)
    }

    /// The power of eight that its size reaches, scaled so that 65,536 is the beginning of one.
    fn tier(&self) -> u32 {
        // 65,536 is 2 to the power of 16, and 16 + 2 is a multiple of 3.
        (self.n().max(1).ilog2() + 2) / TIER_BITS
    }
}

/// Which of these parts, which are in the order of positions, should be merged next: the first eight
/// adjacent ones of the lowest tier that has eight. `None` if all is well.
pub(crate) fn plan(parts: &[PartInfo]) -> Option<Range<usize>> {
    let of = |range: &Range<usize>| parts.get(range.clone()).unwrap_or_default().iter();
    let sum = |range: &Range<usize>| of(range).map(PartInfo::n).sum::<u64>();
    let n_terms = |range: &Range<usize>| of(range).map(|part| part.n_terms).sum::<u64>();
    let fits = |range: &Range<usize>| sum(range) <= ROWS_MAX && n_terms(range) <= TERMS_MAX;
    let ranges = || (0..=parts.len().checked_sub(FANOUT).map_or(0, |n| n + 1)).map(|from| from..from + FANOUT);
    let possible = || ranges().filter(|range| range.end <= parts.len() && fits(range));
    let of_one_tier = |range: &Range<usize>| {
        let tiers = of(range).map(PartInfo::tier);
        let (least, most) = (tiers.clone().min()?, tiers.max()?);
        (least == most).then_some(least)
    };
    let tiers = possible().filter_map(|range| Some((of_one_tier(&range)?, range.start, range)));
    if let Some((_, _, range)) = tiers.min_by_key(|(tier, start, _)| (*tier, *start)) {
        return Some(range);
    }
    // Sizes alternate, so no eight are alike: merge where it costs least.
    if parts.len() > PARTS_MAX { possible().min_by_key(|range| (sum(range), range.start)) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(sizes: &[u64]) -> Vec<PartInfo> {
        let mut first = 0;
        sizes
            .iter()
            .map(|n| {
                let part = PartInfo { first, next: first + n, n_terms: n * 3 };
                first = part.next;
                part
            })
            .collect()
    }

    #[test]
    fn eight_of_a_tier_become_one() {
        const K: u64 = 65_536;
        for (sizes, expected) in [
            (vec![], None),
            (vec![K; 7], None),
            (vec![K; 8], Some(0..8)),
            (vec![K; 9], Some(0..8)),
            ([vec![K * 8], vec![K; 8]].concat(), Some(1..9)),
            // The lowest tier goes first, wherever it is.
            ([vec![K * 8; 8], vec![K; 8], vec![9; 8]].concat(), Some(16..24)),
            ([vec![K * 8; 8], vec![K; 7], vec![9; 7]].concat(), Some(0..8)),
            // Sizes within a tier may differ, eightfold at most.
            (vec![K, 8 * K - 1, K, K, K, 3 * K, K, K], Some(0..8)),
            (vec![K, 8 * K, K, K, K, K, K, K], None),
            (vec![K, K - 1, K, K, K, K, K, K], None),
            // No part becomes too large.
            (vec![ROWS_MAX / 8; 8], Some(0..8)),
            (vec![ROWS_MAX / 8 + 1; 9], None),
        ] {
            assert_eq!(plan(&parts(&sizes)), expected, "{sizes:?}");
        }
    }

    #[test]
    fn parts_of_too_many_terms_are_left_alone() {
        let with = |n_terms| parts(&[500; 8]).into_iter().map(|part| PartInfo { n_terms, ..part }).collect::<Vec<_>>();
        assert_eq!(plan(&with(TERMS_MAX / 8)), Some(0..8));
        assert_eq!(plan(&with(TERMS_MAX / 8 + 1)), None);
    }

    #[test]
    fn alternating_sizes_do_not_pile_up() {
        let sizes: Vec<u64> = (0..64).map(|n| if n % 2 == 0 { 100 } else { 90_000 }).collect();
        assert_eq!(plan(&parts(&sizes)), None);
        let more = [sizes, vec![100]].concat();
        assert_eq!(plan(&parts(&more)), Some(0..8));
    }

    #[test]
    fn a_growing_folder_keeps_few_parts_and_writes_each_record_a_few_times() {
        let (mut folder, mut written) = (Vec::new(), 0);
        for n in 0..4096_u64 {
            folder.push(PartInfo { first: n * 65_536, next: (n + 1) * 65_536, n_terms: 65_536 });
            while let Some(range) = plan(&folder) {
                let (first, next) = (folder[range.start].first, folder[range.end - 1].next);
                written += next - first;
                folder.splice(range, [PartInfo { first, next, n_terms: next - first }]);
            }
            assert!(folder.len() < 64, "{} parts", folder.len());
            assert!(folder.windows(2).all(|pair| pair[0].next == pair[1].first));
        }
        assert!(written <= 4096 * 65_536 * 3, "each record is merged three times at most");
    }
}
