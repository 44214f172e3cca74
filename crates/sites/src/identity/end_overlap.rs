//! Ending the time of replaced secrets early: one of them is known to somebody whom it does not concern,
//! or everybody has logged in anew.

use super::counting;
use context::{Context, Error, Result};
use events::Note;
use store::ChangeKind;
use store::sites;

/// Makes only the newest secret verify, from the next request on; nothing when that is so already. `by`
/// is the person who asks, for the audit log.
///
/// # Errors
/// `NotFound` when there is no such site.
pub async fn end_overlap(cx: &Context, site_id: &str, by: &str) -> Result<()> {
    let now = cx.now();
    let mut tx = cx.begin().await?;
    let mut site = sites::lock_row(&mut tx, site_id).await?.ok_or(Error::NotFound)?;
    if counting(&site.info.jwt_previous, now).next().is_none() {
        return Ok(());
    }
    site.info.jwt_previous.clear();
    site.updated_at = now;
    sites::update(&mut tx, &site).await?;
    tx.changed(ChangeKind::Site, site_id, now).await?;
    events::note(&mut tx, cx, &site, Note::IdentityOverlapEnded, Some(by)).await?;
    Ok(tx.commit().await?)
}
