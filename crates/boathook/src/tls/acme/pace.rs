//! How often names are tried and orders are made. Authorities count failures and orders, and shut
//! out who makes too many. Pure: times come in as arguments.

use model::Timestamp;
use std::collections::HashMap;

/// Orders of one node in an hour.
const ORDERS_AN_HOUR: u32 = 60;
/// Orders for one site in an hour: who lists names that lead elsewhere uses up no one else's.
const ORDERS_A_SITE: u32 = 10;
/// Seconds that a name is left alone after its first failure; each further one doubles it.
const FIRST_WAIT: i64 = 60;
/// The longest wait, in seconds.
const LONGEST_WAIT: i64 = 24 * 3600;
/// Seconds that a name that is nobody's is left alone.
const FOREIGN_WAIT: i64 = 60;
/// Names remembered at once; those whose wait is over go first, then all.
const NAMES_MAX: usize = 10_000;
const HOUR: i64 = 3600;

/// What was tried.
#[derive(Default)]
pub(super) struct Pace {
    waiting: HashMap<Box<str>, Wait>,
    hour: i64,
    orders: u32,
    by_owner: HashMap<Box<str>, u32>,
}

/// Too many orders were made.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no more certificates are ordered {0} in this hour")]
pub(super) struct TooMany(&'static str);

#[derive(Clone, Copy, Default)]
struct Wait {
    until: i64,
    failures: u32,
}

impl Pace {
    /// Whether a name's wait is over.
    pub(super) fn may_try(&self, name: &str, now: Timestamp) -> bool {
        self.waiting.get(name).is_none_or(|wait| wait.until <= now.seconds())
    }

    /// Counts an order for a site.
    ///
    /// # Errors
    /// When the hour has had enough of them.
    pub(super) fn order(&mut self, owner: &str, now: Timestamp) -> Result<(), TooMany> {
        let hour = now.seconds().div_euclid(HOUR);
        if self.hour != hour {
            (self.hour, self.orders) = (hour, 0);
            self.by_owner.clear();
        }
        if self.orders >= ORDERS_AN_HOUR {
            return Err(TooMany("by this server"));
        }
        let of_owner = self.by_owner.entry(owner.into()).or_default();
        if *of_owner >= ORDERS_A_SITE {
            return Err(TooMany("for this site"));
        }
        *of_owner += 1;
        self.orders += 1;
        Ok(())
    }

    /// Leaves a name alone; for how many seconds.
    pub(super) fn failed(&mut self, name: &str, now: Timestamp) -> i64 {
        let failures = self.waiting.get(name).map_or(0, |wait| wait.failures);
        let wait = FIRST_WAIT.checked_shl(failures).unwrap_or(LONGEST_WAIT).clamp(FIRST_WAIT, LONGEST_WAIT);
        let failures = (failures + 1).min(30);
        self.note(name, Wait { until: now.seconds() + wait, failures }, now);
        wait
    }

    /// Leaves a name alone that this server does not answer for.
    pub(super) fn is_foreign(&mut self, name: &str, now: Timestamp) {
        self.note(name, Wait { until: now.seconds() + FOREIGN_WAIT, failures: 0 }, now);
    }

    pub(super) fn succeeded(&mut self, name: &str) {
        self.waiting.remove(name);
    }

    fn note(&mut self, name: &str, wait: Wait, now: Timestamp) {
        if self.waiting.len() >= NAMES_MAX {
            self.waiting.retain(|_, wait| wait.until > now.seconds());
        }
        if self.waiting.len() >= NAMES_MAX {
            self.waiting.clear();
        }
        self.waiting.insert(name.into(), wait);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1000)
    }

    #[test]
    fn a_name_that_fails_waits_longer_each_time_up_to_a_day() {
        let mut pace = Pace::default();
        let waits: Vec<i64> = (0..40).map(|_| pace.failed("a", at(0))).collect();
        assert_eq!(waits[..4], [60, 120, 240, 480]);
        assert!(waits[11..].iter().all(|wait| *wait == LONGEST_WAIT), "{waits:?}");
        assert!(!pace.may_try("a", at(LONGEST_WAIT - 1)) && pace.may_try("a", at(LONGEST_WAIT)));
        assert!(pace.may_try("b", at(0)));
        pace.succeeded("a");
        assert!(pace.may_try("a", at(0)));
        assert_eq!(pace.failed("a", at(0)), FIRST_WAIT);
    }

    #[test]
    fn a_foreign_name_waits_a_minute_however_often() {
        let mut pace = Pace::default();
        for _ in 0..5 {
            pace.is_foreign("a", at(0));
        }
        assert!(!pace.may_try("a", at(59)) && pace.may_try("a", at(60)));
    }

    #[test]
    fn orders_are_bounded_each_hour() {
        let mut pace = Pace::default();
        for _ in 0..ORDERS_A_SITE {
            assert_eq!(pace.order("greedy", at(10)), Ok(()));
        }
        assert_eq!(pace.order("greedy", at(20)), Err(TooMany("for this site")));
        for number in ORDERS_A_SITE..ORDERS_AN_HOUR {
            assert_eq!(pace.order(&number.to_string(), at(30)), Ok(()));
        }
        assert_eq!(pace.order("late", at(3599)), Err(TooMany("by this server")));
        assert_eq!(pace.order("greedy", at(3600)), Ok(()));
    }

    #[test]
    fn remembered_names_are_bounded() {
        let mut pace = Pace::default();
        for number in 0..NAMES_MAX {
            pace.is_foreign(&number.to_string(), at(0));
        }
        pace.is_foreign("one more", at(1));
        assert_eq!(pace.waiting.len(), 1, "none was over, so that all went");
        pace.is_foreign("later", at(0));
        assert!(!pace.may_try("later", at(1)));
    }
}
