//! `updateSiteBuildHook`.

use super::Setup;
use context::{Context, Error, Result};
use store::build_hooks;

/// Changes title and branch of a build hook; what is absent stays.
///
/// # Errors
/// `NotFound` when the site has no such hook, `Unprocessable` for a bad title or branch.
pub async fn update(cx: &Context, site_id: &str, id: &str, setup: &Setup) -> Result<()> {
    let (title, branch) = setup.checked()?;
    let mut tx = cx.begin().await?;
    let hook = build_hooks::find(&mut tx, id).await?.filter(|hook| hook.site_id == site_id);
    let mut hook = hook.ok_or(Error::NotFound)?;
    hook.title = title.unwrap_or(hook.title);
    hook.branch = branch.unwrap_or(hook.branch);
    build_hooks::update(&mut tx, &hook).await?;
    Ok(tx.commit().await?)
}
