//! Deletes a hook.

use context::{Context, Error, Result};
use events::DELIVER_JOB;

/// Deletes the hook and cancels what waits for it. What became of its deliveries stays on record.
///
/// # Errors
/// `NotFound`.
pub async fn delete(cx: &Context, hook_id: &str) -> Result<()> {
    let mut tx = cx.begin().await?;
    if !store::hooks::delete(&mut tx, hook_id).await? {
        return Err(Error::NotFound);
    }
    store::deliveries::cancel(&mut tx, hook_id, cx.now()).await?;
    store::jobs::cancel(&mut tx, DELIVER_JOB, hook_id).await?;
    Ok(tx.commit().await?)
}
