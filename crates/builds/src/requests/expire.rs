//! Deploy requests about which nobody decides end by themselves, so that they do not pile up.

use super::open::{Request, open, refuse};
use context::{Context, Error, Result};
use model::DeployState;
use store::builds;
use store::deploys::{self as rows, DeployRow};

/// How long a deploy request waits for a decision: thirty days.
pub const WAIT_MAX_MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;
/// What a request says that waited too long.
pub const EXPIRED: &str = "Nobody accepted the deploy request within 30 days.";

/// Requests looked at in one sweep; the next one takes the rest.
const BATCH: i64 = 500;

/// Rejects the requests that waited too long, each as if a person had, and ends builds whose waiting
/// deploy was deleted. How many requests were rejected.
///
/// # Errors
/// When the database fails; what was rejected until then stays so.
pub async fn expire(cx: &Context) -> Result<usize> {
    let before = cx.now().plus_millis(-WAIT_MAX_MILLIS);
    let mut db = cx.read().await?;
    let waiting = rows::in_state(&mut db, DeployState::PendingReview, BATCH).await?;
    drop(db);
    let mut ended = 0;
    for deploy in waiting.into_iter().filter(|deploy| deploy.created_at < before) {
        ended += usize::from(end(cx, &deploy).await?);
    }
    let mut tx = cx.begin().await?;
    builds::end_orphans(&mut tx, cx.now()).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Whether the request still waited.
async fn end(cx: &Context, deploy: &DeployRow) -> Result<bool> {
    let mut tx = cx.begin().await?;
    let Request { site, mut deploy, .. } = match open(&mut tx, &deploy.id).await {
        Err(Error::NotFound) => return Ok(false),
        other => other?,
    };
    if deploy.state != DeployState::PendingReview {
        return Ok(false);
    }
    refuse(&mut tx, cx, &site, &mut deploy, EXPIRED).await?;
    tx.commit().await?;
    Ok(true)
}
