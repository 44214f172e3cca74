//! `disableSplitTest`.

use crate::present;
use context::{Context, Error, Result};
use events::Event;
use store::sites::SiteRow;
use store::splits::{self, SplitRow};
use store::{ChangeKind, Tx, sites};

/// Stops sharing out visitors: all of them see the live deploy again. A test that is not active
/// stays as it is.
///
/// # Errors
/// `NotFound` when the site has no such test.
pub async fn unpublish(cx: &Context, site_id: &str, id: &str) -> Result<()> {
    let mut tx = cx.begin().await?;
    let site = sites::lock_row(&mut tx, site_id).await?.ok_or(Error::NotFound)?;
    let test = splits::find(&mut tx, site_id, id).await?.ok_or(Error::NotFound)?;
    if !test.active {
        return Ok(());
    }
    switch_off(&mut tx, cx, &site, test).await?;
    tx.changed(ChangeKind::Site, site_id, cx.now()).await?;
    Ok(tx.commit().await?)
}

pub(crate) async fn switch_off(tx: &mut Tx, cx: &Context, site: &SiteRow, test: SplitRow) -> Result<()> {
    let now = cx.now();
    let test = SplitRow { active: false, updated_at: now, unpublished_at: Some(now), ..test };
    splits::update(tx, &test).await?;
    let deactivated = Event::SplitTestDeactivated(Box::new(present(&test)));
    events::record(tx, cx, &site.account_id, &site.id, &deactivated).await?;
    Ok(())
}
