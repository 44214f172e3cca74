//! A clock that goes with the real one and can be put forward and back.

use model::{Clock, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

/// Starts at the real time. Clones are one clock.
#[derive(Clone, Debug, Default)]
pub struct MovableClock {
    ahead_ms: Arc<AtomicI64>,
}

impl MovableClock {
    /// Puts the clock forward. Whoever sleeps by the machine's clock does not wake earlier for it.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).expect("tests move by days, not by ages");
        self.ahead_ms.fetch_add(by, Ordering::SeqCst);
    }

    /// Puts the clock back.
    pub fn set_back(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).expect("tests move by days, not by ages");
        self.ahead_ms.fetch_sub(by, Ordering::SeqCst);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        let real = SystemTime::UNIX_EPOCH.elapsed().expect("the machine's clock is past 1970");
        let real =
            i64::try_from(real.as_millis()).expect("the machine's clock is before the year 292 million");
        Timestamp(real + self.ahead_ms.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_move_together() {
        let clock = MovableClock::default();
        let other = clock.clone();
        let before = clock.now();
        other.advance(Duration::from_secs(3600));
        assert!(clock.now() >= before.plus_millis(3_600_000));
        other.set_back(Duration::from_secs(7200));
        assert!(clock.now() < before);
    }
}
