//! Switching a site off, and on again.

use context::{Context, Error, Result};
use store::ChangeKind;
use store::sites::{self, SiteRow};

/// Switches a site on or off. A site that is off answers no visitor and takes no deploy.
///
/// # Errors
/// `NotFound` when there is no such site.
pub async fn set_enabled(cx: &Context, site_id: &str, enabled: bool) -> Result<SiteRow> {
    let mut tx = cx.begin().await?;
    let mut site = sites::lock_row(&mut tx, site_id).await?.ok_or(Error::NotFound)?;
    site.disabled = !enabled;
    site.updated_at = cx.now();
    sites::update(&mut tx, &site).await?;
    tx.changed(ChangeKind::Site, site_id, cx.now()).await?;
    tx.commit().await?;
    Ok(site)
}
