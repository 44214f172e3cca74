//! How many tries of one hook run at once. Pure: it grows while the receiver answers and shrinks
//! when it does not.

/// Tries at once for a hook that nothing is known of.
pub const START: usize = 4;
/// Most tries at once for one hook.
pub const IN_FLIGHT_PER_HOOK: usize = 32;
/// An answer within this time is quick.
pub(crate) const QUICK_MS: i64 = 1_000;

/// How a try ended, as far as the number of places goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Delivered, after so many milliseconds.
    Well(i64),
    /// Answered, but not delivered.
    Refused,
    /// Not answered in time.
    TimedOut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flow {
    /// Tries at once, now.
    pub(crate) limit: usize,
    /// The hook's own bound.
    most: usize,
    /// Whether the last delivery was quick. Hooks that are not known to be leave some of the
    /// server's places to those that are.
    pub(crate) quick: bool,
}

impl Flow {
    pub(crate) fn new(own: Option<u32>) -> Self {
        let most = own.and_then(|own| usize::try_from(own).ok()).unwrap_or(IN_FLIGHT_PER_HOOK);
        let most = most.clamp(1, IN_FLIGHT_PER_HOOK);
        Self { limit: START.min(most), most, quick: false }
    }

    /// The hook's bound changed.
    pub(crate) fn bound(&mut self, own: Option<u32>) {
        let fresh = Self::new(own);
        self.most = fresh.most;
        self.limit = self.limit.min(self.most);
    }

    pub(crate) fn after(&mut self, ended: Ended) {
        match ended {
            Ended::Well(took) => {
                self.limit = (self.limit + 1).min(self.most);
                self.quick = took < QUICK_MS;
            }
            Ended::Refused => {}
            Ended::TimedOut => {
                self.limit = (self.limit / 2).max(1);
                self.quick = false;
            }
        }
    }

    /// Begins anew, carefully: the receiver is doubted.
    pub(crate) fn single(&mut self) {
        self.limit = 1;
        self.quick = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(own: Option<u32>, ended: &[Ended], expect: (usize, bool)) {
        let mut flow = Flow::new(own);
        ended.iter().for_each(|ended| flow.after(*ended));
        assert_eq!((flow.limit, flow.quick), expect, "{own:?} {ended:?}");
    }

    #[test]
    fn places_follow_the_answers() {
        use Ended::{Refused, TimedOut, Well};
        check(None, &[], (START, false));
        check(None, &[Well(5)], (START + 1, true));
        check(None, &[Well(5000)], (START + 1, false));
        check(None, &[Well(5); 100], (IN_FLIGHT_PER_HOOK, true));
        check(None, &[Refused; 3], (START, false));
        check(None, &[TimedOut], (START / 2, false));
        check(None, &[TimedOut; 9], (1, false));
        check(Some(2), &[Well(5); 9], (2, true));
        check(Some(0), &[], (1, false));
        check(Some(1_000_000), &[Well(5); 99], (IN_FLIGHT_PER_HOOK, true));
    }
}
