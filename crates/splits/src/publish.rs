//! `enableSplitTest`.

use crate::{branches, present, unpublish};
use context::{Context, Error, Result};
use events::Event;
use store::splits::{self, SplitRow};
use store::{ChangeKind, sites};

/// Begins to share out visitors. Another test of the site that is active ends in the same moment:
/// no visitor falls in between. Publishing an active test changes nothing.
///
/// # Errors
/// `NotFound` when the site has no such test, `Unprocessable` when a branch of it has no ready deploy.
pub async fn publish(cx: &Context, site_id: &str, id: &str) -> Result<()> {
    let mut tx = cx.begin().await?;
    let site = sites::lock_row(&mut tx, site_id).await?.ok_or(Error::NotFound)?;
    let test = splits::find(&mut tx, site_id, id).await?.ok_or(Error::NotFound)?;
    if test.active {
        return Ok(());
    }
    branches::check(&mut tx, &site, &test.branches).await?;
    if let Some(other) = splits::active(&mut tx, site_id).await? {
        unpublish::switch_off(&mut tx, cx, &site, other).await?;
    }
    let test = SplitRow { active: true, updated_at: cx.now(), ..test };
    splits::update(&mut tx, &test).await?;
    let activated = Event::SplitTestActivated(Box::new(present(&test)));
    events::record(&mut tx, cx, &site.account_id, site_id, &activated).await?;
    tx.changed(ChangeKind::Site, site_id, cx.now()).await?;
    Ok(tx.commit().await?)
}
