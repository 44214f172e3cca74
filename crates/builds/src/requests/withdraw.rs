//! A pull or merge request was closed or merged: nothing is left to decide.

use super::open::{held, lapse};
use context::{Context, Error, Result};
use store::sites;

/// What a deploy request says whose pull or merge request was closed.
pub const WITHDRAWN: &str = "The pull or merge request was closed.";

/// Ends what waits of a pull or merge request, as skipped: there was no decision. How many deploy
/// requests waited.
///
/// # Errors
/// `NotFound` when there is no such site; else when the database fails.
pub async fn withdraw(cx: &Context, site_id: &str, review_id: i64) -> Result<usize> {
    let mut tx = cx.begin().await?;
    sites::lock_row(&mut tx, site_id).await?.ok_or(Error::NotFound)?;
    let waiting = held(&mut tx, site_id).await?;
    let mut ended = 0;
    for deploy in waiting.into_iter().filter(|deploy| deploy.info.review_id == Some(review_id)) {
        lapse(&mut tx, cx, &deploy, WITHDRAWN).await?;
        ended += 1;
    }
    tx.commit().await?;
    Ok(ended)
}
