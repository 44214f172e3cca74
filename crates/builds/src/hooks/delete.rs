//! `deleteSiteBuildHook`.

use context::{Context, Error, Result};
use store::build_hooks;

/// Deletes a build hook with the log of its calls; its URL is dead at once. Builds it asked for go
/// on; calls that still wait to become one are dropped with it.
///
/// # Errors
/// `NotFound` when the site has no such hook.
pub async fn delete(cx: &Context, site_id: &str, id: &str) -> Result<()> {
    let mut tx = cx.begin().await?;
    let hook = build_hooks::find(&mut tx, id).await?.filter(|hook| hook.site_id == site_id);
    hook.ok_or(Error::NotFound)?;
    build_hooks::delete(&mut tx, id).await?;
    Ok(tx.commit().await?)
}
