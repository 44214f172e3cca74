//! Taking an add-on off the server.

use context::{Context, Error, Result};
use store::addons::{self, AddonRow};

/// Deletes an add-on that nobody uses, with the record of its calls.
///
/// # Errors
/// `Conflict` while sites have instances of it, or its provider must still be told of some that are
/// gone.
pub async fn delete(cx: &Context, addon: &AddonRow) -> Result<()> {
    let mut tx = cx.begin().await?;
    let needed = addons::needed_by(&mut tx, &addon.id).await?;
    if needed > 0 {
        return Err(Error::Conflict(format!(
            "{needed} instances of this add-on are still there, or still to be removed"
        )));
    }
    if !addons::delete(&mut tx, &addon.id).await? {
        return Err(Error::NotFound);
    }
    Ok(tx.commit().await?)
}
