//! What an account's builds add up to (`getAccountBuildStatus`).

use crate::BUILD_JOB;
use context::{Context, Error, Result};
use model::Timestamp;
use serde::Serialize;
use store::builds::{self, Of};
use store::jobs;

/// Length of the period that minutes are counted for. The hosted service bills by months; here the
/// figure only informs, and a sliding period needs no calendar.
const PERIOD_DAYS: i64 = 30;
const DAY: i64 = 24 * 60 * 60 * 1000;
/// Builds of one account that can be allowed at once.
pub const PLACES_MAX: i64 = 1000;

/// An account's builds now and in the last days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Running.
    pub active: i64,
    /// Waiting for a place.
    pub pending_concurrency: i64,
    /// Waiting for any reason.
    pub enqueued: i64,
    /// Builds of the period.
    pub build_count: i64,
    /// Builds that run at once: the operator's word about the account, else what the server gives each
    /// account; absent where nothing but the server's places bounds them, and for a site. Boathook's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<i64>,
    /// Whether that is the operator's word about this account. Boathook's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency_override: Option<bool>,
    /// Time spent.
    pub minutes: Minutes,
}

/// Time spent building. There is no quota, so the fields for one are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Minutes {
    /// Minutes of this period.
    pub current: i64,
    /// Seconds of an average build.
    pub current_average_sec: i64,
    /// Minutes of the period before.
    pub previous: i64,
    /// When the period began.
    pub period_start_date: Timestamp,
    /// Now.
    pub period_end_date: Timestamp,
    /// Now.
    pub last_updated_at: Timestamp,
}

/// Adds up the builds of an account, those of deleted sites included.
///
/// # Errors
/// When the database fails.
pub async fn status(cx: &Context, account_id: &str) -> Result<Status> {
    let own = jobs::places(&mut cx.read().await?, BUILD_JOB, account_id).await?;
    let of_all = i64::try_from(cx.settings.builds.queue.per_account).ok();
    let status = status_of(cx, Of::Account(account_id)).await?;
    Ok(Status { concurrency: own.or(of_all), concurrency_override: Some(own.is_some()), ..status })
}

/// Says how many builds of an account run at once, over all nodes, in place of the server's setting for
/// all accounts; nothing leaves it to that again. Builds that run go on.
///
/// # Errors
/// `Unprocessable` for a number that is not from 1 to [`PLACES_MAX`].
pub async fn set_concurrency(cx: &Context, account_id: &str, most: Option<i64>) -> Result<Status> {
    if most.is_some_and(|most| !(1..=PLACES_MAX).contains(&most)) {
        return Err(Error::Unprocessable(format!(
            "concurrency is a number from 1 to {PLACES_MAX}, or null for the server's setting"
        )));
    }
    let mut tx = cx.begin().await?;
    jobs::set_places(&mut tx, BUILD_JOB, account_id, most).await?;
    tx.commit().await?;
    status(cx, account_id).await
}

/// Adds up the builds of a site.
///
/// # Errors
/// When the database fails.
pub async fn site_status(cx: &Context, site_id: &str) -> Result<Status> {
    status_of(cx, Of::Site(site_id)).await
}

async fn status_of(cx: &Context, of: Of<'_>) -> Result<Status> {
    let now = cx.now();
    let since = now.plus_millis(-PERIOD_DAYS * DAY);
    let before = since.plus_millis(-PERIOD_DAYS * DAY);
    let mut db = cx.read().await?;
    let current = builds::totals(&mut db, of, since).await?;
    let both = builds::totals(&mut db, of, before).await?;
    Ok(Status {
        active: current.building,
        pending_concurrency: current.enqueued,
        enqueued: current.enqueued,
        build_count: current.count,
        concurrency: None,
        concurrency_override: None,
        minutes: Minutes {
            current: whole_minutes(current.millis),
            current_average_sec: current.millis / current.finished.max(1) / 1000,
            previous: whole_minutes(both.millis - current.millis),
            period_start_date: since,
            period_end_date: now,
            last_updated_at: now,
        },
    })
}

/// A begun minute counts.
fn whole_minutes(millis: i64) -> i64 {
    (millis.max(0) + 59_999) / 60_000
}

#[cfg(test)]
mod tests {
    use super::whole_minutes;

    #[test]
    fn a_begun_minute_counts() {
        for (millis, minutes) in [(-5, 0), (0, 0), (1, 1), (60_000, 1), (60_001, 2)] {
            assert_eq!(whole_minutes(millis), minutes, "{millis}");
        }
    }
}
