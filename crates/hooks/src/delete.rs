//! Deletes a hook.

use context::{Context, Error, Result};
use store::ChangeKind;

/// Deletes the hook and cancels what waits for it. What became of its deliveries stays on record.
///
/// # Errors
/// `NotFound`.
pub async fn delete(cx: &Context, hook_id: &str) -> Result<()> {
    let mut tx = cx.begin().await?;
    if !store::hooks::delete(&mut tx, hook_id).await? {
        return Err(Error::NotFound);
    }
    let now = cx.now();
    let mut all = store::deliveries::cancel(&mut tx, hook_id, now).await?;
    tx.changed(ChangeKind::Hook, hook_id, now).await?;
    tx.commit().await?;
    while !all {
        let mut tx = cx.begin().await?;
        all = store::deliveries::cancel(&mut tx, hook_id, now).await?;
        tx.commit().await?;
    }
    Ok(())
}
