//! Publishing an earlier deploy again: one that is named, or the one before the live one.

use crate::present;
use crate::publish::publish;
use context::{Context, Error, Result};
use events::Event;
use model::DeployState;
use store::deploys::{self, DeployRow};
use store::sites;
use store::{ChangeKind, Tx};

/// Publishes a ready deploy by hand. A held site stays held, now at this deploy.
///
/// # Errors
/// `NotFound` when the site has no such deploy, `Unprocessable` when it is not ready.
pub async fn restore(cx: &Context, site_id: &str, deploy_id: &str) -> Result<DeployRow> {
    let mut tx = cx.begin().await?;
    let deploy = deploys::find(&mut tx, deploy_id).await?.filter(|d| d.site_id == site_id);
    let deploy = restore_in(&mut tx, cx, deploy.ok_or(Error::NotFound)?).await?;
    tx.commit().await?;
    Ok(deploy)
}

/// Publishes the deploy that was live before the present one.
///
/// # Errors
/// `Unprocessable` when there is none.
pub async fn rollback(cx: &Context, site_id: &str) -> Result<DeployRow> {
    let mut tx = cx.begin().await?;
    let site = sites::find(&mut tx, site_id).await?.ok_or(Error::NotFound)?;
    let earlier = match &site.published_deploy_id {
        Some(live) => deploys::published_before(&mut tx, site_id, live).await?,
        None => None,
    };
    let none = || Error::Unprocessable("the site has no earlier deploy to roll back to".to_owned());
    let deploy = restore_in(&mut tx, cx, earlier.ok_or_else(none)?).await?;
    tx.commit().await?;
    Ok(deploy)
}

async fn restore_in(tx: &mut Tx, cx: &Context, mut deploy: DeployRow) -> Result<DeployRow> {
    if deploy.state != DeployState::Ready {
        return Err(Error::Unprocessable(format!("the deploy is {} and cannot be published", deploy.state)));
    }
    let mut site = sites::lock_row(tx, &deploy.site_id).await?.ok_or(Error::NotFound)?;
    if site.published_deploy_id.as_deref() == Some(deploy.id.as_str()) {
        return Ok(deploy);
    }
    publish(tx, cx, &mut site, &mut deploy).await?;
    tx.changed(ChangeKind::Site, &site.id, cx.now()).await?;
    let shown = present::present_as(tx, cx, &site, &deploy).await?;
    let restored = Event::DeployRestored(Box::new(shown));
    events::record(tx, cx, &site.account_id, &site.id, &restored).await?;
    Ok(deploy)
}
