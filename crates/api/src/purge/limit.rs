//! How often the same thing may be purged: contract edge 1.5 says twice in five seconds, for each
//! tag of a site and for the whole of it.

use model::Timestamp;
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};

/// Purges of one thing in one stretch.
const MOST: usize = 2;
/// Length of a stretch in milliseconds.
const STRETCH_MS: i64 = 5000;
/// Things remembered at once; more are refused until some are forgotten.
const THINGS_MAX: usize = 100_000;

/// When what was purged last. Of this node; several nodes count each for itself.
#[derive(Default)]
pub(crate) struct PurgeLimit(Mutex<HashMap<String, VecDeque<Timestamp>>>);

impl PurgeLimit {
    /// Counts a purge of all these things, or of none of them when one was purged too often.
    ///
    /// # Errors
    /// Seconds to wait.
    pub(crate) fn count(&self, things: &[String], now: Timestamp) -> Result<(), u64> {
        let mut known = self.0.lock();
        let since = now.plus_millis(-STRETCH_MS);
        if known.len() + things.len() > THINGS_MAX {
            known.retain(|_, times| times.back().is_some_and(|last| *last > since));
        }
        if known.len() + things.len() > THINGS_MAX {
            return Err(seconds(STRETCH_MS));
        }
        for thing in things {
            let recent = known.get(thing).into_iter().flatten().filter(|time| **time > since);
            let recent: Vec<&Timestamp> = recent.collect();
            if recent.len() >= MOST {
                return Err(seconds(recent[0].0 + STRETCH_MS - now.0));
            }
        }
        for thing in things {
            let times = known.entry(thing.clone()).or_default();
            times.push_back(now);
            if times.len() > MOST {
                times.pop_front();
            }
        }
        Ok(())
    }
}

/// Whole seconds that are long enough.
fn seconds(millis: i64) -> u64 {
    millis.max(0).unsigned_abs().div_ceil(1000).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp(1_000_000 + millis)
    }

    #[test]
    fn a_thing_is_purged_twice_in_five_seconds() {
        let limit = PurgeLimit::default();
        let count = |thing: &str, millis| limit.count(&[thing.to_owned()], at(millis));
        assert_eq!(count("a", 0), Ok(()));
        assert_eq!(count("a", 1500), Ok(()));
        assert_eq!(count("a", 2000), Err(3));
        assert_eq!(count("b", 2000), Ok(()));
        assert_eq!(count("a", 4999), Err(1));
        assert_eq!(count("a", 5000), Ok(()));
        assert_eq!(count("a", 6000), Err(1));
        assert_eq!(count("a", 6500), Ok(()));
    }

    #[test]
    fn one_that_is_too_often_stops_all_of_its_purge() {
        let limit = PurgeLimit::default();
        let both = ["a".to_owned(), "b".to_owned()];
        for _ in 0..MOST {
            assert_eq!(limit.count(&both[..1], at(0)), Ok(()));
        }
        assert_eq!(limit.count(&both, at(1)), Err(5));
        assert_eq!(limit.count(&both[1..], at(1)), Ok(()));
        assert_eq!(limit.count(&both[1..], at(1)), Ok(()));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let limit = PurgeLimit::default();
        let things: Vec<String> = (0..THINGS_MAX).map(|number| number.to_string()).collect();
        assert_eq!(limit.count(&things, at(0)), Ok(()));
        assert_eq!(limit.count(&["more".to_owned()], at(1)), Err(5));
        assert_eq!(limit.count(&["more".to_owned()], at(5000)), Ok(()));
        assert_eq!(limit.0.lock().len(), 1);
    }
}
