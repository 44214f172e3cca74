//! How a hook's receiver is doing, and what follows: pauses, probes, warnings, disabling, recovery.
//! Pure: what happened and the time come in, what to write down and to tell comes out.

use crate::outgoing::Meaning;
use crate::schedule::RETRY_AFTER_MAX;
use crate::tell_owner::HookNews as News;
use model::Timestamp;
use std::time::Duration;
use store::hook_health::Health;

const HOUR_MS: i64 = 3_600_000;
/// Tries that fail in a row until the receiver is doubted and only probed.
pub const DOUBT_AFTER: usize = 5;
/// The receiver is also doubted when more than half of so many last tries failed.
pub const DOUBT_WINDOW: u32 = 20;
/// First wait between probes; it doubles with each that fails.
pub const PROBE_FIRST_MS: i64 = 10_000;
/// Longest wait between probes.
pub const PROBE_LONGEST_MS: i64 = 600_000;
/// How long a hook fails until its owner is warned, once and again.
pub const WARN_AFTER_MS: [i64; 2] = [12 * HOUR_MS, 36 * HOUR_MS];
/// How long a hook fails until it is disabled.
pub const DISABLE_AFTER_MS: i64 = 72 * HOUR_MS;
/// Least time between two warnings, and between the last and the disabling: a server that was off
/// for days gives its owners their time all the same.
pub const WARN_APART_MS: i64 = 12 * HOUR_MS;
/// Tries that fail before a warning or the disabling: one delivery that is never accepted is not
/// yet a receiver that is down.
pub const FAILURES_MIN: i64 = 5;

/// What follows from a try.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Consequence {
    /// Whether the health is to be written down.
    pub(crate) changed: bool,
    pub(crate) news: Option<News>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Pulse {
    pub(crate) health: Health,
    /// Tries that failed in a row.
    streak: usize,
    /// The last tries, newest in the lowest bit; set = failed.
    recent: u32,
    /// How many of them there were, up to the window.
    seen: u32,
}

impl Pulse {
    pub(crate) fn new(health: Health) -> Self {
        Self { health, ..Self::default() }
    }

    /// Whether only one try may run, to see how the receiver is.
    pub(crate) fn doubted(&self) -> bool {
        self.health.probe_wait > 0
    }

    /// Until when nothing is sent. After the clock was set back, the longest pause there is begins
    /// anew, once.
    pub(crate) fn paused(&mut self, now: Timestamp) -> Option<Timestamp> {
        let longest = now.plus_millis(millis(RETRY_AFTER_MAX));
        self.health.paused_until = self.health.paused_until.map(|until| until.min(longest));
        self.health.paused_until.filter(|until| *until > now)
    }

    /// Takes in how a try ended that ran beside `limit` - 1 others at most.
    pub(crate) fn after(&mut self, meaning: Meaning, limit: usize, now: Timestamp) -> Consequence {
        let failed = meaning != Meaning::Delivered;
        let probed = self.doubted() && self.paused(now).is_none();
        if meaning != Meaning::Unable {
            self.remember(failed);
        }
        match meaning {
            Meaning::Delivered => self.well(),
            Meaning::Gone => self.gone(),
            Meaning::Unable => Consequence::default(),
            Meaning::Failed(asked) => {
                self.health.failures += 1;
                self.health.failing_since.get_or_insert(now);
                self.pause(asked, probed, limit, now);
                Consequence { changed: true, news: self.warn(now) }
            }
        }
    }

    fn remember(&mut self, failed: bool) {
        self.streak = if failed { self.streak + 1 } else { 0 };
        self.recent = self.recent << 1 | u32::from(failed);
        self.seen = (self.seen + 1).min(DOUBT_WINDOW);
    }

    fn well(&mut self) -> Consequence {
        let was = std::mem::take(&mut self.health);
        let news = (was.warnings > 0).then_some(News::Recovered);
        if was.probe_wait > 0 {
            (self.recent, self.seen) = (0, 0);
        }
        Consequence { changed: was != Health::default(), news }
    }

    fn gone(&mut self) -> Consequence {
        self.health.reason = Some("the receiver answered 410 Gone: it wants nothing more".to_owned());
        Consequence { changed: true, news: Some(News::Disabled) }
    }

    fn pause(&mut self, asked: Option<Duration>, probed: bool, limit: usize, now: Timestamp) {
        if probed {
            self.health.probe_wait = (self.health.probe_wait * 2).min(PROBE_LONGEST_MS);
            self.pause_until(now.plus_millis(self.health.probe_wait));
        } else if !self.doubted() && self.doubtful(limit) {
            self.health.probe_wait = PROBE_FIRST_MS;
            self.pause_until(now.plus_millis(PROBE_FIRST_MS));
        }
        if let Some(asked) = asked {
            self.pause_until(now.plus_millis(millis(asked.min(RETRY_AFTER_MAX))));
        }
    }

    fn pause_until(&mut self, until: Timestamp) {
        self.health.paused_until = Some(self.health.paused_until.map_or(until, |known| known.max(until)));
    }

    /// Tries that run beside each other fail together: more of them must fail than one stumble
    /// of a busy receiver explains.
    fn doubtful(&self, limit: usize) -> bool {
        let window = (1 << DOUBT_WINDOW) - 1;
        let failed = (self.recent & window).count_ones();
        self.streak >= DOUBT_AFTER.max(limit / 2) || (self.seen == DOUBT_WINDOW && failed > DOUBT_WINDOW / 2)
    }

    fn warn(&mut self, now: Timestamp) -> Option<News> {
        let failing = now.0 - self.health.failing_since?.0;
        let rested = self.health.warned_at.is_none_or(|at| now.0 - at.0 >= WARN_APART_MS);
        if self.health.failures < FAILURES_MIN || !rested {
            return None;
        }
        match usize::try_from(self.health.warnings).ok().and_then(|given| WARN_AFTER_MS.get(given)) {
            Some(after) if failing >= *after => {
                self.health.warnings += 1;
                self.health.warned_at = Some(now);
                Some(News::Failing)
            }
            None if failing >= DISABLE_AFTER_MS => {
                self.health.reason = Some(format!("its deliveries failed for {} hours", failing / HOUR_MS));
                Some(News::Disabled)
            }
            _ => None,
        }
    }
}

fn millis(wait: Duration) -> i64 {
    i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp(1_800_000_000_000);

    fn at(ms: i64) -> Timestamp {
        NOON.plus_millis(ms)
    }

    fn fail(pulse: &mut Pulse, times: usize, now: Timestamp) -> Vec<News> {
        (0..times).filter_map(|_| pulse.after(Meaning::Failed(None), 4, now).news).collect()
    }

    #[test]
    fn five_failures_in_a_row_lead_to_probes_that_grow_rarer() {
        let mut pulse = Pulse::default();
        fail(&mut pulse, DOUBT_AFTER - 1, NOON);
        assert!(!pulse.doubted() && pulse.paused(NOON).is_none());
        fail(&mut pulse, 1, NOON);
        assert_eq!((pulse.doubted(), pulse.paused(NOON)), (true, Some(at(PROBE_FIRST_MS))));
        // Tries that were under way when the doubt arose change nothing.
        fail(&mut pulse, 3, NOON);
        assert_eq!(pulse.paused(NOON), Some(at(PROBE_FIRST_MS)));
        let probe = at(PROBE_FIRST_MS);
        assert_eq!(pulse.paused(probe), None);
        fail(&mut pulse, 1, probe);
        assert_eq!(pulse.paused(probe), Some(probe.plus_millis(2 * PROBE_FIRST_MS)));
        let mut now = probe;
        for _ in 0..20 {
            now = pulse.paused(now).unwrap_or(now);
            fail(&mut pulse, 1, now);
        }
        assert_eq!(pulse.paused(now), Some(now.plus_millis(PROBE_LONGEST_MS)));
        pulse.after(Meaning::Delivered, 4, now);
        assert!(!pulse.doubted() && pulse.paused(now).is_none());
    }

    #[test]
    fn a_busy_receiver_is_not_doubted_for_one_stumble() {
        let mut pulse = Pulse::default();
        for _ in 0..10 {
            pulse.after(Meaning::Failed(None), 32, NOON);
        }
        assert!(!pulse.doubted());
        for n in 0..100 {
            let meaning = if n % 10 == 0 { Meaning::Failed(None) } else { Meaning::Delivered };
            pulse.after(meaning, 32, NOON);
        }
        assert!(!pulse.doubted());
    }

    #[test]
    fn more_than_half_of_twenty_failures_are_doubtful() {
        let mut pulse = Pulse::default();
        let doubted: Vec<bool> = (0..21)
            .map(|n| {
                let meaning = if n % 3 == 0 { Meaning::Delivered } else { Meaning::Failed(None) };
                pulse.after(meaning, 4, NOON);
                pulse.doubted()
            })
            .collect();
        assert_eq!(doubted.iter().position(|doubted| *doubted), Some(19), "at the twentieth");
    }

    #[test]
    fn a_receiver_may_ask_for_a_pause() {
        for (asked, expect) in [(30, 30), (0, 0), (1_000_000, 86_400)] {
            let mut pulse = Pulse::default();
            pulse.after(Meaning::Failed(Some(Duration::from_secs(asked))), 4, NOON);
            let expect = (expect > 0).then(|| at(expect * 1000));
            assert_eq!(pulse.paused(NOON), expect, "{asked}");
        }
    }

    #[test]
    fn a_pause_does_not_move_along_with_a_clock_that_was_set_back() {
        let mut pulse = Pulse::default();
        pulse.after(Meaning::Failed(Some(RETRY_AFTER_MAX)), 4, NOON);
        let day = millis(RETRY_AFTER_MAX);
        let back = at(-30 * day);
        assert_eq!(pulse.paused(back), Some(back.plus_millis(day)));
        assert_eq!(pulse.paused(back.plus_millis(day - 1)), Some(back.plus_millis(day)));
        assert_eq!(pulse.paused(back.plus_millis(day)), None);
    }

    #[test]
    fn a_hook_is_warned_of_twice_before_it_is_disabled() {
        let mut pulse = Pulse::default();
        let hours = |n: i64| at(n * HOUR_MS);
        assert_eq!(fail(&mut pulse, 9, NOON), []);
        assert_eq!(fail(&mut pulse, 9, hours(11)), []);
        assert_eq!(fail(&mut pulse, 9, hours(12)), [News::Failing]);
        assert_eq!(fail(&mut pulse, 9, hours(35)), []);
        assert_eq!(fail(&mut pulse, 9, hours(36)), [News::Failing]);
        assert_eq!(fail(&mut pulse, 9, hours(71)), []);
        assert_eq!(fail(&mut pulse, 1, hours(72)), [News::Disabled]);
        assert!(pulse.health.reason.is_some_and(|reason| reason.contains("72 hours")));
    }

    #[test]
    fn a_server_that_was_off_warns_in_its_time() {
        let mut pulse = Pulse::default();
        fail(&mut pulse, 5, NOON);
        let back = at(200 * HOUR_MS);
        assert_eq!(fail(&mut pulse, 9, back), [News::Failing]);
        assert_eq!(fail(&mut pulse, 9, back.plus_millis(WARN_APART_MS)), [News::Failing]);
        assert_eq!(fail(&mut pulse, 1, back.plus_millis(2 * WARN_APART_MS)), [News::Disabled]);
    }

    #[test]
    fn recovery_is_told_of_only_after_a_warning() {
        let mut pulse = Pulse::default();
        fail(&mut pulse, 5, NOON);
        assert_eq!(pulse.after(Meaning::Delivered, 4, NOON), Consequence { changed: true, news: None });
        assert_eq!(pulse.after(Meaning::Delivered, 4, NOON), Consequence::default());
        fail(&mut pulse, 5, NOON);
        fail(&mut pulse, 1, at(12 * HOUR_MS));
        assert_eq!(pulse.after(Meaning::Delivered, 4, NOON).news, Some(News::Recovered));
        assert_eq!(pulse.health, Health::default());
    }

    #[test]
    fn gone_is_the_end_at_once() {
        let mut pulse = Pulse::default();
        assert_eq!(pulse.after(Meaning::Gone, 4, NOON).news, Some(News::Disabled));
    }
}
