//! The engine of deliveries: it takes what waits for hooks, sends it, and writes down how that
//! went. A hook never waits for another hook's receiver.
//!
//! The delivery's row is the queue; memory holds a window of it for each hook. What is in flight is
//! not stored: after a crash it is simply due again. Outcomes are written many at a time.

mod attempt;
mod book;
mod digest;
mod floor;
mod flow;
mod inbox;
mod lane;
mod lease;
mod pace;
mod pulse;
mod snapshot;

pub use digest::DIGEST_DELIVERIES_MAX;
pub use floor::{IN_FLIGHT, IN_FLIGHT_UNPROVEN, UNWRITTEN};
pub use flow::{IN_FLIGHT_PER_HOOK, START as IN_FLIGHT_START};
pub use lane::WINDOW;
pub use pulse::{
    DISABLE_AFTER_MS, DOUBT_AFTER, FAILURES_MIN, PROBE_FIRST_MS, PROBE_LONGEST_MS, WARN_AFTER_MS,
    WARN_APART_MS,
};

use crate::outgoing::Gear;
use context::{Context, Result};
use floor::Floor;
use inbox::Inbox;
use std::sync::Arc;
use store::ChangeKind;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Sends deliveries. One for each node; the newest made on a store is the one that commits tell.
pub struct Dispatcher {
    cx: Context,
    gear: Arc<Gear>,
    inbox: Arc<Inbox>,
    /// Node and a random part: a restarted node is another worker.
    worker: String,
}

impl Dispatcher {
    /// A dispatcher that sends through this client.
    #[must_use]
    pub fn new(cx: Context, client: outbound::Client) -> Self {
        let inbox = Arc::new(Inbox::default());
        let left = Arc::clone(&inbox);
        cx.store.on_parcels(move |parcels| left.leave(parcels));
        let changed = Arc::downgrade(&inbox);
        cx.store.on_change(move |change| {
            if let Some(inbox) = changed.upgrade().filter(|_| change.kind == ChangeKind::Hook) {
                inbox.changed(&change.key);
            }
        });
        let worker = format!("{}#{:016x}", cx.settings.node, u64::from_be_bytes(cx.random()));
        Self { gear: Arc::new(Gear::new(cx.clone(), client)), cx, inbox, worker }
    }

    /// Sends until `stop`; then begins nothing new, and waits a while for what is under way.
    pub fn start(self, stop: CancellationToken) -> JoinHandle<()> {
        tokio::spawn(async move { Floor::new(&self).serve(&stop).await })
    }

    /// Sends everything that is due by the context's clock until nothing is; how many tries that
    /// were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run_due(&self) -> Result<usize> {
        Floor::new(self).run_due().await
    }
}
