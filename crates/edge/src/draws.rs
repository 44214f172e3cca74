//! Numbers for new visitors of split tests: drawn by counting through a mixing function from a seed
//! that is random once a process, because asking the system for each visitor costs a call of it. Fit
//! for sharing out, not for secrets.

use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers that can be drawn: as many as six decimals tell apart.
const NUMBERS: u64 = 1_000_000;
/// Step of SplitMix64: odd, so that all seeds are met before one comes again.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A source of numbers.
pub(crate) struct Draws(AtomicU64);

impl Draws {
    pub(crate) fn new(seed: [u8; 8]) -> Self {
        Self(AtomicU64::new(u64::from_le_bytes(seed)))
    }

    /// The next number, in millionths.
    pub(crate) fn millionths(&self) -> u32 {
        let mut z = self.0.fetch_add(STEP, Ordering::Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        let scaled = (u128::from(z) * u128::from(NUMBERS)) >> 64;
        u32::try_from(scaled).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_spread_evenly_and_a_seed_decides_them() {
        let draws = Draws::new([7; 8]);
        let mut counts = [0_u32; 10];
        for _ in 0..100_000 {
            counts[draws.millionths() as usize / 100_000] += 1;
        }
        assert!(counts.iter().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
        let (one, same, other) = (Draws::new([7; 8]), Draws::new([7; 8]), Draws::new([8; 8]));
        let first = one.millionths();
        assert_eq!(first, same.millionths());
        assert!(first != one.millionths() && first != other.millionths());
    }
}
