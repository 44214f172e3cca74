//! `updateSiteBuildHook`.

use super::get::of_site;
use super::{Setup, options};
use context::{Context, Error, Result};
use store::build_hooks;

/// Changes title, branch and options of a build hook; what is absent stays. Calls that wait keep the
/// time that was set when they came.
///
/// # Errors
/// `NotFound` when the site has no such hook, `Unprocessable` for a bad title or branch,
/// or options that make no sense.
pub async fn update(cx: &Context, site_id: &str, id: &str, setup: &Setup) -> Result<()> {
    let (title, branch) = setup.checked()?;
    let mut tx = cx.begin().await?;
    let mut hook = of_site(&mut tx, site_id, id).await?;
    hook.title = title.unwrap_or(hook.title);
    hook.branch = branch.unwrap_or(hook.branch);
    let options = options::changed(cx, &hook.id, &options::kept(&hook)?, &setup.options)?;
    hook.options = serde_json::to_value(options).map_err(Error::internal)?;
    build_hooks::update(&mut tx, &hook).await?;
    Ok(tx.commit().await?)
}
