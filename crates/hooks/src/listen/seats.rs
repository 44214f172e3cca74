//! Who listens on this node, so that listeners have a limit and go when the server stops.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Listeners of one hook on one node.
pub const LISTENERS_PER_HOOK: usize = 8;
/// Listeners of all hooks on one node.
pub const LISTENERS: usize = 256;

/// The listeners of this node.
#[derive(Clone, Debug, Default)]
pub struct Listeners {
    by_hook: Arc<Mutex<HashMap<String, usize>>>,
    stop: CancellationToken,
}

/// A listener's place, free again when it is dropped.
pub(super) struct Seat {
    listeners: Listeners,
    hook_id: String,
}

impl Listeners {
    /// Nobody yet; streams end when `stop` is cancelled, so that a server need not wait for them.
    #[must_use]
    pub fn until(stop: CancellationToken) -> Self {
        Self { by_hook: Arc::default(), stop }
    }

    /// A place, when there is one.
    pub(super) fn sit(&self, hook_id: &str) -> Option<Seat> {
        let mut by_hook = self.by_hook.lock();
        let here = by_hook.get(hook_id).copied().unwrap_or_default();
        if here >= LISTENERS_PER_HOOK || by_hook.values().sum::<usize>() >= LISTENERS {
            return None;
        }
        by_hook.insert(hook_id.to_owned(), here + 1);
        Some(Seat { listeners: self.clone(), hook_id: hook_id.to_owned() })
    }
}

impl Seat {
    /// Waits so long; whether the listener may stay.
    pub(super) async fn rest(&self, time: Duration) -> bool {
        self.listeners.stop.run_until_cancelled(tokio::time::sleep(time)).await.is_some()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut by_hook = self.listeners.by_hook.lock();
        if let Some(count) = by_hook.get_mut(&self.hook_id) {
            *count -= 1;
            if *count == 0 {
                by_hook.remove(&self.hook_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_by_hook_and_in_all() {
        let listeners = Listeners::default();
        let mut seats: Vec<_> =
            (0..LISTENERS_PER_HOOK).map(|_| listeners.sit("h").expect("a place")).collect();
        assert!(listeners.sit("h").is_none() && listeners.sit("other").is_some());
        seats.pop();
        assert!(listeners.sit("h").is_some());
        let many: Vec<_> = (0..LISTENERS).map(|n| listeners.sit(&n.to_string())).collect();
        assert!(many.last().is_some_and(Option::is_none));
        drop((many, seats));
        assert!(listeners.by_hook.lock().is_empty());
    }
}
