//! `updateSplitTest`.

use crate::{Setup, branches, present};
use context::{Context, Error, Result};
use events::Event;
use store::splits::{self, SplitRow};
use store::{ChangeKind, sites};

/// Changes branches, shares or name. Visitors keep the number that was drawn for them, and it is read
/// by the new shares from the next request on. A change of branches or shares is an event.
///
/// # Errors
/// `NotFound` when the site has no such test; else as `create`.
pub async fn update(cx: &Context, site_id: &str, id: &str, setup: &Setup) -> Result<SplitRow> {
    let (name, branches) = (setup.name()?, setup.branches()?);
    let mut tx = cx.begin().await?;
    let site = sites::lock_row(&mut tx, site_id).await?.ok_or(Error::NotFound)?;
    let old = splits::find(&mut tx, site_id, id).await?.ok_or(Error::NotFound)?;
    if let Some(branches) = &branches {
        branches::check(&mut tx, &site, branches).await?;
    }
    let new = SplitRow {
        name: name.unwrap_or_else(|| old.name.clone()),
        branches: branches.unwrap_or_else(|| old.branches.clone()),
        ..old.clone()
    };
    if new == old {
        return Ok(old);
    }
    let new = SplitRow { updated_at: cx.now(), ..new };
    splits::update(&mut tx, &new).await?;
    if new.branches != old.branches {
        let modified = Event::SplitTestModified(Box::new(present(&new)));
        events::record(&mut tx, cx, &site.account_id, site_id, &modified).await?;
    }
    if new.active {
        tx.changed(ChangeKind::Site, site_id, cx.now()).await?;
    }
    tx.commit().await?;
    Ok(new)
}
