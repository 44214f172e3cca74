//! Deletes a form.

use context::{Context, Error, Result};
use store::{ChangeKind, forms};

/// Deletes a form with its submissions. It takes none from then on; a later deploy that has it
/// brings it back, empty.
///
/// # Errors
/// `NotFound` when there is no such form.
pub async fn delete(cx: &Context, form_id: &str) -> Result<()> {
    let mut tx = cx.begin().await?;
    let form = forms::find(&mut tx, form_id).await?.ok_or(Error::NotFound)?;
    forms::delete(&mut tx, form_id).await?;
    tx.changed(ChangeKind::Site, &form.site_id, cx.now()).await?;
    Ok(tx.commit().await?)
}
