//! Deleting a site.

use context::{Context, Result};
use store::{ChangeKind, sites};

/// Deletes a site with its deploys, hooks, builds and variables. The ledger keeps its events.
///
/// # Errors
/// When the database fails.
pub async fn delete(cx: &Context, site_id: &str) -> Result<()> {
    let mut tx = cx.begin().await?;
    sites::delete(&mut tx, site_id).await?;
    tx.changed(ChangeKind::Site, site_id, cx.now()).await?;
    Ok(tx.commit().await?)
}
