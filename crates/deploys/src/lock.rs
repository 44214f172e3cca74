//! Holding a site at its published deploy, and letting it go again.

use crate::present;
use context::{Context, Error, Result};
use events::Event;
use store::ChangeKind;
use store::deploys::{self, DeployRow};
use store::sites;

/// Holds the site at this deploy: newer deploys become ready and stay unpublished.
///
/// # Errors
/// `Unprocessable` when the deploy is not the published one.
pub async fn lock(cx: &Context, deploy_id: &str) -> Result<DeployRow> {
    set(cx, deploy_id, true).await
}

/// Lets newer deploys go live again.
///
/// # Errors
/// `Unprocessable` when the deploy is not the published one.
pub async fn unlock(cx: &Context, deploy_id: &str) -> Result<DeployRow> {
    set(cx, deploy_id, false).await
}

async fn set(cx: &Context, deploy_id: &str, locked: bool) -> Result<DeployRow> {
    let mut tx = cx.begin().await?;
    let deploy = deploys::find(&mut tx, deploy_id).await?.ok_or(Error::NotFound)?;
    let mut site = sites::lock_row(&mut tx, &deploy.site_id).await?.ok_or(Error::NotFound)?;
    if site.published_deploy_id.as_deref() != Some(deploy_id) {
        let why = "only the published deploy can hold a site; publish this one first";
        return Err(Error::Unprocessable(why.to_owned()));
    }
    if site.locked == locked {
        return Ok(deploy);
    }
    sites::set_locked(&mut tx, &site.id, locked, cx.now()).await?;
    site.locked = locked;
    tx.changed(ChangeKind::Site, &site.id, cx.now()).await?;
    let shown = Box::new(present::present_as(&mut tx, cx, &site, &deploy).await?);
    let event = if locked { Event::DeployLocked(shown) } else { Event::DeployUnlocked(shown) };
    events::record(&mut tx, cx, &site.account_id, &site.id, &event).await?;
    tx.commit().await?;
    Ok(deploy)
}
