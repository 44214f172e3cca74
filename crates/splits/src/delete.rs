//! `deleteSplitTest`: our own, so that a site can get rid of old tests.

use context::{Context, Error, Result};
use store::{sites, splits};

/// Deletes a split test.
///
/// # Errors
/// `NotFound` when the site has no such test, `Unprocessable` while it is active.
pub async fn delete(cx: &Context, site_id: &str, id: &str) -> Result<()> {
    let mut tx = cx.begin().await?;
    sites::lock_row(&mut tx, site_id).await?.ok_or(Error::NotFound)?;
    let test = splits::find(&mut tx, site_id, id).await?.ok_or(Error::NotFound)?;
    if test.active {
        return Err(Error::Unprocessable("the split test is active; unpublish it first".to_owned()));
    }
    splits::delete(&mut tx, site_id, id).await?;
    Ok(tx.commit().await?)
}
