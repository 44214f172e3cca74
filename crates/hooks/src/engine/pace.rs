//! A hook's own limit of tries a minute. Pure: a bucket that holds a few seconds' worth.

use model::Timestamp;

const MINUTE_MS: i64 = 60_000;
/// What may be caught up with after a rest, in milliseconds' worth of tries.
const BURST_MS: i64 = 5_000;

/// Lets tries through at the hook's rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pace {
    /// When the tries let through so far would have been due at an even rate.
    even: Timestamp,
}

impl Pace {
    /// Lets one try through, or says when the next may go.
    pub(crate) fn pass(&mut self, per_minute: Option<u32>, now: Timestamp) -> Result<(), Timestamp> {
        let Some(rate) = per_minute.filter(|rate| *rate > 0) else { return Ok(()) };
        let step = (MINUTE_MS / i64::from(rate)).max(1);
        let burst = BURST_MS.max(step);
        // A clock that was set back must not stop the hook for as long.
        self.even = Timestamp(self.even.0.clamp(now.0 - burst + step, now.0 + burst));
        if self.even > now {
            return Err(self.even);
        }
        self.even = self.even.plus_millis(step);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many tries get through at each instant.
    fn check(rate: Option<u32>, instants: &[i64], expect: &[usize]) {
        let mut pace = Pace::default();
        let passed = |at: &i64| (0..1000).take_while(|_| pace.pass(rate, Timestamp(*at)).is_ok()).count();
        let got: Vec<usize> = instants.iter().map(passed).collect();
        assert_eq!(got, expect, "{rate:?} {instants:?}");
    }

    #[test]
    fn tries_pass_at_the_rate() {
        let day = 86_400_000;
        check(None, &[day], &[1000]);
        check(Some(60), &[day, day, day + 1_000, day + 2_500, day + day], &[5, 0, 1, 1, 5]);
        check(Some(1), &[day, day + 59_999, day + 60_000], &[1, 0, 1]);
        check(Some(600), &[day, day + 100], &[50, 1]);
    }

    #[test]
    fn a_clock_set_back_holds_nothing_up_for_long() {
        let mut pace = Pace::default();
        while pace.pass(Some(60), Timestamp(1_000_000_000)).is_ok() {}
        assert!(pace.pass(Some(60), Timestamp(5_000)).is_err());
        assert!(pace.pass(Some(60), Timestamp(10_000)).is_ok());
    }
}
