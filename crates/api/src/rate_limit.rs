//! How often one token, or one anonymous address, may call: a window of a minute, per node.

use model::Timestamp;
use parking_lot::Mutex;
use std::collections::HashMap;

/// Length of a window in seconds.
const WINDOW: i64 = 60;
/// Callers remembered at once; more are counted together.
const CALLERS_MAX: usize = 100_000;

/// Counts of the present window.
pub(crate) struct Limiter {
    limit: u32,
    window: Mutex<Window>,
}

#[derive(Default)]
struct Window {
    number: i64,
    calls: HashMap<String, u32>,
}

/// What a caller has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// Calls of a window.
    pub(crate) limit: u32,
    /// Calls left; none when this one was too many.
    pub(crate) remaining: Option<u32>,
    /// When the window ends, in seconds since the epoch.
    pub(crate) reset: i64,
}

impl Limiter {
    pub(crate) fn new(limit: u32) -> Self {
        Self { limit, window: Mutex::default() }
    }

    /// Counts a call.
    pub(crate) fn count(&self, caller: &str, now: Timestamp) -> Allowance {
        let number = now.seconds().div_euclid(WINDOW);
        let mut window = self.window.lock();
        if window.number != number {
            *window = Window { number, calls: HashMap::new() };
        }
        let full = window.calls.len() >= CALLERS_MAX && !window.calls.contains_key(caller);
        let calls = window.calls.entry(if full { String::new() } else { caller.to_owned() }).or_default();
        *calls = calls.saturating_add(1);
        Allowance {
            limit: self.limit,
            remaining: self.limit.checked_sub(*calls),
            reset: (number + 1) * WINDOW,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_runs_out_and_the_next_begins() {
        let limiter = Limiter::new(2);
        let at = |s: i64| Timestamp(s * 1000);
        assert_eq!(limiter.count("a", at(0)), Allowance { limit: 2, remaining: Some(1), reset: 60 });
        assert_eq!(limiter.count("a", at(1)).remaining, Some(0));
        assert_eq!(limiter.count("a", at(59)).remaining, None);
        assert_eq!(limiter.count("b", at(59)).remaining, Some(1));
        assert_eq!(limiter.count("a", at(60)), Allowance { limit: 2, remaining: Some(1), reset: 120 });
    }

    #[test]
    fn callers_beyond_those_who_are_remembered_are_counted_together() {
        let limiter = Limiter::new(3);
        let left = |caller: &str| limiter.count(caller, Timestamp(0)).remaining;
        for caller in 0..CALLERS_MAX {
            left(&caller.to_string());
        }
        assert_eq!([left("late"), left("later"), left("0"), left("latest")], [2, 1, 1, 0].map(Some));
        assert!(limiter.window.lock().calls.len() <= CALLERS_MAX + 1);
    }
}
