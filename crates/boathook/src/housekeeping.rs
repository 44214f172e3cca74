//! What a server throws away, and when: everything that only grows has its time here.

use builds::hooks::{CALLS_KEPT_MS, MESSAGES_KEPT_MS};
use context::{Context, Result};
use std::time::Duration;
use store::{build_hooks, build_log, changes, deliveries, events, target_memory};
use tokio_util::sync::CancellationToken;

/// How often the house is swept.
const INTERVAL: Duration = Duration::from_secs(600);
/// Rows thrown away in one transaction, so that nobody waits long behind it.
const BATCH: i64 = 500;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// How long nodes may lag behind the feed of changes.
pub const CHANGES_KEPT_MS: i64 = HOUR_MS;
/// How long events stay in the ledger; those that a delivery still needs stay longer.
pub const EVENTS_KEPT_MS: i64 = 90 * DAY_MS;
/// How long it is known what builds took: the two periods that their minutes are shown for.
pub const BUILD_TIME_KEPT_MS: i64 = 60 * DAY_MS;

/// Sweeps until stopped. Every node may do it; what one has thrown away the others do not find.
pub(crate) async fn run(cx: Context, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
        if let Err(error) = sweep(&cx).await {
            tracing::warn!(cause = ?error, "old rows could not be thrown away; the next sweep tries again");
        }
    }
}

/// Throws away everything whose time is over.
///
/// # Errors
/// When the database fails; what was thrown away until then stays away.
pub(crate) async fn sweep(cx: &Context) -> Result<()> {
    builds::sweep_caches(cx).await?;
    let kept = cx.settings.deliveries;
    let logs = &cx.settings.builds.logs;
    let before = |kept: i64| cx.now().plus_millis(-kept);
    builds::requests::expire(cx).await?;
    loop {
        let mut tx = cx.begin().await?;
        let mut most = changes::forget(&mut tx, before(CHANGES_KEPT_MS), BATCH).await?;
        most = most.max(deliveries::forget(&mut tx, before(kept.days * DAY_MS), BATCH).await?);
        most = most.max(deliveries::forget_beyond(&mut tx, kept.count, BATCH).await?);
        most = most.max(events::forget(&mut tx, before(EVENTS_KEPT_MS), BATCH).await?);
        most = most.max(store::builds::forget_time(&mut tx, before(BUILD_TIME_KEPT_MS), BATCH).await?);
        most = most.max(target_memory::forget(&mut tx, cx.now(), BATCH).await?);
        let bounds = (before(MESSAGES_KEPT_MS), before(CALLS_KEPT_MS));
        most = most.max(build_hooks::forget(&mut tx, cx.now(), bounds, BATCH).await?);
        most = most.max(build_log::forget(&mut tx, before(logs.days * DAY_MS), BATCH).await?);
        most = most.max(build_log::forget_beyond(&mut tx, logs.total, BATCH).await?);
        tx.commit().await?;
        if i64::try_from(most).unwrap_or(i64::MAX) < BATCH {
            return Ok(());
        }
    }
}
