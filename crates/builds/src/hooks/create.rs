//! `createSiteBuildHook`.

use super::{Setup, options};
use context::{Context, Error, Result};
use model::BuildHookOptions;
use store::build_hooks::{self, BuildHookRow};
use store::sites::SiteRow;

/// Makes a build hook. Its id is drawn at random: whoever knows it may start builds.
///
/// # Errors
/// `Unprocessable` for a missing or bad title, a bad branch, options that make no sense, or more
/// hooks than the site may have.
pub async fn create(cx: &Context, site: &SiteRow, setup: &Setup) -> Result<BuildHookRow> {
    let (title, branch) = setup.checked()?;
    let title = title.ok_or_else(|| Error::Unprocessable("title is missing".to_owned()))?;
    let id = cx.secret_id();
    let options = options::changed(cx, &id, &BuildHookOptions::default(), &setup.options)?;
    let hook = BuildHookRow {
        id,
        secret: None,
        site_id: site.id.clone(),
        title,
        branch: branch.unwrap_or_default(),
        options: serde_json::to_value(options).map_err(Error::internal)?,
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
