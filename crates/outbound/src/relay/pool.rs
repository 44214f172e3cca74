//! Connections that wait for the next request, by origin: the one that was busy last goes first, and
//! those that rest too long are closed.

use super::connection::Connection;
use crate::Origin;
use http::{HeaderMap, HeaderName};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// Connections to one origin that wait: as many as there may be notifications at once, since many hooks
/// may lead to one host.
pub const IDLE_PER_ORIGIN: usize = 512;
/// Connections that wait, to all origins.
pub const IDLE_IN_ALL: usize = 1024;
/// How long a connection waits at most.
pub const IDLE_LIMIT: Duration = Duration::from_secs(60);
/// Where the other side may say how long it keeps a connection.
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
/// What is taken off the time that the other side announces: it counts from its own last byte.
const MARGIN: Duration = Duration::from_secs(1);
/// How often resting connections are looked at while there are any.
const SWEEP: Duration = Duration::from_secs(5);

/// The connections.
#[derive(Default)]
pub(super) struct Pool(Mutex<Shelves>);

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pool({})", self.0.lock().count)
    }
}

#[derive(Default)]
struct Shelves {
    by_origin: HashMap<Origin, Vec<Resting>>,
    count: usize,
    /// Whether somebody looks after them.
    swept: bool,
}

struct Resting {
    connection: Box<Connection>,
    since: Instant,
    until: Instant,
}

/// How long the other side keeps a connection, as it says in `Keep-Alive: timeout=…`; else the usual.
pub(super) fn life(headers: &HeaderMap) -> Duration {
    let Some(said) = headers.get(KEEP_ALIVE).and_then(|value| value.to_str().ok()) else {
        return IDLE_LIMIT;
    };
    let mut items = said.split(',').filter_map(|item| item.split_once('='));
    let seconds = items.find(|(name, _)| name.trim().eq_ignore_ascii_case("timeout"));
    let seconds = seconds.and_then(|(_, seconds)| seconds.trim().parse().ok());
    seconds.map_or(IDLE_LIMIT, |seconds| Duration::from_secs(seconds).saturating_sub(MARGIN).min(IDLE_LIMIT))
}

impl Pool {
    /// A connection that should still be good, and how long it has rested.
    pub(super) fn take(&self, origin: &Origin, now: Instant) -> Option<(Box<Connection>, Duration)> {
        let mut guard = self.0.lock();
        let shelves = &mut *guard;
        let shelf = shelves.by_origin.get_mut(origin)?;
        let mut stale = Vec::new();
        let found = loop {
            match shelf.pop() {
                Some(resting) if resting.until > now => break Some(resting),
                Some(resting) => stale.push(resting),
                None => break None,
            }
        };
        shelves.count -= stale.len() + usize::from(found.is_some());
        drop(guard);
        found.map(|resting| (resting.connection, now.saturating_duration_since(resting.since)))
    }

    /// Keeps a connection for so long, if there is room.
    pub(super) fn put(self: &Arc<Self>, origin: &Origin, connection: Box<Connection>, life: Duration) {
        let since = Instant::now();
        let mut guard = self.0.lock();
        let shelves = &mut *guard;
        if life.is_zero() || shelves.count >= IDLE_IN_ALL {
            return;
        }
        let resting = Resting { connection, since, until: since + life };
        match shelves.by_origin.get_mut(origin) {
            Some(shelf) if shelf.len() >= IDLE_PER_ORIGIN => return,
            Some(shelf) => shelf.push(resting),
            None => {
                shelves.by_origin.insert(origin.clone(), vec![resting]);
            }
        }
        shelves.count += 1;
        if !std::mem::replace(&mut shelves.swept, true) {
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
    }

    /// Drops what is too old or closed by the other side; whether anything is left.
    pub(super) fn tidy(&self) -> bool {
        let now = Instant::now();
        let mut guard = self.0.lock();
        let shelves = &mut *guard;
        shelves.by_origin.retain(|_, shelf| {
            shelf.retain_mut(|resting| resting.until > now && resting.connection.seems_alive());
            !shelf.is_empty()
        });
        shelves.count = shelves.by_origin.values().map(Vec::len).sum();
        shelves.swept = shelves.count > 0;
        shelves.swept
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.0.lock().count
    }

    /// Lets those that wait have waited for so long.
    #[cfg(test)]
    pub(super) fn age(&self, by: Duration) {
        for resting in self.0.lock().by_origin.values_mut().flatten() {
            resting.since -= by;
        }
    }
}

async fn sweep(pool: Weak<Pool>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        if !pool.upgrade().is_some_and(|pool| pool.tidy()) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn the_other_side_says_how_long_it_keeps_a_connection() {
        for (said, expect) in [
            (None, IDLE_LIMIT),
            (Some("timeout=5"), Duration::from_secs(4)),
            (Some("max=100, Timeout = 30"), Duration::from_secs(29)),
            (Some("timeout=1"), Duration::ZERO),
            (Some("timeout=0"), Duration::ZERO),
            (Some("timeout=86400"), IDLE_LIMIT),
            (Some("timeout=soon"), IDLE_LIMIT),
            (Some("timeout"), IDLE_LIMIT),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(said) = said {
                headers.insert("keep-alive", HeaderValue::from_static(said));
            }
            assert_eq!(life(&headers), expect, "{said:?}");
        }
    }
}
