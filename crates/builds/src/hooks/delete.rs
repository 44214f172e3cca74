//! `deleteSiteBuildHook`.

use super::get::of_site;
use context::{Context, Result};
use store::build_hooks;

/// Deletes a build hook with the log of its calls; its URL is dead at once. Builds it asked for go
/// on; calls that still wait to become one are dropped with it.
///
/// # Errors
/// `NotFound` when the site has no such hook.
pub async fn delete(cx: &Context, site_id: &str, id: &str) -> Result<()> {
    let mut tx = cx.begin().await?;
    let hook = of_site(&mut tx, site_id, id).await?;
    build_hooks::delete(&mut tx, &hook.id).await?;
    Ok(tx.commit().await?)
}
