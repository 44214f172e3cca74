//! Randomness that is the same in every run.

use context::Entropy;
use std::sync::atomic::{AtomicU64, Ordering};

/// SplitMix64. Ids drawn from it differ, and their order means nothing.
#[derive(Debug)]
pub struct Dice(AtomicU64);

impl Dice {
    /// The same seed gives the same bytes.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    fn draw(&self) -> u64 {
        let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Entropy for Dice {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.draw().to_le_bytes()[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(dice: &Dice) -> [u8; 12] {
        let mut bytes = [0; 12];
        dice.fill(&mut bytes);
        bytes
    }

    #[test]
    fn a_seed_decides_all_throws() {
        let (one, same, other) = (Dice::new(7), Dice::new(7), Dice::new(8));
        let first = drawn(&one);
        assert_eq!(first, drawn(&same));
        assert_ne!(first, drawn(&one));
        assert_ne!(first, drawn(&other));
        assert!(first[8..].iter().any(|byte| *byte != 0), "the last part is drawn as well");
    }
}
