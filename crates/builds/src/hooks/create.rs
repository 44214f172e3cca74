//! `createSiteBuildHook`.

use super::Setup;
use context::{Context, Error, Result};
use store::build_hooks::{self, BuildHookRow};
use store::sites::SiteRow;

/// Makes a build hook. Its id is drawn at random: whoever knows it may start builds.
///
/// # Errors
/// `Unprocessable` for a missing or bad title, a bad branch, or more hooks than the site may have.
pub async fn create(cx: &Context, site: &SiteRow, setup: &Setup) -> Result<BuildHookRow> {
    let (title, branch) = setup.checked()?;
    let title = title.ok_or_else(|| Error::Unprocessable("title is missing".to_owned()))?;
    let hook = BuildHookRow {
        // all of it random, unlike other ids: the time would be known to many
        id: cx.random::<12>().iter().map(|byte| format!("{byte:02x}")).collect(),
        site_id: site.id.clone(),
        title,
        branch: branch.unwrap_or_default(),
        created_at: cx.now(),
    };
    let mut tx = cx.begin().await?;
    let most = cx.settings.limits.build_hooks;
    if build_hooks::count(&mut tx, &site.id).await? >= most {
        return Err(Error::Unprocessable(format!("a site may have {most} build hooks")));
    }
    build_hooks::insert(&mut tx, &hook).await?;
    tx.commit().await?;
    Ok(hook)
}
