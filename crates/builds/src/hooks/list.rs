//! `listSiteBuildHooks`.

use context::{Context, Result};
use store::build_hooks::{self, BuildHookRow};

/// Every build hook of a site, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn list(cx: &Context, site_id: &str) -> Result<Vec<BuildHookRow>> {
    Ok(build_hooks::list(&mut cx.read().await?, site_id).await?)
}
