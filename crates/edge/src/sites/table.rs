//! The sites in memory, by host, within a budget. Knows nothing of where they come from; its one
//! promise is that nothing stays in it that was read before a change it was told of.

use super::{Absent, Found, SiteView};
use parking_lot::RwLock;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Memory for sites, in bytes as [`SiteView::weight`] counts them.
pub(crate) const SITES_BYTES: u64 = 256 << 20;
/// Hosts that are remembered to be nobody's; all are forgotten at once when there are more.
pub(crate) const MAX_ABSENT: usize = 4096;
/// Changes that are remembered by site. A look-up that more of them overtook is not kept.
const CHANGES_KEPT: usize = 256;
/// Stands in the place of a site's id for a change that may concern any.
const ANY_SITE: &str = "";
/// What a host costs beside its view, in bytes.
const HOST_BYTES: u64 = 256;

/// Sites by host.
pub(crate) struct Table {
    budget: u64,
    rows: RwLock<Rows>,
}

#[derive(Default)]
struct Rows {
    hosts: HashMap<Box<str>, Kept>,
    by_site: HashMap<Box<str>, HashSet<Box<str>>>,
    absent: HashSet<Box<str>>,
    weight: u64,
    changes: u64,
    recent: VecDeque<Box<str>>,
}

struct Kept {
    view: Arc<SiteView>,
    /// Asked for since the last sweep. Not yet by the request that brought it in, so that hosts
    /// that are asked for once go before those that are asked for again.
    used: AtomicBool,
}

impl Default for Table {
    fn default() -> Self {
        Self::with_budget(SITES_BYTES)
    }
}

impl Table {
    pub(crate) fn with_budget(budget: u64) -> Self {
        Self { budget, rows: RwLock::default() }
    }

    /// What is known of a host.
    pub(crate) fn get(&self, host: &str) -> Option<Found> {
        let rows = self.rows.read();
        let Some(kept) = rows.hosts.get(host) else {
            return rows.absent.contains(host).then_some(Found::Nothing(Absent::Site));
        };
        // A plain load first: a store on every request would make the cores fight for the line.
        if !kept.used.load(Ordering::Relaxed) {
            kept.used.store(true, Ordering::Relaxed);
        }
        Some(Found::Site(Arc::clone(&kept.view)))
    }

    /// How many changes were announced so far.
    pub(crate) fn changes(&self) -> u64 {
        self.rows.read().changes
    }

    /// Drops everything of a site, and every belief that a host is nobody's: a change may have
    /// given it away.
    pub(crate) fn forget(&self, site_id: &str) {
        let mut rows = self.rows.write();
        rows.note(site_id);
        let absent = std::mem::take(&mut rows.absent);
        let hosts = rows.by_site.remove(site_id).unwrap_or_default();
        let dropped: Vec<_> = hosts.iter().filter_map(|host| rows.take(host)).collect();
        drop(rows);
        // Large tables are freed when nobody waits for the lock.
        drop((absent, dropped));
    }

    /// Drops every site that has this add-on. Which sites are being looked up with it nobody knows yet, so
    /// that none of these look-ups is kept.
    pub(crate) fn forget_addon(&self, addon_id: &str) {
        let mut rows = self.rows.write();
        rows.note(ANY_SITE);
        let has = |kept: &Kept| kept.view.addons.as_ref().is_some_and(|addons| addons.has(addon_id));
        let hosts: Vec<_> =
            rows.hosts.iter().filter(|(_, kept)| has(kept)).map(|(host, _)| host.clone()).collect();
        let dropped: Vec<_> = hosts.iter().filter_map(|host| rows.remove(host)).collect();
        drop(rows);
        drop(dropped);
    }

    /// Keeps what a look-up found that began after `began` changes, unless a later change may
    /// have overtaken it. The number of changes that it has certainly seen.
    pub(crate) fn keep(&self, host: &str, found: &Found, began: u64) -> u64 {
        let mut rows = self.rows.write();
        let changes = rows.changes;
        let current = match found {
            Found::Site(view) if rows.is_current(&view.site_id, began) => {
                let dropped = rows.insert(host, view, self.budget);
                drop(rows);
                drop(dropped);
                true
            }
            Found::Nothing(Absent::Site) if rows.changes == began => {
                if rows.absent.len() >= MAX_ABSENT {
                    rows.absent.clear();
                }
                rows.absent.insert(host.into());
                true
            }
            // A site without a live deploy is about to get one: not worth remembering.
            Found::Nothing(_) => rows.changes == began,
            Found::Site(_) => false,
        };
        if current { changes } else { began }
    }
}

impl Rows {
    fn note(&mut self, site_id: &str) {
        self.changes += 1;
        self.recent.push_back(site_id.into());
        if self.recent.len() > CHANGES_KEPT {
            self.recent.pop_front();
        }
    }

    fn is_current(&self, site_id: &str, began: u64) -> bool {
        let since = usize::try_from(self.changes - began).unwrap_or(usize::MAX);
        since <= self.recent.len()
            && !self
                .recent
                .iter()
                .rev()
                .take(since)
                .any(|changed| matches!(&**changed, ANY_SITE) || **changed == *site_id)
    }

    /// Adds a view and makes room for it. What had to go, to be freed outside the lock.
    fn insert(&mut self, host: &str, view: &Arc<SiteView>, budget: u64) -> Vec<Kept> {
        let mut dropped = Vec::new();
        dropped.extend(self.remove(host));
        let weight = cost(view);
        if self.weight + weight > budget {
            self.sweep(budget.saturating_sub(weight), &mut dropped);
        }
        if self.weight + weight > budget {
            return dropped;
        }
        self.weight += weight;
        self.hosts.insert(host.into(), Kept { view: Arc::clone(view), used: AtomicBool::new(false) });
        self.by_site.entry(view.site_id.clone()).or_default().insert(host.into());
        dropped
    }

    /// Drops hosts down to nine tenths of `room`: first those nobody asked for since the last
    /// sweep, then any.
    fn sweep(&mut self, room: u64, dropped: &mut Vec<Kept>) {
        let goal = room / 10 * 9;
        let marked =
            self.hosts.iter().map(|(host, kept)| (kept.used.swap(false, Ordering::Relaxed), host.clone()));
        let (used, idle): (Vec<_>, Vec<_>) = marked.partition(|(used, _)| *used);
        for (_, host) in idle.into_iter().chain(used) {
            if self.weight <= goal {
                break;
            }
            dropped.extend(self.remove(&host));
        }
    }

    fn remove(&mut self, host: &str) -> Option<Kept> {
        let kept = self.take(host)?;
        if let Some(hosts) = self.by_site.get_mut(&kept.view.site_id) {
            hosts.remove(host);
            if hosts.is_empty() {
                self.by_site.remove(&kept.view.site_id);
            }
        }
        Some(kept)
    }

    fn take(&mut self, host: &str) -> Option<Kept> {
        let kept = self.hosts.remove(host)?;
        self.weight -= cost(&kept.view);
        Some(kept)
    }
}

fn cost(view: &SiteView) -> u64 {
    view.weight() + HOST_BYTES
}

#[cfg(test)]
mod tests {
    use super::super::view::tests::view;
    use super::*;

    fn site(id: &str) -> Found {
        Found::Site(Arc::new(view(id, &["/index.html"])))
    }

    fn nobody() -> Found {
        Found::Nothing(Absent::Site)
    }

    fn is_kept(table: &Table, host: &str) -> bool {
        matches!(table.get(host), Some(Found::Site(_)))
    }

    #[test]
    fn a_change_drops_all_hosts_of_its_site_and_no_other() {
        let table = Table::default();
        for (host, id) in [("a", "1"), ("b", "1"), ("c", "2")] {
            assert_eq!(table.keep(host, &site(id), 0), table.changes());
        }
        table.forget("1");
        assert!(!is_kept(&table, "a") && !is_kept(&table, "b") && is_kept(&table, "c"));
        table.forget("2");
        let rows = table.rows.read();
        assert_eq!((rows.weight, rows.hosts.len(), rows.by_site.len()), (0, 0, 0));
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let table = Table::default();
        let began = table.changes();
        table.forget("1");
        assert_eq!(table.keep("a", &site("1"), began), began);
        assert!(!is_kept(&table, "a"));
        assert_eq!(table.keep("a", &site("1"), table.changes()), table.changes());
        assert!(is_kept(&table, "a"));
    }

    #[test]
    fn a_change_of_an_addon_leaves_sites_without_it_and_ends_all_look_ups() {
        let table = Table::default();
        table.keep("a", &site("1"), 0);
        table.forget_addon("demo");
        assert!(is_kept(&table, "a"));
        assert_eq!(table.keep("b", &site("2"), 0), 0);
        assert!(!is_kept(&table, "b"));
        assert_eq!(table.keep("b", &site("2"), 1), table.changes());
    }

    #[test]
    fn changes_of_others_do_not_disturb_a_look_up_until_too_many_to_remember() {
        let table = Table::default();
        for _ in 0..CHANGES_KEPT {
            table.forget("2");
        }
        assert_eq!(table.keep("a", &site("1"), 0), table.changes());
        table.forget("2");
        assert_eq!(table.keep("b", &site("1"), 0), 0);
        assert_eq!(table.keep("b", &site("1"), 1), table.changes());
    }

    #[test]
    fn any_change_ends_the_belief_that_a_host_is_nobodys() {
        let table = Table::default();
        assert_eq!(table.keep("a", &nobody(), 0), table.changes());
        assert!(matches!(table.get("a"), Some(Found::Nothing(Absent::Site))));
        table.forget("1");
        assert!(table.get("a").is_none());
        assert_eq!(table.keep("a", &nobody(), 0), 0);
        assert!(table.get("a").is_none());
    }

    #[test]
    fn a_missing_deploy_is_not_remembered() {
        let table = Table::default();
        assert_eq!(table.keep("a", &Found::Nothing(Absent::Deploy), 0), table.changes());
        assert!(table.get("a").is_none());
    }

    #[test]
    fn hosts_that_are_nobodys_are_bounded() {
        let table = Table::default();
        for host in 0..MAX_ABSENT * 2 + 1 {
            table.keep(&host.to_string(), &nobody(), 0);
            assert!(table.rows.read().absent.len() <= MAX_ABSENT);
        }
    }

    #[test]
    fn the_budget_holds_and_idle_hosts_go_first() {
        let each = view("1", &["/index.html"]).weight() + HOST_BYTES;
        let table = Table::with_budget(each * 20);
        for host in 0..20 {
            table.keep(&host.to_string(), &site(&host.to_string()), 0);
        }
        table.keep("20", &site("20"), 0);
        assert!(table.rows.read().hosts.contains_key("20"));
        let survivors: Vec<String> =
            (0..20).map(|host| host.to_string()).filter(|host| is_kept(&table, host)).collect();
        assert_eq!(survivors.len(), 17);
        for host in 21..=23 {
            table.keep(&host.to_string(), &site(&host.to_string()), 0);
            assert!(table.rows.read().weight <= each * 20);
        }
        assert!(survivors.iter().all(|host| is_kept(&table, host)));
        assert!(!is_kept(&table, "20"));
    }

    #[test]
    fn a_site_larger_than_the_budget_is_current_but_not_kept() {
        let table = Table::with_budget(10);
        assert_eq!(table.keep("a", &site("1"), 0), table.changes());
        assert!(table.get("a").is_none());
    }

    #[test]
    fn keeping_a_host_again_counts_it_once() {
        let table = Table::default();
        table.keep("a", &site("1"), 0);
        let weight = table.rows.read().weight;
        table.keep("a", &site("2"), 0);
        assert_eq!(table.rows.read().weight, weight);
        assert_eq!(table.rows.read().by_site.len(), 1);
        table.forget("2");
        assert!(!is_kept(&table, "a"));
    }
}
