//! How many requests are passed on at once: in all, for each site, for each add-on on all sites, and for
//! each destination of a site. Nobody holds more than what is still free where he takes it from, so that
//! however many origins are silent, the next one finds a place.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, BuildHasherDefault, Hash, Hasher, RandomState};
use std::sync::Arc;

/// The places of one server.
pub(super) struct Slots {
    total: usize,
    per_site: usize,
    digests: RandomState,
    taken: Arc<Mutex<Taken>>,
}

/// Who wants a place.
pub(super) enum Asker<'a> {
    /// The redirect rules of a site.
    Rules { site: &'a str },
    /// An add-on of a site.
    Addon { site: &'a str, addon: &'a str, instance: &'a str },
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_party: HashMap<Party, usize, BuildHasherDefault<AsItIs>>,
}

/// What places are counted for, by a digest: two of the few thousand that there are at a time have the
/// same once in a million years, and then share their places.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Party(u64);

/// What a [`Party`] stands for.
#[derive(Hash)]
enum Name<'a> {
    Site(&'a str),
    Addon(&'a str),
    /// The rules of a site.
    Rules(&'a str),
    /// An instance on a site.
    Instance(&'a str),
}

/// A digest is its own hash.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, digest: u64) {
        self.0 = digest;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A place, free again when it is dropped.
pub(super) struct Slot {
    parties: Parties,
    taken: Arc<Mutex<Taken>>,
}

/// Whom a place is counted for.
#[derive(Clone, Copy)]
struct Parties {
    site: Party,
    /// The add-on, where it is for one.
    addon: Option<Party>,
    /// The rules or the instance.
    destination: Party,
}

impl Parties {
    fn of(asker: &Asker<'_>, digests: &RandomState) -> Self {
        let party = |name: Name<'_>| Party(digests.hash_one(name));
        match *asker {
            Asker::Rules { site } => {
                Self { site: party(Name::Site(site)), addon: None, destination: party(Name::Rules(site)) }
            }
            Asker::Addon { site, addon, instance } => Self {
                site: party(Name::Site(site)),
                addon: Some(party(Name::Addon(addon))),
                destination: party(Name::Instance(instance)),
            },
        }
    }

    fn all(self) -> impl Iterator<Item = Party> {
        [Some(self.site), self.addon, Some(self.destination)].into_iter().flatten()
    }
}

impl Taken {
    fn of(&self, party: Party) -> usize {
        self.by_party.get(&party).copied().unwrap_or(0)
    }
}

impl Slots {
    pub(super) fn new(total: usize, per_site: usize) -> Self {
        Self { total, per_site, digests: RandomState::new(), taken: Arc::default() }
    }

    /// A place, if one is free for this asker.
    pub(super) fn take(&self, asker: &Asker<'_>) -> Option<Slot> {
        let parties = Parties::of(asker, &self.digests);
        let mut taken = self.taken.lock();
        let free = self.total - taken.all;
        let of_site = taken.of(parties.site);
        let here = self.per_site.saturating_sub(of_site);
        let of_addon = parties.addon.map_or(0, |addon| taken.of(addon));
        if here == 0 || of_site >= free || of_addon >= free || taken.of(parties.destination) >= here {
            return None;
        }
        taken.all += 1;
        for party in parties.all() {
            *taken.by_party.entry(party).or_default() += 1;
        }
        drop(taken);
        Some(Slot { parties, taken: Arc::clone(&self.taken) })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.taken.lock();
        taken.all -= 1;
        for party in self.parties.all() {
            if let Some(count) = taken.by_party.get_mut(&party) {
                *count -= 1;
                if *count == 0 {
                    taken.by_party.remove(&party);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes places for one asker until there is none, and says how many there were.
    fn fill(slots: &Slots, asker: &Asker<'_>, held: &mut Vec<Slot>) -> usize {
        let before = held.len();
        held.extend(std::iter::from_fn(|| slots.take(asker)));
        held.len() - before
    }

    fn addon<'a>(site: &'a str, addon: &'a str, instance: &'a str) -> Asker<'a> {
        Asker::Addon { site, addon, instance }
    }

    #[test]
    fn what_hangs_leaves_the_others_of_its_site_their_share() {
        let (slots, mut held) = (Slots::new(1000, 16), Vec::new());
        assert_eq!(fill(&slots, &addon("a", "x", "ax"), &mut held), 8);
        assert_eq!(fill(&slots, &addon("a", "y", "ay"), &mut held), 4);
        assert_eq!(fill(&slots, &Asker::Rules { site: "a" }, &mut held), 2);
        assert_eq!(fill(&slots, &addon("b", "x", "bx"), &mut held), 8);
        held.clear();
        assert_eq!(fill(&slots, &Asker::Rules { site: "a" }, &mut held), 8);
        held.clear();
        assert!(slots.taken.lock().by_party.is_empty(), "nothing is kept of those that pass nothing on");
        assert_eq!(slots.taken.lock().all, 0);
    }

    #[test]
    fn an_addon_that_hangs_on_all_sites_leaves_other_addons_their_share() {
        let (slots, mut held) = (Slots::new(64, 8), Vec::new());
        let sites: Vec<String> = (0..40).map(|number| format!("site {number}")).collect();
        let taken = sites.iter().map(|site| fill(&slots, &addon(site, "hangs", site), &mut held));
        assert_eq!(taken.sum::<usize>(), 32);
        assert!(slots.take(&addon(&sites[0], "works", "w")).is_some());
        let again = sites.iter().map(|site| fill(&slots, &addon(site, "hangs too", &site[1..]), &mut held));
        assert_eq!(again.sum::<usize>(), 16);
        assert!(slots.take(&addon(&sites[39], "works", "w")).is_some());
    }

    #[test]
    fn places_run_out() {
        let (slots, mut held) = (Slots::new(3, 100), Vec::new());
        let names = ["a", "b", "c", "d"];
        for _ in 0..3 {
            held.extend(names.iter().filter_map(|site| slots.take(&Asker::Rules { site })));
        }
        assert_eq!(held.len(), 3);
    }
}
