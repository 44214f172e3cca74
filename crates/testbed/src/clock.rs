//! A clock that stands still until a test moves it.

use model::{Clock, Timestamp};
use parking_lot::Mutex;
use std::time::Duration;

/// When every test begins: 2026-01-02T03:04:05.678Z.
pub const START: Timestamp = Timestamp(1_767_323_045_678);

/// Begins at [`START`]. Whoever sleeps by the machine's clock does not wake earlier for it.
#[derive(Debug)]
pub struct ManualClock(Mutex<Face>);

#[derive(Debug)]
struct Face {
    now: Timestamp,
    step: Duration,
}

impl Default for ManualClock {
    fn default() -> Self {
        Self(Mutex::new(Face { now: START, step: Duration::ZERO }))
    }
}

impl ManualClock {
    /// Puts the clock forward; what is less than a millisecond is dropped.
    pub fn advance(&self, by: Duration) {
        self.0.lock().advance(by);
    }

    /// From now on the clock goes on by `step` whenever it was read: what comes later is later.
    pub fn step(&self, step: Duration) {
        self.0.lock().step = step;
    }
}

impl Face {
    fn advance(&mut self, by: Duration) {
        self.now = self.now.plus_millis(i64::try_from(by.as_millis()).unwrap_or(i64::MAX));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        let mut face = self.0.lock();
        let (now, step) = (face.now, face.step);
        face.advance(step);
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(clock: &ManualClock, millis: i64) {
        assert_eq!(clock.now(), START.plus_millis(millis));
    }

    #[test]
    fn it_moves_by_hand_alone() {
        let clock = ManualClock::default();
        check(&clock, 0);
        check(&clock, 0);
        clock.advance(Duration::from_secs(2));
        check(&clock, 2000);
    }

    #[test]
    fn it_steps_after_each_look() {
        let clock = ManualClock::default();
        clock.step(Duration::from_millis(1));
        check(&clock, 0);
        check(&clock, 1);
        clock.advance(Duration::from_secs(1));
        check(&clock, 1002);
    }
}
