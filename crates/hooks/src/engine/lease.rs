//! Which node sends for which hook. A node alone on its database sends for all; where several share
//! one, each hook's queue is leased, so that its limits and its order stay in one place.

use super::Dispatcher;
use context::Result;
use model::Timestamp;
use std::collections::HashSet;
use std::time::Duration;
use store::Engine;

/// How long a node that fell silent keeps its queues.
const LEASE_MS: i64 = 30_000;
/// Between renewals.
pub(crate) const RENEW_EVERY: Duration = Duration::from_secs(10);

/// The hooks among these that this node sends for from now on.
pub(crate) async fn take(d: &Dispatcher, hooks: &[String], now: Timestamp) -> Result<HashSet<String>> {
    if alone(d) || hooks.is_empty() {
        return Ok(hooks.iter().cloned().collect());
    }
    let mut tx = d.cx.begin().await?;
    let ours = store::parcels::lease(&mut tx, hooks, &d.worker, now, now.plus_millis(LEASE_MS)).await?;
    tx.commit().await?;
    Ok(ours.into_iter().collect())
}

/// Renews what this node has; what it still has, or none when it is alone.
pub(crate) async fn renew(d: &Dispatcher) -> Result<Option<HashSet<String>>> {
    if alone(d) {
        return Ok(None);
    }
    let mut tx = d.cx.begin().await?;
    let kept = store::parcels::renew(&mut tx, &d.worker, d.cx.now().plus_millis(LEASE_MS)).await?;
    tx.commit().await?;
    Ok(Some(kept.into_iter().collect()))
}

/// Lets others send for this hook.
pub(crate) async fn give_back(d: &Dispatcher, hook_id: &str) -> Result<()> {
    if alone(d) {
        return Ok(());
    }
    let mut tx = d.cx.begin().await?;
    store::parcels::give_back(&mut tx, hook_id, &d.worker).await?;
    Ok(tx.commit().await?)
}

/// Gives back what this process has, or with `earlier` what an earlier process of this node left.
pub(crate) async fn give_all_back(d: &Dispatcher, earlier: bool) -> Result<()> {
    if alone(d) {
        return Ok(());
    }
    let node = format!("{}#", d.cx.settings.node);
    let mut tx = d.cx.begin().await?;
    store::parcels::give_all_back(&mut tx, if earlier { &node } else { &d.worker }).await?;
    Ok(tx.commit().await?)
}

/// How often to look for what other nodes left, or what was overlooked.
pub(crate) fn scan_every(d: &Dispatcher) -> Duration {
    Duration::from_secs(if alone(d) { 30 } else { 1 })
}

fn alone(d: &Dispatcher) -> bool {
    d.cx.store.engine() == Engine::Sqlite
}
