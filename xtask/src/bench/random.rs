//! Numbers from a seed: the same corpus on every machine.

/// `SplitMix64` (Steele, Lea and Flood, 2014): small, quick, and good enough to imitate logs.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 where the bound is 0.
    ///
    /// By multiplication; the bias is under 2^-32 for the bounds used here.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(self.bits()) * bound as u128;
        usize::try_from(wide >> 64).unwrap_or(0)
    }

    /// True `per_mille` times in a thousand.
    pub(crate) fn chance(&mut self, per_mille: usize) -> bool {
        self.below(1_000) < per_mille
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// One of some words.
    pub(crate) fn word(&mut self, from: &[&'static str]) -> &'static str {
        self.pick(from).copied().unwrap_or_default()
    }

    /// `length` letters out of an alphabet.
    pub(crate) fn letters(&mut self, alphabet: &str, length: usize) -> String {
        let letters = alphabet.as_bytes();
        (0..length).filter_map(|_| self.pick(letters)).map(|letter| char::from(*letter)).collect()
    }

    pub(crate) fn hex(&mut self, length: usize) -> String {
        self.letters("0123456789abcdef", length)
    }

    /// A UUID of version 4, as vendors print them.
    pub(crate) fn uuid(&mut self) -> String {
        let (high, low) = (self.bits(), self.bits());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | (low >> 48) & 0x3fff,
            low & 0xffff_ffff_ffff
        )
    }
}

/// Ranks by Zipf's law: rank `k` (from 0) has a weight of `1 / (k + 1)^exponent`.
#[derive(Debug)]
pub(crate) struct Zipf(Vec<f64>);

impl Zipf {
    pub(crate) fn new(n_ranks: usize, exponent: f64) -> Self {
        let mut sum = 0.0;
        let weights = (1..=n_ranks).map(|rank| {
            #[expect(clippy::cast_precision_loss, reason = "ranks are in the thousands")]
            let weight = (rank as f64).powf(-exponent);
            sum += weight;
            sum
        });
        Self(weights.collect())
    }

    pub(crate) fn rank(&self, random: &mut Random) -> usize {
        #[expect(clippy::cast_precision_loss, reason = "53 of the bits make a fraction")]
        let fraction = (random.bits() >> 11) as f64 / (1_u64 << 53) as f64;
        let point = fraction * self.0.last().copied().unwrap_or(0.0);
        self.0.partition_point(|sum| *sum <= point).min(self.0.len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_that_of_splitmix() {
        // The published sequence for the seed 1234567.
        let mut random = Random::new(1_234_567);
        assert_eq!((random.bits(), random.bits()), (6_457_827_717_110_365_317, 3_203_168_211_198_807_973));
    }

    #[test]
    fn bounds_hold() {
        let mut random = Random::new(1);
        assert!((0..10_000).all(|_| random.below(7) < 7));
        assert_eq!(random.below(0), 0);
        assert_eq!(random.uuid().len(), 36);
        assert_eq!(random.uuid().as_bytes()[14], b'4');
    }

    #[test]
    fn the_first_rank_is_the_most_frequent() {
        let (zipf, mut random) = (Zipf::new(1_500, 0.9), Random::new(1));
        let mut counts = vec![0_usize; 1_500];
        for _ in 0..100_000 {
            counts[zipf.rank(&mut random)] += 1;
        }
        assert!((7_000..11_000).contains(&counts[0]), "{}", counts[0]);
        assert!(counts[0] > counts[1] && counts[1] > counts[20]);
        assert!(counts.iter().all(|count| *count > 0), "every principal occurs");
    }
}
