//! Who may send now: a bucket of tokens for each address, and a number of submissions that may come
//! in at the same time. Time is a parameter.

use crate::limits::{ADDRESSES, AT_ONCE, BURST, PER_ADDRESS_AT_ONCE, REFILL_MS};
use model::{Timestamp, network};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The address has sent enough for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy {
    /// Seconds to wait.
    pub retry_after: u64,
}

/// Lets submissions in. Cloning is cheap; clones share what they know.
#[derive(Clone)]
pub struct Gate {
    table: Arc<Mutex<Table>>,
    room: Arc<Semaphore>,
}

/// Buckets by network; those of networks that find no place share the one under none.
type Table = HashMap<Option<IpAddr>, Bucket>;

#[derive(Clone, Copy)]
struct Bucket {
    /// When it is full again.
    full_at: i64,
    /// Submissions coming in.
    open: u32,
}

/// A submission that is coming in; dropping it makes room.
pub struct Entry {
    gate: Gate,
    key: Option<IpAddr>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { table: Arc::default(), room: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Gate {
    /// Counts a submission of an address.
    ///
    /// # Errors
    /// When the address has sent too many, or more than it may at the same time.
    pub fn enter(&self, ip: IpAddr, now: Timestamp) -> Result<Entry, Busy> {
        let mut table = self.table.lock();
        let key = key(ip, &mut table, now);
        let bucket = table.entry(key).or_insert(Bucket { full_at: now.0, open: 0 });
        let full_at = bucket.full_at.max(now.0) + REFILL_MS;
        let wait = full_at - now.0 - i64::from(BURST) * REFILL_MS;
        if wait > 0 || bucket.open >= PER_ADDRESS_AT_ONCE {
            let seconds = u64::try_from(wait).unwrap_or(0).div_ceil(1000);
            return Err(Busy { retry_after: seconds.max(1) });
        }
        bucket.full_at = full_at;
        bucket.open += 1;
        Ok(Entry { gate: self.clone(), key })
    }
}

impl Entry {
    /// Waits until there is room to read it.
    pub async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.gate.room).acquire_owned().await.ok()
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if let Some(bucket) = self.gate.table.lock().get_mut(&self.key) {
            bucket.open = bucket.open.saturating_sub(1);
        }
    }
}

/// The bucket of an address. A full table forgets those who have rested.
fn key(ip: IpAddr, table: &mut Table, now: Timestamp) -> Option<IpAddr> {
    let key = Some(network(ip));
    if table.len() >= ADDRESSES && !table.contains_key(&key) {
        table.retain(|_, bucket| bucket.open > 0 || bucket.full_at > now.0);
        if table.len() >= ADDRESSES {
            return None;
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn ip(last: u32) -> IpAddr {
        IpAddr::V4((0x0a00_0000 + last).into())
    }

    #[test]
    fn an_address_may_burst_and_then_waits() {
        let gate = Gate::default();
        for _ in 0..BURST {
            assert!(gate.enter(ip(1), NOW).is_ok());
        }
        assert_eq!(gate.enter(ip(1), NOW).err(), Some(Busy { retry_after: 1 }));
        assert!(gate.enter(ip(2), NOW).is_ok());
        let later = NOW.plus_millis(REFILL_MS);
        assert!(gate.enter(ip(1), later).is_ok());
        assert!(gate.enter(ip(1), later).is_err());
    }

    #[test]
    fn a_refusal_costs_nothing() {
        let gate = Gate::default();
        for _ in 0..BURST * 3 {
            let _ = gate.enter(ip(1), NOW);
        }
        assert!(gate.enter(ip(1), NOW.plus_millis(REFILL_MS)).is_ok());
    }

    #[test]
    fn only_some_may_come_in_together() {
        let gate = Gate::default();
        let open: Vec<_> = (0..PER_ADDRESS_AT_ONCE).map(|_| gate.enter(ip(1), NOW).ok()).collect();
        assert!(open.iter().all(Option::is_some) && gate.enter(ip(1), NOW).is_err());
        drop(open);
        assert!(gate.enter(ip(1), NOW).is_ok());
    }

    #[tokio::test]
    async fn only_some_are_read_together() {
        let gate = Gate::default();
        let mut entries = Vec::new();
        for n in 0..u32::try_from(AT_ONCE).unwrap() {
            let entry = gate.enter(ip(n), NOW).ok().unwrap();
            entries.push((entry.turn().await.unwrap(), entry));
        }
        let late = gate.enter(ip(9999), NOW).ok().unwrap();
        assert!(late.turn().now_or_never().is_none());
        entries.pop();
        assert!(late.turn().now_or_never().is_some());
    }

    #[test]
    fn a_user_of_ipv6_has_one_bucket() {
        let gate = Gate::default();
        for n in 0..BURST {
            assert!(gate.enter(format!("2001:db8::{n:x}").parse().unwrap(), NOW).is_ok());
        }
        assert!(gate.enter("2001:db8::ffff".parse().unwrap(), NOW).is_err());
        assert!(gate.enter("2001:db8:0:1::1".parse().unwrap(), NOW).is_ok());
        assert!(gate.enter("::ffff:10.0.0.1".parse().unwrap(), NOW).is_ok());
        assert!(gate.table.lock().contains_key(&Some(IpAddr::from([10, 0, 0, 1]))));
    }

    #[test]
    fn the_table_is_bounded() {
        let gate = Gate::default();
        for n in 0..u32::try_from(ADDRESSES).unwrap() + BURST {
            assert!(gate.enter(ip(n), NOW).is_ok());
        }
        assert!(gate.enter(ip(999_999), NOW).is_err(), "strangers share a bucket");
        assert_eq!(gate.table.lock().len(), ADDRESSES + 1);
        assert!(gate.enter(ip(999_999), NOW.plus_millis(REFILL_MS * 2)).is_ok());
        assert_eq!(gate.table.lock().len(), 2, "who has rested is forgotten");
    }
}
