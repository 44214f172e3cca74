//! `getSiteBuildHook`.

use context::{Context, Error, Result};
use store::build_hooks::{self, BuildHookRow};

/// One build hook of a site.
///
/// # Errors
/// `NotFound` when the site has no such hook.
pub async fn get(cx: &Context, site_id: &str, id: &str) -> Result<BuildHookRow> {
    let hook = build_hooks::find(&mut cx.read().await?, id).await?;
    hook.filter(|hook| hook.site_id == site_id).ok_or(Error::NotFound)
}
