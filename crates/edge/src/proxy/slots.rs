//! How many requests are passed on at once, in all and for each site, so that one site with a silent
//! origin leaves the others their share.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// The places of one server.
pub(super) struct Slots {
    total: usize,
    per_site: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_site: HashMap<Box<str>, usize>,
}

/// A place, free again when it is dropped.
pub(super) struct Slot {
    site: Box<str>,
    taken: Arc<Mutex<Taken>>,
}

impl Slots {
    pub(super) fn new(total: usize, per_site: usize) -> Self {
        Self { total, per_site, taken: Arc::default() }
    }

    /// A place for a request of this site, if one is free.
    pub(super) fn take(&self, site: &str) -> Option<Slot> {
        let mut taken = self.taken.lock();
        let here = taken.by_site.get(site).copied().unwrap_or(0);
        if taken.all >= self.total || here >= self.per_site {
            return None;
        }
        taken.all += 1;
        taken.by_site.insert(site.into(), here + 1);
        drop(taken);
        Some(Slot { site: site.into(), taken: Arc::clone(&self.taken) })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.taken.lock();
        taken.all -= 1;
        if let Some(here) = taken.by_site.get_mut(&self.site) {
            *here -= 1;
            if *here == 0 {
                taken.by_site.remove(&self.site);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_run_out_for_a_site_and_for_all() {
        let slots = Slots::new(3, 2);
        let first = slots.take("a");
        let second = slots.take("a");
        assert!(first.is_some() && second.is_some() && slots.take("a").is_none());
        let other = slots.take("b");
        assert!(other.is_some() && slots.take("b").is_none() && slots.take("c").is_none());
        drop(first);
        let third = slots.take("a");
        assert!(third.is_some());
        drop((second, third, other));
        assert!(slots.taken.lock().by_site.is_empty(), "nothing is kept of sites that pass nothing on");
    }
}
