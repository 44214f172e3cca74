//! Shares of visitors: exact, and mapped to a number between 0 and 1.

use model::SplitBranch;

/// Parts that one percent is counted in. Shares of more decimals are refused, so that sums are exact.
const PARTS_OF_A_PERCENT: f64 = 10_000.0;
/// Parts that all visitors are counted in.
const WHOLE: u32 = 1_000_000;

/// Which branch a visitor sees, by the number that was drawn for it: the shares laid end to end from
/// 0 to 1, in the order of the branches.
#[derive(Clone, Debug, PartialEq)]
pub struct Shares {
    ends: Box<[f64]>,
}

impl Shares {
    /// None when the shares are not between 0 and 100 with at most four decimals, or do not add up
    /// to 100.
    #[must_use]
    pub fn new(branches: &[SplitBranch]) -> Option<Self> {
        let mut end = 0;
        let mut ends = Vec::with_capacity(branches.len());
        for branch in branches {
            end += parts(branch.percentage)?;
            ends.push(f64::from(end) / f64::from(WHOLE));
        }
        (end == WHOLE).then(|| Self { ends: ends.into() })
    }

    /// The place of the branch for a number from 0 up to but not 1. A branch of 0 % is never it.
    #[must_use]
    pub fn pick(&self, number: f64) -> usize {
        self.ends.iter().position(|end| number < *end).unwrap_or(0)
    }
}

/// A percentage in parts of the whole.
pub(crate) fn parts(percentage: f64) -> Option<u32> {
    if !(0.0..=100.0).contains(&percentage) {
        return None;
    }
    let scaled = percentage * PARTS_OF_A_PERCENT;
    let whole = scaled.round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a million")]
    ((scaled - whole).abs() < 1e-6).then_some(whole as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(percentages: &[f64]) -> Option<Shares> {
        let branch =
            |(n, percentage): (usize, &f64)| SplitBranch { branch: n.to_string(), percentage: *percentage };
        Shares::new(&percentages.iter().enumerate().map(branch).collect::<Vec<_>>())
    }

    #[test]
    fn shares_add_up_to_exactly_100() {
        for (percentages, fine) in [
            (&[50.0, 50.0][..], true),
            (&[100.0], true),
            (&[0.0, 100.0], true),
            (&[33.3, 33.3, 33.4], true),
            (&[0.1; 1000], true),
            (&[12.3456, 87.6544], true),
            (&[33.3, 33.3, 33.3], false),
            (&[99.9999], false),
            (&[50.0, 50.0, 0.0001], false),
            (&[12.34567, 87.65433], false),
            (&[-50.0, 150.0], false),
            (&[101.0, -1.0], false),
            (&[f64::NAN, 100.0], false),
            (&[f64::INFINITY], false),
            (&[], false),
        ] {
            assert_eq!(shares(percentages).is_some(), fine, "{percentages:?}");
        }
    }

    #[test]
    fn a_number_falls_into_one_share() {
        let three = shares(&[20.0, 0.0, 30.5, 49.5]).unwrap();
        for (number, expect) in [
            (0.0, 0),
            (0.199_999, 0),
            (0.2, 2),
            (0.504_999, 2),
            (0.505, 3),
            (0.999_999, 3),
            (0.999_999_999, 3),
        ] {
            assert_eq!(three.pick(number), expect, "{number}");
        }
    }

    #[test]
    fn numbers_at_equal_distances_fall_into_their_shares_exactly() {
        let shares = shares(&[12.5, 60.0, 27.5]).unwrap();
        let mut counts = [0_u32; 3];
        for n in 0..100_000 {
            counts[shares.pick(f64::from(n) / 100_000.0)] += 1;
        }
        assert_eq!(counts, [12_500, 60_000, 27_500]);
    }
}
