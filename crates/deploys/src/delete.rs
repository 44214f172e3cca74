//! Deleting a deploy.

use crate::cancel::CANCELED;
use crate::fail::fail_in;
use crate::present;
use context::{Context, Error, Result};
use events::Event;
use store::{ChangeKind, deploys, sites};

/// Deletes a deploy for good. Its blobs stay: other deploys may share them. One that is not over is
/// cancelled first, so that whoever follows it hears of its end.
///
/// # Errors
/// `Unprocessable` when it is the one that is live.
pub async fn delete(cx: &Context, deploy_id: &str) -> Result<()> {
    let mut tx = cx.begin().await?;
    let deploy = deploys::find(&mut tx, deploy_id).await?.ok_or(Error::NotFound)?;
    let site = sites::lock_row(&mut tx, &deploy.site_id).await?.ok_or(Error::NotFound)?;
    if site.published_deploy_id.as_deref() == Some(deploy_id) {
        let why = "the published deploy cannot be deleted; publish another one first";
        return Err(Error::Unprocessable(why.to_owned()));
    }
    let deploy =
        if deploy.state.is_final() { deploy } else { fail_in(&mut tx, cx, deploy_id, CANCELED).await? };
    let shown = present::present_as(&mut tx, cx, &site, &deploy).await?;
    deploys::delete(&mut tx, deploy_id).await?;
    tx.changed(ChangeKind::Site, &site.id, cx.now()).await?;
    let deleted = Event::DeployDeleted(Box::new(shown));
    events::record(&mut tx, cx, &site.account_id, &site.id, &deleted).await?;
    Ok(tx.commit().await?)
}
