//! When a failed delivery is tried again. Pure: the chance comes in as a number.

use std::time::Duration;

const fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}

const fn hours(n: u64) -> Duration {
    minutes(n * 60)
}

/// Waits before each try: the example schedule of Standard Webhooks, ten tries in three days.
pub const SCHEDULE: [Duration; 10] = [
    Duration::ZERO,
    Duration::from_secs(5),
    minutes(5),
    minutes(30),
    hours(2),
    hours(5),
    hours(10),
    hours(14),
    hours(20),
    hours(24),
];

/// Longest wait that a receiver can ask for with `Retry-After`.
pub const RETRY_AFTER_MAX: Duration = hours(24);

/// Waits are spread by this share of themselves in both directions, so that deliveries which failed
/// together do not come back together.
const JITTER_PERCENT: u64 = 20;

/// The wait after `tries` tries of a round by a hook's own schedule (seconds before each try) or
/// [`SCHEDULE`], spread by `chance`; none when the schedule is used up.
pub(crate) fn wait_after(own: Option<&[u64]>, tries: i64, chance: u32) -> Option<Duration> {
    let tries = usize::try_from(tries).ok()?;
    let wait = match own {
        Some(own) => own.get(tries).copied().map(Duration::from_secs),
        None => SCHEDULE.get(tries).copied(),
    }?;
    let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    let spread = millis * JITTER_PERCENT / 100;
    let within = u64::from(chance) * spread * 2 / u64::from(u32::MAX);
    Some(Duration::from_millis(millis - spread + within))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_spread_by_a_fifth() {
        for (tries, least, most) in [
            (1, Duration::from_millis(4000), Duration::from_millis(6000)),
            (2, Duration::from_secs(240), Duration::from_secs(360)),
            (9, Duration::from_secs(69_120), Duration::from_secs(103_680)),
        ] {
            assert_eq!(wait_after(None, tries, 0), Some(least), "{tries}");
            assert_eq!(wait_after(None, tries, u32::MAX), Some(most), "{tries}");
            let middle = wait_after(None, tries, u32::MAX / 2).expect("within the schedule");
            assert!(middle > least && middle < most);
        }
    }

    #[test]
    fn ten_tries_and_no_more() {
        assert!(wait_after(None, 9, 0).is_some());
        assert_eq!((wait_after(None, 10, 0), wait_after(None, -1, 0)), (None, None));
    }

    #[test]
    fn a_hook_may_have_its_own_schedule() {
        let own = Some([0, 10].as_slice());
        assert_eq!(wait_after(own, 1, u32::MAX / 2).map(|wait| wait.as_secs()), Some(9));
        assert_eq!(wait_after(own, 2, 0), None);
    }
}
