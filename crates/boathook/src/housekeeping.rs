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
const CHANGES_KEPT_MS: i64 = HOUR_MS;
/// How long events stay in the ledger; those that a delivery still needs stay longer.
const EVENTS_KEPT_MS: i64 = 90 * DAY_MS;
/// How long it is known what builds took: the two periods that their minutes are shown for.
const BUILD_TIME_KEPT_MS: i64 = 60 * DAY_MS;

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
async fn sweep(cx: &Context) -> Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use model::Timestamp;
    use store::ChangeKind;
    use store::events::NewEvent;
    use testbed::{Bed, both};

    both!(everything_has_its_time, more_than_a_batch_is_thrown_away_in_one_sweep);

    async fn leave_event(bed: &Bed, id: &str) {
        let event = NewEvent {
            id: id.to_owned(),
            event: "deploy_created".to_owned(),
            account_id: "a".to_owned(),
            site_id: "s".to_owned(),
            resource_id: "d".to_owned(),
            at: bed.cx.now(),
            body: "{}".to_owned(),
            fired: false,
        };
        let mut tx = bed.cx.begin().await.expect("a transaction");
        store::events::insert(&mut tx, &event).await.expect("an event");
        tx.commit().await.expect("a commit");
    }

    async fn leave_changes(bed: &Bed, count: usize) {
        let mut tx = bed.cx.begin().await.expect("a transaction");
        for _ in 0..count {
            tx.changed(ChangeKind::Site, "s", bed.cx.now()).await.expect("a change");
        }
        tx.commit().await.expect("a commit");
    }

    async fn changes_left(bed: &Bed) -> usize {
        changes::since(&mut bed.cx.read().await.expect("a reader"), 0).await.expect("changes").len()
    }

    /// Sweeps at the last instant of a time, and at the one after it.
    async fn sweep_around(
        bed: &Bed,
        from: Timestamp,
        kept: i64,
        left: impl AsyncFn() -> usize,
    ) -> [usize; 2] {
        let mut found = [0; 2];
        for (instant, found) in [0, 1].into_iter().zip(&mut found) {
            let until = u64::try_from(from.0 + kept + instant - bed.cx.now().0).expect("time goes on");
            bed.clock.advance(Duration::from_millis(until));
            sweep(&bed.cx).await.expect("a sweep");
            *found = left().await;
        }
        found
    }

    async fn everything_has_its_time(bed: &Bed) {
        let began = bed.cx.now();
        leave_changes(bed, 1).await;
        leave_event(bed, "msg_1").await;
        let changes = async || changes_left(bed).await;
        assert_eq!(sweep_around(bed, began, CHANGES_KEPT_MS, changes).await, [1, 0]);
        let events = async || {
            let mut db = bed.cx.read().await.expect("a reader");
            usize::from(store::events::find(&mut db, "msg_1").await.expect("a look").is_some())
        };
        assert_eq!(sweep_around(bed, began, EVENTS_KEPT_MS, events).await, [1, 0]);
    }

    async fn more_than_a_batch_is_thrown_away_in_one_sweep(bed: &Bed) {
        let batch = usize::try_from(BATCH).expect("a number of rows");
        leave_changes(bed, batch + 1).await;
        bed.clock.advance(Duration::from_millis(u64::try_from(CHANGES_KEPT_MS + 1).expect("a time")));
        sweep(&bed.cx).await.expect("a sweep");
        assert_eq!(changes_left(bed).await, 0);
    }
}
