//! Changing an add-on.

use super::Setup;
use context::{Context, Error, Result};
use store::addons::{self, AddonRow};

/// Changes an add-on; what is absent stays, and the manifest is asked for anew.
///
/// # Errors
/// `Unprocessable` for what makes no sense, and for another slug: sites know it by the one it has.
pub async fn update(cx: &Context, addon: &AddonRow, setup: &Setup) -> Result<AddonRow> {
    if setup.slug.as_ref().is_some_and(|slug| *slug != addon.slug) {
        return Err(Error::Unprocessable("the slug of an add-on cannot be changed".to_owned()));
    }
    let mut tx = cx.begin().await?;
    let mut row = addons::find(&mut tx, &addon.id).await?.ok_or(Error::NotFound)?;
    setup.apply(&mut row)?;
    row.updated_at = cx.now();
    addons::update(&mut tx, &row).await?;
    tx.commit().await?;
    Ok(row)
}
