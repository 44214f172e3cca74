//! What other nodes changed: read from the feed and announced to this node's caches.

use std::collections::HashSet;
use std::time::Duration;
use store::{Store, changes};
use tokio_util::sync::CancellationToken;

/// How often the feed is read.
const INTERVAL: Duration = Duration::from_millis(500);
/// How far back each reading begins: transactions may commit out of the order of their numbers.
const OVERLAP: i64 = 200;

/// Follows the feed until stopped. A database that is down is asked again at the next turn.
pub(crate) async fn follow(store: Store, mut head: i64, stop: CancellationToken) {
    let mut seen: HashSet<i64> = HashSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
        match read(&store, head).await {
            Ok(batch) => {
                for (seq, change) in batch {
                    if seen.insert(seq) {
                        store.announce(&change);
                    }
                    head = head.max(seq);
                }
                seen.retain(|seq| *seq > head - 2 * OVERLAP);
            }
            Err(error) => tracing::warn!(%error, "the feed of changes cannot be read"),
        }
    }
}

async fn read(store: &Store, head: i64) -> store::Result<Vec<(i64, store::Change)>> {
    let mut db = store.read().await?;
    changes::since(&mut db, (head - OVERLAP).max(0)).await
}
