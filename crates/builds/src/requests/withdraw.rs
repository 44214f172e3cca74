//! A pull or merge request was closed or merged: nothing is left to decide.

use super::open::{held, refuse};
use context::{Context, Error, Result};
use deploys::Tell;
use store::sites;

/// What a deploy request says whose pull or merge request was closed.
pub const WITHDRAWN: &str = "The pull or merge request was closed.";

/// Ends what waits of a pull or merge request, and tells nobody: there was no decision. How many
/// deploy requests waited.
///
/// # Errors
/// `NotFound` when there is no such site; else when the database fails.
pub async fn withdraw(cx: &Context, site_id: &str, review_id: i64) -> Result<usize> {
    let mut tx = cx.begin().await?;
    let site = sites::lock_row(&mut tx, site_id).await?.ok_or(Error::NotFound)?;
    let waiting = held(&mut tx, site_id).await?;
    let mut ended = 0;
    for mut deploy in waiting.into_iter().filter(|deploy| deploy.info.review_id == Some(review_id)) {
        refuse(&mut tx, cx, &site, &mut deploy, (WITHDRAWN, Tell::Nobody)).await?;
        ended += 1;
    }
    tx.commit().await?;
    Ok(ended)
}
