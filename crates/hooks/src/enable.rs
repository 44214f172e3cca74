//! Enables a hook.

use crate::{HookView, view};
use context::{Context, Error, Result};
use store::ChangeKind;
use store::hook_health::Health;

/// Lets the hook receive again, with a fresh start for its health. What was held meanwhile stays held until it is sent again: see
/// [`crate::resend_since`].
///
/// # Errors
/// `NotFound`.
pub async fn enable(cx: &Context, hook_id: &str) -> Result<HookView> {
    let mut tx = cx.begin().await?;
    let now = cx.now();
    if store::hooks::set_disabled(&mut tx, hook_id, false, now).await? {
        store::hook_health::forget(&mut tx, hook_id).await?;
        tx.changed(ChangeKind::Hook, hook_id, now).await?;
    }
    let row = store::hooks::find(&mut tx, hook_id).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    view::view(cx, row, Health::default())
}
